package mastodon

import (
	"net/url"
	"strings"
	"time"

	"stet/extract"
	"stet/extract/post"
)

// Gab is the platform of gab.com, which began as a copy of Mastodon.
const Gab post.Platform = "gab"

// Site is Mastodon as the finder sees it. It has no domains of its own, so that
// it is to stand late in a list of sites. Its zero value is ready for use.
type Site struct{}

// Platform returns post.Mastodon.
func (Site) Platform() post.Platform { return post.Mastodon }

// Domains returns nil: anybody can run an instance.
func (Site) Domains() []string { return nil }

// ParseURL takes the addresses of posts on whatever host: those whose path has
// one of the forms that the software gives them and ends with an id that carries
// a time, as all do since 2017 and in Pleroma and GoToSocial. Shorter ones, of the first year, are taken where
// the host's name says what runs there.
func (Site) ParseURL(u *url.URL) (extract.Target, bool) {
	a, ok := extract.NewAddress(u)
	if !ok || !strings.Contains(a.Host, ".") {
		return extract.Target{}, false
	}
	t, ok := parsePath(a, post.Mastodon)
	if !ok || t.Posted.IsZero() && !namesMastodon(a.Host) {
		return extract.Target{}, false
	}
	return t, true
}

// namesMastodon reports whether a host's name says that it is an instance.
func namesMastodon(host string) bool {
	if strings.HasSuffix(host, ".social") || strings.Contains(host, "mastodon") || strings.Contains(host, "mstdn") || strings.Contains(host, "toot") {
		return true
	}
	return host == "pawoo.net" || host == "infosec.exchange" || host == "fosstodon.org" || host == "hachyderm.io" || host == "mas.to"
}

// parsePath reads a path that leads to a post on an instance.
func parsePath(a extract.Address, platform post.Platform) (extract.Target, bool) {
	user, raw, at, read := "", "", 0, idOf
	switch {
	case a.SegIs(0, "notice"): // Pleroma
		raw, at = a.Seg(1), 2
	case strings.HasPrefix(a.Seg(0), "@") && a.SegIs(1, "posts", "statuses"):
		user, raw, at = a.Seg(0), a.Seg(2), 3
	case strings.HasPrefix(a.Seg(0), "@"):
		// Other sites have words there.
		user, raw, at, read = a.Seg(0), a.Seg(1), 2, number
	case a.SegIs(0, "users") && a.SegIs(2, "statuses"):
		user, raw, at = "@"+a.Seg(1), a.Seg(3), 4
	case a.SegIs(0, "ap") && a.SegIs(1, "users") && a.SegIs(3, "statuses"):
		raw, at = a.Seg(4), 5
	case a.SegIs(0, "web", "deck") && a.SegIs(1, "statuses"):
		raw, at = a.Seg(2), 3
	case a.SegIs(0, "web", "deck") && strings.HasPrefix(a.Seg(1), "@"):
		user, raw, at = a.Seg(1), a.Seg(2), 3
	case a.SegIs(0, "api") && a.SegIs(2, "statuses"):
		raw, at = a.Seg(3), 4
	}
	id, ok := read(raw)
	if !ok {
		return extract.Target{}, false
	}
	user = strings.TrimPrefix(user, "@")
	if user != "" && !validUser(user) {
		return extract.Target{}, false
	}
	kind := extract.TargetPost
	if a.SegIs(at, "embed") {
		kind = extract.TargetEmbed
	}
	return target(kind, platform, a.Host, user, id), true
}

// validUser reports whether s is a name, or name@host for an account elsewhere.
func validUser(s string) bool {
	name, host, remote := strings.Cut(s, "@")
	if remote && !strings.Contains(host, ".") {
		return false
	}
	return within(name, "_.-") && within(host, ".-") && name != "" && len(s) <= 300
}

// within reports whether s consists of letters, digits and the characters of
// set.
func within(s, set string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && strings.IndexByte(set, c) < 0 {
			return false
		}
	}
	return true
}

func target(kind extract.TargetKind, platform post.Platform, host, user, id string) extract.Target {
	t := extract.Target{Kind: kind, Ref: post.Ref{Platform: platform, ID: host + "/" + id}, Handle: user, Posted: posted(id)}
	if platform != post.Mastodon {
		t.Ref.ID = id
	}
	switch {
	case isFlake(id):
		t.URL = "https://" + host + "/notice/" + id
	case user == "":
		t.URL = "https://" + host + "/web/statuses/" + id
	case isULID(id):
		t.URL = "https://" + host + "/@" + user + "/statuses/" + id
	case platform == Gab:
		t.URL = "https://" + host + "/" + user + "/posts/" + id
	default:
		t.URL = "https://" + host + "/@" + user + "/" + id
	}
	return t
}

func posted(id string) time.Time {
	t, ok := Time(id)
	if !ok {
		return time.Time{}
	}
	return t
}

// PostByID returns the post of an id host/number.
func (Site) PostByID(id string) (extract.Target, bool) {
	host, raw, ok := strings.Cut(id, "/")
	n, known := idOf(raw)
	if !ok || !known || n != raw || !validHost(host) {
		return extract.Target{}, false
	}
	return target(extract.TargetPost, post.Mastodon, host, "", n), true
}

package oembed

import (
	"net/url"
	"slices"
	"strings"

	"stet/extract"
	"stet/extract/post"
)

// Platform is the platform of [Site] itself. Its references have the platforms
// of the providers.
const Platform post.Platform = "oembed"

// Site is the finder's view of all providers of which no other package knows
// the shape. It is to stand after those that do. Its zero value is ready for
// use.
//
// A provider's page that is made to be framed is an embed where it is framed;
// its id is its address. Any other page of a provider that can be embedded is
// [extract.TargetPage]: a link to a talk or a chart is a link.
type Site struct{}

// Platform returns Platform.
func (Site) Platform() post.Platform { return Platform }

// Domains lists the hosts that the providers serve.
func (Site) Domains() []string {
	var list []string
	for host := range providers().byHost {
		if !known(host) {
			list = append(list, host)
		}
	}
	slices.Sort(list)
	return list
}

// known reports whether another package knows the platform of a host.
func known(host string) bool {
	for _, d := range []string{"twitter.com", "x.com", "bsky.app", "facebook.com", "instagram.com", "instagr.am", "tiktok.com", "youtube.com", "youtu.be",
		"reddit.com", "vimeo.com", "dailymotion.com", "tumblr.com", "pinterest.com", "spotify.com", "spotify.link", "soundcloud.com", "flickr.com", "flic.kr"} {
		if extract.OnDomain(host, d) {
			return true
		}
	}
	return false
}

// hostOf returns the host of a web address as it is compared.
func hostOf(u *url.URL) (string, bool) {
	a, ok := extract.NewAddress(u)
	host := a.Host
	for strings.HasPrefix(host, "www.") {
		host = host[len("www."):]
	}
	return host, ok
}

// ParseURL says what an address on a provider's host leads to.
func (Site) ParseURL(u *url.URL) (extract.Target, bool) {
	host, ok := hostOf(u)
	if !ok || known(host) {
		return extract.Target{}, false
	}
	r := providers()
	provider, framed := r.framed(u, host)
	if framed && !isFile(u.Path) {
		return target(r.providers[provider].Platform, u, host)
	}
	if s, ok := r.find(u, host); ok {
		return extract.Target{Kind: extract.TargetPage, URL: "https://" + address(u, host, s.query)}, true
	}
	return extract.Target{}, false
}

// PostByID returns the embed of an id, which is its address without https://.
func (s Site) PostByID(id string) (extract.Target, bool) {
	t, ok := extract.PostAt(s, "https://"+id)
	return t, ok && t.Ref.ID == id
}

// target returns the target of a page that is made to be framed.
func target(platform post.Platform, u *url.URL, host string) (extract.Target, bool) {
	id := address(u, host, true)
	t := extract.Target{Kind: extract.TargetEmbed, Ref: post.Ref{Platform: platform, ID: id}, URL: "https://" + id}
	if !t.Ref.Valid() {
		return extract.Target{Kind: extract.TargetOther}, true
	}
	return t, true
}

// address returns the address of a page without its scheme, www. and fragment,
// and without the parameters that only count readers.
func address(u *url.URL, host string, query bool) string {
	id := host + u.EscapedPath()
	if !query || u.RawQuery == "" {
		return id
	}
	var kept []string
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		if name, _, _ := strings.Cut(pair, "="); name != "" && !counts(name) && plain(pair) {
			kept = append(kept, pair)
		}
	}
	if len(kept) == 0 {
		return id
	}
	return id + "?" + strings.Join(kept, "&")
}

// plain reports whether a part of a query can stand in an address as it is.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f || strings.IndexByte("\"<>\\^`{|}", s[i]) >= 0 {
			return false
		}
	}
	return true
}

// counts reports whether a parameter only counts readers or sets a player's
// looks.
func counts(name string) bool {
	name = strings.ToLower(name)
	if strings.HasPrefix(name, "utm_") {
		return true
	}
	switch name {
	case "fbclid", "gclid", "ref", "referrer", "autoplay", "muted", "mute", "width", "height", "theme", "feature", "color", "loop", "controls", "parent":
		return true
	}
	return false
}

// framed returns the provider of an address that is made to be framed: on a host
// that a provider serves, or on one below it that is called so, with a path that
// says so.
func (r *registry) framed(u *url.URL, host string) (provider int, ok bool) {
	if strings.Trim(u.Path, "/") == "" && u.RawQuery == "" || !saysFrame(host, u.Path) {
		return 0, false
	}
	label, parent, _ := strings.Cut(host, ".")
	hosts := []string{host}
	if framing(label) {
		hosts = append(hosts, parent)
	}
	for _, h := range hosts {
		for key := h; strings.Contains(key, "."); {
			for _, s := range r.byHost[key] {
				if s.serves(h) && r.pages[s.provider] {
					return s.provider, true
				}
			}
			_, key, _ = strings.Cut(key, ".")
		}
	}
	return 0, false
}

// saysFrame reports whether a host or path says that the page is made to be
// framed.
func saysFrame(host, path string) bool {
	label, _, _ := strings.Cut(host, ".")
	if framing(label) {
		return true
	}
	for s := range strings.SplitSeq(path, "/") {
		if framing(s) {
			return true
		}
	}
	return false
}

// framing reports whether a part of a host or path says that the page is made to
// be framed.
func framing(s string) bool {
	switch strings.ToLower(s) {
	case "embed", "embeds", "embedded", "embed-player", "player", "players", "iframe":
		return true
	}
	return false
}

// isFile reports whether a path leads to a file and no page.
func isFile(path string) bool {
	for _, ext := range []string{".js", ".css", ".json", ".xml", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".ico", ".mp3", ".mp4", ".m3u8", ".woff2"} {
		if strings.HasSuffix(strings.ToLower(path), ext) {
			return true
		}
	}
	return false
}

// Markup returns nil: what providers' scripts replace differs too much.
func (Site) Markup() []extract.Markup { return nil }

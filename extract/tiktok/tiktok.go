package tiktok

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"stet/extract"
	"stet/extract/post"
)

// Site is the platform as the finder sees it. Its zero value is ready for use.
type Site struct{}

// Platform returns post.TikTok.
func (Site) Platform() post.Platform { return post.TikTok }

// Domains lists the platform's domains and mirrors that make previews.
func (Site) Domains() []string {
	return []string{"tiktok.com", "tiktokv.com", "vxtiktok.com", "tnktok.com", "tfxktok.com"}
}

// ParseURL says what an address of the platform leads to.
func (s Site) ParseURL(u *url.URL) (extract.Target, bool) {
	a, ok := extract.NewAddress(u)
	if !ok {
		return extract.Target{}, false
	}
	for _, d := range s.Domains() {
		if !a.On(d) {
			continue
		}
		switch a.Sub(d) {
		case "vm", "vt":
			return short("https://"+a.Sub(d)+".tiktok.com/", a.Seg(0)), true
		case "", "www", "m", "us", "t", "d", "embed":
			return s.parsePath(a), true
		}
		return extract.Target{}, false
	}
	return extract.Target{}, false
}

// PostByID returns the post of a number.
func (Site) PostByID(id string) (extract.Target, bool) {
	n, ok := number(id)
	if !ok || n != id {
		return extract.Target{}, false
	}
	return target(extract.TargetPost, "", "video", id), true
}

func other() extract.Target { return extract.Target{Kind: extract.TargetOther} }

func short(prefix, key string) extract.Target {
	key, ok := extract.Token(key, "-_", 4, 40)
	if !ok {
		return other()
	}
	return extract.Target{Kind: extract.TargetShort, URL: prefix + key + "/"}
}

// parsePath reads the path of an address on the site for people.
func (s Site) parsePath(a extract.Address) extract.Target {
	user, isUser := strings.CutPrefix(a.Seg(0), "@")
	switch {
	case isUser && a.SegIs(1, "video", "photo") && a.Seg(2) != "":
		return byNumber(extract.TargetPost, user, strings.ToLower(a.Seg(1)), a.Seg(2))
	case a.SegIs(0, "embed") && a.SegIs(1, "v2", "v3"), a.SegIs(0, "player") && a.SegIs(1, "v1"):
		return byNumber(extract.TargetEmbed, "", "video", a.Seg(2))
	case a.SegIs(0, "embed") && !strings.HasPrefix(a.Seg(1), "@"):
		return byNumber(extract.TargetEmbed, "", "video", a.Seg(1))
	case a.SegIs(0, "v"):
		return byNumber(extract.TargetPost, "", "video", a.Seg(1))
	case a.SegIs(0, "share") && a.SegIs(1, "video", "photo"):
		return byNumber(extract.TargetPost, "", strings.ToLower(a.Seg(1)), a.Seg(2))
	case a.SegIs(0, "t"):
		return short("https://www.tiktok.com/t/", a.Seg(1))
	case a.SegIs(0, "oembed"):
		return extract.Wrapped(s, a.Param("url"), extract.TargetPost)
	case a.SegIs(0, "share", "intent"):
		return extract.Target{Kind: extract.TargetIntent}
	case isUser && len(a.Segments) == 1:
		if handle, ok := extract.Token(user, "._", 1, maxHandle); ok {
			if handle = strings.TrimRight(handle, "."); handle != "" {
				return extract.Target{Kind: extract.TargetProfile, URL: "https://www.tiktok.com/@" + handle, Handle: handle}
			}
		}
	}
	return other()
}

// maxHandle is longer than new handles may be, since old ones are.
const maxHandle = 40

// number returns the id that a segment is.
func number(raw string) (string, bool) {
	id, ok := extract.Digits(raw)
	if !ok || len(id) < 5 {
		return "", false
	}
	_, err := strconv.ParseUint(id, 10, 64)
	return id, err == nil
}

func byNumber(kind extract.TargetKind, user, form, raw string) extract.Target {
	id, ok := number(raw)
	if !ok {
		return other()
	}
	return target(kind, user, form, id)
}

// nobody stands for the account in addresses of which only the id is known: the
// platform looks at nothing else.
const nobody = "i"

func target(kind extract.TargetKind, user, form, id string) extract.Target {
	if h, ok := extract.Token(user, "._", 1, maxHandle); !ok || h != user || user == nobody {
		user = ""
	}
	t := extract.Target{Kind: kind, Ref: post.Ref{Platform: post.TikTok, ID: id}, Handle: user, Posted: posted(id)}
	if user == "" {
		user = nobody
	}
	t.URL = "https://www.tiktok.com/@" + user + "/" + form + "/" + id
	return t
}

// Time returns the time of publication that an id carries, to the second, in
// UTC. It returns false for ids that carry none: those from before the platform
// took over another one's videos, in 2018, can.
func Time(id string) (time.Time, bool) {
	n, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	t := time.Unix(int64(n>>32), 0).UTC()
	return t, t.Year() >= 2014 && t.Year() < 2100
}

func posted(id string) time.Time {
	t, ok := Time(id)
	if !ok {
		return time.Time{}
	}
	return t
}

package facebook

import (
	"net/url"
	"strings"

	"stet/extract"
	"stet/extract/post"
)

const (
	onionOld = "facebookcorewwwi.onion"
	onionNew = "facebookwkhpilnemxj7asaniu7vnjjbiltxjqhye3mhbshg7kx5tfyd.onion"
)

// Site is the platform as the finder sees it. Its zero value is ready for use.
type Site struct{}

// Platform returns post.Facebook.
func (Site) Platform() post.Platform { return post.Facebook }

// Domains lists the platform's domains.
func (Site) Domains() []string {
	return []string{"facebook.com", "fb.com", "fb.watch", "fb.me", onionOld, onionNew}
}

// ParseURL says what an address of the platform leads to. Videos, photos and
// reels have ids of the same kind as posts and are told like them.
func (s Site) ParseURL(u *url.URL) (extract.Target, bool) {
	a, ok := extract.NewAddress(u)
	if !ok {
		return extract.Target{}, false
	}
	for _, d := range []string{"fb.watch", "fb.me"} {
		if a.Host == d || a.Host == "www."+d {
			return short("https://"+d+"/", a.Seg(0), len(a.Segments)), true
		}
	}
	for _, d := range []string{"facebook.com", "fb.com", onionOld, onionNew} {
		if !a.On(d) {
			continue
		}
		switch sub := a.Sub(d); {
		case sub == "graph" && a.Param("url") != "":
			return extract.Wrapped(s, a.Param("url"), extract.TargetPost), true
		case sub == "graph" || forPeople(sub):
			return s.parsePath(a), true
		}
		return extract.Target{}, false
	}
	return extract.Target{}, false
}

// PostByID returns the post of an id.
func (Site) PostByID(id string) (extract.Target, bool) {
	if got, ok := objectID(id); !ok || got != id {
		return extract.Target{}, false
	}
	return story(id, ""), true
}

const base = "https://www.facebook.com/"

// forPeople reports whether a sub-domain shows the site: its forms for
// different devices, and its languages, as in de-de.facebook.com.
func forPeople(sub string) bool {
	switch sub {
	case "", "www", "m", "mbasic", "mobile", "web", "touch", "l", "lm", "iphone", "x", "d", "0", "free", "alpha", "beta", "h", "p", "apps", "business":
		return true
	}
	lang, country, ok := strings.Cut(sub, "-")
	return len(lang) == 2 && (!ok || len(country) == 2) || strings.HasPrefix(sub, "z-m") || strings.HasPrefix(sub, "z-p")
}

func other() extract.Target { return extract.Target{Kind: extract.TargetOther} }

// short returns the target of a short link.
func short(prefix, key string, segments int) extract.Target {
	key, ok := extract.Token(key, "-_", 4, 64)
	if !ok || segments != 1 {
		return other()
	}
	return extract.Target{Kind: extract.TargetShort, URL: prefix + key}
}

// objectID returns the id that s is: a number, or an opaque one.
func objectID(s string) (string, bool) {
	if strings.HasPrefix(s, "pfbid") {
		return extract.Token(s, "", 20, 120)
	}
	id, ok := extract.Digits(s)
	return id, ok && len(id) >= 5 && len(id) <= 20
}

// target returns the target of an object. A handle that is a number is none.
func target(kind extract.TargetKind, id, owner, address string) extract.Target {
	t := extract.Target{Kind: kind, Ref: post.Ref{Platform: post.Facebook, ID: id}, URL: address}
	if _, isNumber := extract.Digits(owner); !isNumber {
		t.Handle = owner
	}
	return t
}

// parsePath reads the path of an address on the site for people.
func (s Site) parsePath(a extract.Address) extract.Target {
	if bang, ok := a.HashBang(); ok {
		a = bang
	}
	for len(a.Segments) > 0 && isVersion(a.Seg(0)) {
		a.Segments = a.Segments[1:]
	}
	switch {
	case a.SegIs(0, "plugins"):
		return s.plugin(a)
	case a.SegIs(0, "login", "login.php") && a.Param("next") != "":
		return extract.Wrapped(s, a.Param("next"), extract.TargetPost)
	case a.SegIs(0, "sharer", "sharer.php", "share.php", "dialog", "intent") || strings.HasPrefix(a.Seg(0), "sharer"):
		return extract.Target{Kind: extract.TargetIntent}
	case a.SegIs(0, "share"):
		return shared(a)
	}
	if t, ok := byQuery(a); ok {
		return t
	}
	if t, ok := bySegments(a); ok {
		return t
	}
	return profile(a)
}

// isVersion reports whether a segment is an API version, as in /v2.12/plugins/.
func isVersion(s string) bool {
	rest, ok := strings.CutPrefix(s, "v")
	major, minor, dotted := strings.Cut(rest, ".")
	return ok && dotted && onlyDigits(major) && onlyDigits(minor)
}

func onlyDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// plugin reads the pages that are made to be framed.
func (s Site) plugin(a extract.Address) extract.Target {
	switch {
	case a.SegIs(1, "post.php", "video.php", "post", "video", "comment_embed.php"):
		return extract.Wrapped(s, a.Param("href"), extract.TargetEmbed)
	case a.SegIs(1, "like.php", "share_button.php", "follow.php", "send.php", "subscribe.php", "likebox.php", "page.php", "like_box.php"):
		return extract.Target{Kind: extract.TargetIntent}
	}
	return other()
}

// shared reads the links of the share button, /share/p/token, which have to be
// fetched.
func shared(a extract.Address) extract.Target {
	switch {
	case len(a.Segments) == 2:
		return short(base+"share/", a.Seg(1), 1)
	case len(a.Segments) == 3 && a.SegIs(1, "p", "v", "r", "g"):
		return short(base+"share/"+strings.ToLower(a.Seg(1))+"/", a.Seg(2), 1)
	}
	if a.Param("u") != "" || a.Param("url") != "" {
		return extract.Target{Kind: extract.TargetIntent}
	}
	return other()
}

// byQuery reads the addresses that name the object by a parameter.
func byQuery(a extract.Address) (extract.Target, bool) {
	switch {
	case a.SegIs(0, "permalink.php", "story.php"):
		return story(a.Param("story_fbid"), a.Param("id")), true
	case a.SegIs(0, "photo.php", "photo", "photos") && a.Param("fbid") != "":
		return object(a.Param("fbid"), "", base+"photo/?fbid="), true
	case a.SegIs(0, "video.php") && a.Param("v") != "", a.SegIs(0, "watch") && a.Param("v") != "":
		return object(a.Param("v"), "", base+"watch/?v="), true
	case a.SegIs(0, "video") && a.SegIs(1, "embed"):
		t := object(a.Param("video_id"), "", base+"watch/?v=")
		if t.Kind == extract.TargetPost {
			t.Kind = extract.TargetEmbed
		}
		return t, true
	case a.SegIs(0, "groups") && a.Seg(1) != "" && a.Param("multi_permalinks") != "":
		return grouped(a.Seg(1), a.Param("multi_permalinks")), true
	}
	return extract.Target{}, false
}

func story(id, owner string) extract.Target {
	if o, ok := extract.Digits(owner); ok && o == owner {
		return object(id, owner, base+owner+"/posts/")
	}
	return object(id, "", base+"permalink.php?story_fbid=")
}

// object returns the target of an id at the end of an address.
func object(raw, owner, prefix string) extract.Target {
	id, ok := objectID(raw)
	if !ok {
		return other()
	}
	return target(extract.TargetPost, id, owner, prefix+id)
}

// note reads /notes/page/slug/id, the long texts of until 2020.
func note(owner, raw string) extract.Target {
	owner, ok := ownerName(owner)
	if !ok {
		return other()
	}
	return object(raw, owner, base+"notes/"+owner+"/")
}

func grouped(group, raw string) extract.Target {
	group, ok := extract.Token(group, "._-", 1, 120)
	if !ok {
		return other()
	}
	return object(raw, "", base+"groups/"+group+"/posts/")
}

// bySegments reads the addresses that name the object in their path.
func bySegments(a extract.Address) (extract.Target, bool) {
	last := a.Seg(len(a.Segments) - 1)
	switch {
	case a.SegIs(0, "reel", "reels") && a.Seg(1) != "":
		return object(a.Seg(1), "", base+"reel/"), true
	case a.SegIs(0, "groups") && a.SegIs(2, "permalink", "posts") && a.Seg(3) != "":
		return grouped(a.Seg(1), a.Seg(3)), true
	case a.SegIs(0, "watch") && len(a.Segments) == 3:
		return object(last, "", base+"watch/?v="), true
	case a.SegIs(0, "notes") && len(a.Segments) > 2:
		return note(a.Seg(1), last), true
	}
	owner, ok := ownerName(a.Seg(0))
	if !ok {
		return extract.Target{}, false
	}
	switch {
	case a.SegIs(1, "posts", "activity", "permalink") && len(a.Segments) > 2:
		return object(last, owner, base+owner+"/posts/"), true
	case a.SegIs(1, "videos", "video") && len(a.Segments) > 2:
		return video(a, owner), true
	case a.SegIs(1, "photos") && len(a.Segments) > 2:
		return object(last, owner, base+"photo/?fbid="), true
	case len(a.Segments) == 1:
		page, id, ok := strings.Cut(a.Seg(0), "_")
		if ok && onlyDigits(page) && onlyDigits(id) {
			return object(id, page, base+page+"/posts/"), true
		}
	}
	return extract.Target{}, false
}

// video reads /page/videos/[set/|slug/]id[/more].
func video(a extract.Address, owner string) extract.Target {
	for i := len(a.Segments) - 1; i > 1; i-- {
		if id, ok := extract.Digits(a.Seg(i)); ok && len(id) >= 5 {
			return object(id, owner, base+owner+"/videos/")
		}
	}
	return other()
}

// ownerName returns a page's or account's name as it stands in a path.
func ownerName(s string) (string, bool) {
	name, ok := extract.Token(s, ".-_", 1, 120)
	if !ok || name != s || reserved(s) {
		return "", false
	}
	return name, true
}

// reserved reports whether the first segment of a path is the platform's own.
func reserved(s string) bool {
	switch strings.ToLower(s) {
	case "watch", "groups", "events", "pages", "pg", "people", "profile.php", "photo", "photo.php", "photos", "video", "video.php", "permalink.php",
		"story.php", "media", "notes", "hashtag", "search", "login", "login.php", "l.php", "flx", "help", "marketplace", "gaming", "games", "business",
		"policies", "policy.php", "legal", "terms", "terms.php", "privacy", "settings", "messages", "notifications", "friends", "recover", "reg",
		"r.php", "ads", "sharer", "share", "dialog", "plugins", "tr", "ajax", "story", "stories", "directory", "careers", "about", "live", "reel", "reels",
		"public", "pages_reaction_units", "apps", "badges", "connect", "home.php", "campaign", "rsrc.php", "composer", "intent", "fundraisers", "donate", "posts", "videos":
		return true
	}
	return strings.HasSuffix(s, ".php") || strings.HasSuffix(s, ".html") || strings.HasSuffix(s, ".js")
}

// profile returns the target of a page's or account's pages.
func profile(a extract.Address) extract.Target {
	t := extract.Target{Kind: extract.TargetProfile}
	switch {
	case a.SegIs(0, "profile.php"), a.SegIs(0, "people"), a.SegIs(0, "pages") && len(a.Segments) > 1, a.SegIs(0, "pg") && len(a.Segments) > 1:
		return t
	}
	owner, ok := ownerName(a.Seg(0))
	if !ok || len(a.Segments) > 1 && !a.SegIs(1, "about", "photos", "videos", "posts", "community", "reviews", "info", "timeline", "app") {
		return other()
	}
	t.URL = base + owner
	if !onlyDigits(owner) {
		t.Handle = owner
	}
	return t
}

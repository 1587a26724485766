package linkedin

import (
	"cmp"
	"net/url"
	"strconv"
	"strings"
	"time"

	"stet/extract"
	"stet/extract/post"
)

// Site is the platform as the finder sees it. Its zero value is ready for use.
type Site struct{}

// Platform returns post.LinkedIn.
func (Site) Platform() post.Platform { return post.LinkedIn }

// Domains lists the platform's domains.
func (Site) Domains() []string { return []string{"linkedin.com", "lnkd.in"} }

// ParseURL says what an address of the platform leads to. A post is known by
// its number; that it is called an activity, a share or a ugcPost stands in the
// address only, since the numbers differ anyway.
func (s Site) ParseURL(u *url.URL) (extract.Target, bool) {
	a, ok := extract.NewAddress(u)
	switch {
	case !ok:
		return extract.Target{}, false
	case a.Host == "lnkd.in" || a.Host == "www.lnkd.in":
		return short(a), true
	case !a.On("linkedin.com"):
		return extract.Target{}, false
	}
	if sub := a.Sub("linkedin.com"); sub != "" && sub != "www" && sub != "m" && len(sub) != 2 {
		return extract.Target{}, false
	}
	return parsePath(a), true
}

// PostByID returns the post of a number or of an URN, urn:li:activity:number.
func (Site) PostByID(id string) (extract.Target, bool) {
	kind, n, ok := urn("urn:li:activity:" + id)
	if strings.HasPrefix(id, "urn:") {
		kind, n, ok = urn(id)
	}
	if !ok || !strings.HasSuffix(id, n) {
		return extract.Target{}, false
	}
	return target(extract.TargetPost, kind, n), true
}

func other() extract.Target { return extract.Target{Kind: extract.TargetOther} }

func short(a extract.Address) extract.Target {
	key, ok := extract.Token(a.Seg(0), "-_", 4, 40)
	if !ok || len(a.Segments) != 1 {
		return other()
	}
	return extract.Target{Kind: extract.TargetShort, URL: "https://lnkd.in/" + key}
}

// urn reads urn:li:kind:number, in which the colons may be escaped.
func urn(s string) (kind, number string, ok bool) {
	rest, ok := strings.CutPrefix(s, "urn:li:")
	if !ok {
		return "", "", false
	}
	kind, raw, ok := strings.Cut(rest, ":")
	if !ok {
		return "", "", false
	}
	kind, ok = kindOf(kind)
	number, isNumber := extract.Digits(raw)
	return kind, number, ok && isNumber && len(number) >= 10 && len(number) <= 19
}

// kindOf returns the kind of a post in the platform's own writing.
func kindOf(s string) (string, bool) {
	switch strings.ToLower(s) {
	case "activity":
		return "activity", true
	case "share":
		return "share", true
	case "ugcpost":
		return "ugcPost", true
	}
	return "", false
}

func target(kind extract.TargetKind, of, number string) extract.Target {
	return extract.Target{Kind: kind, Ref: post.Ref{Platform: post.LinkedIn, ID: number},
		URL: "https://www.linkedin.com/feed/update/urn:li:" + of + ":" + number + "/", Posted: posted(number)}
}

func parsePath(a extract.Address) extract.Target {
	switch {
	case a.SegIs(0, "embed") && a.SegIs(1, "feed") && a.SegIs(2, "update"):
		return byURN(extract.TargetEmbed, a.Seg(3))
	case a.SegIs(0, "feed") && a.SegIs(1, "update"):
		return byURN(extract.TargetPost, a.Seg(2))
	case a.SegIs(0, "posts") && a.Seg(1) != "":
		return bySlug(a.Seg(1))
	case a.SegIs(0, "feed") && len(a.Segments) == 1 && strings.Contains(a.Query, "pdateUrn="):
		return byURN(extract.TargetPost, cmp.Or(a.Param("highlightedUpdateUrn"), a.Param("updateUrn")))
	case a.SegIs(0, "shareArticle", "sharing", "cws", "share"):
		return extract.Target{Kind: extract.TargetIntent}
	case a.SegIs(0, "in", "company", "school", "showcase", "pub") && a.Seg(1) != "":
		return extract.Target{Kind: extract.TargetProfile}
	}
	return other()
}

func byURN(kind extract.TargetKind, s string) extract.Target {
	of, n, ok := urn(s)
	if !ok {
		return other()
	}
	return target(kind, of, n)
}

// bySlug reads name_words-activity-number-hash, and name_share-number-hash of
// posts without words.
func bySlug(slug string) extract.Target {
	parts := strings.FieldsFunc(slug, func(r rune) bool { return r == '-' || r == '_' })
	for i := len(parts) - 2; i > 0; i-- {
		of, ok := kindOf(parts[i])
		if !ok {
			continue
		}
		if _, n, ok := urn("urn:li:" + of + ":" + parts[i+1]); ok {
			t := target(extract.TargetPost, of, n)
			if name, _, ok := strings.Cut(slug, "_"); ok {
				t.Handle = name
			}
			return t
		}
	}
	return other()
}

// Time returns the time of publication that an id carries, to the millisecond,
// in UTC. It returns false for ids that carry none.
func Time(id string) (time.Time, bool) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	t := time.UnixMilli(n >> 22).UTC()
	return t, t.Year() >= 2010 && t.Year() < 2100
}

func posted(id string) time.Time {
	t, ok := Time(id)
	if !ok {
		return time.Time{}
	}
	return t
}

// Markup lists the ways in which the platform's posts are put into pages, beside
// the frame.
func (s Site) Markup() []extract.Markup {
	return []extract.Markup{
		extract.ByData(s, "data-linkedin-urn"),
		extract.ByData(s, "data-linkedin-url"),
		extract.ByAttr(s, extract.Markup{Form: extract.FormElement, Tag: "linkedin-post"}, "src", "url", "urn", "href"),
	}
}

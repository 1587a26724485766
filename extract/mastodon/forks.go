package mastodon

import (
	"net/url"
	"strings"

	"stet/extract"
	"stet/extract/post"
)

// TruthSocial is truthsocial.com as the finder sees it. Its zero value is ready
// for use.
type TruthSocial struct{}

// Platform returns post.TruthSocial.
func (TruthSocial) Platform() post.Platform { return post.TruthSocial }

// Domains lists the platform's domain.
func (TruthSocial) Domains() []string { return []string{"truthsocial.com"} }

// ParseURL says what an address of the platform leads to.
func (TruthSocial) ParseURL(u *url.URL) (extract.Target, bool) {
	a, ok := extract.NewAddress(u)
	if !ok || !a.On("truthsocial.com") {
		return extract.Target{}, false
	}
	return parseFork(a, "truthsocial.com", post.TruthSocial)
}

// PostByID returns the post of a number.
func (TruthSocial) PostByID(id string) (extract.Target, bool) {
	return forkPost("truthsocial.com", post.TruthSocial, id)
}

// Markup lists the ways in which the platform's posts are put into pages.
func (s TruthSocial) Markup() []extract.Markup {
	return []extract.Markup{
		extract.ByAttr(s, extract.Markup{Form: extract.FormBlockquote, Class: "truthsocial-embed"}, "data-embed-url", "src", "data-src"),
		extract.ByAttr(s, extract.Markup{Form: extract.FormElement, Tag: "truthsocial-embed"}, "src", "url", "href"),
	}
}

// GabSite is gab.com as the finder sees it. Its zero value is ready for use.
type GabSite struct{}

// Platform returns Gab.
func (GabSite) Platform() post.Platform { return Gab }

// Domains lists the platform's domain.
func (GabSite) Domains() []string { return []string{"gab.com"} }

// ParseURL says what an address of the platform leads to.
func (GabSite) ParseURL(u *url.URL) (extract.Target, bool) {
	a, ok := extract.NewAddress(u)
	if !ok || !a.On("gab.com") {
		return extract.Target{}, false
	}
	if a.SegIs(1, "posts") && !strings.HasPrefix(a.Seg(0), "@") {
		a.Segments = append([]string{"@" + a.Seg(0)}, a.Segments[1:]...)
	}
	return parseFork(a, "gab.com", Gab)
}

// PostByID returns the post of a number.
func (GabSite) PostByID(id string) (extract.Target, bool) { return forkPost("gab.com", Gab, id) }

// Markup returns nil: posts are put into pages by frames only.
func (GabSite) Markup() []extract.Markup { return nil }

// parseFork reads an address on a network with one host.
func parseFork(a extract.Address, domain string, platform post.Platform) (extract.Target, bool) {
	if sub := a.Sub(domain); sub != "" && sub != "www" && sub != "m" {
		return extract.Target{}, false
	}
	a.Host = domain
	if t, ok := parsePath(a, platform); ok {
		return t, true
	}
	user := strings.TrimPrefix(a.Seg(0), "@")
	switch {
	case a.SegIs(0, "share", "compose"):
		return extract.Target{Kind: extract.TargetIntent}, true
	case len(a.Segments) == 1 && user != a.Seg(0) && validUser(user):
		return extract.Target{Kind: extract.TargetProfile, URL: "https://" + domain + "/@" + user, Handle: user}, true
	}
	return extract.Target{Kind: extract.TargetOther}, true
}

func forkPost(domain string, platform post.Platform, id string) (extract.Target, bool) {
	n, ok := number(id)
	if !ok || n != id {
		return extract.Target{}, false
	}
	return target(extract.TargetPost, platform, domain, "", n), true
}

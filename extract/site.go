package extract

import (
	"net/url"
	"time"

	"stet/extract/post"

	"golang.org/x/net/html"
)

// Site is what the finder must know of one platform. The packages
// extract/<platform> each return one; extract/sites lists them in order. A
// Site is stateless, safe for concurrent use, and does no input or output.
type Site interface {
	// Platform names the platform.
	Platform() post.Platform
	// Domains lists the registered domains (example.org, never a sub-domain)
	// whose URLs are offered to ParseURL: the platform's own, its short
	// links, its embed hosts and its mirrors. A site of a federated platform,
	// whose hosts cannot be listed, returns nil and is offered the URLs that
	// no other site took.
	Domains() []string
	// ParseURL says what u is. It returns false for a URL that has nothing to
	// do with the platform. It never follows anything: a short link is
	// recognised as such, not resolved.
	ParseURL(u *url.URL) (Target, bool)
	// Markup lists the ways in which the platform's posts are put into pages.
	Markup() []Markup
}

// TargetKind says what a URL of a platform leads to.
type TargetKind string

// The kinds of targets.
const (
	// TargetPost is one post; Ref is set.
	TargetPost TargetKind = "post"
	// TargetEmbed is a page made to be framed that shows one post; Ref is set.
	TargetEmbed TargetKind = "embed"
	// TargetShort is a short or share link that must be fetched to be known.
	TargetShort TargetKind = "short"
	// TargetProfile is an account.
	TargetProfile TargetKind = "profile"
	// TargetIntent is a share, follow, like or reply button's address.
	TargetIntent TargetKind = "intent"
	// TargetOther is anything else of the platform (search, settings, …).
	TargetOther TargetKind = "other"
)

// Target is what a URL of a platform leads to.
type Target struct {
	Kind TargetKind
	// Ref is the post; zero where Kind is not TargetPost or TargetEmbed.
	Ref post.Ref
	// URL is the canonical address for people; for a short link the link
	// without decoration.
	URL string
	// Handle is the account's name as it stands in the URL, which may be
	// wrong or out of date.
	Handle string
	// Part points into the post: the number of a picture, a start time.
	Part string
	// Posted is the time that the id carries, zero where it carries none. It
	// is derived, not stated.
	Posted time.Time
}

// Markup is one way of putting a platform's posts into a page. An element is
// offered to Read when it satisfies every condition that is set; at least one
// of Tag, Class and Attr is.
type Markup struct {
	// Form is the name that findings carry: blockquote, rendered, iframe, amp,
	// custom-element, script, …
	Form string
	// Tag is the element's name in lower case.
	Tag string
	// Class is one token of its class attribute.
	Class string
	// Attr is the name of an attribute that it has.
	Attr string
	// Read takes the reference from the element n. It must look at n and what
	// is below it only, and returns false where n is not an embed after all.
	Read func(n *html.Node) (Reading, bool)
}

// Reading is what a [Markup] read from an element.
type Reading struct {
	// Target is the post. Its Ref is zero where the element shows a post but
	// does not tell its id.
	Target Target
	// Quoted is what the element itself says of the post.
	Quoted Quoted
}

// Quoted is what an article itself quotes of a post: the publisher's copy,
// which can have been altered.
type Quoted struct {
	// Text is verbatim, links included.
	Text   string `json:"text,omitempty"`
	Name   string `json:"name,omitempty"`
	Handle string `json:"handle,omitempty"`
	// Date is YYYY-MM-DD in the zone of whoever rendered the embed, which is
	// not known; or empty.
	Date string `json:"date,omitempty"`
	// Links repeats the addresses in Text, in order of appearance.
	Links []string `json:"links,omitempty"`
}

// IsZero reports whether nothing is quoted.
func (q Quoted) IsZero() bool {
	return q.Text == "" && q.Name == "" && q.Handle == "" && q.Date == "" && len(q.Links) == 0
}

// HintSite is an optional ability of a [Site] without domains, which is offered
// every address that no other site took: it tells cheaply which are none of its.
type HintSite interface {
	// MayBe reports whether the host, in lower case and ASCII, and the path, as
	// they stand in an address, can be those of a post. Where it returns false, ParseURL
	// would, too.
	MayBe(host, path string) bool
}

// NamedSite is an optional ability of a [Site]: it tells by which other names
// content systems call the platform or its posts in their macros and data.
type NamedSite interface {
	// OtherNames returns the names in lower case, without the platform's own.
	OtherNames() []string
}

// IDSite is an optional ability of a [Site]: it tells a post by its bare id, as
// forum software, shortcodes and publishers' data name posts.
type IDSite interface {
	// PostByID returns the post of the id. It returns false for what cannot be
	// an id of the platform.
	PostByID(id string) (Target, bool)
}

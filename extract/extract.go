// Package extract finds the social posts that articles embed or link, and the
// links they contain. It is pure: it reads bytes and returns findings and
// warnings, never an error for strange input; it does no input or output,
// never panics, works in time linear in the input and in bounded memory.
//
// The shape of each platform (URL grammar, embed markup, payload parsers)
// lives in a sub-package of its own, exactly once; this package knows articles
// and asks a list of [Site] values (extract/sites) about platforms.
package extract

import (
	"time"

	"stet/extract/post"
)

// Input is one document.
type Input struct {
	// URL is the address it was fetched from; relative links are resolved
	// against it. It may be nil or empty for a local file.
	URL string
	// ContentType is the declared media type with its charset, as in the HTTP
	// header. Empty means: decide by the bytes.
	ContentType string
	// Body is the document as received, after Content-Encoding is undone.
	Body []byte
}

// Result is what was found in a document. Its JSON form, with the target
// added, is what `stet extract --json` prints.
type Result struct {
	Article Article `json:"article"`
	// Embeds are the posts that a reader sees displayed, in order of
	// appearance, one entry per post.
	Embeds []Embed `json:"embeds"`
	// PostLinks are the posts that the article's text links.
	PostLinks []PostLink `json:"post_links"`
	// Links are the article's other outward links.
	Links []Link `json:"links"`
	// Warnings are sentences about what could not be read or was cut off.
	Warnings []string `json:"warnings"`
}

// Article is what a page says about itself.
type Article struct {
	URL       string    `json:"url,omitempty"`
	Canonical string    `json:"canonical_url,omitempty"`
	Title     string    `json:"title,omitempty"`
	SiteName  string    `json:"site_name,omitempty"`
	Authors   []string  `json:"authors,omitempty"`
	Published time.Time `json:"published,omitzero"`
	Modified  time.Time `json:"modified,omitzero"`
	// Language is a BCP 47 tag.
	Language string `json:"language,omitempty"`
}

// Embed is a post that a reader sees displayed in the article.
type Embed struct {
	Platform post.Platform `json:"platform"`
	// ID is empty where the article shows a post without telling which.
	ID  string `json:"id"`
	URL string `json:"url,omitempty"`
	// Markup is the form of the first occurrence: blockquote, iframe, …
	Markup string `json:"markup"`
	// Positions are the paragraph numbers, from 1, of every occurrence.
	Positions []int `json:"positions"`
	// Before are the words before the first occurrence.
	Before string `json:"before,omitempty"`
	Quoted Quoted `json:"quoted,omitzero"`
	// Resolved is false where ID is empty.
	Resolved bool `json:"resolved"`
	// Part points into the post (a picture's number, a start time).
	Part string `json:"part,omitempty"`
	// Posted is the time that the id carries: derived, not stated.
	Posted time.Time `json:"posted_derived,omitzero"`
	// Archived is the address of a web archive's copy that the article shows
	// in place of the post itself.
	Archived string `json:"archived,omitempty"`
	// Fragment is the markup of the first occurrence as it stands in the
	// page, cut to 16 KB: the publisher's frozen copy.
	Fragment string `json:"-"`
}

// Ref returns the identity of the post, zero where it is not resolved.
func (e *Embed) Ref() post.Ref {
	if e.ID == "" {
		return post.Ref{}
	}
	return post.Ref{Platform: e.Platform, ID: e.ID}
}

// PostLink is a post that the article's text links without displaying it.
type PostLink struct {
	Platform  post.Platform `json:"platform"`
	ID        string        `json:"id"`
	URL       string        `json:"url"`
	Anchor    string        `json:"anchor,omitempty"`
	Positions []int         `json:"positions"`
}

// Link is an outward link of the article's body.
type Link struct {
	URL       string `json:"url"`
	Anchor    string `json:"anchor,omitempty"`
	Positions []int  `json:"positions"`
}

package wacz

import (
	"bytes"
	"encoding/json"
	"time"
)

// Version is the version of the format that is written.
const Version = "1.1.1"

// Package describes a file.
type Package struct {
	Title       string
	Description string
	// Software names who wrote it, with its version.
	Software string
	// Created is when; it is the time of every entry, to the second. Where Now is
	// not nil, it is what that returns when all entries are written, and the
	// entries have none: a signature for a domain is stamped, and has to be
	// stamped soon.
	Created time.Time
	Now     func() time.Time
	// MainPage is where a reader begins; empty for none.
	MainPage     string
	MainPageDate time.Time
	// Extras are what else is to be said, as an object of JSON; nil for
	// nothing.
	Extras json.RawMessage
}

// packageJSON is datapackage.json.
type packageJSON struct {
	Profile      string          `json:"profile"`
	WACZVersion  string          `json:"wacz_version"`
	Title        string          `json:"title,omitempty"`
	Description  string          `json:"description,omitempty"`
	Created      string          `json:"created"`
	Modified     string          `json:"modified,omitempty"`
	Software     string          `json:"software,omitempty"`
	MainPageURL  string          `json:"mainPageUrl,omitempty"`
	MainPageDate string          `json:"mainPageDate,omitempty"`
	Extras       json.RawMessage `json:"extras,omitempty"`
	Resources    []Resource      `json:"resources"`
}

// Resource is one entry of the list: what a part is called and what it must be.
type Resource struct {
	Name string `json:"name"`
	Path string `json:"path"`
	// Hash is sha256:hex.
	Hash  string `json:"hash"`
	Bytes int64  `json:"bytes"`
}

// digestJSON is datapackage-digest.json.
type digestJSON struct {
	Path   string      `json:"path"`
	Hash   string      `json:"hash"`
	Signed *SignedData `json:"signedData,omitempty"`
}

// instant writes a time as the package does: in UTC, to the second.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

// encode writes v as JSON for people and programs, without escaping HTML.
func encode(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	err := enc.Encode(v)
	return b.Bytes(), err
}

// Page is one line of the list of pages.
type Page struct {
	ID  string `json:"id"`
	URL string `json:"url"`
	// Time is that of the record: URL and Time together must be in the index.
	Time  time.Time `json:"-"`
	TS    string    `json:"ts"`
	Title string    `json:"title,omitempty"`
	// Text is what is found by searching.
	Text string `json:"text,omitempty"`
}

// Line writes the page as a line, with its line end.
func (p Page) Line() ([]byte, error) {
	p.TS = instant(p.Time)
	return encode(p, "")
}

// PagesHeader is the first line of a list of pages, which players skip.
func PagesHeader(title string) ([]byte, error) {
	return encode(struct {
		Format  string `json:"format"`
		ID      string `json:"id"`
		Title   string `json:"title"`
		HasText bool   `json:"hasText"`
	}{"json-pages-1.0", "pages", title, true}, "")
}

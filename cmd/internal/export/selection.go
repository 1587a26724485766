package export

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"stet/extract/post"
	"stet/store"
)

// Format is what is written.
type Format string

// The formats.
const (
	WARC  Format = "warc"
	WACZ  Format = "wacz"
	CDXJ  Format = "cdxj"
	JSONL Format = "jsonl"
	CSV   Format = "csv"
	HTML  Format = "html"
	BagIt Format = "bagit"
)

// Formats lists them.
func Formats() []Format { return []Format{WARC, WACZ, CDXJ, JSONL, CSV, HTML, BagIt} }

// Folder reports whether the format is a folder of files, and not one file.
func (f Format) Folder() bool { return f == HTML || f == BagIt }

// Selection says what is to be exported. Exactly one of Refs, Article, Source,
// a time, and All is given; Since and Until can be given together.
type Selection struct {
	Refs []post.Ref `json:"refs,omitempty"`
	// Article is the address of an article: its versions, and the posts and
	// captured pages that they show and link.
	Article string `json:"article,omitempty"`
	// Source is the name of a source: the articles that it led to, with what
	// belongs to them.
	Source string `json:"source,omitempty"`
	// Since and Until bound the time at which something was captured or looked
	// at: from Since, before Until. A zero one is no bound.
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"`
	All   bool      `json:"all,omitempty"`
	// Private exports what is private too.
	Private bool `json:"private,omitempty"`
}

// Validate errors with ErrUsage where the selection says nothing, or more than
// one thing.
func (s *Selection) Validate() error {
	ways := 0
	for _, set := range []bool{len(s.Refs) > 0, s.Article != "", s.Source != "", !s.Since.IsZero() || !s.Until.IsZero(), s.All} {
		if set {
			ways++
		}
	}
	switch {
	case ways == 0:
		return fmt.Errorf("%w: nothing is selected; name posts, or give --article, --source, --since, --until or --all", store.ErrUsage)
	case ways > 1:
		return fmt.Errorf("%w: posts, --article, --source, --since with --until, and --all select in different ways; give one of them", store.ErrUsage)
	case !s.Since.IsZero() && !s.Until.IsZero() && !s.Since.Before(s.Until):
		return fmt.Errorf("%w: --since is not before --until", store.ErrUsage)
	}
	return nil
}

// within reports whether a time is in the selection's range; without a range
// every time is.
func (s *Selection) within(t time.Time) bool {
	return (s.Since.IsZero() || !t.Before(s.Since)) && (s.Until.IsZero() || t.Before(s.Until))
}

// ranged reports whether a range of time selects.
func (s *Selection) ranged() bool { return !s.Since.IsZero() || !s.Until.IsZero() }

// has reports whether the selection takes a post, from its history: nothing
// private leads to one, where that is not asked for. Posts that are named are
// taken without asking.
func (s *Selection) has(h *store.History) bool {
	switch {
	case s.Source != "":
		return slices.ContainsFunc(h.Articles, func(a store.Item[store.ArticleVersion]) bool {
			return a.Content.Source == s.Source && (s.Private || !a.Content.Private)
		})
	case s.ranged():
		return slices.ContainsFunc(h.Captures, func(c store.Item[store.Capture]) bool {
			return s.within(c.Content.Time) && (s.Private || !c.Content.Private)
		}) ||
			slices.ContainsFunc(h.Looks, func(l store.Item[store.Look]) bool { return s.within(l.Content.Time) })
	}
	return true
}

// print tells two exports apart: one that goes on must be of the same things.
func (o *Options) print() string {
	b, err := json.Marshal(struct {
		F Format
		S Selection
		V string
		N bool
	}{o.Format, o.Selection, o.Software, o.Folder})
	if err != nil {
		return "" // references and times only
	}
	d := sha256.Sum256(b)
	return hex.EncodeToString(d[:12])
}

package source

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"stet/store"
)

// Kind says how a source is to be read.
type Kind string

// The kinds. What a feed, sitemap or list really is, is decided by what
// arrives; the kind says what is expected, and what to make of a page.
const (
	// Auto leaves it to what arrives. Of a page the feed that it advertises is
	// read, of a site's bare address else the sitemaps that its robots.txt
	// lists, else the page's links.
	Auto Kind = ""
	// Feed is RSS, RDF, Atom or JSON Feed, or a page that advertises one.
	Feed Kind = "feed"
	// Sitemap is a sitemap or an index of sitemaps.
	Sitemap Kind = "sitemap"
	// List is a text with an address on each line.
	List Kind = "list"
	// Page is a page whose links to articles of the same site are followed,
	// one level.
	Page Kind = "page"
)

// ParseKind reads a kind as the configuration writes it; "" and "auto" are
// [Auto]. It errors with store.ErrInvalid.
func ParseKind(s string) (Kind, error) {
	switch k := Kind(strings.ToLower(strings.TrimSpace(s))); k {
	case "auto":
		return Auto, nil
	case Auto, Feed, Sitemap, List, Page:
		return k, nil
	}
	return Auto, fmt.Errorf("%w: %q is no kind of source; it is one of feed, sitemap, list, page, auto", store.ErrInvalid, s)
}

// Format is what a document turned out to be.
type Format string

// The formats.
const (
	FormatRSS     Format = "rss"
	FormatRDF     Format = "rdf"
	FormatAtom    Format = "atom"
	FormatJSON    Format = "json-feed"
	FormatSitemap Format = "sitemap"
	FormatIndex   Format = "sitemap-index"
	FormatText    Format = "text"
	FormatPage    Format = "page"
	// FormatRobots is the sitemaps that the site's robots.txt lists.
	FormatRobots Format = "robots"

	formatOPML  Format = "opml"
	formatOther Format = "other"
)

// Kind returns the kind that documents of a format are of.
func (f Format) Kind() Kind {
	switch f {
	case FormatRSS, FormatRDF, FormatAtom, FormatJSON:
		return Feed
	case FormatSitemap, FormatIndex, FormatRobots:
		return Sitemap
	case FormatText:
		return List
	case FormatPage:
		return Page
	}
	return Auto
}

// Source is where articles are found.
type Source struct {
	// Name is what people call it; it may be empty.
	Name string `json:"name,omitempty"`
	// URL is its address: http or https, or that of a file (see [FileURL]), which
	// only a [Plan] of the configuration can have.
	URL  string `json:"url"`
	Kind Kind   `json:"kind,omitempty"`
}

// Item is an article that a source names.
type Item struct {
	// URL is its address, absolute, http or https.
	URL string `json:"url"`
	// Title is a headline, in plain words, where the source gives one.
	Title string `json:"title,omitempty"`
	// ID is what the source calls it, "" where it has no other name than its
	// address.
	ID string `json:"id,omitempty"`
	// Published and Modified are as the source states them, in UTC; zero where
	// it does not.
	Published time.Time `json:"published,omitzero"`
	Modified  time.Time `json:"modified,omitzero"`
	// Again is true where the item was known, and has changed since.
	Again bool `json:"again,omitempty"`
}

// Date returns the later of an item's times, zero where it has none.
func (it *Item) Date() time.Time {
	if it.Modified.After(it.Published) {
		return it.Modified
	}
	return it.Published
}

// Key returns what two items share that lead to the same article.
func (it *Item) Key() string { return store.ArticleKey(it.URL) }

// Changed reports whether a source says that an item has changed since a time
// at which it was seen last. A date without a time of day counts as the day's
// beginning, so that an article is not read again with every pass of that day.
func Changed(it Item, lastSeen time.Time) bool { return it.Date().After(lastSeen) }

// KnownFunc says whether an item has been handed out before, and when the
// article was read last or, where that is still to be done, meant to be. It
// must be true of everything that was handed out, whatever became of it: else
// the item comes again with every pass. An error ends the reading.
type KnownFunc func(ctx context.Context, it Item) (lastSeen time.Time, known bool, err error)

// Reading is what one pass over a source brought. Its state is to be kept in
// the same commit as the work for its items; where that fails, reading again is
// harmless.
type Reading struct {
	// Items are the new and the modified, newest first, each once.
	Items []Item
	// State is the state to read on with. It is right also after an error.
	State State
	// Exchanges are all requests, in order, also after an error.
	Exchanges []store.Exchange
	// Format is what the source turned out to be, Title what it calls itself.
	Format Format
	Title  string
	// NotModified is true where nothing has changed since the last pass.
	NotModified bool
	// More is true where the pass ended at one of its limits: there is more to
	// read now.
	More bool
	// MovedTo is the address to which the source moved for good, where this
	// pass learnt of it. The state remembers it.
	MovedTo string
	// CrawlDelay is the pause between requests that the host's robots.txt asks
	// for; 0 is none.
	CrawlDelay time.Duration
	// Total counts the items that the documents of this pass held, Closed
	// those left out because robots.txt closes them to crawlers, Old those
	// before the time that the pass goes back to.
	Total, Closed, Old int
	// Warnings are sentences about what could not be read.
	Warnings []string
}

// Limits bound one pass. The zero value means the defaults.
type Limits struct {
	// Items is the most items that a pass hands out.
	Items int
	// Undated is the most items of sitemaps that have no date whatever.
	// Negative is none.
	Undated int
	// Requests is the most documents that a pass asks for.
	Requests int
	// Bytes is the size of documents as sent from which on a pass ends.
	Bytes int64
	// DocumentBytes is the most that is read of a document, unpacked.
	DocumentBytes int64
	// Entries is the most entries that are read of a document.
	Entries int
	// Depth is how deep indexes of sitemaps may be nested.
	Depth int
	// Window is how far back the first pass over a sitemap goes.
	Window time.Duration
}

// The defaults of [Limits].
const (
	// DefaultItems keeps the jobs of one pass within a batch of the store.
	DefaultItems = 2000
	// DefaultUndated lets a sitemap of 50,000 addresses without dates through
	// in a day, when it is read four times an hour.
	DefaultUndated = 500
	// DefaultRequests is what a site bears at once from a polite reader.
	DefaultRequests = 20
	// DefaultBytes keeps the exchanges of a pass within a batch of the store.
	DefaultBytes = 32 << 20
	// DefaultDocumentBytes and DefaultEntries are the limits of the sitemap
	// protocol (sitemaps.org, "Sitemap file requirements").
	DefaultDocumentBytes = 50 << 20
	DefaultEntries       = 50_000
	// DefaultDepth allows an index of indexes, which the protocol forbids and
	// large sites have.
	DefaultDepth = 3
	// DefaultWindow is how far back the first pass over a sitemap goes.
	DefaultWindow = 30 * 24 * time.Hour
)

func (l Limits) withDefaults() Limits {
	l.Items = cmp.Or(l.Items, DefaultItems)
	l.Undated = max(cmp.Or(l.Undated, DefaultUndated), 0)
	l.Requests = cmp.Or(l.Requests, DefaultRequests)
	l.Bytes = cmp.Or(l.Bytes, DefaultBytes)
	l.DocumentBytes = cmp.Or(l.DocumentBytes, DefaultDocumentBytes)
	l.Entries = cmp.Or(l.Entries, DefaultEntries)
	l.Depth = cmp.Or(l.Depth, DefaultDepth)
	l.Window = cmp.Or(l.Window, DefaultWindow)
	return l
}

// The limits of the words of an item.
const (
	maxTitle = 300
	maxID    = 1024
)

// plainWords returns the text of a headline: without tags, with white space
// collapsed, cut to n bytes at most.
func plainWords(s string, n int) string {
	if strings.Contains(s, "<") {
		s = stripTags(s)
	}
	if strings.Contains(s, "&") {
		// Headlines in CDATA are often HTML.
		s = string(decodeEntities([]byte(s)))
	}
	s = strings.Join(strings.Fields(s), " ")
	return cut(s, n)
}

// stripTags drops what stands between < and >, where it looks like a tag.
func stripTags(s string) string {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(s, "<")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		if after == "" || !isNameStart(after[0]) && after[0] != '/' && after[0] != '!' {
			b.WriteByte('<')
			s = after
			continue
		}
		if _, s, ok = strings.Cut(after, ">"); !ok {
			return b.String()
		}
	}
}

// cut returns the first n bytes of s, whole characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// newestFirst sorts items by date. One without a date keeps its place behind
// the one that it followed.
func newestFirst(items []Item) {
	dates := make([]time.Time, len(items))
	var last time.Time
	for i := range items {
		if d := items[i].Date(); !d.IsZero() {
			last = d
		}
		dates[i] = last
	}
	// Those before the first date belong to it.
	for i := len(dates) - 2; i >= 0; i-- {
		if dates[i].IsZero() {
			dates[i] = dates[i+1]
		}
	}
	order := make([]int, len(items))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return dates[b].Compare(dates[a]) })
	sorted := make([]Item, len(items))
	for i, j := range order {
		sorted[i] = items[j]
	}
	copy(items, sorted)
}

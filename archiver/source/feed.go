package source

import (
	"net/url"
	"strings"
	"time"
)

// feed is what a document of the kind [Feed] says.
type feed struct {
	title string
	items []Item
	// next is the page with the entries before these, "" where there is none
	// (RFC 5005, next_url of JSON Feed).
	next string
	// entries counts the entries, also those without an address.
	entries  int
	cut      bool // there were more entries than are read
	warnings []string
}

// feedReader reads RSS, RDF and Atom.
type feedReader struct {
	s     *scanner
	limit int
	out   feed
	// base is what links of the document are resolved against, entryBase those
	// of the entry.
	base, entryBase *url.URL

	entry   *entry
	outside int // entries without a usable address
	root    string
	// ended is true once the feed's own end was seen.
	ended bool
}

// entry is an entry while it is being read.
type entry struct {
	item Item
	// links in the order of their worth: what the feed calls the original, the
	// link of a page, a link, an id that is an address.
	original, page, link, id string
}

// readFeed reads an XML feed. address is where it was fetched.
func readFeed(t *text, address string, limit int) feed {
	f := &feedReader{s: newScanner(t), limit: limit, base: parseBase(address)}
	f.entryBase = f.base
	f.document()
	if f.entry != nil {
		f.finish()
	}
	f.out.warnings = append(f.out.warnings, t.warnings()...)
	if !f.ended {
		f.out.warnings = append(f.out.warnings, "the feed breaks off: entries at its end may be missing")
	}
	if f.outside > 0 {
		f.out.warnings = append(f.out.warnings, plural(f.outside, "entry has", "entries have")+" no address of a page")
	}
	return f.out
}

// document reads the elements outside of entries.
func (f *feedReader) document() {
	for {
		switch f.s.next() {
		case tokenEnd:
			return
		case tokenClose:
			switch f.s.name {
			case "item", "entry":
				f.finish()
			case f.root:
				f.ended = true
			case "channel":
				f.ended = f.ended || f.root == "rss"
			}
		case tokenOpen:
			if !f.element() {
				return
			}
		}
	}
}

// element reads what begins with a start tag. It returns false where no more is
// read.
func (f *feedReader) element() bool {
	switch name := f.s.name; name {
	case "rss", "rdf", "feed", "channel", "items", "seq":
		if f.root == "" {
			f.root = name
		}
		f.base = f.rebase(f.base)
		f.entryBase = f.base
	case "item", "entry":
		f.finish()
		if f.out.entries >= f.limit {
			f.out.cut, f.ended = true, true
			return false
		}
		f.begin()
	default:
		if f.entry != nil {
			f.field(name)
		} else {
			f.about(name)
		}
	}
	return true
}

// rebase returns base changed by the xml:base of the start tag.
func (f *feedReader) rebase(base *url.URL) *url.URL {
	b := strings.TrimSpace(f.s.attr("base"))
	if b == "" {
		return base
	}
	u, err := url.Parse(b)
	if err != nil {
		return base
	}
	if base != nil {
		u = base.ResolveReference(u)
	}
	return parseBase(u.String())
}

func (f *feedReader) begin() {
	f.entry = &entry{}
	f.entryBase = f.rebase(f.base)
	if about := f.s.attr("about"); about != "" {
		f.entry.id = about // RDF names its items so
	}
}

// finish ends the entry that is being read.
func (f *feedReader) finish() {
	e := f.entry
	if e == nil {
		return
	}
	f.entry = nil
	f.out.entries++
	e.item.ID = cut(strings.TrimSpace(e.id), maxID)
	if !strings.Contains(e.id, "://") {
		e.id = "" // as an address it must be a whole one
	}
	for _, link := range []string{e.original, e.page, e.link, e.id} {
		if address, ok := webLink(link, f.entryBase); ok {
			e.item.URL = address
			f.out.items = append(f.out.items, e.item)
			return
		}
	}
	f.outside++
}

// about reads an element of the feed itself.
func (f *feedReader) about(name string) {
	switch name {
	case "title":
		if t := plainWords(f.words(name), maxTitle); f.out.title == "" {
			f.out.title = t
		}
	case "link", "atom:link":
		// Without an address in an attribute it is the site's.
		switch f.s.attr("rel") {
		case "next", "prev-archive", "http://purl.org/rss/1.0/modules/link#next":
			if next, ok := webLink(f.s.attr("href"), f.rebase(f.base)); ok && f.out.next == "" {
				f.out.next = next
			}
		}
		f.skip(name)
	default:
		f.skip(name)
	}
}

// field reads an element of an entry. Those with content of their own, which
// can hold titles and links too, are passed over.
func (f *feedReader) field(name string) {
	e := f.entry
	switch name {
	case "title":
		if t := plainWords(f.words(name), maxTitle); e.item.Title == "" {
			e.item.Title = t
		}
	case "link", "atom:link":
		f.link(name)
	case "guid":
		permanent := !strings.EqualFold(f.s.attr("ispermalink"), "false")
		e.id = f.words(name)
		if permanent && strings.Contains(e.id, "://") && e.link == "" {
			e.link = e.id
		}
	case "id":
		e.id = f.words(name)
	case "feedburner:origlink":
		e.original = f.words(name)
	case "content":
		// An entry of Atom may have its content elsewhere.
		kind := strings.ToLower(f.s.attr("type"))
		if src := f.s.attr("src"); src != "" && e.link == "" && (kind == "" || strings.Contains(kind, "html")) {
			e.link = src
		}
		f.skip(name)
	case "pubdate", "published", "issued", "created", "dc:date", "dcterms:date", "dcterms:created", "dcterms:issued", "atom:published":
		f.time(name, &e.item.Published)
	case "updated", "modified", "dcterms:modified", "atom:updated", "lastbuilddate":
		f.time(name, &e.item.Modified)
	default:
		f.skip(name)
	}
}

// link reads a link of an entry: its words, in RSS, or its attribute.
func (f *feedReader) link(name string) {
	e, href, rel := f.entry, f.s.attr("href"), strings.ToLower(f.s.attr("rel"))
	kind := strings.ToLower(f.s.attr("type"))
	base := f.rebase(f.entryBase)
	words := strings.TrimSpace(f.words(name))
	if href == "" {
		href = words
	}
	if href == "" || rel != "" && rel != "alternate" && !strings.HasSuffix(rel, "/alternate") {
		return
	}
	if base != f.entryBase {
		if a, ok := webLink(href, base); ok {
			href = a
		}
	}
	switch {
	case e.page == "" && (kind == "text/html" || kind == "application/xhtml+xml"):
		e.page = href
	case e.link == "" || strings.TrimSpace(e.id) == e.link:
		e.link = href
	}
}

func (f *feedReader) time(name string, into *time.Time) {
	if t, ok := parseTime(f.words(name)); ok && into.IsZero() {
		*into = t
	}
}

// words returns the text of the element that has just begun, up to its end or
// the entry's, without the markup in it. Where the document breaks off before,
// it returns none: half an address is worse than no address.
func (f *feedReader) words(name string) string {
	var b strings.Builder
	f.s.keep = true
	whole := f.inside(name, func(text []byte) {
		if b.Len() < maxText {
			b.Write(text)
		}
	})
	f.s.keep = false
	if !whole {
		return ""
	}
	return b.String()
}

// skip passes over the element that has just begun.
func (f *feedReader) skip(name string) { f.inside(name, func([]byte) {}) }

// inside reads up to the end of an element. An entry that begins or ends before
// it does means that its end is missing. It returns false where the document
// ends before.
func (f *feedReader) inside(name string, take func([]byte)) bool {
	for depth := 1; depth > 0; {
		switch f.s.next() {
		case tokenEnd:
			return false
		case tokenText:
			take(f.s.text)
		case tokenOpen:
			switch f.s.name {
			case name:
				depth++
			case "item", "entry":
				f.s.again()
				return true
			}
		case tokenClose:
			switch f.s.name {
			case name:
				depth--
			case "item", "entry", "channel", "feed", "rss", "rdf":
				f.s.again()
				return true
			}
		}
	}
	return true
}

package source

import (
	"fmt"
	"strings"
	"time"
)

// sitemapEntry is an entry of a sitemap or of an index of sitemaps.
type sitemapEntry struct {
	// loc is the address as it stands, "" where there is none.
	loc      string
	title    string
	modified time.Time
	// published is the date that a news sitemap gives.
	published time.Time
}

// sitemapEnd is what is known after a sitemap was read.
type sitemapEnd struct {
	entries  int
	cut      bool // there were more entries than are read
	warnings []string
}

// outside is the warning about entries without a web address; none for 0.
func outside(n int) []string {
	if n == 0 {
		return nil
	}
	return []string{plural(n, "entry has", "entries have") + " no web address"}
}

// readSitemap reads a sitemap or an index as a stream, and calls yield for each
// entry until it returns an error, which is returned. The memory it takes does
// not depend on the size of the document.
func readSitemap(t *text, limit int, yield func(sitemapEntry) error) (sitemapEnd, error) {
	r := &sitemapReader{s: newScanner(t), limit: limit, yield: yield}
	err := r.document()
	if err != nil {
		return r.end, err
	}
	w := t.warnings()
	if r.end.cut {
		w = append(w, fmt.Sprintf("the sitemap has more than %d entries: those after them were left out", limit))
	} else if !r.ended {
		w = append(w, "the sitemap breaks off: entries at its end may be missing")
	}
	r.end.warnings = w
	return r.end, nil
}

type sitemapReader struct {
	s     *scanner
	limit int
	yield func(sitemapEntry) error
	end   sitemapEnd
	ended bool

	open  bool // an entry has begun
	entry sitemapEntry
	field string // the element of the entry that is being read
	words []byte
}

func (r *sitemapReader) document() error {
	for {
		switch r.s.next() {
		case tokenEnd:
			return r.finish()
		case tokenText:
			if len(r.words) < maxText {
				r.words = append(r.words, r.s.text...)
			}
		case tokenOpen:
			switch r.s.name {
			case "url", "sitemap":
				if err := r.finish(); err != nil {
					return err
				}
				if r.end.entries >= r.limit {
					r.end.cut = true
					return nil
				}
				r.open = true
			case "loc", "lastmod", "news:publication_date", "news:title":
				if r.open {
					r.field, r.words, r.s.keep = r.s.name, r.words[:0], true
				}
			}
		case tokenClose:
			if err := r.closed(r.s.name); err != nil {
				return err
			}
		}
	}
}

func (r *sitemapReader) closed(name string) error {
	switch name {
	case "url", "sitemap":
		return r.finish()
	case "urlset", "sitemapindex":
		r.ended = true
		return r.finish()
	case "":
		return nil
	case r.field:
		words := strings.TrimSpace(string(r.words))
		switch name {
		case "loc":
			if r.entry.loc == "" {
				r.entry.loc = words
			}
		case "lastmod":
			r.entry.modified, _ = parseTime(words)
		case "news:publication_date":
			r.entry.published, _ = parseTime(words)
		case "news:title":
			r.entry.title = plainWords(words, maxTitle)
		}
		r.field, r.s.keep = "", false
	}
	return nil
}

// finish gives the entry that is being read.
func (r *sitemapReader) finish() error {
	e := r.entry
	open := r.open
	r.open, r.entry, r.field, r.s.keep = false, sitemapEntry{}, "", false
	if !open {
		return nil
	}
	r.end.entries++
	return r.yield(e)
}

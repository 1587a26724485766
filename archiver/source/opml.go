package source

import (
	"fmt"
	"strconv"
	"strings"

	"stet/store"
)

// The limits of an OPML file.
const (
	maxOPML        = 32 << 20
	maxOPMLSources = 10_000
)

// ParseOPML reads the feeds of an OPML file, as feed readers export it. Outlines
// may be nested to any depth; folders have no meaning here. A feed that is named
// twice counts once. It returns warnings about what was left out, and errors
// with store.ErrInvalid where the file is no OPML.
func ParseOPML(body []byte) ([]Source, []string, error) {
	t, err := openText(body, "", maxOPML)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: reading OPML: %w", store.ErrInvalid, err)
	}
	o := opmlReader{s: newScanner(t), seen: map[string]bool{}}
	o.document()
	if !o.opml {
		return nil, nil, fmt.Errorf("%w: the file is no OPML: it has no element of that name", store.ErrInvalid)
	}
	w := t.warnings()
	for _, m := range []struct {
		n         int
		one, many string
	}{
		{o.twice, "feed is named twice or more", "feeds are named twice or more"},
		{o.strange, "outline has no web address of a feed", "outlines have no web address of a feed"},
		{o.over, "feed was left out: the file has too many", "feeds were left out: the file has too many"},
	} {
		if m.n > 0 {
			w = append(w, plural(m.n, m.one, m.many))
		}
	}
	return o.sources, w, nil
}

type opmlReader struct {
	s       *scanner
	sources []Source
	seen    map[string]bool
	opml    bool

	twice, strange, over int
}

func (o *opmlReader) document() {
	for {
		switch o.s.next() {
		case tokenEnd:
			return
		case tokenOpen:
			switch o.s.name {
			case "opml":
				o.opml = true
			case "outline":
				o.outline()
			}
		}
	}
}

// outline reads an outline: a feed, or a folder.
func (o *opmlReader) outline() {
	raw := strings.TrimSpace(o.s.attr("xmlurl"))
	if raw == "" {
		// Some programs write the address of a feed like that of a page.
		if raw = strings.TrimSpace(o.s.attr("url")); raw == "" || !isFeedType(o.s.attr("type")) {
			return
		}
	}
	raw = strings.Replace(raw, "feed://", "http://", 1)
	if rest, ok := strings.CutPrefix(raw, "feed:"); ok {
		raw = rest
	}
	address, ok := webLink(raw, nil)
	if !ok {
		o.strange++
		return
	}
	s := Source{URL: address, Kind: Feed}
	switch {
	case o.seen[s.URL]:
		o.twice++
		return
	case len(o.sources) >= maxOPMLSources:
		o.over++
		return
	}
	o.seen[s.URL] = true
	for _, name := range []string{o.s.attr("title"), o.s.attr("text"), hostOf(address)} {
		if s.Name = plainWords(name, maxTitle); s.Name != "" {
			break
		}
	}
	o.sources = append(o.sources, s)
}

func isFeedType(t string) bool {
	switch strings.ToLower(t) {
	case "rss", "atom", "rss1", "feed":
		return true
	}
	return false
}

// number64 reads a number that is not negative.
func number64(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n >= 0
}

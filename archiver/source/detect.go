package source

import (
	"bytes"
	"encoding/json"
	"mime"
	"strings"

	"stet/extract"
)

// detect tells what a document is by its beginning. The media type is asked
// only where that leaves it open: feeds are sent as text/html, pages as
// application/xml.
func detect(head []byte, contentType string) Format {
	head = bytes.TrimLeft(head, " \t\r\n\ufeff")
	if len(head) == 0 {
		return formatOther
	}
	switch head[0] {
	case '{':
		return detectJSON(head)
	case '<':
		if f := detectMarkup(head); f != formatOther {
			return f
		}
	default:
		// Programs that fail print a warning before the document.
		if i := rootAt(head); i >= 0 {
			return detectMarkup(head[i:])
		}
		if looksLikeList(string(head)) {
			return FormatText
		}
	}
	t, _, _ := mime.ParseMediaType(contentType)
	if extract.DecideContent(extract.Input{ContentType: t, Body: head}) == extract.ContentHTML {
		return FormatPage
	}
	return formatOther
}

// detectJSON tells a JSON Feed by the members that it must have.
func detectJSON(head []byte) Format {
	d := json.NewDecoder(bytes.NewReader(head))
	if _, err := d.Token(); err != nil {
		return formatOther
	}
	for d.More() {
		tok, err := d.Token()
		if err != nil {
			break
		}
		if tok == "version" || tok == "items" {
			return FormatJSON
		}
		var skip json.RawMessage
		if d.Decode(&skip) != nil {
			break
		}
	}
	return formatOther
}

// rootAt returns where the root element of a feed or sitemap begins behind
// something else, -1 where it does not.
func rootAt(head []byte) int {
	first := -1
	for _, root := range []string{"<?xml", "<rss", "<feed", "<urlset", "<sitemapindex", "<rdf:RDF"} {
		if i := bytes.Index(head, []byte(root)); i >= 0 && (first < 0 || i < first) {
			first = i
		}
	}
	return first
}

// detectMarkup tells a document by its root element.
func detectMarkup(head []byte) Format {
	if n := len("<!doctype html"); len(head) > n && strings.EqualFold(string(head[:n]), "<!doctype html") {
		return FormatPage
	}
	s := newScanner(bytes.NewReader(head))
	for {
		switch s.next() {
		case tokenEnd:
			return formatOther
		case tokenOpen:
			return formatOfRoot(s.name)
		}
	}
}

func formatOfRoot(name string) Format {
	_, local, ok := strings.Cut(name, ":")
	if !ok {
		local = name
	}
	switch local {
	case "rss", "channel":
		return FormatRSS
	case "rdf":
		return FormatRDF
	case "feed":
		return FormatAtom
	case "urlset":
		return FormatSitemap
	case "sitemapindex":
		return FormatIndex
	case "opml":
		return formatOPML
	case "html", "head", "body", "meta", "script", "title", "div", "h1", "p", "center":
		return FormatPage
	}
	return formatOther
}

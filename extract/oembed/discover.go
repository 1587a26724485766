package oembed

import (
	"mime"
	"strings"

	"stet/extract"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxDiscovered bounds the endpoints that one page may announce.
const maxDiscovered = 8

// Discover returns the addresses that a page announces for JSON about itself, as
// they stand in its link elements, in order.
func Discover(doc *html.Node) []string {
	var found []string
	for link := range extract.Elements(doc, atom.Link) {
		if len(found) == maxDiscovered {
			break
		}
		kind, _, err := mime.ParseMediaType(extract.Attr(link, "type"))
		if err != nil && kind == "" || kind != "application/json+oembed" && kind != "text/json+oembed" {
			continue
		}
		if !alternate(extract.Attr(link, "rel")) {
			continue
		}
		if href := strings.TrimSpace(extract.Attr(link, "href")); href != "" {
			found = append(found, href)
		}
	}
	return found
}

// alternate reports whether a link is to another form of the page. Some
// providers write alternative.
func alternate(rel string) bool {
	for word := range strings.FieldsSeq(rel) {
		if strings.EqualFold(word, "alternate") || strings.EqualFold(word, "alternative") {
			return true
		}
	}
	return rel == ""
}

// canonical returns the address that a page gives as its own, empty where it
// gives none.
func canonical(doc *html.Node) string {
	for link := range extract.Elements(doc, atom.Link) {
		if strings.EqualFold(strings.TrimSpace(extract.Attr(link, "rel")), "canonical") {
			return strings.TrimSpace(extract.Attr(link, "href"))
		}
	}
	return ""
}

package extract

import (
	"strings"

	"golang.org/x/net/html"
)

// columns notes the narrower columns beside the one that the article stands in:
// what is in them is not part of it. Style sheets of the usual frameworks tell
// the width of a column, in twelfths, by its class.
func (s *survey) columns() {
	for n := range s.holds {
		if n.Type != html.ElementNode || n.Parent == nil || len(columnsOf(n)) == 0 {
			continue
		}
		wide := columnsOf(n)
		for c := n.Parent.FirstChild; c != nil; c = c.NextSibling {
			if c.Type == html.ElementNode && !s.holding(c) && narrower(columnsOf(c), wide) {
				s.strong[c] = wordStrong
			}
		}
	}
}

// column is a class that tells a column's width on screens of one size.
type column struct {
	class string
	width int
}

// narrower reports whether one of the columns has at most half the width that
// the other column has on the same screens.
func narrower(list, wide []column) bool {
	for _, a := range list {
		for _, b := range wide {
			if a.class == b.class && a.width*2 <= b.width+1 {
				return true
			}
		}
	}
	return false
}

// columnsOf returns the classes of n that tell its width.
func columnsOf(n *html.Node) []column {
	var list []column
	for t := range strings.FieldsSeq(Attr(n, "class")) {
		// span_4_of_12 and col-4of12 tell the whole as well.
		if i := strings.LastIndex(t, "of"); i > 0 && strings.Trim(t[i+2:], "-_0123456789") == "" {
			t = strings.TrimRight(t[:i], "-_")
		}
		head := strings.TrimRight(t, "0123456789")
		digits := t[len(head):]
		if len(digits) == 0 || len(digits) > 2 || !columnWord(strings.TrimRight(head, "-_")) {
			continue
		}
		w := 0
		for i := range len(digits) {
			w = w*10 + int(digits[i]-'0')
		}
		list = append(list, column{head, w})
	}
	return list
}

// columnWord reports whether a class without its number is one of a column.
func columnWord(s string) bool {
	switch s {
	case "col", "col-xs", "col-sm", "col-md", "col-lg", "col-xl", "col-xxl", "span", "grid", "small", "medium", "large", "column", "columns",
		"md:col-span", "lg:col-span", "xl:col-span", "col-span", "uk-width-medium", "pure-u-md", "size", "w":
		return true
	}
	return false
}

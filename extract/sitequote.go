package extract

import (
	"strings"

	"stet/extract/post"

	"golang.org/x/net/html"
)

// The bounds of what a [Markup] looks at below one element, so that reading a
// page stays linear however its elements are nested. The platforms' own
// snippets have some twenty nodes, a displayed post some hundred.
const (
	maxPostNodes = 1500
	maxPostBytes = 64 << 10
)

// Compact reports whether what is below n is no more than one post can be. A
// block that was never closed, and so holds the rest of the page, is not.
func Compact(n *html.Node) bool {
	nodes, bytes := 0, 0
	for d := range n.Descendants() {
		nodes++
		if d.Type == html.TextNode {
			bytes += len(d.Data)
		}
		if nodes > maxPostNodes || bytes > maxPostBytes {
			return false
		}
	}
	return true
}

// Nearby yields the elements below n as [Elements] does, but no more than one
// post can have.
func Nearby(n *html.Node) func(yield func(*html.Node) bool) {
	return func(yield func(*html.Node) bool) {
		nodes := 0
		for d := range n.Descendants() {
			if nodes++; nodes > maxPostNodes {
				return
			}
			if d.Type == html.ElementNode && !yield(d) {
				return
			}
		}
	}
}

// SplitSignOff takes apart the text of a platform's snippet, "words — Name
// (@handle) date", as [Text] returns it. The last "(@handle)" counts. It
// returns false where there is none; the date is empty where no complete one
// follows.
func SplitSignOff(text string) (Quoted, bool) {
	for at := len(text); at > 0; {
		i := strings.LastIndexByte(text[:at], '@')
		if i < 0 {
			break
		}
		if open, handle, end, ok := parenthesised(text, i); ok {
			q := Quoted{Handle: handle}
			q.Date, _ = ParseDate(strings.TrimLeft(text[end:], " \n,-–—·|"))
			q.Text, q.Name = splitName(text, open)
			q.Links = textLinks(q.Text)
			return q, true
		}
		at = i
	}
	return Quoted{}, false
}

// splitName splits what stands before the handle into words and name: at the
// dash, else at the beginning of the line.
func splitName(text string, open int) (words, name string) {
	floor := max(0, open-maxNameBytes)
	if d, ok := chooseDash(text, floor, open); ok {
		return strings.TrimSpace(text[:d.start]), strings.TrimSpace(text[d.end:open])
	}
	line := strings.LastIndexByte(text[:open], '\n') + 1
	if name = strings.TrimSpace(text[line:open]); len(name) > maxNameBytes || len([]rune(name)) > maxNameRunes {
		return strings.TrimSpace(text[:open]), ""
	}
	return strings.TrimSpace(text[:line]), name
}

// TextLinks returns the addresses in the words of a post as they stand there,
// in order of appearance: [Quoted].Links for [Quoted].Text.
func TextLinks(text string) []string { return textLinks(text) }

// PostLinks returns [TextLinks] as the links of a post; nil where there are none.
func PostLinks(text string) []post.Link {
	var links []post.Link
	for _, l := range textLinks(text) {
		links = append(links, post.Link{URL: l})
	}
	return links
}

// Placeholder reports whether s is what publishers show in place of a post that
// they could not load, which is never taken for the post's words.
func Placeholder(s string) bool { return flatPlaceholder(s) }

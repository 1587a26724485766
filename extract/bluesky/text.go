package bluesky

import (
	"slices"
	"strings"
	"unicode/utf8"

	"stet/extract/post"
)

// showText returns a text as readers see it, with the addresses that clients
// shorten written out, and the addresses in it. Positions in a text are those
// of bytes; facets that do not fit the text, or overlap, are left out. Tags
// stand in the text as they are.
func showText(text string, facets []facet) (string, []post.Link) {
	facets = slices.Clone(facets)
	slices.SortStableFunc(facets, func(a, b facet) int { return int(a.Index.Start.V - b.Index.Start.V) })
	var out strings.Builder
	var links []post.Link
	at := 0
	for i := range facets {
		start, end, ok := facets[i].span(text, at)
		link := facets[i].link()
		if !ok || link == "" {
			continue
		}
		shown := text[start:end]
		l := post.Link{URL: link}
		out.WriteString(text[at:start])
		if shortens(shown, link) {
			out.WriteString(link)
		} else {
			out.WriteString(shown)
		}
		if shown != link {
			l.Display = shown
		}
		links = append(links, l)
		at = end
	}
	out.WriteString(text[at:])
	return strings.TrimSpace(strings.ToValidUTF8(out.String(), "\ufffd")), links
}

// span returns the bytes of a facet, where they lie after at, and begin and end
// between characters.
func (f *facet) span(text string, at int) (start, end int, ok bool) {
	s, e := f.Index.Start, f.Index.End
	if !s.Set || !e.Set || s.V < int64(at) || e.V <= s.V || e.V > int64(len(text)) {
		return 0, 0, false
	}
	start, end = int(s.V), int(e.V)
	return start, end, utf8.RuneStart(text[start]) && (end == len(text) || utf8.RuneStart(text[end]))
}

// link returns where a part of a text leads: the address, or the profile of
// the account that is mentioned, by its lasting name.
func (f *facet) link() string {
	for _, x := range f.Features {
		switch {
		case x.URI != "" && strings.HasSuffix(string(x.Type), "#link"):
			return string(x.URI)
		case strings.HasSuffix(string(x.Type), "#mention") && validDID(string(x.DID)):
			return profileURL(string(x.DID))
		}
	}
	return ""
}

// shortens reports whether a text is an address without its scheme, or the
// beginning of it.
func shortens(shown, address string) bool {
	cut := strings.TrimSuffix(strings.TrimSuffix(shown, "..."), "…")
	whole := address
	for range 3 {
		if cut == whole || cut != shown && cut != "" && strings.HasPrefix(whole, cut) {
			return true
		}
		if _, rest, ok := strings.Cut(whole, "://"); ok {
			whole = rest
		} else {
			whole = strings.TrimPrefix(whole, "www.")
		}
	}
	return strings.TrimSuffix(whole, "/") == cut
}

func profileURL(did string) string { return "https://bsky.app/profile/" + did }

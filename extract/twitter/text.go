package twitter

import (
	"cmp"
	"strings"
	"time"

	"stet/extract"
	"stet/extract/post"
)

// unescape undoes the platform's escaping of text: it escapes these characters
// and no others, so that a general decoder would change what authors wrote.
func unescape(s string) string {
	if !strings.Contains(s, "&") {
		return s
	}
	return strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">", "&quot;", `"`, "&#39;", "'").Replace(s)
}

// words writes a post's raw text as readers see it.
type words struct {
	// links are the addresses in the text by their short form, media those
	// that stand for the post's own pictures and videos.
	links map[string]post.Link
	media map[string]bool
	// self is the id of the post: a link to itself at the end of a text says
	// that the text is cut.
	self string
}

func newWords(self string) *words {
	return &words{links: map[string]post.Link{}, media: map[string]bool{}, self: self}
}

func (w *words) addLink(url, expanded, display string) {
	if url != "" {
		w.links[url] = post.Link{URL: url, Expanded: expanded, Display: display}
	}
}

func (w *words) addMedia(url string) {
	if url != "" {
		w.media[url] = true
	}
}

// piece is a part of a text: words, or an address with what it stands for.
type piece struct {
	text string
	// address is the short form, empty for words.
	address string
}

// seen is a text as readers see it.
type seen struct {
	text  string
	links []post.Link
	// cut is true where the text ends with a link to the post itself, which
	// stands for the rest.
	cut bool
	// last is the link that the text ends with, zero where it ends with words.
	last post.Link
}

// maxText is the length from which links are not written out any more. The
// longest posts have 25,000 characters; beyond, a small payload could make a
// text without bounds.
const maxText = 256 << 10

// read turns raw text into what readers see: escapes undone, short links
// written out, links to the post's own media at the end left away.
func (w *words) read(raw string) seen {
	pieces := w.split(unescape(raw))
	var out seen
	pieces, out.cut = w.trim(pieces)
	var b strings.Builder
	for i, p := range pieces {
		if p.address == "" {
			b.WriteString(p.text)
			continue
		}
		l, ok := w.links[p.address]
		if !ok {
			l = post.Link{URL: p.address}
		}
		out.links = append(out.links, l)
		if b.Len() > maxText {
			l.Expanded = ""
		}
		b.WriteString(cmp.Or(l.Expanded, l.URL))
		if i == len(pieces)-1 {
			out.last = l
		}
	}
	out.text = strings.TrimSpace(b.String())
	return out
}

// split cuts a text at its addresses.
func (w *words) split(s string) []piece {
	var pieces []piece
	from := 0
	for at := 0; at < len(s); {
		i := strings.Index(s[at:], "http")
		if i < 0 {
			break
		}
		at += i
		n := w.addressLength(s[at:])
		if n == 0 {
			at += len("http")
			continue
		}
		if at > from {
			pieces = append(pieces, piece{text: s[from:at]})
		}
		pieces = append(pieces, piece{address: s[at : at+n]})
		at += n
		from = at
	}
	if from < len(s) {
		pieces = append(pieces, piece{text: s[from:]})
	}
	return pieces
}

// addressLength returns the length of the address that s begins with: one that
// the platform lists, or a short link. It returns 0 for none.
func (w *words) addressLength(s string) int {
	rest := strings.TrimPrefix(strings.TrimPrefix(s, "http"), "s")
	if key, ok := strings.CutPrefix(rest, "://t.co/"); ok {
		n := len(s) - len(key)
		for n < len(s) && alnum(s[n]) {
			n++
		}
		if n > len(s)-len(key) {
			return n
		}
		return 0
	}
	if !strings.HasPrefix(rest, "://") {
		return 0
	}
	n := strings.IndexAny(s, " \t\n\r")
	if n < 0 {
		n = len(s)
	}
	// Addresses that are not shortened stand in posts from before 2011 only;
	// what clings to the end of one is not known, so less and less is tried.
	for cut := n; cut > len("http://") && cut > n-8; cut-- {
		if _, ok := w.links[s[:cut]]; ok {
			return cut
		}
	}
	return 0
}

func alnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// trim removes the links to media and to the post itself from the end. It
// reports whether one to the post itself was among them.
func (w *words) trim(pieces []piece) (rest []piece, cut bool) {
	for len(pieces) > 0 {
		p := pieces[len(pieces)-1]
		switch {
		case p.address == "" && strings.TrimSpace(p.text) == "":
		case p.address != "" && w.media[p.address]:
		case p.address != "" && w.isSelf(w.links[p.address].Expanded):
			cut = true
		default:
			return pieces, cut
		}
		pieces = pieces[:len(pieces)-1]
	}
	return nil, cut
}

// isSelf reports whether an address is that of the post itself.
func (w *words) isSelf(address string) bool {
	t, ok := parseString(address)
	return ok && t.Ref.ID == w.self && t.Part == ""
}

// parseString is [Site.ParseURL] for a string.
func parseString(address string) (extract.Target, bool) {
	u, ok := extract.ParseLink(address)
	if !ok {
		return extract.Target{}, false
	}
	t, ok := Site{}.ParseURL(u)
	return t, ok && t.Ref.ID != ""
}

// ends returns the post that a text ends with a link to, if any: before quotes
// had a member of their own, and where the quoted post is gone, that link is
// all there is.
func (s *seen) ends(self string) post.Ref {
	t, ok := parseString(s.last.Expanded)
	if !ok || t.Part != "" || t.Ref.ID == self {
		return post.Ref{}
	}
	return t.Ref
}

// setPosted sets the time of publication: as stated, else as the id has it.
func setPosted(p *post.Post, stated string) {
	for _, layout := range []string{time.RFC3339, time.RubyDate} {
		if t, err := time.Parse(layout, stated); err == nil {
			p.Posted, p.PostedFrom = t.UTC(), "stated"
			return
		}
	}
	if t, ok := Time(p.ID); ok {
		p.Posted, p.PostedFrom = t, "derived"
	}
}

// setVersions sets the chain of edits, of which every link has an id of its
// own. A chain of one is no edit.
func setVersions(p *post.Post, ids []str) {
	if len(ids) < 2 {
		return
	}
	for _, id := range ids {
		if r := Ref(string(id)); !r.IsZero() {
			p.Versions = append(p.Versions, r)
		}
	}
	p.Edited = true
}

// inChain reports whether id is one of p's versions.
func inChain(p *post.Post, id string) bool {
	for _, v := range p.Versions {
		if v.ID == id {
			return true
		}
	}
	return false
}

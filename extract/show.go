package extract

import (
	"errors"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// embedOf returns the embed of what an address leads to.
func embedOf(l lead, form string) Embed {
	e := Embed{Platform: l.platform, Markup: form, URL: l.target.URL, Part: l.target.Part, Posted: l.target.Posted, Archived: l.archived}
	if l.target.Ref.Valid() {
		e.Platform, e.ID = l.target.Ref.Platform, l.target.Ref.ID
	}
	return e
}

// reading reports the post that a platform's markup shows. It returns false for
// what shows none: a profile's box, a button.
func (w *walker) reading(n *html.Node, m matched, s surroundings) bool {
	t := m.reading.Target
	switch t.Kind {
	case TargetIntent, TargetProfile, TargetOther:
		return false
	}
	if n.DataAtom == atom.Blockquote && m.class != "" && holdsQuote(n, m.class) {
		return false
	}
	e := embedOf(lead{target: t, platform: m.platform}, m.form)
	e.Quoted = m.reading.Quoted
	if Placeholder(e.Quoted.Text) {
		e.Quoted.Text, e.Quoted.Links = "", nil
	}
	if e.ID == "" && e.URL == "" && e.Quoted.Text == "" {
		return false
	}
	w.show(e, n, s)
	return true
}

// holdsQuote reports whether a snippet holds another of its kind: then it was
// not closed, and what it holds is the rest of the article.
func holdsQuote(n *html.Node, class string) bool {
	for q := range Elements(n, atom.Blockquote) {
		if HasClass(q, class) {
			return true
		}
	}
	return false
}

// show reports a post that is displayed here, by the element n where there is
// one. It is a paragraph of its own.
func (w *walker) show(e Embed, n *html.Node, s surroundings) {
	w.shown++
	w.breakOff(gapBlock)
	at := w.here()
	if w.c.repeats(&e, at.at) {
		at.para = 0
		w.c.embed(e, at)
		return
	}
	w.para++
	at.para = w.para
	if n == nil || s.nested && w.pending != nil {
		n = w.pending
	}
	if !w.c.has(&e) {
		e.Before = before(string(w.text[max(0, len(w.text)-2*maxBefore):]))
		if n != nil && e.Fragment == "" {
			e.Fragment = fragmentOf(n)
		}
	}
	w.c.embed(e, at)
}

// fragmentOf returns the markup of n, cut to [maxFragment] bytes.
func fragmentOf(n *html.Node) string {
	lw := limitedWriter{left: maxFragment}
	// The only error there can be is that the limit was reached.
	_ = html.Render(&lw, n)
	return strings.ToValidUTF8(lw.b.String(), "")
}

// limitedWriter keeps the first bytes that are written to it.
type limitedWriter struct {
	b    strings.Builder
	left int
}

// WriteString writes s.
func (l *limitedWriter) WriteString(s string) (int, error) {
	if len(s) > l.left {
		l.b.WriteString(s[:l.left])
		l.left = 0
		return 0, errFragmentFull
	}
	l.left -= len(s)
	return l.b.WriteString(s)
}

// WriteByte writes one byte. With it the renderer needs no buffer of its own.
func (l *limitedWriter) WriteByte(c byte) error {
	if l.left == 0 {
		return errFragmentFull
	}
	l.left--
	return l.b.WriteByte(c)
}

// Write writes p.
func (l *limitedWriter) Write(p []byte) (int, error) {
	if len(p) > l.left {
		l.b.Write(p[:l.left])
		l.left = 0
		return 0, errFragmentFull
	}
	l.left -= len(p)
	l.b.Write(p)
	return len(p), nil
}

var errFragmentFull = errors.New("the fragment is as long as it may be")

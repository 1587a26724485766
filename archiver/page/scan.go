package page

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// The bounds of what is looked at: walls and error pages are short, and what
// stands after is not needed to tell them.
const (
	maxScan       = 2 << 20
	maxText       = 20_000
	maxHeadings   = 8
	maxHeading    = 300
	maxMarkers    = 64 << 10
	maxOneScript  = 4 << 10
	maxScriptList = 64
)

// document is what the classifier looks at of a page.
type document struct {
	title    string
	headings []string // of the first and second order
	// text is what a reader sees, in lower case, with single spaces, cut to
	// maxText.
	text string
	// markers are the addresses of scripts, frames and forms, and the ids and
	// classes of elements, in lower case.
	markers string
	scripts []string
	frames  []string
	// password is true where a password is asked for, and fields how many
	// fields there are to fill in.
	password bool
	fields   int
	// free is "false" where the page says by JSON-LD that it must be paid for.
	free string
}

// scanner collects a document in one pass.
type scanner struct {
	d                 document
	text, markers     strings.Builder
	heading           strings.Builder
	inHeading         bool
	hidden            int // depth of what is not shown
	inTitle, inScript bool
	json              bool
}

// scan reads a page, without building a tree of it.
func scan(body []byte) document {
	s := &scanner{}
	z := html.NewTokenizer(bytes.NewReader(body[:min(len(body), maxScan)]))
	z.SetMaxBuf(maxScan)
	for {
		switch z.Next() {
		case html.ErrorToken:
			s.d.text, s.d.markers = fold(s.text.String()), strings.ToLower(s.markers.String())
			return s.d
		case html.StartTagToken, html.SelfClosingTagToken:
			s.start(z)
		case html.EndTagToken:
			name, _ := z.TagName()
			s.end(atom.Lookup(name))
		case html.TextToken:
			s.words(z.Text())
		}
	}
}

func (s *scanner) start(z *html.Tokenizer) {
	name, more := z.TagName()
	tag := atom.Lookup(name)
	attrs := map[string]string{}
	for more {
		var k, v []byte
		k, v, more = z.TagAttr()
		attrs[string(k)] = string(v)
	}
	for _, k := range []string{"id", "class", "src", "action"} {
		s.mark(attrs[k])
	}
	switch tag {
	case atom.Title:
		s.inTitle = s.d.title == ""
	case atom.H1, atom.H2:
		s.inHeading = len(s.d.headings) < maxHeadings
		s.heading.Reset()
	case atom.Script:
		s.inScript = true
		s.json = strings.EqualFold(attrs["type"], "application/ld+json")
	case atom.Style, atom.Template, atom.Svg, atom.Noscript:
		s.hidden++
	case atom.Iframe:
		s.d.frames = append(s.d.frames, strings.ToLower(attrs["src"]))
	case atom.Input, atom.Textarea, atom.Select:
		s.field(attrs)
	}
	s.text.WriteByte(' ')
}

func (s *scanner) field(attrs map[string]string) {
	switch t := strings.ToLower(attrs["type"]); t {
	case "hidden", "submit", "button", "search", "checkbox", "radio":
	default:
		s.d.fields++
		s.d.password = s.d.password || t == "password"
	}
}

func (s *scanner) mark(v string) {
	if v != "" && s.markers.Len() < maxMarkers {
		s.markers.WriteString(v[:min(len(v), 300)])
		s.markers.WriteByte(' ')
	}
}

func (s *scanner) end(tag atom.Atom) {
	switch tag {
	case atom.Title:
		s.inTitle = false
	case atom.H1, atom.H2:
		if s.inHeading {
			s.d.headings = append(s.d.headings, fold(s.heading.String()))
		}
		s.inHeading = false
	case atom.Script:
		s.inScript, s.json = false, false
	case atom.Style, atom.Template, atom.Svg, atom.Noscript:
		s.hidden = max(s.hidden-1, 0)
	}
	s.text.WriteByte(' ')
}

func (s *scanner) words(b []byte) {
	switch {
	case s.inTitle:
		s.d.title = fold(string(b[:min(len(b), 4*maxHeading)]))
	case s.inScript:
		if s.json && notFree(string(b)) {
			s.d.free = "false"
		}
		if len(s.d.scripts) < maxScriptList {
			s.d.scripts = append(s.d.scripts, string(b[:min(len(b), maxOneScript)]))
		}
	case s.hidden > 0:
	default:
		if s.inHeading && s.heading.Len() < maxHeading {
			s.heading.Write(b)
		}
		if s.text.Len() < maxText {
			s.text.Write(b)
		}
	}
}

// notFree reports whether JSON-LD says that the page is not for everybody.
func notFree(json string) bool {
	compact := strings.ToLower(strings.Join(strings.Fields(json), ""))
	return strings.Contains(compact, `"isaccessibleforfree":false`) || strings.Contains(compact, `"isaccessibleforfree":"false"`)
}

package source

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// scanned writes the tokens of a document.
func scanned(doc string) []string {
	s := newScanner(strings.NewReader(doc))
	s.keep = true
	var out []string
	for {
		switch s.next() {
		case tokenEnd:
			return out
		case tokenOpen:
			out = append(out, "<"+s.name)
		case tokenClose:
			out = append(out, ">"+s.name)
		case tokenText:
			out = append(out, string(s.text))
		}
	}
}

func TestScanner(t *testing.T) {
	long := strings.Repeat("x", 200<<10)
	for _, c := range []struct {
		name, in string
		want     []string
	}{
		{"elements", `<a><b>x</b><c/></a>`, []string{"<a", "<b", "x", ">b", "<c", ">c", ">a"}},
		{"entities", `<a>1 &lt; 2 &amp;amp; &eacute; &#8230; &#x41; &nope; & b &copy=1</a>`, []string{"<a", "1 < 2 &amp; é … A &nope; & b &copy=1", ">a"}},
		{"cdata", `<a><![CDATA[1 < 2 & ]] > &amp; ]]]]>x</a>`, []string{"<a", "1 < 2 & ]] > &amp; ]]", "x", ">a"}},
		{"comment", `<a>x<!-- <b> - -- > -->y</a>`, []string{"<a", "x", "y", ">a"}},
		{"doctype", `<!DOCTYPE a [<!ENTITY b "c"> <!ELEMENT d (e)>]><a/>`, []string{"<a", ">a"}},
		{"less than", `<a>1 < 2 <3 <</a>`, []string{"<a", "1 ", "< 2 ", "<3 ", "<", ">a"}},
		{"unclosed tag", `<a href="x" <b>y</b>`, []string{"<a", "<b", "y", ">b"}},
		{"no quotes", `<a href=x>y</a >`, []string{"<a", "y", ">a"}},
		{"quoted end", `<a b="c>d" e='f"g'>y</a>`, []string{"<a", "y", ">a"}},
		{"prefixes", `<x:a xmlns:x="http://www.w3.org/2005/Atom" xmlns:q="http://purl.org/dc/elements/1.1/"><q:Date/><x:b/><dc:date/><other:c/></x:a>`,
			[]string{"<a", "<dc:date", ">dc:date", "<b", ">b", "<dc:date", ">dc:date", "<other:c", ">other:c", ">a"}},
		{"default namespace of content", `<feed xmlns="http://www.w3.org/2005/Atom"><div xmlns="http://www.w3.org/1999/xhtml"/><entry/></feed>`,
			[]string{"<feed", "<div", ">div", "<entry", ">entry", ">feed"}},
		{"long text", "<a>" + long + "</a>", []string{"<a", long[:maxText], ">a"}},
		{"long attribute", `<a b="` + long[:maxTag] + `">y</a>`, []string{"<a", long[:len(`a b="`)] + `">y`, ">a"}},
		{"end in a tag", `<a><b`, []string{"<a", "<b"}},
		{"end in a comment", `<a><!-- x`, []string{"<a"}},
		{"end in CDATA", `<a><![CDATA[x]`, []string{"<a", "x]"}},
		{"nothing", ``, nil},
		{"only <", `<`, []string{"<"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, scanned(c.in)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestScannerAttributes(t *testing.T) {
	s := newScanner(strings.NewReader(`<a xml:base="u" HREF = 'v&amp;w' rel=x checked title="a>b" rdf:about="z" x:href="no"/>`))
	if s.next() != tokenOpen {
		t.Fatal("no element")
	}
	for name, want := range map[string]string{"base": "u", "href": "v&w", "rel": "x", "title": "a>b", "about": "z", "checked": "", "none": ""} {
		if got := s.attr(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

// strictly writes the tokens of a document as encoding/xml reads it, and false
// where that refuses it.
func strictly(doc string) (string, bool) {
	d := xml.NewDecoder(strings.NewReader(doc))
	d.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errors.New("another character set") }
	var b strings.Builder
	for {
		tok, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return b.String(), true
		}
		if err != nil {
			return "", false
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			fmt.Fprintf(&b, "<%s>", strings.ToLower(tok.Name.Local))
		case xml.EndElement:
			fmt.Fprintf(&b, "</%s>", strings.ToLower(tok.Name.Local))
		case xml.CharData:
			b.Write(tok)
		}
	}
}

// FuzzScanner holds the scanner against encoding/xml: where that accepts a
// document, both must see the same. What only one of them can know is left out:
// entities of HTML, names that are cut, carriage returns, instructions.
func FuzzScanner(f *testing.F) {
	for _, s := range []string{`<a><b c="d">x &amp; y</b><!-- z --><![CDATA[ <e> ]]></a>`, `<a>1 < 2</a>`, `<!DOCTYPE a [<!ENTITY b "c">]><a/>`,
		`<rss><channel><item><link>https://a.example/</link></item></channel></rss>`, "<a\n/>", "<a>&#65;&#x42;]]</a>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		if len(doc) > 1<<20 {
			return
		}
		s := newScanner(strings.NewReader(doc))
		s.keep = true
		var b strings.Builder
		text := 0
		for tokens := 0; ; tokens++ {
			if tokens > 2*len(doc)+2 {
				t.Fatalf("%d tokens from %d bytes", tokens, len(doc))
			}
			tok := s.next()
			if tok == tokenEnd {
				break
			}
			name := s.name[strings.LastIndexByte(s.name, ':')+1:]
			switch tok {
			case tokenOpen:
				fmt.Fprintf(&b, "<%s>", name)
			case tokenClose:
				fmt.Fprintf(&b, "</%s>", name)
			case tokenText:
				text += len(s.text)
				b.Write(s.text)
			}
		}
		if text > len(doc) {
			t.Errorf("%d bytes of text from %d", text, len(doc))
		}
		declarations := strings.NewReplacer("<!--", "", "<![CDATA[", "").Replace(doc)
		if strings.ContainsAny(doc, "\r?:") || strings.Contains(declarations, "<!") || !utf8.ValidString(doc) {
			return
		}
		if want, ok := strictly(doc); ok && len(doc) < maxTag && !strings.Contains(want, strings.Repeat("n", maxName)) {
			if diff := cmp.Diff(strings.ToLower(want), strings.ToLower(b.String())); diff != "" {
				t.Errorf("%q (-encoding/xml +scanner):\n%s", doc, diff)
			}
		}
	})
}

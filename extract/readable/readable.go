package readable

import (
	"bytes"
	"net/url"
	"strings"
	"unicode"

	"stet/extract"

	readability "codeberg.org/readeck/go-readability/v2"
	"golang.org/x/net/html"
)

// maxElements bounds the pages that the library is given. Its time grows faster
// than the page; this many elements are a page of some three megabytes.
const maxElements = 100000

// Text is the readable text of an article.
type Text struct {
	Title  string `json:"title,omitempty"`
	Byline string `json:"byline,omitempty"`
	// Language is a BCP 47 tag, or what the page has in place of one.
	Language string `json:"language,omitempty"`
	// Paragraphs are numbered as the positions of findings are; 0 stands for a
	// paragraph that has no number, such as the words of an embedded post.
	Paragraphs []extract.Paragraph `json:"paragraphs"`
}

// Read returns the readable text of a document: of a page what the library
// takes for the article, or where it takes nothing what the finder does; of a
// plain text all of it.
func Read(f *extract.Finder, in extract.Input) Text {
	numbered := f.Paragraphs(in)
	if extract.DecideContent(in) != extract.ContentHTML {
		return Text{Paragraphs: numbered}
	}
	t := fromPage(in)
	if len(t.Paragraphs) == 0 {
		t.Paragraphs = numbered
		return t
	}
	number(t.Paragraphs, numbered)
	return t
}

// fromPage asks the library. A page that it refuses, or fails on, gives no
// paragraphs.
func fromPage(in extract.Input) (t Text) {
	defer func() {
		// The library is not ours, and its input is anybody's.
		if recover() != nil {
			t = Text{}
		}
	}()
	doc, err := html.Parse(bytes.NewReader(extract.Decode(in)))
	if err != nil {
		return Text{}
	}
	p := readability.NewParser()
	p.MaxElemsToParse = maxElements
	base, err := url.Parse(in.URL)
	if err != nil || !base.IsAbs() {
		base = nil
	}
	a, err := p.ParseAndMutate(doc, base)
	if err != nil {
		return Text{}
	}
	t = Text{Title: a.Title(), Byline: a.Byline(), Language: a.Language()}
	if a.Node != nil {
		for line := range strings.Lines(extract.Text(a.Node)) {
			if line = strings.TrimSpace(line); line != "" {
				t.Paragraphs = append(t.Paragraphs, extract.Paragraph{Text: line})
			}
		}
	}
	return t
}

// number gives the paragraphs the numbers of those with the same words.
func number(list, numbered []extract.Paragraph) {
	numbers := map[string][]int{}
	for _, p := range numbered {
		for line := range strings.Lines(p.Text) {
			key := fold(line)
			numbers[key] = append(numbers[key], p.Number)
		}
	}
	for i := range list {
		key := fold(list[i].Text)
		if n := numbers[key]; key != "" && len(n) > 0 {
			list[i].Number = n[0]
			numbers[key] = n[1:]
		}
	}
}

// fold returns the letters and digits of a line: the two ways of reading differ
// in white space and marks.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

package extract

import "strings"

// Paragraph is a block of an article's text.
type Paragraph struct {
	// Number is what the positions of findings refer to, from 1.
	Number int `json:"number"`
	// Text has a line break where the page has one in the block.
	Text string `json:"text"`
}

// Paragraphs returns the blocks of a document's article that have text, in
// order. Posts that the article embeds have numbers of their own, so that
// numbers can be missing.
func (f *Finder) Paragraphs(in Input) []Paragraph {
	switch DecideContent(in) {
	case ContentHTML:
		w := f.readPage(in)
		return cutParagraphs(string(w.text), w.paras)
	case ContentOther:
		return nil
	}
	text := decodeText(in)
	return cutParagraphs(text, textParagraphs(text))
}

func cutParagraphs(text string, starts []spot) []Paragraph {
	list := make([]Paragraph, 0, len(starts))
	for i, s := range starts {
		end := len(text)
		if i+1 < len(starts) {
			end = starts[i+1].at
		}
		if p := strings.TrimSpace(text[s.at:end]); p != "" {
			list = append(list, Paragraph{Number: s.para, Text: p})
		}
	}
	return list
}

// Decode returns a document as UTF-8, as the finder reads it. It may be in.Body
// itself.
func Decode(in Input) []byte {
	if DecideContent(in) == ContentHTML {
		return decodeHTML(in)
	}
	return decodeWith(in, "")
}

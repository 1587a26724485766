package box

import (
	"html"
	"strings"
	"unicode"

	"stet/extract"
	"stet/extract/post"
)

const (
	// quoteWords is from how many words on a text without marks of a sentence
	// is taken for a quotation: nobody types so many to search.
	quoteWords = 12
	// saidWords is from how many words on several sentences, or a text in
	// quotation marks, are.
	saidWords = 6
	// quoteSigns is the same for texts in scripts without spaces.
	quoteSigns = 30
	// otherWords is how many words may stand beside the address of a post so
	// that the post is still what was meant: what sharing buttons write.
	otherWords = 80
)

// text reads what has spaces in it.
func (r reader) text(text string) Query {
	if q, ok := r.flattened(text); ok {
		return q
	}
	if q, ok := r.shared(text); ok {
		return q
	}
	return r.search(text)
}

// flattened reads an embed that was copied as text: words, name, handle, date.
func (r reader) flattened(text string) (Query, bool) {
	found := extract.FindFlattened(text)
	if len(found) != 1 {
		return Query{}, false
	}
	q := Query{Kind: KindQuote, Platform: found[0].Platform, Quoted: found[0].Quoted, Words: found[0].Quoted.Text}
	if t, _, ok := r.f.Parse(found[0].URL); ok && t.Ref.Valid() {
		q.Kind, q.Refs, q.URL = KindPost, []post.Ref{t.Ref}, t.URL
	}
	q.Quoted.Text = strings.TrimSpace(q.Quoted.Text)
	return q, q.Quoted.Text != "" || len(q.Refs) > 0
}

// shared reads what the sharing of a post gives: some words, and its address.
func (r reader) shared(text string) (Query, bool) {
	if !strings.Contains(text, "://") {
		return Query{}, false
	}
	q := Query{Kind: KindPost}
	others := 0
	var rest []string
	for _, word := range strings.Fields(text) {
		if strings.Contains(word, "://") {
			one := r.token(strings.TrimRight(word, ".,;!…"))
			if one.Kind == KindPost {
				for _, ref := range one.Refs {
					q.add(ref)
				}
				q.URL, q.Archived = one.URL, one.Archived
				continue
			}
			others++
		}
		rest = append(rest, word)
	}
	if len(q.Refs) == 0 || others > 0 || len(rest) > otherWords {
		return Query{}, false
	}
	if len(q.Refs) > 1 {
		q.URL, q.Archived = "", ""
	}
	q.Words = strings.Join(rest, " ")
	return q, true
}

// search reads words, with the filters that stand among them.
func (r reader) search(text string) Query {
	words, filters := takeFilters(text)
	q := Query{Kind: KindWords, Words: words, Filters: filters}
	if said, ok := quotation(words); ok {
		q.Kind, q.Quoted = KindQuote, extract.Quoted{Text: said}
	}
	return q
}

// quotation reports whether a text rather is what somebody is said to have said
// than words to search, and returns it without the marks around it.
func quotation(text string) (string, bool) {
	said, marked := unquoted(text)
	words, signs := len(strings.Fields(said)), 0
	for _, r := range said {
		if r >= 0x0e00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) {
			signs++
		}
	}
	if !marked && strings.Count(text, `"`) >= 2 {
		return "", false // phrases among words
	}
	long := words >= quoteWords || signs >= quoteSigns
	several := words >= saidWords && (marked || sentences(said) > 1)
	return said, long || several
}

// unquoted takes the quotation marks off that stand around a whole text.
func unquoted(text string) (string, bool) {
	for _, pair := range [][2]string{{`"`, `"`}, {"“", "”"}, {"„", "“"}, {"„", "”"}, {"«", "»"}, {"»", "«"}, {"「", "」"}, {"『", "』"}, {"‘", "’"}, {"'", "'"}} {
		inner, ok := strings.CutPrefix(text, pair[0])
		inner, closed := strings.CutSuffix(inner, pair[1])
		if ok && closed && !strings.Contains(inner, pair[0]) && !strings.Contains(inner, pair[1]) {
			return strings.TrimSpace(inner), true
		}
	}
	return text, false
}

// sentences counts the sentences of a text.
func sentences(text string) int {
	n := 0
	ended := true
	for _, r := range text {
		switch {
		case strings.ContainsRune(".!?…。！？؟।۔\n", r):
			ended = true
		case unicode.IsLetter(r) || unicode.IsNumber(r):
			if ended {
				n++
			}
			ended = false
		}
	}
	return n
}

// bare returns the text of markup that holds no post.
func bare(text string) string {
	var b strings.Builder
	inside := false
	for _, r := range text {
		switch {
		case r == '<':
			inside = true
			b.WriteByte(' ')
		case r == '>' && inside:
			inside = false
		case !inside:
			b.WriteRune(r)
		}
	}
	return html.UnescapeString(b.String())
}

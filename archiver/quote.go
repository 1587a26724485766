package archiver

import (
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/text/unicode/norm"

	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

// The results of [CheckQuote].
const (
	QuoteMatch    = view.QuoteMatch
	QuoteMismatch = view.QuoteMismatch
	QuoteNone     = view.QuoteNone
)

// CheckQuote compares what an article quotes of a post with what was captured
// of it. White space, entities, case of the marks, links (which everybody
// rewrites), leading mentions (which embeds leave out) and a cut that is marked
// are no difference; a changed word, number or handle is. p may be nil.
//
// An edited post may be quoted in any of its versions.
func CheckQuote(q store.Quotation, p *post.Post) string {
	result := checkQuote(q, p)
	if result != QuoteMismatch {
		return result
	}
	for i := range p.Earlier {
		old := *p
		old.Text, old.Incomplete = p.Earlier[i].Text, false
		if checkQuote(q, &old) == QuoteMatch {
			return QuoteMatch
		}
	}
	return result
}

func checkQuote(q store.Quotation, p *post.Post) string {
	if q.Text == "" || p == nil || p.Text == "" {
		return QuoteNone
	}
	handle := strings.TrimPrefix(q.Handle, "@")
	if handle != "" && p.Author.Handle != "" && !strings.EqualFold(handle, p.Author.Handle) && !strings.EqualFold(handle, shortHandle(p.Author.Handle)) {
		return QuoteMismatch
	}
	if otherName(q.Name, p.Author.Name) {
		return QuoteMismatch
	}
	links := append([]string(nil), q.Links...)
	for _, l := range p.Links {
		links = append(links, l.URL, l.Expanded, l.Display)
	}
	quoted, captured := exactWords(q.Text, links...), exactWords(p.Text, links...)
	switch {
	case quoted == captured:
		return QuoteMatch
	case quoted == "" || captured == "":
		return QuoteNone
	case p.Incomplete && strings.HasPrefix(quoted, captured), cutMark(q.Text) && strings.HasPrefix(captured, quoted):
		return QuoteMatch
	}
	return QuoteMismatch
}

// shortHandle returns a handle without the host, as a federated platform's own
// pages show it.
func shortHandle(handle string) string {
	name, _, _ := strings.Cut(handle, "@")
	return name
}

// otherName reports whether two names are those of different people. What
// accounts add to their name and take away again (emoji, marks, a place) makes
// no other.
func otherName(a, b string) bool {
	a, b = words(a), words(b)
	letters := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsSymbol(r) {
				return -1
			}
			return r
		}, s)
	}
	a, b = letters(a), letters(b)
	return a != "" && b != "" && !strings.Contains(a, b) && !strings.Contains(b, a)
}

// cutMark reports whether a text says that it was cut.
func cutMark(s string) bool {
	s = strings.TrimSpace(s)
	return strings.HasSuffix(s, "…") || strings.HasSuffix(s, "...") || strings.HasSuffix(s, "[…]") || strings.HasSuffix(s, "[...]")
}

// words returns the words of a text for comparing: without links (also those
// that are listed, as a whole), leading mentions, case, marks and white space.
// Emoji count as words.
func words(s string, links ...string) string {
	return lettersOf(prepared(s, links), false)
}

// exactWords is [words] with the marks that change a number: its sign, its
// point, its percent, its currency.
func exactWords(s string, links ...string) string {
	return lettersOf(prepared(s, links), true)
}

// prepared returns a text without links and leading mentions.
func prepared(s string, links []string) string {
	s = norm.NFKC.String(html.UnescapeString(s))
	for _, l := range links {
		if l != "" {
			s = strings.ReplaceAll(s, norm.NFKC.String(l), " ")
		}
	}
	return withoutMentions(withoutLinks(s))
}

// lettersOf returns the letters, numbers and emoji of a text.
func lettersOf(s string, marks bool) string {
	var b strings.Builder
	all := []rune(s)
	at := func(i int) rune {
		if i < 0 || i >= len(all) {
			return ' '
		}
		return all[i]
	}
	for i, r := range all {
		if marks && marksNumber(at(i-1), r, at(i+1)) {
			if unicode.Is(unicode.Pd, r) || r == '\u2212' {
				r = '-'
			}
			b.WriteRune(r)
			continue
		}
		if unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) && r != '\ufe0f' || unicode.IsSymbol(r) && r > unicode.MaxLatin1 {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// marksNumber reports whether a character changes the number beside it.
func marksNumber(before, r, after rune) bool {
	switch {
	case unicode.Is(unicode.Sc, r):
		return unicode.IsDigit(before) || unicode.IsDigit(after)
	case r == '%', r == '‰':
		return unicode.IsDigit(before)
	case r == '.', r == ',':
		return unicode.IsDigit(before) && unicode.IsDigit(after)
	case unicode.Is(unicode.Pd, r), r == '\u2212':
		return unicode.IsDigit(after) && (unicode.IsSpace(before) || unicode.In(before, unicode.Cf))
	}
	return false
}

// withoutLinks drops addresses, also those that are glued to the word before,
// as pic.twitter.com is when a page is saved as text.
func withoutLinks(s string) string {
	for _, start := range []string{"https://", "http://", "pic.twitter.com/", "pic.x.com/", "t.co/"} {
		for {
			i := strings.Index(s, start)
			if i < 0 {
				break
			}
			end := strings.IndexFunc(s[i:], func(r rune) bool { return unicode.IsSpace(r) || r == '<' || r == '"' })
			if end < 0 {
				s = s[:i]
			} else {
				s = s[:i] + " " + s[i+end:]
			}
		}
	}
	return s
}

// withoutMentions drops the handles that a reply begins with.
func withoutMentions(s string) string {
	for {
		s = strings.TrimSpace(s)
		if !strings.HasPrefix(s, "@") {
			return s
		}
		i := strings.IndexFunc(s, unicode.IsSpace)
		if i < 0 {
			return s
		}
		s = s[i:]
	}
}

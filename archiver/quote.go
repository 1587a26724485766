package archiver

import (
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/text/unicode/norm"

	"stet/extract/post"
	"stet/store"
)

// The results of [CheckQuote].
const (
	// QuoteMatch: the article quotes the words of the post.
	QuoteMatch = "match"
	// QuoteMismatch: a word differs, or the name of the author.
	QuoteMismatch = "mismatch"
	// QuoteNone: the article quotes nothing, or there is nothing to compare
	// with.
	QuoteNone = "none"
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
	if q.Handle != "" && p.Author.Handle != "" && !strings.EqualFold(q.Handle, p.Author.Handle) && !strings.EqualFold(q.Handle, shortHandle(p.Author.Handle)) {
		return QuoteMismatch
	}
	links := append([]string(nil), q.Links...)
	for _, l := range p.Links {
		links = append(links, l.URL, l.Expanded, l.Display)
	}
	quoted, captured := words(q.Text, links...), words(p.Text, links...)
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

// cutMark reports whether a text says that it was cut.
func cutMark(s string) bool {
	s = strings.TrimSpace(s)
	return strings.HasSuffix(s, "…") || strings.HasSuffix(s, "...") || strings.HasSuffix(s, "[…]") || strings.HasSuffix(s, "[...]")
}

// words returns the words of a text for comparing: without links (also those
// that are listed, as a whole), leading mentions, case, marks and white space.
// Emoji count as words.
func words(s string, links ...string) string {
	s = norm.NFKC.String(html.UnescapeString(s))
	for _, l := range links {
		if l != "" {
			s = strings.ReplaceAll(s, norm.NFKC.String(l), " ")
		}
	}
	s = withoutLinks(s)
	s = withoutMentions(s)
	var b strings.Builder
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) && r != '\ufe0f' || unicode.IsSymbol(r) && r > unicode.MaxLatin1 {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
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

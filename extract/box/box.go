package box

import (
	"strings"
	"unicode/utf8"

	"stet/extract"
	"stet/extract/post"
)

// MaxLength is how many bytes of what was pasted are read: a long article fits,
// and so does the markup of any embed.
const MaxLength = 256 << 10

// Kind says what was put into the box.
type Kind string

// The kinds.
const (
	// KindEmpty: nothing.
	KindEmpty Kind = "empty"
	// KindPost: posts, by address, by platform:id or by a snippet; Refs is set.
	KindPost Kind = "post"
	// KindID: a bare id, which may be that of a post of several platforms. Refs
	// are these posts; where the archive knows none of them it is a word.
	KindID Kind = "id"
	// KindShort: a short link, of which only the network can tell where it
	// leads; URL is set.
	KindShort Kind = "short"
	// KindAccount: an account; Handle is set, and Platform where it was said.
	KindAccount Kind = "account"
	// KindAddress: the address of an article or of another page; URL is set, and
	// Handle where it may be the profile of an account of a federated platform.
	KindAddress Kind = "address"
	// KindDomain: a web site; Domain is set, and URL is that of its first page.
	KindDomain Kind = "domain"
	// KindWords: words to search; Words is set.
	KindWords Kind = "words"
	// KindQuote: what somebody is said to have said; Quoted is set.
	KindQuote Kind = "quote"
)

// Query is what a person asked for. Its JSON names are what scripts see.
type Query struct {
	Kind Kind `json:"kind"`
	// Refs are the posts, in their order.
	Refs []post.Ref `json:"refs,omitempty"`
	// URL is the address, with what was wrapped around it taken off, and Also
	// are other addresses that the same page goes by.
	URL  string   `json:"url,omitempty"`
	Also []string `json:"also,omitempty"`
	// Archived is the web archive's address that URL was wrapped in.
	Archived string `json:"archived,omitempty"`
	// Handle is the account's name without @, Platform its platform; empty
	// where any will do.
	Handle   string        `json:"handle,omitempty"`
	Platform post.Platform `json:"platform,omitempty"`
	Domain   string        `json:"domain,omitempty"`
	// Words are the words to search. With other kinds than KindWords and
	// KindQuote they are what to search where the rest leads to nothing; empty
	// where nothing else can be meant.
	Words string `json:"words,omitempty"`
	// Quoted is the quotation with whatever was pasted with it: the author's
	// name and handle, the date.
	Quoted extract.Quoted `json:"quoted,omitzero"`
	// Filters narrow a search for words, a quotation, an account or a domain.
	Filters Filters `json:"filters,omitzero"`
}

// Parse says what a text that was put into the box asks for. A text longer than
// [MaxLength] is read to there.
func Parse(f *extract.Finder, text string) Query {
	text = markdownLink(tidy(text))
	switch {
	case text == "":
		return Query{Kind: KindEmpty}
	case isMarkup(text):
		return reader{f}.markup(text)
	case !strings.ContainsAny(text, " \n\u00a0\u3000"):
		return reader{f}.token(text)
	}
	return reader{f}.text(text)
}

// tidy drops what nobody typed: white space around, characters without width,
// bytes that are no text.
func tidy(text string) string {
	if len(text) > MaxLength {
		n := MaxLength
		for n > MaxLength-utf8.UTFMax && !utf8.RuneStart(text[n]) {
			n--
		}
		text = text[:n]
	}
	text = strings.ToValidUTF8(text, "\ufffd")
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", " ", "\ufeff", "", "\u200b", "", "\u2060", "", "\x00", "").Replace(text)
	return strings.TrimSpace(text)
}

// markdownLink returns the address of a text that is [words](address), others as
// they are.
func markdownLink(s string) string {
	words, address, ok := strings.Cut(s, "](")
	address, closed := strings.CutSuffix(address, ")")
	if !ok || !closed || !strings.HasPrefix(words, "[") || address == "" || strings.ContainsAny(address, " \n()") {
		return s
	}
	return address
}

// reader reads with the grammar of the platforms.
type reader struct{ f *extract.Finder }

// isMarkup reports whether a text is HTML, as the snippets are that platforms
// hand out.
func isMarkup(text string) bool {
	i := strings.IndexByte(text, '<')
	if i < 0 || !strings.Contains(text[i:], ">") {
		return false
	}
	rest := strings.ToLower(text[i+1 : min(len(text), i+32)])
	for _, name := range []string{"blockquote", "iframe", "script", "div", "a ", "p>", "p ", "html", "!doctype", "!--", "figure", "amp-", "span", "section", "article", "img", "video", "embed", "object", "body", "br"} {
		if strings.HasPrefix(rest, name) {
			return true
		}
	}
	return false
}

// markup reads a snippet: the posts that it shows, those that it links, what
// it quotes itself.
func (r reader) markup(text string) Query {
	found := r.f.Find(extract.Input{ContentType: "text/html; charset=utf-8", Body: []byte(text)})
	q := Query{Kind: KindPost}
	for i := range found.Embeds {
		e := &found.Embeds[i]
		if q.Quoted.IsZero() {
			q.Quoted = e.Quoted
		}
		q.add(e.Ref())
	}
	for i := range found.PostLinks {
		q.add(post.Ref{Platform: found.PostLinks[i].Platform, ID: found.PostLinks[i].ID})
	}
	q.Words = q.Quoted.Text
	switch {
	case len(q.Refs) > 0:
		return q
	case q.Quoted.Text != "":
		q.Kind = KindQuote
		return q
	case len(found.Links) == 1:
		return r.token(found.Links[0].URL)
	}
	plain := tidy(bare(text))
	if plain == "" || isMarkup(plain) {
		return Query{Kind: KindWords, Words: text}
	}
	return Parse(r.f, plain)
}

// add adds a post that is not there yet.
func (q *Query) add(ref post.Ref) {
	if !ref.Valid() {
		return
	}
	for _, have := range q.Refs {
		if have == ref {
			return
		}
	}
	q.Refs = append(q.Refs, ref)
}

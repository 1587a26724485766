package twitter

import (
	"cmp"
	"fmt"
	"strings"
	"unicode/utf8"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// OEmbedParser names the parser of oEmbed payloads, with its version.
const OEmbedParser = "twitter.oembed/1"

type oembed struct {
	URL       str         `json:"url"`
	Name      str         `json:"author_name"`
	AuthorURL str         `json:"author_url"`
	HTML      opt[string] `json:"html"`
}

// longText is the length, in characters, from which a text that ends with an
// ellipsis is taken for cut: posts of accounts that do not pay end at 280.
const longText = 260

// ParseOEmbed reads a post from an oEmbed payload: its words, its author, and
// its time as far as the id carries it. It errors with [extract.ErrShape] for
// everything else. The payload tells no pictures, no quoted post, and the
// publication's day only, in a zone that is not known.
func ParseOEmbed(body []byte) (extract.Parsed, error) {
	var o oembed
	if err := extract.DecodeJSON(body, &o); err != nil {
		return extract.Parsed{}, err
	}
	n := firstOf(fragment(o.HTML.V), atom.Blockquote)
	if n == nil {
		return extract.Parsed{}, fmt.Errorf("%w: an oEmbed payload without a post", extract.ErrShape)
	}
	r, ok := readSnippet(n)
	if !ok || r.Target.Ref.IsZero() {
		return extract.Parsed{}, fmt.Errorf("%w: an oEmbed payload without a post", extract.ErrShape)
	}
	if t, ok := parseString(string(o.URL)); ok && t.Ref != r.Target.Ref {
		return extract.Parsed{}, fmt.Errorf("%w: an oEmbed payload about two posts", extract.ErrShape)
	}
	b := builder{}
	p := post.Post{Platform: post.Twitter, ID: r.Target.Ref.ID}
	p.Author = post.Author{Name: cmp.Or(string(o.Name), r.Quoted.Name), Handle: cmp.Or(handleIn(string(o.AuthorURL)), r.Quoted.Handle, r.Target.Handle)}
	if p.Author.Handle == "" {
		return extract.Parsed{}, fmt.Errorf("%w: an oEmbed payload without an author", extract.ErrShape)
	}
	p.Author.URL = "https://twitter.com/" + p.Author.Handle
	p.URL = PostURL(p.Author.Handle, p.ID)
	setPosted(&p, "")
	if r.Quoted.Date != "" {
		b.note("published on " + r.Quoted.Date + ", in an unknown time zone, says the embed")
	}
	if para := firstOf(n, atom.P); para != nil {
		p.Language = extract.Attr(para, "lang")
		oembedText(&p, para)
	} else {
		p.Text = r.Quoted.Text
	}
	if looksCut(p.Text) {
		p.Incomplete = true
		b.note("the source cuts long posts")
	}
	return b.parsed(p), nil
}

// fragment returns the nodes of a piece of HTML below one element.
func fragment(s string) *html.Node {
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(s), body)
	if err != nil {
		// Only nesting beyond what the parser allows errs; such a piece has
		// nothing that can be read.
		return body
	}
	for _, n := range nodes {
		body.AppendChild(n)
	}
	return body
}

func firstOf(n *html.Node, name atom.Atom) *html.Node {
	for d := range extract.Elements(n, name) {
		return d
	}
	return nil
}

func handleIn(address string) string {
	u, ok := extract.ParseLink(address)
	if !ok {
		return ""
	}
	t, _ := Site{}.ParseURL(u)
	if t.Kind != extract.TargetProfile {
		return ""
	}
	return t.Handle
}

// oembedText fills in the text and its links. The payload does not say where
// short links lead; the address of the post's own picture, which stands at the
// end, is no part of the text.
func oembedText(p *post.Post, para *html.Node) {
	text := extract.Text(para)
	for {
		i := max(strings.LastIndex(text, "pic.twitter.com/"), strings.LastIndex(text, "pic.x.com/"))
		if i < 0 || strings.ContainsAny(text[i:], " \n") {
			break
		}
		text = strings.TrimRight(text[:i], " \n")
	}
	p.Text = text
	p.Links = append(p.Links, extract.PostLinks(text)...)
}

// ReadOEmbed says what a response of the oEmbed endpoint means for the post id.
func ReadOEmbed(id string, r extract.Response) extract.Answer {
	if a, ok := extract.HTTPTrouble(r.StatusCode); ok {
		return a
	}
	switch r.StatusCode {
	case 200:
		if !r.JSON() {
			return extract.Trouble(extract.ReasonNotJSON, false)
		}
		p, err := ParseOEmbed(r.Body)
		return shown(id, p, err)
	case 404, 410:
		if r.Wall() {
			return extract.Trouble(extract.ReasonWall, true)
		}
		return extract.Answer{Status: post.NotFound, Reason: extract.ReasonAbsent, Words: errorWords(r.Body)}
	case 403:
		// Challenges of the network answer 403 too; only the platform's own
		// words count.
		words := errorWords(r.Body)
		if r.JSON() && strings.Contains(words, "not authorized to see this status") {
			return extract.Answer{Status: post.Protected, Explicit: true, Reason: extract.ReasonStated, Words: words}
		}
	}
	return extract.Trouble(extract.ReasonHTTP, false)
}

// looksCut reports whether a text ends as interfaces that are older than long
// posts cut them.
func looksCut(text string) bool {
	return strings.HasSuffix(text, "…") && utf8.RuneCountInString(text) >= longText
}

package mastodon

import (
	"fmt"
	"net/url"
	"strings"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// OEmbedParser names the parser of an instance's oEmbed payloads, with its
// version.
const OEmbedParser = "mastodon.oembed/1"

type oembed struct {
	Type      str         `json:"type"`
	Title     str         `json:"title"`
	Name      str         `json:"author_name"`
	AuthorURL str         `json:"author_url"`
	HTML      opt[string] `json:"html"`
}

// ParseOEmbed reads the post ref from an oEmbed payload of its instance: who
// wrote it, and no words. It errors with [extract.ErrShape] where the payload's
// markup does not show that post.
func ParseOEmbed(ref post.Ref, body []byte) (extract.Parsed, error) {
	var o oembed
	if err := extract.DecodeJSON(body, &o); err != nil {
		return extract.Parsed{}, err
	}
	t, ok := embedded(o.HTML.V)
	if !ok || t.Ref != ref {
		return extract.Parsed{}, fmt.Errorf("%w: an oEmbed payload without the post", extract.ErrShape)
	}
	b := builder{ref: ref}
	p := post.Post{Platform: ref.Platform, ID: ref.ID, URL: t.URL, Incomplete: true}
	p.Author = post.Author{Name: string(o.Name), Handle: t.Handle, URL: web(o.AuthorURL)}
	if ref.Platform == post.Mastodon && t.Handle != "" && !strings.Contains(t.Handle, "@") {
		p.Author.Handle += "@" + HostOf(ref)
	}
	setPosted(&p, NumberOf(ref), "")
	b.note("the embed says who wrote the post, and none of its words")
	return b.parsed(p), nil
}

// embedded returns the post that a piece of embed code shows.
func embedded(code string) (extract.Target, bool) {
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(code), body)
	if err != nil {
		return extract.Target{}, false // nesting beyond what the parser allows
	}
	for _, n := range nodes {
		body.AppendChild(n)
	}
	for n := range extract.Elements(body, atom.Blockquote, atom.Iframe) {
		if r, ok := readSnippet(n); ok {
			return r.Target, true
		}
	}
	return extract.Target{}, false
}

// OEmbedURL returns the address at which an instance is asked for the embed
// code of the post at an address.
func OEmbedURL(ref post.Ref, address string) string {
	return "https://" + HostOf(ref) + "/api/oembed?url=" + url.QueryEscape(address)
}

// ReadOEmbed says what a response of an instance's oEmbed endpoint means for
// the post ref. Much software that speaks the same interface has no such
// endpoint: a 404 counts only with the words for a record.
func ReadOEmbed(ref post.Ref, r extract.Response) extract.Answer {
	if a, ok := trouble(r); ok {
		return a
	}
	switch {
	case r.StatusCode == 200 && !r.JSON():
		return extract.Trouble(extract.ReasonNotJSON, false)
	case r.StatusCode == 200:
		p, err := ParseOEmbed(ref, r.Body)
		if err != nil {
			return extract.Trouble(extract.ReasonShape, false)
		}
		return shown(p)
	case r.StatusCode == 404 && r.JSON() && strings.EqualFold(errorWords(r.Body), notFoundWords()[0]):
		return extract.Answer{Status: post.NotFound, Reason: extract.ReasonAbsent, Words: errorWords(r.Body)}
	}
	return other(r)
}

package imgur

import (
	"fmt"
	"net/url"
	"strings"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// OEmbedURL returns the address of the oEmbed endpoint for the post at an
// address.
func OEmbedURL(address string) string {
	return "https://api.imgur.com/oembed.json?url=" + url.QueryEscape(address)
}

// ReadOEmbed says what the oEmbed endpoint means for an id. It refuses what is
// missing with the words that it has for addresses that are nobody's, so that a
// refusal says nothing. What it answers names no post but in its markup.
func ReadOEmbed(id string, r extract.Response) extract.Answer {
	if a, ok := status(r); ok {
		return a
	}
	v, ok := r.Value()
	if !ok {
		return extract.Trouble(extract.ReasonNotJSON, false)
	}
	read, ok := snippetIn(v.Get("html").Text())
	switch {
	case !ok:
		return extract.Trouble(extract.ReasonShape, false)
	case hash(read.Target.Ref.ID) != hash(id):
		return extract.Trouble(extract.ReasonOtherPost, false)
	}
	p, err := parseSnippet(id, v, read)
	if err != nil {
		return extract.Trouble(extract.ReasonShape, false)
	}
	return extract.Shows(p)
}

// snippetIn reads the platform's own snippet out of markup.
func snippetIn(markup string) (extract.Reading, bool) {
	doc, err := html.Parse(strings.NewReader(markup))
	if err != nil {
		return extract.Reading{}, false
	}
	for n := range extract.Elements(doc, atom.Blockquote) {
		if extract.HasClass(n, "imgur-embed-pub") {
			return Site{}.readSnippet(n)
		}
	}
	return extract.Reading{}, false
}

// parseSnippet makes a post of what the endpoint tells: the title and the
// account. Where a single picture is, follows from its id. It errors with
// [extract.ErrShape].
func parseSnippet(id string, v extract.Value, read extract.Reading) (extract.Parsed, error) {
	t, ok := Site{}.PostByID(id)
	if !ok {
		return extract.Parsed{}, fmt.Errorf("%w: %.30s is no id", extract.ErrShape, id)
	}
	p := post.Post{Platform: post.Imgur, ID: id, URL: t.URL, Text: read.Quoted.Text, Author: post.Author{Name: v.Get("author_name").Text(), URL: v.Get("author_url").Text()}}
	if account, ok := extract.ParseLink(p.Author.URL); ok {
		t, _ := Site{}.ParseURL(account)
		p.Author.Handle = t.Handle
	}
	if !strings.Contains(id, "/") {
		p.Media = []post.Media{{Kind: "photo", URL: "https://i.imgur.com/" + id + ".jpg"}}
		return extract.Parsed{Post: p}, nil
	}
	return extract.Parsed{Post: p, Notes: []string{"the pictures are not told"}}, nil
}

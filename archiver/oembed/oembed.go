// Package oembed asks the oEmbed endpoints of platforms that have no package of
// their own for posts: title, author, a picture, and the words that the
// provider's own markup quotes. No account is needed.
//
// An endpoint's "not found" is an absence from one source: it raises a
// suspicion and is never enough to call a post gone. Meta's endpoints are not
// asked: their terms forbid to keep what they answer, and they want a token.
// Nor is Reddit's, which shows removed posts as if they were there.
package oembed

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"stet/archiver"
	"stet/archiver/fetch"
	"stet/extract"
	exoembed "stet/extract/oembed"
	"stet/extract/post"
	"stet/extract/sites"
	"stet/store"
)

// Platforms lists those that have oEmbed only.
func Platforms() []post.Platform {
	return []post.Platform{post.Vimeo, post.Dailymotion, post.Tumblr, post.Pinterest,
		post.Spotify, post.SoundCloud, post.Flickr}
}

// New returns the platforms, asked through c.
func New(c archiver.Client) []archiver.Platform {
	e := Endpoint(c)
	var all []archiver.Platform
	for _, p := range Platforms() {
		all = append(all, &archiver.Fixed{Of: p, List: []archiver.Endpoint{e}, Table: exoembed.Rules()})
	}
	return all
}

// Endpoint returns the endpoint of every platform that offers oEmbed, for
// platforms that have more beside it.
func Endpoint(c archiver.Client) archiver.Endpoint {
	return &endpoint{client: c, finder: extract.NewFinder(sites.All())}
}

type endpoint struct {
	client archiver.Client
	finder *extract.Finder
}

// Name returns the word for the endpoint.
func (e *endpoint) Name() string { return exoembed.Endpoint }

// Source returns post.SourceEmbed.
func (e *endpoint) Source() post.Source { return post.SourceEmbed }

// Batch returns 1.
func (e *endpoint) Batch() int { return 1 }

// Ask asks for one post.
func (e *endpoint) Ask(ctx context.Context, refs []post.Ref, purpose string) archiver.Reply {
	ref := refs[0]
	address, request, err := requestFor(ref)
	if err != nil {
		return archiver.Reply{Answers: []archiver.Answer{trouble(ref, err)}}
	}
	resp, err := e.client.Do(ctx, fetch.Request{URL: request, Purpose: purpose, Header: http.Header{"Accept": {"application/json"}}})
	var reply archiver.Reply
	if resp != nil {
		reply.Exchanges = resp.Exchanges
	}
	if err != nil {
		reply.Answers = []archiver.Answer{trouble(ref, err)}
		return reply
	}
	a := exoembed.Read(ref, address, extract.Response{StatusCode: resp.Status, ContentType: resp.Header.Get("Content-Type"), Body: resp.Body})
	if a.Parsed != nil {
		e.complete(&a.Parsed.Post, resp.Body)
	}
	reply.Answers = []archiver.Answer{{Ref: ref, Answer: a, Parser: exoembed.Parser}}
	return reply
}

func trouble(ref post.Ref, err error) archiver.Answer {
	return archiver.Answer{Ref: ref, Err: err, Answer: extract.Answer{Status: post.Unknown, Transport: true}}
}

// requestFor returns the canonical address of a post and that of the request
// for it.
func requestFor(ref post.Ref) (address, request string, err error) {
	t, ok := sites.Target(ref)
	if !ok || t.URL == "" {
		return "", "", fmt.Errorf("%w: the address of %s is not known from its id", store.ErrInvalid, ref)
	}
	u, err := url.Parse(t.URL)
	if err != nil {
		return "", "", fmt.Errorf("%w: the address of %s: %w", store.ErrInvalid, ref, err)
	}
	p, ok := exoembed.Lookup(u)
	if !ok {
		return "", "", fmt.Errorf("%w: no oEmbed endpoint serves %s", store.ErrInvalid, t.URL)
	}
	return t.URL, p.Request(t.URL), nil
}

// complete adds what the provider's markup quotes of the post, where the
// payload has no words of its own, and its picture as a file to keep.
func (e *endpoint) complete(p *post.Post, body []byte) {
	if o, err := exoembed.Decode(body); err == nil && o.HTML != "" {
		found := e.finder.Find(extract.Input{URL: p.URL, ContentType: "text/html; charset=utf-8", Body: []byte(o.HTML)})
		for i := range found.Embeds {
			m := &found.Embeds[i]
			if m.Ref() != p.Ref() && len(found.Embeds) > 1 {
				continue
			}
			if p.Text == "" {
				p.Text = m.Quoted.Text
			}
			if p.Author.Name == "" {
				p.Author.Name = m.Quoted.Name
			}
			if p.Author.Handle == "" {
				p.Author.Handle = m.Quoted.Handle
			}
		}
	}
	if t, ok := sites.Target(p.Ref()); ok && p.Posted.IsZero() && !t.Posted.IsZero() {
		p.Posted, p.PostedFrom = t.Posted, "derived"
	}
	if p.Card != nil && p.Card.Image != "" && len(p.Media) == 0 {
		p.Media = []post.Media{{Kind: "photo", URL: p.Card.Image}}
	}
}

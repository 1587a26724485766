// Package oembed asks the oEmbed endpoints of platforms for posts: title, author,
// a picture, and the words that the provider's own markup quotes. No account is
// needed. Where a platform has a second public source, such as the configuration
// of its player, that is asked too: only then can a loss be confirmed. Of all
// other providers, embeds are asked for by the address of the framed page.
//
// An endpoint's "not found" is an absence from one source: it raises a
// suspicion and is never enough to call a post gone. Meta's endpoints are not
// asked here: their terms forbid to keep what they answer. Nor is Reddit's, which
// shows removed posts as if they were there.
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

// Endpoint returns the endpoint of every platform that offers oEmbed, for
// platforms that have more beside it.
func Endpoint(c archiver.Client) archiver.Endpoint { return newEndpoint(c) }

func newEndpoint(c archiver.Client) *endpoint {
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
	t, ok := sites.Target(refs[0])
	if !ok || t.URL == "" {
		return failed(refs[0], fmt.Errorf("%w: the address of %s is not known from its id", store.ErrInvalid, refs[0]))
	}
	request, err := requestFor(t.URL)
	if err != nil {
		return failed(refs[0], err)
	}
	return e.request(ctx, refs[0], t.URL, request, purpose)
}

// request makes a request for what is told of a post.
func (e *endpoint) request(ctx context.Context, ref post.Ref, address, request, purpose string) archiver.Reply {
	resp, err := e.client.Do(ctx, fetch.Request{URL: request, Purpose: purpose, Header: http.Header{"Accept": {"application/json"}}})
	var reply archiver.Reply
	if resp != nil {
		reply.Exchanges = resp.Exchanges
	}
	if err != nil {
		reply.Answers = failed(ref, err).Answers
		return reply
	}
	a := exoembed.Read(ref, address, response(resp))
	if a.Parsed != nil {
		e.complete(&a.Parsed.Post, resp.Body)
	}
	reply.Answers = []archiver.Answer{{Ref: ref, Answer: archiver.FromHere(a, request, resp.URL), Parser: exoembed.Parser}}
	return reply
}

func response(r *fetch.Response) extract.Response {
	return extract.Response{URL: r.URL, StatusCode: r.Status, ContentType: r.Header.Get("Content-Type"), Body: r.Body}
}

// failed is the reply for a post that could not be asked for.
func failed(ref post.Ref, err error) archiver.Reply {
	return archiver.Reply{Answers: []archiver.Answer{{Ref: ref, Err: err, Answer: extract.Answer{Status: post.Unknown, Transport: true}}}}
}

// requestFor returns the address of the request for what is at an address.
func requestFor(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("%w: %w", store.ErrInvalid, err)
	}
	p, ok := exoembed.Lookup(u)
	if !ok {
		return "", fmt.Errorf("%w: no oEmbed endpoint serves %s", store.ErrInvalid, address)
	}
	return p.Request(address), nil
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

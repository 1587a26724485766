package oembed

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"stet/archiver"
	"stet/archiver/fetch"
	exoembed "stet/extract/oembed"
	"stet/extract/post"
	"stet/extract/sites"
	"stet/store"
)

// Others returns what can be asked of the providers that nothing else is known
// of, through c; nil for a platform that is none of them. They have one source,
// so that a loss is suspected and never confirmed.
func Others(c archiver.Client) func(post.Platform) archiver.Platform {
	e := newEndpoint(c)
	return func(p post.Platform) archiver.Platform {
		if _, own := sites.Of(p); own || !exoembed.Known(p) {
			return nil
		}
		return &archiver.Fixed{Of: p, List: []archiver.Endpoint{framed{e}}, Table: exoembed.Rules()}
	}
}

// framed is the endpoint for embeds that are known by the address of the framed
// page, which few endpoints take.
type framed struct{ *endpoint }

// Ask asks for one embed: at the endpoint that takes the address of the framed
// page, else at that of the page for people, else at the one that the framed
// page itself announces.
func (f framed) Ask(ctx context.Context, refs []post.Ref, purpose string) archiver.Reply {
	ref := refs[0]
	t, ok := sites.Target(ref)
	u, err := url.Parse(t.URL)
	if !ok || err != nil {
		return failed(ref, fmt.Errorf("%w: %s is no embed of a known provider", store.ErrInvalid, ref))
	}
	if p, ok := exoembed.Lookup(u); ok {
		return f.request(ctx, ref, t.URL, p.Request(t.URL), purpose)
	}
	var reply archiver.Reply
	if page, p, ok := exoembed.PageOf(u); ok {
		reply = f.request(ctx, ref, t.URL, p.Request(page), purpose)
		if a := &reply.Answers[0]; a.Shown() != nil || a.Err != nil || a.Transport {
			return reply
		}
	}
	return f.announced(ctx, ref, t.URL, purpose, reply)
}

// announced asks the framed page, and then the endpoint that it announces.
func (f framed) announced(ctx context.Context, ref post.Ref, address, purpose string, reply archiver.Reply) archiver.Reply {
	resp, err := f.client.Do(ctx, fetch.Request{URL: address, Purpose: purpose, Header: http.Header{"Accept": {"text/html"}, "Accept-Language": {"en"}}})
	if resp != nil {
		reply.Exchanges = append(reply.Exchanges, resp.Exchanges...)
	}
	if err != nil {
		reply.Answers = failed(ref, err).Answers
		return reply
	}
	request, a := exoembed.ReadFramed(response(resp))
	if request == "" {
		reply.Answers = []archiver.Answer{{Ref: ref, Answer: a, Parser: exoembed.Parser}}
		return reply
	}
	last := f.request(ctx, ref, address, request, purpose)
	last.Exchanges = append(reply.Exchanges, last.Exchanges...)
	return last
}

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
	"stet/extract/tumblr"
	"stet/store"
)

// newTumblr returns Tumblr, whose posts are asked for at the address under which
// they are known: it names the blog, which their ids do not tell.
func newTumblr(c archiver.Client, e *endpoint, known archiver.Controls) archiver.Platform {
	nowhere := func(ref post.Ref) (fetch.Request, error) {
		_, err := blogOf(ref, "")
		return fetch.Request{}, err
	}
	at := func(ref post.Ref, address string) (fetch.Request, error) {
		blog, err := blogOf(ref, address)
		if err != nil {
			return fetch.Request{}, err
		}
		return fetch.Request{URL: "https://" + blog + ".tumblr.com/api/read/json?id=" + url.QueryEscape(ref.ID), Header: http.Header{"Accept": {"*/*"}}}, nil
	}
	return &archiver.Fixed{Of: post.Tumblr, Known: known, Table: append(tumblr.Rules(), exoembed.Rules()...), List: []archiver.Endpoint{
		&ofBlog{archiver.SingleAt{RequestAt: at, Single: archiver.Single{Client: c, Word: tumblr.EndpointRead, From: post.SourcePublic, Parser: tumblr.ReadParser, Request: nowhere,
			Read: func(ref post.Ref, r extract.Response) extract.Answer { return tumblr.ReadBlog(ref.ID, r) }}}},
		atBlog{e},
	}}
}

// blogOf returns the name of the blog in the address of a post.
func blogOf(ref post.Ref, address string) (string, error) {
	t, ok := extract.PostAt(tumblr.Site{}, address)
	if !ok || t.Ref != ref || t.Handle == "" {
		return "", fmt.Errorf("%w: the blog of %s is not known: capture the post by its address, not by its number", store.ErrInvalid, ref)
	}
	return t.Handle, nil
}

// ofBlog is the blog's own interface.
type ofBlog struct{ archiver.SingleAt }

// AskAt asks for one post at its address. No post of the platform is known to live
// of which the blog is known too, so that the blog speaks for itself: where it
// shows none of its posts, that it lacks this one says nothing.
func (o *ofBlog) AskAt(ctx context.Context, ref post.Ref, address, purpose string) archiver.Reply {
	reply := o.SingleAt.AskAt(ctx, ref, address, purpose)
	a := &reply.Answers[0]
	blog, err := blogOf(ref, address)
	if err != nil || a.Err != nil || a.Status != post.NotFound || a.Reason != extract.ReasonAbsent {
		return reply
	}
	resp, err := o.Client.Do(ctx, fetch.Request{URL: "https://" + blog + ".tumblr.com/api/read/json?num=1", Purpose: purpose, Header: http.Header{"Accept": {"*/*"}}})
	missed := reply.Exchanges
	if resp != nil {
		// The exchange that misses the post decides.
		reply.Exchanges = append(resp.Exchanges, missed...)
	}
	if err != nil || !tumblr.ShowsPosts(blog, response(resp)) {
		a.Answer = extract.Answer{Status: post.Unknown, Reason: extract.ReasonUnavailable, Words: "the blog shows no other posts either"}
	}
	return reply
}

// atBlog is the oEmbed endpoint for posts of which the blog is known: an
// [archiver.AddressedEndpoint].
type atBlog struct{ *endpoint }

// Ask cannot ask: the number alone tells nothing.
func (a atBlog) Ask(_ context.Context, refs []post.Ref, _ string) archiver.Reply {
	_, err := blogOf(refs[0], "")
	return failed(refs[0], err)
}

// AskAt asks for one post at its address. The endpoint takes the address on the
// blog's own host.
func (a atBlog) AskAt(ctx context.Context, ref post.Ref, address, purpose string) archiver.Reply {
	blog, err := blogOf(ref, address)
	if err != nil {
		return failed(ref, err)
	}
	request, err := requestFor("https://" + blog + ".tumblr.com/post/" + ref.ID)
	if err != nil {
		return failed(ref, err)
	}
	return a.request(ctx, ref, "https://www.tumblr.com/"+blog+"/"+ref.ID, request, purpose)
}

// Package reddit asks Reddit for posts and comments: the list of things by their
// names, a hundred at a time, and the page of a post as data. Neither needs an
// account; networks that Reddit does not like are refused, which says nothing
// about a post. With the credentials of an app, the list is asked for under its
// name first. What the answers mean is in extract/reddit.
//
// The platform's oEmbed endpoint is not asked: it shows removed posts as if they
// were there.
package reddit

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"stet/archiver"
	"stet/archiver/fetch"
	"stet/extract"
	"stet/extract/post"
	exreddit "stet/extract/reddit"
	"stet/store"
)

// batchSize is the most things that one request can name.
const batchSize = 100

// DefaultControls returns a post that is known to live: the questions that a
// president of the United States answered in 2012.
func DefaultControls() []post.Ref { return []post.Ref{{Platform: post.Reddit, ID: "z1c9z"}} }

// Options configure the platform. The zero value works without credentials.
type Options struct {
	// ClientID and ClientSecret are those of an app.
	ClientID     string
	ClientSecret string
	// Live and Gone are the control posts; nil Live means [DefaultControls].
	Live []post.Ref
	Gone []post.Ref
}

// New returns the platform, asked through c.
func New(c archiver.Client, o Options) archiver.Platform {
	if o.Live == nil {
		o.Live = DefaultControls()
	}
	p := &archiver.Fixed{Of: post.Reddit, Known: archiver.Controls{Live: o.Live, Gone: o.Gone}, Table: exreddit.Rules(), List: []archiver.Endpoint{
		&info{client: c},
		&archiver.Single{Client: c, Word: exreddit.EndpointJSON, From: post.SourcePublic, Parser: exreddit.Parser, Request: page,
			Read: func(ref post.Ref, r extract.Response) extract.Answer { return exreddit.ReadJSON(ref.ID, r) }},
	}}
	if o.ClientID != "" && o.ClientSecret != "" {
		token := &archiver.AppToken{Client: c, URL: "https://www.reddit.com/api/v1/access_token", Key: o.ClientID, Secret: o.ClientSecret,
			Keys: [2]string{"reddit.client_id", "reddit.client_secret"}}
		p.List = append([]archiver.Endpoint{&info{client: c, token: token}}, p.List...)
		p.Table = append(exreddit.APIRules(), p.Table...)
		p.More = func(ref post.Ref, _ string) []archiver.Telling {
			return []archiver.Telling{{Step: p.List[0].Name(), Host: "oauth.reddit.com", Learns: "that the post " + ref.String() + " is asked for", Credentials: []string{"Authorization"}}}
		}
	}
	return p
}

// page makes the request for the page of a post, or of a comment in it.
func page(ref post.Ref) (fetch.Request, error) {
	if _, ok := exreddit.Fullname(ref.ID); !ok {
		return fetch.Request{}, fmt.Errorf("%w: %s names neither post nor comment", store.ErrInvalid, ref)
	}
	path := ref.ID
	if head, comment, ok := strings.Cut(ref.ID, "/"); ok {
		path = head + "/_/" + comment
	}
	return fetch.Request{URL: "https://www.reddit.com/comments/" + path + ".json?raw_json=1&limit=1&depth=1", Header: header()}, nil
}

func header() http.Header { return http.Header{"Accept": {"application/json"}} }

// info is the list of things by their names.
type info struct {
	client archiver.Client
	// token is that of an app; nil asks without an account.
	token *archiver.AppToken
}

// Name returns the word for the endpoint.
func (i *info) Name() string {
	if i.token != nil {
		return exreddit.EndpointAPI
	}
	return exreddit.EndpointInfo
}

// Source returns post.SourceAPI with a token, else post.SourcePublic.
func (i *info) Source() post.Source {
	if i.token != nil {
		return post.SourceAPI
	}
	return post.SourcePublic
}

// Batch returns 100.
func (i *info) Batch() int { return batchSize }

// Ask asks for posts and comments. Those whose ids are impossible are not asked
// for.
func (i *info) Ask(ctx context.Context, refs []post.Ref, purpose string) archiver.Reply {
	var names, ids []string
	for _, ref := range refs {
		if name, ok := exreddit.Fullname(ref.ID); ok {
			names, ids = append(names, name), append(ids, ref.ID)
		}
	}
	reply := archiver.Reply{Answers: make([]archiver.Answer, len(refs))}
	var read map[string]extract.Answer
	var trouble error
	if len(names) > 0 {
		resp, err := i.request(ctx, &reply, "id="+strings.Join(names, ","), purpose)
		if trouble = err; err == nil {
			read = exreddit.ReadInfo(ids, extract.Response{URL: resp.URL, StatusCode: resp.Status, ContentType: resp.Header.Get("Content-Type"), Body: resp.Body})
		}
	}
	for n, ref := range refs {
		a, asked := read[ref.ID]
		reply.Answers[n] = archiver.Answer{Ref: ref, Answer: a, Parser: exreddit.Parser}
		if asked {
			continue
		}
		reply.Answers[n].Answer = extract.Answer{Status: post.Unknown, Transport: true}
		if reply.Answers[n].Err = trouble; trouble == nil {
			reply.Answers[n].Err = fmt.Errorf("%w: %s names neither post nor comment", store.ErrInvalid, ref)
		}
	}
	return reply
}

// request asks for things, with a token where there is one: one that has run out
// is exchanged anew, once. The exchanges are added to the reply.
func (i *info) request(ctx context.Context, reply *archiver.Reply, query, purpose string) (*fetch.Response, error) {
	r := fetch.Request{URL: "https://www.reddit.com/api/info.json?raw_json=1&" + query, Purpose: purpose, Header: header()}
	for again := true; ; again = false {
		token := ""
		if i.token != nil {
			var err error
			if token, err = i.token.Token(ctx); err != nil {
				return nil, err
			}
			r.URL = "https://oauth.reddit.com/api/info?raw_json=1&" + query
			r.Header.Set("Authorization", "Bearer "+token)
		}
		resp, err := i.client.Do(ctx, r)
		if resp != nil {
			reply.Exchanges = append(reply.Exchanges, resp.Exchanges...)
		}
		if err != nil {
			return nil, err
		}
		if resp.Status != http.StatusUnauthorized || token == "" || !i.token.Drop(token) || !again {
			return resp, nil
		}
	}
}

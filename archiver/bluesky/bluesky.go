package bluesky

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"stet/archiver"
	"stet/archiver/fetch"
	"stet/extract"
	exbluesky "stet/extract/bluesky"
	"stet/extract/post"
	"stet/store"
)

// base is where the public index answers.
const base = "https://public.api.bsky.app/xrpc/"

// Options configure the platform. The zero value works.
type Options struct {
	// Live and Gone are the control posts; nil Live means [DefaultControls].
	Live []post.Ref
	Gone []post.Ref
	// Now is the clock; nil is [time.Now].
	Now func() time.Time
}

// DefaultControls returns the post that is known to live: the one of the
// platform's own account that its documentation shows everywhere.
func DefaultControls() []post.Ref {
	return []post.Ref{{Platform: post.Bluesky, ID: "at://did:plc:z72i7hdynmk6r22z27h6tvur/app.bsky.feed.post/3l6oveex3ii2l"}}
}

// Platform is Bluesky. It is safe for concurrent use.
type Platform struct {
	client    archiver.Client
	endpoints []archiver.Endpoint
	controls  archiver.Controls
	// handles remembers the accounts to which handles lead.
	handles *memory
}

// handleTime is how long it is believed where a handle leads: as long as a list
// of posts of one account takes.
const handleTime = 10 * time.Minute

// New returns the platform, asked through c.
func New(c archiver.Client, o Options) *Platform {
	if o.Now == nil {
		o.Now = time.Now
	}
	p := &Platform{client: c, handles: newMemory(o.Now, handleTime), controls: archiver.Controls{Live: o.Live, Gone: o.Gone}}
	if o.Live == nil {
		p.controls.Live = DefaultControls()
	}
	p.endpoints = []archiver.Endpoint{&index{client: c, servers: &servers{newMemory(o.Now, serverTime)}}, &server{client: c}}
	return p
}

// Platform returns post.Bluesky.
func (p *Platform) Platform() post.Platform { return post.Bluesky }

// Endpoints lists the index and the authors' servers.
func (p *Platform) Endpoints() []archiver.Endpoint { return p.endpoints }

// Controls returns the control posts.
func (p *Platform) Controls() archiver.Controls { return p.controls }

// Rules lists what the answers of the endpoints conclude.
func (p *Platform) Rules() []extract.Rule { return exbluesky.Rules() }

// Lasting reports whether a reference has the account's DID.
func (p *Platform) Lasting(ref post.Ref) bool {
	_, _, lasting := exbluesky.Split(ref.ID)
	return lasting
}

// Name asks the index to which account the handle in a reference leads.
func (p *Platform) Name(ctx context.Context, ref post.Ref, purpose string) archiver.Naming {
	handle, _, _ := exbluesky.Split(ref.ID)
	if did := p.handles.recall(handle); did != "" {
		return archiver.Naming{Ref: exbluesky.Lasting(ref.ID, did)}
	}
	resp, err := get(ctx, p.client, base+"com.atproto.identity.resolveHandle?"+url.Values{"handle": {handle}}.Encode(), purpose)
	n := archiver.Naming{Exchanges: exchanges(resp), Err: err}
	if err != nil {
		return n
	}
	did, a := exbluesky.ReadHandle(response(resp))
	switch {
	case did != "":
		n.Ref = exbluesky.Lasting(ref.ID, did)
		p.handles.remember(handle, did)
	case a.Transport:
		n.Err = fmt.Errorf("%w: asking for the account %s: %s", store.ErrNetwork, handle, a.Reason)
	default:
		n.Final = true
		n.Err = fmt.Errorf("%w: the handle %s leads to no account (%s)", store.ErrUnexpected, handle, a.Words)
	}
	if n.Err == nil && n.Ref.IsZero() {
		n.Final, n.Err = true, fmt.Errorf("%w: %s names no post", store.ErrInvalid, ref)
	}
	return n
}

// SignedDigest returns the digest of the original at an address, of which the
// author signed the name.
func (p *Platform) SignedDigest(address string) (store.Digest, bool) {
	sum, ok := exbluesky.BlobDigest(address)
	return store.Digest(sum), ok
}

// get asks for JSON.
func get(ctx context.Context, c archiver.Client, address, purpose string) (*fetch.Response, error) {
	return c.Do(ctx, fetch.Request{URL: address, Purpose: purpose, Header: http.Header{"Accept": {"application/json"}}})
}

// response makes what the readers of extract/bluesky take.
func response(r *fetch.Response) extract.Response {
	return extract.Response{StatusCode: r.Status, ContentType: r.Header.Get("Content-Type"), Body: r.Body}
}

// exchanges returns the record of a response that may be nil.
func exchanges(r *fetch.Response) []store.Exchange {
	if r == nil {
		return nil
	}
	return r.Exchanges
}

// trouble is an answer for trouble on the way.
func trouble(ref post.Ref, err error) archiver.Answer {
	return archiver.Answer{Ref: ref, Answer: extract.Answer{Status: post.Unknown, Transport: true}, Err: err}
}

// unnamed is the trouble with references that do not last: the engine finds out
// which posts they name before it asks.
func unnamed(ref post.Ref) archiver.Answer {
	return trouble(ref, fmt.Errorf("%w: %s names its account by a handle", store.ErrInvalid, ref))
}

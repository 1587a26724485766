package mastodon

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"stet/archiver"
	"stet/archiver/fetch"
	"stet/extract"
	exmastodon "stet/extract/mastodon"
	"stet/extract/post"
	"stet/store"
)

// holder is an optional ability of a client: see [fetch.Client.Hold].
type holder interface {
	Hold(host string, until time.Time)
}

// Platform is Mastodon with its kin, or Truth Social. It is safe for concurrent
// use.
type Platform struct {
	name      post.Platform
	client    archiver.Client
	endpoints []archiver.Endpoint
	witnesses []archiver.Witness
	controls  archiver.Controls
	rules     []extract.Rule
}

// New returns Mastodon and all that speaks like it, asked through c. The control
// posts speak for their own hosts only.
func New(c archiver.Client, controls archiver.Controls) *Platform {
	return &Platform{name: post.Mastodon, client: c, controls: controls, rules: exmastodon.Rules(),
		endpoints: []archiver.Endpoint{&api{c}, &activity{c}, &oembed{c}}, witnesses: []archiver.Witness{&account{c}}}
}

// NewTruthSocial returns Truth Social, asked through c.
func NewTruthSocial(c archiver.Client, controls archiver.Controls) *Platform {
	return &Platform{name: post.TruthSocial, client: c, controls: controls, rules: exmastodon.TruthSocialRules(),
		endpoints: []archiver.Endpoint{&api{c}, &oembed{c}}, witnesses: []archiver.Witness{&account{c}}}
}

// Platform returns post.Mastodon or post.TruthSocial.
func (p *Platform) Platform() post.Platform { return p.name }

// Endpoints lists where a post can be asked for.
func (p *Platform) Endpoints() []archiver.Endpoint { return p.endpoints }

// Witnesses lists the ways to ask through an account.
func (p *Platform) Witnesses() []archiver.Witness { return p.witnesses }

// Controls returns the control posts.
func (p *Platform) Controls() archiver.Controls { return p.controls }

// Rules lists what the answers of the endpoints conclude.
func (p *Platform) Rules() []extract.Rule { return p.rules }

// Host names the instance that answers for a post.
func (p *Platform) Host(ref post.Ref) string { return exmastodon.HostOf(ref) }

// CheckHost asks a host to describe itself, as every instance does.
func (p *Platform) CheckHost(ctx context.Context, host string) ([]store.Exchange, error) {
	r, exchanges, err := get(ctx, p.client, "https://"+host+"/api/v1/instance", "control", "application/json")
	if err != nil {
		return exchanges, err
	}
	if !exmastodon.IsInstance(r) {
		return exchanges, fmt.Errorf("%w: it does not answer as an instance does", store.ErrUnexpected)
	}
	return exchanges, nil
}

// AuthorsOwn reports whether the author of a post can be who runs its host, as
// far as the hosts are not among the large ones that strangers share.
func (p *Platform) AuthorsOwn(ref post.Ref, address string) bool {
	if p.name != post.Mastodon {
		return false
	}
	return !shared(exmastodon.HostOf(ref)) || address != "" && !shared(exmastodon.HostAt(address))
}

// shared reports whether a host is an instance of tens of thousands of
// accounts, or one of a service that hosts strangers' accounts.
func shared(host string) bool {
	switch host {
	case "mastodon.social", "mastodon.online", "mstdn.social", "mstdn.jp", "mas.to", "mastodon.world", "mastodon.cloud", "mstdn.party",
		"mastodonapp.uk", "mastodon.uno", "masto.ai", "techhub.social", "universeodon.com", "infosec.exchange", "hachyderm.io",
		"fosstodon.org", "chaos.social", "social.vivaldi.net", "pawoo.net", "mastodon.nl", "mastodon.scot", "sfba.social", "c.im",
		"home.social", "toot.community", "defcon.social", "aus.social", "mastodon.art", "mastodon.gamedev.place", "norden.social",
		"troet.cafe", "mastodon.green", "piaille.fr", "journa.host", "newsie.social", "med-mastodon.com", "threads.net", "bsky.brid.gy",
		"pixelfed.social", "misskey.io":
		return true
	}
	return false
}

// get makes a request and returns what the readers take.
func get(ctx context.Context, c archiver.Client, address, purpose, accept string) (extract.Response, []store.Exchange, error) {
	resp, err := c.Do(ctx, fetch.Request{URL: address, Purpose: purpose, Header: http.Header{"Accept": {accept}}})
	if resp == nil {
		return extract.Response{}, nil, errors.Join(err, store.ErrUnexpected)
	}
	if err != nil {
		return extract.Response{}, resp.Exchanges, err
	}
	mind(c, resp)
	return extract.Response{URL: resp.URL, StatusCode: resp.Status, ContentType: resp.Header.Get("Content-Type"), Body: resp.Body}, resp.Exchanges, nil
}

// longestHold bounds what an instance may ask for: the software counts requests
// in windows of five minutes.
const longestHold = 15 * time.Minute

// mind keeps further requests from a host that says that it will refuse them.
// The software gives the time of its next window, not how long it is until
// then; how long is told by its own clock.
func mind(c archiver.Client, resp *fetch.Response) {
	h, ok := c.(holder)
	if !ok || resp.Header.Get("X-Ratelimit-Remaining") != "0" || len(resp.Exchanges) == 0 {
		return
	}
	reset, err := time.Parse(time.RFC3339Nano, resp.Header.Get("X-Ratelimit-Reset"))
	if err != nil {
		return
	}
	now, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return
	}
	last := resp.Exchanges[len(resp.Exchanges)-1]
	if wait := reset.Sub(now); wait > 0 {
		h.Hold(exmastodon.HostAt(last.URL), last.Started.Add(min(wait, longestHold)))
	}
}

// trouble is an answer for trouble on the way.
func trouble(ref post.Ref, err error) archiver.Answer {
	return archiver.Answer{Ref: ref, Err: err, Answer: extract.Answer{Status: post.Unknown, Transport: true}}
}

// unknownAddress is the reply of an endpoint that needs the address of a post
// that is known by its number only. Nothing is wrong with the reference: the
// instance's own interface needs no more.
func unknownAddress(ref post.Ref) archiver.Reply {
	return archiver.Reply{Answers: []archiver.Answer{trouble(ref, fmt.Errorf("%w: the address of %s is not known from its number; its address, with the name of its author, tells more", store.ErrUnexpected, ref))}}
}

// api is the instance's own interface.
type api struct{ client archiver.Client }

// Name returns the word for the endpoint.
func (a *api) Name() string { return exmastodon.EndpointAPI }

// Source returns post.SourcePublic.
func (a *api) Source() post.Source { return post.SourcePublic }

// Batch returns 1: newer versions answer for several posts, of one host, and
// leave missing ones out without a word.
func (a *api) Batch() int { return 1 }

// Ask asks for one post, and, where it was edited, for its earlier versions.
func (a *api) Ask(ctx context.Context, refs []post.Ref, purpose string) archiver.Reply {
	ref := refs[0]
	host, id := exmastodon.HostOf(ref), exmastodon.NumberOf(ref)
	if host == "" || id == "" {
		return archiver.Reply{Answers: []archiver.Answer{trouble(ref, fmt.Errorf("%w: %s names no post of an instance", store.ErrInvalid, ref))}}
	}
	address := "https://" + host + "/api/v1/statuses/" + id
	r, exchanges, err := get(ctx, a.client, address, purpose, "application/json")
	if err != nil {
		return archiver.Reply{Exchanges: exchanges, Answers: []archiver.Answer{trouble(ref, err)}}
	}
	answer := exmastodon.ReadStatus(ref, r)
	if p := answer.Parsed; p != nil && p.Post.Edited && purpose != "control" {
		history, more, err := get(ctx, a.client, address+"/history", purpose, "application/json")
		if err != nil {
			p.Notes = append(p.Notes, "the earlier versions could not be had: "+err.Error())
		} else {
			exmastodon.ReadHistory(p, history)
		}
		exchanges = append(more, exchanges...) // the one that decides is last
	}
	return archiver.Reply{Exchanges: exchanges, Answers: []archiver.Answer{{Ref: ref, Answer: answer, Parser: exmastodon.StatusParser}}}
}

// activity is the post as servers ask each other for it, at the host that it
// came from.
type activity struct{ client archiver.Client }

// Name returns the word for the endpoint.
func (a *activity) Name() string { return exmastodon.EndpointActivity }

// Source returns post.SourcePublic.
func (a *activity) Source() post.Source { return post.SourcePublic }

// Batch returns 1.
func (a *activity) Batch() int { return 1 }

// Ask answers that the address is needed.
func (a *activity) Ask(_ context.Context, refs []post.Ref, _ string) archiver.Reply {
	return unknownAddress(refs[0])
}

// accept is what the protocol asks for with.
const accept = `application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams"`

// AskAt asks for one post; where its address is gone for good, also for its
// account, which tells why.
func (a *activity) AskAt(ctx context.Context, ref post.Ref, address, purpose string) archiver.Reply {
	at, handle, ok := exmastodon.ObjectAddress(address)
	if !ok {
		return unknownAddress(ref)
	}
	r, exchanges, err := get(ctx, a.client, at, purpose, accept)
	if err != nil {
		return archiver.Reply{Exchanges: exchanges, Answers: []archiver.Answer{trouble(ref, err)}}
	}
	answer := exmastodon.ReadActivity(ref, at, r)
	if handle != "" && answer.Status == post.NotFound && answer.Explicit {
		who, more := lookUp(ctx, a.client, exmastodon.HostAt(at), handle, purpose)
		answer = exmastodon.Gone(answer, who)
		exchanges = append(more, exchanges...) // the one that decides is last
	}
	return archiver.Reply{Exchanges: exchanges, Answers: []archiver.Answer{{Ref: ref, Answer: answer, Parser: exmastodon.ActivityParser}}}
}

// lookUp asks an instance for one of its own accounts.
func lookUp(ctx context.Context, c archiver.Client, host, name, purpose string) (extract.Answer, []store.Exchange) {
	r, exchanges, err := get(ctx, c, exmastodon.AccountURL(host, name), purpose, "application/json")
	if err != nil {
		return trouble(post.Ref{}, err).Answer, exchanges
	}
	return exmastodon.ReadAccount(name, r), exchanges
}

// oembed is the instance's oEmbed endpoint.
type oembed struct{ client archiver.Client }

// Name returns the word for the endpoint.
func (o *oembed) Name() string { return exmastodon.EndpointOEmbed }

// Source returns post.SourceEmbed.
func (o *oembed) Source() post.Source { return post.SourceEmbed }

// Batch returns 1.
func (o *oembed) Batch() int { return 1 }

// Ask answers that the address is needed.
func (o *oembed) Ask(_ context.Context, refs []post.Ref, _ string) archiver.Reply {
	return unknownAddress(refs[0])
}

// AskAt asks for one post. Instances give embed code for their own posts only.
func (o *oembed) AskAt(ctx context.Context, ref post.Ref, address, purpose string) archiver.Reply {
	at, _, ok := exmastodon.ObjectAddress(address)
	if !ok || exmastodon.HostAt(at) != exmastodon.HostOf(ref) {
		return unknownAddress(ref)
	}
	r, exchanges, err := get(ctx, o.client, exmastodon.OEmbedURL(ref, at), purpose, "application/json")
	if err != nil {
		return archiver.Reply{Exchanges: exchanges, Answers: []archiver.Answer{trouble(ref, err)}}
	}
	return archiver.Reply{Exchanges: exchanges, Answers: []archiver.Answer{{Ref: ref, Answer: exmastodon.ReadOEmbed(ref, r), Parser: exmastodon.OEmbedParser}}}
}

// accountEvery is the least time between two questions about one account: many
// of its posts may be missed at once.
const accountEvery = 15 * time.Minute

// account asks the instance for the account of a post that is missing.
type account struct{ client archiver.Client }

// Name returns the word for the witness.
func (a *account) Name() string { return exmastodon.WitnessAccount }

// Source returns post.SourcePublic.
func (a *account) Source() post.Source { return post.SourcePublic }

// Every returns how often one account may be asked about.
func (a *account) Every() time.Duration { return accountEvery }

// AskAccount asks the account's own instance for it.
func (a *account) AskAccount(ctx context.Context, ref post.Ref, author post.Author, purpose string) archiver.Reply {
	name, host, _ := strings.Cut(author.Handle, "@")
	if at := exmastodon.HostAt(author.URL); at != "" {
		host = at
	}
	if host == "" {
		host = exmastodon.HostOf(ref)
	}
	answer, exchanges := lookUp(ctx, a.client, host, name, purpose)
	return archiver.Reply{Exchanges: exchanges, Answers: []archiver.Answer{{Ref: ref, Answer: exmastodon.Witnessed(answer), Parser: exmastodon.AccountParser}}}
}

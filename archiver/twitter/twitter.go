package twitter

import (
	"context"
	"net/http"
	"net/url"

	"stet/archiver"
	"stet/archiver/fetch"
	"stet/extract"
	"stet/extract/post"
	extwitter "stet/extract/twitter"
	"stet/store"
)

// Client makes requests: *[fetch.Client].
type Client interface {
	// Do makes a request: see [fetch.Client.Do].
	Do(ctx context.Context, r fetch.Request) (*fetch.Response, error)
	// Transport serves libraries: see [fetch.Client.Transport].
	Transport(o fetch.TransportOptions) http.RoundTripper
}

// Options configure the platform. The zero value works without credentials.
type Options struct {
	// BearerToken is an app-only token; with it, v2 is asked first, then v1.1.
	BearerToken string
	// ConsumerKey and ConsumerSecret are exchanged for such a token; with them,
	// v1.1 is asked first, then v2.
	ConsumerKey    string
	ConsumerSecret string
	// Live and Gone are the control posts; nil Live means [DefaultControls].
	Live []post.Ref
	Gone []post.Ref
}

// DefaultControls returns the post that is known to live: number 20, the
// oldest that the platform shows.
func DefaultControls() []post.Ref { return []post.Ref{{Platform: post.Twitter, ID: "20"}} }

// Platform is X. It is safe for concurrent use.
type Platform struct {
	endpoints []archiver.Endpoint
	witnesses []archiver.Witness
	controls  archiver.Controls
}

// New returns the platform, asked through c.
func New(c Client, o Options) *Platform {
	p := &Platform{controls: archiver.Controls{Live: o.Live, Gone: o.Gone}}
	if o.Live == nil {
		p.controls.Live = DefaultControls()
	}
	token := &archiver.AppToken{Client: c, URL: "https://api.twitter.com/oauth2/token", Given: o.BearerToken, Key: o.ConsumerKey, Secret: o.ConsumerSecret,
		Keys: [2]string{"twitter.consumer_key", "twitter.consumer_secret"}}
	v1, v2 := &v11{client: c, tokens: token}, &v2{client: c, tokens: token}
	switch {
	case o.BearerToken != "":
		p.endpoints = append(p.endpoints, v2, v1)
	case o.ConsumerKey != "" && o.ConsumerSecret != "":
		p.endpoints = append(p.endpoints, v1, v2)
	}
	p.endpoints = append(p.endpoints, &syndication{client: c}, &oembed{client: c})
	p.witnesses = []archiver.Witness{&timeline{client: c}}
	return p
}

// Platform returns post.Twitter.
func (p *Platform) Platform() post.Platform { return post.Twitter }

// Endpoints lists the configured interfaces.
func (p *Platform) Endpoints() []archiver.Endpoint { return p.endpoints }

// Witnesses lists the ways to ask through an account.
func (p *Platform) Witnesses() []archiver.Witness { return p.witnesses }

// Controls returns the control posts.
func (p *Platform) Controls() archiver.Controls { return p.controls }

// Rules lists what the answers of the endpoints conclude.
func (p *Platform) Rules() []extract.Rule { return extwitter.Rules() }

// response makes what the readers of extract/twitter take.
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

// same returns one answer for every ref.
func same(refs []post.Ref, a archiver.Answer) []archiver.Answer {
	out := make([]archiver.Answer, len(refs))
	for i, ref := range refs {
		out[i] = a
		out[i].Ref = ref
	}
	return out
}

// trouble is an answer for trouble on the way.
func trouble(err error) archiver.Answer {
	return archiver.Answer{Answer: extract.Answer{Status: post.Unknown, Transport: true}, Err: err}
}

// answerTo returns what a response means for one post. An answer that says
// nothing of the post, but came, is no error.
func answerTo(ref post.Ref, resp *fetch.Response, err error, parser string, read func(string, extract.Response) extract.Answer) archiver.Answer {
	if err != nil {
		a := trouble(err)
		a.Ref = ref
		return a
	}
	return archiver.Answer{Ref: ref, Answer: archiver.FromHere(read(ref.ID, response(resp)), home(resp.URL), resp.URL), Parser: parser}
}

// home returns the address that stands for the one that was asked: the platform
// has several hosts, one of which may lead to another.
func home(answered string) string {
	u, err := url.Parse(answered)
	if err != nil || !extract.OnDomain(u.Hostname(), "x.com") && !extract.OnDomain(u.Hostname(), "twitter.com") && !extract.OnDomain(u.Hostname(), "twimg.com") {
		return "https://x.com/asked"
	}
	return "https://" + u.Host + "/asked"
}

// syndication is the keyless endpoint of X's own embeds.
type syndication struct{ client Client }

// Name returns the word for the endpoint.
func (s *syndication) Name() string { return extwitter.EndpointSyndication }

// Source returns post.SourcePublic.
func (s *syndication) Source() post.Source { return post.SourcePublic }

// Batch returns 1.
func (s *syndication) Batch() int { return 1 }

// features lets the platform tell of edits and of what people added to a post.
const features = "tfw_tweet_edit_backend:on;tfw_tweet_edit_frontend:on;tfw_show_birdwatch_pivots_enabled:on"

// Ask asks for one post. The language decides in which words a placeholder is
// written, and without the token the answer is empty.
func (s *syndication) Ask(ctx context.Context, refs []post.Ref, purpose string) archiver.Reply {
	id := refs[0].ID
	q := url.Values{"id": {id}, "lang": {"en"}, "token": {extwitter.Token(id)}, "features": {features}}
	resp, err := s.client.Do(ctx, fetch.Request{URL: "https://cdn.syndication.twimg.com/tweet-result?" + q.Encode(), Purpose: purpose,
		Header: http.Header{"Accept": {"application/json"}}})
	return archiver.Reply{Exchanges: exchanges(resp),
		Answers: []archiver.Answer{answerTo(refs[0], resp, err, extwitter.SyndicationParser, extwitter.ReadSyndication)}}
}

// oembed is X's oEmbed provider.
type oembed struct{ client Client }

// Name returns the word for the endpoint.
func (o *oembed) Name() string { return extwitter.EndpointOEmbed }

// Source returns post.SourceEmbed.
func (o *oembed) Source() post.Source { return post.SourceEmbed }

// Batch returns 1.
func (o *oembed) Batch() int { return 1 }

// Ask asks for one post: at the host that the documents of 2026 name, and
// where that cannot be had at the one that served before.
func (o *oembed) Ask(ctx context.Context, refs []post.Ref, purpose string) archiver.Reply {
	q := url.Values{"url": {extwitter.PostURL("", refs[0].ID)}, "omit_script": {"1"}, "dnt": {"true"}, "lang": {"en"}}
	var reply archiver.Reply
	for _, host := range []string{"publish.x.com", "publish.twitter.com"} {
		resp, err := o.client.Do(ctx, fetch.Request{URL: "https://" + host + "/oembed?" + q.Encode(), Purpose: purpose,
			Header: http.Header{"Accept": {"application/json"}}})
		reply.Exchanges = append(reply.Exchanges, exchanges(resp)...)
		reply.Answers = []archiver.Answer{answerTo(refs[0], resp, err, extwitter.OEmbedParser, extwitter.ReadOEmbed)}
		if a := &reply.Answers[0]; ctx.Err() != nil || a.Err == nil && !a.Transport {
			break
		}
	}
	return reply
}

package archiver

import (
	"context"
	"net/url"
	"strings"

	"stet/archiver/fetch"
	"stet/extract"
	"stet/extract/post"
)

// Single is an [Endpoint] that asks for one post with one request.
type Single struct {
	Client Client
	// Word is its name, From its source; Parser names the parser of what it
	// shows, with its version.
	Word   string
	From   post.Source
	Parser string
	// Request makes the request for a post, without its purpose. It errors
	// where the id does not tell where to ask.
	Request func(ref post.Ref) (fetch.Request, error)
	// Read says what the response means.
	Read func(ref post.Ref, r extract.Response) extract.Answer
}

// Name returns the word for the endpoint.
func (s *Single) Name() string { return s.Word }

// Source returns what a record counts as.
func (s *Single) Source() post.Source { return s.From }

// Batch returns 1.
func (s *Single) Batch() int { return 1 }

// Ask asks for one post.
func (s *Single) Ask(ctx context.Context, refs []post.Ref, purpose string) Reply {
	request, err := s.Request(refs[0])
	return s.ask(ctx, refs[0], request, err, purpose)
}

// ask makes a request for a post, unless it could not be made up.
func (s *Single) ask(ctx context.Context, ref post.Ref, request fetch.Request, err error, purpose string) Reply {
	trouble := func(err error) []Answer {
		return []Answer{{Ref: ref, Err: err, Answer: extract.Answer{Status: post.Unknown, Transport: true}}}
	}
	if err != nil {
		return Reply{Answers: trouble(err)}
	}
	request.Purpose = purpose
	resp, err := s.Client.Do(ctx, request)
	var reply Reply
	if resp != nil {
		reply.Exchanges = resp.Exchanges
	}
	if err != nil {
		reply.Answers = trouble(err)
		return reply
	}
	a := s.Read(ref, extract.Response{URL: resp.URL, StatusCode: resp.Status, ContentType: resp.Header.Get("Content-Type"), Body: resp.Body})
	reply.Answers = []Answer{{Ref: ref, Answer: FromHere(a, request.URL, resp.URL), Parser: s.Parser}}
	return reply
}

// FromHere returns an answer to a question that was asked at one address and
// answered at another, after redirects. Where these lead to another host, to the
// start of the site or to where visitors log in, that something is not there was
// said by somebody else or about something else, and says nothing of the post.
func FromHere(a extract.Answer, asked, answered string) extract.Answer {
	if !a.Status.Gone() || !LedAway(asked, answered) {
		return a
	}
	t := extract.Trouble(extract.ReasonLedAway, true)
	t.Words = answered
	return t
}

// LedAway reports whether redirects led from an address to another host, to the
// start of the site, or to where visitors log in, agree or prove to be persons.
func LedAway(asked, answered string) bool {
	a, errA := url.Parse(asked)
	b, errB := url.Parse(answered)
	if answered == "" || errA != nil || errB != nil || a.Path == b.Path && bare(a) == bare(b) {
		return false
	}
	if bare(a) != bare(b) || strings.Trim(b.Path, "/") == "" {
		return true
	}
	for part := range strings.SplitSeq(strings.ToLower(b.Path), "/") {
		switch part {
		case "login", "log-in", "signin", "sign-in", "signup", "accounts", "authwall", "checkpoint", "challenge", "consent", "sso", "oauth", "captcha", "verify", "error", "sorry":
			return true
		}
	}
	return false
}

// bare returns the host of an address as it is compared.
func bare(u *url.URL) string { return strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.") }

// SingleAt is a [Single] that asks at the address under which the post is known:
// an [AddressedEndpoint].
type SingleAt struct {
	Single
	// RequestAt makes the request for a post with its address.
	RequestAt func(ref post.Ref, address string) (fetch.Request, error)
}

// AskAt asks for one post at its address.
func (s *SingleAt) AskAt(ctx context.Context, ref post.Ref, address, purpose string) Reply {
	request, err := s.RequestAt(ref, address)
	return s.ask(ctx, ref, request, err, purpose)
}

// Fixed is a [Platform] of which everything is known beforehand.
type Fixed struct {
	Of    post.Platform
	List  []Endpoint
	Known Controls
	// Table lists what the answers conclude.
	Table []extract.Rule
	// More says whom the questions tell beyond the hosts that are asked first;
	// nil is nobody.
	More func(ref post.Ref, address string) []Telling
}

// Tells lists what follows from the answers.
func (f *Fixed) Tells(ref post.Ref, address string) []Telling {
	if f.More == nil {
		return nil
	}
	return f.More(ref, address)
}

// Platform names it.
func (f *Fixed) Platform() post.Platform { return f.Of }

// Endpoints lists where its posts can be asked for.
func (f *Fixed) Endpoints() []Endpoint { return f.List }

// Controls returns the posts whose state is known.
func (f *Fixed) Controls() Controls { return f.Known }

// Rules lists what the answers of its endpoints conclude.
func (f *Fixed) Rules() []extract.Rule { return f.Table }

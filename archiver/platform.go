package archiver

import (
	"context"
	"net/http"

	"stet/extract"
	"stet/extract/post"
	"stet/store"
)

// Platform is what the engine must know of a platform in order to act there.
// The packages archiver/<platform> each return one. It is stateless but for
// its client, and safe for concurrent use.
type Platform interface {
	// Platform names it.
	Platform() post.Platform
	// Endpoints lists where its posts can be asked for, in the order in which
	// they are tried: with credentials before keyless, richer before poorer.
	Endpoints() []Endpoint
	// Controls are posts whose state is known.
	Controls() Controls
	// Rules lists what each answer of its endpoints concludes, for people.
	Rules() []extract.Rule
}

// SignedPlatform is an optional ability of a [Platform] whose authors sign what
// their files are.
type SignedPlatform interface {
	// SignedDigest returns the digest that the file at an address must have,
	// and false where the address does not tell it.
	SignedDigest(address string) (store.Digest, bool)
}

// PlaceholderPlatform is an optional ability of a [Platform] that sends pictures
// of its own in the place of files that are gone or not ready.
type PlaceholderPlatform interface {
	// Placeholder reports whether what answered, at an address after redirects
	// and with a head, is such a picture.
	Placeholder(address string, head http.Header) bool
}

// Endpoint is one interface of a platform that answers for posts.
type Endpoint interface {
	// Name is a stable word: syndication, oembed, api-v2, … It stands in looks
	// and in the reasons of verdicts.
	Name() string
	// Source is what a record that it yields counts as.
	Source() post.Source
	// Batch is the most posts that one request can ask for, at least 1.
	Batch() int
	// Ask asks for at most Batch posts. purpose is recorded with the exchanges:
	// post, look or control. It returns one answer for each ref, in their
	// order, and the exchanges that were made, whatever happened; trouble on
	// the way is an answer of status unknown. When ctx ends, the answers say
	// so in Err.
	Ask(ctx context.Context, refs []post.Ref, purpose string) Reply
}

// Reply is what an endpoint gave for the posts that it was asked for.
type Reply struct {
	// Exchanges are the recorded exchanges, the one that decided last.
	Exchanges []store.Exchange
	Answers   []Answer
}

// Answer is what an endpoint said of one post.
type Answer struct {
	// Answer is the meaning of the response.
	extract.Answer
	Ref post.Ref
	// Parser names the parser and its version where the post is shown.
	Parser string
	// Err is the trouble on the way, nil where an answer came.
	Err error
}

// Shown returns the post, nil where the answer does not show it. A post that is
// withheld in some countries can be shown all the same.
func (a *Answer) Shown() *extract.Parsed {
	if a.Err != nil {
		return nil
	}
	return a.Parsed
}

// Sentence says what the answer means, for people.
func (a *Answer) Sentence() string {
	switch {
	case a.Err != nil:
		return a.Err.Error()
	case a.Words != "":
		return a.Reason + ": " + a.Words
	}
	return a.Reason
}

// Controls are posts of a platform whose state is known. Negative answers of an
// endpoint are believed only while it shows the living ones and misses the
// gone ones.
type Controls struct {
	Live []post.Ref
	Gone []post.Ref
}

package bluesky

import (
	"encoding/json"
	"fmt"
	"strings"

	"stet/extract"
	"stet/extract/post"
)

// ParseView reads the post id from an answer of app.bsky.feed.getPosts. It
// errors with [extract.ErrShape] where the answer does not have it.
func ParseView(id string, body []byte, servers Servers) (extract.Parsed, error) {
	views, whole, err := viewsOf(body)
	if err != nil {
		return extract.Parsed{}, err
	}
	a := viewAnswer(id, views, whole, servers)
	if a.Parsed == nil {
		return extract.Parsed{}, fmt.Errorf("%w: an answer without post %.100s", extract.ErrShape, id)
	}
	return *a.Parsed, nil
}

// ReadPosts says what an answer of app.bsky.feed.getPosts means for each of the
// posts that were asked for. The answer leaves out, without a word, what was
// deleted or removed, what an account that is closed wrote, and what the index
// does not have yet.
func ReadPosts(ids []string, r extract.Response, servers Servers) map[string]extract.Answer {
	out := make(map[string]extract.Answer, len(ids))
	a, ok := refusal(r)
	views, whole, err := viewsOf(r.Body)
	if !ok && err != nil {
		a, ok = extract.Trouble(extract.ReasonShape, false), true
	}
	for _, id := range ids {
		if ok {
			out[id] = a
			continue
		}
		out[id] = viewAnswer(id, views, whole, servers)
	}
	return out
}

// viewsOf returns the posts of an answer by their ids. whole is false where one
// of them could not be told by its id, so that the answer may have any post.
func viewsOf(body []byte) (views map[string]json.RawMessage, whole bool, err error) {
	var a struct {
		Posts *[]json.RawMessage `json:"posts"`
	}
	if err := extract.DecodeJSON(body, &a); err != nil {
		return nil, false, err
	}
	if a.Posts == nil {
		return nil, false, fmt.Errorf("%w: an answer without posts", extract.ErrShape)
	}
	views, whole = map[string]json.RawMessage{}, true
	for _, raw := range *a.Posts {
		var v struct {
			URI str `json:"uri"`
		}
		if ref := (post.Ref{}); extract.DecodeJSON(raw, &v) == nil {
			if ref = Ref(string(v.URI)); !ref.IsZero() {
				views[ref.ID] = raw
				continue
			}
		}
		whole = false
	}
	return views, whole, nil
}

func viewAnswer(id string, views map[string]json.RawMessage, whole bool, servers Servers) extract.Answer {
	raw, there := views[id]
	switch {
	case there:
		var v postView
		b := &builder{servers: servers}
		if extract.DecodeJSON(raw, &v) == nil {
			if p, ok := b.view(&v, maxNesting); ok {
				return shown(b.parsed(p))
			}
		}
		return extract.Trouble(extract.ReasonShape, false)
	case !whole:
		return extract.Trouble(extract.ReasonShape, false)
	}
	return extract.Answer{Status: post.NotFound, Reason: extract.ReasonLeftOut}
}

func shown(p extract.Parsed) extract.Answer {
	return extract.Answer{Status: post.Live, Explicit: true, Reason: extract.ReasonShown, Parsed: &p}
}

// refusal returns the answer for a response that is none of the interface asked
// for, or an error that holds for the request as a whole.
func refusal(r extract.Response) (extract.Answer, bool) {
	if a, ok := extract.HTTPTrouble(r.StatusCode); ok {
		a.Words = errorOf(r).words()
		return a, true
	}
	if !r.JSON() {
		if r.StatusCode == 200 {
			return extract.Trouble(extract.ReasonNotJSON, false), true
		}
		return extract.Trouble(extract.ReasonHTTP, false), true
	}
	if r.StatusCode == 200 {
		return extract.Answer{}, false
	}
	e := errorOf(r)
	if r.StatusCode == 400 && e.Name == "InvalidRequest" {
		return extract.Answer{Status: post.Unknown, Reason: extract.ReasonBadID, Words: e.words()}, true
	}
	a := extract.Trouble(extract.ReasonHTTP, false)
	if e.Name == "RateLimitExceeded" {
		a = extract.Trouble(extract.ReasonLimited, true)
	}
	a.Words = e.words()
	return a, true
}

// thread is a post with the one that it answers.
type thread struct {
	Type     str             `json:"$type"`
	Post     json.RawMessage `json:"post"`
	URI      str             `json:"uri"`
	NotFound opt[bool]       `json:"notFound"`
	Blocked  opt[bool]       `json:"blocked"`
	Parent   opt[*thread]    `json:"parent"`
}

func (t *thread) notFound() bool {
	return t.NotFound.V || strings.HasSuffix(string(t.Type), "#notFoundPost")
}
func (t *thread) blocked() bool {
	return t.Blocked.V || strings.HasSuffix(string(t.Type), "#blockedPost")
}

// ReadThread says what an answer of app.bsky.feed.getPostThread means for the
// post id. "Not found" is all that the index says of posts that were deleted,
// removed or hidden with their account: it is an absence.
func ReadThread(id string, r extract.Response, servers Servers) extract.Answer {
	if e := errorOf(r); r.StatusCode == 400 && e.Name == "NotFound" {
		return extract.Answer{Status: post.NotFound, Reason: extract.ReasonAbsent, Words: e.words()}
	}
	if a, ok := refusal(r); ok {
		return a
	}
	var a struct {
		Thread opt[thread] `json:"thread"`
	}
	if extract.DecodeJSON(r.Body, &a) != nil || !a.Thread.Set {
		return extract.Trouble(extract.ReasonShape, false)
	}
	return a.Thread.V.answer(id, servers)
}

func (t *thread) answer(id string, servers Servers) extract.Answer {
	var v postView
	switch ref := Ref(string(t.URI)); {
	case t.notFound() && ref.ID == id:
		return extract.Answer{Status: post.NotFound, Reason: extract.ReasonAbsent}
	case t.blocked() && ref.ID == id:
		// It is there, and one of those who take part in the thread blocks
		// another.
		return extract.Answer{Status: post.Unknown, Reason: extract.ReasonUnavailable}
	case extract.DecodeJSON(t.Post, &v) != nil:
		return extract.Trouble(extract.ReasonShape, false)
	}
	b := &builder{servers: servers}
	p, ok := b.view(&v, maxNesting)
	switch {
	case !ok:
		return extract.Trouble(extract.ReasonShape, false)
	case p.ID != id:
		return extract.Trouble(extract.ReasonOtherPost, false)
	}
	if t.Parent.Set && t.Parent.V != nil {
		b.parent(t.Parent.V)
	}
	return shown(b.parsed(p))
}

// parent adds the post that is answered, or notes why it is not shown.
func (b *builder) parent(t *thread) {
	var v postView
	switch {
	case t.notFound():
		b.note("the post that it answers is not shown: the platform does not find it")
	case t.blocked():
		b.note("the post that it answers is not shown: one of the two authors blocks the other")
	case extract.DecodeJSON(t.Post, &v) != nil:
		b.note("the post that it answers could not be read")
	default:
		if p, ok := b.view(&v, maxNesting); ok {
			b.relate(p)
		} else {
			b.note("the post that it answers could not be read")
		}
	}
}

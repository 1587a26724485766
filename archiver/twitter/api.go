package twitter

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	//nolint:staticcheck // archived upstream, and part of the project's brief: it makes requests, our parsers read the recorded bytes
	gotwitter "github.com/dghubble/go-twitter/twitter"

	"stet/archiver"
	"stet/archiver/fetch"
	"stet/extract"
	"stet/extract/post"
	extwitter "stet/extract/twitter"
	"stet/store"
)

// batchSize is how many posts v1.1 and v2 answer for at a time.
const batchSize = 100

// v11 is the v1.1 interface, through go-twitter.
type v11 struct {
	client Client
	tokens *archiver.AppToken
}

// Name returns the word for the endpoint.
func (v *v11) Name() string { return extwitter.EndpointV11 }

// Source returns post.SourceAPI.
func (v *v11) Source() post.Source { return post.SourceAPI }

// Batch returns 100: statuses/lookup.
func (v *v11) Batch() int { return batchSize }

// Ask asks for one post by statuses/show, which says why a post is missing, or
// for several by statuses/lookup, which leaves missing ones out.
func (v *v11) Ask(ctx context.Context, refs []post.Ref, purpose string) archiver.Reply {
	token, err := v.tokens.Token(ctx)
	if err != nil {
		return archiver.Reply{Answers: same(refs, trouble(err))}
	}
	ids := make([]string, len(refs))
	numbers := make([]int64, len(refs))
	for i, ref := range refs {
		ids[i] = ref.ID
		if numbers[i], err = strconv.ParseInt(ref.ID, 10, 64); err != nil {
			return archiver.Reply{Answers: same(refs, trouble(fmt.Errorf("%w: %s has no numeric id", store.ErrInvalid, ref)))}
		}
	}
	tap := &tap{ctx: ctx, token: token}
	tap.next = v.client.Transport(fetch.TransportOptions{Purpose: purpose, Record: tap.record})
	// go-twitter takes no context: the tap puts it into each request. What it
	// decodes is not used: it loses fields, and takes an answer with an error in
	// an unknown shape for a post without id.
	api := gotwitter.NewClient(&http.Client{Transport: tap, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }})
	var callErr error
	if len(numbers) == 1 {
		//nolint:bodyclose // the library closes the body
		_, _, callErr = api.Statuses.Show(numbers[0], &gotwitter.StatusShowParams{IncludeEntities: gotwitter.Bool(true), TweetMode: "extended"})
	} else {
		//nolint:bodyclose // the library closes the body
		_, _, callErr = api.Statuses.Lookup(numbers, &gotwitter.StatusLookupParams{IncludeEntities: gotwitter.Bool(true), TweetMode: "extended"})
	}
	reply := archiver.Reply{Exchanges: tap.exchanges}
	if tap.response == nil {
		reply.Answers = same(refs, trouble(wayError(callErr)))
		return reply
	}
	if len(ids) == 1 {
		reply.Answers = []archiver.Answer{{Ref: refs[0], Answer: extwitter.ReadV11(ids[0], *tap.response), Parser: extwitter.V11Parser}}
		return reply
	}
	reply.Answers = pick(refs, extwitter.ReadV11Lookup(ids, *tap.response), extwitter.V11Parser)
	return reply
}

// wayError keeps the class of an error that the library wrapped without
// unwrapping; a failure of the way that has none is network trouble.
func wayError(err error) error {
	if err == nil {
		return fmt.Errorf("%w: no answer from the v1.1 interface", store.ErrNetwork)
	}
	if store.ClassOf(err).Name == "internal" {
		return fmt.Errorf("%w: %w", store.ErrNetwork, err)
	}
	return err
}

// pick orders the answers for many posts.
func pick(refs []post.Ref, answers map[string]extract.Answer, parser string) []archiver.Answer {
	out := make([]archiver.Answer, len(refs))
	for i, ref := range refs {
		a, ok := answers[ref.ID]
		if !ok {
			a = extract.Trouble(extract.ReasonLeftOut, false)
		}
		out[i] = archiver.Answer{Ref: ref, Answer: a, Parser: parser}
	}
	return out
}

// tap is the transport under go-twitter: it adds the context, the token and
// the parameter for descriptions of pictures, which the library does not know,
// and keeps the answer's bytes.
type tap struct {
	ctx       context.Context //nolint:containedctx // the library has no parameter for it
	token     string
	next      http.RoundTripper
	exchanges []store.Exchange
	response  *extract.Response
}

func (t *tap) record(_ context.Context, x store.Exchange) { t.exchanges = append(t.exchanges, x) }

// RoundTrip makes the request and keeps its answer.
func (t *tap) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(t.ctx)
	q := req.URL.Query()
	q.Set("include_ext_alt_text", "true")
	req.URL.RawQuery = q.Encode()
	req.Header.Set("Authorization", "Bearer "+t.token)
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := readBody(resp)
	if err != nil {
		return nil, err
	}
	t.response = &extract.Response{StatusCode: resp.StatusCode, ContentType: resp.Header.Get("Content-Type"), Body: body}
	return resp, nil
}

// v2 is the v2 interface.
type v2 struct {
	client Client
	tokens *archiver.AppToken

	mu sync.Mutex
	// posts is true once the interface asked for the vocabulary of 2026.
	posts bool
}

// Name returns the word for the endpoint.
func (v *v2) Name() string { return extwitter.EndpointV2 }

// Source returns post.SourceAPI.
func (v *v2) Source() post.Source { return post.SourceAPI }

// Batch returns 100.
func (v *v2) Batch() int { return batchSize }

// Ask asks for posts in the vocabulary of tweets, and, where the interface
// refuses that, in that of posts.
func (v *v2) Ask(ctx context.Context, refs []post.Ref, purpose string) archiver.Reply {
	token, err := v.tokens.Token(ctx)
	if err != nil {
		return archiver.Reply{Answers: same(refs, trouble(err))}
	}
	ids := make([]string, len(refs))
	for i, ref := range refs {
		ids[i] = ref.ID
	}
	v.mu.Lock()
	posts := v.posts
	v.mu.Unlock()
	var reply archiver.Reply
	for range 2 {
		resp, err := v.client.Do(ctx, fetch.Request{URL: v2URL(ids, posts), Purpose: purpose,
			Header: http.Header{"Authorization": {"Bearer " + token}, "Accept": {"application/json"}}})
		reply.Exchanges = append(reply.Exchanges, exchanges(resp)...)
		if err != nil {
			reply.Answers = same(refs, trouble(err))
			return reply
		}
		if extwitter.OtherVocabulary(response(resp)) {
			posts = !posts
			continue
		}
		reply.Answers = pick(refs, extwitter.ReadV2(ids, response(resp)), extwitter.V2Parser)
		v.mu.Lock()
		v.posts = posts
		v.mu.Unlock()
		return reply
	}
	reply.Answers = same(refs, trouble(errors.Join(store.ErrUnexpected, errors.New("the v2 interface refuses both vocabularies"))))
	return reply
}

// v2URL returns the address that asks for posts with everything that belongs
// to them. In the vocabulary of 2026 a tweet is a post.
func v2URL(ids []string, posts bool) string {
	q := url.Values{
		"tweet.fields": {"article,attachments,author_id,card_uri,community_id,conversation_id,created_at,display_text_range,edit_controls,edit_history_tweet_ids,entities,geo,in_reply_to_user_id,lang,media_metadata,note_tweet,possibly_sensitive,public_metrics,referenced_tweets,reply_settings,source,text,withheld"},
		"expansions":   {"author_id,attachments.media_keys,attachments.poll_ids,referenced_tweets.id,referenced_tweets.id.author_id,edit_history_tweet_ids,in_reply_to_user_id,entities.mentions.username"},
		"media.fields": {"alt_text,duration_ms,height,media_key,preview_image_url,public_metrics,type,url,variants,width"},
		"poll.fields":  {"duration_minutes,end_datetime,id,options,voting_status"},
		"user.fields":  {"created_at,id,name,profile_image_url,protected,url,username,verified,verified_type,withheld"},
	}
	encoded := q.Encode()
	if posts {
		encoded = strings.NewReplacer("tweet.fields", "post.fields", "edit_history_tweet_ids", "edit_history_post_ids",
			"note_tweet", "note_post", "referenced_tweets", "referenced_posts").Replace(encoded)
	}
	return "https://api.x.com/2/tweets?ids=" + strings.Join(ids, ",") + "&" + encoded
}

package twitter

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"stet/archiver"
	"stet/archiver/fetch"
	"stet/extract"
	"stet/extract/post"
	extwitter "stet/extract/twitter"
)

// timelineEvery is the pace that the page bears: it answers 429 after a few
// calls in a row.
const timelineEvery = 30 * time.Minute

// timeline is the page that embeds an account's newest posts.
type timeline struct{ client Client }

// Name returns the word for the endpoint.
func (t *timeline) Name() string { return extwitter.EndpointTimeline }

// Source returns post.SourceEmbed.
func (t *timeline) Source() post.Source { return post.SourceEmbed }

// Every returns how often one account may be asked about.
func (t *timeline) Every() time.Duration { return timelineEvery }

// AskAccount looks for a post among the newest of its account.
func (t *timeline) AskAccount(ctx context.Context, ref post.Ref, author post.Author, purpose string) archiver.Reply {
	resp, err := t.client.Do(ctx, fetch.Request{Purpose: purpose, Header: http.Header{"Accept": {"text/html"}},
		URL: "https://syndication.twitter.com/srv/timeline-profile/screen-name/" + url.PathEscape(author.Handle)})
	read := func(id string, r extract.Response) extract.Answer {
		return extwitter.ReadTimeline(id, author.Handle, r)
	}
	return archiver.Reply{Exchanges: exchanges(resp), Answers: []archiver.Answer{answerTo(ref, resp, err, extwitter.TimelineParser, read)}}
}

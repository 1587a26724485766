package wayback

import (
	"net/url"
	"time"

	"stet/extract"
	"stet/extract/post"
	"stet/extract/twitter"
)

// shape is what is known of how a platform's posts are archived.
type shape struct {
	parser string
	// forms lists the beginnings of a post's addresses, and span those of an
	// account's posts that were published between two moments.
	forms func(id string, handles []string) []string
	span  func(handle string, from, until time.Time) (forms []string, within func(id string) bool)
	read  func(id string, r extract.Response) extract.Answer
	// post returns the post whose page an address is.
	post func(u *url.URL) (extract.Target, bool)
}

// shapes lists the platforms whose archived posts can be read.
func shapes() map[post.Platform]shape {
	return map[post.Platform]shape{
		post.Twitter: {parser: twitter.ArchivedParser, forms: twitter.ArchivedForms, span: twitterSpan, read: twitter.ReadArchived,
			post: func(u *url.URL) (extract.Target, bool) {
				if u.Hostname() == "cdn.syndication.twimg.com" {
					id := u.Query().Get("id")
					return extract.Target{Ref: twitter.Ref(id)}, true
				}
				return twitter.Site{}.ParseURL(u)
			}},
	}
}

// twitterSpan uses that ids carry the time.
func twitterSpan(handle string, from, until time.Time) ([]string, func(id string) bool) {
	first, last, ok := twitter.IDRange(from, until)
	if !ok {
		return nil, nil
	}
	return twitter.ArchivedRange(handle, first, last), func(id string) bool {
		t, ok := twitter.Time(id)
		return ok && !t.Before(from) && t.Before(until)
	}
}

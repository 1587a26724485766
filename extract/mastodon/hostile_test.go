package mastodon

import (
	"testing"

	"stet/extract"
	"stet/extract/post"
	"stet/extract/sitetest"
)

// TestHostile: nothing that stands in the place of an answer says that a post is
// gone, or shows one with words that it does not have.
func TestHostile(t *testing.T) {
	readers := sitetest.Readers{}
	for _, e := range []string{EndpointAPI, EndpointActivity, EndpointOEmbed} {
		readers[e] = func(id string, r extract.Response) extract.Answer {
			return reader(post.Ref{Platform: post.Mastodon, ID: id}, &extract.Rule{Endpoint: e, Sample: r})
		}
	}
	sitetest.Hostile(t, Rules(), harbour().ID, readers)
}

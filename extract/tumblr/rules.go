package tumblr

import (
	"stet/extract"
	"stet/extract/post"
)

// sampleID is the post of the sample answers.
const sampleID = "743912345678901248"

func sampleBlog(posts string) extract.Response {
	return extract.Response{StatusCode: 200, ContentType: "text/javascript; charset=utf-8",
		Body: []byte(`var tumblr_api_read = {"tumblelog":{"title":"Ada Quay","name":"ada"},"posts-total":9,"posts":[` + posts + `]};`)}
}

func samplePost(id string) extract.Response {
	return sampleBlog(`{"id":"` + id + `","type":"photo","unix-timestamp":1772359323,"photo-caption":"<p>Low tide<br>at the pier</p>","photo-url-1280":"https://64.media.tumblr.com/1/s1280x1920/1.jpg","photos":[]}`)
}

// Rules lists what the answers of a blog's own interface conclude.
func Rules() []extract.Rule {
	const e = EndpointRead
	rules := []extract.Rule{
		extract.Says(e, "the post", post.Live, samplePost(sampleID)),
		extract.Implies(e, "an empty list", post.NotFound, sampleBlog("")),
		extract.Implies(e, "404, 410, and the blog shows other posts", post.NotFound, extract.PageAnswer(404, "<title>Not found.</title>")),
		extract.Implies(e, "401, 403 in words", post.Unknown, extract.Response{StatusCode: 403, ContentType: "text/plain", Body: []byte("Forbidden")}),
		extract.SaysNothing(e, "another post", samplePost("743912345678901249")),
	}
	return append(rules, extract.TroubleRules(e)...)
}

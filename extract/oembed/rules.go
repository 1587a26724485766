package oembed

import (
	"stet/extract"
	"stet/extract/post"
)

// Endpoint is the name of oEmbed endpoints, as it stands in looks.
const Endpoint = "oembed"

// Rules lists what the answers of oEmbed endpoints conclude.
func Rules() []extract.Rule {
	const e = Endpoint
	rules := []extract.Rule{
		extract.Says(e, "the embed", post.Live, extract.JSONAnswer(200, `{"type":"video","version":"1.0","title":"Low tide"}`)),
		extract.Implies(e, "404, 410", post.NotFound, extract.Response{StatusCode: 404, ContentType: "text/plain", Body: []byte("Not Found")}),
		extract.Implies(e, "401, 403 of the endpoint: private, or not to be embedded", post.Unknown, extract.Response{StatusCode: 401, ContentType: "text/plain", Body: []byte("Unauthorized")}),
		extract.Implies(e, "400: the endpoint does not take the address", post.Unknown, extract.Response{StatusCode: 400, ContentType: "text/plain", Body: []byte("Bad Request")}),
		extract.SaysNothing(e, "JSON of another shape", extract.JSONAnswer(200, `{"code":400,"message":"Something went wrong"}`)),
	}
	return append(rules, extract.TroubleRules(e)...)
}

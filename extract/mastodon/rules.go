package mastodon

import (
	"bytes"

	"stet/extract"
	"stet/extract/post"
)

// The names of the endpoints and of the witness, as they stand in looks.
const (
	// EndpointAPI is the instance's own interface.
	EndpointAPI = "instance-api"
	// EndpointActivity is the post as servers ask each other for it.
	EndpointActivity = "activitypub"
	// EndpointOEmbed is the instance's oEmbed endpoint.
	EndpointOEmbed = "oembed"
	// WitnessAccount is the look-up of the account.
	WitnessAccount = "account"
)

// The post of the sample answers.
const (
	sampleID      = "112042318430273537"
	sampleHost    = "harbour.example"
	sampleAddress = "https://harbour.example/@ada/" + sampleID
	sampleAccount = `{"id":"7","username":"ada","acct":"ada","display_name":"Ada","url":"https://harbour.example/@ada"`
)

func jsonAnswer(status int, body string) extract.Response {
	return extract.Response{StatusCode: status, ContentType: "application/json; charset=utf-8", Body: []byte(body)}
}

func htmlAnswer(status int) extract.Response {
	return extract.Response{StatusCode: status, ContentType: "text/html", Body: []byte("<!doctype html><title>Just a moment...</title>")}
}

// rule makes a rule. how is stated (the platform says so), absent (it follows
// from an absence), or trouble (it says nothing).
func rule(endpoint, answer string, status post.Status, how string, sample extract.Response) extract.Rule {
	return extract.Rule{Endpoint: endpoint, Answer: answer, Status: status, Explicit: how == "stated", Transport: how == "trouble", Sample: sample}
}

// Rules lists what the answers of an instance conclude. Negative ones are
// believed only while /api/v1/instance shows that the host still runs the
// software.
func Rules() []extract.Rule {
	rules := append(apiRules(), activityRules()...)
	return append(append(rules, oembedRules()...), accountRules()...)
}

// TruthSocialRules lists what the answers of Truth Social conclude, which other
// servers are not told of.
func TruthSocialRules() []extract.Rule {
	rules := append(append(apiRules(), oembedRules()...), accountRules()...)
	for i := range rules {
		sample := &rules[i].Sample
		sample.Body = bytes.ReplaceAll(sample.Body, []byte(sampleHost), []byte(truthHost))
	}
	return rules
}

func sampleStatus(account string) string {
	return `{"id":"` + sampleID + `","uri":"` + sampleAddress + `","url":"` + sampleAddress + `","created_at":"2024-03-05T09:15:03.001Z","content":"<p>hello</p>","account":` + account + `}`
}

func apiRules() []extract.Rule {
	const e = EndpointAPI
	return []extract.Rule{
		rule(e, "the post with its account", post.Live, "stated", jsonAnswer(200, sampleStatus(sampleAccount+"}"))),
		rule(e, "the post of an account that is marked as suspended", post.AccountSuspended, "stated", jsonAnswer(200, sampleStatus(sampleAccount+`,"suspended":true}`))),
		rule(e, "404 “Record not found”: deleted, not public, or never there", post.NotFound, "absent", jsonAnswer(404, `{"error":"Record not found"}`)),
		rule(e, "404 “Not Found”", post.NotFound, "absent", jsonAnswer(404, `{"error":"Not Found"}`)),
		rule(e, "410", post.NotFound, "absent", jsonAnswer(410, `{"error":"Gone"}`)),
		rule(e, "404 with other words, or as a page", post.Unknown, "trouble", jsonAnswer(404, `{"error":"Not implemented"}`)),
		rule(e, "401 “requires an authenticated user”", post.Unknown, "trouble", jsonAnswer(401, `{"error":"This method requires an authenticated user"}`)),
		rule(e, "another post", post.Unknown, "trouble", jsonAnswer(200, `{"id":"5","content":"","account":`+sampleAccount+"}}")),
		rule(e, "a page, a log-in, a challenge", post.Unknown, "trouble", htmlAnswer(200)),
		rule(e, "403, 422", post.Unknown, "trouble", htmlAnswer(403)),
		rule(e, "429", post.Unknown, "trouble", jsonAnswer(429, `{"error":"Too many requests"}`)),
		rule(e, "5xx; no answer, no such host", post.Unknown, "trouble", htmlAnswer(503)),
	}
}

func activityRules() []extract.Rule {
	const e = EndpointActivity
	note := func(body string) string {
		return `{"@context":"https://www.w3.org/ns/activitystreams","id":"https://harbour.example/users/ada/statuses/` + sampleID + `",` + body + `}`
	}
	live := note(`"type":"Note","attributedTo":"https://harbour.example/users/ada","content":"<p>hello</p>","published":"2024-03-05T09:15:03Z"`)
	return []extract.Rule{
		rule(e, "the post", post.Live, "stated", activityAnswer(200, live)),
		rule(e, "a tombstone in its place", post.Deleted, "stated", activityAnswer(410, note(`"type":"Tombstone"`))),
		rule(e, "410, and the account is there", post.Deleted, "stated", jsonAnswer(410, `{"error":"Gone"}`)),
		rule(e, "410, and the account is suspended", post.AccountSuspended, "stated", jsonAnswer(410, `{"error":"Gone"}`)),
		rule(e, "410, and the account is gone", post.AccountGone, "stated", jsonAnswer(410, `{"error":"Gone"}`)),
		rule(e, "410, and nothing is known of the account", post.NotFound, "stated", jsonAnswer(410, `{"error":"Gone"}`)),
		rule(e, "404 “Not Found”", post.NotFound, "absent", jsonAnswer(404, `{"error":"Not Found"}`)),
		rule(e, "401 “Request not signed”", post.Unknown, "trouble", jsonAnswer(401, `{"error":"Request not signed"}`)),
		rule(e, "another post", post.Unknown, "trouble", activityAnswer(200, `{"type":"Note","id":"https://harbour.example/users/ada/statuses/112042318430273538"}`)),
		rule(e, "a page, a log-in, a challenge, whatever its status", post.Unknown, "trouble", htmlAnswer(410)),
		rule(e, "403", post.Unknown, "trouble", htmlAnswer(403)),
		rule(e, "429", post.Unknown, "trouble", htmlAnswer(429)),
		rule(e, "5xx; no answer, no such host", post.Unknown, "trouble", htmlAnswer(502)),
	}
}

func activityAnswer(status int, body string) extract.Response {
	return extract.Response{StatusCode: status, ContentType: "application/activity+json; charset=utf-8", Body: []byte(body)}
}

func oembedRules() []extract.Rule {
	const e = EndpointOEmbed
	live := `{"type":"rich","version":"1.0","author_name":"Ada","author_url":"https://harbour.example/@ada","html":"<iframe src=\"` + sampleAddress + `/embed\" class=\"mastodon-embed\"></iframe>"}`
	return []extract.Rule{
		rule(e, "the embed", post.Live, "stated", jsonAnswer(200, live)),
		rule(e, "404 “Record not found”", post.NotFound, "absent", jsonAnswer(404, `{"error":"Record not found"}`)),
		rule(e, "404 with other words: no such endpoint", post.Unknown, "trouble", jsonAnswer(404, `{"error":"Not Found"}`)),
		rule(e, "401, 403", post.Unknown, "trouble", jsonAnswer(401, `{"error":"This API requires an authenticated user"}`)),
		rule(e, "a page, a log-in, a challenge", post.Unknown, "trouble", htmlAnswer(200)),
		rule(e, "429", post.Unknown, "trouble", htmlAnswer(429)),
		rule(e, "5xx; no answer, no such host", post.Unknown, "trouble", htmlAnswer(503)),
	}
}

func accountRules() []extract.Rule {
	const e = WitnessAccount
	return []extract.Rule{
		rule(e, "the account: it is there, which says nothing of the post", post.Unknown, "absent", jsonAnswer(200, sampleAccount+"}")),
		rule(e, "the account, marked as suspended", post.AccountSuspended, "stated", jsonAnswer(200, sampleAccount+`,"suspended":true}`)),
		rule(e, "410", post.AccountGone, "stated", jsonAnswer(410, `{"error":"Gone"}`)),
		rule(e, "404 “Record not found”", post.AccountGone, "absent", jsonAnswer(404, `{"error":"Record not found"}`)),
		rule(e, "anything else", post.Unknown, "trouble", htmlAnswer(403)),
	}
}

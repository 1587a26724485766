package twitter

import (
	"fmt"

	"stet/extract"
	"stet/extract/post"
)

// The names of the endpoints, as they stand in looks.
const (
	EndpointSyndication = "syndication"
	EndpointOEmbed      = "oembed"
	EndpointV11         = "api-v1.1"
	EndpointV2          = "api-v2"
	EndpointTimeline    = "timeline"
)

// sampleID is the post of the sample answers.
const sampleID = "1990000000000000001"

func jsonAnswer(status int, body string) extract.Response {
	return extract.Response{StatusCode: status, ContentType: "application/json; charset=utf-8", Body: []byte(body)}
}

func htmlAnswer(status int) extract.Response {
	return extract.Response{StatusCode: status, ContentType: "text/html", Body: []byte("<!doctype html><title>Log in</title>")}
}

func sampleTombstone(words string) extract.Response {
	return jsonAnswer(200, fmt.Sprintf(`{"__typename":"TweetTombstone","tombstone":{"text":{"text":%q}}}`, words))
}

// Rules lists what the answers of X's endpoints conclude.
func Rules() []extract.Rule {
	rules := syndicationRules()
	rules = append(rules, oembedRules()...)
	rules = append(rules, timelineRules()...)
	rules = append(rules, v11Rules()...)
	return append(rules, v2Rules()...)
}

// rule makes a rule. how is stated (the platform says so), absent (it follows
// from an absence), or trouble (it says nothing).
func rule(endpoint, answer string, status post.Status, how string, sample extract.Response) extract.Rule {
	return extract.Rule{Endpoint: endpoint, Answer: answer, Status: status, Explicit: how == "stated", Transport: how == "trouble", Sample: sample}
}

func syndicationRules() []extract.Rule {
	const e = EndpointSyndication
	live := `{"__typename":"Tweet","id_str":"` + sampleID + `","text":"hello","created_at":"2025-11-16T10:12:27.000Z","user":{"id_str":"7","name":"Ada","screen_name":"ada"}}`
	noUser := `{"__typename":"Tweet","id_str":"` + sampleID + `","text":"hello","created_at":"2025-11-16T10:12:27.000Z"}`
	return []extract.Rule{
		rule(e, "the post with its author", post.Live, "stated", jsonAnswer(200, live)),
		rule(e, "the post without its author", post.AccountSuspended, "absent", jsonAnswer(200, noUser)),
		rule(e, "placeholder: “deleted by the Post author”", post.Deleted, "stated", sampleTombstone("This Post was deleted by the Post author. Learn more")),
		rule(e, "placeholder: “from a suspended account”", post.AccountSuspended, "stated", sampleTombstone("This Post is from a suspended account. Learn more")),
		rule(e, "placeholder: “from an account that no longer exists”", post.AccountGone, "stated", sampleTombstone("This Post is from an account that no longer exists. Learn more")),
		rule(e, "placeholder: “limits who can view”", post.Protected, "stated", sampleTombstone("You’re unable to view this Post because this account owner limits who can view their Posts. Learn more")),
		rule(e, "placeholder: “Age-restricted”", post.AgeRestricted, "stated", sampleTombstone("Age-restricted adult content. This content might not be appropriate for people under 18 years old.")),
		rule(e, "placeholder: “withheld in”", post.Withheld, "stated", sampleTombstone("This Post from @ada has been withheld in Utopia in response to a legal demand.")),
		rule(e, "placeholder: “violated the … Rules”", post.Removed, "stated", sampleTombstone("This Post violated the X Rules. Learn more")),
		rule(e, "placeholder: “unavailable”", post.Unknown, "absent", sampleTombstone("This Post is unavailable. Learn more")),
		rule(e, "placeholder with other words", post.Unknown, "absent", sampleTombstone("Something that nobody has seen before")),
		rule(e, "placeholder without words", post.Unknown, "absent", jsonAnswer(200, `{"__typename":"TweetTombstone","tombstone":{}}`)),
		rule(e, "{}", post.Unknown, "absent", jsonAnswer(200, `{}`)),
		rule(e, "404", post.NotFound, "absent", extract.PageAnswer(404, "<!doctype html><title>404</title>")),
		rule(e, "404 with a log-in, consent or challenge page", post.Unknown, "trouble", htmlAnswer(404)),
		rule(e, "400 with an error in JSON", post.Unknown, "absent", jsonAnswer(400, `{"error":"Bad request."}`)),
		rule(e, "another post", post.Unknown, "trouble", jsonAnswer(200, `{"__typename":"Tweet","id_str":"5","text":"hello","user":{"id_str":"7","name":"Ada","screen_name":"ada"}}`)),
		rule(e, "a page, a log-in, a challenge", post.Unknown, "trouble", htmlAnswer(200)),
		rule(e, "403", post.Unknown, "trouble", htmlAnswer(403)),
		rule(e, "429", post.Unknown, "trouble", htmlAnswer(429)),
		rule(e, "5xx", post.Unknown, "trouble", htmlAnswer(503)),
	}
}

func oembedRules() []extract.Rule {
	const e = EndpointOEmbed
	live := `{"url":"https://twitter.com/ada/status/` + sampleID + `","author_name":"Ada","author_url":"https://twitter.com/ada","html":"<blockquote class=\"twitter-tweet\"><p>hello</p>&mdash; Ada (@ada) <a href=\"https://twitter.com/ada/status/` + sampleID + `\">November 16, 2025</a></blockquote>","type":"rich"}`
	return []extract.Rule{
		rule(e, "the embed", post.Live, "stated", jsonAnswer(200, live)),
		rule(e, "404", post.NotFound, "absent", jsonAnswer(404, `{"error":"Sorry, that page does not exist"}`)),
		rule(e, "403 “not authorized to see this status”", post.Protected, "stated", jsonAnswer(403, `{"error":"Sorry, you are not authorized to see this status.","request":"/oembed"}`)),
		rule(e, "404 with a log-in, consent or challenge page", post.Unknown, "trouble", htmlAnswer(404)),
		rule(e, "403 without these words", post.Unknown, "trouble", htmlAnswer(403)),
		rule(e, "a page, a log-in, a challenge", post.Unknown, "trouble", htmlAnswer(200)),
		rule(e, "429", post.Unknown, "trouble", htmlAnswer(429)),
		rule(e, "5xx", post.Unknown, "trouble", htmlAnswer(502)),
	}
}

func v11Error(status, code int, message string) extract.Response {
	return jsonAnswer(status, fmt.Sprintf(`{"errors":[{"code":%d,"message":%q}]}`, code, message))
}

func v11Rules() []extract.Rule {
	const e = EndpointV11
	live := `{"id_str":"` + sampleID + `","full_text":"hello","created_at":"Sun Nov 16 10:12:27 +0000 2025","user":{"id_str":"7","name":"Ada","screen_name":"ada"}}`
	return []extract.Rule{
		rule(e, "the post", post.Live, "stated", jsonAnswer(200, live)),
		rule(e, "code 144 or 34: no such post", post.NotFound, "absent", v11Error(404, 144, "No status found with that ID.")),
		rule(e, "code 179 or 22: not authorised to see it", post.Protected, "stated", v11Error(403, 179, "Sorry, you are not authorized to see this status.")),
		rule(e, "code 63: suspended", post.AccountSuspended, "stated", v11Error(403, 63, "User has been suspended.")),
		rule(e, "code 17 or 50: no such user", post.AccountGone, "stated", v11Error(404, 50, "User not found.")),
		rule(e, "code 421: unavailable", post.Unknown, "absent", v11Error(404, 421, "This Tweet is no longer available.")),
		rule(e, "code 422: violated the rules", post.Removed, "stated", v11Error(404, 422, "This Tweet is no longer available because it violated the Twitter Rules.")),
		rule(e, "code 88: rate limit", post.Unknown, "trouble", v11Error(429, 88, "Rate limit exceeded.")),
		rule(e, "codes about the credentials (32, 64, 89, 215, 326, 453 …)", post.Unknown, "trouble", v11Error(403, 453, "You currently have access to a subset of endpoints.")),
		rule(e, "a page, 5xx", post.Unknown, "trouble", htmlAnswer(503)),
	}
}

func v2Rules() []extract.Rule {
	const e = EndpointV2
	problem := func(kind string) extract.Response {
		return jsonAnswer(200, fmt.Sprintf(`{"errors":[{"value":%q,"detail":"x","title":"x","resource_type":"tweet","parameter":"ids","resource_id":%q,"type":"https://api.twitter.com/2/problems/%s"}]}`,
			sampleID, sampleID, kind))
	}
	live := `{"data":[{"id":"` + sampleID + `","text":"hello","author_id":"7","created_at":"2025-11-16T10:12:27.000Z"}],"includes":{"users":[{"id":"7","name":"Ada","username":"ada"}]}}`
	return []extract.Rule{
		rule(e, "the post", post.Live, "stated", jsonAnswer(200, live)),
		rule(e, "resource-not-found", post.NotFound, "absent", problem("resource-not-found")),
		rule(e, "not-authorized-for-resource: protected or suspended", post.Unknown, "absent", problem("not-authorized-for-resource")),
		rule(e, "resource-unavailable, disallowed-resource", post.Unknown, "absent", problem("resource-unavailable")),
		rule(e, "usage-capped, client-forbidden", post.Unknown, "trouble", jsonAnswer(403, `{"title":"Client Forbidden","detail":"x","type":"https://api.twitter.com/2/problems/client-forbidden"}`)),
		rule(e, "429", post.Unknown, "trouble", jsonAnswer(429, `{"title":"Too Many Requests","detail":"Too Many Requests","type":"about:blank","status":429}`)),
		rule(e, "a page, 5xx", post.Unknown, "trouble", htmlAnswer(503)),
	}
}

package bluesky

import (
	"stet/extract"
	"stet/extract/post"
)

// The names of the endpoints, as they stand in looks.
const (
	// EndpointIndex is the platform's own index of the network, the AppView.
	EndpointIndex = "appview"
	// EndpointServer is the server that keeps the author's repository, the
	// personal data server.
	EndpointServer = "pds"
)

const (
	sampleDID = "did:plc:zzzzzzzzzzzzzzzzzzzzzzzz"
	sampleID  = "at://" + sampleDID + "/app.bsky.feed.post/3kzzzzzzzzzzz"
)

func jsonAnswer(status int, body string) extract.Response {
	return extract.Response{StatusCode: status, ContentType: "application/json; charset=utf-8", Body: []byte(body)}
}

func htmlAnswer(status int) extract.Response {
	return extract.Response{StatusCode: status, ContentType: "text/html", Body: []byte("<!doctype html><title>Just a moment</title>")}
}

func errorAnswer(status int, name, message string) extract.Response {
	return jsonAnswer(status, `{"error":"`+name+`","message":"`+message+`"}`)
}

// rule makes a rule. how is stated (the platform says so), absent (it follows
// from an absence), or trouble (it says nothing).
func rule(endpoint, answer string, status post.Status, how string, sample extract.Response) extract.Rule {
	return extract.Rule{Endpoint: endpoint, Answer: answer, Status: status, Explicit: how == "stated", Transport: how == "trouble", Sample: sample}
}

// Rules lists what the answers of the endpoints conclude.
func Rules() []extract.Rule { return append(indexRules(), serverRules()...) }

func indexRules() []extract.Rule {
	const e = EndpointIndex
	view := func(uri string) string {
		return `{"$type":"app.bsky.feed.defs#threadViewPost","post":{"uri":"` + uri + `","cid":"bafysample","author":{"did":"` + sampleDID +
			`","handle":"ada.example"},"record":{"$type":"app.bsky.feed.post","text":"hello","createdAt":"2025-11-16T10:12:27.000Z"}}}`
	}
	return []extract.Rule{
		rule(e, "the post", post.Live, "stated", jsonAnswer(200, `{"thread":`+view(sampleID)+`}`)),
		rule(e, "NotFound, for whatever reason", post.NotFound, "absent", errorAnswer(400, "NotFound", "Post not found: "+sampleID)),
		rule(e, "left out of a list", post.NotFound, "absent", jsonAnswer(200, `{"posts":[]}`)),
		rule(e, "notFoundPost", post.NotFound, "absent", jsonAnswer(200, `{"thread":{"$type":"app.bsky.feed.defs#notFoundPost","uri":"`+sampleID+`","notFound":true}}`)),
		rule(e, "blockedPost", post.Unknown, "absent", jsonAnswer(200, `{"thread":{"$type":"app.bsky.feed.defs#blockedPost","uri":"`+sampleID+`","blocked":true}}`)),
		rule(e, "InvalidRequest", post.Unknown, "absent", errorAnswer(400, "InvalidRequest", "uri must be a valid at-uri")),
		rule(e, "another post", post.Unknown, "trouble", jsonAnswer(200, `{"thread":`+view("at://"+sampleDID+"/app.bsky.feed.post/3kaaaaaaaaaaa")+`}`)),
		rule(e, "a post in another shape", post.Unknown, "trouble", jsonAnswer(200, `{"thread":{"post":{"uri":"`+sampleID+`"}}}`)),
		rule(e, "a page, a challenge", post.Unknown, "trouble", htmlAnswer(200)),
		rule(e, "403, 404", post.Unknown, "trouble", htmlAnswer(403)),
		rule(e, "429", post.Unknown, "trouble", errorAnswer(429, "RateLimitExceeded", "Too Many Requests")),
		rule(e, "5xx", post.Unknown, "trouble", errorAnswer(502, "UpstreamFailure", "Upstream service unreachable")),
	}
}

func serverRules() []extract.Rule {
	const e = EndpointServer
	repo := func(active, status string) extract.Response {
		return jsonAnswer(200, `{"did":"`+sampleDID+`","active":`+active+`,"status":"`+status+`"}`)
	}
	return []extract.Rule{
		rule(e, "the record", post.Live, "stated", jsonAnswer(200, `{"uri":"`+sampleID+
			`","cid":"bafysample","value":{"$type":"app.bsky.feed.post","text":"hello","createdAt":"2025-11-16T10:12:27.000Z"}}`)),
		rule(e, "RecordNotFound, and the repository is active", post.Deleted, "stated", repo("true", "")),
		rule(e, "RecordNotFound, and the repository is deactivated or deleted", post.AccountGone, "stated", repo("false", "deactivated")),
		rule(e, "RecordNotFound, and the repository is taken down or suspended", post.AccountSuspended, "stated", repo("false", "takendown")),
		rule(e, "RecordNotFound, and the repository is behind or of another state", post.NotFound, "absent", repo("false", "desynchronized")),
		rule(e, "RecordNotFound alone", post.NotFound, "absent", errorAnswer(400, "RecordNotFound", "Could not locate record: "+sampleID)),
		rule(e, "RepoNotFound, RepoDeactivated", post.AccountGone, "stated", errorAnswer(400, "RepoNotFound", "Could not find repo for DID: "+sampleDID)),
		rule(e, "RepoTakendown, RepoSuspended", post.AccountSuspended, "stated", errorAnswer(400, "RepoTakendown", "Repo has been takendown: "+sampleDID)),
		rule(e, "the directory: the account was given up (410)", post.AccountGone, "stated", jsonAnswer(410, `{"message":"DID not available: `+sampleDID+`"}`)),
		rule(e, "the directory: no such account (404)", post.NotFound, "absent", jsonAnswer(404, `{"message":"DID not registered: `+sampleDID+`"}`)),
		rule(e, "InvalidRequest", post.Unknown, "absent", errorAnswer(400, "InvalidRequest", "Could not find repo")),
		rule(e, "a page, a challenge", post.Unknown, "trouble", htmlAnswer(200)),
		rule(e, "429, 5xx, no server", post.Unknown, "trouble", errorAnswer(503, "NotReady", "Service unavailable")),
	}
}

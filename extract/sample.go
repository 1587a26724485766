package extract

import "stet/extract/post"

// PageAnswer makes a response with a page, as [Rule] has samples of. One that is
// left open is closed.
func PageAnswer(status int, body string) Response {
	if !ends([]byte(body)) {
		body += "</html>"
	}
	return Response{StatusCode: status, ContentType: "text/html; charset=utf-8", Body: []byte(body)}
}

// JSONAnswer makes a response with JSON, as [Rule] has samples of.
func JSONAnswer(status int, body string) Response {
	return Response{StatusCode: status, ContentType: "application/json; charset=utf-8", Body: []byte(body)}
}

// Says makes the rule for an answer in which the platform states something.
func Says(endpoint, answer string, status post.Status, sample Response) Rule {
	return Rule{Endpoint: endpoint, Answer: answer, Status: status, Explicit: true, Sample: sample}
}

// Implies makes the rule for an answer from which something follows.
func Implies(endpoint, answer string, status post.Status, sample Response) Rule {
	return Rule{Endpoint: endpoint, Answer: answer, Status: status, Sample: sample}
}

// SaysNothing makes the rule for an answer that is trouble on the way.
func SaysNothing(endpoint, answer string, sample Response) Rule {
	return Rule{Endpoint: endpoint, Answer: answer, Status: post.Unknown, Transport: true, Sample: sample}
}

// TroubleRules lists the rules for trouble that every platform can have.
func TroubleRules(endpoint string) []Rule {
	const challenge = "<!doctype html><title>Just a moment...</title><p>Checking your browser</p>"
	return []Rule{
		SaysNothing(endpoint, "a log-in, consent or challenge page", PageAnswer(200, challenge)),
		SaysNothing(endpoint, "403 or 404 with such a page", PageAnswer(403, challenge)),
		SaysNothing(endpoint, "403 or 404 with such a page", PageAnswer(404, challenge)),
		SaysNothing(endpoint, "429", PageAnswer(429, "Too many requests")),
		SaysNothing(endpoint, "5xx", PageAnswer(503, "Service unavailable")),
	}
}

package oembed

import (
	"net/http"

	"stet/extract"
	"stet/extract/post"
)

// EndpointWitness is the name of endpoints whose answers may not be kept, as it
// stands in looks.
const EndpointWitness = "oembed-witness"

// ReadWitness says what a response of Meta's endpoints means for the post that
// was asked about: that it is there, or nothing. Their terms forbid to keep what
// they say beyond that, so neither a post nor words come of it. They refuse
// posts that were removed, that are private and that are not for every country
// in the same way.
func ReadWitness(r extract.Response) extract.Answer {
	if a, ok := extract.HTTPTrouble(r.StatusCode); ok {
		return a
	}
	v, ok := r.Value()
	if !ok {
		return extract.Trouble(extract.ReasonNotJSON, false)
	}
	if r.StatusCode == http.StatusOK {
		if _, err := Decode(r.Body); err != nil || v.Get("html").Text() == "" {
			return extract.Trouble(extract.ReasonShape, false)
		}
		return extract.Answer{Status: post.Live, Explicit: true, Reason: extract.ReasonThere}
	}
	return readGraphError(v.Get("error"))
}

// readGraphError reads an error of the Graph API: what is wrong with the token
// and how often it was used has codes of its own.
func readGraphError(e extract.Value) extract.Answer {
	if !e.Get("code").IsNumber() {
		return extract.Trouble(extract.ReasonShape, false)
	}
	switch code := e.Get("code").Int(); {
	case code == 4 || code == 17 || code == 32 || code == 341 || code == 613:
		return extract.Trouble(extract.ReasonLimited, true)
	case code == 1 || code == 2:
		return extract.Trouble(extract.ReasonServer, true)
	case code == 10 || code == 102 || code == 190 || code >= 200 && code < 300:
		a := extract.Trouble(extract.ReasonRefused, false)
		a.Refused = true
		return a
	}
	return extract.Answer{Status: post.Unknown, Reason: extract.ReasonUnavailable}
}

// WitnessRules lists what the answers of those endpoints conclude.
func WitnessRules() []extract.Rule {
	const e = EndpointWitness
	failure := func(status int, code string) extract.Response {
		return extract.JSONAnswer(status, `{"error":{"message":"…","type":"OAuthException","code":`+code+`}}`)
	}
	rules := []extract.Rule{
		extract.Says(e, "the embed, of which nothing is kept", post.Live, extract.JSONAnswer(200, `{"version":"1.0","type":"rich","provider_name":"Meta","html":"<blockquote></blockquote>","width":658}`)),
		extract.Implies(e, "400, 403, 404: removed, private, not for every country, or not to be embedded", post.Unknown, failure(400, "100")),
		extract.SaysNothing(e, "the token is refused", failure(400, "190")),
		extract.SaysNothing(e, "too many requests", failure(403, "4")),
		extract.SaysNothing(e, "JSON of another shape", extract.JSONAnswer(200, `{"html":""}`)),
		extract.SaysNothing(e, "404 with a page", extract.PageAnswer(404, "<title>Not found</title>")),
	}
	return append(rules, extract.TroubleRules(e)...)
}

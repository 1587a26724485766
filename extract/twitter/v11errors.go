package twitter

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"

	"stet/extract"
	"stet/extract/post"
)

// apiError is one error of the v1.1 API.
type apiError struct {
	Code    num         `json:"code"`
	Message opt[string] `json:"message"`
}

// v11Trouble returns the answer that an error payload or a status stands for.
// It returns false for what is to be read further.
func v11Trouble(r extract.Response) (extract.Answer, bool) {
	if r.JSON() && extract.JSONKind(r.Body) == '{' {
		var e struct {
			Errors opt[list[apiError]] `json:"errors"`
		}
		if json.Unmarshal(r.Body, &e) == nil && len(e.Errors.V) > 0 {
			return believable(codeAnswer(&e.Errors.V[0]), r.StatusCode), true
		}
	}
	if a, ok := extract.HTTPTrouble(r.StatusCode); ok {
		return a, true
	}
	if r.StatusCode == 200 && !r.JSON() {
		return extract.Trouble(extract.ReasonNotJSON, false), true
	}
	return extract.Answer{}, false
}

// believable returns what a code says, or trouble where it comes with a status that
// no answer about a post has.
func believable(a extract.Answer, status int) extract.Answer {
	if t, ok := extract.HTTPTrouble(status); ok && !a.Transport {
		t.Words = a.Words
		return t
	}
	return a
}

// codeAnswer says what an error code means for the post that was asked for.
// Codes about the asking account (64, 326, …) say nothing about the post.
func codeAnswer(e *apiError) extract.Answer {
	status, explicit, reason := post.Unknown, true, extract.ReasonCode
	words := cmp.Or(e.Message.V, "code "+strconv.FormatInt(int64(e.Code), 10))
	switch e.Code {
	case 144, 34:
		// "No status found with that ID" and "that page does not exist".
		status, explicit, reason = post.NotFound, false, extract.ReasonAbsent
	case 179, 22:
		status = post.Protected
	case 63:
		status = post.AccountSuspended
	case 17, 50:
		status = post.AccountGone
	case 421:
		explicit, reason = false, extract.ReasonUnavailable
	case 422:
		if status = post.Withheld; strings.Contains(strings.ToLower(e.Message.V), "violat") {
			status = post.Removed
		}
	case 88, 130, 131, 429:
		a := extract.Trouble(extract.ReasonLimited, true)
		if e.Code == 130 || e.Code == 131 {
			a.Reason = extract.ReasonServer
		}
		a.Words = words
		return a
	case 32, 64, 87, 89, 99, 135, 200, 215, 220, 239, 326, 353, 453:
		a := extract.Trouble(extract.ReasonRefused, false)
		a.Refused, a.Words = true, words
		return a
	default:
		a := extract.Trouble(extract.ReasonCode, false)
		a.Words = words
		return a
	}
	return extract.Answer{Status: status, Explicit: explicit, Reason: reason, Words: words}
}

package mastodon

import (
	"slices"
	"strings"

	"stet/extract"
	"stet/extract/post"
)

// ReadStatus says what a response of an instance's own interface,
// /api/v1/statuses/:id, means for the post ref. The interface answers 404 alike
// for posts that are deleted, that are not public, and that never were.
func ReadStatus(ref post.Ref, r extract.Response) extract.Answer {
	if a, ok := trouble(r); ok {
		return a
	}
	switch {
	case r.StatusCode == 200 && !r.JSON():
		return extract.Trouble(extract.ReasonNotJSON, false)
	case r.StatusCode == 200:
		return readStatus(ref, r.Body)
	case r.StatusCode == 404 && isNotFound(r), r.StatusCode == 410 && r.JSON():
		return extract.Answer{Status: post.NotFound, Reason: extract.ReasonAbsent, Words: errorWords(r.Body)}
	}
	return other(r)
}

func readStatus(ref post.Ref, body []byte) extract.Answer {
	var s status
	if err := extract.DecodeJSON(body, &s); err != nil || s.ID == "" {
		return extract.Trouble(extract.ReasonShape, false)
	}
	if string(s.ID) != NumberOf(ref) {
		return extract.Trouble(extract.ReasonOtherPost, false)
	}
	if a := &s.Account.V; a.whole() && a.Suspended.V {
		if strings.Contains(string(a.Acct), "@") {
			// This instance hides an account of another: that says nothing of
			// the post at its own.
			return extract.Answer{Status: post.Unknown, Reason: extract.ReasonUnavailable, Words: "the instance suspended the account of another host"}
		}
		return extract.Answer{Status: post.AccountSuspended, Explicit: true, Reason: extract.ReasonStated, Words: "the account is suspended"}
	}
	p, err := ParseStatus(ref, body)
	if err != nil {
		return extract.Trouble(extract.ReasonShape, false)
	}
	return shown(p)
}

func shown(p extract.Parsed) extract.Answer {
	return extract.Answer{Status: post.Live, Explicit: true, Reason: extract.ReasonShown, Parsed: &p}
}

// trouble is [extract.HTTPTrouble] with the words of the instance: that it
// wants a log-in, say.
func trouble(r extract.Response) (extract.Answer, bool) {
	a, ok := extract.HTTPTrouble(r.StatusCode)
	if ok && r.JSON() {
		a.Words = errorWords(r.Body)
	}
	return a, ok
}

// other is the answer for a status that says nothing of a post: 403 of a
// challenge or a closed interface, 404 of a page, 422.
func other(r extract.Response) extract.Answer {
	a := extract.Trouble(extract.ReasonHTTP, false)
	if r.JSON() {
		a.Words = errorWords(r.Body)
	}
	return a
}

// isNotFound reports whether a 404 is the software's own word for a record that
// it does not know, rather than that of a page, or of a host on which something
// else runs now.
func isNotFound(r extract.Response) bool {
	if !r.JSON() {
		return false
	}
	words := strings.ToLower(errorWords(r.Body))
	return slices.ContainsFunc(notFoundWords(), func(w string) bool { return words == w || strings.HasPrefix(words, w+":") })
}

// notFoundWords lists how the software says so: Mastodon, Pleroma and Pixelfed,
// then Mastodon for posts that may not be seen, and GoToSocial.
func notFoundWords() []string { return []string{"record not found", "not found"} }

// InstanceParser names the reader of an instance's description of itself.
const InstanceParser = "mastodon.instance/1"

// IsInstance reports whether a response to /api/v1/instance shows that the host
// still runs the software: only then do its negative answers mean anything.
func IsInstance(r extract.Response) bool {
	var v struct {
		URI     str `json:"uri"`
		Domain  str `json:"domain"`
		Title   str `json:"title"`
		Version str `json:"version"`
	}
	if r.StatusCode != 200 || !r.JSON() || extract.DecodeJSON(r.Body, &v) != nil {
		return false
	}
	return v.Version != "" && (v.URI != "" || v.Domain != "")
}

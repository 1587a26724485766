package twitter

import (
	"bytes"
	"encoding/json"
	"path"

	"stet/extract"
)

// OtherVocabulary reports whether an answer of v2 with status 400 refuses the
// names of fields or expansions that were asked for: the description of 2026
// calls post what was called tweet before, and an interface may know only one
// of the two. Ids that are refused are another matter.
func OtherVocabulary(r extract.Response) bool {
	if r.StatusCode != 400 || !r.JSON() {
		return false
	}
	var p struct {
		Type   string `json:"type"`
		Detail string `json:"detail"`
		Errors []struct {
			Message    string                     `json:"message"`
			Parameters map[string]json.RawMessage `json:"parameters"`
		} `json:"errors"`
	}
	if json.Unmarshal(r.Body, &p) != nil || (p.Type != "" && path.Base(p.Type) != "invalid-request") {
		return false
	}
	if namesFields([]byte(p.Detail)) {
		return true
	}
	for _, e := range p.Errors {
		if namesFields([]byte(e.Message)) {
			return true
		}
		for name := range e.Parameters {
			if namesFields([]byte(name)) {
				return true
			}
		}
	}
	return false
}

// namesFields reports whether a sentence or parameter is about the names of
// fields or expansions.
func namesFields(s []byte) bool {
	for _, word := range []string{"tweet.fields", "post.fields", "expansions", "referenced_tweets", "referenced_posts",
		"edit_history_tweet_ids", "edit_history_post_ids", "note_tweet", "note_post"} {
		if bytes.Contains(s, []byte(word)) {
			return true
		}
	}
	return false
}

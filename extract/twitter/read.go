package twitter

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"stet/extract"
	"stet/extract/post"
)

// ReadSyndication says what a response of the keyless endpoint means for the
// post id. The platform gives the same answers, a bare placeholder or nothing,
// for living posts that it does not show to everybody; such an answer is
// Unknown. Placeholders are understood in English: ask with lang=en.
func ReadSyndication(id string, r extract.Response) extract.Answer {
	if a, ok := extract.HTTPTrouble(r.StatusCode); ok {
		return a
	}
	switch r.StatusCode {
	case 200:
		return readSyndication(id, r)
	case 404, 410:
		if r.Wall() {
			return extract.Trouble(extract.ReasonWall, true)
		}
		return extract.Answer{Status: post.NotFound, Reason: extract.ReasonAbsent}
	case 400:
		if r.JSON() {
			return extract.Answer{Status: post.Unknown, Reason: extract.ReasonBadID, Words: errorWords(r.Body)}
		}
	}
	return extract.Trouble(extract.ReasonHTTP, false)
}

func readSyndication(id string, r extract.Response) extract.Answer {
	if !r.JSON() {
		return extract.Trouble(extract.ReasonNotJSON, false)
	}
	var head struct {
		Typename  str             `json:"__typename"`
		ID        str             `json:"id_str"`
		User      json.RawMessage `json:"user"`
		Tombstone opt[tombstone]  `json:"tombstone"`
	}
	if err := json.Unmarshal(r.Body, &head); err != nil {
		return extract.Trouble(extract.ReasonShape, false)
	}
	switch head.Typename {
	case "TweetTombstone":
		return readTombstone(&head.Tombstone.V)
	case "Tweet", "":
	default:
		return extract.Trouble(extract.ReasonShape, false)
	}
	if isEmptyObject(r.Body) {
		return unknown(extract.ReasonEmpty)
	}
	if string(head.ID) == id && validID(id) && !hasMembers(head.User) {
		return extract.Answer{Status: post.AccountSuspended, Reason: extract.ReasonNoAuthor}
	}
	p, err := ParseSyndication(r.Body)
	return shown(id, p, err)
}

// shown returns the answer for a payload that was parsed, or not, when id was
// asked for.
func shown(id string, p extract.Parsed, err error) extract.Answer {
	switch {
	case err != nil:
		return extract.Trouble(extract.ReasonShape, false)
	case p.Post.ID != id && !inChain(&p.Post, id):
		return extract.Trouble(extract.ReasonOtherPost, false)
	}
	return extract.Answer{Status: post.Live, Explicit: true, Reason: extract.ReasonShown, Parsed: &p}
}

func unknown(reason string) extract.Answer {
	return extract.Answer{Status: post.Unknown, Reason: reason}
}

// isEmptyObject reports whether body, which is JSON, is {} or null.
func isEmptyObject(body []byte) bool {
	const blanks = " \t\r\n"
	body = bytes.Trim(body, blanks)
	if inner, ok := bytes.CutPrefix(body, []byte("{")); ok {
		return string(bytes.TrimLeft(inner, blanks)) == "}"
	}
	return string(body) == "null"
}

// hasMembers reports whether raw is an object that is not empty.
func hasMembers(raw json.RawMessage) bool {
	return isObject(raw) && !isEmptyObject(raw)
}

// errorWords returns the words of an error payload, {"error":"…"}.
func errorWords(body []byte) string {
	var e struct {
		Error opt[string] `json:"error"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return ""
	}
	return e.Error.V
}

// tombstone is what the platform shows in place of a post. Its text is an
// object with a text in it.
type tombstone struct {
	Text opt[richText] `json:"text"`
}

// richText is a text with or without markup.
type richText struct{ text string }

var errNoText = errors.New("no text")

// UnmarshalJSON reads a string, or an object with a text.
func (t *richText) UnmarshalJSON(b []byte) error {
	var v struct {
		Text opt[string] `json:"text"`
	}
	if json.Unmarshal(b, &t.text) == nil {
		return nil
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	if !v.Text.Set {
		return errNoText
	}
	t.text = v.Text.V
	return nil
}

// readTombstone says what a placeholder means. Only its own text is looked at,
// never that of a post.
func readTombstone(t *tombstone) extract.Answer {
	words := strings.TrimSpace(t.Text.V.text)
	if words == "" {
		return unknown(extract.ReasonNoWords)
	}
	status, reason := tombstoneStatus(words)
	return extract.Answer{Status: status, Explicit: status != post.Unknown, Reason: reason, Words: words}
}

// tombstoneStatus reads the words of a placeholder. The platform changed its
// name and calls a tweet a post since 2023; both are read.
func tombstoneStatus(words string) (post.Status, string) {
	s := strings.ToLower(strings.Join(strings.Fields(words), " "))
	s = strings.NewReplacer("’", "'", "tweets", "posts", "tweet", "post").Replace(s)
	for _, w := range tombstoneWords() {
		if strings.HasPrefix(s, w.begins) && strings.Contains(s, w.has) {
			if w.status == post.Unknown {
				return w.status, extract.ReasonUnavailable
			}
			return w.status, extract.ReasonStated
		}
	}
	return post.Unknown, extract.ReasonOtherWords
}

// placeholderWords are the words of one kind of placeholder.
type placeholderWords struct {
	begins, has string
	status      post.Status
}

// tombstoneWords lists the English placeholders, in lower case with straight
// apostrophes, tweets called posts.
func tombstoneWords() []placeholderWords {
	return []placeholderWords{
		{"this post was deleted by the post author", "", post.Deleted},
		{"this post was deleted by its author", "", post.Deleted},
		{"this post is from a suspended account", "", post.AccountSuspended},
		{"this post is from an account that is suspended", "", post.AccountSuspended},
		{"this account", "suspended", post.AccountSuspended},
		{"this post is from an account that no longer exists", "", post.AccountGone},
		{"this account doesn't exist", "", post.AccountGone},
		{"you're unable to view this post because this account owner limits who can view their posts", "", post.Protected},
		{"you are unable to view this post because", "limits who can view", post.Protected},
		{"this account owner limits who can view", "", post.Protected},
		{"these posts are protected", "", post.Protected},
		{"this post is from a protected account", "", post.Protected},
		{"age-restricted", "", post.AgeRestricted},
		{"this post is age-restricted", "", post.AgeRestricted},
		{"this post violated the", "rules", post.Removed},
		{"this post is no longer available because it violated", "", post.Removed},
		{"this post from", "has been withheld in", post.Withheld},
		{"this post from", "is withheld", post.Withheld},
		{"this post has been withheld", "", post.Withheld},
		{"this post is withheld", "", post.Withheld},
		{"this account has been withheld", "", post.Withheld},
		{"this post is unavailable", "", post.Unknown},
		{"this post is no longer available", "", post.Unknown},
		{"this post isn't available", "", post.Unknown},
		{"this post is not available", "", post.Unknown},
	}
}

package reddit

import (
	"fmt"
	"slices"
	"strings"

	"stet/extract"
	"stet/extract/post"
)

// The names of the endpoints, as they stand in looks.
const (
	// EndpointInfo answers for many things by their names.
	EndpointInfo = "info"
	// EndpointAPI is the same for apps that are known to the platform.
	EndpointAPI = "api-info"
	// EndpointJSON is the page of a post, or of a comment in it, as data.
	EndpointJSON = "json"
)

// Parser names the parser of what the endpoints show, with its version.
const Parser = "reddit.thing/1"

// thing is what the platform calls a post (t3) or a comment (t1).
type thing struct {
	kind, id string
	data     extract.Value
}

// known reports whether a thing is of a kind that there is, and has an id: among
// others nothing is missing, but not recognised.
func (t *thing) known() bool {
	if len(t.kind) == 2 && t.kind[0] == 't' && t.kind[1] >= '1' && t.kind[1] <= '6' {
		own, ok := base36(t.id)
		return ok && own == t.id
	}
	return t.kind == "more"
}

// nameOf returns the kind and the own id of what an id of stet names: a post,
// or, after a slash, a comment in it.
func nameOf(id string) (kind, own string, ok bool) {
	head, comment, isComment := strings.Cut(id, "/")
	if p, valid := base36(head); !valid || p != head {
		return "", "", false
	}
	if !isComment {
		return "t3", head, true
	}
	c, valid := base36(comment)
	return "t1", comment, valid && c == comment
}

// Fullname returns the platform's own name of what an id names: t3_ and the id
// of a post, t1_ and that of a comment. It returns false for what is no id.
func Fullname(id string) (string, bool) {
	kind, own, ok := nameOf(id)
	return kind + "_" + own, ok
}

// ReadInfo says what an answer for several things means for each of ids. What
// the platform does not know is left out without a word.
func ReadInfo(ids []string, r extract.Response) map[string]extract.Answer {
	all := make(map[string]extract.Answer, len(ids))
	list, trouble, ok := thingsOf(r)
	if ok && strangers(ids, list) {
		// What is left out is believed of an answer to this question only.
		ok, trouble = false, extract.Trouble(extract.ReasonOtherPost, false)
	}
	for _, id := range ids {
		switch {
		case !ok:
			all[id] = trouble
		default:
			all[id] = readThing(id, list, extract.ReasonLeftOut)
		}
	}
	return all
}

// strangers reports whether things are among those of an answer that were not
// asked for.
func strangers(ids []string, list []thing) bool {
	asked := make(map[string]bool, len(ids))
	for _, id := range ids {
		if name, ok := Fullname(id); ok {
			asked[name] = true
		}
	}
	return slices.ContainsFunc(list, func(t thing) bool { return !asked[t.kind+"_"+t.id] })
}

// ReadJSON says what the page of a post or comment, as data, means for id. A
// removed post is answered with 200 as if it were there: what was done to it
// stands in its members.
func ReadJSON(id string, r extract.Response) extract.Answer {
	list, a, ok := thingsOf(r)
	if !ok {
		return a
	}
	if kind, _, _ := nameOf(id); kind == "t1" {
		return readThing(id, list, extract.ReasonAbsent)
	}
	if len(list) == 0 {
		return extract.Trouble(extract.ReasonShape, false)
	}
	a = readThing(id, list, "")
	if a.Reason == "" {
		return extract.Trouble(extract.ReasonOtherPost, false)
	}
	return a
}

// thingsOf returns the things in a response, or the answer where it has none to
// tell.
func thingsOf(r extract.Response) ([]thing, extract.Answer, bool) {
	if a, ok := extract.HTTPTrouble(r.StatusCode); ok {
		return nil, a, false
	}
	if !r.JSON() {
		return nil, extract.Trouble(extract.ReasonNotJSON, false), false
	}
	v, err := extract.ParseValue(r.Body)
	switch {
	case err != nil:
		return nil, extract.Trouble(extract.ReasonShape, false), false
	case r.StatusCode != 200:
		return nil, readRefusal(r.StatusCode, v), false
	}
	listings := v.List()
	if listings == nil {
		listings = []extract.Value{v}
	}
	list := []thing{}
	for _, l := range listings {
		children := l.Get("data", "children").List()
		if l.Get("kind").Text() != "Listing" || children == nil {
			return nil, extract.Trouble(extract.ReasonShape, false), false
		}
		for _, c := range children {
			t := thing{kind: c.Get("kind").Text(), id: c.Get("data", "id").Text(), data: c.Get("data")}
			if !t.known() {
				return nil, extract.Trouble(extract.ReasonShape, false), false
			}
			list = append(list, t)
		}
	}
	return list, extract.Answer{}, true
}

// readRefusal reads an error in JSON. Those without a reason are limits of the
// network as often as not.
func readRefusal(status int, v extract.Value) extract.Answer {
	a := extract.Answer{Status: post.Unknown, Explicit: true, Reason: extract.ReasonCode, Words: v.Get("reason").Text(), Alone: true}
	switch reason := a.Words; {
	case status == 403 && (reason == "private" || reason == "gold_only"):
		a.Status = post.Protected
	case status == 404 && reason == "banned":
		// The platform closed the community, with everything in it.
		a.Status = post.Removed
	case status == 403 && reason == "quarantined":
		a.Explicit, a.Reason = false, extract.ReasonNotAuthorised
	case status == 404 && v.Get("error").Int() == 404:
		return extract.Answer{Status: post.NotFound, Reason: extract.ReasonAbsent, Words: v.Get("message").Text()}
	default:
		return extract.Trouble(extract.ReasonHTTP, false)
	}
	return a
}

// readThing reads what an id names among things. absent is the reason where it
// is not among them.
func readThing(id string, list []thing, absent string) extract.Answer {
	kind, own, ok := nameOf(id)
	if !ok {
		return extract.Answer{Status: post.Unknown, Reason: extract.ReasonBadID}
	}
	i := slices.IndexFunc(list, func(t thing) bool { return t.kind == kind && t.id == own })
	if i < 0 {
		if absent == "" {
			return extract.Answer{}
		}
		return extract.Answer{Status: post.NotFound, Reason: absent}
	}
	t := &list[i]
	if kind == "t1" && t.data.Get("link_id").Text() != "t3_"+strings.TrimSuffix(id, "/"+own) {
		return extract.Trouble(extract.ReasonOtherPost, false)
	}
	if a, gone := t.removed(); gone {
		return a
	}
	parsed, err := t.parse(id)
	if err != nil {
		return extract.Trouble(extract.ReasonShape, false)
	}
	return extract.Answer{Status: post.Live, Explicit: true, Reason: extract.ReasonShown, Parsed: &parsed}
}

// What the platform writes in place of an author or of words.
const (
	deletedMark = "[deleted]"
	removedMark = "[removed]"
)

// removed reads what was done to a thing that is answered as if it were there.
// Words alone do not count: people write them, too.
func (t *thing) removed() (extract.Answer, bool) {
	if t.kind == "t1" {
		return t.removedComment()
	}
	if category := t.data.Get("removed_by_category").Text(); category != "" {
		return byCategory(category), true
	}
	nobody := t.data.Get("author").Text() == deletedMark || !t.data.Get("author").Exists()
	unlisted := t.data.Get("is_robot_indexable").False()
	if mark := t.mark(); mark != "" && (nobody || unlisted) {
		return marked(mark), true
	}
	if nobody && unlisted {
		return extract.Answer{Status: post.Unknown, Reason: extract.ReasonNoAuthor}, true
	}
	return extract.Answer{}, false
}

// byCategory reads who took a post away.
func byCategory(category string) extract.Answer {
	a := extract.Answer{Status: post.Removed, Explicit: true, Reason: extract.ReasonCode, Words: "removed_by_category: " + category}
	switch category {
	case "deleted", "author":
		a.Status = post.Deleted
	case "moderator", "automod_filtered", "community_ops", "reddit", "anti_evil_ops", "content_takedown", "copyright_takedown":
	default:
		a.Status, a.Explicit, a.Reason = post.Unknown, false, extract.ReasonOtherWords
	}
	return a
}

// mark returns what the platform wrote in place of a post's words.
func (t *thing) mark() string {
	for _, name := range []string{"title", "selftext"} {
		switch s := t.data.Get(name).Text(); {
		case s == deletedMark, s == removedMark, s == "[deleted by user]",
			strings.HasPrefix(s, "[ Removed by ") && strings.HasSuffix(s, " ]"):
			return s
		}
	}
	return ""
}

// marked reads a mark that stands in place of words.
func marked(mark string) extract.Answer {
	a := extract.Answer{Status: post.Removed, Explicit: true, Reason: extract.ReasonStated, Words: mark}
	if mark == deletedMark || mark == "[deleted by user]" {
		a.Status = post.Deleted
	}
	return a
}

// removedComment reads what was done to a comment: its author is hidden with
// its words.
func (t *thing) removedComment() (extract.Answer, bool) {
	if t.data.Get("author").Text() != deletedMark {
		return extract.Answer{}, false
	}
	switch body := t.data.Get("body").Text(); body {
	case deletedMark, removedMark, "[ Removed by Reddit ]":
		return marked(body), true
	}
	return extract.Answer{}, false
}

// Parse reads the post or comment id from the answer of either endpoint. It
// errors with [extract.ErrShape] where the answer does not show it.
func Parse(id string, body []byte) (extract.Parsed, error) {
	a := ReadJSON(id, extract.Response{StatusCode: 200, ContentType: "application/json", Body: body})
	if a.Parsed == nil {
		return extract.Parsed{}, fmt.Errorf("%w: %.30s is not shown: %s", extract.ErrShape, id, a.Reason)
	}
	return *a.Parsed, nil
}

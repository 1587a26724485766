package twitter

import (
	"cmp"
	"slices"
	"strings"

	"stet/extract"
	"stet/extract/post"
)

// v2Problem is one problem that an answer of the v2 API reports.
type v2Problem struct {
	Type         str `json:"type"`
	Title        str `json:"title"`
	Detail       str `json:"detail"`
	ResourceType str `json:"resource_type"`
	ResourceID   str `json:"resource_id"`
	Parameter    str `json:"parameter"`
	Section      str `json:"section"`
	Value        str `json:"value"`
	// Message and Parameters are those of a request that was refused: which
	// parameter had which values.
	Message    opt[string]               `json:"message"`
	Parameters opt[map[string]list[str]] `json:"parameters"`
}

// kind returns the last segment of the type, which is the same on all hosts.
func (p *v2Problem) kind() string {
	s := strings.TrimRight(string(p.Type), "/")
	return s[strings.LastIndexByte(s, '/')+1:]
}

func (p *v2Problem) words() string { return cmp.Or(p.Message.V, string(p.Detail), string(p.Title)) }

// refuses reports whether the problem is that id cannot be one.
func (p *v2Problem) refuses(id string) bool {
	if p.kind() == "invalid-request" && p.about(id) {
		return true
	}
	return slices.Contains(p.Parameters.V["ids"], str(id)) || slices.Contains(p.Parameters.V["id"], str(id))
}

// about reports whether the problem is about the post id itself. Answers also
// report problems of posts that the one asked for refers to, and of single
// members.
func (p *v2Problem) about(id string) bool {
	if string(p.ResourceID) != id && string(p.Value) != id {
		return false
	}
	if p.ResourceType != "" && p.ResourceType != "tweet" && p.ResourceType != "post" {
		return false
	}
	switch p.Parameter {
	case "", "id", "ids", "tweet_id", "post_id", "tweet_ids", "post_ids":
		return p.Section == "" || p.Section == "data"
	}
	return false
}

// ReadV2 says what an answer of the v2 API to a look-up of one or several posts
// means for each of the ids that were asked for.
func ReadV2(ids []string, r extract.Response) map[string]extract.Answer {
	out := make(map[string]extract.Answer, len(ids))
	a, whole, ok := readV2(r)
	if !ok {
		for _, id := range ids {
			out[id] = whole
		}
		return out
	}
	reader := newV2Reader(&a)
	for _, id := range ids {
		out[id] = v2AnswerFor(id, &a, reader, len(ids) == 1)
	}
	return out
}

// readV2 decodes an answer. Where the whole request failed it returns false and
// the answer that holds for every post.
func readV2(r extract.Response) (a v2Answer, whole extract.Answer, ok bool) {
	if !r.JSON() {
		if t, ok := extract.HTTPTrouble(r.StatusCode); ok {
			return a, t, false
		}
		if r.StatusCode == 200 {
			return a, extract.Trouble(extract.ReasonNotJSON, false), false
		}
		return a, extract.Trouble(extract.ReasonHTTP, false), false
	}
	if err := extract.DecodeJSON(r.Body, &a); err != nil {
		if t, ok := extract.HTTPTrouble(r.StatusCode); ok {
			return a, t, false
		}
		return a, extract.Trouble(extract.ReasonShape, false), false
	}
	if len(a.Data) > 0 && r.StatusCode == 200 {
		return a, whole, true
	}
	if t, ok := a.refusal(r.StatusCode); ok {
		return a, t, false
	}
	return a, whole, true
}

// refusal returns the answer where a request failed as a whole: limits, plans,
// credentials, errors of the server.
func (a *v2Answer) refusal(status int) (extract.Answer, bool) {
	for i := range a.problems() {
		if t, ok := a.problems()[i].refusal(); ok {
			return t, true
		}
	}
	t, ok := extract.HTTPTrouble(status)
	if !ok && status == 451 {
		t, ok = extract.Trouble(extract.ReasonHTTP, false), true
	}
	if !ok && status == 403 {
		t, ok = extract.Trouble(extract.ReasonRefused, false), true
		t.Refused = true
	}
	if !ok && status == 400 && !a.blamesValue() {
		t, ok = extract.Trouble(extract.ReasonHTTP, false), true
	}
	if len(a.Errors.V) > 0 {
		t.Words = a.Errors.V[0].words()
	}
	t.Words = cmp.Or(t.Words, a.words())
	return t, ok
}

// problems returns the problem of the whole request and those of its parts.
func (a *v2Answer) problems() []v2Problem {
	return append([]v2Problem{a.v2Problem}, a.Errors.V...)
}

func (p *v2Problem) refusal() (extract.Answer, bool) {
	t := extract.Trouble(extract.ReasonRefused, false)
	t.Words = p.words()
	switch p.kind() {
	case "rate-limit-exceeded":
		t.Reason, t.Retry = extract.ReasonLimited, true
	case "internal-error", "service-unavailable", "operational-disconnect", "streaming-connection":
		t.Reason, t.Retry = extract.ReasonServer, true
	case "usage-capped", "client-forbidden", "client-disconnected", "unsupported-authentication", "credits-depleted", "not-authorized-for-app", "oauth1-permissions", "invalid-token":
		t.Refused = true
	default:
		return extract.Answer{}, false
	}
	return t, true
}

// blamesValue reports whether a request was refused because of an id.
func (a *v2Answer) blamesValue() bool {
	return slices.ContainsFunc(a.Errors.V, func(p v2Problem) bool {
		named := p.kind() == "invalid-request" && (p.Parameter == "id" || p.Parameter == "ids")
		return named || p.Parameters.V["id"] != nil || p.Parameters.V["ids"] != nil
	})
}

// v2AnswerFor says what the answer means for one of the posts asked for. alone
// is true where it was the only one.
func v2AnswerFor(id string, a *v2Answer, reader *v2Reader, alone bool) extract.Answer {
	if p, ok := reader.parsed(id, a.Data); ok {
		return a.shownV2(id, p)
	}
	problems := a.problems()
	if top := &problems[0]; alone && top.kind() != "" && top.ResourceID == "" && top.Value == "" {
		top.ResourceID = str(id)
	}
	for i := range problems {
		switch p := &problems[i]; {
		case p.refuses(id):
			return extract.Answer{Status: post.Unknown, Reason: extract.ReasonBadID, Words: p.words()}
		case p.about(id):
			return p.answer()
		}
	}
	switch {
	case a.blamesValue():
		// Another id of the batch spoiled it.
		return extract.Trouble(extract.ReasonHTTP, false)
	case len(a.Data) == 0 && len(a.Errors.V) == 0:
		return unknown(extract.ReasonEmpty)
	}
	return unknown(extract.ReasonLeftOut)
}

// shownV2 returns the answer for a post that is there.
func (a *v2Answer) shownV2(id string, p extract.Parsed) extract.Answer {
	for i := range a.Data {
		d := &a.Data[i]
		if string(d.ID) != p.Post.ID || !d.Withheld.Set {
			continue
		}
		out := extract.Answer{Status: post.Withheld, Explicit: true, Reason: extract.ReasonStated, Parsed: &p}
		if withheldEverywhere(d.Withheld.V.Countries.V, d.Withheld.V.Copyright.V) {
			out.Parsed = nil
		}
		return out
	}
	return shown(id, p, nil)
}

// answer says what a problem means for the post that it is about.
func (p *v2Problem) answer() extract.Answer {
	out := extract.Answer{Status: post.Unknown, Reason: extract.ReasonCode, Words: p.words()}
	switch p.kind() {
	case "resource-not-found":
		out.Status, out.Reason = post.NotFound, extract.ReasonAbsent
	case "not-authorized-for-resource":
		// The account is protected, or suspended: the API does not say which.
		out.Reason = extract.ReasonNotAuthorised
	case "resource-unavailable", "disallowed-resource":
		out.Reason = extract.ReasonUnavailable
	}
	return out
}

// ReadV2Users says what an answer of the v2 API to a look-up of accounts means
// for each of the ids that were asked for: Live, Protected, AccountSuspended or
// AccountGone, all of the account and none of a post.
func ReadV2Users(ids []string, r extract.Response) map[string]extract.Answer {
	out := make(map[string]extract.Answer, len(ids))
	var users struct {
		Data many[struct {
			ID        str       `json:"id"`
			Protected opt[bool] `json:"protected"`
		}] `json:"data"`
	}
	a, whole, ok := readV2(r)
	if ok {
		if err := extract.DecodeJSON(r.Body, &users); err != nil {
			whole, ok = extract.Trouble(extract.ReasonShape, false), false
		}
	}
	for _, id := range ids {
		if !ok {
			out[id] = whole
			continue
		}
		out[id] = unknown(extract.ReasonLeftOut)
		for _, u := range users.Data {
			if string(u.ID) == id {
				out[id] = extract.Answer{Status: post.Live, Explicit: true, Reason: extract.ReasonShown}
				if u.Protected.V {
					out[id] = extract.Answer{Status: post.Protected, Explicit: true, Reason: extract.ReasonStated}
				}
			}
		}
		for i := range a.Errors.V {
			if p := &a.Errors.V[i]; p.ResourceType == "user" && (string(p.ResourceID) == id || string(p.Value) == id) {
				out[id] = p.accountAnswer()
			}
		}
	}
	return out
}

// accountAnswer says what a problem means for the account that it is about. The
// API has one type for accounts that do not exist and for suspended ones; the
// words differ.
func (p *v2Problem) accountAnswer() extract.Answer {
	out := extract.Answer{Status: post.Unknown, Reason: extract.ReasonCode, Words: p.words()}
	words := strings.ToLower(p.words())
	switch {
	case strings.HasPrefix(words, "user has been suspended"):
		out.Status, out.Explicit, out.Reason = post.AccountSuspended, true, extract.ReasonStated
	case p.kind() == "resource-not-found":
		out.Status, out.Explicit = post.AccountGone, true
	case p.kind() == "not-authorized-for-resource":
		out.Reason = extract.ReasonNotAuthorised
	}
	return out
}

package fakenet

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// api serves api.x.com and api.twitter.com: v2, v1.1 and oauth2/token.
func (x *X) api(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/2/tweets":
		x.v2Lookup(w, r, strings.Split(r.URL.Query().Get("ids"), ","), true)
	case strings.HasPrefix(r.URL.Path, "/2/tweets/"):
		x.v2Lookup(w, r, []string{strings.TrimPrefix(r.URL.Path, "/2/tweets/")}, false)
	case r.URL.Path == "/1.1/statuses/show.json":
		x.v1Show(w, r)
	case r.URL.Path == "/1.1/statuses/lookup.json":
		x.v1Lookup(w, r)
	case r.URL.Path == "/oauth2/token" && r.Method == http.MethodPost:
		x.token(w, r)
	case strings.HasPrefix(r.URL.Path, "/1.1/"):
		v1Error(w, http.StatusNotFound, 34, "Sorry, that page does not exist.")
	default:
		http.NotFound(w, r)
	}
}

// token sells the bearer token for the consumer's key and secret.
func (x *X) token(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	o := x.opts
	x.mu.Unlock()
	key, secret, ok := r.BasicAuth()
	if !ok {
		key, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	if key != o.ConsumerKey || secret != o.ConsumerSecret || r.PostFormValue("grant_type") != "client_credentials" {
		v1Error(w, http.StatusForbidden, 99, "Unable to verify your credentials")
		return
	}
	writeJSON(w, http.StatusOK, obj{"token_type": "bearer", "access_token": o.Bearer})
}

// authorized reports whether a request carries the bearer token, or is signed
// with OAuth 1 by the consumer.
func (x *X) authorized(r *http.Request) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	auth := r.Header.Get("Authorization")
	return auth == "Bearer "+x.opts.Bearer ||
		strings.HasPrefix(auth, "OAuth ") && strings.Contains(auth, `oauth_consumer_key="`+x.opts.ConsumerKey+`"`)
}

// limits writes the headers of a rate limit that is far away.
func (x *X) limits(w http.ResponseWriter, limit int) {
	w.Header().Set("x-rate-limit-limit", strconv.Itoa(limit))
	w.Header().Set("x-rate-limit-remaining", strconv.Itoa(limit-1))
	w.Header().Set("x-rate-limit-reset", strconv.FormatInt(x.net.now().Add(15*time.Minute).Unix(), 10))
}

// v2Words are the names in which the two vocabularies of v2 differ.
type v2Words struct {
	fields, resource                 string // post.fields, post
	posts, note, referenced, history string
	expandReferenced                 string
}

func (x *X) v2Words() v2Words {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.opts.NewVocabulary {
		return v2Words{"post.fields", "post", "posts", "note_post", "referenced_posts", "edit_history_post_ids", "referenced_posts"}
	}
	return v2Words{"tweet.fields", "tweet", "tweets", "note_tweet", "referenced_tweets", "edit_history_tweet_ids", "referenced_tweets.id"}
}

// v2Query is what a request to v2 asked for.
type v2Query struct {
	words                      v2Words
	post, media, user, expands []string
}

// parse reads the parameters, and returns the name and value of one that is not
// known in this vocabulary.
func (q *v2Query) parse(v url.Values) (name, value string) {
	known := []string{"ids", "expansions", q.words.fields, "media.fields", "poll.fields", "user.fields", "place.fields"}
	for name := range v {
		if !slices.Contains(known, name) {
			return name, v.Get(name)
		}
	}
	list := func(name string) []string {
		if v.Get(name) == "" {
			return nil
		}
		return strings.Split(v.Get(name), ",")
	}
	q.post, q.media, q.user, q.expands = list(q.words.fields), list("media.fields"), list("user.fields"), list("expansions")
	other := "tweet"
	if q.words.resource == "tweet" {
		other = "post"
	}
	for name, values := range map[string][]string{q.words.fields: q.post, "expansions": q.expands} {
		for _, value := range values {
			foreign := slices.Contains([]string{"note_" + other, "referenced_" + other + "s", "referenced_" + other + "s.id",
				"referenced_" + other + "s.id.author_id", "edit_history_" + other + "_ids"}, value)
			if foreign {
				return name, value
			}
		}
	}
	return "", ""
}

// v2Lookup answers for one post or many.
func (x *X) v2Lookup(w http.ResponseWriter, r *http.Request, ids []string, many bool) {
	if !x.authorized(r) {
		writeJSON(w, http.StatusUnauthorized, obj{"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"})
		return
	}
	q := v2Query{words: x.v2Words()}
	if name, value := q.parse(r.URL.Query()); name != "" {
		v2Invalid(w, name, value, fmt.Sprintf("The query parameter value [%s] for [%s] is not known", value, name))
		return
	}
	for _, id := range ids {
		if _, err := strconv.ParseUint(id, 10, 63); err != nil || len(ids) > 100 {
			v2Invalid(w, "ids", id, fmt.Sprintf("The `ids` query parameter value [%s] is not valid", id))
			return
		}
	}
	x.limits(w, 3500)
	a := v2Answer{x: x, q: &q, seen: map[string]bool{}}
	for _, id := range ids {
		a.add(id)
	}
	out := obj{}
	if len(a.data) > 0 {
		out["data"] = a.data
		if !many {
			out["data"] = a.data[0]
		}
	}
	if len(a.errors) > 0 {
		out["errors"] = a.errors
	}
	includes := obj{}
	for name, list := range map[string][]obj{q.words.posts: a.posts, "users": a.users, "media": a.media, "polls": a.polls} {
		if len(list) > 0 {
			includes[name] = list
		}
	}
	if len(includes) > 0 {
		out["includes"] = includes
	}
	status := http.StatusOK
	if !many && len(a.data) == 0 && a.missing {
		x.mu.Lock()
		status = or(x.opts.NotFoundStatus, status)
		x.mu.Unlock()
	}
	writeJSON(w, status, out)
}

// v2Invalid answers 400.
func v2Invalid(w http.ResponseWriter, name, value, message string) {
	writeJSON(w, http.StatusBadRequest, obj{"errors": []obj{{"parameters": obj{name: []string{value}}, "message": message}},
		"title": "Invalid Request", "detail": "One or more parameters to your request was invalid.",
		"type": "https://api.x.com/2/problems/invalid-request"})
}

// v2Answer is an answer of v2 in the making.
type v2Answer struct {
	x                          *X
	q                          *v2Query
	data, errors               []obj
	posts, users, media, polls []obj
	seen                       map[string]bool
	missing                    bool // one is not known at all
}

// add answers for one id.
func (a *v2Answer) add(id string) {
	p, state := a.x.find(V2, id)
	switch {
	case state.seen(), state == Withheld:
		a.data = append(a.data, a.post(&p, state, true))
	case state == Protected, state == Suspended, state == SuspendedNoUser:
		a.errors = append(a.errors, a.problem("ids", id, true))
	default:
		a.missing = true
		a.errors = append(a.errors, a.problem("ids", id, false))
	}
}

// problem describes why a post is not there.
func (a *v2Answer) problem(parameter, id string, hidden bool) obj {
	p := obj{"value": id, "resource_id": id, "parameter": parameter, "resource_type": a.q.words.resource}
	if hidden {
		p["title"], p["section"] = "Authorization Error", "data"
		p["detail"] = "Sorry, you are not authorized to see the Tweet with " + parameter + ": [" + id + "]."
		p["type"] = "https://api.twitter.com/2/problems/not-authorized-for-resource"
		return p
	}
	p["title"] = "Not Found Error"
	p["detail"] = "Could not find tweet with " + parameter + ": [" + id + "]."
	p["type"] = "https://api.twitter.com/2/problems/resource-not-found"
	return p
}

// post describes a post with the fields that were asked for. root is false for
// those that are included.
func (a *v2Answer) post(p *xPost, state State, root bool) obj {
	w := a.q.words
	c := a.x.compose(&p.Post, false)
	t := obj{"id": p.ID, "text": c.text, w.history: *p.versions}
	has := func(field string) bool { return slices.Contains(a.q.post, field) }
	expands := func(name string) bool { return slices.Contains(a.q.expands, name) }
	if has("author_id") || expands("author_id") {
		t["author_id"] = p.Author.ID
	}
	for field, value := range map[string]any{
		"created_at": p.Posted.UTC().Format("2006-01-02T15:04:05.000Z"), "lang": p.Lang, "conversation_id": or(p.Answers, p.ID),
		"possibly_sensitive": p.Sensitive || state == AgeGated, "entities": v2Entities(c), "reply_settings": "everyone",
		"public_metrics": obj{"like_count": p.Likes, "reply_count": 0, "retweet_count": 0, "quote_count": 0, "bookmark_count": 0, "impression_count": 1},
		"edit_controls":  obj{"editable_until": p.Posted.Add(30 * time.Minute).UTC().Format(time.RFC3339), "edits_remaining": 6 - len(*p.versions), "is_edit_eligible": len(p.Poll) == 0},
	} {
		if has(field) {
			t[field] = value
		}
	}
	if c.cut && has(w.note) {
		whole := a.x.compose(&p.Post, true)
		t[w.note] = obj{"text": whole.text, "entities": v2Entities(whole)}
	}
	if state == Withheld && has("withheld") {
		t["withheld"] = obj{"copyright": false, "country_codes": []string{"DE", "FR"}}
	}
	a.references(t, p, root)
	a.attachments(t, p)
	if expands("author_id") {
		a.user(&p.Author)
	}
	return t
}

// references adds what a post refers to.
func (a *v2Answer) references(t obj, p *xPost, root bool) {
	w := a.q.words
	wanted := slices.Contains(a.q.post, w.referenced) || slices.Contains(a.q.expands, w.expandReferenced)
	var refs []obj
	for _, ref := range [][2]string{{"quoted", p.Quotes}, {"replied_to", p.Answers}} {
		if ref[1] == "" {
			continue
		}
		refs = append(refs, obj{"type": ref[0], "id": ref[1]})
		if !root || !slices.Contains(a.q.expands, w.expandReferenced) || a.seen["post "+ref[1]] {
			continue
		}
		a.seen["post "+ref[1]] = true
		other, state := a.x.find(V2, ref[1])
		if state.seen() {
			a.posts = append(a.posts, a.post(&other, state, false))
		} else {
			a.errors = append(a.errors, a.problem(w.referenced+".id", ref[1], state == Protected || state == Suspended))
		}
	}
	if wanted && len(refs) > 0 {
		t[w.referenced] = refs
	}
	if parent, _ := a.x.find(V2, p.Answers); parent.ID != "" && slices.Contains(a.q.post, "in_reply_to_user_id") {
		t["in_reply_to_user_id"] = parent.Author.ID
	}
}

// attachments adds the media and the poll of a post.
func (a *v2Answer) attachments(t obj, p *xPost) {
	attached := obj{}
	var keys []string
	for i := range p.Media {
		m := &p.Media[i]
		key := map[string]string{"photo": "3_", "video": "7_", "gif": "16_"}[m.Kind] + m.number()
		keys = append(keys, key)
		if slices.Contains(a.q.expands, "attachments.media_keys") && !a.seen[key] {
			a.seen[key] = true
			a.media = append(a.media, a.medium(key, m))
		}
	}
	if len(keys) > 0 {
		attached["media_keys"] = keys
	}
	if len(p.Poll) > 0 {
		attached["poll_ids"] = []string{p.ID + "1"}
		if slices.Contains(a.q.expands, "attachments.poll_ids") {
			var options []obj
			for i, answer := range p.Poll {
				options = append(options, obj{"position": i + 1, "label": answer.Label, "votes": answer.Votes})
			}
			a.polls = append(a.polls, obj{"id": p.ID + "1", "options": options, "voting_status": "closed", "duration_minutes": 1440,
				"end_datetime": p.Posted.Add(24 * time.Hour).UTC().Format(time.RFC3339)})
		}
	}
	if len(attached) > 0 && (slices.Contains(a.q.post, "attachments") || len(a.q.expands) > 0) {
		t["attachments"] = attached
	}
}

// medium describes one medium with the fields that were asked for.
func (a *v2Answer) medium(key string, m *Media) obj {
	all := obj{"height": m.Height, "width": m.Width}
	if m.Alt != "" {
		all["alt_text"] = m.Alt
	}
	if m.Kind == "photo" {
		all["url"] = m.photoURL()
	} else {
		all["preview_image_url"], all["duration_ms"] = m.photoURL(), 12000
		var variants []obj
		for _, v := range m.variants() {
			o := obj{"content_type": v.contentType, "url": v.url}
			if v.bitrate >= 0 {
				o["bit_rate"] = v.bitrate
			}
			variants = append(variants, o)
		}
		all["variants"] = variants
	}
	o := obj{"media_key": key, "type": map[string]string{"photo": "photo", "video": "video", "gif": "animated_gif"}[m.Kind]}
	for field, value := range all {
		if slices.Contains(a.q.media, field) {
			o[field] = value
		}
	}
	return o
}

// user includes an account.
func (a *v2Answer) user(p *Person) {
	if a.seen["user "+p.ID] {
		return
	}
	a.seen["user "+p.ID] = true
	u := obj{"id": p.ID, "name": p.Name, "username": p.Handle}
	for field, value := range map[string]any{"profile_image_url": p.avatar(), "verified": p.Verified != "",
		"verified_type": or(p.Verified, "none"), "protected": false, "description": ""} {
		if slices.Contains(a.q.user, field) {
			u[field] = value
		}
	}
	a.users = append(a.users, u)
}

// v2Entities lists the entities of a text as v2 does: offsets in code points.
func v2Entities(c composed) obj {
	e := obj{}
	add := func(group string, o obj, s span) {
		o["start"], o["end"] = s.start, s.end
		list, _ := e[group].([]obj) // nil at first
		e[group] = append(list, o)
	}
	for _, s := range c.spans {
		switch s.kind {
		case "hashtag":
			add("hashtags", obj{"tag": s.text}, s)
		case "mention":
			add("mentions", obj{"username": s.text}, s)
		default:
			add("urls", obj{"url": s.short, "expanded_url": s.expanded, "display_url": s.display}, s)
		}
	}
	return e
}

package fakenet

import (
	"net/http"
	"strconv"
	"strings"
)

// v1Error answers with an error of v1.1.
func v1Error(w http.ResponseWriter, status, number int, message string) {
	writeJSON(w, status, obj{"errors": []obj{{"code": number, "message": message}}})
}

// v1Allowed answers requests without credentials and reports false.
func (x *X) v1Allowed(w http.ResponseWriter, r *http.Request) bool {
	if x.authorized(r) {
		x.limits(w, 900)
		return true
	}
	v1Error(w, http.StatusUnauthorized, 32, "Could not authenticate you.")
	return false
}

// v1Show serves statuses/show.json.
func (x *X) v1Show(w http.ResponseWriter, r *http.Request) {
	if !x.v1Allowed(w, r) {
		return
	}
	p, state := x.find(V1, r.URL.Query().Get("id"))
	switch {
	case state.seen(), state == Withheld:
		writeJSON(w, http.StatusOK, x.v1Tweet(&p, state, r, true))
	case state == Protected:
		v1Error(w, http.StatusForbidden, 179, "Sorry, you are not authorized to see this status.")
	case state == Suspended, state == SuspendedNoUser:
		v1Error(w, http.StatusForbidden, 63, "User has been suspended.")
	case state == AccountGone:
		v1Error(w, http.StatusNotFound, 34, "Sorry, that page does not exist.")
	default:
		v1Error(w, http.StatusNotFound, 144, "No status found with that ID.")
	}
}

// v1Lookup serves statuses/lookup.json: a list of those that are there, or with
// map=true an object that also names the missing ones.
func (x *X) v1Lookup(w http.ResponseWriter, r *http.Request) {
	if !x.v1Allowed(w, r) {
		return
	}
	ids := strings.Split(r.FormValue("id"), ",")
	if len(ids) > 100 {
		v1Error(w, http.StatusForbidden, 18, "Too many terms specified in query.")
		return
	}
	list, byID := []obj{}, obj{}
	for _, id := range ids {
		p, state := x.find(V1, id)
		byID[id] = nil
		if state.seen() || state == Withheld {
			t := x.v1Tweet(&p, state, r, true)
			list, byID[id] = append(list, t), t
		}
	}
	if r.FormValue("map") == "true" {
		writeJSON(w, http.StatusOK, obj{"id": byID})
		return
	}
	writeJSON(w, http.StatusOK, list)
}

// v1Tweet describes a post in v1.1's words: whole in extended mode, cut in
// compatibility mode.
func (x *X) v1Tweet(p *xPost, state State, r *http.Request, root bool) obj {
	extended := r.FormValue("tweet_mode") == "extended"
	// A long post is cut in both modes: v1.1 is older than long posts.
	c := x.compose(&p.Post, false)
	number, _ := strconv.ParseInt(p.ID, 10, 64) // 0 for what is no number
	t := obj{"id": number, "id_str": p.ID, "created_at": rubyDate(p.Posted), "lang": p.Lang, "truncated": false,
		"source": `<a href="https://mobile.twitter.com" rel="nofollow">Twitter Web App</a>`, "user": p.Author.v1(),
		"favorite_count": p.Likes, "retweet_count": 0, "favorited": false, "retweeted": false,
		"is_quote_status": p.Quotes != "", "possibly_sensitive": p.Sensitive || state == AgeGated,
		"in_reply_to_status_id": nil, "in_reply_to_status_id_str": nil, "in_reply_to_user_id_str": nil, "in_reply_to_screen_name": nil,
		"contributors": nil, "coordinates": nil, "geo": nil, "place": nil}
	if extended {
		t["full_text"], t["display_text_range"] = c.text, []int{0, c.shown}
	} else {
		t["text"] = c.text
	}
	entities := x.entities(&p.Post, c, true)
	if len(p.Media) > 0 {
		details := x.mediaDetails(&p.Post, c)
		for _, d := range details {
			if r.FormValue("include_ext_alt_text") != "true" {
				delete(d, "ext_alt_text")
			}
		}
		entities["media"] = details[:1]
		t["extended_entities"] = obj{"media": details}
	}
	t["entities"] = entities
	if state == Withheld {
		t["withheld_in_countries"] = []string{"DE", "FR"}
	}
	if parent, _ := x.find(V1, p.Answers); parent.ID != "" {
		id, _ := strconv.ParseInt(parent.ID, 10, 64)
		t["in_reply_to_status_id"], t["in_reply_to_status_id_str"] = id, parent.ID
		t["in_reply_to_user_id_str"], t["in_reply_to_screen_name"] = parent.Author.ID, parent.Author.Handle
	}
	if quoted, s := x.find(V1, p.Quotes); p.Quotes != "" {
		id, _ := strconv.ParseInt(p.Quotes, 10, 64)
		t["quoted_status_id"], t["quoted_status_id_str"] = id, p.Quotes
		if root && s.seen() {
			t["quoted_status"] = x.v1Tweet(&quoted, s, r, false)
		}
	}
	return t
}

// v1 describes an account in v1.1's words.
func (p *Person) v1() obj {
	number, _ := strconv.ParseInt(p.ID, 10, 64)
	return obj{"id": number, "id_str": p.ID, "name": p.Name, "screen_name": p.Handle, "protected": false,
		"verified": p.Verified != "", "profile_image_url_https": p.avatar(), "description": "", "followers_count": 1,
		"created_at": "Tue Mar 21 20:50:14 +0000 2006", "entities": obj{"description": obj{"urls": []obj{}}}}
}

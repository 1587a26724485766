package fakenet

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// RedditPost is an invented post of Reddit, or, with Of, a comment in one.
type RedditPost struct {
	ID, Community, Author, Title, Text string
	// Of is the id of the post that a comment stands below.
	Of string
	// Image is the name of its picture; empty for none.
	Image string
	// Removed is who took it away, as the platform writes it: deleted,
	// moderator, …; empty for a post that is there.
	Removed string
}

// Reddit is an invented Reddit on a [Net]. It is safe for concurrent use.
type Reddit struct {
	net *Net

	mu    sync.Mutex
	posts map[string]RedditPost
	// forbidden are communities with the reason why they are not shown.
	forbidden map[string]string
	blocked   bool
	// token is the one that the app ada has, empty for none yet; issued counts
	// them.
	token  string
	issued int
}

// Reddit sets up the platform, with the post z1c9z alive.
func (n *Net) Reddit() *Reddit {
	r := &Reddit{net: n, posts: map[string]RedditPost{}, forbidden: map[string]string{}}
	r.Set(RedditPost{ID: "z1c9z", Community: "IAmA", Author: "somebody", Title: "Ask me anything"})
	n.HandleFunc("www.reddit.com", r.serve)
	n.HandleFunc("oauth.reddit.com", r.serveApp)
	n.HandleFunc("i.redd.it", func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write(picture(req.URL.Path, 320, 240))
	})
	return r
}

// Set publishes a post or comment, or changes what became of it.
func (r *Reddit) Set(p RedditPost) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.posts[p.ID] = p
}

// Forget lets the platform know nothing of a post.
func (r *Reddit) Forget(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.posts, id)
}

// Forbid hides a community for a reason: private, banned, quarantined; empty
// shows it again.
func (r *Reddit) Forbid(community, reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forbidden[community] = reason
}

// Block refuses the network of whoever asks.
func (r *Reddit) Block(blocked bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.blocked = blocked
}

// Expire lets the token of the app run out.
func (r *Reddit) Expire() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.token = ""
}

// serveApp answers to those that have a token.
func (r *Reddit) serveApp(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.token == "" || req.Header.Get("Authorization") != "Bearer "+r.token {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"message":"Unauthorized","error":401}`)
		return
	}
	r.info(w, req.FormValue("id"))
}

// issue gives a token to the app ada, whose secret is quay.
func (r *Reddit) issue(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if id, secret, ok := req.BasicAuth(); !ok || id != "ada" || secret != "quay" || req.FormValue("grant_type") != "client_credentials" {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"message":"Unauthorized","error":401}`)
		return
	}
	r.issued++
	r.token = fmt.Sprintf("app-token-%d", r.issued)
	fmt.Fprintf(w, `{"access_token":%q,"token_type":"bearer","expires_in":86400,"scope":"*"}`, r.token)
}

func (r *Reddit) serve(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if req.URL.Path == "/api/v1/access_token" {
		r.issue(w, req)
		return
	}
	path := strings.Split(strings.TrimSuffix(strings.Trim(req.URL.Path, "/"), ".json"), "/")
	switch {
	case r.blocked:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, "<!doctype html><title>Blocked</title><p>You've been blocked by network security.</p>")
	case path[0] == "api":
		r.info(w, req.FormValue("id"))
	case path[0] == "comments" && len(path) > 1:
		r.page(w, path[1], path[len(path)-1])
	default:
		http.NotFound(w, req)
	}
}

// info lists things by their names; what is hidden is left out.
func (r *Reddit) info(w http.ResponseWriter, names string) {
	list := []any{}
	for name := range strings.SplitSeq(names, ",") {
		_, id, _ := strings.Cut(name, "_")
		if p, ok := r.posts[id]; ok && r.forbidden[p.Community] == "" {
			list = append(list, p.thing())
		}
	}
	writeJSON(w, http.StatusOK, listing(list))
}

// page shows a post with one of its comments.
func (r *Reddit) page(w http.ResponseWriter, id, comment string) {
	p, ok := r.posts[id]
	switch reason := r.forbidden[p.Community]; {
	case !ok:
		writeJSON(w, http.StatusNotFound, obj{"message": "Not Found", "error": 404})
	case reason == "banned":
		writeJSON(w, http.StatusNotFound, obj{"reason": reason, "message": "Not Found", "error": 404})
	case reason != "":
		writeJSON(w, http.StatusForbidden, obj{"reason": reason, "message": "Forbidden", "error": 403})
	default:
		var below []any
		if c, ok := r.posts[comment]; ok && c.Of == id {
			below = append(below, c.thing())
		}
		writeJSON(w, http.StatusOK, []any{listing([]any{p.thing()}), listing(below)})
	}
}

func listing(children []any) obj {
	if children == nil {
		children = []any{}
	}
	return obj{"kind": "Listing", "data": obj{"children": children}}
}

// thing is a post or comment as the platform describes it; of one that was taken
// away little is left.
func (p *RedditPost) thing() obj {
	author, text := p.Author, p.Text
	switch {
	case p.Removed == "deleted":
		author, text = "[deleted]", "[deleted]"
	case p.Removed != "" && p.Of != "":
		author, text = "[deleted]", "[removed]"
	case p.Removed != "":
		text = "[removed]"
	}
	data := obj{"id": p.ID, "author": author, "created_utc": 1772359323.0, "edited": false, "score": 7, "subreddit_name_prefixed": "r/" + p.Community}
	if p.Of != "" {
		data["body"], data["link_id"], data["parent_id"] = text, "t3_"+p.Of, "t3_"+p.Of
		data["permalink"] = "/r/" + p.Community + "/comments/" + p.Of + "/title/" + p.ID + "/"
		return obj{"kind": "t1", "data": data}
	}
	data["title"], data["selftext"], data["permalink"] = p.Title, text, "/r/"+p.Community+"/comments/"+p.ID+"/title/"
	data["is_robot_indexable"], data["removed_by_category"] = p.Removed == "", nil
	if p.Removed != "" {
		data["removed_by_category"] = p.Removed
	}
	if p.Image != "" && p.Removed == "" {
		data["url_overridden_by_dest"] = "https://i.redd.it/" + p.Image
	}
	return obj{"kind": "t3", "data": data}
}

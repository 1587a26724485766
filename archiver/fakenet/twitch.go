package fakenet

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"strings"
	"sync"
	"time"
)

// TwitchPost is an invented video or clip of Twitch.
type TwitchPost struct {
	// ID is a video's number or a clip's word.
	ID, Title, Description, Channel string
	Posted                          time.Time
	// Processing is true while there is no still picture.
	Processing bool
}

// Twitch is an invented Twitch on a [Net]. It is safe for concurrent use.
type Twitch struct {
	net *Net

	mu      sync.Mutex
	posts   map[string]TwitchPost
	refused bool
}

// Twitch sets up the platform, with one clip alive.
func (n *Net) Twitch() *Twitch {
	t := &Twitch{net: n, posts: map[string]TwitchPost{}}
	t.Set(TwitchPost{ID: "AwkwardHelplessSalamanderSwiftRage", Title: "A salamander", Channel: "first"})
	n.HandleFunc("gql.twitch.tv", t.data)
	n.HandleFunc("www.twitch.tv", t.page)
	n.HandleFunc("clips.twitch.tv", t.page)
	n.HandleFunc("static-cdn.jtvnw.net", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/jpeg")
		_, _ = w.Write(picture(r.URL.Path, 320, 180))
	})
	return t
}

// Set publishes a video or clip, or publishes it anew.
func (t *Twitch) Set(p TwitchPost) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p.Posted.IsZero() {
		p.Posted = t.net.now()
	}
	t.posts[p.ID] = p
}

// Remove takes a video or clip away.
func (t *Twitch) Remove(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.posts, id)
}

// Refuse lets the data be null with an error for everybody, as it is for visitors
// whom the platform takes for programs.
func (t *Twitch) Refuse(on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refused = on
}

func (t *Twitch) find(id string) (p TwitchPost, known, refused bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p, known = t.posts[id]
	return p, known, t.refused
}

// still returns the address of a still picture.
func (p *TwitchPost) still() string {
	if p.Processing {
		return "https://vod-secure.twitch.tv/_404/404_processing_1280x720.png"
	}
	return "https://static-cdn.jtvnw.net/cf_vods/" + p.ID + "/thumb0-1280x720.jpg"
}

// data answers the question about one video or clip.
func (t *Twitch) data(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Query     string            `json:"query"`
		Variables map[string]string `json:"variables"`
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil || r.Header.Get("Client-Id") == "" {
		writeJSON(w, http.StatusBadRequest, obj{"error": "Bad Request", "status": 400})
		return
	}
	name, id, owner, still := "clip", "slug", "broadcaster", "thumbnailURL"
	if strings.Contains(q.Query, "video(id:$id)") {
		name, id, owner, still = "video", "id", "owner", "previewThumbnailURL"
	}
	p, known, refused := t.find(q.Variables["id"])
	switch {
	case refused:
		writeJSON(w, http.StatusOK, obj{"errors": []obj{{"message": "failed integrity check", "path": []string{name}}}, "data": obj{name: nil}})
	case !known:
		writeJSON(w, http.StatusOK, obj{"data": obj{name: nil}, "extensions": obj{"durationMilliseconds": 9}})
	default:
		writeJSON(w, http.StatusOK, obj{"data": obj{name: obj{id: p.ID, "title": p.Title, "description": p.Description, "createdAt": p.Posted.UTC().Format(time.RFC3339),
			"viewCount": 7, still: p.still(), owner: obj{"id": "77", "login": strings.ToLower(p.Channel), "displayName": p.Channel}}}})
	}
}

// page serves the frame, with a preview of what is there.
func (t *Twitch) page(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	p, known, _ := t.find(id)
	title, still := "Twitch", "https://static-cdn.jtvnw.net/ttv-static-metadata/twitch_logo3.jpg"
	if known {
		title, still = p.Channel+" - "+p.Title, p.still()
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!DOCTYPE html><html><head><title>%s</title><meta property='og:title' content='%s'><meta property='og:image' content='%s'><meta property='og:url' content='https://%s%s'></head><body></body></html>`,
		html.EscapeString(title), html.EscapeString(title), still, r.Host, r.URL.EscapedPath())
}

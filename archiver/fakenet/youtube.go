package fakenet

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// Video is an invented video of YouTube.
type Video struct {
	ID, Title, Description, Channel string
	// Small is true where there is no picture of the largest size.
	Small bool
	// Reason and Kind say why it is not played, and under which status of the
	// player; empty Reason for a video that is.
	Reason, Kind string
	// OEmbed is the status that oEmbed answers with; 200 where it is 0 and the
	// video is played, else 404.
	OEmbed int
}

// YouTube is an invented YouTube on a [Net]. It is safe for concurrent use.
type YouTube struct {
	mu     sync.Mutex
	videos map[string]Video
	bots   bool
}

// YouTube sets up the platform, with its first video alive.
func (n *Net) YouTube() *YouTube {
	y := &YouTube{videos: map[string]Video{}}
	y.Set(Video{ID: "jNQXAC9IVRw", Title: "At the zoo", Channel: "First"})
	n.HandleFunc("www.youtube.com", y.serve)
	n.HandleFunc("i.ytimg.com", y.thumbnail)
	return y
}

// Set publishes a video, or changes what became of it.
func (y *YouTube) Set(v Video) {
	y.mu.Lock()
	defer y.mu.Unlock()
	v.Kind = or(v.Kind, "ERROR")
	y.videos[v.ID] = v
}

// Bots lets the page take every visitor for a program.
func (y *YouTube) Bots(on bool) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.bots = on
}

func (y *YouTube) serve(w http.ResponseWriter, r *http.Request) {
	id := r.FormValue("v")
	if r.URL.Path == "/oembed" {
		_, id, _ = strings.Cut(r.FormValue("url"), "v=")
	}
	y.mu.Lock()
	v, known := y.videos[id]
	bots := y.bots
	y.mu.Unlock()
	if !known {
		v = Video{ID: id, Reason: "Video unavailable", Kind: "ERROR"}
	}
	if r.URL.Path == "/oembed" {
		y.oembed(w, &v)
		return
	}
	player := obj{"playabilityStatus": obj{"status": "OK"}, "videoDetails": obj{"videoId": v.ID, "title": v.Title, "shortDescription": v.Description,
		"channelId": "UC" + code(v.Channel, 22), "author": v.Channel, "viewCount": "7"}}
	switch {
	case bots:
		player = obj{"playabilityStatus": obj{"status": "LOGIN_REQUIRED", "reason": "Sign in to confirm you’re not a bot"}}
	case v.Reason != "":
		player = obj{"playabilityStatus": obj{"status": v.Kind, "reason": "Video unavailable",
			"errorScreen": obj{"playerErrorMessageRenderer": obj{"subreason": obj{"simpleText": v.Reason}}}}}
	}
	b, _ := json.Marshal(player) // strings and numbers only
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!DOCTYPE html><html lang="en"><head><title>YouTube</title></head><body><script nonce="n">var ytInitialPlayerResponse = %s;var meta = 1;</script></body></html>`, b)
}

func (y *YouTube) oembed(w http.ResponseWriter, v *Video) {
	status := v.OEmbed
	if status == 0 && v.Reason != "" {
		status = http.StatusNotFound
	}
	if status != 0 && status != http.StatusOK {
		http.Error(w, http.StatusText(status), status)
		return
	}
	writeJSON(w, http.StatusOK, obj{"type": "video", "version": "1.0", "title": v.Title, "author_name": v.Channel, "author_url": "https://www.youtube.com/@" + strings.ToLower(v.Channel),
		"provider_name": "YouTube", "thumbnail_url": "https://i.ytimg.com/vi/" + v.ID + "/hqdefault.jpg",
		"html": `<iframe width="200" height="113" src="https://www.youtube.com/embed/` + v.ID + `?feature=oembed" allowfullscreen></iframe>`})
}

// thumbnail serves still pictures. For a size that a video has not, a grey one
// comes with 404, as on the platform.
func (y *YouTube) thumbnail(w http.ResponseWriter, r *http.Request) {
	id, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/vi/"), "/")
	y.mu.Lock()
	v, known := y.videos[id]
	y.mu.Unlock()
	w.Header().Set("Content-Type", "image/jpeg")
	if !known || v.Small && name == "maxresdefault.jpg" {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write(picture("grey", 120, 90))
		return
	}
	_, _ = w.Write(picture(r.URL.Path, 320, 180))
}

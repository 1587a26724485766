package fakenet

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"strings"
	"sync"
	"time"
)

// ImgurPost is an invented picture or album of Imgur.
type ImgurPost struct {
	// ID is a picture's, or an album's after a/.
	ID                          string
	Title, Description, Account string
	// Pictures are the ids of an album's pictures.
	Pictures []string
	Posted   time.Time
}

// Imgur is an invented Imgur on a [Net]. It is safe for concurrent use.
type Imgur struct {
	net *Net

	mu    sync.Mutex
	posts map[string]ImgurPost
	// direct sends the placeholder in a picture's place, and not a redirect.
	direct bool
	// closed are posts whose pictures are gone while the rest stands.
	closed map[string]bool
}

// Imgur sets up the platform, with the post A61SaA1 alive.
func (n *Net) Imgur() *Imgur {
	i := &Imgur{net: n, posts: map[string]ImgurPost{}, closed: map[string]bool{}}
	i.Set(ImgurPost{ID: "A61SaA1", Title: "Moving pictures"})
	n.HandleFunc("api.imgur.com", i.api)
	n.HandleFunc("i.imgur.com", i.file)
	return i
}

// Set publishes a post, or publishes it anew.
func (i *Imgur) Set(p ImgurPost) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if p.Posted.IsZero() {
		p.Posted = i.net.now()
	}
	if p.Pictures == nil {
		p.Pictures = []string{bareID(p.ID)}
	}
	i.posts[bareID(p.ID)] = p
}

// Remove takes a post away.
func (i *Imgur) Remove(id string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.posts, bareID(id))
}

// CloseFiles takes the files of a post away and leaves what is said of them.
func (i *Imgur) CloseFiles(id string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.closed[bareID(id)] = true
}

// Direct lets the placeholder of pictures that are gone come in their place, with
// status 200, and not by a redirect.
func (i *Imgur) Direct() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.direct = true
}

// bareID returns an id without what says that it is an album's.
func bareID(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

func (i *Imgur) find(id string) (ImgurPost, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	p, ok := i.posts[id]
	return p, ok
}

// api answers what the platform's pages ask, and oEmbed.
func (i *Imgur) api(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/oembed.json" {
		i.oembed(w, strings.TrimPrefix(r.FormValue("url"), "https://imgur.com/"))
		return
	}
	p, ok := i.find(bareID(r.URL.Path))
	if !ok {
		writeJSON(w, http.StatusNotFound, obj{"errors": []obj{{"id": "1", "code": "404", "status": "Not Found", "detail": "Unable to find the resource"}}})
		return
	}
	var media []obj
	for _, id := range p.Pictures {
		media = append(media, obj{"id": id, "type": "image", "mime_type": "image/jpeg", "url": "https://i.imgur.com/" + id + ".jpeg", "width": 320, "height": 240,
			"metadata": obj{"title": "", "description": ""}})
	}
	v := obj{"id": bareID(p.ID), "account_id": 0, "title": p.Title, "description": p.Description, "created_at": p.Posted.UTC().Format(time.RFC3339),
		"image_count": len(media), "is_album": len(media) > 1, "is_mature": false, "account": nil, "media": media, "view_count": 7}
	if p.Account != "" {
		v["account_id"], v["account"] = 7, obj{"id": 7, "username": p.Account}
	}
	writeJSON(w, http.StatusOK, v)
}

func (i *Imgur) oembed(w http.ResponseWriter, id string) {
	p, ok := i.find(bareID(id))
	if !ok {
		writeJSON(w, http.StatusForbidden, obj{"data": obj{"error": "Invalid URL - forbidden", "request": "/oembed.json", "method": "GET"}, "success": false, "status": 403})
		return
	}
	v := obj{"version": "1.0", "type": "rich", "provider_name": "Imgur", "provider_url": "https://imgur.com", "width": 540, "height": 500,
		"html": `<blockquote class="imgur-embed-pub" lang="en" data-id="` + p.ID + `"><a href="https://imgur.com/` + p.ID + `">` + or(p.Title, "View post on imgur.com") +
			`</a></blockquote><script async src="//s.imgur.com/min/embed.js" charset="utf-8"></script>`}
	if p.Account != "" {
		v["author_name"], v["author_url"] = p.Account, "https://imgur.com/user/"+p.Account
	}
	writeJSON(w, http.StatusOK, v)
}

// file serves pictures, and one of its own in the place of those that are gone.
func (i *Imgur) file(w http.ResponseWriter, r *http.Request) {
	name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), ".")
	small := len(name) == 6 || len(name) == 8
	id := name
	if small {
		id = name[:len(name)-1]
	}
	i.mu.Lock()
	live, direct := false, i.direct
	for key, p := range i.posts {
		for _, picture := range p.Pictures {
			live = live || picture == id && !i.closed[key]
		}
	}
	i.mu.Unlock()
	switch {
	case name == "removed" || !live && direct:
		w.Header().Set("Content-Type", "image/png")
		w.Header().Set("ETag", `"d835884373f4d6c8f24742ceabe74946"`)
		_, _ = w.Write(placeholder())
	case !live:
		http.Redirect(w, r, "/removed.png", http.StatusFound)
	case small:
		w.Header().Set("Content-Type", "image/jpeg")
		_, _ = w.Write(picture(id, 90, 90))
	default:
		w.Header().Set("Content-Type", "image/jpeg")
		_, _ = w.Write(picture(id, 320, 240))
	}
}

// placeholder is a picture of the size of the platform's own.
func placeholder() []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewGray(image.Rect(0, 0, 161, 81))) // a buffer takes everything
	return b.Bytes()
}

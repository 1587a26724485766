package fakenet

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// mediaRef is what is served under the path of a medium.
type mediaRef struct {
	key           string
	width, height int
	size          int64 // of videos
}

// photoURL is the address of a photo, or of the still picture of a video, as
// the interfaces give it: without a size, which means "medium".
func (m *Media) photoURL() string {
	switch m.Kind {
	case "photo":
		return "https://pbs.twimg.com/media/" + m.Key + ".jpg"
	case "gif":
		return "https://pbs.twimg.com/tweet_video_thumb/" + m.Key + ".jpg"
	}
	return "https://pbs.twimg.com/amplify_video_thumb/" + m.number() + "/img/" + m.Key + ".jpg"
}

// number is the id of the medium.
func (m *Media) number() string { return fmt.Sprint(seed(m.Key)>>4 + 1) }

// variant is one quality of a video.
type variant struct {
	url, contentType string
	bitrate          int
	size             int64
}

// variants lists the qualities of a video; the best comes neither first nor
// last.
func (m *Media) variants() []variant {
	base := "https://video.twimg.com"
	if m.Kind == "gif" {
		return []variant{{base + "/tweet_video/" + m.Key + ".mp4", "video/mp4", 0, m.Size}}
	}
	dir := base + "/amplify_video/" + m.number()
	film := func(w, h, bitrate int, size int64) variant {
		return variant{fmt.Sprintf("%s/vid/avc1/%dx%d/%s%d.mp4?tag=14", dir, w, h, m.Key, h), "video/mp4", bitrate, size}
	}
	return []variant{
		film(m.Width/4, m.Height/4, 288000, m.Size/8),
		{dir + "/pl/" + m.Key + ".m3u8?tag=14", "application/x-mpegURL", -1, 0},
		film(m.Width, m.Height, 2176000, m.Size),
		film(m.Width/2, m.Height/2, 832000, m.Size/3),
	}
}

// path is the path of an address of this package.
func path(address string) string {
	p := address[strings.Index(address, ".com/")+4:]
	p, _, _ = strings.Cut(p, "?")
	return p
}

// addMedia serves the media of a post; x.mu is held.
func (x *X) addMedia(p Post) {
	for i := range p.Media {
		m := &p.Media[i]
		x.media[path(m.photoURL())] = mediaRef{key: m.Key, width: m.Width, height: m.Height}
		if m.Kind == "photo" {
			continue
		}
		for _, v := range m.variants() {
			x.media[path(v.url)] = mediaRef{key: v.url, size: v.size}
		}
	}
	avatar := p.Author.avatar()
	x.media[path(avatar)] = mediaRef{key: avatar, width: 48, height: 48}
}

func (p *Person) avatar() string {
	return "https://pbs.twimg.com/profile_images/" + p.ID + "/" + code(p.Handle, 8) + "_normal.jpg"
}

// RemoveMedia makes the files of a post's media disappear.
func (x *X) RemoveMedia(id string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	p := x.mustHave(id)
	for i := range p.Media {
		x.gone[path(p.Media[i].photoURL())] = true
		for _, v := range p.Media[i].variants() {
			x.gone[path(v.url)] = true
		}
	}
}

// medium returns what is served under a path.
func (x *X) medium(path string) (mediaRef, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	m, ok := x.media[path]
	return m, ok && !x.gone[path]
}

// pictures serves pbs.twimg.com: media/KEY?format=jpg&name=orig,
// media/KEY.jpg?name=small, media/KEY.jpg:large.
func (x *X) pictures(w http.ResponseWriter, r *http.Request) {
	p, name, _ := strings.Cut(r.URL.Path, ":")
	name = or(name, or(r.URL.Query().Get("name"), "medium"))
	if format := r.URL.Query().Get("format"); format != "" && !strings.HasSuffix(p, ".jpg") {
		p += ".jpg"
	}
	m, ok := x.medium(p)
	most, known := map[string]int{"thumb": 150, "small": 680, "medium": 1200, "large": 2048, "4096x4096": 4096, "orig": 1 << 20}[name]
	if !ok || !known {
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusNotFound)
		return
	}
	width, height := m.width, m.height
	if longest := max(width, height); longest > most {
		width, height = max(width*most/longest, 1), max(height*most/longest, 1)
	}
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Cache-Control", "max-age=604800, must-revalidate")
	w.Header().Set("Last-Modified", "Tue, 01 Jun 2021 10:00:00 GMT")
	_, _ = w.Write(picture(m.key, width, height))
}

// videos serves video.twimg.com.
func (x *X) videos(w http.ResponseWriter, r *http.Request) {
	m, ok := x.medium(r.URL.Path)
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if strings.HasSuffix(r.URL.Path, ".m3u8") {
		w.Header().Set("Content-Type", "application/x-mpegURL")
		_, _ = w.Write([]byte("#EXTM3U\n#EXT-X-ENDLIST\n"))
		return
	}
	w.Header().Set("Content-Type", "video/mp4")
	http.ServeContent(w, r, "", time.Date(2021, 6, 1, 10, 0, 0, 0, time.UTC), newFilm(m.key, m.size))
}

// MediaURL returns the address of the best quality of a post's i-th medium: of
// a photo the original, of a video its largest file.
func (x *X) MediaURL(id string, i int) string {
	x.mu.Lock()
	defer x.mu.Unlock()
	m := &x.mustHave(id).Media[i]
	if m.Kind == "photo" {
		return m.photoURL() + "?name=orig"
	}
	variants := m.variants()
	best := slices.MaxFunc(variants, func(a, b variant) int { return cmp.Compare(a.bitrate, b.bitrate) })
	return best.url
}

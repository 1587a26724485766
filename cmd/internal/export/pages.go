package export

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/url"
	"strings"
	"sync"
	"time"

	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

//go:embed templates
var files embed.FS

// pages returns the templates.
var pages = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Funcs(template.FuncMap{"time": shownTime, "link": webLink}).ParseFS(files, "templates/*.html"))
})

// shownTime writes a time for people.
func shownTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// webLink returns an address that can be followed, empty for others.
func webLink(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return ""
	}
	return s
}

// places says where the page of a post finds its files.
type places interface {
	// place returns the address of a kept file of a media type, as the page
	// names it.
	place(address, digest, media string) string
}

// remote finds files under the addresses that they were fetched from: a player
// of web archives answers these from the archive.
type remote struct{}

func (remote) place(address, _, _ string) string { return webLink(address) }

// shownMedia is a file of a post as its page shows it.
type shownMedia struct {
	Kind, Show, Src, Alt, Why string
}

func showMedia(m *post.Media, at places) shownMedia {
	s := shownMedia{Kind: m.Kind, Alt: m.Alt, Why: cmp.Or(m.Error, "not kept")}
	switch {
	case m.Digest != "":
		s.Src = at.place(m.URL, m.Digest, m.Type)
		switch {
		case pictures()[m.Type] != "":
			s.Show = "image"
		case films()[m.Type] != "":
			s.Show = "video"
		}
	case m.PosterDigest != "":
		s.Src, s.Show = at.place(m.Poster, m.PosterDigest, "image/jpeg"), "image"
	}
	if s.Src == "" {
		s.Show = ""
	}
	return s
}

// pictures and films are the media types that pages show, with the endings of
// their files. Pictures that can hold scripts are not among them.
func pictures() map[string]string {
	return map[string]string{"image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp", "image/avif": ".avif"}
}

func films() map[string]string {
	return map[string]string{"video/mp4": ".mp4", "video/webm": ".webm", "video/quicktime": ".mov", "audio/mpeg": ".mp3", "audio/mp4": ".m4a", "audio/ogg": ".ogg"}
}

// pageData is what the page of a post is made of.
type pageData struct {
	View                                     *view.Post
	Ref, Title, Link, Home, Software, Posted string
	Status, StatusWords                      string
	Media                                    []shownMedia
	Style                                    template.CSS
}

// postPage renders a post as one page. A page that finds its files elsewhere
// has its style within.
func postPage(v *view.Post, software string, at places) ([]byte, error) {
	d := pageData{View: v, Ref: v.History.Ref.String(), Title: postTitle(v), Link: webLink(v.Post.URL), Software: software,
		Status: statusWord(v), StatusWords: statusWords(v)}
	if !v.Post.Posted.IsZero() {
		d.Posted = shownTime(v.Post.Posted)
	}
	for i := range v.Post.Media {
		d.Media = append(d.Media, showMedia(&v.Post.Media[i], at))
	}
	if _, alone := at.(remote); alone {
		css, err := files.ReadFile("templates/style.css")
		if err != nil {
			return nil, err
		}
		d.Style = template.CSS(css) //nolint:gosec // our own file
	} else {
		d.Home = "../index.html"
	}
	var b bytes.Buffer
	if err := pages().ExecuteTemplate(&b, "post.html", d); err != nil {
		return nil, fmt.Errorf("the page of %s: %w", d.Ref, err)
	}
	return b.Bytes(), nil
}

// postTitle names a post for people.
func postTitle(v *view.Post) string {
	p := &v.Post
	who := cmp.Or(p.Author.Name, p.Author.Handle, v.History.Ref.String())
	if p.Author.Handle != "" && p.Author.Name != "" {
		who += " (@" + p.Author.Handle + ")"
	}
	if words := strings.Join(strings.Fields(p.Text), " "); words != "" {
		return who + ": " + clipBytes(words, 80)
	}
	return who
}

// statusWord is the status in a word or two.
func statusWord(v *view.Post) string {
	s := strings.ReplaceAll(string(v.Status.Value), "-", " ")
	if s == "" {
		return "unknown"
	}
	if v.Status.Value == post.Live || v.Status.Value == post.Unknown {
		return s
	}
	if !v.Status.Confirmed {
		return s + " (suspected)"
	}
	return s
}

// statusWords says between which times the status changed.
func statusWords(v *view.Post) string {
	var parts []string
	for _, p := range []struct {
		what string
		t    *time.Time
	}{{"last seen", v.Status.LastLive}, {"first missed", v.Status.FirstGone}, {"confirmed", v.Status.ConfirmedAt}} {
		if p.t != nil {
			parts = append(parts, p.what+" "+shownTime(*p.t))
		}
	}
	if len(parts) == 0 {
		return "It was not seen since it was captured."
	}
	s := strings.Join(parts, "; ") + "."
	return strings.ToUpper(s[:1]) + s[1:]
}

// shownAt is when what is shown of a post was captured last.
func shownAt(v *view.Post) time.Time {
	var t time.Time
	for _, c := range v.Captures {
		if c.Time.After(t) {
			t = c.Time
		}
	}
	return t
}

// fileName makes the name of a file of a reference: readable, and different for
// different references also where a disk takes upper and lower case for the
// same.
func fileName(ref string) string {
	same := true
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		if r == ':' {
			return '-'
		}
		same = false
		return '-'
	}, ref)
	if len(name) > 80 {
		name, same = name[:80], false
	}
	if !same || strings.Count(ref, ":") != 1 || strings.Contains(ref, "-") {
		d := store.DigestOf([]byte(ref))
		name += "-" + hex.EncodeToString(d[:5])
	}
	return name
}

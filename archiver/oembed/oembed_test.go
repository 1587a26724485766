package oembed

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/archiver/fetch"
	"stet/extract"
	exoembed "stet/extract/oembed"
	"stet/extract/post"
	"stet/extract/sites"
	"stet/extract/sitetest"
	"stet/store"
)

// known are posts of invented ids, one of each platform.
func known() []post.Ref {
	return []post.Ref{
		{Platform: post.YouTube, ID: "aBcDeFgHiJk"}, {Platform: post.TikTok, ID: "7571863205253778999"}, {Platform: post.Vimeo, ID: "123456789"},
		{Platform: post.Dailymotion, ID: "x8abcde"},
		{Platform: post.Pinterest, ID: "123456789012345678"}, {Platform: post.Spotify, ID: "track:4uLU6hMCjMI75M1A2tKUQC"},
	}
}

// Each rule is what the reader makes of its sample.
func TestRules(t *testing.T) {
	ref := post.Ref{Platform: "ted", ID: "embed.ted.com/talks/ada_low_tide"}
	sitetest.Rules(t, Others(nil)(ref.Platform).Rules(), ref.ID, sitetest.Readers{"oembed": func(_ string, r extract.Response) extract.Answer {
		return exoembed.Read(ref, "https://"+ref.ID, r)
	}})
}

// Every platform has an endpoint for its canonical addresses.
func TestRequests(t *testing.T) {
	for _, ref := range known() {
		target, _ := sites.Target(ref)
		request, err := requestFor(target.URL)
		if err != nil || !strings.HasPrefix(request, "https://") || !strings.Contains(request, "url=https%3A%2F%2F") {
			t.Errorf("%s: %s, %v", ref, request, err)
		}
	}
	if r := Endpoint(nil).Ask(t.Context(), []post.Ref{{Platform: post.YouTube, ID: "short"}}, "post"); !errors.Is(r.Answers[0].Err, store.ErrInvalid) {
		t.Errorf("an impossible id: %+v", r)
	}
}

// ask asks for the video through a fake Vimeo.
func ask(t *testing.T, answer http.HandlerFunc) archiver.Answer {
	t.Helper()
	n := fakenet.New(fakenet.Options{})
	defer n.Close()
	n.HandleFunc("vimeo.com", answer)
	c, err := fetch.New(n.FetchOptions())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ref := post.Ref{Platform: post.Vimeo, ID: "123456789"}
	r := Endpoint(c).Ask(t.Context(), []post.Ref{ref}, "post")
	if len(r.Answers) != 1 || r.Answers[0].Ref != ref {
		t.Fatalf("reply %+v", r)
	}
	return r.Answers[0]
}

func TestAsk(t *testing.T) {
	payload := func(status int, mediaType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/api/oembed.json" || !strings.Contains(r.FormValue("url"), "123456789") {
				http.Error(w, "bad request", http.StatusBadRequest)
				return
			}
			w.Header().Set("Content-Type", mediaType)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	live := `{"type":"video","version":"1.0","title":"The night ferry","author_name":"Ada Quay","author_url":"https://vimeo.com/@adaquay","thumbnail_url":"https://i.vimeocdn.com/video/1.jpg","html":"<iframe src=\"https://player.vimeo.com/video/123456789\"></iframe>"}`
	a := ask(t, payload(200, "application/json", live))
	if p := a.Shown(); p == nil || p.Post.Text != "The night ferry" || p.Post.Author.Handle != "adaquay" || len(p.Post.Media) != 1 {
		t.Errorf("answer %+v", a)
	}
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		status  post.Status
	}{
		"gone":    {payload(404, "text/plain", "Not Found"), post.NotFound},
		"private": {payload(401, "text/plain", "Unauthorized"), post.Unknown},
		"wall":    {payload(403, "text/html", "<html>Are you a robot?"), post.Unknown},
		"page":    {payload(200, "text/html", "<html>Log in"), post.Unknown},
		"broken":  {payload(500, "text/plain", "oops"), post.Unknown},
	} {
		if a := ask(t, tt.handler); a.Status != tt.status || a.Explicit || a.Shown() != nil {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

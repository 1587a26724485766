package oembed_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/oembed"
	"stet/archiver/platformtest"
	"stet/extract/post"
)

const payload = `{"type":"video","version":"1.0","title":"Low tide","author_name":"Ada Quay","html":"<iframe></iframe>"}`

// talk is one that is framed: no endpoint takes the address of the frame.
func talk() post.Ref { return post.Ref{Platform: "ted", ID: "embed.ted.com/talks/ada_low_tide"} }

// TestFramed: an embed of a provider that nothing else is known of is found in
// an article and captured through the endpoint for the page for people; a loss
// is suspected and never confirmed.
func TestFramed(t *testing.T) {
	platformtest.Run(t, func(w *platformtest.World) {
		var gone atomic.Bool
		serve := func(rw http.ResponseWriter, r *http.Request) {
			if gone.Load() {
				http.Error(rw, "Not Found", http.StatusNotFound)
				return
			}
			if r.FormValue("url") != "https://ted.com/talks/ada_low_tide" {
				http.Error(rw, "Bad Request", http.StatusBadRequest)
				return
			}
			rw.Header().Set("Content-Type", "application/json")
			fmt.Fprint(rw, payload)
		}
		w.Net.HandleFunc("www.ted.com", serve)
		w.Net.HandleFunc("embed.ted.com", serve)
		w.StartWith(archiver.Options{Others: oembed.Others(w.Client)})
		r := w.CapturePage("news.example", `<html><body><article><p>She spoke of it.</p><iframe src="https://embed.ted.com/talks/ada_low_tide"></iframe></article></body></html>`)
		if len(r.Posts) != 1 || r.Posts[0].Text != "Low tide" || r.Posts[0].ID != talk().ID || r.Posts[0].Source != post.SourceEmbed {
			t.Fatalf("captured %+v", r.Posts)
		}
		gone.Store(true)
		for range 6 {
			w.Expect(talk(), post.NotFound, false)
			time.Sleep(25 * time.Hour)
		}
		gone.Store(false)
		w.Expect(talk(), post.Live, false)
		w.Faults(talk(), "www.ted.com")
	})
}

// TestAnnounced: where no endpoint is listed for a page, the one that the framed
// page announces is asked.
func TestAnnounced(t *testing.T) {
	for name, head := range map[string]string{
		"announced": `<link rel="alternate" type="application/json+oembed" href="https://api.loom.com/oembed?url=abc">`,
		"relative":  `<link rel="alternate" type="application/json+oembed" href="/oembed?url=abc">`,
		"canonical": `<link rel="canonical" href="https://www.loom.com/share/0123456789abcdef0123456789abcdef">`,
		"nothing":   `<title>A player</title>`,
	} {
		t.Run(name, func(t *testing.T) {
			platformtest.Run(t, func(w *platformtest.World) {
				ref := post.Ref{Platform: "loom", ID: "loom.com/embed/0123456789abcdef0123456789abcdef"}
				for _, host := range []string{"loom.com", "www.loom.com", "api.loom.com"} {
					w.Net.HandleFunc(host, func(rw http.ResponseWriter, r *http.Request) {
						if strings.Contains(r.URL.Path, "oembed") {
							rw.Header().Set("Content-Type", "application/json")
							fmt.Fprint(rw, payload)
							return
						}
						rw.Header().Set("Content-Type", "text/html")
						fmt.Fprintf(rw, "<!doctype html><html><head>%s</head></html>", head)
					})
				}
				a := w.Ask(oembed.Others(w.Client)("loom").Endpoints()[0], ref)
				if shown := a.Shown() != nil; shown != (name != "nothing") || a.Status.Gone() {
					t.Errorf("answer %+v", a)
				}
			})
		})
	}
}

// TestOthersAreProviders: only listed providers are asked, and none whose terms
// forbid it.
func TestOthersAreProviders(t *testing.T) {
	for name, want := range map[post.Platform]bool{"ted": true, "nowhere": false, post.Facebook: false, post.Instagram: false, post.Twitter: false, "oembed": false, "": false} {
		if got := oembed.Others(nil)(name) != nil; got != want {
			t.Errorf("%q: %t", name, got)
		}
	}
}

package embedpage_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/embedpage"
	"stet/archiver/oembed"
	"stet/archiver/platformtest"
	"stet/extract"
	"stet/extract/post"
)

// place is a platform with a post whose embed page is served at a path.
type place struct {
	ref                        post.Ref
	address, host, path, graph string
	handle                     string
}

func places() []place {
	ref := func(p post.Platform, id string) post.Ref { return post.Ref{Platform: p, ID: id} }
	return []place{
		{ref(post.Instagram, "C0dE_xyz123"), "", "www.instagram.com", "/p/C0dE_xyz123/embed/captioned/", "graph.facebook.com/v23.0/instagram_oembed", "adaquay"},
		{ref(post.Facebook, "123456789"), "https://www.facebook.com/oldharbour/posts/123456789", "www.facebook.com",
			"/plugins/post.php?show_text=true&href=https%3A%2F%2Fwww.facebook.com%2Foldharbour%2Fposts%2F123456789", "graph.facebook.com/v23.0/oembed_post", "oldharbour"},
		{ref(post.Threads, "C0dE_xyz123"), "https://www.threads.com/@adaquay/post/C0dE_xyz123", "www.threads.com",
			"/@adaquay/post/C0dE_xyz123/embed", "graph.threads.net/v1.0/oembed", "adaquay"},
		{ref(post.LinkedIn, "7170706170000000000"), "https://www.linkedin.com/feed/update/urn:li:activity:7170706170000000000/", "www.linkedin.com",
			"/embed/feed/update/urn:li:activity:7170706170000000000", "", "adaquay"},
	}
}

// world is a platform whose page, and whose witness, can be switched off.
type world struct {
	*platformtest.World
	place
	broken, unseen atomic.Bool
}

func onEvery(t *testing.T, token string, story func(w *world)) {
	t.Helper()
	for _, p := range places() {
		t.Run(string(p.ref.Platform), func(t *testing.T) {
			platformtest.Run(t, func(inner *platformtest.World) {
				w := &world{World: inner, place: p}
				witness := func(of post.Platform) archiver.Endpoint {
					if of == post.LinkedIn {
						return nil
					}
					return oembed.Witness(w.Client, of, token)
				}
				for _, platform := range embedpage.New(w.Client, witness) {
					if platform.Platform() == p.ref.Platform {
						w.serve(platform)
						w.Start(platform)
					}
				}
				story(w)
			})
		})
	}
}

func (w *world) serve(p archiver.Platform) {
	var live extract.Response
	for _, r := range p.Rules() {
		if r.Status == post.Live && live.Body == nil {
			live = r.Sample
		}
	}
	w.Net.HandleFunc(w.host, func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		if w.broken.Load() || r.URL.RequestURI() != w.path {
			fmt.Fprint(rw, `<div>The link may be broken, or the post may have been removed.</div>`)
			return
		}
		rw.Write(live.Body)
	})
	host, path, _ := strings.Cut(w.graph, "/")
	if host == "" {
		return
	}
	w.Net.HandleFunc(host, func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		switch {
		case r.URL.Path != "/"+path || r.Header.Get("Authorization") != "Bearer app|hush-hush":
			rw.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(rw, `{"error":{"message":"Invalid OAuth access token.","type":"OAuthException","code":190}}`)
		case w.unseen.Load() || !strings.Contains(r.FormValue("url"), w.ref.ID):
			rw.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(rw, `{"error":{"message":"The requested resource does not exist","type":"OAuthException","code":24}}`)
		default:
			fmt.Fprint(rw, `{"version":"1.0","type":"rich","html":"<blockquote>words of the post</blockquote>","provider_name":"Meta"}`)
		}
	})
}

func (w *world) capture() archiver.ResultPost {
	r, err := w.Engine().CapturePosts(w.T.Context(), []post.Ref{w.ref}, []string{w.address}, archiver.CaptureOptions{})
	if err != nil {
		w.T.Fatal(err)
	}
	return r[0]
}

// TestNeverGone: a post is captured, and whatever the page says afterwards, it is
// never called gone.
func TestNeverGone(t *testing.T) {
	onEvery(t, "", func(w *world) {
		if p := w.capture(); p.Text != "Low tide" || p.Author.Handle != w.handle || p.Status != post.Live || p.Source != post.SourceEmbed {
			w.T.Errorf("captured %+v", p)
		}
		w.broken.Store(true)
		w.Never(w.ref, 4, 13*time.Hour)
		w.broken.Store(false)
		w.Faults(w.ref, w.host)
	})
}

// TestWitness: an endpoint whose answer may not be kept tells that a post lives
// which its page does not show, and never that one is gone; of its answer nothing
// is kept, nor is the token.
func TestWitness(t *testing.T) {
	onEvery(t, "app|hush-hush", func(w *world) {
		if w.graph == "" {
			return
		}
		w.broken.Store(true)
		if p := w.capture(); p.Err == nil || !p.Capture.IsZero() || p.Status != post.Live {
			w.T.Errorf("captured %+v", p)
		}
		w.Expect(w.ref, post.Live, false)
		w.unseen.Store(true)
		w.Never(w.ref, 4, 13*time.Hour)
		asked := 0
		for _, e := range w.Exchanges(w.ref) {
			if !strings.Contains(e.URL, "://graph.") {
				continue
			}
			asked++
			if len(e.Body.Inline) > 0 || !e.Body.Blob.IsZero() || bytes.Contains(e.RequestHead, []byte("hush")) {
				w.T.Errorf("kept of %s: %+v", e.URL, e)
			}
		}
		if asked < 6 {
			w.T.Errorf("the witness was asked %d times", asked)
		}
		for _, l := range w.History(w.ref).Looks {
			if strings.Contains(l.Content.Reason, "words of the post") || strings.Contains(l.Content.Reason, "requested resource") {
				w.T.Errorf("a look keeps words of the answer: %s", l.Content.Reason)
			}
		}
	})
}

// TestWrongToken: a token that is refused says nothing about a post.
func TestWrongToken(t *testing.T) {
	onEvery(t, "app|other-one", func(w *world) {
		w.broken.Store(true)
		if p := w.capture(); p.Err == nil || p.Status != post.Unknown {
			w.T.Errorf("captured %+v", p)
		}
	})
}

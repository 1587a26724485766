package oembed_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/oembed"
	"stet/archiver/platformtest"
	"stet/extract"
	exoembed "stet/extract/oembed"
	"stet/extract/post"
	"stet/extract/sites"
)

// place is a platform with a post, its address, and the hosts that are asked.
type place struct {
	ref     post.Ref
	address string
	hosts   []string
	// words are those of the samples.
	words string
}

func places() []place {
	ref := func(p post.Platform, id string) post.Ref { return post.Ref{Platform: p, ID: id} }
	return []place{
		{ref(post.Vimeo, "123456789"), "", []string{"player.vimeo.com", "vimeo.com"}, "The night ferry"},
		{ref(post.Dailymotion, "x8abcde"), "", []string{"api.dailymotion.com", "www.dailymotion.com"}, "The night ferry\n\nFilmed from the pier.\nAt night."},
		{ref(post.Pinterest, "123456789012345678"), "", []string{"widgets.pinterest.com", "www.pinterest.com"}, "Low tide"},
		{ref(post.Spotify, "track:4uLU6hMCjMI75M1A2tKUQC"), "", []string{"open.spotify.com"}, "Low tide"},
		{ref(post.SoundCloud, "ada/low-tide"), "", []string{"soundcloud.com"}, "Low tide\n\nRecorded on the pier."},
		{ref(post.Flickr, "2341623999"), "", []string{"www.flickr.com"}, "Low tide\n\nFrom the pier"},
		{ref(post.Tumblr, "743912345678901248"), "https://ada.tumblr.com/post/743912345678901248/low-tide", []string{"ada.tumblr.com", "www.tumblr.com"}, "Low tide\nat the pier"},
	}
}

// platform returns one of those that New gives.
func platform(w *platformtest.World, name post.Platform) archiver.Platform {
	none := func(post.Platform) []post.Ref { return nil }
	for _, p := range oembed.New(w.Client, none, none) {
		if p.Platform() == name {
			return p
		}
	}
	w.T.Fatalf("no platform %s", name)
	return nil
}

// world serves a platform by the samples of its rules: gone says whether the
// post is missing, down whether the control post is too.
type world struct {
	*platformtest.World
	place
	platform   archiver.Platform
	gone, down atomic.Bool
}

func onEvery(t *testing.T, story func(w *world)) {
	t.Helper()
	for _, p := range places() {
		t.Run(string(p.ref.Platform), func(t *testing.T) {
			platformtest.Run(t, func(inner *platformtest.World) {
				w := &world{World: inner, place: p, platform: platform(inner, p.ref.Platform)}
				for _, host := range p.hosts {
					w.Net.HandleFunc(host, w.serve)
				}
				w.Start(w.platform)
				story(w)
			})
		})
	}
}

// serve answers for one endpoint or the other.
func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	id := w.ref.ID
	asked, _ := url.QueryUnescape(r.URL.String())
	for _, control := range w.platform.Controls().Live {
		t, _ := sites.Target(control)
		bare := control.ID[strings.LastIndexByte(control.ID, ':')+1:]
		if strings.Contains(asked, t.URL) || strings.Contains(asked, bare) {
			id = control.ID
		}
	}
	endpoint := w.platform.Endpoints()[0].Name()
	if strings.Contains(r.URL.Path, "oembed") {
		endpoint = exoembed.Endpoint
	}
	missing := id == w.ref.ID && w.gone.Load() || id != w.ref.ID && w.down.Load()
	for _, rule := range w.platform.Rules() {
		if rule.Endpoint == endpoint && rule.Status == post.Live && !missing || rule.Endpoint == endpoint && rule.Status == post.NotFound && missing {
			w.write(rw, rule.Sample, id)
			return
		}
	}
}

func (w *world) write(rw http.ResponseWriter, r extract.Response, id string) {
	rw.Header().Set("Content-Type", r.ContentType)
	rw.WriteHeader(r.StatusCode)
	fmt.Fprint(rw, strings.ReplaceAll(string(r.Body), w.ref.ID, id))
}

func (w *world) capture() archiver.ResultPost {
	r, err := w.Engine().CapturePosts(w.T.Context(), []post.Ref{w.ref}, []string{w.address}, archiver.CaptureOptions{})
	if err != nil {
		w.T.Fatal(err)
	}
	return r[0]
}

// TestLoss: the richer source gives the record; two sources that miss a post
// confirm its loss within two days, and its return is noticed.
func TestLoss(t *testing.T) {
	onEvery(t, func(w *world) {
		if p := w.capture(); p.Status != post.Live || p.Text != w.words {
			t.Errorf("captured %+v", p)
		}
		w.gone.Store(true)
		for range 2 {
			w.Expect(w.ref, post.NotFound, false)
			time.Sleep(13 * time.Hour)
		}
		w.Expect(w.ref, post.NotFound, true)
		w.gone.Store(false)
		w.Expect(w.ref, post.Live, false)
	})
}

// TestControls: while the control post is missing too, nothing is believed.
func TestControls(t *testing.T) {
	onEvery(t, func(w *world) {
		if len(w.platform.Controls().Live) == 0 {
			return // of Tumblr's posts the number alone cannot be asked for
		}
		w.capture()
		w.gone.Store(true)
		w.down.Store(true)
		w.Never(w.ref, 4, 13*time.Hour)
	})
}

func TestFaults(t *testing.T) {
	onEvery(t, func(w *world) {
		w.capture()
		w.Faults(w.ref, w.hosts...)
	})
}

// TestTumblrBlog: that a post is not there is believed of a blog that shows its
// others: while all of the platform answers with 404, nothing is confirmed.
func TestTumblrBlog(t *testing.T) {
	for _, there := range []bool{true, false} {
		platformtest.Run(t, func(inner *platformtest.World) {
			w := &world{World: inner, place: places()[len(places())-1], platform: platform(inner, post.Tumblr)}
			for _, host := range w.hosts {
				w.Net.HandleFunc(host, func(rw http.ResponseWriter, r *http.Request) {
					if w.gone.Load() && !(there && r.FormValue("num") == "1") {
						http.Error(rw, "<html><title>Not found.</title></html>", http.StatusNotFound)
						return
					}
					w.write(rw, w.sampleOf(r), w.ref.ID)
				})
			}
			w.Start(w.platform)
			w.capture()
			w.gone.Store(true)
			for range 6 {
				time.Sleep(25 * time.Hour)
				w.Look(w.ref)
			}
			w.Expect(w.ref, post.NotFound, there)
		})
	}
}

// sampleOf returns what shows a post at the endpoint that is asked.
func (w *world) sampleOf(r *http.Request) extract.Response {
	endpoint := w.platform.Endpoints()[0].Name()
	if strings.Contains(r.URL.Path, "oembed") {
		endpoint = exoembed.Endpoint
	}
	for _, rule := range w.platform.Rules() {
		if rule.Endpoint == endpoint && rule.Status == post.Live {
			return rule.Sample
		}
	}
	return extract.Response{StatusCode: 500}
}

// TestTumblrByNumber: the number alone cannot be asked for, and nobody is.
func TestTumblrByNumber(t *testing.T) {
	platformtest.Run(t, func(w *platformtest.World) {
		for _, e := range platform(w, post.Tumblr).Endpoints() {
			if a := w.Ask(e, post.Ref{Platform: post.Tumblr, ID: "743912345678901248"}); a.Err == nil || len(w.Net.Requests()) != 0 {
				t.Errorf("%s: %+v", e.Name(), a)
			}
		}
	})
}

// TestSoundByNumber: the page is not known from the number; oEmbed takes it.
func TestSoundByNumber(t *testing.T) {
	platformtest.Run(t, func(w *platformtest.World) {
		if a := w.Ask(platform(w, post.SoundCloud).Endpoints()[0], post.Ref{Platform: post.SoundCloud, ID: "tracks/77"}); a.Err == nil || len(w.Net.Requests()) != 0 {
			t.Errorf("%+v", a)
		}
	})
}

package archiver_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/extract/post"
	"stet/store"
)

// files says which files of the post's captures are kept, oldest capture first.
func (w *world) files(id string) (kept []int) {
	for _, c := range w.history(id).Captures {
		n := 0
		for _, f := range c.Content.Media {
			if !f.Digest.IsZero() {
				n++
			}
		}
		kept = append(kept, n)
	}
	return kept
}

// TestFinished: what trouble kept from a capture is fetched as soon as the
// trouble is over, and not asked for without end.
func TestFinished(t *testing.T) {
	const syndication, pictures = "cdn.syndication.twimg.com", "pbs.twimg.com"
	down := fakenet.Unavailable(0)
	tests := map[string]struct {
		host  string
		fault fakenet.Fault
		// lasts is how long the trouble does; 0 is for ever.
		lasts time.Duration
		// wants are the number of files of each capture after a day, next the
		// longest wait for the look after the capture.
		want []int
		next time.Duration
	}{
		"no trouble":                      {want: []int{2}, next: time.Hour},
		"the richer source is down":       {host: syndication, fault: down, lasts: 10 * time.Minute, want: []int{0, 2}, next: time.Minute},
		"it cannot be found":              {host: syndication, fault: fakenet.NoDNS(), lasts: 10 * time.Second, want: []int{0, 2}, next: time.Minute},
		"it asks for a login for ever":    {host: syndication, fault: fakenet.LoginPage(), want: []int{0}, next: time.Minute},
		"the files' host is down":         {host: pictures, fault: down, lasts: 10 * time.Second, want: []int{0, 2}, next: time.Minute},
		"it gives pages for half an hour": {host: pictures, fault: fakenet.Captcha(), lasts: 30 * time.Minute, want: []int{0, 0, 0, 2}, next: time.Minute},
		"the files are gone":              {host: pictures, fault: fakenet.Body(http.StatusNotFound, "text/plain", "no"), want: []int{0}, next: time.Hour},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inWorld(t, settings{}, func(w *world) {
				one := id(hour/4, 1)
				w.x.Add(fakenet.Post{ID: one, Author: ada(), Text: "The ferry leaves at six", Media: []fakenet.Media{{Size: 3000}, {Size: 4000}}})
				heal := func() {}
				if tt.host != "" {
					heal = w.net.Fault(tt.host, "/", tt.fault)
				}
				if res := w.capturePost(one); res.Err != nil && !errors.Is(res.Err, store.ErrPartial) || res.NextLook.Sub(w.now()) > tt.next || tt.next == time.Hour && res.NextLook.Sub(w.now()) < hour/2 {
					t.Fatalf("the next look is at %v, %v", res.NextLook, res.Err)
				}
				before := len(w.net.Requests())
				if tt.lasts > 0 {
					w.during(tt.lasts, archiver.RunOptions{Poll: 10 * time.Second})
					heal()
				}
				w.during(20*hour, archiver.RunOptions{Poll: 10 * time.Second})
				if got := w.files(one); !slices.Equal(got, tt.want) {
					t.Errorf("the captures have %v files, want %v", got, tt.want)
				}
				if n := len(w.net.Requests()) - before; n > 60 {
					t.Errorf("%d requests in a day", n)
				}
				if s := w.state(one); s.Value != post.Live {
					t.Errorf("the post is %s", s.Value)
				}
			})
		})
	}
}

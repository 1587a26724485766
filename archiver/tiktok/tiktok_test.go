package tiktok_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"stet/archiver/oembed"
	"stet/archiver/platformtest"
	"stet/archiver/tiktok"
	"stet/extract/post"
)

const id = "7571863205253778999"

func ref() post.Ref { return post.Ref{Platform: post.TikTok, ID: id} }

const live = `{"statusCode":0,"itemInfo":{"itemStruct":{"id":"` + id + `","desc":"Low tide","createTime":"1762970000","author":{"id":"7","uniqueId":"adaquay","nickname":"Ada Quay"}}}}`

// controlID is the post that is known to live.
var controlID = tiktok.DefaultControls()[0].ID

// run tells a story in which the page says detail and oEmbed shows the post while
// embedded is true; the control post is shown.
func run(t *testing.T, story func(w *platformtest.World, detail *atomic.Value, embedded *atomic.Bool)) {
	t.Helper()
	var down atomic.Bool
	runWhere(t, &down, story)
}

// runWhere is run while oEmbed does not show the control post where down is true.
func runWhere(t *testing.T, down *atomic.Bool, story func(w *platformtest.World, detail *atomic.Value, embedded *atomic.Bool)) {
	t.Helper()
	platformtest.Run(t, func(w *platformtest.World) {
		var detail atomic.Value
		var embedded atomic.Bool
		detail.Store(live)
		embedded.Store(true)
		w.Net.HandleFunc("www.tiktok.com", func(rw http.ResponseWriter, r *http.Request) {
			said, control := detail.Load(), strings.Contains(r.URL.String(), controlID)
			if control {
				said = strings.ReplaceAll(live, id, controlID)
			}
			switch {
			case r.URL.Path != "/oembed":
				rw.Header().Set("Content-Type", "text/html; charset=utf-8")
				fmt.Fprintf(rw, `<html><script id="__UNIVERSAL_DATA_FOR_REHYDRATION__" type="application/json">{"__DEFAULT_SCOPE__":{"webapp.video-detail":%s}}</script></html>`, said)
			case control && !down.Load(), !control && embedded.Load():
				rw.Header().Set("Content-Type", "application/json")
				fmt.Fprint(rw, `{"type":"video","version":"1.0","title":"Low tide","author_name":"Ada Quay","author_unique_id":"adaquay"}`)
			default:
				rw.Header().Set("Content-Type", "application/json")
				rw.WriteHeader(http.StatusNotFound)
				fmt.Fprint(rw, `{"code":404,"message":"Not found"}`)
			}
		})
		w.Start(tiktok.New(w.Client, oembed.Endpoint(w.Client), nil, nil))
		story(w, &detail, &embedded)
	})
}

// TestRefused: what the page says of posts that are gone, it says to networks
// that are refused as well; nothing is concluded from it.
func TestRefused(t *testing.T) {
	run(t, func(w *platformtest.World, detail *atomic.Value, embedded *atomic.Bool) {
		if p := w.Capture(ref()); p.Text != "Low tide" || p.Author.Handle != "adaquay" || p.Source != post.SourcePublic {
			t.Errorf("captured %+v", p)
		}
		detail.Store(`{"statusCode":10204,"statusMsg":"item doesn't exist"}`)
		w.Never(ref(), 4, 13*time.Hour)
		// One source that misses the post is a suspicion for ever.
		embedded.Store(false)
		for range 4 {
			w.Expect(ref(), post.NotFound, false)
			time.Sleep(13 * time.Hour)
		}
	})
}

// TestNoAccount: the page, which says that there is no such account, and oEmbed
// miss the post for a day; the cause is not known.
func TestNoAccount(t *testing.T) {
	run(t, func(w *platformtest.World, detail *atomic.Value, embedded *atomic.Bool) {
		w.Capture(ref())
		detail.Store(`{"statusCode":10221,"statusMsg":"user not found"}`)
		w.Never(ref(), 2, 13*time.Hour)
		embedded.Store(false)
		for range 2 {
			if got := w.Look(ref()); got.Status != post.NotFound || got.Confirmed {
				t.Errorf("look %+v", got)
			}
			time.Sleep(13 * time.Hour)
		}
		if got := w.Look(ref()); got.Status != post.NotFound || !got.Confirmed {
			t.Errorf("look %+v", got)
		}
		detail.Store(live)
		w.Expect(ref(), post.Live, false)
	})
}

// TestControl: while oEmbed does not show the post that is known to live, that it
// misses another is not believed.
func TestControl(t *testing.T) {
	var down atomic.Bool
	runWhere(t, &down, func(w *platformtest.World, detail *atomic.Value, embedded *atomic.Bool) {
		w.Capture(ref())
		down.Store(true)
		embedded.Store(false)
		detail.Store(`{"statusCode":10204,"statusMsg":"item doesn't exist"}`)
		w.Never(ref(), 4, 13*time.Hour)
	})
}

func TestFaults(t *testing.T) {
	run(t, func(w *platformtest.World, _ *atomic.Value, _ *atomic.Bool) {
		w.Capture(ref())
		w.Faults(ref(), "www.tiktok.com")
	})
}

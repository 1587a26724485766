package instagram_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"stet/archiver/instagram"
	"stet/archiver/platformtest"
	"stet/extract/post"
)

// TestNeverGone: a post is captured, and whatever the page says afterwards, it is
// never called gone.
func TestNeverGone(t *testing.T) {
	platformtest.Run(t, func(w *platformtest.World) {
		ref := post.Ref{Platform: post.Instagram, ID: "C0dE_xyz123"}
		var broken atomic.Bool
		w.Net.HandleFunc("www.instagram.com", func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Content-Type", "text/html; charset=utf-8")
			if broken.Load() || r.URL.Path != "/p/C0dE_xyz123/embed/captioned/" {
				fmt.Fprint(rw, `<div class="EmbedBrokenMedia">The link to this photo or video may be broken, or the post may have been removed.</div>`)
				return
			}
			fmt.Fprint(rw, `<span class="UsernameText">adaquay</span><a class="EmbeddedMedia" href="https://www.instagram.com/p/C0dE_xyz123/"><img class="EmbeddedMediaImage" src="https://www.instagram.com/pier.jpg"></a><div class="Caption"><a class="CaptionUsername">adaquay</a><br>Low tide</div>`)
		})
		w.Start(instagram.New(w.Client))
		if p := w.TryCapture(ref); p.Text != "Low tide" || p.Author.Handle != "adaquay" || p.Status != post.Live {
			t.Errorf("captured %+v", p)
		}
		broken.Store(true)
		w.Never(ref, 4, 13*time.Hour)
		broken.Store(false)
		w.Faults(ref, "www.instagram.com")
	})
}

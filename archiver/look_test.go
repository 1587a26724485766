package archiver_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/archiver/twitter"
	"stet/extract/post"
	"stet/store"
	"stet/store/mem"
)

func redirectTo(path, target string) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path != path {
			http.NotFound(rw, r)
			return
		}
		http.Redirect(rw, r, target, http.StatusMovedPermanently)
	}
}

func cancelling(cancel func()) http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}
}

func notFound(rw http.ResponseWriter, r *http.Request) { http.NotFound(rw, r) }

func (w *world) failAppend(after int, err error) {
	w.mem.Inject(mem.Fault{Op: mem.OpAppend, After: after, Err: err})
}

func moreFaults() map[string]fakenet.Fault {
	return map[string]fakenet.Fault{
		"429": fakenet.TooManyRequests(0), "429 for an hour": fakenet.TooManyRequests(time.Hour), "503 for a minute": fakenet.Unavailable(time.Minute),
		"empty": fakenet.Empty(), "html": fakenet.HTML(), "login page": fakenet.LoginPage(), "captcha": fakenet.Captcha(),
		"redirect to login": fakenet.LoginRedirect(), "loop": fakenet.RedirectLoop(), "to loopback": fakenet.RedirectTo("http://127.0.0.1/"),
		"to metadata": fakenet.RedirectTo("http://169.254.169.254/latest/"), "html called json": fakenet.WrongType("application/json"),
		"truncated": fakenet.Truncated(), "hang": fakenet.Hang(), "reset": fakenet.Reset(), "garbage": fakenet.Garbage(),
		"huge head": fakenet.HugeHead(1 << 20), "bomb": fakenet.GzipBomb(1 << 26), "drip": fakenet.Drip(10 * time.Second),
		"no dns": fakenet.NoDNS(), "refused": fakenet.RefuseConnections(), "no route": fakenet.NoRoute(),
		"expired certificate": fakenet.ExpiredCertificate(), "unknown authority": fakenet.UnknownAuthority(),
		"json of nothing": fakenet.Body(200, "application/json", "null"), "json list": fakenet.Body(200, "application/json", "[]"),
		"json error":                 fakenet.Body(200, "application/json", `{"error":"This Post was deleted by the Post author."}`),
		"404 everywhere with a wall": fakenet.Body(403, "text/html", "Access denied: page not found"),
	}
}

// TestStates: what one look, and the looks of two days, make of each state of
// the platform.
func TestStates(t *testing.T) {
	tests := []struct {
		state     fakenet.State
		result    post.Status
		status    post.Status
		confirmed bool
		later     post.Status // after looks over two days
		sure      bool
	}{
		{fakenet.Live, post.Live, post.Live, false, post.Live, false},
		{fakenet.Deleted, post.Deleted, post.Deleted, true, post.Deleted, true},
		{fakenet.Suspended, post.AccountSuspended, post.AccountSuspended, true, post.AccountSuspended, true},
		{fakenet.AccountGone, post.AccountGone, post.AccountGone, true, post.AccountGone, true},
		{fakenet.Protected, post.Protected, post.Protected, true, post.Protected, true},
		{fakenet.AgeGated, post.AgeRestricted, post.AgeRestricted, true, post.AgeRestricted, true},
		{fakenet.Withheld, post.Withheld, post.Withheld, true, post.Withheld, true},
		{fakenet.BareTombstone, post.Live, post.Live, false, post.Live, false},
		{fakenet.EmptyTombstone, post.Live, post.Live, false, post.Live, false},
		{fakenet.EmptyObject, post.Live, post.Live, false, post.Live, false},
		{fakenet.Hidden, post.Live, post.Live, false, post.Live, false},
		{fakenet.NotFound, post.NotFound, post.NotFound, false, post.NotFound, true},
	}
	for _, tt := range tests {
		t.Run(string(tt.state), func(t *testing.T) {
			inWorld(t, settings{}, func(w *world) {
				p := id(20*hour, 1)
				w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "This Post was deleted by the Post author."})
				if res := w.capturePost(p); res.Err != nil {
					t.Fatal(res.Err)
				}
				w.x.SetState(p, tt.state)
				time.Sleep(hour)
				r := w.recheck(p)
				if r.Result != tt.result || r.Status != tt.status || r.Confirmed != tt.confirmed || r.Err != nil {
					t.Errorf("first look: %+v, want %s %s %t", r, tt.result, tt.status, tt.confirmed)
				}
				for range 4 {
					time.Sleep(12 * hour)
					r = w.recheck(p)
				}
				if r.Status != tt.later || r.Confirmed != tt.sure {
					t.Errorf("after two days: %s %t, want %s %t (%s)", r.Status, r.Confirmed, tt.later, tt.sure, r.Reason)
				}
			})
		})
	}
}

// TestFaults: whatever goes wrong on the way, for days, a living post is never
// suspected to be gone.
func TestFaults(t *testing.T) {
	faults := map[string]fakenet.Fault{
		"500": fakenet.Status(500), "503": fakenet.Status(503), "403": fakenet.Status(403), "401": fakenet.Status(401),
	}
	for name, f := range moreFaults() {
		faults[name] = f
	}
	for name, fault := range faults {
		for _, hosts := range [][]string{{"cdn.syndication.twimg.com"}, {"publish.x.com", "publish.twitter.com"}, {""}} {
			t.Run(fmt.Sprint(name, hosts), func(t *testing.T) {
				inWorld(t, settings{}, func(w *world) {
					p := id(20*hour, 1)
					w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "Still here"})
					if res := w.capturePost(p); res.Err != nil {
						t.Fatal(res.Err)
					}
					for _, h := range hosts {
						w.net.Fault(h, "", fault)
					}
					for range 4 {
						time.Sleep(13 * hour)
						r := w.recheck(p)
						if r.Status != post.Live || r.Result.Gone() {
							t.Fatalf("status %s, result %s: %s", r.Status, r.Result, r.Reason)
						}
					}
					w.net.Heal()
					time.Sleep(hour)
					if r := w.recheck(p); r.Result != post.Live || r.Err != nil {
						t.Errorf("after the trouble: %+v", r)
					}
				})
			})
		}
	}
}

// TestQuarantine: while the control post is missing too, nothing is believed.
func TestQuarantine(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		p := id(20*hour, 1)
		w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "Still here"})
		w.capturePost(p)
		w.x.SetState(p, fakenet.Deleted)
		w.x.SetState(fakenet.ControlID, fakenet.Deleted)
		for range 5 {
			time.Sleep(9 * hour)
			r := w.recheck(p)
			if r.Status != post.Live || r.Result != post.Unknown {
				t.Fatalf("believed although the control post is missing: %+v", r)
			}
		}
		for _, l := range w.history(p).Looks {
			if l.Content.Result != post.Unknown || !l.Content.Quarantined && l.Content.Endpoint == "syndication" {
				t.Errorf("look %+v", l.Content)
			}
		}
		w.x.SetState(fakenet.ControlID, fakenet.Live)
		time.Sleep(hour)
		if r := w.recheck(p); r.Status != post.Deleted || !r.Confirmed {
			t.Errorf("after the quarantine: %+v", r)
		}
	})
}

// TestConfiguredControls: a post that is known to be gone must be missed.
func TestConfiguredControls(t *testing.T) {
	inWorld(t, settings{twitter: twitter.Options{Gone: []post.Ref{ref("777")}}}, func(w *world) {
		p := id(20*hour, 1)
		w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "Still here"}, fakenet.Post{ID: "777", Author: ada(), Text: "Long gone"})
		w.capturePost(p)
		w.x.SetState(p, fakenet.NotFound)
		if r := w.recheck(p); r.Result != post.Unknown {
			t.Errorf("believed although a post that is gone is shown: %+v", r)
		}
	})
}

func TestRecheckUnknownPost(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		r := w.recheck("123456789")
		if !errors.Is(r.Err, store.ErrNotFound) {
			t.Errorf("error %v", r.Err)
		}
		if n := len(w.net.Requests()); n != 0 {
			t.Errorf("%d requests were made", n)
		}
	})
}

// TestEdited: a look that shows other words is a capture too.
func TestEdited(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		p := id(20*hour, 1)
		w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "Ten boats"})
		w.capturePost(p)
		w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "Eleven boats"})
		w.recheck(p)
		h := w.history(p)
		if len(h.Captures) != 2 || h.Best().Content.Post.Text != "Eleven boats" {
			t.Errorf("%d captures, shown %q", len(h.Captures), h.Best().Content.Post.Text)
		}
		w.recheck(p)
		if h := w.history(p); len(h.Captures) != 2 || len(h.Looks) != 2 {
			t.Errorf("an unchanged post: %d captures, %d looks", len(h.Captures), len(h.Looks))
		}
	})
}

// TestNeverCaptured: a post that was gone before it could be captured is looked
// at ever less often.
func TestNeverCaptured(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		p := id(20*hour, 1)
		w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "Too late"})
		w.x.SetState(p, fakenet.EmptyObject)
		w.x.SetStateAt(fakenet.OEmbed, p, fakenet.NotFound)
		w.capturePost(p)
		w.during(31*24*hour, archiver.RunOptions{})
		rounds := map[store.ID]bool{}
		for _, l := range w.history(p).Looks {
			rounds[l.Content.Round] = true
		}
		if n := len(rounds); n < 5 || n > 40 {
			t.Errorf("%d looks in a month", n)
		}
	})
}

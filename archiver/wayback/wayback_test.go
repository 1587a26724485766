package wayback_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/archiver/fetch"
	"stet/archiver/wayback"
	"stet/extract"
	"stet/extract/post"
	"stet/store"
)

const (
	host = "web.archive.org"
	id   = "1178164231406997504"
)

func ref(id string) post.Ref { return post.Ref{Platform: post.Twitter, ID: id} }

func day(d int) time.Time { return time.Date(2019, 10, d, 10, 0, 0, 0, time.UTC) }

// status is a post as JSON captures have it.
func status(id, text string) []byte {
	b, err := json.Marshal(map[string]any{"id_str": id, "full_text": text, "created_at": "Sat Sep 28 21:14:00 +0000 2019",
		"user": map[string]any{"id_str": "4400001", "name": "Ada Quay", "screen_name": "adaquay"}})
	if err != nil {
		panic(err)
	}
	return b
}

// page is a permalink page of 2019.
func page(id, handle, text string) []byte {
	return fmt.Appendf(nil, `<!doctype html><title>x</title><div class="permalink-tweet-container"><div class="tweet permalink-tweet" data-tweet-id="%s" data-screen-name="%s" data-name="Ada Quay"><p class="tweet-text js-tweet-text" lang="en">%s</p><div class="AdaptiveMedia-photoContainer" data-image-url="https://pbs.twimg.com/media/KeyA.jpg"></div></div></div>`, id, handle, text)
}

func login() []byte { return []byte(`<!doctype html><title>Log in</title><form></form>`) }

// inArchive runs a test with an archive of its own, in a bubble of time.
func inArchive(t *testing.T, o wayback.Options, story func(t *testing.T, n *fakenet.Net, b *fakenet.Wayback, a *wayback.Archive)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := fakenet.New(fakenet.Options{Now: time.Now})
		b := n.Wayback()
		fo := n.FetchOptions()
		client, err := fetch.New(fo)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := errors.Join(client.Close(), n.Close()); err != nil {
				t.Error(err)
			}
		}()
		o.Now = time.Now
		story(t, n, b, wayback.New(client, o))
	})
}

// TestEveryForm: the post is found under each address that it can have been
// archived at, in any case, among addresses that begin alike.
func TestEveryForm(t *testing.T) {
	for _, address := range []string{
		"https://twitter.com/adaquay/status/" + id, "http://www.twitter.com:80/AdaQuay/status/" + id + "?s=20", "https://twitter.com/adaquay/status/" + id + "/photo/1",
		"https://mobile.twitter.com/adaquay/status/" + id, "https://x.com/adaquay/status/" + id + "?lang=de", "https://twitter.com/i/web/status/" + id,
		"https://x.com/i/status/" + id, "https://x.com/i/web/status/" + id,
	} {
		inArchive(t, wayback.Options{}, func(t *testing.T, n *fakenet.Net, b *fakenet.Wayback, a *wayback.Archive) {
			b.Store(fakenet.Memento{URL: address, Time: day(3), Body: page(id, "adaquay", "High tide")},
				fakenet.Memento{URL: strings.Replace(address, id, id+"1", 1), Time: day(1), Body: page(id+"1", "adaquay", "Another")})
			got := a.Recover(t.Context(), ref(id), []string{"adaquay"})
			if got.Shown() == nil || got.Parsed.Post.Text != "High tide" || got.Status != post.Unknown || got.Explicit || got.Parser == "" {
				t.Fatalf("%s: %+v", address, got.Answer)
			}
			want := store.Memento{Archive: host, URL: "https://web.archive.org/web/20191003100000/" + address, Original: address, Time: day(3), Digest: got.Memento.Digest}
			if got.Memento != want || !strings.HasPrefix(want.Digest, "sha1:") {
				t.Errorf("%s: memento %+v", address, got.Memento)
			}
			if f := got.Parsed.Post.Media[0].Fallbacks; f[len(f)-1] != "https://web.archive.org/web/20191003100000im_/https://pbs.twimg.com/media/KeyA.jpg:large" {
				t.Errorf("%s: files %q", address, f)
			}
		})
	}
}

// TestNoResult: what is no post is never taken for one.
func TestNoResult(t *testing.T) {
	at := "https://twitter.com/adaquay/status/" + id
	for name, tt := range map[string]struct {
		mementos []fakenet.Memento
		setup    func(n *fakenet.Net, b *fakenet.Wayback)
		reason   string
		err      error
	}{
		"nothing":           {reason: extract.ReasonNotArchived},
		"log-ins":           {mementos: []fakenet.Memento{{URL: at, Time: day(1), Body: login()}, {URL: at, Time: day(2), Body: login()}}, reason: extract.ReasonArchivedOther},
		"redirects":         {mementos: []fakenet.Memento{{URL: at, Time: day(1), Status: 302}}, reason: extract.ReasonNotArchived},
		"another post":      {mementos: []fakenet.Memento{{URL: at, Time: day(1), Body: page("5", "adaquay", "Another")}}, reason: extract.ReasonArchivedOther},
		"missing even then": {mementos: []fakenet.Memento{{URL: at, Time: day(2), Status: 404, Body: []byte("Sorry")}}, reason: extract.ReasonArchivedGone},
		"limited even then": {mementos: []fakenet.Memento{{URL: at, Time: day(2), Status: 429, Body: page(id, "adaquay", "x")}}, reason: extract.ReasonNotArchived},
		"excluded":          {setup: func(_ *fakenet.Net, b *fakenet.Wayback) { b.Exclude("twitter.com") }, reason: extract.ReasonExcluded},
		"excluded in playback": {mementos: []fakenet.Memento{{URL: at, Time: day(1), Body: page(id, "adaquay", "x")}},
			setup: func(n *fakenet.Net, _ *fakenet.Wayback) {
				n.Fault(host, "/web/", fakenet.Body(200, "text/html", "<p>This URL has been excluded from the Wayback Machine.</p>"+string(page(id, "adaquay", "forged"))))
			}, reason: extract.ReasonArchivedOther},
		"a page of the archive": {mementos: []fakenet.Memento{{URL: at, Time: day(1), Body: page(id, "adaquay", "x")}},
			setup: func(n *fakenet.Net, _ *fakenet.Wayback) {
				n.Fault(host, "/web/", fakenet.Body(200, "text/html", string(page(id, "adaquay", "forged"))))
			}, reason: extract.ReasonArchivedOther},
		"a page for an index": {setup: func(n *fakenet.Net, _ *fakenet.Wayback) { n.Fault(host, "/cdx", fakenet.HTML()) }, err: store.ErrUnexpected},
		"a challenge":         {setup: func(n *fakenet.Net, _ *fakenet.Wayback) { n.Fault(host, "/cdx", fakenet.Captcha()) }, err: store.ErrUnexpected},
		"asked to slow down":  {setup: func(n *fakenet.Net, _ *fakenet.Wayback) { n.Fault(host, "/cdx", fakenet.TooManyRequests(0)) }, err: store.ErrRateLimited},
		"trouble in playback": {mementos: []fakenet.Memento{{URL: at, Time: day(1), Body: page(id, "adaquay", "x")}}, setup: func(n *fakenet.Net, _ *fakenet.Wayback) { n.Fault(host, "/web/", fakenet.Status(502)) }, err: store.ErrUnexpected},
	} {
		inArchive(t, wayback.Options{}, func(t *testing.T, n *fakenet.Net, b *fakenet.Wayback, a *wayback.Archive) {
			b.Store(tt.mementos...)
			if tt.setup != nil {
				tt.setup(n, b)
			}
			got := a.Recover(t.Context(), ref(id), []string{"adaquay"})
			if got.Shown() != nil || got.Parsed != nil || got.Status != post.Unknown || !errors.Is(got.Err, tt.err) || tt.err == nil && (got.Err != nil || got.Reason != tt.reason) {
				t.Errorf("%s: %+v", name, got.Answer)
			}
			if len(got.Exchanges) == 0 {
				t.Errorf("%s: no exchange is kept", name)
			}
			if wasMissing := tt.reason == extract.ReasonArchivedGone; wasMissing != got.Missing.Equal(day(2)) {
				t.Errorf("%s: missing %v", name, got.Missing)
			}
		})
	}
}

// TestOrder: JSON is read before pages, the older page before the newer, and
// what is there twice once.
func TestOrder(t *testing.T) {
	inArchive(t, wayback.Options{}, func(t *testing.T, n *fakenet.Net, b *fakenet.Wayback, a *wayback.Archive) {
		at := "https://twitter.com/adaquay/status/" + id
		b.Store(fakenet.Memento{URL: at, Time: day(1), Body: login()}, fakenet.Memento{URL: at + "?s=21", Time: day(2), Body: login()},
			fakenet.Memento{URL: at, Time: day(4), Body: page(id, "adaquay", "an edited page")}, fakenet.Memento{URL: at, Time: day(3), Body: page(id, "adaquay", "page")})
		if got := a.Recover(t.Context(), ref(id), []string{"adaquay"}); got.Parsed == nil || got.Parsed.Post.Text != "page" {
			t.Errorf("%+v", got.Answer)
		}
		if played := n.Count(host, "/web/"); played != 2 {
			t.Errorf("%d snapshots were played back", played)
		}
		b.Store(fakenet.Memento{URL: at, Time: day(9), Type: "application/json", Body: status(id, "json")})
		if got := a.Recover(t.Context(), ref(id), []string{"adaquay"}); got.Parsed == nil || got.Parsed.Post.Text != "json" || !got.Memento.Time.Equal(day(9)) {
			t.Errorf("%+v", got.Answer)
		}
	})
}

// TestPace: however many posts are asked for, no more than 24 questions to the
// index begin in any minute; after an answer 429 the archive is left alone for a
// minute.
func TestPace(t *testing.T) {
	inArchive(t, wayback.Options{MaxWait: time.Hour}, func(t *testing.T, n *fakenet.Net, _ *fakenet.Wayback, a *wayback.Archive) {
		for i := range 30 {
			if got := a.Recover(t.Context(), ref(fmt.Sprint(1178164231406997504+i)), []string{"adaquay"}); got.Err != nil {
				t.Fatal(got.Err)
			}
		}
		var times []time.Time
		for _, r := range n.Requests() {
			times = append(times, r.Time)
		}
		if len(times) < 200 {
			t.Fatalf("only %d questions", len(times))
		}
		for i := range times {
			if i >= 24 && times[i].Sub(times[i-24]) < time.Minute {
				t.Fatalf("25 questions within %v", times[i].Sub(times[i-24]))
			}
		}
	})
	inArchive(t, wayback.Options{}, func(t *testing.T, n *fakenet.Net, _ *fakenet.Wayback, a *wayback.Archive) {
		n.Fault(host, "/cdx", fakenet.TooManyRequests(0).Times(1))
		began := time.Now()
		var limited *fetch.RateLimitError
		for range 3 {
			if got := a.Recover(t.Context(), ref(id), nil); !errors.As(got.Err, &limited) || limited.Until.Sub(began) < time.Minute {
				t.Fatalf("%+v", got.Answer)
			}
		}
		if n.Count(host, "") != 1 {
			t.Errorf("asked %d times", n.Count(host, ""))
		}
		time.Sleep(time.Minute)
		if got := a.Recover(t.Context(), ref(id), nil); got.Err != nil {
			t.Error(got.Err)
		}
	})
	inArchive(t, wayback.Options{PerMinute: 2, MaxWait: time.Minute}, func(t *testing.T, n *fakenet.Net, _ *fakenet.Wayback, a *wayback.Archive) {
		errs := make(chan error)
		for range 4 {
			go func() { errs <- a.Recover(t.Context(), ref(id), nil).Err }()
		}
		failed := 0
		for range 4 {
			if err := <-errs; errors.Is(err, store.ErrRateLimited) {
				failed++
			}
		}
		if failed == 0 {
			t.Error("nobody was put off although the queue is longer than a minute")
		}
	})
}

// TestList: an account's posts of a span are listed, those of others and of
// other days are not, over several pages of the index.
func TestList(t *testing.T) {
	inArchive(t, wayback.Options{}, func(t *testing.T, n *fakenet.Net, b *fakenet.Wayback, a *wayback.Archive) {
		from, until := time.Date(2020, 2, 17, 10, 0, 0, 0, time.UTC), time.Date(2020, 2, 19, 12, 0, 0, 0, time.UTC)
		var want []string
		var all []fakenet.Memento
		for i := range 2300 {
			at := from.Add(time.Duration(i-100) * 75 * time.Second)
			p := fakenet.PostID(at, i)
			handle := "AdaQuay"
			if i%3 == 0 {
				handle = "adaquays"
			} else if !at.Before(from) && at.Before(until) {
				want = append(want, p)
			}
			all = append(all, fakenet.Memento{URL: "https://twitter.com/" + handle + "/status/" + p, Time: day(1), Body: status(p, "post "+p)})
		}
		b.Store(all...)
		l := a.List(t.Context(), post.Twitter, "adaquay", from, until)
		if l.Err != nil || l.Cut || len(l.Posts) != len(want) {
			t.Fatalf("%d posts, want %d, %v", len(l.Posts), len(want), l.Err)
		}
		for i := range want {
			if l.Posts[i].Ref.ID != want[i] {
				t.Fatalf("post %d is %s, want %s", i, l.Posts[i].Ref, want[i])
			}
		}
		if got := a.Read(t.Context(), l.Posts[7]); got.Shown() == nil || got.Parsed.Post.Text != "post "+want[7] {
			t.Errorf("%+v", got.Answer)
		}
	})
}

// TestTimeMaps: other archives are asked where they are configured, and one that
// fails does not stand in the way.
func TestTimeMaps(t *testing.T) {
	bases := []string{"https://broken.example/timemap/link/", "https://maps.example/timemap/link/"}
	inArchive(t, wayback.Options{TimeMaps: bases}, func(t *testing.T, n *fakenet.Net, _ *fakenet.Wayback, a *wayback.Archive) {
		original := "https://twitter.com/adaquay/status/" + id
		n.HandleFunc("broken.example", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusTeapot) })
		n.HandleFunc("maps.example", func(w http.ResponseWriter, r *http.Request) {
			if r.RequestURI != "/timemap/link/"+original {
				http.NotFound(w, r)
				return
			}
			fmt.Fprintf(w, "<%s>; rel=\"original\",\n<https://web.archive.org/web/20190101000000/%s>; rel=\"memento\"; datetime=\"Tue, 01 Jan 2019 00:00:00 GMT\",\n"+
				"<https://old.example/wayback/20191003100000/%s>; rel=\"first memento\"; datetime=\"Thu, 03 Oct 2019 10:00:00 GMT\"", original, original, original)
		})
		n.HandleFunc("old.example", func(w http.ResponseWriter, r *http.Request) {
			if r.RequestURI != "/wayback/20191003100000id_/"+original {
				t.Errorf("asked for %s", r.RequestURI)
			}
			w.Header().Set("Memento-Datetime", "Thu, 03 Oct 2019 10:00:00 GMT")
			w.Write(page(id, "adaquay", "High tide"))
		})
		got := a.Recover(t.Context(), ref(id), []string{"adaquay"})
		if got.Shown() == nil || got.Memento.Archive != "old.example" || !got.Memento.Time.Equal(day(3)) {
			t.Errorf("%+v %+v", got.Answer, got.Memento)
		}
		if tells := strings.Join(a.Tells(), " "); tells != "web.archive.org broken.example maps.example" {
			t.Errorf("tells %s", tells)
		}
	})
}

var _ archiver.Recovery = (*wayback.Archive)(nil)

package archiver_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/archiver/twitter"
	"stet/extract/post"
	"stet/store"
)

const hour = time.Hour

// TestMainJob is the story of the project: an article goes in, its posts still
// stand after deletion.
func TestMainJob(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		quoted, main, reply := id(30*hour, 1), id(20*hour, 2), id(19*hour, 3)
		bo := fakenet.Person{ID: "4400002", Name: "Bo Pier", Handle: "bopier"}
		w.x.Add(
			fakenet.Post{ID: quoted, Author: bo, Text: "The gate hinges are fixed", Media: []fakenet.Media{{Alt: "two hinges"}}},
			fakenet.Post{ID: main, Author: ada(), Text: "Harbour & gate open tomorrow 🌉 https://harbour.example/plan", Quotes: quoted,
				Media: []fakenet.Media{{Alt: "the gate at dusk"}, {Kind: "video", Size: 300 << 10}}},
			fakenet.Post{ID: reply, Author: bo, Text: "At what time?", Answers: main},
		)
		url := w.page("news.example", "/harbour", article(embed("adaquay", "Ada Quay", main, "Harbour &amp; gate open tomorrow 🌉")+embed("bopier", "Bo Pier", reply, "At what time?")))
		res := w.capture(url)
		if !res.OK || res.Err != nil || len(res.Posts) != 2 {
			t.Fatalf("result %+v", res)
		}
		p := res.Posts[0]
		if p.ID != main || p.Source != post.SourcePublic || p.Status != post.Live || p.Author.Handle != "adaquay" || !p.First {
			t.Errorf("post %+v", p)
		}
		if !strings.Contains(p.Text, "Harbour & gate open tomorrow 🌉") || len(p.Media) != 2 {
			t.Errorf("text %q, media %+v", p.Text, p.Media)
		}
		if p.Media[0].Alt != "the gate at dusk" || int64(len(w.blob(p.Media[0].Digest))) != p.Media[0].Bytes || p.Media[1].Bytes < 300<<10 {
			t.Errorf("media %+v", p.Media)
		}
		if h := w.history(quoted); len(h.Captures) != 1 || h.Captures[0].Content.Via != ref(main) || h.Best().Content.Post.Media[0].Digest == "" {
			t.Errorf("quoted post: %+v", h.Captures)
		}
		if n := len(w.jobs(archiver.JobCapture)); n != 0 {
			t.Errorf("%d intents to capture are left", n)
		}
		if again := w.jobs(archiver.JobArticle); len(again) != 1 || time.Until(again[0].RunAt).Round(hour) != 24*hour {
			t.Errorf("the article is not read again in a day: %+v", again)
		}
		looks := w.jobs(archiver.JobLook)
		if len(looks) != 3 {
			t.Errorf("%d looks are due, want one for each post", len(looks))
		}
		if want := time.Now().Add(hour); looks[0].RunAt.Sub(want).Abs() > time.Minute || !p.NextLook.Equal(looks[0].RunAt) && !p.NextLook.Equal(looks[1].RunAt) && !p.NextLook.Equal(looks[2].RunAt) {
			t.Errorf("the first look is due %v, the result says %v", looks[0].RunAt, p.NextLook)
		}
		for _, x := range w.exchanges(main) {
			if x.Status != 200 || len(x.RequestHead) == 0 || len(x.ResponseHead) == 0 || x.Address == "" || x.TLS == nil {
				t.Errorf("exchange %s is not whole: %+v", x.URL, x)
			}
		}

		// Again: new captures are added, files are not downloaded again.
		before := w.net.Count("pbs.twimg.com", "/") + w.net.Count("video.twimg.com", "/")
		again := w.capture(url)
		if !again.OK || again.Posts[0].First || len(again.Posts[0].Changed) != 0 {
			t.Errorf("again: %+v", again)
		}
		if after := w.net.Count("pbs.twimg.com", "/") + w.net.Count("video.twimg.com", "/"); after != before {
			t.Errorf("%d files were downloaded again", after-before)
		}
		if h := w.history(main); len(h.Captures) != 2 || !h.Captures[1].Content.Media[0].Reused {
			t.Errorf("captures %d", len(h.Captures))
		}

		// Deleted at its origin.
		time.Sleep(5 * hour)
		w.x.SetState(main, fakenet.Deleted)
		r := w.recheck(main)
		if r.Result != post.Deleted || r.Status != post.Deleted || !r.Confirmed || r.Event != "gone" {
			t.Errorf("recheck %+v", r)
		}
		h := w.history(main)
		if d := h.Best().Content; !strings.Contains(d.Post.Text, "open tomorrow") || d.Post.Media[0].Digest == "" {
			t.Errorf("the post does not stand: %+v", d.Post)
		}
		if v := h.Verdicts; len(v) != 1 || v[0].Content.LastLive.IsZero() || v[0].Content.FirstGone.Before(v[0].Content.LastLive) {
			t.Errorf("verdicts %+v", v)
		}
		// And it comes back.
		time.Sleep(5 * hour)
		w.x.SetState(main, fakenet.Live)
		if r := w.recheck(main); r.Status != post.Live || r.Event != "restored" {
			t.Errorf("return: %+v", r)
		}
	})
}

// TestSeedArticle is the case that the project began with.
func TestSeedArticle(t *testing.T) {
	text, err := os.ReadFile("testdata/seed-article.txt")
	if err != nil {
		t.Fatal(err)
	}
	inWorld(t, settings{}, func(w *world) {
		posted := time.Date(2020, 2, 18, 9, 30, 0, 0, time.UTC)
		tweet := fakenet.PostID(posted, 7)
		w.x.Add(fakenet.Post{ID: tweet, Author: fakenet.Person{Name: "Sadiq Khan", Handle: "SadiqKhan"}, Text: "The Government must ensure Londoners keep their links."})
		w.net.HandleFunc("t.co", redirectTo("/cCoQk0S9Gi", "https://twitter.com/SadiqKhan/status/"+tweet+"/photo/1"))
		res := w.engine.CaptureDocument(w.ctx, archiver.Document{Name: "seed.txt", Origin: "file", Body: text}, archiver.CaptureOptions{})
		if len(res.Posts) != 1 {
			t.Fatalf("result %+v", res)
		}
		p := res.Posts[0]
		if p.ID != tweet || p.ResolvedBy != "short-link" || p.Confidence < archiver.MinConfidence || p.Err != nil || p.Source != post.SourcePublic {
			t.Errorf("post %+v", p)
		}
		h := w.history(tweet)
		if len(h.Resolutions) != 1 || h.Resolutions[0].Content.Ref != ref(tweet) || len(h.Resolutions[0].Content.Exchanges) == 0 {
			t.Errorf("resolutions %+v", h.Resolutions)
		}
	})
}

// TestShortLinkToWhatIsGone: the address and how sure it is are told although
// only the article's words are left; of a post that was named, it is sure.
func TestShortLinkToWhatIsGone(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		gone := id(10*hour, 1)
		w.net.HandleFunc("t.co", redirectTo("/abcdefghij", "https://twitter.com/adaquay/status/"+gone+"/photo/1"))
		text := "An article about the harbour.\n\nThe gate opens at noon and all are welcome to come https://t.co/abcdefghij — Ada Quay (@adaquay) March 1, 2026\n\nMore text follows here.\n"
		res := w.engine.CaptureDocument(w.ctx, archiver.Document{Origin: "stdin", Body: []byte(text)}, archiver.CaptureOptions{})
		if len(res.Posts) != 1 || res.Posts[0].ID != gone || res.Posts[0].URL != "https://twitter.com/adaquay/status/"+gone || res.Posts[0].Confidence < archiver.MinConfidence {
			t.Errorf("result %+v", res.Posts)
		}
		if at := begin().Add(-10 * hour); !res.Posts[0].Posted.Truncate(time.Second).Equal(at) {
			t.Errorf("posted %s, want what the id tells, %s", res.Posts[0].Posted, at)
		}
		if p := w.capturePost(gone); p.Confidence != 1 || p.ResolvedBy != "" {
			t.Errorf("named: %+v", p)
		}
	})
}

func TestShortLinkToAnotherIsNotBelieved(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		other := id(10*hour, 1)
		w.x.Add(fakenet.Post{ID: other, Author: fakenet.Person{Name: "Someone", Handle: "someone"}, Text: "Quite another thing"})
		w.net.HandleFunc("t.co", redirectTo("/abcdefghij", "https://twitter.com/someone/status/"+other))
		text := "An article about the harbour.\n\nThe gate opens at noon and all are welcome to come https://t.co/abcdefghij — Ada Quay (@adaquay) March 1, 2026\n\nMore text follows here.\n"
		res := w.engine.CaptureDocument(w.ctx, archiver.Document{Origin: "stdin", Body: []byte(text)}, archiver.CaptureOptions{})
		if len(res.Posts) != 1 || res.Posts[0].ID != "" || !errors.Is(res.Posts[0].Err, store.ErrPartial) || res.Posts[0].Source != post.SourceArticle {
			t.Fatalf("result %+v", res.Posts)
		}
		if !strings.Contains(res.Posts[0].Error, "the post itself was not captured") || !strings.Contains(res.Posts[0].Text, "The gate opens at noon") {
			t.Errorf("error %q, text %q", res.Posts[0].Error, res.Posts[0].Text)
		}
		if _, err := w.archive.History(w.ctx, ref(other)); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the other's post was captured: %v", err)
		}
	})
}

// TestQuotationOnly: the post was deleted before the first capture.
func TestQuotationOnly(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		gone := id(40*hour, 1)
		w.x.Add(fakenet.Post{ID: gone, Author: ada(), Text: "We never said that"})
		w.x.SetState(gone, fakenet.Deleted)
		url := w.page("news.example", "/a", article(embed("adaquay", "Ada Quay", gone, "We never said that")))
		res := w.capture(url)
		p := res.Posts[0]
		if res.OK || !errors.Is(p.Err, store.ErrPartial) || p.Source != post.SourceArticle || p.Text != "We never said that" {
			t.Errorf("post %+v", p)
		}
		if !strings.Contains(p.Error, "itself was not captured") || p.Status != post.Deleted || !p.Confirmed {
			t.Errorf("status %s confirmed %t: %s", p.Status, p.Confirmed, p.Error)
		}
		if h := w.history(gone); h.Best().Content.Source != post.SourceArticle || len(h.Articles) != 1 {
			t.Errorf("history %+v", h)
		}
		if len(w.jobs(archiver.JobCapture)) != 0 {
			t.Error("a capture that cannot succeed is queued again")
		}
		// Captured later from a better source, the quotation does not hide it.
		w.x.SetState(gone, fakenet.Live)
		w.capturePost(gone)
		w.x.SetState(gone, fakenet.Deleted)
		w.capture(url)
		if h := w.history(gone); h.Best().Content.Source != post.SourcePublic {
			t.Errorf("a poorer source hides a richer one: %s", h.Best().Content.Source)
		}
	})
}

func TestAPI(t *testing.T) {
	all := []struct {
		name     string
		s        settings
		endpoint string
	}{
		{"bearer", settings{twitter: twitter.Options{BearerToken: "bearer"}}, "api.x.com"},
		{"new vocabulary", settings{twitter: twitter.Options{BearerToken: "bearer"}, x: fakenet.XOptions{NewVocabulary: true}}, "api.x.com"},
		{"consumer", settings{twitter: twitter.Options{ConsumerKey: "key", ConsumerSecret: "secret"}}, "api.twitter.com"},
	}
	for _, tt := range all {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, tt.s, func(w *world) {
				var body string
				for n := range 5 {
					p := id(20*hour, n)
					w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "Post number " + p, Media: []fakenet.Media{{Alt: "alt of " + p}}})
					body += embed("adaquay", "Ada Quay", p, "Post number "+p)
				}
				long := id(10*hour, 1)
				w.x.Add(fakenet.Post{ID: long, Author: ada(), Text: strings.Repeat("A very long post goes on and on. ", 30)})
				body += embed("adaquay", "Ada Quay", long, "A very long post goes on")
				res := w.capture(w.page("news.example", "/a", article(body)))
				if !res.OK {
					t.Fatalf("result %+v", res)
				}
				for _, p := range res.Posts {
					if p.Source != post.SourceAPI || len(p.Notes) != 0 {
						t.Errorf("post %s: source %s, notes %q", p.ID, p.Source, p.Notes)
					}
					h := w.history(p.ID)
					if len(h.Captures) != 2 || h.Captures[1].Content.Source != post.SourcePublic {
						t.Errorf("post %s: no keyless copy beside the API's: %+v", p.ID, h.Captures)
					}
					if p.ID != long && p.Media[0].Alt != "alt of "+p.ID {
						t.Errorf("post %s: alt %q", p.ID, p.Media[0].Alt)
					}
					for _, x := range w.exchanges(p.ID) {
						if strings.Contains(string(x.RequestHead), "Bearer bearer") {
							t.Errorf("the token stands in the record of %s", x.URL)
						}
					}
				}
				if best := w.history(long).Best().Content.Post; best.Incomplete || len(best.Text) < 900 {
					t.Errorf("the long post is incomplete: %d bytes, %t", len(best.Text), best.Incomplete)
				}
				if n := w.net.Count(tt.endpoint, "/"); n > 4 {
					t.Errorf("%d requests to %s for six posts: not batched", n, tt.endpoint)
				}
			})
		})
	}
}

func TestRefusedCredentialsFallBack(t *testing.T) {
	inWorld(t, settings{twitter: twitter.Options{BearerToken: "wrong"}}, func(w *world) {
		p := id(20*hour, 1)
		w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "Hello"})
		res := w.capturePost(p)
		if res.Err != nil || res.Source != post.SourcePublic || !contains(res.Notes, "could not be asked") {
			t.Errorf("result %+v", res)
		}
	})
}

// TestPoorerNeverHidesRicher: after a capture through the API, only oEmbed
// answers.
func TestPoorerNeverHidesRicher(t *testing.T) {
	inWorld(t, settings{twitter: twitter.Options{BearerToken: "bearer"}}, func(w *world) {
		p := id(20*hour, 1)
		w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "All of it", Media: []fakenet.Media{{Alt: "a picture"}}})
		w.capturePost(p)
		for _, host := range []string{"api.x.com", "api.twitter.com", "cdn.syndication.twimg.com"} {
			w.net.Fault(host, "", fakenet.Status(503))
		}
		res := w.capturePost(p)
		if res.Err != nil || res.Source != post.SourceEmbed {
			t.Errorf("result %+v", res)
		}
		if best := w.history(p).Best().Content; best.Source != post.SourceAPI || len(best.Post.Media) != 1 {
			t.Errorf("shown is the copy from %s", best.Source)
		}
	})
}

// TestInterrupted: what was begun is kept or given back, and a second run
// completes it.
func TestInterrupted(t *testing.T) {
	inWorld(t, settings{engine: archiver.Options{Workers: 1}}, func(w *world) {
		var body string
		for n := range 4 {
			p := id(20*hour, n)
			w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "Post " + p})
			body += embed("adaquay", "Ada Quay", p, "Post "+p)
		}
		url := w.page("news.example", "/a", article(body))
		ctx, cancel := context.WithCancel(w.ctx)
		w.net.HandleFunc("publish.x.com", cancelling(cancel))
		res := w.engine.CapturePage(ctx, url, archiver.CaptureOptions{})
		if res.OK || !errors.Is(res.Posts[3].Err, context.Canceled) {
			t.Errorf("result %+v", res.Posts[3])
		}
		if n := len(w.jobs(archiver.JobCapture)); n < 3 {
			t.Errorf("%d intents are left, want those that were not carried out", n)
		}
		for _, j := range w.jobs(archiver.JobCapture) {
			if j.State != store.JobWaiting {
				t.Errorf("job %s is %s, not given back", j.Key, j.State)
			}
		}
		w.net.HandleFunc("publish.x.com", notFound)
		if res := w.capture(url); !res.OK {
			t.Errorf("second run %+v", res)
		}
		if n := len(w.jobs(archiver.JobCapture)); n != 0 {
			t.Errorf("%d intents are left after the second run", n)
		}
	})
}

// TestStoreFails: what could not be kept is not called captured.
func TestStoreFails(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		p := id(20*hour, 1)
		w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "Hello"})
		url := w.page("news.example", "/a", article(embed("adaquay", "Ada Quay", p, "Hello")))
		for after := range 4 {
			w.failAppend(after, store.ErrFull)
			res := w.capture(url)
			w.mem.Heal()
			if res.OK {
				if after < 3 {
					t.Errorf("append %d failed, and the result is ok", after)
				}
				continue
			}
			err := res.Err
			if err == nil {
				err = res.Posts[0].Err
			}
			if !errors.Is(err, store.ErrFull) {
				t.Errorf("append %d: error %v", after, err)
			}
		}
		if res := w.capture(url); !res.OK {
			t.Errorf("after the disk has space again: %+v", res)
		}
	})
}

func TestMediaTrouble(t *testing.T) {
	inWorld(t, settings{engine: archiver.Options{Policy: archiver.Policy{MaxMedia: 100 << 10}}}, func(w *world) {
		p := id(20*hour, 1)
		w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "Look", Media: []fakenet.Media{{Alt: "one"}, {Kind: "video", Size: 500 << 10}}})
		remove := w.net.Fault("pbs.twimg.com", "/media/", fakenet.Status(500))
		res := w.capturePost(p)
		remove()
		if !errors.Is(res.Err, store.ErrPartial) || res.Capture.IsZero() || res.Media[0].Error == "" || res.Media[1].PosterDigest == "" {
			t.Errorf("result %+v: %v", res.Media, res.Err)
		}
		if !strings.Contains(res.Media[1].Error, "larger than the limit") {
			t.Errorf("the large video's error is %q", res.Media[1].Error)
		}
		again := w.capturePost(p)
		if again.Media[0].Digest == "" {
			t.Errorf("the picture was not fetched the second time: %+v", again.Media[0])
		}
	})
}

// TestOneSourceAgainstTwo: one interface says that the account is suspended
// while two others show the post; what the capture answers and what the archive
// says are the same.
func TestOneSourceAgainstTwo(t *testing.T) {
	inWorld(t, settings{twitter: twitter.Options{ConsumerKey: "key", ConsumerSecret: "secret"}}, func(w *world) {
		p := id(20*hour, 1)
		w.x.Add(fakenet.Post{ID: p, Author: ada(), Text: "Still here"})
		w.x.SetStateAt(fakenet.V1, p, fakenet.Suspended)
		res := w.capturePost(p)
		h := w.history(p)
		if len(h.Captures) != 2 || h.Captures[1].Content.Round != h.Captures[0].ID {
			t.Errorf("captures %+v", h.Captures)
		}
		if is := w.engine.State(h); is.Value != res.Status || is.Confirmed != res.Confirmed || is.Confirmed {
			t.Errorf("the archive says %s %t, the capture said %s %t", is.Value, is.Confirmed, res.Status, res.Confirmed)
		}
	})
}

// TestSecondWitnessAtOnce: the second witness of a first capture does not wait
// for the first; later captures ask for none.
func TestSecondWitnessAtOnce(t *testing.T) {
	const latency = 2 * time.Second
	inWorld(t, settings{latency: latency}, func(w *world) {
		tweet := id(30*hour, 1)
		w.x.Add(fakenet.Post{ID: tweet, Author: ada(), Text: "The gate opens at noon"})
		for n, want := range []int{2, 3} {
			if res := w.capturePost(tweet); res.Err != nil {
				t.Fatal(res.Err)
			}
			all := w.exchanges(tweet)
			if len(all) != want {
				t.Fatalf("capture %d: %d exchanges, want %d", n+1, len(all), want)
			}
			if n == 0 && all[0].Started.Sub(all[1].Started).Abs() >= latency {
				t.Errorf("the second witness was asked %v later", all[1].Started.Sub(all[0].Started))
			}
		}
	})
}

package wayback_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
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
	"stet/extract/sites"
	"stet/store"
	"stet/store/mem"
)

// noise is a source of bytes that does not repeat itself.
type noise struct{ n byte }

func (c *noise) Read(p []byte) (int, error) {
	for i := range p {
		c.n++
		p[i] = c.n
	}
	return len(p), nil
}

// counter is an archive whose pages are handed over, in a bubble of time.
type counter struct {
	*testing.T
	net       *fakenet.Net
	web       *fakenet.Wayback
	client    *fetch.Client
	archive   *store.Archive
	engine    *archiver.Engine
	submitter *wayback.Submitter
	failed    []error
}

func atCounter(t *testing.T, change func(*wayback.SubmitOptions), story func(c *counter)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := &counter{T: t, net: fakenet.New(fakenet.Options{Now: time.Now})}
		c.web = c.net.Wayback()
		fo := c.net.FetchOptions()
		fo.Now, fo.Retries = time.Now, -1
		var err error
		if c.client, err = fetch.New(fo); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := errors.Join(c.client.Close(), c.net.Close()); err != nil {
				t.Error(err)
			}
		}()
		m := mem.New(mem.Options{Now: time.Now})
		c.archive = store.NewArchive(store.Parts{Backend: m, Blobs: m, Now: time.Now, Random: &noise{}})
		c.restart(change)
		if err := c.submitter.Begin(t.Context()); err != nil {
			t.Fatal(err)
		}
		story(c)
		if sum, err := m.Check(context.Background(), func(p store.Problem) { t.Errorf("check: %+v", p) }); err != nil || sum.Problems > 0 {
			t.Errorf("%+v, %v", sum, err)
		}
	})
}

// restart makes the process anew.
func (c *counter) restart(change func(*wayback.SubmitOptions)) {
	access, secret, _ := strings.Cut(fakenet.SaveKeys, ":")
	o := wayback.SubmitOptions{Archive: c.archive, Client: c.client, AccessKey: access, SecretKey: secret, Articles: true, Links: true}
	if change != nil {
		change(&o)
	}
	c.submitter = wayback.NewSubmitter(o)
	c.engine = archiver.New(archiver.Options{Archive: c.archive, Finder: extract.NewFinder(sites.All()), Rand: func() float64 { return 0 },
		Handlers: map[string]archiver.Handler{wayback.JobSubmit: func(ctx context.Context, j store.Job) error { return c.submitter.Handle(ctx, j) }}})
}

func (c *counter) add(all ...store.Content) (ids []store.ID) {
	c.Helper()
	b := c.archive.Begin()
	for _, content := range all {
		id, err := b.Add(c.Context(), content)
		if err != nil {
			c.Fatal(err)
		}
		ids = append(ids, id)
	}
	if _, err := b.Commit(c.Context()); err != nil {
		c.Fatal(err)
	}
	return ids
}

// work does what is due, over a time.
func (c *counter) work(over time.Duration) {
	c.Helper()
	if err := c.submitter.Once(c.Context()); err != nil {
		c.Fatal(err)
	}
	for end := time.Now().Add(over); ; time.Sleep(max(5*time.Second, over/600)) {
		err := c.engine.Run(c.Context(), archiver.RunOptions{Once: true, Workers: 1, Report: func(_ store.Job, err error) { c.failed = append(c.failed, err) }})
		if err != nil {
			c.Fatal(err)
		}
		if !time.Now().Before(end) {
			return
		}
	}
}

func (c *counter) submissions() []*store.Submission {
	c.Helper()
	records, err := c.archive.ListAll(c.Context(), store.SubmissionsTerm(), 1000)
	if err != nil {
		c.Fatal(err)
	}
	var all []*store.Submission
	for i := range records {
		s, err := store.Decode[store.Submission](&records[i])
		if err != nil {
			c.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

// jobs counts the jobs of a state.
func (c *counter) jobs(state store.JobState) int {
	c.Helper()
	counts, err := c.archive.Backend().CountJobs(c.Context(), time.Now())
	if err != nil {
		c.Fatal(err)
	}
	return counts.ByKind[wayback.JobSubmit][state]
}

func story(n int) *store.ArticleVersion {
	address := fmt.Sprintf("https://news.example/story-%d", n)
	return &store.ArticleVersion{Time: time.Now(), URL: address, Key: store.ArticleKey(address), Origin: "web", Finder: "1"}
}

func linkedPage(address string) *store.Capture {
	return &store.Capture{Time: time.Now(), Kind: store.CapturePage, URL: address, Source: post.SourcePublic}
}

// TestSubmit: an article is handed over once, its snapshot is asked about until it
// is there and recorded with the archive's address and time; the keys are in no
// record.
func TestSubmit(t *testing.T) {
	atCounter(t, func(o *wayback.SubmitOptions) { o.Within = 24 * time.Hour }, func(c *counter) {
		c.web.OnSave(func(string) fakenet.Saving { return fakenet.Saving{Pending: 2} })
		c.add(story(1), linkedPage("https://ferry.example/winter"))
		begun := time.Now()
		c.work(2 * time.Minute)
		if got := c.web.Saved(); !slices.Equal(got, []string{"https://news.example/story-1", "https://ferry.example/winter"}) {
			t.Fatalf("handed over: %q", got)
		}
		all := c.submissions()
		if len(all) != 2 || c.jobs(store.JobWaiting)+c.jobs(store.JobDead) != 0 {
			t.Fatalf("%d submissions: %+v; failed %v", len(all), all, c.failed)
		}
		s := all[0]
		want := store.Memento{Archive: host, URL: "https://web.archive.org/web/" + begun.UTC().Format("20060102150405") + "/https://news.example/story-1", Original: "https://news.example/story-1", Time: begun.UTC().Truncate(time.Second)}
		if s.Memento != want || s.URL != "https://news.example/story-1" || s.Of.IsZero() || s.Job == "" || s.Code != "" || s.Exchange.IsZero() {
			t.Errorf("%+v", s)
		}
		form := bodyOf(c, 0)
		if form.Get("url") != "https://news.example/story-1" || form.Get("if_not_archived_within") != "86400" {
			t.Errorf("asked with %v", form)
		}
		records, err := c.archive.Backend().Read(t.Context(), 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for i := range records {
			for _, f := range records[i].Fields {
				if bytes.Contains(f.Value, []byte("secret")) {
					t.Errorf("a %s holds the keys", records[i].Kind)
				}
			}
		}
		// The same story a few hours later counts as kept.
		time.Sleep(3 * time.Hour)
		c.add(story(1))
		c.work(time.Minute)
		if len(c.web.Saved()) != 2 {
			t.Errorf("handed over again: %q", c.web.Saved())
		}
	})
}

// bodyOf returns the form of the n-th request to keep a page.
func bodyOf(c *counter, n int) url.Values {
	c.Helper()
	records, err := c.archive.Backend().Read(c.Context(), 0, 1000)
	if err != nil {
		c.Fatal(err)
	}
	for i := range records {
		x, err := store.Decode[store.Exchange](&records[i])
		if err != nil || x.Method != "POST" {
			continue
		}
		if n == 0 {
			form, err := url.ParseQuery(string(x.RequestBody))
			if err != nil {
				c.Fatal(err)
			}
			return form
		}
		n--
	}
	c.Fatal("no such request")
	return nil
}

// TestSubmitNeverPrivate: what is private, was fetched with the operator's access
// or is on a host that is not everybody's is not told, also where it became so
// after it was queued.
func TestSubmitNeverPrivate(t *testing.T) {
	atCounter(t, nil, func(c *counter) {
		private, file, accessed, page, again, archived := story(1), story(2), story(3), linkedPage("https://ferry.example/members"), linkedPage("https://ferry.example/again"), linkedPage("https://ferry.example/old")
		private.Private, page.Private, archived.Source = true, true, post.SourceArchive
		file.Origin, file.URL = "file", "/home/ada/story.html"
		ids := c.add(&store.Exchange{Started: time.Now(), Method: "GET", URL: "https://news.example/story-3", Purpose: "article", Access: "news.example"}, linkedPage("https://elsewhere.example/first"))
		accessed.Exchange, again.Revisit = ids[0], ids[1]
		c.add(private, file, accessed, page, again, archived)
		for i, address := range []string{"http://localhost/a", "http://intranet/a", "https://10.1.2.3/a", "https://[::1]/a", "https://wiki.corp/a", "https://printer.local/", "https://ada:pw@news.example/a", "ftp://news.example/a", "https://x.home.arpa/"} {
			v := story(100 + i)
			v.URL, v.Key = address, address
			c.add(v)
		}
		v := story(7)
		c.add(v)
		if err := c.submitter.Once(t.Context()); err != nil {
			t.Fatal(err)
		}
		later := story(7)
		later.Private = true
		c.add(later)
		c.work(time.Minute)
		if got := c.web.Saved(); !slices.Equal(got, []string{"https://elsewhere.example/first"}) {
			t.Errorf("handed over: %q", got)
		}
		if n := c.jobs(store.JobWaiting) + c.jobs(store.JobDead); n != 0 {
			t.Errorf("%d jobs are left", n)
		}
	})
	atCounter(t, func(o *wayback.SubmitOptions) { o.Links = false }, func(c *counter) {
		c.add(story(1), linkedPage("https://ferry.example/winter"))
		c.work(time.Minute)
		if got := c.web.Saved(); !slices.Equal(got, []string{"https://news.example/story-1"}) {
			t.Errorf("handed over although only articles are: %q", got)
		}
	})
}

// TestSubmitGoesOn: after a restart the snapshot that was begun is asked about, and
// no other is begun.
func TestSubmitGoesOn(t *testing.T) {
	atCounter(t, nil, func(c *counter) {
		c.web.OnSave(func(string) fakenet.Saving { return fakenet.Saving{Pending: 3} })
		c.add(story(1))
		c.work(20 * time.Second)
		c.restart(nil)
		c.work(5 * time.Minute)
		if got := c.web.Saved(); len(got) != 1 || len(c.submissions()) != 1 {
			t.Errorf("handed over %q; %d submissions", got, len(c.submissions()))
		}
	})
}

// TestSubmitRefused: what each answer leads to.
func TestSubmitRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		how   fakenet.Saving
		setup func(c *counter)
		// saved is how often the page is handed over in two days, code what is
		// recorded in the end; dead is true where a person has to decide.
		saved int
		code  string
		none  bool
		dead  bool
	}{
		"the page refuses":             {how: fakenet.Saving{Code: "error:no-access", Message: "no"}, saved: 1, code: "error:no-access"},
		"not there":                    {how: fakenet.Saving{Code: "error:not-found", AtOnce: true}, saved: 1, code: "error:not-found"},
		"kept too often today":         {how: fakenet.Saving{Code: "error:too-many-daily-captures", AtOnce: true}, saved: 1, code: "error:too-many-daily-captures"},
		"the service is tired":         {how: fakenet.Saving{Code: "error:browsing-timeout"}, saved: 4, code: "error:browsing-timeout"},
		"a word that nobody knows":     {how: fakenet.Saving{Code: "error:something-new"}, saved: 4, code: "error:something-new"},
		"forgotten":                    {how: fakenet.Saving{Forget: true}, saved: 4},
		"never ready":                  {how: fakenet.Saving{Pending: 1 << 20}, saved: 4},
		"wrong keys":                   {setup: func(c *counter) { c.restart(func(o *wayback.SubmitOptions) { o.SecretKey = "wrong" }) }, none: true, dead: true},
		"a page for people":            {setup: func(c *counter) { c.net.Fault(host, "/save", fakenet.HTML()) }, saved: 0},
		"too fast":                     {setup: func(c *counter) { c.net.Fault(host, "/save", fakenet.TooManyRequests(0).Times(1)) }, saved: 1, code: "ok"},
		"down for a while":             {setup: func(c *counter) { c.net.Fault(host, "/save", fakenet.Status(503).Times(2)) }, saved: 1, code: "ok"},
		"down while it is asked about": {setup: func(c *counter) { c.net.Fault(host, "/save/status", fakenet.Status(502).Times(3)) }, saved: 1, code: "ok"},
	} {
		t.Run(name, func(t *testing.T) {
			atCounter(t, nil, func(c *counter) {
				c.web.OnSave(func(string) fakenet.Saving { return tt.how })
				if tt.setup != nil {
					tt.setup(c)
				}
				c.add(story(1))
				c.work(12 * time.Hour)
				if got := len(c.web.Saved()); got != tt.saved {
					t.Errorf("handed over %d times, want %d", got, tt.saved)
				}
				all := c.submissions()
				switch {
				case tt.none:
					if len(all) != 0 {
						t.Errorf("%+v", all[0])
					}
				case len(all) != 1, tt.code == "ok" && all[0].Memento.IsZero(), tt.code != "ok" && (!all[0].Memento.IsZero() || all[0].Code != tt.code || all[0].Code == "" && all[0].Reason == ""):
					t.Errorf("%d submissions, %+v, %v", len(all), all, c.failed)
				}
				if dead := c.jobs(store.JobDead) == 1; dead != tt.dead || c.jobs(store.JobWaiting) != 0 {
					t.Errorf("dead %t, waiting %d", dead, c.jobs(store.JobWaiting))
				}
			})
		})
	}
	crowd := 0
	atCounter(t, nil, func(c *counter) {
		c.web.OnSave(func(string) fakenet.Saving {
			if crowd++; crowd < 8 {
				return fakenet.Saving{Code: "error:user-session-limit", AtOnce: true}
			}
			return fakenet.Saving{Had: time.Now().Add(-30 * time.Minute)}
		})
		c.add(story(1))
		c.work(30 * time.Minute)
		if all := c.submissions(); len(all) != 1 || all[0].Memento.IsZero() || all[0].Reason != "the web archive had it already" {
			t.Errorf("after a crowd: %+v", all)
		}
	})
}

// TestSubmitQuotas: no more begin in a minute than the archive takes, and no more
// on a day than is set, also over a restart.
func TestSubmitQuotas(t *testing.T) {
	perDay := func(o *wayback.SubmitOptions) { o.PerDay = 20 }
	atCounter(t, perDay, func(c *counter) {
		time.Sleep(time.Until(time.Now().UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)))
		for n := range 30 {
			c.add(story(n))
		}
		c.work(20 * time.Minute)
		c.restart(perDay)
		c.work(20 * time.Minute)
		if got := len(c.web.Saved()); got != 20 {
			t.Errorf("%d on the first day", got)
		}
		var begun []time.Time
		for _, r := range c.net.Requests() {
			if r.Path == "/save" {
				begun = append(begun, r.Time)
			}
		}
		for i := 6; i < len(begun); i++ {
			if begun[i].Sub(begun[i-6]) < time.Minute {
				t.Fatalf("7 within %v", begun[i].Sub(begun[i-6]))
			}
		}
		c.work(24 * time.Hour)
		if got := len(c.web.Saved()); got != 30 || len(c.submissions()) != 30 {
			t.Errorf("%d after two days", got)
		}
	})
}

package browser_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"stet/archiver"
	"stet/archiver/browser"
	"stet/extract"
	"stet/extract/post"
	"stet/extract/sites"
	"stet/store"
	"stet/store/mem"
)

// painter draws without a browser.
type painter struct {
	drawn []string
	// access are the addresses that were drawn with it.
	access []string
	err    error
}

func (p *painter) Draw(ctx context.Context, address string, access bool) (*browser.Drawing, error) {
	p.drawn = append(p.drawn, address)
	if access {
		p.access = append(p.access, address)
	}
	if err := errors.Join(ctx.Err(), p.err); err != nil {
		return nil, err
	}
	return &browser.Drawing{URL: address + "#end", Title: "A title", Picture: []byte("picture of " + address), HTML: []byte("<p>" + address), Program: "Painter/1", Notes: []string{"a note"}}, nil
}

// counting is a source of bytes that does not repeat itself.
type counting struct{ n byte }

func (c *counting) Read(p []byte) (int, error) {
	for i := range p {
		c.n++
		p[i] = c.n
	}
	return len(p), nil
}

// studio is a worker with an archive, in a bubble of time.
type studio struct {
	*testing.T
	mem     *mem.Store
	archive *store.Archive
	engine  *archiver.Engine
	painter *painter
	worker  *browser.Worker
}

func inStudio(t *testing.T, story func(s *studio)) {
	synctest.Test(t, func(t *testing.T) {
		s := &studio{T: t, mem: mem.New(mem.Options{Now: time.Now}), painter: &painter{}}
		s.archive = store.NewArchive(store.Parts{Backend: s.mem, Blobs: s.mem, Now: time.Now, Random: &counting{}})
		s.engine = archiver.New(archiver.Options{Archive: s.archive, Finder: extract.NewFinder(sites.All()), Rand: func() float64 { return 0 },
			Handlers: map[string]archiver.Handler{browser.JobDraw: func(ctx context.Context, j store.Job) error { return s.worker.Handle(ctx, j) }}})
		s.worker = browser.NewWorker(browser.WorkerOptions{Archive: s.archive, Engine: s.engine, Browser: s.painter, Posts: true, Pages: true,
			Address: sites.DrawURL, Software: "stet/test"})
		story(s)
		if sum, err := s.mem.Check(context.Background(), func(p store.Problem) { t.Errorf("check: %+v", p) }); err != nil || sum.Problems > 0 {
			t.Errorf("%+v, %v", sum, err)
		}
	})
}

func (s *studio) add(all ...store.Content) {
	s.Helper()
	b := s.archive.Begin()
	for _, c := range all {
		if _, err := b.Add(s.Context(), c); err != nil {
			s.Fatal(err)
		}
	}
	if _, err := b.Commit(s.Context()); err != nil {
		s.Fatal(err)
	}
}

// work makes jobs of what is new and runs them.
func (s *studio) work() {
	s.Helper()
	if err := s.worker.Once(s.Context()); err != nil {
		s.Fatal(err)
	}
	if err := s.engine.Run(s.Context(), archiver.RunOptions{Once: true, Workers: 1}); err != nil {
		s.Fatal(err)
	}
}

func capture(n int, trigger string) *store.Capture {
	ref := post.Ref{Platform: post.YouTube, ID: fmt.Sprintf("aaaaaaaaa%02d", n)}
	return &store.Capture{Time: time.Now(), Kind: store.CapturePost, Ref: ref, URL: "https://www.youtube.com/watch?v=" + ref.ID, Source: post.SourceEmbed, Trigger: trigger}
}

// TestDrawings: what is captured after the start is drawn, once, and again
// where a person captures it again; what is private stays so, and what was
// fetched with the operator's access is drawn with it.
func TestDrawings(t *testing.T) {
	inStudio(t, func(s *studio) {
		s.add(capture(1, "person"))
		if err := s.worker.Begin(s.Context()); err != nil {
			s.Fatal(err)
		}
		private, archived, quoted := capture(2, "person"), capture(3, "person"), capture(4, "person")
		private.Private, archived.Source, quoted.Source = true, post.SourceArchive, post.SourceArticle
		s.add(private, archived, quoted, capture(5, "schedule"), capture(6, "person"),
			&store.ArticleVersion{Time: time.Now(), URL: "https://news.example/story", Key: "news.example/story", Origin: "web", Finder: "1", Source: "feed"},
			&store.ArticleVersion{Time: time.Now(), URL: "/home/ada/story.html", Key: "/home/ada/story.html", Origin: "file", Finder: "1"},
			&store.Capture{Time: time.Now(), Kind: store.CapturePage, URL: "https://linked.example/", Source: post.SourcePublic, Trigger: "schedule"})
		b := s.archive.Begin()
		x, err := b.Add(s.Context(), &store.Exchange{Started: time.Now(), Method: "GET", URL: "https://staging.example/", Purpose: "article", Access: "staging.example", Private: true})
		if err == nil {
			_, err = b.Add(s.Context(), &store.ArticleVersion{Time: time.Now(), URL: "https://staging.example/", Key: "staging.example", Origin: "web", Finder: "1", Exchange: x, Private: true})
		}
		if err == nil {
			_, err = b.Commit(s.Context())
		}
		if err != nil {
			s.Fatal(err)
		}
		s.work()
		if got := strings.Join(s.painter.access, " "); got != "https://staging.example/" {
			t.Errorf("drawn with access: %s", got)
		}
		if got := s.private(); got != "https://www.youtube.com/watch?v=aaaaaaaaa02 https://staging.example/" {
			t.Errorf("private drawings: %s", got)
		}
		want := "https://www.youtube.com/watch?v=aaaaaaaaa02 https://www.youtube.com/watch?v=aaaaaaaaa05 https://www.youtube.com/watch?v=aaaaaaaaa06 https://news.example/story https://linked.example/ https://staging.example/"
		if got := s.drawn(); got != want {
			t.Errorf("drawn: %s\nwant:  %s", got, want)
		}
		time.Sleep(time.Hour)
		s.add(capture(5, "schedule"), capture(6, "person"),
			&store.ArticleVersion{Time: time.Now(), URL: "https://news.example/story", Key: "news.example/story", Origin: "web", Finder: "1", Source: "feed"})
		s.work()
		if got := s.drawn(); got != "https://www.youtube.com/watch?v=aaaaaaaaa06" {
			t.Errorf("drawn again: %s", got)
		}
		v, err := archiver.NewReader(archiver.ReaderOptions{Archive: s.archive, Finder: extract.NewFinder(sites.All())}).Post(s.Context(), capture(6, "").Ref)
		if err != nil || len(v.Drawings) != 2 {
			t.Fatalf("%+v, %v", v, err)
		}
		d := v.Drawings[0]
		if d.URL != "https://www.youtube.com/watch?v=aaaaaaaaa06" || d.Browser != "Painter/1" || !strings.HasPrefix(d.Picture, "sha256:") || !strings.HasPrefix(d.Page, "sha256:") || len(d.Notes) != 1 {
			t.Errorf("%+v", d)
		}
		// A drawing is no sight of the living post.
		if h, err := s.archive.History(s.Context(), capture(6, "").Ref); err != nil || len(archiver.Observations(h)) != 2 {
			t.Errorf("%v: the drawings count as %d observations", err, len(archiver.Observations(h)))
		}
	})
}

func (s *studio) drawn() string {
	all := strings.Join(s.painter.drawn, " ")
	s.painter.drawn = nil
	return all
}

// private lists the addresses of the drawings that are private.
func (s *studio) private() string {
	var all []string
	records, err := s.mem.Read(s.Context(), 0, 1000)
	if err != nil {
		s.Fatal(err)
	}
	for i := range records {
		if d, err := store.Decode[store.Drawing](&records[i]); err == nil && d.Private {
			all = append(all, d.URL)
		}
	}
	return strings.Join(all, " ")
}

// TestDrawingFails: trouble on the way is tried again later; what is too much is
// given up, with the reason, and nothing half is kept.
func TestDrawingFails(t *testing.T) {
	inStudio(t, func(s *studio) {
		if err := s.worker.Begin(s.Context()); err != nil { // in an empty archive
			s.Fatal(err)
		}
		s.painter.err = fmt.Errorf("%w: no route", store.ErrNetwork)
		s.add(capture(1, "schedule"))
		s.work()
		s.painter.err = fmt.Errorf("%w: memory", store.ErrTooLarge)
		s.add(capture(2, "schedule"))
		s.work()
		s.painter.err = nil
		s.drawn()
		time.Sleep(time.Hour)
		s.work()
		if got := s.drawn(); got != "https://www.youtube.com/watch?v=aaaaaaaaa01" {
			t.Errorf("drawn after an hour: %s", got)
		}
		jobs, err := s.mem.ListJobs(s.Context(), store.JobFilter{})
		if err != nil || len(jobs) != 1 || jobs[0].State != store.JobDead || !strings.Contains(jobs[0].Error, "memory") {
			t.Errorf("%+v, %v", jobs, err)
		}
	})
}

// TestDrawingsAfterKill: a worker that is killed between the jobs and its
// cursor begins again, and nothing is drawn twice that waits.
func TestDrawingsAfterKill(t *testing.T) {
	inStudio(t, func(s *studio) {
		if err := s.worker.Begin(s.Context()); err != nil {
			s.Fatal(err)
		}
		s.add(capture(1, "person"))
		s.mem.Inject(mem.Fault{Op: mem.OpSetCursor, Err: store.ErrFull})
		if err := s.worker.Once(s.Context()); !errors.Is(err, store.ErrFull) {
			t.Fatalf("%v", err)
		}
		s.work()
		if got := s.drawn(); got != "https://www.youtube.com/watch?v=aaaaaaaaa01" {
			t.Errorf("drawn: %s", got)
		}
	})
}

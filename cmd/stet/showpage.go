package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"stet/cmd/internal/wire"
	"stet/store"
	"stet/store/view"
)

// shownText is how many bytes of a page's text people are shown; --json gives
// all of it.
const shownText = 1200

// showPage shows a captured page.
func (a *app) showPage(ctx context.Context, t target) error {
	return a.reading(ctx, func(w *wire.Archive) error {
		v, err := w.Reader.Page(ctx, t.url)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return a.showArticle(ctx, w, t)
		case err != nil:
			return fmt.Errorf("reading %s: %w", t.url, err)
		case a.json:
			a.out.json(v)
		default:
			a.showPageView(v)
		}
		return nil
	})
}

// showPageView prints a page as a card.
func (a *app) showPageView(v *view.Page) {
	p := &v.Page
	if p.Title != "" {
		a.out.block("", "“"+p.Title+"”", 1)
	}
	a.out.line("%s", p.URL)
	if p.Final != "" && p.Final != p.URL {
		a.out.line("  leads to %s", p.Final)
	}
	if p.Label != "" {
		a.out.hang("", "Note:", fmt.Sprintf("nothing better is kept than what stands in its place (%s): %s", p.Label, p.Why))
	}
	if text := p.Text; text != "" {
		a.out.line("")
		if len(text) > shownText {
			text = strings.ToValidUTF8(text[:shownText], "") + " …"
		}
		a.out.block("  | ", text, 0)
	}
	a.out.line("")
	a.out.block("", "Status: "+pageWords(v.Status.Value, v.Status.Confirmed), 0)
	a.showPageTimes(&v.Status)
	a.out.line("")
	a.out.line("%s", capitalised(count(len(v.Captures), "capture")))
	skip := max(len(v.Captures)-mostLines, 0)
	a.skipped(skip)
	for _, c := range v.Captures[skip:] {
		a.out.line("  %s  %s", a.when(c.Time), captureWords(&c))
	}
	a.out.line("")
	a.out.line("%s", count(len(v.Looks), "look"))
	skip = max(len(v.Looks)-mostLines, 0)
	a.skipped(skip)
	for _, l := range v.Looks[skip:] {
		a.out.line("  %s  %s", a.when(l.Time), pageWords(l.Result, true))
	}
	a.showLinkedBy(v)
	a.showSubmissions(v.Submissions)
}

func (a *app) showPageTimes(s *view.PageStatus) {
	for _, t := range []struct {
		words string
		time  *time.Time
	}{{"last seen", s.LastAlive}, {"first missed", s.FirstMissed}, {"confirmed", s.ConfirmedAt}} {
		if t.time != nil {
			a.out.line("  %-13s %s", t.words, a.when(*t.time))
		}
	}
	if s.Drift > 0 {
		a.out.line("  %.0f %% of its text differs from the first capture", 100*s.Drift)
	}
	if s.Reason != "" && s.Value != store.PageAlive {
		a.out.hang("  ", "because:", s.Reason)
	}
}

func (a *app) showLinkedBy(v *view.Page) {
	if len(v.LinkedBy) > 0 {
		a.out.line("")
		a.out.line("Linked by")
	}
	for _, by := range v.LinkedBy {
		if by.Title != "" {
			a.out.block("  ", "“"+by.Title+"”", 2)
		}
		if by.Article != "" {
			a.out.line("  %s", by.Article)
		}
		if !by.Post.IsZero() {
			a.out.line("  the post %s", by.Post)
		}
	}
}

func captureWords(c *view.PageCapture) string {
	words := joined([]string{c.Type, size(c.Size)}, ", ")
	if !c.Revisit.IsZero() {
		words = "unchanged"
	}
	if c.Label != "" {
		words += ", shows " + string(c.Label) + " in its place"
	}
	return words
}

// pageWords says in words what is known of a page.
func pageWords(r store.PageResult, confirmed bool) string {
	words := map[store.PageResult]string{
		store.PageAlive: "still there", store.PageRedirected: "leads elsewhere now", store.PageDrifted: "still there, with another text",
		store.PageGone: "gone", store.PageSoftGone: "gone, as it says in words only", store.PageWalled: "behind a wall: cannot tell",
		store.PageUnknown: "cannot tell",
	}[r]
	if !confirmed && (r.Missing() || r == store.PageRedirected || r == store.PageDrifted) {
		return "perhaps " + words + "; not confirmed yet"
	}
	return words
}

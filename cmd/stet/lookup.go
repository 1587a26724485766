package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"stet/archiver"
	"stet/cmd/internal/wire"
	"stet/store"
)

// lookupFlags are the flags of a look-up.
type lookupFlags struct {
	filter  lookupFilter
	web     elsewhere
	said    saidFlags
	picture pictureFlags
}

func (a *app) lookupCommand() *cobra.Command {
	f := &lookupFlags{filter: lookupFilter{limit: archiver.DefaultHits}}
	cmd := &cobra.Command{
		Use:     "lookup QUERY",
		Aliases: []string{"search", "find"},
		Short:   "Find posts in the archive by whatever you have of them",
		Long: `Find posts, articles and pages in the archive. A QUERY is whatever can be
pasted: the address of a post in any form, also inside that of a web archive or of
a redirect, an id, a snippet to embed, an account as @handle, the address of an
article or page, a domain, or words. Several words are one query; what stands in
quotation marks must stand so.

Filters stand among the words (from:ada status:gone since:2024-01-01) or are
flags; with filters alone everything that fits is listed.

With --quote the posts that are nearest to what somebody is said to have posted
are compared with it word by word. With --image the words are read from a
screenshot, with --similar posts with the same or a similar picture are found.

This reads the archive only: nothing goes out to the network.

` + elsewhereHelp,
		Example: `  stet lookup @someone
  stet lookup https://news.example/story.html
  stet lookup bridge closed until monday
  stet lookup '"bridge closed" from:ada' --status gone --sort newest
  stet lookup --quote "The bridge will never close." --handle ada
  stet lookup --image screenshot.png --handle ada
  stet lookup --similar picture.jpg
  stet lookup --elsewhere @someone --date 2020-02-18 bridge closed`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return a.lookup(cmd.Context(), f, args) },
	}
	f.filter.flags(cmd)
	f.web.flags(cmd)
	f.said.flags(cmd)
	f.picture.flags(cmd)
	return cmd
}

// lookup decides which look-up is meant.
func (a *app) lookup(ctx context.Context, f *lookupFlags, args []string) error {
	query := strings.Join(args, " ")
	q, err := f.filter.query(query)
	if err != nil {
		return err
	}
	one := 0
	for _, on := range []bool{f.web.on, f.said.text != "", f.picture.words != "", f.picture.similar != ""} {
		if on {
			one++
		}
	}
	f.said.date, f.said.limit = f.web.date, f.filter.limit
	switch {
	case one > 1:
		return fmt.Errorf("%w: --elsewhere, --quote, --image and --similar are different look-ups; name one", store.ErrUsage)
	case f.web.on:
		return a.lookupElsewhere(ctx, &f.web, args, f.filter.limit)
	case f.picture.similar != "":
		return a.lookupSimilar(ctx, f.picture.similar, f.filter.limit)
	case f.picture.words != "":
		return a.lookupImage(ctx, f, query)
	case f.said.text != "":
		return a.lookupSaid(ctx, &f.said)
	case f.said.handle != "":
		return fmt.Errorf("%w: --handle goes with --quote or --image; with words it is --from", store.ErrUsage)
	case strings.TrimSpace(query) == "" && q.Filter.IsZero():
		return fmt.Errorf("%w: the query is empty; name a post, @handle, an article, or words", store.ErrUsage)
	}
	return a.reading(ctx, func(w *wire.Archive) error { return a.answer(ctx, w, q, f.filter.counts()) })
}

// answer answers a question from the archive.
func (a *app) answer(ctx context.Context, w *wire.Archive, q *archiver.LookupQuery, counting bool) error {
	found, err := w.Reader.Find(ctx, q)
	if err != nil {
		return err
	}
	if len(found.Hits) == 0 {
		return a.nothingFound(ctx, w, q, found)
	}
	if counting {
		a.showCounts(found)
		return nil
	}
	last := &found.Hits[len(found.Hits)-1]
	if last.Cursor = found.Cursor; last.Cursor != "" {
		last.Total = found.Total
	}
	for i := range found.Hits {
		if a.json {
			a.out.json(&found.Hits[i])
			continue
		}
		if i > 0 {
			a.out.line("")
		}
		a.showHit(i+1, &found.Hits[i])
	}
	if !a.json {
		a.showMore(found)
	}
	return nil
}

// nothingFound is a negative answer with what was searched.
func (a *app) nothingFound(ctx context.Context, w *wire.Archive, q *archiver.LookupQuery, found *archiver.LookupResult) error {
	a.warnBehind(found)
	if err := a.removedAnswer(ctx, w, q.Text); err != nil {
		return err
	}
	what := fmt.Sprintf("a post for %.200q", q.Text)
	if strings.TrimSpace(q.Text) == "" {
		what = "a post that fits"
	}
	if found.Searched && !found.Filter.IsZero() {
		c, err := w.Archive.SearchCoverage(ctx, found.Filter)
		if err != nil {
			return err
		}
		what += fmt.Sprintf(" (%s fit the filters%s)", count(c.Posts+c.Articles+c.Pages, "document"), a.published(&c))
	}
	return a.notThere(ctx, w, what, nil)
}

// removedAnswer is the negative answer about an address or a reference of which
// something was kept that was removed; nil about anything else.
func (a *app) removedAnswer(ctx context.Context, w *wire.Archive, text string) error {
	t := a.classifier().classify(text)
	if t.err != nil {
		return nil // words
	}
	switch t.kind {
	case targetPage:
		var retired *store.Retired
		if _, err := w.Reader.Article(ctx, t.url); errors.As(err, &retired) {
			return a.notThere(ctx, w, "", retired)
		} else if err != nil && !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("reading %s: %w", t.url, err)
		}
	case targetPost:
		v, err := w.Reader.Post(ctx, t.ref)
		if err == nil && v.Removed != nil {
			return a.notThere(ctx, w, fmt.Sprintf("%s was taken down, or removed by a rule (`stet show %[1]s` prints what remains of it): what it said", t.ref), store.ErrNotFound)
		} else if err != nil && !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("reading %s: %w", t.ref, err)
		}
	}
	return nil
}

// warnBehind says that the index of words has not come to the end yet.
func (a *app) warnBehind(found *archiver.LookupResult) {
	if found.Behind > 0 {
		a.warn("the index of words of this machine has not read the last %s yet; ask again later, `stet status` says how far it is", count(int64(found.Behind), "record"))
	}
}

// published says when what was searched was published.
func (a *app) published(c *store.SearchCoverage) string {
	if c.First.IsZero() {
		return ""
	}
	return ", published from " + day(c.First, a.zone) + " to " + day(c.Last, a.zone)
}

// showMore says what else there is, and how a word was read.
func (a *app) showMore(found *archiver.LookupResult) {
	a.warnBehind(found)
	for _, r := range found.Respelled {
		a.warn("hardly anything holds %q; this is what holds %s", r.Word, strings.Join(r.As, ", "))
	}
	if found.Cursor != "" {
		a.warn("these are the first %d of %d; the next: --cursor %s", len(found.Hits), found.Total, found.Cursor)
	}
}

func (a *app) showHit(n int, h *archiver.LookupHit) {
	switch h.Kind {
	case "page":
		a.out.line("%d  a captured page", n)
		a.out.line("   %s", h.URL)
		a.out.block("   ", "“"+h.Text+"”", 4)
		a.out.line("   %s", pageWords(store.PageResult(h.Status), h.Confirmed))
		return
	case "article":
		a.out.line("%d  an article", n)
		a.out.line("   %s", h.URL)
		if h.Text != "" { // a file may have no title
			a.out.block("   ", "“"+h.Text+"”", 4)
		}
		posted := ""
		if h.Posted != nil {
			posted = "published " + a.when(*h.Posted)
		}
		a.out.block("   ", joined([]string{h.Author.Name, posted, "with " + count(h.Mentions, "post")}, "; "), 0)
		return
	}
	a.out.line("%d  %s", n, joined([]string{signature(h.Author.Name, h.Author.Handle), h.Ref().String()}, ", "))
	if h.URL != "" {
		a.out.line("   %s", h.URL)
	}
	if h.Text != "" {
		a.out.block("   | ", h.Text, 4)
	}
	posted := ""
	if h.Posted != nil {
		posted = "posted " + a.when(*h.Posted)
	}
	a.out.block("   ", joined([]string{posted, statusWords(h.Status, h.Confirmed), "in " + count(h.Mentions, "article")}, "; "), 0)
}

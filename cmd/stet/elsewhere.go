package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"stet/archiver"
	"stet/cmd/internal/wire"
	"stet/extract"
	"stet/extract/post"
	"stet/store"
)

// elsewhere are the flags of a look-up in web archives.
type elsewhere struct {
	on   bool
	date string
}

const (
	elsewhereFlag = "elsewhere"
	// mostDays is the longest span that is asked for at once: a month of a busy
	// account is what a web archive lists in a minute or two.
	mostDays = 31
	// zones is how far a day that somebody names can lie from that of universal
	// time.
	zones = 14 * time.Hour
)

func (e *elsewhere) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&e.on, elsewhereFlag, false, "ask web archives, which learn the question: a post, or @handle with --date and words")
	cmd.Flags().StringVar(&e.date, "date", "", "with --elsewhere: the day, or first..last, of the posts, such as 2020-02-18")
}

// elsewhereHelp is what the help of lookup says of it.
const elsewhereHelp = `With --elsewhere web archives are asked instead: for one post, or for the posts
of an account of a day or of some days, and of them for those with the words. It
is said first whom that tells. Nothing is kept: ` + "`stet capture`" + ` keeps what was
found.`

// query reads the words of the command line.
func (e *elsewhere) query(finder *extract.Finder, words []string) (archiver.ElsewhereQuery, error) {
	q := archiver.ElsewhereQuery{}
	var rest []string
	for _, w := range strings.Fields(strings.Join(words, " ")) {
		if q.Handle == "" && q.Ref.IsZero() && e.names(finder, &q, w) {
			continue
		}
		rest = append(rest, w)
	}
	q.Words = strings.Join(rest, " ")
	switch {
	case !q.Ref.IsZero() && e.date != "":
		return q, fmt.Errorf("%w: --date is for the posts of an account; %s is one post", store.ErrUsage, q.Ref)
	case !q.Ref.IsZero():
		return q, nil
	case q.Handle == "":
		return q, fmt.Errorf("%w: web archives have no search for words alone: name a post, or an account as @handle with --date", store.ErrUsage)
	case e.date == "":
		return q, fmt.Errorf("%w: say with --date on which day @%s published it, or from when to when: --date 2020-02-01..2020-02-18", store.ErrUsage, q.Handle)
	}
	var err error
	q.From, q.Until, err = e.span()
	return q, err
}

// names reads a word as a post or an account.
func (e *elsewhere) names(finder *extract.Finder, q *archiver.ElsewhereQuery, word string) bool {
	if t, p, ok := finder.Parse(word); ok && (!t.Ref.IsZero() || t.Kind == extract.TargetProfile && t.Handle != "") {
		q.Ref, q.Platform, q.Handle = t.Ref, p, t.Handle
		return true
	}
	if platform, id, ok := strings.Cut(word, ":"); ok && slices.Contains(wire.Platforms(), post.Platform(platform)) {
		if handle, is := strings.CutPrefix(id, "@"); is {
			q.Platform, q.Handle = post.Platform(platform), handle
			return handle != ""
		}
		if ref, err := post.ParseRef(word); err == nil {
			q.Ref, q.Platform = ref, ref.Platform
			return true
		}
	}
	handle, ok := strings.CutPrefix(word, "@")
	if ok && handle != "" {
		q.Platform, q.Handle = post.Twitter, handle
	}
	return ok && handle != ""
}

// span reads --date: a day, or the first and the last.
func (e *elsewhere) span() (from, until time.Time, err error) {
	first, last, two := strings.Cut(e.date, "..")
	if !two {
		last = first
	}
	from, errFrom := time.Parse(time.DateOnly, strings.TrimSpace(first))
	until, errUntil := time.Parse(time.DateOnly, strings.TrimSpace(last))
	switch {
	case errFrom != nil || errUntil != nil:
		return from, until, fmt.Errorf("%w: --date takes a day or two: 2020-02-18 or 2020-02-01..2020-02-18, not %.80q", store.ErrUsage, e.date)
	case until.Before(from):
		return from, until, fmt.Errorf("%w: --date %s: the first day is after the last", store.ErrUsage, e.date)
	case until.Sub(from) >= mostDays*24*time.Hour:
		return from, until, fmt.Errorf("%w: --date %s: at most %d days are asked for at once", store.ErrUsage, e.date, mostDays)
	}
	return from.Add(-zones), until.Add(24*time.Hour + zones), nil
}

// lookupElsewhere asks web archives, after it has said whom that tells.
func (a *app) lookupElsewhere(ctx context.Context, e *elsewhere, words []string, limit int) error {
	q, err := e.query(wire.Finder(), words)
	if err != nil {
		return err
	}
	c, err := a.load()
	if err != nil {
		return err
	}
	q.Limit = limit
	return wire.WebArchives(c, a.options(nil), func(r archiver.Recovery) error {
		if !r.Serves(q.Platform) {
			return fmt.Errorf("%w: this version cannot read posts of %s in web archives", store.ErrUsage, q.Platform)
		}
		a.warn("asking %s: it learns that %s is looked for, and the address of this machine", strings.Join(r.Tells(), ", "), e.what(&q))
		got, err := archiver.Elsewhere(ctx, r, q)
		if err != nil {
			return err
		}
		if err := a.markKept(ctx, got.Hits); err != nil {
			return err
		}
		return a.showElsewhere(r, e, &q, &got)
	})
}

// what names what is asked for.
func (e *elsewhere) what(q *archiver.ElsewhereQuery) string {
	if !q.Ref.IsZero() {
		return q.Ref.String()
	}
	return "what @" + q.Handle + " published, " + e.date
}

// markKept says of hits whether this archive keeps them, where there is one.
func (a *app) markKept(ctx context.Context, hits []archiver.ElsewhereHit) error {
	err := a.reading(ctx, func(w *wire.Archive) error {
		for i := range hits {
			page, err := w.Archive.List(ctx, store.Query{Term: store.RefTerm(hits[i].Ref()), Kinds: []store.Kind{store.KindCapture}, Limit: 1})
			if err != nil {
				return err
			}
			hits[i].Kept = len(page.Records) > 0
		}
		return nil
	})
	if errors.Is(err, store.ErrNoStore) || errors.Is(err, store.ErrBusy) {
		return nil
	}
	return err
}

func (a *app) showElsewhere(r archiver.Recovery, e *elsewhere, q *archiver.ElsewhereQuery, got *archiver.ElsewhereAnswer) error {
	for i := range got.Hits {
		if a.json {
			a.out.json(&got.Hits[i])
			continue
		}
		if i > 0 {
			a.out.line("")
		}
		a.showElsewhereHit(i+1, &got.Hits[i], q)
	}
	for _, n := range got.Notes {
		a.warn("%s", n)
	}
	if len(got.Hits) > 0 {
		return nil
	}
	held := "it holds nothing of it"
	if got.Listed > 0 {
		held = fmt.Sprintf("of %s of @%s that it holds of %s, %d could be read, and none has the words", count(got.Listed, "post"), q.Handle, e.date, got.Read)
	}
	if got.Cut {
		held += "; it holds more than was listed: ask for fewer days"
	}
	return fmt.Errorf("%w: %s is not in the web archive (%s): %s", store.ErrNotFound, e.what(q), r.Name(), held)
}

func (a *app) showElsewhereHit(n int, h *archiver.ElsewhereHit, q *archiver.ElsewhereQuery) {
	a.out.line("%d  %s", n, joined([]string{signature(h.Author.Name, h.Author.Handle), h.Ref().String()}, ", "))
	if h.Text != "" {
		a.out.block("   | ", h.Text, 0)
	}
	if h.Posted != nil {
		a.out.line("   posted %s", a.when(*h.Posted))
	}
	a.out.line("   kept by %s on %s:", h.Memento.Archive, a.when(h.Memento.Time))
	a.out.line("   %s", h.Memento.URL)
	switch {
	case q.Words == "":
	case h.Match:
		a.out.line("   These are the words.")
	default:
		a.out.line("   The words differ (%.0f %% alike).", 100*h.Score)
	}
	if h.Kept {
		a.out.line("   This archive keeps it: `stet show %s`", h.Ref())
	} else {
		a.out.line("   `stet capture %s` keeps it", h.Ref())
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"stet/archiver"
	"stet/cmd/internal/config"
	"stet/cmd/internal/wire"
	"stet/store"
)

// explainHelp is the flag of commands that reach out.
const explainHelp = "only say which hosts would be told what; nothing is asked and nothing is changed"

// explaining lets f use an explainer that knows what the archive holds, where
// there is one. Nothing is made and nothing goes out.
func (a *app) explaining(ctx context.Context, c *config.Config, f func(*archiver.Explainer) error) error {
	use := func(archive *store.Archive) error { return wire.NewExplainer(c, a.options(nil), archive, f) }
	err := a.reading(ctx, func(w *wire.Archive) error { return use(w.Archive) })
	if errors.Is(err, store.ErrNoStore) {
		return use(nil)
	}
	return err
}

// explain says whom the capture of the targets would tell.
func (r *capturing) explain(ctx context.Context, words []string) error {
	r.gather(ctx, words)
	return r.a.explaining(ctx, r.c, func(x *archiver.Explainer) error {
		for i := range r.targets {
			t := &r.targets[i]
			e, err := r.explainOne(ctx, x, t)
			r.a.tellExplained(t.name, t.word(), e, errors.Join(t.err, err), &r.sum)
		}
		return r.sum.err()
	})
}

func (r *capturing) explainOne(ctx context.Context, x *archiver.Explainer, t *target) (*archiver.Explanation, error) {
	switch {
	case t.err != nil:
		return nil, nil
	case t.kind == targetPost:
		return x.CapturePost(ctx, t.name, t.ref, t.url, r.options)
	case t.kind == targetShort:
		return x.CaptureShort(t.name, t.url), nil
	case t.kind == targetDocument:
		return x.CaptureDocument(ctx, t.name, t.doc.in, r.options)
	}
	return x.CapturePage(ctx, t.name, t.url, r.options)
}

// explainRecheck says whom looks would tell.
func (a *app) explainRecheck(ctx context.Context, words []string) error {
	c, err := a.load()
	if err != nil {
		return err
	}
	var sum outcomes
	kinds := a.classifier()
	return a.explaining(ctx, c, func(x *archiver.Explainer) error {
		for _, word := range words {
			if t := kinds.classify(word); t.err == nil && t.kind == targetPage {
				e, err := x.RecheckPage(ctx, word, t.url)
				a.tellExplained(word, "page", e, err, &sum)
				continue
			}
			ref, err := kinds.refOf(word)
			var e *archiver.Explanation
			if err == nil {
				e, err = x.Recheck(ctx, word, ref)
			}
			a.tellExplained(word, "post", e, err, &sum)
		}
		return sum.err()
	})
}

// tellExplained prints one explanation, or why there is none.
func (a *app) tellExplained(name, kind string, e *archiver.Explanation, err error, sum *outcomes) {
	first := sum.total == 0
	sum.add(name, err)
	if err != nil {
		a.complain(err)
		if a.json {
			a.out.json(&archiver.Explanation{Target: name, Kind: kind, Tells: []archiver.Telling{}, Error: sentence(err)})
		}
		return
	}
	if a.json {
		a.out.json(e)
		return
	}
	if !first {
		a.out.line("")
	}
	a.showExplained(e)
}

// showExplained prints an explanation for people: what is asked in any case
// first.
func (a *app) showExplained(e *archiver.Explanation) {
	a.out.line("%s", e.Target)
	if len(e.Tells) == 0 {
		a.out.line("  Nobody is told.")
	}
	for _, always := range []bool{true, false} {
		told := false
		for i := range e.Tells {
			t := &e.Tells[i]
			if always != (t.When == "") {
				continue
			}
			if !told {
				told = true
				a.out.line("  %s", map[bool]string{true: "In any case", false: "Depending on what is answered"}[always])
			}
			a.showTelling(t)
		}
	}
	if len(e.Tells) > 0 {
		a.out.hang("  ", "Each sees", e.Shows+".")
	}
	for _, n := range e.Notes {
		a.out.hang("  ", "Note:", n+".")
	}
	a.out.line("  Nothing was asked, and nothing was changed.")
}

func (a *app) showTelling(t *archiver.Telling) {
	host := t.Host
	if host == "" {
		host = "hosts that are not known yet"
	}
	a.out.line("    %s (%s)", host, t.Step)
	words := "learns " + t.Learns
	if t.When != "" {
		words += ", " + t.When
	}
	a.out.block("      ", words, 0)
	if len(t.Credentials) > 0 {
		a.out.block("      ", fmt.Sprintf("It is sent who asks: %s.", strings.Join(t.Credentials, ", ")), 0)
	}
	if t.Author {
		a.out.line("      The author of the post can be who runs it.")
	}
}

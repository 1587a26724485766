package main

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"stet/archiver"
	"stet/cmd/internal/config"
	"stet/cmd/internal/wire"
	"stet/extract/post"
	"stet/store"
)

func (a *app) recheckCommand() *cobra.Command {
	explain := false
	cmd := &cobra.Command{
		Use:   "recheck REF…",
		Short: "Look now whether archived posts and pages still stand",
		Long: `Ask the platforms now whether posts of the archive still stand, record the
answers, and say what they amount to together with earlier ones. A loss is only
suspected at first: see watch.confirm_after in the configuration. A REF may be
the address of a captured page too. With --explain nothing is asked: it says
which hosts would learn what.`,
		Example: `  stet recheck https://x.com/someone/status/20
  stet recheck twitter:20 twitter:21 --json`,
		Args: someArgs("a post: its address, or platform:id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if explain {
				return a.explainRecheck(cmd.Context(), args)
			}
			return a.recheck(cmd.Context(), args)
		},
	}
	cmd.Flags().BoolVar(&explain, "explain", false, explainHelp)
	return cmd
}

// named is a post as a person named it.
type named struct {
	word string
	ref  post.Ref
}

func (a *app) recheck(ctx context.Context, words []string) (err error) {
	c, err := a.load()
	if err != nil {
		return err
	}
	var sum outcomes
	var list []named
	var pages []target
	kinds := a.classifier()
	for _, word := range words {
		if t := kinds.classify(word); t.err == nil && t.kind == targetPage {
			pages = append(pages, t)
			continue
		}
		ref, err := kinds.refOf(word)
		if err != nil {
			a.complain(err)
			sum.add(word, err)
		} else if !slices.ContainsFunc(list, func(n named) bool { return n.ref == ref }) {
			list = append(list, named{word, ref})
		}
	}
	if len(list) == 0 && len(pages) == 0 {
		return sum.err()
	}
	p := a.newProgress()
	defer p.close()
	w, err := a.open(ctx, c, true, p.note)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if err := a.acted(ctx, w, "recheck", words, ""); err != nil {
		return err
	}
	for group := range slices.Chunk(list, lookGroup(c)) {
		a.look(ctx, w, p, group, &sum)
	}
	for _, t := range pages {
		a.lookAtPage(ctx, w, p, t, &sum)
	}
	return sum.err()
}

// lookAtPage looks at a page and tells what came of it.
func (a *app) lookAtPage(ctx context.Context, w *wire.Archive, p *progress, t target, sum *outcomes) {
	res := w.Engine.RecheckPage(ctx, t.url, "person")
	p.clear()
	if errors.Is(res.Err, store.ErrNotFound) {
		res.Err = a.notThere(ctx, w, "the page "+t.url+" (`stet lookup` finds the posts of an article)", res.Err)
	}
	if res.Err != nil {
		res.Error = sentence(res.Err)
		a.complain(res.Err)
	}
	sum.add(t.name, res.Err)
	switch {
	case a.json:
		a.out.json(&res)
	case res.Err == nil:
		a.showPageLook(t.name, &res)
	}
}

func (a *app) showPageLook(name string, res *archiver.RecheckedPage) {
	a.out.line("%s: %s", name, pageWords(res.Status, res.Confirmed))
	if res.Result != res.Status {
		a.out.block("  ", "This look says: "+pageWords(res.Result, true), 0)
	}
	if res.Reason != "" && res.Result != store.PageAlive {
		a.out.block("  ", "Because: "+res.Reason, 0)
	}
	if !res.NextLook.IsZero() {
		a.out.line("  The next look is due %s.", a.when(res.NextLook))
	}
}

// lookGroup is how many posts are looked at before they are told of.
func lookGroup(c *config.Config) int {
	if c.Twitter.BearerToken != "" || c.Twitter.ConsumerKey != "" {
		return 100 // what one request of X's API takes
	}
	return 1
}

// look looks at a group of posts and tells what came of it.
func (a *app) look(ctx context.Context, w *wire.Archive, p *progress, group []named, sum *outcomes) {
	refs := make([]post.Ref, len(group))
	for i := range group {
		refs[i] = group[i].ref
	}
	results := w.Engine.Recheck(ctx, refs, "person")
	p.clear()
	for i := range results {
		res := &results[i]
		if errors.Is(res.Err, store.ErrNotFound) {
			res.Err = a.notThere(ctx, w, refs[i].String(), res.Err)
		}
		if res.Err != nil {
			res.Error = sentence(res.Err)
			a.complain(res.Err)
		}
		sum.add(group[i].word, res.Err)
		switch {
		case a.json:
			a.out.json(res)
		case res.Err == nil:
			a.showLook(refs[i], res)
		}
	}
}

func (a *app) showLook(ref post.Ref, res *archiver.RecheckResult) {
	a.out.line("%s: %s", ref, statusWords(res.Status, res.Confirmed))
	if res.Result != res.Status {
		a.out.block("  ", "This look says: "+statusWords(res.Result, true), 0)
	}
	if res.Event != "" {
		a.out.line("  This is news: %s.", eventWords(res.Event))
	}
	if res.Reason != "" && res.Result != post.Live {
		a.out.block("  ", "Because: "+res.Reason, 0)
	}
	if !res.NextLook.IsZero() {
		a.out.line("  The next look is due %s.", a.when(res.NextLook))
	}
}

// eventWords says what a change of the verdict means.
func eventWords(event string) string {
	switch event {
	case "suspected":
		return "it may be gone, which a later look must confirm"
	case "gone":
		return "it is gone, and that is confirmed"
	case "hidden":
		return "it is hidden from the public"
	case "restored":
		return "it is shown again"
	}
	return event
}

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"stet/cmd/internal/wire"
	"stet/store"
	"stet/store/view"
)

// privateFlags are those of `stet private`.
type privateFlags struct {
	source, reason string
	undo           bool
}

func (a *app) privateCommand() *cobra.Command {
	var f privateFlags
	cmd := &cobra.Command{
		Use:   "private [REF|URL… | --source NAME]",
		Short: "Keep a post, an article or all of a source out of what is told and given away",
		Long: `From now on the post, the article or page, or all that a source led to is private:
it stays out of alerts, of the feed of disappearances, of what the public is shown
and of what is given away, unless that is asked for, just as what was captured with
"--private". Of a source that is also so for what came before. The newsroom itself
finds and sees it as before. Nothing is removed ("stet takedown"), and nothing
that was given away already comes back.

An article that shows a private post is not private by that: its own quotation of
the post is its publisher's.

--undo takes the decision back; what is private by itself (fetched with an access,
read from a file, captured with "--private") stays so. Without a name every
decision so far is listed, the newest first.

A REF is an address of a post or platform:id; any other address is an article or
page, in all of its versions.`,
		Example: `  stet private twitter:20 --reason "a witness, at risk"
  stet private https://news.example/story --reason "withdrawn"
  stet private --source intranet --reason "not published"
  stet private twitter:20 --undo --reason "agreed with the author"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && !cmd.Flags().Changed("source") {
				if f.undo || f.reason != "" {
					return fmt.Errorf("%w: name a post, an article, or a source with --source", store.ErrUsage)
				}
				return a.listRules(cmd.Context(), store.PrivaciesTerm())
			}
			if cmd.Flags().Changed("source") {
				if len(args) > 0 {
					return fmt.Errorf("%w: name either a source or posts and articles", store.ErrUsage)
				}
				args = []string{f.source}
			}
			return a.makePrivate(cmd.Context(), args, &f)
		},
	}
	cmd.Flags().StringVar(&f.source, "source", "", "all that the source of this name led to, also before")
	cmd.Flags().BoolVar(&f.undo, "undo", false, "take the decision back")
	cmd.Flags().StringVar(&f.reason, "reason", "", "why, for the record")
	return cmd
}

func (a *app) makePrivate(ctx context.Context, words []string, f *privateFlags) error {
	if strings.TrimSpace(f.reason) == "" {
		return fmt.Errorf("%w: say why with --reason; it stays in the archive", store.ErrUsage)
	}
	return a.writing(ctx, true, func(w *wire.Archive) error {
		var sum outcomes
		for _, word := range words {
			r, note, err := a.decidePrivacy(ctx, w, word, f)
			sum.add(word, err)
			switch {
			case err != nil:
				a.complain(a.saysSearched(ctx, err))
			case a.json:
				a.out.json(r)
			default:
				a.out.block("", r.Of+" "+note, 0)
			}
		}
		return sum.err()
	})
}

// decidePrivacy records one decision, and that it was made. The note says what
// holds now.
func (a *app) decidePrivacy(ctx context.Context, w *wire.Archive, word string, f *privateFlags) (r ruled, note string, err error) {
	p, kept, err := a.privacyOf(ctx, w, word, f)
	if err != nil {
		return r, "", err
	}
	before, err := w.Archive.StandingPrivacy(ctx, p)
	if err != nil {
		return r, "", err
	}
	if f.undo && before == nil {
		return r, "", fmt.Errorf("%s: %w: nobody decided that it is private, so there is nothing to undo", p.Of(), store.ErrNotFound)
	}
	r = ruled{p.Time.UTC(), p.Of(), "private", p.Operator, p.Reason, ""}
	if f.undo {
		r.Act = "undone"
	}
	how := "command"
	if a.holder != nil {
		how = "token"
	}
	if err := w.KeepPrivacy(ctx, p, how); err != nil {
		return r, "", err
	}
	switch {
	case f.undo:
		note = "is not private any more, unless it is so by itself or by another decision."
	case before != nil:
		note = "was private already, since " + a.when(before.Time) + "; the new reason is kept too."
	case !kept:
		note = "is private, as soon as something of it is kept: nothing is so far."
	default:
		note = "is private: it stays out of alerts and of what is given away."
	}
	return r, note, nil
}

// privacyOf reads what a decision is about, and whether anything of it is kept.
func (a *app) privacyOf(ctx context.Context, w *wire.Archive, word string, f *privateFlags) (p *store.Privacy, kept bool, err error) {
	p = &store.Privacy{Time: w.Archive.Now(), Lifted: f.undo, Operator: a.operator(), Reason: f.reason}
	if f.source != "" || word == "" {
		p.Source = word
		kept, err = a.knownSource(ctx, w, word)
		return p, kept, err
	}
	t := a.classifier().classify(word)
	switch {
	case t.err != nil:
		return nil, false, t.err
	case t.kind == targetPage:
		p.URL = t.url
		for _, term := range []store.Term{store.ArticleTerm(t.url), store.URLTerm(t.url)} {
			page, err := w.Archive.List(ctx, store.Query{Term: term, Limit: 1})
			if err != nil {
				return nil, false, err
			}
			kept = kept || len(page.Records) > 0
		}
		return p, kept, nil
	}
	ref, err := a.classifier().refOf(word)
	if err != nil {
		return nil, false, err
	}
	p.Ref = ref
	h, err := w.Archive.History(ctx, ref)
	if errors.Is(err, store.ErrNotFound) {
		return p, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	p.Ref = h.Ref
	for _, alias := range append(slices.Clone(h.Aliases), ref) {
		if alias != p.Ref && !slices.Contains(p.Aliases, alias) {
			p.Aliases = append(p.Aliases, alias)
		}
	}
	return p, true, nil
}

// knownSource errors with ErrNotFound where no source has the name and nothing
// that is kept came from one.
func (a *app) knownSource(ctx context.Context, w *wire.Archive, name string) (kept bool, err error) {
	if strings.TrimSpace(name) == "" {
		return false, fmt.Errorf("%w: --source is empty; `stet source list` has the names", store.ErrUsage)
	}
	all, err := wire.ListSources(ctx, w.Archive)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(all, func(l wire.ListedSource) bool { return l.Plan.Source.Name == name }) {
		return true, nil
	}
	// It can have been removed since.
	for after := uint64(0); ; {
		records, err := w.Archive.Read(ctx, after, 1000)
		if err != nil || len(records) == 0 {
			return false, errors.Join(err, fmt.Errorf("%w: there is no source %.200q, and nothing that is kept came from one; `stet source list` has the names", store.ErrNotFound, name))
		}
		for i := range records {
			after = records[i].Seq
			if records[i].Kind != store.KindArticle {
				continue
			}
			v, err := store.Decode[store.ArticleVersion](&records[i])
			if err != nil {
				return false, err
			}
			if v.Source == name {
				return true, nil
			}
		}
	}
}

// privacyWords say why a post is private where somebody decided so.
func (a *app) privacyWords(r *view.Ruling) string {
	if r == nil {
		return ""
	}
	return " So decided on " + a.when(r.Time) + ": " + r.Reason + "."
}

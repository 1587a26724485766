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
	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

// redactFlags are those of `stet redact`.
type redactFlags struct {
	texts, fields         []string
	media                 []int
	reason                string
	dry, list, undo, keep bool
}

func (a *app) redactCommand() *cobra.Command {
	var f redactFlags
	cmd := &cobra.Command{
		Use:   "redact REF",
		Short: "Take words, a field or a file out of a post, and keep the proof",
		Long: `What is named is taken out of the post wherever the archive has it: what parsers
read out of it, the platform's answers, articles and posts of others that repeat the
words, drawings, imported files, for a file also what was fetched. All of these are
sealed, with the key in seal.key beside the archive, as "stet takedown --seal" does;
their leaves and every proof stay valid. In their place the archive keeps the post
with "` + archiver.RedactionMark + `" where something was taken out, and pages, search, exports and
bundles show that and say when and why.

--text are words, in upper or lower case, with any space between them; it can be
given several times. --field is one of text, warning, note, author.name,
author.avatar, card, poll, links, labels, alt. --media is the number of a file,
from 1, as "stet show" lists them.

Nothing more of the post is captured ("stet refuse"): a new answer would bring the
words back. --undo puts back all that was taken out of the post, and lets it be
captured again. --dry-run lists the places, --list what is redacted. What is held
("stet hold") is not touched. Backups, exports and what was given away are not
reached; in an older backup that is restored it is done again, for which the list
beside the archive holds the words encrypted. Interrupted, the work goes on with
"stet takedown --resume", and in "stet serve" by itself.`,
		Example: `  stet redact twitter:20 --text "12 Mill Lane" --reason "a private address" --dry-run
  stet redact twitter:20 --text "12 Mill Lane" --reason "a private address"
  stet redact twitter:20 --media 2 --reason "shows a child"
  stet redact twitter:20 --undo --reason "the family agreed"
  stet redact --list`,
		Args: atMostOneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := exclusive(cmd, "dry-run", "list", "undo"); err != nil {
				return err
			}
			return a.redact(cmd.Context(), args, &f)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.texts, "text", nil, "words to be taken out")
	flags.StringArrayVar(&f.fields, "field", nil, "a field to be taken out")
	flags.IntSliceVar(&f.media, "media", nil, "the number of a file to be taken out")
	flags.StringVar(&f.reason, "reason", "", "why, for the record")
	flags.BoolVar(&f.dry, "dry-run", false, "list the places and change nothing")
	flags.BoolVar(&f.keep, "keep-quotes", false, "leave articles and posts of others that repeat the words")
	flags.BoolVar(&f.list, "list", false, "list what is redacted")
	flags.BoolVar(&f.undo, "undo", false, "put back what was taken out")
	return cmd
}

func (a *app) redact(ctx context.Context, args []string, f *redactFlags) error {
	some := len(f.texts)+len(f.fields)+len(f.media) > 0
	switch {
	case f.list:
		return a.reading(ctx, func(w *wire.Archive) error { return a.listRedactions(ctx, w, args) })
	case len(args) == 0:
		return fmt.Errorf("%w: name a post; --list lists what is redacted", store.ErrUsage)
	case f.undo && some:
		return fmt.Errorf("%w: --undo puts back all that was taken out of the post; name nothing besides", store.ErrUsage)
	case !f.undo && !some:
		return fmt.Errorf("%w: say what is to be taken out with --text, --field or --media", store.ErrUsage)
	case !f.dry && strings.TrimSpace(f.reason) == "":
		return fmt.Errorf("%w: say why with --reason; it stays in the archive and is shown", store.ErrUsage)
	}
	ref, err := a.classifier().refOf(args[0])
	if err != nil {
		return err
	}
	how := "command"
	if a.holder != nil {
		how = "token"
	}
	slices.Sort(f.media)
	wish := archiver.RedactionWish{Ref: ref, Texts: once(f.texts), Fields: once(f.fields), Media: slices.Compact(f.media), KeepQuotes: f.keep, Operator: a.operator(), Reason: f.reason, How: how}
	if err := wish.Check(); err != nil {
		return err
	}
	if f.dry {
		return a.reading(ctx, func(w *wire.Archive) error {
			p, err := w.Removals.PlanRedaction(ctx, wish)
			if err == nil {
				a.tellRedaction(p, "Nothing was changed.")
			}
			return err
		})
	}
	return a.writing(ctx, true, func(w *wire.Archive) error {
		if f.undo {
			return a.unredact(ctx, w, ref, archiver.Wish{Operator: a.operator(), How: how, Reason: f.reason})
		}
		p, err := w.Redact(ctx, wish)
		if err == nil {
			a.tellRedaction(p, fmt.Sprintf("Sealed, with the key in %s beside the archive. %s shows %s in its place, and is captured no more. Backups that were made before still have it.",
				wire.SealKeyFile, p.Ref, archiver.RedactionMark))
		}
		return err
	})
}

// once returns words without those that were given before.
func once(words []string) []string {
	var list []string
	for _, s := range words {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

func (a *app) tellRedaction(p *archiver.RedactionPlan, end string) {
	if a.json {
		a.out.json(p)
		return
	}
	a.out.line("%s: %s, in %s", p.Ref, strings.Join(p.What, ", "), count(len(p.Places), "place"))
	for i := range p.Places {
		a.printPlace(&p.Places[i])
	}
	a.out.block("", end, 0)
}

// unredact puts back what was taken out of a post.
func (a *app) unredact(ctx context.Context, w *wire.Archive, ref post.Ref, wish archiver.Wish) error {
	if h, err := w.Archive.History(ctx, ref); err == nil {
		ref = h.Ref
	}
	n, err := w.Unredact(ctx, ref, wish)
	if err != nil {
		return err
	}
	if a.json {
		a.out.json(struct {
			Ref     post.Ref `json:"ref"`
			Records int      `json:"records"`
		}{ref, n})
		return nil
	}
	a.out.line("%s has the content of %s again, and may be captured again.", ref, count(n, "record"))
	return nil
}

// redactedLine is one redaction that stands, as it is printed.
type redactedLine struct {
	Time     time.Time  `json:"time"`
	Refs     []post.Ref `json:"refs"`
	What     []string   `json:"what"`
	Operator string     `json:"operator,omitempty"`
	Reason   string     `json:"reason"`
	Records  int        `json:"records"`
}

// listRedactions lists what is redacted, the newest first.
func (a *app) listRedactions(ctx context.Context, w *wire.Archive, args []string) error {
	term := store.RedactionsTerm()
	if len(args) > 0 {
		ref, err := a.classifier().refOf(args[0])
		if err != nil {
			return err
		}
		term = store.RefTerm(ref)
	}
	acts, err := w.Archive.PartRedactions(ctx, term)
	if err != nil {
		return err
	}
	listed := 0
	for _, c := range redactionsOf(acts) {
		listed++
		l := redactedLine{c.Time.UTC(), c.Refs, c.What, c.Operator, c.Reason, len(c.Records)}
		if a.json {
			a.out.json(l)
			continue
		}
		a.out.line("%s  %s: %s", a.when(c.Time), c.Refs[0], strings.Join(c.What, ", "))
		a.out.hang("  ", joined([]string{c.Operator, "because:"}, ", "), c.Reason)
	}
	if listed == 0 && !a.json {
		a.out.line("Nothing is redacted.")
	}
	return nil
}

// redactionsOf returns one of the acts of each redaction, the newest first, with
// the records of all of them.
func redactionsOf(acts []store.Item[store.Redaction]) []*store.Redaction {
	var list []*store.Redaction
	for _, act := range slices.Backward(acts) {
		c := *act.Content
		same := slices.IndexFunc(list, func(o *store.Redaction) bool { return !c.Order.IsZero() && o.Order == c.Order })
		switch {
		case same >= 0:
			list[same].Records = append(list[same].Records, c.Records...)
		case c.Order.IsZero() && len(c.Left) == 0: // it came with one that says what is left
		default:
			c.Records = slices.Clone(c.Records)
			list = append(list, &c)
		}
	}
	return list
}

// tellRedacted says of which posts parts were taken out.
func (a *app) tellRedacted(ctx context.Context, w *wire.Archive) error {
	if a.json {
		return nil
	}
	acts, err := w.Archive.PartRedactions(ctx, store.RedactionsTerm())
	if errors.Is(err, store.ErrCorrupt) {
		return nil // the check said so
	}
	for _, c := range slices.Backward(redactionsOf(acts)) {
		a.out.block("", fmt.Sprintf("Part of %s was redacted on %s (%s): %s", c.Refs[0], c.Time.UTC().Format(time.DateOnly), strings.Join(c.What, ", "), c.Reason), 0)
	}
	return err
}

// showRedacted says which parts of a post were taken out.
func (a *app) showRedacted(v *view.Post) {
	for i := range v.Redacted {
		r := &v.Redacted[i]
		a.out.block("", fmt.Sprintf("Part of this was redacted on %s (%s): %s. The records that held it are sealed; their leaves:",
			a.when(r.Time), strings.Join(r.What, ", "), r.Reason), 0)
		for _, m := range r.Remains {
			a.out.line("  %s  %-10s %s", a.when(m.Time), m.Kind, m.ID)
			a.out.line("    leaf %d, %s", m.Seq-1, m.Leaf)
		}
	}
}

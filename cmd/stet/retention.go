package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"stet/archiver"
	"stet/cmd/internal/config"
	"stet/cmd/internal/wire"
	"stet/extract/post"
	"stet/store"
)

// dueFlags are those of `stet source due`.
type dueFlags struct {
	within   string
	now, dry bool
}

func (a *app) sourceDueCommand() *cobra.Command {
	var f dueFlags
	cmd := &cobra.Command{
		Use:   "due [NAME]",
		Short: "List what is removed next because of how long sources are kept",
		Long: `List the articles whose time has come, or comes within a time: what goes with each
of them, and what stays, and why. A source is kept for ever, for as long as its
keep says (in the configuration, or ` + "`stet source add --keep`" + `), or for
policy.keep. The time runs from the last change of an article, not from the last
time that it was read and was the same.

What is due is sealed by ` + "`stet serve`" + `, or by --now, together with the posts, files
and linked pages that nothing else shows: it is nowhere any more, and can be put
back for policy.keep_grace with ` + "`stet source keep`" + `; then it is destroyed. What is held,
in a case, approved, captured or imported by a person, or named by a source that
is kept longer or no longer followed, stays.`,
		Example: `  stet source due --within 30d
  stet source due agency --json
  stet source due --now`,
		Args: atMostOneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.sourceDue(cmd.Context(), strings.Join(args, ""), &f)
		},
	}
	cmd.Flags().StringVar(&f.within, "within", "", "also what is due within a time, such as 30d")
	cmd.Flags().BoolVar(&f.now, "now", false, "remove what is due, of all sources")
	cmd.Flags().BoolVar(&f.dry, "dry-run", false, "change nothing, which is so without --now")
	cmd.MarkFlagsMutuallyExclusive("now", "dry-run")
	cmd.MarkFlagsMutuallyExclusive("now", "within")
	return cmd
}

func (a *app) sourceDue(ctx context.Context, name string, f *dueFlags) error {
	var within time.Duration
	if f.within != "" {
		var err error
		if within, err = config.ParseDuration(f.within); err != nil {
			return fmt.Errorf("%w: --within: %w", store.ErrUsage, err)
		}
	}
	if !f.now {
		return a.reading(ctx, func(w *wire.Archive) error { return a.listDue(ctx, w, name, within) })
	}
	if name != "" {
		return fmt.Errorf("%w: --now removes what is due of all sources; leave the name out", store.ErrUsage)
	}
	return a.writing(ctx, true, func(w *wire.Archive) error {
		if err := a.acted(ctx, w, "retention", nil, a.operator()); err != nil {
			return err
		}
		n, err := w.Keeper.RunDue(ctx)
		if err != nil {
			return err
		}
		if a.json {
			a.out.json(struct {
				Removed int `json:"removed"`
			}{n})
			return nil
		}
		a.out.block("", fmt.Sprintf("Removed: %s. `stet source keep` puts one back as long as it is sealed.", count(n, "article")), 0)
		return nil
	})
}

// listDue lists what is due, and what stays, and why.
func (a *app) listDue(ctx context.Context, w *wire.Archive, name string, within time.Duration) error {
	if name != "" {
		all, err := wire.ListSources(ctx, w.Archive)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(all, func(l wire.ListedSource) bool { return l.Plan.Source.Name == name }) {
			return fmt.Errorf("%w: there is no source %q; `stet source list` names them", store.ErrNotFound, name)
		}
	}
	goes, stays := 0, 0
	if err := w.Keeper.Due(ctx, name, within, func(d *archiver.KeepDue) error {
		if d.Why == nil {
			goes++
		} else {
			stays++
		}
		a.printDue(d)
		return nil
	}); err != nil {
		return err
	}
	if !a.json {
		a.out.line("%s, and %s though due.", count(goes, "article")+" "+verb(goes, "goes", "go"), count(stays, "article")+" "+verb(stays, "stays", "stay"))
	}
	return nil
}

// verb returns the form of a verb for n things.
func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func (a *app) printDue(d *archiver.KeepDue) {
	if a.json {
		a.out.json(d)
		return
	}
	a.out.line("%s", d.URL)
	if d.Title != "" {
		a.out.block("  ", d.Title, 1)
	}
	if d.Why != nil {
		a.out.hang("  ", "stays:", d.Why.Text)
		return
	}
	a.out.hang("  ", "goes", fmt.Sprintf("%s, of %s, with %s and %s, %s", a.when(d.Due), strings.Join(d.Sources, ", "), count(len(d.Posts), "post"), count(len(d.Pages), "linked page"), size(d.Bytes)))
	for _, s := range d.Stays {
		a.out.hang("  ", "without", s.Name+": "+s.Why.Text)
	}
}

func (a *app) sourceKeepCommand() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "keep URL|REF",
		Short: "Put back what a rule removed, and keep it for ever",
		Long: `Let no rule about how long sources are kept remove an article, with all that it
brought in, or a post. What is sealed of it is put back, bit by bit, as its leaves
prove, and looked at again. What was destroyed since cannot be put back.`,
		Example: `  stet source keep https://agency.example/story --reason "we link it"
  stet source keep twitter:20`,
		Args: oneArg("an address, or a post"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.sourceKeep(cmd.Context(), args[0], reason) },
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the record")
	return cmd
}

func (a *app) sourceKeep(ctx context.Context, word, reason string) error {
	address, ref := "", post.Ref{}
	if t := a.classifier().classify(word); t.err == nil && t.kind == targetPage {
		address = t.url
	} else {
		var err error
		if ref, err = a.classifier().refOf(word); err != nil {
			return err
		}
	}
	return a.writing(ctx, true, func(w *wire.Archive) error {
		n, err := w.Keeper.Spare(ctx, address, ref, a.spareWish(reason))
		if err != nil {
			return err
		}
		if !a.json {
			done := "is kept for ever"
			if n > 0 {
				done = "is there again, and is kept for ever"
			}
			a.out.line("%s %s.", word, done)
		}
		return nil
	})
}

func (a *app) spareWish(reason string) archiver.Wish {
	how := "command"
	if a.holder != nil {
		how = "token"
	}
	return archiver.Wish{Operator: a.operator(), How: how, Reason: reason}
}

// statusRetention is what `stet status --json` says of how long things are kept.
type statusRetention struct {
	// Rules are how long the sources are kept that are not kept for ever.
	Rules map[string]string `json:"rules"`
	Grace string            `json:"grace"`
	archiver.KeepStatus
}

// retentionStatus reads how long things are kept, and what that did.
func retentionStatus(ctx context.Context, w *wire.Archive) (statusRetention, error) {
	k, err := w.Keeper.Status(ctx)
	if err != nil {
		return statusRetention{}, fmt.Errorf("reading how long things are kept: %w", err)
	}
	s := statusRetention{Rules: map[string]string{}, Grace: config.FormatDuration(k.Grace), KeepStatus: *k}
	for name, keep := range k.Rules {
		s.Rules[name] = config.FormatDuration(keep)
	}
	return s, nil
}

// showRetention says it for people.
func (a *app) showRetention(s *statusRetention, row func(name, format string, args ...any)) {
	if len(s.Rules) == 0 && s.Counts == (archiver.KeepCounts{}) {
		row("Retention", "all is kept for ever; see policy.keep")
		return
	}
	by := map[string][]string{}
	for name, keep := range s.Rules {
		by[keep] = append(by[keep], name)
	}
	var rules []string
	for keep, names := range by {
		slices.Sort(names)
		rules = append(rules, strings.Join(names, ", ")+" for "+keep)
	}
	slices.Sort(rules)
	if len(rules) == 0 {
		rules = []string{"all is kept for ever now"}
	}
	row("Retention", "%s; `stet source due` lists what goes next", strings.Join(rules, "; "))
	if s.InGrace > 0 {
		row("", "%s sealed; the first is destroyed %s", count(s.InGrace, "article"), a.when(s.Next))
	}
	if s.Counts != (archiver.KeepCounts{}) {
		since := "so far"
		if !s.Since.IsZero() {
			since = "since " + a.when(s.Since)
		}
		row("", since+": %s; free pages keep what was destroyed until `stet compact`", s.Counts)
	}
}

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"stet/archiver"
	"stet/cmd/internal/wire"
	"stet/store"
	"stet/store/evidence"
)

func (a *app) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Prove that nothing in the archive is damaged",
		Long: `Read the whole archive: decode every record, hash every stored file, and follow
every reference both ways. Each damage is named. Nothing is changed, and nothing
goes out to the network.

It also proves the archive against every head of the evidence tree that was
signed: a record that was removed or changed since is found, whoever did it.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return fmt.Errorf("%w: `stet check` proves the whole archive and takes no arguments; `stet recheck %.200s` looks whether a post still stands, `stet show %.200s` shows what is kept of it",
				store.ErrUsage, args[0], args[0])
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return a.check(cmd.Context()) },
	}
}

// checked is the last line of `stet check --json`.
type checked struct {
	OK bool `json:"ok"`
	store.CheckSummary
	// Heads is how many signed heads of the evidence tree were proved, and
	// Covered how many records the last of them covers.
	Heads   int64 `json:"heads"`
	Covered int64 `json:"covered_records"`
}

func (a *app) check(ctx context.Context) error {
	opened := false
	err := a.reading(ctx, func(w *wire.Archive) error {
		opened = true
		p := a.newProgress()
		defer p.close()
		p.note(archiver.Progress{Stage: "check", What: "checking " + w.Dir})
		var first store.Problem
		report := func(problem store.Problem) {
			if first.Thing == "" {
				first = problem
			}
			p.clear()
			a.showProblem(&problem)
		}
		sum, err := w.Checker.Check(ctx, report)
		var heads evidence.Checked
		if err == nil {
			heads, err = w.CheckEvidence(ctx, report)
			sum.Problems += heads.Problems
		}
		p.clear()
		if err != nil {
			return fmt.Errorf("checking the archive in %s: %w", w.Dir, err)
		}
		if a.json {
			a.out.json(checked{OK: sum.Problems == 0, CheckSummary: sum, Heads: heads.Heads, Covered: heads.Covered})
		} else {
			a.out.block("", checkedWords(&sum), 0)
			if heads.Heads > 0 {
				a.out.block("", fmt.Sprintf("Proved %s of the evidence tree; the last one covers %s.", count(heads.Heads, "signed head"), count(heads.Covered, "record")), 0)
			}
		}
		if err := a.tellRedacted(ctx, w); err != nil {
			return err
		}
		if sum.Problems > 0 {
			return fmt.Errorf("the archive in %s: %w: %s, the first is %s %s: %s; restore a backup, or run `stet rebuild` where only the index is damaged, or `stet salvage` where there is no backup",
				w.Dir, store.ErrCorrupt, count(sum.Problems, "problem"), first.Thing, first.Name, first.What)
		}
		if !a.json {
			a.out.line("Nothing is damaged.")
		}
		return nil
	})
	if a.json && !opened && errors.Is(err, store.ErrCorrupt) {
		// So damaged that it cannot even be opened.
		a.showProblem(&store.Problem{Thing: "archive", Name: a.data, What: sentence(err)})
		a.out.json(checked{CheckSummary: store.CheckSummary{Problems: 1}})
	}
	return err
}

// checkedWords says what was looked at.
func checkedWords(s *store.CheckSummary) string {
	return fmt.Sprintf("Checked %s, %s, %s (%s) and %s.", count(s.Records, "record"), entries(s.Entries),
		count(s.Blobs, "stored file"), size(s.BlobBytes), count(s.Jobs, "job"))
}

func entries(n int64) string {
	if n == 1 {
		return "1 index entry"
	}
	return fmt.Sprintf("%d index entries", n)
}

func (a *app) showProblem(p *store.Problem) {
	if a.json {
		a.out.json(p)
		return
	}
	a.out.block("", fmt.Sprintf("DAMAGED %s %s: %s", p.Thing, p.Name, p.What), 0)
}

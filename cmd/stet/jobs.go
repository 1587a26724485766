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
)

func (a *app) jobsCommand() *cobra.Command {
	jobs := &cobra.Command{
		Use:   "jobs",
		Short: "List, show, retry or drop the work that waits",
		Long: `Work is durable: what was asked for and is not done yet waits in the archive.
Work that failed again and again, or cannot succeed, is given up and waits for
a person.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("%w: there is no `stet jobs %s`; there are list, show, retry and drop", store.ErrUsage, args[0])
			}
			return a.listJobs(cmd.Context(), "", false)
		},
	}
	var kind string
	var dead bool
	list := &cobra.Command{Use: "list", Short: "List the jobs", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.listJobs(cmd.Context(), kind, dead) }}
	list.Flags().StringVar(&kind, "kind", "", "only jobs of a kind: "+strings.Join(wire.JobKinds(), ", "))
	list.Flags().BoolVar(&dead, "dead", false, "only those that were given up")
	show := &cobra.Command{Use: "show ID", Short: "Show a job with its last error", Args: oneArg("the id of a job"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.showJob(cmd.Context(), args[0]) }}
	retry := &cobra.Command{Use: "retry ID… | all", Short: "Make jobs that were given up due again", Args: someArgs("the id of a job, or all"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.changeJobs(cmd.Context(), args, store.OutcomeRevive, "due again")
		}}
	drop := &cobra.Command{Use: "drop ID…", Short: "Forget jobs", Args: someArgs("the id of a job"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.changeJobs(cmd.Context(), args, store.OutcomeDrop, "dropped")
		}}
	jobs.AddCommand(list, show, retry, drop)
	return jobs
}

// eachJob calls f for every job that a filter lets through.
func eachJob(ctx context.Context, w *wire.Archive, f store.JobFilter, do func(store.Job) error) error {
	f.Limit = 500
	for {
		jobs, err := w.Archive.Backend().ListJobs(ctx, f)
		if err != nil {
			return fmt.Errorf("listing the jobs: %w", err)
		}
		for _, j := range jobs {
			f.After = j.ID
			if err := do(j); err != nil {
				return err
			}
		}
		if len(jobs) < f.Limit {
			return nil
		}
	}
}

func (a *app) listJobs(ctx context.Context, kind string, dead bool) error {
	if kind != "" && !slices.Contains(wire.JobKinds(), kind) {
		return fmt.Errorf("%w: --kind: there are no jobs of a kind %q; there are %s", store.ErrUsage, kind, strings.Join(wire.JobKinds(), ", "))
	}
	return a.reading(ctx, func(w *wire.Archive) error {
		var f store.JobFilter
		if kind != "" {
			f.Kinds = []string{kind}
		}
		if dead {
			f.States = []store.JobState{store.JobDead}
		}
		n := 0
		err := eachJob(ctx, w, f, func(j store.Job) error {
			n++
			a.tellJob(j)
			return nil
		})
		if err == nil && n == 0 && !a.json {
			a.out.line("No jobs.")
		}
		return err
	})
}

func (a *app) tellJob(j store.Job) {
	if a.json {
		a.out.json(j)
		return
	}
	a.out.line("%s  %s", j.ID, j.Kind)
	a.out.block("  ", j.Key, 2)
	switch j.State {
	case store.JobDead:
		a.out.line("  given up after %s", count(j.Attempts, "attempt"))
	case store.JobLeased:
		a.out.line("  being done, by %s", j.Lease.Owner)
	default:
		a.out.line("  due %s", a.when(j.RunAt))
	}
	if j.Error != "" {
		a.out.block("  ", "Last error: "+j.Error, 0)
	}
}

func (a *app) showJob(ctx context.Context, word string) error {
	id, err := store.ParseID(word)
	if err != nil {
		return err
	}
	return a.reading(ctx, func(w *wire.Archive) error {
		j, err := w.Archive.Backend().Job(ctx, id)
		if err != nil {
			return fmt.Errorf("%w; it may be done; `stet jobs` lists those that are kept", err)
		}
		a.tellJob(j)
		if !a.json {
			a.out.line("  priority %d, added %s, attempts %d", j.Priority, a.when(j.Created), j.Attempts)
			a.out.block("  ", string(j.Payload), 0)
		}
		return nil
	})
}

// changeJobs retries or drops jobs.
func (a *app) changeJobs(ctx context.Context, words []string, outcome store.Outcome, done string) error {
	return a.writing(ctx, true, func(w *wire.Archive) error {
		if len(words) == 1 && words[0] == "all" && outcome == store.OutcomeRevive {
			words = nil
			err := eachJob(ctx, w, store.JobFilter{States: []store.JobState{store.JobDead}}, func(j store.Job) error {
				words = append(words, j.ID.String())
				return nil
			})
			if err != nil {
				return err
			}
		}
		var sum outcomes
		for _, word := range words {
			err := a.changeJob(ctx, w, word, outcome)
			sum.add(word, err)
			switch {
			case err != nil:
				a.complain(a.saysSearched(ctx, err))
			case !a.json:
				a.out.line("%s %s", word, done)
			}
		}
		return sum.err()
	})
}

func (a *app) changeJob(ctx context.Context, w *wire.Archive, word string, outcome store.Outcome) error {
	id, err := store.ParseID(word)
	if err != nil {
		return err
	}
	if _, err := w.Archive.Backend().Job(ctx, id); err != nil {
		return fmt.Errorf("%w; it may be done; `stet jobs` lists those that are kept", err)
	}
	b := w.Archive.Begin()
	b.Finish(store.Finish{Job: id, Outcome: outcome, RunAt: a.now()})
	switch _, err := b.Commit(ctx); {
	case errors.Is(err, store.ErrConflict):
		return fmt.Errorf("%w: job %s is being done at the moment; run the same command again when `stet jobs show` says that it waits", store.ErrConflict, word)
	case err != nil:
		return fmt.Errorf("changing job %s: %w", word, err)
	}
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"stet/cmd/internal/wire"
)

func (a *app) compactCommand() *cobra.Command {
	var files bool
	cmd := &cobra.Command{
		Use:   "compact",
		Short: "Write the database anew without the space that it no longer uses",
		Long: `Write the database of the archive anew, without the space that is no longer
used. The database is checked first, and the new one is proven before it takes
the place of the old one: interrupted at any moment, the archive has the one or
the other. There must be space for both.

Where a service runs, it does the work: what is to be written waits meanwhile,
everything else goes on. The index of words, the file search.db, is not touched:
it is made from the archive, and "stet rebuild" makes it anew.

An archive in PostgreSQL needs none of this; there, --files removes the files
of its bucket or folder that nothing refers to any more.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if files {
				return a.collect(cmd.Context())
			}
			return a.compact(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&files, "files", false, "remove files that nothing refers to (archives in PostgreSQL)")
	return cmd
}

func (a *app) collect(ctx context.Context) (err error) {
	c, err := a.load()
	if err != nil {
		return err
	}
	w, err := a.open(ctx, c, true, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	sum, err := w.Collect(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("removing files that nothing refers to: %w", err)
	case a.json:
		a.out.json(sum)
	default:
		a.out.line("Removed %s that nothing referred to, and %s left by processes that died: %s.",
			count(sum.Blobs, "file"), count(sum.Orphans, "leftover"), size(sum.Bytes))
	}
	return nil
}

func (a *app) compact(ctx context.Context) error {
	c, err := a.load()
	if err != nil {
		return err
	}
	p := a.newProgress()
	defer p.close()
	var sum wire.RemakeSummary
	if a.shared != nil {
		sum, err = a.shared.Compact(ctx, p.copying("compacting"))
	} else {
		sum, err = wire.Compact(ctx, c, a.options(nil), p.copying("compacting"))
	}
	p.clear()
	switch {
	case err != nil:
		return err
	case a.json:
		a.out.json(sum)
	default:
		a.out.line("The database had %s and has %s.", size(sum.Before), size(sum.After))
	}
	return nil
}

package main

import (
	"context"

	"github.com/spf13/cobra"

	"stet/cmd/internal/wire"
)

func (a *app) compactCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "compact",
		Short: "Write the database anew without the space that it no longer uses",
		Long: `Write the database of the archive anew, without the space that is no longer
used. The database is checked first, and the new one is proven before it takes
the place of the old one: interrupted at any moment, the archive has the one or
the other. There must be space for both.

Where a service runs, it does the work: what is to be written waits meanwhile,
everything else goes on. The index of words, the file search.db, is not touched:
it is made from the archive, and "stet rebuild" makes it anew.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.compact(cmd.Context()) },
	}
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

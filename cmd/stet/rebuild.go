package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"stet/cmd/internal/wire"
)

func (a *app) rebuildCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "rebuild",
		Short: "Make what follows from the records anew: the indexes",
		Long: `Write the database of the archive anew, with indexes and counts made from the
records, and make the indexes of words and pictures and the hashes of the evidence
tree again. It mends an archive in which only those are damaged; what is damaged in
the records themselves comes back from a backup. Interrupted at any moment, the
archive has the old database or the new one. Where a service runs, it does the work;
what is to be written waits until the new database is in its place. Where none runs,
pictures are looked at again when one is looked for.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.rebuild(cmd.Context()) },
	}
}

// rebuilt is what `stet rebuild --json` prints.
type rebuilt struct {
	wire.RemakeSummary
	// WordsPosts is how many posts can be found by their words.
	WordsPosts int `json:"words_posts"`
}

func (a *app) rebuild(ctx context.Context) error {
	c, err := a.load()
	if err != nil {
		return err
	}
	p := a.newProgress()
	defer p.close()
	var sum wire.RemakeSummary
	var words wire.WordsStatus
	if a.shared != nil {
		sum, words, err = a.shared.Rebuild(ctx, p.copying("rebuilding"))
	} else {
		sum, words, err = wire.Rebuild(ctx, c, a.options(nil), p.copying("rebuilding"))
	}
	p.clear()
	switch {
	case err != nil:
		return err
	case a.json:
		a.out.json(rebuilt{RemakeSummary: sum, WordsPosts: words.Posts})
	default:
		a.out.block("", fmt.Sprintf("Made anew from %s: %d index entries, and the index of words with %s. The database had %s and has %s.",
			count(sum.Records, "record"), sum.Entries, count(words.Posts, "post"), size(sum.Before), size(sum.After)), 0)
	}
	return nil
}

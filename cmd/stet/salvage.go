package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"stet/cmd/internal/wire"
	"stet/store"
)

func (a *app) salvageCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "salvage FOLDER",
		Short: "Write what can still be read of a damaged archive into a new one",
		Long: `Read the pages of a damaged archive one by one, whatever leads to them, and write
every record whose checksum is right into a new archive in a folder, which must be
empty or not exist. The damaged archive is not changed. What was lost is said.
Where there is a backup, "stet restore" is better. Where a service runs, it does
the work, what is to be written waits meanwhile, and it goes on with the damaged
archive until the new one is put in its place.`,
		Example: `  stet salvage /mnt/disk/rescued
  stet restore /mnt/disk/rescued --force     (puts it in the place of the damaged one)`,
		Args: oneArg("the folder for the new archive"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.salvage(cmd.Context(), args[0]) },
	}
}

func (a *app) salvage(ctx context.Context, word string) error {
	c, err := a.load()
	if err != nil {
		return err
	}
	dir, err := a.folder(word)
	if err != nil {
		return err
	}
	p := a.newProgress()
	defer p.close()
	var sum wire.SalvageSummary
	if a.shared != nil {
		sum, err = a.shared.Salvage(ctx, dir, p.copying("salvaging"))
	} else {
		sum, err = wire.Salvage(ctx, c, a.options(nil), dir, p.copying("salvaging"))
	}
	p.clear()
	if err != nil {
		return err
	}
	if a.json {
		a.out.json(sum)
	} else {
		a.tellSalvaged(&sum)
	}
	if len(sum.Lost) > 0 || len(sum.LostBlobs) > 0 || sum.JobsLost || sum.Problems > 0 {
		return &told{code: 3, err: fmt.Errorf("%w: some of the archive is lost", store.ErrPartial)}
	}
	return nil
}

// tellSalvaged says what was found and what was lost.
func (a *app) tellSalvaged(s *wire.SalvageSummary) {
	a.out.block("", fmt.Sprintf("The new archive in %s holds %s, %s and %s.", s.Dir, count(s.Records, "record"),
		count(s.Blobs, "stored file"), count(s.Jobs, "job")), 0)
	for _, l := range s.Lost {
		a.out.line("LOST records %d to %d", l.First, l.Last)
	}
	for _, d := range s.LostBlobs {
		a.out.line("LOST file %s", d)
	}
	if s.JobsLost {
		a.out.block("", "LOST the work that waited: posts are looked at again when they are captured or watched anew, sources when they are added.", 0)
	}
	if s.Renumbered != 0 {
		a.out.block("", fmt.Sprintf("From record %d on, records have lower numbers than before; their ids are the same.", s.Renumbered), 0)
	}
	if s.Problems > 0 {
		a.out.block("", fmt.Sprintf("`stet check` names %s in it, where something refers to what was lost.", count(s.Problems, "problem")), 0)
	}
	a.out.line("What stood behind the last record that was found cannot be known.")
}

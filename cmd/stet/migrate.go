package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"stet/archiver"
	"stet/cmd/internal/config"
	"stet/cmd/internal/wire"
	"stet/store"
)

func (a *app) migrateCommand() *cobra.Command {
	var from, to string
	cmd := &cobra.Command{
		Use:   "migrate --from PLACE --to PLACE",
		Short: "Move an archive between a file, PostgreSQL and S3",
		Long: `Copy a whole archive from one place to another: from one file to PostgreSQL with
its bucket, or back. A place is the folder of an archive in one file, or a
configuration file whose storage says where the archive is.

Every record keeps its number and its place in the evidence tree, and is
compared; so is every file with its digest. Jobs, alerts that were told, users,
tokens and the signing key come along. Interrupted, the same command goes on.
Stop every stet that works on either place first; nothing is removed from the
old one. Afterwards, "stet check" proves the new one.`,
		Example: `  stet migrate --from ~/.local/share/stet --to /etc/stet/many.yaml
  stet migrate --from /etc/stet/many.yaml --to /srv/stet`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.migrate(cmd.Context(), from, to) },
	}
	cmd.Flags().StringVar(&from, "from", "", "folder or configuration file of the archive")
	cmd.Flags().StringVar(&to, "to", "", "folder or configuration file of the place to move it to")
	return cmd
}

// placeOf reads a place: a configuration file, or the folder of an archive.
func (a *app) placeOf(flag, name string) (*config.Config, error) {
	if name == "" {
		return nil, fmt.Errorf("%w: %s names no place; `stet migrate --help` shows how", store.ErrUsage, flag)
	}
	if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
		return config.Load(a.place, config.Flags{File: name})
	}
	c := config.Default()
	c.Data = name
	return c, nil
}

func (a *app) migrate(ctx context.Context, from, to string) error {
	src, err := a.placeOf("--from", from)
	if err != nil {
		return err
	}
	dst, err := a.placeOf("--to", to)
	if err != nil {
		return err
	}
	if src.Data == dst.Data && src.Storage == dst.Storage {
		return fmt.Errorf("%w: --from and --to name the same place", store.ErrUsage)
	}
	p := a.newProgress()
	defer p.close()
	sum, err := wire.Migrate(ctx, src, dst, a.options(nil), func(done, all uint64) {
		p.note(archiver.Progress{Stage: "migrate", What: fmt.Sprintf("moved %d of %d records", done, all)})
	})
	p.clear()
	switch {
	case err != nil:
		return fmt.Errorf("moving the archive from %s to %s: %w", from, to, err)
	case a.json:
		a.out.json(sum)
	default:
		a.out.block("", fmt.Sprintf("The archive of %s is in %s now: %s, %s (%s) copied, %s. `stet check` proves it.", from, to,
			count(int64(sum.Records), "record"), count(sum.Blobs, "file"), size(sum.Bytes), count(sum.Jobs, "job")), 0)
		if sum.Before > 0 {
			a.out.block("", fmt.Sprintf("%s of them had been moved before.", count(int64(sum.Before), "record")), 0)
		}
	}
	return nil
}

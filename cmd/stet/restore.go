package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"stet/cmd/internal/wire"
)

func (a *app) restoreCommand() *cobra.Command {
	var force bool
	var passphrase string
	cmd := &cobra.Command{
		Use:   "restore FOLDER",
		Short: "Put a backup in the place of the archive",
		Long: `Check the backup in a folder wholly, and copy it to where the archive is (see
--data). An archive that is there already and holds anything stays, unless --force
moves it aside into a folder within; nothing is deleted. Interrupted at any moment,
the archive is the one before or the restored one.

Where a service runs, it does the work, and everything goes on while the backup is
checked and copied. Then what is under way is ended, as when the service is
stopped, and the service goes on with the restored archive; the folder of the
backup is on its machine.

The heads of the evidence tree that were signed after the backup are not in it:
the restored archive signs with a new key. The old one hands over to it, where it
is still here, or in the backup and --key-passphrase-file decrypts it.`,
		Example: `  stet restore /mnt/disk/stet-backup
  stet restore /mnt/disk/stet-backup --data /srv/stet --force`,
		Args: oneArg("the folder of the backup"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.restore(cmd.Context(), args[0], force, passphrase)
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "move an archive that is there aside")
	cmd.Flags().StringVar(&passphrase, "key-passphrase-file", "", "file with the passphrase of the signing key in the backup")
	return cmd
}

func (a *app) restore(ctx context.Context, word string, force bool, passphraseFile string) error {
	passphrase, err := a.passphrase(passphraseFile)
	if err != nil {
		return err
	}
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
	r := wire.Restoring{From: dir, Force: force, Passphrase: passphrase}
	var sum wire.RestoreSummary
	var tokens int
	if a.replace != nil {
		sum, tokens, err = a.replace(ctx, r, p.copying("restoring"))
	} else {
		sum, tokens, err = wire.Restore(ctx, c, a.options(nil), r, p.copying("restoring"))
	}
	p.clear()
	if tokens > 0 {
		a.warn("%s came with the backup, as of its time; `stet token list` lists them", count(tokens, "token"))
	}
	a.tellReplayed(&sum.Replayed)
	switch {
	case err != nil:
		return err
	case a.json:
		a.out.json(sum)
		return nil
	}
	a.out.block("", fmt.Sprintf("The archive in %s holds %s, %s and %s again.", sum.Dir,
		count(sum.Records, "record"), count(sum.Blobs, "stored file"), count(sum.Jobs, "job")), 0)
	if sum.Again > 0 {
		a.out.line("What was taken down or redacted since the backup is so again: %s.", count(sum.Again, "decision"))
	}
	a.tellLost(sum.Lost)
	if sum.Aside != "" {
		a.out.block("", "The archive that was there is in "+sum.Aside+"; --data reads it there.", 0)
	}
	return nil
}

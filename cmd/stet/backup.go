package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"stet/archiver"
	"stet/cmd/internal/wire"
	"stet/store"
)

func (a *app) backupCommand() *cobra.Command {
	var passphrase string
	cmd := &cobra.Command{
		Use:   "backup FOLDER",
		Short: "Copy the archive into a folder while everything goes on",
		Long: `Copy the archive, as it is at one moment, into a folder. Others read and write
meanwhile, also a running service; where one runs, it does the work, and the
folder is on its machine. A backup into the same folder later copies only the
files that are new. The copy is proven before it takes the place of the one
before: a backup that was interrupted is never taken for a whole one.

The key that signs heads of the evidence tree comes along only encrypted, with
the passphrase that stands in the file of --key-passphrase-file, as
evidence.key.age.`,
		Example: `  stet backup /mnt/disk/stet-backup
  stet restore /mnt/disk/stet-backup`,
		Args: oneArg("the folder for the backup"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.backup(cmd.Context(), args[0], passphrase) },
	}
	cmd.Flags().StringVar(&passphrase, "key-passphrase-file", "", "file with a passphrase; the signing key is put into the backup, encrypted with it")
	return cmd
}

func (a *app) backup(ctx context.Context, word, passphraseFile string) error {
	passphrase, err := a.passphrase(passphraseFile)
	if err != nil {
		return err
	}
	dir, err := a.folder(word)
	if err != nil {
		return err
	}
	return a.reading(ctx, func(w *wire.Archive) error {
		p := a.newProgress()
		defer p.close()
		sum, key, err := w.Backup(ctx, dir, passphrase, p.copying("backing up"))
		p.clear()
		if err != nil {
			return err
		}
		if a.json {
			a.out.json(backedUp{sum, key})
			return nil
		}
		defer a.tellKey(key)
		defer a.tellLost(sum.Lost)
		a.out.block("", fmt.Sprintf("The backup in %s holds %s, %s and %s. The database (%s) and %s (%s) were copied, %d were there already.",
			sum.Dir, count(sum.Records, "record"), count(sum.Blobs, "stored file"), count(sum.Jobs, "job"),
			size(sum.DatabaseBytes), count(sum.Copied, "large file"), size(sum.CopiedBytes), sum.Present), 0)
		return nil
	})
}

// tellLost says how many files a salvage did not find.
func (a *app) tellLost(n int64) {
	if n > 0 {
		a.out.block("", fmt.Sprintf("Missing, because a salvage did not find them: %s that records refer to; `stet check` says which.", count(n, "stored file")), 0)
	}
}

// backedUp is what `stet backup --json` prints.
type backedUp struct {
	wire.BackupSummary
	// Key is true where the signing key is in the backup, encrypted.
	Key bool `json:"signing_key"`
}

// tellKey says whether the signing key is in a backup.
func (a *app) tellKey(in bool) {
	if in {
		a.out.block("", "The signing key is in it, encrypted.", 0)
		return
	}
	a.out.block("", "The signing key is not in it: --key-passphrase-file puts it there, encrypted. Without it a restored archive signs with a new key.", 0)
}

// passphrase reads a passphrase from a file, the first line of it; none where
// there is no file.
func (a *app) passphrase(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	body, err := a.files.Read(file, 4096)
	if err != nil {
		return "", fmt.Errorf("%w: --key-passphrase-file: reading %.200s: %w", store.ErrUsage, file, err)
	}
	line, _, _ := strings.Cut(string(body), "\n")
	if line = strings.TrimRight(line, "\r"); line == "" {
		return "", fmt.Errorf("%w: --key-passphrase-file: the first line of %.200s is empty", store.ErrUsage, file)
	}
	return line, nil
}

// folder returns the full name of a folder that a person names: another process
// than the person's may work on it.
func (a *app) folder(word string) (string, error) {
	switch {
	case word == "":
		return "", fmt.Errorf("%w: the name of the folder is empty", store.ErrUsage)
	case filepath.IsAbs(word):
		return filepath.Clean(word), nil
	case a.shared != nil && a.dir == "":
		return "", fmt.Errorf("%w: the service that has the archive open does the work, and does not know where %q is; give the full name of the folder", store.ErrUsage, word)
	case a.shared != nil:
		return filepath.Join(a.dir, word), nil
	}
	dir, err := filepath.Abs(word)
	if err != nil {
		return "", fmt.Errorf("finding the folder %q: %w", word, err)
	}
	return dir, nil
}

// copying returns what shows how far a long copy is.
func (p *progress) copying(what string) func(wire.CopyProgress) {
	return func(n wire.CopyProgress) {
		text := what + ": "
		switch n.Stage {
		case "database":
			text += "the database"
			if n.Total > 0 {
				text += fmt.Sprintf(", %s of %s", size(n.Done), size(n.Total))
			}
		case "check":
			text += "checking the database"
		case "prove":
			text += "checking the copy"
		case "backup":
			text += "checking the backup"
		case "aside":
			text += "moving the archive that is there aside"
		case "pages":
			text += fmt.Sprintf("reading the pages, %s of %s", size(n.Done), size(n.Total))
		case "words":
			text += "the index of words"
		case "evidence":
			text += "the hashes of the evidence tree"
		case "pictures":
			text += "the index of pictures"
		case "blobs":
			text += fmt.Sprintf("%d of %s", n.Done, count(n.Total, "large file"))
		default:
			text += "making it durable"
		}
		p.note(archiver.Progress{Stage: "check", What: text})
	}
}

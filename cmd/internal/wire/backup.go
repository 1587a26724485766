package wire

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"stet/cmd/internal/config"
	"stet/cmd/internal/token"
	"stet/cmd/internal/user"
	"stet/store/bolt"
	"stet/store/evidence"
	"stet/store/pictures"
	"stet/store/search"
)

// The words of the store that the commands for whole archives speak of.
type (
	// CopyProgress says how far a long copy is.
	CopyProgress = bolt.CopyProgress
	// BackupSummary says what a backup holds.
	BackupSummary = bolt.BackupSummary
	// RemakeSummary says what a new database holds.
	RemakeSummary = bolt.RemakeSummary
	// SalvageSummary says what was found in a damaged archive.
	SalvageSummary = bolt.SalvageSummary
	// WordsStatus says what an index of words holds.
	WordsStatus = search.Status
)

// RestoreSummary says what was restored.
type RestoreSummary struct {
	bolt.RestoreSummary
	Replayed
}

// Backup copies the archive into a folder while others read and write. The
// signing key comes along, encrypted, where there is a passphrase for it; it
// reports whether it did.
func (a *Archive) Backup(ctx context.Context, dir, passphrase string, report func(CopyProgress)) (sum BackupSummary, key bool, err error) {
	db, err := a.file("it is backed up", "with pg_dump, and the bucket or folder of large files after it")
	if err != nil {
		return sum, false, err
	}
	if sum, err = db.Backup(ctx, dir, bolt.BackupOptions{Report: report, Free: DiskFree}); err != nil {
		return sum, false, err
	}
	if _, err = token.Copy(a.Dir, dir, true); err != nil {
		return sum, false, err
	}
	if _, err = user.Copy(a.Dir, dir, true); err != nil {
		return sum, false, err
	}
	if _, err = takedownsIn(a.Dir).CopyTo(filepath.Join(dir, TakedownFile), true); err != nil {
		return sum, false, err
	}
	if _, err = redactionsIn(a.Dir).CopyTo(filepath.Join(dir, RedactionFile), true); err != nil {
		return sum, false, err
	}
	if _, err = privateIn(a.Dir).CopyTo(filepath.Join(dir, PrivateFile), true); err != nil {
		return sum, false, err
	}
	key, err = backupKey(a.Dir, dir, passphrase)
	return sum, key, err
}

// Restoring says what is restored.
type Restoring struct {
	// From is the folder of the backup.
	From string
	// Force moves an archive that is there aside.
	Force bool
	// Passphrase decrypts the signing key of the backup; empty leaves it there.
	Passphrase string
}

// Restore puts a backup in the place of the archive. The tokens and users of an archive that is there stay in force, so that none
// comes back that was revoked since; else those of the backup do. What was taken
// down or made private since is so again. It returns how
// many tokens those are. The next head is signed by a new key, which takes over from
// that of the backup, where a passphrase decrypts it, or of the archive that is
// there.
func Restore(ctx context.Context, c *config.Config, o Options, r Restoring, report func(CopyProgress)) (RestoreSummary, int, error) {
	p, err := newReplacement(c, r, report)
	if err != nil {
		return RestoreSummary{}, 0, err
	}
	var sum RestoreSummary
	if sum.RestoreSummary, err = bolt.Restore(ctx, r.From, c.Data, restoring(r, o, report)); err != nil {
		return sum, 0, err
	}
	tokens, err := p.follow(ctx, c, o, &sum)
	return sum, tokens, err
}

func restoring(r Restoring, o Options, report func(CopyProgress)) bolt.RestoreOptions {
	return bolt.RestoreOptions{Force: r.Force, Derived: []string{search.FileName, pictures.FileName, evidence.FileName}, Report: report,
		Free: DiskFree, Now: o.withDefaults().Now}
}

// Replacement is a backup that waits to take the place of an archive that is in
// use.
type Replacement struct {
	Restoring
	key    *evidence.Key
	report func(CopyProgress)
	staged *bolt.Staged
	stop   func()
}

func newReplacement(c *config.Config, r Restoring, report func(CopyProgress)) (*Replacement, error) {
	if err := onFile(c, "it is restored", "with pg_restore, and the bucket or folder of large files before it"); err != nil {
		return nil, err
	}
	key, err := sealedKey(r.From, r.Passphrase)
	if err != nil {
		return nil, err
	}
	return &Replacement{Restoring: r, key: key, report: report, stop: func() {}}, nil
}

// PrepareRestore does all of Restore that takes long, while others use the
// archive. The caller finishes it when the archive is closed, and closes it.
func (a *Archive) PrepareRestore(ctx context.Context, c *config.Config, o Options, r Restoring, report func(CopyProgress)) (*Replacement, error) {
	p, err := newReplacement(c, r, report)
	if err != nil {
		return nil, err
	}
	db, err := a.file("it is restored", "with pg_restore, and the bucket or folder of large files before it")
	if err != nil {
		return nil, err
	}
	p.report, p.stop = unhurried(report) // a slow client must not hold the service up
	if p.staged, err = db.StageRestore(ctx, r.From, restoring(r, o, p.report)); err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

// Finish puts the backup in the place of the archive, which must be closed: see
// Restore.
func (p *Replacement) Finish(ctx context.Context, c *config.Config, o Options) (RestoreSummary, int, error) {
	var sum RestoreSummary
	var err error
	if sum.RestoreSummary, err = p.staged.Finish(ctx); err != nil {
		return sum, 0, err
	}
	tokens, err := p.follow(ctx, c, o, &sum)
	return sum, tokens, err
}

// Close lets go of the backup.
func (p *Replacement) Close() error {
	defer p.stop()
	return p.staged.Close()
}

// follow does what follows once the restored archive is in its place.
func (p *Replacement) follow(ctx context.Context, c *config.Config, o Options, sum *RestoreSummary) (int, error) {
	if err := keyForRestored(c.Data, sum.Aside, p.key); err != nil {
		return 0, err
	}
	tokens, err := token.Copy(p.From, c.Data, false)
	_, err2 := user.Copy(p.From, c.Data, false)
	_, err3 := takedownsIn(p.From).CopyTo(filepath.Join(c.Data, TakedownFile), false)
	_, err5 := redactionsIn(p.From).CopyTo(filepath.Join(c.Data, RedactionFile), false)
	_, err4 := privateIn(p.From).CopyTo(filepath.Join(c.Data, PrivateFile), false)
	if err := errors.Join(err, err2, err3, err4, err5); err != nil {
		return tokens, err
	}
	// What was taken down, redacted or made private since the backup is so again before
	// anybody can read it.
	p.report(CopyProgress{Stage: "takedowns"})
	sum.Replayed, err = replayRestored(ctx, c, o)
	return tokens, err
}

// Compact writes the database anew without the space that is no longer used,
// while others read and those who write wait.
func (a *Archive) Compact(ctx context.Context, report func(CopyProgress)) (RemakeSummary, error) {
	tell, stop := unhurried(report)
	defer stop()
	db, err := a.file("it compacts itself", "(autovacuum); `stet compact --files` removes the files that nothing refers to")
	if err != nil {
		return RemakeSummary{}, err
	}
	return db.Compact(ctx, tell)
}

// Rebuild does what Compact does, and makes the indexes anew, those of words and
// pictures and the hashes of the evidence tree too.
func (a *Archive) Rebuild(ctx context.Context, report func(CopyProgress)) (RemakeSummary, WordsStatus, error) {
	tell, stop := unhurried(report)
	defer stop()
	db, err := a.file("its indexes are the database's", "to keep (REINDEX); remove search.db and evidence.db in the folder of this machine to have those made anew")
	if err != nil {
		return RemakeSummary{}, WordsStatus{}, err
	}
	sum, err := db.Rebuild(ctx, tell)
	if err != nil {
		return sum, WordsStatus{}, err
	}
	tell(CopyProgress{Stage: "words"})
	words, err := a.words.rebuild(ctx)
	if err != nil {
		return sum, words, err
	}
	tell(CopyProgress{Stage: "evidence"})
	log, err := a.Heads.Log()
	if err == nil {
		err = log.Rebuild(ctx)
	}
	if err != nil {
		return sum, words, err
	}
	tell(CopyProgress{Stage: "pictures"})
	pictures, err := a.looks.open(ctx)
	if err == nil {
		err = pictures.Rebuild(ctx)
	}
	return sum, words, err
}

// Remaking reports whether those who write wait for Compact or Rebuild.
func (a *Archive) Remaking() bool {
	db, ok := a.db.(*bolt.Store)
	return ok && db.Remaking()
}

// unhurried returns what tells report without waiting for it: all who write to
// the archive would wait with it, and it may write to a connection that is
// slow. Stop ends it.
func unhurried(report func(CopyProgress)) (tell func(CopyProgress), stop func()) {
	latest, done := make(chan CopyProgress, 1), make(chan struct{})
	go func() {
		defer close(done)
		for p := range latest {
			report(p)
		}
	}()
	tell = func(p CopyProgress) {
		select {
		case latest <- p:
		default: // it is still busy with one that came shortly before
		}
	}
	return tell, func() { close(latest); <-done }
}

// Compact writes the database of an archive that nobody has open anew, without
// the space that is no longer used.
func Compact(ctx context.Context, c *config.Config, o Options, report func(CopyProgress)) (RemakeSummary, error) {
	if err := onFile(c, "it compacts itself", "(autovacuum); `stet compact --files` removes the files that nothing refers to"); err != nil {
		return RemakeSummary{}, err
	}
	return bolt.Compact(ctx, c.Data, remaking(o, report))
}

func remaking(o Options, report func(CopyProgress)) bolt.RemakeOptions {
	return bolt.RemakeOptions{Report: report, Free: DiskFree, Now: o.withDefaults().Now}
}

// Salvage writes what can still be read of a damaged archive into a new one.
func Salvage(ctx context.Context, c *config.Config, o Options, dir string, report func(CopyProgress)) (SalvageSummary, error) {
	if err := onFile(c, "what is damaged there is mended", "from a backup"); err != nil {
		return SalvageSummary{}, err
	}
	return bolt.Salvage(ctx, c.Data, dir, bolt.SalvageOptions{Report: report, Free: DiskFree, Now: o.withDefaults().Now})
}

// Salvage does what the function Salvage does for this archive while it is in
// use.
func (a *Archive) Salvage(ctx context.Context, dir string, report func(CopyProgress)) (SalvageSummary, error) {
	db, err := a.file("what is damaged there is mended", "from a backup")
	if err != nil {
		return SalvageSummary{}, err
	}
	tell, stop := unhurried(report)
	defer stop()
	return db.Salvage(ctx, dir, bolt.SalvageOptions{Report: tell, Free: DiskFree})
}

// Rebuild makes anew what follows from the records of an archive that nobody has
// open: the indexes of the database, and the index of words, whose file is
// thrown away.
func Rebuild(ctx context.Context, c *config.Config, o Options, report func(CopyProgress)) (sum RemakeSummary, words WordsStatus, err error) {
	if err := onFile(c, "its indexes are the database's", "to keep (REINDEX); remove search.db and evidence.db in the folder of this machine to have those made anew"); err != nil {
		return sum, words, err
	}
	if sum, err = bolt.Rebuild(ctx, c.Data, remaking(o, report)); err != nil {
		return sum, words, err
	}
	db, err := bolt.Open(ctx, c.Data, bolt.Options{MustExist: true, Now: o.withDefaults().Now})
	if err != nil {
		return sum, words, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := os.Remove(filepath.Join(c.Data, evidence.FileName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return sum, words, fmt.Errorf("removing the hashes of the evidence tree: %w", err)
	}
	path := filepath.Join(c.Data, search.FileName)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return sum, words, fmt.Errorf("removing the index of words: %w", err)
	}
	// That of pictures is made again by whoever looks for one.
	if err := os.Remove(filepath.Join(c.Data, pictures.FileName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return sum, words, fmt.Errorf("removing the index of pictures: %w", err)
	}
	report(CopyProgress{Stage: "words"})
	index, err := search.Open(ctx, path, db, search.Options{})
	if err != nil {
		return sum, words, fmt.Errorf("making the index of words: %w", err)
	}
	if err = index.CatchUp(ctx); err == nil {
		words, err = index.Status(ctx)
	}
	if err := errors.Join(err, index.Close()); err != nil {
		return sum, words, fmt.Errorf("making the index of words: %w", err)
	}
	return sum, words, nil
}

package bolt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"stet/store"
)

// stageFolder is the folder within the spool for a backup that is to take the
// place of an archive that is in use.
const stageFolder = "restore"

// Staged is a backup that was checked and copied beside an archive that is in
// use, and waits for that to be closed.
type Staged struct {
	r       *restore
	release func()
	closed  bool
}

// StageRestore does all of a [Restore] over this archive that takes long, while
// others read and write: the backup is checked, and copied into the folder of
// the archive, where it is proven. [Staged.Finish] puts it in its place once the
// archive is closed. No blob is removed meanwhile: Remove errors with ErrBusy.
// The caller closes what is returned, whether it was finished or not.
//
// It errors as Restore does.
func (s *Store) StageRestore(ctx context.Context, backup string, o RestoreOptions) (_ *Staged, err error) {
	if s.readOnly {
		return nil, fmt.Errorf("%w: the archive in %s was opened for reading", store.ErrReadOnly, s.dir)
	}
	st := &Staged{r: newRestore(ctx, backup, s.dir, o), release: s.pins.hold()}
	if err := st.stage(s); err != nil {
		return nil, fmt.Errorf("restoring %s to %s: %w", backup, s.dir, errors.Join(err, st.Close()))
	}
	return st, nil
}

// stage checks and copies the backup.
func (st *Staged) stage(s *Store) error {
	r := st.r
	if err := r.distinct(); err != nil {
		return err
	}
	if !r.o.Force {
		empty, err := s.empty(r.ctx)
		if err != nil && !errors.Is(err, store.ErrCorrupt) {
			return err
		}
		if !empty {
			return r.refused()
		}
	}
	if err := r.openBackup(); err != nil {
		r.backup = nil
		return err
	}
	work := filepath.Join(r.dir, spoolFolder, stageFolder)
	if err := os.RemoveAll(work); err != nil {
		return classify(err)
	}
	if err := r.prepare(work); err != nil {
		return err
	}
	r.staged = work
	c := newBlobCopy(r.ctx, r.from, work, work)
	for i, d := range r.proven.inFiles {
		r.o.Report(CopyProgress{Stage: "blobs", Done: int64(i), Total: int64(len(r.proven.inFiles))})
		if there, err := c.right(blobFile(r.dir, d), d); there || err != nil {
			if err != nil {
				return err
			}
			continue
		}
		if err := c.copy(d); err != nil {
			return err
		}
	}
	return r.database(work)
}

// Finish puts the backup in the place of the archive, which must be closed. What
// is left to be done is quick: what was there gets second names, what was copied
// its names. It does what Restore promises.
func (st *Staged) Finish(ctx context.Context) (RestoreSummary, error) {
	r := st.r
	r.ctx = ctx
	if err := r.put(); err != nil {
		return r.sum, fmt.Errorf("restoring %s to %s: %w", r.from, r.dir, err)
	}
	return r.sum, nil
}

// Close removes what was copied and is not in its place, and lets go of the
// backup. It may be called again.
func (st *Staged) Close() error {
	if st.closed {
		return nil
	}
	st.closed = true
	st.release()
	var errs []error
	if st.r.backup != nil {
		errs = append(errs, st.r.backup.Close())
	}
	if st.r.staged != "" {
		errs = append(errs, classify(os.RemoveAll(st.r.staged)))
	}
	return errors.Join(errs...)
}

// bring brings a blob to its place: from where it was staged, or from the
// backup. What is there already was read when the backup was staged.
func (r *restore) bring(c *blobCopy, d store.Digest) error {
	if r.staged == "" {
		return c.copy(d)
	}
	if err := r.ctx.Err(); err != nil {
		return err
	}
	path := blobFile(r.dir, d)
	if err := c.makeFolder(filepath.Dir(path)); err != nil {
		return err
	}
	err := os.Rename(blobFile(r.staged, d), path)
	if err == nil || !errors.Is(err, os.ErrNotExist) {
		return classify(err)
	}
	there, err := os.Stat(path)
	if err != nil {
		return c.copy(d)
	}
	if want, err := os.Stat(blobFile(r.from, d)); err != nil || want.Size() != there.Size() {
		return c.copy(d)
	}
	return nil
}

package bolt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"stet/store"
)

// asideForm is the name of the folder for an archive that was replaced.
const asideForm = "replaced-20060102-150405"

// RestoreOptions are the settings of [Restore]. The zero value works.
type RestoreOptions struct {
	// Force moves an archive that is there aside, rather than refuse.
	Force bool
	// LockTimeout and AllowNetworkFS are as in [Options].
	LockTimeout    time.Duration
	AllowNetworkFS bool
	// Derived names the files in the folder that follow from the archive, such
	// as an index; they are removed, and made again by whoever keeps them.
	Derived []string
	// Report is told each step: "backup" (is checked), "aside" (the archive that
	// is there), "blobs", "database", "prove" (the copy), "swap" and "swapped".
	// Nil tells nobody.
	Report func(CopyProgress)
	// Free says how much space is left; nil does not look.
	Free FreeSpace
	// Now is the clock; nil is the machine's.
	Now func() time.Time
}

// RestoreSummary says what was restored.
type RestoreSummary struct {
	Dir     string `json:"dir"`
	Records int64  `json:"records"`
	Jobs    int64  `json:"jobs"`
	Blobs   int64  `json:"blobs"`
	// Lost counts the blobs that records refer to and that a salvage did not
	// find.
	Lost int64 `json:"lost"`
	// Aside is the folder to which the archive that was there was moved; empty
	// where there was none. It can be opened like any archive.
	Aside string `json:"aside,omitempty"`
}

// Restore puts a backup, or any archive that nobody is writing to, in the place
// of the archive in the folder dir, and makes the folder where there is none.
// The backup is checked wholly first, and not changed. An archive that is there
// and holds anything is refused with ErrRefused, or moved to a folder within
// dir where Force asks for it; nothing of it is deleted.
//
// The restored database takes its place last and in one step: a kill or a power
// cut at any moment leaves the archive that was there before, whole, or the
// restored one. (On Windows, which cannot replace an open file, the archive is
// let go just before.)
//
// It errors with ErrNoStore where there is no backup, with ErrCorrupt where it
// is damaged, with ErrInvalid where it is the archive itself, with ErrBusy where
// either is in use, and with ErrFull where there is not enough space.
func Restore(ctx context.Context, backup, dir string, o RestoreOptions) (RestoreSummary, error) {
	r := newRestore(ctx, backup, dir, o)
	if err := r.run(); err != nil {
		return r.sum, fmt.Errorf("restoring %s to %s: %w", backup, dir, err)
	}
	return r.sum, nil
}

// restore is one restoring that is being done.
type restore struct {
	ctx       context.Context //nolint:containedctx // of the one call of Restore
	from, dir string
	o         RestoreOptions
	sum       RestoreSummary
	backup    *Store
	proven    *proven
	// staged is the folder in which the copy lies already; empty where it is
	// made when nobody else has the archive.
	staged string
}

func newRestore(ctx context.Context, backup, dir string, o RestoreOptions) *restore {
	if o.Report == nil {
		o.Report = func(CopyProgress) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	r := &restore{ctx: ctx, from: filepath.Clean(backup), dir: filepath.Clean(dir), o: o}
	r.sum.Dir = r.dir
	return r
}

func (r *restore) run() (err error) {
	if err := r.distinct(); err != nil {
		return err
	}
	if err := r.openBackup(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.backup.Close()) }()
	return r.put()
}

// openBackup opens the backup and checks all of it.
func (r *restore) openBackup() (err error) {
	r.o.Report(CopyProgress{Stage: "backup"})
	if r.backup, err = Open(r.ctx, r.from, Options{ReadOnly: true, LockTimeout: r.o.LockTimeout}); err != nil {
		return fmt.Errorf("the backup: %w", err)
	}
	if r.proven, err = r.backup.prove(r.ctx, true); err != nil {
		return errors.Join(fmt.Errorf("the backup is damaged, nothing was changed: %w", err), r.backup.Close())
	}
	return nil
}

// put takes the archive that is there and puts the backup in its place.
func (r *restore) put() (err error) {
	target, err := r.take()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.close()) }()
	return r.replace(target)
}

// distinct errors where the backup and the archive are the same.
func (r *restore) distinct() error {
	a, err := os.Stat(r.from)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w: there is no folder %s", store.ErrNoStore, r.from)
		}
		return classify(err)
	}
	if b, err := os.Stat(r.dir); err == nil && os.SameFile(a, b) {
		return fmt.Errorf("%w: the backup is the archive itself", store.ErrInvalid)
	}
	return nil
}

// taken is the archive that is to be replaced, which nobody else can open.
type taken struct {
	// s is nil where it is so damaged that it cannot be opened; file holds its
	// lock then.
	s     *Store
	file  *os.File
	empty bool
}

func (t *taken) close() error {
	if t.s != nil {
		return t.s.Close()
	}
	if err := t.file.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("letting go of the archive: %w", err)
	}
	return nil
}

// take locks the archive that is there, and makes an empty one where there is
// none.
func (r *restore) take() (*taken, error) {
	s, err := Open(r.ctx, r.dir, Options{LockTimeout: r.o.LockTimeout, AllowNetworkFS: r.o.AllowNetworkFS, Now: r.o.Now, keepSpool: r.staged != ""})
	if err == nil {
		empty, err := s.empty(r.ctx)
		if err == nil || errors.Is(err, store.ErrCorrupt) {
			return r.allowed(&taken{s: s, empty: empty})
		}
		return nil, errors.Join(err, s.Close())
	}
	if errors.Is(err, store.ErrBusy) {
		return nil, stopFirst(err)
	}
	if !errors.Is(err, store.ErrCorrupt) {
		return nil, err
	}
	f, err := os.Open(filepath.Join(r.dir, FileName))
	if err != nil {
		return nil, classify(err)
	}
	if locked(f) {
		return nil, errors.Join(stopFirst(busy(r.dir, false)), f.Close())
	}
	return r.allowed(&taken{file: f})
}

// stopFirst says what to do where an archive that is to make room is in use.
// Nothing was touched yet, and the backup is not in use by this.
func stopFirst(err error) error {
	return fmt.Errorf("%w (a service: `systemctl stop stet`), run the same command again, and start it again; or restore into another folder with --data, beside the one that is in use", err)
}

// empty reports whether the archive holds nothing, and nothing waits to be done.
func (s *Store) empty(ctx context.Context) (bool, error) {
	st, err := s.Stats(ctx)
	if err != nil || s.state.durableHead() > 0 || st.Blobs > 0 {
		return false, err
	}
	jobs, err := s.ListJobs(ctx, store.JobFilter{Limit: 1})
	return len(jobs) == 0, err
}

func (r *restore) allowed(t *taken) (*taken, error) {
	if t.empty || r.o.Force {
		return t, nil
	}
	return nil, errors.Join(r.refused(), t.close())
}

func (r *restore) refused() error {
	return fmt.Errorf("%w: there is an archive in %s already; --force moves it aside, into a folder within", store.ErrRefused, r.dir)
}

// replace puts the backup in the place of the archive.
func (r *restore) replace(t *taken) error {
	work, err := r.workFolder()
	if err != nil {
		return err
	}
	if !t.empty {
		if err := r.aside(); err != nil {
			return err
		}
	}
	if err := r.copy(work); err != nil {
		return errors.Join(err, os.RemoveAll(work))
	}
	for _, name := range r.o.Derived {
		if err := removeIfThere(filepath.Join(r.dir, name)); err != nil {
			return err
		}
	}
	if err := swap(filepath.Join(work, FileName), r.dir, t.close, r.o.Report); err != nil {
		return err
	}
	if !t.empty { // all of it has second names
		if _, err := prune(r.ctx, r.dir, r.proven.inFiles); err != nil {
			return fmt.Errorf("the backup was restored: %w", err)
		}
	}
	return classify(os.RemoveAll(work))
}

// workFolder makes the folder for what is not whole yet, where it is not there.
func (r *restore) workFolder() (string, error) {
	if r.staged != "" {
		return r.staged, nil
	}
	work := filepath.Join(r.dir, spoolFolder, remakeFolder)
	return work, r.prepare(work)
}

// prepare makes a working folder, where there is space for the copy.
func (r *restore) prepare(work string) error {
	info, err := os.Stat(filepath.Join(r.from, FileName))
	if err != nil {
		return classify(err)
	}
	if err := r.o.Free.need(r.dir, info.Size()+r.proven.bytes, "the restored archive"); err != nil {
		return err
	}
	return classify(os.MkdirAll(work, 0o700))
}

// aside gives the archive that is there a second place: a folder within, with
// second names for its files, so that it stays where it is until the end.
func (r *restore) aside() error {
	r.o.Report(CopyProgress{Stage: "aside"})
	name := filepath.Join(r.dir, r.o.Now().UTC().Format(asideForm))
	to := name
	for n := 2; ; n++ {
		err := os.Mkdir(to, 0o700)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrExist) {
			return classify(err)
		}
		to = fmt.Sprintf("%s-%d", name, n)
	}
	if err := secondName(filepath.Join(r.dir, FileName), filepath.Join(to, FileName)); err != nil {
		return err
	}
	folders := map[string]bool{to: true, r.dir: true}
	err := eachBlobFile(r.dir, func(path string, d store.Digest) error {
		second := blobFile(to, d)
		if !folders[filepath.Dir(second)] {
			if err := os.MkdirAll(filepath.Dir(second), 0o700); err != nil {
				return err
			}
			folders[filepath.Dir(second)], folders[filepath.Join(to, blobsFolder)] = true, true
		}
		if err := r.ctx.Err(); err != nil {
			return err
		}
		return secondName(path, second)
	})
	if err != nil {
		return fmt.Errorf("moving the archive that is there aside: %w", err)
	}
	for dir := range folders {
		if err := syncFolder(dir); err != nil {
			return err
		}
	}
	r.sum.Aside = to
	return nil
}

// secondName gives a file a second name; where the file system knows none, it
// is copied, durably.
func secondName(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return classify(err)
	}
	src, err := os.Open(from)
	if err != nil {
		return classify(err)
	}
	defer func() { _ = src.Close() }() // it was only read
	return writeCopy(context.Background(), src, to)
}

// writeCopy writes a new file, durably.
func writeCopy(ctx context.Context, src io.Reader, to string) error {
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return classify(err)
	}
	_, err = io.Copy(f, &stopped{ctx, src})
	if err == nil {
		err = f.Sync()
	}
	return classify(errors.Join(err, f.Close()))
}

// copy brings the blobs to their places and the database into the working
// folder, and proves it.
func (r *restore) copy(work string) error {
	c := newBlobCopy(r.ctx, r.from, r.dir, work)
	for i, d := range r.proven.inFiles {
		r.o.Report(CopyProgress{Stage: "blobs", Done: int64(i), Total: int64(len(r.proven.inFiles))})
		if err := r.bring(c, d); err != nil {
			return err
		}
	}
	if err := c.sync(); err != nil || r.staged != "" {
		return err
	}
	return r.database(work)
}

// database copies the database into the working folder and proves it.
func (r *restore) database(work string) error {
	r.o.Report(CopyProgress{Stage: "database"})
	size := int64(0)
	if info, err := r.backup.at.Load().file.Stat(); err == nil {
		size = info.Size()
	}
	path := filepath.Join(work, FileName)
	if err := removeIfThere(path); err != nil {
		return err
	}
	if err := writeCopy(r.ctx, io.NewSectionReader(r.backup.at.Load().file, 0, size), path); err != nil {
		return fmt.Errorf("copying the database: %w", err)
	}
	r.o.Report(CopyProgress{Stage: "prove"})
	p, err := prove(r.ctx, work, false)
	if err != nil {
		return fmt.Errorf("the copy is not sound: %w", err)
	}
	if p.head != r.proven.head {
		return fmt.Errorf("%w: the copy does not hold what the backup does", store.ErrCorrupt)
	}
	r.sum.Records, r.sum.Jobs, r.sum.Blobs = p.sum.Records, p.sum.Jobs, p.sum.Blobs
	r.sum.Lost = p.lost
	return nil
}

package bolt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"

	"stet/store"
	"stet/store/codec"
)

const (
	// DefaultLockTimeout is how long Open waits for another process to let go
	// of the archive: long enough for a quick command to end, short enough for
	// a person.
	DefaultLockTimeout = 2 * time.Second
	// DefaultMapSize is how much address space is mapped from the start, so
	// that a growing file never has to wait until every reader has ended.
	DefaultMapSize int64 = 64 << 30
	// lockAttempt is how long one attempt to lock waits before ctx is looked
	// at.
	lockAttempt = 200 * time.Millisecond
	// pageSize is that of new files, whatever the machine's own, so that files
	// are alike. Measured: see store/FORMAT.md.
	pageSize = 4096
)

// Options are the settings of [Open]. The zero value works.
type Options struct {
	// ReadOnly opens the archive for reading; others may do so at the same
	// time. Nothing in the folder is changed.
	ReadOnly bool
	// MustExist makes Open fail with ErrNoStore, rather than create an
	// archive, where there is none. ReadOnly implies it.
	MustExist bool
	// LockTimeout is how long to wait where another process has the archive
	// open; 0 is [DefaultLockTimeout], less than 0 is not at all.
	LockTimeout time.Duration
	// InitialMapSize is how many bytes of address space to map from the start;
	// 0 is [DefaultMapSize] on 64-bit systems other than Windows (where the
	// file would become that large) and nothing elsewhere. Where so much cannot
	// be mapped, as little as needed is.
	InitialMapSize int
	// AllowNetworkFS allows writing to an archive on a network file system,
	// where locks and mapped memory may not do what they promise.
	AllowNetworkFS bool
	// InlineBlobSize is the largest blob that is kept inside the bbolt file; 0
	// is [DefaultInlineBlobSize], less than 0 keeps all blobs in files.
	InlineBlobSize int
	// NoSync leaves out the syncs, for loading archives that can be loaded
	// again. Nothing is durable then.
	NoSync bool
	// Free says how much space is left for a database that is written anew; nil
	// does not look.
	Free FreeSpace
	// Now is the clock; nil is the machine's.
	Now func() time.Time

	// keepSpool leaves what is in the spool: a backup that was staged there.
	keepSpool bool
}

// Store is an archive in a folder. It implements [store.Backend],
// [store.Blobs], [store.Checker], [store.Statter] and [store.Compacter], and is
// safe for concurrent use.
type Store struct {
	dir      string
	readOnly bool
	inline   int
	now      func() time.Time
	options  Options
	at       atomic.Pointer[database]
	codec    *codec.Codec
	state    state
	pins     pins

	queue chan *op
	// alone are the operations that need the committer for themselves;
	// remaking is true while one of them runs, and retired are the databases
	// that were replaced and have readers still.
	alone    chan *op
	remaking atomic.Bool
	retired  sync.WaitGroup
	// approaching counts the batches that are being prepared.
	approaching atomic.Int64
	closing     chan struct{}
	closeOnce   sync.Once
	closeErr    error
	committed   chan struct{}
	// letGoFirst is true where an open file cannot be replaced.
	letGoFirst bool
	// afterCommit is called when bbolt has committed and before anybody is
	// told; its error counts as that of a failed sync. Tests make disks slow
	// and broken with it.
	afterCommit func() error
	// onPut, where it is not nil, is told of all that is written. The benchmarks
	// write the same into a bare bbolt file with it.
	onPut func(tx int, bucket string, key, value []byte)
	// keyHash is jobKeyKey; tests make hashes collide with it.
	keyHash func(kind, key string) []byte
}

var (
	_ store.Backend   = (*Store)(nil)
	_ store.Blobs     = (*Store)(nil)
	_ store.Checker   = (*Store)(nil)
	_ store.Statter   = (*Store)(nil)
	_ store.Compacter = (*Store)(nil)
)

// Open opens the archive in the folder dir, and creates both where they do not
// exist. The caller closes it.
//
// It errors with ErrNoStore where there is no archive and none is to be
// created; with ErrBusy where another process has it open; with ErrReadOnly
// where the folder or file may not be written; with ErrVersion where a newer
// version wrote it; with ErrCorrupt where it is damaged; with ErrFull where no
// space is left; with ErrRefused where the folder is on a network file system.
func Open(ctx context.Context, dir string, o Options) (*Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := &Store{
		dir: dir, readOnly: o.ReadOnly, inline: o.InlineBlobSize, now: o.Now, options: o, queue: make(chan *op), alone: make(chan *op),
		closing: make(chan struct{}), committed: make(chan struct{}), letGoFirst: runtime.GOOS == "windows", afterCommit: func() error { return nil }, keyHash: jobKeyKey,
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.inline == 0 {
		s.inline = DefaultInlineBlobSize
	}
	if err := s.prepareFolder(&o); err != nil {
		return nil, err
	}
	var err error
	if s.codec, err = codec.New(); err != nil {
		return nil, err
	}
	if err := s.open(ctx, &o); err != nil {
		return nil, errors.Join(err, s.codec.Close())
	}
	if s.readOnly {
		close(s.committed)
	} else {
		go s.committer()
	}
	return s, nil
}

// prepareFolder looks whether the folder can hold an archive, and creates it.
func (s *Store) prepareFolder(o *Options) error {
	path := filepath.Join(s.dir, FileName)
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("%w: %s is a folder, not the file of an archive", store.ErrInvalid, path)
	case err == nil:
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("opening the archive in %s: %w; this user may not look into the folder", s.dir, err)
	case !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("opening the archive in %s: %w; name another folder with --data", s.dir, classify(err))
	case o.ReadOnly || o.MustExist:
		return fmt.Errorf("%w: %s holds no %s; `stet capture` makes an archive, or name another folder with --data", store.ErrNoStore, s.dir, FileName)
	}
	if o.ReadOnly {
		return nil
	}
	if !o.AllowNetworkFS {
		if err := refuseNetwork(s.dir, networkFS); err != nil {
			return err
		}
	}
	for _, d := range []string{s.dir, filepath.Join(s.dir, blobsFolder), filepath.Join(s.dir, spoolFolder)} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return fmt.Errorf("making the folder %s: %w", d, classify(err))
		}
	}
	if info == nil {
		if err := create(s.dir); err != nil {
			return fmt.Errorf("making an archive in %s: %w", s.dir, classify(err))
		}
	}
	return nil
}

// refuseNetwork errors where dir, or the folder it will be made in, is on a
// network file system, as kindOf names it.
func refuseNetwork(dir string, kindOf func(path string) (string, error)) error {
	at := dir
	for {
		if _, err := os.Stat(at); err == nil || filepath.Dir(at) == at {
			break
		}
		at = filepath.Dir(at)
	}
	kind, err := kindOf(at)
	if err != nil {
		return fmt.Errorf("looking at the file system of %s: %w", at, err)
	}
	if kind == "" {
		return nil
	}
	return fmt.Errorf("%w: %s is on a network file system (%s), where locks and syncs may not keep their promises; use a folder on a local disk, or PostgreSQL and S3 for an archive that many share",
		store.ErrRefused, dir, kind)
}

// open opens the bbolt file and reads where it stands.
func (s *Store) open(ctx context.Context, o *Options) error {
	path := filepath.Join(s.dir, FileName)
	if err := preflight(path); err != nil {
		return err
	}
	d, err := openDatabase(ctx, path, o)
	if err != nil {
		return err
	}
	s.at.Store(d)
	if err := s.begin(); err != nil {
		return errors.Join(err, s.closeFile())
	}
	return nil
}

// begin brings an open file to the present format and takes possession of the
// folder.
func (s *Store) begin() error {
	if err := surveyBranches(s.at.Load().file); err != nil {
		return fmt.Errorf("%w: the file %s in %s is not that of an archive, or it is damaged: %w; %s", store.ErrCorrupt, FileName, s.dir, err, mend)
	}
	if err := guarded("opening the archive", s.migrate); err != nil {
		return err
	}
	if err := s.readState(); err != nil {
		return err
	}
	if s.readOnly {
		return nil
	}
	if err := s.settle(); err != nil {
		return err
	}
	if !s.options.keepSpool {
		if err := clearFolder(filepath.Join(s.dir, spoolFolder)); err != nil {
			return err
		}
	}
	return writeOwner(s.dir, s.now())
}

// settle makes the names of the archive durable: whoever made them, or put a
// database in the place of another, may have been killed before it could.
func (s *Store) settle() error {
	if err := syncFolder(s.dir); err != nil {
		return classify(err)
	}
	// A folder that this user may not read cannot be the work of this user.
	if err := syncFolder(filepath.Dir(filepath.Clean(s.dir))); err != nil && !errors.Is(err, fs.ErrPermission) {
		return classify(err)
	}
	return nil
}

// readState notes how far the database is.
func (s *Store) readState() error {
	return s.view(context.Background(), func(tx *bbolt.Tx) error {
		for _, name := range buckets() {
			if tx.Bucket([]byte(name)) == nil {
				return fmt.Errorf("%w: the bucket %s is missing; run `stet check`", store.ErrCorrupt, name)
			}
		}
		head, err := headOf(tx)
		s.state.setDurable(head)
		s.at.Load().durable.Store(int64(tx.ID()))
		s.tuneGrowth(tx.Size())
		return err
	})
}

// mapSize returns how much to map from the start.
func mapSize(asked int) int {
	if asked != 0 {
		return max(asked, 0)
	}
	if runtime.GOOS == "windows" || ^uint(0)>>32 == 0 {
		return 0
	}
	size := DefaultMapSize // too large for a constant of 32 bits
	return int(size)
}

// tuneGrowth lets the file grow as its size suggests.
func (s *Store) tuneGrowth(size int64) {
	if !s.readOnly {
		s.at.Load().db.AllocSize = growth(size)
	}
}

// growth is how much a file of a size grows at a time, an eighth of it, at least
// 1 MiB and at most 64 MiB: each growth costs a sync, and what is not used yet
// should be little.
func growth(size int64) int { return int(min(max(size/8, 1<<20), 64<<20)) }

// Close waits for the commits that have begun and closes the archive; the
// operations that wait for a commit are refused. It may be called again.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		close(s.closing)
		<-s.committed
		s.retired.Wait()
		var owner error
		if !s.readOnly {
			owner = removeOwner(s.dir)
		}
		s.closeErr = errors.Join(owner, s.closeFile(), s.codec.Close())
	})
	return s.closeErr
}

func (s *Store) closeFile() error {
	if s.broken() != nil {
		// The locks of bbolt are held by a call that panicked. Closing the file
		// releases the archive to others; the mapping stays until the process
		// ends.
		return s.at.Load().file.Close()
	}
	if err := s.at.Load().db.Close(); err != nil {
		return fmt.Errorf("closing the archive in %s: %w", s.dir, err)
	}
	return nil
}

// usable errors where ctx has ended or the store cannot be used.
func (s *Store) usable(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-s.closing:
		return errClosed
	default:
	}
	return s.broken()
}

// Dir returns the folder of the archive.
func (s *Store) Dir() string { return s.dir }

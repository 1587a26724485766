package search

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"stet/extract/words"
	"stet/store"
)

// FileName is the name of the index beside an archive.
const FileName = "search.db"

// formatVersion is the version of the file's layout. Raise it with every
// change: an index of another version is built again.
const formatVersion = 5

// growth is by how much the file grows at once: small archives are many, and
// large ones are written in large transactions.
const growth = 1 << 20

// DefaultLockTimeout is how long Open waits for another process.
const DefaultLockTimeout = time.Second

// The buckets.
const (
	bucketMeta      = "meta"      // see the keys below
	bucketSegments  = "segments"  // number → a bucket of postings: see segments.go
	bucketSpellings = "spellings" // number of a segment → a bucket of its words: see spellings.go
	bucketSpans     = "spans"     // number of a segment → its first and last document
	bucketDocs      = "docs"      // number of a document → what it is known by: see docs
	bucketNames     = "names"     // name → what is known under it: see state
	bucketRows      = "rows"      // number of a document / rowsPerBlock → rows: see row
	bucketSummaries = "summaries" // number of a document / windowSize → what is known of so many: see summaries
	bucketAuthors   = "authors"   // dictionary of accounts: see writer.entry
	bucketPlatforms = "platforms" // dictionary of platforms
	bucketHosts     = "hosts"     // dictionary of hosts, their labels in reverse order
	bucketDomains   = "domains"   // sets of documents: see writer.finishDomains
	bucketArticles  = "articles"  // id of an article version with mentions without id → its host
)

func buckets() []string {
	return []string{bucketMeta, bucketSegments, bucketSpellings, bucketSpans, bucketDocs, bucketNames, bucketRows, bucketSummaries, bucketAuthors, bucketPlatforms, bucketHosts, bucketDomains, bucketArticles}
}

// The keys of the bucket meta.
const (
	metaVersion = "version" // formatVersion and words.Version, two bytes
	metaCursor  = "cursor"  // the last number of the journal that was read, 8 bytes
	metaLeaf    = "leaf"    // the leaf of that record
)

// Options are the settings of an [Index]. The zero value works.
type Options struct {
	// ReadOnly opens the index for reading; others may do so at the same time.
	// It is searched as far as it reaches.
	ReadOnly bool
	// LockTimeout is how long to wait where another process has the index
	// open; 0 is [DefaultLockTimeout].
	LockTimeout time.Duration
	// Progress, where it is not nil, is told how far the index has come: the
	// number that it reached and the last one of the journal.
	Progress func(reached, head uint64)
	// Patience is how long a search waits for [Index.Follow], where that runs;
	// 0 is [DefaultPatience].
	Patience time.Duration
}

// Index finds posts by words. It implements [store.Searcher] and is safe for
// concurrent use.
type Index struct {
	path    string
	journal store.Journal
	options Options
	// maxDocs is the most documents that one transaction adds, window the most
	// that are looked at together: windowSize at most.
	maxDocs int
	window  uint32

	following turn         // one at a time brings the index up to date
	mu        sync.RWMutex // held for writing while db is exchanged
	db        *bbolt.DB    // nil once closed
	// reached is the number of the journal that the index is known to have
	// come to, 0 while that is not known.
	reached atomic.Uint64
	// followers is how many keep the index up to date beside those who search.
	followers atomic.Int32
}

var _ store.Searcher = (*Index)(nil)

// Open opens the index in a file, and creates it where there is none, it is of
// another version, or it cannot be read. The journal is not read before the
// first search or [Index.CatchUp]. The caller closes the index, before the
// journal.
//
// It errors with ErrBusy where another process has it open; with ErrNotFound
// where there is none and it was to be opened for reading, with ErrVersion or
// ErrCorrupt where it would have to be built again for that; with ErrReadOnly
// where it may not be written.
func Open(ctx context.Context, path string, journal store.Journal, o Options) (*Index, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if o.LockTimeout == 0 {
		o.LockTimeout = DefaultLockTimeout
	}
	o.Patience = cmp.Or(o.Patience, DefaultPatience)
	x := &Index{path: path, journal: journal, options: o, maxDocs: maxDocs, window: windowSize, following: newTurn()}
	db, err := x.open()
	if err == nil {
		x.db = db
		return x, nil
	}
	if o.ReadOnly || !rebuildable(err) {
		return nil, fmt.Errorf("opening the index of words %s: %w", path, err)
	}
	if x.db, err = x.create(); err != nil {
		return nil, fmt.Errorf("building the index of words %s again: %w", path, err)
	}
	return x, nil
}

// rebuildable reports whether an index that could not be opened for a reason
// is to be thrown away.
func rebuildable(err error) bool {
	return errors.Is(err, store.ErrVersion) || errors.Is(err, store.ErrCorrupt)
}

// open opens the file and looks at its version.
func (x *Index) open() (*bbolt.DB, error) {
	if info, err := os.Stat(x.path); err == nil && info.Size() == 0 && x.options.ReadOnly {
		return nil, errEmpty() // bbolt would begin it, which it may not
	}
	o := &bbolt.Options{ReadOnly: x.options.ReadOnly, Timeout: x.options.LockTimeout, FreelistType: bbolt.FreelistMapType, InitialMmapSize: mapped()}
	var db *bbolt.DB
	err := guarded(func() (err error) {
		db, err = bbolt.Open(x.path, 0o600, o)
		return err
	})
	if err != nil {
		return nil, err
	}
	db.AllocSize = growth
	if err := guarded(func() error { return x.look(db) }); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// mapped is how much address space is taken from the start, so that a growing
// index need not be mapped again, for which everybody has to wait. On Windows
// the file would become that large.
func mapped() int {
	if strconv.IntSize < 64 || runtime.GOOS == "windows" {
		return 0
	}
	return 4 << 30
}

// look looks at the version of the file, and begins an empty one.
func (x *Index) look(db *bbolt.DB) error {
	fresh := false
	err := db.View(func(tx *bbolt.Tx) error {
		fresh = tx.Bucket([]byte(bucketMeta)) == nil
		return checkVersion(tx, fresh)
	})
	switch {
	case err != nil || !fresh:
		return err
	case x.options.ReadOnly:
		return errEmpty()
	}
	return db.Update(setUp)
}

// errEmpty says that a file holds no index yet.
func errEmpty() error {
	return fmt.Errorf("%w: it is empty; run `stet rebuild`", store.ErrNotFound)
}

func version() []byte { return []byte{formatVersion, words.Version} }

func checkVersion(tx *bbolt.Tx, fresh bool) error {
	if fresh {
		return nil
	}
	if v := tx.Bucket([]byte(bucketMeta)).Get([]byte(metaVersion)); string(v) != string(version()) {
		return fmt.Errorf("%w: it has the version %d and this stet writes %d; run `stet rebuild`", store.ErrVersion, v, version())
	}
	for _, name := range buckets() {
		if tx.Bucket([]byte(name)) == nil {
			return fmt.Errorf("%w: the bucket %s is missing; run `stet rebuild`", store.ErrCorrupt, name)
		}
	}
	return nil
}

func setUp(tx *bbolt.Tx) error {
	for _, name := range buckets() {
		if _, err := tx.CreateBucket([]byte(name)); err != nil {
			return err
		}
	}
	return tx.Bucket([]byte(bucketMeta)).Put([]byte(metaVersion), version())
}

// create throws the file away and begins a new one.
func (x *Index) create() (*bbolt.DB, error) {
	if err := os.Remove(x.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, classify(err)
	}
	return x.open()
}

// Close closes the index. It may be called again.
func (x *Index) Close() error {
	x.following.Lock()
	defer x.following.Unlock()
	x.mu.Lock()
	defer x.mu.Unlock()
	db := x.db
	x.db = nil
	if db == nil {
		return nil
	}
	if err := db.Close(); err != nil {
		return fmt.Errorf("closing the index of words %s: %w", x.path, err)
	}
	return nil
}

// Rebuild throws the index away and builds it again from the journal.
func (x *Index) Rebuild(ctx context.Context) error {
	x.following.Lock()
	defer x.following.Unlock()
	if err := x.reset(); err != nil {
		return err
	}
	return x.catchUp(ctx)
}

// closed reports whether the index was closed.
func (x *Index) closed() bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.db == nil
}

// reset begins a new file. The caller holds following.
func (x *Index) reset() error {
	x.reached.Store(0)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.options.ReadOnly {
		return fmt.Errorf("building the index of words %s again: %w", x.path, store.ErrReadOnly)
	}
	if x.db == nil {
		return errClosed
	}
	if err := x.db.Close(); err != nil {
		return fmt.Errorf("closing the index of words %s: %w", x.path, err)
	}
	x.db = nil
	db, err := x.create()
	if err != nil {
		return fmt.Errorf("building the index of words %s again: %w", x.path, err)
	}
	x.db = db
	return nil
}

var errClosed = errors.New("the index of words was closed")

// view reads in one transaction.
func (x *Index) view(fn func(tx *bbolt.Tx) error) error {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.db == nil {
		return errClosed
	}
	return guarded(func() error { return x.db.View(fn) })
}

// update changes in one transaction. The caller holds following.
func (x *Index) update(fn func(tx *bbolt.Tx) error) error {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.db == nil {
		return errClosed
	}
	return guarded(func() error { return x.db.Update(fn) })
}

// guarded runs fn and turns the panics with which bbolt answers damaged pages,
// and faults of the mapped memory, into ErrCorrupt.
func guarded(fn func() error) (err error) {
	before := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(before)
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v; run `stet rebuild`", store.ErrCorrupt, p)
		}
	}()
	return classify(fn())
}

// classify wraps errors of bbolt and of the system in their class.
func classify(err error) error {
	switch {
	case err == nil || store.ClassOf(err).Name != "internal":
		return err
	case errors.Is(err, berrors.ErrTimeout):
		return fmt.Errorf("%w: another process has it open: %w", store.ErrBusy, err)
	case errors.Is(err, berrors.ErrInvalid) || errors.Is(err, berrors.ErrChecksum) || errors.Is(err, berrors.ErrVersionMismatch):
		return fmt.Errorf("%w: %w; run `stet rebuild`", store.ErrCorrupt, err)
	case errors.Is(err, berrors.ErrDatabaseReadOnly) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w: %w", store.ErrReadOnly, err)
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("%w: %w", store.ErrFull, err)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %w; run `stet rebuild`", store.ErrNotFound, err)
	}
	return err
}

// Status says what an index holds.
type Status struct {
	// Posts is how many posts can be found.
	Posts int `json:"posts"`
	// Articles and Pages are how many of those can be.
	Articles int `json:"articles"`
	Pages    int `json:"pages"`
	// Reached is the last number of the journal that was read.
	Reached uint64 `json:"reached"`
	// Bytes is the size of the file, and Parts of that by bucket.
	Bytes int64            `json:"bytes"`
	Parts map[string]int64 `json:"parts"`
}

// Status measures the index.
func (x *Index) Status(ctx context.Context) (Status, error) {
	if err := ctx.Err(); err != nil {
		return Status{}, err
	}
	st := Status{Parts: map[string]int64{}}
	err := x.view(func(tx *bbolt.Tx) error {
		st.Bytes, st.Reached = tx.Size(), metaNumber(tx, metaCursor)
		st.Posts, st.Articles, st.Pages = counted(tx, kindPost), counted(tx, kindArticle), counted(tx, kindPage)
		for _, name := range buckets() {
			s := tx.Bucket([]byte(name)).Stats()
			st.Parts[name] = int64(s.BranchAlloc + s.LeafAlloc)
		}
		return nil
	})
	return st, err
}

// metaNumber reads a number of the bucket meta, 0 where there is none.
func metaNumber(tx *bbolt.Tx, key string) uint64 {
	v := tx.Bucket([]byte(bucketMeta)).Get([]byte(key))
	if len(v) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(v)
}

// counted returns how many documents of a kind there are.
func counted(tx *bbolt.Tx, kind byte) int { return int(metaNumber(tx, string([]byte{'#', kind}))) }

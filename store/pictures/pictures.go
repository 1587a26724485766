package pictures

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"stet/store"
)

// FileName is the name of the index beside an archive.
const FileName = "pictures.db"

// formatVersion is the version of the file and of what it holds. Raise it with
// every change: an index of another version is built again.
const formatVersion = 2

const (
	bucketMeta   = "meta"   // version, cursor, leaf
	bucketHashes = "hashes" // digest → hashes, nothing where it could not be read
	metaVersion  = "version"
	metaCursor   = "cursor"
	metaLeaf     = "leaf"
	// readAtOnce is how many records are read for one transaction.
	readAtOnce = 500
	// lockTimeout is how long to wait for another process.
	lockTimeout = time.Second
	// defaultLimit is the most matches where nobody says otherwise.
	defaultLimit = 20
)

// Index implements [store.Pictures]. It is safe for concurrent use.
type Index struct {
	path     string
	journal  store.Journal
	blobs    store.Blobs
	readOnly bool

	mu sync.Mutex // one at a time follows the journal
	db *bbolt.DB  // nil where there is no file that can be read, and once closed
	// rebuilding is true while a new file is made, purged what was removed
	// meanwhile.
	rebuilding bool
	purged     []store.Digest
}

var _ store.Pictures = (*Index)(nil)

// Open opens the index in a file, and begins it where there is none or it cannot
// be read. With readOnly nothing is written: what the file does not know is
// looked at for each question again. The caller closes it before the journal and
// the blobs. It errors with ErrBusy where another process has it open.
func Open(ctx context.Context, path string, journal store.Journal, blobs store.Blobs, readOnly bool) (*Index, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	x := &Index{path: path, journal: journal, blobs: blobs, readOnly: readOnly}
	db, err := x.open()
	if err == nil || readOnly && !errors.Is(err, store.ErrBusy) {
		x.db = db
		return x, nil
	}
	if errors.Is(err, store.ErrBusy) {
		return nil, fmt.Errorf("opening the index of pictures %s: %w", path, err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("building the index of pictures %s again: %w", path, err)
	}
	if x.db, err = x.open(); err != nil {
		return nil, fmt.Errorf("building the index of pictures %s again: %w", path, err)
	}
	return x, nil
}

func (x *Index) open() (*bbolt.DB, error) {
	if info, err := os.Stat(x.path); x.readOnly && (err != nil || info.Size() == 0) {
		return nil, fmt.Errorf("%w: there is no index of pictures", store.ErrNotFound)
	}
	var db *bbolt.DB
	err := guarded(func() (err error) {
		db, err = bbolt.Open(x.path, 0o600, &bbolt.Options{ReadOnly: x.readOnly, Timeout: lockTimeout, FreelistType: bbolt.FreelistMapType})
		return err
	})
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return nil, fmt.Errorf("%w: another process has it open: %w", store.ErrBusy, err)
	case err != nil:
		return nil, err
	}
	if err := guarded(func() error { return look(db, x.readOnly) }); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// look looks at the version, and begins an empty file.
func look(db *bbolt.DB, readOnly bool) error {
	fresh := false
	err := db.View(func(tx *bbolt.Tx) error {
		meta := tx.Bucket([]byte(bucketMeta))
		fresh = meta == nil
		if !fresh && (string(meta.Get([]byte(metaVersion))) != string([]byte{formatVersion}) || tx.Bucket([]byte(bucketHashes)) == nil) {
			return fmt.Errorf("%w: the index of pictures is of another version", store.ErrVersion)
		}
		return nil
	})
	if err != nil || !fresh {
		return err
	}
	if readOnly {
		return fmt.Errorf("%w: the index of pictures is empty", store.ErrNotFound)
	}
	return db.Update(func(tx *bbolt.Tx) error {
		if _, err := tx.CreateBucket([]byte(bucketHashes)); err != nil {
			return err
		}
		meta, err := tx.CreateBucket([]byte(bucketMeta))
		if err != nil {
			return err
		}
		return meta.Put([]byte(metaVersion), []byte{formatVersion})
	})
}

// guarded turns the panics with which bbolt answers damaged pages into
// ErrCorrupt.
func guarded(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v; run `stet rebuild`", store.ErrCorrupt, p)
		}
	}()
	return fn()
}

// Close closes the index. It may be called again.
func (x *Index) Close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	db := x.db
	x.db = nil
	if db == nil {
		return nil
	}
	if err := db.Close(); err != nil {
		return fmt.Errorf("closing the index of pictures %s: %w", x.path, err)
	}
	return nil
}

// CatchUp looks at the pictures that were kept since the last time.
func (x *Index) CatchUp(ctx context.Context) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.readOnly || x.db == nil {
		return nil
	}
	_, err := x.follow(ctx)
	return err
}

// follow reads the journal to its end. It returns the hashes that could not be
// written because the index may only be read. The caller holds mu.
func (x *Index) follow(ctx context.Context) (map[store.Digest][]byte, error) {
	at, err := x.position(ctx)
	if err != nil {
		return nil, fmt.Errorf("following the journal in the index of pictures: %w", err)
	}
	unwritten := map[store.Digest][]byte{}
	for {
		records, err := x.journal.Read(ctx, at, readAtOnce)
		if err != nil {
			return unwritten, err
		}
		if len(records) == 0 {
			if x.readOnly || x.db == nil {
				return unwritten, nil
			}
			return unwritten, x.forget(ctx)
		}
		found := map[store.Digest][]byte{}
		for i := range records {
			if err := x.read(ctx, &records[i], found); err != nil {
				return nil, fmt.Errorf("following the journal in the index of pictures: %w", err)
			}
		}
		last := &records[len(records)-1]
		at = last.Seq
		if x.readOnly || x.db == nil {
			for d, v := range found {
				unwritten[d] = v
			}
			continue
		}
		if err := x.write(found, at, last.Leaf(), slices.ContainsFunc(records, func(r store.Record) bool { return takenDown(&r) })); err != nil {
			return nil, fmt.Errorf("following the journal in the index of pictures: %w", err)
		}
	}
}

// position returns how far the index has come; one that followed another
// journal begins anew.
func (x *Index) position(ctx context.Context) (uint64, error) {
	if x.db == nil {
		return 0, nil
	}
	var at uint64
	var leaf store.Hash
	if err := guarded(func() error {
		return x.db.View(func(tx *bbolt.Tx) error {
			meta := tx.Bucket([]byte(bucketMeta))
			if v := meta.Get([]byte(metaCursor)); len(v) == 8 {
				at = binary.BigEndian.Uint64(v)
			}
			copy(leaf[:], meta.Get([]byte(metaLeaf)))
			return nil
		})
	}); err != nil || at == 0 {
		return at, err
	}
	leaves, err := x.journal.Leaves(ctx, at-1, 1)
	if err != nil || len(leaves) == 1 && leaves[0] == leaf {
		return at, err
	}
	if x.readOnly {
		return 0, nil
	}
	return 0, guarded(func() error {
		return x.db.Update(func(tx *bbolt.Tx) error {
			if err := tx.DeleteBucket([]byte(bucketHashes)); err != nil {
				return err
			}
			if _, err := tx.CreateBucket([]byte(bucketHashes)); err != nil {
				return err
			}
			return tx.Bucket([]byte(bucketMeta)).Delete([]byte(metaCursor))
		})
	})
}

// read looks at the pictures of one record.
func (x *Index) read(ctx context.Context, r *store.Record, found map[store.Digest][]byte) error {
	if r.Kind != store.KindCapture || r.Field("meta") == nil {
		return nil
	}
	c, err := store.Decode[store.Capture](r)
	if errors.Is(err, store.ErrCorrupt) || errors.Is(err, store.ErrVersion) {
		return nil // store.Checker tells
	}
	if err != nil {
		return err
	}
	for _, m := range c.Media {
		if m.Digest.IsZero() || !strings.HasPrefix(m.Type, "image/") || found[m.Digest] != nil {
			continue
		}
		known, err := x.known(m.Digest)
		if err != nil {
			return err
		}
		if known {
			continue
		}
		if found[m.Digest], err = x.look(ctx, m.Digest); err != nil {
			return err
		}
	}
	return nil
}

func (x *Index) known(d store.Digest) (known bool, err error) {
	if x.db == nil {
		return false, nil
	}
	err = guarded(func() error {
		return x.db.View(func(tx *bbolt.Tx) error {
			known = tx.Bucket([]byte(bucketHashes)).Get(d[:]) != nil
			return nil
		})
	})
	return known, err
}

// look looks at one kept picture: it returns its hash, or nothing for what
// cannot be read or is not there any more.
func (x *Index) look(ctx context.Context, d store.Digest) ([]byte, error) {
	f, err := x.blobs.Open(ctx, d)
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrCorrupt) {
		return []byte{}, nil
	}
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
	if err := errors.Join(err, f.Close()); err != nil {
		if errors.Is(err, store.ErrCorrupt) {
			return []byte{}, nil
		}
		return nil, err
	}
	l, err := looksOf(b)
	if err != nil {
		return []byte{}, nil //nolint:nilerr // it stays a file that could not be read
	}
	return l.encode(), nil
}

func (x *Index) write(found map[store.Digest][]byte, at uint64, leaf store.Hash, stale bool) error {
	return guarded(func() error {
		return x.db.Update(func(tx *bbolt.Tx) error {
			hashes := tx.Bucket([]byte(bucketHashes))
			for d, v := range found {
				if err := hashes.Put(d[:], v); err != nil {
					return err
				}
			}
			meta := tx.Bucket([]byte(bucketMeta))
			if stale {
				if err := meta.Put([]byte(metaForget), []byte{1}); err != nil {
					return err
				}
			}
			if err := meta.Put([]byte(metaLeaf), leaf[:]); err != nil {
				return err
			}
			return meta.Put([]byte(metaCursor), binary.BigEndian.AppendUint64(nil, at))
		})
	})
}

// Similar implements [store.Pictures]. It follows the journal first.
func (x *Index) Similar(ctx context.Context, picture []byte, limit int) ([]store.PictureMatch, store.PictureCoverage, error) {
	var coverage store.PictureCoverage
	asked, err := aspectsOf(picture)
	if err != nil {
		return nil, coverage, err
	}
	digest := store.DigestOf(picture)
	x.mu.Lock()
	defer x.mu.Unlock()
	unwritten, err := x.follow(ctx)
	if err != nil {
		return nil, coverage, err
	}
	var list []store.PictureMatch
	room := make([]hash, 1+len(crops()))
	compare := func(d store.Digest, v []byte) {
		h, ok := decodeLooks(v, room)
		if !ok {
			coverage.Unreadable++
			return
		}
		coverage.Pictures++
		if m, alike := nearest(asked, h); alike || d == digest {
			m.Digest, m.Same = d, d == digest
			list = append(list, m)
		}
	}
	for d, v := range unwritten {
		compare(d, v)
	}
	if x.db != nil {
		err = guarded(func() error {
			return x.db.View(func(tx *bbolt.Tx) error {
				return tx.Bucket([]byte(bucketHashes)).ForEach(func(k, v []byte) error {
					var d store.Digest
					if copy(d[:], k); unwritten[d] == nil {
						compare(d, v)
					}
					return nil
				})
			})
		})
	}
	slices.SortFunc(list, func(a, b store.PictureMatch) int {
		return cmp.Or(rankOf(a)-rankOf(b), cmp.Compare(a.Distance, b.Distance), strings.Compare(string(a.Digest[:]), string(b.Digest[:])))
	})
	return list[:min(len(list), cmp.Or(limit, defaultLimit))], coverage, err
}

// nearest compares a kept picture with all aspects of one that is looked up: the
// whole stands above all others, and what is near above what is further.
func nearest(asked []aspect, kept looks) (store.PictureMatch, bool) {
	h := kept.hash
	distance, alike := asked[0].alike(h)
	best := store.PictureMatch{Distance: distance}
	if alike {
		return best, true
	}
	for i := range asked[1:] {
		a := &asked[i+1]
		if d, ok := a.alike(h); ok && (!alike || d < best.Distance) {
			best, alike = store.PictureMatch{Distance: d, Mirrored: a.mirrored, Part: a.part}, true
		}
	}
	if alike {
		return best, true
	}
	for i := range asked {
		a := &asked[i]
		if !a.outline {
			continue
		}
		for _, c := range kept.crops {
			if d, ok := a.within(c, nearPart, nearPartEdges); ok && (!alike || d < best.Distance) {
				best, alike = store.PictureMatch{Distance: d, Mirrored: a.mirrored, Part: a.part, Cropped: true}, true
			}
		}
	}
	return best, alike
}

func rankOf(m store.PictureMatch) int {
	if m.Same {
		return 0
	}
	return 1
}

// Purge implements [store.Pictures].
func (x *Index) Purge(ctx context.Context, digests []store.Digest) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.readOnly {
		return fmt.Errorf("removing pictures from the index %s: %w", x.path, store.ErrReadOnly)
	}
	if x.rebuilding {
		x.purged = append(x.purged, digests...)
	}
	if _, err := x.follow(ctx); err != nil || x.db == nil {
		return err
	}
	err := x.remove(digests)
	if err == nil {
		err = x.renew(ctx)
	}
	if err != nil {
		return fmt.Errorf("removing pictures from the index %s: %w", x.path, err)
	}
	return nil
}

// remove removes hashes. The caller holds mu.
func (x *Index) remove(digests []store.Digest) error {
	return guarded(func() error {
		return x.db.Update(func(tx *bbolt.Tx) error {
			for _, d := range digests {
				if err := tx.Bucket([]byte(bucketHashes)).Delete(d[:]); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

package bolt

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"stet/store"
	"stet/store/codec"
)

const (
	// remakeFolder is the folder within the spool for a database that is not
	// whole yet. Whoever opens the archive for writing clears the spool.
	remakeFolder = "remake"
	// remakeBytes is how much is copied in one transaction: it is held in
	// memory.
	remakeBytes = 16 << 20
	// remakeFill is how full the pages of a new database are where keys may
	// come anywhere later: nearly full, because most keys never come.
	remakeFill = 0.9
)

// RemakeOptions are the settings of [Compact] and [Rebuild]. The zero value
// works.
type RemakeOptions struct {
	// LockTimeout and AllowNetworkFS are as in [Options].
	LockTimeout    time.Duration
	AllowNetworkFS bool
	// Report is told each step: "check" (the old database), "database" (with
	// the bytes that were copied), "sync", "prove" (the new one), "swap" and
	// "swapped". Nil tells nobody.
	Report func(CopyProgress)
	// Free says how much space is left; nil does not look.
	Free FreeSpace
	// Now is the clock; nil is the machine's.
	Now func() time.Time
}

// RemakeSummary says what a new database holds.
type RemakeSummary = store.CompactSummary

// Compact writes the database of the archive in a folder anew, without the
// space that is no longer used: what was destroyed is gone from the disk
// afterwards. Nobody else may have the archive open; where it is open already,
// see [Store.Compact].
//
// It errors with ErrBusy where the archive is in use, with ErrCorrupt where it
// is damaged, with ErrFull where there is no space for both.
func Compact(ctx context.Context, dir string, o RemakeOptions) (RemakeSummary, error) {
	return remake(ctx, dir, o, (*Store).Compact)
}

// Rebuild does what Compact does, and makes what follows from the records anew
// rather than copy it: the index from ids, the index from terms, and the
// counts. It mends an archive where only those are damaged.
func Rebuild(ctx context.Context, dir string, o RemakeOptions) (RemakeSummary, error) {
	return remake(ctx, dir, o, (*Store).Rebuild)
}

func remake(ctx context.Context, dir string, o RemakeOptions, do func(*Store, context.Context, func(CopyProgress)) (RemakeSummary, error)) (sum RemakeSummary, err error) {
	s, err := Open(ctx, dir, Options{MustExist: true, LockTimeout: o.LockTimeout, AllowNetworkFS: o.AllowNetworkFS, Free: o.Free, Now: o.Now})
	if err != nil {
		return sum, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return do(s, ctx, o.Report)
}

// Compact implements [store.Compacter]. The new database is synced and proven
// before it takes the place of the old one in one step, so that a kill or a
// power cut at any moment leaves the one or the other. Those who write wait
// meanwhile, those who read go on with the old one, and Compact returns when
// the last of them that began before the step has ended. (On Windows, which
// cannot replace an open file, who reads waits for that step too.)
func (s *Store) Compact(ctx context.Context, report func(CopyProgress)) (RemakeSummary, error) {
	r, err := s.remake(ctx, report, false)
	if err != nil {
		return r, fmt.Errorf("compacting the archive in %s: %w", s.dir, err)
	}
	return r, nil
}

// Rebuild does what the function Rebuild does, for an archive that is open, as
// Compact does.
func (s *Store) Rebuild(ctx context.Context, report func(CopyProgress)) (RemakeSummary, error) {
	r, err := s.remake(ctx, report, true)
	if err != nil {
		return r, fmt.Errorf("rebuilding the archive in %s: %w", s.dir, err)
	}
	return r, nil
}

// Remaking reports whether the database is being written anew at this moment,
// and those who write wait for that.
func (s *Store) Remaking() bool { return s.remaking.Load() }

func (s *Store) remake(ctx context.Context, report func(CopyProgress), rebuild bool) (sum RemakeSummary, err error) {
	if report == nil {
		report = func(CopyProgress) {}
	}
	if !rebuild {
		report(CopyProgress{Stage: "check"})
		if _, err := s.prove(ctx, false); err != nil {
			return sum, err
		}
	}
	var closed <-chan error
	err = s.submitAlone(ctx, func(ctx context.Context) error {
		s.remaking.Store(true)
		defer s.remaking.Store(false)
		sum, closed, err = s.remakeAlone(ctx, report, rebuild)
		return err
	})
	if closed == nil {
		return sum, err
	}
	select {
	case failed := <-closed:
		if failed != nil {
			failed = fmt.Errorf("closing the old database: %w", failed)
		}
		return sum, errors.Join(err, failed)
	case <-ctx.Done():
		return sum, errors.Join(err, fmt.Errorf("the new database is in its place, and somebody still reads the old one: %w", ctx.Err()))
	}
}

// remakeAlone does the work while nobody writes.
func (s *Store) remakeAlone(ctx context.Context, report func(CopyProgress), rebuild bool) (sum RemakeSummary, closed <-chan error, err error) {
	info, err := s.at.Load().file.Stat()
	if err != nil {
		return sum, nil, err
	}
	sum.Before = info.Size()
	if err := s.options.Free.need(s.dir, sum.Before, "the new database"); err != nil {
		return sum, nil, err
	}
	work := filepath.Join(s.dir, spoolFolder, remakeFolder)
	if err := errors.Join(os.RemoveAll(work), os.Mkdir(work, 0o700)); err != nil {
		return sum, nil, classify(err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	fresh := filepath.Join(work, FileName)
	if err := s.remakeInto(ctx, fresh, rebuild, report); err != nil {
		return sum, nil, err
	}
	report(CopyProgress{Stage: "prove"})
	p, err := s.proveSame(ctx, work, rebuild)
	if err != nil {
		return sum, nil, fmt.Errorf("the new database is not sound, the old one stays: %w", err)
	}
	sum.Records, sum.Entries, sum.Blobs, sum.Jobs = p.sum.Records, p.sum.Entries, p.sum.Blobs, p.sum.Jobs
	if info, err = os.Stat(fresh); err != nil {
		return sum, nil, classify(err)
	}
	sum.After = info.Size()
	closed, err = s.replace(ctx, fresh, report)
	return sum, closed, err
}

// proveSame proves the database in a folder, and that it holds what that of the
// store does.
func (s *Store) proveSame(ctx context.Context, dir string, rebuilt bool) (p *proven, err error) {
	fresh, err := Open(ctx, dir, Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, fresh.Close()) }()
	if p, err = fresh.prove(ctx, false); err != nil {
		return nil, err
	}
	was, err := s.content(ctx, rebuilt)
	if err != nil {
		return nil, err
	}
	is, err := fresh.content(ctx, rebuilt)
	if err != nil {
		return nil, err
	}
	if was != is {
		return nil, fmt.Errorf("%w: it does not hold what the old one does", store.ErrCorrupt)
	}
	return p, nil
}

// content is a digest of all that a database holds, apart from what is derived,
// where rebuilt is true.
func (s *Store) content(ctx context.Context, rebuilt bool) (store.Digest, error) {
	h := sha256.New()
	var entry []byte
	err := s.view(ctx, func(tx *bbolt.Tx) error {
		for _, name := range buckets() {
			if rebuilt && derived(name, nil) {
				continue
			}
			c := mustBucket(tx, name).Cursor()
			for k, v := c.First(); k != nil; k, v = c.Next() {
				if rebuilt && derived(name, k) {
					continue
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				entry = appendString(appendString(appendString(entry[:0], name), k), v)
				h.Write(entry) // a hash never errors
			}
		}
		return nil
	})
	return store.Digest(h.Sum(nil)), err
}

// derived reports whether an entry, or with nil all of a bucket, is made from
// the records.
func derived(bucket string, key []byte) bool {
	return bucket == bucketIDs || bucket == bucketTerms || bucket == bucketMeta && string(key) == metaCounts
}

// swap puts a new database in the place of that in dir, which must be locked;
// letGo closes it.
func swap(fresh, dir string, letGo func() error, report func(CopyProgress)) error {
	report(CopyProgress{Stage: "swap"})
	if runtime.GOOS == "windows" {
		if err := letGo(); err != nil {
			return err
		}
	}
	if err := os.Rename(fresh, filepath.Join(dir, FileName)); err != nil {
		return fmt.Errorf("putting the new database in its place: %w", classify(err))
	}
	report(CopyProgress{Stage: "swapped"})
	return syncFolder(dir)
}

// remaker writes a new database.
type remaker struct {
	ctx    context.Context //nolint:containedctx // of the one call that remakes
	s      *Store
	db     *bbolt.DB
	w      *writeTx
	size   int // of what the transaction holds
	done   int64
	total  int64
	report func(CopyProgress)
	// counts are those of the records and blobs that were met.
	counts counts
}

// remakeInto writes everything into a new file, durably.
func (s *Store) remakeInto(ctx context.Context, path string, rebuild bool, report func(CopyProgress)) error {
	r, err := newRemaker(ctx, s, path, report)
	if err != nil {
		return err
	}
	if info, err := s.at.Load().file.Stat(); err == nil {
		r.total = info.Size()
	}
	err = guarded("writing the new database", func() error { return r.all(rebuild) })
	return r.close(err)
}

func newRemaker(ctx context.Context, s *Store, path string, report func(CopyProgress)) (*remaker, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockAttempt, PageSize: pageSize, FreelistType: freelistType,
		NoStatistics: true, NoSync: true, NoGrowSync: true})
	if err != nil {
		return nil, classify(err)
	}
	db.AllocSize = 1 << 20
	r := &remaker{ctx: ctx, s: s, db: db, report: report}
	return r, r.begin()
}

// begin begins a transaction.
func (r *remaker) begin() error {
	tx, err := r.db.Begin(true)
	if err != nil {
		return classify(err)
	}
	r.w, r.size = &writeTx{s: r.s, tx: tx, open: map[string]*bbolt.Bucket{}}, 0
	for _, name := range buckets() {
		b, err := tx.CreateBucketIfNotExists([]byte(name))
		if err != nil {
			return fmt.Errorf("making the bucket %s: %w", name, err)
		}
		b.FillPercent = max(fill(name), remakeFill)
		r.w.open[name] = b
	}
	return nil
}

// put adds an entry.
func (r *remaker) put(bucket string, k, v []byte) error {
	if err := r.w.put(bucket, k, v); err != nil {
		return err
	}
	return r.grown(len(k) + len(v))
}

// grown commits where the transaction has become large.
func (r *remaker) grown(n int) error {
	r.size += n
	r.done += int64(n)
	if r.size < remakeBytes {
		return nil
	}
	if err := r.ctx.Err(); err != nil {
		return err
	}
	r.report(CopyProgress{Stage: "database", Done: r.done, Total: max(r.done, r.total)})
	if err := r.w.tx.Commit(); err != nil {
		return classify(err)
	}
	return r.begin()
}

// close ends the new database: durably where err is nil.
func (r *remaker) close(err error) error {
	if err == nil {
		if err = classify(r.w.tx.Commit()); err == nil {
			r.report(CopyProgress{Stage: "sync"})
			err = r.db.Sync()
		}
	} else if rollback := guarded("rolling back", r.w.tx.Rollback); rollback != nil && !errors.Is(rollback, bolterrors.ErrTxClosed) {
		return errors.Join(err, rollback)
	}
	return errors.Join(err, r.db.Close())
}

// all copies everything, from the pages themselves: what is damaged is met
// rather than followed.
func (r *remaker) all(rebuild bool) error {
	r.report(CopyProgress{Stage: "database", Total: r.total})
	file := r.s.at.Load().file
	m, err := newestMeta(file)
	if err != nil {
		return err
	}
	var damage error
	w := newWalker(file, m, func(page uint64, what string) {
		if damage == nil {
			damage = fmt.Errorf("%w: page %d: %s; restore a backup, or run `stet salvage`", store.ErrCorrupt, page, what)
		}
	})
	places := w.places()
	for _, name := range slices.Sorted(maps.Keys(places)) {
		if rebuild && derived(name, nil) {
			continue
		}
		var failed error
		w.bucket(places[name], func(k, v []byte) bool {
			if rebuild && derived(name, k) {
				return true
			}
			failed = r.put(name, k, v)
			return failed == nil && damage == nil
		})
		if err := errors.Join(failed, damage); err != nil {
			return err
		}
	}
	if !rebuild {
		return nil
	}
	return r.derive(w, places)
}

// newestMeta returns the meta page that counts.
func newestMeta(file *os.File) (metaPage, error) {
	metas, errs := readMetas(file)
	best := 0
	if errs[0] != nil || errs[1] == nil && metas[1].txid > metas[0].txid {
		best = 1
	}
	if errs[best] != nil {
		return metaPage{}, fmt.Errorf("%w: the first page cannot be read: %w", store.ErrCorrupt, errs[best])
	}
	return metas[best], nil
}

// derive makes what follows from the records and blobs.
func (r *remaker) derive(w *walker, places map[string]bucketPlace) error {
	clear(w.seen) // the records are walked over a second time
	var b rawBlock
	var failed error
	w.bucket(places[bucketRecords], func(k, v []byte) bool {
		first, _, ok := readBlockKey(k)
		if !ok {
			failed = fmt.Errorf("%w: the key %x of %s is not the number of a record", store.ErrCorrupt, k, bucketRecords)
			return false
		}
		if first != b.first {
			if failed = r.deriveBlock(&b); failed != nil {
				return false
			}
			b = rawBlock{first: first}
		}
		b.bytes = append(b.bytes, v...)
		return true
	})
	if failed == nil {
		failed = r.deriveBlock(&b)
	}
	if failed != nil {
		return failed
	}
	w.bucket(places[bucketBlobs], func(k, v []byte) bool {
		var e *blobEntry
		if len(k) != len(store.Digest{}) {
			failed = fmt.Errorf("%w: the key %x of %s is not a digest", store.ErrCorrupt, k, bucketBlobs)
		} else if e, failed = readBlobEntry(store.Digest(k), v); failed == nil {
			r.counts.blobs++
			r.counts.blobBytes += uint64(e.size)
		}
		return failed == nil
	})
	if failed != nil {
		return failed
	}
	r.w.counts, r.w.changed = r.counts, true
	return r.w.flush()
}

// deriveBlock adds what leads to the records of a block.
func (r *remaker) deriveBlock(b *rawBlock) error {
	if b.first == 0 {
		return nil
	}
	records, err := r.s.codec.Decode(b.bytes, b.first)
	if err != nil {
		return fmt.Errorf("record %d: %w", b.first, err)
	}
	return r.index(b.first, records)
}

// index adds what leads to records whose numbers follow each other.
func (r *remaker) index(first uint64, records []store.Record) error {
	for i := range records {
		record := &records[i]
		r.counts.kinds[record.Kind.Number()]++
		if codec.StoresTerms(record) {
			continue
		}
		content, err := store.DecodeAny(record)
		if err != nil {
			return fmt.Errorf("record %d: %w", record.Seq, err)
		}
		record.Terms = store.TermsOf(content)
	}
	for _, run := range runsOf(records) {
		if err := r.put(bucketIDs, slices.Clone(run.id[:]), idValue(first+uint64(run.offset), run.count)); err != nil {
			return err
		}
	}
	entries := termEntries(records)
	for i := range entries {
		if err := r.w.putTerm(&entries[i], first); err != nil {
			return err
		}
		if err := r.grown(len(entries[i].prefix) + len(entries[i].list)); err != nil {
			return err
		}
	}
	return nil
}

package bolt

import (
	"context"
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
type RemakeSummary struct {
	// Before and After are the sizes of the database in bytes.
	Before int64 `json:"before"`
	After  int64 `json:"after"`
	// Records, Entries, Blobs and Jobs count what the new database holds.
	Records int64 `json:"records"`
	Entries int64 `json:"index_entries"`
	Blobs   int64 `json:"blobs"`
	Jobs    int64 `json:"jobs"`
}

// Compact writes the database of the archive in a folder anew, without the
// space that is no longer used: what was destroyed is gone from the disk
// afterwards. Nobody else may have the archive open. The new database is synced
// and proven before it takes the place of the old one in one step, so that a
// kill or a power cut at any moment leaves the one or the other. (On Windows,
// which cannot replace an open file, the archive is let go just before.)
//
// It errors with ErrBusy where the archive is in use, with ErrCorrupt where it
// is damaged, with ErrFull where there is no space for both.
func Compact(ctx context.Context, dir string, o RemakeOptions) (RemakeSummary, error) {
	r, err := remake(ctx, dir, o, false)
	if err != nil {
		return r, fmt.Errorf("compacting the archive in %s: %w", dir, err)
	}
	return r, nil
}

// Rebuild does what Compact does, and makes what follows from the records anew
// rather than copy it: the index from ids, the index from terms, and the
// counts. It mends an archive where only those are damaged.
func Rebuild(ctx context.Context, dir string, o RemakeOptions) (RemakeSummary, error) {
	r, err := remake(ctx, dir, o, true)
	if err != nil {
		return r, fmt.Errorf("rebuilding the archive in %s: %w", dir, err)
	}
	return r, nil
}

func remake(ctx context.Context, dir string, o RemakeOptions, rebuild bool) (sum RemakeSummary, err error) {
	if o.Report == nil {
		o.Report = func(CopyProgress) {}
	}
	s, err := Open(ctx, dir, Options{MustExist: true, LockTimeout: o.LockTimeout, AllowNetworkFS: o.AllowNetworkFS, Now: o.Now})
	if err != nil {
		return sum, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	info, err := s.file.Stat()
	if err != nil {
		return sum, err
	}
	sum.Before = info.Size()
	var old *proven
	if !rebuild {
		o.Report(CopyProgress{Stage: "check"})
		if old, err = s.prove(ctx, false); err != nil {
			return sum, err
		}
	}
	if err := o.Free.need(dir, sum.Before, "the new database"); err != nil {
		return sum, err
	}
	work := filepath.Join(dir, spoolFolder, remakeFolder)
	if err := os.Mkdir(work, 0o700); err != nil {
		return sum, classify(err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	if err := s.remakeInto(ctx, filepath.Join(work, FileName), rebuild, o.Report); err != nil {
		return sum, err
	}
	o.Report(CopyProgress{Stage: "prove"})
	p, err := prove(ctx, work, false)
	if err != nil {
		return sum, fmt.Errorf("the new database is not sound, the old one stays: %w", err)
	}
	if p.head != s.state.durableHead() || old != nil && old.sum != p.sum {
		return sum, fmt.Errorf("%w: the new database does not hold what the old one does, which stays", store.ErrCorrupt)
	}
	sum.Records, sum.Entries, sum.Blobs, sum.Jobs = p.sum.Records, p.sum.Entries, p.sum.Blobs, p.sum.Jobs
	if info, err = os.Stat(filepath.Join(work, FileName)); err != nil {
		return sum, classify(err)
	}
	sum.After = info.Size()
	return sum, swap(filepath.Join(work, FileName), dir, s.Close, o.Report)
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

// inPlace errors with bbolt's ErrTimeout, and closes the file, where another
// database has taken its place since it was opened: whoever waits for the lock
// while a database is replaced gets that of the old one.
func (s *Store) inPlace(path string) error {
	opened, err := s.file.Stat()
	if err == nil {
		var now os.FileInfo
		if now, err = os.Stat(path); err == nil && os.SameFile(opened, now) {
			return nil
		}
	}
	if err == nil {
		err = bolterrors.ErrTimeout
	}
	return errors.Join(err, s.db.Close())
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
	if info, err := s.file.Stat(); err == nil {
		r.total = info.Size()
	}
	err = guarded("writing the new database", func() error { return r.all(rebuild) })
	return r.close(err)
}

func newRemaker(ctx context.Context, s *Store, path string, report func(CopyProgress)) (*remaker, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockAttempt, PageSize: pageSize, FreelistType: bbolt.FreelistMapType,
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
	m, err := newestMeta(r.s.file)
	if err != nil {
		return err
	}
	var damage error
	w := newWalker(r.s.file, m, func(page uint64, what string) {
		if damage == nil {
			damage = fmt.Errorf("%w: page %d: %s; restore a backup, or run `stet salvage`", store.ErrCorrupt, page, what)
		}
	})
	places := w.places()
	for _, name := range slices.Sorted(maps.Keys(places)) {
		if rebuild && (name == bucketIDs || name == bucketTerms) {
			continue
		}
		var failed error
		w.bucket(places[name], func(k, v []byte) bool {
			if rebuild && name == bucketMeta && string(k) == metaCounts {
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

package bolt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"stet/store"
	"stet/store/codec"
)

// SalvageOptions are the settings of [Salvage]. The zero value works.
type SalvageOptions struct {
	// Report is told how far it is: "pages" (bytes), "database", "blobs" and
	// "prove". Nil tells nobody.
	Report func(CopyProgress)
	// Free says how much space is left; nil does not look.
	Free FreeSpace
	// Now is the clock; nil is the machine's.
	Now func() time.Time
}

// LostRecords are records that are missing, by their numbers in the damaged
// archive.
type LostRecords struct {
	First uint64 `json:"first"`
	Last  uint64 `json:"last"`
}

// SalvageSummary says what was found and what was lost.
type SalvageSummary struct {
	Dir string `json:"dir"`
	// Records, Blobs and Jobs count what the new archive holds.
	Records int64 `json:"records"`
	Blobs   int64 `json:"blobs"`
	Jobs    int64 `json:"jobs"`
	// Lost are the records that were not found though later ones were. What was
	// lost behind the last one that was found cannot be known.
	Lost []LostRecords `json:"lost"`
	// Renumbered is the first record, by its number in the damaged archive, that
	// has a lower number in the new one; 0 where all kept theirs.
	Renumbered uint64 `json:"renumbered"`
	// LostBlobs are those that a record refers to and that were not found whole.
	LostBlobs []store.Digest `json:"lost_blobs"`
	// JobsLost says that the work that waited could not be read.
	JobsLost bool `json:"jobs_lost"`
	// Problems counts what a check of the new archive names: references to what
	// was lost.
	Problems int64 `json:"problems"`
}

// Salvage reads the pages of the damaged archive in the folder from one by one,
// whatever leads to them, and writes every record whose checksum is right into
// a new archive in the folder to, which must be empty or not exist, with the
// blobs that those refer to, the receipts of batches, how far followers were,
// and, where they can still be followed, the jobs. The damaged archive is not
// changed.
//
// Records keep their numbers as long as none is missing before them: the
// numbers of an archive have no gaps. They always keep their ids.
//
// It errors with ErrNoStore where there is no file, with ErrBusy where the
// archive is in use, with ErrInvalid where the folder to is not empty.
func Salvage(ctx context.Context, from, to string, o SalvageOptions) (SalvageSummary, error) {
	return newSalvage(ctx, from, to, o).do()
}

// Salvage does what the function Salvage does for this archive while it is open.
// Those who write wait meanwhile; where nothing can be written any more because
// of the damage, nobody does.
func (s *Store) Salvage(ctx context.Context, to string, o SalvageOptions) (sum SalvageSummary, err error) {
	v := newSalvage(ctx, s.dir, to, o)
	v.own = true
	if s.writable() != nil {
		return v.do()
	}
	defer s.pins.hold()()
	err = s.submitAlone(ctx, func(ctx context.Context) error {
		s.remaking.Store(true)
		defer s.remaking.Store(false)
		v.ctx = ctx
		sum, err = v.do()
		return err
	})
	return sum, err
}

func newSalvage(ctx context.Context, from, to string, o SalvageOptions) *salvage {
	if o.Report == nil {
		o.Report = func(CopyProgress) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	v := &salvage{ctx: ctx, from: filepath.Clean(from), to: filepath.Clean(to), o: o, pieces: map[uint64][][]span{}, inside: map[store.Digest]span{},
		entries: map[store.Digest]*blobEntry{}, cursors: map[string]uint64{}, receipts: map[string]store.Receipt{},
		ids: map[store.ID]bool{}, wanted: map[store.Digest]bool{}}
	v.sum.Dir, v.sum.Lost, v.sum.LostBlobs = v.to, []LostRecords{}, []store.Digest{}
	return v
}

func (v *salvage) do() (SalvageSummary, error) {
	if err := v.run(); err != nil {
		return v.sum, fmt.Errorf("salvaging %s: %w", v.from, err)
	}
	return v.sum, nil
}

// span is a part of the damaged file.
type span struct {
	at  int64
	n   int
	sum uint32
}

// salvage is one salvage that is being done.
type salvage struct {
	ctx      context.Context //nolint:containedctx // of the one call of Salvage
	from, to string
	o        SalvageOptions
	sum      SalvageSummary
	file     *os.File
	size     int64
	// own is true where this process has the archive open, and nobody writes.
	own bool

	// What was found. pieces are those of blocks by the number of the first
	// record, then by the number of the piece: pages that were replaced later
	// may hold other states of it.
	pieces   map[uint64][][]span
	inside   map[store.Digest]span
	entries  map[store.Digest]*blobEntry
	cursors  map[string]uint64
	receipts map[string]store.Receipt

	r *remaker
	// kept are the runs of records that were written, in order.
	kept []keptRun
	// ids are those of the records that were written, wanted the blobs that
	// they refer to.
	ids    map[store.ID]bool
	wanted map[store.Digest]bool
}

// keptRun says that count records from old on have the numbers from new on.
type keptRun struct{ old, new, count uint64 }

func (v *salvage) run() (err error) {
	if v.file, err = os.Open(filepath.Join(v.from, FileName)); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("%w: %s holds no %s", store.ErrNoStore, v.from, FileName)
		}
		return classify(err)
	}
	defer func() { err = errors.Join(err, v.file.Close()) }()
	if !v.own && locked(v.file) {
		return busy(v.from, true)
	}
	info, err := v.file.Stat()
	if err != nil {
		return classify(err)
	}
	v.size = info.Size()
	if err := v.prepare(); err != nil {
		return err
	}
	if err = v.o.Free.need(v.to, v.size, "the new archive"); err == nil {
		err = v.scan()
	}
	if err == nil {
		err = v.write()
	}
	if err != nil {
		for _, name := range []string{spoolFolder, blobsFolder} { // which prepare made
			err = errors.Join(err, os.RemoveAll(filepath.Join(v.to, name)))
		}
	}
	return err
}

// prepare makes the folder of the new archive.
func (v *salvage) prepare() error {
	rest, err := os.ReadDir(v.to)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return classify(err)
	}
	if len(rest) > 0 {
		return fmt.Errorf("%w: the folder %s is not empty; name a new one", store.ErrInvalid, v.to)
	}
	for _, dir := range []string{v.to, filepath.Join(v.to, blobsFolder), filepath.Join(v.to, spoolFolder), filepath.Join(v.to, spoolFolder, remakeFolder)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return classify(err)
		}
	}
	return nil
}

// scan reads all pages.
func (v *salvage) scan() error {
	head := make([]byte, pageSize)
	for at := int64(0); at+pageSize <= v.size; at += pageSize {
		if at%(1<<20) == 0 {
			if err := v.ctx.Err(); err != nil {
				return err
			}
			v.o.Report(CopyProgress{Stage: "pages", Done: at, Total: v.size})
		}
		if _, err := v.file.ReadAt(head, at); err != nil {
			continue // the disk has lost it
		}
		e := binary.NativeEndian
		if e.Uint64(head) != uint64(at/pageSize) || e.Uint16(head[8:]) != flagLeaf {
			continue
		}
		b := head
		if more := int64(e.Uint32(head[12:])); more > 0 && more*pageSize < maxPiece {
			b = make([]byte, min((more+1)*pageSize, v.size-at))
			if _, err := v.file.ReadAt(b, at); err != nil {
				b = head
			}
		}
		v.leaf(b, at)
	}
	return nil
}

// leaf takes what is on a page, as far as it can be read.
func (v *salvage) leaf(b []byte, at int64) {
	elements, _ := readLeaf(b) // what stands before the damage is taken
	for _, el := range elements {
		if !el.bucket {
			v.entry(el, at+int64(cap(b)-cap(el.value)))
			continue
		}
		if len(el.value) < bucketHeader || binary.NativeEndian.Uint64(el.value) != 0 {
			continue
		}
		inline := el.value[bucketHeader:]
		within, _ := readLeaf(inline)
		for _, el := range within {
			if !el.bucket {
				v.entry(el, at+int64(cap(b)-cap(el.value)))
			}
		}
	}
}

// entry takes one entry. Which bucket it belongs to follows from what it is:
// nearly all entries carry a checksum that covers the name of their bucket.
func (v *salvage) entry(el element, at int64) {
	if first, piece, ok := readBlockKey(el.key); ok && piece <= wholeSize/pieceSize {
		v.piece(first, piece, span{at: at, n: len(el.value), sum: sum(bucketRecords, nil, el.value)})
	}
	if len(el.key) == len(store.Digest{}) {
		d := store.Digest(el.key)
		if store.DigestOf(el.value) == d {
			v.inside[d] = span{at: at, n: len(el.value)}
		} else if e, err := readBlobEntry(d, el.value); err == nil {
			v.entries[d] = e
		}
	}
	if n, err := readCursor(el.key, el.value); err == nil {
		v.cursors[string(el.key)] = max(n, v.cursors[string(el.key)]) // followers only go forward
	}
	if b, err := unseal(bucketReceipts, el.key, el.value); err == nil {
		if r, err := decodeReceipt(b); err == nil {
			v.receipts[string(el.key)] = r
		}
	}
}

func (v *salvage) piece(first uint64, piece int, s span) {
	list := v.pieces[first]
	for len(list) <= piece {
		list = append(list, nil)
	}
	v.pieces[first] = list
	for _, other := range list[piece] {
		if other.sum == s.sum && other.n == s.n {
			return
		}
	}
	list[piece] = append(list[piece], s)
}

// maxTries is how many combinations of the states of pieces are tried for a
// block.
const maxTries = 64

// block returns the records of a block, nil where none of what was found of it
// has the right checksum. More pieces than belong to it may have been found.
func (v *salvage) block(first uint64) ([]store.Record, error) {
	list := v.pieces[first]
	tries := 1
	for n, states := range list {
		if len(states) == 0 {
			list = list[:n]
			break
		}
		tries = min(tries*len(states), maxTries)
	}
	for n := len(list); n > 0; n-- {
		for try := range tries {
			b, err := v.joined(list[:n], try)
			if err != nil {
				return nil, err
			}
			if records, err := v.r.s.codec.Decode(b, first); err == nil {
				return records, nil
			}
		}
	}
	return nil, nil
}

// joined reads one combination of states of pieces.
func (v *salvage) joined(list [][]span, try int) ([]byte, error) {
	var b []byte
	for _, states := range list {
		s := states[try%len(states)]
		try /= len(states)
		at := len(b)
		b = append(b, make([]byte, s.n)...)
		if _, err := v.file.ReadAt(b[at:], s.at); err != nil {
			return nil, fmt.Errorf("reading the damaged file: %w", err)
		}
	}
	return b, nil
}

// write writes the new archive.
func (v *salvage) write() (err error) {
	c, err := codec.New()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	work := filepath.Join(v.to, spoolFolder, remakeFolder)
	path := filepath.Join(work, FileName)
	// The store is only what the blocks are read with.
	if v.r, err = newRemaker(v.ctx, &Store{dir: v.to, codec: c}, path, v.o.Report); err != nil {
		return err
	}
	if err := v.r.close(guarded("writing the new archive", v.fill)); err != nil {
		return err
	}
	v.o.Report(CopyProgress{Stage: "prove"})
	s, err := Open(v.ctx, work, Options{ReadOnly: true})
	if err != nil {
		return err
	}
	check := &checker{s: s, ctx: v.ctx, report: func(store.Problem) {}}
	if err := errors.Join(s.steady(v.ctx, check.database), s.Close()); err != nil {
		return err
	}
	if v.sum.JobsLost && check.sum.Records == 0 {
		return fmt.Errorf("%w: nothing of an archive was found in %s", store.ErrCorrupt, filepath.Join(v.from, FileName))
	}
	v.sum.Records, v.sum.Blobs, v.sum.Jobs, v.sum.Problems = check.sum.Records, check.sum.Blobs, check.sum.Jobs, check.sum.Problems
	if err := os.Rename(path, filepath.Join(v.to, FileName)); err != nil {
		return classify(err)
	}
	return errors.Join(syncFolder(v.to), syncFolder(filepath.Dir(v.to)), classify(os.RemoveAll(work)))
}

func (v *salvage) fill() error {
	for _, part := range []func() error{v.records, v.blobs, v.followers, v.jobs} {
		if err := part(); err != nil {
			return err
		}
	}
	if err := putFormat(v.r.w.tx, Format); err != nil {
		return err
	}
	v.r.w.counts, v.r.w.changed = v.r.counts, true
	return v.r.w.flush()
}

// records writes the records, in their order.
func (v *salvage) records() error {
	next, head := uint64(1), uint64(0)
	for _, first := range slices.Sorted(maps.Keys(v.pieces)) {
		records, err := v.block(first)
		if err != nil {
			return err
		}
		if len(records) == 0 || first < next || v.known(records) {
			continue
		}
		if first > next {
			v.sum.Lost = append(v.sum.Lost, LostRecords{First: next, Last: first - 1})
		}
		if first != head+1 && v.sum.Renumbered == 0 {
			v.sum.Renumbered = first
		}
		n := uint64(len(records))
		v.kept = append(v.kept, keptRun{old: first, new: head + 1, count: n})
		if err := v.put(head+1, records); err != nil {
			return err
		}
		next, head = first+n, head+n
	}
	return nil
}

// known reports whether one of the records was written already, and notes them.
func (v *salvage) known(records []store.Record) bool {
	for i := range records {
		if v.ids[records[i].ID] {
			return true
		}
	}
	for i := range records {
		v.ids[records[i].ID] = true
	}
	return false
}

// put writes records whose first gets the number seq.
func (v *salvage) put(seq uint64, records []store.Record) error {
	blocks, err := v.r.s.codec.Encode(records)
	if err != nil {
		return err
	}
	at := seq
	for i := range blocks {
		if err := v.r.w.putBlock(at, blocks[i].Seal(at)); err != nil {
			return err
		}
		at += uint64(blocks[i].Count)
		if err := v.r.grown(blocks[i].Size()); err != nil {
			return err
		}
	}
	if err := v.r.index(seq, records); err != nil {
		return err
	}
	digests, err := blobsOf(records)
	for _, d := range digests {
		v.wanted[d] = true
	}
	return err
}

// blobs writes the blobs that records refer to.
func (v *salvage) blobs() error {
	c := newBlobCopy(v.ctx, v.from, v.to, filepath.Join(v.to, spoolFolder))
	digests := slices.SortedFunc(maps.Keys(v.wanted), func(a, b store.Digest) int { return slices.Compare(a[:], b[:]) })
	for i, d := range digests {
		v.o.Report(CopyProgress{Stage: "blobs", Done: int64(i), Total: int64(len(digests))})
		e := &blobEntry{stored: instant(v.o.Now())}
		if old := v.entries[d]; old != nil {
			e.stored = old.stored
		}
		found, err := v.blob(c, d, e)
		if err != nil {
			return err
		}
		if !found {
			v.sum.LostBlobs = append(v.sum.LostBlobs, d)
			continue
		}
		v.r.counts.blobs++
		v.r.counts.blobBytes += uint64(e.size)
		if err := v.r.put(bucketBlobs, slices.Clone(d[:]), seal(bucketBlobs, d[:], e.encode())); err != nil {
			return err
		}
	}
	return c.sync()
}

// blob writes the bytes of a blob, where they were found.
func (v *salvage) blob(c *blobCopy, d store.Digest, e *blobEntry) (found bool, err error) {
	if s, ok := v.inside[d]; ok {
		data := make([]byte, s.n)
		if _, err := v.file.ReadAt(data, s.at); err != nil {
			return false, fmt.Errorf("reading the damaged file: %w", err)
		}
		e.place, e.size = placeInside, int64(s.n)
		return true, v.r.put(bucketBlobData, slices.Clone(d[:]), data)
	}
	info, err := os.Stat(blobFile(v.from, d))
	if err != nil {
		return false, nil //nolint:nilerr // it is lost, which is told
	}
	e.place, e.size = placeFile, info.Size()
	if err := c.copy(d); errors.Is(err, store.ErrCorrupt) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	return true, nil
}

// newNumber returns how many of the records up to a number were kept.
func (v *salvage) newNumber(old uint64) uint64 {
	n := uint64(0)
	for _, k := range v.kept {
		if k.old > old {
			break
		}
		n = k.new + min(k.count, old-k.old+1) - 1
	}
	return n
}

// followers writes receipts, and how far those who follow the journal were.
func (v *salvage) followers() error {
	for _, key := range slices.Sorted(maps.Keys(v.receipts)) {
		r := v.receipts[key]
		if r.Last > 0 {
			first, last := v.newNumber(r.First), v.newNumber(r.Last)
			if last-first != r.Last-r.First || first == v.newNumber(r.First-1) {
				continue // some of its records are lost: the batch may be added again
			}
			r.First, r.Last = first, last
		}
		k := []byte(key)
		if err := v.r.put(bucketReceipts, k, seal(bucketReceipts, k, encodeReceipt(&r))); err != nil {
			return err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(v.cursors)) {
		k := []byte(key)
		b := binary.AppendUvarint(nil, v.newNumber(v.cursors[key]))
		if err := v.r.put(bucketCursors, k, seal(bucketCursors, k, b)); err != nil {
			return err
		}
	}
	return nil
}

// jobs copies the jobs, where all that leads to them can be followed: single
// pages would bring work back that was done long ago.
func (v *salvage) jobs() error {
	m, err := newestMeta(v.file)
	if err != nil {
		v.sum.JobsLost = true
		return nil //nolint:nilerr // they are lost, which is told
	}
	w := newWalker(v.file, m, func(uint64, string) {})
	places := w.places()
	type entry struct {
		bucket     string
		key, value []byte
	}
	var all []entry
	for _, name := range []string{bucketJobs, bucketJobKeys, bucketDue, bucketLeases} {
		place, ok := places[name]
		before := w.problems
		if ok {
			w.bucket(place, func(k, value []byte) bool {
				all = append(all, entry{name, k, value})
				return true
			})
		}
		if !ok || w.problems > before {
			v.sum.JobsLost = true
			return nil
		}
	}
	for _, e := range all {
		if err := v.r.put(e.bucket, e.key, e.value); err != nil {
			return err
		}
	}
	return nil
}

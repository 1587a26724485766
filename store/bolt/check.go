package bolt

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"

	"go.etcd.io/bbolt"

	"stet/store"
	"stet/store/codec"
)

// Check implements [store.Checker].
//
// It looks at the database as it was at one moment, and then at the files of
// blobs. Writing goes on meanwhile; the space of what is replaced is used
// again only when the check has ended.
func (s *Store) Check(ctx context.Context, report func(store.Problem)) (store.CheckSummary, error) {
	c := &checker{s: s, ctx: ctx, report: report}
	if err := s.usable(ctx); err != nil {
		return c.sum, err
	}
	if err := s.steady(ctx, c.database); err != nil {
		return c.sum, err
	}
	if err := c.files(); err != nil {
		return c.sum, err
	}
	return c.sum, nil
}

// errMovedOn is returned where two commits came between the beginning of the
// transaction and the reading of its first page; maxMovedOn is how often the
// check begins again.
var errMovedOn = errors.New("the archive changes too quickly to be checked; try again")

const maxMovedOn = 100

// checker looks at one state of a store.
type checker struct {
	s      *Store
	ctx    context.Context //nolint:containedctx // of the one call of Check
	report func(store.Problem)
	sum    store.CheckSummary

	tx     *bbolt.Tx
	file   *os.File // that tx sees
	walker *walker
	places map[string]bucketPlace
	// damaged are the buckets whose pages are damaged. Nothing is looked up in
	// them, only what can still be read of them is looked at.
	damaged map[string]bool
	head    uint64
	counts  counts
	// entries counts the index entries that the records ask for.
	entries int64
	// inFiles are the blobs whose files are to be hashed.
	inFiles []store.Digest
	// lost counts those of the problems that are blobs which are not stored any
	// more, as after a salvage: the database itself is sound.
	lost int64
}

func (c *checker) problem(thing, name, format string, args ...any) {
	c.sum.Problems++
	c.report(store.Problem{Thing: thing, Name: name, What: fmt.Sprintf(format, args...)})
}

// try runs a part of the check and reports what keeps it from its end.
func (c *checker) try(thing, name string, fn func() error) {
	if err := guarded("reading it", fn); err != nil {
		c.problem(thing, name, "%v", err)
	}
}

// look runs a part of the check that looks something up in buckets, where they
// can be trusted.
func (c *checker) look(thing, name string, fn func() error, buckets ...string) {
	for _, b := range buckets {
		if c.damaged[b] {
			return
		}
	}
	c.try(thing, name, fn)
}

// bucket calls fn for the entries of a bucket, as far as they can be read.
func (c *checker) bucket(name string, fn func(k, v []byte)) error {
	n := 0
	c.walker.bucket(c.places[name], func(k, v []byte) bool {
		if n++; n%1000 == 0 && c.ctx.Err() != nil {
			return false
		}
		fn(k, v)
		return true
	})
	return c.ctx.Err()
}

// database looks at everything in the bbolt file.
func (c *checker) database(tx *bbolt.Tx, file *os.File) error {
	c.tx, c.file = tx, file
	if err := c.pages(); err != nil {
		return err
	}
	for _, part := range []func() error{
		c.records, c.ids, c.terms, c.receipts, c.jobs, c.jobKeys, c.due, c.leases, c.cursors, c.blobs, c.blobData, c.metas,
	} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

// stateOf returns the meta page of the state that a transaction sees; what is
// wrong with the two, in errs. It errors with errMovedOn.
func stateOf(tx *bbolt.Tx, file *os.File) (meta metaPage, errs [2]error, err error) {
	metas, errs := readMetas(file)
	for n := 0; errors.Join(errs[:]...) != nil && n < maxMovedOn; n++ {
		metas, errs = readMetas(file) // it may be in the middle of being written
	}
	found := slices.IndexFunc(metas[:], func(m metaPage) bool { return m.txid == uint64(tx.ID()) })
	if found < 0 || errs[found] != nil {
		return metaPage{}, errs, errMovedOn
	}
	return metas[found], errs, nil
}

// steady runs fn in a read transaction, again where the archive moved on.
func (s *Store) steady(ctx context.Context, fn func(*bbolt.Tx, *os.File) error) error {
	err := s.viewFile(ctx, fn)
	for n := 0; errors.Is(err, errMovedOn) && n < maxMovedOn; n++ {
		err = s.viewFile(ctx, fn)
	}
	return err
}

// pages looks at the pages of the state that the transaction sees.
func (c *checker) pages() error {
	meta, errs, err := stateOf(c.tx, c.file)
	if err != nil {
		return err
	}
	for i, err := range errs {
		if err != nil {
			c.problem("page", fmt.Sprint(i), "one of the two pages that say where everything is cannot be read: %v; what was added last may be missing", err)
		}
	}
	w := newWalker(c.file, meta, func(page uint64, what string) {
		c.problem("page", fmt.Sprint(page), "%s", what)
	})
	c.places, c.damaged = w.places(), map[string]bool{}
	if err := c.bucketPages(w); err != nil {
		return err
	}
	w.rest()
	if w.problems == 0 && c.s.readOnly {
		// bbolt's own check must not run beside a writer, and must not meet a
		// damaged page, because it reads pages in a goroutine of its own.
		for err := range c.tx.Check() {
			c.problem("page", FileName, "%v", err)
		}
	}
	c.walker = newWalker(c.file, meta, func(uint64, string) {}) // they are reported already
	c.walker.seen = make([]byte, len(w.seen))
	return nil
}

// bucketPages walks over the pages of all buckets and notes which are damaged.
func (c *checker) bucketPages(w *walker) error {
	root := w.problems > 0
	for _, name := range buckets() {
		place, ok := c.places[name]
		before := w.problems
		if !ok {
			w.problem(w.meta.root, "the bucket %s is missing", name)
			c.damaged[name] = true
			continue
		}
		w.bucket(place, func(_, _ []byte) bool { return c.ctx.Err() == nil })
		c.damaged[name] = root || w.problems > before
		if c.damaged[name] {
			c.problem("page", name, "pages of the bucket are damaged: what leads into it cannot be followed")
		}
	}
	return c.ctx.Err()
}

// records looks at the blocks of records, in the order of the journal.
func (c *checker) records() error {
	var b rawBlock
	pieces := 0
	err := c.bucket(bucketRecords, func(k, v []byte) {
		first, piece, ok := readBlockKey(k)
		if !ok {
			c.problem("journal", hex.EncodeToString(k), "the key is not the number of a record")
			return
		}
		if first != b.first {
			c.block(&b)
			b, pieces = rawBlock{first: first}, 0
		}
		if piece != pieces {
			c.problem("record", fmt.Sprint(b.first), "its piece %d is missing", pieces)
		}
		pieces++
		b.bytes = append(b.bytes, v...)
	})
	c.block(&b)
	return err
}

// block looks at one block.
func (c *checker) block(b *rawBlock) {
	if len(b.bytes) == 0 {
		return
	}
	if b.first != c.head+1 {
		c.problem("journal", fmt.Sprint(c.head+1), "after record %d the next one is %d", c.head, b.first)
	}
	c.head = b.first + max(b.count(), 1) - 1
	records, err := c.s.codec.Decode(b.bytes, b.first)
	if err != nil {
		c.problem("record", fmt.Sprint(b.first), "%v", err)
		return
	}
	leaves, err := codec.Leaves(b.bytes, b.first)
	if err != nil {
		c.problem("record", fmt.Sprint(b.first), "%v", err)
		return
	}
	for i := range records {
		c.record(&records[i], leaves[i])
	}
}

func (c *checker) record(r *store.Record, leaf store.Hash) {
	c.sum.Records++
	c.counts.kinds[r.Kind.Number()]++
	name := r.ID.String()
	if r.Leaf() != leaf {
		c.problem("record", name, "it does not have the leaf %s that was stored with it", leaf)
	}
	c.look("index", name, func() error {
		seq, err := seqOf(c.tx, r.ID)
		if err == nil && seq != r.Seq {
			err = fmt.Errorf("its id leads to record %d, and it is record %d", seq, r.Seq)
		}
		return err
	}, bucketIDs)
	if !r.Whole() {
		c.look("record", name, func() error { return c.redacted(r.ID) }, bucketTerms)
	}
	content, err := store.DecodeAny(r)
	if err != nil {
		c.problem("record", name, "%v", err)
		return
	}
	terms := r.Terms
	if !codec.StoresTerms(r) {
		terms = store.TermsOf(content)
	}
	for _, t := range terms {
		c.entries++
		c.look("index", name, func() error { return c.entry(t, r) }, bucketTerms)
	}
	if content == nil {
		return
	}
	for _, id := range store.References(content) {
		c.look("record", name, func() error {
			if _, err := seqOf(c.tx, id); err != nil {
				return fmt.Errorf("it refers to %w", err)
			}
			return nil
		}, bucketIDs)
	}
}

// redacted looks whether a redaction says why content is missing.
func (c *checker) redacted(id store.ID) error {
	found := false
	err := postings(c.tx, &store.Query{Term: store.RecordTerm(id), Kinds: []store.Kind{store.KindRedaction}}, func(posting) bool {
		found = true
		return false
	})
	if err == nil && !found {
		err = errors.New(store.NoRedaction)
	}
	return err
}

// entry looks whether a record stands under a term.
func (c *checker) entry(t store.Term, r *store.Record) error {
	found := false
	err := postings(c.tx, &store.Query{Term: t, After: r.Seq - 1, Before: r.Seq + 1}, func(p posting) bool {
		found = p.kind == r.Kind.Number()
		return false
	})
	if err == nil && !found {
		err = fmt.Errorf("the entry %s %q is missing", t.Index, t.Value)
	}
	return err
}

// ids looks at the index from ids to numbers: that it names no more than there
// is. That each record is named was looked at before.
func (c *checker) ids() error {
	named := int64(0)
	err := c.bucket(bucketIDs, func(k, v []byte) {
		_, count, err := readIDValue(v)
		if err != nil || len(k) != len(store.ID{}) || int(k[len(k)-1])+count > 256 {
			c.problem("index", hex.EncodeToString(k), "the entry of an id cannot be read")
			return
		}
		named += int64(count)
	})
	if err != nil || named == c.sum.Records {
		return err
	}
	c.problem("index", bucketIDs, "it names %d ids, and there are %d records", named, c.sum.Records)
	return c.bucket(bucketIDs, func(k, v []byte) {
		seq, count, err := readIDValue(v)
		if err != nil || len(k) != len(store.ID{}) {
			return
		}
		for n := range count {
			id := store.ID(k)
			id[15] += byte(n)
			c.look("index", id.String(), func() error { return c.idEntry(id, seq+uint64(n)) }, bucketRecords)
		}
	})
}

func (c *checker) idEntry(id store.ID, seq uint64) error {
	r, err := c.recordAt(seq)
	if err == nil && r.ID != id {
		err = fmt.Errorf("it leads to record %d, which is %s", seq, r.ID)
	}
	return err
}

// recordAt reads a record in the state that is looked at.
func (c *checker) recordAt(seq uint64) (*store.Record, error) {
	b, _, _, err := blockOf(mustBucket(c.tx, bucketRecords).Cursor(), seq)
	if err != nil {
		return nil, err
	}
	records, err := c.s.codec.Decode(b.bytes, b.first)
	if err != nil {
		return nil, err
	}
	return &records[seq-b.first], nil
}

// terms looks at the index entries: that they are in order, name no more than
// the records ask for, and that the blobs they name are stored.
func (c *checker) terms() error {
	var last store.Term
	var lastSeq uint64
	err := c.eachEntry(func(t store.Term, list []posting, key []byte) {
		if t != last {
			last, lastSeq = t, 0
			c.blobTerm(t, list[0].seq)
		}
		for _, p := range list {
			c.sum.Entries++
			if p.seq <= lastSeq {
				c.problem("index", hex.EncodeToString(key), "record %d stands twice or out of order under %s %q", p.seq, t.Index, t.Value)
			}
			lastSeq = p.seq
		}
	})
	if err != nil || c.sum.Entries == c.entries {
		return err
	}
	c.problem("index", bucketTerms, "it has %d entries, and the records ask for %d", c.sum.Entries, c.entries)
	return c.eachEntry(func(t store.Term, list []posting, key []byte) {
		for _, p := range list {
			c.look("index", hex.EncodeToString(key), func() error { return c.termEntry(t, p) }, bucketRecords)
		}
	})
}

// eachEntry calls fn for each entry of terms that can be read, and reports the
// others.
func (c *checker) eachEntry(fn func(t store.Term, list []posting, key []byte)) error {
	var list []posting
	return c.bucket(bucketTerms, func(k, v []byte) {
		t, first, err := readTermKey(k)
		if err == nil {
			list, err = readPostings(list[:0], first, v)
		}
		if err != nil {
			c.problem("index", hex.EncodeToString(k), "the entry cannot be read: %v", err)
			return
		}
		fn(t, list, k)
	})
}

// termEntry looks whether a record carries a term under which it stands.
func (c *checker) termEntry(t store.Term, p posting) error {
	r, err := c.recordAt(p.seq)
	if err != nil {
		return err
	}
	terms := r.Terms
	if !codec.StoresTerms(r) {
		content, err := store.DecodeAny(r)
		if err != nil {
			return err
		}
		terms = store.TermsOf(content)
	}
	for _, carried := range terms {
		if carried == t {
			return nil
		}
	}
	return fmt.Errorf("it says that record %d carries %s %q, and it does not", p.seq, t.Index, t.Value)
}

func (c *checker) blobTerm(t store.Term, seq uint64) {
	if t.Index != store.IndexBlob {
		return
	}
	d, ok := digestOf(t.Value)
	if !ok {
		c.problem("index", fmt.Sprintf("%x", t.Value), "record %d refers to a blob by what is not a digest", seq)
		return
	}
	c.look("blob", d.String(), func() error {
		e, err := blobOf(mustBucket(c.tx, bucketBlobs), d)
		if err == nil && e == nil {
			c.lost++
			err = fmt.Errorf("record %d refers to it and it is not stored", seq)
		}
		return err
	}, bucketBlobs)
}

// receipts looks at the receipts of batches with keys.
func (c *checker) receipts() error {
	return c.bucket(bucketReceipts, func(k, v []byte) {
		c.try("receipt", string(k), func() error {
			b, err := unseal(bucketReceipts, k, v)
			if err != nil {
				return err
			}
			r, err := decodeReceipt(b)
			if err == nil && (r.First > r.Last || r.Last > c.head) {
				err = fmt.Errorf("it names the records %d to %d", r.First, r.Last)
			}
			return err
		})
	})
}

// cursors looks at how far the followers of the journal are.
func (c *checker) cursors() error {
	return c.bucket(bucketCursors, func(k, v []byte) {
		c.try("cursor", string(bytes.TrimPrefix(k, cursorKey(""))), func() error {
			_, err := readCursor(k, v)
			return err
		})
	})
}

// metas looks at the format and the counts.
func (c *checker) metas() error {
	return c.bucket(bucketMeta, func(k, v []byte) {
		c.try("meta", string(k), func() error {
			b, err := unseal(bucketMeta, k, v)
			if err != nil {
				return err
			}
			switch string(k) {
			case metaCounts:
				if want := c.counts.encode(); !bytes.Equal(b, want) {
					return errors.New("the numbers of records and blobs are not those that were counted")
				}
			case metaFormat:
			default:
				return errors.New("it is of no known kind")
			}
			return nil
		})
	})
}

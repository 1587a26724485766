package mem

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"stet/store"
)

// Options are the settings of a [Store]. The zero value works.
type Options struct {
	// Now is the clock; nil is the machine's.
	Now func() time.Time
}

// Store keeps an archive in memory. It implements [store.Backend],
// [store.Blobs], [store.Checker] and [store.Statter], and is safe for
// concurrent use.
type Store struct {
	now func() time.Time

	mu       sync.Mutex
	closed   bool
	faults   []Fault
	records  []entry // records[i] has the journal number i+1
	byID     map[store.ID]uint64
	index    map[store.Term][]uint64
	receipts map[string]store.Receipt
	jobs     map[store.ID]*store.Job
	jobKeys  map[jobKey]store.ID
	cursors  map[string]uint64
	blobs    map[store.Digest]*blob
}

// entry is a stored record with what was derived when it was added.
type entry struct {
	record store.Record
	leaf   store.Hash
}

var (
	_ store.Backend = (*Store)(nil)
	_ store.Blobs   = (*Store)(nil)
	_ store.Checker = (*Store)(nil)
	_ store.Statter = (*Store)(nil)
)

// errClosed is what every operation returns after Close.
var errClosed = errors.New("the archive in memory was closed")

// New returns an empty store.
func New(o Options) *Store {
	s := &Store{
		now:      o.Now,
		byID:     map[store.ID]uint64{},
		index:    map[store.Term][]uint64{},
		receipts: map[string]store.Receipt{},
		jobs:     map[store.ID]*store.Job{},
		jobKeys:  map[jobKey]store.ID{},
		cursors:  map[string]uint64{},
		blobs:    map[store.Digest]*blob{},
	}
	if s.now == nil {
		s.now = time.Now
	}
	return s
}

// Close refuses every later operation. It may be called again.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

// begin takes the lock for an operation and returns what releases it. It
// errors, with the lock released, where the operation must not be done.
func (s *Store) begin(ctx context.Context, op Op) (done func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, errClosed
	}
	if err := s.fault(op, false); err != nil {
		s.mu.Unlock()
		return nil, err
	}
	return s.mu.Unlock, nil
}

// Append implements [store.Records].
func (s *Store) Append(ctx context.Context, b store.Batch) (store.Receipt, error) {
	done, err := s.begin(ctx, OpAppend)
	if err != nil {
		return store.Receipt{}, err
	}
	defer done()
	receipt, err := s.commit(&b)
	if err != nil {
		return store.Receipt{}, err
	}
	if err := s.fault(OpAppend, true); err != nil {
		return store.Receipt{}, err
	}
	return receipt, nil
}

// commit applies a batch. Nothing is changed where it errors.
func (s *Store) commit(b *store.Batch) (store.Receipt, error) {
	if r, ok := s.receipts[b.Key]; ok && b.Key != "" {
		r = cloneReceipt(r)
		r.Repeated = true
		return r, nil
	}
	if err := s.checkRecords(b.Records); err != nil {
		return store.Receipt{}, err
	}
	var receipt store.Receipt
	tx := jobTx{s: s, now: s.now()}
	jobs, err := tx.apply(b)
	if err != nil {
		tx.rollback()
		return store.Receipt{}, err
	}
	receipt.Jobs = jobs
	for i := range b.Records {
		s.add(&b.Records[i])
	}
	if n := len(b.Records); n > 0 {
		receipt.Last = uint64(len(s.records))
		receipt.First = receipt.Last - uint64(n) + 1
	}
	if b.Key != "" {
		s.receipts[b.Key] = cloneReceipt(receipt)
	}
	return receipt, nil
}

func (s *Store) checkRecords(records []store.Record) error {
	fresh := make(map[store.ID]bool, len(records))
	for i := range records {
		r := &records[i]
		if _, ok := s.byID[r.ID]; ok || fresh[r.ID] {
			return fmt.Errorf("%w: record %s exists already", store.ErrConflict, r.ID)
		}
		fresh[r.ID] = true
		if err := s.blobsThere(r); err != nil {
			return err
		}
	}
	return nil
}

// blobsThere errors where a record refers to a blob that is not stored.
func (s *Store) blobsThere(r *store.Record) error {
	for _, t := range r.Terms {
		if t.Index != store.IndexBlob {
			continue
		}
		if d, ok := digestOf(t.Value); !ok || s.blobs[d] == nil {
			return fmt.Errorf("%w: record %s refers to the blob %x, which is not stored", store.ErrInvalid, r.ID, t.Value)
		}
	}
	return nil
}

// add gives a record the next number.
func (s *Store) add(r *store.Record) {
	seq := uint64(len(s.records)) + 1
	c := cloneRecord(r)
	c.Seq = seq
	s.records = append(s.records, entry{record: c, leaf: c.Leaf()})
	s.byID[c.ID] = seq
	for _, t := range c.Terms {
		s.index[t] = append(s.index[t], seq)
		if d, ok := digestOf(t.Value); ok && t.Index == store.IndexBlob {
			s.blobs[d].kept = time.Time{}
		}
	}
}

// read returns the record with a number, as a reader gets it.
func (s *Store) read(seq uint64) store.Record {
	r := cloneRecord(&s.records[seq-1].record)
	if r.Whole() {
		r.Terms = nil
	}
	return r
}

// Get implements [store.Records].
func (s *Store) Get(ctx context.Context, id store.ID) (store.Record, error) {
	done, err := s.begin(ctx, OpGet)
	if err != nil {
		return store.Record{}, err
	}
	defer done()
	seq, ok := s.byID[id]
	if !ok {
		return store.Record{}, fmt.Errorf("record %s: %w", id, store.ErrNotFound)
	}
	return s.read(seq), nil
}

// List implements [store.Records].
func (s *Store) List(ctx context.Context, q store.Query) (store.Page, error) {
	done, err := s.begin(ctx, OpList)
	if err != nil {
		return store.Page{}, err
	}
	defer done()
	limit := cmp.Or(q.Limit, 100)
	seqs := slices.Clone(s.index[q.Term])
	if q.Newest {
		slices.Reverse(seqs)
	}
	var page store.Page
	for _, seq := range seqs {
		kind := s.records[seq-1].record.Kind
		if seq <= q.After || q.Before > 0 && seq >= q.Before || len(q.Kinds) > 0 && !slices.Contains(q.Kinds, kind) {
			continue
		}
		if len(page.Records) == limit {
			page.More = true
			break
		}
		page.Records = append(page.Records, s.read(seq))
	}
	return page, nil
}

// Values implements [store.Records].
func (s *Store) Values(ctx context.Context, x store.Index, prefix, after string, limit int) ([]string, error) {
	done, err := s.begin(ctx, OpList)
	if err != nil {
		return nil, err
	}
	defer done()
	var values []string
	for t := range maps.Keys(s.index) {
		if t.Index == x && strings.HasPrefix(t.Value, prefix) && t.Value > after {
			values = append(values, t.Value)
		}
	}
	slices.Sort(values)
	return values[:min(len(values), cmp.Or(limit, 1000))], nil
}

package mem

import (
	"context"
	"fmt"
	"slices"
	"time"

	"stet/store"
)

var _ store.Redactor = (*Store)(nil)

// Redact implements [store.Redactor].
func (s *Store) Redact(ctx context.Context, b store.Batch, changed []store.Record) (store.Receipt, error) {
	done, err := s.begin(ctx, OpRedact)
	if err != nil {
		return store.Receipt{}, err
	}
	defer done()
	if _, used := s.receipts[b.Key]; !used || b.Key == "" {
		if err := s.replaceable(changed); err != nil {
			return store.Receipt{}, err
		}
	}
	receipt, err := s.commit(&b)
	if err != nil {
		return store.Receipt{}, err
	}
	if !receipt.Repeated {
		for i := range changed {
			s.replace(&changed[i])
		}
	}
	if err := s.fault(OpRedact, true); err != nil {
		return store.Receipt{}, err
	}
	return receipt, nil
}

// replaceable errors where a record cannot take the place of the stored one.
func (s *Store) replaceable(changed []store.Record) error {
	seen := map[store.ID]bool{}
	for i := range changed {
		r := &changed[i]
		if seen[r.ID] {
			return fmt.Errorf("%w: record %s is changed twice", store.ErrInvalid, r.ID)
		}
		seen[r.ID] = true
		seq, ok := s.byID[r.ID]
		if !ok {
			return fmt.Errorf("record %s: %w", r.ID, store.ErrNotFound)
		}
		if err := store.CheckReplacement(&s.records[seq-1].record, r); err != nil {
			return err
		}
		if err := s.blobsThere(r); err != nil {
			return err
		}
	}
	return nil
}

// replace puts a record in the place of the stored one.
func (s *Store) replace(r *store.Record) {
	seq := s.byID[r.ID]
	stored := &s.records[seq-1].record
	for _, t := range stored.Terms {
		if slices.Contains(r.Terms, t) {
			continue
		}
		s.index[t] = slices.DeleteFunc(s.index[t], func(n uint64) bool { return n == seq })
		if len(s.index[t]) == 0 {
			delete(s.index, t)
		}
	}
	for _, t := range r.Terms {
		if t.Index == store.IndexBlob {
			s.blobs[store.Digest([]byte(t.Value))].kept = time.Time{}
		}
		at, found := slices.BinarySearch(s.index[t], seq)
		if !found {
			s.index[t] = slices.Insert(s.index[t], at, seq)
		}
	}
	c := cloneRecord(r)
	c.Seq = seq
	*stored = c
}

package postgres

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"stet/store"
)

var _ store.Redactor = (*Store)(nil)

// Redact implements [store.Redactor]. What is taken out stays in the files of
// the tables until the server has written them anew.
func (s *Store) Redact(ctx context.Context, b store.Batch, changed []store.Record) (store.Receipt, error) {
	p, err := s.prepareBatch(&b)
	if err != nil {
		return store.Receipt{}, err
	}
	for i := range changed {
		for _, t := range changed[i].Terms {
			if t.Index == store.IndexBlob {
				p.blobs = append(p.blobs, []byte(t.Value))
			}
		}
	}
	a := &addition{prepared: p, ctx: ctx}
	err = s.retrying(ctx, func(tx pgx.Tx) error {
		a.receipt = store.Receipt{}
		if err := s.addIn(ctx, tx, []*addition{a}); err != nil || a.receipt.Repeated {
			return err
		}
		return s.replace(ctx, tx, changed)
	})
	if err != nil {
		return store.Receipt{}, err
	}
	return a.receipt, nil
}

// replace puts records in the place of the stored ones, block by block.
func (s *Store) replace(ctx context.Context, tx pgx.Tx, changed []store.Record) error {
	seqs := make([]int64, len(changed))
	for i := range changed {
		err := tx.QueryRow(ctx, `SELECT seq FROM records WHERE id = $1`, changed[i].ID[:]).Scan(&seqs[i])
		if err != nil {
			return orNotFound(ctx, err, "record %s", changed[i].ID)
		}
		if slices.Contains(seqs[:i], seqs[i]) {
			return fmt.Errorf("%w: record %s is changed twice", store.ErrInvalid, changed[i].ID)
		}
	}
	order := make([]int, len(changed))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return int(seqs[a] - seqs[b]) }) // one order for everybody
	for len(order) > 0 {
		n, err := s.replaceInBlock(ctx, tx, changed, seqs, order)
		if err != nil {
			return err
		}
		order = order[n:]
	}
	return nil
}

// replaceInBlock replaces the first records of order that stand in one block,
// and returns how many those are.
func (s *Store) replaceInBlock(ctx context.Context, tx pgx.Tx, changed []store.Record, seqs []int64, order []int) (int, error) {
	var first int64
	var sealed []byte
	err := tx.QueryRow(ctx, `SELECT first, bytes FROM blocks WHERE first <= $1 ORDER BY first DESC LIMIT 1 FOR UPDATE`, seqs[order[0]]).Scan(&first, &sealed)
	if err != nil {
		return 0, orNotFound(ctx, err, "the block of record %d", seqs[order[0]])
	}
	records, err := s.codec.Decode(sealed, uint64(first))
	if err != nil {
		return 0, err
	}
	var q pgx.Batch
	n := 0
	for ; n < len(order) && seqs[order[n]]-first < int64(len(records)); n++ {
		seq := seqs[order[n]]
		stored, r := &records[seq-first], changed[order[n]]
		if err := store.CheckReplacement(stored, &r); err != nil {
			return 0, err
		}
		if err := queueEntries(&q, stored, &r, seq); err != nil {
			return 0, err
		}
		*stored = r
	}
	if n == 0 {
		return 0, fmt.Errorf("%w: record %d is missing", store.ErrCorrupt, seqs[order[0]])
	}
	return n, s.rewriteBlock(ctx, tx, &q, first, records)
}

// queueEntries takes back the index entries that a changed record does not
// carry any more, and adds those that are new.
func queueEntries(q *pgx.Batch, stored, r *store.Record, seq int64) error {
	before, err := store.StoredTerms(stored)
	if err != nil {
		return err
	}
	for _, t := range before {
		if !slices.Contains(r.Terms, t) {
			q.Queue(`DELETE FROM terms WHERE idx = $1 AND value = $2 AND seq = $3`, int16(t.Index.Number()), []byte(t.Value), seq)
		}
	}
	for _, t := range r.Terms {
		if !slices.Contains(before, t) {
			q.Queue(`INSERT INTO terms (idx, value, seq, kind) VALUES ($1, $2, $3, $4)`,
				int16(t.Index.Number()), []byte(t.Value), seq, int16(r.Kind.Number()))
		}
	}
	return nil
}

// rewriteBlock writes a block anew, as several ones where it grew.
func (s *Store) rewriteBlock(ctx context.Context, tx pgx.Tx, q *pgx.Batch, first int64, records []store.Record) error {
	blocks, err := s.codec.Encode(records)
	if err != nil {
		return err
	}
	q.Queue(`DELETE FROM blocks WHERE first = $1`, first)
	for i := range blocks {
		raw, count := int64(0), blocks[i].Count
		for _, r := range records[:count] {
			for _, f := range r.Fields {
				raw += int64(len(f.Value))
			}
		}
		q.Queue(`INSERT INTO blocks (first, count, raw, bytes) VALUES ($1, $2, $3, $4)`,
			first, count, raw, bytes.Clone(blocks[i].Seal(uint64(first))))
		first, records = first+int64(count), records[count:]
	}
	return tx.SendBatch(ctx, q).Close()
}

var _ store.Compacter = (*Store)(nil)

// Compact implements [store.Compacter]: the server writes the tables anew, each
// locked meanwhile. Its log of changes and its backups keep what they have, as
// long as the operator keeps them.
func (s *Store) Compact(ctx context.Context, report func(store.CopyProgress)) (store.CompactSummary, error) {
	var sum store.CompactSummary
	before, err := s.Stats(ctx)
	if err != nil {
		return sum, err
	}
	if report != nil {
		report(store.CopyProgress{Stage: "database"})
	}
	if _, err := s.pool.Exec(ctx, `VACUUM (FULL, ANALYZE) blocks, terms, jobs, batch_jobs, batches, blobs, chunks, uploads`); err != nil {
		return sum, fmt.Errorf("writing the tables anew: %w", classify(ctx, err))
	}
	after, err := s.Stats(ctx)
	if err != nil {
		return sum, err
	}
	sum.Before, sum.After, sum.Blobs = before.Bytes, after.Bytes, after.Blobs
	for _, n := range after.Kinds {
		sum.Records += n
	}
	err = s.pool.QueryRow(ctx, `SELECT (SELECT count(*) FROM terms), (SELECT count(*) FROM jobs)`).Scan(&sum.Entries, &sum.Jobs)
	return sum, classify(ctx, err)
}

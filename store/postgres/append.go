package postgres

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"stet/store"
	"stet/store/codec"
)

// prepared is what a batch costs in computing, done before its transaction.
type prepared struct {
	batch  *store.Batch
	blocks []codec.Block
	raw    []int64 // bytes of the fields, by block
	blobs  [][]byte
}

func (s *Store) prepareBatch(b *store.Batch) (*prepared, error) {
	p := &prepared{batch: b}
	var err error
	if p.blocks, err = s.codec.Encode(b.Records); err != nil {
		return nil, err
	}
	rest := b.Records
	for i := range p.blocks {
		size := int64(0)
		for _, r := range rest[:p.blocks[i].Count] {
			for _, f := range r.Fields {
				size += int64(len(f.Value))
			}
		}
		p.raw = append(p.raw, size)
		rest = rest[p.blocks[i].Count:]
	}
	for i := range b.Records {
		for _, t := range b.Records[i].Terms {
			if t.Index == store.IndexBlob {
				p.blobs = append(p.blobs, []byte(t.Value))
			}
		}
	}
	slices.SortFunc(p.blobs, bytes.Compare)
	p.blobs = slices.CompactFunc(p.blobs, bytes.Equal)
	return p, nil
}

// Append implements [store.Records].
func (s *Store) Append(ctx context.Context, b store.Batch) (store.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return store.Receipt{}, err
	}
	p, err := s.prepareBatch(&b)
	if err != nil {
		return store.Receipt{}, err
	}
	var receipt store.Receipt
	err = s.retrying(ctx, func(tx pgx.Tx) error {
		receipt = store.Receipt{}
		return s.appendIn(ctx, tx, p, &receipt)
	})
	if err != nil {
		return store.Receipt{}, err
	}
	return receipt, nil
}

func (s *Store) appendIn(ctx context.Context, tx pgx.Tx, p *prepared, receipt *store.Receipt) error {
	b := p.batch
	if b.Key != "" {
		tag, err := tx.Exec(ctx, `INSERT INTO batches (key) VALUES ($1) ON CONFLICT DO NOTHING`, []byte(b.Key))
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return readReceipt(ctx, tx, b.Key, receipt)
		}
	}
	if err := lockBlobs(ctx, tx, p.blobs); err != nil {
		return err
	}
	jobs, err := s.applyJobs(ctx, tx, b)
	if err != nil {
		return err
	}
	receipt.Jobs = jobs
	if n := len(b.Records); n > 0 {
		// From here on every other writer waits.
		row := tx.QueryRow(ctx, `UPDATE counters SET value = value + $1 WHERE name = 'journal' RETURNING value`, n)
		if err := row.Scan(&receipt.Last); err != nil {
			return err
		}
		receipt.First = receipt.Last - uint64(n) + 1
	}
	return insert(ctx, tx, p, receipt)
}

// lockBlobs makes sure that the blobs are stored and will be until the
// transaction ends, and ends the time for which their commit keeps them.
func lockBlobs(ctx context.Context, tx pgx.Tx, digests [][]byte) error {
	if len(digests) == 0 {
		return nil
	}
	rows, err := tx.Query(ctx, `SELECT digest FROM blobs WHERE digest = ANY ($1) AND place < 2 ORDER BY digest FOR UPDATE`, digests)
	if err != nil {
		return err
	}
	stored, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		return err
	}
	for _, d := range digests {
		if !slices.ContainsFunc(stored, func(s []byte) bool { return bytes.Equal(s, d) }) {
			return fmt.Errorf("%w: a record refers to the blob %x, which is not stored", store.ErrInvalid, d)
		}
	}
	_, err = tx.Exec(ctx, `UPDATE blobs SET kept = NULL WHERE digest = ANY ($1) AND kept IS NOT NULL`, digests)
	return err
}

// insert writes the records under their numbers, and the receipt.
func insert(ctx context.Context, tx pgx.Tx, p *prepared, receipt *store.Receipt) error {
	var q pgx.Batch
	if len(p.batch.Records) > 0 {
		queueRecords(&q, p, receipt.First)
		queueTerms(&q, p.batch.Records, receipt.First)
	}
	if key := []byte(p.batch.Key); len(key) > 0 {
		q.Queue(`UPDATE batches SET first = $2, last = $3 WHERE key = $1`, key, receipt.First, receipt.Last)
		for n := range receipt.Jobs {
			q.Queue(`INSERT INTO batch_jobs SELECT $1, $2, j.* FROM jobs j WHERE id = $3`, key, n, receipt.Jobs[n].ID[:])
		}
	}
	if q.Len() == 0 {
		return nil
	}
	return tx.SendBatch(ctx, &q).Close()
}

func queueRecords(q *pgx.Batch, p *prepared, first uint64) {
	var (
		firsts, counts []int64
		blocks         [][]byte
		seq            = first
	)
	for i := range p.blocks {
		firsts, counts = append(firsts, int64(seq)), append(counts, int64(p.blocks[i].Count))
		blocks = append(blocks, p.blocks[i].Seal(seq))
		seq += uint64(p.blocks[i].Count)
	}
	q.Queue(`INSERT INTO blocks (first, count, raw, bytes)
		SELECT * FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::bytea[])`, firsts, counts, p.raw, blocks)

	var (
		ids, leaves [][]byte
		seqs        []int64
		kinds       []int16
	)
	for i := range p.batch.Records {
		r := &p.batch.Records[i]
		leaf := r.Leaf()
		ids, leaves = append(ids, r.ID[:]), append(leaves, leaf[:])
		seqs, kinds = append(seqs, int64(first)+int64(i)), append(kinds, int16(r.Kind.Number()))
	}
	q.Queue(`INSERT INTO records (id, seq, kind, leaf)
		SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::smallint[], $4::bytea[])`, ids, seqs, kinds, leaves)
}

func queueTerms(q *pgx.Batch, records []store.Record, first uint64) {
	var (
		indexes, kinds []int16
		values         [][]byte
		seqs           []int64
	)
	for i := range records {
		for _, t := range records[i].Terms {
			indexes, values = append(indexes, int16(t.Index.Number())), append(values, []byte(t.Value))
			seqs, kinds = append(seqs, int64(first)+int64(i)), append(kinds, int16(records[i].Kind.Number()))
		}
	}
	q.Queue(`INSERT INTO terms (idx, value, seq, kind)
		SELECT * FROM unnest($1::smallint[], $2::bytea[], $3::bigint[], $4::smallint[])`, indexes, values, seqs, kinds)
}

// readReceipt reads what an earlier batch with the key got.
func readReceipt(ctx context.Context, tx pgx.Tx, key string, receipt *store.Receipt) error {
	receipt.Repeated = true
	row := tx.QueryRow(ctx, `SELECT first, last FROM batches WHERE key = $1`, []byte(key))
	if err := row.Scan(&receipt.First, &receipt.Last); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `SELECT `+jobColumns+` FROM batch_jobs WHERE batch = $1 ORDER BY n`, []byte(key))
	if err != nil {
		return err
	}
	receipt.Jobs, err = pgx.CollectRows(rows, scanJob)
	return err
}

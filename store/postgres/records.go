package postgres

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/jackc/pgx/v5"

	"stet/store"
)

// number is a journal number as PostgreSQL's signed type.
func number(seq uint64) int64 { return int64(min(seq, math.MaxInt64)) }

// Get implements [store.Records].
func (s *Store) Get(ctx context.Context, id store.ID) (store.Record, error) {
	var seq int64
	if err := ctx.Err(); err != nil {
		return store.Record{}, err
	}
	if err := s.pool.QueryRow(ctx, `SELECT seq FROM records WHERE id = $1`, id[:]).Scan(&seq); err != nil {
		return store.Record{}, orNotFound(ctx, err, "record %s", id)
	}
	records, err := s.load(ctx, []int64{seq})
	if err != nil {
		return store.Record{}, err
	}
	return records[0], nil
}

// List implements [store.Records].
func (s *Store) List(ctx context.Context, q store.Query) (store.Page, error) {
	limit, before, order := cmp.Or(q.Limit, 100), int64(math.MaxInt64), "ASC"
	if q.Before > 0 {
		before = number(q.Before)
	}
	if q.Newest {
		order = "DESC"
	}
	var kinds []int16
	for _, k := range q.Kinds {
		kinds = append(kinds, int16(k.Number()))
	}
	rows, err := s.query(ctx, `SELECT seq FROM terms WHERE idx = $1 AND value = $2 AND seq > $3 AND seq < $4
		AND ($5::smallint[] IS NULL OR kind = ANY ($5)) ORDER BY seq `+order+` LIMIT $6`,
		int16(q.Term.Index.Number()), []byte(q.Term.Value), number(q.After), before, kinds, limit+1)
	if err != nil {
		return store.Page{}, err
	}
	seqs, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return store.Page{}, classify(ctx, err)
	}
	var page store.Page
	if len(seqs) > limit {
		page.More, seqs = true, seqs[:limit]
	}
	page.Records, err = s.load(ctx, seqs)
	return page, err
}

// load reads the records with the numbers, in their order.
func (s *Store) load(ctx context.Context, seqs []int64) ([]store.Record, error) {
	if len(seqs) == 0 {
		return nil, nil
	}
	// The bytes of a block come once where several of its records follow each
	// other.
	rows, err := s.query(ctx, `SELECT w.seq, b.first,
			CASE WHEN lag(b.first) OVER (ORDER BY w.n) = b.first THEN NULL ELSE b.bytes END
		FROM unnest($1::bigint[]) WITH ORDINALITY AS w (seq, n)
		CROSS JOIN LATERAL (SELECT first, bytes FROM blocks WHERE first <= w.seq ORDER BY first DESC LIMIT 1) b
		ORDER BY w.n`, seqs)
	if err != nil {
		return nil, err
	}
	var (
		records    []store.Record
		block      []store.Record
		seq, first int64
		sealed     []byte
	)
	_, err = pgx.ForEachRow(rows, []any{&seq, &first, &sealed}, func() error {
		if sealed != nil {
			var err error
			if block, err = s.codec.Decode(sealed, uint64(first)); err != nil {
				return err
			}
		}
		if seq-first >= int64(len(block)) {
			return fmt.Errorf("%w: record %d is missing", store.ErrCorrupt, seq)
		}
		r := block[seq-first]
		if r.Whole() {
			r.Terms = nil
		}
		records = append(records, r)
		return nil
	})
	if err == nil && len(records) != len(seqs) {
		err = fmt.Errorf("%w: of the records %v only %d are there", store.ErrCorrupt, seqs, len(records))
	}
	if err != nil {
		return nil, classify(ctx, err)
	}
	return records, nil
}

// Values implements [store.Records].
func (s *Store) Values(ctx context.Context, x store.Index, prefix, after string, limit int) ([]string, error) {
	from := `value >= $2 AND value > $3`
	below, end := ``, successor([]byte(prefix))
	args := []any{int16(x.Number()), []byte(prefix), []byte(after), cmp.Or(limit, 1000)}
	if end != nil {
		below = ` AND value < $5`
		args = append(args, end)
	}
	// Each step seeks the next value, however many records carry this one.
	rows, err := s.query(ctx, `WITH RECURSIVE found AS (
			(SELECT value FROM terms WHERE idx = $1 AND `+from+below+` ORDER BY value LIMIT 1)
			UNION ALL
			SELECT (SELECT t.value FROM terms t WHERE idx = $1 AND t.value > f.value`+below+` ORDER BY t.value LIMIT 1)
			FROM found f WHERE f.value IS NOT NULL
		) SELECT value FROM found WHERE value IS NOT NULL LIMIT $4`, args...)
	if err != nil {
		return nil, err
	}
	values, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		return nil, classify(ctx, err)
	}
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out, nil
}

// successor returns the first value after all that begin with prefix, nil where
// there is none.
func successor(prefix []byte) []byte {
	end := slices.Clone(prefix)
	for len(end) > 0 {
		last := len(end) - 1
		if end[last] < 0xff {
			end[last]++
			return end
		}
		end = end[:last]
	}
	return nil
}

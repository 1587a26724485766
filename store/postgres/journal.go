package postgres

import (
	"cmp"
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"stet/store"
)

// maxRead is about how many bytes of fields one Read returns.
const maxRead = 4 << 20

// Head implements [store.Journal].
func (s *Store) Head(ctx context.Context) (uint64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	var head uint64
	err := s.pool.QueryRow(ctx, `SELECT value FROM counters WHERE name = 'journal'`).Scan(&head)
	return head, classify(ctx, err)
}

// Read implements [store.Journal].
func (s *Store) Read(ctx context.Context, after uint64, limit int) ([]store.Record, error) {
	limit = cmp.Or(limit, 1000)
	// The block that holds the first record wanted, and those that follow,
	// until their records are large enough together.
	rows, err := s.query(ctx, `WITH page AS (
			SELECT first, raw FROM blocks
			WHERE first >= coalesce((SELECT max(first) FROM blocks WHERE first <= $1 + 1), 0) ORDER BY first LIMIT $2
		), sized AS (SELECT first, sum(raw) OVER (ORDER BY first) - raw AS before FROM page)
		SELECT first, bytes FROM sized JOIN blocks USING (first) WHERE before < $3 ORDER BY first`, number(after), limit, maxRead)
	if err != nil {
		return nil, err
	}
	var (
		records []store.Record
		first   uint64
		sealed  []byte
	)
	_, err = pgx.ForEachRow(rows, []any{&first, &sealed}, func() error {
		block, err := s.codec.Decode(sealed, first)
		if err != nil {
			return err
		}
		for i := range block {
			if block[i].Seq <= after || len(records) == limit {
				continue
			}
			if want := after + uint64(len(records)) + 1; block[i].Seq != want {
				return fmt.Errorf("%w: record %d is missing", store.ErrCorrupt, want)
			}
			if block[i].Whole() {
				block[i].Terms = nil
			}
			records = append(records, block[i])
		}
		return nil
	})
	if err != nil {
		return nil, classify(ctx, err)
	}
	return records, nil
}

// Leaves implements [store.Journal].
func (s *Store) Leaves(ctx context.Context, after uint64, limit int) ([]store.Hash, error) {
	rows, err := s.query(ctx, `SELECT seq, leaf FROM records WHERE seq > $1 ORDER BY seq LIMIT $2`, number(after), cmp.Or(limit, 10_000))
	if err != nil {
		return nil, err
	}
	var (
		leaves []store.Hash
		seq    uint64
		leaf   []byte
	)
	_, err = pgx.ForEachRow(rows, []any{&seq, &leaf}, func() error {
		if want := after + uint64(len(leaves)) + 1; seq != want || len(leaf) != len(store.Hash{}) {
			return fmt.Errorf("%w: the leaf of record %d is missing", store.ErrCorrupt, want)
		}
		leaves = append(leaves, store.Hash(leaf))
		return nil
	})
	if err != nil {
		return nil, classify(ctx, err)
	}
	return leaves, nil
}

// Cursor implements [store.Cursors].
func (s *Store) Cursor(ctx context.Context, name string) (uint64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	var at uint64
	err := s.pool.QueryRow(ctx, `SELECT coalesce((SELECT at FROM cursors WHERE name = $1), 0)`, []byte(name)).Scan(&at)
	return at, classify(ctx, err)
}

// SetCursor implements [store.Cursors].
func (s *Store) SetCursor(ctx context.Context, name string, from, to uint64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	sql := `UPDATE cursors SET at = $3 WHERE name = $1 AND at = $2`
	if from == 0 { // a follower that has none stands at 0
		sql = `INSERT INTO cursors (name, at) VALUES ($1, $3) ON CONFLICT (name) DO UPDATE SET at = excluded.at WHERE cursors.at = $2`
	}
	tag, err := s.pool.Exec(ctx, sql, []byte(name), number(from), number(to))
	if err != nil {
		return classify(ctx, err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("%w: the cursor %s does not stand at %d", store.ErrConflict, name, from)
	}
	return nil
}

package postgres

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"stet/store"
)

var _ store.Estate = (*Store)(nil)

// AllCursors implements [store.Estate].
func (s *Store) AllCursors(ctx context.Context) (map[string]uint64, error) {
	rows, err := s.query(ctx, `SELECT name, at FROM cursors`)
	if err != nil {
		return nil, err
	}
	all := map[string]uint64{}
	var name []byte
	var at int64
	_, err = pgx.ForEachRow(rows, []any{&name, &at}, func() error {
		all[string(name)] = uint64(at)
		return nil
	})
	return all, classify(ctx, err)
}

// Receipts implements [store.Estate].
func (s *Store) Receipts(ctx context.Context, after string, limit int) ([]store.KeyedReceipt, error) {
	rows, err := s.query(ctx, `SELECT key FROM batches WHERE key > $1 ORDER BY key LIMIT $2`, []byte(after), cmp.Or(limit, 1000))
	if err != nil {
		return nil, err
	}
	keys, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		return nil, classify(ctx, err)
	}
	list := make([]store.KeyedReceipt, len(keys))
	err = s.inTx(ctx, func(tx pgx.Tx) error {
		for i, key := range keys {
			list[i].Key = string(key)
			if err := readReceipt(ctx, tx, list[i].Key, &list[i].Receipt); err != nil {
				return err
			}
			list[i].Receipt.Repeated = false
		}
		return nil
	})
	return list, err
}

// Inherit implements [store.Estate].
func (s *Store) Inherit(ctx context.Context, l store.Legacy) error {
	return s.inTx(ctx, func(tx pgx.Tx) error {
		var q pgx.Batch
		for _, j := range l.Jobs {
			j = store.Inherited(j)
			q.Queue(`DELETE FROM jobs WHERE id = $1 OR kind = $2 AND key = $3`, j.ID[:], []byte(j.Kind), orNull(j.Key))
			q.Queue(`INSERT INTO jobs (`+jobColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`, jobValues(&j)...)
		}
		for _, name := range slices.Sorted(maps.Keys(l.Cursors)) {
			q.Queue(`INSERT INTO cursors (name, at) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET at = excluded.at`, []byte(name), number(l.Cursors[name]))
		}
		for i := range l.Receipts {
			r := &l.Receipts[i]
			q.Queue(`INSERT INTO batches (key, first, last) VALUES ($1, $2, $3) ON CONFLICT (key) DO UPDATE SET first = excluded.first, last = excluded.last`,
				[]byte(r.Key), number(r.Receipt.First), number(r.Receipt.Last))
			q.Queue(`DELETE FROM batch_jobs WHERE batch = $1`, []byte(r.Key))
			for n := range r.Receipt.Jobs {
				q.Queue(`INSERT INTO batch_jobs (batch, n, `+jobColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
					append([]any{[]byte(r.Key), n}, jobValues(&r.Receipt.Jobs[n])...)...)
			}
		}
		if q.Len() == 0 {
			return nil
		}
		return tx.SendBatch(ctx, &q).Close()
	})
}

package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"stet/store"
)

// Stats implements [store.Statter]. It counts every record.
func (s *Store) Stats(ctx context.Context) (store.Stats, error) {
	st := store.Stats{Kinds: map[store.Kind]int64{}, Parts: map[string]int64{}, Place: s.place}
	rows, err := s.query(ctx, `SELECT kind, count(*) FROM records GROUP BY kind`)
	if err != nil {
		return store.Stats{}, err
	}
	var (
		kind int16
		name string
		n    int64
	)
	if _, err := pgx.ForEachRow(rows, []any{&kind, &n}, func() error {
		k, _ := store.KindOf(byte(kind)) // "" counts those of a newer version
		st.Kinds[k] += n
		return nil
	}); err != nil {
		return store.Stats{}, classify(ctx, err)
	}
	if rows, err = s.query(ctx, `SELECT coalesce(whole.relname, c.relname), sum(pg_total_relation_size(c.oid))::bigint
		FROM pg_class c LEFT JOIN pg_inherits ON inhrelid = c.oid LEFT JOIN pg_class whole ON whole.oid = inhparent
		WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' GROUP BY 1`); err != nil {
		return store.Stats{}, err
	}
	if _, err := pgx.ForEachRow(rows, []any{&name, &n}, func() error {
		st.Parts[name] = n
		if name != "chunks" && name != "uploads" && name != "blobs" {
			st.Bytes += n
		}
		return nil
	}); err != nil {
		return store.Stats{}, classify(ctx, err)
	}
	row := s.pool.QueryRow(ctx, `SELECT count(*), coalesce(sum(size), 0)::bigint FROM blobs`)
	if err := row.Scan(&st.Blobs, &st.BlobBytes); err != nil {
		return store.Stats{}, classify(ctx, err)
	}
	return st, s.span(ctx, &st)
}

// span reads the times of the first and the last record.
func (s *Store) span(ctx context.Context, st *store.Stats) error {
	head, err := s.Head(ctx)
	if err != nil || head == 0 {
		return err
	}
	records, err := s.load(ctx, []int64{1, number(head)})
	if err != nil {
		return err
	}
	st.First, st.Last = records[0].Time, records[1].Time
	return nil
}

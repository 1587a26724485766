package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"stet/store"
)

// InsertPlain inserts the rows of batches in one transaction and does nothing
// else that adding them does; first is the number of the first record.
func (s *Store) InsertPlain(ctx context.Context, batches []store.Batch, first uint64) error {
	share := make([]*addition, len(batches))
	for i := range batches {
		p, err := s.prepareBatch(&batches[i])
		if err != nil {
			return err
		}
		n := uint64(len(batches[i].Records))
		share[i] = &addition{prepared: p, receipt: store.Receipt{First: first, Last: first + n - 1}}
		first += n
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
		var q pgx.Batch
		var jobs []*store.Job
		for i := range batches {
			for _, e := range batches[i].Enqueue {
				j := e.New()
				jobs = append(jobs, &j)
			}
		}
		queueJobs(&q, jobs)
		if err := tx.SendBatch(ctx, &q).Close(); err != nil {
			return err
		}
		return insert(ctx, tx, share)
	})
}

// Locked runs fn while a transaction has begun to append and says nothing.
func (s *Store) Locked(ctx context.Context, fn func()) error {
	return s.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT FROM counters WHERE name = 'journal' FOR UPDATE`); err != nil {
			return err
		}
		fn()
		_, err := tx.Exec(ctx, `UPDATE counters SET name = name`)
		return err
	})
}

// SortNothing makes leases look for what is first in each line, as they do where
// much is due.
func (s *Store) SortNothing() { s.sorted = 0 }

// FindDue finds what a lease would pick among what is due, and leases nothing.
func (s *Store) FindDue(ctx context.Context, limit int) (int, error) {
	now, _, err := s.due(ctx, s.sorted+1)
	if err != nil {
		return 0, err
	}
	rows, err := s.query(ctx, fewDue+picking+` SELECT id FROM picked`, nil, nil, 0, limit, now)
	if err != nil {
		return 0, err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	return len(ids), err
}

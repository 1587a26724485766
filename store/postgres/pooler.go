package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"stet/store"
)

var errPooler = fmt.Errorf("%w: the address leads to a pooler that lends connections for one transaction at a time, over which locks and settings get lost; name the server itself, or a pool of whole sessions (pool_mode=session)", store.ErrUsage)

// lent errors with ErrUsage where the address leads to a pooler that lends the
// server's connections for one transaction at a time: settings would be lost, and
// a lock that one process holds by its connection would be another's, too.
//
// The server numbers its connections, and a pooler tells numbers of its own. Only
// then it is tried: while one connection is in a transaction, the other must
// still be the one that it was.
func (s *Store) lent(ctx context.Context) (err error) {
	one, err := s.pool.Acquire(ctx)
	if err != nil {
		return classify(ctx, err)
	}
	defer one.Release()
	was, err := backend(ctx, one)
	if err != nil || was == one.Conn().PgConn().PID() || s.pool.Config().MaxConns < 2 {
		return err
	}
	other, err := s.pool.Acquire(ctx)
	if err != nil {
		return classify(ctx, err)
	}
	defer other.Release()
	tx, err := other.Begin(ctx)
	if err != nil {
		return classify(ctx, err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // it did nothing
	taken, err := backend(ctx, other)
	if err != nil {
		return err
	}
	is, err := backend(ctx, one)
	if err != nil {
		return err
	}
	if taken == was || is != was {
		return errPooler
	}
	return nil
}

// backend returns the server's own number of a connection. Nothing is prepared
// for it, which would be missing on another.
func backend(ctx context.Context, c *pgxpool.Conn) (pid uint32, err error) {
	err = c.QueryRow(ctx, `SELECT pg_backend_pid()`, pgx.QueryExecModeSimpleProtocol).Scan(&pid)
	return pid, classify(ctx, err)
}

package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"stet/store"
)

// besideIndex is an index that a format has more than the one before, on a table
// that is large by then. It is built before the migration to that format, while
// others change the table; the migration finds it and builds it only where the
// archive is new.
type besideIndex struct {
	format int
	name   string
	on     string
}

func besideIndexes() []besideIndex {
	return []besideIndex{
		{3, "jobs_run_at", `jobs (run_at) WHERE state = 1`},
		{5, "jobs_line", `jobs (priority, host, run_at NULLS FIRST, id) WHERE state = 1`},
	}
}

// besidePause is how often somebody who builds indexes is asked whether they
// are done.
const besidePause = time.Second

// buildBeside builds the indexes that an archive of an older format lacks. It may
// be interrupted at any time, and goes on with the next call; of several
// processes one builds, and the others wait.
func (s *Store) buildBeside(ctx context.Context, o *Options, steps int) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		}
		missing, err := s.missing(ctx, steps)
		if err != nil || len(missing) == 0 {
			return err
		}
		mine, err := s.buildAlone(ctx, o, missing)
		if err != nil || mine {
			return err
		}
		timer.Reset(besidePause)
	}
}

// missing returns the indexes that have to be built before the archive is brought
// to the present format; none for one that is new.
func (s *Store) missing(ctx context.Context, steps int) (list []besideIndex, err error) {
	err = s.inTx(ctx, func(tx pgx.Tx) error {
		if exists, err := begun(ctx, tx); err != nil || !exists {
			return err
		}
		var version int
		if err := tx.QueryRow(ctx, `SELECT version FROM format`).Scan(&version); err != nil || version == 0 || version > steps {
			return err
		}
		for _, x := range besideIndexes() {
			if x.format <= version {
				continue
			}
			valid, _, err := indexState(ctx, tx, x.name)
			if err != nil {
				return err
			}
			if !valid {
				list = append(list, x)
			}
		}
		return nil
	})
	return list, err
}

// indexState says whether an index is there, and whether it is whole: what was
// interrupted is there and is never used.
func indexState(ctx context.Context, q interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}, name string) (valid, there bool, err error) {
	err = q.QueryRow(ctx, `SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)`, name).Scan(&valid)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, false, nil
	}
	return valid, err == nil, err
}

// buildAlone builds indexes, unless another process does: then it reports false.
// The lock is that of the connection and is not waited for: who waits has a
// transaction open, and the server builds nothing beside what began before it.
func (s *Store) buildAlone(ctx context.Context, o *Options, list []besideIndex) (bool, error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return false, classify(ctx, err)
	}
	// The settings and the lock end with the connection.
	defer drop(ctx, conn)
	var mine bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock(hashtextextended($1, 0))`, "stet indexes of "+o.Schema).Scan(&mine); err != nil || !mine {
		return false, classify(ctx, err)
	}
	// Transactions that began before are waited for, such as a backup.
	if _, err := conn.Exec(ctx, `SELECT set_config('lock_timeout', '0', false), set_config('statement_timeout', '0', false)`); err != nil {
		return false, classify(ctx, err)
	}
	for _, x := range list {
		if err := x.build(ctx, conn); err != nil {
			return false, fmt.Errorf("building the index %s: %w", x.name, classify(ctx, err))
		}
	}
	return true, nil
}

// build builds an index, anew where an earlier attempt was interrupted.
func (x besideIndex) build(ctx context.Context, conn *pgxpool.Conn) error {
	valid, there, err := indexState(ctx, conn, x.name)
	if err != nil || valid {
		return err
	}
	if there {
		if _, err := conn.Exec(ctx, `DROP INDEX CONCURRENTLY IF EXISTS `+x.name); err != nil {
			return err
		}
	}
	if _, err := conn.Exec(ctx, `CREATE INDEX CONCURRENTLY `+x.name+` ON `+x.on); err != nil {
		return err
	}
	if valid, _, err = indexState(ctx, conn, x.name); err == nil && !valid {
		err = fmt.Errorf("%w: it is not whole", store.ErrUnavailable)
	}
	return err
}

package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"stet/store"
)

var (
	_ store.Turns     = (*Store)(nil)
	_ store.Exclusive = (*Store)(nil)
)

// TakeTurn implements [store.Turns], by the database's clock.
func (s *Store) TakeTurn(ctx context.Context, host string, interval time.Duration, slots int, hold time.Duration) (store.Turn, error) {
	if err := ctx.Err(); err != nil {
		return store.Turn{}, err
	}
	var ticket *int64
	var wait int64
	var t store.Turn
	row := s.pool.QueryRow(ctx, `SELECT ticket, wait, paused FROM take_turn($1, $2, $3, $4)`,
		[]byte(host), interval.Microseconds(), slots, hold.Microseconds())
	if err := row.Scan(&ticket, &wait, &t.Paused); err != nil {
		return store.Turn{}, fmt.Errorf("waiting for a turn at %s: %w", host, classify(ctx, err))
	}
	t.Wait = time.Duration(wait) * time.Microsecond
	if ticket != nil {
		t.Ticket = *ticket
	}
	return t, nil
}

// KeepTurn implements [store.Turns].
func (s *Store) KeepTurn(ctx context.Context, host string, ticket int64, hold time.Duration) error {
	tag, err := s.pool.Exec(ctx, `UPDATE host_slots SET until = now_us() + $3 WHERE host = $1 AND ticket = $2`, []byte(host), ticket, hold.Microseconds())
	if err == nil && tag.RowsAffected() == 0 {
		return fmt.Errorf("%w: the turn at %s has ended", store.ErrConflict, host)
	}
	return classify(ctx, err)
}

// GiveTurn implements [store.Turns].
func (s *Store) GiveTurn(ctx context.Context, host string, ticket int64) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM host_slots WHERE host = $1 AND ticket = $2`, []byte(host), ticket)
	return classify(ctx, err)
}

// PauseHost implements [store.Turns].
func (s *Store) PauseHost(ctx context.Context, host string, pause time.Duration) error {
	_, err := s.pool.Exec(ctx, `INSERT INTO hosts AS h (host, held) VALUES ($1, now_us() + $2)
		ON CONFLICT (host) DO UPDATE SET held = greatest(h.held, excluded.held)`, []byte(host), pause.Microseconds())
	return classify(ctx, err)
}

const (
	// holdRetry is how often a name is tried that another process holds,
	// holdBeat how often the connection that holds one is looked at, and
	// holdSilence after how long without a look the server ends it.
	holdRetry   = 5 * time.Second
	holdBeat    = 5 * time.Second
	holdSilence = 4 * holdBeat
)

// Hold implements [store.Exclusive] by a lock of a connection: it ends with the
// connection, also when the process dies.
func (s *Store) Hold(ctx context.Context, name string) (context.Context, func(), error) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-timer.C:
		}
		conn, err := s.tryLock(ctx, name)
		if err != nil && !store.ClassOf(err).Retry {
			return nil, nil, fmt.Errorf("waiting for %s: %w", name, err)
		}
		if conn != nil {
			held, release := s.keepLock(ctx, conn)
			return held, release, nil
		}
		timer.Reset(holdRetry)
	}
}

// lockKey is the argument of the locking functions: archives of one database do
// not meet.
const lockKey = `hashtextextended('stet hold ' || current_schema() || ' ' || $1, 0)`

// tryLock returns a connection that holds the lock, nil where another does.
func (s *Store) tryLock(ctx context.Context, name string) (*pgxpool.Conn, error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, classify(ctx, err)
	}
	var mine bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock(`+lockKey+`)`, name).Scan(&mine); err != nil || !mine {
		conn.Release()
		return nil, classify(ctx, err)
	}
	// A process that stands still, or whose machine is gone from the network,
	// would hold the name for ever.
	if _, err := conn.Exec(ctx, `SELECT set_config('idle_session_timeout', $1, false)`, milliseconds(holdSilence)); err != nil {
		drop(ctx, conn)
		return nil, classify(ctx, err)
	}
	return conn, nil
}

// drop closes a connection, which gives its locks back whatever its state is.
func drop(ctx context.Context, conn *pgxpool.Conn) {
	raw := conn.Hijack()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_ = raw.Close(ctx) // the server sees the end of the connection in any case
}

// keepLock looks at the connection of a lock now and then, until it is released
// or lost.
func (s *Store) keepLock(ctx context.Context, conn *pgxpool.Conn) (context.Context, func()) {
	held, lose := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer lose()
		beat := time.NewTicker(holdBeat)
		defer beat.Stop()
		for {
			select {
			case <-held.Done():
				return
			case <-beat.C:
			}
			if err := writable(held, conn); err != nil {
				return
			}
		}
	}()
	return held, func() {
		lose()
		<-done
		drop(ctx, conn)
	}
}

// writable errors where the connection is lost, or its server has become one
// that only reads: then another has its place, and knows nothing of the lock.
func writable(ctx context.Context, conn *pgxpool.Conn) error {
	var only bool
	if err := conn.QueryRow(ctx, `SELECT current_setting('transaction_read_only')::boolean`).Scan(&only); err != nil {
		return err
	}
	if only {
		return store.ErrUnavailable
	}
	return nil
}

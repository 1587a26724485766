package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"stet/store"
	"stet/store/codec"
)

// DefaultSchema is the schema that an archive lies in where no other is named.
const DefaultSchema = "stet"

// Options are the settings of a [Store]. The zero value works.
type Options struct {
	// Schema is the schema of the archive; "" is [DefaultSchema].
	Schema string
	// MustExist makes Open fail with ErrNoStore, rather than create an
	// archive, where there is none.
	MustExist bool
	// ReadOnly lets nothing be written; the archive must exist in the present
	// format.
	ReadOnly bool
	// MinConns is how many connections the pool has room for at least, whatever
	// the address says.
	MinConns int32
	// MaxConns is the most connections at a time; 0 is what the address says,
	// or the driver's default (four, or the number of processors).
	MaxConns int32
	// Objects keeps the blobs above 64 KiB; nil keeps all in the database. The
	// caller closes it after the store.
	Objects store.Objects
	// Spool is the folder in which blobs are spooled for Objects; "" is the
	// system's for temporary files.
	Spool string
	// Silence is after how long the server ends the transaction of a process
	// that says nothing more, in which others wait for it; 0 is ten seconds.
	Silence time.Duration
	// Patience is for how long the answer to a commit is waited for, and for
	// what another transaction has locked; 0 is a minute.
	Patience time.Duration
	// Renew returns the address again: each new connection takes the user and
	// the password from it, which may have been changed; nil keeps those of the
	// first.
	Renew func() (string, error)
	// Now is the caller's clock; nil is the machine's. Leases that were given
	// as a time are held for as long as that is from now.
	Now func() time.Time
}

// Store is an archive in a database. It implements [store.Backend],
// [store.Blobs], [store.Checker] and [store.Statter], and is safe for
// concurrent use.
type Store struct {
	pool     *pgxpool.Pool
	codec    *codec.Codec
	objects  store.Objects // nil: all blobs are in the database
	spoolDir string
	now      func() time.Time
	place    string
	line     line
	sorted   int // see the constant
	patience time.Duration
	own      sync.Map // the server's numbers of this store's connections
}

var (
	_ store.Backend   = (*Store)(nil)
	_ store.Blobs     = (*Store)(nil)
	_ store.Checker   = (*Store)(nil)
	_ store.Statter   = (*Store)(nil)
	_ store.Collector = (*Store)(nil)
	_ store.Prober    = (*Store)(nil)
)

// Open opens the archive in the database at an address (a URL, or words of the
// form key=value, as libpq reads them), and creates it where it does not exist.
// The caller closes it.
//
// It errors with ErrUsage where the address or the password is wrong; with
// ErrNoStore where there is no such database, or no archive in it and none is
// to be created; with ErrVersion where a newer version wrote it; with
// ErrUnavailable where the database cannot be reached.
func Open(ctx context.Context, address string, o Options) (*Store, error) {
	if o.Schema == "" {
		o.Schema = DefaultSchema
	}
	s := &Store{objects: o.Objects, spoolDir: o.Spool, now: o.Now, sorted: sorted, patience: cmp.Or(o.Patience, patience)}
	config, err := s.configure(address, &o)
	if err != nil {
		return nil, err
	}
	place := fmt.Sprintf("database %s at %s, schema %s", config.ConnConfig.Database, config.ConnConfig.Host, o.Schema)
	s.place = place
	if s.codec, err = codec.New(); err != nil {
		return nil, fmt.Errorf("opening the archive in %s: %w", place, err)
	}
	if s.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the archive in %s: %w", place, classify(ctx, err)), s.codec.Close())
	}
	if s.now == nil {
		s.now = time.Now
	}
	if err := s.lent(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the archive in %s: %w", place, opening(err)), s.Close())
	}
	if err := s.prepare(ctx, &o); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the archive in %s: %w", place, opening(err)), s.Close())
	}
	return s, nil
}

func (s *Store) configure(address string, o *Options) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		// The driver hides the password in its message.
		return nil, fmt.Errorf("%w: the address of the database cannot be read: %w", store.ErrUsage, err)
	}
	if o.MaxConns > 0 {
		config.MaxConns = o.MaxConns
	}
	config.MaxConns = max(config.MaxConns, o.MinConns)
	connecting(&config.ConnConfig.Config, o.ReadOnly)
	if o.Renew != nil {
		config.BeforeConnect = func(_ context.Context, c *pgx.ConnConfig) error {
			// What cannot be read is being written: the old one is as good.
			if address, err := o.Renew(); err == nil {
				if now, err := pgx.ParseConfig(address); err == nil {
					c.User, c.Password = now.User, now.Password
				}
			}
			return nil
		}
	}
	config.AfterConnect = func(ctx context.Context, c *pgx.Conn) error { return s.settle(ctx, c, o) }
	return config, nil
}

// settle makes the settings of a new connection. They do not go with the request
// for it: poolers take few of those, and a server that is to take writes would
// seem to be one that does not, where the archive is opened for reading.
func (s *Store) settle(ctx context.Context, c *pgx.Conn, o *Options) error {
	settings := [][2]string{
		{"application_name", applicationName(o.Schema)},
		{"search_path", pgx.Identifier{o.Schema}.Sanitize()},
		// Queries take milliseconds: compiling one, which the server does where
		// it expects much, took longer than all the rest.
		{"jit", "off"},
		{"lock_timeout", milliseconds(cmp.Or(o.Patience, patience))},
		// What is read after a lock was waited for has to be as it is then.
		{"default_transaction_isolation", "read committed"},
		// A machine that stands still, or is gone from the network, would keep
		// its locks, and all others from working.
		{"idle_in_transaction_session_timeout", milliseconds(cmp.Or(o.Silence, silence))},
	}
	if o.ReadOnly {
		settings = append(settings, [2]string{"default_transaction_read_only", "on"})
	}
	// A server that answers before it has written would break the promise that
	// what is acknowledged is durable.
	var wait string
	var pid int32
	args := []any{pgx.QueryExecModeSimpleProtocol} // nothing is prepared: see pooler.go
	if err := c.QueryRow(ctx, `SELECT current_setting('synchronous_commit'), pg_backend_pid()`, args...).Scan(&wait, &pid); err != nil {
		return err
	}
	s.own.Store(pid, true)
	if wait == "off" {
		settings = append(settings, [2]string{"synchronous_commit", "on"})
	}
	var sql strings.Builder
	for i, s := range settings {
		fmt.Fprintf(&sql, ", set_config($%d, $%d, false)", 2*i+1, 2*i+2)
		args = append(args, s[0], s[1])
	}
	_, err := c.Exec(ctx, "SELECT "+sql.String()[2:], args...)
	return err
}

// silence is the default of [Options.Silence]: transactions take milliseconds.
const silence = 10 * time.Second

// patience is the default of [Options.Patience]. A server whose standby is gone,
// or took its place, does not answer a commit until it comes back, and may never.
const patience = time.Minute

// milliseconds is a length of time as the server's settings take it.
func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// Close closes the connections. It may be called again.
func (s *Store) Close() error {
	s.pool.Close()
	return s.codec.Close()
}

// inTx runs fn in a transaction and commits it. Once the commit has begun it is
// waited for.
func (s *Store) inTx(ctx context.Context, fn func(tx pgx.Tx) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	tx, err := s.pool.Begin(ctx)
	if err != nil {
		return classify(ctx, err)
	}
	uncancelled := context.WithoutCancel(ctx)
	defer func() {
		if rerr := tx.Rollback(uncancelled); rerr != nil && !errors.Is(rerr, pgx.ErrTxClosed) && err == nil {
			err = classify(ctx, rerr)
		}
	}()
	if err := fn(tx); err != nil {
		return classify(ctx, err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.commit(uncancelled, tx)
}

// commit commits a transaction. Where the server does not answer it is not known
// whether it did, as where the connection breaks.
func (s *Store) commit(ctx context.Context, tx pgx.Tx) error {
	late, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	err := tx.Commit(late)
	if err != nil && late.Err() != nil {
		return fmt.Errorf("%w: a commit was not answered within %v: %w", store.ErrUnavailable, s.patience, err)
	}
	return classify(ctx, err)
}

// maxTries is how often a transaction is tried that others stood in the way of.
const maxTries = 5

// retrying runs fn in a transaction, again where the server broke it off
// because of others.
func (s *Store) retrying(ctx context.Context, fn func(tx pgx.Tx) error) error {
	for try := 1; ; try++ {
		if err := s.inTx(ctx, fn); try == maxTries || !contended(err) {
			return err
		}
	}
}

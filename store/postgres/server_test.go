package postgres_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"stet/store/postgres"
	"stet/store/servertest"
	"stet/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(servertest.Main(m)) }

// start returns the address of the server, which the first caller starts.
func start(t testing.TB) string { return servertest.Postgres(t) }

// admin is a connection of the test itself to a schema.
func admin(t testing.TB, schema string) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(start(t))
	if err != nil {
		t.Fatal(err)
	}
	config.RuntimeParams["search_path"] = schema
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // nothing depends on it
	return conn
}

// exec runs statements that must succeed.
func exec1(t testing.TB, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(context.WithoutCancel(t.Context()), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

var schemas struct {
	sync.Mutex
	n int
}

func newSchema() string {
	schemas.Lock()
	defer schemas.Unlock()
	schemas.n++
	return fmt.Sprintf("archive_%d", schemas.n)
}

// open opens an archive that must open, closed at the end of the test.
func open(t testing.TB, o postgres.Options) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), start(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // tests that look at Close call it
	return s
}

// setClock makes the database's clock of a schema show that of a test.
func setClock(t testing.TB, schema string, clock *storetest.Clock) {
	t.Helper()
	conn := admin(t, schema)
	exec1(t, conn, `CREATE TABLE test_clock (at bigint); INSERT INTO test_clock VALUES (0);
		CREATE OR REPLACE FUNCTION now_us() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT at FROM test_clock'`)
	clock.OnChange(func(now time.Time) { exec1(t, conn, `UPDATE test_clock SET at = $1`, now.UnixMicro()) })
}

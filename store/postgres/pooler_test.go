package postgres_test

import (
	"errors"
	"strings"
	"testing"

	"stet/store"
	"stet/store/postgres"
	"stet/store/servertest"
)

// TestPooler: over a pooler that gives a connection to each session an archive
// works; one that lends them for a transaction is refused, also where another
// client keeps it busy.
func TestPooler(t *testing.T) {
	d := servertest.NewDatabase(t)
	sessions := at(t, d.Pooler(t, "session"), postgres.Options{MinConns: 6})
	w := write(t, sessions, 4)
	w.until(20)
	w.prove()
	if _, release, err := sessions.Hold(t.Context(), "alerts"); err != nil {
		t.Error(err)
	} else {
		release()
	}
	lent := d.Pooler(t, "transaction")
	busy := connect(t, lent)
	for _, o := range []postgres.Options{{}, {ReadOnly: true}, {}} {
		s, err := postgres.Open(t.Context(), lent, o)
		if !errors.Is(err, store.ErrUsage) || !strings.Contains(err.Error(), "pool_mode=session") {
			t.Errorf("over a pooler that lends connections it says %v", err)
		}
		if s != nil {
			t.Error("a store was returned")
		}
		if _, err := busy.Exec(t.Context(), `BEGIN`); err != nil {
			t.Fatal(err)
		}
	}
}

// TestReadingWhereWritesGo: an archive is opened for reading at an address that
// asks for the server that takes writes.
func TestReadingWhereWritesGo(t *testing.T) {
	schema := newSchema()
	open(t, postgres.Options{Schema: schema})
	s, err := postgres.Open(t.Context(), start(t)+"&target_session_attrs=read-write", postgres.Options{Schema: schema, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m := newMaker(t, 79)
	if _, err := s.Append(t.Context(), store.Batch{Records: []store.Record{m.look(1)}}); err == nil {
		t.Error("it was written to")
	}
}

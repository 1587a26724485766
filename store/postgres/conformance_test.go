package postgres_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stet/store"
	"stet/store/files"
	"stet/store/postgres"
	"stet/store/s3"
	"stet/store/servertest"
	"stet/store/storetest"
)

func TestConformance(t *testing.T) {
	start(t)
	conformance(t, storetest.Run, func(*testing.T) store.Objects { return nil }, nil)
}

// TestConformanceWhereMuchIsDue looks whether jobs are given out in the same
// order when not all that is due is sorted.
func TestConformanceWhereMuchIsDue(t *testing.T) {
	start(t)
	conformance(t, storetest.RunJobs, func(*testing.T) store.Objects { return nil },
		func(_ *testing.T, s *postgres.Store, _ string) { s.SortNothing() })
}

// TestConformanceDivided looks whether it holds with the large tables divided as
// docs/partitions.sql does.
func TestConformanceDivided(t *testing.T) {
	start(t)
	divide, err := os.ReadFile("../../docs/partitions.sql")
	if err != nil {
		t.Fatal(err)
	}
	// Fewer parts than anybody would make cost less.
	sql := strings.NewReplacer("parts CONSTANT integer := 64", "parts CONSTANT integer := 2", "span  CONSTANT bigint := 100000000", "span  CONSTANT bigint := 5").Replace(string(divide))
	conformance(t, storetest.RunRecords, func(*testing.T) store.Objects { return nil }, func(t *testing.T, s *postgres.Store, schema string) {
		conn := admin(t, schema)
		var before bool
		if err := conn.QueryRow(t.Context(), `SELECT to_regclass('blocks_rest') IS NOT NULL`).Scan(&before); err != nil {
			t.Fatal(err)
		}
		if before {
			return
		}
		exec1(t, conn, sql)
		m := newMaker(t, 130)
		receipt := m.append(s, store.Batch{Records: []store.Record{m.look(1)}})
		if _, err := conn.Exec(t.Context(), sql); err == nil || receipt.First != 1 || !strings.Contains(err.Error(), "stet migrate") {
			t.Errorf("an archive that holds something: %v", err)
		}
		exec1(t, conn, `TRUNCATE blocks, records, terms; UPDATE counters SET value = 0`)
	})
}

// TestConformanceWithFiles and TestConformanceWithS3 look whether it holds with large
// blobs elsewhere.
func TestConformanceWithFiles(t *testing.T) {
	start(t)
	conformance(t, storetest.RunBlobs, func(t *testing.T) store.Objects {
		o, err := files.Open(filepath.Join(t.TempDir(), "blobs"), time.Now)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}, nil)
}

func TestConformanceWithS3(t *testing.T) {
	start(t)
	conformance(t, storetest.RunBlobs, bucket, nil)
}

// bucket returns an empty bucket.
func bucket(t *testing.T) store.Objects {
	server := servertest.S3(t)
	o, err := s3.Open(t.Context(), s3.Options{Endpoint: server.Endpoint, Bucket: server.Bucket(t), AccessKey: server.AccessKey, SecretKey: server.SecretKey})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	})
	return o
}

func conformance(t *testing.T, run func(*testing.T, storetest.Config), objects func(t *testing.T) store.Objects, change func(t *testing.T, s *postgres.Store, schema string)) {
	type place struct {
		schema  string
		objects store.Objects
	}
	opened := map[*postgres.Store]place{}
	openIn := func(t *testing.T, clock *storetest.Clock, p place) storetest.Store {
		s := open(t, postgres.Options{Schema: p.schema, Now: clock.Now, Objects: p.objects, Spool: t.TempDir()})
		opened[s] = p
		if change != nil {
			change(t, s, p.schema)
		}
		return storetest.Store{Backend: s, Blobs: s}
	}
	run(t, storetest.Config{
		Open: func(t *testing.T, clock *storetest.Clock) storetest.Store {
			p := place{schema: newSchema(), objects: objects(t)}
			s := openIn(t, clock, p)
			setClock(t, p.schema, clock)
			return s
		},
		Reopen: func(t *testing.T, clock *storetest.Clock, s storetest.Store) storetest.Store {
			if err := s.Backend.Close(); err != nil {
				t.Fatal(err)
			}
			return openIn(t, clock, opened[s.Backend.(*postgres.Store)])
		},
	})
}

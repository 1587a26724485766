package postgres_test

import (
	"path/filepath"
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
	conformance(t, storetest.RunJobs, func(*testing.T) store.Objects { return nil }, (*postgres.Store).SortNothing)
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

func conformance(t *testing.T, run func(*testing.T, storetest.Config), objects func(t *testing.T) store.Objects, change func(*postgres.Store)) {
	type place struct {
		schema  string
		objects store.Objects
	}
	opened := map[*postgres.Store]place{}
	openIn := func(t *testing.T, clock *storetest.Clock, p place) storetest.Store {
		s := open(t, postgres.Options{Schema: p.schema, Now: clock.Now, Objects: p.objects, Spool: t.TempDir()})
		opened[s] = p
		if change != nil {
			change(s)
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

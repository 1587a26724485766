package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"stet/archiver/stamp"
	"stet/cmd/internal/config"
	"stet/store"
	"stet/store/bolt"
	"stet/store/evidence"
	"stet/store/files"
	"stet/store/postgres"
	"stet/store/s3"
)

// database is what keeps an archive.
type database interface {
	store.Backend
	store.Blobs
	store.Checker
	store.Statter
}

// access is how an archive is opened.
type access struct{ mustExist, readOnly bool }

// openDatabase opens what the configuration names, in the reverse order of
// which it is to be closed.
func openDatabase(ctx context.Context, c *config.Config, o Options, how access) (database, []func() error, error) {
	if c.Storage.Postgres == "" {
		db, err := bolt.Open(ctx, c.Data, bolt.Options{MustExist: how.mustExist, ReadOnly: how.readOnly, Now: o.Now, Free: DiskFree})
		if err != nil {
			return nil, nil, err
		}
		return db, []func() error{db.Close}, nil
	}
	// The folder holds what is this machine's own: indexes, keys, the socket.
	if !how.readOnly {
		if err := os.MkdirAll(c.Data, 0o700); err != nil {
			return nil, nil, fmt.Errorf("%w: making the folder of this machine's own files: %w", store.ErrReadOnly, err)
		}
	}
	var closers []func() error
	objects, err := openObjects(ctx, c, o, true)
	if err != nil {
		return nil, nil, err
	}
	if objects != nil {
		closers = append(closers, objects.Close)
	}
	db, err := postgres.Open(ctx, c.Storage.Postgres, postgres.Options{Schema: c.Storage.Schema, MustExist: how.mustExist || how.readOnly,
		ReadOnly: how.readOnly, Objects: objects, MinConns: int32(c.Serve.Workers) + 4, Now: o.Now,
		Renew: func() (string, error) { return c.Again("storage.postgres") }})
	if err != nil {
		return nil, nil, errors.Join(err, closeAll(closers))
	}
	return db, append(closers, db.Close), nil
}

// reads is what pages need of a database.
type reads interface {
	store.Backend
	store.Blobs
}

// standbyTries is how often a server that follows the archive's own is asked, a
// second apart, while it has not followed so far that the archive is there.
const standbyTries = 30

// readingFrom returns what pages read from: the archive's own database, or, with
// the role web, the server that is configured to follow it.
func (a *Archive) readingFrom(ctx context.Context, c *config.Config, o Options, db database, how access) (reads, error) {
	own, ok := db.(*postgres.Store)
	if !ok || c.Storage.PostgresRead == "" || c.Serve.Role != "web" || how.readOnly {
		return db, nil
	}
	objects, err := openObjects(ctx, c, o, true)
	if err != nil {
		return nil, err
	}
	if objects != nil {
		a.closers = append(a.closers, objects.Close)
	}
	for try := 1; ; try++ {
		standby, err := postgres.Open(ctx, c.Storage.PostgresRead, postgres.Options{Schema: c.Storage.Schema, ReadOnly: true, Objects: objects,
			MinConns: int32(c.Serve.Workers) + 4, Now: o.Now, Renew: func() (string, error) { return c.Again("storage.postgres_read") }})
		if err == nil {
			a.closers = append(a.closers, standby.Close)
			return postgres.Follow(own, standby), nil
		}
		behind := errors.Is(err, store.ErrNoStore) || errors.Is(err, store.ErrVersion)
		if !behind || try == standbyTries || !pause(ctx, time.Second) {
			return nil, fmt.Errorf("reading from the server of storage.postgres_read: %w", err)
		}
	}
}

// openObjects opens the place for large files beside a database, nil where
// there is none. Where that may be away, the rest works without it meanwhile.
func openObjects(ctx context.Context, c *config.Config, o Options, mayBeAway bool) (store.Objects, error) {
	s := &c.Storage
	switch {
	case s.Files != "":
		return files.Open(s.Files, o.Now)
	case s.S3.Bucket != "":
		roots, err := authorities(c, o.Getenv)
		if err != nil {
			return nil, err
		}
		renew := func() (string, string, error) {
			access, err := c.Again("storage.s3.access_key")
			if err != nil {
				return "", "", err
			}
			secret, err := c.Again("storage.s3.secret_key")
			return access, secret, err
		}
		return s3.Open(ctx, s3.Options{Endpoint: s.S3.Endpoint, Bucket: s.S3.Bucket, Prefix: s.S3.Prefix, Region: s.S3.Region,
			AccessKey: s.S3.AccessKey, SecretKey: s.S3.SecretKey, Renew: renew, Now: o.Now, MayBeAway: mayBeAway, RootCAs: roots})
	}
	return nil, nil //nolint:nilnil // there is none, which is no error
}

// closeAll takes down what was built, in the reverse order.
func closeAll(closers []func() error) error {
	var errs []error
	for i := len(closers) - 1; i >= 0; i-- {
		errs = append(errs, closers[i]())
	}
	return errors.Join(errs...)
}

// StorageCheck is one thing of the storage that was tried.
type StorageCheck struct {
	// Name is storage.postgres, storage.s3 or storage.files.
	Name string
	// Place says for people where it is.
	Place string
	// Err says why it cannot be used.
	Err error
}

// CheckStorage tries what the configuration names beside the embedded default:
// it reads the database and, in the place for large files, stores, reads and
// removes a small one.
func CheckStorage(ctx context.Context, c *config.Config, o Options) []StorageCheck {
	o = o.withDefaults()
	if c.Storage.Postgres == "" {
		return nil
	}
	checks := []StorageCheck{{Name: "storage.postgres", Place: "schema " + c.Storage.Schema}}
	db, err := postgres.Open(ctx, c.Storage.Postgres, postgres.Options{Schema: c.Storage.Schema, MustExist: true, ReadOnly: true, Now: o.Now})
	if err == nil {
		var st store.Stats
		if st, err = db.Stats(ctx); err == nil {
			checks[0].Place = st.Place
		}
		err = errors.Join(err, db.Close())
	}
	checks[0].Err = err
	if c.Storage.PostgresRead != "" {
		checks = append(checks, checkStandby(ctx, c, o))
	}
	if c.Storage.Files == "" && c.Storage.S3.Bucket == "" {
		return checks
	}
	large := StorageCheck{Name: "storage.s3", Place: "bucket " + c.Storage.S3.Bucket + " at " + c.Storage.S3.Endpoint}
	if c.Storage.Files != "" {
		large = StorageCheck{Name: "storage.files", Place: "folder " + c.Storage.Files}
	}
	large.Err = tryObjects(ctx, c, o)
	return append(checks, large)
}

// checkStandby reads from the server that follows the database.
func checkStandby(ctx context.Context, c *config.Config, o Options) StorageCheck {
	check := StorageCheck{Name: "storage.postgres_read", Place: "schema " + c.Storage.Schema}
	db, err := postgres.Open(ctx, c.Storage.PostgresRead, postgres.Options{Schema: c.Storage.Schema, ReadOnly: true, Now: o.Now})
	if err == nil {
		var st store.Stats
		if st, err = db.Stats(ctx); err == nil {
			check.Place = st.Place
		}
		err = errors.Join(err, db.Close())
	}
	check.Err = err
	return check
}

// tryObjects stores, reads and removes a small file.
func tryObjects(ctx context.Context, c *config.Config, o Options) (err error) {
	objects, err := openObjects(ctx, c, o, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, objects.Close()) }()
	body := fmt.Appendf(nil, "stet doctor %d", o.Now().UnixNano())
	d := store.DigestOf(body)
	if err := objects.Put(ctx, d, bytes.NewReader(body), int64(len(body))); err != nil {
		return err
	}
	r, err := objects.Open(ctx, d)
	if err != nil {
		return err
	}
	got := make([]byte, len(body))
	if _, err := r.ReadAt(got, 0); err != nil || string(got) != string(body) {
		return errors.Join(fmt.Errorf("%w: what was stored came back changed", store.ErrCorrupt), err, r.Close())
	}
	return errors.Join(r.Close(), objects.Remove(ctx, d))
}

// MaySign reports whether this machine may sign heads: where several share an
// archive, only those that have its key, and the first one, which makes it. A
// machine that made a key of its own would end the log of the others.
func (a *Archive) MaySign(ctx context.Context) (bool, error) {
	if _, ok := a.db.(*bolt.Store); ok {
		return true, nil
	}
	if _, err := os.Stat(filepath.Join(a.Dir, evidence.KeyFile)); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err == nil, err
	}
	log, err := a.Heads.Log()
	if err != nil {
		return false, err
	}
	last, err := log.Last(ctx)
	return err == nil && last == nil, err
}

// StampWorker signs heads by schedule.
type StampWorker = stamp.Worker

// file returns the bbolt store of the archive. It errors with ErrUsage where
// the archive is kept elsewhere: doing is what was asked for, instead is what
// to do there.
func (a *Archive) file(doing, instead string) (*bolt.Store, error) {
	if db, ok := a.db.(*bolt.Store); ok {
		return db, nil
	}
	return nil, elsewhere(doing, instead)
}

func elsewhere(doing, instead string) error {
	return fmt.Errorf("%w: this archive is kept in PostgreSQL: %s %s (docs/operating.md)", store.ErrUsage, doing, instead)
}

// onFile is [Archive.file] for an archive that is not open.
func onFile(c *config.Config, doing, instead string) error {
	if c.Storage.Postgres == "" {
		return nil
	}
	return elsewhere(doing, instead)
}

// Collect removes the files that nothing refers to any more. It errors with
// ErrUsage where the archive is one file, which is compacted.
func (a *Archive) Collect(ctx context.Context) (store.CollectSummary, error) {
	c, ok := a.db.(store.Collector)
	if !ok {
		return store.CollectSummary{}, fmt.Errorf("%w: --files is for archives in PostgreSQL; `stet compact` is all that this one needs", store.ErrUsage)
	}
	return c.Collect(ctx)
}

// turns returns what paces the requests of all machines, nil where one has the
// archive for itself.
func (a *Archive) turns() store.Turns {
	t, _ := a.db.(store.Turns)
	return t
}

// Alone runs f on one machine at a time: where several work on the archive, the
// others wait and take over when it ends. f is run again where the hold was
// lost on the way.
func (a *Archive) Alone(ctx context.Context, name string, f func(context.Context) error) error {
	x, ok := a.db.(store.Exclusive)
	if !ok {
		return f(ctx)
	}
	for {
		held, release, err := x.Hold(ctx, name)
		if err != nil {
			if ctx.Err() != nil {
				return nil //nolint:nilerr // the regular end
			}
			return err
		}
		err = f(held)
		lost := held.Err() != nil && ctx.Err() == nil
		release()
		if !lost {
			return err
		}
		// Whoever takes over has had the time to; nothing is lost by waiting.
		if !pause(ctx, time.Second) {
			return nil
		}
	}
}

// pause waits; it reports whether ctx goes on.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

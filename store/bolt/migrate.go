package bolt

import (
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"

	"stet/store"
)

// Format is the version of the buckets, keys and values that this version
// writes. It reads archives of every format from 1 up to it.
const Format = 1

// migration brings an archive from one format to the next.
type migration struct {
	// to is the format that it leads to.
	to int
	// what says what it does, as a sentence.
	what string
	// step does a part of it in one transaction and reports whether it is
	// done. It is called again after a crash, on what was done before.
	step func(tx *bbolt.Tx) (done bool, err error)
}

// migrations lists all of them, in order: migrations[i] leads from format i+1
// to i+2. Only forward; none is ever changed after a release.
func migrations() []migration { return nil }

// migrate brings the archive to the present format.
func (s *Store) migrate() error { return s.migrateWith(Format, migrations()) }

func (s *Store) migrateWith(format int, list []migration) error {
	have, err := s.format()
	if err != nil {
		return err
	}
	switch {
	case have > format:
		return fmt.Errorf("%w: the archive in %s has format %d, this stet reads up to %d; install a newer stet and run the same command again (`stet version` names the one that is installed)",
			store.ErrVersion, s.dir, have, format)
	case have == format:
		return nil
	case s.readOnly:
		return fmt.Errorf("%w: the archive in %s has format %d and must be brought to %d first; run `stet check`, which may write",
			store.ErrReadOnly, s.dir, have, format)
	}
	for _, m := range list[have-1:] {
		if err := s.migrateOne(m); err != nil {
			return fmt.Errorf("bringing the archive in %s to format %d (%s): %w", s.dir, m.to, m.what, err)
		}
	}
	return nil
}

func (s *Store) migrateOne(m migration) error {
	for done := false; !done; {
		if err := s.write(func(tx *bbolt.Tx) (err error) {
			if done, err = m.step(tx); err != nil || !done {
				return err
			}
			return putFormat(tx, m.to)
		}); err != nil {
			return err
		}
	}
	return nil
}

// format returns the format of the archive.
func (s *Store) format() (int, error) {
	format := 0
	err := s.at.Load().db.View(func(tx *bbolt.Tx) error {
		if tx.Bucket([]byte(bucketMeta)) == nil {
			return fmt.Errorf("%w: the file %s in %s is a bbolt file, but not one of an archive, or it is damaged", store.ErrCorrupt, FileName, s.dir)
		}
		v, err := readMeta(tx, metaFormat)
		if err != nil {
			return err
		}
		r := reader{b: v}
		format = int(r.uvarint())
		if err := r.end(); err != nil || format < 1 {
			return fmt.Errorf("%w: the format of the archive cannot be read", store.ErrCorrupt)
		}
		return nil
	})
	return format, err
}

func putFormat(tx *bbolt.Tx, format int) error {
	key := []byte(metaFormat)
	if err := mustBucket(tx, bucketMeta).Put(key, seal(bucketMeta, key, binary.AppendUvarint(nil, uint64(format)))); err != nil {
		return fmt.Errorf("writing the format: %w", err)
	}
	return nil
}

// write runs fn in a write transaction, while nothing else uses the store.
func (s *Store) write(fn func(*bbolt.Tx) error) error {
	if err := s.at.Load().db.Update(fn); err != nil {
		return classify(err)
	}
	return nil
}

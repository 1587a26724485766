package bolt

import (
	"encoding/binary"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"

	"stet/store"
	"stet/store/codec"
)

// Format is the version of the buckets, keys and values that this version
// writes. It reads archives of every format from 1 up to it.
const Format = 2

// migration brings an archive from one format to the next.
type migration struct {
	// to is the format that it leads to.
	to int
	// what says what it does, as a sentence.
	what string
	// step does a part of it in one transaction and reports whether it is
	// done. It is called again after a crash, on what was done before.
	step func(s *Store, tx *bbolt.Tx) (done bool, err error)
}

// migrations lists all of them, in order: migrations[i] leads from format i+1
// to i+2. Only forward; none is ever changed after a release.
func migrations() []migration {
	return []migration{{to: 2, what: "indexing the pages that articles link", step: indexLinks}}
}

const (
	// metaIndexed says how far the migration to format 2 has come: a journal
	// number. It is gone when the migration is done.
	metaIndexed = "indexed"
	// indexedAtOnce is how many records one step of it looks at.
	indexedAtOnce = 20_000
)

// indexLinks adds the entries of [store.IndexLink], which format 1 has not, for
// the next records.
func indexLinks(s *Store, tx *bbolt.Tx) (bool, error) { return indexSome(s, tx, indexedAtOnce) }

// indexSome looks at a number of records.
func indexSome(s *Store, tx *bbolt.Tx, most uint64) (bool, error) {
	at, err := readIndexed(tx)
	if err != nil {
		return false, err
	}
	w, err := newWriteTx(s, tx)
	if err != nil {
		return false, err
	}
	w.prober = nil // the file was not opened for anybody yet
	c := mustBucket(tx, bucketRecords).Cursor()
	end := min(w.head, at+most)
	for at < end {
		block, _, _, err := blockOf(c, at+1)
		if err != nil {
			return false, err
		}
		records, err := s.codec.Decode(block.bytes, block.first)
		if err != nil {
			return false, err
		}
		for i := range records {
			if err := w.indexLinksOf(&records[i]); err != nil {
				return false, err
			}
		}
		at = block.first + block.count() - 1
	}
	key := []byte(metaIndexed)
	if at >= w.head {
		return true, w.delete(bucketMeta, key)
	}
	return false, w.put(bucketMeta, key, seal(bucketMeta, key, binary.AppendUvarint(nil, at)))
}

// indexLinksOf adds the entries of one record.
func (w *writeTx) indexLinksOf(r *store.Record) error {
	if r.Kind != store.KindArticle || codec.StoresTerms(r) {
		return nil
	}
	content, err := store.DecodeAny(r)
	if err != nil {
		return err
	}
	links := *r
	links.Terms = slices.DeleteFunc(store.TermsOf(content), func(t store.Term) bool { return t.Index != store.IndexLink })
	entries := termEntries([]store.Record{links})
	for i := range entries {
		if err := w.putTerm(&entries[i], r.Seq); err != nil {
			return err
		}
	}
	return nil
}

// readIndexed returns how far the migration has come.
func readIndexed(tx *bbolt.Tx) (uint64, error) {
	v, err := readMeta(tx, metaIndexed)
	if err != nil || v == nil {
		return 0, err
	}
	r := reader{b: v}
	at := r.uvarint()
	if err := r.end(); err != nil {
		return 0, fmt.Errorf("%w: how far the migration has come cannot be read", store.ErrCorrupt)
	}
	return at, nil
}

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
			if done, err = m.step(s, tx); err != nil || !done {
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

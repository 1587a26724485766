package evidence

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/mod/sumdb/tlog"

	"stet/store"
)

// FileName is the name of the file of hashes beside an archive.
const FileName = "evidence.tree"

// treeMagic begins the file.
const treeMagic = "stet evidence tree 1\n"

// nodes are the hashes of the complete blocks and of what is above them, in the
// order in which tlog stores them. They are derived: where they are lost they
// are made again.
type nodes interface {
	// len is how many there are.
	len() int64
	// at returns one.
	at(i int64) (tlog.Hash, error)
	// append adds some.
	append(hashes []tlog.Hash) error
	// reset throws all away.
	reset() error
}

// memory keeps hashes in memory, after those of base, which is not written to.
type memory struct {
	base   nodes // nil for none
	hashes []tlog.Hash
}

func (m *memory) below() int64 {
	if m.base == nil {
		return 0
	}
	return m.base.len()
}

func (m *memory) len() int64 { return m.below() + int64(len(m.hashes)) }

func (m *memory) at(i int64) (tlog.Hash, error) {
	if n := m.below(); i >= n {
		return m.hashes[i-n], nil
	}
	return m.base.at(i)
}

func (m *memory) append(hashes []tlog.Hash) error {
	m.hashes = append(m.hashes, hashes...)
	return nil
}

func (m *memory) reset() error {
	m.base, m.hashes = nil, nil
	return nil
}

// file keeps hashes in a file. It is not synced: what a power cut leaves of it
// is noticed, because it does not fit the heads that were signed.
type file struct {
	f *os.File
	n int64
}

// openFile opens the file of hashes; one that cannot be what it should be is
// begun again. For reading it errors with fs.ErrNotExist where there is none.
func openFile(path string, readOnly bool) (*file, error) {
	flags := os.O_RDWR | os.O_CREATE
	if readOnly {
		flags = os.O_RDONLY
	}
	f, err := os.OpenFile(path, flags, 0o600)
	if err != nil {
		return nil, fmt.Errorf("%w: opening the hashes of the evidence tree: %w", store.ErrReadOnly, err)
	}
	t := &file{f: f}
	info, err := f.Stat()
	if err == nil {
		t.n = info.Size()/tlog.HashSize - 1
		head := make([]byte, tlog.HashSize)
		if _, failed := f.ReadAt(head, 0); failed != nil || !bytes.Equal(head, treeHead()) {
			t.n = -1
		}
	}
	switch {
	case err != nil:
	case t.n < 0 && readOnly:
		err = fs.ErrNotExist // as good as none
	case t.n < 0:
		err = t.reset()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%w: opening the hashes of the evidence tree: %w", store.ErrReadOnly, err), f.Close())
	}
	return t, nil
}

// treeHead is what the file begins with.
func treeHead() []byte {
	head := make([]byte, tlog.HashSize)
	copy(head, treeMagic)
	return head
}

func (t *file) len() int64 { return t.n }

func (t *file) at(i int64) (h tlog.Hash, err error) {
	if _, err := t.f.ReadAt(h[:], (i+1)*tlog.HashSize); err != nil {
		return h, fmt.Errorf("%w: reading the hashes of the evidence tree: %w", store.ErrCorrupt, err)
	}
	return h, nil
}

func (t *file) append(hashes []tlog.Hash) error {
	b := make([]byte, 0, len(hashes)*tlog.HashSize)
	for i := range hashes {
		b = append(b, hashes[i][:]...)
	}
	if _, err := t.f.WriteAt(b, (t.n+1)*tlog.HashSize); err != nil {
		return fmt.Errorf("%w: writing the hashes of the evidence tree: %w", store.ErrFull, err)
	}
	t.n += int64(len(hashes))
	return nil
}

func (t *file) reset() error {
	t.n = 0
	err := t.f.Truncate(0)
	if err == nil {
		_, err = t.f.WriteAt(treeHead(), 0)
	}
	if err != nil {
		return fmt.Errorf("%w: beginning the hashes of the evidence tree: %w", store.ErrFull, err)
	}
	return nil
}

package bolt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"go.etcd.io/bbolt"
)

// prober looks at the pages that a change of an entry will replace, before it
// is made. bbolt frees a replaced page with as many pages behind it as its
// header says, whatever stands there: one flipped bit would give pages away
// that hold other entries, or fill the memory with the numbers of millions.
// The pages of the state that a write transaction began with are not written
// before it has ended, so that they can be read from the file.
type prober struct {
	r io.ReaderAt
	// end is the number of the first page that is not used yet.
	end uint64
	buf [pageSize]byte
	// pages are those that were looked at: each is read once in a transaction,
	// and there is one prober for each. A branch has its content, a leaf none.
	pages map[uint64][]byte
	// buckets are those to which the way was looked at.
	buckets map[string]bool
}

func newProber(r io.ReaderAt, end uint64) *prober {
	return &prober{r: r, end: end, pages: map[uint64][]byte{}, buckets: map[string]bool{}}
}

// bucket looks at the way to a bucket, which is replaced with the bucket.
func (p *prober) bucket(tx *bbolt.Tx, name string) error {
	if p.buckets[name] {
		return nil
	}
	p.buckets[name] = true
	return p.path(uint64(tx.Cursor().Bucket().Root()), []byte(name), false)
}

// path looks at the pages from the root of a tree, 0 for none of its own, to
// the leaf for a key; and at those beside them, where an entry is deleted,
// because what is left may be joined with them.
func (p *prober) path(id uint64, key []byte, deleted bool) error {
	if id == 0 {
		return nil
	}
	for range maxDepth {
		branch, err := p.probe(id)
		if err != nil || branch == nil {
			return err
		}
		before, at, after := children(branch, key)
		if deleted {
			for _, beside := range []uint64{before, after} {
				if beside == 0 {
					continue
				}
				if _, err := p.probe(beside); err != nil {
					return err
				}
			}
		}
		id = at
	}
	return errors.New("its branches never end")
}

// probe looks whether a branch or leaf is as long as its content needs, and
// returns the content of a branch.
func (p *prober) probe(id uint64) (branch []byte, err error) {
	if branch, ok := p.pages[id]; ok {
		return branch, nil
	}
	if err := p.read(id); err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	if binary.NativeEndian.Uint16(p.buf[8:]) == flagBranch {
		branch = bytes.Clone(p.buf[:])
	}
	p.pages[id] = branch
	return branch, nil
}

// read reads the first page of a branch or leaf into the buffer and looks
// whether it is as long as its content needs.
func (p *prober) read(id uint64) error {
	if id < 2 || id >= p.end {
		return fmt.Errorf("it is outside of the file, which has %d", p.end)
	}
	b := p.buf[:]
	if _, err := p.r.ReadAt(b, int64(id)*pageSize); err != nil {
		return fmt.Errorf("reading it: %w", err)
	}
	e := binary.NativeEndian
	flags, count, more := e.Uint16(b[8:]), int(e.Uint16(b[10:])), uint64(e.Uint32(b[12:]))
	switch {
	case e.Uint64(b) != id:
		return fmt.Errorf("it says that it is page %d", e.Uint64(b))
	case flags != flagLeaf && flags != flagBranch:
		return fmt.Errorf("it is of the kind %#x", flags)
	case flags == flagBranch && count == 0:
		return errors.New("it is a branch without entries")
	case pageHeader+count*elementSize > pageSize:
		return fmt.Errorf("it says that it has %d entries", count)
	}
	// The entries stand one behind the other: the last ends where the content
	// does.
	size := uint64(pageHeader)
	if count > 0 {
		at := pageHeader + (count-1)*elementSize
		if flags == flagLeaf {
			size = uint64(at) + uint64(e.Uint32(b[at+4:])) + uint64(e.Uint32(b[at+8:])) + uint64(e.Uint32(b[at+12:]))
		} else {
			size = uint64(at) + uint64(e.Uint32(b[at:])) + uint64(e.Uint32(b[at+4:]))
		}
	}
	if want := (size + pageSize - 1) / pageSize; more+1 != want || id+more >= p.end {
		return fmt.Errorf("it says that %d pages go with it, and its entries take %d in all", more, want)
	}
	return nil
}

// children returns the child of a branch that a key belongs to, and those
// before and behind it, 0 where there is none.
func children(b, key []byte) (before, at, after uint64) {
	e := binary.NativeEndian
	count := int(e.Uint16(b[10:]))
	child := func(i int) uint64 {
		if i < 0 || i >= count {
			return 0
		}
		return e.Uint64(b[pageHeader+i*elementSize+8:])
	}
	low, high := 0, count // the last child whose first key is not above the key
	for high-low > 1 {
		i := (low + high) / 2
		n := pageHeader + i*elementSize
		from := uint64(n) + uint64(e.Uint32(b[n:]))
		to := from + uint64(e.Uint32(b[n+4:]))
		if to <= pageSize && bytes.Compare(b[from:to], key) > 0 {
			high = i
		} else {
			low = i
		}
	}
	return child(low - 1), child(low), child(low + 1)
}

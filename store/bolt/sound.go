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
	// probed are the pages, and buckets the ways to buckets, that were looked
	// at and need not be again.
	probed  map[uint64]bool
	buckets map[string]bool
}

func newProber(r io.ReaderAt, end uint64) *prober {
	return &prober{r: r, end: end, probed: map[uint64]bool{}, buckets: map[string]bool{}}
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
		if err := p.probe(id); err != nil {
			return fmt.Errorf("page %d: %w", id, err)
		}
		if binary.NativeEndian.Uint16(p.buf[8:]) == flagLeaf {
			return nil
		}
		before, at, after := p.children(key)
		if deleted {
			for _, beside := range []uint64{before, after} {
				if beside == 0 || p.probed[beside] {
					continue
				}
				if err := p.probe(beside); err != nil {
					return fmt.Errorf("page %d: %w", beside, err)
				}
			}
		}
		id = at
	}
	return errors.New("its branches never end")
}

// probe reads the first page of a branch or leaf into the buffer and looks
// whether it is as long as its content needs.
func (p *prober) probe(id uint64) error {
	if id < 2 || id >= p.end {
		return fmt.Errorf("it is outside of the file, which has %d", p.end)
	}
	b := p.buf[:]
	if _, err := p.r.ReadAt(b, int64(id)*pageSize); err != nil {
		return fmt.Errorf("reading it: %w", err)
	}
	if p.probed[id] {
		return nil
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
		return fmt.Errorf("it says that it goes on for %d pages, and its entries end on the %d.", more, want)
	}
	p.probed[id] = true
	return nil
}

// children returns the child of the branch in the buffer that a key belongs
// to, and those before and behind it, 0 where there is none.
func (p *prober) children(key []byte) (before, at, after uint64) {
	e := binary.NativeEndian
	count := int(e.Uint16(p.buf[10:]))
	child := func(i int) uint64 {
		if i < 0 || i >= count {
			return 0
		}
		return e.Uint64(p.buf[pageHeader+i*elementSize+8:])
	}
	low, high := 0, count // the last child whose first key is not above the key
	for high-low > 1 {
		i := (low + high) / 2
		n := pageHeader + i*elementSize
		from := uint64(n) + uint64(e.Uint32(p.buf[n:]))
		to := from + uint64(e.Uint32(p.buf[n+4:]))
		if to <= pageSize && bytes.Compare(p.buf[from:to], key) > 0 {
			high = i
		} else {
			low = i
		}
	}
	return child(low - 1), child(low), child(low + 1)
}

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
	// last is, for each tree, the way that was looked at last: keys that come
	// in order are mostly of the same leaf.
	last map[uint64]way
}

// way is what of a tree was looked at: from its root to the leaf for the keys
// from low on that are below high, which has no bound where it is nil. deleted
// is true where the leaves beside it were looked at too.
type way struct {
	low, high []byte
	deleted   bool
}

func (w *way) leadsTo(key []byte, deleted bool) bool {
	return (w.deleted || !deleted) && bytes.Compare(w.low, key) <= 0 && (w.high == nil || bytes.Compare(key, w.high) < 0)
}

func newProber(r io.ReaderAt, end uint64) *prober {
	return &prober{r: r, end: end, pages: map[uint64][]byte{}, buckets: map[string]bool{}, last: map[uint64]way{}}
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
	root := id
	last, ok := p.last[root]
	if ok && last.leadsTo(key, deleted) {
		return nil
	}
	to := way{deleted: deleted}
	for range maxDepth {
		branch, err := p.probe(id)
		if err != nil {
			return err
		}
		if branch == nil {
			p.last[root] = to
			return nil
		}
		n := childFor(branch, key)
		if deleted {
			for _, beside := range []uint64{childAt(branch, n-1), childAt(branch, n+1)} {
				if beside == 0 {
					continue
				}
				if _, err := p.probe(beside); err != nil {
					return err
				}
			}
		}
		id = childAt(branch, n)
		to.narrow(branch, n)
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

// childFor returns which child of a branch a key belongs to: the last one whose
// first key is not above the key.
func childFor(b, key []byte) int {
	low, high := 0, int(binary.NativeEndian.Uint16(b[10:]))
	for high-low > 1 {
		i := (low + high) / 2
		if first, ok := firstKey(b, i); ok && bytes.Compare(first, key) > 0 {
			high = i
		} else {
			low = i
		}
	}
	return low
}

// firstKey returns what a branch says is the first key of a child; ok is false
// where that is not within the page.
func firstKey(b []byte, i int) (key []byte, ok bool) {
	e := binary.NativeEndian
	n := pageHeader + i*elementSize
	from := uint64(n) + uint64(e.Uint32(b[n:]))
	to := from + uint64(e.Uint32(b[n+4:]))
	if to > pageSize {
		return nil, false
	}
	return b[from:to], true
}

// childAt returns the page of a child of a branch, 0 where there is none.
func childAt(b []byte, i int) uint64 {
	e := binary.NativeEndian
	if i < 0 || i >= int(e.Uint16(b[10:])) {
		return 0
	}
	return e.Uint64(b[pageHeader+i*elementSize+8:])
}

// narrow leaves of the keys those of a child.
func (w *way) narrow(b []byte, i int) {
	if first, ok := firstKey(b, i); ok && i > 0 {
		w.low = first
	}
	if i+1 < int(binary.NativeEndian.Uint16(b[10:])) {
		if next, ok := firstKey(b, i+1); ok {
			w.high = next
		}
	}
}

package wacz

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"stet/store"
)

// tail is where the list of entries of a ZIP is said to be.
type tail struct {
	entries, offset, size int64
}

// findEnd reads the end of a ZIP, so that the list can be bounded before it is
// read. It errors with ErrCorrupt where there is none.
func findEnd(r io.ReaderAt, size int64) (tail, error) {
	none := func(why string) (tail, error) {
		return tail{}, fmt.Errorf("the file: %w: it is no ZIP: %s", store.ErrCorrupt, why)
	}
	// A comment of at most 64 KB can follow.
	b := make([]byte, min(size, math.MaxUint16+22))
	if _, err := r.ReadAt(b, size-int64(len(b))); err != nil && !errors.Is(err, io.EOF) {
		return tail{}, fmt.Errorf("reading the file: %w", err)
	}
	at := bytes.LastIndex(b, u32(nil, sigEnd))
	if at < 0 || len(b)-at < 22 {
		return none("it has no end")
	}
	e := b[at:]
	t := tail{entries: int64(binary.LittleEndian.Uint16(e[10:])), size: int64(binary.LittleEndian.Uint32(e[12:])), offset: int64(binary.LittleEndian.Uint32(e[16:]))}
	if t.entries != math.MaxUint16 && t.size != large && t.offset != large {
		return t, nil
	}
	loc := size - int64(len(b)) + int64(at) - 20
	e = make([]byte, 20)
	if loc < 0 {
		return none("it has no second end")
	}
	if _, err := r.ReadAt(e, loc); err != nil || binary.LittleEndian.Uint32(e) != sigLocator64 {
		return none("it has no second end")
	}
	where := binary.LittleEndian.Uint64(e[8:])
	e = make([]byte, 56)
	if where > uint64(size) { //nolint:gosec // a size
		return none("its second end lies behind it")
	}
	if _, err := r.ReadAt(e, int64(where)); err != nil || binary.LittleEndian.Uint32(e) != sigEnd64 { //nolint:gosec // as just seen
		return none("it has no second end")
	}
	n, s, o := binary.LittleEndian.Uint64(e[32:]), binary.LittleEndian.Uint64(e[40:]), binary.LittleEndian.Uint64(e[48:])
	if n > math.MaxInt32 || s > uint64(size) || o > uint64(size) { //nolint:gosec // a size
		return none("its list lies behind it")
	}
	return tail{entries: int64(n), size: int64(s), offset: int64(o)}, nil //nolint:gosec // as just seen
}

package wacz

import (
	"encoding/binary"
	"math"
	"time"
)

// The numbers of ZIP's format.
const (
	sigLocal     = 0x04034b50
	sigCentral   = 0x02014b50
	sigEnd       = 0x06054b50
	sigEnd64     = 0x06064b50
	sigLocator64 = 0x07064b50

	version   = 20
	version64 = 45
	// utf8Names says that names are UTF-8.
	utf8Names = 0x800
	regular   = 0o100644 << 16
	unix      = 3 << 8
	// large marks a number that stands in the extra field.
	large = math.MaxUint32
)

// entry is one entry of the ZIP as it is written.
type entry struct {
	name   string
	size   int64
	crc    uint32
	offset int64
}

// big reports whether the size does not fit into the header.
func (e *entry) big() bool { return e.size >= large }

// stamp is the time of every entry, in the ZIP's own form.
type stamp struct{ date, clock uint16 }

func stampOf(t time.Time) stamp {
	t = t.UTC()
	if t.Year() < 1980 || t.Year() > 2107 {
		return stamp{date: 1<<5 | 1}
	}
	return stamp{date: uint16(t.Day() + int(t.Month())<<5 + (t.Year()-1980)<<9), //nolint:gosec // bounded above
		clock: uint16(t.Second()/2 + t.Minute()<<5 + t.Hour()<<11)} //nolint:gosec // of a day
}

// time returns the time again.
func (s stamp) time() time.Time {
	return time.Date(int(s.date>>9)+1980, time.Month(s.date>>5&15), int(s.date&31), int(s.clock>>11), int(s.clock>>5&63), int(s.clock&31)*2, 0, time.UTC)
}

func u16(b []byte, v uint16) []byte { return binary.LittleEndian.AppendUint16(b, v) }
func u32(b []byte, v uint32) []byte { return binary.LittleEndian.AppendUint32(b, v) }
func u64(b []byte, v int64) []byte  { return binary.LittleEndian.AppendUint64(b, uint64(v)) } //nolint:gosec // sizes

// fits returns v, or the mark for numbers that stand elsewhere.
func fits(v int64) uint32 {
	if v >= large {
		return large
	}
	return uint32(v) //nolint:gosec // as just seen
}

// local writes what stands before an entry's content.
func (e *entry) local(at stamp) []byte {
	need, extra := uint16(version), []byte(nil)
	if e.big() {
		need = version64
		extra = u64(u64(u16(u16(nil, 1), 16), e.size), e.size)
	}
	b := u16(u32(nil, sigLocal), need)
	b = u16(u16(b, utf8Names), 0)
	b = u16(u16(b, at.clock), at.date)
	b = u32(u32(u32(b, e.crc), fits(e.size)), fits(e.size))
	b = u16(u16(b, uint16(len(e.name))), uint16(len(extra))) //nolint:gosec // names are short
	return append(append(b, e.name...), extra...)
}

// central writes the entry's line of the directory.
func (e *entry) central(at stamp) []byte {
	need, extra := uint16(version), []byte(nil)
	if e.big() {
		extra = u64(u64(extra, e.size), e.size)
	}
	if e.offset >= large {
		extra = u64(extra, e.offset)
	}
	if len(extra) > 0 {
		need = version64
		extra = append(u16(u16(nil, 1), uint16(len(extra))), extra...) //nolint:gosec // at most 24
	}
	b := u16(u16(u32(nil, sigCentral), unix|need), need)
	b = u16(u16(b, utf8Names), 0)
	b = u16(u16(b, at.clock), at.date)
	b = u32(u32(u32(b, e.crc), fits(e.size)), fits(e.size))
	b = u16(u16(u16(b, uint16(len(e.name))), uint16(len(extra))), 0) //nolint:gosec // names are short
	b = u32(u16(u16(b, 0), 0), regular)
	b = u32(b, fits(e.offset))
	return append(append(b, e.name...), extra...)
}

// end writes what stands behind a directory of n entries.
func end(n int, offset, size int64) []byte {
	var b []byte
	few := uint16(min(n, math.MaxUint16)) //nolint:gosec // as written
	if n >= math.MaxUint16 || offset >= large || size >= large {
		at := offset + size
		b = u64(u32(b, sigEnd64), 44)
		b = u16(u16(b, unix|version64), version64)
		b = u32(u32(b, 0), 0)
		b = u64(u64(b, int64(n)), int64(n))
		b = u64(u64(b, size), offset)
		b = u64(u32(u32(b, sigLocator64), 0), at)
		b = u32(b, 1)
	}
	b = u16(u16(u32(b, sigEnd), 0), 0)
	b = u16(u16(b, few), few)
	return u16(u32(u32(b, fits(size)), fits(offset)), 0)
}

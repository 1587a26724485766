package store

import (
	"encoding/hex"
	"fmt"
	"io"
	"sync"
	"time"
)

// ID is the public name of a record or job: a UUID of version 7 (RFC 9562), so
// that ids sort by the time they were made. The zero ID names nothing.
type ID [16]byte

// String returns the canonical form of 36 characters, or "" for the zero ID.
func (id ID) String() string {
	if id.IsZero() {
		return ""
	}
	var b [36]byte
	hex.Encode(b[0:8], id[0:4])
	hex.Encode(b[9:13], id[4:6])
	hex.Encode(b[14:18], id[6:8])
	hex.Encode(b[19:23], id[8:10])
	hex.Encode(b[24:36], id[10:16])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// IsZero reports whether id names nothing.
func (id ID) IsZero() bool { return id == ID{} }

// ParseID reads the form that [ID.String] writes. It errors with [ErrInvalid].
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return ID{}, fmt.Errorf("%w: %q is not the id of a record", ErrInvalid, s)
	}
	if _, err := hex.Decode(id[:], []byte(s[0:8]+s[9:13]+s[14:18]+s[19:23]+s[24:])); err != nil {
		return ID{}, fmt.Errorf("%w: %q is not the id of a record", ErrInvalid, s)
	}
	return id, nil
}

// MarshalText writes the canonical form.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads the canonical form; nothing gives the zero ID.
func (id *ID) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*id = ID{}
		return nil
	}
	v, err := ParseID(string(b))
	if err != nil {
		return err
	}
	*id = v
	return nil
}

// IDs makes ids. It is safe for concurrent use. Ids of one maker ascend, also
// when its clock steps back.
type IDs struct {
	now  func() time.Time
	rand io.Reader

	mu   sync.Mutex
	last int64 // milliseconds << 12 | sequence, as in the first 60 bits
}

// Group makes the ids of records that are stored together: they share their
// first 15 bytes, so that a backend can index them with one entry. A group has
// room for 256; after that it goes on with a new beginning.
type Group struct {
	ids  *IDs
	next ID
	left int
}

// Group returns a new group.
func (m *IDs) Group() *Group { return &Group{ids: m} }

// New returns the next id of the group. It errors only where the random source
// does.
func (g *Group) New() (ID, error) {
	if g.left == 0 {
		id, err := g.ids.New()
		if err != nil {
			return ID{}, err
		}
		id[15] = 0
		g.next, g.left = id, 256
	}
	id := g.next
	g.next[15]++
	g.left--
	return id, nil
}

// NewIDs returns a maker that reads time from now and random bytes from rand.
func NewIDs(now func() time.Time, rand io.Reader) *IDs {
	return &IDs{now: now, rand: inTurns(rand)}
}

// turns is a reader whose reads happen one after the other: sources of random
// bytes need not be safe for concurrent use.
type turns struct {
	mu sync.Mutex
	r  io.Reader
}

func inTurns(r io.Reader) *turns {
	if t, ok := r.(*turns); ok {
		return t
	}
	return &turns{r: r}
}

// Read reads from the source. It errors as the source does.
func (t *turns) Read(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.r.Read(p)
}

// New returns the next id. It errors only where the random source does.
func (m *IDs) New() (ID, error) {
	var id ID
	if _, err := io.ReadFull(m.rand, id[8:]); err != nil {
		return ID{}, fmt.Errorf("reading random bytes for an id: %w", err)
	}
	m.mu.Lock()
	stamp := max(m.now().UnixMilli()<<12, m.last+1)
	m.last = stamp
	m.mu.Unlock()
	ms, seq := stamp>>12, stamp&0xfff
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	id[6] = 0x70 | byte(seq>>8)
	id[7] = byte(seq)
	id[8] = 0x80 | id[8]&0x3f
	return id, nil
}

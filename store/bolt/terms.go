package bolt

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"

	"stet/store"
)

// A key of the bucket terms is
//
//	index (1 byte) | value, 0x00 escaped as 0x00 0xFF | 0x00 | number
//
// where number is the journal number of the first record in the list of the
// entry: a byte that says how many follow (1 to 8), then the number in so many
// bytes, big endian. Keys sort by index, value and number; the length byte is
// never 0xFF, so that the end of a value cannot be mistaken for an escaped
// zero. The value of an entry is the list: the kind of the first record, then
// for each further one the distance from the one before (uvarint) and its
// kind. A list grows until it is as long as [maxList]; the records of one
// batch are never divided.

const (
	termEnd    = 0x00
	termEscape = 0xFF
	// afterNumbers sorts after the length byte of every number.
	afterNumbers = 9
	// maxList is the length from which on a list does not grow any more. Small,
	// because a growing list is written anew each time; at this length an entry
	// takes less than five bytes for a record.
	maxList = 120
)

// termPrefix is the part of a key before the number.
func termPrefix(t store.Term) []byte {
	return append(appendTermValue([]byte{t.Index.Number()}, t.Value), termEnd)
}

func appendTermValue(b []byte, value string) []byte {
	for i := range len(value) {
		b = append(b, value[i])
		if value[i] == termEnd {
			b = append(b, termEscape)
		}
	}
	return b
}

func appendNumber(b []byte, n uint64) []byte {
	size := 1
	for size < 8 && n>>(8*size) > 0 {
		size++
	}
	b = append(b, byte(size))
	for i := size - 1; i >= 0; i-- {
		b = append(b, byte(n>>(8*i)))
	}
	return b
}

func readNumber(b []byte) (uint64, error) {
	if len(b) < 2 || int(b[0]) != len(b)-1 || len(b) > 9 || b[1] == 0 {
		return 0, errors.New("its number cannot be read")
	}
	var n uint64
	for _, c := range b[1:] {
		n = n<<8 | uint64(c)
	}
	return n, nil
}

// readTermKey takes a key apart.
func readTermKey(k []byte) (store.Term, uint64, error) {
	indexes := store.Indexes()
	if len(k) == 0 || k[0] == 0 || int(k[0]) > len(indexes) {
		return store.Term{}, 0, errors.New("it belongs to no known index")
	}
	value := make([]byte, 0, len(k))
	for i := 1; i < len(k); i++ {
		if k[i] != termEnd {
			value = append(value, k[i])
			continue
		}
		if i+1 < len(k) && k[i+1] == termEscape {
			value = append(value, termEnd)
			i++
			continue
		}
		n, err := readNumber(k[i+1:])
		return store.Term{Index: indexes[k[0]-1], Value: string(value)}, n, err
	}
	return store.Term{}, 0, errors.New("it has no end")
}

// posting says that a record carries a term.
type posting struct {
	seq  uint64
	kind byte
}

// readPostings reads the value of the entry whose key has the number first.
func readPostings(dst []posting, first uint64, v []byte) ([]posting, error) {
	r := reader{b: v}
	seq := first
	dst = append(dst, posting{seq, r.byte()})
	for len(r.b) > 0 {
		d := r.uvarint()
		if d == 0 {
			return dst, errors.New("its list cannot be read")
		}
		seq += d
		dst = append(dst, posting{seq, r.byte()})
	}
	return dst, r.err
}

// termEntry is an entry of terms before its number is known.
type termEntry struct {
	prefix []byte
	offset int // of the first record in its batch
	last   int
	list   []byte
	// alone is true where it is not worth looking for an earlier list, because
	// there hardly ever is one.
	alone bool
}

// putTerm adds an entry of a batch whose first record gets the number first:
// to the last list of the term where that is short enough.
func (w *writeTx) putTerm(e *termEntry, first uint64) error {
	at := first + uint64(e.offset)
	if e.alone {
		return w.put(bucketTerms, appendNumber(slices.Clip(e.prefix), at), e.list)
	}
	k, v := seekBefore(w.bucket(bucketTerms).Cursor(), append(slices.Clip(e.prefix), afterNumbers))
	if bytes.HasPrefix(k, e.prefix) && len(v) < maxList {
		start, err := readNumber(k[len(e.prefix):])
		if err != nil {
			return termDamage(k, err)
		}
		list, err := readPostings(nil, start, v)
		if err != nil {
			return termDamage(k, err)
		}
		v = binary.AppendUvarint(slices.Clip(v), at-list[len(list)-1].seq)
		return w.put(bucketTerms, bytes.Clone(k), append(v, e.list...))
	}
	return w.put(bucketTerms, appendNumber(slices.Clip(e.prefix), at), e.list)
}

// termEntries returns one entry for each term of a batch, sorted.
func termEntries(records []store.Record) []termEntry {
	var entries []termEntry
	var terms []store.Term     // of the entries
	at := map[store.Term]int{} // where there are many
	find := func(t store.Term) int {
		if len(terms) <= fewTerms {
			return slices.Index(terms, t)
		}
		for len(at) < len(terms) {
			at[terms[len(at)]] = len(at)
		}
		if n, ok := at[t]; ok {
			return n
		}
		return -1
	}
	for i := range records {
		kind := records[i].Kind.Number()
		for _, t := range records[i].Terms {
			n := find(t)
			if n < 0 {
				// The body of an exchange is indexed once: later ones refer to it.
				entries = append(entries, termEntry{prefix: termPrefix(t), offset: i, last: i, list: []byte{kind}, alone: t.Index == store.IndexBody})
				terms = append(terms, t)
				continue
			}
			if e := &entries[n]; e.last < i {
				e.list = append(binary.AppendUvarint(e.list, uint64(i-e.last)), kind)
				e.last = i
			}
		}
	}
	slices.SortFunc(entries, func(a, b termEntry) int { return bytes.Compare(a.prefix, b.prefix) })
	return entries
}

// fewTerms is how many terms are found faster one by one than in a map.
const fewTerms = 16

// postings calls fn for the records that carry a term, in the order of q,
// within its bounds and of its kinds, until fn returns false.
func postings(tx *bbolt.Tx, q *store.Query, fn func(posting) bool) error {
	prefix := termPrefix(q.Term)
	kinds := make([]byte, len(q.Kinds))
	for i, k := range q.Kinds {
		kinds[i] = k.Number()
	}
	wanted := func(p posting) bool {
		return p.seq > q.After && (q.Before == 0 || p.seq < q.Before) && (len(kinds) == 0 || slices.Contains(kinds, p.kind))
	}
	c := mustBucket(tx, bucketTerms).Cursor()
	k, v := startPostings(c, prefix, q)
	var list []posting
	for bytes.HasPrefix(k, prefix) {
		if bytes.HasPrefix(k[len(prefix):], []byte{termEscape}) { // a longer value
			break
		}
		first, err := readNumber(k[len(prefix):])
		if err != nil {
			return termDamage(k, err)
		}
		if list, err = readPostings(list[:0], first, v); err != nil {
			return termDamage(k, err)
		}
		if !q.Newest && q.Before > 0 && first >= q.Before {
			break
		}
		if q.Newest {
			slices.Reverse(list)
		}
		for _, p := range list {
			if wanted(p) && !fn(p) {
				return nil
			}
		}
		if q.Newest {
			if list[0].seq <= q.After {
				break
			}
			k, v = c.Prev()
		} else {
			k, v = c.Next()
		}
	}
	return nil
}

// startPostings moves to the first entry that can hold something within the
// bounds of q.
func startPostings(c *bbolt.Cursor, prefix []byte, q *store.Query) (k, v []byte) {
	at := slices.Clip(prefix)
	switch {
	case q.Newest && q.Before > 0:
		return seekBefore(c, appendNumber(at, q.Before-1))
	case q.Newest:
		return seekBefore(c, append(at, afterNumbers))
	case q.After > 0:
		// The entry before may hold later records of its batch.
		if k, v = seekBefore(c, appendNumber(at, q.After)); bytes.HasPrefix(k, prefix) {
			return k, v
		}
	}
	return c.Seek(prefix)
}

func termDamage(k []byte, err error) error {
	return fmt.Errorf("%w: the entry %x of %s: %w", store.ErrCorrupt, k, bucketTerms, err)
}

// Values implements [store.Records].
func (s *Store) Values(ctx context.Context, x store.Index, prefix, after string, limit int) ([]string, error) {
	limit = cmp.Or(limit, 1000)
	number := x.Number()
	if number == 0 {
		return nil, fmt.Errorf("%w: there is no index %q", store.ErrInvalid, x)
	}
	var values []string
	err := s.view(ctx, func(tx *bbolt.Tx) error {
		c := mustBucket(tx, bucketTerms).Cursor()
		with := appendTermValue([]byte{number}, prefix)
		at := with
		if after >= prefix {
			at = append(termPrefix(store.Term{Index: x, Value: after}), afterNumbers)
		}
		for k, _ := c.Seek(at); bytes.HasPrefix(k, with) && len(values) < limit; {
			t, _, err := readTermKey(k)
			if err != nil {
				return termDamage(k, err)
			}
			values = append(values, t.Value)
			k, _ = c.Seek(append(termPrefix(t), afterNumbers))
		}
		return nil
	})
	return values, err
}

package search

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"sort"

	"go.etcd.io/bbolt"

	"stet/extract/words"
	"stet/store"
)

// taken is the bit of [cursor.respelled] that says that not only the words as
// they are written were taken.
const taken = 1 << 7

// cursorVersion is the first byte of a cursor.
const cursorVersion = 2

// cursor says where the page before ended, in words that every index of the
// same journal understands: the numbers by which the journal knows records, and
// what the words weighed on the first page. So the next page may be asked of
// another machine, and is the same while the archive grows.
type cursor struct {
	set bool
	// reached is the number of the journal that the index had come to when the
	// first page was made. What was added since is left out, so that no hit
	// comes twice; end is the document after the last that is looked at.
	reached uint64
	end     uint32
	// shown is how many hits the pages before had, key what the last of them was
	// sorted by, doc its document or, where it is no more, the one beside it.
	shown uint64
	key   float64
	doc   uint32
	// respelled are the words for which other spellings were taken, a bit each by
	// their places, and the highest where the first page took what is like the
	// words as well; weights are what the words weighed.
	respelled uint8
	weights   []uint32
}

// after returns the cursor for the hits after one, which is the n-th of its
// page.
func (s *searcher) after(last *candidate, n int) (string, error) {
	_, seq, _, err := s.docs.at(last.doc)
	if err != nil {
		return "", err
	}
	v := []byte{cursorVersion, s.cursor.respelled}
	v = binary.BigEndian.AppendUint32(v, queryHash(s.q))
	v = binary.BigEndian.AppendUint64(v, math.Float64bits(last.key))
	for _, number := range []uint64{s.cursor.reached, s.cursor.shown + uint64(n), seq} {
		v = binary.AppendUvarint(v, number)
	}
	for _, w := range s.cursor.weights {
		v = binary.AppendUvarint(v, uint64(w))
	}
	return base64.RawURLEncoding.EncodeToString(v), nil
}

// readCursor reads the cursor of the query.
func (s *searcher) readCursor() (cursor, error) {
	if s.q.Cursor == "" {
		return cursor{reached: metaNumber(s.tx, metaCursor), end: s.rows.end}, nil
	}
	v, err := base64.RawURLEncoding.DecodeString(s.q.Cursor)
	if err != nil || len(v) < 17 || v[0] != cursorVersion || binary.BigEndian.Uint32(v[2:]) != queryHash(s.q) {
		return cursor{}, s.strangeCursor()
	}
	c := cursor{set: true, respelled: v[1], key: math.Float64frombits(binary.BigEndian.Uint64(v[6:]))}
	r := varints{b: v[14:]}
	c.reached, c.shown = r.next(), r.next()
	seq := r.next()
	for r.left() > 0 {
		c.weights = append(c.weights, uint32(r.next())&maxWeight)
	}
	if r.bad || math.IsNaN(c.key) || len(c.weights) > words.MaxGroups {
		return cursor{}, s.strangeCursor()
	}
	c.end = s.docs.from(c.reached+1, s.rows.end)
	c.doc = s.docs.from(seq, s.rows.end)
	if s.best.rising && s.docs.from(seq+1, s.rows.end) == c.doc {
		c.doc-- // the last hit is no more: what took its place is still to come
	}
	return c, nil
}

func (s *searcher) strangeCursor() error {
	return fmt.Errorf("%w: the cursor %.60q does not belong to this query; ask without it", store.ErrInvalid, s.q.Cursor)
}

// deep reports whether all of what is sorted by how its words stand was shown:
// the rest comes in the order in which it is found.
func (s *searcher) deep() bool {
	return s.cursor.set && (s.order != store.SortRelevance || len(s.words.Order.Tokens) < 2 || s.cursor.shown >= looked)
}

// shown reports whether a candidate was on a page before.
func (s *searcher) shown(c *candidate) bool {
	return s.cursor.set && s.best.compare(candidate{key: s.cursor.key, doc: s.cursor.doc}, *c) >= 0
}

// weigh makes words weigh what they weighed on the first page.
func (s *searcher) weigh(loose []*term) {
	if s.cursor.set && len(s.cursor.weights) == len(loose) {
		for i, t := range loose {
			t.setWeight(s.cursor.weights[i])
		}
		return
	}
	s.cursor.weights = s.cursor.weights[:0]
	for _, t := range loose {
		s.cursor.weights = append(s.cursor.weights, t.weight)
	}
}

// queryHash tells queries apart. What it does not hold may change from page to
// page: the limit, what is counted.
func queryHash(q *store.SearchQuery) uint32 {
	h := fnv.New32a()
	f := q.Filter
	_, _ = fmt.Fprintf(h, "%q %q %v %q %q %q %q %q %q %q %d %d %d %d", q.Words, q.Sort, q.Exact, f.Kinds, f.Platforms, f.Authors, f.Statuses, f.Domains, f.Media, f.Sources,
		seconds(f.PostedFrom), seconds(f.PostedTo), seconds(f.GoneFrom), seconds(f.GoneTo)) // a hash takes everything
	return h.Sum32()
}

// docs reads what documents are known by: the number of the journal of their
// record (a varint), their name, a zero byte, and the address of an article or
// page. Both kinds of numbers ascend together.
type docs struct{ c *bbolt.Cursor }

func docValue(d *document) []byte {
	v := append(binary.AppendUvarint(nil, d.seq), d.name...)
	return append(append(v, 0), d.url...)
}

// at returns what a document is known by.
func (d docs) at(doc uint32) (n name, seq uint64, url string, err error) {
	k, v := d.c.Seek(numberKey(doc))
	r := varints{b: v}
	seq = r.next()
	known, address, ok := bytes.Cut(v[r.at:], []byte{0})
	if !bytes.Equal(k, numberKey(doc)) || r.bad || !ok || len(known) < 1 {
		return "", 0, "", fmt.Errorf("%w: document %d of the index of words is missing; run `stet rebuild`", store.ErrCorrupt, doc)
	}
	return name(known), seq, string(address), nil
}

// from returns the first document of a record with a number of the journal or a
// later one, end where there is none.
func (d docs) from(seq uint64, end uint32) uint32 {
	n := sort.Search(int(end), func(doc int) bool {
		k, v := d.c.Seek(numberKey(uint32(doc)))
		r := varints{b: v}
		return k == nil || r.next() >= seq
	})
	if k, _ := d.c.Seek(numberKey(uint32(n))); len(k) == 4 {
		return binary.BigEndian.Uint32(k)
	}
	return end
}

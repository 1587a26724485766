package search

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"

	"stet/store"
)

// cursorVersion is the first byte of a cursor.
const cursorVersion = 1

// cursor says where the page before ended. By relevance it is a number of hits,
// by time the time and the document of the last one. What was added since the
// first page is left out, so that no hit comes twice.
type cursor struct {
	set    bool
	end    uint32 // one more than the last document that is looked at
	offset int
	// sorted is true where key and doc are those of the last hit.
	sorted bool
	key    float64
	doc    uint32
	// respelled is true where the first page took other spellings.
	respelled bool
}

// after returns the cursor for the hits after one, which is the n-th of its
// page.
func (s *searcher) after(last *candidate, n int) string {
	v := []byte{cursorVersion, 0}
	if s.cursor.respelled {
		v[1] = 1
	}
	v = binary.BigEndian.AppendUint32(v, s.cursor.end)
	if s.order == store.SortRelevance {
		v = binary.BigEndian.AppendUint64(v, uint64(s.cursor.offset+n))
	} else {
		v = binary.BigEndian.AppendUint32(v, uint32(math.Abs(last.key)))
		v = binary.BigEndian.AppendUint32(v, last.doc)
	}
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint32(v, queryHash(s.q)))
}

// maxOffset bounds how far a search by relevance can be paged.
const maxOffset = 100_000

// readCursor reads the cursor of the query.
func (s *searcher) readCursor() (cursor, error) {
	q := s.q
	if q.Cursor == "" {
		return cursor{}, nil
	}
	v, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	if err != nil || len(v) != 18 || v[0] != cursorVersion || binary.BigEndian.Uint32(v[14:]) != queryHash(q) {
		return cursor{}, fmt.Errorf("%w: the cursor %.60q does not belong to this query; ask without it", store.ErrInvalid, q.Cursor)
	}
	c := cursor{set: true, respelled: v[1] == 1, end: min(s.rows.end, max(1, binary.BigEndian.Uint32(v[2:])))}
	sort := s.sort()
	if c.sorted = sort != store.SortRelevance; c.sorted {
		c.key, c.doc = float64(binary.BigEndian.Uint32(v[6:])), binary.BigEndian.Uint32(v[10:])
		if sort == store.SortOldest {
			c.key = -c.key
		}
		return c, nil
	}
	offset := binary.BigEndian.Uint64(v[6:])
	if offset > maxOffset {
		return cursor{}, fmt.Errorf("%w: more than %d hits are not paged through by relevance; narrow the search or sort it by time", store.ErrInvalid, maxOffset)
	}
	c.offset = int(offset)
	return c, nil
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

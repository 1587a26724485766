package search

import (
	"fmt"
	"slices"

	"stet/store"
)

// none is the document after the last one.
const none = ^uint32(0)

// iterator goes over the documents that hold something, in ascending order.
type iterator interface {
	// seek goes to the first document from doc on, which is none at the end,
	// and returns it. It never goes back.
	seek(doc uint32) uint32
	// fill sets the bits of the documents from one to before another, counted
	// from base on; it goes on to the first document after them.
	fill(base, from, to uint32, into *bitset)
	// fault returns what could not be read.
	fault() error
}

// tokenIterator goes over the documents that hold a token, with the places.
type tokenIterator struct {
	list     *tokenList
	segments []segment
	at, end  int // the segments after the open one
	cursor   blockCursor
	placed   bool // the cursor stands at the block
	open     bool
	block    postings
	docs     varints // of the block, after the present document
	left     int     // documents of the block after the present one
	rest     varints // places of the block, after those of passed documents
	passed   int     // documents whose places are before rest
	index    int     // of the present document in the block
	now      uint32
	begun    bool
	found    []int
	err      error
}

// begin makes the iterator go over the segments from one to before another.
func (it *tokenIterator) begin(list *tokenList, segments []segment, from, end int) {
	*it = tokenIterator{list: list, segments: segments, at: from, end: end, found: it.found[:0]}
}

func (it *tokenIterator) fault() error { return it.err }

func (it *tokenIterator) seek(doc uint32) uint32 {
	if it.begun && it.now >= doc {
		return it.now
	}
	it.begun = true
	for it.err == nil {
		if it.open && doc <= it.block.last {
			return it.walk(doc)
		}
		if !it.advance(doc) {
			break
		}
	}
	it.now = none
	return none
}

func (it *tokenIterator) fill(base, from, to uint32, into *bitset) {
	for now := it.seek(from); now < to; now = it.seek(now + 1) {
		into.set(now - base)
		// Nearly all in a block are a byte from the one before.
		b, n := it.docs.b[it.docs.at:], 0
		for n < it.left && n < len(b) && b[n] < 0x80 && now+uint32(b[n]) < to {
			now += uint32(b[n])
			into.set(now - base)
			n++
		}
		it.docs.at += n
		it.now = now
		it.left -= n
		it.index += n
	}
}

// walk goes to the first document from doc on, which is in the block.
func (it *tokenIterator) walk(doc uint32) uint32 {
	b, n := it.docs.b[it.docs.at:], 0
	for it.now < doc && n < it.left && n < len(b) && b[n] < 0x80 {
		it.now += uint32(b[n])
		n++
	}
	it.docs.at += n
	it.left -= n
	it.index += n
	for it.now < doc && it.left > 0 {
		it.now += uint32(it.docs.next())
		it.left--
		it.index++
	}
	if it.docs.bad || it.now < doc {
		it.err = it.damage()
		it.now = none
	}
	return it.now
}

func (it *tokenIterator) damage() error {
	return fmt.Errorf("%w: %w: of %q", store.ErrCorrupt, errBlock, it.list.token)
}

// advance opens the block that holds doc or the first document after it.
func (it *tokenIterator) advance(doc uint32) bool {
	if it.open && it.block.others > 0 {
		var block postings
		var ok bool
		if it.placed {
			block, ok, it.err = it.cursor.next()
		}
		if it.err == nil && (!it.placed || ok && block.last < doc) {
			block, ok, it.err = it.seekBlock(doc)
		}
		if ok || it.err != nil {
			it.take(block)
			return it.err == nil
		}
	}
	it.open = false
	for it.at < it.end {
		s, first := &it.segments[it.at], &it.list.firsts[it.at]
		it.at++
		if s.last < doc || first.count == 0 {
			continue
		}
		block, ok := *first, first.last >= doc
		it.placed = false
		if !ok && first.others > 0 {
			block, ok, it.err = it.seekBlock(doc)
		}
		if it.err != nil {
			return false
		}
		if ok {
			it.take(block)
			return true
		}
	}
	return false
}

// seekBlock finds a block of the open segment, which is that before at.
func (it *tokenIterator) seekBlock(doc uint32) (postings, bool, error) {
	if !it.placed {
		it.cursor = blockCursor{c: it.segments[it.at-1].bucket.Cursor(), prefix: it.list.prefix}
		it.placed = true
	}
	return it.cursor.seek(doc)
}

func (it *tokenIterator) take(block postings) {
	it.open, it.block = true, block
	it.docs, it.left, it.now = varints{b: block.docs}, block.count-1, block.first
	it.rest, it.passed, it.index = varints{b: block.places}, 0, 0
}

// places returns where the token stands in the present document, until the next
// move.
func (it *tokenIterator) places() []int {
	if it.passed > it.index {
		return it.found
	}
	for it.passed < it.index {
		it.rest.skip()
		it.passed++
	}
	it.found = it.rest.places(it.found)
	it.passed++
	if it.rest.bad {
		it.err = it.damage()
	}
	return it.found
}

// fillFrom fills by asking for one document after the other.
func fillFrom(it iterator, base, from, to uint32, into *bitset) {
	for doc := it.seek(from); doc < to; doc = it.seek(doc + 1) {
		into.set(doc - base)
	}
}

// sequenceIterator goes over the documents in which tokens stand at their
// distances.
type sequenceIterator struct {
	its     []*tokenIterator
	offsets []int
	now     uint32
	begun   bool
}

func (s *sequenceIterator) fault() error {
	for _, it := range s.its {
		if it.err != nil {
			return it.err
		}
	}
	return nil
}

func (s *sequenceIterator) seek(doc uint32) uint32 {
	if s.begun && s.now >= doc {
		return s.now
	}
	s.begun = true
	for doc != none {
		agreed := true
		for _, it := range s.its {
			if at := it.seek(doc); at != doc {
				doc, agreed = at, false
				break
			}
		}
		switch {
		case !agreed:
		case s.stands():
			s.now = doc
			return doc
		default:
			doc++
		}
	}
	s.now = none
	return none
}

func (s *sequenceIterator) fill(base, from, to uint32, into *bitset) {
	fillFrom(s, base, from, to, into)
}

// stands reports whether the tokens stand at their distances in the present
// document.
func (s *sequenceIterator) stands() bool {
	for _, begin := range s.its[0].places() {
		whole := true
		for i, it := range s.its[1:] {
			if _, ok := slices.BinarySearch(it.places(), begin-s.offsets[0]+s.offsets[i+1]); !ok {
				whole = false
				break
			}
		}
		if whole {
			return true
		}
	}
	return false
}

// listIterator goes over a list of documents.
type listIterator struct {
	docs []uint32
	at   int
}

func (l *listIterator) fault() error { return nil }

func (l *listIterator) seek(doc uint32) uint32 {
	for l.at < len(l.docs) && l.docs[l.at] < doc {
		if l.at+64 < len(l.docs) && l.docs[l.at+64] < doc {
			n, _ := slices.BinarySearch(l.docs[l.at:], doc)
			l.at += n
			continue
		}
		l.at++
	}
	if l.at == len(l.docs) {
		return none
	}
	return l.docs[l.at]
}

func (l *listIterator) fill(base, from, to uint32, into *bitset) { fillFrom(l, base, from, to, into) }

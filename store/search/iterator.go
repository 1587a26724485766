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
	// exact reports whether the present document holds the words as they were
	// asked for.
	exact() bool
	// fault returns what could not be read.
	fault() error
}

// tokenIterator goes over the documents that hold a token, with the places.
type tokenIterator struct {
	token    string
	segments []segment
	at       int // index of the segment after the open one
	cursor   blockCursor
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

func newTokenIterator(segments []segment, token string) *tokenIterator {
	return &tokenIterator{token: token, segments: segments}
}

func (it *tokenIterator) exact() bool  { return true }
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

// walk goes to the first document from doc on, which is in the block.
func (it *tokenIterator) walk(doc uint32) uint32 {
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
	return fmt.Errorf("%w: %w: of %q", store.ErrCorrupt, errBlock, it.token)
}

// advance opens the block that holds doc or the first document after it.
func (it *tokenIterator) advance(doc uint32) bool {
	if it.open {
		var block postings
		var ok bool
		if block, ok, it.err = it.cursor.next(); ok && block.last < doc {
			block, ok, it.err = it.cursor.seek(doc)
		}
		if ok || it.err != nil {
			it.take(block)
			return it.err == nil
		}
		it.open = false
	}
	for it.at < len(it.segments) {
		s := it.segments[it.at]
		it.at++
		if s.last < doc {
			continue
		}
		it.cursor = newBlockCursor(s.bucket, it.token)
		block, ok, err := it.cursor.seek(max(doc, s.first))
		if err != nil {
			it.err = err
			return false
		}
		if ok {
			it.take(block)
			return true
		}
	}
	return false
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

// sequenceIterator goes over the documents in which tokens stand at their
// distances.
type sequenceIterator struct {
	its     []*tokenIterator
	offsets []int
	now     uint32
	begun   bool
}

func (s *sequenceIterator) exact() bool { return true }

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

func (l *listIterator) exact() bool  { return true }
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

// anyIterator goes over the documents that any of several iterators goes over.
type anyIterator struct {
	its []iterator
	// written is how many of the first are of the words as they were asked for.
	written int
	now     uint32
	begun   bool
}

func (a *anyIterator) fault() error {
	for _, it := range a.its {
		if err := it.fault(); err != nil {
			return err
		}
	}
	return nil
}

func (a *anyIterator) seek(doc uint32) uint32 {
	if a.begun && a.now >= doc {
		return a.now
	}
	a.begun, a.now = true, none
	for _, it := range a.its {
		a.now = min(a.now, it.seek(doc))
	}
	return a.now
}

func (a *anyIterator) exact() bool {
	for _, it := range a.its[:a.written] {
		if it.seek(a.now) == a.now {
			return true
		}
	}
	return false
}

package search

import (
	"bytes"
	"math/bits"

	"go.etcd.io/bbolt"
)

// tokenList is where the documents of a token stand: of each segment the first
// block, whose count is 0 where the token is not in the segment.
type tokenList struct {
	token  string
	prefix []byte // of the keys of its blocks
	firsts []postings
	count  int // of documents, replaced ones included
}

// lists finds the documents of tokens, each once.
type lists struct {
	segments []segment
	cursors  []*bbolt.Cursor // of the segments
	known    map[string]*tokenList
}

func newLists(segments []segment) *lists {
	return &lists{segments: segments, cursors: make([]*bbolt.Cursor, len(segments)), known: map[string]*tokenList{}}
}

// of returns the list of a token.
func (l *lists) of(token string) (*tokenList, error) {
	if list := l.known[token]; list != nil {
		return list, nil
	}
	list := &tokenList{token: token, prefix: append([]byte(token), 0), firsts: make([]postings, len(l.segments))}
	for i := range l.segments {
		c := blockCursor{c: l.cursor(i), prefix: list.prefix}
		first, ok, err := c.take(c.c.Seek(list.prefix))
		if err != nil {
			return nil, err
		}
		if ok {
			list.firsts[i] = first
			list.count += first.count + first.others
		}
	}
	l.known[token] = list
	return list, nil
}

// cursor returns the cursor of a segment.
func (l *lists) cursor(i int) *bbolt.Cursor {
	if l.cursors[i] == nil {
		l.cursors[i] = l.segments[i].bucket.Cursor()
	}
	return l.cursors[i]
}

// beginning calls fn with the blocks of all tokens of a segment that begin so.
func (l *lists) beginning(i int, begin string, fn func(p *postings)) error {
	c := l.cursor(i)
	for k, v := c.Seek([]byte(begin)); bytes.HasPrefix(k, []byte(begin)) && len(k) >= 5; k, v = c.Next() {
		p, err := readBlock(k, v)
		if err != nil {
			return err
		}
		fn(&p)
	}
	return nil
}

// countBeginning returns in how many documents tokens that begin so stand; one
// that holds several is counted several times.
func (l *lists) countBeginning(begin string) (int, error) {
	n := 0
	for i := range l.segments {
		if err := l.beginning(i, begin, func(p *postings) { n += p.count }); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// docsBeginning returns the documents of a segment that hold a token which
// begins so.
func (l *lists) docsBeginning(i int, begin string) (*listIterator, error) {
	first, last := l.segments[i].first, l.segments[i].last
	found := newDocSet(last - first + 1)
	if err := l.beginning(i, begin, func(p *postings) {
		doc, r := p.first, varints{b: p.docs}
		for i := range p.count {
			if i > 0 {
				doc += uint32(r.next())
			}
			if doc >= first && doc <= last {
				found.set(doc - first)
			}
		}
	}); err != nil {
		return nil, err
	}
	list := &listIterator{}
	for i, word := range found {
		for ; word != 0; word &= word - 1 {
			list.docs = append(list.docs, first+uint32(i*64+bits.TrailingZeros64(word)))
		}
	}
	return list, nil
}

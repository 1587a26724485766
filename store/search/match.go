package search

import (
	"bytes"
	"cmp"
	"math"
	"slices"

	"stet/extract/words"
	"stet/store"
)

// term is one word or phrase of a query with the documents that hold it.
type term struct {
	group words.Group
	// as are other spellings of its only token.
	as     []string
	it     iterator // of the present segment
	count  int      // about how many documents that are
	weight float32
	// looseWeight is what a document gets that holds it in another spelling.
	looseWeight float32
}

const (
	// fewHits is how few hits make a search look for other spellings of words.
	fewHits = 3
	// otherSpelling is the share of a word's weight that another spelling has.
	otherSpelling = 0.75
)

// search finds by words; where hardly anything is found, by words of nearly the
// same spelling.
func (s *searcher) search() ([]store.Respelling, error) {
	required, loose, err := s.terms()
	if err != nil {
		return nil, err
	}
	if err := s.match(required, loose); err != nil {
		return nil, err
	}
	if s.q.Exact || s.complete || s.total >= fewHits || s.cursor.set && !s.cursor.respelled {
		return nil, nil
	}
	respelled, err := s.respell(loose)
	if err != nil || len(respelled) == 0 {
		return nil, err
	}
	s.reset()
	s.cursor.respelled = true
	for i := range loose {
		if err := s.widen(loose[i], respelled[i]); err != nil {
			return nil, err
		}
	}
	if err := s.match(required, loose); err != nil {
		return nil, err
	}
	return reported(loose, respelled), nil
}

// reported lists what was taken for which words, in the order of the query.
func reported(loose []*term, respelled map[int][]string) []store.Respelling {
	var list []store.Respelling
	for i, t := range loose {
		if as := respelled[i]; len(as) > 0 {
			list = append(list, store.Respelling{Word: t.group.Any[0].Tokens[0], As: as})
		}
	}
	return list
}

// terms returns the words and phrases of the query.
func (s *searcher) terms() (required, loose []*term, err error) {
	for _, g := range s.words.Required {
		t, err := s.term(g)
		if err != nil {
			return nil, nil, err
		}
		required = append(required, t)
	}
	for _, g := range s.words.Loose {
		t, err := s.term(g)
		if err != nil {
			return nil, nil, err
		}
		loose = append(loose, t)
	}
	return required, loose, nil
}

func (s *searcher) term(g words.Group) (*term, error) {
	t := &term{group: g}
	for _, seq := range g.Any {
		n, err := s.countSequence(&seq, g.Begins)
		if err != nil {
			return nil, err
		}
		t.count += n
	}
	t.weigh(s.rows.end)
	return t, nil
}

// weigh sets the weight: rare words weigh more.
func (t *term) weigh(docs uint32) {
	t.weight = float32(math.Log(1 + float64(docs)/float64(t.count+1)))
	t.looseWeight = t.weight * otherSpelling
}

// bind makes the term go over the documents of one segment.
func (t *term) bind(segment []segment) error {
	if t.group.Begins {
		list, err := beginning(segment[0], t.group.Any[0].Tokens[0])
		t.it = list
		return err
	}
	its := make([]iterator, 0, len(t.group.Any)+len(t.as))
	for i := range t.group.Any {
		its = append(its, sequenceIn(segment, &t.group.Any[i]))
	}
	written := len(its)
	for _, token := range t.as {
		its = append(its, newTokenIterator(segment, token))
	}
	if t.it = its[0]; len(its) > 1 {
		t.it = &anyIterator{its: its, written: written}
	}
	return nil
}

func sequenceIn(segment []segment, seq *words.Sequence) iterator {
	if len(seq.Tokens) == 1 {
		return newTokenIterator(segment, seq.Tokens[0])
	}
	it := &sequenceIterator{offsets: seq.Offsets}
	for _, t := range seq.Tokens {
		it.its = append(it.its, newTokenIterator(segment, t))
	}
	return it
}

// beginning returns the documents of a segment that hold a token which begins
// so.
func beginning(seg segment, begin string) (*listIterator, error) {
	found := newDocSet(seg.last - seg.first + 1)
	c := seg.bucket.Cursor()
	for k, v := c.Seek([]byte(begin)); bytes.HasPrefix(k, []byte(begin)) && len(k) >= 5; k, v = c.Next() {
		p, err := readBlock(k, v)
		if err != nil {
			return nil, err
		}
		doc, r := p.first, varints{b: p.docs}
		for i := range p.count {
			if i > 0 {
				doc += uint32(r.next())
			}
			if doc >= seg.first && doc <= seg.last {
				found.set(doc - seg.first)
			}
		}
	}
	list := &listIterator{}
	for i, word := range found {
		for ; word != 0; word &= word - 1 {
			list.docs = append(list.docs, seg.first+uint32(i*64+trailing(word)))
		}
	}
	return list, nil
}

// countSequence returns in about how many documents a sequence stands.
func (s *searcher) countSequence(seq *words.Sequence, begins bool) (int, error) {
	least := math.MaxInt
	for _, t := range seq.Tokens {
		n, err := s.countToken(t, begins)
		if err != nil {
			return 0, err
		}
		least = min(least, n)
	}
	return least, nil
}

// countToken returns in how many documents a token, or tokens that begin so,
// stand, replaced ones included.
func (s *searcher) countToken(token string, begins bool) (int, error) {
	n := 0
	for _, seg := range s.segments {
		c := newBlockCursor(seg.bucket, token)
		if begins {
			c.prefix = []byte(token)
		}
		for k, v := c.c.Seek(c.prefix); begins && bytes.HasPrefix(k, c.prefix) && len(k) >= 5 || c.mine(k); k, v = c.c.Next() {
			p, err := readBlock(k, v)
			if err != nil {
				return 0, err
			}
			if n += p.count; !begins { // the first block tells of the others
				n += p.others
				break
			}
		}
	}
	return n, nil
}

// match takes the documents that hold all that is required, and most of the
// other words. All words of a document stand in one segment. The latest
// segments come first: most of what is best is there, and what comes later is
// soon seen to be worse.
func (s *searcher) match(required, loose []*term) error {
	m := newMatcher(required, loose)
	for i := len(s.segments) - 1; i >= 0; i-- {
		for _, t := range m.terms {
			if err := t.bind(s.segments[i : i+1]); err != nil {
				return err
			}
		}
		if err := s.matchSegment(m, &s.segments[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *searcher) matchSegment(m *matcher, seg *segment) error {
	end := min(s.cursor.end, seg.last+1)
	for doc := m.next(seg.first); doc < end; doc = m.next(doc + 1) {
		if err := s.called(); err != nil {
			return err
		}
		if raw := s.rows.raw(doc); raw != nil && s.filter.passes(doc, raw) {
			if c, ok := m.candidate(doc); ok {
				s.take(c, raw)
			}
		}
	}
	return m.fault()
}

// matcher goes over the documents that can fit. Of words that are not required
// more than half must be there, by weight: so whatever fits holds one of the
// weightiest, and only what holds one of those is looked at.
type matcher struct {
	required []*term
	// leading are the weightiest of the loose terms, of which one must be there;
	// following are the others, the weightiest first; left is what the weights
	// from there on amount to.
	leading, following []*term
	left               []float32
	total              float32
	terms              []*term // all of them
}

func newMatcher(required, loose []*term) *matcher {
	m := &matcher{required: slices.Clone(required), terms: slices.Concat(required, loose)}
	slices.SortFunc(m.required, func(a, b *term) int { return cmp.Compare(a.count, b.count) })
	sorted := slices.Clone(loose)
	slices.SortStableFunc(sorted, func(a, b *term) int { return cmp.Compare(b.weight, a.weight) })
	for _, t := range sorted {
		m.total += t.weight
	}
	rest := m.total
	for i, t := range sorted {
		if rest <= m.total*most {
			m.leading, m.following = sorted[:i], sorted[i:]
			break
		}
		rest -= t.weight
		m.leading = sorted[:i+1]
	}
	m.left = make([]float32, len(m.following)+1)
	for i := len(m.following) - 1; i >= 0; i-- {
		m.left[i] = m.left[i+1] + m.following[i].weight
	}
	return m
}

// next returns the first document from one on that can fit.
func (m *matcher) next(doc uint32) uint32 {
	if len(m.required) == 0 {
		return leastOf(m.leading, doc)
	}
	for doc != none {
		at := doc
		for _, t := range m.required {
			if at = t.it.seek(doc); at != doc {
				break
			}
		}
		if at == doc {
			return doc
		}
		doc = at
	}
	return none
}

func leastOf(terms []*term, doc uint32) uint32 {
	least := none
	for _, t := range terms {
		if at := t.it.seek(doc); at < least {
			least = at
		}
		if least == doc {
			break
		}
	}
	return least
}

// candidate measures a document, and reports false where too little is there.
func (m *matcher) candidate(doc uint32) (candidate, bool) {
	c := candidate{doc: doc, all: true, share: 1}
	if m.total == 0 {
		return c, true
	}
	sum := float32(0)
	for _, t := range m.leading {
		sum += t.in(doc, &c.all)
	}
	for i, t := range m.following {
		if sum+m.left[i] <= m.total*most {
			return c, false
		}
		sum += t.in(doc, &c.all)
	}
	c.share = float64(sum / m.total)
	return c, sum > m.total*most
}

// in returns the weight that a document gets for a term, and notes where it does
// not hold it as it was asked for.
func (t *term) in(doc uint32, all *bool) float32 {
	switch {
	case t.it.seek(doc) != doc:
		*all = false
		return 0
	case t.it.exact():
		return t.weight
	}
	*all = false
	return t.looseWeight
}

func (m *matcher) fault() error {
	for _, t := range m.terms {
		if err := t.it.fault(); err != nil {
			return err
		}
	}
	return nil
}

package search

import (
	"math"
	"math/bits"
	"slices"

	"stet/extract/words"
	"stet/store"
)

// term is one word or phrase of a query with the documents that hold it.
type term struct {
	group words.Group
	// tokens are those of its words and of other spellings of its only one.
	tokens []tokenOf
	// written and other go over the documents of the present segment that hold it
	// as it was asked for and in another spelling.
	written, other []iterator
	count          int // about how many documents that are
	// part is true where it is only a part of what was asked for.
	part   bool
	weight uint32
	// looseWeight is what a document gets that holds it in another spelling.
	looseWeight uint32
}

// tokenOf is a token with what goes over its documents.
type tokenOf struct {
	list *tokenList
	it   *tokenIterator
}

// fewHits is how few hits make a search look for other spellings of words.
const fewHits = 3

// search finds by words; where hardly anything is found, by words of nearly the
// same spelling. What the first page did, the next ones do.
func (s *searcher) search() ([]store.Respelling, error) {
	required, loose, err := s.terms()
	if err != nil {
		return nil, err
	}
	if !s.cursor.set || s.cursor.respelled == 0 {
		s.weigh(loose)
		if err := s.match(required, loose); err != nil {
			return nil, err
		}
		if s.q.Exact || s.complete || s.total >= fewHits || s.cursor.set {
			return nil, nil
		}
	}
	loose, parts, err := s.apart(loose)
	if err != nil {
		return nil, err
	}
	respelled, err := s.respell(loose)
	if err != nil || len(respelled) == 0 && !parts {
		return nil, err
	}
	s.reset()
	s.cursor.respelled |= taken
	for i := range loose {
		if err := s.widen(loose[i], respelled[i]); err != nil {
			return nil, err
		}
	}
	s.weigh(loose)
	if err := s.match(required, loose); err != nil {
		return nil, err
	}
	return reported(loose, respelled), nil
}

// apart takes words of several tokens apart, those of scripts without spaces
// above all, where particles and marks stand between what is meant, and reports
// whether there are any. Of one of those more than half of the tokens must be
// there: all weigh the same.
func (s *searcher) apart(loose []*term) ([]*term, bool, error) {
	var list []*term
	parts := false
	for _, t := range loose {
		tokens := t.group.Any[0].Tokens
		if len(tokens) < 2 || len(list)+len(tokens) > words.MaxGroups {
			list = append(list, t)
			continue
		}
		parts = true
		from, least := len(list), uint32(maxWeight)
		for _, token := range tokens {
			if slices.ContainsFunc(list, func(o *term) bool { return o.group.Any[0].Tokens[0] == token }) {
				continue
			}
			part, err := s.term(words.Group{Any: []words.Sequence{{Tokens: []string{token}, Offsets: []int{0}}}})
			if err != nil {
				return nil, false, err
			}
			part.part = true
			if list = append(list, part); part.count > 0 {
				least = min(least, part.weight)
			}
		}
		if words.Unspaced(tokens[0]) {
			for _, part := range list[from:] {
				part.setWeight(least)
			}
		}
	}
	return list, parts, nil
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
	if g.Begins {
		var err error
		t.count, err = s.lists.countBeginning(g.Any[0].Tokens[0])
		t.weigh(s.rows.end)
		return t, err
	}
	for i := range g.Any {
		n, err := t.write(s.lists, &g.Any[i])
		if err != nil {
			return nil, err
		}
		t.count += n
	}
	t.weigh(s.rows.end)
	return t, nil
}

// write adds a way in which the term is written, and returns in about how many
// documents it stands.
func (t *term) write(l *lists, seq *words.Sequence) (int, error) {
	it := &sequenceIterator{offsets: seq.Offsets}
	least := math.MaxInt
	for _, token := range seq.Tokens {
		list, err := l.of(token)
		if err != nil {
			return 0, err
		}
		t.tokens = append(t.tokens, tokenOf{list, &tokenIterator{}})
		it.its = append(it.its, t.tokens[len(t.tokens)-1].it)
		least = min(least, list.count)
	}
	if t.written = append(t.written, it); len(it.its) == 1 {
		t.written[len(t.written)-1] = it.its[0]
	}
	return least, nil
}

// spell adds another spelling, and returns in how many documents it stands.
func (t *term) spell(l *lists, token string) (int, error) {
	list, err := l.of(token)
	if err != nil {
		return 0, err
	}
	it := &tokenIterator{}
	t.tokens, t.other = append(t.tokens, tokenOf{list, it}), append(t.other, it)
	return list.count, nil
}

// weightUnit is the weight of one e-fold of rarity. Weights are whole numbers, so
// that their sums do not depend on the order of adding.
const weightUnit = 2048

// weigh sets the weight: rare words weigh more.
func (t *term) weigh(docs uint32) {
	t.setWeight(uint32(math.Round(weightUnit * math.Log(1+float64(docs)/float64(t.count+1)))))
}

// maxWeight is more than any word weighs, and all bits of a number.
const maxWeight = 1<<16 - 1

func (t *term) setWeight(w uint32) { t.weight, t.looseWeight = w, w*3/4 }

// bind makes the term go over the documents of one segment.
func (t *term) bind(l *lists, segment int) error {
	for i := range t.tokens {
		t.tokens[i].it.begin(t.tokens[i].list, l.segments, segment, segment+1)
	}
	for _, it := range t.written {
		if s, ok := it.(*sequenceIterator); ok {
			s.begun = false
		}
	}
	if !t.group.Begins {
		return nil
	}
	list, err := l.docsBeginning(segment, t.group.Any[0].Tokens[0])
	t.written = append(t.written[:0], list)
	return err
}

// seek returns the first document from one on that holds the term.
func (t *term) seek(doc uint32) uint32 {
	least := none
	for _, its := range [...][]iterator{t.written, t.other} {
		for _, it := range its {
			least = min(least, it.seek(doc))
		}
	}
	return least
}

// match takes the documents that hold all that is required, and most of the
// other words. All words of a document stand in one segment. The latest
// segments come first: most of what is best is there, and what comes later is
// soon seen to be worse.
func (s *searcher) match(required, loose []*term) error {
	m := newMatcher(required, loose, s.rows.end)
	for i := len(s.segments) - 1; i >= 0; i-- {
		for _, t := range m.terms {
			if err := t.bind(s.lists, i); err != nil {
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
	for from := m.next(seg.first); from < end; {
		if err := s.ended(); err != nil {
			return err
		}
		base := from - from%windowSize
		to := min(end, base+windowSize, from+s.window)
		first, last := s.summaries.load(from/windowSize, &s.there)
		m.window(base, from, to, &s.there)
		s.takeWindow(m, base, first, last)
		m.clear()
		from = m.next(to)
	}
	return m.fault()
}

// takeWindow takes what fits of a window whose documents were published between
// two times. Rows are read only where they are needed.
func (s *searcher) takeWindow(m *matcher, base, first, last uint32) {
	whole := s.filter.everything && s.order != store.SortGone
	if whole {
		s.countWindow(m, base)
	}
	for at, word := range m.fits {
		for ; word != 0; word &= word - 1 {
			c := m.candidate(base, uint32(at*64+trailing(word)))
			if whole && !s.promises(&c, first, last) {
				continue
			}
			raw := s.rows.raw(c.doc)
			switch {
			case raw == nil:
			case whole:
				s.consider(&c, raw)
			case s.filter.passes(c.doc, raw):
				s.take(c, raw)
			}
		}
	}
}

// countWindow counts what fits where everything passes the filter.
func (s *searcher) countWindow(m *matcher, base uint32) {
	for at, word := range m.fits {
		if word == 0 {
			continue
		}
		s.total += bits.OnesCount64(word)
		s.complete = s.complete || m.total == 0 || m.all[at] != 0
		if s.matched != nil && int(base/64)+at < len(s.matched) {
			s.matched[int(base/64)+at] |= word
		}
	}
}

// promises reports whether a document that was published between two times can
// be among the best.
func (s *searcher) promises(c *candidate, first, last uint32) bool {
	if !s.best.full {
		return true
	}
	switch s.order {
	case store.SortNewest:
		return float64(last) >= s.best.worst.key
	case store.SortOldest:
		return -float64(first) >= s.best.worst.key
	}
	c.seconds = last
	return c.score() >= s.best.worst.key
}

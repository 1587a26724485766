package search

import (
	"cmp"
	"math/bits"
	"slices"
)

// windowSize is how many neighbouring documents are looked at together.
const windowSize = 4096

// bitset has a bit for each document of a window.
type bitset [windowSize / 64]uint64

func (b *bitset) set(i uint32)      { b[i/64%uint32(len(b))] |= 1 << (i % 64) }
func (b *bitset) has(i uint32) bool { return b[i/64%uint32(len(b))]>>(i%64)&1 == 1 }
func (b *bitset) drop(i uint32)     { b[i/64%uint32(len(b))] &^= 1 << (i % 64) }

// cut drops all from one on.
func (b *bitset) cut(from uint32) {
	for i := range b {
		switch at := uint32(i) * 64; {
		case from <= at:
			b[i] = 0
		case from < at+64:
			b[i] &= 1<<(from-at) - 1
		}
	}
}

func (b *bitset) count() int {
	n := 0
	for _, word := range b {
		n += bits.OnesCount64(word)
	}
	return n
}

// matcher goes over the documents that can fit, a window at a time. Of words
// that are not required more than half must be there, by weight: so whatever
// fits holds one of the weightiest, and only what holds one of those is looked
// at.
type matcher struct {
	required []*term
	// leading are the weightiest of the loose terms, of which one must be there;
	// following are the others, the weightiest first; left is what the weights
	// from there on amount to. Beside required terms all are following.
	leading, following []*term
	left               []uint32
	total              uint32
	terms              []*term // all of them
	// documents is how many there are, about.
	documents uint32

	// Of the present window: what can fit, what holds every loose term as it was
	// asked for, the weight of the terms of each, which is 0 outside of fits, and
	// what one term is in as it was asked for and in another spelling.
	fits, all    bitset
	sums         [windowSize]uint32
	exact, other bitset
}

func newMatcher(required, loose []*term, documents uint32) *matcher {
	m := &matcher{required: slices.Clone(required), terms: slices.Concat(required, loose), documents: documents}
	slices.SortFunc(m.required, func(a, b *term) int { return cmp.Compare(a.count, b.count) })
	m.following = slices.Clone(loose)
	slices.SortStableFunc(m.following, func(a, b *term) int { return cmp.Compare(b.weight, a.weight) })
	for _, t := range loose {
		m.total += t.weight
	}
	if len(required) == 0 {
		n, rest := 0, m.total
		for n < len(m.following) && m.enough(rest) {
			rest -= m.following[n].weight
			n++
		}
		m.leading, m.following = m.following[:n], m.following[n:]
	}
	m.left = make([]uint32, len(m.following)+1)
	for i := len(m.following) - 1; i >= 0; i-- {
		m.left[i] = m.left[i+1] + m.following[i].weight
	}
	return m
}

// enough reports whether a weight is more than half of that of all words.
func (m *matcher) enough(weight uint32) bool { return 2*uint64(weight) > uint64(m.total) }

// next returns the first document from one on that can fit.
func (m *matcher) next(doc uint32) uint32 {
	if len(m.required) == 0 {
		least := none
		for _, t := range m.leading {
			least = min(least, t.seek(doc))
		}
		return least
	}
	for doc != none {
		at := doc
		for _, t := range m.required {
			if at = t.seek(doc); at != doc {
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

// window finds what fits of the documents from one to before another, which are
// of one window that begins at base, as far as it is there. Then fits, all and
// sums tell of them; sums have to be cleared with [matcher.clear].
func (m *matcher) window(base, from, to uint32, there *bitset) {
	m.fits = bitset{}
	for i := range m.all {
		m.all[i] = 1<<64 - 1
	}
	if len(m.required) > 0 {
		for doc := m.next(from); doc < to; doc = m.next(doc + 1) {
			m.fits.set(doc - base)
		}
	}
	for _, t := range m.leading {
		m.fill(t, base, from, to)
		for i := range m.fits {
			m.fits[i] |= m.exact[i] | m.other[i]
		}
		m.weigh(t)
	}
	for i, t := range m.following {
		n := m.fits.count()
		if n == 0 {
			return
		}
		if uint64(n)*seekCost < uint64(t.count)*uint64(to-from)/uint64(max(m.documents, 1)) {
			m.ask(t, base, m.left[i])
		} else {
			m.fill(t, base, from, to)
			for i, fits := range m.fits {
				m.exact[i] &= fits
				m.other[i] &= fits
			}
		}
		m.weigh(t)
	}
	m.decide(there)
}

// seekCost is how many documents of a list can be passed in the time that it
// takes to look whether a certain one is in it.
const seekCost = 8

// fill notes which documents of the window hold a term.
func (m *matcher) fill(t *term, base, from, to uint32) {
	m.exact, m.other = bitset{}, bitset{}
	for _, it := range t.written {
		it.fill(base, from, to, &m.exact)
	}
	for _, it := range t.other {
		it.fill(base, from, to, &m.other)
	}
}

// ask notes which of the documents that can fit hold a term; left is the weight
// of the terms from this one on. What cannot fit any more is dropped.
func (m *matcher) ask(t *term, base, left uint32) {
	m.exact, m.other = bitset{}, bitset{}
	for at, word := range m.fits {
		for ; word != 0; word &= word - 1 {
			i := uint32(at*64 + bits.TrailingZeros64(word))
			switch {
			case !m.enough(m.sums[i] + left):
				m.fits.drop(i)
				m.sums[i] = 0
			case holds(t.written, base+i):
				m.exact.set(i)
			case holds(t.other, base+i):
				m.other.set(i)
			}
		}
	}
}

func holds(its []iterator, doc uint32) bool {
	for _, it := range its {
		if it.seek(doc) == doc {
			return true
		}
	}
	return false
}

// weigh adds the weight of a term to what holds it.
func (m *matcher) weigh(t *term) {
	for at, exact := range m.exact {
		if m.all[at] &= exact; t.part {
			m.all[at] = 0
		}
		if m.single() { // then all that holds it fits
			continue
		}
		for word := exact; word != 0; word &= word - 1 {
			m.sums[at*64+bits.TrailingZeros64(word)] += t.weight
		}
		for word := m.other[at] &^ exact; word != 0; word &= word - 1 {
			m.sums[at*64+bits.TrailingZeros64(word)] += t.looseWeight
		}
	}
}

// single reports whether there is but one word in one spelling.
func (m *matcher) single() bool { return len(m.terms) == 1 && len(m.terms[0].other) == 0 }

// decide drops what does not fit or is not there.
func (m *matcher) decide(there *bitset) {
	for at, word := range m.fits {
		if word == 0 {
			continue
		}
		for gone := word &^ there[at]; gone != 0; gone &= gone - 1 {
			m.sums[at*64+bits.TrailingZeros64(gone)] = 0
		}
		m.fits[at] &= there[at]
		if m.total == 0 {
			continue
		}
		for some := m.fits[at] &^ m.all[at]; some != 0; some &= some - 1 {
			i := at*64 + bits.TrailingZeros64(some)
			if !m.enough(m.sums[i]) {
				m.fits.drop(uint32(i))
				m.sums[i] = 0
			}
		}
		m.all[at] &= m.fits[at]
	}
}

// candidate returns what is known of a document of the window that fits.
func (m *matcher) candidate(base, i uint32) candidate {
	c := candidate{doc: base + i, all: m.total == 0 || m.all.has(i), share: 1}
	if !c.all {
		c.share = float64(m.sums[i]) / float64(m.total)
	}
	return c
}

// clear clears the sums.
func (m *matcher) clear() {
	if m.single() {
		return
	}
	for at, word := range m.fits {
		for ; word != 0; word &= word - 1 {
			m.sums[at*64+bits.TrailingZeros64(word)] = 0
		}
	}
}

func (m *matcher) fault() error {
	for _, t := range m.terms {
		for _, its := range [][]iterator{t.written, t.other} {
			for _, it := range its {
				if err := it.fault(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

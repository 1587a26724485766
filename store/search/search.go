package search

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"go.etcd.io/bbolt"

	"stet/extract/words"
	"stet/store"
)

const (
	// scoreAll is added to the score of what holds all words.
	scoreAll = 2
	// looked is how many of the best are looked at for the order of their
	// words.
	looked = 200
	// asideShare is what the words of an article or page count where not all are
	// there: it has so many that some are met by chance.
	asideShare = 0.8
	// checkEvery is after how many documents a count looks whether it was called
	// off.
	checkEvery = 1 << 14
)

// Search implements [store.Searcher]. It catches up with the journal first, or,
// where [Index.Follow] runs, waits for that no longer than it has patience.
func (x *Index) Search(ctx context.Context, q store.SearchQuery) (store.SearchResult, error) {
	head, err := x.prepare(ctx)
	if err != nil {
		return store.SearchResult{}, err
	}
	var result store.SearchResult
	err = x.view(func(tx *bbolt.Tx) error {
		s, err := newSearcher(ctx, tx, &q, x.window)
		if err != nil {
			return err
		}
		result, err = s.run()
		result.Behind = behind(tx, max(head, s.cursor.reached))
		return err
	})
	return result, err
}

// searcher answers one query in one transaction.
type searcher struct {
	// ended errors where the search was called off.
	ended    func() error
	tx       *bbolt.Tx
	q        *store.SearchQuery
	window   uint32 // the most documents that are looked at together
	words    words.Query
	segments []segment
	lists    *lists
	rows     rows
	docs     docs
	// summaries are of the windows, there what is there of the present one.
	summaries summaries
	there     bitset
	filter    *filter
	cursor    cursor
	order     store.SearchSort
	best      top
	// matched are all that fit, where they are counted by something; total is
	// how many those are.
	matched docSet
	total   int
	// skips is true where what was shown is not among the best.
	skips bool
	seen  int
	// complete is true once something holds all words.
	complete bool
}

func newSearcher(ctx context.Context, tx *bbolt.Tx, q *store.SearchQuery, window uint32) (*searcher, error) {
	s := &searcher{ended: ctx.Err, tx: tx, q: q, window: window, words: words.Parse(q.Words), rows: newRows(tx), docs: docs{tx.Bucket([]byte(bucketDocs)).Cursor()},
		summaries: summaries{c: tx.Bucket([]byte(bucketSummaries)).Cursor()}}
	var err error
	if s.segments, err = segments(tx); err != nil {
		return nil, err
	}
	s.lists = newLists(s.segments)
	if s.filter, err = newFilter(tx, &q.Filter, s.rows.end); err != nil {
		return nil, err
	}
	s.order = s.sort()
	s.best.rising = s.order == store.SortOldest
	if s.cursor, err = s.readCursor(); err != nil {
		return nil, err
	}
	s.reset()
	return s, nil
}

// reset forgets what was found.
func (s *searcher) reset() {
	s.skips = s.deep()
	s.total, s.best = 0, top{n: s.wanted(), rising: s.best.rising}
	if len(s.q.Facets) > 0 {
		s.matched = newDocSet(s.rows.end)
	}
}

func (s *searcher) limit() int { return cmp.Or(s.q.Limit, store.DefaultSearchHits) }

// wordless reports whether the query has no words: then all that passes the
// filter is found.
func (s *searcher) wordless() bool { return len(s.words.Required)+len(s.words.Loose) == 0 }

func (s *searcher) sort() store.SearchSort {
	if s.wordless() && (s.q.Sort == "" || s.q.Sort == store.SortRelevance) {
		return store.SortNewest
	}
	return cmp.Or(s.q.Sort, store.SortRelevance)
}

// wanted is how many of the best are kept.
func (s *searcher) wanted() int {
	n := s.limit() + 1
	if s.order == store.SortRelevance && len(s.words.Order.Tokens) > 1 && !s.deep() {
		n += looked
	}
	return n
}

func (s *searcher) run() (store.SearchResult, error) {
	var result store.SearchResult
	var err error
	if !s.wordless() {
		result.Respelled, err = s.search()
	} else if strings.TrimSpace(s.q.Words) == "" { // else marks were typed, which are nowhere
		err = s.all()
	}
	if err != nil {
		return result, err
	}
	found := s.best.sorted()
	if s.order == store.SortRelevance && !s.deep() {
		if found, err = s.ranked(found); err != nil {
			return result, err
		}
	}
	page := found[:min(s.limit(), len(found))]
	if len(found) > len(page) && len(page) > 0 {
		if result.Cursor, err = s.after(&page[len(page)-1], len(page)); err != nil {
			return result, err
		}
	}
	result.Total = s.total
	if result.Hits, err = s.hits(page); err != nil {
		return result, err
	}
	result.Facets, err = s.facets()
	return result, err
}

// ranked puts the best in order by how much of the query stands in them in one
// piece, and returns those after the cursor.
func (s *searcher) ranked(found []candidate) ([]candidate, error) {
	if first := found[:min(looked, len(found))]; len(s.words.Order.Tokens) > 1 {
		if err := s.measureRuns(first); err != nil {
			return nil, err
		}
		for i := range first {
			first[i].key = first[i].score()
		}
		slices.SortFunc(first, s.best.compare)
	}
	for len(found) > 0 && s.shown(&found[0]) {
		found = found[1:]
	}
	return found, nil
}

// all takes every document that passes the filter.
func (s *searcher) all() error {
	m := &matcher{}
	for base := uint32(0); base < s.cursor.end; base += windowSize {
		if err := s.ended(); err != nil {
			return err
		}
		first, last := s.summaries.load(base/windowSize, &m.fits)
		if s.cursor.end-base < windowSize {
			m.fits.cut(s.cursor.end - base)
		}
		s.takeWindow(m, base, first, last)
	}
	return nil
}

// called errors where a count was called off.
func (s *searcher) called() error {
	if s.seen++; s.seen%checkEvery == 0 {
		return s.ended()
	}
	return nil
}

// take takes a document that fits.
func (s *searcher) take(c candidate, raw []byte) {
	s.total++
	s.complete = s.complete || c.all
	if s.matched != nil {
		s.matched.set(c.doc)
	}
	s.consider(&c, raw)
}

// consider takes a document that fits to the best, where it is one of them.
func (s *searcher) consider(c *candidate, raw []byte) {
	switch s.order {
	case store.SortNewest:
		c.key = float64(rowPosted(raw))
	case store.SortOldest:
		c.key = -float64(rowPosted(raw))
	case store.SortGone:
		c.key = float64(readRow(raw).gone)
	default:
		c.seconds, c.aside = rowPosted(raw), rowKind(raw) != kindPost
		c.key = c.score()
	}
	if !s.skips || !s.shown(c) {
		s.best.add(c)
	}
}

// hits turns documents into what they are known by.
func (s *searcher) hits(found []candidate) ([]store.Hit, error) {
	hits := make([]store.Hit, 0, len(found))
	for i := range found {
		c := &found[i]
		n, _, url, err := s.docs.at(c.doc)
		if err != nil {
			return nil, err
		}
		raw := s.rows.raw(c.doc)
		if raw == nil {
			return nil, fmt.Errorf("%w: document %d of the index of words is missing; run `stet rebuild`", store.ErrCorrupt, c.doc)
		}
		h := store.Hit{Kind: store.HitKinds()[min(rowKind(raw)-1, 2)], Score: c.score()}
		if h.Kind == store.HitPost {
			h.Ref = string(n[1:])
		} else if h.URL = url; h.URL == "" {
			h.URL = string(n[1:])
		}
		hits = append(hits, h)
	}
	return hits, nil
}

// measureRuns finds for each candidate the longest piece of the query that
// stands in it as it was asked for.
func (s *searcher) measureRuns(found []candidate) error {
	asked := &s.words.Order
	byDoc := make([]*candidate, len(found))
	for i := range found {
		byDoc[i] = &found[i]
	}
	slices.SortFunc(byDoc, func(a, b *candidate) int { return cmp.Compare(a.doc, b.doc) })
	its := make([]tokenIterator, len(asked.Tokens))
	for i, t := range asked.Tokens {
		list, err := s.lists.of(t)
		if err != nil {
			return err
		}
		its[i].begin(list, s.segments, 0, len(s.segments))
	}
	var before, next []run
	for _, c := range byDoc {
		if err := s.ended(); err != nil {
			return err
		}
		longest := 0
		before = before[:0]
		for i := range its {
			it, at := &its[i], 0
			next = next[:0]
			if it.seek(c.doc) == c.doc {
				for _, place := range it.places() {
					r := run{begin: place - asked.Offsets[i], length: 1}
					for at < len(before) && before[at].begin < r.begin {
						at++
					}
					if at < len(before) && before[at].begin == r.begin {
						r.length += before[at].length
					}
					next = append(next, r)
					longest = max(longest, r.length)
				}
			}
			if it.err != nil {
				return it.err
			}
			before, next = next, before
		}
		if longest > 1 {
			c.run = float64(longest-1) / float64(len(its)-1)
		}
	}
	return nil
}

// run is how many words of the query follow each other in a document, by the
// place where the first of the query would have stood.
type run struct{ begin, length int }

// candidate is a document that may be a hit.
type candidate struct {
	doc uint32
	all bool
	// aside is true for articles and pages: people come for posts, which stand
	// before them where the same words are there.
	aside bool
	// seconds is when it was published.
	seconds uint32
	// share is how much of the query it holds, run how much of it in one piece
	// and in order, both from 0 to 1.
	share, run float64
	// key is what it is sorted by, larger for the better.
	key float64
}

// score is larger for the better. It is rounded at each step, so that machines of
// all kinds agree on it.
func (c *candidate) score() float64 {
	recent := float64(c.seconds) / math.MaxUint32 / 1000
	switch {
	case c.all && c.aside:
		return float64(scoreAll+float64(c.run/2)) + recent
	case c.all:
		return float64(scoreAll+0.5+c.run) + recent
	case c.aside:
		return float64(float64(c.share*asideShare)+float64(c.run/4)) + recent
	}
	return float64(c.share+float64(c.run/4)) + recent
}

// top keeps the best n.
type top struct {
	n      int
	rising bool // of equal ones the earlier captured comes first
	list   []candidate
	worst  candidate
	full   bool
}

// compare orders candidates, the better first.
func (t *top) compare(a, b candidate) int {
	switch {
	case a.key > b.key:
		return -1
	case a.key < b.key:
		return 1
	case t.rising:
		return cmp.Compare(a.doc, b.doc)
	}
	return cmp.Compare(b.doc, a.doc)
}

func (t *top) add(c *candidate) {
	if t.full && (c.key < t.worst.key || c.key == t.worst.key && t.compare(*c, t.worst) > 0) {
		return
	}
	if t.list == nil {
		t.list = make([]candidate, 0, t.n+spare)
	}
	if t.list = append(t.list, *c); len(t.list) == t.n+spare {
		t.cut()
	}
}

// spare is how many more than the best are kept before the worse are dropped.
const spare = 400

// cut drops all but the best n, where there are as many.
func (t *top) cut() {
	if len(t.list) < t.n {
		return
	}
	// What is before from is better than the rest, what is after to worse.
	for from, to := 0, len(t.list)-1; from < to; {
		pivot := t.list[(from+to)/2]
		i, j := from, to
		for i <= j {
			for t.compare(t.list[i], pivot) < 0 {
				i++
			}
			for t.compare(pivot, t.list[j]) < 0 {
				j--
			}
			if i <= j {
				t.list[i], t.list[j] = t.list[j], t.list[i]
				i++
				j--
			}
		}
		switch {
		case t.n-1 <= j:
			to = j
		case t.n-1 >= i:
			from = i
		default:
			from = to
		}
	}
	t.list = t.list[:t.n]
	t.worst, t.full = t.list[t.n-1], true
}

func (t *top) sorted() []candidate {
	t.cut()
	slices.SortFunc(t.list, t.compare)
	return t.list
}

// docSet is a set of documents.
type docSet []uint64

func newDocSet(docs uint32) docSet   { return make(docSet, docs/64+1) }
func (b docSet) has(doc uint32) bool { return int(doc/64) < len(b) && b[doc/64]>>(doc%64)&1 == 1 }
func (b docSet) set(doc uint32)      { b[doc/64] |= 1 << (doc % 64) }

package search

import (
	"bytes"
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
	// most is the share of a query, by the weight of its words, of which more
	// must be there.
	most = 0.5
	// looked is how many of the best are looked at for the order of their
	// words.
	looked = 200
	// asideShare is what the words of an article or page count where not all are
	// there: it has so many that some are met by chance.
	asideShare = 0.8
	// checkEvery is after how many documents a search looks whether it was
	// called off.
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
		s, err := newSearcher(ctx, tx, &q)
		if err != nil {
			return err
		}
		result, err = s.run()
		result.Behind = behind(tx, head)
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
	words    words.Query
	segments []segment
	rows     rows
	filter   *filter
	cursor   cursor
	order    store.SearchSort
	best     top
	// matched are all that fit, where they are counted by something; total is
	// how many those are.
	matched docSet
	total   int
	seen    int
	// complete is true once something holds all words.
	complete bool
}

func newSearcher(ctx context.Context, tx *bbolt.Tx, q *store.SearchQuery) (*searcher, error) {
	s := &searcher{ended: ctx.Err, tx: tx, q: q, words: words.Parse(q.Words), rows: newRows(tx)}
	var err error
	if s.segments, err = segments(tx); err != nil {
		return nil, err
	}
	if s.filter, err = newFilter(tx, &q.Filter, s.rows.end); err != nil {
		return nil, err
	}
	if s.cursor, err = s.readCursor(); err != nil {
		return nil, err
	}
	if s.cursor.end == 0 {
		s.cursor.end = s.rows.end
	}
	s.order = s.sort()
	s.reset()
	return s, nil
}

// reset forgets what was found.
func (s *searcher) reset() {
	s.total, s.best = 0, top{n: s.wanted(), rising: s.sort() == store.SortOldest}
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
	n := s.cursor.offset + s.limit() + 1
	if s.sort() == store.SortRelevance && len(s.words.Order.Tokens) > 1 {
		n = max(looked, n)
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
	if s.sort() == store.SortRelevance {
		if found, err = s.ranked(found); err != nil {
			return result, err
		}
	}
	page := found[:min(s.limit(), len(found))]
	if len(found) > len(page) && len(page) > 0 {
		result.Cursor = s.after(&page[len(page)-1], len(page))
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
	return found[min(s.cursor.offset, len(found)):], nil
}

// all takes every document that passes the filter.
func (s *searcher) all() error {
	for doc := uint32(1); doc < s.cursor.end; doc++ {
		if err := s.called(); err != nil {
			return err
		}
		if raw := s.rows.raw(doc); raw != nil && s.filter.passes(doc, raw) {
			s.take(candidate{doc: doc, all: true, share: 1}, raw)
		}
	}
	return nil
}

// called errors where the search was called off.
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
	switch s.order {
	case store.SortNewest:
		c.key = float64(readRow(raw).posted)
	case store.SortOldest:
		c.key = -float64(readRow(raw).posted)
	case store.SortGone:
		c.key = float64(readRow(raw).gone)
	default:
		r := readRow(raw)
		c.seconds, c.aside = r.posted, r.kind != kindPost
		c.key = c.score()
	}
	if s.cursor.sorted && s.best.compare(candidate{key: s.cursor.key, doc: s.cursor.doc}, c) >= 0 {
		return
	}
	s.best.add(&c)
}

// hits turns documents into what they are known by.
func (s *searcher) hits(found []candidate) ([]store.Hit, error) {
	docs := s.tx.Bucket([]byte(bucketDocs))
	hits := make([]store.Hit, 0, len(found))
	for i := range found {
		c := &found[i]
		n, url, ok := bytes.Cut(docs.Get(numberKey(c.doc)), []byte{0})
		raw := s.rows.raw(c.doc)
		if !ok || len(n) < 1 || raw == nil {
			return nil, fmt.Errorf("%w: document %d of the index of words is missing; run `stet rebuild`", store.ErrCorrupt, c.doc)
		}
		h := store.Hit{Kind: store.HitKinds()[min(readRow(raw).kind-1, 2)], Score: c.score()}
		if h.Kind == store.HitPost {
			h.Ref = string(n[1:])
		} else if h.URL = string(url); h.URL == "" {
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
	its := make([]*tokenIterator, len(asked.Tokens))
	for i, t := range asked.Tokens {
		its[i] = newTokenIterator(s.segments, t)
	}
	for _, c := range byDoc {
		if err := s.ended(); err != nil {
			return err
		}
		longest := 0
		lengths := map[int]int{} // by the place where a run would have begun
		for i, it := range its {
			next := map[int]int{}
			if it.seek(c.doc) == c.doc {
				for _, place := range it.places() {
					begin := place - asked.Offsets[i]
					next[begin] = lengths[begin] + 1
					longest = max(longest, next[begin])
				}
			}
			if it.err != nil {
				return it.err
			}
			lengths = next
		}
		if longest > 1 {
			c.run = float64(longest-1) / float64(len(its)-1)
		}
	}
	return nil
}

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

// score is larger for the better.
func (c *candidate) score() float64 {
	recent := float64(c.seconds) / math.MaxUint32 / 1000
	switch {
	case c.all && c.aside:
		return scoreAll + c.run/2 + recent
	case c.all:
		return scoreAll + 0.5 + c.run + recent
	case c.aside:
		return c.share*asideShare + c.run/4 + recent
	}
	return c.share + c.run/4 + recent
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
	if t.list = append(t.list, *c); len(t.list) >= 2*t.n+400 {
		t.cut()
	}
}

func (t *top) cut() {
	slices.SortFunc(t.list, t.compare)
	if len(t.list) >= t.n {
		t.list = t.list[:t.n]
		t.worst, t.full = t.list[t.n-1], true
	}
}

func (t *top) sorted() []candidate {
	t.cut()
	return t.list
}

// docSet is a set of documents.
type docSet []uint64

func newDocSet(docs uint32) docSet   { return make(docSet, docs/64+1) }
func (b docSet) has(doc uint32) bool { return int(doc/64) < len(b) && b[doc/64]>>(doc%64)&1 == 1 }
func (b docSet) set(doc uint32)      { b[doc/64] |= 1 << (doc % 64) }

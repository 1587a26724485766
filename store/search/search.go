package search

import (
	"cmp"
	"context"
	"encoding/binary"
	"math"
	"slices"

	"go.etcd.io/bbolt"

	"stet/store"
)

const (
	// scoreAll is added to the score of posts that hold all words.
	scoreAll = 2
	// most is the share of a query, by the weight of its words, of which a post
	// must hold more.
	most = 0.5
	// looked is how many of the best posts are looked at for the order of
	// their words, at least.
	looked = 200
)

// Search implements [store.Searcher]. It catches up with the journal first.
func (x *Index) Search(ctx context.Context, q store.SearchQuery) ([]store.Hit, error) {
	if err := x.CatchUp(ctx); err != nil {
		return nil, err
	}
	parsed := parse(q.Words)
	limit := cmp.Or(q.Limit, 20)
	var hits []store.Hit
	err := x.view(func(tx *bbolt.Tx) (err error) {
		s := searcher{postings: tx.Bucket([]byte(bucketPostings)), docs: nextDoc(tx), times: tx.Bucket([]byte(bucketTimes))}
		found, err := s.search(ctx, &parsed, limit)
		if err != nil {
			return err
		}
		hits, err = name(tx, found)
		return err
	})
	return hits, err
}

// name turns documents into posts.
func name(tx *bbolt.Tx, found []candidate) ([]store.Hit, error) {
	hits := make([]store.Hit, 0, len(found))
	for _, c := range found {
		d, err := decodeDoc(tx.Bucket([]byte(bucketDocs)).Get(docKey(c.doc)))
		if err != nil {
			return nil, err
		}
		hits = append(hits, store.Hit{Ref: d.ref.String(), Score: c.score()})
	}
	return hits, nil
}

// searcher answers one query in one transaction.
type searcher struct {
	postings *bbolt.Bucket
	times    *bbolt.Bucket
	docs     uint32 // one more than the last document

	// block is the value of times that was read last, blockOf its key's number
	// plus one.
	block   []byte
	blockOf uint32
}

// candidate is a document that may be a hit.
type candidate struct {
	doc uint32
	all bool
	// share is how much of the query it holds, run how much of it in one piece
	// and in order, both from 0 to 1.
	share, run float64
	seconds    uint32
}

// score is larger for the better.
func (c *candidate) score() float64 {
	recent := float64(c.seconds) / math.MaxUint32 / 1000
	if c.all {
		return scoreAll + c.run + recent
	}
	return c.share + c.run/4 + recent
}

// better orders candidates; of equal ones the later captured comes first.
func better(a, b candidate) int {
	return cmp.Or(cmp.Compare(b.score(), a.score()), cmp.Compare(b.doc, a.doc))
}

func (s *searcher) search(ctx context.Context, q *query, limit int) ([]candidate, error) {
	if len(q.required) == 0 && len(q.loose) == 0 {
		return nil, nil
	}
	allowed, err := s.required(ctx, q.required)
	if err != nil {
		return nil, err
	}
	weights, total, err := s.weigh(ctx, q.loose, allowed)
	if err != nil {
		return nil, err
	}
	found := s.collect(weights, total, allowed, max(limit, looked))
	if len(q.order.tokens) > 1 {
		if err := s.measureRuns(ctx, &q.order, found); err != nil {
			return nil, err
		}
		slices.SortFunc(found, better)
	}
	return found[:min(limit, len(found))], nil
}

// bits is a set of documents.
type bits []uint64

func newBits(docs uint32) bits            { return make(bits, docs/64+1) }
func (b bits) has(doc uint32) bool        { return b[doc/64]>>(doc%64)&1 == 1 }
func (b bits) set(doc uint32)             { b[doc/64] |= 1 << (doc % 64) }
func (s *searcher) known(doc uint32) bool { return doc < s.docs }

// required returns the documents that hold all groups, nil where there are no
// groups.
func (s *searcher) required(ctx context.Context, groups []group) (bits, error) {
	var allowed bits
	for i := range groups {
		found := newBits(s.docs)
		if err := s.each(ctx, &groups[i], func(doc uint32) {
			if allowed == nil || allowed.has(doc) {
				found.set(doc)
			}
		}); err != nil {
			return nil, err
		}
		allowed = found
	}
	return allowed, nil
}

// weigh returns for each document the sum of the weights of the groups that it
// holds, and the sum of all. Rare words weigh more.
func (s *searcher) weigh(ctx context.Context, groups []group, allowed bits) ([]float32, float32, error) {
	weights := make([]float32, s.docs)
	total := float32(0)
	for i := range groups {
		var found []uint32
		seen := newBits(s.docs)
		if err := s.each(ctx, &groups[i], func(doc uint32) {
			if !seen.has(doc) {
				seen.set(doc)
				found = append(found, doc)
			}
		}); err != nil {
			return nil, 0, err
		}
		weight := float32(math.Log(1 + float64(s.docs)/float64(len(found)+1)))
		total += weight
		for _, doc := range found {
			if allowed == nil || allowed.has(doc) {
				weights[doc] += weight
			}
		}
	}
	return weights, total, nil
}

// each calls found with the documents that hold a group, perhaps several times
// with one.
func (s *searcher) each(ctx context.Context, g *group, found func(doc uint32)) error {
	for _, seq := range g.any {
		if err := ctx.Err(); err != nil {
			return err
		}
		if len(seq.tokens) > 1 {
			if err := s.eachSequence(&seq, found); err != nil {
				return err
			}
			continue
		}
		it := newIterator(s.postings, seq.tokens[0])
		if g.begins {
			it = newBeginIterator(s.postings, seq.tokens[0])
		}
		for it.next() {
			if s.known(it.doc) {
				found(it.doc)
			}
		}
		if it.err != nil {
			return it.err
		}
	}
	return nil
}

// eachSequence calls found with the documents in which the tokens stand at
// their distances.
func (s *searcher) eachSequence(seq *sequence, found func(doc uint32)) error {
	its := make([]*iterator, len(seq.tokens))
	for i, t := range seq.tokens {
		its[i] = newIterator(s.postings, t)
	}
	for doc := uint32(1); s.known(doc); doc++ {
		agreed := true
		for _, it := range its {
			if !it.seek(doc) {
				if it.err != nil {
					return it.err
				}
				if !s.known(it.doc) {
					return nil
				}
				doc, agreed = it.doc-1, false // try that one next
				break
			}
		}
		if agreed && stands(its, seq.offsets) {
			found(doc)
		}
	}
	return nil
}

// stands reports whether the tokens stand at their distances in the present
// document.
func stands(its []*iterator, offsets []int) bool {
	for _, begin := range its[0].places {
		whole := true
		for i, it := range its[1:] {
			if _, ok := slices.BinarySearch(it.places, begin-offsets[0]+offsets[i+1]); !ok {
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

// collect returns the best documents, best first, at most n.
func (s *searcher) collect(weights []float32, total float32, allowed bits, n int) []candidate {
	var found []candidate
	worst := -1.0 // score of the last of the n best so far
	for doc := range weights {
		w := weights[doc]
		if allowed != nil && !allowed.has(uint32(doc)) || total > 0 && w <= total*most {
			continue
		}
		c := candidate{doc: uint32(doc), all: w >= total, share: 1}
		if total > 0 {
			c.share = float64(w / total)
		}
		if c.seconds = s.time(uint32(doc)); c.seconds == 0 || c.score() < worst {
			continue
		}
		found = append(found, c)
		if len(found) >= 4*n {
			slices.SortFunc(found, better)
			found = found[:n]
			worst = found[n-1].score()
		}
	}
	slices.SortFunc(found, better)
	return found[:min(n, len(found))]
}

// time returns the time of a document, 0 where it was replaced.
func (s *searcher) time(doc uint32) uint32 {
	if n := doc/timesPerBlock + 1; n != s.blockOf {
		s.block, s.blockOf = s.times.Get(docKey(n-1)), n
	}
	if at := int(doc%timesPerBlock) * 4; at+4 <= len(s.block) {
		return binary.LittleEndian.Uint32(s.block[at:])
	}
	return 0
}

// measureRuns finds for each candidate the longest piece of the query that
// stands in it as it was asked for.
func (s *searcher) measureRuns(ctx context.Context, order *sequence, found []candidate) error {
	byDoc := make([]*candidate, len(found))
	for i := range found {
		byDoc[i] = &found[i]
	}
	slices.SortFunc(byDoc, func(a, b *candidate) int { return cmp.Compare(a.doc, b.doc) })
	its := make([]*iterator, len(order.tokens))
	for i, t := range order.tokens {
		its[i] = newIterator(s.postings, t)
	}
	for _, c := range byDoc {
		if err := ctx.Err(); err != nil {
			return err
		}
		longest := 0
		lengths := map[int]int{} // by the place where a run would have begun
		for i, it := range its {
			next := map[int]int{}
			if it.seek(c.doc) {
				for _, place := range it.places {
					begin := place - order.offsets[i]
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

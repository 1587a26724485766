package search

import (
	"cmp"
	"context"
	"encoding/binary"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"stet/store"
)

// defaultFacetValues is how many values of a facet are told where nobody says
// otherwise.
const defaultFacetValues = 20

// facets counts what fits.
func (s *searcher) facets() (map[store.Facet][]store.FacetCount, error) {
	if len(s.q.Facets) == 0 {
		return nil, nil
	}
	counts := counter{}
	byDomain := false
	for _, f := range s.q.Facets {
		counts[f] = map[string]int{}
		byDomain = byDomain || f == store.FacetDomain
	}
	authors, err := s.countRows(counts)
	if err != nil {
		return nil, err
	}
	if byDomain {
		if err := s.countDomains(counts[store.FacetDomain]); err != nil {
			return nil, err
		}
	}
	limit := cmp.Or(s.q.FacetLimit, defaultFacetValues)
	if counts[store.FacetAuthor] != nil {
		s.nameAuthors(authors, limit, counts[store.FacetAuthor])
	}
	result := map[store.Facet][]store.FacetCount{}
	for f, values := range counts {
		list := []store.FacetCount{}
		for v, n := range values {
			list = append(list, store.FacetCount{Value: v, Count: n})
		}
		slices.SortFunc(list, func(a, b store.FacetCount) int {
			return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Value, b.Value))
		})
		result[f] = list[:min(limit, len(list))]
	}
	return result, nil
}

// counter counts by facet and value.
type counter map[store.Facet]map[string]int

func (c counter) add(f store.Facet, value string, n int) {
	if m := c[f]; m != nil && value != "" && n > 0 {
		m[value] += n
	}
}

// countRows counts by what stands in the rows; accounts by their numbers.
func (s *searcher) countRows(counts counter) (authors []uint32, err error) {
	var kinds, statuses, sources, media [256]int
	var platforms, days []uint32
	byAuthor, byYear := counts[store.FacetAuthor] != nil, counts[store.FacetYear] != nil
	for i, word := range s.matched {
		for ; word != 0; word &= word - 1 {
			if err := s.called(); err != nil {
				return nil, err
			}
			raw := s.rows.raw(uint32(i*64 + trailing(word)))
			if raw == nil {
				continue
			}
			r := readRow(raw)
			kinds[r.kind]++
			statuses[r.status]++
			sources[r.source]++
			if r.kind == kindPost {
				media[r.media]++
				platforms = tally(platforms, uint32(r.platform))
			}
			if byAuthor && r.author != 0 {
				authors = tally(authors, r.author)
			}
			if byYear && !r.unstated {
				days = tally(days, r.posted/86400)
			}
		}
	}
	for i, k := range store.HitKinds() {
		counts.add(store.FacetKind, string(k), kinds[i+1])
	}
	for i, name := range statusNames() {
		counts.add(store.FacetStatus, name, statuses[i+1])
	}
	for i, name := range sourceNames() {
		counts.add(store.FacetSource, name, sources[i+1])
	}
	for i, name := range mediaNames() {
		for set, n := range media {
			if set>>i&1 == 1 {
				counts.add(store.FacetMedia, name, n)
			}
		}
	}
	counts.add(store.FacetMedia, store.MediaNone, media[0])
	for p, n := range platforms {
		if n > 0 {
			counts.add(store.FacetPlatform, entryName(s.tx, bucketPlatforms, uint32(p)), int(n))
		}
	}
	for day, n := range days {
		if n > 0 {
			counts.add(store.FacetYear, strconv.Itoa(time.Unix(int64(day)*86400, 0).UTC().Year()), int(n))
		}
	}
	return authors, nil
}

// tally counts one more of a number.
func tally(counts []uint32, of uint32) []uint32 {
	if int(of) >= len(counts) {
		counts = append(counts, make([]uint32, int(of)+int(of)/2+1-len(counts))...)
	}
	counts[of]++
	return counts
}

// nameAuthors names the accounts that are counted most.
func (s *searcher) nameAuthors(authors []uint32, limit int, into map[string]int) {
	type entry struct {
		id    uint32
		count int
	}
	// Most accounts are counted less often than those that are told, once as a
	// rule: they are not put in order. least is how long the count of one is that
	// may be told, as a binary number.
	var byLength [33]int
	for _, count := range authors {
		byLength[bits.Len32(count)]++
	}
	least := 32
	for n := byLength[least]; least > 1 && n < limit; n += byLength[least] {
		least--
	}
	var list []entry
	once := 0
	for id, count := range authors {
		if length := bits.Len32(count); length >= least && (length > 1 || once < limit) {
			list = append(list, entry{uint32(id), int(count)})
			if length == 1 {
				once++
			}
		}
	}
	slices.SortFunc(list, func(a, b entry) int { return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.id, b.id)) })
	for _, e := range list[:min(len(list), limit)] {
		handle, platform, _ := strings.Cut(entryName(s.tx, bucketAuthors, e.id), "\x00")
		into[platform+":@"+handle] = e.count
	}
}

// countDomains counts by the hosts of the articles.
func (s *searcher) countDomains(into map[string]int) error {
	b := s.tx.Bucket([]byte(bucketHosts)).Cursor()
	for k, v := b.Seek([]byte("v")); k != nil && k[0] == 'v'; k, v = b.Next() {
		n := 0
		if err := eachOfDomain(s.tx, v, func(doc uint32) {
			if s.matched.has(doc) {
				n++
			}
		}); err != nil {
			return err
		}
		if n > 0 {
			into[reversed(string(k[1:]))] = n
		}
	}
	return nil
}

// Coverage implements [store.Searcher].
func (x *Index) Coverage(ctx context.Context, f store.SearchFilter) (store.SearchCoverage, error) {
	var c store.SearchCoverage
	head, err := x.prepare(ctx)
	if err != nil {
		return c, err
	}
	err = x.view(func(tx *bbolt.Tx) error {
		s, err := newSearcher(ctx, tx, &store.SearchQuery{Filter: f}, x.window)
		if err != nil {
			return err
		}
		c.Reached, c.Behind = metaNumber(tx, metaCursor), behind(tx, head)
		return s.cover(&c)
	})
	return c, err
}

// cover counts all that passes the filter.
func (s *searcher) cover(c *store.SearchCoverage) error {
	var counts [8]int
	first, last := uint32(1<<32-1), uint32(0)
	for doc := uint32(1); doc < s.rows.end; doc++ {
		if err := s.called(); err != nil {
			return err
		}
		raw := s.rows.raw(doc)
		if raw == nil || !s.filter.passes(doc, raw) {
			continue
		}
		counts[raw[16]&7]++
		if raw[17]&2 == 0 { // the time is stated
			at := binary.LittleEndian.Uint32(raw)
			first, last = min(first, at), max(last, at)
		}
	}
	c.Posts, c.Articles, c.Pages = counts[kindPost], counts[kindArticle], counts[kindPage]
	if last > 0 {
		c.First, c.Last = time.Unix(int64(first), 0).UTC(), time.Unix(int64(last), 0).UTC()
	}
	return nil
}

package search

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stet/extract/post"
	"stet/extract/words"
	"stet/store"
)

// reference is a search that reads every text, by what doc.go says.
type reference struct {
	posts []*referencePost
	df    map[string]int // of tokens
}

type referencePost struct {
	id       string
	platform post.Platform
	posted   time.Time
	at       map[string][]int
	doc      int
}

func (r *reference) add(p *referencePost, text string) {
	p.at = placesOf(text)
	p.doc = len(r.posts)
	for token := range p.at {
		r.df[token]++
	}
	r.posts = append(r.posts, p)
}

// placesOf returns where each token of a text stands.
func placesOf(text string) map[string][]int {
	at := map[string][]int{}
	place := 0
	words.Split(text, func(w words.Word) {
		for _, t := range w.Also {
			at[t] = append(at[t], place)
		}
		for i, t := range w.Tokens {
			at[t] = append(at[t], place+i)
		}
		place += len(w.Tokens)
	})
	return at
}

// ranked is a hit of the reference.
type ranked struct {
	p     *referencePost
	all   bool
	sum   int
	score float64
}

// search returns the hits in order, and which words were respelled.
func (r *reference) search(q store.SearchQuery) ([]ranked, []store.Respelling) {
	parsed := words.Parse(q.Words)
	hits := r.match(&parsed, make([][]string, len(parsed.Loose)), nil, &q)
	complete := slices.ContainsFunc(hits, func(h ranked) bool { return h.all })
	if q.Exact || complete || len(hits) >= fewHits {
		return hits, nil
	}
	var parts []int
	parsed.Loose, parts = apart(parsed.Loose)
	others := make([][]string, len(parsed.Loose))
	respelled := r.respell(&parsed, others)
	if respelled == nil && !slices.ContainsFunc(parts, func(n int) bool { return n > 0 }) {
		return hits, nil
	}
	return r.match(&parsed, others, parts, &q), respelled
}

// apart takes words of several tokens apart; of each token it tells of which
// such word it is, from 1 on.
func apart(groups []words.Group) (list []words.Group, parts []int) {
	for i, g := range groups {
		n := 0
		if len(g.Any[0].Tokens) > 1 {
			n = i + 1
		}
		for _, token := range g.Any[0].Tokens {
			if n == 0 {
				list, parts = append(list, g), append(parts, 0)
			} else if !slices.ContainsFunc(list, func(o words.Group) bool { return o.Any[0].Tokens[0] == token }) {
				list, parts = append(list, words.Group{Any: []words.Sequence{{Tokens: []string{token}, Offsets: []int{0}}}}), append(parts, n)
			}
		}
	}
	return list, parts
}

// respell finds the other spellings of words, and says which it took.
func (r *reference) respell(parsed *words.Query, others [][]string) []store.Respelling {
	if len(parsed.Loose) > maxRespelled {
		return nil
	}
	absent := slices.ContainsFunc(parsed.Loose, func(g words.Group) bool { return r.misspelled(g) && r.count(g) == 0 })
	var respelled []store.Respelling
	for i, g := range parsed.Loose {
		if r.misspelled(g) && (!absent || r.count(g) == 0) {
			token := g.Any[0].Tokens[0]
			if others[i] = r.near(token); len(others[i]) > 0 {
				respelled = append(respelled, store.Respelling{Word: token, As: others[i]})
			}
		}
	}
	return respelled
}

func (r *reference) misspelled(g words.Group) bool {
	of, ok := spellable(g.Any[0].Tokens[0])
	return ok && !g.Begins && len(g.Any[0].Tokens) == 1 && of[1] >= shortWord
}

// count is in about how many posts a word stands.
func (r *reference) count(g words.Group) int {
	n := 0
	for _, seq := range g.Any {
		least := math.MaxInt
		for _, t := range seq.Tokens {
			found := r.df[t]
			if g.Begins {
				found = 0
				for token, n := range r.df {
					if strings.HasPrefix(token, t) {
						found += n
					}
				}
			}
			least = min(least, found)
		}
		n += least
	}
	return n
}

// near returns the other spellings of a word.
func (r *reference) near(token string) []string {
	of, _ := spellable(token)
	allowed := 1
	if of[1] >= longWord {
		allowed = 2
	}
	var list []string
	far := map[string]int{}
	for other := range r.df {
		if o, ok := spellable(other); !ok || o[0] != of[0] || other == token {
			continue
		}
		if far[other] = distance([]rune(token), []rune(other)); far[other] <= allowed {
			list = append(list, other)
		}
	}
	slices.SortFunc(list, func(a, b string) int {
		return cmp.Or(cmp.Compare(far[a], far[b]), cmp.Compare(r.df[b], r.df[a]), strings.Compare(a, b))
	})
	return list[:min(len(list), maxSpellings)]
}

func (r *reference) match(parsed *words.Query, others [][]string, parts []int, q *store.SearchQuery) []ranked {
	weights := make([]int, len(parsed.Loose))
	total := 0
	for i, g := range parsed.Loose {
		n := r.count(g)
		if n == 0 {
			for _, o := range others[i] {
				n += r.df[o]
			}
		}
		weights[i] = int(math.Round(weightUnit * math.Log(1+float64(len(r.posts)+1)/float64(n+1))))
	}
	least := map[int]int{}
	for i, n := range parts {
		if g := parsed.Loose[i]; n > 0 && words.Unspaced(g.Any[0].Tokens[0]) && r.count(g) > 0 {
			least[n] = min(weights[i], cmp.Or(least[n], maxWeight))
		}
	}
	for i := range weights {
		if n := slices.Max(append(parts, 0)); n > 0 && parts[i] > 0 && words.Unspaced(parsed.Loose[i].Any[0].Tokens[0]) {
			weights[i] = cmp.Or(least[parts[i]], maxWeight)
		}
		total += weights[i]
	}
	var hits []ranked
	for _, p := range r.posts {
		if len(q.Filter.Platforms) > 0 && !slices.Contains(q.Filter.Platforms, p.platform) {
			continue
		}
		h := ranked{p: p, all: !slices.ContainsFunc(parts, func(n int) bool { return n > 0 })}
		for i, g := range parsed.Loose {
			switch {
			case p.holds(g):
				h.sum += weights[i]
			case slices.ContainsFunc(others[i], func(o string) bool { return p.at[o] != nil }):
				h.sum += weights[i] * 3 / 4
				h.all = false
			default:
				h.all = false
			}
		}
		if slices.ContainsFunc(parsed.Required, func(g words.Group) bool { return !p.holds(g) }) || total > 0 && !h.all && 2*h.sum <= total {
			continue
		}
		recent := float64(seconds(p.posted)) / math.MaxUint32 / 1000
		run := p.run(&parsed.Order)
		if h.score = 2.5 + run + recent; !h.all {
			h.score = float64(h.sum)/float64(total) + run/4 + recent
		}
		hits = append(hits, h)
	}
	slices.SortFunc(hits, func(a, b ranked) int {
		switch q.Sort {
		case store.SortNewest:
			return cmp.Or(b.p.posted.Compare(a.p.posted), cmp.Compare(b.p.doc, a.p.doc))
		case store.SortOldest:
			return cmp.Or(a.p.posted.Compare(b.p.posted), cmp.Compare(a.p.doc, b.p.doc))
		}
		if d := b.score - a.score; math.Abs(d) > 1e-12 {
			return cmp.Compare(d, 0)
		}
		return cmp.Compare(b.p.doc, a.p.doc)
	})
	return hits
}

func (p *referencePost) holds(g words.Group) bool { return holdsGroup(p.at, g) }

// run is how much of the query stands in one piece.
func (p *referencePost) run(order *words.Sequence) float64 {
	longest := 0
	for i := range order.Tokens {
		for _, place := range p.at[order.Tokens[i]] {
			n := 1
			for i+n < len(order.Tokens) && slices.Contains(p.at[order.Tokens[i+n]], place+order.Offsets[i+n]-order.Offsets[i]) {
				n++
			}
			longest = max(longest, n)
		}
	}
	if longest < 2 {
		return 0
	}
	return float64(longest-1) / float64(len(order.Tokens)-1)
}

// TestReference compares hits, their order, their scores, what they are in all
// and which words were respelled with a search that reads every text, whatever
// the segments and windows.
func TestReference(t *testing.T) {
	vocabulary := []string{"a", "b", "the", "bridge", "bridges", "birdge", "brigde", "don't", "#tag", "@ada", "地震", "地", "震速報", "👏", "x.y", "government", "govrnment", "governor", "мост", "моста"}
	texted := rapid.SliceOfN(rapid.SampledFrom(vocabulary), 0, 9)
	asked := append(slices.Clone(vocabulary), "bridgr", "govvernment", "теста", "absent")
	rapid.Check(t, func(t2 *rapid.T) {
		a := newArchive(t, Options{})
		defer func() { a.must(a.index.Close()) }()
		a.index.window = uint32(rapid.IntRange(1, 64).Draw(t2, "window"))
		a.index.maxDocs = rapid.SampledFrom([]int{1, 2, 7, maxDocs}).Draw(t2, "step")
		r := &reference{df: map[string]int{}}
		for i := range rapid.IntRange(1, 40).Draw(t2, "posts") {
			p := &referencePost{id: fmt.Sprint(i), platform: rapid.SampledFrom([]post.Platform{post.Twitter, post.Bluesky}).Draw(t2, "platform"),
				posted: a.now.Add(time.Duration(rapid.IntRange(-3, 3).Draw(t2, "day")) * 24 * time.Hour)}
			text := strings.Join(texted.Draw(t2, "text"), " ")
			r.add(p, text)
			a.capture(p.id, text, func(d *store.Derivation) {
				d.Post.Author.Name, d.Post.Author.Handle = "", ""
				d.Ref.Platform, d.Post.Platform, d.Post.Posted = p.platform, p.platform, p.posted
			})
			if rapid.IntRange(0, 4).Draw(t2, "follow") == 0 {
				a.must(a.index.CatchUp(t.Context()))
			}
		}
		for range 8 {
			q := store.SearchQuery{Limit: 1000, Exact: rapid.IntRange(0, 3).Draw(t2, "exact") == 0, Sort: rapid.SampledFrom([]store.SearchSort{"", store.SortNewest, store.SortOldest}).Draw(t2, "sort")}
			list := rapid.SliceOfN(rapid.SampledFrom(asked), 1, 5).Draw(t2, "query")
			if n := rapid.IntRange(0, len(list)).Draw(t2, "phrase"); n > 0 && rapid.Bool().Draw(t2, "quoted") {
				list[0], list[n-1] = `"`+list[0], list[n-1]+`"`
			}
			if q.Words = strings.Join(list, " "); rapid.IntRange(0, 3).Draw(t2, "filtered") == 0 {
				q.Filter.Platforms = []post.Platform{post.Bluesky}
			}
			want, respelled := r.search(q)
			got, err := a.index.Search(t.Context(), q)
			if err != nil {
				t2.Fatal(err)
			}
			var ids, wanted []string
			for _, h := range got.Hits {
				ids = append(ids, h.Ref)
			}
			for _, h := range want {
				wanted = append(wanted, post.Ref{Platform: h.p.platform, ID: h.p.id}.String())
			}
			if !slices.Equal(ids, wanted) || got.Total != len(want) || fmt.Sprint(got.Respelled) != fmt.Sprint(respelled) {
				t2.Fatalf("%+v found %d, %v\n%v, want\n%v, %v", q, got.Total, got.Respelled, ids, respelled, wanted)
			}
			for i, h := range got.Hits {
				if q.Sort == "" && math.Abs(h.Score-want[i].score) > 1e-9 {
					t2.Fatalf("%+v: hit %d scores %v, want %v", q, i, h.Score, want[i].score)
				}
			}
		}
	})
}

// TestManyWindows searches so many posts that they are looked at in several
// goes, with and without words, filters and counts.
func TestManyWindows(t *testing.T) {
	a := newArchive(t, Options{})
	const posts = 2*windowSize + 500
	when := func(i int) time.Time { return a.now.Add(-time.Duration(i*7919%posts) * time.Minute) }
	for i := 0; i < posts; i += 500 {
		b := a.Begin()
		for j := i; j < min(i+500, posts); j++ {
			text := "every"
			for _, n := range []int{2, 3, 1000} {
				if j%n == 0 {
					text += fmt.Sprintf(" by%d", n)
				}
			}
			_, err := b.Add(t.Context(), &store.Derivation{Time: a.now, Capture: store.ID{1}, Parser: "twitter@1", Source: post.SourcePublic, Ref: post.Ref{Platform: post.Twitter, ID: fmt.Sprint(j)},
				Post: post.Post{Text: text, Posted: when(j)}})
			a.must(err)
		}
		_, err := b.Commit(t.Context())
		a.must(err)
	}
	a.must(a.index.Purge(t.Context(), []post.Ref{{Platform: post.Twitter, ID: "6"}}, nil))
	for _, tt := range []struct {
		words string
		fits  func(i int) bool
	}{
		{"", func(int) bool { return true }},
		{"every", func(int) bool { return true }},
		{"by2", func(i int) bool { return i%2 == 0 }},
		{"by2 by3", func(i int) bool { return i%6 == 0 }},
		{"by1000 every", func(i int) bool { return i%1000 == 0 }},
		{`"by2 by3"`, func(i int) bool { return i%6 == 0 }},
	} {
		for _, narrow := range []bool{false, true} {
			var want []int
			q := store.SearchQuery{Words: tt.words, Facets: []store.Facet{store.FacetKind}, Limit: 1000}
			if narrow {
				q.Filter = store.SearchFilter{PostedFrom: a.now.Add(-5000 * time.Minute)}
			}
			for i := range posts {
				if i != 6 && tt.fits(i) && (!narrow || !when(i).Before(q.Filter.PostedFrom)) {
					want = append(want, i)
				}
			}
			slices.SortFunc(want, func(a, b int) int { return when(b).Compare(when(a)) })
			for _, sort := range []store.SearchSort{"", store.SortNewest, store.SortOldest} {
				q.Sort, q.Cursor = sort, ""
				var got []string
				for range posts/1000 + 1 {
					r, err := a.index.Search(t.Context(), q)
					a.must(err)
					for _, h := range r.Hits {
						if sort != "" || tt.words == "" || h.Score >= scoreAll {
							got = append(got, strings.TrimPrefix(h.Ref, "twitter:"))
						}
					}
					if n := r.Facets[store.FacetKind]; len(n) != 1 || n[0].Count != r.Total {
						t.Errorf("%q by %s: %d in all, and counted %v", tt.words, sort, r.Total, n)
					}
					if q.Cursor = r.Cursor; q.Cursor == "" {
						break
					}
				}
				if sort == store.SortOldest {
					slices.Reverse(got)
				}
				wanted := []string{}
				for _, i := range want {
					wanted = append(wanted, fmt.Sprint(i))
				}
				if sort != "" && (strings.Contains(tt.words, "by2 by3") || strings.Contains(tt.words, "every")) && !strings.Contains(tt.words, `"`) && tt.words != "every" {
					continue // sorted by time, posts with most of the words are among them
				}
				if !slices.Equal(got, wanted) {
					t.Errorf("%q by %s, narrowed %v: %d hits, want %d; %.200q, want %.200q", tt.words, sort, narrow, len(got), len(wanted), fmt.Sprint(got), fmt.Sprint(wanted))
				}
			}
		}
	}
}

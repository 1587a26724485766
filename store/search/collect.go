package search

import (
	"cmp"
	"slices"
	"strings"

	"stet/extract/words"
)

// collect breaks documents into words, on all processors. The collectors that
// it returns are of later documents each than the one before.
func collect(docs []*document, first uint32) []*collector {
	all := make([]*collector, maxParts)
	n := inParts(len(docs), func(part, from, to int) {
		c := newCollector()
		for i, d := range docs[from:to] {
			c.document(first+uint32(from+i), d)
		}
		c.sort()
		all[part] = c
	})
	return all[:n]
}

// collector collects where tokens stand. Its memory holds no pointers but those
// of the different tokens, so that it costs the garbage collector nothing that
// there are millions of places.
type collector struct {
	numbers map[string]uint32
	tokens  []string        // by number
	text    strings.Builder // of the tokens
	noted   []occurrence    // in the order of the documents and places
	// sorted are the numbers of the tokens in the order of the tokens; the
	// places of number n end at ends[n], and begin where those of n-1 end.
	sorted []uint32
	ends   []int
	places []standing
}

// occurrence says that a token stands at a place of a document.
type occurrence struct{ token, doc, place uint32 }

// standing is where a token stands.
type standing struct{ doc, place uint32 }

func newCollector() *collector { return &collector{numbers: map[string]uint32{}} }

func (c *collector) document(doc uint32, d *document) {
	place := 0
	for _, field := range d.fields {
		if field == "" {
			continue
		}
		words.Split(field, func(w words.Word) {
			if place > maxPlaces {
				return
			}
			for _, t := range w.Also {
				c.add(t, doc, place)
			}
			for i, t := range w.Tokens {
				c.add(t, doc, place+i)
			}
			place += len(w.Tokens)
		})
		place += fieldGap
	}
}

// add notes that a token stands at a place of a document. Documents ascend, and
// so do the places in one.
func (c *collector) add(token string, doc uint32, place int) {
	n, ok := c.numbers[token]
	if !ok {
		n = uint32(len(c.tokens))
		token = c.keep(token)
		c.numbers[token] = n
		c.tokens = append(c.tokens, token)
	}
	c.noted = append(c.noted, occurrence{n, doc, uint32(place)})
}

// keep copies a token, which is a piece of a text that is not kept, to the
// others.
func (c *collector) keep(token string) string {
	if c.text.Cap()-c.text.Len() < len(token) {
		c.text = strings.Builder{}
		c.text.Grow(max(64<<10, len(token)))
	}
	from := c.text.Len()
	c.text.WriteString(token)
	return c.text.String()[from:]
}

// sort brings what was noted into the order of the tokens.
func (c *collector) sort() {
	c.sorted = make([]uint32, len(c.tokens))
	for n := range c.sorted {
		c.sorted[n] = uint32(n)
	}
	slices.SortFunc(c.sorted, func(a, b uint32) int { return cmp.Compare(c.tokens[a], c.tokens[b]) })
	c.ends = make([]int, len(c.tokens))
	for i := range c.noted {
		c.ends[c.noted[i].token]++
	}
	sum := 0
	for n, count := range c.ends {
		c.ends[n] = sum // where they begin
		sum += count
	}
	c.places = make([]standing, len(c.noted))
	for _, o := range c.noted {
		c.places[c.ends[o.token]] = standing{o.doc, o.place}
		c.ends[o.token]++
	}
	c.noted, c.numbers = nil, nil
}

// next returns the next token, and false where there is none.
func (c *collector) next() (string, bool) {
	if len(c.sorted) == 0 {
		return "", false
	}
	return c.tokens[c.sorted[0]], true
}

// take gives the places of the next token to p, and passes over it.
func (c *collector) take(p *pending) {
	n := c.sorted[0]
	c.sorted = c.sorted[1:]
	from := 0
	if n > 0 {
		from = c.ends[n-1]
	}
	for _, s := range c.places[from:c.ends[n]] {
		p.add(s.doc, int(s.place))
	}
}

package source

import (
	"cmp"
	"container/heap"
	"context"
	"net/url"
	"slices"
	"time"
)

// collector takes the entries of a sitemap as they stream by and keeps those
// that are to be handed out: the newest of the dated ones, as many as the pass
// may still hand out, and some from both ends of those without any date, since
// new ones are added at one end or the other. Its memory does not grow with the
// sitemap.
type collector struct {
	p *pass
	// since is how far back the pass goes.
	since time.Time
	// most and undated are how many dated and undated ones are kept.
	most, undated int

	stamps stamps
	dated  foundHeap
	left   int // dated ones that found no place
	// first and last are the undated ones of both ends; last is a ring.
	first, last []found
	next        int
	without     int // undated ones that are new
	// newest is the newest date seen, of all entries.
	newest time.Time
	// base is the sitemap's address, outside counts the entries without one.
	base    *url.URL
	outside int
}

// found is an item that is to be handed out.
type found struct {
	item   Item
	status status
	// at orders it: its date, or what its address says, never in the future.
	at  time.Time
	key string
}

// foundHeap has the oldest at its root.
type foundHeap []found

func (h foundHeap) Len() int           { return len(h) }
func (h foundHeap) Less(i, j int) bool { return h[i].before(&h[j]) }
func (h foundHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *foundHeap) Push(x any)        { *h = append(*h, x.(found)) }
func (h *foundHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

// before reports whether f comes after g in the order newest first.
func (f *found) before(g *found) bool {
	return cmp.Or(f.at.Compare(g.at), cmp.Compare(g.key, f.key)) < 0
}

func (p *pass) collector(d *document, since time.Time) *collector {
	c := &collector{p: p, base: parseBase(d.url), since: since, most: max(p.limits.Items-len(p.out.Items), 0)}
	c.undated = max(min(p.limits.Undated-p.undated, c.most), 0)
	return c
}

// add takes an entry.
func (c *collector) add(ctx context.Context, e sitemapEntry) error {
	c.p.out.Total++
	it := Item{Title: e.title, Published: e.published, Modified: e.modified}
	at := it.Date()
	c.stamps.add(at)
	// Most entries are old: they cost no more than this.
	if !at.IsZero() && at.Before(c.since) {
		c.old(at)
		return nil
	}
	var ok bool
	if it.URL, ok = webLink(e.loc, c.base); !ok {
		c.outside++
		return nil
	}
	if at.IsZero() {
		at = c.byAddress(it.URL)
	}
	if at.After(c.p.now) {
		at = c.p.now
	}
	if !at.IsZero() && at.Before(c.since) {
		c.old(at)
		return nil
	}
	if at.After(c.newest) {
		c.newest = at
	}
	s, err := c.p.weigh(ctx, &it)
	if err != nil || s == skipped {
		return err
	}
	f := found{item: it, status: s, at: at, key: it.URL}
	if at.IsZero() {
		c.addUndated(f)
		return nil
	}
	heap.Push(&c.dated, f)
	if len(c.dated) > c.most {
		heap.Pop(&c.dated)
		c.left++
	}
	return nil
}

// old counts an entry of before the time that the pass goes back to.
func (c *collector) old(at time.Time) {
	c.p.out.Old++
	if at.After(c.newest) {
		c.newest = at
	}
}

// byAddress returns the last day of the time that an address names.
func (c *collector) byAddress(address string) time.Time {
	u := parseBase(address)
	if u == nil {
		return time.Time{}
	}
	if s, ok := urlDate(u.Path, false); ok {
		return s.end.Add(-time.Second)
	}
	return time.Time{}
}

func (c *collector) addUndated(f found) {
	c.without++
	switch {
	case c.undated == 0:
	case len(c.first) < c.undated:
		c.first = append(c.first, f)
	case len(c.last) < c.undated:
		c.last = append(c.last, f)
	default:
		c.last[c.next] = f
		c.next = (c.next + 1) % c.undated
	}
}

// handOut gives what was kept to the pass. It returns whether all was: of the
// dated ones, where those that are left are to come with the next pass, and of
// the undated ones, which have time.
func (c *collector) handOut() (all, allUndated bool) {
	believed := c.stamps.believed(c.p.now)
	if !believed {
		c.p.warn("nearly all entries carry one date, that of the last change of the document: it does not count as a change of theirs")
	}
	slices.SortFunc(c.dated, func(f, g found) int { return cmp.Or(g.at.Compare(f.at), cmp.Compare(f.key, g.key)) })
	taken, stamped := 0, 0
	for i := range c.dated {
		f := &c.dated[i]
		if !believed && f.status == again {
			continue
		}
		if !believed && !c.p.backfill() && near(f.item.Date(), c.stamps.at) {
			// A date that all have is none.
			if stamped++; stamped > c.undated {
				continue
			}
		}
		c.p.give(f.item, f.status)
		taken++
	}
	c.p.undated += min(stamped, c.undated)
	ends := c.ends()
	room := max(c.most-taken, 0)
	for i := range ends[:min(room, len(ends))] {
		c.p.give(ends[i].item, ends[i].status)
	}
	c.p.undated += min(room, len(ends))
	all = c.left == 0
	if !believed && !c.p.backfill() {
		// What is left has the date of all, and time as the undated ones.
		return true, c.left == 0 && stamped <= c.undated && c.without <= min(room, len(ends))
	}
	return all, c.without <= min(room, len(ends))
}

func near(a, b time.Time) bool { return a.Sub(b).Abs() <= stampWidth }

// ends returns the undated ones that are handed out: all, or half of them from
// each end, the document's first ones first.
func (c *collector) ends() []found {
	all := slices.Concat(c.first, c.last[c.next:], c.last[:c.next])
	if len(all) <= c.undated {
		return all
	}
	half := c.undated / 2
	return slices.Concat(all[:c.undated-half], all[len(all)-half:])
}

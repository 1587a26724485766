package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"stet/archiver/fetch"
	"stet/store"
)

// overlap is how far before the last reading a reading of what is new goes
// back, for articles that appear with an earlier date.
const overlap = 3 * 24 * time.Hour

// turnSize is how many sitemaps that are not remembered and have no date are
// asked for in a pass.
const turnSize = 2

// child is a sitemap that an index names.
type child struct {
	url string
	key string
	// stated is the date that the index gives it.
	stated time.Time
	// span is the time that its address names, zero where that is none.
	span span
}

// mark is the child's place in the order: those without any date first, since
// they may hold anything, then the newest first.
func (c *child) mark() Mark {
	at := c.stated
	if at.IsZero() && !c.span.end.IsZero() {
		at = c.span.end
	}
	return Mark{At: at, Key: c.key}
}

// compare orders marks.
func (m Mark) compare(o Mark) int {
	switch {
	case m.At.IsZero() != o.At.IsZero():
		if m.At.IsZero() {
			return -1
		}
		return 1
	}
	return cmp.Or(o.At.Compare(m.At), cmp.Compare(m.Key, o.Key))
}

// readSitemaps reads a source that is a sitemap or an index.
func (p *pass) readSitemaps(ctx context.Context, d *document) error {
	w := p.walker()
	var err error
	if d.format == FormatIndex {
		var kids []child
		if kids, err = w.index(d); err == nil {
			err = w.walk(ctx, kids, 0)
		}
	} else {
		var whole, undated bool
		if whole, undated, _, err = w.leaf(ctx, d); err == nil && !whole {
			err = errEnough
		}
		if err == nil && !undated {
			d.validators = Validators{} // to be read again with the next pass
		}
	}
	return w.end(err, d)
}

// errNoSitemaps is a robots.txt that listed sitemaps once.
var errNoSitemaps = fmt.Errorf("%w: it lists no sitemap any more", store.ErrUnexpected)

// listedSitemaps reads the sitemaps that the site's robots.txt lists, as if
// that were their index.
func (p *pass) listedSitemaps(ctx context.Context) error {
	list, err := p.robotsSitemaps(ctx, p.s.URL)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return fmt.Errorf("the robots.txt of %s: %w", hostOf(p.s.URL), errNoSitemaps)
	}
	w := p.walker()
	kids := make([]child, 0, len(list))
	for _, address := range list {
		kids = append(kids, newChild(address, time.Time{}))
	}
	return w.end(w.walk(ctx, kids, 0), &document{})
}

// walker goes over the sitemaps of an index, in the order of their marks, as far
// as the pass's limits allow, from where the last pass stopped.
type walker struct {
	p     *pass
	sweep *Sweep
	// begun is where the last pass stopped, at each level.
	begun   []Mark
	resumed bool
	// turn holds the ones whose turn it is of those that are not remembered.
	turn map[string]bool
	// dated is true while all sitemaps of all indexes have a date, so that an
	// index that has not changed tells that they have not either.
	dated bool
	read  int // sitemaps that were read
	fails []error
	// trouble counts the ones in a row that failed.
	trouble int
}

// walker begins a reading, or goes on with the one that is not at its end.
func (p *pass) walker() *walker {
	w := &walker{p: p, dated: true}
	if p.backfill() {
		w.sweep = p.goBack()
	} else {
		if p.st.Sweep == nil {
			p.st.Sweep = p.newSweep()
		}
		w.sweep = p.st.Sweep
	}
	w.begun = slices.Clone(w.sweep.Path)
	w.resumed = len(w.begun) > 0
	return w
}

// newSweep begins a reading of what is new. The first one goes over everything
// of the last days, later ones over what has changed.
func (p *pass) newSweep() *Sweep {
	since := p.now.Add(-p.limits.Window)
	if last := p.st.Swept.Add(-overlap); !p.st.Swept.IsZero() && last.Before(since) {
		since = last // it was not read for long
	}
	// Dates without a time of day count as the day's beginning.
	return &Sweep{Since: since.UTC().Truncate(24 * time.Hour), Began: p.now, Full: p.st.Swept.IsZero() || p.o.Afresh}
}

// end ends the pass over the sitemaps: err is nil where the reading is at its
// end.
func (w *walker) end(err error, root *document) error {
	p := w.p
	if errors.Is(err, errEnough) {
		p.out.More = true
		return nil
	}
	if err == nil && w.read == 0 && len(w.fails) > 0 {
		err = fmt.Errorf("none of its sitemaps could be read: %w", w.fails[0])
	}
	if err != nil {
		return err
	}
	if p.backfill() {
		w.sweep.Path, w.sweep.Done = nil, p.now
		return nil
	}
	p.st.Swept, p.st.Sweep = w.sweep.Began, nil
	p.st.Root = root.validators
	if !w.dated || w.resumed || len(w.fails) > 0 {
		// What the index says now, earlier passes have not followed: it must be
		// read again though it has not changed since.
		p.st.Root = Validators{}
	}
	return nil
}

// index reads the sitemaps that an index names, in their order.
func (w *walker) index(d *document) ([]child, error) {
	base := parseBase(d.url)
	var kids []child
	seen := map[string]bool{}
	var st stamps
	strange := 0
	end, err := readSitemap(d.text, w.p.limits.Entries, func(e sitemapEntry) error {
		address, ok := webLink(e.loc, base)
		if !ok {
			strange++
			return nil
		}
		c := newChild(address, e.modified)
		if !seen[c.key] {
			seen[c.key] = true
			st.add(c.stated)
			kids = append(kids, c)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	w.p.warnAbout(d, append(end.warnings, outside(strange)...))
	// An index that gives all the same date, or that of its making, gives none.
	believed := st.believed(w.p.now) && (st.n < 3 || st.same < st.n)
	for i := range kids {
		if !believed {
			kids[i].stated = time.Time{}
		}
		w.dated = w.dated && !kids[i].stated.IsZero()
	}
	slices.SortFunc(kids, func(a, b child) int { return a.mark().compare(b.mark()) })
	return kids, nil
}

func newChild(address string, stated time.Time) child {
	c := child{url: address, key: hashOf(address), stated: stated}
	if u := parseBase(address); u != nil {
		c.span, _ = urlDate(u.Path+"?"+u.RawQuery, true)
	}
	return c
}

func (p *pass) warnAbout(d *document, warnings []string) {
	for _, s := range warnings {
		p.warn("%s: %s", d.shown(), s)
	}
}

// walk reads the sitemaps of one index. It returns errEnough where the pass
// must end before the index does.
func (w *walker) walk(ctx context.Context, kids []child, depth int) error {
	p := w.p
	if depth >= p.limits.Depth {
		p.warn("indexes of sitemaps are nested more than %d deep: what is deeper was left out", p.limits.Depth)
		return nil
	}
	begun := Mark{}
	if len(w.begun) > depth {
		begun = w.begun[depth]
	}
	w.takeTurns(kids)
	if depth == 0 {
		for i := range kids {
			if w.needs(&kids[i]) {
				p.parts++
			}
		}
	}
	for i := range kids {
		k := &kids[i]
		m := k.mark()
		if begun.Key != "" && m.compare(begun) < 0 {
			continue // an earlier pass has read it
		}
		if begun.Key == "" || m != begun {
			// What comes after the place where the last pass stopped is new
			// ground, on all levels below too.
			w.begun = w.begun[:min(len(w.begun), depth)]
			begun = Mark{}
		}
		if p.visited[k.key] || !w.needs(k) {
			continue
		}
		w.sweep.Path = append(w.sweep.Path[:min(len(w.sweep.Path), depth)], m)
		if p.spent() {
			return errEnough
		}
		if err := w.visit(ctx, k, depth); err != nil {
			return err
		}
	}
	w.sweep.Path = w.sweep.Path[:min(len(w.sweep.Path), depth)]
	return nil
}

// takeTurns chooses, of the sitemaps that have no date and are not remembered,
// the ones that are looked at in this pass, so that all have their turn.
func (w *walker) takeTurns(kids []child) {
	if w.sweep.Full {
		return
	}
	var keys []string
	for i := range kids {
		if kids[i].stated.IsZero() && w.p.st.child(kids[i].key) == nil {
			keys = append(keys, kids[i].key)
		}
	}
	if len(keys) == 0 {
		return
	}
	slices.Sort(keys)
	if w.turn == nil {
		w.turn = map[string]bool{}
	}
	at, _ := slices.BinarySearch(keys, w.p.st.Turn+"\x00")
	for i := range min(turnSize, len(keys)) {
		key := keys[(at+i)%len(keys)]
		w.turn[key] = true
		w.p.st.Turn = key
	}
}

// needs reports whether a sitemap can hold something that is wanted.
func (w *walker) needs(k *child) bool {
	known := w.p.st.child(k.key)
	switch {
	case !k.stated.IsZero() && k.stated.Before(w.sweep.Since):
		return false // nothing in it is younger
	case w.sweep.Full:
		return !k.stated.IsZero() || k.span.end.IsZero() || k.span.end.After(w.sweep.Since)
	case !k.stated.IsZero() && known == nil:
		return k.stated.After(w.p.st.Forgotten)
	case !k.stated.IsZero():
		return !k.stated.Equal(known.Stated)
	case known != nil:
		return known.due(w.p.now)
	}
	return w.turn[k.key]
}

// visit reads a sitemap of an index. One that cannot be read does not keep the
// others from being read.
func (w *walker) visit(ctx context.Context, k *child, depth int) error {
	p := w.p
	known := p.st.child(k.key)
	var v *Validators
	if known != nil && !known.Nested && !w.sweep.Full {
		v = &known.Validators
	}
	d, err := p.get(ctx, k.url, v)
	if err == nil && !d.unchanged && d.format != FormatSitemap && d.format != FormatIndex && d.format != FormatText {
		err = fmt.Errorf("%w: %s answered with %s where a sitemap was expected", store.ErrUnexpected, d.shown(), d.describe())
	}
	if err != nil {
		return w.failed(ctx, k, err)
	}
	w.read++
	w.trouble = 0
	seen := Child{Key: k.key, Stated: k.stated, Checked: p.now, Changed: p.now, Validators: d.validators}
	if known != nil {
		seen.Changed, seen.Nested = known.Changed, known.Nested
	}
	switch {
	case d.unchanged:
	case d.format == FormatIndex:
		seen.Nested, seen.Validators = true, Validators{}
		kids, err := w.index(d)
		if err != nil {
			return err
		}
		if err := w.walk(ctx, kids, depth+1); err != nil {
			return err
		}
	default:
		whole, undated, newest, err := w.leaf(ctx, d)
		if err != nil {
			return err
		}
		if !whole {
			return errEnough
		}
		if seen.Changed = p.now; known == nil && !newest.IsZero() {
			seen.Changed = newest
		}
		if !undated {
			// What is left comes with later passes.
			seen.Validators, seen.Stated, seen.Changed = Validators{}, time.Time{}, p.now
		}
	}
	if depth == 0 {
		p.partsRead++
	}
	if !p.backfill() {
		p.st.remember(seen)
	}
	return nil
}

// maxTrouble is how many sitemaps in a row may fail for the network's or the
// server's sake before the pass ends.
const maxTrouble = 3

// failed decides whether a sitemap that cannot be read ends the pass. It does
// where the others are likely to fail too; what was read before counts.
func (w *walker) failed(ctx context.Context, k *child, err error) error {
	if ctx.Err() != nil {
		return err
	}
	p := w.p
	var limited *fetch.RateLimitError
	var status *StatusError
	switch {
	case errors.As(err, &limited):
		p.notBefore, w.trouble = limited.Until, maxTrouble
	case errors.As(err, &status) && status.Status < 500:
		// It is not there. A new date in the index, or time, can change that.
		w.trouble = 0
		if !p.backfill() {
			p.st.remember(Child{Key: k.key, Stated: k.stated, Checked: p.now, Changed: p.now.Add(-maxCheck)})
		}
	default:
		w.trouble++
		if !p.backfill() {
			// Without the date that the index gives it, it is asked for again.
			p.st.remember(Child{Key: k.key, Checked: p.now, Changed: p.now})
		}
	}
	w.fails = append(w.fails, err)
	p.warn("a sitemap could not be read: %v", err)
	switch {
	case w.trouble < maxTrouble:
		return nil
	case w.read == 0:
		return err
	}
	return errEnough
}

// leaf hands out what a sitemap holds. It returns whether that was all of the
// dated entries, and all of the others, and the newest date in it.
func (w *walker) leaf(ctx context.Context, d *document) (whole, undated bool, newest time.Time, err error) {
	p := w.p
	c := p.collector(d, w.sweep.Since)
	if d.format == FormatText {
		l := readList(d.text, p.limits.Entries)
		for _, it := range l.items {
			if err := c.add(ctx, sitemapEntry{loc: it.URL, title: it.Title}); err != nil {
				return false, false, newest, err
			}
		}
		p.warnAbout(d, l.warnings)
	} else {
		end, err := readSitemap(d.text, p.limits.Entries, func(e sitemapEntry) error { return c.add(ctx, e) })
		if err != nil {
			return false, false, newest, err
		}
		p.warnAbout(d, append(end.warnings, outside(c.outside)...))
	}
	d.body, d.text = nil, nil
	whole, undated = c.handOut()
	return whole, undated, c.newest, nil
}

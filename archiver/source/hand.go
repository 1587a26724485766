package source

import (
	"context"
	"fmt"
	"time"
)

// status is what is to be done with an item.
type status byte

const (
	skipped status = iota
	fresh          // it was not known
	again          // it was known, and has changed since
)

// weigh says whether an item is to be handed out.
func (p *pass) weigh(ctx context.Context, it *Item) (status, error) {
	if p.taken[it.Key()] || it.ID != "" && p.taken["id "+it.ID] {
		return skipped, nil
	}
	if p.closed(it) {
		p.out.Closed++
		return skipped, nil
	}
	if p.o.Known == nil {
		return fresh, nil
	}
	seen, known, err := p.o.Known(ctx, *it)
	switch {
	case err != nil:
		return skipped, fmt.Errorf("looking up %s: %w", it.URL, err)
	case !known:
		return fresh, nil
	case Changed(*it, seen) && !it.Date().After(p.now):
		return again, nil
	}
	return skipped, nil
}

// give hands an item out.
func (p *pass) give(it Item, s status) {
	p.taken[it.Key()] = true
	if it.ID != "" {
		p.taken["id "+it.ID] = true
	}
	it.Again = s == again
	p.out.Items = append(p.out.Items, it)
	if !p.backfill() {
		p.dates = append(p.dates, it.Date())
	}
}

// giveAll hands out what is new of a document that is held in memory, newest
// first. It returns false where the pass's limit left some out.
func (p *pass) giveAll(ctx context.Context, items []Item) (bool, error) {
	p.out.Total += len(items)
	newestFirst(items)
	var st stamps
	for i := range items {
		st.add(items[i].Date())
	}
	believed := st.believed(p.now)
	if !believed {
		p.warn("nearly all entries carry one date, that of the last change of the document: it does not count as a change of theirs")
	}
	for i := range items {
		it := items[i]
		if p.backfill() && !it.Date().IsZero() && it.Date().Before(p.o.Backfill) {
			p.out.Old++
			continue
		}
		s, err := p.weigh(ctx, &it)
		if err != nil {
			return false, err
		}
		if s == skipped || s == again && !believed {
			continue
		}
		if p.full() {
			return false, nil
		}
		p.give(it, s)
	}
	return true, nil
}

// stamps tells whether the dates of a document's entries are theirs, or that of
// the document's making, as some programs write.
type stamps struct {
	n    int
	at   time.Time // the date that most have, if any
	same int
	// votes is the count of Boyer and Moore's majority vote.
	votes int
}

// stampWidth is how far apart the dates are that are written in one go.
const stampWidth = 2 * time.Minute

func (s *stamps) add(t time.Time) {
	if t.IsZero() {
		return
	}
	s.n++
	near := t.Sub(s.at).Abs() <= stampWidth
	switch {
	case s.votes == 0:
		s.at, s.votes, s.same = t, 1, 1
	case near:
		s.votes++
		s.same++
	default:
		s.votes--
	}
}

// believed reports whether the dates say something about changes of the
// entries: not where nine of ten are one and the same moment or day, in a
// document with many, or that of this reading, in one with few.
func (s *stamps) believed(now time.Time) bool {
	const few, many = 3, 20
	if s.n < few || s.same*10 < s.n*9 {
		return true
	}
	return s.n < many && now.Sub(s.at).Abs() > stampWidth
}

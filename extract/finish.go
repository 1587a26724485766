package extract

import (
	"cmp"
	"slices"
	"strings"
)

// finish looks over the whole text: for posts that were flattened into it, and
// for addresses that are printed in it.
func (w *walker) finish() {
	text := string(w.text)
	var taken []span
	for _, f := range FindFlattened(text) {
		taken = append(taken, span{f.Start, f.End})
		e := Embed{Platform: f.Platform, Markup: FormFlattened, Quoted: f.Quoted}
		if l, ok := w.signedLink(f); ok {
			e.Platform, e.ID, e.URL, e.Posted = l.target.Ref.Platform, l.target.Ref.ID, l.target.URL, l.target.Posted
		}
		if !w.c.has(&e) {
			e.Before, e.Fragment = before(text[:f.Start]), cut(text[f.Start:f.End], maxFragment)
		}
		w.c.embed(e, spot{at: f.Start, para: paragraphAt(w.paras, f.Start)})
	}
	w.printed(text, mergeSpans(taken, w.spans))
	w.c.takeBack(taken)
}

// printed reports the addresses that stand in the text without being links,
// outside of the spans that are taken.
func (w *walker) printed(text string, taken []span) {
	k := 0
	for start, end := range addressSpans(text, w.f) {
		for k < len(taken) && taken[k].end <= start {
			k++
		}
		if k < len(taken) && taken[k].start < end {
			continue
		}
		w.addresses.report(text[start:end], spot{at: start, para: paragraphAt(w.paras, start)})
	}
}

// mergeSpans returns the spans of two lists in order.
func mergeSpans(a, b []span) []span {
	all := slices.Concat(a, b)
	slices.SortFunc(all, func(x, y span) int { return cmp.Compare(x.start, y.start) })
	return all
}

// signedLink returns the address of a flattened post: what its date links to.
func (w *walker) signedLink(f Flattened) (lead, bool) {
	if l, ok := w.addresses.post(f.URL); ok && l.isPost() {
		return l, true
	}
	for i := len(w.anchors) - 1; i >= 0; i-- {
		if a := &w.anchors[i]; a.start >= f.Start && a.start < f.End && a.end > f.End-3 {
			return a.lead, true
		}
	}
	return lead{}, false
}

// paragraphAt returns the number of the paragraph that holds the offset.
func paragraphAt(paras []spot, at int) int {
	lo, hi := 0, len(paras)
	for lo < hi {
		mid := (lo + hi) / 2
		if paras[mid].at <= at {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == 0 {
		return 0
	}
	return paras[lo-1].para
}

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

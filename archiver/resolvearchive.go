package archiver

import (
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"stet/extract/post"
	"stet/store"
)

const (
	// maxRead is the most posts of one account that are read in a web archive
	// for one embed.
	maxRead = 120
	// leastWords is the shortest quotation that can name a post, in letters: a
	// shorter one fits other posts of the same days too easily, and the right
	// one may not be archived.
	leastWords = 12
	// alikeWords is how alike the words of a candidate must be that is not the
	// post, but worth a look by a person.
	alikeWords = 0.6
	// nearConfidence is below MinConfidence: newspapers of weather and tides
	// post the same words with other numbers each day.
	nearConfidence = 0.6
)

// resolveInArchive looks for the post of an embed without id among those that a
// web archive holds of its author and of the days that the embed can mean. A
// post counts as found where its words are those that are quoted, by the rules
// of [CheckQuote], and no other's are; those that are alike are candidates.
func (e *Engine) resolveInArchive(ctx context.Context, w *want, r *resolution) {
	q := w.mention.Quoted
	day, err := time.Parse(time.DateOnly, q.Date)
	archive := e.o.Recovery
	if archive == nil || err != nil || q.Handle == "" || !archive.Serves(w.mention.Platform) || ctx.Err() != nil ||
		utf8.RuneCountInString(exactWords(q.Text, q.Links...)) < leastWords {
		return
	}
	l := archive.List(ctx, w.mention.Platform, q.Handle, day.Add(-zonesOfWorld), day.Add(24*time.Hour+zonesOfWorld))
	r.replies = append(r.replies, &recorded{exchanges: l.Exchanges})
	if l.Err != nil {
		r.reason, r.err = fmt.Sprintf("%s; the web archive (%s) could not be asked for posts of @%s: %v", r.reason, archive.Name(), q.Handle, l.Err), l.Err
		return
	}
	var found []post.Ref
	for _, p := range l.Posts[:min(len(l.Posts), maxRead)] {
		if ctx.Err() != nil {
			return
		}
		got := archive.Read(ctx, p)
		reply := &recorded{exchanges: got.Exchanges}
		reply.refs(p.Ref)
		r.replies = append(r.replies, reply)
		shown := got.Shown()
		switch {
		case shown == nil:
		case CheckQuote(store.Quotation{Text: q.Text, Handle: q.Handle, Links: q.Links}, &shown.Post) == QuoteMatch:
			found = append(found, p.Ref)
		case alike(exactWords(q.Text, q.Links...), exactWords(shown.Post.Text)) >= alikeWords:
			r.candidates = append(r.candidates, p.Ref)
		}
	}
	r.method = byArchive
	switch {
	case len(found) == 1 && !l.Cut && len(l.Posts) <= maxRead:
		r.ref, r.confidence = found[0], likeConfidence
		r.reason = fmt.Sprintf("of %d posts of @%s that the web archive (%s) holds of those days, this one alone has the quoted words", len(l.Posts), q.Handle, archive.Name())
	case len(found) > 0:
		r.candidates = append(found, r.candidates...)
		r.confidence = nearConfidence
		r.reason = fmt.Sprintf("%d posts of @%s in the web archive (%s) have the quoted words, or not all of them could be read", len(found), q.Handle, archive.Name())
	default:
		r.reason = fmt.Sprintf("%s; none of %d posts of @%s that the web archive (%s) holds of those days has the quoted words", r.reason, len(l.Posts), q.Handle, archive.Name())
	}
}

// zonesOfWorld is how far the day that an embed prints can lie from that of
// universal time.
const zonesOfWorld = 14 * time.Hour

// alike returns how many pairs of neighbouring letters two texts share, of all
// that they have: 1 for the same text, 0 where they share none. It serves every
// script.
func alike(a, b string) float64 {
	pairs := func(s string) []string {
		runes := []rune(s)
		out := make([]string, 0, len(runes))
		for i := 1; i < len(runes); i++ {
			out = append(out, string(runes[i-1:i+1]))
		}
		slices.Sort(out)
		return out
	}
	pa, pb := pairs(a), pairs(b)
	if len(pa)+len(pb) == 0 {
		return 0
	}
	shared := 0
	for i, j := 0, 0; i < len(pa) && j < len(pb); {
		switch {
		case pa[i] == pb[j]:
			shared++
			i++
			j++
		case pa[i] < pb[j]:
			i++
		default:
			j++
		}
	}
	return 2 * float64(shared) / float64(len(pa)+len(pb))
}

package archiver

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"stet/extract/post"
	"stet/store"
)

// keepOut lets an answer not be kept that shows a post which may not be captured,
// alone or beside others: of its exchanges only the outcome is. It returns those
// of the posts that were asked for of which the answer tells so.
func (e *Engine) keepOut(ctx context.Context, answers []sighting) (refused []post.Ref, err error) {
	keep := context.WithoutCancel(ctx)
	any, err := e.o.Archive.List(keep, store.Query{Term: store.TakedownsTerm(), Limit: 1})
	if err != nil {
		answers[0].reply.withhold()
		return nil, fmt.Errorf("reading what may not be captured: %w", err)
	}
	if len(any.Records) == 0 {
		return nil, nil
	}
	for i := range answers {
		mine, shows, err := e.showsRefused(keep, &answers[i])
		if err != nil {
			answers[0].reply.withhold()
			return nil, err
		}
		if mine {
			refused = append(refused, answers[i].answer.Ref)
		}
		if shows {
			answers[0].reply.withhold()
		}
	}
	return refused, nil
}

// showsRefused reports whether an answer shows a post that may not be captured:
// the one that was asked for, or any.
func (e *Engine) showsRefused(ctx context.Context, s *sighting) (mine, any bool, err error) {
	if _, witness := s.endpoint.(throughAccount); witness {
		// It shows posts that nobody asked for.
		if any, err = e.takenDown(ctx, s.answer.Ref.Platform); any || err != nil {
			return false, any, err
		}
	}
	p := s.answer.Shown()
	if p == nil {
		return false, false, nil
	}
	for i, shown := range append([]post.Post{p.Post}, p.Related...) {
		h, err := e.history(ctx, shown.Ref())
		if err == nil {
			err = e.refusedBeside(ctx, h, shown.Ref(), &shown)
		}
		switch {
		case err == nil:
		case !isRefusal(err):
			return false, false, err
		default:
			mine, any = mine || i == 0, true
		}
	}
	return mine, any, nil
}

// takenDown reports whether anything of a platform was ever taken down.
func (e *Engine) takenDown(ctx context.Context, p post.Platform) (bool, error) {
	records, err := e.o.Archive.ListAll(ctx, store.TakedownsTerm(), maxTakedowns+1, store.KindTakedown)
	if err != nil || len(records) > maxTakedowns {
		return true, err
	}
	for i := range records {
		t, err := store.Decode[store.Takedown](&records[i])
		if err != nil {
			return true, err
		}
		of := func(account string) bool { return strings.HasPrefix(account, string(p)+":") }
		if t.Ref.Platform == p || slices.ContainsFunc(t.Accounts, of) {
			return true, nil
		}
	}
	return false, nil
}

// maxTakedowns is how many takedowns are looked through for those of a platform;
// where there are more, there is one of every platform.
const maxTakedowns = 1000

// withhold leaves the bodies out of the exchanges; what they say of their outcome
// stays.
func (r *recorded) withhold() {
	for i := range r.exchanges {
		if b := &r.exchanges[i].Body; b.Size > 0 || len(b.Inline) > 0 {
			*b = store.Body{Withheld: true, Type: b.Type, Chunked: b.Chunked, Truncated: b.Truncated}
		}
		r.exchanges[i].Refs = nil
	}
}

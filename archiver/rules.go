package archiver

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"stet/extract/post"
	"stet/store"
)

// refused says why a post may not be captured, nil where it may: a takedown
// forbids it. The error wraps store.ErrRefused and settles the wish: trying
// again cannot help before somebody lifts the takedown.
func (e *Engine) refused(ctx context.Context, s store.Subject) error {
	// What was answered already is kept also where the person interrupts.
	t, err := e.o.Archive.TakedownOf(context.WithoutCancel(ctx), s)
	if err != nil {
		return fmt.Errorf("reading what may not be captured: %w", err)
	}
	if t == nil {
		return nil
	}
	what := "a post of that account"
	switch {
	case !t.Ref.IsZero():
		what = t.Ref.String()
	case len(t.Accounts) > 0:
		what = "a post of " + t.Accounts[len(t.Accounts)-1]
	}
	return settled{fmt.Errorf("%w: %s is not captured, because of the takedown of %s: %s", store.ErrRefused, what,
		t.Time.UTC().Format(time.DateOnly), cmp.Or(t.Reason, "no reason was given"))}
}

// refusedNamed says why a post may not be captured that is known by a reference
// alone.
func (e *Engine) refusedNamed(ctx context.Context, ref post.Ref) error {
	h, err := e.history(ctx, ref)
	if err != nil {
		return err
	}
	return e.refusedBeside(ctx, h, ref, nil)
}

// refusedBeside says why a post may not be kept that is shown beside another;
// shown is nil where that only names it.
func (e *Engine) refusedBeside(ctx context.Context, before *store.History, ref post.Ref, shown *post.Post) error {
	s := store.SubjectOf(before)
	s.Refs = append(s.Refs, ref)
	if shown != nil {
		s.Add(shown)
	}
	return e.refused(ctx, s)
}

// allowed returns the posts that may be asked for together with others: the
// answer is shared by all of them.
func (e *Engine) allowed(ctx context.Context, refs []post.Ref) ([]post.Ref, error) {
	any, err := e.o.Archive.List(ctx, store.Query{Term: store.TakedownsTerm(), Limit: 1})
	if err != nil || len(any.Records) == 0 {
		return refs, err
	}
	var out []post.Ref
	for _, ref := range refs {
		err := e.refusedNamed(ctx, ref)
		switch {
		case err == nil:
			out = append(out, ref)
		case !isRefusal(err):
			return nil, err
		}
	}
	return out, nil
}

func isRefusal(err error) bool {
	return store.ClassOf(err).Name == store.ClassOf(store.ErrRefused).Name
}

// refusedBefore says why the post may not be asked for: because of what is
// known of it before.
func (c *capturing) refusedBefore(ctx context.Context) error {
	return c.e.refusedBeside(ctx, c.before, c.w.ref, nil)
}

// refusedAfter says why what was answered may not be kept: because of whose the
// answers say the post is, or, where none shows it, the article that quotes it.
func (c *capturing) refusedAfter(ctx context.Context) error {
	s, shown := store.SubjectOf(c.before), false
	see := func(a *Answer) {
		if p := a.Shown(); p != nil {
			s.Add(&p.Post)
			shown = true
		}
	}
	for i := range c.sightings {
		see(&c.sightings[i].answer)
	}
	if c.recovered != nil {
		see(&c.recovered.Answer)
	}
	if handle := c.w.quotation().Handle; !shown && handle != "" {
		s.Authors = append(s.Authors, claimed(c.w.ref.Platform, handle))
	}
	return c.e.refused(ctx, s)
}

// claimed is the account that an article says a post is of.
func claimed(p post.Platform, handle string) store.Account {
	return store.Account{Platform: p, Handle: strings.ToLower(strings.TrimPrefix(handle, "@"))}
}

// refuse commits that the wish for a post is settled by a refusal, or says what
// else went wrong.
func (e *Engine) refuse(ctx context.Context, w *want, why error) error {
	if !isRefusal(why) {
		return why
	}
	if err := e.closeWant(ctx, w); err != nil {
		return err
	}
	return why
}

package archiver

import (
	"context"
	"fmt"
	"slices"

	"stet/extract/post"
	"stet/store"
)

// NamingPlatform is an optional ability of a [Platform]: addresses can name its
// posts by something that changes, such as an account's handle.
type NamingPlatform interface {
	// Lasting reports whether a reference names its post for good.
	Lasting(ref post.Ref) bool
	// Name asks which post a reference names that is not lasting. purpose is
	// as in [Endpoint].Ask.
	Name(ctx context.Context, ref post.Ref, purpose string) Naming
}

// Naming is the answer to the question which post a reference names.
type Naming struct {
	// Ref is the lasting reference, zero where Err says why there is none.
	Ref post.Ref
	// Exchanges are the recorded exchanges.
	Exchanges []store.Exchange
	Err       error
	// Final is true where the platform says that the name leads nowhere, so
	// that asking again soon does not help.
	Final bool
}

// naming is how a reference that does not last was resolved.
type naming struct {
	// alias is the reference that was asked for.
	alias post.Ref
	// reply holds the exchanges, none where the archive knew.
	reply *recorded
	// err says why it stays as it is; final is true where asking again soon
	// does not help.
	err   error
	final bool
}

// name returns the lasting reference of a post and how it was found; nil where
// ref is one. What the archive has learnt once holds: the handle may be
// somebody else's by now.
func (e *Engine) name(ctx context.Context, ref post.Ref, purpose string) (post.Ref, *naming, error) {
	p, ok := e.platform(ref.Platform).(NamingPlatform)
	if !ok || p.Lasting(ref) {
		return ref, nil, nil
	}
	n := &naming{alias: ref, reply: &recorded{}}
	h, err := e.history(ctx, ref)
	if err != nil {
		return ref, nil, err
	}
	if h.Ref != ref {
		return h.Ref, n, nil
	}
	found := p.Name(ctx, ref, purpose)
	n.reply.exchanges = found.Exchanges
	n.reply.refs(ref)
	if found.Err != nil {
		n.final = found.Final
		n.err = fmt.Errorf("finding out which post %s is: %w", ref, found.Err)
		return ref, n, nil
	}
	return found.Ref, n, nil
}

// lasting reports whether a reference names its post for good.
func (e *Engine) lasting(ref post.Ref) bool {
	p, ok := e.platform(ref.Platform).(NamingPlatform)
	return !ok || p.Lasting(ref)
}

// nameWant gives a want the lasting reference of its post.
func (e *Engine) nameWant(ctx context.Context, w *want) error {
	if w.naming != nil {
		return nil
	}
	ref, n, err := e.name(ctx, w.ref, "post")
	if err != nil {
		return err
	}
	w.ref, w.naming = ref, n
	return nil
}

// unnamed returns why the post's lasting reference is not known, nil where it
// is.
func (w *want) unnamed() error {
	if w.naming == nil {
		return nil
	}
	return w.naming.err
}

// alias adds the references that were asked for to the aliases of a post.
func (w *want) alias(p *post.Post) {
	if p.Ref() != w.ref {
		return
	}
	for _, x := range append([]*want{w}, w.same...) {
		if x.naming != nil && x.naming.err == nil && !slices.Contains(p.Aliases, x.naming.alias) {
			p.Aliases = append(p.Aliases[:len(p.Aliases):len(p.Aliases)], x.naming.alias)
		}
	}
}

// joinSame leaves out the wants that turned out to be of the same post as one
// before them, and gives them to that one.
func joinSame(wants []*want) []*want {
	first := make(map[post.Ref]*want, len(wants))
	var out []*want
	for _, w := range wants {
		other := first[w.ref]
		switch {
		case w.ref.IsZero() || other == nil:
			first[w.ref] = w
		case w.named() != other.named() && w.unnamed() == nil && other.unnamed() == nil:
			other.same = append(other.same, w)
			continue
		}
		out = append(out, w)
	}
	return out
}

// named returns the reference that was asked for.
func (w *want) named() post.Ref {
	if w.naming != nil {
		return w.naming.alias
	}
	return w.ref
}

// finishWant adds the outcome of the jobs of a want.
func (e *Engine) finishWant(b *store.Builder, w *want, err error) {
	for _, x := range append([]*want{w}, w.same...) {
		e.finish(b, x.job, err)
	}
}

package wire

import (
	"context"
	"errors"
	"path/filepath"
	"slices"

	"stet/archiver"
	"stet/cmd/internal/beside"
	"stet/extract/post"
	"stet/store"
)

// RedactionFile is the name of the list of what was taken out of posts. It lies
// beside the archive, so that an older archive that is restored does not show it
// again. The words stand in it encrypted, with the key in SealKeyFile.
const RedactionFile = "redactions.json"

func redactionsIn(dir string) beside.File[archiver.RedactionOrder] {
	return beside.File[archiver.RedactionOrder]{Path: filepath.Join(dir, RedactionFile), What: "redactions"}
}

// Redact decides that parts of a post are taken out, and carries it out.
// Interrupted, it goes on with the next takedown, and in a service by itself.
func (a *Archive) Redact(ctx context.Context, w archiver.RedactionWish) (*archiver.RedactionPlan, error) {
	o, plan, err := a.Removals.OrderRedaction(ctx, w)
	if errors.Is(err, store.ErrNotFound) { // perhaps it was interrupted
		return nil, errors.Join(err, a.Removals.RunAll(ctx))
	}
	if err != nil {
		return nil, err
	}
	list, err := redactionsIn(a.Dir).List()
	if err == nil {
		err = redactionsIn(a.Dir).Write(append(list, *o))
	}
	if err == nil {
		err = a.Removals.BeginRedaction(ctx, o, w.How)
	}
	if err != nil {
		return nil, err
	}
	return plan, a.Removals.RunAll(ctx)
}

// Unredact puts back what was taken out of a post: a restored archive is left as
// it is from then on.
func (a *Archive) Unredact(ctx context.Context, ref post.Ref, w archiver.Wish) (int, error) {
	if err := a.Removals.CanUnredact(ctx, ref); err != nil {
		return 0, err
	}
	if err := a.forgetRedactions([]post.Ref{ref}); err != nil {
		return 0, err
	}
	return a.Removals.Unredact(ctx, ref, w)
}

// forgetRedactions takes what was taken out of posts from the list.
func (a *Archive) forgetRedactions(refs []post.Ref) error {
	list, err := redactionsIn(a.Dir).List()
	if err != nil {
		return err
	}
	rest := slices.DeleteFunc(slices.Clone(list), func(o archiver.RedactionOrder) bool {
		return slices.ContainsFunc(o.Refs, func(ref post.Ref) bool { return slices.Contains(refs, ref) })
	})
	if len(rest) == len(list) {
		return nil
	}
	return redactionsIn(a.Dir).Write(rest)
}

// redactAgain does a redaction again that the archive does not know of. Without
// the key nobody knows what is to be taken out: then all of the post is sealed,
// and added to done.
func (a *Archive) redactAgain(ctx context.Context, o *archiver.RedactionOrder, done *Replayed) error {
	known, err := a.Removals.Redacted(ctx, o)
	if err != nil || known {
		return err
	}
	opens, err := a.Removals.Opens(o)
	if err != nil {
		return err
	}
	if opens {
		if err := a.Removals.BeginRedaction(ctx, o, "restore"); err != nil {
			return err
		}
		done.Again++
		return nil
	}
	before, err := a.Archive.TakedownOf(ctx, store.Subject{Refs: o.Refs})
	if err != nil || before != nil && before.Act != store.TakedownRefuse {
		return err
	}
	_, err = a.Removals.Begin(ctx, archiver.Wish{Refs: o.Refs[:1], Act: store.TakedownSeal, KeepQuotes: o.KeepQuotes, Operator: o.Operator, How: "restore",
		Reason: o.Reason, Basis: "a redaction, and the key in " + SealKeyFile + " that says of what is not here"})
	if err == nil {
		done.Whole = append(done.Whole, o.Refs[0])
	}
	return err
}

package archiver

import (
	"context"
	"fmt"
	"slices"
	"time"

	"stet/extract/post"
	"stet/store"
)

// soonChunk is how many looks are brought forward in one commit.
const soonChunk = 200

// LookSoon brings the next look at a post forward to a time, where the archive
// keeps the post; it reports whether it does. What was heard of the post is no
// evidence: the look is.
func (e *Engine) LookSoon(ctx context.Context, ref post.Ref, at time.Time) (bool, error) {
	page, err := e.o.Archive.List(ctx, store.Query{Term: store.RefTerm(ref), Kinds: []store.Kind{store.KindCapture}, Limit: 1})
	if err != nil || len(page.Records) == 0 {
		return false, err
	}
	return true, e.looksBy(ctx, []post.Ref{ref}, at)
}

// LookSoonAt is [Engine.LookSoon] for all posts of an account, by the
// platform's own id of it. It returns how many those are.
func (e *Engine) LookSoonAt(ctx context.Context, p post.Platform, account string, at time.Time) (int, error) {
	refs, err := e.postsOf(ctx, store.AccountTerm(p, account))
	if err != nil {
		return 0, err
	}
	return len(refs), e.looksBy(ctx, refs, at)
}

func (e *Engine) looksBy(ctx context.Context, refs []post.Ref, at time.Time) error {
	for chunk := range slices.Chunk(refs, soonChunk) {
		b := e.o.Archive.Begin()
		for _, ref := range chunk {
			if err := e.lookBy(b, ref, at); err != nil {
				return err
			}
		}
		if _, err := b.Commit(ctx); err != nil {
			return fmt.Errorf("bringing looks forward: %w", err)
		}
	}
	return nil
}

package archiver

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"stet/extract/post"
	"stet/store"
)

// OnGone says what becomes of what X's API said of a post once the post is
// confirmed gone. The keyless copy, which is always taken beside it, stays.
type OnGone string

// What can become of it.
const (
	OnGoneSeal    OnGone = "seal"
	OnGoneDestroy OnGone = "destroy"
	OnGoneKeep    OnGone = "keep"
)

// goneCursor is how far the verdicts were followed for that.
const goneCursor = "x-api-on-gone"

// FollowGone seals or destroys what X's API said of the posts that were confirmed
// gone since it was called last. What is held stays.
func (r *Remover) FollowGone(ctx context.Context, what OnGone) error {
	if what == OnGoneKeep {
		return nil
	}
	cursors := r.o.Archive.Backend()
	at, err := cursors.Cursor(ctx, goneCursor)
	if err != nil {
		return err
	}
	for more := true; more; {
		page, err := r.o.Archive.List(ctx, store.Query{Term: store.VerdictsTerm("gone"), Kinds: []store.Kind{store.KindVerdict}, After: at, Limit: 100})
		if err != nil {
			return err
		}
		more = page.More
		for i := range page.Records {
			v, err := store.Decode[store.Verdict](&page.Records[i])
			if err != nil {
				return err
			}
			if v.Ref.Platform == post.Twitter && v.Confirmed {
				if err := r.apiGone(ctx, v.Ref, what); err != nil {
					return fmt.Errorf("%s is gone, and what the API said of it cannot be put away: %w", v.Ref, err)
				}
			}
			next := page.Records[i].Seq
			if err := cursors.SetCursor(ctx, goneCursor, at, next); err != nil {
				if errors.Is(err, store.ErrConflict) {
					return nil // another process follows too
				}
				return err
			}
			at = next
		}
	}
	return nil
}

// RunGone calls FollowGone now and then, until the context ends.
func (r *Remover) RunGone(ctx context.Context, what OnGone) error {
	every := time.NewTicker(goneEvery)
	defer every.Stop()
	for {
		if err := r.FollowGone(ctx, what); err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
		}
	}
}

// goneEvery is how often a service looks for posts that were confirmed gone.
const goneEvery = time.Minute

// apiGone removes what X's API said of one post.
func (r *Remover) apiGone(ctx context.Context, ref post.Ref, what OnGone) error {
	p, err := r.Plan(ctx, ref, true)
	if errors.Is(err, store.ErrRefused) {
		return nil // it is held
	}
	if err != nil {
		return err
	}
	part, err := ofPlatformAPI(p.records)
	if err != nil || len(part) == 0 {
		return err
	}
	t := &store.Takedown{Act: store.TakedownSeal, Operator: "stet", Reason: "policy.x_api_on_gone: the post is gone, and this came from X's API"}
	if what == OnGoneDestroy {
		t.Act = store.TakedownDestroy
	}
	for chunk := range slices.Chunk(part, r.o.Batch) {
		blobs, err := r.removePart(ctx, deedOf(store.ID{}, t), p, chunk)
		if err != nil {
			return err
		}
		for _, d := range blobs {
			if err := r.o.Archive.Blobs().Remove(ctx, d); err != nil && !errors.Is(err, store.ErrConflict) {
				return err
			}
		}
	}
	h, err := r.o.Archive.History(ctx, ref)
	if err == nil && h.Best() == nil { // nothing else says what it said
		return r.o.Archive.PurgeWords(ctx, p.own, nil)
	}
	return err
}

// ofPlatformAPI returns those of some records that came from X's API.
func ofPlatformAPI(records []planned) ([]planned, error) {
	var part []planned
	for _, x := range records {
		c, err := store.DecodeAny(&x.record)
		if err != nil {
			return nil, err
		}
		switch c := c.(type) {
		case *store.Derivation:
			if c.Source == post.SourceAPI {
				part = append(part, x)
			}
		case *store.Exchange:
			if ofAPI(c.URL) {
				part = append(part, x)
			}
		}
	}
	return part, nil
}

// ofAPI reports whether an address is one of X's API.
func ofAPI(address string) bool {
	u, err := url.Parse(address)
	return err == nil && slices.Contains([]string{"api.x.com", "api.twitter.com"}, strings.ToLower(u.Hostname()))
}

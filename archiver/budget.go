package archiver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"stet/archiver/fetch"
	"stet/extract"
	"stet/extract/post"
	"stet/store"
)

// BudgetName names the counter of how many posts an endpoint was asked for on a
// day of UTC. The counters are cursors of the store, so that they outlive a
// restart and are shared by all workers.
func BudgetName(p post.Platform, endpoint string, day time.Time) string {
	return fmt.Sprintf("budget/%s/%s/%s", p, endpoint, day.UTC().Format(time.DateOnly))
}

// Spent returns how many posts an endpoint was asked for today.
func (e *Engine) Spent(ctx context.Context, p post.Platform, endpoint string) (uint64, error) {
	n, err := e.o.Archive.Backend().Cursor(ctx, BudgetName(p, endpoint, e.o.Archive.Now()))
	if err != nil {
		return 0, fmt.Errorf("reading the budget of %s/%s: %w", p, endpoint, err)
	}
	return n, nil
}

var errBudget = errors.New("the daily budget")

// spend takes n posts off the day's budget of an endpoint. It errors with
// ErrRateLimited where that does not suffice.
func (e *Engine) spend(ctx context.Context, p post.Platform, endpoint string, n int) error {
	limit, limited := e.o.Budgets[string(p)+"/"+endpoint]
	if !limited {
		return nil
	}
	now := e.o.Archive.Now()
	name := BudgetName(p, endpoint, now)
	for {
		spent, err := e.o.Archive.Backend().Cursor(ctx, name)
		if err != nil {
			return fmt.Errorf("reading the budget of %s/%s: %w", p, endpoint, err)
		}
		if spent+uint64(n) > uint64(max(limit, 0)) {
			midnight := now.Truncate(24 * time.Hour).Add(24 * time.Hour)
			return fmt.Errorf("%w of %d posts for %s/%s is used up: %w", errBudget, limit, p, endpoint,
				&fetch.RateLimitError{Host: string(p) + "/" + endpoint, Until: midnight})
		}
		err = e.o.Archive.Backend().SetCursor(ctx, name, spent, spent+uint64(n))
		if err == nil || !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
}

// overBudget is the reply of an endpoint that may not be asked.
func overBudget(refs []post.Ref, err error) Reply {
	r := Reply{Answers: make([]Answer, len(refs))}
	for i, ref := range refs {
		r.Answers[i] = Answer{Ref: ref, Err: err, Answer: extract.Answer{Status: post.Unknown, Transport: true}}
	}
	return r
}

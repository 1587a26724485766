package archiver

import (
	"context"
	"time"

	"stet/store"
)

// ResultRetry says when what failed is tried again by itself, where a service
// runs, and which job that is.
type ResultRetry struct {
	Job store.ID  `json:"job"`
	At  time.Time `json:"at"`
}

// retryOf says when the job of a capture that a person asked for is tried again;
// nil where it succeeded or is not.
func (e *Engine) retryOf(ctx context.Context, j store.Job, failure error) *ResultRetry {
	if failure == nil || scheduled(j) || !e.holds(j) {
		return nil
	}
	now, err := e.o.Archive.Backend().Job(context.WithoutCancel(ctx), j.ID)
	if err != nil || now.State != store.JobWaiting {
		return nil // what is worth an error has been told as one
	}
	return &ResultRetry{Job: j.ID, At: now.RunAt}
}

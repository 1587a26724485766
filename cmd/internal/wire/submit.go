package wire

import (
	"context"
	"fmt"

	"stet/archiver/fetch"
	"stet/archiver/wayback"
	"stet/cmd/internal/config"
	"stet/store"
)

// SubmissionState says in words what is handed to web archives.
func SubmissionState(c *config.Config) string {
	if c.Wayback.Submit == "off" {
		return "no page is handed to web archives (wayback.submit is off)"
	}
	what := map[string]string{"articles": "public articles are", "links": "captured public pages are", "all": "public articles and captured pages are"}[c.Wayback.Submit]
	return fmt.Sprintf("%s handed to %s while `stet serve` runs, at most %d a day", what, wayback.Host, c.Wayback.SubmitPerDay)
}

// submissions returns what hands pages to the Wayback Machine, nil where nothing
// is.
func (a *Archive) submissions(c *config.Config, client *fetch.Client) *wayback.Submitter {
	w := c.Wayback
	if w.Submit == "off" {
		return nil
	}
	return wayback.NewSubmitter(wayback.SubmitOptions{Archive: a.Archive, Client: client, AccessKey: w.AccessKey, SecretKey: w.SecretKey,
		Articles: w.Submit != "links", Links: w.Submit != "articles", Within: w.SubmitWithin, PerDay: w.SubmitPerDay})
}

// submit runs the job of a submission.
func (a *Archive) submit(ctx context.Context, j store.Job) error {
	if a.Submissions != nil {
		return a.Submissions.Handle(ctx, j)
	}
	err := fmt.Errorf("%w: wayback.submit is off", store.ErrUsage)
	b := a.Archive.Begin()
	a.Engine.Finish(b, j, err)
	if _, failed := b.Commit(context.WithoutCancel(ctx)); failed != nil {
		return fmt.Errorf("%w; keeping the outcome: %w", err, failed)
	}
	return err
}

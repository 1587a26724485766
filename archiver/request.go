package archiver

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"stet/extract"
	"stet/extract/post"
	"stet/store"
)

// Request adds the intent to capture something soon, for a person who waits
// for it elsewhere, and returns its job: what is asked for already is not asked
// for twice. A target is the address of a post, an article or another page, or
// platform:id. It errors with store.ErrInvalid for anything else. Nothing goes
// out: the queue does the work.
func (e *Engine) Request(ctx context.Context, target string, o CaptureOptions) (store.Job, error) {
	j, err := e.requested(target, o)
	if err != nil {
		return store.Job{}, err
	}
	if ref, err := post.ParseRef(j.Key); err == nil && j.Kind == JobCapture {
		if err := e.refusedNamed(ctx, ref); err != nil {
			return store.Job{}, err
		}
	}
	b := e.o.Archive.Begin()
	if err := b.Enqueue(store.Enqueue{Earlier: true, Job: j}); err != nil {
		return store.Job{}, err
	}
	receipt, err := b.Commit(ctx)
	if err != nil {
		return store.Job{}, fmt.Errorf("asking for %s: %w", target, err)
	}
	if kept := receipt.Jobs[0]; kept.State != store.JobDead {
		return kept, nil
	}
	// It was given up before; a person wants it tried again.
	b = e.o.Archive.Begin()
	b.Finish(store.Finish{Job: receipt.Jobs[0].ID, Outcome: store.OutcomeRevive, RunAt: e.o.Archive.Now()})
	if _, err := b.Commit(ctx); err != nil {
		return store.Job{}, fmt.Errorf("asking for %s again: %w", target, err)
	}
	return e.o.Archive.Backend().Job(ctx, receipt.Jobs[0].ID)
}

func (e *Engine) requested(target string, o CaptureOptions) (store.Job, error) {
	j := store.Job{Kind: JobCapture, Priority: store.PriorityDesk, RunAt: e.o.Archive.Now()}
	in := intent{Target: target, Options: o}
	ref, err := post.ParseRef(target)
	t, _, ours := e.o.Finder.Parse(target)
	switch {
	case ours && (t.Kind == extract.TargetPost || t.Kind == extract.TargetEmbed) && t.Ref.Valid():
		j.Key, in.Target, in.URL = t.Ref.String(), t.Ref.String(), t.URL
	case err == nil && e.Can(ref.Platform):
		j.Key = ref.String()
	case ours && t.Kind == extract.TargetProfile:
		return j, fmt.Errorf("%w: %.200s is the page of an account, not a post", store.ErrInvalid, target)
	default:
		u, err := url.Parse(target)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" {
			return j, fmt.Errorf("%w: %.200q is no address; it begins with https://", store.ErrInvalid, target)
		}
		if err := CheckOpen(target); err != nil {
			return j, err
		}
		j.Kind, j.Key, j.Host = JobArticle, jobKey(target), hostOf(target)
	}
	j.Payload, err = json.Marshal(in)
	if err != nil {
		return j, fmt.Errorf("writing the intent to capture %s: %w", target, err)
	}
	return j, nil
}

package archiver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"stet/extract/post"
	"stet/store"
)

// Recheck looks at posts now and weighs what it saw: one result each, in their
// order. It errors with ErrNotFound, for a post, where the archive keeps
// nothing of it.
func (e *Engine) Recheck(ctx context.Context, refs []post.Ref, trigger string) []RecheckResult {
	return e.recheck(ctx, refs, trigger, nil)
}

// recheck looks at posts, for the jobs that ask for it where there are any:
// one for each post.
func (e *Engine) recheck(ctx context.Context, asked []post.Ref, trigger string, jobs []store.Job) []RecheckResult {
	results := make([]RecheckResult, len(asked))
	wants := make([]*want, len(asked))
	refs := make([]post.Ref, len(asked))
	var err error
	for i, ref := range asked {
		wants[i] = e.newWant(ref, "", CaptureOptions{Trigger: trigger})
		if err == nil {
			err = e.nameKept(ctx, wants[i])
		}
		refs[i] = wants[i].ref
	}
	var first map[post.Ref]sighting
	if err == nil {
		first, err = e.firstAnswers(ctx, refs)
	}
	for i, ref := range refs {
		results[i] = RecheckResult{Platform: ref.Platform, ID: ref.ID, Result: post.Unknown, Status: post.Unknown, Err: err}
		var job store.Job
		if jobs != nil {
			job = jobs[i]
		}
		if err == nil {
			e.recheckOne(ctx, &results[i], wants[i], first[ref], job)
		} else if jobs != nil {
			results[i].Err = errors.Join(err, e.close(ctx, job, err))
		}
		if results[i].Err != nil {
			results[i].Error = results[i].Err.Error()
		}
		e.o.Progress(Progress{Stage: "look", What: ref.String(), Done: i + 1, Total: len(refs)})
	}
	return results
}

// nameKept gives a want the lasting reference of its post, where the archive
// knows of the post.
func (e *Engine) nameKept(ctx context.Context, w *want) error {
	if e.lasting(w.ref) {
		return nil
	}
	h, err := e.history(ctx, w.ref)
	if err != nil || len(h.Captures) == 0 && len(h.Looks) == 0 && len(h.Articles) == 0 {
		return err
	}
	return e.nameWant(ctx, w)
}

// firstAnswers asks the batching endpoints for all posts of their platforms.
func (e *Engine) firstAnswers(ctx context.Context, refs []post.Ref) (map[post.Ref]sighting, error) {
	out := map[post.Ref]sighting{}
	by := map[post.Platform][]post.Ref{}
	for _, ref := range refs {
		if e.Can(ref.Platform) && e.lasting(ref) && !slices.Contains(by[ref.Platform], ref) {
			by[ref.Platform] = append(by[ref.Platform], ref)
		}
	}
	for platform, all := range by {
		all, err := e.allowed(ctx, all)
		if err != nil {
			return nil, err
		}
		for _, ep := range e.platform(platform).Endpoints() {
			if ep.Batch() < 2 || len(all) < 2 {
				continue
			}
			answers, err := e.askMany(ctx, ep, all, "look")
			if err != nil {
				return nil, err
			}
			for ref, s := range answers {
				out[ref] = s
			}
			break
		}
	}
	return out, nil
}

// recheckOne looks at one post: one endpoint where that shows it, all of them
// where it does not.
func (e *Engine) recheckOne(ctx context.Context, res *RecheckResult, w *want, first sighting, job store.Job) {
	ref, known := w.ref, w.ref
	if w.naming != nil {
		known = w.naming.alias // nothing may be kept under the lasting reference yet
	}
	before, err := e.o.Archive.History(ctx, known)
	if err == nil {
		before.Ref, err = ref, w.unnamed()
	}
	if err != nil && w.unnamed() != nil && w.naming.final {
		err = settled{err}
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		res.Err = errors.Join(err, e.close(ctx, job, err))
		return
	}
	if err != nil {
		res.Err = errors.Join(fmt.Errorf("%w: capture it first: `stet capture %s`", err, ref), e.close(ctx, job, err))
		return
	}
	if job.Kind != "" {
		if len(before.Captures) == 0 && len(before.Bare) > 0 { // all that was captured was removed
			res.Status, res.Err = e.State(before).Value, e.close(ctx, job, nil)
			return
		}
		if unwanted, err := e.unwanted(ctx, before); unwanted || err != nil {
			res.Status, res.Err = e.State(before).Value, errors.Join(err, e.close(ctx, job, err))
			return
		}
	}
	if err := e.refused(ctx, store.SubjectOf(before)); err != nil {
		res.Status, res.Err = e.State(before).Value, errors.Join(err, e.close(ctx, job, err))
		return
	}
	p := e.platform(ref.Platform)
	if p == nil {
		err := settled{fmt.Errorf("%w: this version does not look at posts of %s", store.ErrUnexpected, ref.Platform)}
		res.Err = errors.Join(err, e.close(ctx, job, err))
		return
	}
	c := &capturing{e: e, w: w, before: before, b: e.o.Archive.Begin(),
		res: &ResultPost{Platform: ref.Platform, ID: ref.ID, Media: []post.Media{}}}
	if first.endpoint != nil {
		c.sightings = append(c.sightings, first)
	}
	for _, ep := range p.Endpoints() {
		asked := slices.ContainsFunc(c.sightings, func(s sighting) bool { return s.endpoint.Name() == ep.Name() })
		if asked || c.best() != nil || ctx.Err() != nil {
			continue
		}
		c.sightings = append(c.sightings, c.askEndpoint(ctx, ep, "look"))
	}
	c.w.job = job
	c.askWitnesses(ctx, p, "look")
	if !c.w.options.scheduled() {
		c.recover(ctx)
	}
	if err := c.refusedAfter(ctx); err != nil {
		res.Err = errors.Join(err, e.close(ctx, job, err))
		return
	}
	if c.controls, c.incidents, err = e.believe(ctx, p, c.sightings); err == nil {
		err = c.keepLook(ctx, res)
	}
	res.Err = err
}

// keepLook commits the looks of one round with the verdict and the next look;
// where the post is shown with other words or files than before, a capture
// too.
func (c *capturing) keepLook(ctx context.Context, res *RecheckResult) error {
	keep := context.WithoutCancel(ctx)
	if err := c.addExchanges(keep); err != nil {
		return err
	}
	if best := c.best(); best != nil && (c.differs(best) || c.finishes(best)) {
		if err := c.addCaptures(ctx, best); err != nil {
			return err
		}
	}
	c.stillUnfinished()
	if err := c.intendFollowing(); err != nil {
		return err
	}
	if _, err := c.addRecovered(ctx); err != nil {
		return err
	}
	looks, err := c.e.looksOf(keep, c.b, c.sightings, store.ID{}, c.w.options.trigger())
	if err != nil {
		return err
	}
	old := Judge(Observations(c.before), c.e.o.Schedule.Rules)
	state, err := c.e.addVerdict(keep, c.b, c.before, looks)
	if err != nil {
		return err
	}
	// The look itself is done, also where it could not tell: the next one is a
	// job of its own.
	c.e.finish(c.b, c.w.job, ctx.Err())
	now := c.e.o.Archive.Now()
	next, err := c.e.scheduleLook(ctx, c.b, c.w.ref, now, c.before, state)
	if err != nil {
		return err
	}
	if next, err = c.lookAgain(next, state); err != nil {
		return err
	}
	if res.NextLook, err = c.finishSoon(c.w.ref, next, now); err != nil {
		return err
	}
	if _, err := c.b.Commit(keep); err != nil {
		return fmt.Errorf("keeping the look at %s: %w", c.w.ref, err)
	}
	res.Result = resultOf(looks)
	res.Status, res.Confirmed, res.Reason, res.Event = state.Value, state.Confirmed, state.Reason, EventOf(old, state)
	if res.Result == post.Unknown {
		res.Reason = unknownReason(c.sightings)
	}
	return errors.Join(c.settleAccount(ctx), c.lookTrouble(ctx))
}

// lookAgain brings the next look forward where this one could not tell, and
// returns its time.
func (c *capturing) lookAgain(next time.Time, state State) (time.Time, error) {
	if next.IsZero() || slices.ContainsFunc(c.sightings, func(s sighting) bool { return !s.quarantined && s.answer.Status != post.Unknown }) {
		return next, nil
	}
	now := c.e.o.Archive.Now()
	again := c.e.lookAt(c.before, now, c.e.o.Schedule.Again(next, now, state))
	if again.IsZero() || !again.Before(next) {
		return next, nil
	}
	return again, c.e.lookBy(c.b, c.w.ref, again)
}

// lookTrouble returns an error where no endpoint could be asked at all.
func (c *capturing) lookTrouble(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("looking at %s: %w", c.w.ref, err)
	}
	var errs []error
	for i := range c.sightings {
		if err := c.sightings[i].answer.Err; err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 && len(errs) == len(c.sightings) {
		return fmt.Errorf("looking at %s: %w", c.w.ref, errors.Join(errs...))
	}
	return nil
}

// differs reports whether a sighting shows other words or files than the last
// capture of its source.
func (c *capturing) differs(s *sighting) bool {
	p := &s.answer.Parsed.Post
	last := lastDerivation(c.before, s.endpoint.Source())
	if last == nil && p.Incomplete && c.before.Best() != nil {
		return false // what it shows may be all that differs
	}
	if last == nil {
		best := c.before.Best()
		return best == nil || s.endpoint.Source().Rank() > best.Content.Source.Rank() || words(best.Content.Post.Text) != words(p.Text)
	}
	return otherVersion(last.Post.Version, p.Version) || last.Post.Text != p.Text || last.Post.Warning != p.Warning || last.Post.Note != p.Note || len(last.Post.Media) != len(p.Media) ||
		last.Post.Edited != p.Edited || len(last.Post.Versions) < len(p.Versions) || len(last.Post.Earlier) < len(p.Earlier)
}

// resultOf says what the answers of one round mean together: live where a
// source shows the post and none states otherwise.
func resultOf(looks []Observation) post.Status {
	all := rounds(looks)
	if len(all) == 0 {
		return post.Unknown
	}
	return Judge(looks, Rules{}).Value
}

// unknownReason says why a look cannot tell.
func unknownReason(sightings []sighting) string {
	var told []string
	for i := range sightings {
		s := &sightings[i]
		told = append(told, s.endpoint.Name()+": "+s.answer.Sentence())
	}
	return "cannot tell: " + joinWords(told)
}

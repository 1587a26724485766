package archiver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"stet/extract/post"
	"stet/store"
)

// capturePost captures one post and keeps everything that was answered, in one
// commit. The result's Err says why the post was not captured.
func (e *Engine) capturePost(ctx context.Context, w *want, batched []sighting) ResultPost {
	naming := e.nameWant(ctx, w)
	res := ResultPost{Platform: w.ref.Platform, ID: w.ref.ID, URL: w.url, Media: []post.Media{}, Status: post.Unknown, Confidence: 1}
	if w.resolution != nil {
		res.ResolvedBy, res.Confidence = w.resolution.method, w.resolution.confidence
	}
	before, err := e.history(ctx, w.ref)
	if err = errors.Join(naming, err); err != nil {
		res.Err = err
		return res
	}
	res.First = !before.Captured()
	if w.options.scheduled() && w.mention != nil && seenBefore(before) {
		// Another article's capture came first, between the look at the archive
		// and the job: once is enough.
		best := before.Best().Content
		res.Text, res.Source, res.Author = best.Post.Text, best.Source, ResultAuthor{Name: best.Post.Author.Name, Handle: best.Post.Author.Handle}
		res.Status, res.Err = e.State(before).Value, e.closeWant(ctx, w)
		return res
	}
	c := &capturing{e: e, w: w, before: before, res: &res, b: e.o.Archive.Begin()}
	if err := c.refusedBefore(ctx); err != nil {
		res.Err = e.refuse(ctx, w, err)
		return res
	}
	if err := c.ask(ctx, batched); err != nil {
		res.Err = err
		return res
	}
	c.askOlder(ctx)
	if err := c.refusedAfter(ctx); err != nil {
		res.Err = e.refuse(ctx, w, err)
		return res
	}
	if err := c.keep(ctx); err != nil {
		res.Err = err
	}
	for _, more := range c.follow {
		r := e.capturePost(ctx, more, nil)
		if r.Err == nil {
			res.Related = append(res.Related, more.ref)
		}
	}
	return res
}

// capturing is the capture of one post while it goes on.
type capturing struct {
	e         *Engine
	w         *want
	before    *store.History
	b         *store.Builder
	res       *ResultPost
	sightings []sighting
	controls  []*recorded
	incidents []*store.Incident
	// seen are the new observations.
	seen []Observation
	// first is the first capture that was added, zero where there is none.
	first   store.ID
	firstAt time.Time
	// lacking are the posts of which trouble kept something from the archive.
	lacking map[post.Ref]bool
	// follow are further posts to capture, and links the pages that the post
	// links.
	follow []*want
	links  []*linkWant
	// recovered is what a web archive gave, nil where none was asked, and
	// recoveredReply its exchanges.
	recovered      *Recovered
	recoveredReply *recorded
}

// ask climbs the platform's endpoints, after what a batch has answered
// already.
func (c *capturing) ask(ctx context.Context, batched []sighting) error {
	p := c.e.platform(c.w.ref.Platform)
	if p == nil || c.w.unnamed() != nil {
		return nil
	}
	c.sightings = slices.Clone(batched)
	second, answered := c.secondWitness(p), make(chan sighting, 1)
	if second != nil {
		go func() { answered <- c.askEndpoint(ctx, second, "post") }()
	}
	for _, ep := range p.Endpoints() {
		if ep == second {
			c.sightings = append(c.sightings, <-answered)
			continue
		}
		if ctx.Err() != nil || slices.ContainsFunc(c.sightings, func(s sighting) bool { return s.endpoint.Name() == ep.Name() }) || !c.wanted(ep) {
			continue
		}
		c.sightings = append(c.sightings, c.askEndpoint(ctx, ep, "post"))
	}
	c.askWitnesses(ctx, p, "post")
	c.recover(ctx)
	var err error
	c.controls, c.incidents, err = c.e.believe(ctx, p, c.sightings)
	return err
}

// secondWitness returns the endpoint that a post's first capture asks whatever
// the others answer, so that it need not wait for them; nil where there is none
// beside others, or where the others say what to ask it for.
func (c *capturing) secondWitness(p Platform) Endpoint {
	all := p.Endpoints()
	if !c.res.First || len(all) < 2 {
		return nil
	}
	i := slices.IndexFunc(all, func(ep Endpoint) bool { return ep.Source() == post.SourceEmbed })
	if i < 0 || slices.ContainsFunc(c.sightings, func(s sighting) bool { return s.endpoint.Name() == all[i].Name() }) {
		return nil
	}
	if _, addressed := all[i].(AddressedEndpoint); addressed {
		return nil
	}
	return all[i]
}

// wanted reports whether an endpoint is to be asked, given what has been
// answered: a success ends the climb, except that beside an API's answer the
// keyless copy is always taken, and that a post's first capture also asks for
// a second witness.
func (c *capturing) wanted(ep Endpoint) bool {
	best := c.best()
	switch {
	case best == nil:
		return true
	case best.endpoint.Source() == post.SourceAPI && ep.Source() == post.SourcePublic:
		return true
	case best.answer.Parsed.Post.Incomplete && ep.Source().Rank() >= best.endpoint.Source().Rank():
		return true
	}
	return c.res.First && ep.Source() == post.SourceEmbed
}

// best returns the richest sighting that shows the post, nil where none does.
func (c *capturing) best() *sighting {
	var best *sighting
	for i := range c.sightings {
		s := &c.sightings[i]
		if s.answer.Shown() == nil {
			continue
		}
		if best == nil || s.endpoint.Source().Rank() > best.endpoint.Source().Rank() ||
			s.endpoint.Source() == best.endpoint.Source() && best.answer.Parsed.Post.Incomplete && !s.answer.Parsed.Post.Incomplete {
			best = s
		}
	}
	return best
}

// keep commits what was answered: exchanges, captures with their files, looks,
// the verdict, the outcome of the job and the next look.
func (c *capturing) keep(ctx context.Context) (err error) {
	committed := false
	defer func() {
		if err != nil && !committed {
			c.res.Capture = store.ID{} // nothing of it is kept
		}
	}()
	// What was fetched is kept also when the person interrupts.
	keep := context.WithoutCancel(ctx)
	if err := c.addExchanges(keep); err != nil {
		return err
	}
	best := c.best()
	var failure error
	switch {
	case best != nil:
		if err := c.addCaptures(ctx, best); err != nil {
			return err
		}
		if err := c.addLinks(ctx, &best.answer.Parsed.Post); err != nil {
			return err
		}
	default:
		recovered, err := c.addRecovered(ctx)
		if err != nil {
			return err
		}
		if recovered {
			break
		}
		failure = c.failure(ctx)
		if err := c.addQuotation(keep); err != nil {
			return err
		}
	}
	if err := c.addLooks(keep); err != nil {
		return err
	}
	state, err := c.addVerdict(keep)
	if err != nil {
		return err
	}
	if err := c.addResolution(keep); err != nil {
		return err
	}
	if err := c.schedule(keep, state); err != nil {
		return err
	}
	outcome := failure
	if err := c.recoveryTrouble(); err != nil && outcome != nil {
		outcome = fmt.Errorf("asking the web archive for %s: %w", c.w.ref, err)
	}
	if err := ctx.Err(); err != nil {
		outcome = err // a file may be missing: the intent stays
	}
	c.e.finishWant(c.b, c.w, outcome)
	receipt, err := c.b.Commit(keep)
	if err != nil {
		return fmt.Errorf("keeping the capture of %s: %w", c.w.ref, err)
	}
	committed = true
	c.w.set.take(ctx, c.e, c.links, receipt.Jobs)
	c.describe(state, failure)
	return c.settleAccount(ctx)
}

// settleAccount lets what was learnt of the account settle its other posts.
func (c *capturing) settleAccount(ctx context.Context) error {
	for i := range c.sightings {
		if err := c.e.settleAccount(ctx, c.before, &c.sightings[i], c.w.options.trigger()); err != nil {
			return err
		}
	}
	return nil
}

func (c *capturing) addExchanges(ctx context.Context) error {
	for _, w := range append([]*want{c.w}, c.w.same...) {
		if n := w.naming; n != nil {
			n.reply.refs(c.w.ref)
			if err := n.reply.addTo(ctx, c.b); err != nil {
				return err
			}
		}
	}
	for i := range c.sightings {
		if err := c.sightings[i].reply.addTo(ctx, c.b); err != nil {
			return err
		}
	}
	for _, r := range c.controls {
		if err := r.addTo(ctx, c.b); err != nil {
			return err
		}
	}
	for _, i := range c.incidents {
		if _, err := c.b.Add(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// failure says why the post was not captured.
func (c *capturing) failure(ctx context.Context) error {
	ref := c.w.ref
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("capturing %s: %w", ref, err)
	}
	class := store.ErrUnexpected
	if c.quotable() {
		class = store.ErrPartial
	}
	if c.e.platform(ref.Platform) == nil {
		return settled{fmt.Errorf("%w: the post %s itself was not captured: this version does not capture posts of %s", class, ref, ref.Platform)}
	}
	if err := c.w.unnamed(); err != nil {
		if !c.w.naming.final {
			return fmt.Errorf("capturing %s: %w", ref, err)
		}
		return settled{fmt.Errorf("%w: the post %s itself was not captured: %w", class, ref, err)}
	}
	if err := troubleOf(ref, c.sightings); err != nil {
		return err
	}
	var told []string
	trouble := true
	for i := range c.sightings {
		s := &c.sightings[i]
		told = append(told, fmt.Sprintf("%s says %s (%s)", s.endpoint.Name(), s.answer.Status, s.answer.Sentence()))
		trouble = trouble && (s.answer.Transport || s.answer.Err != nil)
	}
	err := fmt.Errorf("%w: the post %s itself was not captured: %s", class, ref, joinWords(told))
	if trouble {
		return fmt.Errorf("%w: %w", store.ErrNetwork, err)
	}
	return settled{err}
}

// addLooks keeps the answers that are evidence about the post's state: all of
// them where no source shows it, else those that contradict.
func (c *capturing) addLooks(ctx context.Context) error {
	looks := c.sightings
	if !c.first.IsZero() {
		looks = slices.DeleteFunc(slices.Clone(looks), func(s sighting) bool { return s.answer.Status == post.Live || s.answer.Err != nil })
		c.seen = append(c.seen, Observation{Look: c.first, Round: c.first, Time: c.firstAt, Endpoint: captured, Result: post.Live, Explicit: true})
	}
	more, err := c.e.looksOf(ctx, c.b, looks, c.first, c.w.options.trigger())
	c.seen = append(c.seen, more...)
	return err
}

// addVerdict weighs the history with the new observations, and records a
// change.
func (c *capturing) addVerdict(ctx context.Context) (State, error) {
	return c.e.addVerdict(ctx, c.b, c.before, c.seen)
}

// addVerdict weighs a history with new observations and adds a verdict where
// the state changed.
func (e *Engine) addVerdict(ctx context.Context, b *store.Builder, before *store.History, seen []Observation) (State, error) {
	old := Observations(before)
	was := Judge(old, e.o.Schedule.Rules)
	all := append(old, seen...)
	inOrder(all)
	is := Judge(all, e.o.Schedule.Rules)
	if event := EventOf(was, is); event != "" {
		_, err := b.Add(ctx, &store.Verdict{Time: e.o.Archive.Now(), Ref: before.Ref, Status: is.Value, Confirmed: is.Confirmed,
			Event: event, LastLive: is.LastLive, FirstGone: is.FirstGone, ConfirmedAt: is.ConfirmedAt, Looks: is.Looks,
			Rules: RulesVersion, Reason: is.Reason})
		return is, err
	}
	return is, nil
}

// addResolution records how an embed without id was resolved.
func (c *capturing) addResolution(ctx context.Context) error {
	r := c.w.resolution
	if r == nil {
		return nil
	}
	return r.addTo(ctx, c.b, c.w, c.e.o.Archive.Now())
}

// schedule adds the next look at the post.
func (c *capturing) schedule(ctx context.Context, state State) error {
	if !c.e.Can(c.w.ref.Platform) || c.w.ref.IsZero() {
		return nil
	}
	if c.w.unnamed() != nil && c.first.IsZero() && c.w.mention == nil {
		return nil // there is nothing to look at
	}
	return c.scheduleOne(ctx, c.w.ref, c.e.o.Archive.Now(), c.before, state)
}

func (c *capturing) scheduleOne(ctx context.Context, ref post.Ref, now time.Time, before *store.History, state State) error {
	at, err := c.e.scheduleLook(ctx, c.b, ref, now, before, state)
	if err == nil && ref == c.w.ref {
		at, err = c.lookAgain(at, state)
	}
	if err == nil {
		at, err = c.finishSoon(ref, at, now)
	}
	if ref == c.w.ref {
		c.res.NextLook = at
	}
	return err
}

// scheduleLook adds the job of the next look at a post, or moves the one that
// waits, and returns its time; the zero time where none is wanted.
func (e *Engine) scheduleLook(ctx context.Context, b *store.Builder, ref post.Ref, now time.Time, before *store.History, state State) (time.Time, error) {
	at := e.lookAt(before, now, e.o.Schedule.Next(firstSeen(before, now), now, state))
	closer, err := e.closerLook(ctx, before, now)
	if err != nil {
		return time.Time{}, err
	}
	if !closer.IsZero() && (at.IsZero() || closer.Before(at)) {
		at = closer
	}
	if at.IsZero() {
		return at, nil
	}
	payload, err := json.Marshal(intent{Target: ref.String()})
	if err != nil {
		return time.Time{}, fmt.Errorf("writing the intent to look at %s: %w", ref, err)
	}
	return at, b.Enqueue(store.Enqueue{Replace: true,
		Job: store.Job{Kind: JobLook, Key: ref.String(), Payload: payload, Priority: store.PriorityLook, RunAt: at}})
}

// firstSeen returns the time of the first capture, or that of the first look
// where nothing was captured: a post that was gone before it could be is looked
// at ever less often too. It is now where there is neither.
func firstSeen(h *store.History, now time.Time) time.Time {
	first := now
	for _, c := range h.Captures {
		if c.Content.Time.Before(first) {
			first = c.Content.Time
		}
	}
	if len(h.Captures) > 0 {
		return first
	}
	for _, l := range h.Looks {
		if l.Content.Time.Before(first) {
			first = l.Content.Time
		}
	}
	return first
}

// fill describes the captured post in the result.
func (c *capturing) fill(p *post.Post, source post.Source, id store.ID, files []store.MediaFile) {
	r := c.res
	r.Capture, r.Source, r.Text, r.Posted, r.Incomplete = id, source, p.Text, p.Posted, p.Incomplete
	r.Author = ResultAuthor{Name: p.Author.Name, Handle: p.Author.Handle}
	if p.URL != "" {
		r.URL = p.URL
	}
	if p.Media != nil {
		r.Media = p.Media
	}
	if m := c.w.mention; m != nil && source != post.SourceArticle && CheckQuote(m.Quoted, p) == QuoteMismatch {
		r.Misquoted = m.Quoted.Text
	}
	if last := lastDerivation(c.before, source); last != nil {
		if last.Post.Text != p.Text {
			r.Changed = append(r.Changed, "text")
		}
		if !sameMedia(last.Post.Media, p.Media) {
			r.Changed = append(r.Changed, "media")
		}
		if len(r.Changed) == 0 && otherVersion(last.Post.Version, p.Version) {
			r.Changed = append(r.Changed, "version")
		}
	}
	for _, f := range files {
		if f.Error != "" && f.Role == "" && r.Err == nil {
			r.Err = fmt.Errorf("%w: %s is captured, but a file of it is not: %s", store.ErrPartial, c.w.ref, f.Error)
		}
	}
}

// describe completes the result after the commit.
func (c *capturing) describe(state State, failure error) {
	c.res.Status, c.res.Confirmed = state.Value, state.Confirmed
	for i := range c.sightings {
		if s := &c.sightings[i]; s.endpoint.Source() == post.SourceAPI && (s.answer.Err != nil || s.answer.Refused) {
			c.res.Notes = append(c.res.Notes, s.endpoint.Name()+" could not be asked: "+s.answer.Sentence())
		}
	}
	if failure == nil {
		return
	}
	c.res.Err = failure
	if best := c.before.Best(); best != nil {
		d := best.Content
		c.res.Text, c.res.Source = d.Post.Text, d.Source
		c.res.Author = ResultAuthor{Name: d.Post.Author.Name, Handle: d.Post.Author.Handle}
		c.res.Err = errors.Join(failure, fmt.Errorf("the archive keeps an earlier capture, of %s", d.Time.UTC().Format(time.RFC3339)))
	}
}

package archiver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"stet/archiver/fetch"
	"stet/extract"
	"stet/extract/post"
	"stet/store"
)

// The kinds of jobs.
const (
	// JobCapture captures one post; its key is platform:id.
	JobCapture = "capture"
	// JobArticle reads an article and captures its posts; its key is the
	// address.
	JobArticle = "article"
	// JobLook looks at a post again; its key is platform:id.
	JobLook = "look"
	// JobSource reads a source; its key is the source's name.
	JobSource = "source"
)

// intent is the payload of a job.
type intent struct {
	// Target is a URL or a reference.
	Target string `json:"target"`
	// Article and Mention say where the post is mentioned.
	Article store.ID `json:"article,omitzero"`
	Mention int      `json:"mention,omitempty"`
	// Content is the stored local input.
	Content store.Digest   `json:"content,omitzero"`
	Origin  string         `json:"origin,omitempty"`
	Options CaptureOptions `json:"options,omitzero"`
}

// want is one post that is to be captured.
type want struct {
	ref post.Ref
	// url is the address under which it was named.
	url string
	// article and mention are where it is mentioned; mention is nil for a post
	// that was asked for directly.
	article store.ID
	private bool
	mention *store.Mention
	index   int
	// via is the post that led here, and quotes and replies how much further
	// its quoted posts and parents are followed.
	via             post.Ref
	quotes, replies int
	options         CaptureOptions
	// beside are the posts that are captured by themselves at the same time.
	beside map[post.Ref]bool

	job store.Job
	// resolution is how an embed without id was resolved.
	resolution *resolution
}

func (e *Engine) newWant(ref post.Ref, url string, o CaptureOptions) *want {
	return &want{ref: ref, url: url, quotes: e.o.Policy.QuoteDepth, replies: e.o.Policy.ReplyDepth, options: o}
}

// enqueue adds the intent to capture w, held by this process.
func (e *Engine) enqueue(b *store.Builder, w *want) error {
	key := w.ref.String()
	if w.ref.IsZero() {
		key = fmt.Sprintf("%s#%d", w.article, w.index)
	}
	payload, err := json.Marshal(intent{Target: key, Article: w.article, Mention: w.index, Options: w.options})
	if err != nil {
		return fmt.Errorf("writing the intent to capture %s: %w", key, err)
	}
	return b.Enqueue(store.Enqueue{
		Job:   store.Job{Kind: JobCapture, Key: key, Payload: payload, Priority: store.PriorityPerson},
		Lease: e.lease(),
	})
}

func (e *Engine) lease() store.Lease {
	return store.Lease{Owner: e.o.Owner, Until: e.o.Archive.Now().Add(leaseTime)}
}

// holds reports whether this process holds the job.
func (e *Engine) holds(j store.Job) bool {
	return j.State == store.JobLeased && j.Lease.Owner == e.o.Owner
}

// finish adds the outcome of a job, where this process holds it.
func (e *Engine) finish(b *store.Builder, j store.Job, err error) {
	if !e.holds(j) {
		return
	}
	f := store.Finish{Job: j.ID, Token: j.Lease.Token, Outcome: store.OutcomeDone}
	class := store.ClassOf(err)
	switch {
	case err == nil || errors.As(err, new(settled)):
	case class.Name == "interrupted":
		f.Outcome, f.RunAt = store.OutcomeRelease, e.o.Archive.Now()
	case class.Retry && j.Attempts < maxAttempts:
		f.Outcome, f.RunAt = store.OutcomeRetry, e.o.Archive.Now().Add(e.retryDelay(j.Attempts, err))
	case scheduled(j):
		// Nobody waits for it and sees the error: it stays until a person
		// decides.
		f.Outcome = store.OutcomeDead
	}
	if f.Outcome == store.OutcomeRetry || f.Outcome == store.OutcomeDead {
		f.Error, f.ErrorClass = err.Error(), class.Name
	}
	b.Finish(f)
}

// scheduled reports whether a job was asked for by a schedule rather than a
// person.
func scheduled(j store.Job) bool { return j.Priority > store.PriorityPerson }

// retryDelay is how long a job waits after its n-th failure: ten minutes,
// doubling to a day, and not before the time that the other side named. A part
// of it is drawn at random, so that what failed together does not come back
// together.
func (e *Engine) retryDelay(attempts int, err error) time.Duration {
	d := 10 * time.Minute
	for range min(max(attempts-1, 0), 8) {
		d *= 2
	}
	d = min(d, 24*time.Hour)
	d += time.Duration(e.o.Rand() * float64(d) / 4)
	var limited *fetch.RateLimitError
	if errors.As(err, &limited) {
		d = max(d, limited.Until.Sub(e.o.Archive.Now()))
	}
	return d
}

// capturePost captures one post and keeps everything that was answered, in one
// commit. The result's Err says why the post was not captured.
func (e *Engine) capturePost(ctx context.Context, w *want, batched []sighting) ResultPost {
	res := ResultPost{Platform: w.ref.Platform, ID: w.ref.ID, URL: w.url, Media: []post.Media{}, Status: post.Unknown}
	if w.resolution != nil {
		res.ResolvedBy, res.Confidence = w.resolution.method, w.resolution.confidence
	}
	before, err := e.history(ctx, w.ref)
	if err != nil {
		res.Err = err
		return res
	}
	res.First = len(before.Captures) == 0
	c := &capturing{e: e, w: w, before: before, res: &res, b: e.o.Archive.Begin()}
	if err := c.ask(ctx, batched); err != nil {
		res.Err = err
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
	// follow are further posts to capture.
	follow []*want
}

// ask climbs the platform's endpoints, after what a batch has answered
// already.
func (c *capturing) ask(ctx context.Context, batched []sighting) error {
	p := c.e.platforms[c.w.ref.Platform]
	if p == nil {
		return nil
	}
	c.sightings = slices.Clone(batched)
	for _, ep := range p.Endpoints() {
		if ctx.Err() != nil || slices.ContainsFunc(c.sightings, func(s sighting) bool { return s.endpoint.Name() == ep.Name() }) || !c.wanted(ep) {
			continue
		}
		c.sightings = append(c.sightings, c.e.askOne(ctx, ep, c.w.ref, "post"))
	}
	var err error
	c.controls, c.incidents, err = c.e.believe(ctx, p, c.sightings)
	return err
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
func (c *capturing) keep(ctx context.Context) error {
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
	default:
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
	if err := ctx.Err(); err != nil {
		outcome = err // a file may be missing: the intent stays
	}
	c.e.finish(c.b, c.w.job, outcome)
	if _, err := c.b.Commit(keep); err != nil {
		return fmt.Errorf("keeping the capture of %s: %w", c.w.ref, err)
	}
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
	if c.e.platforms[ref.Platform] == nil {
		return settled{fmt.Errorf("%w: the post %s itself was not captured: this version does not capture posts of %s", class, ref, ref.Platform)}
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

// quotable reports whether the article's own words can be kept, because
// nothing better is.
func (c *capturing) quotable() bool {
	m := c.w.mention
	return m != nil && m.Quoted.Text != "" && c.before.Best() == nil
}

// addCaptures adds a capture for the richest source, and one for the keyless
// copy beside an API's answer. The other sources that show the post are
// witnesses.
func (c *capturing) addCaptures(ctx context.Context, best *sighting) error {
	if err := c.addCapture(ctx, best, true); err != nil {
		return err
	}
	for i := range c.sightings {
		s := &c.sightings[i]
		if s.endpoint != best.endpoint && s.answer.Shown() != nil && s.endpoint.Source() == post.SourcePublic {
			if err := c.addCapture(ctx, s, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// addCapture adds the capture and derivation of the post that a sighting
// shows, and, for the richest, of the posts that it shows beside it.
func (c *capturing) addCapture(ctx context.Context, s *sighting, richest bool) error {
	parsed := s.answer.Shown()
	notes := slices.Clone(parsed.Notes)
	exchanges := slices.Clone(s.reply.ids)
	slices.Reverse(exchanges)
	if richest {
		for i := range c.sightings {
			o := &c.sightings[i]
			if o == s || o.reply == s.reply {
				continue
			}
			exchanges = append(exchanges, o.reply.ids...)
			if w := o.answer.Shown(); w != nil {
				notes = append(notes, disagreements(s.endpoint.Name(), &parsed.Post, o.endpoint.Name(), &w.Post)...)
			}
		}
	}
	p := parsed.Post
	if p.URL == "" {
		p.URL = c.w.url
	}
	if richest {
		c.res.Notes = append(c.res.Notes, notes...)
	}
	id, files, err := c.addOne(ctx, s, &p, exchanges, c.w.via, notes, c.before)
	if err != nil {
		return err
	}
	if !richest {
		return nil
	}
	c.first, c.firstAt = id, s.reply.when(c.e.o.Archive.Now())
	c.fill(&p, s.endpoint.Source(), id, files)
	return c.addRelated(ctx, s, parsed)
}

// addOne adds one capture with its derivation, after its files were fetched.
func (c *capturing) addOne(ctx context.Context, s *sighting, p *post.Post, exchanges []store.ID, via post.Ref, notes []string, before *store.History) (store.ID, []store.MediaFile, error) {
	files, err := c.e.fetchMedia(ctx, c.b, p, before)
	if err != nil {
		return store.ID{}, nil, err
	}
	keep := context.WithoutCancel(ctx)
	at := s.reply.when(c.e.o.Archive.Now())
	capture := &store.Capture{Time: at, Kind: store.CapturePost, Ref: p.Ref(), URL: p.URL, Source: s.endpoint.Source(),
		Exchanges: exchanges, Media: files, Article: c.w.article, Via: via, Trigger: c.w.options.trigger(),
		Operator: c.w.options.Operator, Case: c.w.options.Case, Note: c.w.options.Note, Software: c.e.o.Software}
	id, err := c.b.Add(keep, capture)
	if err != nil {
		return store.ID{}, nil, err
	}
	_, err = c.b.Add(keep, &store.Derivation{Time: at, Capture: id, Parser: s.answer.Parser, Source: s.endpoint.Source(),
		Ref: p.Ref(), Post: *p, Notes: notes})
	return id, files, err
}

// scheduled reports whether nobody waits for the capture.
func (o CaptureOptions) scheduled() bool { return o.trigger() != "person" }

func (o CaptureOptions) trigger() string {
	if o.Trigger == "" {
		return "person"
	}
	return o.Trigger
}

// addRelated keeps the quoted post and the parent: as posts of their own where
// the answer shows them, else as further posts to capture.
func (c *capturing) addRelated(ctx context.Context, s *sighting, parsed *extract.Parsed) error {
	for _, r := range []struct {
		ref   post.Ref
		depth int
	}{{parsed.Post.Quoted, c.w.quotes}, {parsed.Post.Parent, c.w.replies}} {
		if r.ref.IsZero() || r.depth <= 0 || r.ref == c.w.ref || c.w.beside[r.ref] {
			continue
		}
		i := slices.IndexFunc(parsed.Related, func(p post.Post) bool { return p.Ref() == r.ref })
		before, err := c.e.history(ctx, r.ref)
		if err != nil {
			return err
		}
		switch {
		case i >= 0:
			p := parsed.Related[i]
			if _, _, err := c.addOne(ctx, s, &p, s.reply.ids, c.w.ref, nil, before); err != nil {
				return err
			}
			if err := c.scheduleOne(ctx, r.ref, s.reply.when(c.e.o.Archive.Now()), before, State{Value: post.Live}); err != nil {
				return err
			}
			c.res.Related = append(c.res.Related, r.ref)
		case len(before.Captures) == 0 && c.e.Can(r.ref.Platform):
			w := c.e.newWant(r.ref, "", c.w.options)
			w.via, w.article, w.private = c.w.ref, c.w.article, c.w.private
			w.quotes, w.replies = c.w.quotes-1, c.w.replies-1
			c.follow = append(c.follow, w)
		}
	}
	return nil
}

// addQuotation keeps what the article itself shows of the post, where no
// source shows it and the archive has nothing better.
func (c *capturing) addQuotation(ctx context.Context) error {
	if !c.quotable() {
		return nil
	}
	id, p, err := c.e.addQuotation(ctx, c.b, c.w)
	if err != nil {
		return err
	}
	c.fill(p, post.SourceArticle, id, nil)
	return nil
}

// addQuotation adds a capture of source article.
func (e *Engine) addQuotation(ctx context.Context, b *store.Builder, w *want) (store.ID, *post.Post, error) {
	q := w.mention.Quoted
	p := &post.Post{Platform: w.ref.Platform, ID: w.ref.ID, URL: w.url, Text: q.Text,
		Author: post.Author{Name: q.Name, Handle: q.Handle}, Media: []post.Media{}}
	if day, err := time.Parse(time.DateOnly, q.Date); err == nil {
		p.Posted, p.PostedFrom = day, "stated"
	}
	for _, l := range q.Links {
		p.Links = append(p.Links, post.Link{URL: l})
	}
	at := e.o.Archive.Now()
	id, err := b.Add(ctx, &store.Capture{Time: at, Kind: store.CapturePost, Ref: w.ref, URL: w.url, Source: post.SourceArticle,
		Article: w.article, Trigger: w.options.trigger(), Operator: w.options.Operator, Case: w.options.Case, Note: w.options.Note,
		Private: w.private, Software: e.o.Software})
	if err != nil {
		return store.ID{}, nil, err
	}
	_, err = b.Add(ctx, &store.Derivation{Time: at, Capture: id, Parser: quotationParser, Source: post.SourceArticle, Ref: w.ref, Post: *p,
		Notes: []string{"these are the words of the article that embeds the post; its publisher can have altered them"}})
	return id, p, err
}

// quotationParser names how a quotation becomes a post.
const quotationParser = "article/quotation@1"

// addLooks keeps the answers that are evidence about the post's state: all of
// them where no source shows it, else those that contradict.
func (c *capturing) addLooks(ctx context.Context) error {
	looks := c.sightings
	if !c.first.IsZero() {
		looks = slices.DeleteFunc(slices.Clone(looks), func(s sighting) bool { return s.answer.Status == post.Live || s.answer.Err != nil })
		c.seen = append(c.seen, Observation{Look: c.first, Round: c.first, Time: c.firstAt, Endpoint: "capture", Result: post.Live, Explicit: true})
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
	slices.SortStableFunc(all, func(a, b Observation) int { return a.Time.Compare(b.Time) })
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
	return c.scheduleOne(ctx, c.w.ref, c.e.o.Archive.Now(), c.before, state)
}

func (c *capturing) scheduleOne(ctx context.Context, ref post.Ref, now time.Time, before *store.History, state State) error {
	at, err := c.e.scheduleLook(ctx, c.b, ref, now, before, state)
	if ref == c.w.ref {
		c.res.NextLook = at
	}
	return err
}

// scheduleLook adds the job of the next look at a post, or moves the one that
// waits, and returns its time.
func (e *Engine) scheduleLook(ctx context.Context, b *store.Builder, ref post.Ref, now time.Time, before *store.History, state State) (time.Time, error) {
	first := now
	for _, c := range before.Captures {
		if c.Content.Time.Before(first) {
			first = c.Content.Time
		}
	}
	at := e.o.Schedule.Next(first, now, state)
	closer, err := e.closerLook(ctx, before, now)
	if err != nil {
		return time.Time{}, err
	}
	if !closer.IsZero() && closer.Before(at) {
		at = closer
	}
	payload, err := json.Marshal(intent{Target: ref.String()})
	if err != nil {
		return time.Time{}, fmt.Errorf("writing the intent to look at %s: %w", ref, err)
	}
	return at, b.Enqueue(store.Enqueue{Replace: true,
		Job: store.Job{Kind: JobLook, Key: ref.String(), Payload: payload, Priority: store.PriorityLook, RunAt: at}})
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
	if last := lastDerivation(c.before, source); last != nil {
		if last.Post.Text != p.Text {
			r.Changed = append(r.Changed, "text")
		}
		if !sameMedia(last.Post.Media, p.Media) {
			r.Changed = append(r.Changed, "media")
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

// lastDerivation returns the newest derivation of a source.
func lastDerivation(h *store.History, source post.Source) *store.Derivation {
	for i := len(h.Derivations) - 1; i >= 0; i-- {
		if d := h.Derivations[i].Content; d.Source == source {
			return d
		}
	}
	return nil
}

// sameMedia reports whether two lists hold the same files.
func sameMedia(a, b []post.Media) bool {
	return slices.EqualFunc(a, b, func(x, y post.Media) bool { return x.URL == y.URL && x.Digest == y.Digest })
}

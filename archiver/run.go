package archiver

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"stet/extract/post"
	"stet/store"
)

// RunOptions configure [Engine.Run]. The zero value works.
type RunOptions struct {
	// Workers is how many jobs run at a time; 0 is [DefaultWorkers].
	Workers int
	// Once makes Run return when nothing is due any more.
	Once bool
	// Grace is how long jobs that are under way may go on after ctx ended; 0
	// is [DefaultGrace].
	Grace time.Duration
	// Kinds limits the kinds of jobs; empty means all.
	Kinds []string
	// Poll is how often the queue is looked at where nothing else wakes the
	// workers; 0 is [DefaultPoll].
	Poll time.Duration
	// Room reports whether there is room on the disk for captures. While it
	// returns false only looks run. nil means there is.
	Room func() bool
	// Report is told of what went wrong in a job, from any goroutine; nil is
	// nobody. The job's outcome keeps it too.
	Report func(job store.Job, err error)
}

const (
	// DefaultGrace leaves a service manager, which usually waits for ten
	// seconds, time to see the end.
	DefaultGrace = 8 * time.Second
	// DefaultPoll is the longest that work which is due waits for a free
	// worker to see it.
	DefaultPoll = 500 * time.Millisecond
	// beats is how often leases are prolonged while one lasts.
	beats = 4
	// maxAttempts is how often a job is tried before a person must decide.
	maxAttempts = 10
	// perHost is the largest share of the workers that jobs of one host hold,
	// as a fraction of the workers: a slow host cannot starve the rest.
	perHost = 2
)

// runner is one Run.
type runner struct {
	e *Engine
	o RunOptions

	mu      sync.Mutex
	busy    int
	hosts   map[string]int
	freed   chan struct{}
	group   sync.WaitGroup
	lastErr error
	// away is the trouble with the archive's own storage that the last job had,
	// nil for none; no job is taken until awayEnd, and awayFor grows.
	away    error
	awayEnd time.Time
	awayFor time.Duration
}

// A worker that cannot reach the archive's storage takes no jobs for a time
// that doubles from the first of these to the second: it would only keep them
// from those that can.
const (
	firstAway = 2 * time.Second
	mostAway  = time.Minute
)

// ended notes how a job ended.
func (r *runner) ended(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !storageTrouble(err) {
		if err == nil {
			r.away, r.awayFor = nil, 0
		}
		return
	}
	now := r.e.o.Archive.Now()
	if r.away != nil && now.Before(r.awayEnd) {
		return // one of several that were under way
	}
	r.away, r.awayFor = err, min(max(2*r.awayFor, firstAway), mostAway)
	r.awayEnd = now.Add(r.awayFor)
}

// storageAway returns the trouble because of which no job is to be taken.
func (r *runner) storageAway() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.away == nil || !r.e.o.Archive.Now().Before(r.awayEnd) {
		return nil
	}
	return r.away
}

// Run leases due jobs and runs them until ctx ends, or, with Once, until
// nothing is due. It waits for what is under way, for at most Grace after ctx
// ended; then that is interrupted, kept as far as it came, and given back. It
// returns nil after a regular end, and an error where the archive cannot be
// read or written.
func (e *Engine) Run(ctx context.Context, o RunOptions) error {
	o.Workers = cmp.Or(o.Workers, DefaultWorkers)
	o.Grace = cmp.Or(o.Grace, DefaultGrace)
	o.Poll = cmp.Or(o.Poll, DefaultPoll)
	if o.Report == nil {
		o.Report = func(store.Job, error) {}
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	r := &runner{e: e, o: o, hosts: map[string]int{}, freed: make(chan struct{}, 1)}
	err := r.loop(ctx, work)
	ended := make(chan struct{})
	go func() {
		r.group.Wait()
		close(ended)
	}()
	grace := time.NewTimer(o.Grace)
	defer grace.Stop()
	select {
	case <-ended:
	case <-grace.C:
		stop()
		<-ended
	}
	return errors.Join(err, r.failure())
}

// loop leases and starts jobs until ctx ends; the jobs themselves run under
// work.
func (r *runner) loop(ctx, work context.Context) error {
	tick := time.NewTimer(0)
	defer tick.Stop()
	var clock time.Time
	for ctx.Err() == nil {
		var err error
		if clock, err = r.e.followClock(ctx, clock); err != nil && ctx.Err() == nil && !store.ClassOf(err).Retry {
			return err
		}
		if err := r.storageAway(); err != nil {
			if r.o.Once && r.idle() {
				return err
			}
			r.rest(ctx, tick)
			continue
		}
		idle := r.idle() // before: what ends from here on makes room for more
		n, err := r.start(ctx, work)
		switch {
		case err != nil && ctx.Err() != nil, r.failure() != nil:
			return nil
		case err != nil && !store.ClassOf(err).Retry:
			return err
		case n > 0:
			continue
		}
		if err == nil && r.o.Once && idle {
			return nil
		}
		r.rest(ctx, tick)
	}
	return nil
}

// rest waits until a worker is free, or for a while.
func (r *runner) rest(ctx context.Context, tick *time.Timer) {
	tick.Reset(r.o.Poll)
	select {
	case <-ctx.Done():
	case <-r.freed:
	case <-tick.C:
	}
}

func (r *runner) idle() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.busy == 0
}

func (r *runner) failure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lastErr
}

// start leases jobs for the free workers and starts them. Looks of platforms
// that answer for many posts at once are leased together and hold one worker.
func (r *runner) start(ctx, work context.Context) (int, error) {
	r.mu.Lock()
	free := r.o.Workers - r.busy
	var skip []string
	for host, n := range r.hosts {
		if host != "" && n >= max(r.o.Workers/perHost, 1) {
			skip = append(skip, host)
		}
	}
	r.mu.Unlock()
	if free <= 0 {
		return 0, nil
	}
	request := store.LeaseRequest{Owner: r.e.o.Owner, Now: r.e.o.Archive.Now(), For: r.e.o.Lease, Limit: free, Kinds: r.kinds(), SkipHosts: skip}
	jobs, err := r.e.o.Archive.Backend().Lease(ctx, request)
	if err != nil {
		return 0, fmt.Errorf("leasing jobs: %w", err)
	}
	looks, err := r.moreLooks(ctx, request, jobs)
	if err != nil {
		return 0, err
	}
	for _, batch := range looks {
		r.run(work, batch)
	}
	for _, j := range jobs {
		if j.Kind != JobLook || !r.e.batches(j) {
			r.run(work, []store.Job{j})
		}
	}
	return len(jobs), nil
}

// kinds returns the kinds to lease.
func (r *runner) kinds() []string {
	if r.o.Room != nil && !r.o.Room() {
		return []string{JobLook}
	}
	return r.o.Kinds
}

// maxLooks is the most looks that are made together.
const maxLooks = 100

// moreLooks gathers the leased looks of batching platforms, with further ones
// that are due, into batches by platform.
func (r *runner) moreLooks(ctx context.Context, request store.LeaseRequest, jobs []store.Job) (map[post.Platform][]store.Job, error) {
	batches := map[post.Platform][]store.Job{}
	for _, j := range jobs {
		if j.Kind == JobLook && r.e.batches(j) {
			p := lookRef(j).Platform
			batches[p] = append(batches[p], j)
		}
	}
	if len(batches) == 0 {
		return batches, nil
	}
	request.Kinds, request.Limit = []string{JobLook}, maxLooks
	more, err := r.e.o.Archive.Backend().Lease(ctx, request)
	if err != nil {
		return nil, fmt.Errorf("leasing looks: %w", err)
	}
	for _, j := range more {
		p := lookRef(j).Platform
		batches[p] = append(batches[p], j)
	}
	return batches, nil
}

// run starts a worker for jobs that are done together.
func (r *runner) run(ctx context.Context, jobs []store.Job) {
	host := jobs[0].Host
	r.mu.Lock()
	r.busy++
	r.hosts[host]++
	r.mu.Unlock()
	r.group.Go(func() {
		defer func() {
			r.mu.Lock()
			r.busy--
			if r.hosts[host]--; r.hosts[host] == 0 {
				delete(r.hosts, host)
			}
			r.mu.Unlock()
			select {
			case r.freed <- struct{}{}:
			default:
			}
		}()
		release := r.e.holdLeases(ctx, jobs)
		defer release()
		r.handle(ctx, jobs)
	})
}

// handle runs jobs and reports their failures. A store that can no longer be
// written ends the Run.
func (r *runner) handle(ctx context.Context, jobs []store.Job) {
	for i, err := range r.e.handle(ctx, jobs) {
		r.ended(err)
		if err == nil {
			continue
		}
		r.o.Report(jobs[i], err)
		if errors.Is(err, store.ErrPoisoned) || errors.Is(err, store.ErrReadOnly) {
			r.mu.Lock()
			r.lastErr = err
			r.mu.Unlock()
		}
	}
}

// lookRef returns the post of a look.
func lookRef(j store.Job) post.Ref {
	ref, err := post.ParseRef(j.Key)
	if err != nil {
		return post.Ref{}
	}
	return ref
}

// batches reports whether a look's platform answers for many posts at once.
func (e *Engine) batches(j store.Job) bool {
	p := e.platform(lookRef(j).Platform)
	if p == nil {
		return false
	}
	for _, ep := range p.Endpoints() {
		if ep.Batch() > 1 {
			return true
		}
	}
	return false
}

// handle runs jobs that were leased together: one, or looks. Every job's
// outcome is committed, whatever happens; the errors say why work failed.
func (e *Engine) handle(ctx context.Context, jobs []store.Job) []error {
	if jobs[0].Kind == JobLook {
		return e.handleLooks(ctx, jobs)
	}
	j := jobs[0]
	if h := e.o.Handlers[j.Kind]; h != nil {
		return []error{h(ctx, j)}
	}
	var in intent
	if err := json.Unmarshal(j.Payload, &in); err != nil {
		err = fmt.Errorf("%w: the payload of %s job %s: %w", store.ErrInvalid, j.Kind, j.ID, err)
		return []error{errors.Join(err, e.close(ctx, j, err))}
	}
	if in.Ended {
		return []error{e.close(ctx, j, nil)}
	}
	switch j.Kind {
	case JobArticle:
		return []error{e.handleArticle(ctx, j, in)}
	case JobCapture:
		return []error{e.handleCapture(ctx, j, in)}
	case JobPage:
		return []error{e.handlePage(ctx, j, in)}
	case JobPageLook:
		return []error{e.handlePageLook(ctx, j, in)}
	}
	err := fmt.Errorf("%w: this version has no handler for jobs of kind %q", store.ErrVersion, j.Kind)
	return []error{errors.Join(err, e.close(ctx, j, err))}
}

// Finish adds the outcome of a job to a batch: done, where cause is nil, else
// by the class of cause. It is for a [Handler].
func (e *Engine) Finish(b *store.Builder, j store.Job, cause error) { e.finish(b, j, cause) }

// close commits the outcome of a job by itself.
func (e *Engine) close(ctx context.Context, j store.Job, cause error) error {
	b := e.o.Archive.Begin()
	e.finish(b, j, cause)
	if _, err := b.Commit(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("keeping the outcome of job %s: %w", j.ID, err)
	}
	return nil
}

// closeWant commits that a want is done.
func (e *Engine) closeWant(ctx context.Context, w *want) error {
	b := e.o.Archive.Begin()
	e.finishWant(b, w, nil)
	if _, err := b.Commit(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("keeping that %s is done: %w", w.ref, err)
	}
	return nil
}

func (e *Engine) handleArticle(ctx context.Context, j store.Job, in intent) error {
	res := e.page(ctx, in.Target, j, in.Options)
	if res.Err != nil {
		return res.Err
	}
	var errs []error
	for i := range res.Posts {
		errs = append(errs, res.Posts[i].Err)
	}
	return errors.Join(errs...)
}

// handleCapture captures one post: that of a mention, where the job names an
// article version, with what the article quotes of it.
func (e *Engine) handleCapture(ctx context.Context, j store.Job, in intent) error {
	w, err := e.wantOf(ctx, in)
	if err != nil {
		return errors.Join(err, e.close(ctx, j, err))
	}
	w.job = j
	return e.captureAll(ctx, []*want{w})[0].Err
}

// wantOf rebuilds from an intent what is to be captured.
func (e *Engine) wantOf(ctx context.Context, in intent) (*want, error) {
	if in.Article.IsZero() {
		ref, err := post.ParseRef(in.Target)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", store.ErrInvalid, err)
		}
		return e.newWant(ref, in.URL, in.Options), nil
	}
	r, err := e.o.Archive.Get(ctx, in.Article)
	if err != nil {
		return nil, err
	}
	v, err := store.Decode[store.ArticleVersion](&r)
	if err != nil {
		return nil, err
	}
	if in.Mention < 0 || in.Mention >= len(v.Mentions) {
		return nil, fmt.Errorf("%w: article version %s has no mention %d", store.ErrInvalid, in.Article, in.Mention)
	}
	m := &v.Mentions[in.Mention]
	w := e.newWant(m.Ref, m.URL, in.Options)
	w.article, w.mention, w.index, w.private, w.decided = r.ID, m, in.Mention, v.Private, v.Decided
	return w, nil
}

// handleLooks looks at posts.
func (e *Engine) handleLooks(ctx context.Context, jobs []store.Job) []error {
	refs := make([]post.Ref, len(jobs))
	for i, j := range jobs {
		refs[i] = lookRef(j)
	}
	results := e.recheck(ctx, refs, "schedule", jobs)
	errs := make([]error, len(jobs))
	for i := range results {
		errs[i] = results[i].Err
	}
	return errs
}

// holdLeases prolongs the leases of jobs until the returned function is called.
// A lease that another worker has taken over is left to it: the outcome will be
// refused.
func (e *Engine) holdLeases(ctx context.Context, jobs []store.Job) (release func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(e.o.Lease / beats)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			until := e.o.Archive.Now().Add(e.o.Lease)
			for _, j := range jobs {
				if !e.holds(j) {
					continue
				}
				// An error means that the job is done, or somebody else's by
				// now; what follows from that is decided when it is finished.
				_ = e.o.Archive.Backend().Extend(ctx, j.ID, j.Lease.Token, until)
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// TakeOver ends the leases that other owners left behind, so that their jobs
// can be leased at once. It is for a process that has the archive for itself,
// when it starts.
func (e *Engine) TakeOver(ctx context.Context) (int, error) {
	n := 0
	for f := (store.JobFilter{States: []store.JobState{store.JobLeased}, Limit: 500}); ; {
		jobs, err := e.o.Archive.Backend().ListJobs(ctx, f)
		if err != nil {
			return n, fmt.Errorf("listing leased jobs: %w", err)
		}
		for _, j := range jobs {
			f.After = j.ID
			if e.ours(j.Lease.Owner) {
				continue
			}
			if err := e.o.Archive.Backend().Extend(ctx, j.ID, j.Lease.Token, e.o.Archive.Now()); err != nil && !errors.Is(err, store.ErrConflict) {
				return n, fmt.Errorf("ending the lease of job %s: %w", j.ID, err)
			}
			n++
		}
		if len(jobs) < f.Limit {
			return n, nil
		}
	}
}

package source

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"stet/archiver"
	"stet/store"
)

// Plan is a source as the archive keeps it: what it is, when it is read, and
// where the reading stands. It is the payload of the source's job.
type Plan struct {
	Source Source `json:"source"`
	// Every or Cron says when it is read; neither is every [DefaultEvery].
	Every time.Duration `json:"every,omitempty"`
	Cron  string        `json:"cron,omitempty"`
	// Zone is where Cron's times are, as the zone database names it; empty is
	// UTC.
	Zone string `json:"zone,omitempty"`
	// IgnoreRobots is for sites of one's own.
	IgnoreRobots bool `json:"ignore_robots,omitempty"`
	// Backfill is how far back the source is read, in steps; zero is not at
	// all.
	Backfill time.Time `json:"backfill,omitzero"`
	// Keep is how long what it names is kept, in [archiver.KeepRules]; less than 0
	// is for ever, 0 what is said for all sources.
	Keep   time.Duration `json:"keep,omitempty"`
	Paused bool          `json:"paused,omitempty"`
	// Configured is true for a source of the configuration file, which is
	// changed there.
	Configured bool  `json:"configured,omitempty"`
	State      State `json:"state"`
}

// schedule returns when the source is read. It errors with store.ErrInvalid.
func (p *Plan) schedule() (Schedule, error) {
	if p.Cron == "" {
		return Every(p.Every), nil
	}
	zone, err := time.LoadLocation(p.Zone)
	if err != nil {
		return Schedule{}, fmt.Errorf("%w: the time zone %q: %w", store.ErrInvalid, p.Zone, err)
	}
	return Cron(p.Cron, zone)
}

// Listed is a source with its job.
type Listed struct {
	Plan Plan
	Job  store.Job
}

// Worker reads sources as jobs of the archive's queue, and keeps the list of
// them there.
type Worker struct {
	archive *store.Archive
	reader  *Reader
	engine  Engine
	robots  *Robots
	random  func() float64
}

// Engine is what the worker needs of *[archiver.Engine].
type Engine interface {
	// EnqueueArticle: see [archiver.Engine.EnqueueArticle].
	EnqueueArticle(b *store.Builder, address, source string, at time.Time) error
	// Finish: see [archiver.Engine.Finish].
	Finish(b *store.Builder, j store.Job, cause error)
}

// NewWorker returns a worker. robots is asked about articles on other hosts than
// the source's; nil asks nobody. random returns a number in [0,1) for jitter.
func NewWorker(archive *store.Archive, reader *Reader, engine Engine, robots *Robots, random func() float64) *Worker {
	return &Worker{archive: archive, reader: reader, engine: engine, robots: robots, random: random}
}

// never is when a paused source is due.
func never() time.Time { return time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC) }

// Add adds a source, or, where one of its name is kept, changes it: its state
// stays as long as its address does. It errors with store.ErrInvalid where the
// name, the address or the schedule cannot be right, and with store.ErrBusy
// while it is being read.
func (w *Worker) Add(ctx context.Context, p Plan) error {
	if err := p.Check(); err != nil {
		return err
	}
	kept, err := w.find(ctx, p.Source.Name)
	switch {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return err
	default:
		p.State, p.Paused = kept.Plan.State, kept.Plan.Paused
		if p.Keep == 0 && !p.Configured {
			// Whoever changes when a source is read does not mean that what it named
			// is to go earlier.
			p.Keep = kept.Plan.Keep
		}
	}
	return w.put(ctx, p)
}

// Check errors with store.ErrInvalid where a source cannot be followed: for want
// of a name or an address, by its kind, or by its schedule.
func (p *Plan) Check() error {
	if p.Source.Name == "" {
		return fmt.Errorf("%w: a source needs a name", store.ErrInvalid)
	}
	if _, err := ParseKind(string(p.Source.Kind)); err != nil {
		return err
	}
	if err := p.checkAddress(); err != nil {
		return err
	}
	_, err := p.schedule()
	return err
}

// checkAddress errors with store.ErrInvalid where a source cannot have its
// address. Only the configuration names files: whoever may add sources, which can
// be done from other machines, may not read what the service may.
func (p *Plan) checkAddress() error {
	address := p.Source.URL
	if _, file := fileOf(address); file {
		switch {
		case !p.Configured:
			return fmt.Errorf("%w: %.200q is a file; files are followed where the configuration names them, as file: of an element of sources", store.ErrInvalid, address)
		case p.Source.Kind == Page:
			return fmt.Errorf("%w: %.200q is a file, and pages are read from their addresses", store.ErrInvalid, address)
		}
		return nil
	}
	if key := store.ArticleKey(address); key == address {
		return fmt.Errorf("%w: %.200q is no address of a source; it begins with https://", store.ErrInvalid, address)
	}
	return nil
}

// put keeps a plan as a waiting job.
func (w *Worker) put(ctx context.Context, p Plan) error {
	b := w.archive.Begin()
	if err := w.enqueue(b, &p); err != nil {
		return err
	}
	receipt, err := b.Commit(ctx)
	if err != nil {
		return fmt.Errorf("keeping the source %s: %w", p.Source.Name, err)
	}
	if j := receipt.Jobs[0]; j.State == store.JobLeased {
		return fmt.Errorf("%w: the source %s is being read at the moment; try again in a minute", store.ErrBusy, p.Source.Name)
	}
	return nil
}

// enqueue adds the job of a plan.
func (w *Worker) enqueue(b *store.Builder, p *Plan) error {
	s, err := p.schedule()
	if err != nil {
		return err
	}
	at := never()
	if !p.Paused {
		at = s.Next(w.archive.Now(), p.State, w.random())
	}
	payload, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("writing the source %s: %w", p.Source.Name, err)
	}
	return b.Enqueue(store.Enqueue{Replace: true, Job: store.Job{Kind: archiver.JobSource, Key: p.Source.Name, Payload: payload,
		Priority: store.PrioritySchedule, RunAt: at}})
}

// List lists the sources by name.
func (w *Worker) List(ctx context.Context) ([]Listed, error) { return ListAll(ctx, w.archive) }

// ListAll lists the sources of an archive by name. It needs no worker, so that an
// archive that was opened for reading can be asked.
func ListAll(ctx context.Context, archive *store.Archive) ([]Listed, error) {
	var out []Listed
	for f := (store.JobFilter{Kinds: []string{archiver.JobSource}, Limit: 500}); ; {
		jobs, err := archive.Backend().ListJobs(ctx, f)
		if err != nil {
			return nil, fmt.Errorf("listing the sources: %w", err)
		}
		for _, j := range jobs {
			f.After = j.ID
			l := Listed{Job: j}
			if err := json.Unmarshal(j.Payload, &l.Plan); err != nil {
				return nil, fmt.Errorf("%w: the source %s: %w", store.ErrCorrupt, j.Key, err)
			}
			out = append(out, l)
		}
		if len(jobs) < f.Limit {
			break
		}
	}
	slices.SortFunc(out, func(a, b Listed) int { return cmp.Compare(a.Plan.Source.Name, b.Plan.Source.Name) })
	return out, nil
}

// find returns the source of a name; it errors with store.ErrNotFound.
func (w *Worker) find(ctx context.Context, name string) (Listed, error) {
	all, err := w.List(ctx)
	if err != nil {
		return Listed{}, err
	}
	for _, l := range all {
		if l.Plan.Source.Name == name {
			return l, nil
		}
	}
	return Listed{}, fmt.Errorf("%w: there is no source %q; `stet source list` names them", store.ErrNotFound, name)
}

// Remove forgets a source. What it named stays.
func (w *Worker) Remove(ctx context.Context, name string) error {
	l, err := w.find(ctx, name)
	if err != nil {
		return err
	}
	b := w.archive.Begin()
	b.Finish(store.Finish{Job: l.Job.ID, Outcome: store.OutcomeDrop})
	if _, err := b.Commit(ctx); err != nil {
		return fmt.Errorf("removing the source %s: %w", name, err)
	}
	return nil
}

// Pause stops or resumes the reading of a source.
func (w *Worker) Pause(ctx context.Context, name string, paused bool) error {
	l, err := w.find(ctx, name)
	if err != nil {
		return err
	}
	l.Plan.Paused = paused
	return w.put(ctx, l.Plan)
}

// RunNow makes a source due now.
func (w *Worker) RunNow(ctx context.Context, name string) error {
	l, err := w.find(ctx, name)
	if err != nil {
		return err
	}
	b := w.archive.Begin()
	if err := b.Enqueue(store.Enqueue{Earlier: true, Job: store.Job{Kind: archiver.JobSource, Key: name, Payload: l.Job.Payload,
		Priority: store.PriorityPerson, RunAt: w.archive.Now()}}); err != nil {
		return err
	}
	if _, err := b.Commit(ctx); err != nil {
		return fmt.Errorf("making the source %s due: %w", name, err)
	}
	return nil
}

// Sync makes the configured sources those of the list: new ones are added,
// changed ones changed, and those that are no longer there removed. Sources
// that were added by command stay.
func (w *Worker) Sync(ctx context.Context, plans []Plan) error {
	kept, err := w.List(ctx)
	if err != nil {
		return err
	}
	for _, p := range plans {
		p.Configured = true
		i := slices.IndexFunc(kept, func(l Listed) bool { return l.Plan.Source.Name == p.Source.Name })
		if i >= 0 && same(kept[i].Plan, p) {
			continue
		}
		if err := w.Add(ctx, p); err != nil {
			return fmt.Errorf("%s: %w", p.Source.Name, err)
		}
	}
	for _, l := range kept {
		if l.Plan.Configured && !slices.ContainsFunc(plans, func(p Plan) bool { return p.Source.Name == l.Plan.Source.Name }) {
			if err := w.Remove(ctx, l.Plan.Source.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

func same(a, b Plan) bool {
	return a.Source == b.Source && a.Every == b.Every && a.Cron == b.Cron && a.Zone == b.Zone && a.IgnoreRobots == b.IgnoreRobots &&
		a.Configured == b.Configured && a.Keep == b.Keep && a.Backfill.Equal(b.Backfill)
}

// Handle reads the source of a job: an [archiver.Handler]. What it names that
// is new becomes jobs in the commit that keeps the state. A source that cannot
// be read is tried again by its schedule; the error says why it could not.
func (w *Worker) Handle(ctx context.Context, j store.Job) error {
	var p Plan
	b := w.archive.Begin()
	keep := context.WithoutCancel(ctx)
	if err := json.Unmarshal(j.Payload, &p); err != nil {
		err = fmt.Errorf("%w: the payload of the source %s: %w", store.ErrInvalid, j.Key, err)
		w.engine.Finish(b, j, err)
		_, e := b.Commit(keep)
		return errors.Join(err, e)
	}
	var beside []Item // what another source, or a person, named before
	o := Options{Known: func(ctx context.Context, it Item) (time.Time, bool, error) {
		seen, known, named, err := w.known(ctx, p.Source.Name, it)
		if known && !named && err == nil {
			beside = append(beside, it)
		}
		return seen, known, err
	}, IgnoreRobots: p.IgnoreRobots}
	if !p.Backfill.IsZero() && p.State.StepsBack(p.Backfill) {
		o.Backfill = p.Backfill
	}
	read := w.reader.Read
	if _, file := fileOf(p.Source.URL); file {
		read = w.reader.ReadFile
	}
	reading, trouble := read(ctx, p.Source, p.State, o)
	if err := ctx.Err(); err != nil {
		w.engine.Finish(b, j, err)
		_, e := b.Commit(keep)
		return errors.Join(err, e)
	}
	p.State = reading.State
	if err := w.keep(keep, b, &p, &reading, trouble); err != nil {
		return err
	}
	if err := w.keepBeside(keep, b, &p, &reading, beside); err != nil {
		return err
	}
	w.engine.Finish(b, j, nil)
	if err := w.enqueue(b, &p); err != nil {
		return err
	}
	if _, err := b.Commit(keep); err != nil {
		return fmt.Errorf("keeping what the source %s named: %w", p.Source.Name, err)
	}
	if trouble != nil {
		return fmt.Errorf("reading the source %s: %w", p.Source.Name, trouble)
	}
	return nil
}

// known says what has been handed out before: what a source named, or a person
// captured, also where a rule removed it since. named is true where this source
// named it.
func (w *Worker) known(ctx context.Context, source string, it Item) (seen time.Time, known, named bool, err error) {
	term := store.ArticleTerm(it.URL)
	page, err := w.archive.List(ctx, store.Query{Term: term, Kinds: []store.Kind{store.KindArticle, store.KindDiscovery, store.KindRetention}, Newest: true, Limit: 1})
	if err != nil || len(page.Records) == 0 {
		return time.Time{}, false, false, err
	}
	r := &page.Records[0]
	named, beside, err := namedBy(r, source)
	if err != nil || named && !beside {
		return r.Time, true, named, err
	}
	// Mostly it ends here. That somebody names it too says nothing of its age.
	all, err := w.archive.ListAll(ctx, term, store.MaxHistory, store.KindArticle, store.KindDiscovery, store.KindRetention)
	seen = r.Time
	for i := range all {
		mine, beside, err := namedBy(&all[i], source)
		if err != nil {
			return seen, true, named, err
		}
		named = named || mine
		if i == 0 || !beside {
			seen = all[i].Time
		}
	}
	return seen, true, named, err
}

// namedBy reports whether a record says that a source named an article, and
// whether it says no more than that it did so beside others.
func namedBy(r *store.Record, source string) (named, beside bool, err error) {
	switch r.Kind {
	case store.KindDiscovery:
		d, err := store.Decode[store.Discovery](r)
		return err == nil && d.Source == source, err == nil && d.Beside, err
	case store.KindArticle:
		v, err := store.Decode[store.ArticleVersion](r)
		return err == nil && v.Source == source, false, err
	}
	return false, false, nil
}

// maxBeside is the most articles of others of which one pass says that the source
// names them too.
const maxBeside = 500

// keepBeside adds that a source names articles which others named before: how
// long they are kept is decided by all of them. Of what is handed out now that is
// said already.
func (w *Worker) keepBeside(ctx context.Context, b *store.Builder, p *Plan, r *Reading, beside []Item) error {
	done := make(map[string]bool, len(r.Items))
	for i := range r.Items {
		done[r.Items[i].Key()] = true
	}
	n := 0
	for _, it := range beside {
		if done[it.Key()] || n == maxBeside {
			continue
		}
		done[it.Key()] = true
		n++
		if _, err := b.Add(ctx, &store.Discovery{Time: w.archive.Now(), Source: p.Source.Name, URL: it.URL, Title: it.Title, Published: it.Published, Modified: it.Modified, Beside: true}); err != nil {
			return err
		}
	}
	return nil
}

// keep adds the exchanges of a pass that brought something, the discoveries
// with their jobs, and what the operator should know.
func (w *Worker) keep(ctx context.Context, b *store.Builder, p *Plan, r *Reading, trouble error) error {
	now := w.archive.Now()
	if len(r.Items) > 0 || trouble != nil {
		// Passes that bring nothing leave no trace but the state: a source is
		// read every few minutes for years.
		for i := range r.Exchanges {
			if _, err := b.Add(ctx, &r.Exchanges[i]); err != nil {
				return err
			}
		}
	}
	for _, it := range r.Items {
		if _, err := b.Add(ctx, &store.Discovery{Time: now, Source: p.Source.Name, URL: it.URL, Title: it.Title, Published: it.Published, Modified: it.Modified}); err != nil {
			return err
		}
		at, allowed := w.allowed(ctx, p, it.URL, now)
		if !allowed {
			continue // handed out and closed: it does not come again
		}
		if err := w.engine.EnqueueArticle(b, it.URL, p.Source.Name, at); err != nil {
			return err
		}
	}
	return w.report(ctx, b, p, now)
}

// robotsPause is when an article is captured whose host's robots.txt could not
// be had.
const robotsPause = time.Hour

// allowed says whether and when an article that a source named may be captured.
// The reader has asked the robots.txt of the source's own host already.
func (w *Worker) allowed(ctx context.Context, p *Plan, address string, now time.Time) (time.Time, bool) {
	if w.robots == nil || p.IgnoreRobots || hostOf(address) == hostOf(p.Source.URL) {
		return now, true
	}
	_, err := w.robots.Check(ctx, address)
	var closed *RobotsError
	switch {
	case err == nil:
		return now, true
	case errors.As(err, &closed) && !closed.Temporary():
		return time.Time{}, false
	}
	return now.Add(robotsPause), true
}

// report adds an incident where a source has been failing or silent for longer
// than usual, and where that ended: once each.
func (w *Worker) report(ctx context.Context, b *store.Builder, p *Plan, now time.Time) error {
	bad, text := Failing(now, p.State)
	if !bad {
		bad, text = Silent(now, p.State)
	}
	subject := "source/" + p.Source.Name
	page, err := w.archive.List(ctx, store.Query{Term: store.SubjectTerm(subject), Kinds: []store.Kind{store.KindIncident}, Newest: true, Limit: 1})
	if err != nil {
		return err
	}
	told := false
	if len(page.Records) == 1 {
		last, err := store.Decode[store.Incident](&page.Records[0])
		if err != nil {
			return err
		}
		told = last.Event == archiver.EventSourceFailing
	}
	if bad == told {
		return nil
	}
	incident := &store.Incident{Time: now, Event: archiver.EventSourceFailing, Subject: subject, Text: text}
	if !bad {
		incident.Event, incident.Text = archiver.EventSourceRecovered, "the source can be read again, and has something new"
	}
	_, err = b.Add(ctx, incident)
	return err
}

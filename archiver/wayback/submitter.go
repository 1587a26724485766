package wayback

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"stet/archiver"
	"stet/archiver/fetch"
	"stet/extract/post"
	"stet/store"
)

// JobSubmit asks a web archive to keep a page; its key is the page's
// [store.ArticleKey].
const JobSubmit = "submit"

// SubmitOptions configure a [Submitter]. Archive, Client, AccessKey and
// SecretKey are needed.
type SubmitOptions struct {
	Archive *store.Archive
	Client  Client
	// AccessKey and SecretKey are those of an account of the web archive.
	AccessKey, SecretKey string
	// Articles and Links say what is handed over: articles; captured pages.
	Articles, Links bool
	// Within is how old a snapshot may be that counts as well; 0 asks for a new
	// one each time.
	Within time.Duration
	// PerDay is the most pages on one day of UTC; 0 is [DefaultPerDay].
	PerDay int
}

const (
	// DefaultPerDay is far below what an account may have, and more than a
	// newsroom publishes.
	DefaultPerDay = 1000
	// savesPerMinute is how many snapshots may begin in a minute: the archive
	// refuses the eighth.
	savesPerMinute = 6
	// saveTries is how often a page is handed over before that is given up.
	saveTries = 4
	// firstPoll and mostPoll are how long it takes to ask how a snapshot stands;
	// one takes half a minute to two. saveTime is after what it is not asked
	// about any more: the archive forgets after an hour.
	firstPoll = 15 * time.Second
	mostPoll  = 2 * time.Minute
	saveTime  = 50 * time.Minute
	// crowdTime is the pause where as many are under way as there may be.
	crowdTime = time.Minute
)

// Submitter hands public pages to the Wayback Machine: it follows the journal
// from where it was switched on, and makes a durable job of each. What is
// private, or was fetched with an access of the operator's own, is never told.
type Submitter struct {
	archiver.Follower
	o     SubmitOptions
	saver *saver
	limit *limiter

	mu sync.Mutex
	// day is the one of which count pages were handed over.
	day   time.Time
	count int
}

// NewSubmitter returns a submitter. It starts nothing.
func NewSubmitter(o SubmitOptions) *Submitter {
	o.PerDay = cmp.Or(o.PerDay, DefaultPerDay)
	s := &Submitter{o: o, saver: &saver{client: o.Client, keys: o.AccessKey + ":" + o.SecretKey, within: o.Within},
		limit: &limiter{now: o.Archive.Now, perMinute: savesPerMinute}}
	s.Follower = archiver.Follower{Archive: o.Archive, Name: "submissions", Queue: s.queue}
	return s
}

// work is the payload of a job.
type work struct {
	URL string   `json:"url"`
	Of  store.ID `json:"of"`
	// Job is the archive's name of the snapshot that was begun, Begun when, and
	// Polls how often it was asked about.
	Job   string    `json:"job,omitempty"`
	Begun time.Time `json:"begun,omitzero"`
	Polls int       `json:"polls,omitempty"`
}

// queue adds the jobs that follow from records.
func (s *Submitter) queue(ctx context.Context, records []store.Record) error {
	b := s.o.Archive.Begin()
	n := 0
	for i := range records {
		w, err := s.wanted(ctx, &records[i])
		if err != nil {
			return err
		}
		if w.URL == "" || !public(w.URL) {
			continue
		}
		payload, err := json.Marshal(w)
		if err != nil {
			return fmt.Errorf("writing the intent to hand over %s: %w", w.URL, err)
		}
		key := store.ArticleKey(w.URL)
		if len(key) > store.MaxTermLength {
			key = store.DigestOf([]byte(key)).String()
		}
		if err := b.Enqueue(store.Enqueue{Job: store.Job{Kind: JobSubmit, Key: key, Host: Host, Payload: payload, Priority: store.PriorityLook}}); err != nil {
			return err
		}
		n++
	}
	if n == 0 {
		return nil
	}
	if _, err := b.Commit(ctx); err != nil {
		return fmt.Errorf("queueing %d submissions: %w", n, err)
	}
	return nil
}

// wanted returns what is to be handed over because of a record.
func (s *Submitter) wanted(ctx context.Context, r *store.Record) (work, error) {
	switch r.Kind {
	case store.KindArticle:
		v, err := store.Decode[store.ArticleVersion](r)
		if err != nil || !s.o.Articles || v.Private || v.Origin != "web" {
			return work{}, err
		}
		return s.unless(ctx, work{URL: v.URL, Of: r.ID}, v.Exchange)
	case store.KindCapture:
		c, err := store.Decode[store.Capture](r)
		if err != nil || !s.o.Links || c.Private || c.Kind != store.CapturePage || c.Source != post.SourcePublic || !c.Revisit.IsZero() {
			return work{}, err
		}
		return s.unless(ctx, work{URL: c.URL, Of: r.ID}, c.Exchanges...)
	}
	return work{}, nil
}

// unless returns w, or nothing where the page was fetched with an access of the
// operator's own, or handed over a short time ago.
func (s *Submitter) unless(ctx context.Context, w work, exchanges ...store.ID) (work, error) {
	for _, id := range exchanges {
		if id.IsZero() {
			continue
		}
		r, err := s.o.Archive.Get(ctx, id)
		if err != nil {
			return work{}, fmt.Errorf("reading how %s was fetched: %w", w.URL, err)
		}
		x, err := store.Decode[store.Exchange](&r)
		if err != nil || x.Access != "" || x.Private {
			return work{}, err
		}
	}
	page, err := s.o.Archive.List(ctx, store.Query{Term: store.URLTerm(w.URL), Kinds: []store.Kind{store.KindSubmission}, Newest: true, Limit: 1})
	if err != nil || len(page.Records) == 0 {
		return w, err
	}
	last, err := store.Decode[store.Submission](&page.Records[0])
	if err != nil || !last.Memento.IsZero() && s.o.Archive.Now().Sub(last.Memento.Time) < s.o.Within {
		return work{}, err
	}
	return w, nil
}

// public reports whether an address can be one that everybody reaches.
func public(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return false
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if _, err := netip.ParseAddr(host); err == nil || !strings.Contains(host, ".") {
		return false
	}
	return !slices.Contains([]string{"local", "localhost", "internal", "intranet", "lan", "home", "corp", "private", "test", "onion"}, host[strings.LastIndexByte(host, '.')+1:]) &&
		!strings.HasSuffix(host, ".home.arpa")
}

// Handle runs a job: it hands a page over, or asks what came of it. The job's
// outcome is committed with what was answered.
func (s *Submitter) Handle(ctx context.Context, j store.Job) error {
	t := &turn{s: s, j: j, b: s.o.Archive.Begin()}
	err := json.Unmarshal(j.Payload, &t.w)
	if err != nil {
		err = fmt.Errorf("%w: the payload of job %s: %w", store.ErrInvalid, j.ID, err)
		t.end(store.OutcomeDead, 0, err)
	} else if err = t.take(ctx); !t.ended {
		t.end(store.OutcomeRelease, crowdTime, err)
	}
	_, failed := t.b.Commit(context.WithoutCancel(ctx))
	return errors.Join(err, failed)
}

// turn is one run of a job.
type turn struct {
	s     *Submitter
	j     store.Job
	w     work
	b     *store.Builder
	ended bool
}

// end says what becomes of the job. What waits keeps the payload as it is now.
func (t *turn) end(outcome store.Outcome, wait time.Duration, cause error) {
	f := store.Finish{Job: t.j.ID, Token: t.j.Lease.Token, Outcome: outcome, RunAt: t.s.o.Archive.Now().Add(wait)}
	if payload, err := json.Marshal(t.w); err == nil && outcome != store.OutcomeDone && outcome != store.OutcomeDead {
		f.Payload = payload
	}
	if cause != nil && outcome != store.OutcomeRelease {
		f.Error, f.ErrorClass = cause.Error(), store.ClassOf(cause).Name
	}
	t.b.Finish(f)
	t.ended = true
}

// take does one step. The error says why the page is not handed over, where that
// is to be reported.
func (t *turn) take(ctx context.Context) error {
	hidden, err := t.s.hidden(ctx, t.w.URL)
	if err != nil {
		return err
	}
	if hidden {
		t.end(store.OutcomeDone, 0, nil)
		return nil
	}
	if t.w.Job == "" {
		if wait, err := t.s.full(ctx); err != nil || wait > 0 {
			t.end(store.OutcomeRelease, max(wait, time.Second), err)
			return err
		}
	}
	var answer saved
	var exchanges []store.Exchange
	if t.w.Job == "" {
		answer, exchanges, err = t.s.saver.begin(ctx, t.w.URL)
	} else {
		answer, exchanges, err = t.s.saver.stands(ctx, t.w.Job)
	}
	var last store.ID
	for i := range exchanges {
		id, err := t.b.Add(context.WithoutCancel(ctx), &exchanges[i])
		if err != nil {
			return err
		}
		last = id
	}
	if err != nil {
		return t.trouble(ctx, err, last)
	}
	return t.proceed(ctx, &answer, last)
}

// hidden reports whether the page has become private meanwhile.
func (s *Submitter) hidden(ctx context.Context, address string) (bool, error) {
	for _, q := range []store.Query{{Term: store.ArticleTerm(address), Kinds: []store.Kind{store.KindArticle}},
		{Term: store.URLTerm(address), Kinds: []store.Kind{store.KindCapture}}} {
		q.Newest, q.Limit = true, 1
		page, err := s.o.Archive.List(ctx, q)
		if err != nil {
			return false, err
		}
		for i := range page.Records {
			c, err := store.DecodeAny(&page.Records[i])
			if err != nil {
				return false, err
			}
			switch c := c.(type) {
			case *store.ArticleVersion:
				if c.Private {
					return true, nil
				}
			case *store.Capture:
				if c.Private {
					return true, nil
				}
			}
		}
	}
	return false, nil
}

// full returns how long it is until another page may be handed over; where that
// is now, the page counts.
func (s *Submitter) full(ctx context.Context) (time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Archive.Now().UTC()
	if day := now.Truncate(24 * time.Hour); !day.Equal(s.day) {
		n, err := s.since(ctx, day)
		if err != nil {
			return 0, err
		}
		s.day, s.count = day, n
	}
	if s.count >= s.o.PerDay {
		return s.day.Add(24 * time.Hour).Sub(now), nil
	}
	if _, err := s.limit.reserve(); err != nil {
		var limited *fetch.RateLimitError
		if errors.As(err, &limited) {
			return limited.Until.Sub(now), nil
		}
		return 0, err
	}
	s.count++
	return 0, nil
}

// since counts the submissions that came to an end since a moment, as far as the
// quota.
func (s *Submitter) since(ctx context.Context, day time.Time) (int, error) {
	n := 0
	for q := (store.Query{Term: store.SubmissionsTerm(), Newest: true, Limit: 500}); n < s.o.PerDay; {
		page, err := s.o.Archive.List(ctx, q)
		if err != nil {
			return 0, err
		}
		for i := range page.Records {
			if page.Records[i].Time.Before(day) {
				return n, nil
			}
			q.Before = page.Records[i].Seq
			n++
		}
		if !page.More || len(page.Records) == 0 {
			break
		}
	}
	return n, nil
}

// trouble says what follows from an answer that tells nothing of the page.
func (t *turn) trouble(ctx context.Context, err error, last store.ID) error {
	var limited *fetch.RateLimitError
	switch {
	case ctx.Err() != nil:
		t.end(store.OutcomeRelease, 0, nil)
	case errors.Is(err, store.ErrRefused):
		t.end(store.OutcomeDead, 0, err)
	case errors.As(err, &limited):
		t.end(store.OutcomeRelease, max(limited.Until.Sub(t.s.o.Archive.Now()), crowdTime), nil)
		return nil
	case errors.Is(err, errForgotten):
		return t.again(ctx, "", "the web archive forgot the work before it said what came of it", last)
	case t.w.Job != "" && t.s.o.Archive.Now().Sub(t.w.Begun) < saveTime:
		t.end(store.OutcomeRelease, mostPoll, nil) // the snapshot goes on without us
		return nil
	default:
		return t.again(ctx, "", err.Error(), last)
	}
	return err
}

// proceed says what follows from an answer about the page.
func (t *turn) proceed(ctx context.Context, a *saved, last store.ID) error {
	now := t.s.o.Archive.Now()
	switch a.Status {
	case "success":
		m := a.memento()
		reason := ""
		if m.Time.Before(t.w.Begun.Add(-time.Minute)) {
			reason = "the web archive had it already"
		}
		return t.keep(ctx, &store.Submission{Memento: m, Job: t.w.Job, Reason: reason, Exchange: last})
	case "pending":
		if t.w.Job == "" {
			t.w.Job, t.w.Begun = a.Job, now
		}
		if now.Sub(t.w.Begun) >= saveTime {
			return t.again(ctx, "", "the web archive did not say within an hour what came of it", last)
		}
		t.w.Polls++
		t.end(store.OutcomeRelease, min(firstPoll*time.Duration(t.w.Polls), mostPoll), nil)
		return nil
	}
	t.w.Job = cmp.Or(t.w.Job, a.Job)
	switch refusalOf(a.Code) {
	case crowded:
		t.w.Job, t.w.Polls = "", 0
		t.end(store.OutcomeRelease, crowdTime, nil)
		return nil
	case exhausted:
		t.w.Job, t.w.Polls = "", 0
		t.end(store.OutcomeRelease, now.UTC().Truncate(24*time.Hour).Add(24*time.Hour).Sub(now), nil)
		return nil
	case passing:
		return t.again(ctx, a.Code, a.Message, last)
	}
	return t.keep(ctx, &store.Submission{Job: t.w.Job, Code: a.Code, Reason: a.Message, Exchange: last})
}

// again lets the page be handed over later, or gives up.
func (t *turn) again(ctx context.Context, code, why string, last store.ID) error {
	job := t.w.Job
	t.w.Job, t.w.Polls, t.w.Begun = "", 0, time.Time{}
	if t.j.Attempts < saveTries {
		err := fmt.Errorf("%w: handing %s to the web archive: %s", store.ErrNetwork, t.w.URL, cmp.Or(why, code))
		t.end(store.OutcomeRetry, 10*time.Minute<<min(t.j.Attempts, 6), err)
		return err
	}
	return t.keep(ctx, &store.Submission{Job: job, Code: code, Reason: why, Exchange: last})
}

// keep records what came of it, and ends the job.
func (t *turn) keep(ctx context.Context, sub *store.Submission) error {
	sub.Time, sub.URL, sub.Of, sub.Archive = t.s.o.Archive.Now(), t.w.URL, t.w.Of, Host
	if _, err := t.b.Add(context.WithoutCancel(ctx), sub); err != nil {
		return err
	}
	t.end(store.OutcomeDone, 0, nil)
	return nil
}

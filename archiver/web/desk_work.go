package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"stet/archiver"
	"stet/store"
)

// feedsPage lists the feeds.
type feedsPage struct {
	Feeds []Source
}

func (s *Server) showFeeds(w http.ResponseWriter, r *http.Request) error {
	p := &feedsPage{}
	if s.o.Sources != nil {
		var err error
		if p.Feeds, err = s.o.Sources.Sources(r.Context()); err != nil {
			return err
		}
	}
	return s.render(w, r, http.StatusOK, "feeds", frame{Title: "Feeds", Section: "feeds", Body: p})
}

// changeFeed pauses a feed, resumes it, or makes it due.
func (s *Server) changeFeed(w http.ResponseWriter, r *http.Request) error {
	if err := s.changeSource(r.Context(), r.PostFormValue("name"), r.PostFormValue("act")); err != nil {
		return err
	}
	http.Redirect(w, r, "/feeds", http.StatusSeeOther)
	return nil
}

// queuePage is the work that waits.
type queuePage struct {
	Counts  []jobCount
	Due     int
	Working []store.Job
	Dead    []store.Job
	Next    []store.Job
	// More is true where there is more than is listed.
	More bool
	// Posts and Articles name what jobs are about.
	Now time.Time
}

// jobCount is a line of the table of the queue.
type jobCount struct {
	Kind                  string
	Words                 string
	Waiting, Leased, Dead int
}

// mostJobs is how many jobs of each state are listed.
const mostJobs = 25

func (s *Server) showQueue(w http.ResponseWriter, r *http.Request) error {
	now := s.o.Archive.Now()
	counts, err := s.o.Archive.Backend().CountJobs(r.Context(), now)
	if err != nil {
		return err
	}
	p := &queuePage{Due: counts.Due, Now: now}
	for kind, states := range counts.ByKind {
		p.Counts = append(p.Counts, jobCount{kind, jobWords(kind), states[store.JobWaiting], states[store.JobLeased], states[store.JobDead]})
	}
	slices.SortFunc(p.Counts, func(a, b jobCount) int { return strings.Compare(a.Words, b.Words) })
	for state, list := range map[store.JobState]*[]store.Job{store.JobLeased: &p.Working, store.JobDead: &p.Dead} {
		jobs, err := s.o.Archive.Backend().ListJobs(r.Context(), store.JobFilter{States: []store.JobState{state}, Limit: mostJobs})
		if err != nil {
			return err
		}
		*list, p.More = jobs, p.More || len(jobs) == mostJobs
	}
	if p.Next, err = s.o.Archive.Backend().ListJobs(r.Context(), store.JobFilter{States: []store.JobState{store.JobWaiting}, Limit: 500}); err != nil {
		return err
	}
	slices.SortStableFunc(p.Next, func(a, b store.Job) int {
		return cmp.Or(a.RunAt.Compare(b.RunAt), cmp.Compare(a.Priority, b.Priority))
	})
	if len(p.Next) > mostJobs {
		p.Next, p.More = p.Next[:mostJobs], true
	}
	return s.render(w, r, http.StatusOK, "queue", frame{Title: "Queue", Section: "queue", Body: p})
}

// jobWords names a kind of work.
func jobWords(kind string) string {
	words := map[string]string{archiver.JobCapture: "capturing a post", archiver.JobArticle: "reading an article", archiver.JobLook: "looking at a post again",
		archiver.JobPage: "capturing a linked page", archiver.JobPageLook: "looking at a page again", archiver.JobSource: "reading a feed", "draw": "drawing a page"}
	return cmp.Or(words[kind], kind)
}

// changeWork retries a job that was given up, or drops it.
func (s *Server) changeWork(w http.ResponseWriter, r *http.Request) error {
	outcome, ok := map[string]store.Outcome{"retry": store.OutcomeRevive, "drop": store.OutcomeDrop}[r.PostFormValue("act")]
	if !ok {
		return fmt.Errorf("%w: there is nothing to do that is called %.40q", store.ErrInvalid, r.PostFormValue("act"))
	}
	if err := s.finishJob(r.Context(), r.PostFormValue("job"), outcome); err != nil {
		return err
	}
	http.Redirect(w, r, "/queue", http.StatusSeeOther)
	return nil
}

// captureNow puts what a person asks for into the queue and leads to how far it
// has come.
func (s *Server) captureNow(w http.ResponseWriter, r *http.Request) error {
	o := archiver.CaptureOptions{Operator: callerOf(r.Context()).name}
	return s.asked(w, r, "capture", strings.TrimSpace(r.PostFormValue("target")), func(target string) (store.ID, error) {
		j, err := s.o.Engine.Request(r.Context(), target, o)
		return j.ID, err
	})
}

// lookNow brings the next look at a post forward to now.
func (s *Server) lookNow(w http.ResponseWriter, r *http.Request) error {
	return s.asked(w, r, "recheck", r.PostFormValue("ref"), func(target string) (store.ID, error) {
		ref, err := s.refIn(target)
		if err != nil {
			return store.ID{}, err
		}
		kept, err := s.o.Engine.LookSoon(r.Context(), ref, s.o.Archive.Now())
		if err == nil && !kept {
			err = fmt.Errorf("%w: %s was never archived here", store.ErrNotFound, ref)
		}
		return store.ID{}, err
	})
}

// asked asks for work and leads to its progress.
func (s *Server) asked(w http.ResponseWriter, r *http.Request, action, target string, one func(string) (store.ID, error)) error {
	v, err := s.ask(r, action, []string{target}, one)
	if err != nil {
		return err
	}
	a, ok := v.(accepted)
	if !ok {
		return fmt.Errorf("%w: the request was not kept", store.ErrUnexpected)
	}
	http.Redirect(w, r, strings.Replace(a.location, apiPrefix+"/capture-jobs/", "/asked/", 1), http.StatusSeeOther)
	return nil
}

// askedPage is how far it has come what a person asked for.
type askedPage struct {
	V     *apiRequest
	T     *apiTarget
	State string
	// To is the page of what was asked for, empty while there is none.
	To string
	// Poll is where a script asks for the progress.
	Poll string
}

// showAsked shows how far it has come what a person asked for.
func (s *Server) showAsked(w http.ResponseWriter, r *http.Request) error {
	v, err := s.progress(r)
	if err != nil {
		return err
	}
	req, ok := v.(*apiRequest)
	if !ok || len(req.Targets) == 0 {
		return fmt.Errorf("%w: nothing was asked for under that id", store.ErrNotFound)
	}
	p := &askedPage{V: req, T: &req.Targets[0], State: req.State, Poll: apiPrefix + "/capture-jobs/" + req.ID.String()}
	q := s.o.Reader.Parse(p.T.Target)
	if p.To, err = s.exact(r.Context(), &q); err != nil {
		return err
	}
	f := frame{Title: "Work in progress", Section: "queue", Body: p, bare: true}
	if req.State == "waiting" || req.State == "running" {
		f.Refresh = 3
	}
	return s.render(w, r, http.StatusOK, "asked", f)
}

// jobPage is one job of the queue.
type jobPage struct {
	Job   *store.Job
	Words string
	// To is the page of what the job is about, empty where there is none.
	To  string
	Now time.Time
}

// showJob shows a job of the queue. One that is done is not kept.
func (s *Server) showJob(w http.ResponseWriter, r *http.Request) error {
	id, err := store.ParseID(r.PathValue("id"))
	if err != nil {
		return err
	}
	j, err := s.o.Archive.Backend().Job(r.Context(), id)
	if err != nil {
		return fmt.Errorf("the job is done, or never was: %w", err)
	}
	p := &jobPage{Job: &j, Words: jobWords(j.Kind), Now: s.o.Archive.Now()}
	if j.Kind != archiver.JobSource {
		q := s.o.Reader.Parse(j.Key)
		if p.To, err = s.exact(r.Context(), &q); err != nil {
			return err
		}
	}
	return s.render(w, r, http.StatusOK, "job", frame{Title: "A job", Section: "queue", Body: p})
}

// healthPage says how the archive is.
type healthPage struct {
	Journal   uint64
	Now       time.Time
	Due       int
	Late      time.Duration
	Dead      int
	Ready     string
	Disk      int64
	Stats     *store.Stats
	Incidents []store.Incident
	Coverage  coverage
}

func (s *Server) showHealth(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	p := &healthPage{Now: s.o.Archive.Now()}
	var err error
	if p.Journal, err = s.o.Archive.Backend().Head(ctx); err != nil {
		return err
	}
	counts, err := s.o.Archive.Backend().CountJobs(ctx, p.Now)
	if err != nil {
		return err
	}
	p.Due = counts.Due
	if !counts.NextAt.IsZero() {
		p.Late = max(p.Now.Sub(counts.NextAt), 0)
	}
	for _, states := range counts.ByKind {
		p.Dead += states[store.JobDead]
	}
	if s.o.Ready != nil {
		if err := s.o.Ready(ctx); err != nil {
			p.Ready = err.Error()
		}
	}
	if s.o.Disk != nil {
		if p.Disk, err = s.o.Disk(); err != nil {
			return err
		}
	}
	if s.o.Statter != nil {
		st, err := s.metrics.measured(ctx)
		if err != nil {
			return err
		}
		p.Stats = &st
	}
	if p.Incidents, err = s.incidents(ctx, p.Journal); err != nil {
		return err
	}
	if p.Coverage, err = s.coverage(ctx); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "health", frame{Title: "Health", Section: "health", Body: p})
}

// The incidents that are looked for: how far back in the journal, and how many
// are shown.
const (
	incidentsBack = 5000
	mostIncidents = 20
)

// incidents returns the latest incidents, the newest first.
func (s *Server) incidents(ctx context.Context, head uint64) ([]store.Incident, error) {
	var out []store.Incident
	for after := head - min(head, incidentsBack); ; {
		records, err := s.o.Archive.Backend().Read(ctx, after, 1000)
		if err != nil {
			return nil, err
		}
		for i := range records {
			after = records[i].Seq
			if records[i].Kind != store.KindIncident {
				continue
			}
			c, err := store.Decode[store.Incident](&records[i])
			if err != nil {
				return nil, err
			}
			out = append(out, *c)
		}
		if len(records) == 0 {
			break
		}
	}
	slices.Reverse(out)
	return out[:min(len(out), mostIncidents)], nil
}

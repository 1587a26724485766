package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"stet/store"
	"stet/store/view"
)

// apiJobs is the state of the queue.
type apiJobs struct {
	Due    int                               `json:"due"`
	Next   *time.Time                        `json:"next"`
	ByKind map[string]map[store.JobState]int `json:"by_kind"`
}

// apiStatus is what the archive holds and what is due.
type apiStatus struct {
	Version  string      `json:"version"`
	Time     time.Time   `json:"time"`
	Journal  uint64      `json:"journal"`
	Store    store.Stats `json:"store"`
	Jobs     apiJobs     `json:"jobs"`
	DiskFree int64       `json:"disk_free_bytes"`
}

// apiAudit is something that somebody did.
type apiAudit struct {
	ID    store.ID  `json:"id"`
	Time  time.Time `json:"time"`
	Actor string    `json:"actor"`
	How   string    `json:"how"`
	// Operator is who a command line named, empty where none did.
	Operator string   `json:"operator"`
	Action   string   `json:"action"`
	Targets  []string `json:"targets"`
	Reason   string   `json:"reason"`
}

// operations lists everything that the interface for programs does.
func (s *Server) operations() []operation {
	return slices.Concat(s.postOperations(), s.searchOperations(), s.workOperations(), s.systemOperations())
}

// systemOperations are about the archive as a whole.
func (s *Server) systemOperations() []operation {
	name := []param{{name: "name", words: "the name of a source", needed: true}}
	job := []param{{name: "id", words: "the id of a job", needed: true}}
	one := []param{{name: "case", words: "the id of a case", needed: true}}
	change := func(act string) func(r *http.Request) (any, error) {
		return func(r *http.Request) (any, error) {
			return struct{}{}, s.changeSource(r.Context(), r.PathValue("name"), act)
		}
	}
	return []operation{
		{method: "GET", path: "/cases", id: "cases", summary: "The cases, the latest changed first", need: RoleReader, answer: view.CaseLine{}, list: true,
			columns: []string{"id", "title", "tags", "closed", "members", "changed"}, example: "/cases", do: func(r *http.Request) (any, error) {
				list, err := s.o.Reader.Cases(r.Context())
				return listOf(list, ""), err
			}},
		{method: "GET", path: "/cases/{case}", id: "case", summary: "A case with its members, notes and news", need: RoleReader, params: one, answer: view.Case{}, do: s.caseOf, example: "/cases/{case}"},
		{method: "GET", path: "/sources", id: "sources", summary: "What is followed", need: RoleReader, answer: Source{}, list: true,
			columns: []string{"name", "url", "kind", "schedule", "paused", "next", "last_read", "last_new", "failures", "configured", "error"}, example: "/sources", do: s.listSources},
		{method: "POST", path: "/sources/{name}/run", id: "source-run", summary: "Read a source now", need: RoleArchivist, params: name, answer: struct{}{}, status: http.StatusAccepted,
			do: change("run")},
		{method: "POST", path: "/sources/{name}/pause", id: "source-pause", summary: "Stop reading a source", need: RoleArchivist, params: name, answer: struct{}{},
			do: change("pause")},
		{method: "POST", path: "/sources/{name}/resume", id: "source-resume", summary: "Read a source again", need: RoleArchivist, params: name, answer: struct{}{},
			do: change("resume")},
		{method: "GET", path: "/jobs", id: "jobs", summary: "The work that waits, in the order of its ids", need: RoleReader, answer: store.Job{}, list: true,
			columns: []string{"id", "kind", "key", "host", "state", "priority", "created", "run_at", "attempts", "error"},
			params:  []param{{name: "kind", words: "of a kind"}, {name: "state", words: "waiting, leased or dead"}, {name: "limit", words: "how many, 1 to 500", kind: "integer"}, {name: "cursor", words: "the id of the last job of the page before"}},
			do:      s.listJobs, example: "/jobs"},
		{method: "GET", path: "/jobs/{id}", id: "job", summary: "One job", need: RoleReader, params: job, answer: store.Job{}, example: "/jobs/{job}", do: func(r *http.Request) (any, error) {
			id, err := store.ParseID(r.PathValue("id"))
			if err != nil {
				return nil, err
			}
			return s.o.Archive.Backend().Job(r.Context(), id)
		}},
		{method: "POST", path: "/jobs/{id}/retry", id: "job-retry", summary: "Let a job that was given up be tried again", need: RoleArchivist, params: job, answer: struct{}{}, do: s.changeJob(store.OutcomeRevive)},
		{method: "POST", path: "/jobs/{id}/drop", id: "job-drop", summary: "Forget a job", need: RoleArchivist, params: job, answer: struct{}{}, do: s.changeJob(store.OutcomeDrop)},
		{method: "GET", path: "/platforms", id: "platforms", summary: "How platforms are set up", need: RoleReader, answer: Platform{}, list: true,
			columns: []string{"platform", "credentials", "missing", "words"}, example: "/platforms", do: func(*http.Request) (any, error) { return listOf(s.o.Platforms, ""), nil }},
		{method: "GET", path: "/status", id: "status", summary: "What the archive holds, and what is due", need: RoleReader, answer: apiStatus{}, example: "/status", do: s.status},
		{method: "GET", path: "/audit", id: "audit", summary: "Who did what, the newest first", need: RoleAdmin, answer: apiAudit{}, list: true,
			columns: []string{"time", "actor", "how", "operator", "action", "targets", "reason"},
			params:  []param{{name: "limit", words: "how many, 1 to 500", kind: "integer"}, {name: "cursor", words: "where to go on"}}, do: s.listAudit, example: "/audit"},
		{method: "GET", path: "/openapi.json", id: "openapi", summary: "This document", need: RoleReader, kind: "application/vnd.oai.openapi+json;version=3.1", send: s.openAPI, example: "/openapi.json"},
	}
}

func (s *Server) caseOf(r *http.Request) (any, error) {
	id, err := store.ParseID(r.PathValue("case"))
	if err != nil {
		return nil, err
	}
	return s.o.Reader.Case(r.Context(), id, callerOf(r.Context()).name)
}

func (s *Server) listSources(r *http.Request) (any, error) {
	if s.o.Sources == nil {
		return listing{}, nil
	}
	list, err := s.o.Sources.Sources(r.Context())
	return listOf(list, ""), err
}

func (s *Server) listJobs(r *http.Request) (any, error) {
	q := r.URL.Query()
	limit, err := limitOf(q)
	if err != nil {
		return nil, err
	}
	f := store.JobFilter{Limit: limit}
	if k := q.Get("kind"); k != "" {
		f.Kinds = []string{k}
	}
	if st := q.Get("state"); st != "" {
		f.States = []store.JobState{store.JobState(st)}
	}
	if c := q.Get("cursor"); c != "" {
		if f.After, err = store.ParseID(c); err != nil {
			return nil, err
		}
	}
	jobs, err := s.o.Archive.Backend().ListJobs(r.Context(), f)
	if err != nil {
		return nil, fmt.Errorf("listing the jobs: %w", err)
	}
	next := ""
	if len(jobs) == limit {
		next = jobs[len(jobs)-1].ID.String()
	}
	return listOf(jobs, next), nil
}

// changeSource lets a source be read now, stops it or lets it go on, and keeps
// who did.
func (s *Server) changeSource(ctx context.Context, name, act string) error {
	if s.o.Sources == nil {
		return fmt.Errorf("%w: nothing is followed here", store.ErrNotFound)
	}
	var err error
	switch act {
	case "pause", "resume":
		err = s.o.Sources.Pause(ctx, name, act == "pause")
	case "run":
		err = s.o.Sources.RunNow(ctx, name)
	default:
		err = fmt.Errorf("%w: there is nothing to do that is called %.40q", store.ErrInvalid, act)
	}
	if err != nil {
		return err
	}
	who := callerOf(ctx)
	return s.keepAudit(ctx, &store.Audit{Time: s.o.Archive.Now(), Actor: who.name, How: who.how, Action: "source-" + act, Targets: []string{name}})
}

// changeJob lets a job be tried again, or forgets it.
func (s *Server) changeJob(outcome store.Outcome) func(r *http.Request) (any, error) {
	return func(r *http.Request) (any, error) {
		return struct{}{}, s.finishJob(r.Context(), r.PathValue("id"), outcome)
	}
}

// finishJob lets a job be tried again, or forgets it, and keeps who did.
func (s *Server) finishJob(ctx context.Context, word string, outcome store.Outcome) error {
	id, err := store.ParseID(word)
	if err != nil {
		return err
	}
	j, err := s.o.Archive.Backend().Job(ctx, id)
	if err != nil {
		return fmt.Errorf("the job is done, or never was: %w", err)
	}
	who := callerOf(ctx)
	b := s.o.Archive.Begin()
	b.Finish(store.Finish{Job: id, Outcome: outcome, RunAt: s.o.Archive.Now()})
	audit := &store.Audit{Time: s.o.Archive.Now(), Actor: who.name, How: who.how, Action: "job-" + string(outcome), Targets: []string{j.Kind + " " + j.Key}}
	if _, err := b.Add(ctx, audit); err != nil {
		return err
	}
	if _, err := b.Commit(ctx); err != nil {
		return fmt.Errorf("the job is being done at the moment, or is done: %w", err)
	}
	return nil
}

func (s *Server) status(r *http.Request) (any, error) {
	v := apiStatus{Version: s.o.Version, Time: s.o.Archive.Now()}
	var err error
	if v.Journal, err = s.o.Archive.Backend().Head(r.Context()); err != nil {
		return nil, err
	}
	if s.o.Statter != nil {
		if v.Store, err = s.metrics.measured(r.Context()); err != nil {
			return nil, err
		}
		v.Store.Place = "" // where it is on the disk is the operator's
	}
	counts, err := s.o.Archive.Backend().CountJobs(r.Context(), s.o.Archive.Now())
	if err != nil {
		return nil, err
	}
	v.Jobs = apiJobs{Due: counts.Due, Next: view.Moment(counts.NextAt), ByKind: counts.ByKind}
	if s.o.Disk != nil {
		if v.DiskFree, err = s.o.Disk(); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (s *Server) listAudit(r *http.Request) (any, error) {
	q := r.URL.Query()
	limit, before, err := placeOf(q)
	if err != nil {
		return nil, err
	}
	page, err := s.o.Archive.List(r.Context(), store.Query{Term: store.AuditTerm(), Kinds: []store.Kind{store.KindAudit}, Newest: true, Before: before, Limit: limit})
	if err != nil {
		return nil, err
	}
	items, next := make([]apiAudit, len(page.Records)), uint64(0)
	for i := range page.Records {
		a, err := store.Decode[store.Audit](&page.Records[i])
		if err != nil {
			return nil, err
		}
		items[i] = apiAudit{ID: page.Records[i].ID, Time: a.Time.UTC(), Actor: a.Actor, How: a.How, Operator: a.Operator, Action: a.Action, Targets: append([]string{}, a.Targets...), Reason: a.Reason}
		if page.More {
			next = page.Records[i].Seq
		}
	}
	return listOf(items, cursor(next)), nil
}

package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"stet/archiver"
	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

// Sources are what is followed. Implementations are safe for concurrent use.
type Sources interface {
	// Sources lists them.
	Sources(ctx context.Context) ([]Source, error)
	// RunNow lets one be read now. It errors with ErrNotFound.
	RunNow(ctx context.Context, name string) error
	// Pause stops one, or lets it go on. It errors with ErrNotFound.
	Pause(ctx context.Context, name string, paused bool) error
}

// apiRequest is what somebody asked for, and how far it has come.
type apiRequest struct {
	ID     store.ID  `json:"id"`
	Time   time.Time `json:"time"`
	Action string    `json:"action"`
	// State is waiting, running, done or failed: the worst of the targets'.
	State   string      `json:"state"`
	Targets []apiTarget `json:"targets"`
}

// apiTarget is one thing that was asked for.
type apiTarget struct {
	Target string `json:"target"`
	// State is waiting, running, done or failed; Error says why it failed, or
	// what went wrong before it waits again.
	State string `json:"state"`
	Error string `json:"error"`
	// Ref is the post, empty for an article; Captures are those that were made
	// of it since, and Status how it stands.
	Ref      string      `json:"ref"`
	Captures []store.ID  `json:"captures"`
	Status   post.Status `json:"status"`
}

// captureBody is what is sent to ask for captures.
type captureBody struct {
	Targets []string `json:"targets"`
	Case    string   `json:"case,omitempty"`
	Note    string   `json:"note,omitempty"`
	Private bool     `json:"private,omitempty"`
}

// recheckBody is what is sent to ask for looks.
type recheckBody struct {
	Targets []string `json:"targets"`
}

// approvalBody is what is sent to approve a post or an account.
type approvalBody struct {
	// Exactly one of Ref and Account says of what: platform:id, or
	// platform:handle or platform:#id.
	Ref     string `json:"ref,omitempty"`
	Account string `json:"account,omitempty"`
	Revoked bool   `json:"revoked,omitempty"`
	Note    string `json:"note,omitempty"`
}

// apiApproval is an approval.
type apiApproval struct {
	ID       store.ID  `json:"id"`
	Time     time.Time `json:"time"`
	Ref      string    `json:"ref"`
	Account  string    `json:"account"`
	Revoked  bool      `json:"revoked"`
	Operator string    `json:"operator"`
	Note     string    `json:"note"`
}

// maxTargets is the most things that are asked for at a time.
const maxTargets = 100

// workOperations are those that ask for work, and show it.
func (s *Server) workOperations() []operation {
	id := []param{{name: "id", words: "the id that was answered", needed: true}}
	return []operation{
		{method: "POST", path: "/capture-jobs", id: "capture-now", summary: "Ask for captures of posts and articles; the answer says where to follow them", need: RoleArchivist,
			body: captureBody{}, answer: apiRequest{}, status: http.StatusAccepted, do: s.askCaptures},
		{method: "GET", path: "/capture-jobs/{id}", id: "capture-job", summary: "How far captures or looks have come that were asked for", need: RoleReader, params: id, answer: apiRequest{}, do: s.progress, example: "/capture-jobs/{request}"},
		{method: "POST", path: "/recheck", id: "recheck", summary: "Ask for looks at posts now", need: RoleArchivist, body: recheckBody{}, answer: apiRequest{}, status: http.StatusAccepted, do: s.askLooks},
		{method: "GET", path: "/approvals", id: "approvals", summary: "What the public may be shown once it is gone, the newest decisions first", need: RoleReader, answer: apiApproval{}, list: true,
			columns: []string{"time", "ref", "account", "revoked", "operator", "note"}, do: s.listApprovals, example: "/approvals"},
		{method: "GET", path: "/decisions", id: "decisions", summary: "Of what nothing may be removed, what is captured no more, and what is private: every decision, the newest first", need: RoleReader, answer: view.Decision{}, list: true,
			columns: []string{"time", "act", "ref", "account", "stands", "operator", "reason", "basis"}, example: "/decisions", do: s.listDecisions,
			params: []param{{name: "limit", words: "how many, 1 to 500", kind: "integer"}, {name: "cursor", words: "where to go on: next of the page before"}}},
		{method: "POST", path: "/approvals", id: "approve", summary: "Approve a post or an account, or take that back", need: RoleArchivist, body: approvalBody{}, answer: apiApproval{}, status: http.StatusCreated, do: s.approve},
	}
}

func (s *Server) askCaptures(r *http.Request) (any, error) {
	body, err := bodyOf[captureBody](r)
	if err != nil {
		return nil, err
	}
	who := callerOf(r.Context())
	o := archiver.CaptureOptions{Operator: who.name, Case: body.Case, Note: body.Note}
	if body.Private {
		o.Privacy = archiver.PrivacyPrivate
	}
	return s.ask(r, "capture", body.Targets, func(target string) (store.ID, error) {
		j, err := s.o.Engine.Request(r.Context(), target, o)
		return j.ID, err
	})
}

func (s *Server) askLooks(r *http.Request) (any, error) {
	body, err := bodyOf[recheckBody](r)
	if err != nil {
		return nil, err
	}
	return s.ask(r, "recheck", body.Targets, func(target string) (store.ID, error) {
		ref, err := s.refIn(target)
		if err != nil {
			return store.ID{}, err
		}
		kept, err := s.o.Engine.LookSoon(r.Context(), ref, s.o.Archive.Now())
		if err == nil && !kept {
			err = fmt.Errorf("%s: %w: capture it first", ref, store.ErrNotFound)
		}
		return store.ID{}, err
	})
}

// ask asks for work on targets and keeps who did. It errors where the first one
// is refused: the rest would be asked for by the next try.
func (s *Server) ask(r *http.Request, action string, targets []string, one func(string) (store.ID, error)) (any, error) {
	if len(targets) == 0 || len(targets) > maxTargets {
		return nil, fmt.Errorf("%w: targets are 1 to %d", store.ErrInvalid, maxTargets)
	}
	who := callerOf(r.Context())
	a := &store.Audit{Time: s.o.Archive.Now(), Actor: who.name, How: who.how, Action: action, Targets: targets}
	for _, target := range targets {
		if len(target) > maxTarget {
			return nil, fmt.Errorf("%w: a target of %d bytes", store.ErrTooLarge, len(target))
		}
		job, err := one(target)
		if err != nil {
			return nil, err
		}
		a.Jobs = append(a.Jobs, job)
	}
	b := s.o.Archive.Begin()
	id, err := b.Add(r.Context(), a)
	if err != nil {
		return nil, err
	}
	if _, err := b.Commit(r.Context()); err != nil {
		return nil, err
	}
	v, err := s.requestOf(r.Context(), id, a)
	return accepted{location: apiPrefix + "/capture-jobs/" + id.String(), value: v}, err
}

// progress says how far it has come what somebody asked for.
func (s *Server) progress(r *http.Request) (any, error) {
	id, err := store.ParseID(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	rec, err := s.o.Archive.Get(r.Context(), id)
	if err != nil {
		return nil, err
	}
	a, err := store.Decode[store.Audit](&rec)
	if err != nil || a.Action != "capture" && a.Action != "recheck" {
		return nil, fmt.Errorf("%s: %w: nothing was asked for under that id", id, store.ErrNotFound)
	}
	return s.requestOf(r.Context(), id, a)
}

func (s *Server) requestOf(ctx context.Context, id store.ID, a *store.Audit) (*apiRequest, error) {
	v := &apiRequest{ID: id, Time: a.Time.UTC(), Action: a.Action, State: "done", Targets: []apiTarget{}}
	for i, target := range a.Targets {
		t := apiTarget{Target: target, State: "done", Captures: []store.ID{}, Status: post.Unknown}
		if err := s.jobState(ctx, &t, a, i); err != nil {
			return nil, err
		}
		if err := s.outcome(ctx, &t, a); err != nil {
			return nil, err
		}
		v.Targets = append(v.Targets, t)
		v.State = worseState(v.State, t.State)
	}
	return v, nil
}

// worseState returns the state that says more about several things: one that
// runs, else one that waits, else one that failed.
func worseState(a, b string) string {
	for _, state := range []string{"running", "waiting", "failed"} {
		if a == state || b == state {
			return state
		}
	}
	return "done"
}

// jobState says how the job of a target stands: one that is not kept any more
// is done.
func (s *Server) jobState(ctx context.Context, t *apiTarget, a *store.Audit, i int) error {
	if i >= len(a.Jobs) || a.Jobs[i].IsZero() {
		return nil
	}
	j, err := s.o.Archive.Backend().Job(ctx, a.Jobs[i])
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	t.Error = j.Error
	switch j.State {
	case store.JobDead:
		t.State = "failed"
	case store.JobLeased:
		t.State = "running"
	default:
		t.State = "waiting"
	}
	return nil
}

// outcome adds what came of a target.
func (s *Server) outcome(ctx context.Context, t *apiTarget, a *store.Audit) error {
	ref, err := s.refIn(t.Target)
	if err != nil {
		return nil // an article
	}
	t.Ref = ref.String()
	v, err := s.o.Reader.Post(ctx, ref)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	t.Status = v.Status.Value
	for _, c := range v.Captures {
		if !c.Time.Before(a.Time.Add(-time.Second)) {
			t.Captures = append(t.Captures, c.ID)
		}
	}
	if a.Action == "recheck" {
		t.State = "waiting"
		if n := len(v.Looks); n > 0 && !v.Looks[n-1].Time.Before(a.Time) {
			t.State = "done"
		}
	}
	return nil
}

func (s *Server) listApprovals(r *http.Request) (any, error) {
	page, err := s.o.Archive.List(r.Context(), store.Query{Term: store.ApprovalsTerm(), Kinds: []store.Kind{store.KindApproval}, Newest: true, Limit: maxPage})
	if err != nil {
		return nil, err
	}
	items := make([]apiApproval, len(page.Records))
	for i := range page.Records {
		a, err := store.Decode[store.Approval](&page.Records[i])
		if err != nil {
			return nil, err
		}
		items[i] = apiApprovalOf(page.Records[i].ID, a)
	}
	return listOf(items, ""), nil
}

func apiApprovalOf(id store.ID, a *store.Approval) apiApproval {
	return apiApproval{ID: id, Time: a.Time.UTC(), Ref: a.Ref.String(), Account: a.Account, Revoked: a.Revoked, Operator: a.Operator, Note: a.Note}
}

func (s *Server) approve(r *http.Request) (any, error) {
	body, err := bodyOf[approvalBody](r)
	if err != nil {
		return nil, err
	}
	who := callerOf(r.Context())
	a := &store.Approval{Time: s.o.Archive.Now(), Account: body.Account, Revoked: body.Revoked, Operator: who.name, Note: body.Note}
	switch {
	case (body.Ref == "") == (body.Account == ""):
		return nil, fmt.Errorf("%w: name a ref or an account", store.ErrInvalid)
	case body.Ref != "":
		ref, err := s.refIn(body.Ref)
		if err != nil {
			return nil, err
		}
		h, err := s.o.Archive.History(r.Context(), ref)
		if err != nil {
			return nil, err
		}
		a.Ref = h.Ref
	default:
		// An account has the form of a reference.
		if _, err := post.ParseRef(body.Account); err != nil {
			return nil, fmt.Errorf("%w: an account is platform:handle or platform:#id", store.ErrInvalid)
		}
	}
	id, err := s.keepApproval(r.Context(), a, who)
	return apiApprovalOf(id, a), err
}

// keepApproval keeps an approval and who gave it.
func (s *Server) keepApproval(ctx context.Context, a *store.Approval, who caller) (store.ID, error) {
	action := "approve"
	if a.Revoked {
		action = "revoke"
	}
	b := s.o.Archive.Begin()
	id, err := b.Add(ctx, a)
	if err != nil {
		return id, err
	}
	audit := &store.Audit{Time: a.Time, Actor: who.name, How: who.how, Action: action, Targets: []string{cmp.Or(a.Ref.String(), a.Account)}, Reason: a.Note}
	if _, err := b.Add(ctx, audit); err != nil {
		return id, err
	}
	_, err = b.Commit(ctx)
	return id, err
}

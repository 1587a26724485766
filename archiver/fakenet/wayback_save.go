package fakenet

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Saving says how the web archive answers to the wish that it keeps a page.
type Saving struct {
	// Code and Message refuse it: error:no-access, ….
	Code, Message string
	// AtOnce refuses it before the work has a name.
	AtOnce bool
	// Pending is how often it is still under way when it is asked about.
	Pending int
	// Had is the time of a snapshot that is there already.
	Had time.Time
	// Forget lets the work be unknown when it is asked about.
	Forget bool
}

// SaveKeys are what the web archive takes: access key and secret.
const SaveKeys = "access:secret"

// saves are the pages that the web archive was asked to keep.
type saves struct {
	how  func(address string) Saving
	jobs map[string]*save
	log  []string
}

type save struct {
	Saving
	url   string
	begun time.Time
}

// OnSave says how wishes are answered; nil takes each.
func (b *Wayback) OnSave(how func(address string) Saving) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.saves.how = how
}

// Saved lists the addresses that were handed over, in their order.
func (b *Wayback) Saved() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.saves.log...)
}

// save answers POST /save.
func (b *Wayback) save(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	form, bad := url.ParseQuery(string(body))
	if err != nil || bad != nil || r.Method != http.MethodPost || form.Get("url") == "" {
		http.Error(w, "<html>Save Page Now</html>", http.StatusBadRequest)
		return
	}
	if r.Header.Get("Authorization") != "LOW "+SaveKeys {
		w.WriteHeader(http.StatusUnauthorized)
		answerSave(w, map[string]any{"message": "You need to be logged in to use Save Page Now."})
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s := &save{url: form.Get("url"), begun: b.now()}
	if b.saves.how != nil {
		s.Saving = b.saves.how(s.url)
	}
	b.saves.log = append(b.saves.log, s.url)
	if s.AtOnce {
		answerSave(w, map[string]any{"status": "error", "status_ext": s.Code, "message": s.Message})
		return
	}
	if b.saves.jobs == nil {
		b.saves.jobs = map[string]*save{}
	}
	job := fmt.Sprintf("spn2-%040x", len(b.saves.log))
	b.saves.jobs[job] = s
	answerSave(w, map[string]any{"url": s.url, "job_id": job})
}

// saveStatus answers GET /save/status/JOB.
func (b *Wayback) saveStatus(w http.ResponseWriter, r *http.Request) {
	job := strings.TrimPrefix(r.URL.Path, "/save/status/")
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.saves.jobs[job]
	switch {
	case s == nil || s.Forget:
		http.NotFound(w, r)
	case s.Pending > 0:
		s.Pending--
		answerSave(w, map[string]any{"status": "pending", "job_id": job, "resources": []string{}})
	case s.Code != "":
		answerSave(w, map[string]any{"status": "error", "job_id": job, "status_ext": s.Code, "exception": s.Message, "message": s.Message, "resources": []string{}})
	default:
		at := s.begun
		if !s.Had.IsZero() {
			at = s.Had
		}
		answerSave(w, map[string]any{"status": "success", "job_id": job, "original_url": s.url, "timestamp": stamp(at), "duration_sec": 6.2,
			"http_status": 200, "resources": []string{s.url}, "outlinks": []string{}})
	}
}

func answerSave(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client is gone where it fails
}

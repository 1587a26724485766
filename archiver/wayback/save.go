package wayback

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"stet/archiver/fetch"
	"stet/store"
)

// saver speaks with Save Page Now, version 2, of the Wayback Machine.
type saver struct {
	client Client
	// keys are the access key and the secret, joined by a colon.
	keys string
	// within is how old a snapshot may be that counts as well.
	within time.Duration
}

// saved is an answer of Save Page Now: of the request, or of a question how it
// stands.
type saved struct {
	Job       string `json:"job_id"`
	Status    string `json:"status"`
	Code      string `json:"status_ext"`
	Message   string `json:"message"`
	Timestamp string `json:"timestamp"`
	Original  string `json:"original_url"`
}

// maxSaved is the largest answer that is read: it can list all that a page is
// made of.
const maxSaved = 8 << 20

// begin asks for a snapshot of a page.
func (s *saver) begin(ctx context.Context, address string) (saved, []store.Exchange, error) {
	form := url.Values{"url": {address}, "skip_first_archive": {"1"}}
	if s.within > 0 {
		form.Set("if_not_archived_within", fmt.Sprintf("%d", int64(s.within/time.Second)))
	}
	return s.ask(ctx, fetch.Request{Method: http.MethodPost, URL: "https://" + Host + "/save", Body: []byte(form.Encode()),
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}})
}

// stands asks how a snapshot that was begun stands.
func (s *saver) stands(ctx context.Context, job string) (saved, []store.Exchange, error) {
	return s.ask(ctx, fetch.Request{URL: "https://" + Host + "/save/status/" + url.PathEscape(job), Header: http.Header{}})
}

func (s *saver) ask(ctx context.Context, r fetch.Request) (saved, []store.Exchange, error) {
	r.Purpose, r.Anonymous, r.MaxBytes, r.MaxRedirects = "submit", true, maxSaved, -1
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Authorization", "LOW "+s.keys)
	resp, err := s.client.Do(ctx, r)
	if resp == nil {
		return saved{}, nil, err
	}
	if err != nil {
		return saved{}, resp.Exchanges, err
	}
	out, err := decodeSaved(resp.Status, resp.Body)
	return out, resp.Exchanges, err
}

// decodeSaved reads an answer of Save Page Now. Refusals of a page come with the
// status 200, trouble of the service with others or as a page for people.
func decodeSaved(status int, body []byte) (saved, error) {
	var out saved
	bad := json.Unmarshal(body, &out) != nil || out == (saved{})
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden && bad, out.Code == "error:unauthorized":
		return saved{}, fmt.Errorf("%w: the web archive does not take the keys; check wayback.access_key and wayback.secret_key (https://archive.org/account/s3.php)", store.ErrRefused)
	case status == http.StatusNotFound:
		return saved{}, errForgotten
	case status/100 == 5:
		return saved{}, fmt.Errorf("%w: the web archive answered %d", store.ErrNetwork, status)
	case bad:
		return saved{}, fmt.Errorf("%w: the web archive answered %d with something else than the state of a snapshot", store.ErrUnexpected, status)
	case out.Status == "error", out.Code != "" && out.Status != "success":
		out.Status = "error"
	case out.Status == "success":
		if _, err := time.Parse(stampLayout, out.Timestamp); err != nil || !strings.Contains(out.Original, "://") {
			return saved{}, fmt.Errorf("%w: the web archive says that it has a snapshot, and not which", store.ErrUnexpected)
		}
	case out.Job == "":
		return saved{}, fmt.Errorf("%w: the web archive names no work and no outcome", store.ErrUnexpected)
	default:
		out.Status = "pending"
	}
	return out, nil
}

// errForgotten says that the archive knows nothing of the work: it forgets after
// an hour.
var errForgotten = fmt.Errorf("%w: the web archive has forgotten the work", store.ErrUnexpected)

// memento describes the snapshot.
func (s *saved) memento() store.Memento {
	t, err := time.Parse(stampLayout, s.Timestamp)
	if err != nil {
		return store.Memento{}
	}
	r := row{Time: t, Original: s.Original}
	return r.memento()
}

// refusal says what follows from a code of Save Page Now.
type refusal int

const (
	// final: the page is not kept, and asking again does not help.
	final refusal = iota
	// passing: asking again later can help.
	passing
	// crowded: as many snapshots are under way as the account may have.
	crowded
	// exhausted: what the account may have on one day.
	exhausted
)

// refusalOf reads a code, as the service's documentation lists them. One that it
// does not list is taken for trouble that passes.
func refusalOf(code string) refusal {
	word := strings.TrimPrefix(code, "error:")
	switch {
	case word == "user-session-limit":
		return crowded
	case strings.HasPrefix(word, "max-daily-bandwidth"):
		return exhausted
	case slices.Contains([]string{"bad-request", "blocked", "blocked-client-ip", "blocked-url", "filesize-limit", "ftp-access-denied",
		"http-version-not-supported", "invalid-url-syntax", "invalid-host-resolution", "method-not-allowed", "not-implemented",
		"network-authentication-required", "no-access", "not-found", "too-many-daily-captures", "too-many-redirects", "bandwidth-limit-exceeded"}, word):
		return final
	}
	return passing
}

package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"stet/store"
)

// The times of a session.
const (
	// idleTime is how long one may rest: a working day, so that nobody logs in
	// twice on one.
	idleTime = 12 * time.Hour
	// wholeTime is the longest that one lasts.
	wholeTime = 7 * 24 * time.Hour
	// maxSessions bounds what is kept of them.
	maxSessions = 10_000
)

// sessions are who is logged in. They are kept in memory: who restarts the
// service logs everybody out.
type sessions struct {
	random io.Reader
	now    func() time.Time
	// key makes the tokens of forms; it is new in each process.
	key [32]byte

	mu   sync.Mutex
	list map[[32]byte]session
}

type session struct {
	name        string
	began, seen time.Time
	since       time.Time
}

func newSessions(random io.Reader, now func() time.Time) (*sessions, error) {
	s := &sessions{random: random, now: now, list: map[[32]byte]session{}}
	if _, err := io.ReadFull(random, s.key[:]); err != nil {
		return nil, fmt.Errorf("drawing the key of forms: %w", err)
	}
	return s, nil
}

// draw returns a name that nobody guesses.
func (s *sessions) draw() (string, error) {
	var raw [32]byte
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := io.ReadFull(s.random, raw[:]); err != nil {
		return "", fmt.Errorf("drawing random bytes: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw[:]), nil
}

// begin logs somebody in and returns the session's name.
func (s *sessions) begin(p Person) (string, error) {
	name, err := s.draw()
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.list) >= maxSessions {
		s.sweep()
	}
	if len(s.list) >= maxSessions {
		return "", fmt.Errorf("%w: too many people are logged in", store.ErrBusy)
	}
	now := s.now()
	s.list[sha256.Sum256([]byte(name))] = session{name: p.Name, began: now, seen: now, since: p.Since}
	return name, nil
}

// sweep forgets the sessions that have ended.
func (s *sessions) sweep() {
	now := s.now()
	for k, v := range s.list {
		if v.over(now) {
			delete(s.list, k)
		}
	}
}

func (v session) over(now time.Time) bool {
	return now.Sub(v.seen) > idleTime || now.Sub(v.began) > wholeTime
}

// find returns a session that has not ended.
func (s *sessions) find(name string) (session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := sha256.Sum256([]byte(name))
	v, ok := s.list[key]
	now := s.now()
	if ok && v.over(now) {
		delete(s.list, key)
		return session{}, false
	}
	if ok {
		v.seen = now
		s.list[key] = v
	}
	return v, ok
}

// end ends a session.
func (s *sessions) end(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.list, sha256.Sum256([]byte(name)))
}

// cookieName returns the name of a cookie: with the prefix by which browsers
// take it from nobody but this host, over an encrypted connection; a browser
// refuses that one on a connection that is not.
func cookieName(r *http.Request, name string) string {
	if encrypted(r) {
		return "__Host-" + name
	}
	return name
}

const (
	sessionCookie = "stet"
	formCookie    = "stet-form"
)

func setCookie(w http.ResponseWriter, r *http.Request, name, value string, age time.Duration) {
	http.SetCookie(w, &http.Cookie{Name: cookieName(r, name), Value: value, Path: "/", HttpOnly: true, Secure: encrypted(r),
		SameSite: http.SameSiteStrictMode, MaxAge: int(age.Seconds())})
}

// inSession returns the user whose session a request belongs to, and false
// where it belongs to none.
func (s *Server) inSession(r *http.Request) (caller, bool, error) {
	cookie, err := r.Cookie(cookieName(r, sessionCookie))
	if err != nil {
		return caller{}, false, nil
	}
	v, ok := s.sessions.find(cookie.Value)
	if !ok {
		return caller{}, false, nil
	}
	p, err := s.o.Keys.User(v.name)
	if errors.Is(err, store.ErrNotFound) || err == nil && !p.Since.Equal(v.since) {
		s.sessions.end(cookie.Value)
		return caller{}, false, nil
	}
	return caller{name: p.Name, role: p.Role, how: "session", session: cookie.Value}, err == nil, err
}

// formToken returns what a form of a page must carry in its field csrf. It
// belongs to the browser and to the session, and is asked for before anything
// is written.
func (s *Server) formToken(w http.ResponseWriter, r *http.Request) (string, error) {
	id := ""
	if c, err := r.Cookie(cookieName(r, formCookie)); err == nil {
		id = c.Value
	}
	if len(id) != 43 {
		var err error
		if id, err = s.sessions.draw(); err != nil {
			return "", err
		}
		setCookie(w, r, formCookie, id, 0)
	}
	return s.sessions.formToken(id, callerOf(r.Context()).session), nil
}

func (s *sessions) formToken(id, session string) string {
	mac := hmac.New(sha256.New, s.key[:])
	fmt.Fprintf(mac, "%s %s", id, session) // a hash takes everything
	return hex.EncodeToString(mac.Sum(nil))
}

// checkForm errors where a form does not carry the token of its page.
func (s *Server) checkForm(r *http.Request, who caller) error {
	if who.how == "token" {
		return nil
	}
	c, err := r.Cookie(cookieName(r, formCookie))
	if err == nil && len(c.Value) == 43 && hmac.Equal([]byte(r.PostFormValue("csrf")), []byte(s.sessions.formToken(c.Value, who.session))) {
		return nil
	}
	return fmt.Errorf("%w: the form is out of date; load the page again and send it once more", store.ErrRefused)
}

package web

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
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
	// renewTime is how old the word of when it was seen last may be.
	renewTime = 10 * time.Minute
)

// secretBytes is how long the secret of the pages is.
const secretBytes = 32

// sessions say who is logged in. Nothing is kept of them here: the cookie says
// who it is and since when, under a seal that only those with the secret can
// make. With the same secret, another process takes the reader on.
type sessions struct {
	random io.Reader
	now    func() time.Time
	cursor store.Cursors
	// seals makes the seals of cookies, key the tokens of forms and the
	// addresses of archived bytes.
	seals, key [32]byte

	mu sync.Mutex // one at a time draws
}

// session is what a cookie says.
type session struct {
	// ID is drawn, Name the user's.
	ID   string `json:"i"`
	Name string `json:"n"`
	// Began and Seen are milliseconds; Since is when the password was set, in
	// nanoseconds.
	Began int64 `json:"b"`
	Seen  int64 `json:"s"`
	Since int64 `json:"p"`
}

// newSessions returns sessions under a secret; an empty one is drawn, and holds
// as long as the process.
func newSessions(o *Options) (*sessions, error) {
	s := &sessions{random: o.Random, now: o.Archive.Now, cursor: o.Archive.Backend()}
	secret := o.Secret
	if len(secret) == 0 {
		secret = make([]byte, secretBytes)
		if _, err := io.ReadFull(o.Random, secret); err != nil {
			return nil, fmt.Errorf("drawing the secret of the pages: %w", err)
		}
	}
	if len(secret) < secretBytes {
		return nil, fmt.Errorf("%w: the secret of the pages has %d bytes, and needs %d", store.ErrUsage, len(secret), secretBytes)
	}
	s.seals, s.key = derived(secret, "sessions"), derived(secret, "forms")
	return s, nil
}

// derived returns the key for one purpose.
func derived(secret []byte, purpose string) (key [32]byte) {
	mac := hmac.New(sha256.New, secret)
	fmt.Fprintf(mac, "stet pages, %s", purpose) // a hash takes everything
	copy(key[:], mac.Sum(nil))
	return key
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

// begin logs somebody in and returns the cookie. A session begins after the last
// one was ended, also where another machine's clock, which ended it, is ahead.
func (s *sessions) begin(ctx context.Context, p Person) (string, error) {
	id, err := s.draw()
	if err != nil {
		return "", err
	}
	at, err := s.cursor.Cursor(ctx, endName(p.Name))
	if err != nil {
		return "", err
	}
	now := s.now().UnixMilli()
	return s.seal(session{ID: id, Name: p.Name, Began: max(now, int64(at)+1), Seen: now, Since: p.Since.UnixNano()}) //nolint:gosec // milliseconds
}

// seal writes a session as a cookie.
func (s *sessions) seal(v session) (string, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("beginning a session: %w", err)
	}
	word := base64.RawURLEncoding.EncodeToString(body)
	return word + "." + base64.RawURLEncoding.EncodeToString(s.mac(word)), nil
}

func (s *sessions) mac(word string) []byte {
	mac := hmac.New(sha256.New, s.seals[:])
	mac.Write([]byte(word)) // a hash takes everything
	return mac.Sum(nil)
}

// find returns the session of a cookie, false where it is none of ours or has
// ended by itself.
func (s *sessions) find(cookie string) (session, bool) {
	var v session
	word, seal, _ := strings.Cut(cookie, ".")
	given, err := base64.RawURLEncoding.DecodeString(seal)
	if err != nil || !hmac.Equal(given, s.mac(word)) {
		return session{}, false
	}
	body, err := base64.RawURLEncoding.DecodeString(word)
	if err != nil || json.Unmarshal(body, &v) != nil || v.over(s.now()) {
		return session{}, false
	}
	return v, true
}

func (v *session) over(now time.Time) bool {
	return now.Sub(time.UnixMilli(v.Seen)) > idleTime || now.Sub(time.UnixMilli(v.Began)) > wholeTime
}

// renewed returns the cookie that says when a session was seen last, empty where
// the one that there is says it well enough.
func (s *sessions) renewed(v session) (string, error) {
	now := s.now()
	if now.Sub(time.UnixMilli(v.Seen)) < renewTime {
		return "", nil
	}
	v.Seen = now.UnixMilli()
	return s.seal(v)
}

// endName is the name under which the archive knows when somebody logged out
// last: all processes of it ask there. Names of people are not in it.
func endName(user string) string {
	return fmt.Sprintf("web/logout/%x", sha256.Sum256([]byte(user)))
}

// end ends all sessions of a user that have begun, wherever they are.
func (s *sessions) end(ctx context.Context, user string) error {
	for range 5 {
		at, err := s.cursor.Cursor(ctx, endName(user))
		if err != nil {
			return err
		}
		now := uint64(max(s.now().UnixMilli(), 0)) //nolint:gosec // not negative
		if now <= at {
			return nil
		}
		if err = s.cursor.SetCursor(ctx, endName(user), at, now); !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("%w: logging out; try again", store.ErrBusy)
}

// ended reports whether its user has logged out since a session began.
func (s *sessions) ended(ctx context.Context, v *session) (bool, error) {
	at, err := s.cursor.Cursor(ctx, endName(v.Name))
	return at > 0 && v.Began <= int64(at), err //nolint:gosec // milliseconds
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
	p, err := s.o.Keys.User(v.Name)
	if errors.Is(err, store.ErrNotFound) || err == nil && p.Since.UnixNano() != v.Since {
		return caller{}, false, nil
	}
	if err != nil {
		return caller{}, false, err
	}
	if ended, err := s.sessions.ended(r.Context(), &v); ended || err != nil {
		return caller{}, false, err
	}
	c := caller{name: p.Name, role: p.Role, how: "session", session: v.ID}
	if c.renewed, err = s.sessions.renewed(v); err != nil {
		return caller{}, false, err
	}
	c.until = time.UnixMilli(v.Began).Add(wholeTime)
	return c, true, nil
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

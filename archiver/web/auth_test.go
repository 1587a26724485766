package web

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"stet/archiver"
	"stet/store"
	"stet/store/mem"
)

// people are keys in memory.
type people struct {
	users     map[string]Person
	passwords map[string]string
	tokens    map[string]Person
}

func (p *people) Any() (bool, error) { return len(p.users) > 0, nil }
func (p *people) Token(secret string) (Person, error) {
	if t, ok := p.tokens[secret]; ok {
		return t, nil
	}
	return Person{}, fmt.Errorf("%w: the token is not known", store.ErrRefused)
}
func (p *people) Password(name, password string) (Person, error) {
	if u, ok := p.users[name]; ok && p.passwords[name] == password {
		return u, nil
	}
	return Person{}, fmt.Errorf("%w: wrong", store.ErrRefused)
}
func (p *people) User(name string) (Person, error) {
	if u, ok := p.users[name]; ok {
		return u, nil
	}
	return Person{}, store.ErrNotFound
}

// guarded is a server with users and a clock that the test moves.
func guarded(t *testing.T) (*Server, *people, *time.Time) {
	t.Helper()
	s, p, at, _ := guardedWith(t, nil)
	return s, p, at
}

// guardedWith is [guarded] with a secret, and with what makes another server of
// the same archive.
func guardedWith(t *testing.T, secret []byte) (*Server, *people, *time.Time, func(secret []byte) *Server) {
	t.Helper()
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	now := func() time.Time { return at }
	m := mem.New(mem.Options{Now: now})
	a := store.NewArchive(store.Parts{Backend: m, Blobs: m, Now: now, Random: rand.Reader})
	p := &people{users: map[string]Person{"ada": {Name: "ada", Role: RoleArchivist, Since: at}, "bob": {Name: "bob", Role: RoleReader, Since: at}},
		passwords: map[string]string{"ada": "right", "bob": "right"},
		tokens:    map[string]Person{"stet_r": {Name: "reading", Role: RoleReader}, "stet_c": {Name: "capturing", Role: RoleArchivist}}}
	another := func(secret []byte) *Server {
		t.Helper()
		s, err := New(Options{Archive: a, Engine: archiver.New(archiver.Options{Archive: a}), Keys: p, Random: rand.Reader, Hosts: []string{"desk.news.example"}, Secret: secret})
		if err != nil {
			t.Fatal(err)
		}
		s.desk = newSite(s.routes(), s.logins(), []route{
			{pattern: "GET /who", need: RoleReader, handle: func(w http.ResponseWriter, r *http.Request) error {
				token, err := s.formToken(w, r)
				c := callerOf(r.Context())
				fmt.Fprintf(w, "%s %s %s csrf=%q", c.how, c.name, c.role, token)
				return err
			}},
			{pattern: "GET /file", handle: hello},
			{pattern: "POST /form", need: RoleArchivist, form: true, handle: hello},
			{pattern: "POST /json", need: RoleArchivist, handle: hello},
		})
		return s
	}
	return another(secret), p, &at, another
}

// visitorOf keeps cookies, as a browser on another machine does.
type visitorOf struct {
	s       *Server
	cookies map[string]*http.Cookie
	plain   bool
}

func (b *visitorOf) do(method, path string, form url.Values, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Host, r.RemoteAddr = "desk.news.example", "127.0.0.1:5"
	r.Header.Set("X-Forwarded-For", "192.0.2.7")
	if !b.plain {
		r.Header.Set("X-Forwarded-Proto", "https")
	}
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", base(r))
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	b.s.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c
		}
	}
	return w
}

// token returns the token of the form on a page.
func (b *visitorOf) token(t *testing.T, path string) string {
	t.Helper()
	w := b.do("GET", path, nil, nil)
	m := regexp.MustCompile(`csrf="?(?: value=)?"?([0-9a-f]{64})|name="csrf" value="([0-9a-f]{64})"`).FindStringSubmatch(w.Body.String())
	if m == nil {
		t.Fatalf("%s has no token: %d %s", path, w.Code, w.Body)
	}
	return m[1] + m[2]
}

func (b *visitorOf) login(t *testing.T, name, password, next string) *httptest.ResponseRecorder {
	t.Helper()
	return b.do("POST", "/login", url.Values{"csrf": {b.token(t, "/login")}, "name": {name}, "password": {password}, "next": {next}}, nil)
}

func TestLogin(t *testing.T) {
	s, p, at := guarded(t)
	b := &visitorOf{s: s, cookies: map[string]*http.Cookie{}}
	if w := b.do("GET", "/who?a=b", nil, header("Accept", "text/html")); w.Code != 303 || w.Header().Get("Location") != "/login?next=%2Fwho%3Fa%3Db" {
		t.Fatalf("a stranger is led to %d %q", w.Code, w.Header().Get("Location"))
	}
	if w := b.do("GET", "/who", nil, nil); w.Code != 401 || !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Bearer") {
		t.Errorf("a program is told %d %v", w.Code, w.Header())
	}
	if w := b.login(t, "ada", "wrong", "/who"); w.Code != 403 || b.cookies["__Host-stet"] != nil {
		t.Errorf("with a wrong password: %d %v", w.Code, b.cookies)
	}
	w := b.login(t, "ada", "right", "/who")
	if w.Code != 303 || w.Header().Get("Location") != "/who" {
		t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	c := w.Result().Cookies()[0]
	if c.Name != "__Host-stet" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" {
		t.Errorf("the cookie is %v", c)
	}
	if w := b.do("GET", "/who", nil, nil); !strings.HasPrefix(w.Body.String(), "session ada archivist") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	old := *b.cookies["__Host-stet"]
	token := b.token(t, "/who")
	if w := b.do("POST", "/form", url.Values{"csrf": {token}}, nil); w.Code != 200 {
		t.Errorf("a form is refused: %d %s", w.Code, w.Body)
	}
	for name, form := range map[string]url.Values{"no token": nil, "a wrong token": {"csrf": {strings.Repeat("0", 64)}}, "in the query": {}} {
		path := "/form"
		if name == "in the query" {
			path += "?csrf=" + token
		}
		if w := b.do("POST", path, form, nil); w.Code != 403 {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	if w := b.do("POST", "/form", url.Values{"csrf": {token}}, header("Origin", "https://evil.example")); w.Code != 403 {
		// The browser's word about the site stands above the origin; both must fit.
		w = b.do("POST", "/form", url.Values{"csrf": {token}}, header("Sec-Fetch-Site", "cross-site"))
		if w.Code != 403 {
			t.Errorf("from another site: %d", w.Code)
		}
	}
	if w := b.do("POST", "/json", nil, nil); w.Code != 400 {
		t.Errorf("a form where JSON is due: %d", w.Code)
	}
	if w := b.do("POST", "/json", nil, header("Content-Type", "application/json; charset=utf-8")); w.Code != 200 {
		t.Errorf("JSON: %d %s", w.Code, w.Body)
	}
	// A token of a form is not that of another session.
	b2 := &visitorOf{s: s, cookies: map[string]*http.Cookie{}}
	b2.login(t, "ada", "right", "")
	if w := b2.do("POST", "/form", url.Values{"csrf": {token}}, nil); w.Code != 403 {
		t.Errorf("somebody else's token: %d", w.Code)
	}
	// A new password, a lower role and removal hold at once.
	p.users["ada"] = Person{Name: "ada", Role: RoleReader, Since: p.users["ada"].Since}
	if w := b.do("POST", "/form", url.Values{"csrf": {token}}, nil); w.Code != 403 {
		t.Errorf("after the role was taken: %d", w.Code)
	}
	p.users["ada"] = Person{Name: "ada", Role: RoleArchivist, Since: at.Add(time.Second)}
	if w := b.do("GET", "/who", nil, nil); w.Code != 401 {
		t.Errorf("after a new password: %d", w.Code)
	}
	b.login(t, "ada", "right", "")
	delete(p.users, "ada")
	if w := b.do("GET", "/who", nil, nil); w.Code != 401 {
		t.Errorf("after removal: %d", w.Code)
	}
	b.cookies["__Host-stet"] = &old
	if w := b.do("GET", "/who", nil, nil); w.Code != 401 {
		t.Errorf("with a cookie of before: %d", w.Code)
	}
	b.login(t, "bob", "right", "")
	*at = at.Add(idleTime - time.Minute)
	if w := b.do("GET", "/who", nil, nil); w.Code != 200 {
		t.Errorf("within a day: %d", w.Code)
	}
	*at = at.Add(idleTime + time.Minute)
	if w := b.do("GET", "/who", nil, nil); w.Code != 401 {
		t.Errorf("after a night: %d", w.Code)
	}
	b.login(t, "bob", "right", "")
	b.do("POST", "/logout", url.Values{"csrf": {b.token(t, "/who")}}, nil)
	if w := b.do("GET", "/who", nil, nil); w.Code != 401 {
		t.Errorf("after logging out: %d", w.Code)
	}
}

// TestPlainLogin: without encryption the cookie has its plain name, and the page
// says what that means.
func TestPlainLogin(t *testing.T) {
	s, _, _ := guarded(t)
	b := &visitorOf{s: s, cookies: map[string]*http.Cookie{}, plain: true}
	if w := b.do("GET", "/login", nil, nil); !strings.Contains(w.Body.String(), "not encrypted") {
		t.Errorf("the page does not warn: %s", w.Body)
	}
	b.login(t, "ada", "right", "")
	if c := b.cookies["stet"]; c == nil || c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode {
		t.Errorf("the cookie is %v", c)
	}
	if w := b.do("GET", "/who", nil, nil); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestTokens(t *testing.T) {
	s, _, _ := guarded(t)
	for name, tt := range map[string]struct {
		method, path string
		change       func(*http.Request)
		want         int
	}{
		"a bearer":         {"GET", "/who", header("Authorization", "Bearer stet_r"), 200},
		"in small letters": {"GET", "/who", header("Authorization", "bearer  stet_r"), 200},
		"as a password":    {"GET", "/who", func(r *http.Request) { r.SetBasicAuth("anybody", "stet_r") }, 200},
		"unknown":          {"GET", "/who", header("Authorization", "Bearer stet_x"), 401},
		"empty":            {"GET", "/who", header("Authorization", "Bearer "), 401},
		"another scheme":   {"GET", "/who", header("Authorization", "Digest x"), 401},
		"reads only":       {"POST", "/json", header("Authorization", "Bearer stet_r"), 403},
		"captures":         {"POST", "/json", header("Authorization", "Bearer stet_c"), 200},
		"sends a form":     {"POST", "/form", header("Authorization", "Bearer stet_c"), 200},
		"from another site": {"POST", "/json", func(r *http.Request) {
			r.Header.Set("Authorization", "Bearer stet_c")
			r.Header.Set("Origin", "https://evil.example")
		}, 403},
		"unknown, at the desk": {"GET", "/who", func(r *http.Request) {
			r.Header.Set("Authorization", "Bearer stet_x")
			r.Host, r.RemoteAddr = "localhost", "127.0.0.1:5"
		}, 401},
	} {
		w := ask(s, tt.method, tt.path, func(r *http.Request) {
			r.Host, r.RemoteAddr = "desk.news.example", "192.0.2.9:5"
			tt.change(r)
		})
		if w.Code != tt.want {
			t.Errorf("%s: %d, want %d: %s", name, w.Code, tt.want, w.Body)
		}
	}
}

// TestAtTheMachine: whoever sits there may do everything until there are users,
// and read from then on.
func TestAtTheMachine(t *testing.T) {
	s, p, _ := guarded(t)
	js := header("Content-Type", "application/json")
	if w := ask(s, "GET", "/who", nil); w.Code != 200 || !strings.HasPrefix(w.Body.String(), "here  reader") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := ask(s, "POST", "/json", js); w.Code != 401 {
		t.Errorf("writing where there are users: %d", w.Code)
	}
	clear(p.users)
	if w := ask(s, "POST", "/json", js); w.Code != 200 {
		t.Errorf("writing where there are none: %d %s", w.Code, w.Body)
	}
	if w := ask(s, "POST", "/json", header("Content-Type", "text/plain")); w.Code != 400 {
		t.Errorf("what a form can send: %d", w.Code)
	}
	if w := ask(s, "POST", "/form", nil); w.Code != 403 {
		t.Errorf("a form without token: %d", w.Code)
	}
}

func TestGuessing(t *testing.T) {
	s, _, at := guarded(t)
	b := &visitorOf{s: s, cookies: map[string]*http.Cookie{}}
	for range freeGuesses {
		if w := b.login(t, "ada", "wrong", ""); w.Code != 403 {
			t.Fatalf("a free guess: %d", w.Code)
		}
	}
	if w := b.login(t, "ada", "right", ""); w.Code != 429 || w.Header().Get("Retry-After") != "3" {
		t.Errorf("guessed too often: %d %v", w.Code, w.Header())
	}
	elsewhere := func(r *http.Request) { r.Header.Set("X-Forwarded-For", "10.0.0.1, 198.51.100.3") }
	if w := b.do("POST", "/login", url.Values{"csrf": {b.token(t, "/login")}, "name": {"ada"}, "password": {"right"}}, elsewhere); w.Code != 303 {
		t.Errorf("somebody else is kept out: %d", w.Code)
	}
	*at = at.Add(3 * time.Second)
	if w := b.login(t, "ada", "wrong", ""); w.Code != 403 {
		t.Errorf("after the wait: %d", w.Code)
	}
	if wait := s.throttle.wait("192.0.2.7"); wait != 4*time.Second {
		t.Errorf("the next wait is %s", wait)
	}
	*at = at.Add(5 * time.Second)
	if w := b.login(t, "ada", "right", ""); w.Code != 303 || s.throttle.wait("192.0.2.7") != 0 {
		t.Errorf("the right one: %d", w.Code)
	}
	for i := range maxGuessers + 10 {
		s.throttle.wrong(fmt.Sprint(i))
	}
	if n := len(s.throttle.list); n > maxGuessers {
		t.Errorf("%d networks are kept", n)
	}
}

func TestNetwork(t *testing.T) {
	for remote, want := range map[string]string{"192.0.2.7:5": "192.0.2.7", "[2001:db8:1:2:3::4]:5": "2001:db8:1:2::/64", "127.0.0.1:5": "127.0.0.1", "x": "invalid IP"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = remote
		if got := network(r); got != want {
			t.Errorf("%s: %s, want %s", remote, got, want)
		}
	}
}

func TestLocalPath(t *testing.T) {
	for in, want := range map[string]string{"/p/twitter:20?a=b": "/p/twitter:20?a=b", "": "/", "//evil.example": "/", "/\\evil.example": "/", "https://evil.example": "/", "javascript:alert(1)": "/",
		"/a\r\nb": "/", "/login?next=/": "/", "/logout": "/", "p": "/"} {
		if got := localPath(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// TestSessionsAreShared: a session and its forms go on after a restart and on
// another machine with the same secret, and logging out ends it everywhere.
func TestSessionsAreShared(t *testing.T) {
	secret := bytes.Repeat([]byte("s"), secretBytes)
	s, _, at, another := guardedWith(t, secret)
	b := &visitorOf{s: s, cookies: map[string]*http.Cookie{}}
	b.login(t, "ada", "right", "")
	token := b.token(t, "/who")
	second := another(secret)
	for name, server := range map[string]*Server{"here": s, "elsewhere": second} {
		b.s = server
		if w := b.do("GET", "/who", nil, nil); w.Code != 200 {
			t.Errorf("%s: %d", name, w.Code)
		}
		if w := b.do("POST", "/form", url.Values{"csrf": {token}}, nil); w.Code != 200 {
			t.Errorf("a form, %s: %d", name, w.Code)
		}
	}
	for name, server := range map[string]*Server{"with another secret": another(bytes.Repeat([]byte("t"), secretBytes)), "with none": another(nil)} {
		if w := (&visitorOf{s: server, cookies: b.cookies}).do("GET", "/who", nil, nil); w.Code != 401 {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	if _, err := New(Options{Archive: s.o.Archive, Random: rand.Reader, Secret: []byte("short")}); !errors.Is(err, store.ErrUsage) {
		t.Errorf("a short secret: %v", err)
	}
	// What is changed in a cookie, or sealed by somebody else, is nobody's.
	good := b.cookies["__Host-stet"].Value
	word, seal, _ := strings.Cut(good, ".")
	body, err := base64.RawURLEncoding.DecodeString(word)
	if err != nil || strings.Contains(string(body), "right") {
		t.Fatalf("%s %v", body, err)
	}
	other := base64.RawURLEncoding.EncodeToString(bytes.Replace(body, []byte(`"ada"`), []byte(`"bob"`), 1))
	for _, bad := range []string{other + "." + seal, word + ".", word, "." + seal, seal + "." + word, good + "A", ""} {
		if w := b.do("GET", "/who", nil, func(r *http.Request) { r.Header.Set("Cookie", "__Host-stet="+bad) }); w.Code != 401 {
			t.Errorf("the cookie %q: %d", bad, w.Code)
		}
	}
	// It is made new while it is used, but not with what anybody may keep, and
	// lasts a week at most.
	*at = at.Add(renewTime)
	if w := b.do("GET", "/file", nil, nil); len(w.Result().Cookies()) > 0 {
		t.Errorf("a file carries %v", w.Result().Cookies())
	}
	for range 7*2 + 1 {
		*at = at.Add(idleTime - time.Hour)
		if w := b.do("GET", "/who", nil, nil); w.Code != 200 || len(w.Result().Cookies()) != 1 || b.cookies["__Host-stet"].Value == good {
			t.Fatalf("after a rest: %d %v", w.Code, w.Result().Cookies())
		}
	}
	*at = at.Add(idleTime)
	if w := b.do("GET", "/who", nil, nil); w.Code != 401 {
		t.Errorf("after a week: %d", w.Code)
	}
	// Logging out on one ends all that have begun, and not those of later, also
	// where the other's clock is behind.
	b.login(t, "ada", "right", "")
	stolen := map[string]*http.Cookie{"__Host-stet": b.cookies["__Host-stet"]}
	b.do("POST", "/logout", url.Values{"csrf": {b.token(t, "/who")}}, nil)
	for _, server := range []*Server{s, second, another(secret)} {
		if w := (&visitorOf{s: server, cookies: stolen}).do("GET", "/who", nil, nil); w.Code != 401 {
			t.Errorf("a cookie of before: %d", w.Code)
		}
	}
	*at = at.Add(-time.Minute)
	b = &visitorOf{s: s, cookies: map[string]*http.Cookie{}}
	b.login(t, "ada", "right", "")
	if w := b.do("GET", "/who", nil, nil); w.Code != 200 {
		t.Errorf("after logging in again: %d", w.Code)
	}
}

// TestSlowLogin: whoever sends a log-in drop by drop holds no place, and is
// answered after some seconds; one that is as long as an article is not read.
func TestSlowLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, _ := guarded(t)
		pipes := newPipes()
		server := &http.Server{Handler: s, ReadTimeout: 30 * time.Second}
		var group sync.WaitGroup
		group.Go(func() { _ = server.Serve(pipes) })
		defer group.Wait()
		defer time.Sleep(time.Second) // the server lingers with whom it refused
		defer server.Close()
		const head = "POST /login HTTP/1.1\r\nHost: desk.news.example\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n"
		ask := func(request string) *bufio.Reader {
			c := pipes.dial()
			group.Go(func() { _, _ = io.WriteString(c, request) })
			return bufio.NewReader(c)
		}
		status := func(in *bufio.Reader) int {
			resp, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			return resp.StatusCode
		}
		began := time.Now()
		var slow []*bufio.Reader
		for range maxConcurrent + 1 {
			slow = append(slow, ask(fmt.Sprintf(head, 100)+"name=ada"))
		}
		synctest.Wait()
		if got := status(ask("GET /login HTTP/1.1\r\nHost: desk.news.example\r\n\r\n")); got != 200 {
			t.Errorf("while others send slowly: %d", got)
		}
		for _, in := range slow {
			if got := status(in); got != http.StatusRequestTimeout {
				t.Fatalf("slow: %d", got)
			}
		}
		if took := time.Since(began); took != strangerTime {
			t.Errorf("the slow ones were answered after %s", took)
		}
		if got := status(ask(fmt.Sprintf(head, maxStranger+1) + strings.Repeat("x", maxStranger+1))); got != http.StatusRequestEntityTooLarge {
			t.Errorf("a long one: %d", got)
		}
		if got := status(ask(fmt.Sprintf(head, 9) + "name=ada&")); got != 403 { // without the token of its page
			t.Errorf("a quick one: %d", got)
		}
	})
}

// pipes is a listener whose connections are pipes, for bubbles of time.
type pipes struct {
	conns chan net.Conn
	ended chan struct{}
	close func()
}

func newPipes() *pipes {
	p := &pipes{conns: make(chan net.Conn), ended: make(chan struct{})}
	p.close = sync.OnceFunc(func() { close(p.ended) })
	return p
}

func (p *pipes) dial() net.Conn {
	ours, its := net.Pipe()
	p.conns <- its
	return ours
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.ended:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.close(); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"stet/store"
)

// maxHashing is how many passwords are looked at at a time: each takes memory.
const maxHashing = 2

// logins lists the routes of logging in and out.
func (s *Server) logins() []route {
	return []route{
		{pattern: "GET /login", handle: s.loginForm},
		{pattern: "POST /login", form: true, handle: s.login},
		{pattern: "POST /logout", form: true, handle: s.logout},
	}
}

// loginView is what the page of logging in shows.
type loginView struct {
	CSRF, Next, Name, Error string
	// Who is logged in already.
	Who string
	// Plain is true where a password could be read on the way.
	Plain bool
}

func (s *Server) loginForm(w http.ResponseWriter, r *http.Request) error {
	return s.showLogin(w, r, http.StatusOK, loginView{Next: localPath(r.URL.Query().Get("next"))})
}

func (s *Server) showLogin(w http.ResponseWriter, r *http.Request, status int, v loginView) error {
	var err error
	if v.CSRF, err = s.formToken(w, r); err != nil {
		return err
	}
	v.Who, v.Plain = callerOf(r.Context()).name, !encrypted(r) && !here(r)
	return s.render(w, r, status, "login", frame{Title: "Log in", Token: v.CSRF, Body: v})
}

// login looks at a name and a password.
func (s *Server) login(w http.ResponseWriter, r *http.Request) error {
	v := loginView{Next: localPath(r.PostFormValue("next")), Name: plain(r.PostFormValue("name"))}
	from := network(r)
	if wait := s.throttle.wait(from); wait > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int(wait/time.Second)+1))
		v.Error = fmt.Sprintf("Too many wrong passwords. Try again in %s.", wait.Round(time.Second))
		return s.showLogin(w, r, http.StatusTooManyRequests, v)
	}
	select {
	case s.hashing <- struct{}{}:
		defer func() { <-s.hashing }()
	case <-r.Context().Done():
		return fmt.Errorf("%w: too many people log in; try again in a moment", store.ErrBusy)
	}
	p, err := s.o.Keys.Password(r.PostFormValue("name"), r.PostFormValue("password"))
	if errors.Is(err, store.ErrRefused) {
		s.throttle.wrong(from)
		s.o.Log.Warn("a password was wrong", "from", from)
		v.Error = "The name or the password is wrong."
		return s.showLogin(w, r, http.StatusForbidden, v)
	}
	if err != nil {
		return err
	}
	s.throttle.right(from)
	name, err := s.sessions.begin(r.Context(), p)
	if err != nil {
		return err
	}
	setCookie(w, r, sessionCookie, name, wholeTime)
	http.Redirect(w, r, v.Next, http.StatusSeeOther)
	return nil
}

func (s *Server) logout(w http.ResponseWriter, r *http.Request) error {
	if who := callerOf(r.Context()); who.session != "" {
		if err := s.sessions.end(r.Context(), who.name); err != nil {
			return err
		}
	}
	setCookie(w, r, sessionCookie, "", -time.Second)
	http.Redirect(w, r, "/login", http.StatusSeeOther)
	return nil
}

// localPath returns a path of this server to go on at, "/" where s is anything
// else: what browsers read as another host begins with two slashes of either
// kind.
func localPath(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") ||
		strings.ContainsAny(s, "\\") || strings.ContainsFunc(s, unseen) || strings.HasPrefix(s, "/log") {
		return "/"
	}
	return s
}

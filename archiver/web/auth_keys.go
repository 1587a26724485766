package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"stet/store"
)

// Keys say who somebody is. Implementations are safe for concurrent use.
type Keys interface {
	// Any reports whether there are users.
	Any() (bool, error)
	// Token returns who holds a token. It errors with ErrRefused where it opens
	// nothing.
	Token(secret string) (Person, error)
	// Password returns the user of a name and a password. It errors with
	// ErrRefused where they are wrong, and takes its time.
	Password(name, password string) (Person, error)
	// User returns a user. It errors with ErrNotFound where there is none of
	// that name any more.
	User(name string) (Person, error)
}

// Person is somebody who may come in.
type Person struct {
	Name string
	Role Role
	// Since is when the password was set: sessions that began before have
	// ended.
	Since time.Time
}

// nobody is what keys there are where none were given.
type nobody struct{}

// Any reports false.
func (nobody) Any() (bool, error) { return false, nil }

// Token refuses.
func (nobody) Token(string) (Person, error) { return Person{}, errLogin }

// Password refuses.
func (nobody) Password(string, string) (Person, error) { return Person{}, errLogin }

// User finds nobody.
func (nobody) User(string) (Person, error) { return Person{}, store.ErrNotFound }

// caller is who asks.
type caller struct {
	// name is that of the user or the token, empty for whoever sits at the
	// machine.
	name string
	// role is empty for somebody who is not known.
	role Role
	// how is here, session or token.
	how string
	// session is that of a user.
	session string
	// renewed is the cookie that its browser is to have from now on, empty for
	// the one that it has, and until when the session ends at the latest.
	renewed string
	until   time.Time
}

type callerKey struct{}

func withCaller(ctx context.Context, c caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// callerOf returns who asks.
func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}

// identify says who asks: the holder of a token that is sent, the user of a
// session, or whoever sits at the machine. The last may do everything while
// there are no users, and read from then on. It errors with ErrRefused where a
// token is shown that opens nothing.
func (s *Server) identify(r *http.Request) (caller, error) {
	if secret, ok := tokenIn(r); ok {
		p, err := s.o.Keys.Token(secret)
		if store.ClassOf(err).Name == "refused" {
			return caller{}, fmt.Errorf("%w: %w", errLogin, err)
		}
		return caller{name: p.Name, role: p.Role, how: "token"}, err
	}
	if c, ok, err := s.inSession(r); ok || err != nil {
		return c, err
	}
	if !here(r) {
		return caller{}, nil
	}
	users, err := s.o.Keys.Any()
	switch {
	case err != nil:
		return caller{}, err
	case users:
		return caller{role: RoleReader, how: "here"}, nil
	}
	return caller{role: RoleAdmin, how: "here"}, nil
}

// tokenIn returns the token of a request: as a bearer, or as the password of
// what can only send those, such as a feed reader.
func tokenIn(r *http.Request) (string, bool) {
	if _, password, ok := r.BasicAuth(); ok {
		return password, true
	}
	scheme, secret, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return "", r.Header.Get("Authorization") != ""
	}
	return strings.TrimSpace(secret), true
}

// errLogin is the answer to somebody who is not known.
var errLogin = fmt.Errorf("%w: log in first, or send a token", store.ErrRefused)

// permit errors where who asks may not do what is asked for, or where somebody
// else's page asks for it.
func (s *Server) permit(route *route, who caller, r *http.Request) error {
	switch {
	case route.need == "" || who.role.Includes(route.need):
	case who.role == "":
		return errLogin
	case who.how == "here":
		return fmt.Errorf("%w: this needs the role %s; log in", errLogin, route.need)
	default:
		return fmt.Errorf("%w: this needs the role %s, and %s has %s", store.ErrRefused, route.need, who.name, who.role)
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil
	}
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		return fmt.Errorf("%w: the request comes from a page of another site", store.ErrRefused)
	}
	switch {
	case route.form:
		return s.checkForm(r, who)
	case who.how != "token" && !isJSON(r):
		// What a form of another site can send is never that.
		return fmt.Errorf("%w: send it as application/json", store.ErrInvalid)
	}
	return nil
}

func isJSON(r *http.Request) bool {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(kind), "application/json")
}

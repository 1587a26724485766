package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"stet/store"
)

// Role is what somebody may do at the desk.
type Role string

// The roles, each of which may do what the ones before may.
const (
	// RoleReader looks up and shows.
	RoleReader Role = "reader"
	// RoleArchivist also captures, looks again, keeps cases, and approves what
	// the public is shown.
	RoleArchivist Role = "archivist"
	// RoleAdmin may do everything.
	RoleAdmin Role = "admin"
)

// Roles lists the roles, the least first.
func Roles() []Role { return []Role{RoleReader, RoleArchivist, RoleAdmin} }

// Includes reports whether the role may do what another may.
func (r Role) Includes(other Role) bool {
	has, wanted := slices.Index(Roles(), r), slices.Index(Roles(), other)
	return has >= 0 && wanted >= 0 && has >= wanted
}

// caller is who asks.
type caller struct {
	// name is that of the user or the token, empty for whoever sits at the
	// machine.
	name string
	// role is empty for somebody who is not known.
	role Role
	// how is here, session or token.
	how string
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

// identify says who asks. It errors with ErrRefused where a token or a session
// is shown that opens nothing.
func (s *Server) identify(r *http.Request) (caller, error) {
	if here(r) {
		return caller{role: RoleAdmin, how: "here"}, nil
	}
	return caller{}, nil
}

// permit errors where who asks may not do what is asked for, or where somebody
// else's page asks for it.
func (s *Server) permit(route *route, who caller, _ http.ResponseWriter, r *http.Request) error {
	switch {
	case route.need == "" || who.role.Includes(route.need):
	case who.role == "":
		return errLogin
	default:
		return fmt.Errorf("%w: this needs the role %s, and %s has %s", store.ErrRefused, route.need, who.name, who.role)
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return sameOrigin(r)
	}
	return nil
}

// errLogin is the answer to somebody who is not known.
var errLogin = fmt.Errorf("%w: log in first, or send a token", store.ErrRefused)

// sameOrigin errors where a page of another site makes the request. Browsers
// say so; what is no browser sends neither header.
func sameOrigin(r *http.Request) error {
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		return fmt.Errorf("%w: the request comes from a page of another site", store.ErrRefused)
	}
	return nil
}

package web

import "slices"

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

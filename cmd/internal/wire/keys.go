package wire

import (
	"errors"
	"fmt"
	"time"

	"stet/archiver/web"
	"stet/cmd/internal/token"
	"stet/cmd/internal/user"
	"stet/store"
)

// keys are the users and tokens of an archive, for its pages.
type keys struct {
	users  *user.Users
	tokens *token.Tokens
}

// Keys returns who may use the pages of the archive in a folder.
func Keys(dir string, now func() time.Time) web.Keys {
	return keys{users: user.Of(dir, now), tokens: token.Of(dir, now)}
}

// Any reports whether there are users.
func (k keys) Any() (bool, error) { return k.users.Any() }

// Token returns who holds a token.
func (k keys) Token(secret string) (web.Person, error) {
	t, err := k.tokens.Check(secret)
	if err != nil {
		return web.Person{}, err
	}
	return web.Person{Name: t.Name, Role: roleOf(t.Role)}, nil
}

// roleOf returns what the holder of a token may do on the pages.
func roleOf(r token.Role) web.Role {
	switch r {
	case token.Admin:
		return web.RoleAdmin
	case token.Capture:
		return web.RoleArchivist
	}
	return web.RoleReader
}

// Password returns the user of a name and a password.
func (k keys) Password(name, password string) (web.Person, error) {
	u, err := k.users.Check(name, password)
	return person(u, err)
}

// User returns a user.
func (k keys) User(name string) (web.Person, error) {
	u, err := k.users.Get(name)
	return person(u, err)
}

func person(u user.User, err error) (web.Person, error) {
	if err != nil {
		return web.Person{}, err
	}
	return web.Person{Name: u.Name, Role: web.Role(u.Role), Since: u.Changed}, nil
}

// FirstUser makes the user admin, with a password that is drawn, where nobody
// can log in or show a token yet; it returns "" where somebody can. The archive
// is open for writing.
func (a *Archive) FirstUser(o Options) (password string, err error) {
	o = o.withDefaults()
	users := user.Of(a.Dir, o.Now)
	known, err := users.Any()
	held, err2 := token.Of(a.Dir, o.Now).Any()
	if err = errors.Join(err, err2); err != nil || known || held {
		return "", err
	}
	if password, err = user.Generate(o.Random); err != nil {
		return "", fmt.Errorf("%w: making the first user: %w", store.ErrUnexpected, err)
	}
	return password, users.Add("admin", user.Admin, password, o.Random)
}

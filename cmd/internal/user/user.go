package user

import (
	"encoding/base64"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"stet/store"
)

// Role says what somebody may do.
type Role string

// The roles, each of which may do what the ones before may.
const (
	// Reader looks up and shows.
	Reader Role = "reader"
	// Archivist also captures, looks again, keeps cases, and approves what the
	// public is shown.
	Archivist Role = "archivist"
	// Admin may do everything.
	Admin Role = "admin"
)

// ParseRole reads a role.
func ParseRole(s string) (Role, error) {
	if r := Role(s); slices.Contains([]Role{Reader, Archivist, Admin}, r) {
		return r, nil
	}
	return "", fmt.Errorf("%w: there is no role %.40q; there are reader, archivist and admin", store.ErrUsage, s)
}

// User is what is kept of somebody.
type User struct {
	Name string `json:"name"`
	Role Role   `json:"role"`
	// Hash is what is kept of the password.
	Hash    string    `json:"hash"`
	Created time.Time `json:"created"`
	// Changed is when the password was set: what was begun before has ended.
	Changed time.Time `json:"changed"`
}

// FileName is the name of the file in the folder of the archive.
const FileName = "users.json"

// Users are the users of an archive. Reading is safe for concurrent use; those
// who change them must hold the archive open for writing, so that there is one
// at a time.
type Users struct {
	path string
	now  func() time.Time
	cost cost
}

// Of returns the users of the archive in a folder. It reads nothing yet.
func Of(dir string, now func() time.Time) *Users {
	return &Users{path: filepath.Join(dir, FileName), now: now, cost: defaultCost()}
}

// The limits of names and passwords.
const (
	maxName = 64
	// minPassword is the fewest characters of a password.
	minPassword = 10
	// maxPassword is the most bytes: more would only be work.
	maxPassword = 1024
)

// Generate returns a password that nobody guesses and everybody can type.
func Generate(random io.Reader) (string, error) {
	// No letters that look like others; 32 of them, so that each byte gives
	// five bits without a bias.
	const letters = "abcdefghijkmnpqrstuvwxyz23456789"
	var raw [24]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", fmt.Errorf("drawing a password: %w", err)
	}
	var b strings.Builder
	for i, c := range raw {
		if i > 0 && i%6 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(letters[c%32])
	}
	return b.String(), nil
}

func checkPassword(p string) error {
	if n := utf8.RuneCountInString(p); n < minPassword || len(p) > maxPassword || !utf8.ValidString(p) {
		return fmt.Errorf("%w: a password has %d to %d characters", store.ErrInvalid, minPassword, maxPassword)
	}
	return nil
}

// Add adds a user. It errors with ErrInvalid where the name or the password
// cannot be one, and with ErrConflict where the name is taken.
func (u *Users) Add(name string, role Role, password string, random io.Reader) error {
	if name == "" || len(name) > maxName || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_@") != "" {
		return fmt.Errorf("%w: the name of a user is 1 to %d letters, digits and . - _ @", store.ErrInvalid, maxName)
	}
	if err := checkPassword(password); err != nil {
		return err
	}
	list, err := u.List()
	if err != nil {
		return err
	}
	if i := index(list, name); i >= 0 {
		return fmt.Errorf("%w: there is a user %s; `stet user passwd %s` gives a new password", store.ErrConflict, list[i].Name, list[i].Name)
	}
	hash, err := u.cost.hash(password, random)
	if err != nil {
		return err
	}
	now := u.now().UTC().Truncate(time.Millisecond)
	return u.write(append(list, User{Name: name, Role: role, Hash: hash, Created: now, Changed: now}))
}

// index finds a user; names that differ in case only are one.
func index(list []User, name string) int {
	return slices.IndexFunc(list, func(o User) bool { return strings.EqualFold(o.Name, name) })
}

// change changes a user. It errors with ErrNotFound.
func (u *Users) change(name string, f func(*User)) error {
	list, err := u.List()
	if err != nil {
		return err
	}
	i := index(list, name)
	if i < 0 {
		return missing(name)
	}
	f(&list[i])
	return u.write(list)
}

func missing(name string) error {
	return fmt.Errorf("%w: there is no user %.80q; `stet user list` lists them", store.ErrNotFound, name)
}

// SetPassword gives a user another password; who is logged in is so no more.
func (u *Users) SetPassword(name, password string, random io.Reader) error {
	if err := checkPassword(password); err != nil {
		return err
	}
	hash, err := u.cost.hash(password, random)
	if err != nil {
		return err
	}
	return u.change(name, func(o *User) { o.Hash, o.Changed = hash, u.now().UTC().Truncate(time.Millisecond) })
}

// SetRole gives a user another role.
func (u *Users) SetRole(name string, role Role) error {
	return u.change(name, func(o *User) { o.Role = role })
}

// Remove removes a user; who is logged in is so no more.
func (u *Users) Remove(name string) error {
	list, err := u.List()
	if err != nil {
		return err
	}
	i := index(list, name)
	if i < 0 {
		return missing(name)
	}
	return u.write(slices.Delete(list, i, i+1))
}

// Any reports whether there is anybody.
func (u *Users) Any() (bool, error) {
	list, err := u.List()
	return len(list) > 0, err
}

// Get returns a user. It errors with ErrNotFound.
func (u *Users) Get(name string) (User, error) {
	list, err := u.List()
	if err != nil {
		return User{}, err
	}
	if i := index(list, name); i >= 0 {
		return list[i], nil
	}
	return User{}, missing(name)
}

// Check returns the user of a name and a password. It errors with ErrRefused
// where there is none, after the same work and with the same words whether the
// name or the password is wrong.
func (u *Users) Check(name, password string) (User, error) {
	list, err := u.List()
	if err != nil {
		return User{}, err
	}
	if len(password) > maxPassword {
		return User{}, errWrong
	}
	known, hash := User{}, u.cost.nobody()
	if i := index(list, name); i >= 0 {
		known, hash = list[i], list[i].Hash
	}
	ok, err := verify(hash, password)
	switch {
	case err != nil:
		return User{}, err
	case !ok || known.Name == "":
		return User{}, errWrong
	}
	return known, nil
}

var errWrong = fmt.Errorf("%w: the name or the password is wrong", store.ErrRefused)

func encode(b []byte) string { return base64.RawStdEncoding.EncodeToString(b) }

package token

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"stet/store"
)

// Role says which commands the holder of a token may run.
type Role string

// The roles, each of which may do what the ones before may.
const (
	// Read looks up and shows.
	Read Role = "read"
	// Capture also captures and looks again.
	Capture Role = "capture"
	// Admin may run everything.
	Admin Role = "admin"
)

// Roles lists the roles, the least first.
func Roles() []Role { return []Role{Read, Capture, Admin} }

// ParseRole reads a role.
func ParseRole(s string) (Role, error) {
	if r := Role(s); slices.Contains(Roles(), r) {
		return r, nil
	}
	return "", fmt.Errorf("%w: there is no role %.40q; there are read, capture and admin", store.ErrUsage, s)
}

// Includes reports whether the role may do what another may.
func (r Role) Includes(other Role) bool {
	has, wanted := slices.Index(Roles(), r), slices.Index(Roles(), other)
	return has >= 0 && wanted >= 0 && has >= wanted
}

// Token is what is kept of a token.
type Token struct {
	Name string `json:"name"`
	Role Role   `json:"role"`
	// Hash is the SHA-256 of the token, in hexadecimal digits.
	Hash    string    `json:"hash"`
	Created time.Time `json:"created"`
	// Expires and Revoked are zero where it does not and was not.
	Expires time.Time `json:"expires,omitzero"`
	Revoked time.Time `json:"revoked,omitzero"`
}

// State is active, expired or revoked.
func (t *Token) State(now time.Time) string {
	switch {
	case !t.Revoked.IsZero():
		return "revoked"
	case !t.Expires.IsZero() && !now.Before(t.Expires):
		return "expired"
	}
	return "active"
}

// FileName is the name of the file in the folder of the archive.
const FileName = "tokens.json"

// Tokens are the tokens of an archive. Reading is safe for concurrent use; those
// who change them must hold the archive open for writing, so that there is one
// at a time.
type Tokens struct {
	path string
	now  func() time.Time
}

// Of returns the tokens of the archive in a folder. It reads nothing yet.
func Of(dir string, now func() time.Time) *Tokens {
	return &Tokens{path: filepath.Join(dir, FileName), now: now}
}

// prefix makes a token known for one where it turns up.
const prefix = "stet_"

// maxName is the longest name of a token.
const maxName = 64

// Add makes a token and returns it: it is not kept and cannot be read again.
// expires is zero for never. It errors with ErrInvalid where the name cannot be
// one, and with ErrConflict where a token that is active has it.
func (t *Tokens) Add(name string, role Role, expires time.Time, random io.Reader) (string, error) {
	if name == "" || len(name) > maxName || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_@") != "" {
		return "", fmt.Errorf("%w: the name of a token is 1 to %d letters, digits and . - _ @", store.ErrInvalid, maxName)
	}
	list, err := t.List()
	if err != nil {
		return "", err
	}
	now := t.now().UTC().Truncate(time.Second)
	if slices.ContainsFunc(list, func(o Token) bool { return o.Name == name && o.State(now) == "active" }) {
		return "", fmt.Errorf("%w: there is an active token %s; `stet token revoke %s` ends it", store.ErrConflict, name, name)
	}
	var raw [32]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", fmt.Errorf("drawing a token: %w", err)
	}
	secret := prefix + base64.RawURLEncoding.EncodeToString(raw[:])
	list = slices.DeleteFunc(list, func(o Token) bool { return o.Name == name })
	return secret, t.write(append(list, Token{Name: name, Role: role, Hash: hashOf(secret), Created: now, Expires: expires.UTC()}))
}

func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// Revoke ends a token. It errors with ErrNotFound where none of that name is
// there, or it was revoked before.
func (t *Tokens) Revoke(name string) error {
	list, err := t.List()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(o Token) bool { return o.Name == name && o.Revoked.IsZero() })
	if i < 0 {
		return fmt.Errorf("%w: there is no token %.80q to revoke; `stet token list` lists them", store.ErrNotFound, name)
	}
	list[i].Revoked = t.now().UTC().Truncate(time.Second)
	return t.write(list)
}

// Any reports whether there are tokens, active or not.
func (t *Tokens) Any() (bool, error) {
	list, err := t.List()
	return len(list) > 0, err
}

// Check returns what is kept of a token that somebody shows. It errors with
// ErrRefused where it is unknown, expired or revoked. The time that it takes
// does not depend on how much of a token is right.
func (t *Tokens) Check(secret string) (Token, error) {
	list, err := t.List()
	if err != nil {
		return Token{}, err
	}
	hash, found := []byte(hashOf(secret)), -1
	for i := range list {
		if subtle.ConstantTimeCompare(hash, []byte(list[i].Hash)) == 1 {
			found = i
		}
	}
	if found < 0 {
		return Token{}, fmt.Errorf("%w: the token is not known", store.ErrRefused)
	}
	token := list[found]
	switch token.State(t.now()) {
	case "revoked":
		return Token{}, fmt.Errorf("%w: the token %s was revoked", store.ErrRefused, token.Name)
	case "expired":
		return Token{}, fmt.Errorf("%w: the token %s expired at %s", store.ErrRefused, token.Name, token.Expires.Format(time.RFC3339))
	}
	return token, nil
}

package token

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stet/store"
)

// clock is a clock that a test moves.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func begin() *clock { return &clock{time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)} }

func TestTokens(t *testing.T) {
	dir, c := t.TempDir(), begin()
	tokens := Of(dir, c.now)
	if any, err := tokens.Any(); any || err != nil {
		t.Errorf("without a file: %t, %v", any, err)
	}
	add := func(name string, role Role, expires time.Time) string {
		t.Helper()
		secret, err := tokens.Add(name, role, expires, rand.Reader)
		if err != nil || !strings.HasPrefix(secret, "stet_") || len(secret) != 48 {
			t.Fatalf("%q, %v", secret, err)
		}
		return secret
	}
	desk, short := add("desk", Read, time.Time{}), add("short", Admin, c.t.Add(time.Hour))
	body, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil || bytes.Contains(body, []byte(desk)) || bytes.Contains(body, []byte(desk[5:])) {
		t.Errorf("the token is in its file: %s %v", body, err)
	}
	if info, err := os.Stat(filepath.Join(dir, FileName)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	for secret, want := range map[string]Role{desk: Read, short: Admin} {
		if got, err := tokens.Check(secret); err != nil || got.Role != want {
			t.Errorf("%+v, %v", got, err)
		}
	}
	refused := func(secret, why string) {
		t.Helper()
		if _, err := tokens.Check(secret); !errors.Is(err, store.ErrRefused) || !strings.Contains(err.Error(), why) {
			t.Errorf("%v, want %q", err, why)
		}
	}
	refused("", "not known")
	refused(desk+"x", "not known")
	refused(desk[:len(desk)-1], "not known")
	c.t = c.t.Add(time.Hour)
	refused(short, "expired at 2026-03-02T10:00:00Z")
	if _, err := tokens.Add("desk", Read, time.Time{}, rand.Reader); !errors.Is(err, store.ErrConflict) {
		t.Errorf("the same name: %v", err)
	}
	if err := tokens.Revoke("desk"); err != nil {
		t.Fatal(err)
	}
	refused(desk, "token desk was revoked")
	if any, err := tokens.Any(); !any || err != nil {
		t.Errorf("%t, %v", any, err)
	}
	if err := tokens.Revoke("desk"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("revoked twice: %v", err)
	}
	again := add("desk", Capture, time.Time{})
	refused(desk, "not known")
	if got, err := tokens.Check(again); err != nil || got.Role != Capture {
		t.Errorf("%+v, %v", got, err)
	}
	for _, name := range []string{"", "a b", "a\n", strings.Repeat("a", 65), "ü"} {
		if _, err := tokens.Add(name, Read, time.Time{}, rand.Reader); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%q: %v", name, err)
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestRoles(t *testing.T) {
	for _, tt := range []struct {
		has, wants Role
		ok         bool
	}{{Read, Read, true}, {Read, Capture, false}, {Read, Admin, false}, {Capture, Read, true}, {Capture, Admin, false}, {Admin, Capture, true}, {"", Read, false}, {Admin, "", false}, {"root", Read, false}} {
		if got := tt.has.Includes(tt.wants); got != tt.ok {
			t.Errorf("%q includes %q: %t", tt.has, tt.wants, got)
		}
	}
	if _, err := ParseRole("root"); !errors.Is(err, store.ErrUsage) {
		t.Errorf("root: %v", err)
	}
}

// TestUntrustedFile: nobody else may have written the tokens, and what cannot be
// read lets nobody in.
func TestUntrustedFile(t *testing.T) {
	dir, c := t.TempDir(), begin()
	tokens := Of(dir, c.now)
	secret, err := tokens.Add("desk", Read, time.Time{}, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, FileName)
	for _, tt := range []struct {
		body string
		mode os.FileMode
		want error
	}{{"", 0o660, store.ErrRefused}, {"", 0o604, store.ErrRefused}, {"{", 0o600, store.ErrCorrupt}, {`{"version":2}`, 0o600, store.ErrVersion}} {
		if tt.body != "" {
			if err := os.WriteFile(path, []byte(tt.body), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(path, tt.mode); err != nil {
			t.Fatal(err)
		}
		if _, err := tokens.Check(secret); !errors.Is(err, tt.want) {
			t.Errorf("%s %v: %v", tt.body, tt.mode, err)
		}
		if _, err := tokens.Add("other", Read, time.Time{}, rand.Reader); !errors.Is(err, tt.want) {
			t.Errorf("%s %v: %v", tt.body, tt.mode, err)
		}
	}
}

// TestCopy: a backup takes the tokens along, and a restored archive keeps its
// own, so that no token that was revoked since comes back.
func TestCopy(t *testing.T) {
	archive, backup, other, c := t.TempDir(), t.TempDir(), t.TempDir(), begin()
	tokens := Of(archive, c.now)
	if n, err := Copy(archive, backup, true); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	secret, err := tokens.Add("desk", Read, time.Time{}, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := Copy(archive, backup, true); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if err := tokens.Revoke("desk"); err != nil {
		t.Fatal(err)
	}
	if n, err := Copy(backup, archive, false); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := tokens.Check(secret); !errors.Is(err, store.ErrRefused) {
		t.Errorf("the revoked token is back: %v", err)
	}
	if n, err := Copy(backup, other, false); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := Of(other, c.now).Check(secret); err != nil {
		t.Errorf("on another machine: %v", err)
	}
}

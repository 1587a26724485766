package user

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stet/store"
)

// cheap makes guesses cheap, so that the tests are.
func cheap(dir string, now func() time.Time) *Users {
	u := Of(dir, now)
	u.cost = cost{time: 1, memory: 8, threads: 1}
	return u
}

func TestUsers(t *testing.T) {
	dir, at := t.TempDir(), time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	u := cheap(dir, func() time.Time { return at })
	if any, err := u.Any(); any || err != nil {
		t.Errorf("without a file: %t, %v", any, err)
	}
	if err := u.Add("Ada", Archivist, "correct horse caf\u00e9", rand.Reader); err != nil {
		t.Fatal(err)
	}
	body, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil || strings.Contains(string(body), "correct") || !strings.Contains(string(body), "$argon2id$v=19$") {
		t.Errorf("the file holds %s, %v", body, err)
	}
	if got, err := u.Check("ada", "correct horse cafe\u0301"); err != nil || got.Role != Archivist || got.Name != "Ada" {
		t.Errorf("%+v, %v", got, err)
	}
	for _, wrong := range [][2]string{{"Ada", "correct horse cafe"}, {"Ada", ""}, {"bob", "correct horse caf\u00e9"}, {"", ""}, {"Ada", strings.Repeat("x", 1<<20)}} {
		if _, err := u.Check(wrong[0], wrong[1]); !errors.Is(err, store.ErrRefused) || err.Error() != errWrong.Error() {
			t.Errorf("%.20q: %v", wrong, err)
		}
	}
	if _, err := u.Check("nobody", string(make([]byte, 32))); !errors.Is(err, store.ErrRefused) {
		t.Errorf("the hash of nobody opens: %v", err)
	}
	for _, bad := range [][2]string{{"", "long enough password"}, {"a b", "long enough password"}, {"ü", "long enough password"}, {"b", "too short"}, {"b", strings.Repeat("x", 1025)}, {"b", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"}} {
		if err := u.Add(bad[0], Reader, bad[1], rand.Reader); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
	if err := u.Add("ADA", Reader, "long enough password", rand.Reader); !errors.Is(err, store.ErrConflict) {
		t.Errorf("the same name in capitals: %v", err)
	}
	at = at.Add(time.Hour)
	if err := u.SetPassword("ada", "another password", rand.Reader); err != nil {
		t.Fatal(err)
	}
	if err := u.SetRole("ada", Admin); err != nil {
		t.Fatal(err)
	}
	if got, err := u.Get("ADA"); err != nil || !got.Changed.Equal(at) || got.Role != Admin {
		t.Errorf("%+v, %v", got, err)
	}
	if err := u.Remove("ada"); err != nil {
		t.Fatal(err)
	}
	for _, f := range []func() error{func() error { return u.Remove("ada") }, func() error { return u.SetPassword("ada", "another password", rand.Reader) },
		func() error { return u.SetRole("ada", Admin) }, func() error { _, err := u.Get("ada"); return err }} {
		if err := f(); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("of somebody who was removed: %v", err)
		}
	}
}

func TestHashes(t *testing.T) {
	// A hash that another implementation made: argon2id of "password" with the
	// salt "somesalt".
	known := "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if ok, err := verify(known, "password"); !ok || err != nil {
		t.Errorf("%t, %v", ok, err)
	}
	if ok, err := verify(known, "Password"); ok || err != nil {
		t.Errorf("%t, %v", ok, err)
	}
	for _, bad := range []string{"", "x", strings.Replace(known, "argon2id", "argon2i", 1), strings.Replace(known, "v=19", "v=16", 1), strings.Replace(known, "m=65536", "m=99999999", 1),
		strings.Replace(known, "t=2", "t=0", 1), strings.Replace(known, "p=1", "p=0", 1), strings.TrimSuffix(known, "c"), known + "$"} {
		if ok, err := verify(bad, "password"); ok || !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("%q: %t, %v", bad, ok, err)
		}
	}
	if c := defaultCost(); c.memory < 19<<10 || c.time < 2 {
		t.Errorf("a guess costs too little: %+v", c)
	}
}

func TestGenerate(t *testing.T) {
	a, err := Generate(rand.Reader)
	if err != nil || checkPassword(a) != nil || len(a) != 27 {
		t.Errorf("%q, %v", a, err)
	}
	if b, _ := Generate(rand.Reader); a == b {
		t.Error("two passwords are the same")
	}
	if _, err := Generate(strings.NewReader("short")); err == nil {
		t.Error("without random bytes there is a password")
	}
}

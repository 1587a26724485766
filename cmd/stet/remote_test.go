package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"stet/cmd/internal/config"
	"stet/cmd/internal/token"
	"stet/store"
)

// serverAddress sets the variable SERVER to the address of the service that runs.
func serverAddress(ts *testscript.TestScript, _ bool, _ []string) {
	found := regexp.MustCompile(`pages=(\S+)`).FindStringSubmatch(ts.ReadFile("serve.log"))
	if found == nil {
		ts.Fatalf("the service does not say where it serves")
	}
	ts.Setenv("SERVER", found[1])
}

// saveToken writes the token that was printed last into a file: savetoken FILE.
func saveToken(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(ts.ReadFile("stdout")), 0o600))
}

// makeCertificate makes a certificate for 127.0.0.1 that is its own authority:
// certificate CERT KEY.
func makeCertificate(ts *testscript.TestScript, _ bool, args []string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "stet"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	ts.Check(err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
}

// TestRolesOfCommands: every command has a place in the table of roles, and a
// new one is the administrator's until somebody decides.
func TestRolesOfCommands(t *testing.T) {
	allowed := map[token.Role][]string{}
	a := &app{}
	for _, cmd := range a.root().Commands() {
		subs := append([]*cobra.Command{cmd}, cmd.Commands()...)
		for _, c := range subs {
			for _, role := range token.Roles() {
				a.holder = &token.Token{Name: "desk", Role: role}
				err := a.permitted(c)
				if err != nil && !errors.Is(err, store.ErrRefused) {
					t.Errorf("%s for %s: %v", c.CommandPath(), role, err)
				}
				if err == nil && !slices.Contains(allowed[role], topOf(c)) {
					allowed[role] = append(allowed[role], topOf(c))
				}
			}
		}
	}
	if want := []string{"export", "lookup", "show", "status"}; !slices.Equal(allowed[token.Read], want) {
		t.Errorf("read may run %v, want %v", allowed[token.Read], want)
	}
	if want := []string{"approve", "capture", "case", "export", "import", "lookup", "private", "recheck", "show", "status", "watch"}; !slices.Equal(allowed[token.Capture], want) {
		t.Errorf("capture may run %v, want %v", allowed[token.Capture], want)
	}
	for _, name := range []string{"serve", "backup", "restore", "salvage", "extract", "config", "demo", "doctor", "completion", "version"} {
		if slices.Contains(allowed[token.Admin], name) {
			t.Errorf("%s is run for other machines", name)
		}
	}
	for _, name := range []string{"hold", "redact", "refuse", "takedown", "token", "user"} {
		if !slices.Contains(allowed[token.Admin], name) {
			t.Errorf("%s is not run for administrators of other machines", name)
		}
	}
	for _, name := range alone() {
		if cmd, _, err := a.root().Find([]string{name}); err != nil && !strings.HasPrefix(name, "__") && name != "help" && name != "completion" {
			t.Errorf("there is no command %s: %v, %v", name, cmd, err)
		}
	}
	a.holder = nil
	for _, cmd := range a.root().Commands() {
		if err := a.permitted(cmd); err != nil {
			t.Errorf("%s at the machine itself: %v", cmd.Name(), err)
		}
	}
}

// TestOnlyNamedFiles: a service gets what the command line names.
func TestOnlyNamedFiles(t *testing.T) {
	dir := t.TempDir()
	named, other := filepath.Join(dir, "named.html"), filepath.Join(dir, "other")
	for _, name := range []string{named, other} {
		if err := os.WriteFile(name, []byte("words"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f := namedFiles{localFiles{}, []string{"capture", " " + named + " ", "--note=x"}, false}
	if exists, _, err := f.Stat(named); !exists || err != nil {
		t.Errorf("named: %t, %v", exists, err)
	}
	if body, err := f.Read(named, 10); string(body) != "words" || err != nil {
		t.Errorf("named: %s, %v", body, err)
	}
	for _, name := range []string{other, filepath.Join(dir, ".", "other"), dir + "/../" + filepath.Base(dir) + "/named.html", ""} {
		if exists, _, err := f.Stat(name); exists || err != nil {
			t.Errorf("%s: %t, %v", name, exists, err)
		}
		if body, err := f.Read(name, 10); body != nil || !errors.Is(err, store.ErrRefused) {
			t.Errorf("%s: %s, %v", name, body, err)
		}
	}
	if in, err := io.ReadAll(namedInput(strings.NewReader("secret"), []string{"show", "20"})); len(in) > 0 || err != nil {
		t.Errorf("input %q, %v", in, err)
	}
}

// A command that imports gives what it names, and what is in folders that it
// names; nothing to which links lead out of them.
func TestOnlyNamedTrees(t *testing.T) {
	dir := t.TempDir()
	mine := filepath.Join(dir, "mine")
	if err := errors.Join(os.MkdirAll(filepath.Join(mine, "data"), 0o700), os.WriteFile(filepath.Join(dir, "other"), []byte("secret"), 0o600),
		os.WriteFile(filepath.Join(mine, "data", "tweets.js"), []byte("words"), 0o600)); err != nil {
		t.Fatal(err)
	}
	args := []string{"import", mine}
	f := namedFiles{localFiles{}, args, true}
	if err := fstest.TestFS(clientTree{f, mine}, "data/tweets.js"); err != nil {
		t.Error(err)
	}
	if e, err := f.Info(mine, "data/tweets.js"); err != nil || e == nil || !e.Regular || e.Size != 5 {
		t.Errorf("the file is %+v, %v", e, err)
	}
	if b, err := f.Range(mine, "data/tweets.js", 1, 3); string(b) != "ord" || err != nil {
		t.Errorf("the range is %q, %v", b, err)
	}
	if err := os.Symlink(filepath.Join(dir, "other"), filepath.Join(mine, "link")); err == nil {
		if b, err := f.Range(mine, "link", 0, 10); len(b) > 0 || err == nil {
			t.Errorf("behind the link stands %q, %v", b, err)
		}
	}
	for _, tt := range [][2]string{{mine, "../other"}, {mine, "/etc/passwd"}, {dir, "other"}, {filepath.Join(dir, "other"), ""}, {"", ""}} {
		b, err := f.Range(tt[0], tt[1], 0, 10)
		if _, err2 := f.Entries(tt[0], tt[1], ""); len(b) > 0 || !errors.Is(err, store.ErrRefused) || !errors.Is(err2, store.ErrRefused) {
			t.Errorf("%q: %q, %v, %v", tt, b, err, err2)
		}
		if e, err := f.Info(tt[0], tt[1]); e != nil || !errors.Is(err, store.ErrRefused) {
			t.Errorf("%q: %+v, %v", tt, e, err)
		}
	}
	other := namedFiles{localFiles{}, []string{"capture", mine}, false}
	if _, err := other.Entries(mine, "", ""); !errors.Is(err, store.ErrRefused) {
		t.Errorf("another command gives the folder: %v", err)
	}
}

// listening is a listener that only has an address.
type listening struct {
	net.Listener
	address string
}

func (l listening) Addr() net.Addr {
	a, err := net.ResolveTCPAddr("tcp", l.address)
	if err != nil {
		panic(err)
	}
	return a
}

func TestWarnPlain(t *testing.T) {
	for _, tt := range []struct {
		address, cert string
		want          bool
	}{
		{"192.0.2.1:8484", "", true}, {"[::]:8484", "", true}, {"127.0.0.1:8484", "", false}, {"[::1]:8484", "", false},
		{"192.0.2.1:8484", "cert.pem", false},
	} {
		var log bytes.Buffer
		c := config.Default()
		c.Serve.CertFile = tt.cert
		s := &service{a: &app{now: time.Now}, c: c, log: slog.New(slog.NewTextHandler(&log, nil))}
		s.warnPlain(nil)
		s.warnPlain(listening{address: tt.address})
		if got := strings.Contains(log.String(), "without encryption"); got != tt.want {
			t.Errorf("%+v: %s", tt, log.String())
		}
	}
}

func TestWithoutPlace(t *testing.T) {
	for _, tt := range []struct{ args, want []string }{
		{[]string{"show", "--data", "/etc", "20"}, []string{"show", "20"}},
		{[]string{"--server=https://a.example", "show", "20", "--token-file", "t", "--insecure", "--config=x"}, []string{"show", "20"}},
		{[]string{"capture", "--", "--data", "x"}, []string{"capture", "--", "--data", "x"}},
		{[]string{"show", "--json", "--insecure=true", "20"}, []string{"show", "--json", "20"}},
		{[]string{"show", "--data"}, []string{"show"}},
	} {
		if got := withoutPlace(tt.args); !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q, want %q", tt.args, got, tt.want)
		}
	}
}

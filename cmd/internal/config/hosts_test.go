package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stet/store"
)

func TestHosts(t *testing.T) {
	dir := t.TempDir()
	for name, body := range map[string]string{"auth": "Basic c3dvcmRmaXNo\n", "cookie": "sid=swordfish\n", "empty": "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, FileName)
	load := func(body string) (*Config, error) {
		t.Helper()
		if err := os.WriteFile(file, []byte("fetch:\n  hosts:\n"+body), 0o600); err != nil {
			t.Fatal(err)
		}
		return Load(place(t, nil), Flags{File: file})
	}
	c, err := load(`  - host: staging.news.example
    headers: {x-key: swordfish}
    header_files:
      authorization: auth
    cookie_file: cookie
  - host: "*.old.example"
    allow_http: true
    cookie: a=b
`)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Fetch.Hosts) != 2 {
		t.Fatalf("%+v", c.Fetch.Hosts)
	}
	one, two := c.Fetch.Hosts[0], c.Fetch.Hosts[1]
	if one.Host != "staging.news.example" || one.Header.Get("X-Key") != "swordfish" || one.Header.Get("Authorization") != "Basic c3dvcmRmaXNo" || one.Cookie != "sid=swordfish" || one.AllowHTTP ||
		two.Host != "*.old.example" || two.Cookie != "a=b" || !two.AllowHTTP {
		t.Errorf("%+v", c.Fetch.Hosts)
	}
	printed := fmt.Sprint(c.Settings())
	if strings.Contains(printed, "swordfish") || strings.Contains(printed, "c3dv") || strings.Contains(printed, "a=b") ||
		!strings.Contains(printed, "staging.news.example: Authorization, X-Key, cookie "+Hidden) || !strings.Contains(printed, "also over http") {
		t.Errorf("printed %s", printed)
	}
	for _, tt := range []struct{ body, want string }{
		{"  - host: a.example\n    header: {X-Key: swordfish}\n", FileName + ":4: unknown key header in fetch.hosts"},
		{"  - host: a.example\n    headers: swordfish\n", FileName + ":4: fetch.hosts[].headers is a mapping"},
		{"  - host: a.example\n    headers: {X-Key: [swordfish]}\n", FileName + ":4: fetch.hosts[].headers.X-Key takes a plain value"},
		{"  - headers: {X-Key: swordfish}\n", FileName + ":3: fetch.hosts: an element needs a host"},
		{"  - host: a.example\n", "nothing is to be sent to"},
		{"  - host: \"*.com\"\n    headers: {X-Key: swordfish}\n", "a domain of your own"},
		{"  - host: a.example\n    cookie: swordfish\n", "not of the form"},
		{"  - host: a.example\n    cookie: a=swordfish\n    cookie_file: cookie\n", "both set"},
		{"  - host: a.example\n    headers: {X-Key: swordfish}\n    header_files: {x-key: auth}\n", "given twice"},
		{"  - host: a.example\n    cookie_file: none\n", "no such file"},
		{"  - host: a.example\n    cookie_file: empty\n", "is empty"},
		{"  - host: a.example\n    cookie_file: /\n", "not a small file"},
		{"  - host: a.example\n    cookie: a=b\n    allow_http: perhaps\n", "allow_http"},
		{"  - {host: a.example, cookie: a=b}\n  - {host: A.example, cookie: a=b}\n", FileName + ":4: fetch.hosts: two elements"},
	} {
		_, err := load(tt.body)
		if !errors.Is(err, store.ErrUsage) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "swordfish") {
			t.Errorf("%s: %v, want %q", tt.body, err, tt.want)
		}
	}
}

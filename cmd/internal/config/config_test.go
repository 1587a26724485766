package config

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stet/store"
)

// place is a machine with a home folder and some variables.
func place(t *testing.T, vars map[string]string) Place {
	t.Helper()
	return Place{OS: "linux", Home: t.TempDir(), Getenv: func(name string) string { return vars[name] }, Environ: func() []string {
		var all []string
		for name, v := range vars {
			all = append(all, name+"="+v)
		}
		return all
	}}
}

// write puts a file into a folder of its own and returns its path.
func write(t *testing.T, name, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const exampleFile = "../../../config.example.yaml"

// The example as it stands sets nothing but defaults.
func TestExampleHoldsTheDefaults(t *testing.T) {
	body, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	p := place(t, nil)
	got, err := Load(p, Flags{File: write(t, FileName, string(body))})
	if err != nil {
		t.Fatal(err)
	}
	want, err := Load(p, Flags{File: write(t, FileName, "")})
	if err != nil {
		t.Fatal(err)
	}
	values := func(c *Config) map[string]string {
		m := map[string]string{}
		for _, s := range c.Settings() {
			m[s.Key] = s.Value
		}
		return m
	}
	if diff := cmp.Diff(values(want), values(got)); diff != "" {
		t.Errorf("-default +example:\n%s", diff)
	}
}

// With its commented keys taken in, the example has every key once, and every
// value is accepted.
func TestExampleHoldsEveryKey(t *testing.T) {
	body, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	commented := regexp.MustCompile(`(?m)^( *)#([a-z_]+:)`)
	entries, err := parseYAML("example", commented.ReplaceAll(body, []byte("$1$2")))
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, e := range entries {
		have[e.key] = true
		if groupOf(e.key) != nil {
			continue
		}
		if err := find(e.key).set(Default(), e.values); err != nil {
			t.Errorf("%s (%s): %v", e.key, e.from, err)
		}
	}
	for _, k := range Keys() {
		if !have[k.Name] {
			t.Errorf("config.example.yaml lacks %s", k.Name)
		}
	}
	lines := strings.Split(string(body), "\n")
	for i, line := range lines {
		if len(line) > 80 {
			t.Errorf("line %d is wider than 80 columns", i+1)
		}
	}
}

// Every key is printed as it can be read again.
func TestPrintedValuesAreRead(t *testing.T) {
	for _, k := range Keys() {
		if k.Secret || k.List {
			continue
		}
		c := Default()
		v := k.get(c)
		if v == "" {
			continue
		}
		if err := k.set(c, []string{v}); err != nil {
			t.Errorf("%s does not read its own default %q: %v", k.Name, v, err)
		}
		if got := k.get(c); got != v {
			t.Errorf("%s: %q was read as %q", k.Name, v, got)
		}
	}
}

func TestOrder(t *testing.T) {
	file := write(t, FileName, "fetch:\n  timeout: 1m\n  per_host_concurrency: 3\n  contact: desk@news.example\ndata: here\n")
	vars := map[string]string{"STET_FETCH_TIMEOUT": "2m", "STET_DATA": "/there", "STET_WATCH_SCHEDULE": "1h, 2h"}
	c, err := Load(place(t, vars), Flags{File: file, Data: "/flag"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Data != "/flag" || c.Fetch.Timeout != 2*time.Minute || c.Fetch.PerHostConcurrency != 3 || c.Fetch.Contact != "desk@news.example" {
		t.Errorf("%+v", c)
	}
	if diff := cmp.Diff([]time.Duration{time.Hour, 2 * time.Hour}, c.Watch.Schedule); diff != "" {
		t.Error(diff)
	}
	for key, want := range map[string]string{"data": "flag --data", "fetch.timeout": "environment STET_FETCH_TIMEOUT",
		"fetch.contact": "file " + file + ":4", "fetch.max_bytes": "default"} {
		if got := c.From(key); got != want {
			t.Errorf("%s comes from %q, want %q", key, got, want)
		}
	}
	// Paths in a file are relative to it.
	c, err = Load(place(t, nil), Flags{File: file})
	if err != nil || c.Data != filepath.Join(filepath.Dir(file), "here") {
		t.Errorf("data is %q, %v", c.Data, err)
	}
}

func TestRefusals(t *testing.T) {
	for _, tt := range []struct{ name, body, want string }{
		{"unknown at the top", "fecth:\n  timeout: 1m\n", ":1: unknown key fecth; did you mean fetch"},
		{"unknown below", "fetch:\n  timeout: 1m\n  time_out: 1m\n", ":3: unknown key fetch.time_out; did you mean fetch.timeout?"},
		{"unknown and like nothing", "xyzzy: 1\n", ":1: unknown key xyzzy; `stet config print` lists the keys"},
		{"at the top what stands below", "s3:\n  bucket: a\n", ":1: unknown key s3; did you mean storage.s3?"},
		{"tabs", "fetch:\n\ttimeout: 1m\n", ":2 begins with a tab; YAML takes spaces there"},
		{"links", "capture: {links: some}\n", "off, article or all"},
		{"twice", "fetch:\n  timeout: 1m\n  timeout: 2m\n", "already defined"},
		{"not YAML", "fetch: [1\n", "is not valid YAML"},
		{"a list at the top", "- fetch\n", "does not hold keys and values"},
		{"a word at the top", "fetch\n", "does not hold keys and values"},
		{"two documents", "data: a\n---\ndata: b\n", "more than one document"},
		{"a list for one value", "fetch:\n  timeout: [1m, 2m]\n", ":2: fetch.timeout does not take a list"},
		{"keys for a value", "fetch:\n  timeout:\n    seconds: 3\n", "unknown key fetch.timeout.seconds"},
		{"a value for keys", "fetch: 3\n", ":1: fetch holds further keys"},
		{"an alias", "data: &d here\nfetch:\n  ca_file: *d\n", "takes a plain value"},
		{"a merge", "fetch:\n  <<: {timeout: 1m}\n", "unknown key fetch.<<"},
		{"nested lists", "watch:\n  schedule: [[1h]]\n", "takes a plain value"},
		{"an empty schedule", "watch:\n  schedule: []\n", "watch.schedule"},
		{"a schedule that does not ascend", "watch:\n  schedule: [2h, 1h]\n", "does not ascend"},
		{"a negative duration", "watch:\n  confirm_after: -1h\n", "not a positive duration"},
		{"nothing as a duration", "fetch:\n  timeout: 0\n", "not a positive duration"},
		{"a wrong size", "fetch:\n  max_bytes: many\n", "not a positive number of bytes"},
		{"a wrong switch", "capture:\n  media: perhaps\n", "not true or false"},
		{"a wrong number", "capture:\n  workers: 0\n", "not a number from 1 to 1000"},
		{"a wrong proxy", "fetch:\n  proxy: ftp://proxy.example\n", `proxies of kind "ftp" are not known`},
		{"half a pair", "twitter:\n  consumer_key: a\n", "belong together"},
		{"secret and file", "twitter:\n  bearer_token: a\n  bearer_token_file: b\n", "are both set"},
		{"an empty file of a secret", "twitter:\n  bearer_token_file: " + exampleFile + ".not\n", "reading the secret"},
		{"a control that is no post", "watch:\n  controls:\n    live: [tweet]\n", "not a post of the form platform:id"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Load(place(t, nil), Flags{File: write(t, FileName, tt.body)})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want %q", err, tt.want)
			}
			if !errors.Is(err, store.ErrUsage) {
				t.Errorf("%v is of the class %s", err, store.ClassOf(err).Name)
			}
		})
	}
}

// A secret is not told, wherever it came from and whatever is wrong with it.
func TestSecretsAreNotTold(t *testing.T) {
	const secret = "hush-hush"
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "token"), []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, vars := range map[string]map[string]string{
		"variable": {"STET_TWITTER_BEARER_TOKEN": secret},
		"file":     {"STET_TWITTER_BEARER_TOKEN_FILE": filepath.Join(dir, "token")},
		"proxy":    {"STET_FETCH_PROXY": "http://user:" + secret + "@proxy.example"},
	} {
		c, err := Load(place(t, vars), Flags{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, s := range c.Settings() {
			if strings.Contains(s.Value, secret) {
				t.Errorf("%s: %s prints the secret", name, s.Key)
			}
		}
		if name != "proxy" && c.Twitter.BearerToken != secret {
			t.Errorf("%s: the token is %q", name, c.Twitter.BearerToken)
		}
	}
	for _, vars := range []map[string]string{{"STET_TWITTER_BEARER_TOKEN": secret + " x"}, {"STET_FETCH_PROXY": "nonsense://" + secret}, {"STET_FETCH_PROXY": secret}} {
		if _, err := Load(place(t, vars), Flags{}); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%v: error %v", vars, err)
		}
	}
}

// What is set later replaces the other form of a secret.
// TestSecretAgain: a secret that was put into its file since is read again.
func TestSecretAgain(t *testing.T) {
	secret := write(t, "database", "postgres://stet:first@db.example/stet\n")
	c, err := Load(place(t, nil), Flags{File: write(t, FileName, "storage:\n  postgres_file: "+secret+"\n  s3: {endpoint: s3.example, bucket: b, access_key: a, secret_key: b}\n")})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ body, want string }{
		{"postgres://stet:second@db.example/stet\n", "postgres://stet:second@db.example/stet"}, {"", ""}, {"http://db.example", ""},
	} {
		if err := os.WriteFile(secret, []byte(tt.body), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := c.Again("storage.postgres")
		if got != tt.want || (err == nil) != (tt.want != "") || err != nil && !errors.Is(err, store.ErrUsage) {
			t.Errorf("%q: got %q, %v", tt.body, got, err)
		}
	}
	if c.Storage.Postgres != "postgres://stet:first@db.example/stet" {
		t.Errorf("the configuration itself is changed to %q", c.Storage.Postgres)
	}
	if got, err := c.Again("storage.s3.secret_key"); got != "b" || err != nil {
		t.Errorf("a secret without file: %q, %v", got, err)
	}
}

func TestLaterFormOfASecretWins(t *testing.T) {
	file := write(t, FileName, "twitter:\n  bearer_token_file: /nowhere/token\n")
	c, err := Load(place(t, map[string]string{"STET_TWITTER_BEARER_TOKEN": "new"}), Flags{File: file})
	if err != nil {
		t.Fatal(err)
	}
	if c.Twitter.BearerToken != "new" || c.Twitter.BearerTokenFile != "" || c.From("twitter.bearer_token") != "environment STET_TWITTER_BEARER_TOKEN" {
		t.Errorf("%+v from %s", c.Twitter, c.From("twitter.bearer_token"))
	}
}

func TestDurations(t *testing.T) {
	const day = 24 * time.Hour
	for s, want := range map[string]time.Duration{"1ns": 1, "500ms": 500 * time.Millisecond, "90s": 90 * time.Second, "1h30m": 90 * time.Minute,
		"3d": 3 * day, "1d12h": 36 * time.Hour, "1.5d": 36 * time.Hour, "0.5h": 30 * time.Minute, "100µs": 100 * time.Microsecond} {
		got, err := ParseDuration(s)
		if err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %v, %v; want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "0", "0s", "d", "1", "1x", "-1h", "1h-2m", "99999999d", "1e3h", " 1h", "1 h", "1d1", "..d", "999999999999h1h"} {
		if d, err := ParseDuration(s); err == nil {
			t.Errorf("ParseDuration(%q) = %v", s, d)
		}
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"1h", "3d12h", "500ms", "0", "1.5d", "9223372036854775807ns"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDuration(s)
		if err != nil {
			return
		}
		if d <= 0 {
			t.Fatalf("ParseDuration(%q) = %v", s, d)
		}
		again, err := ParseDuration(FormatDuration(d))
		if err != nil || again != d {
			t.Fatalf("%q was written as %q and read as %v, %v", s, FormatDuration(d), again, err)
		}
	})
}

func TestSizes(t *testing.T) {
	for s, want := range map[string]int64{"1": 1, "64MB": 64e6, "512MiB": 512 << 20, "1.5 kB": 1500, "2GiB": 2 << 30, "10b": 10} {
		got, err := ParseSize(s)
		if err != nil || got != want {
			t.Errorf("ParseSize(%q) = %d, %v; want %d", s, got, err, want)
		}
		if again, err := ParseSize(FormatSize(got)); err != nil || again != got {
			t.Errorf("%d was written as %q and read as %d, %v", got, FormatSize(got), again, err)
		}
	}
	for _, s := range []string{"", "0", "-1", "MB", "1XB", "0.1", "1e30", "NaN", "Inf"} {
		if n, err := ParseSize(s); err == nil {
			t.Errorf("ParseSize(%q) = %d", s, n)
		}
	}
}

func TestFolders(t *testing.T) {
	env := func(vars map[string]string) func(string) string { return func(n string) string { return vars[n] } }
	for _, tt := range []struct {
		os, home string
		vars     map[string]string
		want     string
	}{
		{"linux", "/home/ada", nil, "/home/ada/.local/share/stet"},
		{"linux", "/home/ada", map[string]string{"XDG_DATA_HOME": "/data"}, "/data/stet"},
		{"linux", "/home/ada", map[string]string{"XDG_DATA_HOME": "data"}, "/home/ada/.local/share/stet"},
		{"darwin", "/Users/ada", nil, "/Users/ada/Library/Application Support/stet"},
		{"windows", "/u", map[string]string{"LocalAppData": "/u/local"}, "/u/local/stet"},
	} {
		got, err := Place{OS: tt.os, Home: tt.home, Getenv: env(tt.vars)}.DataDir()
		if err != nil || filepath.ToSlash(got) != tt.want {
			t.Errorf("%s %v: %q, %v; want %q", tt.os, tt.vars, got, err, tt.want)
		}
	}
	if _, err := (Place{OS: "linux", Getenv: env(nil)}).DataDir(); !errors.Is(err, store.ErrUsage) {
		t.Errorf("without a home: %v", err)
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{{"check", "check", 0}, {"chekc", "check", 1}, {"", "abc", 3}, {"show", "shwo", 1}, {"capture", "captured", 1}, {"ä", "a", 1}, {"abc", "cab", 2}} {
		if got := Distance(tt.a, tt.b); got != tt.want {
			t.Errorf("Distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestGroups(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("hush\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	body := `sources:
  - name: front
    url: https://news.example/feed.xml
    kind: feed
    every: 90s
  - url: https://news.example/sitemap.xml
    cron: 30 4 * * *
    zone: Europe/Vienna
    ignore_robots: true
    keep: 365d
  - file: ` + filepath.Join(dir, "list.txt") + `
    kind: list
notify:
  - kind: webhook
    url: https://hooks.example/x
    secret_file: ` + filepath.Join(dir, "secret") + `
    events: [gone, suspected]
    include_text: true
    wait: 5s
watch:
  budgets: [twitter/api-v2=5000]
`
	c, err := Load(place(t, nil), Flags{File: write(t, FileName, body)})
	if err != nil {
		t.Fatal(err)
	}
	want := []Source{{Name: "front", URL: "https://news.example/feed.xml", Kind: "feed", Every: 90 * time.Second},
		{Name: "https://news.example/sitemap.xml", URL: "https://news.example/sitemap.xml", Cron: "30 4 * * *", Zone: "Europe/Vienna", IgnoreRobots: true, Keep: 365 * 24 * time.Hour},
		{Name: filepath.Join(dir, "list.txt"), File: filepath.Join(dir, "list.txt"), Kind: "list"}}
	if diff := cmp.Diff(want, c.Sources); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if n := c.Notify; len(n) != 1 || n[0].Secret != "hush" || len(n[0].Events) != 2 || !n[0].IncludeText || n[0].Wait != 5*time.Second {
		t.Errorf("notify %+v", n)
	}
	if b := c.Watch.Budgets; len(b) != 1 || b[0] != (Budget{"twitter/api-v2", 5000}) {
		t.Errorf("budgets %+v", b)
	}
	for _, s := range c.Settings() {
		if strings.Contains(s.Value, "hush") || strings.Contains(s.Value, "hooks.example") {
			t.Errorf("%s shows a secret: %s", s.Key, s.Value)
		}
	}
}

func TestGroupRefusals(t *testing.T) {
	for body, want := range map[string]string{
		"sources:\n  - name: a\n":                                                    "needs a url",
		"sources:\n  - url: https://a.example\n    often: 1m\n":                      ":3: unknown key often in sources",
		"sources:\n  - url: https://a.example\n    every: soon\n":                    "every:",
		"sources:\n  - url: https://a.example\n    keep: a year\n":                   "keep: \"a year\" is not forever, or a positive duration",
		"sources:\n  - url: https://a.example\n    keep: 0\n":                        "keep:",
		"policy:\n  keep: never\n":                                                   "forever",
		"sources:\n  - url: https://a.example\n    every: 1m\n    cron: 1 * * * *\n": "not both",
		"sources:\n  - url: https://a.example\n  - url: https://a.example\n":         "two sources are named",
		"sources: https://a.example\n":                                               "sources holds further keys",
		"sources:\n  - https://a.example\n":                                          "a list of mappings",
		"notify:\n  - kind: webhook\n":                                               "and a url",
		"notify:\n  - kind: slack\n    url_file: /nowhere/at/all\n":                  "url_file:",
		"watch:\n  budgets: [twitter=1]\n":                                           "platform/endpoint=number",
		"serve:\n  log: loud\n":                                                      "neither text nor json",
	} {
		_, err := Load(place(t, nil), Flags{File: write(t, FileName, body)})
		if err == nil || !strings.Contains(err.Error(), want) || !errors.Is(err, store.ErrUsage) {
			t.Errorf("%q: error %v, want %q", body, err, want)
		}
	}
}

// TestVariables: a misspelled variable is an error, as a misspelled key in a file
// is; what is somebody else's is only told, and what others inject is not.
func TestVariables(t *testing.T) {
	for _, tt := range []struct {
		name, near string
		unknown    bool
	}{
		{"STET_FETCH_TIMEOUT", "", false},
		{"STET_FETCH_TIMOUT", "STET_FETCH_TIMEOUT", true},
		{"STET_FETCH_TIME_OUT", "STET_FETCH_TIMEOUT", true},
		{"STET_SERVRE", "STET_SERVER", true},
		{"STET_CI", "", true},
		{"STET_BENCH_POSTS", "", true},
		{"STET_TWITTER_KEY", "", true},
		{"STETSON", "", false},
		{"STET_PORT", "", false},
		{"STET_SERVICE_PORT_HTTP", "", false},
		{"STET_WEB_PORT_8484_TCP_PROTO", "", false},
	} {
		p := place(t, map[string]string{tt.name: "1m"})
		if got := UnknownVariables(p); slices.Contains(got, tt.name) != tt.unknown {
			t.Errorf("%s: unknown %v", tt.name, got)
		}
		_, err := Load(p, Flags{})
		if (err != nil) != (tt.near != "") || err != nil && (!errors.Is(err, store.ErrUsage) || !strings.Contains(err.Error(), "did you mean "+tt.near+"?")) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.near)
		}
	}
	if got := UnknownVariables(place(t, map[string]string{"STET_FETCH_TIMOUT": ""})); len(got) > 0 {
		t.Errorf("empty is not set, but %v", got)
	}
}

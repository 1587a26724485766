package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/tools/txtar"

	"stet/archiver/fakenet"
	"stet/cmd/internal/config"
	"stet/cmd/internal/wire"
	"stet/store/disktest"
	"stet/store/servertest"
	"stet/store/storetest"
)

var update = flag.Bool("update", false, "rewrite the golden files of the scripts")

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		if err := disktest.Attach(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Unsetenv(asProgram) // it is no key
		os.Exit(realMain())
	}
	testscript.Main(withServers{m}, map[string]func(){"stet": func() { os.Exit(realMain()) }})
}

// withServers ends the servers that tests started.
type withServers struct{ m *testing.M }

// Run implements [testscript.TestingM].
func (w withServers) Run() int { return servertest.Main(w.m) }

// TestScriptsOnPostgres runs the scripts that say nothing of one machine's own
// files, over an archive in PostgreSQL with a bucket: the same words lead to the
// same answers.
func TestScriptsOnPostgres(t *testing.T) {
	database, storage := servertest.Postgres(t), servertest.S3(t)
	var files []string
	for _, name := range []string{"bluesky", "case", "elsewhere", "explain", "forms", "interrupt", "killed", "links", "lookup", "mastodon", "newsroom", "private", "quotation", "service", "targets", "users", "words"} {
		files = append(files, filepath.Join("testdata", "script", name+".txtar"))
	}
	files = drawn(t, files, 3)
	// What only several machines have.
	files = append(files, filepath.Join("testdata", "postgres", "nodes.txtar"))
	var schemas atomic.Int64
	p := scripts()
	p.Dir, p.Files = "", files
	p.Setup = func(env *testscript.Env) error {
		for key, value := range map[string]string{"POSTGRES": database, "SCHEMA": fmt.Sprintf("script_%d", schemas.Add(1)),
			"S3_ENDPOINT": storage.Endpoint, "S3_BUCKET": storage.Bucket(t), "S3_ACCESS_KEY": storage.AccessKey, "S3_SECRET_KEY": storage.SecretKey} {
			env.Setenv("STET_STORAGE_"+key, value)
		}
		return newScene(env)
	}
	testscript.Run(t, p)
}

// TestScripts runs the program as a process of its own against an internet
// that this process serves through a proxy.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "script", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d scripts, %v", len(files), err)
	}
	p := scripts()
	p.Dir, p.Files = "", drawn(t, files, len(files)/3)
	testscript.Run(t, p)
}

// drawn returns n of the scripts in the race run of the checks, another part
// each time, and all of them else: the run before has done all.
func drawn(t *testing.T, files []string, n int) []string {
	t.Helper()
	if os.Getenv("STET_CI") != "1" || storetest.Thorough() {
		return files
	}
	seed := rand.Uint64()
	t.Logf("%d of %d scripts, drawn with the seed %d", n, len(files), seed)
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
	return files[:n]
}

func scripts() testscript.Params {
	return testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               func(env *testscript.Env) error { return newScene(env) },
		Condition: func(cond string) (bool, error) {
			if cond == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "world": changeWorld, "golden": golden, "json": jsonValue, "interrupt": interrupt, "killed": killed,
			"flip": flip, "blank": blank, "binary": binary, "fill": fill, "chown": chown, "hold": hold, "grow": grow, "unprivileged": unprivileged,
			"service": startService, "stopservice": stopService, "killservice": killService,
			"serveraddress": serverAddress, "savetoken": saveToken, "certificate": makeCertificate,
		},
	}
}

// scene is the world of one script.
type scene struct {
	net *fakenet.Net
	x   *fakenet.X
	// harbour is an instance of Mastodon.
	harbour *fakenet.Instance
	// slow gets a value when the page /slow is asked for.
	slow chan struct{}
	// service is the one that runs, nil where none does.
	service *running
}

type sceneKey struct{}

// The people and the posts of the scene.
var (
	ada  = fakenet.Person{ID: "4001", Name: "Ada Bridge", Handle: "adabridge", Verified: "blue"}
	bram = fakenet.Person{ID: "4002", Name: "Bram Okoye", Handle: "bram_okoye"}
	when = time.Date(2024, 3, 5, 8, 30, 0, 0, time.UTC)

	opening  = fakenet.PostID(when, 1)
	closing  = fakenet.PostID(when.Add(time.Hour), 2)
	answer   = fakenet.PostID(when.Add(2*time.Hour), 3)
	linked   = fakenet.PostID(when.Add(3*time.Hour), 4)
	vanished = fakenet.PostID(when.Add(4*time.Hour), 5)
	saved    = fakenet.PostID(when.Add(5*time.Hour), 6)
	// A post of Mastodon.
	toot = fakenet.TootID(when, 7)
	// A post of Bluesky, and its address with the handle.
	tide    = "at://did:plc:berberberberberberberber/app.bsky.feed.post/3lq2abcdefg2a"
	tideURL = "https://bsky.app/profile/ber.example.org/post/3lq2abcdefg2a"
)

func newScene(env *testscript.Env) error {
	n := fakenet.New(fakenet.Options{})
	env.Defer(func() { n.Close() })
	s := &scene{net: n, x: n.X(), slow: make(chan struct{}, 100)}
	s.furnish()
	vars, err := n.Env(env.WorkDir)
	if err != nil {
		return err
	}
	for _, v := range vars {
		if v == strings.ToUpper(v[:1])+v[1:] { // scripts change the upper-case ones
			env.Vars = append(env.Vars, v)
		}
	}
	seed, err := filepath.Abs("testdata/seed-article.txt")
	if err != nil {
		return err
	}
	env.Vars = append(env.Vars, "SEED="+seed, "HOME="+filepath.Join(env.WorkDir, "home"), "XDG_DATA_HOME="+filepath.Join(env.WorkDir, "data"), "XDG_CONFIG_HOME=",
		"TZ=UTC", "STET_FETCH_PER_HOST_INTERVAL=0", "ARCHIVE="+filepath.Join(env.WorkDir, "data", "stet"),
		"OPENING="+opening, "CLOSING="+closing, "ANSWER="+answer, "LINKED="+linked, "VANISHED="+vanished, "SAVED="+saved, "TIDE="+tide, "TIDEURL="+tideURL, "TOOT="+toot,
		"SHORT="+s.x.Shorten("https://twitter.com/adabridge/status/"+opening), "SAVEDSHORT="+s.x.Shorten("https://twitter.com/bram_okoye/status/"+saved+"/photo/1"), "SHORTARTICLE="+s.x.Shorten("https://news.example/story"))
	env.Values[sceneKey{}] = s
	return os.MkdirAll(filepath.Join(env.WorkDir, "home"), 0o755)
}

// furnish puts articles and posts into the world.
func (s *scene) furnish() {
	s.x.Add(
		fakenet.Post{ID: opening, Author: ada, Text: "The bridge opens on Monday & everybody is welcome.",
			Media: []fakenet.Media{{Alt: "A bridge over a river, with flags."}}},
		fakenet.Post{ID: closing, Author: bram, Text: "Closed again on Tuesday: the river is <too> high."},
		fakenet.Post{ID: answer, Author: bram, Text: "@adabridge Which Monday?", Answers: opening},
		fakenet.Post{ID: linked, Author: bram, Text: "Only linked."},
		fakenet.Post{ID: vanished, Author: ada, Text: "This will not stay for long."},
		fakenet.Post{ID: saved, Author: bram, Text: "The lamps were lit at nine.", Media: []fakenet.Media{{Alt: "Lamps."}}},
	)
	s.net.Bluesky().Add(fakenet.BlueskyPost{Author: fakenet.BlueskyAccount{DID: "did:plc:berberberberberberberber", Handle: "ber.example.org", Name: "Ber Strand"},
		Key: "3lq2abcdefg2a", Text: "The tide is out until six.", Posted: when, Media: []fakenet.Media{{Alt: "Mud."}}})
	s.harbour = s.net.Instance("harbour.example")
	s.harbour.Add(fakenet.Toot{ID: toot, User: "cy", Name: "Cy", HTML: "<p>The pier opens on Sunday.</p>", Posted: when})
	site := s.net.Site("news.example")
	site.Article(fakenet.Article{Path: "/story", Title: "Bridge to open on Monday", Byline: "Cleo Marsh", Lang: "en", Published: when.Add(24 * time.Hour),
		Body: []fakenet.Block{fakenet.P("The mayor said so."), fakenet.Embed(opening, fakenet.Blockquote), fakenet.P("Not all agree."),
			fakenet.Embed(closing, fakenet.Iframe), fakenet.Embed(linked, fakenet.LinkOnly)}})
	site.Article(fakenet.Article{Path: "/vanished", Title: "What was said", Lang: "en",
		Body: []fakenet.Block{fakenet.P("It was said."), fakenet.Embed(vanished, fakenet.Blockquote)}})
	site.Article(fakenet.Article{Path: "/saved", Title: "Lamps", Lang: "en",
		Body: []fakenet.Block{fakenet.P("It was evening."), fakenet.Embed(saved, fakenet.Flattened)}})
	ferry := s.net.Site("ferry.example")
	ferry.Page("/winter", "<title>Winter timetable</title><article><p>The ferry sails at six in winter, and twice on Sundays.</p></article>")
	ferry.Page("/members", "<title>Log in</title><form><input name=user><input type=password></form>")
	site.Article(fakenet.Article{Path: "/links", Title: "The winter timetable", Lang: "en", Body: []fakenet.Block{fakenet.Embed(opening, fakenet.Blockquote),
		{HTML: `<p>The <a href="https://ferry.example/winter?utm_source=news">timetable</a> is out.</p>`}}})
	site.Article(fakenet.Article{Path: "/walls", Title: "For members", Lang: "en", Body: []fakenet.Block{fakenet.Embed(opening, fakenet.Blockquote),
		{HTML: `<p><a href="https://ferry.example/winter">One</a>, <a href="https://ferry.example/members">two</a>, <a href="https://ferry.example/none">three</a>.</p>`}}})
	site.Article(fakenet.Article{Path: "/misquoted", Title: "Misquoted", Lang: "en", Body: []fakenet.Block{fakenet.P("It was said on Monday, in words that many heard."),
		{HTML: `<blockquote class="twitter-tweet"><p lang="en">The bridge opens on Tuesday &amp; everybody is welcome.</p>&mdash; Ada Bridge (@adabridge) <a href="https://twitter.com/adabridge/status/` + opening + `">March 5, 2024</a></blockquote>`}}})
	site.Article(fakenet.Article{Path: "/empty", Title: "Nothing to see", Lang: "en", Body: []fakenet.Block{fakenet.P("No posts here.")}})
	site.File("/feed.xml", "application/rss+xml", []byte(`<rss version="2.0"><channel><title>News</title>
<item><title>Bridge to open on Monday</title><link>https://news.example/story</link><guid>1</guid><pubDate>Wed, 06 Mar 2024 08:30:00 GMT</pubDate></item>
<item><title>Nothing to see</title><link>https://news.example/empty</link><guid>2</guid><pubDate>Tue, 05 Mar 2024 08:30:00 GMT</pubDate></item>
<item><title>Broken</title><link>https://news.example/broken</link><guid>3</guid><pubDate>Mon, 04 Mar 2024 08:30:00 GMT</pubDate></item>
</channel></rss>`))
	site.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	site.File("/picture.png", "image/png", []byte("\x89PNG\r\n\x1a\n and so on"))
	s.net.HandleFunc("staging.news.example", func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("session"); err != nil || c.Value != "swordfish-0815-4711" || r.Header.Get("X-Preview") != "haddock-0815" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Set-Cookie", "session=swordfish-0815-4712")
		fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Draft</title><article><p>It was said.</p><blockquote class="twitter-tweet"><p>This will not stay for long.</p>&mdash; Ada Bridge (@adabridge) <a href="https://twitter.com/adabridge/status/%s">March 5, 2024</a></blockquote></article>`, vanished)
	})
	site.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) {
		s.slow <- struct{}{}
		<-r.Context().Done()
	})
	site.HandleFunc("/huge", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, "<!doctype html><title>Huge</title>")
		for range 100 {
			if _, err := w.Write(bytes.Repeat([]byte("<p>many words "), 75000)); err != nil {
				return
			}
		}
	})
}

func sceneOf(ts *testscript.TestScript) *scene { return ts.Value(sceneKey{}).(*scene) }

// exits runs a command and checks its exit code: exits 2 stet show.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	checkExit(ts, args[0], ts.Exec(args[1], args[2:]...))
}

func checkExit(ts *testscript.TestScript, want string, err error) {
	code := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		code = exit.ExitCode()
	case err != nil:
		ts.Fatalf("running: %v", err)
	}
	if strconv.Itoa(code) != want {
		ts.Fatalf("exit code %d, want %s", code, want)
	}
}

// changeWorld changes the world: world state ID STATE [ENDPOINT], world edit ID
// TEXT, world bluesky ID STATE, world archived ID HANDLE TEXT, world handle DID HANDLE,
// world fault HOST PATH KIND, world heal, world asked HOST N.
func changeWorld(ts *testscript.TestScript, _ bool, args []string) {
	s := sceneOf(ts)
	switch args[0] {
	case "state":
		if len(args) == 4 {
			s.x.SetStateAt(fakenet.Endpoint(args[3]), args[1], fakenet.State(args[2]))
			return
		}
		s.x.SetState(args[1], fakenet.State(args[2]))
	case "bluesky":
		s.net.Bluesky().SetState(args[1], fakenet.BlueskyState(args[2]))
	case "mastodon":
		s.harbour.SetState(args[1], fakenet.TootState(args[2]))
	case "edit":
		s.harbour.Edit(args[1], args[2], args[3])
	case "archived":
		s.net.Wayback().Store(fakenet.Memento{URL: "https://twitter.com/" + args[2] + "/status/" + args[1], Time: when.Add(time.Hour), Type: "application/json",
			Body: fmt.Appendf(nil, `{"id_str":%q,"full_text":%q,"user":{"id_str":"4400001","name":"Ada Bridge","screen_name":%q}}`, args[1], args[3], args[2])})
	case "handle":
		s.net.Bluesky().SetHandle(args[1], args[2])
	case "heal":
		s.net.Heal()
	case "fault":
		s.net.Fault(args[1], args[2], faultOf(ts, args[3]))
	case "forget":
		s.net.Forget()
	case "asked":
		want, err := strconv.Atoi(args[2])
		ts.Check(err)
		if got := s.net.Count(args[1], ""); got != want {
			ts.Fatalf("%s was asked %d times, want %d: %v", args[1], got, want, s.net.URLs())
		}
	default:
		ts.Fatalf("world cannot %s", args[0])
	}
}

func faultOf(ts *testscript.TestScript, kind string) fakenet.Fault {
	switch kind {
	case "503":
		return fakenet.Status(503)
	case "no-dns":
		return fakenet.NoDNS()
	case "html":
		return fakenet.HTML()
	case "429":
		return fakenet.TooManyRequests(time.Hour)
	case "bomb":
		return fakenet.GzipBomb(1 << 30)
	case "loop":
		return fakenet.RedirectLoop()
	case "inside":
		return fakenet.RedirectTo("http://127.0.0.1:8080/secret")
	case "unknown-authority":
		return fakenet.UnknownAuthority()
	}
	ts.Fatalf("there is no fault %q", kind)
	return fakenet.Fault{}
}

// now matches times of today and of the days around, which differ from run to
// run.
var (
	clock  = regexp.MustCompile(`\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?Z| \d\d:\d\d UTC)`)
	date   = regexp.MustCompile(`\d{4}-\d\d-\d\d UTC`)
	id     = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`)
	digest = regexp.MustCompile(`sha256:[0-9a-f]{64}`)
	amount = regexp.MustCompile(`\d+\.\d kB`)
)

// normal replaces what differs from run to run.
func normal(ts *testscript.TestScript, s string) string {
	recent := func(forms ...string) func(string) string {
		return func(s string) string {
			for _, form := range forms {
				if t, err := time.Parse(form, s); err == nil && time.Since(t).Abs() < 45*24*time.Hour {
					return "<time>"
				}
			}
			return s
		}
	}
	s = strings.ReplaceAll(s, ts.Getenv("WORK"), "<work>")
	s = clock.ReplaceAllStringFunc(s, recent(time.RFC3339Nano, "2006-01-02 15:04 UTC"))
	s = date.ReplaceAllStringFunc(s, recent("2006-01-02 UTC"))
	s = amount.ReplaceAllString(s, "<size>")
	s = id.ReplaceAllString(s, "<id>")
	return digest.ReplaceAllString(s, "sha256:<digest>")
}

// golden compares a file, with what differs from run to run replaced, with a
// file of the script: golden stdout want.
func golden(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: golden FILE WANT")
	}
	got, want := normal(ts, ts.ReadFile(args[0])), ts.ReadFile(args[1])
	for _, name := range []string{"OPENING", "CLOSING", "ANSWER", "LINKED", "VANISHED", "SAVED"} {
		got = strings.ReplaceAll(got, ts.Getenv(name), "$"+name)
	}
	if *update {
		rewrite(ts, args[1], got)
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		ts.Fatalf("-want +got:\n%s\nwhole:\n%s", diff, got)
	}
	for line := range strings.Lines(got) {
		if args[0] == "stdout" && displayWidth(strings.TrimSuffix(line, "\n")) > columns && !strings.Contains(line, "://") && !strings.Contains(line, "{") {
			ts.Fatalf("wider than %d columns: %s", columns, line)
		}
	}
}

// rewrite puts a new golden file into the script.
func rewrite(ts *testscript.TestScript, name, body string) {
	path := filepath.Join("testdata", "script", ts.Name()+".txtar")
	archive, err := txtar.ParseFile(path)
	ts.Check(err)
	for i := range archive.Files {
		if archive.Files[i].Name == name {
			archive.Files[i].Data = []byte(body)
		}
	}
	ts.Check(os.WriteFile(path, txtar.Format(archive), 0o600))
}

// jsonValue compares a value in one line of JSON: json stdout LINE PATH WANT,
// where a path is names and numbers divided by dots.
func jsonValue(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 4 {
		ts.Fatalf("usage: json FILE LINE PATH WANT")
	}
	lines := strings.Split(strings.TrimSpace(ts.ReadFile(args[0])), "\n")
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	if n < 1 || n > len(lines) {
		ts.Fatalf("there are %d lines", len(lines))
	}
	dec := json.NewDecoder(strings.NewReader(lines[n-1]))
	dec.UseNumber()
	var v any
	ts.Check(dec.Decode(&v))
	for part := range strings.SplitSeq(args[2], ".") {
		switch in := v.(type) {
		case map[string]any:
			next, ok := in[part]
			if !ok {
				ts.Fatalf("%s: there is no %s in %v", args[2], part, in)
			}
			v = next
		case []any:
			if part == "length" {
				v = len(in)
				continue
			}
			i, err := strconv.Atoi(part)
			ts.Check(err)
			if i >= len(in) {
				ts.Fatalf("%s: there are %d elements", args[2], len(in))
			}
			v = in[i]
		default:
			ts.Fatalf("%s: %s is in %v", args[2], part, in)
		}
	}
	got := fmt.Sprint(v)
	if v == nil {
		got = "null"
	}
	if (normal(ts, got) == args[3] || got == args[3]) == neg {
		ts.Fatalf("%s is %q (%s), want %q", args[2], got, reflect.TypeOf(v), args[3])
	}
}

// process makes a command that runs in the script's environment.
func process(ts *testscript.TestScript, args []string) *exec.Cmd {
	bin, _, _ := strings.Cut(ts.Getenv("PATH"), string(os.PathListSeparator))
	c := exec.Command(filepath.Join(bin, args[0]), args[1:]...)
	c.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "XDG_DATA_HOME", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "TZ", "STET_FETCH_PER_HOST_INTERVAL", "TMPDIR",
		"STET_STORAGE_POSTGRES", "STET_STORAGE_SCHEMA", "STET_STORAGE_S3_ENDPOINT", "STET_STORAGE_S3_BUCKET", "STET_STORAGE_S3_ACCESS_KEY", "STET_STORAGE_S3_SECRET_KEY"} {
		if v := ts.Getenv(name); v != "" || !strings.HasPrefix(name, "STET_STORAGE_") {
			c.Env = append(c.Env, name+"="+v)
		}
	}
	return c
}

// killed runs a command and kills it when it asks for the page /slow.
func killed(ts *testscript.TestScript, _ bool, args []string) {
	c := process(ts, args)
	ts.Check(c.Start())
	<-sceneOf(ts).slow
	ts.Check(c.Process.Kill())
	if err := c.Wait(); err == nil {
		ts.Fatalf("it ended by itself")
	}
}

// interrupt runs a command, sends it Ctrl-C when it asks for the page /slow,
// and checks its exit code; what it printed is in the files out and err.
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	var stdout, stderr bytes.Buffer
	c := process(ts, args[1:])
	c.Stdout, c.Stderr = &stdout, &stderr
	ts.Check(c.Start())
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	var err error
	select {
	case <-sceneOf(ts).slow:
		ts.Check(c.Process.Signal(os.Interrupt))
		err = <-ended
	case err = <-ended:
		ts.Fatalf("it ended before it was interrupted: %v\n%s", err, stderr.String())
	}
	ts.Check(os.WriteFile(ts.MkAbs("out"), stdout.Bytes(), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("err"), stderr.Bytes(), 0o600))
	ts.Logf("[out]\n%s[err]\n%s", stdout.String(), stderr.String())
	checkExit(ts, args[0], err)
}

// flip changes one bit in a file wherever a word stands: flip FILE WORD.
func flip(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	body, err := os.ReadFile(path)
	ts.Check(err)
	word := []byte(args[1])
	if !bytes.Contains(body, word) {
		ts.Fatalf("%s does not stand in %s", args[1], args[0])
	}
	changed := bytes.Clone(word)
	changed[len(changed)-1] ^= 1
	ts.Check(os.WriteFile(path, bytes.ReplaceAll(body, word, changed), 0o600))
}

// blank makes the first pages of a database, which lead to all others, zero.
func blank(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	body, err := os.ReadFile(path)
	ts.Check(err)
	clear(body[:2*4096])
	ts.Check(os.WriteFile(path, body, 0o600))
}

// fill writes the values of variables into files.
func fill(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(os.Expand(ts.ReadFile(name), ts.Getenv)), 0o600))
	}
}

// chown gives a file to another user.
func chown(ts *testscript.TestScript, _ bool, args []string) {
	uid, err := strconv.Atoi(args[0])
	ts.Check(err)
	ts.Check(os.Chown(ts.MkAbs(args[1]), uid, -1))
}

// grow makes a file of so many megabytes of words.
func grow(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), bytes.Repeat([]byte("words "), n<<20/6), 0o600))
}

// binary makes a file that holds a picture.
func binary(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), 0o600))
}

// hold opens the archive in this process until the script ends.
func hold(ts *testscript.TestScript, _ bool, args []string) {
	c := config.Default()
	c.Data = args[0]
	a, err := wire.OpenExisting(context.Background(), c, wire.Options{})
	ts.Check(err)
	ts.Defer(func() { a.Close() })
}

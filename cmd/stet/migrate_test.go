package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"stet/archiver/fakenet"
	"stet/store/servertest"
)

// TestMigrate moves an archive from one file to PostgreSQL and S3 and back: it
// says the same in each place, and the last is the first, leaf for leaf.
func TestMigrate(t *testing.T) {
	database, storage := servertest.Postgres(t), servertest.S3(t)
	n := fakenet.New(fakenet.Options{})
	defer n.Close()
	dir := t.TempDir()
	env, err := n.Env(dir)
	if err != nil {
		t.Fatal(err)
	}
	posts := publish(n)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	stet := func(code int, args ...string) string {
		t.Helper()
		c := exec.Command(self, args...)
		c.Env = append(append(os.Environ(), env...), "STET_FETCH_PER_HOST_INTERVAL=0", "HOME="+dir, asProgram+"=1")
		var stderr strings.Builder
		c.Stderr = &stderr
		out, err := c.Output()
		if got := c.ProcessState.ExitCode(); got != code {
			t.Fatalf("stet %s exits with %d, want %d: %v\n%s%s", strings.Join(args, " "), got, code, err, out, &stderr)
		}
		return string(out)
	}
	first, last, many := filepath.Join(dir, "first"), filepath.Join(dir, "last"), filepath.Join(dir, "many.yaml")
	body := fmt.Sprintf("data: %s\nstorage:\n  postgres: %q\n  schema: migrated\n  s3: {endpoint: %q, bucket: %s, access_key: %s, secret_key: %s}\n",
		filepath.Join(dir, "many"), database, storage.Endpoint, storage.Bucket(t), storage.AccessKey, storage.SecretKey)
	if err := os.WriteFile(many, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	stet(2, "migrate", "--from", filepath.Join(dir, "nothing"), "--to", many)
	stet(2, "migrate", "--to", many)
	stet(2, "migrate", "--from", many, "--to", many)
	stet(0, "capture", "--data", first, posts[0], posts[1], "https://news.example/story-5")
	head := stet(0, "checkpoint", "--data", first)
	stet(0, "user", "add", "ada", "--data", first)

	stet(0, "migrate", "--from", first, "--to", many)
	// While others work on a place, nothing is moved.
	worker, err := pgx.Connect(t.Context(), database+"&application_name=stet%20migrated")
	if err != nil {
		t.Fatal(err)
	}
	stet(6, "migrate", "--from", first, "--to", many)
	stet(6, "migrate", "--from", many, "--to", last)
	if err := worker.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	// More comes, and the same command goes on where it ended.
	stet(0, "capture", "--data", first, posts[2])
	var sum struct{ Records, Records_before, Blobs int }
	if err := json.Unmarshal([]byte(stet(0, "migrate", "--from", first, "--to", many, "--json")), &sum); err != nil {
		t.Fatal(err)
	}
	if sum.Records_before == 0 || sum.Records <= sum.Records_before || sum.Blobs == 0 {
		t.Errorf("the second run moved %+v", sum)
	}
	stet(0, "migrate", "--from", many, "--to", last)
	for _, place := range [][]string{{"--config", many}, {"--data", last}} {
		stet(0, append([]string{"check"}, place...)...)
		for _, ref := range posts[:3] {
			want := stet(0, "show", ref, "--json", "--data", first)
			if got := stet(0, append([]string{"show", ref, "--json"}, place...)...); got != want {
				t.Errorf("%s in %v says\n%s\nwant\n%s", ref, place, got, want)
			}
		}
		want, got := stet(0, "jobs", "list", "--json", "--data", first), stet(0, append([]string{"jobs", "list", "--json"}, place...)...)
		if got != want {
			t.Errorf("the jobs in %v are\n%s\nwant\n%s", place, got, want)
		}
		if out := stet(0, append([]string{"user", "list"}, place...)...); !strings.Contains(out, "ada") {
			t.Errorf("the users in %v are %s", place, out)
		}
		since := filepath.Join(dir, "head.txt")
		if err := os.WriteFile(since, []byte(head), 0o600); err != nil {
			t.Fatal(err)
		}
		stet(0, append([]string{"checkpoint", "--since", since}, place...)...)
	}
	// A place that holds another archive is left alone.
	other := filepath.Join(dir, "other")
	stet(0, "capture", "--data", other, posts[7])
	stet(1, "migrate", "--from", first, "--to", other)
	stet(0, "check", "--data", other)
}

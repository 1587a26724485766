package export

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"stet/archiver"
	"stet/store"
	"stet/store/bolt"
	"stet/store/storetest"
	"stet/store/view"
)

// childVar makes of this test's program one that exports and dies.
const childVar = "STET_TEST_EXPORT"

// dying is what such a child exports, where to, and behind how many bytes it
// kills itself: 0 for never.
type dying struct {
	Archive, To string
	Format      Format
	Selection   Selection
	Folder      bool
	After       int
}

func TestMain(m *testing.M) {
	if what := os.Getenv(childVar); what != "" {
		if err := exportAndDie(what); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// exportAndDie is the child.
func exportAndDie(what string) error {
	var d dying
	if err := json.Unmarshal([]byte(what), &d); err != nil {
		return err
	}
	ctx := context.Background()
	db, err := bolt.Open(ctx, d.Archive, bolt.Options{Now: time.Now, ReadOnly: true, AllowNetworkFS: true})
	if err != nil {
		return err
	}
	a := store.NewArchive(store.Parts{Backend: db, Blobs: db, Now: time.Now, Random: &zeros{}})
	r, err := Receive(d.To, d.Folder, false)
	if err != nil {
		return err
	}
	_, err = Run(ctx, Options{Format: d.Format, Selection: d.Selection, Folder: d.Folder, Archive: a, Private: archiver.IsPrivate, Software: "stet test", Name: "out", From: r.Earlier(),
		View: func(a *store.Archive) *view.Reader {
			return view.New(a, archiver.ViewPolicy(archiver.Rules{}, archiver.PageRules{}))
		},
		Temp:  func() (File, error) { return os.CreateTemp(filepath.Dir(d.To), "temp-*") },
		sizes: sizes{part: 9000, segment: 3000, mark: 1500, run: 4 << 10, plain: 100}}, &deadly{Receiver: r, left: d.After})
	if err != nil {
		return err
	}
	return r.Done()
}

// deadly passes a number of bytes on and then kills the process.
type deadly struct {
	*Receiver
	left int
}

// Write implements [Out].
func (d *deadly) Write(p []byte) (int, error) {
	if d.left == 0 || d.left > len(p) {
		d.left = max(0, d.left-len(p))
		return d.Receiver.Write(p)
	}
	if _, err := d.Receiver.Write(p[:d.left]); err != nil {
		return 0, err
	}
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	if err != nil {
		return 0, err
	}
	select {} // until it is dead
}

// contents reads a file, or the files of a folder.
func contents(t *testing.T, root string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		files[strings.TrimPrefix(path, root)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestKilled kills exports of every format, to files and folders, at random
// bytes, and runs them again until they end: what is in place then is what one
// that nobody killed writes, and nothing was in place before.
func TestKilled(t *testing.T) {
	w := newWorld(t)
	archive := filepath.Join(t.TempDir(), "archive")
	db, err := bolt.Open(t.Context(), archive, bolt.Options{Now: func() time.Time { return w.now }, AllowNetworkFS: true})
	w.must(err)
	w.archive = store.NewArchive(store.Parts{Backend: db, Blobs: db, Now: func() time.Time { return w.now }, Random: &zeros{}})
	for i := range 6 {
		w.post(fmt.Sprint(20+i), strings.Repeat(fmt.Sprintf("words %d ", i), 20), i == 4)
	}
	w.must(db.Close())
	self, err := os.Executable()
	w.must(err)
	run := func(d dying) (killed bool) {
		t.Helper()
		what, err := json.Marshal(d)
		w.must(err)
		c := exec.Command(self)
		c.Env = append(os.Environ(), childVar+"="+string(what))
		var said bytes.Buffer
		c.Stderr = &said
		if err = c.Run(); err != nil && said.Len() > 0 {
			t.Fatalf("%s of %+v: %v: %s", d.Format, d.Selection, err, &said)
		}
		return err != nil
	}
	selections := []Selection{{All: true}, {Since: noon.Add(2 * time.Hour)}, {Source: "front"}}
	for _, f := range append(slices.Clone(Formats()), "folder") {
		only := rand.IntN(len(selections))
		for n, s := range selections {
			if n != only && !storetest.Thorough() {
				continue
			}
			t.Run(fmt.Sprint(f, " ", n), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				d := dying{Archive: archive, Format: f, Selection: s, Folder: f.Folder()}
				if f == "folder" {
					d.Format, d.Folder = WARC, true
				}
				d.To = filepath.Join(dir, "whole")
				run(d)
				want := contents(t, d.To)
				size := 0
				for _, c := range want {
					size += len(c)
				}
				d.To = filepath.Join(dir, "killed")
				kills := 0
				for try := range 4 {
					if d.After = 1 + rand.IntN(size*3/4); try == 3 {
						d.After = 0
					}
					if _, err := os.Stat(d.To); err == nil {
						t.Fatal("the export is in place already")
					}
					if !run(d) {
						break
					}
					kills++
				}
				if kills == 0 {
					t.Error("it was never killed")
				}
				if got := contents(t, d.To); !equalFiles(got, want) {
					t.Errorf("killed %d times: %d files, want the same as %d", kills, len(got), len(want))
				}
				for _, left := range []string{partEnd, markEnd, markEnd + ".new"} {
					if _, err := os.Lstat(d.To + left); err == nil {
						t.Errorf("%s is left", left)
					}
				}
			})
		}
	}
}

func equalFiles(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for name, c := range b {
		if a[name] != c {
			return false
		}
	}
	return true
}

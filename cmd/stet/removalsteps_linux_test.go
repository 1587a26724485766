package main

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stet/archiver/fakenet"
	"stet/cmd/internal/config"
	"stet/cmd/internal/wire"
	"stet/extract/post"
	"stet/store"
	"stet/store/disktest"
	"stet/store/storetest"
)

// What the removed post says; nobody else says it.
const (
	removedWord  = "Quonzelbrath"
	removedWords = "The gate at " + removedWord + " was never locked"
)

// removing is a command that removes something of a post, or puts it back, and
// that is killed, or finds the disk full, at its steps.
type removing struct {
	killing
	name string
	// whole is true where the post is to be as it was in the end, gone where
	// nothing of it is to be left.
	whole, gone bool
	taken, kept post.Ref
	// picture is some of the bytes of a small and a large file of the post.
	pictures [][]byte
	digests  []store.Digest
	// again are exit codes of the same command once all of it is done.
	again []int
}

// TestRemovalAtEachStep kills takedowns, redactions, decisions that something is
// private and what undoes them just before something that they do to the disk, or
// lets the disk be full from there on. What goes on finishes it: nothing that was
// to go is left, in no file, nothing half-done shows, and what was to stay is
// there.
func TestRemovalAtEachStep(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("the seed is %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	scenes := removingScenes(t)
	if !storetest.Thorough() {
		rng.Shuffle(len(scenes), func(i, j int) { scenes[i], scenes[j] = scenes[j], scenes[i] })
		scenes = scenes[:1]
	}
	for _, r := range scenes {
		t.Run(r.name, func(t *testing.T) { r.atEachStep(t, rng) })
	}
}

// removingWorld is a network with a post that shows pictures, which is to go, and
// another that stays, a folder, and how they are captured.
func removingWorld(t *testing.T, pictures ...fakenet.Media) (*fakenet.Net, string, removing) {
	t.Helper()
	n := fakenet.New(fakenet.Options{})
	t.Cleanup(func() { _ = n.Close() })
	dir := t.TempDir()
	env, err := n.Env(dir)
	if err != nil {
		t.Fatal(err)
	}
	env = append(os.Environ(), append(env, "STET_FETCH_PER_HOST_INTERVAL=0", "HOME="+dir)...)
	taken, kept := fakenet.PostID(when, 7), fakenet.PostID(when, 8)
	n.X().Add(fakenet.Post{ID: taken, Author: ada, Text: removedWords, Media: pictures})
	n.X().Add(fakenet.Post{ID: kept, Author: ada, Text: "What stays, stays"})
	return n, dir, removing{killing: killing{env: env, args: []string{"capture", "twitter:" + taken, "twitter:" + kept}},
		taken: post.Ref{Platform: post.Twitter, ID: taken}, kept: post.Ref{Platform: post.Twitter, ID: kept}}
}

// removingScenes captures a story with a post, and another one, and returns what
// is done to it.
func removingScenes(t *testing.T) []removing {
	t.Helper()
	_, dir, base := removingWorld(t, fakenet.Media{Key: "Small"}, fakenet.Media{Key: "Large", Size: 100 << 10})
	captured := filepath.Join(dir, "captured")
	base.watch(t, captured, nil)
	w := base.open(t, captured)
	h, err := w.Archive.History(t.Context(), base.taken)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range h.Captures[0].Content.Media {
		f, err := w.Archive.OpenBlob(t.Context(), m.Digest)
		if err != nil {
			t.Fatal(err)
		}
		body := make([]byte, 4<<10)
		if _, err := f.Read(body); err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		base.pictures, base.digests = append(base.pictures, body[1<<10:2<<10]), append(base.digests, m.Digest)
	}
	if err := w.Close(); err != nil || len(base.pictures) != 2 {
		t.Fatalf("%d files, %v", len(base.pictures), err)
	}
	if found := base.anywhere(t, captured); len(found) < 4 {
		t.Fatalf("it stands in %q only, so that the test proves little", found)
	}
	ref := base.taken.String()
	scene := func(name string, whole, gone bool, again []int, before []string, args ...string) removing {
		r := base
		from := captured
		r.prepare = func(t *testing.T, data string) {
			if before != nil && from == captured {
				from = filepath.Join(dir, "before "+name)
				if err := os.CopyFS(from, os.DirFS(captured)); err != nil {
					t.Fatal(err)
				}
				killing{env: base.env, args: before}.watch(t, from, nil)
			}
			if err := os.CopyFS(data, os.DirFS(from)); err != nil {
				t.Fatal(err)
			}
			private(t, data)
		}
		r.name, r.whole, r.gone, r.again, r.args = name, whole, gone, again, args
		return r
	}
	seal := []string{"takedown", ref, "--seal", "--reason", "r", "--basis", "b"}
	destroy := []string{"takedown", ref, "--destroy", "--reason", "r", "--basis", "b"}
	redact := []string{"redact", ref, "--text", removedWord, "--media", "1", "--media", "2", "--reason", "r"}
	return []removing{
		scene("seal", false, false, []int{0}, nil, seal...),
		scene("destroy", false, true, []int{0}, nil, destroy...),
		scene("destroy what is sealed", false, true, []int{0}, seal, destroy...),
		scene("destroy what is redacted", false, true, []int{0}, redact, destroy...),
		scene("unseal", true, false, []int{4}, seal, "takedown", ref, "--unseal", "--reason", "r"),
		scene("redact", false, false, []int{4}, nil, redact...),
		scene("undo", true, false, []int{4}, redact, "redact", ref, "--undo", "--reason", "r"),
		scene("private", true, false, []int{0}, nil, "private", ref, "--reason", "r"),
	}
}

// private lets nobody else read what was copied: what lies beside an archive must
// be so.
func private(t *testing.T, data string) {
	t.Helper()
	if err := filepath.WalkDir(data, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			err = os.Chmod(path, 0o600)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func (r *removing) open(t *testing.T, data string) *wire.Archive {
	t.Helper()
	c := config.Default()
	c.Data = data
	w, err := wire.OpenReadOnly(t.Context(), c, wire.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// anywhere lists the files below the folder that hold something of the post: its
// words, bytes of its pictures, or their digests.
func (r *removing) anywhere(t *testing.T, data string) (found []string) {
	t.Helper()
	if err := filepath.WalkDir(data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		has := func(what string, b []byte) {
			if bytes.Contains(body, b) {
				found = append(found, filepath.Base(path)+": "+what)
			}
		}
		has("words", []byte(removedWord))
		has("words", []byte(strings.ToLower(removedWord)))
		for i, p := range r.pictures {
			has("a picture", p)
			has("a digest", r.digests[i][:])
			if strings.HasSuffix(r.digests[i].String(), d.Name()) {
				found = append(found, path)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

// atEachStep kills the command, or lets the disk be full, at each of its steps, or
// at a few.
func (r *removing) atEachStep(t *testing.T, rng *rand.Rand) {
	data := filepath.Join(t.TempDir(), "archive")
	r.begin(t, data)
	places := map[string][]int{}
	var steps []string
	r.watch(t, data, func(n int, step string) disktest.Verdict {
		if places[step] == nil {
			steps = append(steps, step)
		}
		places[step] = append(places[step], n)
		return disktest.Verdict{}
	})
	r.prove(t, data)
	steps = slices.DeleteFunc(steps, func(s string) bool { return strings.HasPrefix(s, "say") })
	t.Logf("%d steps: %v", len(steps), places)
	rng.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
	few := 1
	if storetest.Thorough() {
		few = 3
	}
	steps = steps[:few]
	for _, step := range steps {
		for _, full := range []bool{false, true} {
			at := places[step][rng.IntN(len(places[step]))]
			r.endAt(t, data, at, full)
			if t.Failed() {
				t.Fatalf("that was after step %d, %q; full: %v", at, step, full)
			}
		}
	}
}

// endAt kills the command just before a step, or runs it on a disk that is full
// from there on, and proves that it is finished afterwards.
func (r *removing) endAt(t *testing.T, data string, at int, full bool) {
	t.Helper()
	r.begin(t, data)
	n := 0
	out, _, err := r.watchOps(t, data, func(o *disktest.Op) disktest.Verdict {
		n++
		switch {
		case full && n >= at && o.Kind != disktest.Say:
			return o.Full()
		case !full && n == at:
			return disktest.Verdict{Kill: true}
		}
		return disktest.Verdict{}
	})
	if code := codeOf(t, err); full && code != 0 && (code != 1 || !strings.Contains(err.Error()+string(out), "space")) {
		t.Errorf("without space it ended with %d: %v\n%s", code, err, out)
	}
	if _, _, err := (killing{env: r.env, args: []string{"takedown", "--resume"}}).watchOps(t, data, letGo); err != nil {
		t.Errorf("going on: %v", err)
	}
	r.halfShown(t, data)
	if _, _, err := r.watchOps(t, data, letGo); err != nil && !slices.Contains(r.again, codeOf(t, err)) {
		t.Errorf("once more: %v", err)
	}
	r.prove(t, data)
}

func letGo(*disktest.Op) disktest.Verdict { return disktest.Verdict{} }

// codeOf is the exit code of a command.
func codeOf(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case !errors.As(err, &exit):
		t.Fatal(err)
	}
	return exit.ExitCode()
}

// halfShown fails the test where the post is shown half as it was.
func (r *removing) halfShown(t *testing.T, data string) {
	t.Helper()
	w := r.open(t, data)
	defer w.Close()
	h, err := w.Archive.History(t.Context(), r.taken)
	if err != nil {
		t.Fatal(err)
	}
	old, left := 0, 0
	for _, d := range h.Derivations {
		if strings.Contains(d.Content.Post.Text, removedWord) {
			old++
		} else {
			left++
		}
	}
	if old > 0 && left > 0 || (old+left == 0) != (len(h.Captures) == 0) {
		t.Errorf("%d readings as they were, %d others, and %d captures are shown", old, left, len(h.Captures))
	}
}

// prove fails the test where anything is left that was to go, or something is
// gone that was to stay.
func (r *removing) prove(t *testing.T, data string) {
	t.Helper()
	proveArchive(t, data, nil)
	r.halfShown(t, data)
	w := r.open(t, data)
	defer w.Close()
	ctx := t.Context()
	if left, err := w.Removals.Unfinished(ctx); err != nil || len(left) > 0 {
		t.Errorf("%d takedowns are not done, %v", len(left), err)
	}
	h, err := w.Archive.History(ctx, r.taken)
	if err != nil {
		t.Fatal(err)
	}
	if (h.Privacy != nil) != (r.name == "private") {
		t.Errorf("it is private by %+v", h.Privacy)
	}
	best := h.Best()
	says := best != nil && best.Content.Post.Text == removedWords && len(best.Content.Post.Media) == 2
	if says != r.whole {
		t.Errorf("it shows %+v", best)
	}
	for _, d := range r.digests {
		if _, err := w.Archive.Blobs().Stat(ctx, d); (err == nil) != r.whole {
			t.Errorf("the file %s: %v", d, err)
		}
	}
	if other, err := w.Archive.History(ctx, r.kept); err != nil || other.Best() == nil || other.Best().Content.Post.Text != "What stays, stays" {
		t.Errorf("what was to stay: %v", err)
	}
	refused, err := w.Archive.TakedownOf(ctx, store.SubjectOf(h))
	if err != nil || (refused == nil) != r.whole {
		t.Errorf("it is refused: %+v, %v", refused, err)
	}
	hits, _ := killing{env: r.env, args: []string{"lookup", "--json", removedWord}}.tryOut(t, data)
	if strings.Contains(string(hits), r.taken.ID) != r.whole {
		t.Errorf("its words lead to %s", hits)
	}
	if r.gone {
		if found := r.anywhere(t, data); len(found) > 0 {
			t.Errorf("it is left in %q", found)
		}
	}
}

// tryOut runs a command that may find nothing.
func (k killing) tryOut(t *testing.T, data string) ([]byte, error) {
	t.Helper()
	out, _, err := k.watchOps(t, data, letGo)
	if code := codeOf(t, err); code != 0 && code != 4 {
		t.Errorf("%q: %v", k.args, err)
	}
	return out, err
}

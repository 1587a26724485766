package bolt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"stet/store"
	"stet/store/bolt"
	"stet/store/disktest"
	"stet/store/storetest"
)

// scene is work that a process of its own does in a folder while it is watched:
// it is killed, its power is cut, its writes fail. Whatever happens to it,
// prove finds all that it said was done.
type scene struct {
	work string
	// before is what the folder holds at first.
	before *disktest.World
	// prove looks into a folder in which the work was ended at some moment, and
	// at what it had said until then.
	prove func(t *testing.T, dir string, said []string)
	// again does the work to its end in such a folder, after prove.
	again func(t *testing.T, dir string)
}

// The names within the folder of a scene.
const (
	archiveName = "archive"
	backupName  = "backup"
)

// scenes returns all of them, by name.
func scenes(t *testing.T) map[string]scene {
	t.Helper()
	return map[string]scene{
		"keep": keepScene(t), "migrate": migrateScene(t), "compact": remakeScene(t, "compact"), "rebuild": remakeScene(t, "rebuild"),
		"compact open": compactOpenScene(t),
		"backup":       backupScene(t), "first backup": firstBackupScene(t), "restore": restoreScene(t, "restore"),
		"restore open": restoreScene(t, "restore open"),
	}
}

// begin writes what the folder of a scene holds at first.
func (s scene) begin(t *testing.T) (dir string) {
	t.Helper()
	dir = quickFolder(t)
	must(t, s.before.Leave(dir, disktest.Cut{}))
	return dir
}

// quickFolder returns a folder in memory, where the system has one: how long a
// sync takes is not what these tests are about, and they do many.
func quickFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "stet-test-*")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	return dir
}

// watch does the work in a folder; what the process says ends up in said.
func (s scene) watch(t *testing.T, dir string, decide func(*disktest.Op) disktest.Verdict) (said []string, killed bool) {
	t.Helper()
	cmd := child(t, s.work, dir)
	killed, err := disktest.Watch(cmd, dir, func(o *disktest.Op) disktest.Verdict {
		if o.Kind == disktest.Say {
			said = append(said, strings.Split(strings.TrimSpace(string(o.Data)), "\n")...)
		}
		return decide(o)
	})
	storetest.Need(t, !errors.Is(err, disktest.ErrUnavailable), "system calls that can be watched")
	if err != nil {
		t.Fatalf("the process that does %q: %v", s.work, err)
	}
	return said, killed
}

// few makes an archive with a few of everything and leaves it open: a kill is
// proven often.
func few(t *testing.T, year int) *bolt.Store {
	t.Helper()
	clock := storetest.NewClock(time.Date(year, 5, 6, 7, 8, 9, 0, time.UTC))
	s := open(t, quickFolder(t), bolt.Options{Now: clock.Now})
	a := archive(s, clock.Now)
	for n := range 3 {
		_, _, err := appendOne(t.Context(), a, year*10+n)
		must(t, err)
		appendBlob(t, s, 40_000, byte(n))
	}
	gone := appendBlob(t, s, 20_000, 'g')
	fillJobs(t, t.Context(), a, s, clock)
	must(t, s.SetCursor(t.Context(), "search", 0, 2))
	clock.Advance(25 * time.Hour)
	must(t, s.Remove(t.Context(), gone)) // leaves pages that are not used
	return s
}

// fewClosed makes such an archive and closes it.
func fewClosed(t *testing.T, year int) (dir, want string) {
	t.Helper()
	s := few(t, year)
	mustClose(t, s)
	return s.Dir(), gist(t, s.Dir())
}

// gist returns what an archive holds, which must be sound, in brief: the leaves
// stand for the records, and a check proves all that follows from those.
func gist(t *testing.T, dir string) string {
	t.Helper()
	s := mustOpen(t, dir, bolt.Options{ReadOnly: true})
	defer mustClose(t, s)
	wantSound(t, s)
	var b strings.Builder
	leaves, err := s.Leaves(t.Context(), 0, 10_000)
	must(t, err)
	for _, l := range leaves {
		fmt.Fprintln(&b, l)
	}
	must(t, dumpJobs(t.Context(), s, &b))
	infos, err := s.Blobs(t.Context(), store.Digest{}, 10_000)
	must(t, err)
	for _, i := range infos {
		fmt.Fprintln(&b, i.Digest, i.Size, i.Stored)
	}
	return b.String()
}

// worldOf loads a folder into which fill puts something.
func worldOf(t *testing.T, fill func(dir string)) *disktest.World {
	t.Helper()
	dir := t.TempDir()
	fill(dir)
	w, err := disktest.Load(dir)
	must(t, err)
	return w
}

func copyInto(t *testing.T, from, to string) {
	t.Helper()
	w, err := disktest.Load(from)
	must(t, err)
	must(t, os.MkdirAll(to, 0o700))
	must(t, w.Leave(to, disktest.Cut{}))
}

func said(all []string, word string) bool {
	for _, line := range all {
		if line == word || strings.HasPrefix(line, word+" ") {
			return true
		}
	}
	return false
}

// keepScene makes an archive and keeps everything in it.
func keepScene(t *testing.T) scene {
	return scene{work: "keep", before: worldOf(t, func(string) {}), prove: proveKept, again: appendAgain}
}

// batches is how many batches the scene adds.
const batches = 5

// keepAll appends batches with blobs and jobs, does the jobs, moves a cursor,
// and stores and removes a blob. It says each thing before where that can show,
// and behind where it is done.
func keepAll(ctx context.Context, dir string) error {
	return tellFailure(keepIn(ctx, dir))
}

func keepIn(ctx context.Context, dir string) error {
	var late atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(late.Load())) }
	s, err := bolt.Open(ctx, filepath.Join(dir, archiveName), bolt.Options{AllowNetworkFS: true, InlineBlobSize: 500, Now: now})
	if err != nil {
		return err
	}
	head, err := s.Head(ctx)
	if err != nil {
		return err
	}
	a := store.NewArchive(store.Parts{Backend: s, Blobs: s, Now: now, Random: &seeded{source: seedOf(head)}})
	for n := range batches {
		if err := keepOne(ctx, s, a, int(head)+n*37); err != nil {
			return errors.Join(tellFailure(err), goOnAfter(ctx, s, a), tellFailure(s.Close()))
		}
	}
	info, err := a.PutBlob(ctx, strings.NewReader(strings.Repeat(fmt.Sprint("nobody's ", head), 200)), 0)
	if err != nil {
		return err
	}
	fmt.Println("stored", info.Digest)
	late.Store(int64(25 * time.Hour))
	fmt.Println("removing", info.Digest)
	if err := s.Remove(ctx, info.Digest); err != nil {
		return err
	}
	fmt.Println("removed", info.Digest)
	return s.Close()
}

// appendSaying appends a batch and says so.
func appendSaying(ctx context.Context, a *store.Archive, n int) (store.Receipt, error) {
	fmt.Println("appending", ref(n).String())
	r, id, err := appendOne(ctx, a, n)
	if err == nil {
		fmt.Println("acknowledged", ref(n).String(), r.First, r.Last, id)
	}
	return r, err
}

func keepOne(ctx context.Context, s *bolt.Store, a *store.Archive, n int) error {
	r, err := appendSaying(ctx, a, n)
	if err != nil {
		return err
	}
	jobs, err := s.Lease(ctx, store.LeaseRequest{Owner: "w", Now: a.Now(), For: time.Hour})
	if err != nil {
		return err
	}
	for _, j := range jobs {
		fmt.Println("finishing", j.Key)
		b := a.Begin()
		b.Finish(store.Finish{Job: j.ID, Token: j.Lease.Token, Outcome: store.OutcomeDone})
		if _, err := b.Add(ctx, look(a.Now(), 1_000_000)); err != nil {
			return err
		}
		if _, err := b.Commit(ctx); err != nil {
			return err
		}
		fmt.Println("finished", j.Key)
	}
	if err := s.SetCursor(ctx, "search", r.First-1, r.Last); err != nil && !errors.Is(err, store.ErrConflict) {
		return err
	}
	return nil
}

// proveKept opens the archive and finds all that was acknowledged, whole
// batches only, and each job waiting, held or done as was said.
func proveKept(t *testing.T, dir string, all []string) {
	t.Helper()
	archiveDir := filepath.Join(dir, archiveName)
	if _, err := os.Stat(filepath.Join(archiveDir, bolt.FileName)); errors.Is(err, fs.ErrNotExist) {
		if said(all, "acknowledged") {
			t.Error("the archive is gone")
		}
		mustClose(t, mustOpen(t, archiveDir, bolt.Options{}))
		return
	}
	s := mustOpen(t, archiveDir, bolt.Options{})
	defer mustClose(t, s)
	wantSound(t, s)
	jobs, err := s.ListJobs(t.Context(), store.JobFilter{Limit: 1000})
	must(t, err)
	queued := map[string]bool{}
	for _, j := range jobs {
		if queued[j.Key] {
			t.Errorf("the job %s is queued twice", j.Key)
		}
		queued[j.Key] = true
	}
	for _, line := range all {
		proveLine(t, s, line, all, queued)
	}
	proveWhole(t, s)
}

func appendAgain(t *testing.T, dir string) {
	t.Helper()
	appendBlobTo(t, filepath.Join(dir, archiveName))
}

func proveLine(t *testing.T, s *bolt.Store, line string, all []string, queued map[string]bool) {
	t.Helper()
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "acknowledged":
		var key, text string
		var first, last uint64
		_, err := fmt.Sscan(rest, &key, &first, &last, &text)
		must(t, err)
		id, err := store.ParseID(text)
		must(t, err)
		if r, err := s.Get(t.Context(), id); err != nil || r.Seq != last {
			t.Errorf("record %s should have the number %d and has %d: %v", id, last, r.Seq, err)
		}
		if !queued[key] && !said(all, "finishing "+key) {
			t.Errorf("the job %s is lost", key)
		}
	case "finished":
		if queued[rest] {
			t.Errorf("the job %s was done and is queued again", rest)
		}
	case "stored", "removed":
		d, err := store.ParseDigest(rest)
		must(t, err)
		_, err = s.Stat(t.Context(), d)
		if gone := errors.Is(err, store.ErrNotFound); gone && !said(all, "removing") || !gone && (err != nil || said(all, "removed")) {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// proveWhole fails the test where a batch is there by half: a capture without
// its looks.
func proveWhole(t *testing.T, s *bolt.Store) {
	t.Helper()
	records, err := s.Read(t.Context(), 0, 10_000)
	must(t, err)
	looks := map[string]int{}
	want := map[string]int{}
	for i := range records {
		switch records[i].Kind {
		case store.KindCapture:
			c, err := store.Decode[store.Capture](&records[i])
			must(t, err)
			var n int
			_, err = fmt.Sscanf(c.Note, "batch %d", &n)
			must(t, err)
			want[ref(n).String()] = n%5 + 1
		case store.KindLook:
			l, err := store.Decode[store.Look](&records[i])
			must(t, err)
			looks[l.Ref.String()]++
		}
	}
	for key, n := range want {
		if looks[key] != n {
			t.Errorf("the batch of %s has %d looks, want %d", key, looks[key], n)
		}
	}
}

// migrateScene brings an archive to an invented later format.
func migrateScene(t *testing.T) scene {
	dir, want := fewClosed(t, 2026)
	before := worldOf(t, func(to string) { copyInto(t, dir, filepath.Join(to, archiveName)) })
	return scene{work: "migrate", before: before, prove: func(t *testing.T, dir string, all []string) {
		t.Helper()
		at := filepath.Join(dir, archiveName)
		s, err := bolt.Open(t.Context(), at, bolt.Options{AllowNetworkFS: true})
		if err == nil {
			if said(all, "done") {
				t.Error("the migration was lost")
			}
			err = errors.Join(bolt.MigrateLater(s), s.Close())
		} else if errors.Is(err, store.ErrVersion) {
			err = nil
		}
		must(t, err)
		must(t, bolt.MigrateBack(at))
		if got := gist(t, at); got != want {
			t.Errorf("the archive holds\n%s\nwant\n%s", got, want)
		}
	}, again: appendAgain}
}

func migrateLater(ctx context.Context, dir string) error {
	return tellFailure(migrateIn(ctx, dir))
}

func migrateIn(ctx context.Context, dir string) error {
	s, err := bolt.Open(ctx, filepath.Join(dir, archiveName), bolt.Options{AllowNetworkFS: true})
	if err != nil {
		return err
	}
	if err := bolt.MigrateLater(s); err != nil {
		return errors.Join(err, s.Close())
	}
	fmt.Println("done")
	return s.Close()
}

// remakeHere makes something anew in the folder of a scene.
func remakeHere(ctx context.Context, dir string) error {
	archive, backup := filepath.Join(dir, archiveName), filepath.Join(dir, backupName)
	var err error
	switch os.Getenv(childEnv) {
	case "compact":
		err = remakeWork(ctx, "compact", archive, "", nil)
	case "rebuild":
		err = remakeWork(ctx, "rebuild", archive, "", nil)
	case "backup":
		err = remakeWork(ctx, "backup", backup, archive, nil)
	case "restore":
		err = remakeWork(ctx, "restore", archive, backup, nil)
	case "restore open":
		err = restoreOpen(ctx, archive, backup)
	}
	if err == nil {
		fmt.Println("done")
	}
	return tellFailure(err)
}

// restoreOpen restores over an archive that is open while the backup is copied.
func restoreOpen(ctx context.Context, archive, backup string) error {
	s, err := bolt.Open(ctx, archive, bolt.Options{AllowNetworkFS: true})
	if err != nil {
		return err
	}
	st, err := s.StageRestore(ctx, backup, bolt.RestoreOptions{AllowNetworkFS: true, Force: true, Derived: []string{"words.db"}})
	err = errors.Join(err, s.Close())
	if err != nil {
		return err
	}
	_, err = st.Finish(ctx)
	return errors.Join(err, st.Close())
}

// remakeScene compacts or rebuilds: the archive holds the same before and
// after.
func remakeScene(t *testing.T, work string) scene {
	dir, want := fewClosed(t, 2026)
	before := worldOf(t, func(to string) { copyInto(t, dir, filepath.Join(to, archiveName)) })
	return scene{work: work, before: before, prove: func(t *testing.T, dir string, _ []string) {
		t.Helper()
		at := filepath.Join(dir, archiveName)
		if got := gist(t, at); got != want {
			t.Errorf("the archive holds\n%s\nwant\n%s", got, want)
		}
		appendNothing(t, at)
	}, again: appendAgain}
}

// compactOpen adds to an archive, compacts it while it is open and somebody
// wants to add to it, and adds to it again.
func compactOpen(ctx context.Context, dir string) error {
	return tellFailure(compactOpenIn(ctx, dir))
}

func compactOpenIn(ctx context.Context, dir string) error {
	s, err := bolt.Open(ctx, filepath.Join(dir, archiveName), bolt.Options{AllowNetworkFS: true})
	if err != nil {
		return err
	}
	head, err := s.Head(ctx)
	if err != nil {
		return err
	}
	a := store.NewArchive(store.Parts{Backend: s, Blobs: s, Now: time.Now, Random: &seeded{source: seedOf(head)}})
	n := int(head) * 1000
	err = keepOne(ctx, s, a, n)
	if err == nil {
		var waiting sync.WaitGroup
		add := sync.OnceFunc(func() {
			waiting.Go(func() {
				if _, err := appendSaying(ctx, a, n+1); err != nil {
					_ = tellFailure(err)
				}
			})
		})
		_, err = s.Compact(ctx, func(bolt.CopyProgress) { add() })
		waiting.Wait()
	}
	if err == nil {
		fmt.Println("compacted")
		err = keepOne(ctx, s, a, n+2)
	}
	if err != nil {
		return errors.Join(tellFailure(err), goOnAfter(ctx, s, a), tellFailure(s.Close()))
	}
	return s.Close()
}

// compactOpenScene compacts an archive that is open: it is the old or the new,
// with all that was acknowledged before, meanwhile and afterwards.
func compactOpenScene(t *testing.T) scene {
	dir, _ := fewClosed(t, 2026)
	leaves := leavesOf(t, dir)
	gone := bytes.Repeat([]byte("g"), 1000)
	before := worldOf(t, func(to string) { copyInto(t, dir, filepath.Join(to, archiveName)) })
	if !bytes.Contains(databaseOf(t, dir), gone) {
		t.Fatal("what was removed is not in the file before, so that the scene proves nothing")
	}
	return scene{work: "compact open", before: before, prove: func(t *testing.T, dir string, all []string) {
		t.Helper()
		at := filepath.Join(dir, archiveName)
		if bytes.Contains(databaseOf(t, at), gone) && said(all, "compacted") {
			t.Error("what was removed is in the file still")
		}
		proveKept(t, dir, all)
		if got := leavesOf(t, at); !slices.Equal(got[:min(len(got), len(leaves))], leaves) {
			t.Error("the records of before are not there")
		}
		wantNoRest(t, at)
	}, again: appendAgain}
}

func leavesOf(t *testing.T, dir string) []store.Hash {
	t.Helper()
	s := mustOpen(t, dir, bolt.Options{ReadOnly: true})
	defer mustClose(t, s)
	leaves, err := s.Leaves(t.Context(), 0, 10_000)
	must(t, err)
	return leaves
}

// TestCompactOpenPoisons: where the name of the new database cannot be made
// durable, nothing is taken any more, and what was acknowledged can be read.
func TestCompactOpenPoisons(t *testing.T) {
	s := compactOpenScene(t)
	dir := s.begin(t)
	renamed, failed := false, false
	words, _ := s.watch(t, dir, func(o *disktest.Op) (v disktest.Verdict) {
		if renamed && !failed {
			if failed = true; o.Step() != "sync "+archiveName {
				t.Errorf("after the new database got its name comes %q", o.Step())
			}
			v.Errno = syscall.EIO
		}
		renamed = renamed || o.Kind == disktest.Rename && o.To == archiveName+"/"+bolt.FileName
		return v
	})
	if !said(words, "failed poisoned:") || said(words, "compacted") {
		t.Errorf("it said %q", words)
	}
	s.prove(t, dir, words)
}

// backupScene backs up into the folder of an earlier backup.
func backupScene(t *testing.T) scene {
	s := few(t, 2026)
	earlier := t.TempDir()
	_, err := s.Backup(t.Context(), earlier, bolt.BackupOptions{})
	must(t, err)
	appendBlob(t, s, 50_000, 'n')
	mustClose(t, s)
	old, want := gist(t, earlier), gist(t, s.Dir())
	before := worldOf(t, func(to string) {
		copyInto(t, s.Dir(), filepath.Join(to, archiveName))
		copyInto(t, earlier, filepath.Join(to, backupName))
	})
	return scene{work: "backup", before: before, prove: func(t *testing.T, dir string, all []string) {
		t.Helper()
		got := gist(t, filepath.Join(dir, backupName))
		if got != want && (got != old || said(all, "done")) {
			t.Errorf("the backup holds\n%s\nwant\n%s", got, want)
		}
		if got := gist(t, filepath.Join(dir, archiveName)); got != want {
			t.Errorf("the archive holds\n%s\nwant\n%s", got, want)
		}
	}, again: func(t *testing.T, dir string) { t.Helper(); backUpAgain(t, dir, want) }}
}

// backUpAgain: whatever was left, the next backup succeeds.
func backUpAgain(t *testing.T, dir, want string) {
	t.Helper()
	must(t, backUp(t.Context(), filepath.Join(dir, archiveName), filepath.Join(dir, backupName), nil))
	if got := gist(t, filepath.Join(dir, backupName)); got != want {
		t.Errorf("the next backup holds\n%s\nwant\n%s", got, want)
	}
}

// firstBackupScene backs up into a folder that does not exist.
func firstBackupScene(t *testing.T) scene {
	dir, want := fewClosed(t, 2026)
	before := worldOf(t, func(to string) { copyInto(t, dir, filepath.Join(to, archiveName)) })
	return scene{work: "backup", before: before, prove: func(t *testing.T, dir string, all []string) {
		t.Helper()
		at := filepath.Join(dir, backupName)
		if _, err := os.Stat(filepath.Join(at, bolt.FileName)); err == nil || said(all, "done") {
			if got := gist(t, at); got != want {
				t.Errorf("the backup holds\n%s\nwant\n%s", got, want)
			}
		}
	}, again: func(t *testing.T, dir string) { t.Helper(); backUpAgain(t, dir, want) }}
}

// restoreScene restores a backup over another archive.
func restoreScene(t *testing.T, work string) scene {
	backup, restored := fewClosed(t, 2026)
	other, old := fewClosed(t, 2025)
	before := worldOf(t, func(to string) {
		copyInto(t, backup, filepath.Join(to, backupName))
		copyInto(t, other, filepath.Join(to, archiveName))
		must(t, os.WriteFile(filepath.Join(to, archiveName, "words.db"), []byte("an index"), 0o600))
	})
	return scene{work: work, before: before, prove: func(t *testing.T, dir string, all []string) {
		t.Helper()
		at := filepath.Join(dir, archiveName)
		got := gist(t, at)
		if got != restored && (got != old || said(all, "done")) {
			t.Errorf("the archive holds\n%s\nwant\n%s", got, restored)
		}
		aside, err := filepath.Glob(filepath.Join(at, "replaced-*"))
		must(t, err)
		if got == restored && (len(aside) != 1 || gist(t, aside[0]) != old) {
			t.Errorf("the archive that was there is not aside: %v", aside)
		}
		appendNothing(t, at)
	}, again: func(t *testing.T, dir string) {
		t.Helper()
		at := filepath.Join(dir, archiveName)
		_, err := bolt.Restore(t.Context(), filepath.Join(dir, backupName), at, bolt.RestoreOptions{AllowNetworkFS: true, Force: true, Now: filledLater})
		must(t, err)
		if got := gist(t, at); got != restored {
			t.Errorf("restored again, the archive holds\n%s\nwant\n%s", got, restored)
		}
	}}
}

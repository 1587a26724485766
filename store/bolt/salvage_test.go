package bolt_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"stet/store"
	"stet/store/bolt"
)

// salvageable makes an archive without blobs that nobody refers to, and returns
// its folder, what can be read of it, and the bytes of its database.
func salvageable(t *testing.T) (dir, want string, file []byte) {
	t.Helper()
	s, clock := filledStore(t)
	clock.Advance(25 * time.Hour)
	infos, err := s.Blobs(t.Context(), store.Digest{}, 0)
	must(t, err)
	for _, info := range infos {
		if err := s.Remove(t.Context(), info.Digest); err != nil && !errors.Is(err, store.ErrConflict) {
			t.Error(err)
		}
	}
	want, err = dump(t.Context(), s)
	must(t, err)
	mustClose(t, s)
	return s.Dir(), want, databaseOf(t, s.Dir())
}

// recordsOf returns all records of an archive by their ids, with their leaves.
func recordsOf(t *testing.T, dir string) map[store.ID]store.Hash {
	t.Helper()
	s := mustOpen(t, dir, bolt.Options{ReadOnly: true})
	defer mustClose(t, s)
	records, err := s.Read(t.Context(), 0, 100_000)
	must(t, err)
	leaves, err := s.Leaves(t.Context(), 0, 100_000)
	must(t, err)
	all := map[store.ID]store.Hash{}
	for i := range records {
		if r, err := s.Get(t.Context(), records[i].ID); err != nil || r.Seq != records[i].Seq {
			t.Errorf("record %s: %v", records[i].ID, err)
		}
		all[records[i].ID] = leaves[i]
	}
	return all
}

// checked counts what a check of an archive finds.
func checked(t *testing.T, dir string) int64 {
	t.Helper()
	s := mustOpen(t, dir, bolt.Options{ReadOnly: true})
	defer mustClose(t, s)
	sum, err := s.Check(t.Context(), func(p store.Problem) { t.Logf("%s %s: %s", p.Thing, p.Name, p.What) })
	must(t, err)
	return sum.Problems
}

func TestSalvageOfTheSound(t *testing.T) {
	dir, want, _ := salvageable(t)
	to := filepath.Join(t.TempDir(), "new")
	sum, err := bolt.Salvage(t.Context(), dir, to, bolt.SalvageOptions{})
	must(t, err)
	if got := dumpOf(t, to); got != want {
		t.Errorf("it holds\n%s\nwant\n%s", got, want)
	}
	if len(sum.Lost) > 0 || len(sum.LostBlobs) > 0 || sum.JobsLost || sum.Renumbered != 0 || sum.Problems != 0 || sum.Records == 0 {
		t.Errorf("summary %+v", sum)
	}
	appendBlobTo(t, to)
}

// TestSalvageWithoutBeginning: the pages that lead to everything are gone. All
// records come back with their numbers; only the jobs do not.
func TestSalvageWithoutBeginning(t *testing.T) {
	dir, _, file := salvageable(t)
	want := recordsOf(t, dir)
	damage(t, dir, file, func(b []byte) { clear(b[:2*page]) })
	if _, err := bolt.Open(t.Context(), dir, bolt.Options{ReadOnly: true}); !errors.Is(err, store.ErrCorrupt) {
		t.Fatalf("it opens: %v", err)
	}
	to := t.TempDir()
	sum, err := bolt.Salvage(t.Context(), dir, to, bolt.SalvageOptions{})
	must(t, err)
	got := recordsOf(t, to)
	if len(got) != len(want) || sum.Records != int64(len(want)) {
		t.Errorf("%d records of %d, summary %+v", len(got), len(want), sum)
	}
	for id, leaf := range want {
		if got[id] != leaf {
			t.Errorf("record %s has another leaf", id)
		}
	}
	if !sum.JobsLost || sum.Jobs != 0 || sum.Renumbered != 0 || len(sum.LostBlobs) > 0 || checked(t, to) != 0 {
		t.Errorf("summary %+v", sum)
	}
	if slices.Equal(databaseOf(t, dir), file) {
		t.Error("the damage was not done")
	}
}

// TestSalvageWithoutAPage destroys one page at a time: all that is not on it
// comes back, and what is missing is told.
func TestSalvageWithoutAPage(t *testing.T) {
	dir, _, file := salvageable(t)
	want := recordsOf(t, dir)
	lost, renumbered, whole := 0, 0, 0
	for _, p := range usedPages(t, filepath.Join(dir, bolt.FileName)) {
		damage(t, dir, file, func(b []byte) { clear(b[p*page : (p+1)*page]) })
		to := t.TempDir()
		sum, err := bolt.Salvage(t.Context(), dir, to, bolt.SalvageOptions{})
		must(t, err)
		got := recordsOf(t, to)
		for id, leaf := range got {
			if want[id] != leaf {
				t.Errorf("without page %d, record %s is another", p, id)
			}
		}
		told := uint64(0)
		for _, l := range sum.Lost {
			told += l.Last - l.First + 1
		}
		missing := uint64(len(want) - len(got))
		if told > missing || missing > 0 && told == missing && sum.Renumbered == 0 {
			t.Errorf("without page %d, %d of %d records are missing: %+v", p, missing, len(want), sum)
		}
		if n := checked(t, to); n != sum.Problems || missing == 0 && len(sum.LostBlobs) == 0 && n != 0 {
			t.Errorf("without page %d, a check finds %d problems: %+v", p, n, sum)
		}
		switch {
		case missing == 0:
			whole++
		case sum.Renumbered != 0:
			renumbered++
		}
		lost = max(lost, int(missing))
	}
	if lost == 0 || renumbered == 0 || whole == 0 || lost >= len(want) {
		t.Errorf("at most %d records were lost, %d times they were renumbered, %d times all came back", lost, renumbered, whole)
	}
	t.Logf("at most %d of %d records were lost", lost, len(want))
}

func TestSalvageRefuses(t *testing.T) {
	dir, _, _ := salvageable(t)
	if _, err := bolt.Salvage(t.Context(), t.TempDir(), t.TempDir(), bolt.SalvageOptions{}); !errors.Is(err, store.ErrNoStore) {
		t.Errorf("nothing: %v", err)
	}
	for _, to := range []string{dir, filepath.Dir(dir)} {
		if _, err := bolt.Salvage(t.Context(), dir, to, bolt.SalvageOptions{}); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("to %s: %v", to, err)
		}
	}
	s := mustOpen(t, dir, bolt.Options{})
	if _, err := bolt.Salvage(t.Context(), dir, t.TempDir(), bolt.SalvageOptions{}); !errors.Is(err, store.ErrBusy) {
		t.Errorf("in use: %v", err)
	}
	mustClose(t, s)
	full := t.TempDir()
	o := bolt.SalvageOptions{Free: func(string) (int64, error) { return 1 << 20, nil }}
	if _, err := bolt.Salvage(t.Context(), dir, full, o); !errors.Is(err, store.ErrFull) {
		t.Errorf("without space: %v", err)
	}
	if rest, err := os.ReadDir(full); err != nil || len(rest) > 0 {
		t.Errorf("left over: %v, %v", rest, err)
	}
}

package bolt_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stet/store"
	"stet/store/bolt"
	"stet/store/storetest"
)

// update writes testdata of the present format where there is none: what a
// version wrote once is never written again.
var update = flag.Bool("update", false, "write missing testdata")

// TestOldFormats opens an archive of every format that was ever released. It
// was filled with one of everything.
func TestOldFormats(t *testing.T) {
	for format := 1; format <= bolt.Format; format++ {
		t.Run(fmt.Sprint(format), func(t *testing.T) {
			packed := filepath.Join("testdata", fmt.Sprintf("v%d.tar.gz", format))
			listed := filepath.Join("testdata", fmt.Sprintf("v%d.txt", format))
			if _, err := os.Stat(packed); *update && format == bolt.Format && errors.Is(err, fs.ErrNotExist) {
				writeFormat(t, packed, listed)
			}
			dir := t.TempDir()
			unpack(t, packed, dir)
			want, err := os.ReadFile(listed)
			must(t, err)
			clock := storetest.NewClock(time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC))
			s := open(t, dir, bolt.Options{Now: clock.Now})
			if got := contents(t, s); got != string(want) {
				t.Errorf("the archive holds\n%s\nwant\n%s", got, want)
			}
			wantSound(t, s)
			receipt, err := s.Append(t.Context(), store.Batch{Key: "a batch"})
			if err != nil || !receipt.Repeated || receipt.Last != receipt.First+7 || len(receipt.Jobs) != 1 {
				t.Errorf("the receipt of a batch with a key is %+v, %v", receipt, err)
			}
			_, _, err = appendOne(t.Context(), archive2(s, clock.Now, 99), 77)
			must(t, err)
			wantSound(t, s)
		})
	}
}

// contents lists what an archive holds, in words that do not depend on how
// this version decodes it: leaves, and what jobs, cursors and blobs are called.
func contents(t *testing.T, s *bolt.Store) string {
	t.Helper()
	var b strings.Builder
	records, err := s.Read(t.Context(), 0, 0)
	must(t, err)
	leaves, err := s.Leaves(t.Context(), 0, 0)
	must(t, err)
	for i := range records {
		r := &records[i]
		if _, err := store.DecodeAny(r); err != nil {
			t.Error(err)
		}
		fmt.Fprintln(&b, r.Seq, r.ID, r.Kind, r.Time.Format(time.RFC3339Nano), r.Leaf(), leaves[i])
	}
	jobs, err := s.ListJobs(t.Context(), store.JobFilter{})
	must(t, err)
	for _, j := range jobs {
		fmt.Fprintln(&b, j.ID, j.Kind, j.Key, j.Host, j.State, j.Priority, j.RunAt.Format(time.RFC3339Nano), j.Attempts, j.Lease.Token, string(j.Payload), j.Error)
	}
	for _, name := range []string{"search", "evidence"} {
		n, err := s.Cursor(t.Context(), name)
		must(t, err)
		fmt.Fprintln(&b, name, n)
	}
	must(t, dumpBlobs(t.Context(), s, &b))
	must(t, dumpIndexes(t.Context(), s, &b))
	return b.String()
}

func writeFormat(t *testing.T, packed, listed string) {
	t.Helper()
	dir := t.TempDir()
	clock := storetest.NewClock(time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC))
	s := mustOpen(t, dir, bolt.Options{Now: clock.Now})
	fill(t, s, clock)
	must(t, os.MkdirAll("testdata", 0o755))
	must(t, os.WriteFile(listed, []byte(contents(t, s)), 0o644))
	mustClose(t, s)
	f, err := os.Create(packed)
	must(t, err)
	z := gzip.NewWriter(f)
	w := tar.NewWriter(z)
	must(t, fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			return err
		}
		if err := w.WriteHeader(&tar.Header{Name: path, Size: int64(len(b)), Mode: 0o600}); err != nil {
			return err
		}
		_, err = w.Write(b)
		return err
	}))
	must(t, w.Close())
	must(t, z.Close())
	must(t, f.Close())
}

func unpack(t *testing.T, packed, dir string) {
	t.Helper()
	f, err := os.Open(packed)
	must(t, err)
	defer func() { must(t, f.Close()) }()
	z, err := gzip.NewReader(f)
	must(t, err)
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		must(t, err)
		path := filepath.Join(dir, filepath.FromSlash(h.Name))
		must(t, os.MkdirAll(filepath.Dir(path), 0o700))
		b, err := io.ReadAll(r)
		must(t, err)
		must(t, os.WriteFile(path, b, 0o600))
	}
}

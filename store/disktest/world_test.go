package disktest

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// left returns the files that a power cut leaves, with what they hold.
func left(t *testing.T, w *World, c Cut) string {
	t.Helper()
	dir := t.TempDir()
	if err := w.Leave(dir, c); err != nil {
		t.Fatal(err)
	}
	var all []string
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all = append(all, strings.TrimPrefix(path, dir+"/")+"="+string(b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// TestPowerCutLeaves follows a file that is written beside the one that it
// replaces: what is left before and after each sync.
func TestPowerCutLeaves(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		op Op
		// none, bytes, names and all are what is left where nothing that was not
		// synced is there, where only bytes are, only names, and all.
		none, bytes, names, all string
	}{
		{Op{Kind: Mkdir, Path: "new"}, "a=old", "a=old", "a=old", "a=old"},
		{Op{Kind: Create, Path: "new/b", Size: -1}, "a=old", "a=old", "a=old new/b=", "a=old new/b="},
		{Op{Kind: Write, Path: "new/b", Data: []byte("new")}, "a=old", "a=old", "a=old new/b=", "a=old new/b=new"},
		{Op{Kind: Sync, Path: "new/b"}, "a=old", "a=old", "a=old new/b=new", "a=old new/b=new"},
		{Op{Kind: Link, Path: "a", To: "new/b"}, "a=old", "a=old", "a=old new/b=new", "a=old new/b=new"},
		{Op{Kind: Rename, Path: "new/b", To: "a"}, "a=old", "a=old", "a=new", "a=new"},
		{Op{Kind: Sync, Path: ""}, "a=new", "a=new", "a=new", "a=new"},
		{Op{Kind: Truncate, Path: "a", Size: 5}, "a=new", "a=new\x00\x00", "a=new", "a=new\x00\x00"},
		{Op{Kind: Write, Path: "a", Offset: 1, Data: []byte("EW")}, "a=new", "a=nEW\x00\x00", "a=new", "a=nEW\x00\x00"},
		{Op{Kind: Remove, Path: "a"}, "a=new", "a=nEW\x00\x00", "", ""},
	} {
		if err := w.Apply(&step.op); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			cut  Cut
			want string
		}{{Cut{}, step.none}, {Cut{Bytes: 1}, step.bytes}, {Cut{Names: 1}, step.names}, {Cut{Bytes: 1, Names: 1}, step.all}} {
			if got := left(t, w, c.cut); got != c.want {
				t.Errorf("after %s, %+v leaves %q, want %q", step.op.Step(), c.cut, got, c.want)
			}
		}
	}
}

// TestTornWrite: a write is torn at sectors of the disk, wherever it begins.
func TestTornWrite(t *testing.T) {
	w, err := Load(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []Op{
		{Kind: Create, Path: "f", Size: -1}, {Kind: Truncate, Path: "f", Size: 1024}, {Kind: Sync, Path: "f"}, {Kind: Sync},
		{Kind: Write, Path: "f", Offset: 500, Data: []byte(strings.Repeat("x", 24))},
	} {
		if err := w.Apply(&o); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[int]bool{}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 100 {
		got := left(t, w, Cut{Random: rng, Bytes: 0.5, Sector: 512})
		seen[strings.Count(got, "x")*1000+strings.Index(got, "x")] = true
	}
	if want := map[int]bool{-1: true, 24502: true, 12502: true, 12514: true}; len(seen) != len(want) {
		t.Errorf("the torn writes are %v, want %v", seen, want)
	} else {
		for k := range want {
			if !seen[k] {
				t.Errorf("the torn writes are %v, want %v", seen, want)
			}
		}
	}
}

func TestStep(t *testing.T) {
	for _, tt := range []struct {
		op   Op
		want string
	}{
		{Op{Kind: Write, Path: "a/archive.db", Offset: 4096}, "write a first page of a/archive.db"},
		{Op{Kind: Write, Path: "a/archive.db", Offset: 8192}, "write pages of a/archive.db"},
		{Op{Kind: Rename, Path: "spool/blob-123456789", To: "blobs/ab/cdef"}, "rename spool/blob-* as blobs/*/*"},
		{Op{Kind: Sync, Path: "blobs/ab"}, "sync blobs/*"}, {Op{Kind: Sync}, "sync the folder"},
		{Op{Kind: Mkdir, Path: "replaced-20260102-030405"}, "mkdir replaced-*"},
	} {
		if got := tt.op.Step(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

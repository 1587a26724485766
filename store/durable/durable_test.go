package durable_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"stet/store/durable"
)

func TestReplaceFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "list.json")
	for _, step := range []struct {
		body string
		mode fs.FileMode
	}{{"first", durable.Private}, {"second", 0o644}, {"", 0o600}} {
		if err := durable.ReplaceFile(path, []byte(step.body), step.mode); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != step.body {
			t.Errorf("the file holds %q, %v; want %q", got, err, step.body)
		}
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if runtime.GOOS != "windows" && info.Mode().Perm() != step.mode {
			t.Errorf("the file has mode %v, want %v", info.Mode(), step.mode)
		}
	}
	alone(t, dir, "list.json")
}

// A link is replaced, and what it led to stays.
func TestLink(t *testing.T) {
	dir := t.TempDir()
	other, path := filepath.Join(t.TempDir(), "other"), filepath.Join(dir, "link")
	if err := os.WriteFile(other, []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, path); err != nil && runtime.GOOS == "windows" {
		return // they take a right that not everybody has there
	} else if err != nil {
		t.Fatal(err)
	}
	if err := durable.ReplaceFile(path, []byte("ours"), durable.Private); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(other); err != nil || string(got) != "theirs" {
		t.Errorf("what the link led to holds %q, %v", got, err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "ours" {
		t.Errorf("in the link's place stands %q, %v", got, err)
	}
}

// What fails leaves nothing beside the file.
func TestFailureLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "folder")
	if err := os.MkdirAll(filepath.Join(path, "inside"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := durable.ReplaceFile(path, []byte("x"), durable.Private); err == nil {
		t.Error("a folder was replaced by a file")
	}
	alone(t, dir, "folder")
	if err := durable.ReplaceFile(filepath.Join(dir, "missing", "x"), nil, durable.Private); err == nil {
		t.Error("a file was put into a folder that is not there")
	}
	alone(t, dir, "folder")
}

func alone(t *testing.T, dir, name string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != name {
			t.Errorf("%s was left behind", e.Name())
		}
	}
}

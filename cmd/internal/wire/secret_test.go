package wire

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"stet/store"
)

// TestPageSecret: it is made once, is for its owner's eyes, and one that cannot
// be one is told of.
func TestPageSecret(t *testing.T) {
	dir := t.TempDir()
	first, err := pageSecret(dir, rand.Reader)
	if err != nil || len(first) != 32 {
		t.Fatalf("%d bytes, %v", len(first), err)
	}
	if again, err := pageSecret(dir, rand.Reader); err != nil || !bytes.Equal(first, again) {
		t.Errorf("the second time it is another one: %v", err)
	}
	path := filepath.Join(dir, secretFile)
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if err := os.WriteFile(path, []byte(`{"version":1,"secrets":["abc"]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := pageSecret(dir, rand.Reader); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("%v", err)
	}
}

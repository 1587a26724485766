package bolt

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"stet/store"
)

func TestNetworkFoldersAreRefused(t *testing.T) {
	dir := t.TempDir()
	archive := filepath.Join(dir, "to", "be", "made")
	err := refuseNetwork(archive, func(path string) (string, error) {
		if path != dir {
			t.Errorf("looked at %s, want the folder that exists, %s", path, dir)
		}
		return "NFS", nil
	})
	if !errors.Is(err, store.ErrRefused) || !strings.Contains(err.Error(), archive) || !strings.Contains(err.Error(), "NFS") {
		t.Errorf("got %v, want a refusal that names the folder and NFS", err)
	}
	if err := refuseNetwork(archive, func(string) (string, error) { return "", nil }); err != nil {
		t.Errorf("a local folder: %v", err)
	}
	if _, err := networkFS(dir); err != nil {
		t.Errorf("asking the system: %v", err)
	}
}

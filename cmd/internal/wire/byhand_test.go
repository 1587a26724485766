package wire

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"stet/store"
	"stet/store/evidence/bundle"
	"stet/store/storetest"
)

// TestBundleByHand pastes what VERIFY.md says into a shell, as a stranger does:
// other programs than ours find the bundle right, and each part wrong that was
// changed.
func TestBundleByHand(t *testing.T) {
	for _, tool := range []string{"sh", "openssl", "sha256sum", "awk", "base64", "od", "sed"} {
		_, err := exec.LookPath(tool)
		storetest.Need(t, err == nil, tool)
	}
	w := newEvidenceWorld(t)
	w.stamped(w.now.Add(time.Second))
	files := unzipped(t, w.bundle("court"))
	proof := ""
	for name := range files {
		if strings.HasPrefix(name, bundle.Proofs) {
			proof = name
		}
	}
	out, ok := w.byHand(files)
	for part, times := range map[string]int{"VERIFY.md: OK\n": 1, "\ndatapackage.json: OK\n": 1, "Verified OK\n": 1, "Signature Verified Successfully\n": 2,
		"the same key\n": 1, "Verification: OK\n": 1, "\n" + proof + ": OK\n": 2} {
		if n := strings.Count(out, part); n < times {
			t.Errorf("%q is said %d times, not %d", part, n, times)
		}
	}
	if !ok {
		t.Fatalf("the bundle is found wrong:\n%s", out)
	}
	for _, name := range []string{"datapackage.json", "datapackage-digest.json", bundle.Records, bundle.Head, bundle.Signer, bundle.Custody, bundle.Report, "archive/data.warc.gz", proof} {
		changed := unzipped(t, w.bundle("court"))
		changed[name][len(changed[name])/3] ^= 1
		if out, ok := w.byHand(changed); ok {
			t.Errorf("a change of %s is not found:\n%s", name, out)
		}
	}
	// Whoever makes all digests fit again does not have the archive's key.
	for _, name := range []string{bundle.Records, bundle.Head, proof} {
		changed := unzipped(t, w.bundle("court"))
		old := sumOf(changed[name])
		changed[name][len(changed[name])/3] ^= 1
		list := sumOf(changed["datapackage.json"])
		changed["datapackage.json"] = bytes.Replace(changed["datapackage.json"], []byte(old), []byte(sumOf(changed[name])), 1)
		changed["datapackage-digest.json"] = bytes.ReplaceAll(changed["datapackage-digest.json"], []byte(list), []byte(sumOf(changed["datapackage.json"])))
		out, ok := w.byHand(changed)
		if ok || strings.Contains(out, "FAILED") {
			t.Errorf("%s was changed and all digests fit: found right %v, digests wrong %v\n%s", name, ok, strings.Contains(out, "FAILED"), out)
		}
	}
}

// byHand runs the commands of VERIFY.md, and returns what they say, and whether
// each was content.
func (w *evidenceWorld) byHand(files map[string][]byte) (out string, ok bool) {
	w.Helper()
	log, err := w.a.Heads.Log()
	w.must(err)
	key, err := log.Key(w.ctx)
	w.must(err)
	dir := w.TempDir()
	for name, body := range files {
		w.must(os.MkdirAll(filepath.Join(dir, "bundle", filepath.Dir(name)), 0o700))
		w.must(os.WriteFile(filepath.Join(dir, "bundle", name), body, 0o600))
	}
	w.must(os.WriteFile(filepath.Join(dir, "roots.pem"), w.tsa.Roots, 0o600))
	w.must(os.Mkdir(filepath.Join(dir, "t"), 0o700))
	var commands strings.Builder
	commands.WriteString("set -e\n")
	for line := range strings.Lines(string(files[bundle.Guide])) {
		if command, is := strings.CutPrefix(line, "       "); is {
			commands.WriteString(command)
		}
	}
	paste := strings.NewReplacer("paste the public key here", key.Public, "ROOTS.pem", "../roots.pem -attime "+strconv.FormatInt(w.now.Unix()+2, 10),
		"$(mktemp -d)", "../t")
	cmd := exec.Command("sh", "-c", paste.Replace(commands.String()))
	cmd.Dir = filepath.Join(dir, "bundle")
	said, err := cmd.CombinedOutput()
	return string(said), err == nil && !strings.Contains(string(said), "WRONG")
}

// sumOf is the SHA-256 of a file, in hex.
func sumOf(b []byte) string {
	return strings.TrimPrefix(store.DigestOf(b).String(), "sha256:")
}

// unzipped returns the files of a bundle.
func unzipped(t *testing.T, b []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

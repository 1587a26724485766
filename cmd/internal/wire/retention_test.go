package wire

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/source"
	"stet/cmd/internal/config"
)

// TestDestroyedList: what was noted is there, also for who reads the list anew,
// whatever the form of the address, and after a line that was cut off.
func TestDestroyedList(t *testing.T) {
	path := filepath.Join(t.TempDir(), RetentionFile)
	l := &destroyedList{path: path}
	want := func(l *destroyedList, address string, there bool) {
		t.Helper()
		if has, err := l.has([]string{"https://x.example/", address}); err != nil || has != there {
			t.Errorf("%s: %v, %v", address, has, err)
		}
	}
	want(l, "https://agency.example/gate", false)
	if err := l.add([]string{"https://agency.example/gate"}); err != nil {
		t.Fatal(err)
	}
	want(l, "http://www.agency.example/gate?utm_source=x", true)
	want(l, "https://agency.example/other", false)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("\n1234"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.add([]string{"https://agency.example/second"}); err != nil {
		t.Fatal(err)
	}
	for _, l := range []*destroyedList{l, {path: path}} {
		want(l, "https://agency.example/gate", true)
		want(l, "https://agency.example/second", true)
		want(l, "https://agency.example/third", false)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// TestKeepRules: a source's own rule stands above that for all, forever is for
// ever, and what is not followed has none.
func TestKeepRules(t *testing.T) {
	c := config.Default()
	c.Data = t.TempDir()
	c.Policy.Keep = 100
	a, err := Open(t.Context(), c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	for name, keep := range map[string]time.Duration{"own": 7, "all": 0, "ever": archiver.KeepForever} {
		p := source.Plan{Source: source.Source{Name: name, URL: "https://news.example/" + name}, Keep: keep}
		if err := a.Sources.Add(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	rules, err := a.KeepRules(t.Context(), c)
	if err != nil || rules["own"] != 7 || rules["all"] != 100 || len(rules) != 3 {
		t.Errorf("%v, %v", rules, err)
	}
	if keep, followed := rules["ever"]; keep != 0 || !followed {
		t.Errorf("%v", rules)
	}
}

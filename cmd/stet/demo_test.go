package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"stet/cmd/internal/config"
	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

// appFor returns a program in a world of its own, and what it prints.
func appFor(t *testing.T) (a *app, stdout, stderr *bytes.Buffer) {
	t.Helper()
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	home := t.TempDir()
	return &app{
		stdin: strings.NewReader(""), stdout: stdout, stderr: stderr, files: localFiles{}, now: time.Now, random: rand.Reader, zone: time.UTC,
		place: config.Place{OS: "linux", Home: home, Getenv: func(string) string { return "" }, Environ: func() []string { return nil }},
	}, stdout, stderr
}

// tellDemo runs the demonstration and returns its lines.
func tellDemo(t *testing.T, between func(facts) facts) []string {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	a, stdout, stderr := appFor(t)
	a.facts = between
	if code := a.run(t.Context(), []string{"demo"}); code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	if stderr.Len() > 0 {
		t.Errorf("it complains: %s", stderr)
	}
	left, err := os.ReadDir(os.TempDir())
	if err != nil || len(left) > 0 {
		t.Errorf("it leaves %v behind, %v", left, err)
	}
	return strings.Split(stdout.String(), "\n")
}

// TestDemoTellsFacts changes everything that is read from the archive on its
// way to the demonstration: every line that is printed then reads differently,
// except for the words of the narration, which state nothing.
func TestDemoTellsFacts(t *testing.T) {
	var words []string
	for _, w := range narration() {
		words = append(words, wrap(w, columns)...)
		if strings.ContainsFunc(w, unicode.IsDigit) || strings.ContainsAny(w, "@“") {
			t.Errorf("the narration states a fact: %s", w)
		}
	}
	// What was printed of the true archive; no line of the changed one may be
	// among it.
	truth := tellDemo(t, nil)
	lies := tellDemo(t, func(f facts) facts { return changed{f} })
	facts := 0
	for _, line := range lies {
		if line == "" || slices.Contains(words, line) {
			continue
		}
		facts++
		if slices.Contains(truth, line) {
			t.Errorf("this line is not read from the archive: %q", line)
		}
	}
	if facts < 30 {
		t.Errorf("only %d lines with facts", facts)
	}
	for _, line := range truth {
		if displayWidth(line) > columns {
			t.Errorf("wider than %d columns: %s", columns, line)
		}
	}
}

// The story has the end that it is told for.
func TestDemoShowsThePostStanding(t *testing.T) {
	all := strings.Join(tellDemo(t, nil), "\n")
	at := 0
	for _, want := range []string{"The night ferry will run again", "live", "perhaps deleted by its author; not confirmed yet",
		"deleted by its author", "The night ferry will run again", "Status: deleted by its author", "Checked"} {
		i := strings.Index(all[at:], want)
		if i < 0 {
			t.Fatalf("%q does not follow in:\n%s", want, all)
		}
		at += i + len(want)
	}
}

func TestDemoKeeps(t *testing.T) {
	a, stdout, stderr := appFor(t)
	dir := filepath.Join(t.TempDir(), "kept")
	if code := a.run(t.Context(), []string{"demo", "--keep", dir}); code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	a, stdout, stderr = appFor(t)
	if code := a.run(t.Context(), []string{"lookup", "@minavarga", "--data", dir}); code != 0 || !strings.Contains(stdout.String(), "You have my word.") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	for _, args := range [][]string{{"demo", "--keep", dir}, {"demo", "--web", "--keep", dir}} {
		a, _, stderr = appFor(t)
		if code := a.run(t.Context(), args); code != 2 || !strings.Contains(stderr.String(), "exists already") {
			t.Errorf("%v: exit code %d: %s", args, code, stderr)
		}
	}
}

// An interrupted demonstration leaves nothing behind either.
func TestDemoInterrupted(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	a, _, _ := appFor(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if code := a.run(ctx, []string{"demo"}); code != 130 {
		t.Errorf("exit code %d", code)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("it leaves %v behind, %v", left, err)
	}
}

// changed changes every fact.
type changed struct{ facts }

func (c changed) Post(ctx context.Context, ref post.Ref) (*view.Post, error) {
	v, err := c.facts.Post(ctx, ref)
	if err == nil {
		change(reflect.ValueOf(v).Elem())
	}
	return v, err
}

func (c changed) Check(ctx context.Context, report func(store.Problem)) (store.CheckSummary, error) {
	s, err := c.facts.Check(ctx, report)
	problems := s.Problems
	change(reflect.ValueOf(&s).Elem())
	s.Problems = problems
	return s, err
}

// change makes every value below v another one of its kind, and every list
// longer.
func change(v reflect.Value) {
	if t, ok := v.Addr().Interface().(*time.Time); ok {
		if !t.IsZero() {
			*t = t.Add(1234 * time.Hour)
		}
		return
	}
	switch v.Kind() {
	case reflect.String:
		if v.Len() > 0 {
			v.SetString(v.String() + "#")
			words := strings.Fields(v.String())
			for i := range words {
				words[i] = "#" + words[i]
			}
			v.SetString(strings.Join(words, " "))
		}
	case reflect.Int, reflect.Int64:
		v.SetInt(v.Int()*3 + 5)
	case reflect.Pointer:
		if !v.IsNil() {
			fresh := reflect.New(v.Type().Elem())
			fresh.Elem().Set(v.Elem())
			change(fresh.Elem())
			v.Set(fresh)
		}
	case reflect.Slice:
		if v.Len() > 0 && v.Type().Elem().Kind() != reflect.Uint8 {
			v.Set(reflect.Append(v, v.Index(0)))
			for i := range v.Len() {
				change(v.Index(i))
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				change(v.Field(i))
			}
		}
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"stet/cmd/internal/config"
	"stet/store"
)

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		text string
		n    int
		want []string
	}{
		{"", 10, []string{""}},
		{"one two three", 7, []string{"one two", "three"}},
		{"one\n\ntwo", 10, []string{"one", "", "two"}},
		{"  spaced   out  ", 20, []string{"spaced out"}},
		{"see https://news.example/a/long/path now", 12, []string{"see", "https://news.example/a/long/path", "now"}},
		{"then `stet serve --now` runs", 12, []string{"then", "`stet serve --now`", "runs"}},
		{"一二三四五六七", 6, []string{"一二三", "四五六", "七"}},
		{"go 一二三四", 5, []string{"go 一", "二三", "四"}},
		{"👩🏽‍🚀 ok", 10, []string{"👩🏽‍🚀 ok"}},
	} {
		if diff := cmp.Diff(tt.want, wrap(tt.text, tt.n)); diff != "" {
			t.Errorf("wrap(%q, %d): -want +got:\n%s", tt.text, tt.n, diff)
		}
	}
}

// No line is wider than it may be, unless it is one word, and no letter is
// lost.
func FuzzWrap(f *testing.F) {
	for _, s := range []string{"one two", "一二三四五六七", "a\nb", "`x y` z", "e\u0301\u0301 👩🏽‍🚀", "\u200f\u202e"} {
		f.Add(s, 7)
	}
	f.Fuzz(func(t *testing.T, s string, n int) {
		if n < 2 || n > 200 {
			return
		}
		s = clean(strings.ToValidUTF8(s, ""))
		letters := func(s string) string {
			return strings.Join(strings.Fields(s), "")
		}
		lines := wrap(s, n)
		for _, l := range lines {
			if displayWidth(l) > n && len(phrases(l)) > 1 && !strings.Contains(l, "`") {
				t.Errorf("wider than %d: %q", n, l)
			}
		}
		if got := letters(strings.Join(lines, "\n")); got != letters(s) {
			t.Errorf("%q became %q", letters(s), got)
		}
	})
}

// What is archived does not steer the terminal.
func TestHostileText(t *testing.T) {
	hostile := "a\x1b[2Jb\x07c\x9bd\u202eevil\u2066f\u2028g\x00h\ri\x7f"
	var buf bytes.Buffer
	o := &output{w: &buf}
	o.line("%s", hostile)
	o.block("  ", hostile, 0)
	o.json(map[string]string{"text": hostile + "\u0085"})
	for _, r := range strings.ReplaceAll(buf.String(), "\n", "") {
		if unicode.IsControl(r) {
			t.Errorf("%U is printed", r)
		}
	}
	lines := strings.Split(strings.TrimSpace(buf.String()), "\n")
	if strings.ContainsAny(lines[0]+lines[1], "\u202e\u2066\u2028") {
		t.Error("the direction of text is turned for people")
	}
	var back map[string]string
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &back); err != nil || back["text"] != strings.ToValidUTF8(hostile, "\ufffd")+"\u0085" {
		t.Errorf("JSON lost something: %q, %v", back["text"], err)
	}
}

func TestTimes(t *testing.T) {
	utc := time.Date(2026, 3, 1, 23, 30, 0, 0, time.UTC)
	for _, tt := range []struct {
		zone *time.Location
		want string
	}{
		{time.UTC, "2026-03-01 23:30 UTC"},
		{time.FixedZone("CET", 3600), "2026-03-02 00:30 CET (2026-03-01 23:30 UTC)"},
		{time.FixedZone("EST", -5*3600), "2026-03-01 18:30 EST (23:30 UTC)"},
		{time.FixedZone("+0530", 5*3600+1800), "2026-03-02 05:00 +0530 (2026-03-01 23:30 UTC)"},
	} {
		if got := (&app{zone: tt.zone}).when(utc); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.zone, got, tt.want)
		}
	}
}

func TestSizesForPeople(t *testing.T) {
	for n, want := range map[int64]string{0: "0 bytes", 999: "999 bytes", 1500: "1.5 kB", 2_340_000: "2.3 MB", 7_000_000_000: "7.0 GB"} {
		if got := size(n); got != want {
			t.Errorf("size(%d) = %q, want %q", n, got, want)
		}
	}
}

// fullDisk refuses everything.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestAnswerThatCannotBeWritten(t *testing.T) {
	a, _, stderr := appFor(t)
	a.stdout = fullDisk{}
	if code := a.run(t.Context(), []string{"version"}); code != 1 || !strings.Contains(stderr.String(), "writing the answer") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

// Every class of errors gives one line, without the words of classes that are
// there for programs, and something to do where it lacks that.
func TestSentences(t *testing.T) {
	for _, c := range store.Classes() {
		err := fmt.Errorf("doing a thing: %w", errors.Join(fmt.Errorf("%w: first", c.Err), errors.New("second\nthird")))
		s := advice(err)
		if strings.ContainsAny(s, "\n\t") || !strings.Contains(s, "first; second; third") {
			t.Errorf("%s: %q", c.Name, s)
		}
		if exitCode(err) != c.Exit {
			t.Errorf("%s: exit code %d, want %d", c.Name, exitCode(err), c.Exit)
		}
	}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("capturing x: GET https://a.example/b?c: %w: a.example refuses connections", store.ErrNetwork),
			"capturing x: a.example refuses connections; check the connection and run the same command again"},
		{fmt.Errorf("%w: the disk has no room; free some space", store.ErrFull), "no space left: the disk has no room; free some space"},
		{fmt.Errorf("%w: what", store.ErrUsage), "what"},
	} {
		if got := advice(tt.err); got != tt.want {
			t.Errorf("got  %q\nwant %q", got, tt.want)
		}
	}
}

func TestOutcomes(t *testing.T) {
	missing, network := fmt.Errorf("a: %w", store.ErrNotFound), fmt.Errorf("b: %w", store.ErrNetwork)
	for _, tt := range []struct {
		errs []error
		want int
	}{
		{nil, 0}, {[]error{nil, nil}, 0}, {[]error{missing}, 4}, {[]error{missing, missing}, 4}, {[]error{missing, network}, 3},
		{[]error{nil, missing}, 3}, {[]error{network, fmt.Errorf("c: %w", store.ErrUnexpected)}, 1},
		{[]error{&someFailed{"1 of 2", []error{store.ErrInvalid}}}, 3},
	} {
		var o outcomes
		for i, err := range tt.errs {
			o.add(fmt.Sprint(i), err)
		}
		code := 0
		if err := o.err(); err != nil {
			code = exitCode(err)
		}
		if code != tt.want {
			t.Errorf("%v: exit code %d, want %d", tt.errs, code, tt.want)
		}
	}
}

// TestNarrow: on a narrow terminal the answer is as narrow.
func TestNarrow(t *testing.T) {
	for wide, want := range map[int]int{0: columns, 200: columns, 40: 40, 5: leastColumns} {
		var buf bytes.Buffer
		a := &app{stdout: &buf, stderr: io.Discard, columns: wide, place: config.Place{Getenv: func(string) string { return "" }, Environ: func() []string { return nil }}}
		if code := a.run(t.Context(), []string{"version"}); code != 0 {
			t.Fatal(code)
		}
		buf.Reset()
		a.out.block("  ", strings.Repeat("words ", 100), 0)
		a.out.hang("  ", "Why:", strings.Repeat("words ", 100))
		a.out.hang("", strings.Repeat("x", 35), "words")
		longest := 0
		for line := range strings.Lines(buf.String()) {
			if !strings.HasPrefix(line, "x") {
				longest = max(longest, displayWidth(strings.TrimSuffix(line, "\n")))
			}
		}
		if longest > want || longest < want-len("words ") {
			t.Errorf("of %d columns: %d are used, want %d", wide, longest, want)
		}
	}
}

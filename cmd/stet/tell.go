package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"stet/archiver"
	"stet/store"
)

// tell tells the person of an error and returns the exit code. An interruption
// is one whatever else went wrong because of it.
func (a *app) tell(ctx context.Context, err error) int {
	if err == nil {
		return 0
	}
	var t *told
	if !errors.As(err, &t) {
		a.complain(err)
	}
	if ctx.Err() != nil {
		return 130
	}
	return exitCode(err)
}

// complain prints an error as one sentence with what to do next; with -v the
// operators' chain follows.
func (a *app) complain(err error) {
	fmt.Fprintf(a.stderr, "stet: %s\n", clean(advice(err)))
	if a.verbose {
		for _, line := range chain(err) {
			fmt.Fprintf(a.stderr, "  %s\n", clean(line))
		}
	}
}

// warn prints a sentence that is no error.
func (a *app) warn(format string, args ...any) {
	fmt.Fprintf(a.stderr, "stet: %s\n", clean(fmt.Sprintf(format, args...)))
}

// sentence writes an error for people: on one line, without the words of its
// class, which the sentence says better.
func sentence(err error) string {
	s := strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), "\n", "; ")), " ")
	for _, class := range []error{store.ErrUsage, store.ErrInvalid, store.ErrPartial, store.ErrUnexpected, store.ErrNetwork,
		store.ErrBusy, store.ErrNoStore, store.ErrRefused, context.Canceled, context.DeadlineExceeded} {
		s = strings.ReplaceAll(s, class.Error()+": ", "")
	}
	s = strings.ReplaceAll(s, context.Canceled.Error(), "interrupted")
	return s
}

// advice is the sentence with what to do next, where the error itself does not
// say it.
func advice(err error) string {
	s := sentence(err)
	hint := ""
	switch store.ClassOf(err).Name {
	case "corrupt":
		hint = "run `stet check` to see what is damaged"
	case "full":
		hint = "free some space and run the same command again; nothing that was acknowledged is lost"
	case "poisoned":
		hint = "look after the disk, then run the same command again; nothing that was acknowledged is lost"
	case "read-only":
		hint = "make the folder writable, or name another with --data"
	case "version":
		hint = "use a newer version of stet"
	case "rate-limited":
		hint = "wait, then run the same command again"
	case "network":
		hint = "check the connection and run the same command again"
	case "too-large":
		hint = "the limits are in the configuration: `stet config print`"
	case "internal":
		if !strings.Contains(s, "permission denied") {
			break
		}
		hint = "check who may read and write it"
	}
	if hint == "" || strings.Contains(s, "`stet ") || strings.Contains(s, "; ") {
		return s
	}
	return s + "; " + hint
}

// chain lists the links of an error, outermost first, each with its type.
func chain(err error) []string {
	class := store.ClassOf(err)
	lines := []string{fmt.Sprintf("class %s, exit %d", class.Name, exitCode(err))}
	var walk func(err error, depth int)
	walk = func(err error, depth int) {
		if err == nil || depth > 30 {
			return
		}
		lines = append(lines, fmt.Sprintf("%s%T: %s", strings.Repeat(" ", depth), err, strings.ReplaceAll(err.Error(), "\n", " | ")))
		switch e := err.(type) { //nolint:errorlint // the links themselves are wanted
		case interface{ Unwrap() error }:
			walk(e.Unwrap(), depth+1)
		case interface{ Unwrap() []error }:
			for _, inner := range e.Unwrap() {
				walk(inner, depth+1)
			}
		}
	}
	walk(err, 0)
	return lines
}

// missing is a negative answer: it names the archive that was searched, its
// size and its dates.
type missing struct {
	what     string
	dir      string
	coverage archiver.Coverage
	zone     *time.Location
	cause    error
}

// Error returns the answer as a sentence.
func (m *missing) Error() string {
	held := "which is empty"
	switch c := m.coverage; {
	case !c.First.IsZero():
		held = fmt.Sprintf("which knows %s, recorded from %s to %s", count(c.Posts, "post"), day(c.First, m.zone), day(c.Last, m.zone))
	case c.Posts > 0:
		held = "which knows " + count(c.Posts, "post")
	}
	return fmt.Sprintf("%s is not in the archive %s, %s", m.what, m.dir, held)
}

// Unwrap returns the class.
func (m *missing) Unwrap() error {
	if m.cause != nil {
		return m.cause
	}
	return store.ErrNotFound
}

// day writes a date in the reader's zone.
func day(t time.Time, zone *time.Location) string { return t.In(zone).Format("2006-01-02 MST") }

// count writes a number with its noun.
func count[N int | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
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

// requested is the request that an error of the network begins with; what went
// wrong with it names the host, and -v shows the whole.
var requested = regexp.MustCompile(`\b(GET|POST|HEAD) https?://\S+: `)

// sentence writes an error for people: on one line, without the words of its
// class, which the sentence says better.
func sentence(err error) string {
	var said []string // several sources can say the same
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); line != "" && !slices.Contains(said, line) {
			said = append(said, line)
		}
	}
	s := strings.Join(strings.Fields(strings.Join(said, "; ")), " ")
	for _, class := range []error{store.ErrUsage, store.ErrInvalid, store.ErrPartial, store.ErrUnexpected, store.ErrNetwork,
		store.ErrBusy, store.ErrNotFound, store.ErrNoStore, store.ErrRefused, context.Canceled, context.DeadlineExceeded} {
		s = strings.ReplaceAll(s, class.Error()+": ", "")
	}
	s = requested.ReplaceAllString(s, "")
	s = strings.ReplaceAll(s, context.Canceled.Error(), "interrupted")
	return s
}

// advice is the sentence with what to do next, where the error itself does not
// say it.
func advice(err error) string {
	s := sentence(err)
	for _, h := range hints() {
		if store.ClassOf(err).Name == h.class && !slices.ContainsFunc(h.said, func(w string) bool { return strings.Contains(s, w) }) {
			return s + "; " + h.next
		}
	}
	return s
}

// hint is what to do next about a class of errors.
type hint struct {
	class string
	next  string
	// said are words by which an error says so itself.
	said []string
}

func hints() []hint {
	return []hint{
		{"corrupt", "run `stet check` to see what is damaged", []string{"stet check", "backup"}},
		{"full", "free some space and run the same command again; nothing that was acknowledged is lost", []string{"free some"}},
		{"poisoned", "look after the disk, then run the same command again; nothing that was acknowledged is lost", nil},
		{"read-only", "make the folder and the files in it this user's own (`chown`, `chmod u+w`), or name another with --data", []string{"--data"}},
		{"version", "use a newer version of stet", []string{"newer version of stet", "stet migrate"}},
		{"rate-limited", "wait, then run the same command again", []string{"try again after", "until"}},
		{"network", "check the connection and run the same command again", []string{"check ", "fetch.", "try again"}},
		{"too-large", "`stet config print` shows the limits", []string{"limit", "cut out"}},
		{"timeout", "run the same command again", []string{"again"}},
	}
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
	// what is not there; where it is empty, cause says so.
	what     string
	dir      string
	coverage archiver.Coverage
	zone     *time.Location
	cause    error
}

// Error returns the answer as a sentence.
func (m *missing) Error() string {
	held := "which is empty"
	if c := m.coverage; !c.First.IsZero() {
		held = fmt.Sprintf("which holds %s, recorded from %s to %s", posts(c), day(c.First, m.zone), day(c.Last, m.zone))
	}
	if m.what == "" {
		return fmt.Sprintf("%v; searched: the archive %s, %s", m.cause, m.dir, held)
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

// posts says how many posts an archive holds.
func posts(c archiver.Coverage) string {
	if c.About {
		return "about " + count(c.Posts, "post")
	}
	return count(c.Posts, "post")
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

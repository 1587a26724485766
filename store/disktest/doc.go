// Package disktest shows tests what a process does to the files in a folder:
// every creation, write, truncation, sync, new name and removal, one after the
// other, just before it is done. A test can let it be done, make it fail with
// an error of the operating system, or kill the process there and then. From
// what was done it builds the folders that a power cut may leave.
//
// What is watched are the system calls of a process of its own, whose code is
// that which users run: nothing in it knows of the watching, bbolt's own writes
// and syncs included. That needs Linux 5.19 or later; elsewhere [Attach] does
// nothing and no process can be watched.
//
// # Caveats
//
// Calls of several threads are seen in the order in which they begin. Writing
// through mapped memory is not seen (bbolt maps its file for reading only), and
// neither are links that are symbolic, nor new modes and times of files.
package disktest

import (
	"cmp"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
)

// Kind says what an [Op] does.
type Kind string

// What is done to files.
const (
	// Create opens a file that is made where it is not there; Size is 0 where
	// it is emptied, -1 where not.
	Create Kind = "create"
	Write  Kind = "write"
	// Truncate gives a file another Size.
	Truncate Kind = "truncate"
	// Sync makes a file or a folder durable.
	Sync  Kind = "sync"
	Mkdir Kind = "mkdir"
	// Link gives the file Path another name, To; Rename a new one.
	Link   Kind = "link"
	Rename Kind = "rename"
	Remove Kind = "remove"
	// Say is not done to a file: the process wrote Data to its standard output.
	Say Kind = "say"
)

// Op is one thing that a process is about to do.
type Op struct {
	Kind Kind
	// Path and To are below the folder that is watched, with slashes; empty for
	// the folder itself.
	Path, To string
	Offset   int64
	Size     int64
	Data     []byte
}

// metaBytes is where the two first pages of a bbolt file end, which say where
// all others are.
const metaBytes = 2 * 4096

// random are the parts of names that differ from run to run.
var random = regexp.MustCompile(`[0-9]{6,}[-0-9]*|blobs/[0-9a-f]{2}(/[0-9a-f]+)?`) //nolint:gochecknoglobals // compiled once, never changed

// Step names what is done, alike in every run.
func (o *Op) Step() string {
	word := string(o.Kind)
	if o.Kind == Write && strings.HasSuffix(o.Path, ".db") {
		word += " pages of"
		if o.Offset < metaBytes {
			word = "write a first page of"
		}
	}
	name := random.ReplaceAllStringFunc(cmp.Or(o.Path, "the folder"), func(s string) string {
		if !strings.HasPrefix(s, "blobs/") {
			return "*"
		}
		return "blobs" + strings.Repeat("/*", strings.Count(s, "/"))
	})
	if o.To != "" {
		name += " as " + (&Op{Path: o.To}).Step()[1:]
	}
	return word + " " + name
}

// String returns the step with its numbers.
func (o *Op) String() string {
	return fmt.Sprintf("%s %s %s at %d, size %d, %d bytes", o.Kind, o.Path, o.To, o.Offset, o.Size, len(o.Data))
}

// grows reports whether it needs space on the disk.
func (o *Op) grows() bool {
	return o.Kind != Sync && o.Kind != Remove && o.Kind != Say
}

// Verdict says what becomes of an [Op]. The zero value lets it be done.
type Verdict struct {
	// Kill ends the process instead.
	Kill bool
	// Errno makes it fail with an error, without being done.
	Errno syscall.Errno
}

// Full returns the verdict that it fails for want of space, where it needs any.
func (o *Op) Full() Verdict {
	if o.grows() {
		return Verdict{Errno: syscall.ENOSPC}
	}
	return Verdict{}
}

// below returns the name of a path below a folder; ok is false where it is
// elsewhere.
func below(dir, path string) (name string, ok bool) {
	if path == dir {
		return "", true
	}
	name, ok = strings.CutPrefix(path, dir+"/")
	return filepath.ToSlash(name), ok
}

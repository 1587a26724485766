package store

import (
	"context"
	"errors"
	"net/http"
)

// The error classes. Every error that leaves the store, the engine or the
// command line wraps one of them, or is an internal error. [Classes] says what
// each means outside.
var (
	// ErrNotFound: the archive holds no such thing.
	ErrNotFound = errors.New("not in the archive")
	// ErrNoStore: there is no archive at the place that was named.
	ErrNoStore = errors.New("no archive there")
	// ErrInvalid: the caller's input cannot be right.
	ErrInvalid = errors.New("invalid input")
	// ErrConflict: somebody else changed the thing first, or a fencing token
	// is out of date.
	ErrConflict = errors.New("changed by somebody else")
	// ErrBusy: another process holds the store, or it is overloaded.
	ErrBusy = errors.New("busy")
	// ErrCorrupt: stored bytes do not match their digest or checksum.
	ErrCorrupt = errors.New("damaged data")
	// ErrVersion: the data was written by a newer version.
	ErrVersion = errors.New("written by a newer version")
	// ErrReadOnly: the store was opened for reading, or may not be written.
	ErrReadOnly = errors.New("read-only")
	// ErrFull: no space is left.
	ErrFull = errors.New("no space left")
	// ErrPoisoned: a sync failed earlier, so what the disk holds is not known
	// until the store is opened again.
	ErrPoisoned = errors.New("a write to disk failed; the archive must be opened again")
	// ErrTooLarge: a limit on size was reached.
	ErrTooLarge = errors.New("too large")
	// ErrRefused: policy forbids it (a private address, a takedown, robots).
	ErrRefused = errors.New("refused by policy")
	// ErrUnavailable: the database or the storage that keeps the archive cannot
	// be reached, or does not let us in at the moment.
	ErrUnavailable = errors.New("the storage of the archive is not available")
	// ErrNetwork: trouble on the way; says nothing about what was asked for.
	ErrNetwork = errors.New("network trouble")
	// ErrRateLimited: the other side asks to slow down.
	ErrRateLimited = errors.New("asked to slow down")
	// ErrUnexpected: an answer of a shape that cannot be understood.
	ErrUnexpected = errors.New("unexpected answer")
	// ErrVerification: evidence does not prove what it should.
	ErrVerification = errors.New("verification failed")
	// ErrPartial: some of several things were done.
	ErrPartial = errors.New("partly done")
	// ErrUsage: the command line or the configuration is wrong.
	ErrUsage = errors.New("usage")
)

// Class is what an error class means outside the process.
type Class struct {
	// Name is the stable word for the class in JSON.
	Name string
	// Err is the sentinel that errors of the class wrap.
	Err error
	// Exit is the process's exit code.
	Exit int
	// HTTP is the status of an answer.
	HTTP int
	// Retry says whether trying the same again later can help.
	Retry bool
	// Recorded is the word that a job's or look's record carries.
	Recorded string
}

// Classes is the one table of error classes, in the order in which
// [ClassOf] tries them.
func Classes() []Class {
	return []Class{
		{"usage", ErrUsage, 2, http.StatusBadRequest, false, "usage"},
		{"no-store", ErrNoStore, 2, http.StatusServiceUnavailable, false, "no-store"},
		{"invalid", ErrInvalid, 2, http.StatusBadRequest, false, "invalid"},
		{"partial", ErrPartial, 3, http.StatusMultiStatus, true, "partial"},
		{"corrupt", ErrCorrupt, 5, http.StatusInternalServerError, false, "corrupt"},
		{"verification", ErrVerification, 5, http.StatusUnprocessableEntity, false, "verification"},
		{"busy", ErrBusy, 6, http.StatusServiceUnavailable, true, "busy"},
		{"version", ErrVersion, 2, http.StatusServiceUnavailable, false, "version"},
		{"refused", ErrRefused, 7, http.StatusForbidden, false, "refused"},
		{"conflict", ErrConflict, 1, http.StatusConflict, true, "conflict"},
		{"read-only", ErrReadOnly, 1, http.StatusServiceUnavailable, false, "read-only"},
		{"full", ErrFull, 1, http.StatusInsufficientStorage, true, "full"},
		{"poisoned", ErrPoisoned, 1, http.StatusServiceUnavailable, false, "poisoned"},
		{"too-large", ErrTooLarge, 1, http.StatusRequestEntityTooLarge, false, "too-large"},
		{"rate-limited", ErrRateLimited, 1, http.StatusTooManyRequests, true, "rate-limited"},
		{"unavailable", ErrUnavailable, 1, http.StatusServiceUnavailable, true, "unavailable"},
		{"network", ErrNetwork, 1, http.StatusBadGateway, true, "network"},
		{"unexpected", ErrUnexpected, 1, http.StatusBadGateway, true, "unexpected"},
		{"not-found", ErrNotFound, 4, http.StatusNotFound, false, "not-found"},
		{"interrupted", context.Canceled, 130, http.StatusServiceUnavailable, true, "interrupted"},
		{"timeout", context.DeadlineExceeded, 1, http.StatusGatewayTimeout, true, "timeout"},
	}
}

// ClassOf returns the class of err; the class "internal" (exit 1, status 500)
// where err wraps none; and the zero Class for nil.
func ClassOf(err error) Class {
	if err == nil {
		return Class{}
	}
	for _, c := range Classes() {
		if errors.Is(err, c.Err) {
			return c
		}
	}
	return Class{Name: "internal", Exit: 1, HTTP: http.StatusInternalServerError, Recorded: "internal"}
}

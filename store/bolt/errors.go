package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"

	"stet/store"
)

// classify gives an error of the operating system its class.
func classify(err error) error {
	switch {
	case err == nil:
		return nil
	case noSpace(err):
		return fmt.Errorf("%w: %w; free some space and try again", store.ErrFull, err)
	case isAny(err, readOnlyErrors()), errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: %w; it may not be written by this user", store.ErrReadOnly, err)
	case isAny(err, notFolderErrors()):
		return fmt.Errorf("%w: %w", store.ErrInvalid, err)
	}
	return err
}

// noSpace reports whether err says that the disk, the quota or the largest
// size of a file was reached. bbolt wraps some errors as text.
func noSpace(err error) bool {
	if err == nil {
		return false
	}
	if isAny(err, fullErrors()) {
		return true
	}
	text, ok := strings.CutPrefix(err.Error(), "file resize error: ")
	return ok && slices.ContainsFunc(fullErrors(), func(e syscall.Errno) bool { return strings.HasSuffix(text, e.Error()) })
}

// cannotMap reports whether err says that there is too little address space.
func cannotMap(err error) bool { return isAny(err, mapErrors()) }

func isAny(err error, among []syscall.Errno) bool {
	return slices.ContainsFunc(among, func(e syscall.Errno) bool { return errors.Is(err, e) })
}

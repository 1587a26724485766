package main

import (
	"errors"
	"fmt"

	"stet/store"
)

// outcomes adds up what became of several targets.
type outcomes struct {
	total int
	errs  []error
	// codes counts the exit codes of the failures.
	codes map[int]int
	// failed are the names of the targets that failed.
	failed []string
}

// add notes one target; err is nil where it succeeded.
func (o *outcomes) add(name string, err error) {
	o.total++
	if err == nil {
		return
	}
	if o.codes == nil {
		o.codes = map[int]int{}
	}
	o.codes[exitCode(err)]++
	o.errs = append(o.errs, err)
	o.failed = append(o.failed, name)
}

// err returns nil where all succeeded; the class of the failures where all
// failed in the same way; and "partly done" otherwise. The person has been told
// of each already.
func (o *outcomes) err() error {
	if len(o.errs) == 0 {
		return nil
	}
	cause := errors.Join(o.errs...)
	if len(o.errs) == o.total && len(o.codes) == 1 {
		return &told{code: exitCode(o.errs[0]), err: cause}
	}
	return &told{code: 3, err: fmt.Errorf("%w: %d of %d failed: %w", store.ErrPartial, len(o.errs), o.total, cause)}
}

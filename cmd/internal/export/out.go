package export

import (
	"fmt"
	"io"

	"stet/store"
)

// Mark is a place at which an export can go on after it was interrupted.
type Mark struct {
	// Print tells what is exported, Bound the journal number at which the
	// archive is read.
	Print string `json:"print"`
	Bound uint64 `json:"bound"`
	// File is the file that is being written, and Offset how much of it there
	// is; Number counts the files.
	File   string `json:"file,omitempty"`
	Number int    `json:"number,omitempty"`
	Offset int64  `json:"offset"`
	// After is what was written last: a journal number, or a post.
	After string `json:"after,omitempty"`
	// Digest is that of everything before, for an export that is made again up
	// to here and not written a second time.
	Digest store.Digest `json:"digest,omitzero"`
}

// Out takes what an export writes: one file, whose name is empty, or several.
type Out interface {
	io.Writer
	// File begins the next file.
	File(name string) error
	// Mark says that what was written so far is whole. A receiver that keeps
	// it can have the export go on from there.
	Mark(m Mark) error
}

// plainOut writes one file to w and forgets marks.
type plainOut struct{ io.Writer }

// File errors where the export has more than one file.
func (plainOut) File(name string) error {
	if name != "" {
		return fmt.Errorf("%w: the file %q of several cannot be written to one stream", store.ErrUsage, name)
	}
	return nil
}

// Mark does nothing.
func (plainOut) Mark(Mark) error { return nil }

// ToWriter returns an Out for exports of one file.
func ToWriter(w io.Writer) Out { return plainOut{w} }

package forward

import (
	"fmt"

	"stet/store"
)

// Entry is a file or folder of the client.
type Entry struct {
	Name string `json:"name,omitempty"`
	// Dir is true for a folder, Regular for a plain file, Size is its length.
	Dir     bool  `json:"dir,omitempty"`
	Regular bool  `json:"regular,omitempty"`
	Size    int64 `json:"size,omitempty"`
}

// Trees are [Files] of any size, and what is in folders: for commands that take
// whole collections. Whoever serves files need not have it. below is a path in
// the folder name, with slashes and without links that lead out of it, or empty.
type Trees interface {
	// Info describes a file or folder; it returns nil where there is none.
	Info(name, below string) (*Entry, error)
	// Range returns at most max bytes of a file from an offset, fewer only at
	// its end.
	Range(name, below string, offset int64, max int) ([]byte, error)
	// Entries returns a page of what is in a folder, in the order of the names,
	// after a name.
	Entries(name, below, after string) ([]Entry, error)
}

// The sizes of what is asked for at once.
const (
	// MaxRange is the longest part of a file.
	MaxRange = 1 << 20
	// MaxEntries is the longest page of a folder.
	MaxEntries = 5000
)

// treeQuestion asks for a part of a tree; it is part of a fileQuestion.
type treeQuestion struct {
	// Ask is info, range or entries.
	Ask    string `json:"ask"`
	Below  string `json:"below,omitempty"`
	Offset int64  `json:"offset,omitempty"`
	After  string `json:"after,omitempty"`
}

// answerTree answers with what the client has.
func answerTree(q fileQuestion, files Files) (a fileAnswer) {
	trees, ok := files.(Trees)
	var err error
	switch {
	case !ok:
		err = fmt.Errorf("%w: the command gives no folders", store.ErrRefused)
	case q.Tree.Ask == "info":
		a.Entry, err = trees.Info(q.Name, q.Tree.Below)
		a.Exists = a.Entry != nil
	case q.Tree.Ask == "range":
		a.Body, err = trees.Range(q.Name, q.Tree.Below, q.Tree.Offset, int(min(q.Max, MaxRange)))
	case q.Tree.Ask == "entries":
		a.Entries, err = trees.Entries(q.Name, q.Tree.Below, q.Tree.After)
	default:
		err = fmt.Errorf("%w: the question %.20q is not known", store.ErrUnexpected, q.Tree.Ask)
	}
	if err != nil {
		a.Error = err.Error()
	}
	return a
}

// Info implements [Trees].
func (r *remoteFiles) Info(name, below string) (*Entry, error) {
	a, err := r.ask(fileQuestion{Name: name, Tree: &treeQuestion{Ask: "info", Below: below}})
	return a.Entry, err
}

// Range implements [Trees].
func (r *remoteFiles) Range(name, below string, offset int64, max int) ([]byte, error) {
	a, err := r.ask(fileQuestion{Name: name, Max: int64(max), Tree: &treeQuestion{Ask: "range", Below: below, Offset: offset}})
	if err == nil && len(a.Body) > max {
		return nil, fmt.Errorf("%w: the client gave more of %s than was asked for", store.ErrUnexpected, name)
	}
	return a.Body, err
}

// Entries implements [Trees].
func (r *remoteFiles) Entries(name, below, after string) ([]Entry, error) {
	a, err := r.ask(fileQuestion{Name: name, Tree: &treeQuestion{Ask: "entries", Below: below, After: after}})
	for i := range a.Entries {
		if e := a.Entries[i].Name; e <= after {
			return nil, fmt.Errorf("%w: the client lists %.80q after %.80q", store.ErrUnexpected, e, after)
		}
		after = a.Entries[i].Name
	}
	return a.Entries, err
}

package beside

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"

	"stet/store"
	"stet/store/durable"
)

// File is a list of T in a file: a JSON object with the version of its form and
// the list under the name of what it holds.
type File[T any] struct {
	Path string
	// What names what it holds, in the plural: "tokens".
	What string
}

// version is that of the form; a newer one is refused.
const version = 1

// maxFile is the largest file that is read: thousands of elements.
const maxFile = 4 << 20

// List returns the list, empty where there is no file. It errors with
// ErrRefused where others than the owner may read or write the file, and with
// ErrCorrupt where it is not what it should be.
func (b File[T]) List() (_ []T, err error) {
	f, err := os.Open(b.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: reading the %s: %w", store.ErrReadOnly, b.What, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("%w: reading the %s: %w", store.ErrReadOnly, b.What, err)
	}
	// Windows has no such modes.
	if mode := info.Mode(); runtime.GOOS != "windows" && (!mode.IsRegular() || mode.Perm()&0o077 != 0) {
		return nil, fmt.Errorf("%w: others may read or write the %s in %s (mode %s); make it 0600", store.ErrRefused, b.What, b.Path, mode)
	}
	body, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, fmt.Errorf("%w: reading the %s: %w", store.ErrReadOnly, b.What, err)
	}
	var in map[string]json.RawMessage
	var form int
	if err = json.Unmarshal(body, &in); err == nil {
		err = json.Unmarshal(in["version"], &form)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the %s in %s: %w", store.ErrCorrupt, b.What, b.Path, err)
	}
	if form != version {
		return nil, fmt.Errorf("%w: the %s in %s have version %d, this stet reads %d", store.ErrVersion, b.What, b.Path, form, version)
	}
	var list []T
	if err := json.Unmarshal(in[b.What], &list); err != nil {
		return nil, fmt.Errorf("%w: the %s in %s: %w", store.ErrCorrupt, b.What, b.Path, err)
	}
	return list, nil
}

// Write puts a new list in the place of the old one, durably.
func (b File[T]) Write(list []T) error {
	body, err := json.MarshalIndent(map[string]any{"version": version, b.What: list}, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the %s: %w", b.What, err)
	}
	if err := durable.ReplaceFile(b.Path, append(body, '\n'), durable.Private); err != nil {
		return fmt.Errorf("%w: writing the %s: %w", store.ErrReadOnly, b.What, err)
	}
	return nil
}

// CopyTo writes the list to another file. It returns how many elements there
// are; where the other file is there already it stays, and none are copied,
// unless over is true.
func (b File[T]) CopyTo(path string, over bool) (int, error) {
	target := File[T]{path, b.What}
	if !over {
		if _, err := os.Lstat(path); err == nil {
			return 0, nil
		}
	}
	list, err := b.List()
	if err != nil || len(list) == 0 {
		if over && err == nil {
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return 0, fmt.Errorf("%w: removing the %s of an earlier backup: %w", store.ErrReadOnly, b.What, err)
			}
		}
		return 0, err
	}
	return len(list), target.Write(list)
}

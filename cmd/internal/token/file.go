package token

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"stet/store"
)

// file is the form of the file.
type file struct {
	Version int     `json:"version"`
	Tokens  []Token `json:"tokens"`
}

// version is that of the form; a newer one is refused.
const version = 1

// maxFile is the largest file that is read: thousands of tokens.
const maxFile = 4 << 20

// List returns the tokens, those that are no longer active too. It errors with
// ErrRefused where others than the owner may read or write the file, and with
// ErrCorrupt where it is not what it should be.
func (t *Tokens) List() (_ []Token, err error) {
	f, err := os.Open(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: reading the tokens: %w", store.ErrReadOnly, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("%w: reading the tokens: %w", store.ErrReadOnly, err)
	}
	// Windows has no such modes.
	if mode := info.Mode(); runtime.GOOS != "windows" && (!mode.IsRegular() || mode.Perm()&0o077 != 0) {
		return nil, fmt.Errorf("%w: others may read or write the tokens in %s (mode %s); make it 0600", store.ErrRefused, t.path, mode)
	}
	body, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, fmt.Errorf("%w: reading the tokens: %w", store.ErrReadOnly, err)
	}
	var in file
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, fmt.Errorf("%w: the tokens in %s: %w", store.ErrCorrupt, t.path, err)
	}
	if in.Version != version {
		return nil, fmt.Errorf("%w: the tokens in %s have version %d, this stet reads %d", store.ErrVersion, t.path, in.Version, version)
	}
	return in.Tokens, nil
}

// write puts a new file in the place of the old one, durably.
func (t *Tokens) write(list []Token) error {
	body, err := json.MarshalIndent(file{Version: version, Tokens: list}, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the tokens: %w", err)
	}
	if err := replace(t.path, append(body, '\n')); err != nil {
		return fmt.Errorf("%w: writing the tokens: %w", store.ErrReadOnly, err)
	}
	return nil
}

func replace(path string, body []byte) (err error) {
	// CreateTemp makes a new file of mode 0600 and follows no link.
	f, err := os.CreateTemp(filepath.Dir(path), FileName+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(body)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	if runtime.GOOS == "windows" {
		return nil // folders cannot be synced there
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Copy puts the tokens of the archive in one folder beside that in another. It
// returns how many there are; where the other has tokens of its own already
// they stay, and none are copied, unless over is true.
func Copy(from, to string, over bool) (int, error) {
	source, target := &Tokens{path: filepath.Join(from, FileName)}, &Tokens{path: filepath.Join(to, FileName)}
	if !over {
		if _, err := os.Lstat(target.path); err == nil {
			return 0, nil
		}
	}
	list, err := source.List()
	if err != nil || len(list) == 0 {
		if over && err == nil {
			if err := os.Remove(target.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return 0, fmt.Errorf("%w: removing the tokens of an earlier backup: %w", store.ErrReadOnly, err)
			}
		}
		return 0, err
	}
	return len(list), target.write(list)
}

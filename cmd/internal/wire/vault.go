package wire

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"filippo.io/age"

	"stet/store"
	"stet/store/durable"
)

// SealKeyFile is the name of the file with the key that opens what is sealed. It
// lies beside the archive, and is in no backup: who has only a backup cannot
// read what was sealed in it.
const SealKeyFile = "seal.key"

// vault seals with a key in a file, which is made when something is sealed first.
type vault struct {
	path string
	// mu keeps one from reading the key while another makes it.
	mu sync.Mutex
}

func vaultOf(dir string) *vault { return &vault{path: filepath.Join(dir, SealKeyFile)} }

// Seal implements [archiver.Vault].
func (v *vault) Seal(w io.Writer) (io.WriteCloser, error) {
	key, err := v.keyToSeal()
	if err != nil {
		return nil, err
	}
	out, err := age.Encrypt(w, key.Recipient())
	if err != nil {
		return nil, fmt.Errorf("sealing: %w", err)
	}
	return out, nil
}

// Unseal implements [archiver.Vault].
func (v *vault) Unseal(r io.Reader) (io.Reader, error) {
	key, err := v.key()
	if err != nil {
		return nil, err
	}
	in, err := age.Decrypt(r, key)
	if err != nil {
		return nil, fmt.Errorf("%w: the key in %s does not open it: %w", store.ErrVerification, v.path, err)
	}
	return in, nil
}

func (v *vault) keyToSeal() (*age.X25519Identity, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	key, err := v.key()
	if errors.Is(err, store.ErrNotFound) {
		return v.make()
	}
	return key, err
}

func (v *vault) key() (*age.X25519Identity, error) {
	b, err := os.ReadFile(v.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: the key that opens what is sealed should be in %s", store.ErrNotFound, v.path)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: reading the key that seals: %w", store.ErrReadOnly, err)
	}
	key, err := age.ParseX25519Identity(strings.TrimSpace(string(b)))
	if err != nil {
		return nil, fmt.Errorf("%w: the key in %s: %w", store.ErrCorrupt, v.path, err)
	}
	return key, nil
}

// make makes the key. What is sealed with it can be opened by nothing else, so
// that it is durable before it is used.
func (v *vault) make() (_ *age.X25519Identity, err error) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, fmt.Errorf("making the key that seals: %w", err)
	}
	// The name leads to a whole key or to none, and never to another one than it
	// did: what was sealed with that would be lost.
	fresh := v.path + ".new"
	defer func() { err = errors.Join(err, os.Remove(fresh)) }()
	if err := durable.ReplaceFile(fresh, []byte(key.String()+"\n"), durable.Private); err != nil {
		return nil, fmt.Errorf("%w: making the key that seals: %w", store.ErrReadOnly, err)
	}
	switch err := os.Link(fresh, v.path); {
	case errors.Is(err, fs.ErrExist):
		return v.key()
	case err != nil:
		return nil, fmt.Errorf("%w: making the key that seals: %w", store.ErrReadOnly, err)
	}
	if err := durable.SyncFolder(filepath.Dir(v.path)); err != nil {
		return nil, fmt.Errorf("%w: making the key that seals: %w", store.ErrReadOnly, err)
	}
	return key, nil
}

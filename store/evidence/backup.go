package evidence

import (
	"bytes"
	"fmt"
	"io"

	"filippo.io/age"

	"stet/store"
)

// SealedKeyFile is the name of the encrypted signing key in a backup.
const SealedKeyFile = "evidence.key.age"

// workFactor is that of scrypt: 64 MB and a fraction of a second for each
// guess.
const workFactor = 16

// Seal encrypts the key with a passphrase, as a file of age.
func (k *Key) Seal(passphrase string) ([]byte, error) {
	to, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return nil, fmt.Errorf("%w: the passphrase for the signing key: %w", store.ErrInvalid, err)
	}
	to.SetWorkFactor(workFactor)
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to)
	if err == nil {
		_, err = io.WriteString(w, k.secret+"\n")
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("encrypting the signing key: %w", err)
	}
	return out.Bytes(), nil
}

// Unseal decrypts what [Key.Seal] made. It errors with ErrInvalid where the
// passphrase is another.
func Unseal(sealed []byte, passphrase string) (*Key, error) {
	from, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return nil, fmt.Errorf("%w: the passphrase for the signing key: %w", store.ErrInvalid, err)
	}
	from.SetMaxWorkFactor(workFactor + 4)
	r, err := age.Decrypt(bytes.NewReader(sealed), from)
	if err != nil {
		return nil, fmt.Errorf("%w: the signing key cannot be decrypted; is it another passphrase?", store.ErrInvalid)
	}
	line, err := io.ReadAll(io.LimitReader(r, 4096))
	if err != nil {
		return nil, fmt.Errorf("%w: the encrypted signing key is damaged: %w", store.ErrCorrupt, err)
	}
	return parseKey(string(line))
}

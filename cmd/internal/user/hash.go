package user

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"stet/store"
)

// cost is what a guess costs whoever has stolen the file.
type cost struct {
	time, memory uint32
	threads      uint8
}

// defaultCost is the second recommendation of RFC 9106, for where memory is
// short: about a tenth of a second and 64 MiB.
func defaultCost() cost { return cost{time: 3, memory: 64 << 10, threads: 4} }

const (
	saltSize = 16
	keySize  = 32
)

// hash returns a password's hash in the form that password hashes have
// ($argon2id$v=19$m=…,t=…,p=…$salt$hash).
func (c cost) hash(password string, random io.Reader) (string, error) {
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(random, salt); err != nil {
		return "", fmt.Errorf("drawing a salt: %w", err)
	}
	return c.write(salt, c.key(password, salt)), nil
}

// key hashes a password; characters that can be typed in two ways are one.
func (c cost) key(password string, salt []byte) []byte {
	return argon2.IDKey([]byte(norm.NFKC.String(password)), salt, c.time, c.memory, c.threads, keySize)
}

func (c cost) write(salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.memory, c.time, c.threads, encode(salt), encode(key))
}

// nobody is a hash that no password has, for names that are not known: refusing
// them takes as long.
func (c cost) nobody() string { return c.write(make([]byte, saltSize), make([]byte, keySize)) }

// verify compares a password with a hash. It errors with ErrCorrupt where that
// is none, or asks for more work than this version would.
func verify(hash, password string) (bool, error) {
	bad := fmt.Errorf("%w: what is kept of a password cannot be read; `stet user passwd` gives a new one", store.ErrCorrupt)
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return false, bad
	}
	var c cost
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.memory, &c.time, &c.threads); n != 3 || err != nil ||
		c.time == 0 || c.threads == 0 || c.time > 100 || c.memory > 4<<20 {
		return false, bad
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, bad
	}
	key, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(key) != keySize {
		return false, bad
	}
	return subtle.ConstantTimeCompare(key, c.key(password, salt)) == 1, nil
}

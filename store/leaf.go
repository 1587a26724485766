package store

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"slices"
)

// SaltSize is the size of a [Salt] in bytes.
const SaltSize = 16

// Salt is a random secret that keeps a commitment from telling what was
// committed to: without it, a short or guessable value could be found by
// trying. It is destroyed together with the value.
type Salt [SaltSize]byte

// IsZero reports whether s is not set.
func (s Salt) IsZero() bool { return s == Salt{} }

// NewSalt reads a salt from a source of random bytes.
func NewSalt(random io.Reader) (Salt, error) {
	var s Salt
	if _, err := io.ReadFull(random, s[:]); err != nil {
		return Salt{}, fmt.Errorf("reading random bytes for a salt: %w", err)
	}
	return s, nil
}

// Hash is a SHA-256 hash of the evidence tree.
type Hash [sha256.Size]byte

// String returns the hash in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// leafVersion is the version of the canonical header that [Record.Leaf]
// hashes.
const leafVersion = 1

// Leaf returns the hash of r as a leaf of the evidence tree: the RFC 6962 leaf
// hash, SHA-256(0x00 ‖ header), of a canonical header that names the record
// and commits to each of its fields with a salt. It does not depend on the
// journal number, and it is the same before and after fields are removed.
//
// The header is: one byte 1, the id (16 bytes), the kind, the schema and the
// time in microseconds since 1970 (8 bytes each, big endian), the number of
// fields (4 bytes), then for each field its name and its commitment (32
// bytes); kind and names are preceded by their length (2 bytes).
func (r *Record) Leaf() Hash { return sha256.Sum256(r.leafData()) }

// Header returns the canonical header of r, of which [Record.Leaf] is the hash:
// what the evidence tree takes as its entry.
func (r *Record) Header() []byte { return r.leafData()[1:] }

// leafData returns the header of r with the prefix of a leaf before it.
func (r *Record) leafData() []byte {
	header := make([]byte, 0, 64+48*len(r.Fields))
	header = append(header, 0, leafVersion)
	header = append(header, r.ID[:]...)
	header = appendShort(header, string(r.Kind))
	header = binary.BigEndian.AppendUint64(header, uint64(r.Schema))
	header = binary.BigEndian.AppendUint64(header, uint64(r.Time.UnixMicro()))
	header = binary.BigEndian.AppendUint32(header, uint32(len(r.Fields)))
	h := sha256.New()
	for i := range r.Fields {
		header = appendShort(header, r.Fields[i].Name)
		c := r.commitment(h, i)
		header = append(header, c[:]...)
	}
	return header
}

func appendShort(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(s)))
	return append(b, s...)
}

// Commitment returns the commitment to field i: HMAC-SHA-256 of its value
// under its salt.
func (r *Record) Commitment(i int) Hash { return r.commitment(sha256.New(), i) }

// commitment uses h, so that a leaf needs one hash for all of its fields.
func (r *Record) commitment(h hash.Hash, i int) Hash {
	f := &r.Fields[i]
	if f.Removed != nil {
		return *f.Removed
	}
	return authenticate(h, r.fieldSalt(h, f), f.Value)
}

// fieldSalt returns the salt of f: its own, or the one derived from the
// record's.
func (r *Record) fieldSalt(h hash.Hash, f *Field) Salt {
	if !f.Salt.IsZero() {
		return f.Salt
	}
	sum := authenticate(h, r.Salt, []byte(f.Name))
	return Salt(sum[:SaltSize])
}

// authenticate returns HMAC (RFC 2104) of a message under a key that is
// shorter than a block of the hash. It does what crypto/hmac does, without two
// new hashes for each key: a capture has twenty.
func authenticate(h hash.Hash, key Salt, message []byte) Hash {
	var inner, outer [sha256.BlockSize]byte
	copy(inner[:], key[:])
	copy(outer[:], key[:])
	for i := range inner {
		inner[i] ^= 0x36
		outer[i] ^= 0x5c
	}
	var sum Hash
	h.Reset()
	h.Write(inner[:])
	h.Write(message)
	h.Sum(sum[:0])
	h.Reset()
	h.Write(outer[:])
	h.Write(sum[:])
	h.Sum(sum[:0])
	return sum
}

// Remove returns a copy of r without the values of the named fields: their
// commitments remain, the record's salt is destroyed and every other field
// gets the salt that was derived from it, so that nothing in the copy helps to
// guess what was removed. The [Record.Leaf] of the copy is that of r.
func (r *Record) Remove(names ...string) Record {
	c := *r
	c.Fields = make([]Field, len(r.Fields))
	for i, f := range r.Fields {
		switch {
		case f.Removed != nil:
		case slices.Contains(names, f.Name):
			h := r.Commitment(i)
			f = Field{Name: f.Name, Removed: &h}
		default:
			f.Salt = r.fieldSalt(sha256.New(), &r.Fields[i])
		}
		c.Fields[i] = f
	}
	c.Salt = Salt{}
	return c
}

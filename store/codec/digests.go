package codec

import (
	"bytes"
	"encoding/hex"
	"errors"

	"stet/store"
)

// The content of records names digests, as sha256: and 64 hexadecimal digits,
// which hardly compress. They are taken out of a field's value: what stays is
// a mark and the number of the digest in a table of the block, which holds
// them in 32 bytes each. The number 0 is the digest of the record's own body,
// which needs no place in the table.

const (
	digestMark   = 0x01
	digestOfBody = 0
	// maxDigests is the most digests of a table; further ones stay in place.
	maxDigests = 255

	digestPrefix = "sha256:"
	digestLength = len(digestPrefix) + 2*len(store.Digest{})

	bodyField = "body"
)

// table is the digests that were taken out of the records of a block.
type table []store.Digest

// add returns the number of a digest, and false where the table is full.
func (t *table) add(d store.Digest) (byte, bool) {
	for i := range *t {
		if (*t)[i] == d {
			return byte(i + 1), true
		}
	}
	if len(*t) == maxDigests {
		return 0, false
	}
	*t = append(*t, d)
	return byte(len(*t)), true
}

// takeOut returns the value of field f of r without its digests, and true
// where there were any.
func (t *table) takeOut(r *store.Record, f *store.Field) ([]byte, bool) {
	if f.Name == bodyField || !bytes.Contains(f.Value, []byte(digestPrefix)) || bytes.IndexByte(f.Value, digestMark) >= 0 {
		return f.Value, false
	}
	out := make([]byte, 0, len(f.Value))
	rest, found := f.Value, false
	for {
		i := bytes.Index(rest, []byte(digestPrefix))
		if i < 0 {
			return append(out, rest...), found
		}
		out = append(out, rest[:i]...)
		rest = rest[i:]
		d, ok := digestAt(rest)
		var n byte
		if ok && !ownDigest(r, d) {
			n, ok = t.add(d)
		}
		if !ok {
			out = append(out, digestPrefix...)
			rest = rest[len(digestPrefix):]
			continue
		}
		out = append(out, digestMark, n)
		rest, found = rest[digestLength:], true
	}
}

// ownDigest reports whether d is the digest of the body of r.
func ownDigest(r *store.Record, d store.Digest) bool {
	body := r.Field(bodyField)
	return len(body) > 0 && store.DigestOf(body) == d
}

// digestAt reads a digest at the beginning of b, in exactly the form in which
// it will be written again.
func digestAt(b []byte) (store.Digest, bool) {
	if len(b) < digestLength {
		return store.Digest{}, false
	}
	digits := b[len(digestPrefix):digestLength]
	if bytes.ContainsAny(digits, "ABCDEF") {
		return store.Digest{}, false
	}
	var d store.Digest
	_, err := hex.Decode(d[:], digits)
	return d, err == nil && !d.IsZero()
}

// putBack returns the value of a field of r with its digests. What is added to
// the value is taken off the budget.
func (t table) putBack(r *store.Record, value []byte, budget *int) ([]byte, error) {
	marks := bytes.Count(value, []byte{digestMark})
	size := len(value) + marks*(digestLength-len("\x01n"))
	if *budget -= size; size > store.MaxFieldSize || *budget < 0 {
		return nil, errors.New("a field is too large")
	}
	out := make([]byte, 0, size)
	own := store.Digest{}
	for {
		i := bytes.IndexByte(value, digestMark)
		if i < 0 {
			return append(out, value...), nil
		}
		if i+1 == len(value) || int(value[i+1]) > len(t) {
			return nil, errors.New("a field names a digest that is not in the table")
		}
		d := &own
		if n := value[i+1]; n != digestOfBody {
			d = &t[n-1]
		} else if own.IsZero() {
			own = store.DigestOf(r.Field(bodyField))
		}
		out = append(append(out, value[:i]...), d.String()...)
		value = value[i+2:]
	}
}

package evidence

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"stet/store"
)

const (
	// proofHead begins a C2SP tlog-proof.
	proofHead = "c2sp.org/tlog-proof@v1\n"
	// maxProof is the most hashes of a proof: more than any tree can need.
	maxProof = 128
)

// Proof says that a record is covered by a head, as a C2SP tlog-proof. Its
// extra data is the record's canonical header, of which the leaf is the hash.
type Proof struct {
	// Index is the number of the entry: the record's journal number less one.
	Index int64
	// Header is the record's canonical header.
	Header []byte
	Hashes []tlog.Hash
	// Checkpoint is the signed head.
	Checkpoint []byte
}

// Format writes the proof.
func (p *Proof) Format() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%sextra %s\nindex %d\n", proofHead, base64.StdEncoding.EncodeToString(p.Header), p.Index)
	writeHashes(&b, p.Hashes)
	b.WriteByte('\n')
	b.Write(p.Checkpoint)
	return b.Bytes()
}

func writeHashes(b *bytes.Buffer, hashes []tlog.Hash) {
	for _, h := range hashes {
		b.WriteString(base64.StdEncoding.EncodeToString(h[:]))
		b.WriteByte('\n')
	}
}

// IsProof reports whether a file is a tlog-proof.
func IsProof(b []byte) bool { return bytes.HasPrefix(b, []byte(proofHead)) }

// ParseProof reads a proof. It errors with ErrVerification.
func ParseProof(b []byte) (*Proof, error) {
	rest, ok := strings.CutPrefix(string(b), proofHead)
	if !ok || len(b) > 2*maxNote {
		return nil, fmt.Errorf("%w: it is no proof of the form tlog-proof@v1", store.ErrVerification)
	}
	p := &Proof{}
	line, rest, _ := strings.Cut(rest, "\n")
	if extra, has := strings.CutPrefix(line, "extra "); has {
		var err error
		if p.Header, err = base64.StdEncoding.Strict().DecodeString(extra); err != nil || strings.ContainsRune(extra, '\r') {
			return nil, fmt.Errorf("%w: the header in the proof is not base64", store.ErrVerification)
		}
		line, rest, _ = strings.Cut(rest, "\n")
	}
	number, ok := strings.CutPrefix(line, "index ")
	index, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || index < 0 || strconv.FormatInt(index, 10) != number {
		return nil, fmt.Errorf("%w: the proof has no index", store.ErrVerification)
	}
	p.Index = index
	p.Hashes, p.Checkpoint, err = parseHashes(rest)
	return p, err
}

// parseHashes reads lines of hashes up to an empty one, and returns what
// follows.
func parseHashes(s string) (list []tlog.Hash, rest []byte, err error) {
	for {
		line, more, ok := strings.Cut(s, "\n")
		if !ok || len(list) > maxProof {
			return nil, nil, fmt.Errorf("%w: the hashes of the proof do not end", store.ErrVerification)
		}
		if s = more; line == "" {
			return list, []byte(s), nil
		}
		h, err := parseHash(line)
		if err != nil {
			return nil, nil, err
		}
		list = append(list, h)
	}
}

// Check says whether the proof shows that the leaf is covered by the head. It
// errors with ErrVerification.
func (p *Proof) Check(h *Head, leaf tlog.Hash) error {
	if err := tlog.CheckRecord(p.Hashes, h.Size, h.Root, p.Index, leaf); err != nil {
		return fmt.Errorf("%w: entry %d is not in the tree of %d entries: %w", store.ErrVerification, p.Index, h.Size, err)
	}
	return nil
}

// Leaf returns the leaf of the header in the proof.
func (p *Proof) Leaf() tlog.Hash { return tlog.RecordHash(p.Header) }

// HeaderFacts are what a canonical header says openly.
type HeaderFacts struct {
	ID     store.ID
	Kind   store.Kind
	Time   time.Time
	Fields []string
}

// ParseHeader reads a canonical header as [store.Record.Leaf] describes it. It
// errors with ErrVerification.
func ParseHeader(b []byte) (*HeaderFacts, error) {
	bad := fmt.Errorf("%w: the header of the record cannot be read", store.ErrVerification)
	if len(b) < 17 || b[0] != 1 {
		return nil, bad
	}
	f := &HeaderFacts{ID: store.ID(b[1:17])}
	kind, b, ok := cutShort(b[17:])
	if !ok || len(b) < 20 {
		return nil, bad
	}
	f.Kind = store.Kind(kind)
	f.Time = time.UnixMicro(int64(binary.BigEndian.Uint64(b[8:]))).UTC()
	n := binary.BigEndian.Uint32(b[16:])
	for b = b[20:]; n > 0; n-- {
		var name string
		if name, b, ok = cutShort(b); !ok || len(b) < tlog.HashSize {
			return nil, bad
		}
		f.Fields = append(f.Fields, name)
		b = b[tlog.HashSize:]
	}
	if len(b) > 0 {
		return nil, bad
	}
	return f, nil
}

// cutShort cuts off a string with its length in two bytes before it.
func cutShort(b []byte) (string, []byte, bool) {
	if len(b) < 2 {
		return "", nil, false
	}
	n := int(binary.BigEndian.Uint16(b))
	if len(b) < 2+n {
		return "", nil, false
	}
	return string(b[2 : 2+n]), b[2+n:], true
}

// Consistency says that one head goes on from another. Its form is that of a
// C2SP add-checkpoint request: "old" and the older size, the hashes, an empty
// line, and the newer checkpoint.
type Consistency struct {
	Old        int64
	Hashes     []tlog.Hash
	Checkpoint []byte
}

// Format writes the proof.
func (c *Consistency) Format() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "old %d\n", c.Old)
	writeHashes(&b, c.Hashes)
	b.WriteByte('\n')
	b.Write(c.Checkpoint)
	return b.Bytes()
}

// IsConsistency reports whether a file is a proof of consistency.
func IsConsistency(b []byte) bool { return bytes.HasPrefix(b, []byte("old ")) }

// ParseConsistency reads a proof of consistency. It errors with
// ErrVerification.
func ParseConsistency(b []byte) (*Consistency, error) {
	line, rest, _ := strings.Cut(string(b), "\n")
	number, ok := strings.CutPrefix(line, "old ")
	old, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || old < 0 || strconv.FormatInt(old, 10) != number || len(b) > 2*maxNote {
		return nil, fmt.Errorf("%w: it is no proof of consistency", store.ErrVerification)
	}
	c := &Consistency{Old: old}
	c.Hashes, c.Checkpoint, err = parseHashes(rest)
	return c, err
}

// Check says whether the proof shows that the newer head goes on from the older
// one. It errors with ErrVerification.
func (c *Consistency) Check(newer, older *Head) error {
	if older.Size != c.Old {
		return fmt.Errorf("%w: the proof is for a head of %d records, not %d", store.ErrVerification, c.Old, older.Size)
	}
	if older.Size == 0 || older.Size == newer.Size {
		if len(c.Hashes) > 0 || older.Size == newer.Size && older.Root != newer.Root {
			return fmt.Errorf("%w: two heads of %d records differ", store.ErrVerification, older.Size)
		}
		return nil
	}
	if err := tlog.CheckTree(c.Hashes, newer.Size, newer.Root, older.Size, older.Root); err != nil {
		return fmt.Errorf("%w: the head of %d records does not go on from that of %d: %w", store.ErrVerification, newer.Size, older.Size, err)
	}
	return nil
}

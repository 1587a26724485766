package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"stet/store"
)

// OTS is a proof of OpenTimestamps: a way of hashing from a digest to what
// others have published.
type OTS struct {
	// Digest is the SHA-256 that is stamped.
	Digest store.Digest
	root   *step
}

// step is a message with what was said of it and what becomes of it.
type step struct {
	message []byte
	said    []attestation
	ops     []operation
}

// operation leads from one message to the next.
type operation struct {
	op   byte
	arg  []byte
	next *step
}

// attestation says where a message is published.
type attestation struct {
	tag  [8]byte
	data []byte
}

// The bytes of the format.
const (
	otsAppend, otsPrepend, otsSHA256 = 0xf0, 0xf1, 0x08
	otsAttestation, otsFork          = 0x00, 0xff
	otsVersion                       = 1
)

// The limits of a proof.
const (
	maxOTS        = 64 << 10
	maxOTSSteps   = 2000
	maxOTSMessage = 4096
)

func otsMagic() []byte {
	return []byte("\x00OpenTimestamps\x00\x00Proof\x00\xbf\x89\xe2\xe8\x84\xe8\x92\x94")
}

func pendingTag() [8]byte { return [8]byte{0x83, 0xdf, 0xe3, 0x0d, 0x2e, 0xf9, 0x0c, 0x8e} }
func bitcoinTag() [8]byte { return [8]byte{0x05, 0x88, 0x96, 0x0d, 0x73, 0xd7, 0x19, 0x01} }

// NewOTS begins a proof for data. It returns the message that a calendar is to
// be asked for: the nonce keeps the calendar from learning the digest.
func NewOTS(data, nonce []byte) (o *OTS, message []byte) {
	o = &OTS{Digest: store.DigestOf(data)}
	with := &step{message: append(bytes.Clone(o.Digest[:]), nonce...)}
	sum := sha256.Sum256(with.message)
	last := &step{message: sum[:]}
	with.ops = []operation{{op: otsSHA256, next: last}}
	o.root = &step{message: o.Digest[:], ops: []operation{{op: otsAppend, arg: nonce, next: with}}}
	return o, last.message
}

// Add adds a calendar's answer for a message of the proof. It errors with
// ErrUnexpected where it is none.
func (o *OTS) Add(message, answer []byte) error {
	r := &otsReader{b: answer}
	read, err := r.step(message, 0)
	if err == nil && len(r.b) > 0 {
		err = errors.New("something follows it")
	}
	if err != nil {
		return fmt.Errorf("%w: the calendar's answer: %w", store.ErrUnexpected, err)
	}
	added := false
	o.root.walk(func(s *step) {
		if !added && bytes.Equal(s.message, message) {
			// What is complete takes the place of what was promised.
			s.said, s.ops, added = append(withoutPending(s.said), read.said...), append(s.ops, read.ops...), true
		}
	})
	if !added {
		return fmt.Errorf("%w: the calendar's answer is for another message", store.ErrUnexpected)
	}
	return nil
}

func withoutPending(list []attestation) []attestation {
	var kept []attestation
	for _, a := range list {
		if a.tag != pendingTag() {
			kept = append(kept, a)
		}
	}
	return kept
}

func (s *step) walk(f func(*step)) {
	f(s)
	for i := range s.ops {
		s.ops[i].next.walk(f)
	}
}

// Pending returns the messages that a calendar has promised to publish.
func (o *OTS) Pending() [][]byte {
	var list [][]byte
	o.root.walk(func(s *step) {
		for _, a := range s.said {
			if a.tag == pendingTag() {
				list = append(list, s.message)
			}
		}
	})
	return list
}

// Block says that a block of Bitcoin holds a message.
type Block struct {
	// Height is the number of the block.
	Height uint64
	// Root is the root of the block's own tree, as its header has it.
	Root [32]byte
}

// String returns the root as block explorers print it: in the reverse order.
func (b *Block) String() string {
	r := b.Root
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
	return fmt.Sprintf("block %d of Bitcoin with the Merkle root %s", b.Height, hex.EncodeToString(r[:]))
}

// Blocks returns the blocks of Bitcoin that the proof leads to.
func (o *OTS) Blocks() []Block {
	var list []Block
	o.root.walk(func(s *step) {
		for _, a := range s.said {
			if a.tag != bitcoinTag() || len(s.message) != 32 {
				continue
			}
			height, n := binary.Uvarint(a.data)
			if n > 0 && n == len(a.data) {
				list = append(list, Block{Height: height, Root: [32]byte(s.message)})
			}
		}
	})
	return list
}

// BlockHeader is the header of a block of Bitcoin that somebody trusts.
type BlockHeader struct {
	Height uint64
	header [80]byte
}

// ParseBlockHeader reads HEIGHT:HEX, the 80 bytes of a header. It errors with
// ErrInvalid.
func ParseBlockHeader(s string) (*BlockHeader, error) {
	number, text, ok := strings.Cut(s, ":")
	height, err := strconv.ParseUint(number, 10, 63)
	raw, bad := hex.DecodeString(text)
	h := &BlockHeader{Height: height}
	if !ok || bad != nil || err != nil || len(raw) != len(h.header) {
		return nil, fmt.Errorf("%w: %.60q is not HEIGHT:HEX with the 80 bytes of a block's header", store.ErrInvalid, s)
	}
	copy(h.header[:], raw)
	return h, nil
}

// Holds reports whether the header is that of the block.
func (h *BlockHeader) Holds(b *Block) bool {
	return h.Height == b.Height && bytes.Equal(h.header[36:68], b.Root[:])
}

// Time is when the block was made, by its header: within two hours or so.
func (h *BlockHeader) Time() time.Time {
	return time.Unix(int64(binary.LittleEndian.Uint32(h.header[68:72])), 0).UTC()
}

// IsOTS reports whether a file is a proof of OpenTimestamps.
func IsOTS(b []byte) bool { return bytes.HasPrefix(b, otsMagic()) }

// ReadOTS reads a proof. It errors with ErrVerification.
func ReadOTS(b []byte) (*OTS, error) {
	if len(b) > maxOTS {
		return nil, fmt.Errorf("%w: a proof of OpenTimestamps of more than %d bytes", store.ErrVerification, maxOTS)
	}
	rest, ok := bytes.CutPrefix(b, otsMagic())
	if !ok || len(rest) < 2+sha256.Size || rest[0] != otsVersion || rest[1] != otsSHA256 {
		return nil, fmt.Errorf("%w: it is no proof of OpenTimestamps for a SHA-256", store.ErrVerification)
	}
	o := &OTS{Digest: store.Digest(rest[2 : 2+sha256.Size])}
	r := &otsReader{b: rest[2+sha256.Size:]}
	var err error
	if o.root, err = r.step(o.Digest[:], 0); err == nil && len(r.b) > 0 {
		err = errors.New("something follows it")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the proof of OpenTimestamps: %w", store.ErrVerification, err)
	}
	if !bytes.Equal(o.Bytes(), b) {
		return nil, fmt.Errorf("%w: the proof of OpenTimestamps is not written as such proofs are", store.ErrVerification)
	}
	return o, nil
}

// otsReader reads steps.
type otsReader struct {
	b     []byte
	steps int
}

var errOTSEnd = errors.New("it is cut off")

func (r *otsReader) byte() (byte, error) {
	if len(r.b) == 0 {
		return 0, errOTSEnd
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c, nil
}

func (r *otsReader) bytes(max int) ([]byte, error) {
	n, size := binary.Uvarint(r.b)
	if size <= 0 || n > uint64(max) || n > uint64(len(r.b)-size) {
		return nil, errOTSEnd
	}
	b := r.b[size : size+int(n)]
	r.b = r.b[size+int(n):]
	return b, nil
}

// step reads what is said of a message and what becomes of it: any number of
// branches that a fork announces, and a last one.
func (r *otsReader) step(message []byte, depth int) (*step, error) {
	s := &step{message: message}
	if r.steps++; r.steps > maxOTSSteps || depth > maxOTSSteps/4 {
		return nil, errors.New("it has too many steps")
	}
	for {
		tag, err := r.byte()
		if err != nil {
			return nil, err
		}
		last := tag != otsFork
		if !last {
			if tag, err = r.byte(); err != nil {
				return nil, err
			}
		}
		if err := r.branch(s, tag, depth); err != nil {
			return nil, err
		}
		if r.steps++; last || r.steps > maxOTSSteps {
			return s, nil
		}
	}
}

// branch reads one branch of a step.
func (r *otsReader) branch(s *step, tag byte, depth int) error {
	var (
		next []byte
		arg  []byte
		err  error
	)
	switch tag {
	case otsAttestation:
		var a attestation
		if len(r.b) < len(a.tag) {
			return errOTSEnd
		}
		copy(a.tag[:], r.b)
		r.b = r.b[len(a.tag):]
		if a.data, err = r.bytes(8192); err == nil {
			s.said = append(s.said, a)
		}
		return err
	case otsSHA256:
		sum := sha256.Sum256(s.message)
		next = sum[:]
	case otsAppend, otsPrepend:
		if arg, err = r.bytes(maxOTSMessage); err != nil {
			return err
		}
		if len(arg) == 0 || len(arg)+len(s.message) > maxOTSMessage {
			return errors.New("a message is too long, or nothing is added to it")
		}
		if tag == otsAppend {
			next = append(bytes.Clone(s.message), arg...)
		} else {
			next = append(bytes.Clone(arg), s.message...)
		}
	default:
		return fmt.Errorf("it has the operation %#02x, which is not read here", tag)
	}
	o := operation{op: tag, arg: arg}
	if o.next, err = r.step(next, depth+1); err == nil {
		s.ops = append(s.ops, o)
	}
	return err
}

// Bytes writes the proof as a file.
func (o *OTS) Bytes() []byte {
	b := append(otsMagic(), otsVersion, otsSHA256)
	b = append(b, o.Digest[:]...)
	return o.root.appendTo(b)
}

func (s *step) appendTo(b []byte) []byte {
	left := len(s.said) + len(s.ops)
	fork := func() {
		if left--; left > 0 {
			b = append(b, otsFork)
		}
	}
	for _, a := range s.said {
		fork()
		b = append(b, otsAttestation)
		b = append(b, a.tag[:]...)
		b = binary.AppendUvarint(b, uint64(len(a.data)))
		b = append(b, a.data...)
	}
	for _, o := range s.ops {
		fork()
		b = append(b, o.op)
		if o.op != otsSHA256 {
			b = binary.AppendUvarint(b, uint64(len(o.arg)))
			b = append(b, o.arg...)
		}
		b = o.next.appendTo(b)
	}
	return b
}

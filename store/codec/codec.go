package codec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"

	"stet/store"
)

const (
	// Version is the version of the blocks that this package writes; it reads
	// every version from 1 up to it.
	Version = 2
	// BlockSize is how many bytes of records, before compression, a block holds
	// at most, where it holds more than one record. Measured: larger blocks
	// save little, because most of the gain is between the records of one
	// capture, and cost time whenever one of their records is read.
	BlockSize = 16 << 10
	// maxRaw bounds what a block may be before compression: the largest batch,
	// as one record, with names and index entries.
	maxRaw = store.MaxBatchSize + 4<<20

	// The first bytes of a block mean the same in every version: one byte
	// version, one byte dictionary, four bytes checksum.
	offVersion  = 0
	offDict     = 1
	offChecksum = 2
	headerSize  = 6

	// markPrivate is the mark of a block whose records hold [store.SaysPrivate].
	// Blocks have marks since version 2.
	markPrivate = 1
	marksSince  = 2

	// frameMagic begins every zstd frame (RFC 8878, section 3.1.1); it is left
	// out of blocks.
	frameMagic = "\x28\xB5\x2F\xFD"

	// dictNone marks records that are not compressed, because they would not
	// become smaller.
	dictNone = 0
)

// Codec encodes and decodes blocks. It is safe for concurrent use.
type Codec struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
	raw sync.Pool // of *[]byte, for records before compression
}

// New returns a codec. It is meant to be shared: it keeps a few megabytes of
// tables for each processor.
func New() (*Codec, error) {
	enc, err := zstd.NewWriter(nil,
		zstd.WithEncoderDictRaw(dictCurrent, dictionary(dictCurrent)),
		zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithEncoderCRC(false), // the block has a checksum of its own
		zstd.WithWindowSize(1<<20))
	if err != nil {
		return nil, fmt.Errorf("preparing the compression of records: %w", err)
	}
	options := []zstd.DOption{zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxRaw)}
	for id := uint32(1); id <= dictCurrent; id++ {
		options = append(options, zstd.WithDecoderDictRaw(id, dictionary(id)))
	}
	dec, err := zstd.NewReader(nil, options...)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("preparing the decompression of records: %w", err), enc.Close())
	}
	return &Codec{enc: enc, dec: dec, raw: sync.Pool{New: func() any { return new([]byte) }}}, nil
}

// Close releases the memory of the codec.
func (c *Codec) Close() error {
	c.dec.Close()
	return c.enc.Close()
}

// Block is an encoded block that does not know its journal number yet.
type Block struct {
	bytes []byte
	sum   uint32
	// Count is the number of records in the block.
	Count int
}

// Size returns the length of the block in bytes.
func (b *Block) Size() int { return len(b.bytes) }

// Seal returns the bytes to be stored under the journal number of the block's
// first record. They belong to the caller; a block is sealed once.
func (b *Block) Seal(first uint64) []byte {
	binary.BigEndian.PutUint32(b.bytes[offChecksum:], withNumber(b.sum, first))
	return b.bytes
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// checksum is the CRC-32C of a block without its checksum.
func checksum(b []byte) uint32 {
	return crc32.Update(crc32.Checksum(b[:offChecksum], castagnoli()), castagnoli(), b[headerSize:])
}

// withNumber continues a checksum with a journal number.
func withNumber(sum uint32, first uint64) uint32 {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], first)
	return crc32.Update(sum, castagnoli(), n[:])
}

// Encode encodes records that get consecutive journal numbers, as blocks in
// the same order. It errors with [store.ErrInvalid] where a record's kind has
// no number, and with [store.ErrTooLarge] where a record is larger than the
// largest batch.
func (c *Codec) Encode(records []store.Record) ([]Block, error) {
	buf := c.raw.Get().(*[]byte)
	defer c.raw.Put(buf)
	var blocks []Block
	for len(records) > 0 {
		var digests table
		raw, n, err := appendSome((*buf)[:0], &digests, records)
		*buf = raw[:0]
		if err != nil {
			return nil, err
		}
		blocks = append(blocks, c.block(records[:n], digests, raw))
		records = records[n:]
	}
	if cap(*buf) > 1<<20 { // a giant is not worth keeping
		*buf = nil
	}
	return blocks, nil
}

// appendSome appends the envelopes of as many records as one block holds, and
// returns how many those are.
func appendSome(raw []byte, digests *table, records []store.Record) ([]byte, int, error) {
	for i := range records {
		size, taken := len(raw), len(*digests)
		next, err := appendEnvelope(raw, digests, records, i)
		if err != nil {
			return raw, 0, err
		}
		if i > 0 && len(next) > BlockSize {
			*digests = (*digests)[:taken]
			return next[:size], i, nil
		}
		if len(next) > maxRaw {
			return nil, 0, fmt.Errorf("%w: record %s has %d bytes", store.ErrTooLarge, records[i].ID, len(next))
		}
		raw = next
	}
	return raw, len(records), nil
}

// block builds the block of records whose envelopes are raw.
func (c *Codec) block(records []store.Record, digests table, raw []byte) Block {
	b := make([]byte, headerSize, headerSize+8+len(records)*(len(store.Hash{})+1+store.SaltSize)+len(digests)*len(store.Digest{})+len(raw)/3+64)
	b[offVersion] = Version
	b = binary.AppendUvarint(b, uint64(len(records)))
	for i := range records {
		leaf := records[i].Leaf()
		b = append(b, leaf[:]...)
	}
	for i := range records {
		if s := records[i].Salt; s.IsZero() {
			b = append(b, 0)
		} else {
			b = append(append(b, 1), s[:]...)
		}
	}
	b = append(b, byte(len(digests)))
	for i := range digests {
		b = append(b, digests[i][:]...)
	}
	var marks byte
	if bytes.Contains(raw, []byte(store.SaysPrivate)) {
		marks |= markPrivate
	}
	b = append(b, marks)
	b = binary.AppendUvarint(b, uint64(len(raw)))
	head := len(b)
	b = c.enc.EncodeAll(raw, b)
	b[offDict] = dictCurrent
	if len(b)-head-len(frameMagic) >= len(raw) {
		b = append(b[:head], raw...)
		b[offDict] = dictNone
	} else {
		b = slices.Delete(b, head, head+len(frameMagic))
	}
	return Block{bytes: b, sum: checksum(b), Count: len(records)}
}

// header is the part of a block that is not compressed.
type header struct {
	count   int
	leaves  []byte
	salts   []store.Salt
	digests table
	marks   byte
	raw     int
	rest    []byte
}

var errShort = errors.New("the block ends too early")

// open verifies the checksum of a block and reads its header. With whole false
// it stops after the leaves.
func open(b []byte, first uint64, whole bool) (header, error) {
	if len(b) < headerSize {
		return header{}, corrupt(first, errShort)
	}
	if binary.BigEndian.Uint32(b[offChecksum:]) != withNumber(checksum(b), first) {
		return header{}, corrupt(first, errors.New("its checksum is another"))
	}
	if b[offVersion] > Version || b[offDict] > dictCurrent {
		return header{}, fmt.Errorf("%w: record %d has the format %d with dictionary %d, this version reads up to %d and %d",
			store.ErrVersion, first, b[offVersion], b[offDict], Version, dictCurrent)
	}
	if b[offVersion] == 0 {
		return header{}, corrupt(first, errors.New("it has the format 0"))
	}
	r := reader{b: b[headerSize:]}
	h := header{count: int(r.uvarint(store.MaxBatchRecords))}
	h.leaves = r.take(h.count * len(store.Hash{}))
	if whole {
		h.salts = make([]store.Salt, h.count)
		for i := range h.salts {
			if r.byte() == 1 {
				copy(h.salts[i][:], r.take(store.SaltSize))
			}
		}
		h.digests = make(table, r.byte())
		for i := range h.digests {
			copy(h.digests[i][:], r.take(len(store.Digest{})))
		}
		if b[offVersion] >= marksSince {
			h.marks = r.byte()
		}
		h.raw = int(r.uvarint(maxRaw))
	}
	if h.rest = r.b; r.err != nil || h.count == 0 {
		return header{}, corrupt(first, errShort)
	}
	return h, nil
}

// corrupt says why a block cannot be read. That a reader calls a part of it
// invalid is told and no more: to whoever asked for a record it is damage, and
// no mistake of theirs.
func corrupt(first uint64, err error) error {
	if errors.Is(err, store.ErrInvalid) {
		return fmt.Errorf("%w: the block of record %d: %s", store.ErrCorrupt, first, err.Error())
	}
	return fmt.Errorf("%w: the block of record %d: %w", store.ErrCorrupt, first, err)
}

// Leaves verifies the checksum of the block that is stored under the number
// first, and returns the leaf hashes of its records. It errors as
// [Codec.Decode] does.
func Leaves(block []byte, first uint64) ([]store.Hash, error) {
	h, err := open(block, first, false)
	if err != nil {
		return nil, err
	}
	leaves := make([]store.Hash, h.count)
	for i := range leaves {
		copy(leaves[i][:], h.leaves[i*len(leaves[i]):])
	}
	return leaves, nil
}

// Count returns the number of records of a block, without verifying anything:
// 0 where it cannot be read.
func Count(block []byte) int {
	if len(block) < headerSize {
		return 0
	}
	n, size := binary.Uvarint(block[headerSize:])
	if size <= 0 || n > store.MaxBatchRecords {
		return 0
	}
	return int(n)
}

// Decode reads the records of the block that is stored under the number first;
// their Terms are those that are stored with them: see [StoresTerms]. It
// errors with [store.ErrCorrupt] where the bytes are damaged, and with
// [store.ErrVersion] where a newer version wrote them. It does not keep the
// block.
func (c *Codec) Decode(block []byte, first uint64) ([]store.Record, error) {
	h, err := open(block, first, true)
	if err != nil {
		return nil, err
	}
	raw, err := c.raws(block, &h, nil)
	if err != nil {
		return nil, corrupt(first, err)
	}
	r := reader{b: raw, budget: maxRaw}
	records := make([]store.Record, h.count)
	for i := range records {
		if err := r.envelope(h.digests, records, i); err != nil {
			return nil, corrupt(first, err)
		}
		records[i].Seq, records[i].Salt = first+uint64(i), h.salts[i]
	}
	if len(r.b) > 0 {
		return nil, corrupt(first, errors.New("it has bytes after its last record"))
	}
	return records, nil
}

// raws returns the envelopes of a block, in buf where there is room, or in the
// block.
func (c *Codec) raws(block []byte, h *header, buf []byte) ([]byte, error) {
	raw := h.rest
	if block[offDict] != dictNone {
		frame := make([]byte, 0, len(frameMagic)+len(h.rest))
		frame = append(append(frame, frameMagic...), h.rest...)
		if buf == nil {
			buf = make([]byte, 0, min(h.raw, 1<<20)) // it grows to what there really is
		}
		var err error
		if raw, err = c.dec.DecodeAll(frame, buf[:0]); err != nil {
			return nil, err
		}
	}
	if len(raw) != h.raw {
		return nil, errShort
	}
	return raw, nil
}

// Holds reports whether bytes, which hold no digest, stand somewhere in the
// records of the block that is stored under the number first, without taking
// the records apart. It errors as [Codec.Decode] does.
func (c *Codec) Holds(block []byte, first uint64, what []byte) (bool, error) {
	h, err := open(block, first, true)
	if err != nil {
		return false, err
	}
	if block[offVersion] >= marksSince && string(what) == store.SaysPrivate {
		return h.marks&markPrivate != 0, nil
	}
	buf := c.raw.Get().(*[]byte)
	defer c.raw.Put(buf)
	raw, err := c.raws(block, &h, *buf)
	if err != nil {
		return false, corrupt(first, err)
	}
	if block[offDict] != dictNone && cap(raw) <= 1<<20 { // a giant is not worth keeping
		*buf = raw[:0]
	}
	return bytes.Contains(raw, what), nil
}

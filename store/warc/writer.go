package warc

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"

	"github.com/klauspost/compress/gzip"

	"stet/store"
)

// HeldBody is the largest body that is held in memory while its record is
// written; a larger one is read twice. It is a constant so that memory does not
// depend on what is written.
const HeldBody = 1 << 20

// Level is how hard gzip tries by default. Harder levels take twice the time
// for two per cent.
const Level = gzip.DefaultCompression

// Location says where a record stands in its file.
type Location struct {
	Offset, Length int64
	// Digest is that of the record's bytes as they are stored.
	Digest store.Digest
}

// Writer writes records, each as a gzip member of its own. One goroutine uses
// it. After an error the file ends within a record and the writer must not be
// used further.
type Writer struct {
	out   counter
	zip   *gzip.Writer
	plain bool
	held  bytes.Buffer
	block hash.Hash
	// head, copy and sample are room for one record's.
	head, copy, sample []byte
	given              [12]Field
}

// counter counts and hashes what goes through it.
type counter struct {
	w    io.Writer
	n    int64
	hash hash.Hash
}

// Write passes p on. It errors as the writer behind it does.
func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	if c.hash != nil {
		c.hash.Write(p[:n])
	}
	return n, err
}

// NewWriter returns a writer of a compressed file whose first byte is at
// offset. The caller closes w.
func NewWriter(w io.Writer, offset int64) *Writer {
	z, err := gzip.NewWriterLevel(nil, Level)
	if err != nil {
		panic(err) // the level is a constant
	}
	return newWriter(w, offset, z)
}

// NewPlainWriter is [NewWriter] for a file that is not compressed.
func NewPlainWriter(w io.Writer, offset int64) *Writer {
	out := newWriter(w, offset, nil)
	out.plain = true
	return out
}

func newWriter(w io.Writer, offset int64, z *gzip.Writer) *Writer {
	return &Writer{out: counter{w: w, n: offset, hash: sha256.New()}, zip: z, block: sha256.New(), copy: make([]byte, 60<<10), sample: make([]byte, 0, minSample)}
}

// WithoutDigests leaves the digests of stored records out of locations, which
// only an index needs.
func (w *Writer) WithoutDigests() { w.out.hash = nil }

// Offset returns where the next record will stand.
func (w *Writer) Offset() int64 { return w.out.n }

// Write writes one record and says where it stands. It errors with ErrInvalid
// where a field cannot be written, with ErrCorrupt where the body has another
// length than was said, and as the body and the file do.
func (w *Writer) Write(r *Record) (Location, error) {
	loc := Location{Offset: w.out.n}
	if err := w.digest(r); err != nil {
		return loc, fmt.Errorf("reading the block of %s: %w", r.ID, err)
	}
	head, err := r.appendHead(w.head[:0], store.Digest(w.block.Sum(nil)), w.given[:])
	if err != nil {
		return loc, err
	}
	w.head = head
	if w.out.hash != nil {
		w.out.hash.Reset()
	}
	if err := w.record(r); err != nil {
		return loc, fmt.Errorf("writing %s: %w", r.ID, err)
	}
	loc.Length = w.out.n - loc.Offset
	if w.out.hash != nil {
		w.out.hash.Sum(loc.Digest[:0])
	}
	return loc, nil
}

// ending is what follows a block.
const ending = "\r\n\r\n"

// record writes r behind its head, which is made.
func (w *Writer) record(r *Record) error {
	heads := [][]byte{w.head, r.Head}
	switch {
	case w.plain:
		return w.parts(&w.out, heads, r)
	case incompressible(w.sample):
		return w.stored(heads, r)
	}
	w.zip.Reset(&w.out)
	if err := w.parts(w.zip, heads, r); err != nil {
		return err
	}
	return w.zip.Close()
}

// parts writes a whole record.
func (w *Writer) parts(to io.Writer, heads [][]byte, r *Record) error {
	for _, part := range heads {
		if _, err := to.Write(part); err != nil {
			return err
		}
	}
	if err := w.body(to, r); err != nil {
		return err
	}
	_, err := io.WriteString(to, ending)
	return err
}

// stored writes a record whose body cannot be compressed.
func (w *Writer) stored(heads [][]byte, r *Record) error {
	m := &member{w: &w.out}
	w.zip.Reset(&w.out)
	for _, part := range heads {
		m.sum(part)
		if _, err := w.zip.Write(part); err != nil {
			return err
		}
	}
	if err := w.zip.Flush(); err != nil {
		return err
	}
	if err := w.body(m, r); err != nil {
		return err
	}
	return m.close([]byte(ending))
}

// body writes the body, which is held where it is small.
func (w *Writer) body(to io.Writer, r *Record) error {
	if r.Body != nil && r.BodySize > HeldBody {
		return w.stream(to, r)
	}
	held := r.Held
	if r.Body != nil {
		held = w.held.Bytes()
	}
	_, err := to.Write(held)
	return err
}

// digest hashes the block of r, and keeps a small body, and of a large one a
// sample, for writing it.
func (w *Writer) digest(r *Record) error {
	w.block.Reset()
	w.held.Reset()
	w.sample = w.sample[:0]
	w.block.Write(r.Head)
	switch {
	case r.Body == nil && r.BodySize != 0:
		return fmt.Errorf("%w: there is no body of %d bytes", store.ErrInvalid, r.BodySize)
	case r.Body == nil:
		w.hold(r.Held)
		return nil
	case r.BodySize > HeldBody:
		s := &sampler{w: w.block, skip: HeldBody / 2, sample: w.sample}
		err := w.stream(s, r)
		w.sample = s.sample
		return err
	}
	if err := w.stream(&w.held, r); err != nil {
		return err
	}
	w.hold(w.held.Bytes())
	return nil
}

// hold hashes a body that is in memory, and takes a sample of it.
func (w *Writer) hold(body []byte) {
	w.block.Write(body)
	if skip := len(body) / 2; skip >= minSample {
		w.sample = append(w.sample, body[skip:skip+minSample]...)
	}
}

// stream copies the body of r, and looks that it is as long as was said.
func (w *Writer) stream(to io.Writer, r *Record) error {
	body, err := r.Body()
	if err != nil {
		return err
	}
	n, err := io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{io.LimitReader(body, r.BodySize+1)}, w.copy)
	if cerr := body.Close(); err == nil {
		err = cerr
	}
	if err == nil && n != r.BodySize {
		err = fmt.Errorf("%w: its body has not %d bytes", store.ErrCorrupt, r.BodySize)
	}
	return err
}

package warc

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"stet/store"
)

// Reader reads the records of a file that a stranger wrote, one after the
// other, as a stream: what is held in memory does not depend on the file. One
// goroutine uses it. It reads versions 1.0 and 1.1, files that are not
// compressed, gzip (members of one record or of many) and zstd, with or without
// a dictionary of the file's own.
type Reader struct {
	m       *members
	limits  Limits
	in      *bufio.Reader
	content *budget
	current *Read
	records int64
	// text is room for a head.
	text []byte
	// open is true while a member is being read, used when a record of it was
	// begun; empty counts those that held none.
	open, used bool
	empty      int64
	err        error
	// member is where that begins, good the place behind the last whole one.
	member, good int64
}

// Read is one record as it is read.
type Read struct {
	// Version is what follows "WARC/".
	Version string
	Header  Header
	// Offset is where the record, or the member that it stands in, begins in
	// the file as it is stored, and Length how long that is: 0 until the
	// record was read to its end by [Reader.Next] or [Reader.Finish].
	Offset, Length int64
	// Member is the head of the gzip member that begins with the record, its first
	// ten bytes; nil where none does.
	Member []byte
	// Size is the length of the block. Block yields it, until the next record
	// is asked for.
	Size  int64
	Block io.Reader
	// Lax are the ways in which the record's framing departs from the standard
	// and can be read nevertheless, as sentences.
	Lax []string

	block *io.LimitedReader
	first bool
}

// Type returns the record's type.
func (r *Read) Type() Type { return Type(strings.ToLower(r.Header.Get("WARC-Type"))) }

// budget counts what comes out of decompressors and stops at a limit.
type budget struct {
	r     *members
	limit Limits
	n     int64
}

// Read reads on. It errors with ErrTooLarge where there is more than may be.
func (b *budget) Read(p []byte) (int, error) {
	n, err := b.r.cur.Read(p)
	b.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) && b.r.how != Plain {
		err = damaged(err, "the file is damaged or cut")
	}
	switch {
	case b.n > b.limit.Total:
		return n, fmt.Errorf("%w: the file holds more than %d bytes", store.ErrTooLarge, b.limit.Total)
	case b.n > b.limit.free && b.n/b.limit.Ratio > b.r.taken():
		return n, fmt.Errorf("%w: %d bytes of the file become more than %d", store.ErrTooLarge, b.r.taken(), b.n)
	}
	return n, err
}

// NewReader returns a reader of r. It errors with io.EOF where r is empty, and
// as r does. The caller closes the reader, and r after it.
func NewReader(r io.Reader, limits Limits) (*Reader, error) { return newReader(r, limits, false) }

// NewReaderAhead is [NewReader] that decompresses gzip on a goroutine of its own,
// which reads r until the reader is closed.
func NewReaderAhead(r io.Reader, limits Limits) (*Reader, error) { return newReader(r, limits, true) }

func newReader(r io.Reader, limits Limits, before bool) (*Reader, error) {
	m, err := newMembers(r, before)
	if err != nil {
		return nil, err
	}
	out := &Reader{m: m, limits: limits.withDefaults()}
	out.content = &budget{r: m, limit: out.limits}
	out.in = bufio.NewReaderSize(nil, 32<<10)
	return out, nil
}

// Close gives back what the reader holds.
func (r *Reader) Close() { r.m.close() }

// Compression says how the file is compressed.
func (r *Reader) Compression() Compression { return r.m.how }

// Empty returns how many compressed members were passed over because they hold
// nothing: what their heads say nobody reads.
func (r *Reader) Empty() int64 { return r.empty }

// Good returns the offset behind the last record that was read whole: of a file
// whose end was cut off, what stands before it is sound.
func (r *Reader) Good() int64 { return r.good }

// Next returns the next record. It errors with io.EOF behind the last one, with
// ErrCorrupt where the file is damaged or cut there, with ErrTooLarge where a
// limit is reached, and as the file does; after an error it returns the same
// again.
func (r *Reader) Next() (*Read, error) {
	if err := r.Finish(); err != nil {
		return nil, err
	}
	rec, err := r.begin()
	if err != nil {
		r.err = err
		return nil, err
	}
	r.current = rec
	return rec, nil
}

// Finish reads the current record to its end, so that its Length is known. It
// errors as [Reader.Next] does.
func (r *Reader) Finish() error {
	if r.err != nil || r.current == nil {
		return r.err
	}
	if r.err = r.finish(r.current); r.err == nil {
		r.current = nil
		if r.m.how == Plain || !r.open {
			r.good = r.at()
		}
	}
	return r.err
}

// at returns the place in the stored file behind what was read.
func (r *Reader) at() int64 {
	if r.m.how == Plain {
		return r.m.at() - int64(r.in.Buffered())
	}
	return r.m.at()
}

// begin reads the head of the next record.
func (r *Reader) begin() (*Read, error) {
	first, err := r.seek()
	if err != nil {
		return nil, err
	}
	if r.records++; r.records > r.limits.Records {
		return nil, fmt.Errorf("%w: the file has more than %d records", store.ErrTooLarge, r.limits.Records)
	}
	r.used = true
	rec := &Read{Offset: r.member, first: first}
	if r.m.how == Plain {
		rec.Offset = r.at()
	}
	if r.m.how == Gzip && first {
		rec.Member = bytes.Clone(r.m.head)
	}
	if err := r.head(rec); err != nil {
		return nil, fmt.Errorf("the record at %d: %w", rec.Offset, err)
	}
	rec.block = &io.LimitedReader{R: r.in, N: rec.Size}
	rec.Block = rec.block
	return rec, nil
}

// seek goes to where the next record begins: in the member that is being read,
// or in the next one. It reports whether that is a new one.
func (r *Reader) seek() (bool, error) {
	for {
		if r.open {
			if _, err := r.in.Peek(1); err == nil {
				return r.m.how == Plain && r.records == 0, nil
			} else if !errors.Is(err, io.EOF) {
				return false, r.trouble(err)
			}
			r.open = false
			if r.m.how == Plain {
				return false, io.EOF
			}
			if !r.used {
				r.empty++
			}
			if err := r.m.end(); err != nil {
				return false, err
			}
			r.good = r.at()
		}
		r.member = r.m.at()
		if err := r.m.next(); err != nil {
			return false, err
		}
		r.in.Reset(r.content)
		r.open, r.used = true, false
		if _, err := r.in.Peek(1); err == nil {
			return true, nil
		}
	}
}

// trouble gives an error of reading its class.
func (r *Reader) trouble(err error) error {
	if errors.Is(err, store.ErrTooLarge) || errors.Is(err, store.ErrCorrupt) {
		return err
	}
	return damaged(err, "the file is damaged or cut")
}

// head reads the version and the fields.
func (r *Reader) head(rec *Read) error {
	text, err := r.lines(rec)
	if err != nil {
		return err
	}
	line, rest, _ := strings.Cut(text, "\n")
	version, ok := strings.CutPrefix(strings.TrimSuffix(line, "\r"), "WARC/")
	if !ok || len(version) > 8 {
		return fmt.Errorf("%w: it begins with %.40q, not with WARC/1.1", store.ErrCorrupt, line)
	}
	rec.Version = version
	rec.Header = make(Header, 0, min(strings.Count(rest, "\n"), r.limits.Fields))
	for line := range strings.SplitSeq(strings.TrimSuffix(rest, "\n"), "\n") {
		if line = strings.TrimSuffix(line, "\r"); line == "" {
			break // the last one
		}
		if err := rec.field(line, r.limits.Fields); err != nil {
			return err
		}
	}
	n, err := strconv.ParseUint(rec.Header.Get("Content-Length"), 10, 63)
	if err != nil {
		return fmt.Errorf("%w: its length is %.40q", store.ErrCorrupt, rec.Header.Get("Content-Length"))
	}
	if rec.Size = int64(n); rec.Size > r.limits.Block {
		return fmt.Errorf("%w: it has %d bytes, at most %d are read", store.ErrTooLarge, rec.Size, r.limits.Block)
	}
	if len(rec.Header.Values("Content-Length")) > 1 {
		return fmt.Errorf("%w: it has two lengths", store.ErrCorrupt)
	}
	return nil
}

// field takes one line of the head.
func (r *Read) field(line string, most int) error {
	if line[0] == ' ' || line[0] == '\t' {
		if len(r.Header) == 0 {
			return fmt.Errorf("%w: its head begins with %.40q", store.ErrCorrupt, line)
		}
		r.lax("a field goes on in the next line")
		last := &r.Header[len(r.Header)-1]
		last.Value = strings.TrimSpace(last.Value + " " + strings.TrimSpace(line))
		return nil
	}
	name, value, ok := strings.Cut(line, ":")
	if !ok || !token(name) {
		return fmt.Errorf("%w: its head has the line %.40q", store.ErrCorrupt, line)
	}
	if len(r.Header) == most {
		return fmt.Errorf("%w: it has more than %d fields", store.ErrTooLarge, most)
	}
	r.Header = append(r.Header, Field{name, strings.Trim(value, " \t")})
	return nil
}

func (r *Read) lax(what string) {
	for _, l := range r.Lax {
		if l == what {
			return
		}
	}
	r.Lax = append(r.Lax, what)
}

// lines reads the lines of a head, the empty one behind them included.
func (r *Reader) lines(rec *Read) (string, error) {
	r.text = r.text[:0]
	for n, begin := 0, 0; ; n, begin = n+1, len(r.text) {
		if n > r.limits.Fields+1 {
			return "", fmt.Errorf("%w: it has more than %d fields", store.ErrTooLarge, r.limits.Fields)
		}
		for {
			part, err := r.in.ReadSlice('\n')
			if len(r.text)+len(part) > r.limits.Head {
				return "", fmt.Errorf("%w: its head has more than %d bytes", store.ErrTooLarge, r.limits.Head)
			}
			r.text = append(r.text, part...)
			if err == nil {
				break
			}
			if !errors.Is(err, bufio.ErrBufferFull) {
				return "", r.trouble(err)
			}
		}
		line := r.text[begin : len(r.text)-1]
		if n := len(line); n == 0 || line[n-1] != '\r' {
			rec.lax("a line of the head does not end with CR LF")
		} else {
			line = line[:n-1]
		}
		if begin == 0 && !bytes.HasPrefix(line, []byte("WARC/")) || begin > 0 && len(line) == 0 {
			return string(r.text), nil
		}
	}
}

// finish reads what is left of a record and the two empty lines behind it.
func (r *Reader) finish(rec *Read) error {
	if _, err := io.Copy(io.Discard, rec.block); err != nil {
		return fmt.Errorf("the record at %d: %w", rec.Offset, r.trouble(err))
	}
	if rec.block.N > 0 {
		return fmt.Errorf("the record at %d: %w: it ends %d bytes early", rec.Offset, store.ErrCorrupt, rec.block.N)
	}
	// Two line ends follow. Fewer stand at the end of some files, and more
	// between the records of others.
	end := make([]byte, 0, 8)
	for len(end) < cap(end) {
		b, err := r.in.Peek(1)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("the record at %d: %w", rec.Offset, r.trouble(err))
		}
		if err != nil || b[0] != '\r' && b[0] != '\n' {
			break
		}
		end = append(end, b[0])
		if _, err := r.in.Discard(1); err != nil {
			return r.trouble(err)
		}
	}
	if string(end) != "\r\n\r\n" {
		rec.lax("the block is not followed by two line ends")
	}
	return r.measure(rec, len(end))
}

// measure finds where a record ends in the stored file.
func (r *Reader) measure(rec *Read, end int) error {
	if r.m.how == Plain {
		if b, err := r.in.Peek(1); end < 2 && (err == nil || len(b) > 0) {
			return fmt.Errorf("the record at %d: %w: its length is not where it ends", rec.Offset, store.ErrCorrupt)
		}
		rec.Length = r.at() - rec.Offset
		return nil
	}
	_, err := r.in.Peek(1)
	switch {
	case err == nil && end < 2:
		return fmt.Errorf("the record at %d: %w: its length is not where it ends", rec.Offset, store.ErrCorrupt)
	case err == nil:
		rec.lax("several records stand in one compressed member")
		return nil
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("the record at %d: %w", rec.Offset, r.trouble(err))
	}
	if err := r.m.end(); err != nil {
		return err
	}
	r.open = false
	if rec.first {
		rec.Length = r.at() - rec.Offset
	}
	return nil
}

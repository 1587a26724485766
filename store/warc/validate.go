package warc

import (
	"bufio"
	"bytes"
	"context"
	"crypto/md5"  //nolint:gosec // digests that others wrote are compared, nothing rests on them
	"crypto/sha1" //nolint:gosec // as above
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/http/httputil"
	"strings"

	"stet/store"
)

// Problem is one way in which a file departs from the standard.
type Problem struct {
	// Offset is where the record begins, -1 for the file as a whole.
	Offset int64 `json:"offset"`
	// What is a sentence.
	What string `json:"what"`
}

// Report is what [Validate] found.
type Report struct {
	Records int64
	// Problems are the first of them, Found how many there are.
	Problems []Problem
	Found    int64
	// Bare are the records that state no digest of what they hold.
	Bare int64
	// Good is the offset behind the last whole record.
	Good int64
}

// The bounds of what is remembered while a file is validated.
const (
	maxProblems = 1000
	maxNames    = 1500000 // some 60 MB
)

// Validate reads a file to its end and holds each record against the standard:
// framing, fields, dates, digests, names that stand twice, references to what
// the file does not hold, blocks of HTTP. It errors where ctx ends, or the file
// cannot be read; damage is in the report.
func Validate(ctx context.Context, r io.Reader, limits Limits) (*Report, error) {
	return ValidateEach(ctx, r, limits, func(*Read) {})
}

// ValidateEach is [Validate] that tells see of each record that was read to its
// end.
func ValidateEach(ctx context.Context, r io.Reader, limits Limits, see func(*Read)) (*Report, error) {
	v := validator{report: &Report{}, through: bufio.NewReaderSize(nil, 32<<10), names: map[[16]byte]bool{}, wanted: map[[16]byte]int64{},
		sums: [2]hash.Hash{sha256.New(), sha256.New()}}
	in, err := NewReaderAhead(r, limits)
	if errors.Is(err, io.EOF) {
		v.problem(-1, "the file is empty")
		return v.report, nil
	}
	if err != nil {
		return v.report, v.damage(-1, err)
	}
	defer in.Close()
	for {
		if err := ctx.Err(); err != nil {
			return v.report, err
		}
		rec, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			v.report.Records++
			err = v.record(in, rec)
		}
		if err == nil {
			see(rec)
		}
		v.report.Good = in.Good()
		if err != nil {
			return v.report, v.damage(in.Good(), err)
		}
	}
	if n := in.Empty(); n > 0 {
		v.problem(-1, "%d of the compressed members hold nothing", n)
	}
	v.references()
	return v.report, nil
}

// tee reads a block and hashes it.
type tee struct {
	r     io.Reader
	block *digester
}

// Read reads on. It errors as the block does.
func (t *tee) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	_, _ = t.block.Write(p[:n]) // it never errors
	return n, err
}

type validator struct {
	report *Report
	// through and tee are those of the record that is read.
	through *bufio.Reader
	tee     tee
	names   map[[16]byte]bool
	// wanted are the records that others refer to and that were not seen yet, with
	// who did first.
	wanted map[[16]byte]int64
	full   bool
	// sums are used again for the block and the payload of each record.
	sums [2]hash.Hash
}

func (v *validator) problem(at int64, format string, args ...any) {
	v.report.Found++
	if len(v.report.Problems) < maxProblems {
		v.report.Problems = append(v.report.Problems, Problem{at, fmt.Sprintf(format, args...)})
	}
}

// damage makes a problem of an error about the file; others are returned.
func (v *validator) damage(at int64, err error) error {
	if !errors.Is(err, store.ErrCorrupt) && !errors.Is(err, store.ErrTooLarge) {
		return err
	}
	v.problem(at, "%v", err)
	return nil
}

func (v *validator) record(in *Reader, rec *Read) error {
	h := rec.Header
	checkHeader(rec, func(format string, args ...any) { v.problem(rec.Offset, format, args...) })
	v.name(rec)
	block, err := digesterWith(h.Get("WARC-Block-Digest"), v.sums[0])
	if err != nil {
		v.problem(rec.Offset, "the digest of the block: %v", err)
	}
	payload, err := digesterWith(h.Get("WARC-Payload-Digest"), v.sums[1])
	if err != nil {
		v.problem(rec.Offset, "the digest of the payload: %v", err)
	}
	if rec.Size > 0 && block.hash == nil && payload.hash == nil {
		v.report.Bare++
	}
	v.tee = tee{rec.Block, block}
	v.through.Reset(&v.tee)
	if err := v.block(rec, v.through, payload); err != nil {
		return err
	}
	if _, err := v.through.WriteTo(io.Discard); err != nil {
		return in.trouble(err)
	}
	if err := in.Finish(); err != nil {
		return err
	}
	for _, l := range rec.Lax {
		v.problem(rec.Offset, "%s", l)
	}
	if !block.matches() {
		v.problem(rec.Offset, "the block has another digest than is said")
	}
	if rec.Type() != TypeRevisit && h.Get("WARC-Segment-Number") == "" && !payload.matches() {
		v.problem(rec.Offset, "the payload has another digest than is said")
	}
	return nil
}

// name looks for a record's name among those before it, and notes to whom it
// refers.
func (v *validator) name(rec *Read) {
	if len(v.names)+len(v.wanted) >= maxNames {
		if !v.full {
			v.problem(rec.Offset, "there are too many records to look for names that stand twice behind this one")
		}
		v.full = true
		return
	}
	key := nameKey(rec.Header.Get("WARC-Record-ID"))
	if v.names[key] {
		v.problem(rec.Offset, "the name %.80s stands twice", rec.Header.Get("WARC-Record-ID"))
	}
	v.names[key] = true
	delete(v.wanted, key)
	for i := range rec.Header {
		f := &rec.Header[i]
		if !f.named("WARC-Concurrent-To") && !f.named("WARC-Refers-To") && !f.named("WARC-Warcinfo-ID") {
			continue
		}
		if k := nameKey(f.Value); !v.names[k] {
			if _, ok := v.wanted[k]; !ok {
				v.wanted[k] = rec.Offset
			}
		}
	}
}

// nameKey returns what a name is remembered by: the bytes of a UUID that is
// written as most are, and a digest of all others.
func nameKey(id string) (key [16]byte) {
	const begin, form = "<urn:uuid:", "00000000-0000-0000-0000-000000000000"
	if s, ok := strings.CutPrefix(id, begin); ok && len(s) == len(form)+1 && s[len(form)] == '>' {
		n := 0
		for i := range len(form) {
			if c := s[i]; form[i] == '-' {
				if c != '-' {
					break // not as most are
				}
			} else if digit(c) {
				key[n/2] = key[n/2]<<4 | (c - '0')
				n++
			} else if c >= 'a' && c <= 'f' {
				key[n/2] = key[n/2]<<4 | (c - 'a' + 10)
				n++
			} else {
				break
			}
		}
		if n == 2*len(key) {
			return key
		}
	}
	d := sha256.Sum256([]byte(id))
	copy(key[:], d[:])
	return key
}

func (v *validator) references() {
	if v.full {
		return
	}
	for _, at := range v.wanted {
		v.problem(at, "it refers to a record that the file does not hold")
	}
	if v.report.Records == 0 && v.report.Found == 0 {
		v.problem(-1, "the file has no records")
	}
}

// block reads the block of HTTP of a record, or the payload of others.
func (v *validator) block(rec *Read, r *bufio.Reader, payload *digester) error {
	if !isHTTP(rec) {
		_, _ = io.Copy(payload, r) // whoever reads on meets the same error
		return nil
	}
	if rec.Size == 0 {
		return nil
	}
	head, err := ReadHTTPHead(r, DefaultHead)
	if err != nil {
		if !errors.Is(err, store.ErrCorrupt) {
			return err
		}
		v.problem(rec.Offset, "%v", err)
		return nil
	}
	for _, what := range head.lint(rec.Type()) {
		v.problem(rec.Offset, "%s", what)
	}
	body := io.Reader(r)
	whole := rec.Header.Get("WARC-Truncated") == "" && rec.Type() == TypeResponse
	if whole && head.Chunked() {
		body = httputil.NewChunkedReader(r)
	}
	n, err := io.Copy(payload, body)
	if err != nil && head.Chunked() {
		v.problem(rec.Offset, "the head says that the body is chunked, and it is not")
		return nil
	}
	if said, ok := head.Length(); whole && ok && !head.Chunked() && said != n && !head.bodyless() {
		v.problem(rec.Offset, "the head says that the body has %d bytes, and it has %d", said, n)
	}
	if rec.Type() == TypeRevisit && n > 0 {
		v.problem(rec.Offset, "a revisit carries a payload")
	}
	return nil // whoever reads on meets err again
}

func isHTTP(rec *Read) bool {
	t := rec.Type()
	return (t == TypeRequest || t == TypeResponse || t == TypeRevisit) &&
		strings.HasPrefix(strings.ToLower(rec.Header.Get("Content-Type")), "application/http")
}

// bodyless reports whether the length may be said of a body that is not sent.
func (h *HTTPHead) bodyless() bool {
	return h.Status == http.StatusNoContent || h.Status == http.StatusNotModified
}

// digester compares what is written to it with a digest that somebody stated.
type digester struct {
	hash hash.Hash
	want []byte
}

// newDigester reads alg:value; an empty value is one that everything matches.
func newDigester(s string) (*digester, error) { return digesterWith(s, nil) }

// digesterWith is newDigester that hashes with sum, where there is one, for
// SHA-256.
func digesterWith(s string, sum hash.Hash) (*digester, error) {
	none := &digester{}
	if s == "" {
		return none, nil
	}
	name, value, ok := strings.Cut(s, ":")
	var h hash.Hash
	switch strings.ReplaceAll(strings.ToLower(name), "-", "") {
	case "md5":
		h = md5.New() //nolint:gosec // as above
	case "sha1":
		h = sha1.New() //nolint:gosec // as above
	case "sha256":
		if h = sum; h == nil {
			h = sha256.New()
		}
		h.Reset()
	case "sha384":
		h = sha512.New384()
	case "sha512":
		h = sha512.New()
	}
	if !ok || h == nil {
		return none, fmt.Errorf("%.80q is of no kind that is known", s)
	}
	want, err := hex.DecodeString(value)
	if len(want) != h.Size() || err != nil {
		want, err = base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ToUpper(strings.TrimRight(value, "=")))
	}
	if err != nil || len(want) != h.Size() {
		return none, fmt.Errorf("%.80q is not one", s)
	}
	return &digester{hash: h, want: want}, nil
}

// Write hashes p; it never errors.
func (d *digester) Write(p []byte) (int, error) {
	if d.hash != nil {
		d.hash.Write(p)
	}
	return len(p), nil
}

func (d *digester) matches() bool { return d.hash == nil || bytes.Equal(d.hash.Sum(nil), d.want) }

package wacz

import (
	"bufio"
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"stet/store"
)

// Result is what verifying a part came to.
type Result string

// The results.
const (
	Verified Result = "verified"
	// Unverifiable: nothing contradicts it, and what would prove it is missing
	// or not trusted.
	Unverifiable Result = "unverifiable"
	Wrong        Result = "wrong"
)

// Part is one part of a file and what verifying it came to.
type Part struct {
	Name   string `json:"name"`
	Result Result `json:"result"`
	// Why is a sentence.
	Why string `json:"why"`
}

// The names of parts that are no entries.
const (
	PartLayout    = "layout"
	PartSignature = "signature"
)

// Trust is whom a verifier believes. Its zero value believes nobody: digests
// are compared, and a signature can only be found wrong.
type Trust struct {
	// Keys are the names of keys (see [KeyName]) that sign anonymously.
	Keys []string
	// Roots vouch for the certificates of domains; nil for none.
	Roots *x509.CertPool
	// Stamp verifies the answer of a time-stamp authority over data, with the
	// certificates that came along, and returns the time that it states. It
	// errors with ErrVerification where the stamp is wrong, and with
	// ErrNotFound where its authority is not trusted. nil trusts none.
	Stamp func(answer, data []byte, certs []*x509.Certificate) (time.Time, error)
	// Strict is true where the file must be one of this program's, whatever it
	// says.
	Strict bool
}

// Verify compares every part of a file with what the file says of it, and that
// with the signature. Entries that were read through r before are not read again.
// It errors where ctx ends or the file cannot be read; what is wrong with the
// file is in the parts.
func Verify(ctx context.Context, r *Summed, t Trust) ([]Part, error) {
	d, err := r.Describe()
	if err != nil {
		if !errors.Is(err, store.ErrCorrupt) && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, store.ErrTooLarge) {
			return nil, err
		}
		return []Part{{NamePackage, Wrong, err.Error()}}, nil
	}
	d.strict = t.Strict
	parts := []Part{r.layout(d), d.checkDigest(), d.checkSignature(t)}
	listed := map[string]bool{NamePackage: true, NameDigest: true}
	for i := range d.Resources {
		res := &d.Resources[i]
		p := Part{Name: res.Path, Result: Wrong, Why: "it is listed twice"}
		if !listed[res.Path] {
			if p, err = r.checkResource(ctx, res); err != nil {
				return parts, err
			}
		}
		listed[res.Path] = true
		parts = append(parts, p)
	}
	for _, name := range r.Names() {
		if !listed[name] {
			parts = append(parts, Part{name, Wrong, "it is not in the list of entries, so nothing says what it must be"})
		}
	}
	if parts[2].Result != Verified {
		for i := range parts {
			parts[i].unsigned()
		}
	}
	return parts, nil
}

// unsigned weakens what is as the list says, of which nobody who is trusted says
// that it is right: whoever changed an entry could have changed the list.
func (p *Part) unsigned() {
	if p.Name != PartLayout && p.Result == Verified {
		p.Result, p.Why = Unverifiable, p.Why+", which nobody signed whom you trust"
	}
}

// checkResource hashes one entry.
func (r *Summed) checkResource(ctx context.Context, res *Resource) (Part, error) {
	p := Part{Name: res.Path, Result: Wrong}
	want, err := store.ParseDigest(res.Hash)
	if err != nil {
		p.Why = "the list names no digest that is known: " + fmt.Sprintf("%.80q", res.Hash)
		return p, nil
	}
	size, ok := r.Size(res.Path)
	if !ok {
		p.Why = "it is in the list of entries, and missing"
		return p, nil
	}
	if size != res.Bytes {
		p.Why = fmt.Sprintf("it has %d bytes, the list says %d", size, res.Bytes)
		return p, nil
	}
	got, err := r.sum(res.Path, func(in io.Reader) io.Reader { return &checked{ctx, in} })
	if err == nil && got != want {
		p.Why = fmt.Sprintf("its digest is %s, the list says %s", got, want)
		return p, nil
	}
	switch {
	case errors.Is(err, store.ErrCorrupt):
		p.Why = err.Error()
		return p, nil
	case err != nil:
		return p, err
	}
	return Part{res.Path, Verified, "its digest is the one in the list"}, nil
}

// checked stops reading when its context ends.
type checked struct {
	ctx context.Context //nolint:containedctx // it lives as long as one call of io.Copy
	r   io.Reader
}

// Read reads on. It errors as the context does.
func (c *checked) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// checkDigest compares the digest of the list with the list.
func (d *Description) checkDigest() Part {
	p := Part{Name: NamePackage, Result: Wrong}
	if d.digest == nil {
		return Part{NamePackage, Unverifiable, "the file does not state the digest of its list of entries"}
	}
	if got := store.DigestOf(d.raw).String(); d.digest.Hash != got || d.digest.Path != NamePackage {
		p.Why = fmt.Sprintf("its digest is %s, %s says %.80q of %.80q", got, NameDigest, d.digest.Hash, d.digest.Path)
		return p
	}
	return Part{NamePackage, Verified, "its digest is the one in " + NameDigest}
}

// ours reports whether the file says that this program wrote it: then nothing
// of its form is left open.
func (d *Description) ours() bool { return d.strict || strings.HasPrefix(d.Software, "stet") }

// layout looks at the bytes that no digest covers: those between the entries,
// and the form of the digest's own file.
func (r *Reader) layout(d *Description) Part {
	why := r.strays(d)
	if why == "" && !slices.Equal(r.Names(), d.order()) {
		why = "the entries do not stand in the order of their list"
	}
	if why == "" && d.digest != nil {
		if b, err := encode(d.digest, "  "); err != nil || !bytes.Equal(b, d.rawDigest) {
			why = NameDigest + " has bytes that mean nothing"
		}
	}
	if b, err := encode(d.pack, "  "); why == "" && (err != nil || !bytes.Equal(b, d.raw)) {
		why = NamePackage + " has bytes that mean nothing"
	}
	if s := d.Signed; why == "" && s != nil && (!tidyPEM(s.DomainCert) || !tidyPEM(s.TimestampCert) || !tidyPEM(s.CrossSignedCert)) {
		why = "the certificates in " + NameDigest + " have bytes that mean nothing"
	}
	switch {
	case why == "":
		return Part{PartLayout, Verified, "no byte of the file is without meaning"}
	case d.ours():
		return Part{PartLayout, Wrong, why}
	}
	return Part{PartLayout, Unverifiable, why + "; other programs write files like that"}
}

// strays writes the frame of the file again, from the list of its entries, and
// says where the file differs.
func (r *Reader) strays(d *Description) string {
	if len(r.files) == 0 {
		return "the file has no entries"
	}
	created, err := time.Parse(time.RFC3339, d.Created)
	if err != nil {
		return "the file does not say when it was made"
	}
	at := stampOf(created)
	if none := stampOf(time.Time{}); d.Signed != nil && d.Signed.Domain != "" && r.files[0].Modified.Equal(none.time()) {
		at = none
	}
	var off int64
	var list []byte
	for _, f := range r.files {
		e := entry{name: f.Name, size: int64(f.UncompressedSize64), crc: f.CRC32, offset: off} //nolint:gosec // bounded
		head := e.local(at)
		if f.Method != 0 || !r.matches(head, off) {
			return "the entry " + f.Name + " does not begin where and as it should"
		}
		off += int64(len(head)) + e.size
		list = append(list, e.central(at)...)
	}
	if !r.matches(list, off) {
		return "the list of entries at the end has bytes that mean nothing"
	}
	tail := end(len(r.files), off, int64(len(list)))
	if off += int64(len(list)); !r.matches(tail, off) || off+int64(len(tail)) != r.size {
		return "the end of the file has bytes that mean nothing"
	}
	return ""
}

// order lists the entries as this program writes them.
func (d *Description) order() []string {
	names := make([]string, 0, len(d.Resources)+2)
	for i := range d.Resources {
		names = append(names, d.Resources[i].Path)
	}
	names = append(names, NamePackage)
	if d.digest != nil {
		names = append(names, NameDigest)
	}
	return names
}

// matches reports whether the file has the bytes at a place.
func (r *Reader) matches(want []byte, at int64) bool {
	got := make([]byte, len(want))
	n, err := r.r.ReadAt(got, at)
	return n == len(want) && (err == nil || errors.Is(err, io.EOF)) && bytes.Equal(got, want)
}

// Lines calls yield for each line of an entry, without line ends, as far as
// lines of at most max bytes go. It errors with ErrTooLarge behind a longer
// one, and as reading and yield do.
func (r *Reader) Lines(name string, max int, yield func(line []byte) error) error {
	return eachLine(r, name, max, yield)
}

func eachLine(r opener, name string, max int, yield func(line []byte) error) error {
	in, err := r.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(EachLine(name, in, max, yield), in.Close())
}

// EachLine calls yield for each line that an entry of the name yields, and
// errors as [Reader.Lines] does.
func EachLine(name string, in io.Reader, max int, yield func(line []byte) error) error {
	s := bufio.NewScanner(in)
	s.Buffer(make([]byte, 0, 64<<10), max)
	var err error
	for s.Scan() && err == nil {
		err = yield(s.Bytes())
	}
	if err == nil {
		err = s.Err()
	}
	if errors.Is(err, bufio.ErrTooLong) {
		err = fmt.Errorf("the entry %s: %w: a line has more than %d bytes", name, store.ErrTooLarge, max)
	}
	return err
}

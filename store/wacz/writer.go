package wacz

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"stet/store"
)

// MaxEntries is the most entries of a file that is written or, by default,
// read.
const MaxEntries = 200000

// Writer writes a file from its beginning to its end: it never goes back, so
// that it can write to a pipe. One goroutine uses it. After an error the file
// is not one.
type Writer struct {
	w       io.Writer
	n       int64
	p       Package
	at      stamp
	entries []entry
	list    []Resource
	names   map[string]bool
	copy    []byte
}

// NewWriter returns a writer to w, which the caller closes after [Writer.Close].
func NewWriter(w io.Writer, p Package) *Writer {
	if p.Now != nil {
		p.Created = time.Time{}
	}
	p.Created = p.Created.UTC().Truncate(time.Second)
	return &Writer{w: w, p: p, at: stampOf(p.Created), names: map[string]bool{}, copy: make([]byte, 64<<10)}
}

// Begin says on which page of the file a reader begins.
func (w *Writer) Begin(page string, at time.Time) { w.p.MainPage, w.p.MainPageDate = page, at }

// AddArchive adds a WARC file under its name.
func (w *Writer) AddArchive(name string, c Content) error { return w.add(nameArchive+name, c) }

// AddIndex adds an index, as index.cdx.
func (w *Writer) AddIndex(name string, c Content) error { return w.add(nameIndexes+name, c) }

// AddPages adds the list of pages: see [PagesHeader] and [Page].
func (w *Writer) AddPages(c Content) error { return w.add(NamePages, c) }

// AddResource adds any other file, as evidence/custody.json. It errors with
// ErrRefused where the name is not a safe one, or stands in a folder that has a
// meaning to players.
func (w *Writer) AddResource(name string, c Content) error {
	for _, p := range []string{nameArchive, nameIndexes, namePages, "datapackage"} {
		if strings.HasPrefix(strings.ToLower(name), p) {
			return fmt.Errorf("the entry %.120q: %w: players read what stands there", name, store.ErrRefused)
		}
	}
	return w.add(name, c)
}

func (w *Writer) add(name string, c Content) error {
	if err := CheckName(name); err != nil {
		return err
	}
	key := resourceName(name)
	if w.names[key] {
		return fmt.Errorf("the entry %.120q: %w: it stands there already", name, store.ErrConflict)
	}
	w.names[key] = true
	w.list = append(w.list, Resource{Name: key, Path: name, Hash: c.Digest.String(), Bytes: c.Size})
	return w.write(name, c)
}

// write writes one entry.
func (w *Writer) write(name string, c Content) error {
	if len(w.entries) == MaxEntries {
		return fmt.Errorf("the entry %.120q: %w: a file has at most %d", name, store.ErrTooLarge, MaxEntries)
	}
	e := entry{name: name, size: c.Size, crc: c.CRC, offset: w.n}
	if err := w.put(e.local(w.at)); err != nil {
		return err
	}
	r, err := c.Open()
	if err != nil {
		return fmt.Errorf("the entry %s: %w", name, err)
	}
	sum := NewSum(w.w)
	_, err = io.CopyBuffer(struct{ io.Writer }{sum}, struct{ io.Reader }{io.LimitReader(r, c.Size+1)}, w.copy)
	w.n += sum.n
	if cerr := r.Close(); err == nil {
		err = cerr
	}
	if got := sum.Content(nil); err == nil && (got.Size != c.Size || got.Digest != c.Digest) {
		err = fmt.Errorf("%w: it changed while it was written", store.ErrCorrupt)
	}
	if err != nil {
		return fmt.Errorf("the entry %s: %w", name, err)
	}
	w.entries = append(w.entries, e)
	return nil
}

func (w *Writer) put(b []byte) error {
	n, err := w.w.Write(b)
	w.n += int64(n)
	if err != nil {
		return fmt.Errorf("writing the file: %w", err)
	}
	return nil
}

// Close writes the list of the entries, its digest with the signature of s, and
// the directory. A nil s leaves the file unsigned.
func (w *Writer) Close(ctx context.Context, s Signer) error {
	if w.p.Now != nil {
		w.p.Created = w.p.Now().UTC().Truncate(time.Second)
	}
	p, err := encode(packageJSON{Profile: "data-package", WACZVersion: Version, Title: w.p.Title, Description: w.p.Description,
		Created: instant(w.p.Created), Software: w.p.Software, MainPageURL: w.p.MainPage, MainPageDate: instant(w.p.MainPageDate),
		Extras: w.p.Extras, Resources: w.list}, "  ")
	if err != nil {
		return fmt.Errorf("the list of entries: %w", err)
	}
	d := digestJSON{Path: NamePackage, Hash: store.DigestOf(p).String()}
	if s != nil {
		signed, err := s.Sign(ctx, d.Hash)
		if err != nil {
			return fmt.Errorf("signing the file: %w", err)
		}
		signed.Hash, signed.Created, signed.Software, signed.Version = d.Hash, instant(w.p.Created), w.p.Software, authVersion
		d.Signed = &signed
	}
	digest, err := encode(d, "  ")
	if err != nil {
		return fmt.Errorf("the digest of the list: %w", err)
	}
	if err := w.write(NamePackage, Bytes(p)); err != nil {
		return err
	}
	if err := w.write(NameDigest, Bytes(digest)); err != nil {
		return err
	}
	return w.directory()
}

func (w *Writer) directory() error {
	start := w.n
	for i := range w.entries {
		if err := w.put(w.entries[i].central(w.at)); err != nil {
			return err
		}
	}
	return w.put(end(len(w.entries), start, w.n-start))
}

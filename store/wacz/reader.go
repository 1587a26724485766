package wacz

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"stet/store"
)

// Limits bound what a file of a stranger can make a reader do. Zero values mean
// the defaults.
type Limits struct {
	// Entries is the most entries, Directory the most bytes of the list of
	// them.
	Entries   int
	Directory int64
	// Entry is the most bytes of one entry, Total of all, when they are
	// decompressed, and Ratio how many times as much as before that may be.
	Entry, Total, Ratio int64
	// Package is the largest datapackage.json.
	Package int64
}

// The defaults of [Limits].
const (
	DefaultDirectory = 64 << 20
	DefaultEntry     = 1 << 40
	DefaultTotal     = 4 << 40
	// DefaultRatio is far above what text compresses to.
	DefaultRatio   = 400
	DefaultPackage = 64 << 20
)

// ratioFree is how much an entry may hold before its ratio counts.
const ratioFree = 8 << 20

func (l Limits) withDefaults() Limits {
	if l.Entries <= 0 {
		l.Entries = MaxEntries
	}
	for v, d := range map[*int64]int64{&l.Directory: DefaultDirectory, &l.Entry: DefaultEntry, &l.Total: DefaultTotal, &l.Ratio: DefaultRatio, &l.Package: DefaultPackage} {
		if *v <= 0 {
			*v = d
		}
	}
	return l
}

// Reader reads a file that a stranger wrote. It is safe for concurrent use as
// far as what it reads from is.
type Reader struct {
	r      io.ReaderAt
	size   int64
	limits Limits
	files  []*zip.File
	byName map[string]*zip.File
	folded map[string]bool
}

// NewReader looks at the list of entries of a file of size bytes. It errors
// with ErrCorrupt where it is none, with ErrRefused where an entry has an
// unsafe name, stands twice, overlaps another, is a link or is encrypted, and
// with ErrTooLarge where a limit is reached.
func NewReader(r io.ReaderAt, size int64, limits Limits) (*Reader, error) {
	out := &Reader{r: r, size: size, limits: limits.withDefaults(), byName: map[string]*zip.File{}, folded: map[string]bool{}}
	tail, err := findEnd(r, size)
	if err != nil {
		return nil, err
	}
	if tail.entries > int64(out.limits.Entries) || tail.size > out.limits.Directory {
		return nil, fmt.Errorf("the file: %w: it has %d entries, whose list has %d bytes", store.ErrTooLarge, tail.entries, tail.size)
	}
	z, err := zip.NewReader(r, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, fmt.Errorf("the file: %w: it is no ZIP: %w", store.ErrCorrupt, err)
	}
	var total int64
	for _, f := range z.File {
		if strings.HasSuffix(f.Name, "/") && f.UncompressedSize64 == 0 {
			if err := CheckName(strings.TrimSuffix(f.Name, "/")); err != nil {
				return nil, err
			}
			continue
		}
		if err := out.take(f); err != nil {
			return nil, err
		}
		if total += int64(f.UncompressedSize64); total > out.limits.Total { //nolint:gosec // take bounded it
			return nil, fmt.Errorf("the file: %w: its entries have more than %d bytes", store.ErrTooLarge, out.limits.Total)
		}
	}
	return out, out.overlaps()
}

// take looks at one entry.
func (r *Reader) take(f *zip.File) error {
	refused := func(why string) error { return fmt.Errorf("the entry %.120q: %w: %s", f.Name, store.ErrRefused, why) }
	if err := CheckName(f.Name); err != nil {
		return err
	}
	if r.byName[f.Name] != nil {
		return refused("it stands twice")
	}
	folded := foldName(f.Name)
	if r.folded[folded] {
		return refused("another entry has the same name on systems that do not tell letters apart")
	}
	r.folded[folded] = true
	if m := f.Mode(); m&fs.ModeType != 0 {
		return refused("it is a link or a device, not a file")
	}
	if f.Flags&1 != 0 || f.Flags&0x40 != 0 || f.Flags&0x2000 != 0 {
		return refused("it is encrypted")
	}
	if f.Method != zip.Store && f.Method != zip.Deflate {
		return refused(fmt.Sprintf("it is compressed by method %d", f.Method))
	}
	limit := uint64(r.limits.Entry) //nolint:gosec // positive
	if f.UncompressedSize64 > limit || f.CompressedSize64 > limit {
		return fmt.Errorf("the entry %s: %w: it has %d bytes", f.Name, store.ErrTooLarge, f.UncompressedSize64)
	}
	if f.UncompressedSize64 > ratioFree && f.UncompressedSize64/uint64(r.limits.Ratio) > f.CompressedSize64 { //nolint:gosec // positive
		return fmt.Errorf("the entry %s: %w: %d bytes of it become %d", f.Name, store.ErrTooLarge, f.CompressedSize64, f.UncompressedSize64)
	}
	if f.Method == zip.Store && f.UncompressedSize64 != f.CompressedSize64 {
		return fmt.Errorf("the entry %s: %w: it has two sizes", f.Name, store.ErrCorrupt)
	}
	r.byName[f.Name] = f
	r.files = append(r.files, f)
	return nil
}

// overlaps errors where two entries share bytes: a small file could hold much
// that way.
func (r *Reader) overlaps() error {
	type span struct {
		from, to int64
		name     string
	}
	spans := make([]span, 0, len(r.files))
	for _, f := range r.files {
		at, err := f.DataOffset()
		if err != nil {
			return fmt.Errorf("the entry %s: %w: %w", f.Name, store.ErrCorrupt, err)
		}
		to := at + int64(f.CompressedSize64) //nolint:gosec // take bounded it
		if to > r.size {
			return fmt.Errorf("the entry %s: %w: it ends behind the file", f.Name, store.ErrCorrupt)
		}
		spans = append(spans, span{at, to, f.Name})
	}
	slices.SortFunc(spans, func(a, b span) int { return int(max(min(a.from-b.from, 1), -1)) })
	for i := 1; i < len(spans); i++ {
		if spans[i].from < spans[i-1].to {
			return fmt.Errorf("the entry %s: %w: it overlaps %s", spans[i].name, store.ErrRefused, spans[i-1].name)
		}
	}
	return nil
}

// Names lists the entries in the order of the file.
func (r *Reader) Names() []string {
	names := make([]string, 0, len(r.files))
	for _, f := range r.files {
		names = append(names, f.Name)
	}
	return names
}

// Archives lists the WARC files.
func (r *Reader) Archives() []string { return r.under(nameArchive, ".warc", ".warc.gz", ".warc.zst") }

// Indexes lists the indexes that are not compressed.
func (r *Reader) Indexes() []string { return r.under(nameIndexes, ".cdx", ".cdxj") }

// PageLists lists the lists of pages.
func (r *Reader) PageLists() []string { return r.under(namePages, ".jsonl") }

func (r *Reader) under(folder string, ends ...string) []string {
	var names []string
	for _, f := range r.files {
		if strings.HasPrefix(f.Name, folder) && slices.ContainsFunc(ends, func(e string) bool { return strings.HasSuffix(f.Name, e) }) {
			names = append(names, f.Name)
		}
	}
	return names
}

// Size returns the size of an entry, decompressed, and whether there is one.
func (r *Reader) Size(name string) (int64, bool) {
	f := r.byName[name]
	if f == nil {
		return 0, false
	}
	return int64(f.UncompressedSize64), true //nolint:gosec // take bounded it
}

// Open opens an entry. Its end is reached only where length and checksum are
// those of the list; else reading errors with ErrCorrupt. It errors with
// ErrNotFound. The caller closes it.
func (r *Reader) Open(name string) (io.ReadCloser, error) {
	f := r.byName[name]
	if f == nil {
		return nil, fmt.Errorf("the entry %s: %w", name, store.ErrNotFound)
	}
	in, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("the entry %s: %w: %w", name, store.ErrCorrupt, err)
	}
	return &bounded{ReadCloser: in, left: int64(f.UncompressedSize64), name: name}, nil //nolint:gosec // take bounded it
}

// Section returns an entry that is stored as it is, to be read by its ranges
// without looking at its checksum; nil where there is none.
func (r *Reader) Section(name string) *io.SectionReader {
	f := r.byName[name]
	if f == nil || f.Method != zip.Store {
		return nil
	}
	at, err := f.DataOffset()
	if err != nil {
		return nil
	}
	return io.NewSectionReader(r.r, at, int64(f.UncompressedSize64)) //nolint:gosec // take bounded it
}

// bounded reads no more than an entry is said to hold.
type bounded struct {
	io.ReadCloser
	left int64
	name string
}

// Read reads on. It errors with ErrCorrupt where the entry is not what the list
// says.
func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, fmt.Errorf("the entry %s: %w: it is longer than is said", b.name, store.ErrCorrupt)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("the entry %s: %w: %w", b.name, store.ErrCorrupt, err)
	}
	return n, err
}

// ReadAll reads an entry of at most max bytes. It errors as [Reader.Open] does,
// and with ErrTooLarge.
func (r *Reader) ReadAll(name string, max int64) ([]byte, error) { return readAll(r, name, max) }

// opener is a [Reader] or one that looks at what is read.
type opener interface {
	Size(name string) (int64, bool)
	Open(name string) (io.ReadCloser, error)
}

func readAll(r opener, name string, max int64) ([]byte, error) {
	if n, ok := r.Size(name); ok && n > max {
		return nil, fmt.Errorf("the entry %s: %w: it has %d bytes, at most %d are read", name, store.ErrTooLarge, n, max)
	}
	in, err := r.Open(name)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(in)
	return b, errors.Join(err, in.Close())
}

// Description is what a file says about itself.
type Description struct {
	Title, Description, Software, Created string
	MainPage, MainPageDate                string
	Extras                                json.RawMessage
	Resources                             []Resource
	// Signed is nil where the file is not signed.
	Signed *SignedData

	raw    []byte
	pack   packageJSON
	strict bool
	digest *digestJSON
	// rawDigest is the file that holds it.
	rawDigest []byte
}

// Describe reads what the file says about itself; nothing of it is verified.
// It errors with ErrCorrupt where that cannot be read.
func (r *Reader) Describe() (*Description, error) {
	raw, err := r.ReadAll(NamePackage, r.limits.Package)
	if err != nil {
		return nil, err
	}
	var p packageJSON
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", NamePackage, store.ErrCorrupt, err)
	}
	if len(p.Resources) > r.limits.Entries {
		return nil, fmt.Errorf("%s: %w: it lists %d entries", NamePackage, store.ErrTooLarge, len(p.Resources))
	}
	d := &Description{Title: p.Title, Description: p.Description, Software: p.Software, Created: p.Created, MainPage: p.MainPageURL,
		MainPageDate: p.MainPageDate, Extras: p.Extras, Resources: p.Resources, raw: raw, pack: p}
	if _, ok := r.byName[NameDigest]; !ok {
		return d, nil
	}
	if d.rawDigest, err = r.ReadAll(NameDigest, 1<<20); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(d.rawDigest, &d.digest); err != nil || d.digest == nil {
		return nil, fmt.Errorf("%s: %w: it is not what it should be: %w", NameDigest, store.ErrCorrupt, err)
	}
	d.Signed = d.digest.Signed
	return d, nil
}

// Describes reports whether the file says of itself what a writer is told to say.
func (d *Description) Describes(p *Package) bool {
	var a, b bytes.Buffer
	if json.Compact(&a, d.Extras) != nil || json.Compact(&b, p.Extras) != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
		return false
	}
	return d.Title == p.Title && d.Description == p.Description && d.Software == p.Software && d.Created == instant(p.Created) &&
		d.MainPage == p.MainPage && d.MainPageDate == instant(p.MainPageDate) && d.pack.Modified == "" && d.pack.Profile == "data-package" && d.pack.WACZVersion == Version
}

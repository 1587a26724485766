package export

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/klauspost/compress/gzip"

	"stet/store"
	"stet/store/view"
	"stet/store/wacz"
	"stet/store/warc"
)

// blockLines is how many lines a block of an index has that is too long for
// players to read at once.
const blockLines = 3000

// maxPageText is how much of a post's words the list of pages holds.
const maxPageText = 4 << 10

// pack is a package that is being written.
type pack struct {
	x     *exporter
	w     *wacz.Writer
	lines *sorter
	list  File
	// pages is the list of pages, sum describes it.
	pages *bufio.Writer
	sum   *wacz.Sum
	n     int
	// main is the page at which readers begin.
	main     string
	mainTime time.Time
	temps    []File
}

// wacz writes a package.
func (x *exporter) wacz(ctx context.Context) (err error) {
	chosen, err := x.plan(ctx)
	if err != nil {
		return err
	}
	if err := x.out.File(""); err != nil {
		return err
	}
	out := &again{x: x, skip: x.o.From.Offset, want: x.o.From.Digest, hash: sha256.New()}
	buffer := bufio.NewWriterSize(out, int(min(256<<10, x.o.sizes.mark)))
	p := &pack{x: x, lines: &sorter{temp: x.o.Temp, max: x.o.sizes.run}}
	defer func() {
		errs := []error{err, p.lines.close()}
		for _, f := range p.temps {
			errs = append(errs, f.Close())
		}
		err = errors.Join(errs...)
	}()
	extras, err := json.Marshal(map[string]any{"stet": map[string]any{"journal": x.bound, "selection": x.o.Selection}})
	if err != nil {
		return err
	}
	pkg := wacz.Package{Title: x.title(), Description: "Archived by " + x.o.Software + ", up to journal number " + fmt.Sprint(x.bound),
		Software: x.o.Software, Created: x.time, Now: x.o.Now, Extras: extras}
	p.w = wacz.NewWriter(buffer, pkg)
	if err := p.begin(); err != nil {
		return err
	}
	if err := p.archives(ctx, chosen); err != nil {
		return err
	}
	if err := p.rest(); err != nil {
		return err
	}
	if err := p.w.Close(ctx, x.o.Sign); err != nil {
		return err
	}
	if err := buffer.Flush(); err != nil {
		return err
	}
	return out.end()
}

// temp makes a temporary file that lasts as long as the package is written.
func (p *pack) temp() (File, error) {
	f, err := p.x.o.Temp()
	if err == nil {
		p.temps = append(p.temps, f)
	}
	return f, err
}

func (p *pack) begin() (err error) {
	if p.list, err = p.temp(); err != nil {
		return err
	}
	p.sum = wacz.NewSum(p.list)
	p.pages = bufio.NewWriter(p.sum)
	head, err := wacz.PagesHeader(p.x.title())
	if err != nil {
		return err
	}
	_, err = p.pages.Write(head)
	return err
}

// page adds a page to the list.
func (p *pack) page(url string, at time.Time, title, text string) error {
	line, err := wacz.Page{ID: fmt.Sprint(p.n), URL: url, Time: at, Title: title, Text: text}.Line()
	if err != nil {
		return err
	}
	p.n++
	_, err = p.pages.Write(line)
	return err
}

// archives writes the WARC files, each to a temporary file first: what stands
// before a file in the package says how long it is.
func (p *pack) archives(ctx context.Context, chosen numbers) error {
	part := &archive{p: p}
	err := p.x.each(ctx, chosen, 0, func(r *store.Record) error {
		f, err := part.current()
		if err != nil {
			return err
		}
		return f.record(ctx, r)
	})
	if err != nil {
		return err
	}
	err = p.x.posts(ctx, "", func(v *view.Post) error {
		f, err := part.current()
		if err != nil {
			return err
		}
		return p.post(f, v)
	})
	if err != nil {
		return err
	}
	if part.n == 0 {
		if _, err := part.current(); err != nil {
			return err
		}
	}
	return part.end()
}

// post writes the page on which a post is shown. Its address says that it was
// made, not fetched.
func (p *pack) post(f *file, v *view.Post) error {
	html, err := postPage(v, p.x.o.Software, remote{})
	if err != nil {
		return err
	}
	ref := v.History.Ref.String()
	at := shownAt(v).Truncate(time.Second)
	if at.IsZero() {
		at = p.x.time.Truncate(time.Second)
	}
	uri := warc.PartURI("x-stet", "post:"+ref)
	if err := f.e.Resource(&warc.Resource{ID: warc.DigestID(store.DigestOf([]byte(ref)), "post page"), URI: uri, Date: at, Type: "text/html", Data: html}); err != nil {
		return err
	}
	if p.main == "" {
		p.main, p.mainTime = uri, at
	}
	return p.page(uri, at, postTitle(v), clipBytes(v.Post.Text, maxPageText))
}

// archive is the WARC file of a package that is being written.
type archive struct {
	p      *pack
	f      *file
	temp   File
	sum    *wacz.Sum
	buffer *bufio.Writer
	n      int
}

// current returns the file, a new one where the one before is full.
func (a *archive) current() (*file, error) {
	if a.f != nil && a.f.w.Offset() >= a.p.x.o.sizes.part {
		if err := a.end(); err != nil {
			return nil, err
		}
	}
	if a.f != nil {
		return a.f, nil
	}
	var err error
	if a.temp, err = a.p.x.o.Temp(); err != nil {
		return nil, err
	}
	a.sum = wacz.NewSum(a.temp)
	a.buffer = bufio.NewWriterSize(a.sum, 256<<10)
	a.f, err = a.p.x.newFile(a.buffer, 0, a.p.x.partName(a.n), 0, func(e *warc.Entry) error { return a.p.lines.add(e.Line()) })
	if err != nil {
		return nil, errors.Join(err, a.temp.Close())
	}
	a.f.pages = a.p.page
	return a.f, nil
}

// end puts the file into the package.
func (a *archive) end() (err error) {
	defer func() { err = errors.Join(err, a.temp.Close()) }()
	if err := a.buffer.Flush(); err != nil {
		return err
	}
	c := a.sum.Content(nil)
	c.Open = section(a.temp, c.Size)
	name := a.p.x.partName(a.n)
	a.f = nil
	a.n++
	return a.p.w.AddArchive(name, c)
}

// rest writes the index and the list of pages.
func (p *pack) rest() error {
	if err := p.pages.Flush(); err != nil {
		return err
	}
	if p.lines.count > p.x.o.sizes.plain {
		if err := p.blocks(); err != nil {
			return err
		}
	} else if err := p.plain(); err != nil {
		return err
	}
	if p.main != "" && (len(p.x.o.Selection.Refs) == 1 || p.x.sum.Posts == 1) {
		p.w.Begin(p.main, p.mainTime)
	}
	c := p.sum.Content(nil)
	c.Open = section(p.list, c.Size)
	return p.w.AddPages(c)
}

func (p *pack) plain() error {
	return p.spooled("index.cdx", func(w io.Writer) error {
		return p.lines.each(func(l []byte) error {
			_, err := w.Write(append(l, '\n'))
			return err
		})
	})
}

// spooled adds an index that write writes.
func (p *pack) spooled(name string, write func(io.Writer) error) error {
	f, err := p.temp()
	if err != nil {
		return err
	}
	sum := wacz.NewSum(f)
	w := bufio.NewWriter(sum)
	if err := write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	c := sum.Content(nil)
	c.Open = section(f, c.Size)
	return p.w.AddIndex(name, c)
}

// blocks writes the index in compressed blocks, and an index of these.
func (p *pack) blocks() error {
	var second bytes.Buffer
	second.WriteString(`!meta 0 {"format":"cdxj-gzip-1.0","filename":"index.cdx.gz"}` + "\n")
	err := p.spooled("index.cdx.gz", func(w io.Writer) error {
		var block bytes.Buffer
		first, n, offset := "", 0, 0
		flush := func() error {
			if n == 0 {
				return nil
			}
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			if _, err := z.Write(block.Bytes()); err != nil {
				return err
			}
			if err := z.Close(); err != nil {
				return err
			}
			fmt.Fprintf(&second, "%s {\"offset\":%d,\"length\":%d,\"digest\":%q}\n", first, offset, b.Len(), store.DigestOf(b.Bytes()))
			offset += b.Len()
			block.Reset()
			n = 0
			_, err := w.Write(b.Bytes())
			return err
		}
		err := p.lines.each(func(l []byte) error {
			if n == 0 {
				first = string(l[:max(bytes.Index(l, []byte(" {")), 0)])
			}
			block.Write(l)
			block.WriteByte('\n')
			if n++; n < blockLines {
				return nil
			}
			return flush()
		})
		if err != nil {
			return err
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return p.w.AddIndex("index.idx", wacz.Bytes(second.Bytes()))
}

// again passes on what an interrupted export has not written yet. What it has
// is made again and compared: an archive from which something was removed
// meanwhile gives other bytes.
type again struct {
	x     *exporter
	skip  int64
	want  store.Digest
	hash  hash.Hash
	n     int64
	since int64
}

// Write implements io.Writer. It errors with ErrConflict where the export is no
// longer the one that was interrupted.
func (a *again) Write(p []byte) (int, error) {
	all := len(p)
	if a.n < a.skip {
		k := int(min(a.skip-a.n, int64(len(p))))
		a.hash.Write(p[:k])
		a.n += int64(k)
		if a.n == a.skip && store.Digest(a.hash.Sum(nil)) != a.want {
			return 0, changed()
		}
		if p = p[k:]; len(p) == 0 {
			return all, nil
		}
	}
	a.hash.Write(p)
	if _, err := a.x.out.Write(p); err != nil {
		return 0, err
	}
	a.n += int64(len(p))
	if a.since += int64(len(p)); a.since >= a.x.o.sizes.mark {
		a.since = 0
		if err := a.x.out.Mark(a.x.mark(Mark{Offset: a.n, Digest: store.Digest(a.hash.Sum(nil))})); err != nil {
			return 0, err
		}
	}
	return all, nil
}

// end errors where the export is shorter than what was written of it.
func (a *again) end() error {
	if a.n < a.skip {
		return changed()
	}
	return nil
}

func changed() error {
	return fmt.Errorf("%w: the archive has changed since the export was interrupted; run it again, and it begins anew", store.ErrConflict)
}

// clipBytes cuts a text to about n bytes.
func clipBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n] + "…"
}

package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"stet/extract/post"
	"stet/store"
	"stet/store/evidence/bundle"
	"stet/store/wacz"
	"stet/store/warc"
)

// Bundling says what goes into a bundle of evidence.
type Bundling struct {
	Refs []post.Ref
	// For is internal, court or public.
	For string
	// Software is the name and version that makes it.
	Software string
}

// BundleSummary says what a bundle holds.
type BundleSummary struct {
	Posts   int `json:"posts"`
	Records int `json:"records"`
	Files   int `json:"files"`
	// Head is how many records the signed head covers, Key the public key.
	Head int64  `json:"head"`
	Key  string `json:"key"`
	// Outside is true where somebody outside vouches for the time.
	Outside bool     `json:"time_from_outside"`
	Left    []string `json:"left_out,omitempty"`
}

// warcName is the name of the file that holds what was on the wire.
const warcName = "data.warc.gz"

// Bundle writes a bundle of evidence. Its bytes depend on the archive and on
// what is asked for alone.
func (a *Archive) Bundle(ctx context.Context, w io.Writer, b Bundling) (sum BundleSummary, err error) {
	log, err := a.Heads.Log()
	if err != nil {
		return sum, err
	}
	c, err := bundle.Collect(ctx, bundle.Options{Archive: a.Archive, Log: log, Refs: b.Refs, For: bundle.Audience(b.For), Software: b.Software})
	if err != nil {
		return sum, err
	}
	files, err := c.Files(ctx)
	if err != nil {
		return sum, err
	}
	p := packing{ctx: ctx, archive: a.Archive, content: c, files: files}
	if err := p.write(w); err != nil {
		return sum, fmt.Errorf("writing the bundle: %w", err)
	}
	return BundleSummary{Posts: len(c.Posts), Records: len(c.Items), Files: len(files) + 3, Head: c.Head.Size, Key: c.Head.Key, Outside: c.Outside(), Left: c.Left}, nil
}

// packing writes the content of a bundle as WACZ.
type packing struct {
	ctx     context.Context //nolint:containedctx // it lives as long as one call of Bundle
	archive *store.Archive
	content *bundle.Content
	files   []bundle.File

	index [][]byte
	pages []byte
}

func (p *packing) write(w io.Writer) (err error) {
	temp, err := os.CreateTemp("", "stet-bundle-*")
	if err != nil {
		return fmt.Errorf("making a temporary file: %w", err)
	}
	defer func() { err = errors.Join(err, temp.Close(), os.Remove(temp.Name())) }()
	sum := wacz.NewSum(temp)
	if err := p.exchanges(sum); err != nil {
		return err
	}
	key, err := p.content.Key.Packages()
	if err != nil {
		return err
	}
	described, err := bundlePackage(p.content.Software, p.content.Created())
	if err != nil {
		return err
	}
	out := wacz.NewWriter(w, described)
	for i := range p.files {
		f, err := p.file(&p.files[i])
		if err != nil {
			return err
		}
		if err := out.AddResource(p.files[i].Name, f); err != nil {
			return err
		}
	}
	slices.SortFunc(p.index, bytes.Compare)
	archive := sum.Content(func() (io.ReadCloser, error) { return os.Open(temp.Name()) })
	if err := errors.Join(out.AddArchive(warcName, archive), out.AddIndex("index.cdx", wacz.Bytes(bytes.Join(p.index, nil))),
		out.AddPages(wacz.Bytes(p.pages))); err != nil {
		return err
	}
	return out.Close(p.ctx, wacz.KeySigner{Key: key})
}

// file describes one file of the content.
func (p *packing) file(f *bundle.File) (wacz.Content, error) {
	if f.Blob.IsZero() {
		return wacz.Bytes(f.Data), nil
	}
	return wacz.Describe(func() (io.ReadCloser, error) { return p.content.Open(p.ctx, f) })
}

// exchanges writes what was on the wire, with the index and the list of pages.
func (p *packing) exchanges(w io.Writer) error {
	x := warc.NewExporter(warc.NewWriter(w, 0), p.archive, warcName, func(e *warc.Entry) error {
		p.index = append(p.index, append(e.Line(), '\n'))
		return nil
	})
	at := p.content.Created()
	if err := x.Info(at, bundle.InfoFields(p.content.Software)); err != nil {
		return err
	}
	for _, e := range p.content.Exchanges() {
		if err := p.ctx.Err(); err != nil {
			return err
		}
		if err := x.Exchange(p.ctx, e.ID, e.Content); err != nil {
			return err
		}
	}
	report := p.named(bundle.Report)
	d := store.DigestOf(report)
	err := x.Resource(&warc.Resource{ID: warc.DigestID(d, "report"), URI: bundle.ReportURL, Date: at, Type: "text/html", Data: report})
	if err != nil {
		return err
	}
	p.pages, err = bundlePages(at)
	return err
}

// bundlePages is the list of pages of a bundle: the report.
func bundlePages(at time.Time) ([]byte, error) {
	header, err := wacz.PagesHeader("Pages")
	if err != nil {
		return nil, err
	}
	line, err := wacz.Page{ID: "report", URL: bundle.ReportURL, Time: at, Title: "Report"}.Line()
	return append(header, line...), err
}

// bundlePackage is how a bundle describes itself.
func bundlePackage(software string, at time.Time) (wacz.Package, error) {
	extras, err := json.Marshal(map[string]string{"stet": bundle.Form})
	return wacz.Package{Title: "Evidence of captured posts", Software: software, Created: at, MainPage: bundle.ReportURL, MainPageDate: at, Extras: extras}, err
}

func (p *packing) named(name string) []byte {
	for i := range p.files {
		if p.files[i].Name == name {
			return p.files[i].Data
		}
	}
	return nil
}

package export

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"stet/store"
	"stet/store/warc"
)

// each calls fn for the chosen records in their order, from the number behind
// after on.
func (x *exporter) each(ctx context.Context, chosen numbers, after uint64, fn func(*store.Record) error) error {
	for n, ok := chosen.next(after + 1); ok; n, ok = chosen.next(n) {
		limit := 1
		if chosen.dense(n) {
			limit = 1000
		}
		records, err := x.archive.Read(ctx, n-1, limit)
		if err != nil {
			return fmt.Errorf("reading record %d: %w", n, err)
		}
		if len(records) == 0 {
			return fmt.Errorf("record %d: %w: it is missing", n, store.ErrCorrupt)
		}
		for i := range records {
			if !chosen.has(records[i].Seq) {
				continue
			}
			if err := fn(&records[i]); err != nil {
				return err
			}
		}
		n = records[len(records)-1].Seq + 1
		x.report("writing", n-1)
	}
	return ctx.Err()
}

// file is a WARC file that is being written.
type file struct {
	x *exporter
	w *warc.Writer
	e *warc.Exporter
	// json is room for one record as data.
	json []byte
	// pages is told of what readers can open; nil for nobody.
	pages func(url string, at time.Time, title, text string) error
}

// newFile begins a file, or, where it goes on, the next part of one.
func (x *exporter) newFile(w io.Writer, offset int64, name string, part int, index func(*warc.Entry) error) (*file, error) {
	f := &file{x: x, w: warc.NewWriter(w, offset)}
	if index == nil {
		f.w.WithoutDigests()
		index = func(*warc.Entry) error { return nil }
	}
	f.e = warc.NewExporter(f.w, x.archive, name, index)
	f.e.Part(part)
	info := []warc.Field{{Name: "software", Value: x.o.Software}, {Name: "format", Value: "WARC File Format 1.1"},
		{Name: "conformsTo", Value: "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"},
		{Name: "description", Value: x.title() + ", as archived up to journal number " + fmt.Sprint(x.bound)}}
	return f, f.e.Info(x.time, info)
}

// record writes one record of the archive: an exchange as it was, other kinds
// as data beside it. What does not concern what was captured is left out.
func (f *file) record(ctx context.Context, r *store.Record) error {
	switch r.Kind {
	case store.KindExchange:
		e, err := store.Decode[store.Exchange](r)
		if err != nil {
			return err
		}
		f.x.sum.Records++
		if err := f.e.Exchange(ctx, r.ID, e); err != nil {
			return err
		}
		return f.page(e)
	case store.KindDrawing:
		d, err := store.Decode[store.Drawing](r)
		if err != nil {
			return err
		}
		f.x.sum.Records++
		return f.drawing(ctx, r, d)
	case store.KindArticle:
		if err := f.document(ctx, r); err != nil {
			return err
		}
	case store.KindImport:
		if err := f.imported(ctx, r); err != nil {
			return err
		}
	case store.KindCapture:
		if err := f.part(ctx, r); err != nil {
			return err
		}
	case store.KindDerivation, store.KindLook, store.KindVerdict, store.KindResolution, store.KindPage, store.KindPageLook:
	default:
		return nil
	}
	f.x.sum.Records++
	return f.data(r)
}

// page tells of an article or page that readers can open.
func (f *file) page(e *store.Exchange) error {
	if f.pages == nil || e.Status != 200 || e.Method != "GET" || e.Purpose != "article" && e.Purpose != "page" ||
		!strings.HasPrefix(e.Body.Type, "text/") || e.Body.Withheld || e.Body.Removed || e.Body.Size == 0 {
		return nil
	}
	return f.pages(warc.CleanURI(e.URL), e.Started, e.URL, "")
}

// data writes the fields of a record as JSON: what was concluded from what was
// recorded, and when.
func (f *file) data(r *store.Record) error {
	b := append(f.json[:0], `{"kind":"`+string(r.Kind)+`","id":"`+r.ID.String()+`","time":"`...)
	b = append(r.Time.UTC().AppendFormat(b, time.RFC3339Nano), '"')
	// What is kept is JSON already: encoding it again would cost as much as
	// compressing it.
	if v := r.Field("meta"); len(v) > 0 {
		b = append(append(b, `,"data":`...), v...)
	}
	if v := r.Field("post"); len(v) > 0 {
		b = append(append(b, `,"post":`...), v...)
	}
	if v := r.Field("text"); len(v) > 0 {
		text, err := json.Marshal(string(v))
		if err != nil {
			return fmt.Errorf("record %s: %w: %w", r.ID, store.ErrCorrupt, err)
		}
		b = append(append(b, `,"text":`...), text...)
	}
	b = append(b, '}')
	f.json = b
	_, err := f.w.Write(&warc.Record{Type: warc.TypeMetadata, ID: warc.RecordID(r.ID, string(r.Kind)), Date: r.Time,
		TargetURI: warc.PartURI("x-stet", string(r.Kind)+":"+r.ID.String()), ContentType: "application/json", Head: b})
	return err
}

// drawing writes the picture of a page, and the page as one file.
func (f *file) drawing(ctx context.Context, r *store.Record, d *store.Drawing) error {
	of := d.URL
	if of == "" {
		of = d.Ref.String()
	}
	for _, part := range []struct {
		kind, media string
		digest      store.Digest
		size        int64
	}{{"fullPage", "image/png", d.Picture, d.PictureSize}, {"x-stet-page", "text/html", d.Page, d.PageSize}} {
		if part.digest.IsZero() {
			continue
		}
		open := func() (io.ReadCloser, error) { return f.x.archive.OpenBlob(ctx, part.digest) }
		if b, err := open(); notFound(err) {
			continue // removed
		} else if err != nil {
			return err
		} else if err := b.Close(); err != nil {
			return err
		}
		if err := f.e.Resource(&warc.Resource{ID: warc.RecordID(r.ID, part.kind), URI: warc.PartURI(part.kind, of), Date: r.Time, Type: part.media,
			Body: open, Size: part.size, Digest: part.digest}); err != nil {
			return err
		}
	}
	return f.data(r)
}

// document writes the bytes of an article that was not fetched.
func (f *file) document(ctx context.Context, r *store.Record) error {
	v, err := store.Decode[store.ArticleVersion](r)
	if err != nil || v.Content.IsZero() {
		return err
	}
	info, err := f.x.archive.Blobs().Stat(ctx, v.Content)
	if notFound(err) {
		return nil // removed
	}
	if err != nil {
		return err
	}
	return f.e.Resource(&warc.Resource{ID: warc.RecordID(r.ID, "document"), URI: warc.PartURI("x-stet", "document:"+r.ID.String()), Date: r.Time,
		Type: "application/octet-stream", Body: func() (io.ReadCloser, error) { return f.x.archive.OpenBlob(ctx, v.Content) }, Size: info.Size, Digest: v.Content})
}

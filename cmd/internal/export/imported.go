package export

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"stet/store"
	"stet/store/warc"
)

// imported writes the bytes of a file that was imported. What somebody else
// recorded is no exchange: it is given as it was.
func (f *file) imported(ctx context.Context, r *store.Record) error {
	i, err := store.Decode[store.Import](r)
	if err != nil || i.Content.IsZero() {
		return err
	}
	info, err := f.x.archive.Blobs().Stat(ctx, i.Content)
	if notFound(err) {
		return nil // removed
	}
	if err != nil {
		return err
	}
	return f.e.Resource(&warc.Resource{ID: warc.RecordID(r.ID, "imported"), URI: warc.PartURI("x-stet", "import:"+r.ID.String()), Date: r.Time,
		Type: "application/octet-stream", Body: func() (io.ReadCloser, error) { return f.x.archive.OpenBlob(ctx, i.Content) }, Size: info.Size, Digest: i.Content})
}

// part writes the part of an imported file that a capture was made of, where
// the file itself is not exported: it holds what others wrote, too. Parts of
// what has to be unpacked first are left out.
func (f *file) part(ctx context.Context, r *store.Record) error {
	if !bytes.Contains(r.Field("meta"), []byte(`"part":`)) {
		return nil
	}
	c, err := store.Decode[store.Capture](r)
	if err != nil || c.Part.Import.IsZero() {
		return err
	}
	of, err := f.x.archive.Get(ctx, c.Part.Import)
	if notFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	i, err := store.Decode[store.Import](&of)
	if err != nil || f.x.chosen.has(of.Seq) || i.Packed != "" || c.Part.Member != "" || i.Content.IsZero() || c.Part.Length > warc.HeldBody {
		return err
	}
	data, err := f.x.bytesOf(ctx, i.Content, c.Part.Offset, c.Part.Length)
	if notFound(err) {
		return nil // removed
	}
	if err != nil {
		return fmt.Errorf("the imported part of capture %s: %w", r.ID, err)
	}
	return f.e.Resource(&warc.Resource{ID: warc.RecordID(r.ID, "imported"), URI: warc.PartURI("x-stet", "import-part:"+r.ID.String()), Date: r.Time,
		Type: "application/octet-stream", Data: data})
}

// bytesOf reads a part of a blob.
func (x *exporter) bytesOf(ctx context.Context, d store.Digest, at, length int64) (_ []byte, err error) {
	r, err := x.archive.Blobs().Open(ctx, d)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if _, err := r.Seek(at, io.SeekStart); err != nil {
		return nil, fmt.Errorf("reading %s: %w", d, err)
	}
	b, err := io.ReadAll(io.LimitReader(r, length))
	if err == nil && int64(len(b)) != length {
		err = fmt.Errorf("%w: %s ends before the part", store.ErrCorrupt, d)
	}
	return b, err
}

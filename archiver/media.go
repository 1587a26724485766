package archiver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"stet/archiver/fetch"
	"stet/extract/post"
	"stet/store"
)

// fetchMedia fetches the files of p, adds the exchanges to the batch and
// describes in p what is kept. A file that the archive fetched from the same
// address before is not fetched again. What cannot be had is an Error of the
// file; the error returned is for what the archive cannot keep. The notes say
// where a copy is kept because what came as the original was none. Later is
// true where trouble kept a file away that can pass.
func (e *Engine) fetchMedia(ctx context.Context, b *store.Builder, p *post.Post, before *store.History) (files []store.MediaFile, notes []string, later bool, err error) {
	if e.o.Policy.NoMedia || len(p.Media) == 0 {
		return nil, nil, false, nil
	}
	files = make([]store.MediaFile, 0, len(p.Media))
	media := make([]post.Media, len(p.Media))
	for i, m := range p.Media {
		f, note, passing, err := e.fetchFile(ctx, b, p.Ref(), append([]string{m.URL}, m.Fallbacks...), before)
		if err != nil {
			return nil, nil, false, err
		}
		later = later || passing
		if note != "" {
			notes = append(notes, note)
		}
		m.Digest, m.Bytes, m.Type, m.Error = f.Digest.String(), f.Size, f.Type, f.Error
		if f.Error == "" && f.URL != "" {
			m.URL = f.URL
		}
		files = append(files, f)
		if m.Poster != "" && f.Digest.IsZero() {
			still, _, _, err := e.fetchFile(ctx, b, p.Ref(), []string{m.Poster}, before)
			if err != nil {
				return nil, nil, false, err
			}
			still.Role = "poster"
			m.PosterDigest = still.Digest.String()
			files = append(files, still)
		}
		media[i] = m
	}
	p.Media = media
	return files, notes, later, nil
}

// fetchFile fetches the first of the addresses that can be had. The note says
// why that is not the first of all, where it could be had and was another file;
// later is true where none could be had because of trouble that can pass.
func (e *Engine) fetchFile(ctx context.Context, b *store.Builder, ref post.Ref, addresses []string, before *store.History) (f store.MediaFile, note string, later bool, err error) {
	if kept, ok := e.keptFile(ctx, before, addresses[0]); ok {
		return kept, "", false, nil
	}
	var first store.MediaFile
	for i, address := range addresses {
		if address == "" {
			continue
		}
		f, again, passing, err := e.download(ctx, b, ref, address)
		if err != nil {
			return store.MediaFile{}, "", false, err
		}
		if f.Error == "" && strings.Contains(first.Error, notSigned) {
			return f, "a copy is kept: " + first.Error, false, nil
		}
		if f.Error == "" {
			return f, "", false, nil
		}
		later = later || passing
		if i == 0 {
			first = f
		}
		if !again {
			break
		}
	}
	if first.URL == "" && first.Error == "" {
		first.Error = "the platform gives no address for the file"
	}
	return first, "", later, nil
}

// keptFile returns the file that an earlier capture fetched from an address,
// where it is still stored. What an imported file says is at the address was
// never fetched.
func (e *Engine) keptFile(ctx context.Context, before *store.History, address string) (store.MediaFile, bool) {
	for i := len(before.Captures) - 1; i >= 0; i-- {
		if before.Captures[i].Content.Source == post.SourceImport {
			continue
		}
		for _, f := range before.Captures[i].Content.Media {
			if f.URL != address || f.Digest.IsZero() {
				continue
			}
			if _, err := e.o.Archive.Blobs().Stat(ctx, f.Digest); err != nil {
				continue
			}
			f.Reused, f.Error = true, ""
			return f, true
		}
	}
	return store.MediaFile{}, false
}

// download fetches one file into the archive. It reports whether another
// address may be tried, and whether the trouble can pass.
func (e *Engine) download(ctx context.Context, b *store.Builder, ref post.Ref, address string) (f store.MediaFile, again, later bool, err error) {
	f.URL = address
	limit := e.o.Policy.MaxMedia
	timed, cancel := context.WithTimeout(ctx, e.o.Policy.MediaTime)
	defer cancel()
	var spool store.BlobWriter
	defer func() {
		if spool != nil {
			err = errors.Join(err, spool.Close())
		}
	}()
	resp, trouble := e.o.Client.Do(timed, fetch.Request{URL: address, Purpose: "media", Anonymous: true, MaxBytes: limit,
		// The bytes on the wire are to be the bytes of the file.
		Header: http.Header{"Accept-Encoding": {"identity"}}, Sink: func(h fetch.Head) (fetch.Sink, error) {
			w, err := e.o.Archive.Blobs().Create(ctx)
			if err != nil {
				return nil, err
			}
			spool = w
			return &countingSink{w: w, e: e, address: address}, nil
		}})
	r := &recorded{}
	if resp != nil {
		r.exchanges = resp.Exchanges
	}
	if trouble == nil && spool != nil {
		if _, err := spool.Commit(ctx); err != nil {
			return f, false, false, fmt.Errorf("keeping %s: %w", address, err)
		}
	}
	switch {
	case trouble != nil || resp.Status != http.StatusOK:
		dropBlob(r.exchanges)
	case spool == nil:
		if err := e.placeFile(ctx, resp); err != nil {
			return f, false, false, fmt.Errorf("keeping %s: %w", address, err)
		}
	}
	r.refs(ref)
	if err := r.addTo(context.WithoutCancel(ctx), b); err != nil {
		return f, false, false, err
	}
	f.Exchange = r.last()
	if later = passes(trouble, resp); trouble != nil {
		f.Error = mediaTrouble(trouble, limit)
		return f, !errors.Is(trouble, store.ErrTooLarge) && ctx.Err() == nil, later, nil
	}
	f, again = describeFile(f, resp)
	return e.asSigned(ref.Platform, e.noPlaceholder(ref.Platform, f, resp)), again, later, nil
}

// noPlaceholder takes the file away where it is a picture that the platform has
// for files that are gone. What came stays with its exchange.
func (e *Engine) noPlaceholder(p post.Platform, f store.MediaFile, resp *fetch.Response) store.MediaFile {
	knows, ok := e.platform(p).(PlaceholderPlatform)
	if ok && !f.Digest.IsZero() && knows.Placeholder(resp.URL, resp.Header) {
		f.Error = f.URL + " answered with the picture that the platform shows where a file is gone"
		f.Digest, f.Size = store.Digest{}, 0
	}
	return f
}

// dropBlob removes the name of a blob that was not committed.
func dropBlob(exchanges []store.Exchange) {
	for i := range exchanges {
		if body := &exchanges[i].Body; !body.Blob.IsZero() {
			body.Blob = store.Digest{}
			if body.Truncated == "" {
				body.Truncated = "unspecified"
			}
		}
	}
}

func mediaTrouble(err error, limit int64) string {
	if errors.Is(err, store.ErrTooLarge) {
		return fmt.Sprintf("larger than the limit of %d bytes (capture.max_media); %v", limit, err)
	}
	return err.Error()
}

// placeFile stores a small file, which came inline, as a blob: files are found
// by their digest.
func (e *Engine) placeFile(ctx context.Context, resp *fetch.Response) error {
	body := &resp.Exchanges[len(resp.Exchanges)-1].Body
	if len(body.Inline) == 0 {
		return nil
	}
	info, err := e.o.Archive.PutBlob(ctx, bytes.NewReader(body.Inline), 0)
	if err != nil {
		return err
	}
	body.Blob, body.Inline = info.Digest, nil
	return nil
}

// describeFile says what was fetched, after its bytes were committed.
func describeFile(f store.MediaFile, resp *fetch.Response) (store.MediaFile, bool) {
	body := &resp.Exchanges[len(resp.Exchanges)-1].Body
	f.Type = mediaType(resp.Header.Get("Content-Type"))
	switch {
	case resp.Status != http.StatusOK:
		f.Error = fmt.Sprintf("%s answered %d", f.URL, resp.Status)
	case !isMedia(f.Type):
		f.Error = fmt.Sprintf("%s answered with %s, which is no picture, video or sound", f.URL, f.Type)
	case body.Blob.IsZero():
		f.Error = f.URL + " answered with nothing"
	case body.Truncated != "":
		f.Error = f.URL + " did not arrive whole"
	case len(resp.Header.Values("Content-Encoding")) > 0:
		f.Error = f.URL + " came compressed although that was not asked for; its exchange keeps the bytes"
	default:
		f.Digest, f.Size = body.Blob, body.Size
	}
	return f, true
}

// notSigned stands in the error of a file that is another than the author
// signed.
const notSigned = "in the place of the file that the author signed"

// asSigned takes the file away where it is not the one that the author signed.
// What came stays with its exchange.
func (e *Engine) asSigned(p post.Platform, f store.MediaFile) store.MediaFile {
	signs, ok := e.platform(p).(SignedPlatform)
	if !ok || f.Digest.IsZero() {
		return f
	}
	want, ok := signs.SignedDigest(f.URL)
	if !ok || want == f.Digest {
		return f
	}
	f.Error = fmt.Sprintf("%s answered with %s %s, %s", f.URL, f.Digest, notSigned, want)
	f.Digest, f.Size = store.Digest{}, 0
	return f
}

// mediaType returns the media type without parameters, in lower case.
func mediaType(header string) string {
	t, _, err := mime.ParseMediaType(header)
	if err != nil {
		return "application/octet-stream"
	}
	return t
}

func isMedia(t string) bool {
	return strings.HasPrefix(t, "image/") || strings.HasPrefix(t, "video/") || strings.HasPrefix(t, "audio/") ||
		t == "application/octet-stream" || t == "binary/octet-stream" || t == "application/vnd.apple.mpegurl" || t == "application/x-mpegurl"
}

// countingSink tells of the bytes that arrive.
type countingSink struct {
	w       store.BlobWriter
	e       *Engine
	address string
	n       int64
	told    int64
}

// Write passes p on.
func (c *countingSink) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	if c.n += int64(n); c.n-c.told >= 1<<20 {
		c.told = c.n
		c.e.o.Progress(Progress{Stage: "media", What: c.address, Bytes: c.n})
	}
	return n, err
}

package ingest

import (
	"bufio"
	"context"
	"errors"
	"hash/maphash"
	"io"
	"path"
	"slices"
	"strings"

	"stet/extract/post"
	"stet/store"
	"stet/store/warc"
)

// maxPictured is the most pictures, videos and sounds of a web archive whose
// places are remembered: some 20 MB.
const maxPictured = 200_000

// recordings are the pictures, videos and sounds that a web archive recorded, so
// that posts which name their addresses get them. Where they stand is looked for
// once, when the first post asks.
type recordings struct {
	// members are the files of the archive, one without a name where there is no
	// other, and open opens one by its ranges, nil where that cannot be.
	members []string
	open    func(member string) *io.SectionReader

	looked bool
	seed   maphash.Seed
	// at leads from addresses, and from addresses without their queries, to
	// records, payloads from digests.
	at, payloads map[uint64]place
}

// place is where a record stands.
type place struct {
	member         int
	offset, length int64
}

// look finds where pictures stand. What cannot be read is told by whoever reads
// the posts.
func (w *recordings) look(ctx context.Context) {
	w.looked, w.seed = true, maphash.MakeSeed()
	w.at, w.payloads = map[uint64]place{}, map[uint64]place{}
	for i, member := range w.members {
		in, err := warc.NewReader(w.open(member), warc.Limits{})
		if err != nil {
			continue
		}
		for ctx.Err() == nil && len(w.at) < maxPictured {
			rec, err := in.Next()
			if err != nil {
				break
			}
			about, ok := pictureIn(rec)
			if in.Finish() != nil {
				break
			}
			if ok && rec.Length > 0 {
				w.note(rec, about, place{i, rec.Offset, rec.Length})
			}
		}
		in.Close()
	}
}

// note remembers a record under its addresses. The first of an address stays.
func (w *recordings) note(rec *warc.Read, again bool, p place) {
	digest := rec.Header.Get("WARC-Payload-Digest")
	if digest != "" {
		key := maphash.String(w.seed, digest)
		if known, ok := w.payloads[key]; ok && again {
			p = known
		} else if !ok && !again {
			w.payloads[key] = p
		}
	}
	if again && w.payloads[maphash.String(w.seed, digest)] != p {
		return // what it repeats is not here
	}
	address := strings.Trim(rec.Header.Get("WARC-Target-URI"), "<>")
	for _, a := range []string{address, withoutQuery(address)} {
		key := maphash.String(w.seed, a)
		if _, ok := w.at[key]; !ok && a != "" {
			w.at[key] = p
		}
	}
}

// withoutQuery returns an address without its query, by which many servers are
// told a size. X's server is told size and form in the name, too.
func withoutQuery(address string) string {
	before, _, _ := strings.Cut(address, "?")
	const x = "https://pbs.twimg.com/"
	if name, ok := strings.CutPrefix(before, x); ok {
		name, _, _ = strings.Cut(name, ":")
		return x + stem(name)
	}
	return before
}

// pictureIn reports whether a record holds a picture, a video or a sound, or says
// that it repeats one (again).
func pictureIn(rec *warc.Read) (again, ok bool) {
	kind := strings.ToLower(rec.Header.Get("Content-Type"))
	switch rec.Type() {
	case warc.TypeResource:
		return false, pictured(kind)
	case warc.TypeResponse, warc.TypeRevisit:
	default:
		return false, false
	}
	if rec.Header.Get("WARC-Segment-Number") != "" || !strings.HasPrefix(kind, "application/http") {
		return false, false
	}
	head, err := warc.ReadHTTPHead(bufio.NewReaderSize(rec.Block, 4<<10), warc.DefaultHead)
	if err != nil || head.Status != 200 || !pictured(strings.ToLower(head.Fields.Get("Content-Type"))) {
		return false, false
	}
	return rec.Type() == warc.TypeRevisit, true
}

// find returns where one of the addresses stands: as it is, else without its
// query.
func (w *recordings) find(addresses []string) (place, bool) {
	for _, shorten := range []func(string) string{func(s string) string { return s }, withoutQuery} {
		for _, a := range addresses {
			if p, ok := w.at[maphash.String(w.seed, shorten(a))]; ok && a != "" {
				return p, true
			}
		}
	}
	return place{}, false
}

// recorded keeps the files of a post that the web archive recorded, and returns
// the post with their digests.
func (k *keeper) recorded(ctx context.Context, p *post.Post) (*post.Post, []store.MediaFile, error) {
	if len(p.Media) == 0 {
		return p, nil, nil
	}
	if !k.web.looked {
		k.web.look(ctx)
	}
	out := *p
	out.Media = slices.Clone(p.Media)
	var files []store.MediaFile
	keep := func(as string, addresses []string) (store.MediaFile, error) {
		at, ok := k.web.find(addresses)
		if !ok {
			return store.MediaFile{}, nil
		}
		f, err := k.picture(ctx, at, path.Base(withoutQuery(as)))
		f.URL = as
		if err == nil {
			files = append(files, f)
		}
		return f, err
	}
	for i := range out.Media {
		m := &out.Media[i]
		f, err := keep(m.URL, append([]string{m.URL}, m.Fallbacks...))
		if err != nil {
			return nil, nil, err
		}
		if !f.Digest.IsZero() {
			m.Digest, m.Bytes, m.Type = f.Digest.String(), f.Size, f.Type
		}
		if m.Poster == "" || m.Poster == m.URL {
			continue
		}
		if f, err = keep(m.Poster, []string{m.Poster}); err != nil {
			return nil, nil, err
		}
		if !f.Digest.IsZero() {
			m.PosterDigest = f.Digest.String()
		}
	}
	return &out, files, nil
}

// picture keeps what a record of a web archive holds. What cannot be read, or is
// not what the record says, is an error of the file.
func (k *keeper) picture(ctx context.Context, at place, name string) (store.MediaFile, error) {
	bad := func(why string) (store.MediaFile, error) {
		return store.MediaFile{Error: clip(name) + " cannot be taken from the file: " + why}, nil
	}
	in, err := warc.NewReader(io.NewSectionReader(k.web.open(k.web.members[at.member]), at.offset, at.length), warc.Limits{})
	if err != nil {
		return bad(err.Error())
	}
	defer in.Close()
	rec, err := in.Next()
	if err != nil {
		return bad(err.Error())
	}
	c, err := newChecks(rec.Header)
	if err != nil {
		return bad("its digest is of no kind that is known")
	}
	through := bufio.NewReaderSize(io.TeeReader(rec.Block, c.block), 32<<10)
	sent := bufio.NewReaderSize(io.TeeReader(through, c.sent), 4<<10)
	body := io.Reader(sent)
	if strings.HasPrefix(strings.ToLower(rec.Header.Get("Content-Type")), "application/http") {
		head, err := warc.ReadHTTPHead(through, warc.DefaultHead)
		if err != nil {
			return bad(err.Error())
		}
		if coding := head.Fields.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
			return bad("it was sent in a coding of its own")
		}
		body = head.Payload(sent)
	}
	f, err := keepMedia(ctx, k.o.Archive, clip(name), io.TeeReader(body, c.payload))
	if err != nil || f.Error != "" {
		return f, err
	}
	if _, err := io.Copy(io.Discard, sent); err != nil {
		return bad(err.Error())
	}
	if err := in.Finish(); err != nil && !errors.Is(err, io.EOF) {
		return bad(err.Error())
	}
	if !c.block.Matches() || rec.Header.Get("WARC-Truncated") == "" && !c.payload.Matches() && !c.sent.Matches() {
		return bad("its bytes have another digest than the record states")
	}
	if cut := rec.Header.Get("WARC-Truncated"); cut != "" {
		return bad("it was cut when it was recorded")
	}
	return f, nil
}

package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"stet/extract/post"
	"stet/store"
)

// The limits of the pictures and videos of an account's archive.
const (
	// maxAttached is the largest file of one.
	maxAttached = 2 << 30
	// maxFolder is the most files of a folder of them.
	maxFolder = maxEntries
)

// attached are the files of the posts of an account's archive: each is named by
// the id of its post, a hyphen, and the last part of its address.
type attached struct {
	fsys fs.FS
	dir  string
	// names are sorted.
	names []string
}

// attachedTo finds the files that belong to the posts of a file; nil where the
// archive has none, as where only lists were taken out of it.
func attachedTo(fsys fs.FS, dir, file string) (*attached, error) {
	places := []string{"tweets_media", "tweet_media"}
	switch {
	case strings.HasPrefix(file, "deleted-"):
		places = []string{"deleted_tweets_media", "deleted_tweet_media"}
	case strings.HasPrefix(file, "community-"):
		places = []string{"community_tweet_media", "community_tweets_media"}
	}
	for _, place := range places {
		entries, err := fs.ReadDir(fsys, path.Join(dir, place))
		if err != nil {
			continue // there is no such folder
		}
		if len(entries) > maxFolder {
			return nil, fmt.Errorf("%w: %s has %d files, at most %d are read", store.ErrInvalid, place, len(entries), maxFolder)
		}
		a := &attached{fsys: fsys, dir: path.Join(dir, place)}
		for _, e := range entries {
			if e.Type().IsRegular() {
				a.names = append(a.names, e.Name())
			}
		}
		slices.Sort(a.names)
		return a, nil
	}
	return nil, nil
}

// of returns the names of the files of a post.
func (a *attached) of(id string) []string {
	i, _ := slices.BinarySearch(a.names, id+"-")
	n := i
	for n < len(a.names) && strings.HasPrefix(a.names[n], id+"-") {
		n++
	}
	return a.names[i:n]
}

// attach keeps the files of a post, and returns it with their digests. What
// cannot be read is an error of the file, which is told and not kept.
func (k *keeper) attach(ctx context.Context, p *post.Post) (*post.Post, []store.MediaFile, error) {
	if k.files == nil || len(p.Media) == 0 {
		return p, nil, nil
	}
	names := k.files.of(p.ID)
	if len(names) == 0 {
		return p, nil, nil
	}
	out := *p
	out.Media = slices.Clone(p.Media)
	var files []store.MediaFile
	for i := range out.Media {
		m := &out.Media[i]
		name := matching(names, p.ID, m)
		if name == "" && len(names) == 1 && len(out.Media) == 1 {
			name = names[0] // a quality of the video that the list does not name
		}
		if name == "" {
			continue
		}
		f, err := k.files.keep(ctx, k.o.Archive, name)
		if err != nil {
			return nil, nil, err
		}
		f.URL = m.URL
		if files = append(files, f); f.Error == "" {
			m.Digest, m.Bytes, m.Type = f.Digest.String(), f.Size, f.Type
		}
	}
	return &out, files, nil
}

// matching returns the file of one picture or video, empty where there is none.
func matching(names []string, id string, m *post.Media) string {
	for _, address := range append([]string{m.URL}, m.Fallbacks...) {
		u, err := url.Parse(address)
		if err != nil || u.Path == "" {
			continue
		}
		want := stem(path.Base(u.Path))
		for _, n := range names {
			if stem(n[len(id)+1:]) == want {
				return n
			}
		}
	}
	return ""
}

func stem(name string) string { return strings.TrimSuffix(name, path.Ext(name)) }

// keep puts a file into the archive. The error is for what the archive cannot
// keep.
func (a *attached) keep(ctx context.Context, to *store.Archive, name string) (store.MediaFile, error) {
	f, err := a.fsys.Open(path.Join(a.dir, name))
	if err != nil {
		return store.MediaFile{Error: name + " cannot be read: " + err.Error()}, nil
	}
	defer func() { _ = f.Close() }()
	return keepMedia(ctx, to, name, f)
}

// keepMedia puts what r yields into the archive, where it is a picture, a video or
// a sound. The error is for what the archive cannot keep.
func keepMedia(ctx context.Context, to *store.Archive, name string, r io.Reader) (store.MediaFile, error) {
	in := &faulty{r: io.LimitReader(r, maxAttached+1)}
	head := make([]byte, 512)
	n, err := io.ReadFull(in, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return store.MediaFile{Error: name + " cannot be read: " + err.Error()}, nil
	}
	kind := http.DetectContentType(head[:n])
	if !pictured(kind) {
		return store.MediaFile{Type: kind, Error: name + " is no picture, video or sound"}, nil
	}
	info, err := to.PutBlob(ctx, io.MultiReader(bytes.NewReader(head[:n]), in), maxAttached)
	switch {
	case in.err != nil:
		return store.MediaFile{Error: name + " cannot be read: " + in.err.Error()}, nil
	case errors.Is(err, store.ErrTooLarge):
		return store.MediaFile{Error: fmt.Sprintf("%s has more than %d GB", name, maxAttached>>30)}, nil
	case err != nil:
		return store.MediaFile{}, err
	}
	return store.MediaFile{Digest: info.Digest, Size: info.Size, Type: kind}, nil
}

// faulty remembers why a file could not be read, which is no fault of the
// archive.
type faulty struct {
	r   io.Reader
	err error
}

// Read reads on.
func (f *faulty) Read(b []byte) (int, error) {
	n, err := f.r.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		f.err = err
	}
	return n, err
}

func pictured(kind string) bool {
	return strings.HasPrefix(kind, "image/") || strings.HasPrefix(kind, "video/") || strings.HasPrefix(kind, "audio/")
}

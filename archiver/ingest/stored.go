package ingest

import (
	"context"
	"io"
	"io/fs"
	"path"
	"strings"

	"stet/extract/post"
	"stet/store"
)

// maxStored is the most files of one object of auto-archiver.
const maxStored = 50

// storedFile is a file that auto-archiver says it stored.
type storedFile struct {
	// key is its name in the storage, src where it was fetched from, empty for
	// what was made of the page, hash what the object says its digest is.
	key, src, hash string
}

// isAutoArchiver lists the indexes of auto-archiver in a folder: JSON that says
// what was archived, beside the files or above them.
func isAutoArchiver(fsys fs.FS) []string {
	var names []string
	for _, form := range []string{"*.json", "*.jsonl"} {
		found, err := fs.Glob(fsys, form)
		if err != nil {
			continue // the forms are constants
		}
		for _, name := range found[:min(len(found), maxMembers)] {
			if f, err := detect(beginningOf(fsys, name)); err == nil && f == formatAutoArchiver {
				names = append(names, name)
			}
		}
	}
	return names
}

// beginningOf returns the first bytes of a file, none where it cannot be read.
func beginningOf(fsys fs.FS, name string) []byte {
	info, err := fs.Stat(fsys, name)
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	head, _ := io.ReadAll(io.LimitReader(f, maxHead)) // what cannot be read is no index
	return head
}

// find returns the name of a stored file in the folder, empty where it is not
// there: under its key, below the folder that the program stores to by default,
// or by its last part.
func (a *attached) find(key string) string {
	key = path.Clean(strings.TrimPrefix(key, "./"))
	for _, name := range []string{key, path.Join("local_archive", key), path.Join("archived", key), path.Base(key)} {
		if !fs.ValidPath(name) {
			continue
		}
		if info, err := fs.Stat(a.fsys, name); err == nil && info.Mode().IsRegular() {
			return name
		}
	}
	return ""
}

// stored keeps the files of a post that lie in the folder, and returns it with
// those that were fetched from somewhere. Others, as pictures of the page, belong
// to the capture and not to the post.
func (k *keeper) stored(ctx context.Context, p *post.Post, of []storedFile) (*post.Post, []store.MediaFile, error) {
	if k.files == nil {
		return p, nil, nil
	}
	out := *p
	var files []store.MediaFile
	for _, s := range of {
		name := k.files.find(s.key)
		if name == "" {
			continue
		}
		f, err := k.files.keep(ctx, k.o.Archive, name)
		if err != nil {
			return nil, nil, err
		}
		f.URL = s.src
		if f.URL == "" {
			f.URL = clipTo(s.key, maxAddress)
		}
		if kind, digest, ok := strings.Cut(strings.ToLower(s.hash), ":"); ok && strings.ReplaceAll(kind, "-", "") == "sha256" && f.Error == "" && f.Digest.String() != "sha256:"+digest {
			f = store.MediaFile{URL: f.URL, Error: name + " has another digest than the file states"}
		}
		if files = append(files, f); f.Error == "" && s.src != "" {
			kind, _, _ := strings.Cut(f.Type, "/")
			if kind == "image" {
				kind = "photo"
			}
			out.Media = append(out.Media[:len(out.Media):len(out.Media)], post.Media{Kind: kind, URL: f.URL, Digest: f.Digest.String(), Bytes: f.Size, Type: f.Type})
		}
	}
	return &out, files, nil
}

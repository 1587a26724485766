package ingest

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"stet/store"
	"stet/store/wacz"
)

// The limits of a zip.
const (
	maxEntries = 200_000
	// maxRatio is how much larger than packed an entry may be: lists of posts
	// shrink to a tenth or so.
	maxRatio = 200
	// maxMember is the largest file of posts that is unpacked.
	maxMember = 8 << 30
	// maxMembers is the most files of posts; archives of the most eager have
	// some dozens.
	maxMembers = 1000
)

// posts matches the names of the files of an account's archive that hold posts.
func posts() *regexp.Regexp {
	return regexp.MustCompile(`^(?:deleted-|community-|note-)?tweets?(?:-part[0-9]{1,4})?\.js$`)
}

// zipped imports a WACZ file, or the archive of an account as it was handed out.
func zipped(ctx context.Context, o Options, r io.ReaderAt, size int64, name string) error {
	z, err := zip.NewReader(r, size)
	if err == nil && slices.ContainsFunc(z.File, func(f *zip.File) bool { return f.Name == wacz.NamePackage }) {
		return readWACZ(ctx, o, r, size, name)
	}
	if err == nil {
		err = checkZip(z, size)
	}
	if err != nil {
		return fmt.Errorf("%w: %s cannot be imported: %w", store.ErrInvalid, name, err)
	}
	return tree(ctx, o, z, name+"!")
}

// checkZip refuses what no honest archive has.
func checkZip(z *zip.Reader, size int64) error {
	if len(z.File) > maxEntries {
		return fmt.Errorf("it has %d entries, at most %d are taken", len(z.File), maxEntries)
	}
	seen := make(map[string]bool, len(z.File))
	var total uint64
	for _, f := range z.File {
		// What some programs write in a character set of their own is no file of
		// posts.
		name := strings.ToValidUTF8(strings.TrimSuffix(f.Name, "/"), "_")
		switch {
		case !fs.ValidPath(name) || !filepath.IsLocal(name) || strings.ContainsAny(name, "\\\x00"):
			return fmt.Errorf("an entry leads out of it: %.200q", f.Name)
		case seen[f.Name]:
			return fmt.Errorf("an entry stands twice: %.200q", f.Name)
		case f.Flags&0x2041 != 0: // also the strong kind, and of the names
			return fmt.Errorf("an entry is encrypted: %.200q", f.Name)
		case f.Mode()&(fs.ModeType&^fs.ModeDir) != 0:
			return fmt.Errorf("an entry is a link or a device: %.200q", f.Name)
		case f.UncompressedSize64 > 1<<20 && f.UncompressedSize64/maxRatio > f.CompressedSize64:
			return fmt.Errorf("an entry is packed more than %d times: %.200q", maxRatio, f.Name)
		}
		seen[f.Name] = true
		total += min(f.UncompressedSize64, 1<<40)
	}
	if packed := uint64(size); total > 1<<20 && total/maxRatio > packed { //nolint:gosec // sizes are positive
		return fmt.Errorf("its entries are packed more than %d times: they share bytes", maxRatio)
	}
	return nil
}

// Tree imports a folder with a name: the archive of an account, a folder of
// ArchiveBox, or one with an index of auto-archiver and what that stored. It
// errors as [File] does.
func Tree(ctx context.Context, o Options, name string, fsys fs.FS) error {
	if isArchiveBox(fsys) {
		return readBox(ctx, o, fsys, name+"/")
	}
	if indexes := isAutoArchiver(fsys); len(indexes) > 0 {
		var errs []error
		for _, n := range indexes {
			err := member(ctx, o, fsys, n, name+"/", origin{files: &attached{fsys: fsys, dir: "."}})
			if errs = append(errs, err); ctx.Err() != nil {
				break
			}
		}
		return errors.Join(errs...)
	}
	return tree(ctx, o, fsys, name+"/")
}

// tree imports the files of posts of an account's archive, with the pictures and
// videos that belong to them.
func tree(ctx context.Context, o Options, fsys fs.FS, prefix string) error {
	dir, names, err := members(fsys)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", store.ErrInvalid, strings.TrimRight(prefix, "!/"), err)
	}
	var who account
	if f, err := fsys.Open(path.Join(dir, "account.js")); err == nil {
		who = whose(f)
		_ = f.Close()
	}
	for _, n := range names {
		if strings.HasPrefix(n, notePrefix) {
			who.addLong(fsys, path.Join(dir, n))
		}
	}
	var errs []error
	for _, n := range names {
		files, err := attachedTo(fsys, dir, n)
		if err == nil {
			err = member(ctx, o, fsys, path.Join(dir, n), prefix, origin{account: who, files: files})
		}
		if ctx.Err() != nil {
			return err
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func member(ctx context.Context, o Options, fsys fs.FS, name, prefix string, from origin) error {
	f, err := fsys.Open(name)
	if err != nil {
		return fmt.Errorf("%w: %s%s cannot be read: %w", store.ErrInvalid, prefix, name, err)
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() || info.Size() > maxMember {
		return fmt.Errorf("%w: %s%s is no file, or larger than %d GB", store.ErrInvalid, prefix, name, maxMember>>30)
	}
	return stream(ctx, o, f, prefix+name, from)
}

// members finds the files of posts: beside the file that was named, in its
// folder data, or in the same of its only folder.
func members(fsys fs.FS) (dir string, names []string, err error) {
	places := []string{".", "data"}
	top, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return "", nil, err
	}
	if len(top) == 1 && top[0].IsDir() {
		places = append(places, top[0].Name(), path.Join(top[0].Name(), "data"))
	}
	for _, dir := range places {
		entries, err := fs.ReadDir(fsys, dir)
		if err != nil {
			continue // there is no such folder
		}
		for _, e := range entries {
			if !posts().MatchString(e.Name()) {
				continue
			}
			if !e.Type().IsRegular() {
				return "", nil, fmt.Errorf("%s is no file", e.Name())
			}
			names = append(names, e.Name())
		}
		if len(names) > maxMembers {
			return "", nil, fmt.Errorf("it has %d files of posts, at most %d are read", len(names), maxMembers)
		}
		if len(names) > 0 {
			return dir, names, nil
		}
	}
	return "", nil, errors.New("there is no tweets.js or deleted-tweets.js in it: it is not the archive of an account")
}

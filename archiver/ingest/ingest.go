package ingest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"stet/extract"
	"stet/store"
)

// Outcome says what became of one item of a file.
type Outcome string

// The outcomes.
const (
	// Kept: the archive did not have the post before.
	Kept Outcome = "kept"
	// Merged: what the file says stands beside what the archive has of the post.
	Merged Outcome = "merged"
	// Queued: the address will be captured.
	Queued Outcome = "queued"
	// Skipped: nothing was added, and Reason says why.
	Skipped Outcome = "skipped"
)

// Item is what became of one item of a file. Its JSON form is what `stet import
// --json` prints.
type Item struct {
	// File is the name of the file, with "!" before the name inside another.
	File string `json:"file"`
	// Member is the file inside of a WACZ file.
	Member string `json:"member,omitempty"`
	// URL is where it was recorded from, as the file says.
	URL string `json:"url,omitempty"`
	// Offset and Length say which bytes of the file it is.
	Offset int64 `json:"offset"`
	Length int64 `json:"length"`
	// Target is the post or the address, empty where there is none.
	Target  string  `json:"target"`
	Outcome Outcome `json:"outcome"`
	Reason  string  `json:"reason"`
}

// Options say where to and how.
type Options struct {
	Archive *store.Archive
	Finder  *extract.Finder
	// Request adds the wish to capture an address.
	Request func(ctx context.Context, target string) error
	// Report is told of each item, once what became of it is durable.
	Report func(Item) error
	// Public is true where a person says that what is imported may be told and
	// given away.
	Public bool
	// Operator, Case and Note are kept with the captures.
	Operator, Case, Note string
	// Machine and Software are the names that captures carry.
	Machine, Software string
}

// The limits of what is read.
const (
	// maxFile is the most bytes of one file.
	maxFile = 64 << 30
	// maxItem is the longest line or item.
	maxItem = 8 << 20
	// maxHead is how much of a file tells what it is, and peeked how much is
	// looked at of one that is packed.
	maxHead = 8192
	peeked  = 64 << 10
)

// File imports a file or the folder of an account's archive. It errors with
// [store.ErrUsage] where there is no such file, and with [store.ErrInvalid]
// where it is none that can be read; what was reported before stays.
func File(ctx context.Context, o Options, name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return fmt.Errorf("%w: %s cannot be read: %w", store.ErrUsage, name, errors.Unwrap(err))
	}
	if info.IsDir() {
		root, err := os.OpenRoot(name)
		if err != nil {
			return fmt.Errorf("%w: %s cannot be read: %w", store.ErrUsage, name, err)
		}
		defer func() { _ = root.Close() }()
		return Tree(ctx, o, filepath.Base(name), root.FS())
	}
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("%w: %s cannot be read: %w", store.ErrUsage, name, errors.Unwrap(err))
	}
	defer func() { _ = f.Close() }()
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%w: %s is neither a file nor a folder", store.ErrUsage, name)
	}
	return Read(ctx, o, filepath.Base(name), f)
}

// Read imports what r yields, a file with a name. Where it is a zip, it is read
// by its ranges if r allows that, else from a copy that is thrown away
// afterwards. It errors as [File] does.
func Read(ctx context.Context, o Options, name string, r io.Reader) error {
	head := bufio.NewReaderSize(r, peeked)
	first, err := head.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	if string(first) != "PK\x03\x04" {
		return stream(ctx, o, head, name, origin{})
	}
	if at, ok := r.(ranged); ok {
		if info, err := at.Stat(); err == nil && info.Mode().IsRegular() {
			return zipped(ctx, o, at, info.Size(), name)
		}
	}
	return spooled(ctx, o, head, name)
}

// ranged is a file that can be read by its ranges.
type ranged interface {
	io.ReaderAt
	Stat() (fs.FileInfo, error)
}

// spooled imports a zip that comes as a stream.
func spooled(ctx context.Context, o Options, r io.Reader, name string) (err error) {
	f, err := os.CreateTemp("", "stet-import-*")
	if err != nil {
		return fmt.Errorf("%w: making room for %s: %w", store.ErrReadOnly, name, err)
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	n, err := io.Copy(f, io.LimitReader(r, maxFile+1))
	switch {
	case err != nil:
		return fmt.Errorf("reading %s: %w", name, err)
	case n > maxFile:
		return fmt.Errorf("%w: %s has more than %d GB", store.ErrTooLarge, name, int64(maxFile)>>30)
	}
	return zipped(ctx, o, f, n, name)
}

// format is what a file is.
type format string

const (
	formatTwarc     format = "twarc"
	formatAccount   format = "twitter-archive"
	formatBookmarks format = "bookmarks"
	formatTree      format = "bookmarks-tree"
	formatAddresses format = "addresses"
	formatTable     format = "table"
	formatPage      format = "page"
	formatWARC      format = "warc"
	// What other archivers write.
	formatAutoArchiver format = "auto-archiver"
	formatArchiveBox   format = "archivebox"
	formatWACZ         format = "wacz"
)

// detect says what a file is by how it begins.
func detect(head []byte) (format, error) {
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n")
	lower := bytes.ToLower(text)
	switch {
	case bytes.HasPrefix(text, []byte("window.YTD.")):
		return formatAccount, nil
	case bytes.HasPrefix(lower, []byte("<!doctype netscape-bookmark-file-1>")):
		return formatBookmarks, nil
	case bytes.HasPrefix(head, []byte("WARC/")):
		return formatWARC, nil
	case bytes.HasPrefix(head, []byte("SQLite format 3\x00")):
		return "", fmt.Errorf("%w: it is a database; of ArchiveBox name the folder that it lies in (each snapshot has an index.json), or the list that `archivebox list --json` prints; of a browser export the bookmarks", store.ErrInvalid)
	case bytes.HasPrefix(head, []byte("mozLz40\x00")):
		return "", fmt.Errorf("%w: it is a backup in the packing of Firefox; its library of bookmarks writes JSON (Backup) or HTML (Export), which are read", store.ErrInvalid)
	case bytes.HasPrefix(text, []byte("{")):
		return jsonKind(head), nil
	case bytes.HasPrefix(text, []byte("[")) && jsonKind(head) == formatArchiveBox:
		return formatArchiveBox, nil
	case bytes.HasPrefix(lower, []byte("http://")), bytes.HasPrefix(lower, []byte("https://")), bytes.HasPrefix(text, []byte("#")):
		return formatAddresses, nil
	}
	if _, ok := tableOf(head); ok {
		return formatTable, nil
	}
	return "", fmt.Errorf("%w: it is neither JSON Lines of twarc, nor a file of an account's archive of X, nor WARC or WACZ, nor a table with columns of posts, nor an index of auto-archiver or ArchiveBox, nor bookmarks, nor a list of addresses", store.ErrInvalid)
}

// origin is what is known of a file before it is read.
type origin struct {
	account account
	// files are those that belong to the posts, nil where there are none.
	files *attached
	// page is the address of a page that was saved, empty for all else.
	page string
}

// stream keeps the bytes of r, as they are packed, and imports what is in them.
func stream(ctx context.Context, o Options, r io.Reader, name string, from origin) error {
	buffered := bufio.NewReaderSize(r, peeked)
	head, err := buffered.Peek(peeked)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	how := packingOf(head)
	form, err := detect(beginning(head, how))
	if from.page != "" {
		form, err = formatPage, nil
	}
	if err != nil {
		return fmt.Errorf("%s cannot be imported: %w", name, err)
	}
	if form == formatWARC && how != "bzip2" {
		how = "" // its records are packed one by one, and are counted so
	}
	k := &keeper{o: o, file: name, origin: from}
	if err := k.begin(ctx, buffered, form, how); err != nil {
		return err
	}
	err = k.read(ctx, form, how)
	// What stands before the damage is kept in any case.
	if err = errors.Join(err, k.flush(ctx), k.settle()); err != nil {
		return fmt.Errorf("importing %s: %w", name, err)
	}
	return nil
}

// read reads the file that was kept: what is parsed is what the archive has.
func (k *keeper) read(ctx context.Context, form format, how packing) error {
	kept, err := k.o.Archive.OpenBlob(ctx, k.content)
	if err != nil {
		return err
	}
	defer func() { _ = kept.Close() }()
	in, err := unpack(kept, how)
	if err != nil {
		return err
	}
	defer in.Close()
	switch form {
	case formatAccount:
		return k.readAccount(ctx, in)
	case formatBookmarks:
		return k.readBookmarks(ctx, in)
	case formatTree:
		return k.readTree(ctx, in)
	case formatAddresses:
		return k.readAddresses(ctx, in)
	case formatWARC:
		return k.readRecorded(ctx, in, how)
	case formatTable:
		return k.readTable(ctx, in)
	case formatPage:
		return k.readPage(ctx, in)
	case formatAutoArchiver:
		return k.readAutoArchiver(ctx, in)
	case formatArchiveBox:
		return k.readArchiveBox(ctx, in)
	}
	return k.readTwarc(ctx, in)
}

package ingest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
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
	// maxHead is how much of a file tells what it is.
	maxHead = 4096
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
		return folder(ctx, o, name)
	}
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("%w: %s cannot be read: %w", store.ErrUsage, name, errors.Unwrap(err))
	}
	defer func() { _ = f.Close() }()
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%w: %s is neither a file nor a folder", store.ErrUsage, name)
	}
	head := make([]byte, 4)
	if n, _ := io.ReadFull(f, head); n == len(head) && string(head) == "PK\x03\x04" {
		return zipped(ctx, o, f, info.Size(), filepath.Base(name))
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	return stream(ctx, o, f, filepath.Base(name), account{})
}

// format is what a file is.
type format string

const (
	formatTwarc     format = "twarc"
	formatAccount   format = "twitter-archive"
	formatBookmarks format = "bookmarks"
	formatAddresses format = "addresses"
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
	case bytes.HasPrefix(text, []byte("{")):
		return formatTwarc, nil
	case bytes.HasPrefix(lower, []byte("http://")), bytes.HasPrefix(lower, []byte("https://")), bytes.HasPrefix(text, []byte("#")):
		return formatAddresses, nil
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return "", fmt.Errorf("%w: it is packed with gzip; unpack it first", store.ErrInvalid)
	}
	return "", fmt.Errorf("%w: it is neither JSON Lines of twarc, nor a file of an account's archive of X, nor bookmarks, nor a list of addresses", store.ErrInvalid)
}

// stream keeps the bytes of r, and imports what is in them.
func stream(ctx context.Context, o Options, r io.Reader, name string, who account) error {
	buffered := bufio.NewReaderSize(r, maxHead)
	head, err := buffered.Peek(maxHead)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	form, err := detect(head)
	if err != nil {
		return fmt.Errorf("%s cannot be imported: %w", name, err)
	}
	k := &keeper{o: o, file: name, account: who}
	if err := k.begin(ctx, buffered, form); err != nil {
		return err
	}
	// What is parsed is what was kept.
	kept, err := o.Archive.OpenBlob(ctx, k.content)
	if err != nil {
		return err
	}
	defer func() { _ = kept.Close() }()
	switch form {
	case formatAccount:
		err = k.readAccount(ctx, kept)
	case formatBookmarks:
		err = k.readBookmarks(ctx, kept)
	case formatAddresses:
		err = k.readAddresses(ctx, kept)
	default:
		err = k.readTwarc(ctx, kept)
	}
	// What stands before the damage is kept in any case.
	if err = errors.Join(err, k.flush(ctx), k.settle()); err != nil {
		return fmt.Errorf("importing %s: %w", name, err)
	}
	return nil
}

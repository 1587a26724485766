package export

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"stet/store"
	"stet/store/view"
	"stet/store/wacz"
)

// Options say what is exported, and from where.
type Options struct {
	Format    Format
	Selection Selection
	// Archive is what is exported, and View returns what shows an archive to
	// people. Both are needed.
	Archive *store.Archive
	View    func(*store.Archive) *view.Reader
	// Private reports whether a post is private as a whole.
	Private func(*store.History) bool
	// Software names this program with its version.
	Software string
	// Sign signs packages; nil leaves them unsigned. Where Now is not nil, the
	// signature is stamped, and they say that they were made when they are
	// signed.
	Sign wacz.Signer
	Now  func() time.Time
	// Folder writes WARC as several files.
	Folder bool
	// Name is the name of the file that is written, for files that name
	// themselves.
	Name string
	// Temp makes temporary files, for what has to be known before it can be
	// written. Each is removed when it is closed.
	Temp func() (File, error)
	// From is where an earlier export was interrupted; zero for none. One that
	// does not fit is not followed.
	From Mark
	// Progress is told how far it is; nil for nobody.
	Progress func(Progress)

	sizes sizes
}

// sizes are those of parts; tests have small ones.
type sizes struct {
	// Within a part of a WARC file, a body that repeats is written once, and
	// an export that was interrupted goes on behind the last whole one: part
	// is that of a file of several, segment that of a stretch of one file.
	part, segment int64
	// mark is how much is written between two marks otherwise, and run how
	// many bytes of lines are sorted in memory.
	mark int64
	run  int
	// plain is the longest index that is one plain file, in lines.
	plain int64
}

// defaultSizes returns those that are used: files of a gigabyte are what the
// standard advises.
func defaultSizes() sizes {
	return sizes{part: 1 << 30, segment: 256 << 20, mark: 32 << 20, run: 16 << 20, plain: 100_000}
}

// Progress says how far an export is.
type Progress struct {
	// What is being done.
	What string
	// Done and Total are journal numbers, or 0 where there is no end to see.
	Done, Total uint64
	// Bytes were written so far.
	Bytes int64
}

// Summary says what was exported.
type Summary struct {
	// Bound is the journal number at which the archive was read, Time that of
	// the record.
	Bound   uint64    `json:"journal"`
	Time    time.Time `json:"time"`
	Posts   int64     `json:"posts"`
	Records int64     `json:"records"`
	Files   int       `json:"files"`
	Bytes   int64     `json:"bytes"`
	// Hidden counts the posts that were left out because they are private.
	Hidden int64 `json:"private_left_out"`
}

// exporter is one export under way.
type exporter struct {
	o       *Options
	archive *store.Archive
	view    *view.Reader
	bound   uint64
	time    time.Time
	out     *counted
	sum     Summary
	// chosen are the records that are exported, once that is known.
	chosen numbers
}

// counted counts what goes out.
type counted struct {
	Out
	n     int64
	files int
}

// Write implements [Out].
func (c *counted) Write(p []byte) (int, error) {
	n, err := c.Out.Write(p)
	c.n += int64(n)
	return n, err
}

// File implements [Out].
func (c *counted) File(name string) error {
	c.files++
	return c.Out.File(name)
}

// Run exports to out. It errors with ErrUsage where the selection is none, with
// ErrNotFound where it holds nothing, with ErrRefused where what is named is
// private, and as the archive and out do.
func Run(ctx context.Context, o Options, out Out) (Summary, error) {
	if err := o.Selection.Validate(); err != nil {
		return Summary{}, err
	}
	if o.sizes == (sizes{}) {
		o.sizes = defaultSizes()
	}
	x := &exporter{o: &o, out: &counted{Out: out}}
	if err := x.open(ctx); err != nil {
		return Summary{}, err
	}
	write := map[Format]func(context.Context) error{WARC: x.warc, WACZ: x.wacz, CDXJ: x.cdxj, JSONL: x.jsonl, CSV: x.csv, HTML: x.site, BagIt: x.bag}[o.Format]
	if write == nil {
		return Summary{}, fmt.Errorf("%w: there is no format %q", store.ErrUsage, o.Format)
	}
	if err := x.out.Mark(o.From); err != nil {
		return Summary{}, err
	}
	if err := write(ctx); err != nil {
		return Summary{}, err
	}
	x.sum.Bound, x.sum.Time, x.sum.Bytes, x.sum.Files = x.bound, x.time, x.out.n, x.out.files
	return x.sum, nil
}

// open finds the journal number at which the archive is read.
func (x *exporter) open(ctx context.Context) error {
	head, err := x.o.Archive.Backend().Head(ctx)
	if err != nil {
		return err
	}
	x.bound = head
	if x.o.Format.Folder() || x.o.Format == CDXJ || x.o.From.Print != x.o.print() || x.o.From.Bound == 0 || x.o.From.Bound > head {
		x.o.From = Mark{}
	} else {
		x.bound = x.o.From.Bound
	}
	if x.bound == 0 {
		return fmt.Errorf("the archive is empty: %w", store.ErrNotFound)
	}
	last, err := x.o.Archive.Backend().Read(ctx, x.bound-1, 1)
	if err != nil {
		return err
	}
	if len(last) != 1 {
		return fmt.Errorf("record %d: %w", x.bound, store.ErrCorrupt)
	}
	x.time = last[0].Time.UTC()
	x.archive = x.o.Archive.Until(x.bound)
	x.view = x.o.View(x.archive)
	return nil
}

// hides reports whether a post stays out as a whole.
func (x *exporter) hides(h *store.History) bool { return x.o.Private(h) }

// report tells how far the export is.
func (x *exporter) report(what string, done uint64) {
	if x.o.Progress != nil {
		x.o.Progress(Progress{What: what, Done: done, Total: x.bound, Bytes: x.out.n})
	}
}

// mark returns a mark of this export.
func (x *exporter) mark(m Mark) Mark {
	m.Print, m.Bound = x.o.print(), x.bound
	return m
}

// title names the export for people.
func (x *exporter) title() string {
	s := &x.o.Selection
	switch {
	case len(s.Refs) == 1:
		return "Post " + s.Refs[0].String()
	case len(s.Refs) > 1:
		return fmt.Sprintf("%d posts", len(s.Refs))
	case s.Article != "":
		return "The article " + s.Article
	case s.Source != "":
		return "Articles of " + s.Source
	case s.ranged():
		return "Posts " + strings.TrimSpace(span(s))
	}
	return "All posts"
}

// span writes a range of time for people.
func span(s *Selection) string {
	var words []string
	if !s.Since.IsZero() {
		words = append(words, "since "+s.Since.UTC().Format(time.RFC3339))
	}
	if !s.Until.IsZero() {
		words = append(words, "until "+s.Until.UTC().Format(time.RFC3339))
	}
	return strings.Join(words, " ")
}

// notFound reports whether nothing is there, which is no trouble in a listing.
func notFound(err error) bool { return errors.Is(err, store.ErrNotFound) }

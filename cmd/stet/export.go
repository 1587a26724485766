package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"stet/cmd/internal/export"
	"stet/cmd/internal/forward"
	"stet/cmd/internal/wire"
	"stet/store"
)

// exportFlags are the flags of `stet export`.
type exportFlags struct {
	format, article, source, since, until, output string
	all, private, force, unsigned                 bool
	// bundle asks for a bundle of evidence, for an audience; stamp has its head
	// stamped before.
	bundle, stamp bool
	audience      string
	// from is the mark at which an earlier export was interrupted; the client
	// of a service hands it over.
	from string
}

// fromFlag hands the mark of an interrupted export to a service.
const fromFlag = "from-mark"

func (a *app) exportCommand() *cobra.Command {
	f := &exportFlags{}
	a.exports = f
	cmd := &cobra.Command{
		Use:   "export [REF…] (--format FORMAT | --bundle) -o FILE",
		Short: "Write what is kept in the formats of others",
		Long: `Write posts, an article, what a source led to, a range of time, or everything
in a format that other programs read:

  warc    every exchange as it was on the wire, for web archives
  wacz    the same with index and pages in one file, signed: opens in players
  cdxj    the index of the warc file
  jsonl   one post a line, as ` + "`stet show --json`" + ` prints it
  csv     one post a row, for spreadsheets
  html    a folder of pages with search, which needs no server
  bagit   a bag of WARC files, index and posts, for repositories

With --bundle it is a bundle of evidence about posts: a wacz file that also holds
the records, the proof that a signed head covers each, time stamps, the custody,
a report, and how to verify all of it, which ` + "`stet verify`" + ` does. --for says who is
to see it: internal, court, or public, which leaves out who captured, on which
machine, and all that is private. docs/evidence.md says what it proves.

FILE is a file, or a folder for html and bagit; a name that ends with / makes
warc write a folder of several files; - is standard output; s3://BUCKET/KEY is
an object of a storage that speaks S3. What is not whole yet has another name:
an export that was interrupted goes on where it stopped when it is
run again, or begins anew. What is private stays out without --private.`,
		Example: `  stet export twitter:20 --format wacz -o post.wacz
  stet export --bundle twitter:20 --for court --stamp -o evidence.wacz
  stet export --all --format warc -o archive.warc.gz
  stet export --article https://news.example/story --format html -o story
  stet export --since 2026-01-01 --format csv -o - > posts.csv`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return a.export(cmd.Context(), f, args) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.format, "format", "", "warc, wacz, cdxj, jsonl, csv, html or bagit")
	flags.BoolVar(&f.bundle, "bundle", false, "a bundle of evidence about the posts")
	flags.StringVar(&f.audience, "for", "internal", "who is to see a bundle: internal, court or public")
	flags.BoolVar(&f.stamp, "stamp", false, "have the head that covers a bundle stamped first")
	flags.StringVarP(&f.output, "output", "o", "", "file, folder, s3://BUCKET/KEY, or - for standard output")
	flags.StringVar(&f.article, "article", "", "address of an article: it, its posts and its captured links")
	flags.StringVar(&f.source, "source", "", "name of a source: the articles that it led to, with theirs")
	flags.StringVar(&f.since, "since", "", "what was captured or looked at from this day or time on")
	flags.StringVar(&f.until, "until", "", "what was captured or looked at before this day or time")
	flags.BoolVar(&f.all, "all", false, "everything")
	flags.BoolVar(&f.private, "private", false, "what is private too")
	flags.BoolVar(&f.force, "force", false, "replace FILE where it is there already")
	flags.BoolVar(&f.unsigned, "unsigned", false, "leave a wacz file unsigned")
	flags.StringVar(&f.from, fromFlag, "", "")
	_ = flags.MarkHidden(fromFlag) // it exists
	return cmd
}

// shape reads the flags that say what is written, and where to.
func (f *exportFlags) shape() (export.Options, error) {
	if f.bundle {
		return f.bundleShape()
	}
	o := export.Options{Format: export.Format(strings.ToLower(f.format)), Name: f.output}
	if f.format == "" {
		return o, fmt.Errorf("%w: say as what with --bundle (a file that others can verify) or --format: %s", store.ErrUsage, joinedFormats())
	}
	if !slices.Contains(export.Formats(), o.Format) {
		return o, fmt.Errorf("%w: --format is %q; it is one of %s", store.ErrUsage, f.format, joinedFormats())
	}
	if f.output == "" {
		return o, fmt.Errorf("%w: say where to with -o FILE; - is standard output", store.ErrUsage)
	}
	o.Folder = o.Format.Folder() || o.Format == export.WARC && strings.HasSuffix(f.output, "/")
	if o.Folder && f.output == "-" {
		return o, fmt.Errorf("%w: %s is a folder of files, which standard output cannot take; name a folder", store.ErrUsage, o.Format)
	}
	return o, nil
}

// options reads all flags.
func (f *exportFlags) options(a *app, args []string) (export.Options, error) {
	o, err := f.shape()
	if err != nil {
		return o, err
	}
	s := &o.Selection
	s.Article, s.Source, s.All, s.Private = f.article, f.source, f.all, f.private
	for _, t := range []struct {
		name, value string
		to          *time.Time
	}{{"--since", f.since, &s.Since}, {"--until", f.until, &s.Until}} {
		if t.value == "" {
			continue
		}
		if *t.to, err = exportTime(t.value, a.zone); err != nil {
			return o, fmt.Errorf("%w: %s is %q, which is neither a day (2026-01-31) nor a time (2026-01-31T12:00:00Z)", store.ErrUsage, t.name, t.value)
		}
	}
	for _, word := range args {
		ref, err := a.classifier().refOf(word)
		if err != nil {
			return o, err
		}
		s.Refs = append(s.Refs, ref)
	}
	return o, s.Validate()
}

func joinedFormats() string {
	var words []string
	for _, f := range export.Formats() {
		words = append(words, string(f))
	}
	return strings.Join(words, ", ")
}

// exportTime reads a day of the reader's, or an instant.
func exportTime(s string, zone *time.Location) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UTC(), nil
	}
	t, err := time.ParseInLocation(time.DateOnly, s, zone)
	return t.UTC(), err
}

func (a *app) export(ctx context.Context, f *exportFlags, args []string) error {
	o, err := f.options(a, args)
	if err != nil {
		return err
	}
	if a.shared != nil {
		if err := a.exportFor(ctx, f, o); err != nil {
			return err
		}
		return a.audit(ctx, a.shared, store.Audit{Action: "export", Targets: args})
	}
	to, err := a.destination(ctx, f, o)
	if err != nil {
		return err
	}
	o.From = to.earlier()
	sum, err := a.exportTo(ctx, f, o, to.out)
	if err = to.end(err); err != nil {
		return err
	}
	a.tellExport(f, sum)
	return nil
}

// exportFor exports for the client of a service, whose side puts the stream in
// place.
func (a *app) exportFor(ctx context.Context, f *exportFlags, o export.Options) error {
	if f.from != "" {
		if err := json.Unmarshal([]byte(f.from), &o.From); err != nil {
			return fmt.Errorf("%w: --%s: %w", store.ErrUsage, fromFlag, err)
		}
	}
	frames, err := export.NewFrames(a.stdout)
	if err != nil {
		return err
	}
	sum, err := a.exportTo(ctx, f, o, frames)
	if err != nil {
		return err
	}
	return frames.Close(sum)
}

// exportTo exports from the archive.
func (a *app) exportTo(ctx context.Context, f *exportFlags, o export.Options, out export.Out) (sum export.Summary, err error) {
	if f.bundle {
		return a.bundleTo(ctx, f, o, out)
	}
	p := a.newProgress()
	defer p.close()
	o.Progress = p.exporting()
	o.Software = "stet " + version().Version
	c, err := a.load()
	if err != nil {
		return sum, err
	}
	run := func(w *wire.Archive) error {
		if name := o.Selection.Source; name != "" {
			if _, err := a.knownSource(ctx, w, name); err != nil {
				return err
			}
		}
		if err = w.Exporting(ctx, c, a.options(nil), &o, !f.unsigned); err != nil {
			return err
		}
		sum, err = export.Run(ctx, o, out)
		p.clear()
		return a.notExported(ctx, w, err)
	}
	if o.Format == export.WACZ && !f.unsigned && a.shared == nil {
		// The first signature makes the key.
		w, err := a.open(ctx, c, true, nil)
		if err != nil {
			return sum, err
		}
		return sum, a.within(ctx, w, run)
	}
	return sum, a.reading(ctx, run)
}

// notExported makes a negative answer of the failure to find what was named.
func (a *app) notExported(ctx context.Context, w *wire.Archive, err error) error {
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	what, _, _ := strings.Cut(err.Error(), ": "+store.ErrNotFound.Error())
	return a.notThere(ctx, w, what, err)
}

// tellExport says what was exported: where the answer is the export itself, to
// whom is at the terminal only.
func (a *app) tellExport(f *exportFlags, sum export.Summary) {
	if f.output == "-" {
		return
	}
	if a.json {
		a.out.json(struct {
			Output string `json:"output"`
			export.Summary
		}{f.output, sum})
		return
	}
	var parts []string
	if sum.Posts > 0 {
		parts = append(parts, count(sum.Posts, "post"))
	}
	if sum.Records > 0 {
		parts = append(parts, count(sum.Records, "record"))
	}
	words := fmt.Sprintf("%s holds %s as of number %d of the journal (%s).", f.output, strings.Join(parts, " and "), sum.Bound, size(sum.Bytes))
	if len(parts) == 0 {
		words = fmt.Sprintf("%s holds nothing: nothing is selected.", f.output)
	}
	if sum.Hidden > 0 {
		words += fmt.Sprintf(" %s stayed out; --private exports what is private too.", count(sum.Hidden, "private post"))
	}
	a.out.block("", words, 0)
}

// exporting shows how far an export is.
func (p *progress) exporting() func(export.Progress) {
	if p == nil {
		return nil
	}
	return func(n export.Progress) {
		text := n.What
		if n.Done > 0 && n.Total > 0 {
			text += " " + bar(n.Done, n.Total)
		}
		if n.Bytes > 0 {
			text += ", " + size(n.Bytes)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.label, p.text = "exporting", text
	}
}

// barWidth is how many columns a bar has.
const barWidth = 20

// bar draws how much of something is done.
func bar(done, total uint64) string {
	done = min(done, total)
	full := int(done * barWidth / total) //nolint:gosec // at most barWidth
	return fmt.Sprintf("[%s%s] %d%%", strings.Repeat("#", full), strings.Repeat("-", barWidth-full), done*100/total)
}

// destination is where an export goes, on the machine of who asked.
type destination struct {
	out export.Out
	// earlier returns where the one before was interrupted.
	earlier func() export.Mark
	// end puts what was exported in place, or takes leave of it.
	end func(error) error
}

// destination opens what -o names.
func (a *app) destination(ctx context.Context, f *exportFlags, o export.Options) (*destination, error) {
	none := func() export.Mark { return export.Mark{} }
	if f.output == "-" {
		return &destination{export.ToWriter(a.stdout), none, func(err error) error { return err }}, nil
	}
	if place, ok := strings.CutPrefix(f.output, "s3://"); ok {
		return a.storageDestination(ctx, place, f.force)
	}
	r, err := export.Receive(f.output, o.Folder, f.force)
	if err != nil {
		return nil, err
	}
	return &destination{r, r.Earlier, func(err error) error {
		if err == nil {
			return r.Done()
		}
		again, ferr := r.Fail(err)
		if again && errors.Is(err, context.Canceled) {
			fmt.Fprintf(a.stderr, "What was written so far is kept in %s.part: the same command goes on from there.\n", strings.TrimSuffix(f.output, "/"))
		}
		return errors.Join(err, ferr)
	}}, nil
}

// forwardExport has a service export, and puts what comes in place: the files
// are those of the person who asked.
func (a *app) forwardExport(ctx context.Context, conn net.Conn, r forward.Request, args []string) int {
	f := a.exports
	o, err := f.shape()
	var to *destination
	if err == nil {
		to, err = a.destination(ctx, f, o)
	}
	if err != nil {
		return a.tell(ctx, errors.Join(err, conn.Close()))
	}
	earlier := to.earlier()
	if earlier.Print != "" {
		mark, err := json.Marshal(earlier)
		if err != nil {
			return a.tell(ctx, errors.Join(err, conn.Close()))
		}
		at := slices.Index(r.Args, "export") + 1
		r.Args = slices.Insert(slices.Clone(r.Args), at, "--"+fromFlag+"="+string(mark))
	}
	code, sum, err := receive(ctx, conn, r, to.out, a, args)
	cause := err
	if cause == nil && code != 0 {
		// The service has said why.
		cause = &told{code: code, err: errors.New("the service did not export")}
		if code == 1 && earlier.Print != "" {
			cause = &told{code: code, err: store.ErrConflict}
		} else if code == 130 {
			cause = &told{code: code, err: context.Canceled}
		}
	}
	if err := to.end(cause); err != nil {
		return a.tell(ctx, err)
	}
	a.tellExport(f, sum)
	if a.out.err != nil {
		return a.tell(ctx, a.out.err)
	}
	return 0
}

// receive runs the command at the other end, and hands what it exports to out.
func receive(ctx context.Context, conn net.Conn, r forward.Request, out export.Out, a *app, args []string) (int, export.Summary, error) {
	in, to := io.Pipe()
	type end struct {
		sum export.Summary
		err error
	}
	ended := make(chan end, 1)
	go func() {
		sum, err := export.ReadFrames(in, out)
		if err != nil {
			_ = in.CloseWithError(err) // which does not fail
		}
		_, _ = io.Copy(io.Discard, in) // until the command ends
		ended <- end{sum, err}
	}()
	code, err := forward.Call(ctx, conn, r, a.local(strings.NewReader(""), to, namedFiles{a.files, args, false}))
	_ = to.Close() // which does not fail
	e := <-ended
	if err == nil && code == 0 {
		err = e.err
	}
	return code, e.sum, err
}

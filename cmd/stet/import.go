package main

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"stet/cmd/internal/forward"
	"stet/cmd/internal/wire"
	"stet/store"
)

func (a *app) importCommand() *cobra.Command {
	var o wire.ImportOptions
	cmd := &cobra.Command{
		Use:   "import FILE|FOLDER|-…",
		Short: "Take over posts from files that others made",
		Long: `Take over posts from files: JSON Lines of twarc (v1.1, v2 and flattened), the
archive that X hands to the owner of an account (the zip, its folder, or its files
tweets.js and deleted-tweets.js) with the pictures and videos that belong to the
posts, and web archives (WARC, WACZ), in which posts are found in recorded answers
of the platforms and in pages that quote them; tables with a post in each row (CSV,
as of Politwoops), what auto-archiver writes (its table, its sheet as CSV, its JSON),
and folders and indexes of ArchiveBox. Bookmarks (as browsers export them, and the
lists of Pocket, Instapaper and Raindrop), lists of addresses, one per line, and what
such tables and indexes name without having its words, become wishes to capture, which ` + "`stet serve`" + ` fulfils. A file may be packed
with gzip, zstd or bzip2; - is standard input.

The bytes of each file of posts are kept, and each post names its part of them. Of
the archive of an account nothing else is kept. Records of web archives whose bytes
have another digest than they state are not taken. What is imported is never taken
for a sight of the living post, ranks below what was captured, and does not keep a
post from being captured. It is private unless --public says otherwise. Importing
the same again adds nothing. --json says what became of each item, and why.`,
		Example: `  stet import tweets.jsonl.gz
  stet import twitter-2022-11-01.zip --case harbour
  stet import crawl.warc.gz page.wacz
  stet import deleted.csv bookmarks.html ~/archivebox`,
		Args: someArgs("a file, the folder of an account's archive, or - for standard input"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.importFiles(cmd.Context(), args, o) },
	}
	cmd.Flags().BoolVar(&o.Public, "public", false, "let what is imported be told and given away")
	cmd.Flags().StringVar(&o.Operator, "operator", "", "who imports; kept with the captures")
	cmd.Flags().StringVar(&o.Case, "case", "", "name of the case; kept with the captures")
	cmd.Flags().StringVar(&o.Note, "note", "", "a note; kept with the captures")
	return cmd
}

func (a *app) importFiles(ctx context.Context, names []string, o wire.ImportOptions) error {
	if i := slices.Index(names, "-"); i >= 0 && slices.Contains(names[i+1:], "-") {
		return invalid("standard input (-) can be named only once")
	}
	if a.holder != nil && o.Operator == "" {
		o.Operator = a.holder.Name
	}
	return a.writing(ctx, false, func(w *wire.Archive) error {
		if err := a.acted(ctx, w, "import", names, o.Operator); err != nil {
			return err
		}
		var sum outcomes
		for _, name := range names {
			t := tally{counts: map[string]int{}, reasons: map[string]int{}}
			o.Report = func(i wire.ImportItem) error {
				t.add(i)
				if a.json {
					a.out.json(i)
				}
				return a.out.err
			}
			err := a.importOne(ctx, w, name, o)
			sum.add(name, err)
			if !a.json && (err == nil || len(t.counts) > 0) {
				a.showTally(filepath.Base(name), &t)
			}
			if err != nil {
				a.complain(err)
			}
			if ctx.Err() != nil {
				break
			}
		}
		return sum.err()
	})
}

func (a *app) importOne(ctx context.Context, w *wire.Archive, name string, o wire.ImportOptions) error {
	switch {
	case name == "-":
		return w.ImportFrom(ctx, o, version().Version, name, a.stdin)
	case a.shared == nil:
		return w.Import(ctx, o, version().Version, name)
	}
	return a.importOfClient(ctx, w, name, o)
}

// importOfClient imports a file or folder of the client of a service.
func (a *app) importOfClient(ctx context.Context, w *wire.Archive, name string, o wire.ImportOptions) error {
	trees, ok := a.files.(forward.Trees)
	if !ok {
		return fmt.Errorf("%w: there are no files to import", store.ErrRefused)
	}
	tree := clientTree{trees, name}
	f, err := tree.Open(".")
	if err != nil {
		return fmt.Errorf("%w: %s cannot be read: %w", store.ErrUsage, name, cause(err))
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	// The name can be one of another system.
	base := name[strings.LastIndexAny(strings.TrimRight(name, `/\`), `/\`)+1:]
	switch base = strings.TrimRight(base, `/\`); {
	case err != nil:
		return err
	case info.IsDir():
		return w.ImportTree(ctx, o, version().Version, base, tree)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: %s is neither a file nor a folder", store.ErrUsage, name)
	}
	return w.ImportFrom(ctx, o, version().Version, base, f)
}

// tally counts what became of the items of a file.
type tally struct{ counts, reasons map[string]int }

// mostReasons is the most reasons that are told apart.
const mostReasons = 20

func (t *tally) add(i wire.ImportItem) {
	t.counts[string(i.Outcome)]++
	if i.Outcome != "skipped" {
		return
	}
	reason := i.Reason
	if t.reasons[reason] == 0 && len(t.reasons) >= mostReasons {
		reason = "other reasons, which --json tells"
	}
	t.reasons[reason]++
}

// summary says how many items came to what.
func (t *tally) summary() string {
	var parts []string
	for _, what := range []string{"kept", "merged", "queued", "skipped"} {
		if n := t.counts[what]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, what))
		}
	}
	if len(parts) == 0 {
		return "nothing in it"
	}
	return strings.Join(parts, ", ")
}

func (a *app) showTally(name string, t *tally) {
	a.out.line("%s: %s", name, t.summary())
	for _, reason := range slices.Sorted(maps.Keys(t.reasons)) {
		a.out.line("  %d skipped: %s", t.reasons[reason], reason)
	}
}

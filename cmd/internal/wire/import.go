package wire

import (
	"context"
	"io"
	"io/fs"

	"stet/archiver"
	"stet/archiver/ingest"
)

// ImportItem is what became of one item of a file.
type ImportItem = ingest.Item

// ImportOptions are what a person says of an import.
type ImportOptions struct {
	Public               bool
	Operator, Case, Note string
	// Report is told of each item.
	Report func(ImportItem) error
}

// Import imports a file or folder of this machine into an archive that is open
// for writing: see [ingest.File].
func (a *Archive) Import(ctx context.Context, o ImportOptions, version, name string) error {
	return ingest.File(ctx, a.ingest(o, version), name)
}

// ImportFrom imports what r yields: see [ingest.Read].
func (a *Archive) ImportFrom(ctx context.Context, o ImportOptions, version, name string, r io.Reader) error {
	return ingest.Read(ctx, a.ingest(o, version), name, r)
}

// ImportTree imports a folder: see [ingest.Tree].
func (a *Archive) ImportTree(ctx context.Context, o ImportOptions, version, name string, fsys fs.FS) error {
	return ingest.Tree(ctx, a.ingest(o, version), name, fsys)
}

func (a *Archive) ingest(o ImportOptions, version string) ingest.Options {
	return ingest.Options{Archive: a.Archive, Finder: Finder(), Report: o.Report, Public: o.Public,
		Operator: o.Operator, Case: o.Case, Note: o.Note, Machine: machine(), Software: "stet/" + version,
		Request: func(ctx context.Context, target string) error {
			_, err := a.Engine.Request(ctx, target, archiver.CaptureOptions{Operator: o.Operator, Case: o.Case, Note: o.Note})
			return err
		}}
}

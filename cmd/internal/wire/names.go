package wire

import (
	"context"
	"time"

	"stet/archiver/notify"
	"stet/archiver/source"
	"stet/extract"
	extwitter "stet/extract/twitter"
	"stet/store"
)

// The words of the adapters that commands speak of. Commands take them from
// here, because only this package names adapters.
type (
	// NotifyReport is trouble with those who are to be told.
	NotifyReport = notify.Report
	// Source is where articles are found.
	Source = source.Source
	// SourcePlan is a source with its schedule and state.
	SourcePlan = source.Plan
	// ListedSource is a source with its job.
	ListedSource = source.Listed
	// SourceKind says how a source is read.
	SourceKind = source.Kind
	// SourceWorker keeps the list of sources.
	SourceWorker = source.Worker
)

// DefaultEvery is how often a source is read that has no schedule.
const DefaultEvery time.Duration = source.DefaultEvery

// ParseSourceKind reads a kind of source.
func ParseSourceKind(s string) (SourceKind, error) { return source.ParseKind(s) }

// ParseOPML reads the feeds of an OPML file.
func ParseOPML(body []byte) ([]Source, []string, error) { return source.ParseOPML(body) }

// ListSources lists the sources of an archive.
func ListSources(ctx context.Context, a *store.Archive) ([]ListedSource, error) {
	return source.ListAll(ctx, a)
}

// Rules lists what every answer of every platform concludes.
func Rules() []extract.Rule { return extwitter.Rules() }

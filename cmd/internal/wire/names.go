package wire

import (
	"context"
	"time"

	"stet/archiver"
	"stet/archiver/browser"
	"stet/archiver/notify"
	"stet/archiver/source"
	"stet/archiver/wayback"
	"stet/cmd/internal/config"
	"stet/extract"
	"stet/extract/post"
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

// JobKinds are the kinds of jobs of which the queue is made up.
func JobKinds() []string {
	return []string{archiver.JobCapture, archiver.JobArticle, archiver.JobLook, archiver.JobPage, archiver.JobPageLook, archiver.JobSource,
		browser.JobDraw, wayback.JobSubmit, archiver.JobTakedown, archiver.JobRetention, archiver.JobRetentionEnd}
}

// ParseSourceKind reads a kind of source.
func ParseSourceKind(s string) (SourceKind, error) { return source.ParseKind(s) }

// ParseOPML reads the feeds of an OPML file.
func ParseOPML(body []byte) ([]Source, []string, error) { return source.ParseOPML(body) }

// ListSources lists the sources of an archive.
func ListSources(ctx context.Context, a *store.Archive) ([]ListedSource, error) {
	return source.ListAll(ctx, a)
}

// Rule is a rule with the platform that it is one of.
type Rule struct {
	Platform post.Platform `json:"platform"`
	extract.Rule
}

// Rules lists what every answer of every platform concludes, as the platforms
// themselves say.
func Rules() []Rule {
	var list []Rule
	for _, p := range platforms(&config.Config{}, nil) {
		for _, r := range p.Rules() {
			list = append(list, Rule{p.Platform(), r})
		}
	}
	return list
}

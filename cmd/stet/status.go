package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"stet/archiver"
	"stet/cmd/internal/config"
	"stet/cmd/internal/wire"
	"stet/extract/post"
	"stet/store"
)

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status [REF]",
		Short: "Say what the archive holds and what is due",
		Long: `Say how much the archive holds, what waits to be done, how much space is left,
and which platforms are set up. With a REF it shows that post, as show does.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("%w: `%s` takes at most one post", store.ErrUsage, cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return a.show(cmd.Context(), args[0])
			}
			return a.status(cmd.Context())
		},
	}
}

// statusReport is what `stet status --json` prints.
type statusReport struct {
	Archive string      `json:"archive"`
	Posts   int64       `json:"posts"`
	Store   store.Stats `json:"store"`
	Jobs    statusJobs  `json:"jobs"`
	// DiskFree is how many bytes are left for the archive.
	DiskFree  int64                `json:"disk_free_bytes"`
	Platforms []wire.PlatformState `json:"platforms"`
	// Browser says whether pages are drawn, and what is missing for it.
	Browser string `json:"browser"`
	// Submission says what is handed to web archives.
	Submission string `json:"submission"`
	// Words says how far this machine's index of words has come, where others
	// add to the archive too; null where it is always at the end.
	Words *statusWordsLag `json:"words"`
	// Evidence says how the heads of the evidence tree stand.
	Evidence statusEvidence `json:"evidence"`
	// Retention says how long things are kept, and what that did.
	Retention statusRetention `json:"retention"`
}

// statusWordsLag is how far a copy of the index of words has come.
type statusWordsLag struct {
	// Reached is the number of the last record that it has read, Behind how many
	// there are after that.
	Reached uint64 `json:"reached"`
	Behind  uint64 `json:"behind"`
}

// wordsStatus reads how far the index of words has come.
func wordsStatus(ctx context.Context, w *wire.Archive) (*statusWordsLag, error) {
	if !w.Shared() {
		return nil, nil //nolint:nilnil // it is never behind
	}
	lag, err := w.WordsLag(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading how far the index of words is: %w", err)
	}
	return &statusWordsLag{Reached: lag.Reached, Behind: lag.Behind()}, nil
}

func (a *app) showWords(l *statusWordsLag, row func(name, format string, args ...any)) {
	switch {
	case l == nil:
	case l.Behind == 0:
		row("Words", "this machine's index has read all %s", count(int64(l.Reached), "record"))
	case a.shared != nil:
		row("Words", "this machine's index has read %s, %d are left; searches say so until it is done", count(int64(l.Reached), "record"), l.Behind)
	default:
		row("Words", "this machine's index has read %s, %d are left; the next search reads them first", count(int64(l.Reached), "record"), l.Behind)
	}
}

// statusEvidence says what was signed and stamped.
type statusEvidence struct {
	// Covered is how many records the last signed head covers, Signed when it
	// was signed, null where none is.
	Covered int64      `json:"covered_records"`
	Signed  *time.Time `json:"signed"`
	// Stamps are those who are set to stamp heads.
	Stamps []wire.StampState `json:"stamps"`
}

// evidenceStatus reads how the evidence stands.
func evidenceStatus(ctx context.Context, c *config.Config, w *wire.Archive) (e statusEvidence, err error) {
	p, err := w.Archive.List(ctx, store.Query{Term: store.StampTerm(store.StampCheckpoint), Newest: true, Limit: 1})
	if err != nil {
		return e, err
	}
	if len(p.Records) > 0 {
		s, err := store.Decode[store.Stamp](&p.Records[0])
		if err != nil {
			return e, err
		}
		e.Covered, e.Signed = int64(s.Size), &s.Time
	}
	e.Stamps, err = w.StampStates(ctx, c)
	e.Stamps = filled(e.Stamps)
	return e, err
}

// showEvidence says how the evidence stands.
func (a *app) showEvidence(e *statusEvidence, row func(name, format string, args ...any)) {
	if e.Signed == nil {
		row("Evidence", "no head is signed yet; `stet checkpoint` signs one, and a service does every hour")
	} else {
		row("Evidence", "the last signed head covers %s, %s", count(e.Covered, "record"), a.when(*e.Signed))
	}
	if len(e.Stamps) == 0 {
		row("", "no time from outside: evidence.authorities and evidence.calendars are not set")
	}
	for _, s := range e.Stamps {
		words := map[store.StampState]string{"": "not asked yet", store.StampComplete: "works", store.StampPending: "pending", store.StampFailed: "FAILS: " + s.Error}[s.State]
		if s.Pending > 0 && s.State != store.StampPending {
			words += fmt.Sprintf("; %d pending", s.Pending)
		}
		if !s.Last.IsZero() {
			words += "; the last complete stamp is of " + a.when(s.Last)
		}
		row("", "%s: %s", s.By, words)
	}
}

// statusJobs counts the durable work.
type statusJobs struct {
	Waiting int `json:"waiting"`
	Due     int `json:"due"`
	Leased  int `json:"leased"`
	Dead    int `json:"dead"`
	// NextLook is when the next work is due, null where none waits.
	Next   *time.Time                        `json:"next"`
	ByKind map[string]map[store.JobState]int `json:"by_kind"`
}

func (a *app) status(ctx context.Context) error {
	c, err := a.load()
	if err != nil {
		return err
	}
	return a.reading(ctx, func(w *wire.Archive) error {
		r := statusReport{Archive: w.Dir}
		if r.Platforms, err = w.PlatformStates(ctx, c, a.now()); err != nil {
			return err
		}
		if r.Store, err = w.Statter.Stats(ctx); err != nil {
			return fmt.Errorf("measuring the archive: %w", err)
		}
		coverage, err := w.Reader.Coverage(ctx)
		if err != nil {
			return err
		}
		r.Posts = coverage.Posts
		counts, err := w.Archive.Backend().CountJobs(ctx, a.now())
		if err != nil {
			return fmt.Errorf("counting the jobs: %w", err)
		}
		r.Jobs = sumJobs(&counts)
		if r.DiskFree, err = roomAt(w.Dir); err != nil {
			return fmt.Errorf("measuring the free space at %s: %w", w.Dir, err)
		}
		r.Browser, _ = wire.BrowserState(c)
		if r.Evidence, err = evidenceStatus(ctx, c, w); err != nil {
			return err
		}
		if r.Retention, err = retentionStatus(ctx, w); err != nil {
			return err
		}
		r.Submission = wire.SubmissionState(c)
		if r.Words, err = wordsStatus(ctx, w); err != nil {
			return err
		}
		if a.json {
			a.out.json(&r)
			return nil
		}
		a.showStatusReport(c, &r, coverage)
		return nil
	})
}

// roomAt measures the free space at a folder, or where it would be made: a
// machine that shares an archive may not have used its own yet.
func roomAt(dir string) (int64, error) {
	for {
		free, err := wire.DiskFree(dir)
		parent := filepath.Dir(dir)
		if !errors.Is(err, fs.ErrNotExist) || parent == dir {
			return free, err
		}
		dir = parent
	}
}

// showPlatforms tells of X, of what has credentials, a budget or trouble, and
// names the rest, of which `stet doctor` tells.
func (a *app) showPlatforms(all []wire.PlatformState, row func(name, format string, args ...any)) {
	var rest []string
	for i := range all {
		p := &all[i]
		told := p.Tell()
		if p.Platform != post.Twitter && p.Credentials == "none" {
			told = slices.DeleteFunc(told, func(s string) bool {
				return strings.HasPrefix(s, "not set: ") || strings.HasPrefix(s, "no control post")
			})
		}
		if p.Platform != post.Twitter && p.Credentials == "none" && len(told) == 0 {
			rest = append(rest, string(p.Platform))
			continue
		}
		row("Platform", "%s: %s", p.Platform, p.Words)
		for _, t := range told {
			row("", "%s", t)
		}
	}
	row("Platforms", "%s: without credentials, see `stet doctor`", strings.Join(rest, ", "))
}

func sumJobs(c *store.JobCounts) statusJobs {
	j := statusJobs{Due: c.Due, ByKind: c.ByKind}
	if j.ByKind == nil {
		j.ByKind = map[string]map[store.JobState]int{}
	}
	for _, states := range c.ByKind {
		j.Waiting += states[store.JobWaiting]
		j.Leased += states[store.JobLeased]
		j.Dead += states[store.JobDead]
	}
	if !c.NextAt.IsZero() {
		next := c.NextAt.UTC()
		j.Next = &next
	}
	return j
}

func (a *app) showStatusReport(c *config.Config, r *statusReport, held archiver.Coverage) {
	row := func(name, format string, args ...any) {
		for i, line := range wrap(fmt.Sprintf(format, args...), a.out.room(15)) {
			if i > 0 {
				name = ""
			}
			a.out.line("%-14s %s", name, line)
		}
	}
	row("Archive", "%s", r.Archive)
	row("Posts", "%s captured", posts(held))
	var kinds []string
	for _, k := range slices.Sorted(maps.Keys(r.Store.Kinds)) {
		kinds = append(kinds, fmt.Sprintf("%s %d", k, r.Store.Kinds[k]))
	}
	row("Records", "%s", strings.Join(kinds, ", "))
	if !held.First.IsZero() {
		row("Recorded", "from %s", a.when(held.First))
		row("", "to %s", a.when(held.Last))
	}
	row("Stored files", "%d, %s", r.Store.Blobs, size(r.Store.BlobBytes))
	row("On disk", "%s for records (%s of it unused), %s free", size(r.Store.Bytes), size(r.Store.Free), size(r.DiskFree))
	row("Jobs", "%d waiting (%d due), %d unfinished, %d given up", r.Jobs.Waiting, r.Jobs.Due, r.Jobs.Leased, r.Jobs.Dead)
	if r.Jobs.Next != nil {
		who := "nothing is watching until `stet serve` runs"
		if a.shared != nil {
			who = "a service is watching"
		}
		row("Next", "due %s; %s", a.when(*r.Jobs.Next), who)
	}
	a.showWords(r.Words, row)
	a.showPlatforms(r.Platforms, row)
	row("Browser", "%s", r.Browser)
	a.showEvidence(&r.Evidence, row)
	row("Web archives", "%s", r.Submission)
	a.showRetention(&r.Retention, row)
	file := c.File
	if file == "" {
		file = "none"
	}
	row("Pages", "at %s; the public's at %s, archived bytes' at %s", cmp.Or(c.Serve.Listen, "off"), cmp.Or(c.Serve.PublicListen, "off"), cmp.Or(c.Serve.RawListen, "off"))
	row("Configuration", "%s", file)
}

package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"stet/cmd/internal/config"
	"stet/cmd/internal/wire"
	"stet/store"
)

func (a *app) sourceCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "source",
		Short: "Add, list, remove, pause or read the feeds and sitemaps that are followed",
		Long: `Sources name articles: feeds, sitemaps, lists of addresses, pages. The service,
` + "`stet serve`" + `, reads them by their schedule and captures what is new. Those of
the configuration file are changed there.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("%w: there is no `stet source %s`; there are add, list, remove, pause, resume, run, due, keep and import", store.ErrUsage, args[0])
			}
			return a.listSources(cmd.Context())
		},
	}
	cmd.AddCommand(a.sourceAddCommand(), a.sourceDueCommand(), a.sourceKeepCommand(),
		&cobra.Command{Use: "list", Short: "List the sources", Args: noArgs, RunE: func(cmd *cobra.Command, _ []string) error { return a.listSources(cmd.Context()) }},
		a.sourceChange("remove NAME", "Forget a source; what it named stays", "removed", func(ctx context.Context, w *wire.SourceWorker, name string) error { return w.Remove(ctx, name) }),
		a.sourceChange("pause NAME", "Stop reading a source", "paused", func(ctx context.Context, w *wire.SourceWorker, name string) error { return w.Pause(ctx, name, true) }),
		a.sourceChange("resume NAME", "Read a source again", "read again", func(ctx context.Context, w *wire.SourceWorker, name string) error { return w.Pause(ctx, name, false) }),
		a.sourceChange("run NAME", "Make a source due now", "due now", func(ctx context.Context, w *wire.SourceWorker, name string) error { return w.RunNow(ctx, name) }),
		&cobra.Command{Use: "import FILE", Short: "Add the feeds of an OPML file", Args: oneArg("an OPML file"),
			RunE: func(cmd *cobra.Command, args []string) error { return a.importSources(cmd.Context(), args[0]) }})
	return cmd
}

// sourceFlags are the flags of `stet source add`.
type sourceFlags struct {
	name, kind, every, cron, zone, backfill, keep string
	ignoreRobots, dry                             bool
}

func (a *app) sourceAddCommand() *cobra.Command {
	var f sourceFlags
	cmd := &cobra.Command{
		Use:   "add URL",
		Short: "Follow a feed, sitemap, list or page",
		Example: `  stet source add https://news.example/feed.xml --every 10m
  stet source add https://news.example/sitemap.xml --dry-run
  stet source add https://news.example/sitemap.xml --backfill 2024-01-01`,
		Args: oneArg("the address of a source"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.addSource(cmd.Context(), args[0], f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.name, "name", "", "name of the source (default its address)")
	fl.StringVar(&f.kind, "kind", "auto", "feed, sitemap, list, page or auto")
	fl.StringVar(&f.every, "every", "", "time between two readings (default 15m)")
	fl.StringVar(&f.cron, "cron", "", "cron expression instead of --every, such as \"30 4 * * *\"")
	fl.StringVar(&f.zone, "zone", "", "time zone of --cron, such as Europe/Vienna (default UTC)")
	fl.StringVar(&f.backfill, "backfill", "", "also go back to this date, newest first")
	fl.StringVar(&f.keep, "keep", "", "remove what it names so long after its last change, such as 365d, or forever (default policy.keep)")
	fl.BoolVar(&f.ignoreRobots, "ignore-robots", false, "do not ask robots.txt, for a site of one's own")
	fl.BoolVar(&f.dry, "dry-run", false, "say how many articles, how long and how much, and add nothing")
	return cmd
}

// plan makes the plan of a source from flags.
func (f *sourceFlags) plan(address string, zone *time.Location) (wire.SourcePlan, error) {
	p := wire.SourcePlan{Source: wire.Source{Name: cmp.Or(f.name, address), URL: address}, Cron: f.cron, Zone: f.zone, IgnoreRobots: f.ignoreRobots}
	var err error
	if p.Source.Kind, err = wire.ParseSourceKind(f.kind); err != nil {
		return p, err
	}
	if f.every != "" && f.cron != "" {
		return p, fmt.Errorf("%w: --every and --cron exclude each other", store.ErrUsage)
	}
	if f.every != "" {
		if p.Every, err = config.ParseDuration(f.every); err != nil {
			return p, fmt.Errorf("%w: --every: %w", store.ErrUsage, err)
		}
	}
	if f.keep != "" {
		if p.Keep, err = config.ParseKeep(f.keep); err != nil {
			return p, fmt.Errorf("%w: --keep: %w", store.ErrUsage, err)
		}
	}
	if f.backfill != "" {
		if p.Backfill, err = time.ParseInLocation(time.DateOnly, f.backfill, zone); err != nil {
			return p, fmt.Errorf("%w: --backfill: %q is not a date such as 2024-01-31", store.ErrUsage, f.backfill)
		}
	}
	return p, nil
}

func (a *app) addSource(ctx context.Context, address string, f sourceFlags) error {
	p, err := f.plan(address, a.zone)
	if err != nil {
		return err
	}
	c, err := a.load()
	if err != nil {
		return err
	}
	if exists, dir, err := a.files.Stat(address); err == nil && exists && !dir {
		return invalid("%s is a file, and sources have addresses; a file that is followed stands in the configuration, as file: of an element of sources; `stet source import` takes the feeds of an OPML file, `stet capture` a list of addresses", address)
	}
	if f.dry {
		return a.estimate(ctx, c, p)
	}
	return a.withSources(ctx, false, func(w *wire.SourceWorker) error {
		before, err := w.List(ctx)
		if err != nil {
			return err
		}
		if err := w.Add(ctx, p); err != nil {
			return err
		}
		done := "is followed"
		if i := slices.IndexFunc(before, func(l wire.ListedSource) bool { return l.Plan.Source.Name == p.Source.Name }); i >= 0 {
			done = "was followed already, and is changed"
			if was := before[i].Plan.Source.URL; was != address {
				done += fmt.Sprintf(": its address is no longer %s", was)
			}
		}
		now := "`stet serve --once` reads it now"
		if p.Cron != "" {
			now = fmt.Sprintf("`stet source run %s` makes it due now", p.Source.Name)
		}
		if !a.json {
			a.out.block("", fmt.Sprintf("%s %s; `stet serve` reads it, %s.", p.Source.Name, done, now), 0)
		}
		return nil
	})
}

// estimate says what following a source would take.
func (a *app) estimate(ctx context.Context, c *config.Config, p wire.SourcePlan) error {
	e, err := wire.EstimateSource(ctx, c, a.options(nil), p)
	if err != nil {
		return err
	}
	for _, w := range e.Warnings {
		a.warn("%s", w)
	}
	if !a.json {
		a.out.block("", e.String(), 0)
		return nil
	}
	a.out.json(struct {
		Source   string  `json:"source"`
		Articles int     `json:"articles"`
		Partial  bool    `json:"partial"`
		Requests int     `json:"requests"`
		Bytes    int64   `json:"bytes"`
		Seconds  float64 `json:"seconds"`
	}{p.Source.URL, e.Articles, e.Partial, e.Requests, e.Bytes, e.Time.Seconds()})
	return nil
}

// withSources opens the archive for a change of its sources.
func (a *app) withSources(ctx context.Context, must bool, f func(*wire.SourceWorker) error) error {
	return a.writing(ctx, must, func(w *wire.Archive) error { return f(w.Sources) })
}

func (a *app) sourceChange(use, short, done string, change func(context.Context, *wire.SourceWorker, string) error) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: oneArg("the name of a source"), RunE: func(cmd *cobra.Command, args []string) error {
		return a.withSources(cmd.Context(), true, func(w *wire.SourceWorker) error {
			if err := change(cmd.Context(), w, args[0]); err != nil {
				return err
			}
			if !a.json {
				a.out.line("%s is %s.", args[0], done)
			}
			return nil
		})
	}}
}

// sourceLine is what `stet source list --json` prints.
type sourceLine struct {
	Name       string          `json:"name"`
	URL        string          `json:"url"`
	Kind       wire.SourceKind `json:"kind"`
	Every      string          `json:"every,omitempty"`
	Cron       string          `json:"cron,omitempty"`
	Zone       string          `json:"zone,omitempty"`
	Keep       string          `json:"keep,omitempty"`
	Paused     bool            `json:"paused"`
	Configured bool            `json:"configured"`
	Next       *time.Time      `json:"next"`
	LastRead   *time.Time      `json:"last_read"`
	LastNew    *time.Time      `json:"last_new"`
	Failures   int             `json:"failures"`
	Error      string          `json:"error,omitempty"`
}

func (a *app) listSources(ctx context.Context) error {
	return a.reading(ctx, func(w *wire.Archive) error {
		all, err := wire.ListSources(ctx, w.Archive)
		if err != nil {
			return err
		}
		for _, l := range all {
			a.tellSource(&l)
		}
		if len(all) == 0 && !a.json {
			a.out.line("No sources. `stet source add URL` follows one.")
		}
		return nil
	})
}

func (a *app) tellSource(l *wire.ListedSource) {
	p := &l.Plan
	line := sourceLine{Name: p.Source.Name, URL: p.Source.URL, Kind: cmp.Or(p.Source.Kind, "auto"), Cron: p.Cron, Zone: p.Zone, Keep: config.FormatKeep(p.Keep), Paused: p.Paused, Configured: p.Configured,
		LastRead: nullTime(p.State.LastSuccess), LastNew: nullTime(p.State.LastNew), Failures: p.State.Failures, Error: p.State.Error}
	if p.Cron == "" {
		line.Every = config.FormatDuration(cmp.Or(p.Every, wire.DefaultEvery))
	}
	if !p.Paused {
		line.Next = nullTime(l.Job.RunAt)
	}
	if a.json {
		a.out.json(line)
		return
	}
	a.out.line("%s", line.Name)
	if line.Name != line.URL {
		a.out.block("  ", line.URL, 0)
	}
	a.out.line("  %s, %s", line.Kind, cmp.Or(strings.TrimSpace(line.Cron+" "+line.Zone), "every "+line.Every))
	if line.Keep != "" {
		a.out.line("  keep %s", line.Keep)
	}
	switch {
	case p.Paused:
		a.out.line("  paused")
	case line.Next != nil:
		a.out.line("  read next %s", a.when(*line.Next))
	}
	if line.LastRead != nil {
		a.out.line("  last read %s", a.when(*line.LastRead))
	}
	if line.Failures > 0 {
		a.out.block("  ", fmt.Sprintf("failed %s: %s", count(line.Failures, "time"), line.Error), 0)
	}
}

// importSources adds the feeds of an OPML file.
func (a *app) importSources(ctx context.Context, name string) error {
	exists, dir, err := a.files.Stat(name)
	if err != nil || !exists || dir {
		return invalid("there is no file %s to import", name)
	}
	body, err := a.files.Read(name, maxDocument)
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	list, warnings, err := wire.ParseOPML(body)
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	for _, w := range warnings {
		a.warn("%s: %s", name, w)
	}
	return a.withSources(ctx, false, func(w *wire.SourceWorker) error {
		for _, s := range list {
			s.Name = cmp.Or(s.Name, s.URL)
			if err := w.Add(ctx, wire.SourcePlan{Source: s}); err != nil {
				return fmt.Errorf("adding %s: %w", s.URL, err)
			}
		}
		if !a.json {
			a.out.line("Followed: %s.", count(len(list), "source"))
		}
		return nil
	})
}

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"stet/cmd/internal/config"
	"stet/cmd/internal/wire"
	"stet/extract"
	"stet/extract/post"
	"stet/store"
)

func (a *app) watchCommand() *cobra.Command {
	var every, until string
	var stop bool
	cmd := &cobra.Command{
		Use:   "watch REF|@handle|SOURCE",
		Short: "Look more often, for a time, at what matters today",
		Long: `Ask for closer looks at a post, at the posts of an account, or at those in the
articles of a source. The service, ` + "`stet serve`" + `, makes them.`,
		Example: `  stet watch https://x.com/someone/status/20 --every 10m --until 2026-12-01
  stet watch @someone --every 30m
  stet watch @someone --stop`,
		Args: oneArg("a post, an account or the name of a source"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.watch(cmd.Context(), args[0], every, until, stop)
		},
	}
	cmd.Flags().StringVar(&every, "every", "10m", "time between two looks")
	cmd.Flags().StringVar(&until, "until", "", "when to stop: a date, a date and time, or a duration such as 3d (default 7d)")
	cmd.Flags().BoolVar(&stop, "stop", false, "end an earlier watch")
	return cmd
}

func (a *app) watch(ctx context.Context, word, every, until string, stop bool) (err error) {
	w, unnamed := a.watched(word)
	if !stop {
		if w.Every, err = config.ParseDuration(every); err != nil {
			return fmt.Errorf("%w: --every: %w", store.ErrUsage, err)
		}
		if w.Until, err = a.untilOf(until); err != nil {
			return err
		}
	}
	c, err := a.load()
	if err != nil {
		return err
	}
	archive, err := a.open(ctx, c, true, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, archive.Close()) }()
	if unnamed != nil {
		if w.Source = word; !stop { // a watch of a source that is followed no more can be ended
			err = checkSource(ctx, archive, c, word, unnamed)
		}
		if err != nil {
			return err
		}
	}
	if !w.Ref.IsZero() {
		if _, err := archive.Archive.History(ctx, w.Ref); errors.Is(err, store.ErrNotFound) {
			return a.notThere(ctx, archive, w.Ref.String(), err)
		} else if err != nil {
			return err
		}
	}
	n, err := archive.Engine.Watch(ctx, w)
	if err != nil {
		return fmt.Errorf("watching %s: %w", word, err)
	}
	a.tellWatch(word, &w, n)
	return nil
}

func (a *app) tellWatch(word string, w *store.Watch, n int) {
	switch {
	case a.json:
		a.out.json(struct {
			Target string     `json:"target"`
			Every  string     `json:"every"`
			Until  *time.Time `json:"until"`
			Posts  int        `json:"posts"`
		}{word, config.FormatDuration(w.Every), nullTime(w.Until), n})
	case w.Every == 0:
		a.out.line("%s is watched as everything else again.", word)
	default:
		a.out.block("", fmt.Sprintf("%s is looked at every %s until %s, by `stet serve`.", word, config.FormatDuration(w.Every), a.when(w.Until)), 0)
		if w.Account != "" {
			a.out.line("Kept of it so far: %s; those that are captured later join.", count(n, "post"))
		}
	}
}

func nullTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// watched says what a word names: a post or an account. It errors where that is
// neither, and then may be the name of a source.
func (a *app) watched(word string) (store.Watch, error) {
	kinds := a.classifier()
	if t, p, ok := kinds.finder.Parse(word); ok && t.Kind == extract.TargetProfile && t.Handle != "" {
		return store.Watch{Account: accountOf(p, t.Handle)}, nil
	}
	if handle, ok := strings.CutPrefix(word, "@"); ok && handle != "" {
		return store.Watch{Account: accountOf(post.Twitter, handle)}, nil
	}
	ref, err := kinds.refOf(word)
	return store.Watch{Ref: ref}, err
}

// checkSource errors where a word is the name of no source. unnamed says why it
// is nothing else.
func checkSource(ctx context.Context, archive *wire.Archive, c *config.Config, word string, unnamed error) error {
	all, err := wire.ListSources(ctx, archive.Archive)
	switch {
	case err != nil:
		return err
	case slices.ContainsFunc(all, func(l wire.ListedSource) bool { return l.Plan.Source.Name == word }),
		slices.ContainsFunc(c.Sources, func(s config.Source) bool { return s.Name == word }):
		return nil
	case strings.Contains(word, ":"):
		return unnamed
	}
	return invalid("%.200q is no post, no @handle, and no name of a source; `stet source list` lists those", word)
}

func accountOf(p post.Platform, handle string) string { return store.HandleTerm(p, handle).Value }

// untilOf reads when a watch ends.
func (a *app) untilOf(s string) (time.Time, error) {
	if s == "" {
		s = "7d"
	}
	return a.momentOf("--until", s)
}

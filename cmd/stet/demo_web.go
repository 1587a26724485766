package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"stet/archiver"
	"stet/cmd/internal/config"
	"stet/cmd/internal/demo"
	"stet/cmd/internal/wire"
	"stet/store"
)

// demoWeb fills a demonstration archive from the invented world and opens the
// desk on it, until it is stopped.
func (a *app) demoWeb(ctx context.Context, keep, listen string) (err error) {
	dir, clear, err := demoFolder(keep)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, clear()) }()
	world := demo.NewDesk(a.now)
	defer func() { err = errors.Join(err, world.Close()) }()
	if a.inDemo != nil {
		a.inDemo(world)
	}
	c := config.Default()
	c.Data, c.Capture.Links, c.Browser.Draw = dir, string(archiver.LinksArticle), "off"
	s := &service{a: a, c: c, log: slog.New(slog.DiscardHandler)}
	w, err := wire.OpenService(ctx, c, world.Options(a.options(nil)), s.ready, func(wire.NotifyReport) {})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	s.at.Store(&shift{w: w})
	a.out.block("", "Some weeks of an invented town's news pass now, inside this process. Nothing goes out to the network.", 0)
	if err := a.tellDesk(ctx, world, w); err != nil {
		return fmt.Errorf("the demonstration failed: %w", err)
	}
	l, err := demoListener(ctx, listen)
	if err != nil {
		return err
	}
	a.out.line("")
	a.out.line("The desk: http://%s/", l.Addr())
	ends := "Ctrl+C ends it all, and leaves nothing behind."
	if keep != "" {
		ends = "Ctrl+C ends it; the archive stays in " + keep + "."
	}
	a.out.block("", fmt.Sprintf("Look up %s, which nobody has captured yet, and capture it from the page. %s", world.Fresh, ends), 0)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() {
		ended <- w.Engine.Run(ctx, archiver.RunOptions{Workers: 2})
		stop()
	}()
	err = s.serveDesk(ctx, l)
	stop()
	return errors.Join(err, <-ended)
}

// demoListener opens the address of the demonstration: the usual one, or, where
// that is taken, any.
func demoListener(ctx context.Context, listen string) (net.Listener, error) {
	var lc net.ListenConfig
	if listen != "" {
		l, err := lc.Listen(ctx, "tcp", listen)
		if err != nil {
			return nil, fmt.Errorf("%w: --listen: %w", store.ErrUsage, err)
		}
		return l, nil
	}
	if l, err := lc.Listen(ctx, "tcp", "127.0.0.1:8484"); err == nil {
		return l, nil
	}
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("%w: opening an address on this machine: %w", store.ErrBusy, err)
	}
	return l, nil
}

// tellDesk lets the weeks pass.
func (a *app) tellDesk(ctx context.Context, world *demo.Desk, w *wire.Service) error {
	if err := w.Sources.Add(ctx, wire.SourcePlan{Source: wire.Source{Name: "The Harbour Courier", URL: world.Feed}, Every: 6 * time.Hour}); err != nil {
		return err
	}
	work := func(ctx context.Context) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return w.Engine.Run(ctx, archiver.RunOptions{Workers: 4, Once: true})
	}
	return world.Tell(ctx, work, func(ctx context.Context) error {
		var id store.ID
		for _, step := range world.Case() {
			step.Case = id
			kept, err := archiver.KeepCase(ctx, w.Archive.Archive, step)
			if err != nil {
				return err
			}
			id = kept
		}
		head, err := w.Archive.Archive.Backend().Head(ctx)
		if err != nil {
			return err
		}
		_, err = archiver.KeepCase(ctx, w.Archive.Archive, store.Case{Act: store.CaseVisit, Case: id, Seen: head})
		return err
	})
}

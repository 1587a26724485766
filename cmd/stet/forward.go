package main

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"stet/archiver"
	"stet/cmd/internal/config"
	"stet/cmd/internal/forward"
	"stet/cmd/internal/wire"
)

// forwardable are the commands that need the archive: where a service has it
// open, the service runs them.
func forwardable(cmd *cobra.Command) bool {
	for c := cmd; c != nil; c = c.Parent() {
		if slices.Contains([]string{"capture", "show", "lookup", "recheck", "check", "status", "jobs", "watch", "source", "backup"}, c.Name()) {
			return true
		}
	}
	return false
}

// errForward says that a service has the archive open, and runs the command.
var errForward = errors.New("a service runs the command")

// preRun connects to the service that has the archive open, where there is one
// and the command needs the archive.
func (a *app) preRun(cmd *cobra.Command, _ []string) error {
	if a.shared != nil || !forwardable(cmd) {
		return nil
	}
	c, err := a.load()
	if err != nil {
		return err
	}
	conn, err := forward.Dial(cmd.Context(), forward.Path(c.Data, os.TempDir()))
	if err != nil || conn == nil {
		return err
	}
	a.service = conn
	return errForward
}

// forwardTo lets the service at the other end of conn run the command line.
func (a *app) forwardTo(ctx context.Context, conn net.Conn, args []string) int {
	dir, err := os.Getwd()
	if err != nil {
		dir = "" // relative names are then the client's to find anyway
	}
	name, offset := a.now().In(a.zone).Zone()
	r := forward.Request{Version: version().Version, Args: args, Dir: dir, Zone: name, Offset: offset, Terminal: a.terminal, Keyboard: a.keyboard}
	code, err := forward.Call(ctx, conn, r, forward.Local{Stdin: a.stdin, Stdout: a.stdout, Stderr: a.stderr, Files: a.files})
	if err != nil {
		return a.tell(ctx, err)
	}
	return code
}

// runFor runs a command for a client of the service: with the service's archive
// and configuration, and the client's files, zone and ends.
func (a *app) runFor(w *wire.Archive, c *config.Config) forward.Run {
	return func(ctx context.Context, r forward.Request, l forward.Local) int {
		client := &app{
			stdin: l.Stdin, stdout: l.Stdout, stderr: l.Stderr, files: l.Files, place: a.place, now: a.now, random: a.random,
			zone: time.FixedZone(r.Zone, r.Offset), terminal: r.Terminal, keyboard: r.Keyboard, fetch: a.fetch, dir: r.Dir,
			shared: w.Share(), config: c,
		}
		return client.run(ctx, withoutPlace(r.Args))
	}
}

// withoutPlace drops the flags that say which archive: it is the service's.
func withoutPlace(args []string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		switch arg := args[i]; {
		case arg == "--":
			return append(out, args[i:]...)
		case arg == "--data" || arg == "--config":
			i++
		case strings.HasPrefix(arg, "--data=") || strings.HasPrefix(arg, "--config="):
		default:
			out = append(out, arg)
		}
	}
	return out
}

// open opens the archive for writing: the service's, where the command runs
// there.
func (a *app) open(ctx context.Context, c *config.Config, must bool, progress func(archiver.Progress)) (*wire.Archive, error) {
	switch {
	case a.shared != nil:
		return a.shared, nil
	case must:
		return wire.OpenExisting(ctx, c, a.options(progress))
	}
	return wire.Open(ctx, c, a.options(progress))
}

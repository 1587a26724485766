package main

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	"stet/store"
)

// alone are the commands that need no archive, or that have it to themselves.
func alone() []string {
	return []string{"extract", "verify", "repair", "serve", "migrate", "doctor", "config", "demo", "version", "help", "completion", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd}
}

// forwardable reports whether a command needs the archive: where a service has
// it open, the service runs the command.
func forwardable(cmd *cobra.Command) bool {
	return cmd.HasParent() && !slices.Contains(alone(), topOf(cmd))
}

// errForward says that a service has the archive open, and runs the command.
var errForward = errors.New("a service runs the command")

// preRun connects to the service that has the archive open, where there is one
// and the command needs the archive.
func (a *app) preRun(cmd *cobra.Command, _ []string) error {
	a.command = topOf(cmd)
	for name, value := range map[string]string{"data": a.data, "config": a.file} {
		if cmd.Flags().Changed(name) && value == "" {
			return fmt.Errorf("%w: --%s is empty, as of a variable that is not set; name one, or leave it out", store.ErrUsage, name)
		}
	}
	if a.shared != nil {
		return a.permitted(cmd)
	}
	if server, err := a.serverOf(cmd); err != nil || server != "" {
		if err != nil {
			return err
		}
		return a.preRunRemote(cmd, server)
	}
	if !forwardable(cmd) {
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
	if a.saveDir == "" {
		return a.forwardWith(ctx, conn, args, a.stdout)
	}
	// The folder is here, whatever the service thinks of its name.
	return a.saveInto(a.saveDir, func(out io.Writer) int { return a.forwardWith(ctx, conn, savedHere(args), out) })
}

// savedHere names standard output in place of the folder of --save.
func savedHere(args []string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "--":
			return append(out, args[i:]...)
		case args[i] == "--save":
			i++
			out = append(out, "--save=-")
		case strings.HasPrefix(args[i], "--save="):
			out = append(out, "--save=-")
		default:
			out = append(out, args[i])
		}
	}
	return out
}

// forwardWith lets the service run a command line whose answer goes to stdout.
func (a *app) forwardWith(ctx context.Context, conn net.Conn, args []string, stdout io.Writer) int {
	dir, err := os.Getwd()
	if err != nil {
		dir = "" // relative names are then the client's to find anyway
	}
	name, offset := a.now().In(a.zone).Zone()
	r := forward.Request{Version: version().Version, Args: withoutPlace(args), Dir: dir, Zone: name, Offset: offset, Terminal: a.terminal, Keyboard: a.keyboard, Columns: a.columns}
	if a.command == "export" {
		return a.forwardExport(ctx, conn, r, args)
	}
	code, err := forward.Call(ctx, conn, r, a.local(namedInput(a.stdin, args), stdout, namedFiles{a.files, args, a.command == "import"}))
	if err != nil {
		return a.tell(ctx, err)
	}
	return code
}

// local are this side's ends of a command that a service runs.
func (a *app) local(stdin io.Reader, stdout io.Writer, files namedFiles) forward.Local {
	l := forward.Local{Stdin: stdin, Stdout: stdout, Stderr: a.stderr, Files: files, Tell: func(s string) { a.warn("%s", s) }}
	if a.verbose {
		l.Follow = l.Tell
	}
	return l
}

// namedFiles are the files that a command line names: no service gets others.
type namedFiles struct {
	files
	args []string
	// trees is true for a command that takes whole files and folders.
	trees bool
}

// named reports whether a name is a word of the command line.
func (f namedFiles) named(name string) bool {
	return slices.ContainsFunc(f.args, func(arg string) bool {
		_, value, _ := strings.Cut(arg, "=")
		return strings.TrimSpace(arg) == name || strings.HasPrefix(arg, "--") && value == name
	})
}

// Stat looks at a file.
func (f namedFiles) Stat(name string) (exists, dir bool, err error) {
	if !f.named(name) {
		return false, false, nil
	}
	return f.files.Stat(name)
}

// Read reads the beginning of a file.
func (f namedFiles) Read(name string, max int64) ([]byte, error) {
	if !f.named(name) {
		return nil, fmt.Errorf("%w: the service asks for %.200q, which the command does not name", store.ErrRefused, name)
	}
	return f.files.Read(name, max)
}

// namedInput is standard input where a command line names it, and else empty.
func namedInput(in io.Reader, args []string) io.Reader {
	if slices.Contains(args, "-") {
		return in
	}
	return strings.NewReader("")
}

// command runs a command for a client of the service on this machine.
func (s *service) command(ctx context.Context, r forward.Request, l forward.Local) int {
	return s.withApp(ctx, r, l, func(ctx context.Context, client *app) int { return client.run(ctx, withoutPlace(r.Args)) })
}

// withApp calls run with the program as a client of the service sees it: with
// the service's archive and configuration, and the client's files, zone and
// ends.
func (s *service) withApp(ctx context.Context, r forward.Request, l forward.Local, run func(context.Context, *app) int) int {
	ctx, v, err := s.entrance.enter(ctx, 0)
	if err != nil {
		return 130 // the client has gone, or the service ends
	}
	defer v.leave()
	client := &app{
		stdin: l.Stdin, stdout: l.Stdout, stderr: l.Stderr, files: l.Files, place: s.a.place, now: s.a.now, random: s.a.random,
		zone: time.FixedZone(r.Zone, r.Offset), terminal: r.Terminal, keyboard: r.Keyboard, columns: r.Columns, fetch: s.a.fetch, dir: r.Dir,
		shared: s.archive().Share(), config: s.c, tokens: s.a.tokens, peer: l.User,
	}
	client.replace = func(ctx context.Context, w wire.Restoring, report func(wire.CopyProgress)) (wire.RestoreSummary, int, error) {
		v.leave() // it waits until nobody is inside
		return s.replace(ctx, w, report)
	}
	code := run(ctx, client)
	if code != 0 && errors.Is(context.Cause(ctx), errReplaced) {
		client.warn("%s; run the command again", errReplaced)
		return exitCode(store.ErrBusy)
	}
	return code
}

// withoutPlace drops the flags that say which archive, and the way to it: it is
// the service's.
func withoutPlace(args []string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		if args[i] == "--" {
			return append(out, args[i:]...)
		}
		name, _, whole := strings.Cut(args[i], "=")
		switch name {
		case "--data", "--config", "--server", "--token-file":
			if !whole {
				i++
			}
		case "--insecure":
		default:
			out = append(out, args[i])
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

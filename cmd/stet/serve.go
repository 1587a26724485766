package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/user"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/cobra"

	"stet/archiver"
	"stet/cmd/internal/config"
	"stet/cmd/internal/forward"
	"stet/cmd/internal/wire"
	"stet/store"
)

func (a *app) serveCommand() *cobra.Command {
	var (
		once bool
		role string
	)
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Follow the sources, look again by schedule, and tell people",
		Long: `Run until it is stopped: read the sources by their schedule, capture what is
new, look at the captured posts again, weigh what was seen, and tell those who
are to be told. Every other command works while it runs. It stops within ten
seconds of SIGTERM, and goes on where it was when it is started again.`,
		Example: `  stet serve
  stet serve --once         (do what is due, for those who prefer cron)`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.serve(cmd.Context(), once, role) },
	}
	cmd.Flags().StringVar(&role, "role", "", "what this process does: all, worker or web (serve.role; for archives in PostgreSQL)")
	cmd.Flags().BoolVar(&once, "once", false, "do all that is due, then end")
	return cmd
}

// The roles of a service.
const (
	roleAll    = "all"
	roleWorker = "worker"
	roleWeb    = "web"
)

// service is a running service.
type service struct {
	a   *app
	c   *config.Config
	log *slog.Logger
	// at is the archive that it works on now; exchanges are those that are to
	// take its place, and entrance is who uses it.
	at        atomic.Pointer[shift]
	exchanges chan *exchange
	exchange  atomic.Bool
	entrance  entrance
	// raw is where archived bytes have an origin of their own; empty for nowhere.
	raw string
	// beat is when the workers were last seen alive, in Unix seconds.
	beat atomic.Int64
	full atomic.Bool
	// trouble is what the storage of the archive last refused, nil for nothing.
	trouble atomic.Pointer[trouble]
}

// trouble is something that the storage of the archive refused at a time.
type trouble struct {
	err error
	at  time.Time
	// head is where the journal ended then, or, where that could not be read,
	// when somebody asked first.
	head atomic.Uint64
}

func (a *app) serve(ctx context.Context, once bool, role string) (err error) {
	c, err := a.load()
	if err != nil {
		return err
	}
	if role != "" {
		if c.Serve.Role, err = config.ParseRole(role); err != nil {
			return fmt.Errorf("%w: --role: %w", store.ErrUsage, err)
		}
	}
	if c.Serve.Role != roleAll && c.Storage.Postgres == "" {
		return fmt.Errorf("%w: the role %s is for archives that several processes share; set storage.postgres, or serve with the role all", store.ErrUsage, c.Serve.Role)
	}
	if once && c.Serve.Role == roleWeb {
		return fmt.Errorf("%w: the role web does no work of the schedule, so that there is nothing to do once", store.ErrUsage)
	}
	s := &service{a: a, c: c, log: a.logger(c), exchanges: make(chan *exchange)}
	if err := s.open(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.at.Load().w.Close()) }()
	if once {
		return s.once(ctx)
	}
	return s.run(ctx)
}

func (a *app) logger(c *config.Config) *slog.Logger {
	if c.Serve.Log == "json" {
		return slog.New(slog.NewJSONHandler(a.stderr, nil))
	}
	return slog.New(slog.NewTextHandler(a.stderr, nil))
}

// report logs trouble with those who are to be told.
func (s *service) report(r wire.NotifyReport) {
	s.log.Warn("telling", "target", r.Target, "state", string(r.State), "error", errorText(r.Err), "tries", r.Tries)
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// jobFailed logs the failure of a job; the job itself keeps it too.
func (s *service) jobFailed(j store.Job, err error) {
	class := store.ClassOf(err)
	if storageTrouble(err) {
		t := &trouble{err: err, at: s.a.now()}
		late, cancel := context.WithTimeout(context.Background(), readyTime)
		defer cancel()
		if head, err := s.archive().Archive.Archive.Backend().Head(late); err == nil {
			t.head.Store(head)
		}
		s.trouble.Store(t)
	}
	s.log.Info("job failed", "kind", j.Kind, "key", j.Key, "attempt", j.Attempts, "class", class.Name, "error", err.Error())
}

// stampFailed logs trouble with the heads of the evidence tree.
func (s *service) stampFailed(err error) {
	s.log.Warn("evidence", "class", store.ClassOf(err).Name, "error", err.Error())
}

// readyTime is how long the storage may take to answer at all.
const readyTime = 5 * time.Second

// troubleTime is for how long what the storage refused keeps the service from
// being ready: longer than workers wait before they try again.
const troubleTime = 90 * time.Second

// ready says why the service does not take work.
func (s *service) ready(ctx context.Context) error {
	if s.exchange.Load() {
		return fmt.Errorf("%w: another archive is put in the place of this one", store.ErrBusy)
	}
	if w := s.archive(); w != nil {
		late, cancel := context.WithTimeout(ctx, readyTime)
		defer cancel()
		head, err := w.Reading.Backend().Head(late)
		if err != nil {
			return fmt.Errorf("reading the archive: %w", err)
		}
		// Pages go on without large files; what is captured waits for them.
		if w.Files != nil && s.c.Serve.Role != roleWeb {
			if err := w.Files(late); err != nil {
				return fmt.Errorf("reaching the place for large files: %w", err)
			}
		}
		if err := s.refused(head); err != nil {
			return fmt.Errorf("what was captured last could not be kept: %w", err)
		}
	}
	if s.full.Load() {
		return fmt.Errorf("%w: less than serve.min_free of the disk is free; nothing new is captured", store.ErrFull)
	}
	return nil
}

// refused returns what the storage refused lately, nil where something could be
// kept since, by whatever machine.
func (s *service) refused(head uint64) error {
	t := s.trouble.Load()
	if t == nil {
		return nil
	}
	t.head.CompareAndSwap(0, head)
	if s.a.now().Sub(t.at) >= troubleTime || head > t.head.Load() {
		s.trouble.CompareAndSwap(t, nil)
		return nil
	}
	return t.err
}

// room reports whether the disk has room for captures, and logs the change.
func (s *service) room() bool {
	s.beat.Store(s.a.now().Unix())
	free, err := wire.DiskFree(s.c.Data)
	full := err == nil && free < s.c.Serve.MinFree
	if s.full.Swap(full) != full {
		s.log.Warn("disk", "full", full, "free_bytes", free, "min_free_bytes", s.c.Serve.MinFree)
	}
	return !full
}

func (s *service) runOptions(once bool) archiver.RunOptions {
	return archiver.RunOptions{Workers: s.c.Serve.Workers, Once: once, Room: s.room, Report: s.jobFailed}
}

// once does all that is due, and tells about it.
func (s *service) once(ctx context.Context) error {
	w := s.archive()
	if err := w.Engine.Run(ctx, s.runOptions(true)); err != nil {
		return err
	}
	if err := s.followOnce(ctx); err != nil {
		return err
	}
	if _, err := w.Keeper.RunDue(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("doing what is due: %w; what is not done stays due", ctx.Err())
	}
	stamps, err := w.Stamps(s.c, s.a.options(nil), s.stampFailed)
	if err != nil {
		return err
	}
	if _, err := stamps.Once(ctx); err != nil && ctx.Err() == nil {
		s.stampFailed(err)
	}
	if err := w.Notifier.Once(ctx); err != nil {
		return fmt.Errorf("%w: telling people: %w", store.ErrPartial, err)
	}
	return nil
}

// followOnce does what follows from what was captured just now: it is drawn, and
// handed over, too.
func (s *service) followOnce(ctx context.Context) error {
	w := s.archive()
	if w.Drawings == nil && w.Submissions == nil {
		return nil
	}
	if d := w.Drawings; d != nil {
		if err := d.Once(ctx); err != nil {
			return err
		}
	}
	if d := w.Submissions; d != nil {
		if err := d.Once(ctx); err != nil {
			return err
		}
	}
	return w.Engine.Run(ctx, s.runOptions(true))
}

// run works until ctx ends. Whatever ends early ends the rest.
func (s *service) run(ctx context.Context) error {
	outer := ctx
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	doors, err := s.listen(ctx)
	if err != nil {
		return err
	}
	err = s.begin(ctx)
	if err == nil {
		err = s.firstUser(doors.desk)
	}
	if err == nil {
		err = s.alone(ctx)
	}
	var socket net.Listener
	if err == nil {
		socket, err = s.socket(ctx)
	}
	if err != nil {
		return errors.Join(err, doors.close())
	}
	parts := newParts(stop)
	parts.begin(func() error { return s.shifts(ctx) })
	parts.begin(func() error { return forward.Serve(ctx, socket, version().Version, s.command) })
	for _, serve := range s.serving(doors) {
		parts.begin(func() error { return serve(ctx) })
	}
	parts.begin(func() error { return s.tellSystemd(ctx) })
	s.warnPlain(doors.desk)
	s.log.Info("serving", "archive", s.c.Data, "pages", s.address(doors.desk), "public", s.address(doors.public), "raw", s.address(doors.raw), "version", version().Version)
	err = parts.wait()
	if outer.Err() != nil {
		s.log.Info("stopped")
	}
	return err
}

// patience is how long a part waits that the storage of the archive keeps from
// working: doubling from the first to the second.
const (
	firstPatience = time.Second
	mostPatience  = 30 * time.Second
)

// patiently runs a part again for as long as the storage of the archive is the
// reason why it ended: a database that is restarted ends no service.
func (s *service) patiently(ctx context.Context, name string, f func(context.Context) error) error {
	for wait := firstPatience; ; wait = min(2*wait, mostPatience) {
		began := s.a.now()
		err := f(ctx)
		if err == nil || ctx.Err() != nil || !storageTrouble(err) {
			return err
		}
		if s.a.now().Sub(began) > mostPatience {
			wait = firstPatience
		}
		s.log.Warn("waiting for the storage of the archive", "part", name, "error", err.Error())
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-t.C:
		}
	}
}

// storageTrouble reports whether an error is the archive's own storage being
// away or full, which passes.
func storageTrouble(err error) bool {
	class := store.ClassOf(err).Name
	return class == "unavailable" || class == "busy" || class == "full"
}

// alone errors with ErrBusy where another service works with the folder of this
// machine's own files. An archive in one file is locked by whoever has it open;
// one in PostgreSQL is not.
func (s *service) alone(ctx context.Context) error {
	if s.c.Storage.Postgres == "" {
		return nil
	}
	conn, err := forward.Dial(ctx, forward.Path(s.c.Data, os.TempDir()))
	if err != nil || conn == nil {
		return err
	}
	return errors.Join(fmt.Errorf("%w: a service that has the folder %s open runs already; give this one another with --data", store.ErrBusy, s.c.Data), conn.Close())
}

// socket makes the socket over which other commands are run.
func (s *service) socket(ctx context.Context) (net.Listener, error) {
	gid := -1
	if name := s.c.Serve.SocketGroup; name != "" {
		g, err := user.LookupGroup(name)
		if err != nil {
			g, err = user.LookupGroupId(name)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: serve.socket_group: there is no group %q", store.ErrUsage, name)
		}
		if gid, err = strconv.Atoi(g.Gid); err != nil {
			return nil, fmt.Errorf("%w: serve.socket_group: the group %q has no number", store.ErrUsage, name)
		}
		if err := forward.LetIn(s.c.Data, gid); err != nil {
			return nil, err
		}
	}
	return forward.Listen(ctx, forward.Path(s.c.Data, os.TempDir()), gid)
}

// tellSystemd tells the service manager, where there is one that asks for it,
// that the service is ready, alive, and stopping.
func (s *service) tellSystemd(ctx context.Context) error {
	if _, err := daemon.SdNotify(false, daemon.SdNotifyReady); err != nil {
		return fmt.Errorf("telling the service manager: %w", err)
	}
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return fmt.Errorf("asking for the service manager's watchdog: %w", err)
	}
	if interval <= 0 {
		interval = time.Hour
	}
	tick := time.NewTicker(interval / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			_, err := daemon.SdNotify(false, daemon.SdNotifyStopping)
			return err
		case <-tick.C:
			// Only workers that move keep the watchdog quiet, and what they wait
			// for.
			if s.a.now().Unix()-s.beat.Load() < int64(interval.Seconds()) || s.exchange.Load() || s.archive().Remaking() {
				if _, err := daemon.SdNotify(false, daemon.SdNotifyWatchdog); err != nil {
					return fmt.Errorf("telling the service manager: %w", err)
				}
			}
		}
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"stet/cmd/internal/wire"
	"stet/store"
)

// shift is a service's work on one archive, until another takes its place.
type shift struct {
	w           *wire.Service
	stamps      *wire.StampWorker
	public, raw http.Handler
	// end says that the archive is to be left as it is.
	end context.CancelFunc
}

// archive returns what the service works on now, nil before it was opened.
func (s *service) archive() *wire.Service {
	if at := s.at.Load(); at != nil {
		return at.w
	}
	return nil
}

func (s *service) options() wire.Options {
	o := s.a.options(nil)
	o.Log = s.log
	return o
}

// open opens the archive.
func (s *service) open(ctx context.Context) error {
	ctx, end := context.WithCancel(ctx)
	w, err := wire.OpenService(ctx, s.c, s.options(), s.ready, s.report)
	if err != nil {
		end()
		return err
	}
	s.at.Store(&shift{w: w, public: w.Web.Public(), raw: w.Web.Raw(), end: end})
	return nil
}

// begin prepares what the work needs, once the doors are known.
func (s *service) begin(ctx context.Context) (err error) {
	at := s.at.Load()
	if s.raw != "" {
		at.w.Web.SetRaw(s.raw)
	}
	if at.stamps, err = at.w.Stamps(s.c, s.a.options(nil), s.stampFailed); err == nil && s.c.Storage.Postgres == "" {
		// Where others share the archive, one of them makes the key: see sign.
		err = at.stamps.Begin(ctx)
	}
	return err
}

// parts are what works side by side: whatever ends early ends the rest.
type parts struct {
	stop  func()
	group sync.WaitGroup
	mu    sync.Mutex
	errs  []error
}

func newParts(stop func()) *parts { return &parts{stop: stop} }

func (p *parts) begin(f func() error) {
	p.group.Go(func() {
		err := f()
		p.mu.Lock()
		p.errs = append(p.errs, err)
		p.mu.Unlock()
		p.stop()
	})
}

// wait waits for all, and returns what went wrong.
func (p *parts) wait() error {
	p.group.Wait()
	return errors.Join(p.errs...)
}

// shifts works on one archive after the other until ctx ends.
func (s *service) shifts(ctx context.Context) error {
	for {
		next, err := s.work(ctx)
		if next == nil {
			return err
		}
		if err != nil {
			s.log.Warn("the work on the archive ended badly", "error", err.Error())
		}
		if err := s.takeOver(ctx, next); err != nil {
			return err
		}
	}
}

// work works on the present archive until ctx ends, or another is to take its
// place, which it returns.
func (s *service) work(ctx context.Context) (next *exchange, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	at := s.at.Load()
	w := at.w
	parts := newParts(stop)
	if s.c.Serve.Role != roleWeb {
		parts.begin(func() error {
			return s.patiently(ctx, "jobs", func(ctx context.Context) error { return w.Engine.Run(ctx, s.runOptions(false)) })
		})
		parts.begin(func() error {
			return s.patiently(ctx, "stamps", func(ctx context.Context) error { return s.sign(ctx, at.stamps) })
		})
		// What follows the journal does so on one machine at a time.
		for name, f := range s.followers() {
			parts.begin(func() error {
				return s.patiently(ctx, name, func(ctx context.Context) error { return w.Alone(ctx, name, f) })
			})
		}
	}
	parts.begin(func() error { return s.patiently(ctx, "pictures", w.RunPictures) })
	parts.begin(func() error {
		return s.patiently(ctx, "policies", func(ctx context.Context) error { return w.Removals.RunGone(ctx, s.c.Policy.XAPIOnGone) })
	})
	if s.searches() {
		parts.begin(func() error { return s.patiently(ctx, "words", w.RunWords) })
	}
	parts.begin(func() error {
		select {
		case next = <-s.exchanges:
		case <-ctx.Done():
		}
		return nil
	})
	err = parts.wait()
	return next, err
}

// exchange is an archive that is to take the place of the one that is served.
type exchange struct {
	with *wire.Replacement
	done chan exchanged
}

// exchanged is what became of it.
type exchanged struct {
	sum    wire.RestoreSummary
	tokens int
	err    error
}

// replace puts a backup in the place of the archive that is served. The backup
// is checked and copied while everything goes on; what is under way then is
// ended as when the service is stopped, and goes on with the other archive.
func (s *service) replace(ctx context.Context, r wire.Restoring, report func(wire.CopyProgress)) (wire.RestoreSummary, int, error) {
	if !s.exchange.CompareAndSwap(false, true) {
		return wire.RestoreSummary{}, 0, fmt.Errorf("%w: another archive is being put in the place of this one already", store.ErrBusy)
	}
	defer s.exchange.Store(false)
	p, err := s.archive().PrepareRestore(ctx, s.c, s.options(), r, report)
	if err != nil {
		return wire.RestoreSummary{}, 0, err
	}
	e := &exchange{with: p, done: make(chan exchanged, 1)}
	select {
	case s.exchanges <- e:
	case <-ctx.Done():
		return wire.RestoreSummary{}, 0, errors.Join(ctx.Err(), p.Close())
	}
	// It is the service's from here on: a client that goes away changes nothing.
	x := <-e.done
	return x.sum, x.tokens, x.err
}

// leaveTime is how long those who use an archive may take to end before it is
// closed: they get errors then.
const leaveTime = 5 * time.Second

// takeOver puts the next archive in the place of the present one and opens it,
// or the one of before where that fails. It errors where neither can be opened.
func (s *service) takeOver(ctx context.Context, next *exchange) error {
	s.log.Info("another archive takes the place of this one", "from", next.with.From)
	left, open := s.entrance.shut()
	defer open()
	late := time.NewTimer(leaveTime)
	defer late.Stop()
	select {
	case <-left:
	case <-late.C:
	}
	at := s.at.Load()
	at.end()
	if err := at.w.Close(); err != nil {
		s.log.Warn("closing the archive", "error", err.Error())
	}
	var x exchanged
	x.sum, x.tokens, x.err = next.with.Finish(ctx, s.c, s.options())
	x.err = errors.Join(x.err, next.with.Close())
	if x.err != nil {
		s.log.Warn("the other archive did not take the place of this one", "error", x.err.Error())
	} else {
		s.log.Info("restored", "records", x.sum.Records, "aside", x.sum.Aside)
	}
	err := s.open(ctx)
	if err == nil {
		err = s.begin(ctx)
	}
	if err != nil {
		err = fmt.Errorf("opening the archive again: %w", err)
	}
	x.err = errors.Join(x.err, err)
	open()
	next.done <- x
	return err
}

// searches reports whether this machine answers searches of an archive to which
// others add.
func (s *service) searches() bool { return s.archive().Shared() && s.c.Serve.Role != roleWorker }

// sign lets heads of the evidence tree be signed, by one machine at a time and
// never by one that would have to make a second key for it.
func (s *service) sign(ctx context.Context, stamps *wire.StampWorker) error {
	w := s.archive()
	may, err := w.MaySign(ctx)
	if err != nil {
		return err
	}
	if may {
		err = w.Alone(ctx, "stamps", func(ctx context.Context) error {
			// Another may have made the key while this one waited.
			if may, err = w.MaySign(ctx); err != nil || !may {
				return err
			}
			if err := stamps.Begin(ctx); err != nil {
				return err
			}
			return stamps.Run(ctx)
		})
	}
	if err != nil || may {
		return err
	}
	s.log.Info("this machine does not have the key that signs heads, and leaves it to those that do", "key", "evidence.key")
	<-ctx.Done()
	return nil
}

// followers are the parts that follow the archive and act outside: each for one
// machine at a time.
func (s *service) followers() map[string]func(context.Context) error {
	w := s.archive()
	all := map[string]func(context.Context) error{
		"alerts": func(ctx context.Context) error {
			err := w.Notifier.Run(ctx)
			if err == nil {
				<-ctx.Done() // with nobody to tell it ends at once
			}
			return err
		},
	}
	all["retention"] = w.Keeper.Run
	if d := w.Drawings; d != nil {
		all["drawings"] = d.Run
	}
	if d := w.Submissions; d != nil {
		all["submissions"] = d.Run
	}
	if w.Push != nil {
		all["push"] = func(ctx context.Context) error {
			return w.Push.Run(ctx, func(err error) { s.log.Info("the stream of Bluesky is interrupted", "error", err.Error()) })
		}
	}
	return all
}

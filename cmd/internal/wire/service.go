package wire

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"stet/archiver/bluesky"
	"stet/archiver/fetch"
	"stet/archiver/notify"
	"stet/archiver/source"
	"stet/archiver/web"
	"stet/cmd/internal/config"
	"stet/store"
)

// Service is an open archive with what works on it by itself.
type Service struct {
	*Archive
	// Notifier tells people.
	Notifier *notify.Notifier
	// Web answers the pages for operators.
	Web *web.Server
	// Files says why the place for large files cannot be reached; nil where they
	// are kept with the archive.
	Files func(context.Context) error
	// Push follows the stream of Bluesky's events; nil where that is off.
	Push *bluesky.Stream
}

// OpenService opens the archive for a service, and makes one where there is
// none. ready says why the service does not take work; report is told of
// trouble with those who are to be told. The caller closes it.
func OpenService(ctx context.Context, c *config.Config, o Options, ready func(context.Context) error, report func(notify.Report)) (_ *Service, err error) {
	o = o.withDefaults()
	a, err := Open(ctx, c, o)
	if err != nil {
		return nil, err
	}
	s := &Service{Archive: a}
	defer func() {
		if err != nil {
			_ = a.Close() // the first error says what is wrong
		}
	}()
	// What was restored by other means may lack what was taken down since.
	if _, err := a.Replay(ctx); err != nil {
		return nil, fmt.Errorf("carrying out takedowns: %w", err)
	}
	if s.Notifier, err = a.notifier(c, o, report); err != nil {
		return nil, err
	}
	if err := s.Notifier.Begin(ctx); err != nil {
		return nil, err
	}
	if s.Drawings != nil {
		if err := s.Drawings.Begin(ctx); err != nil {
			return nil, fmt.Errorf("following what is captured: %w", err)
		}
	}
	if s.Submissions != nil {
		if err := s.Submissions.Begin(ctx); err != nil {
			return nil, fmt.Errorf("following what is captured: %w", err)
		}
	}
	if c.Serve.Role != "web" {
		if err := s.sync(ctx, c); err != nil {
			return nil, fmt.Errorf("taking over the configured sources: %w", err)
		}
	}
	if s.Push, err = a.push(c, o); err != nil {
		return nil, err
	}
	secret, err := pageSecret(a.Dir, o.Random)
	if err != nil {
		return nil, err
	}
	s.Files = a.filesOf(o)
	s.Web, err = web.New(web.Options{Words: a.wordsOf(c), Files: s.Files, Archive: a.Reading, Engine: a.Engine, Reader: a.Reader, Finder: Finder(), Statter: a.Statter, Version: o.Version, Ready: ready,
		Disk: func() (int64, error) { return DiskFree(c.Data) }, Platforms: pagePlatforms(c), Sources: pageSources{a.Sources}, ReadPicture: ReadPicture, Bundles: pageBundles{a, o.Version}, Public: publicOf(c), Hosts: c.Serve.Hosts, Keys: Keys(a.Dir, o.Now), Secret: secret, Random: o.Random, Log: o.Log})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// filesOf says whether the place for large files can be reached, nil where they
// are kept with the archive.
func (a *Archive) filesOf(o Options) func(context.Context) error {
	p, ok := a.db.(store.Prober)
	if !ok {
		return nil
	}
	return newProbe(p, o.Now).check
}

// wordsOf says how far this machine's index of words has come, nil where it is
// never behind or nobody searches.
func (a *Archive) wordsOf(c *config.Config) func(context.Context) (reached, head uint64, err error) {
	if !a.Shared() || c.Serve.Role == "worker" {
		return nil
	}
	return func(ctx context.Context) (uint64, uint64, error) {
		lag, err := a.WordsLag(ctx)
		return lag.Reached, lag.Head, err
	}
}

// syncTries is how often the configured sources are tried to be taken over, a
// second apart, while another machine is reading one of them.
const syncTries = 60

// sync takes over the configured sources.
func (s *Service) sync(ctx context.Context, c *config.Config) error {
	for try := 1; ; try++ {
		err := s.Sources.Sync(ctx, plans(c))
		if err == nil || c.Storage.Postgres == "" || !store.ClassOf(err).Retry || try == syncTries || !pause(ctx, time.Second) {
			return err
		}
	}
}

// sources returns the worker of the archive's sources.
func (a *Archive) sources(o Options, client *fetch.Client) *source.Worker {
	robots := source.NewRobots(client, source.RobotsOptions{Now: o.Now})
	reader := source.NewReader(client, source.ReaderOptions{Robots: robots, Now: o.Now})
	return source.NewWorker(a.Archive, reader, a.Engine, robots, rand.Float64)
}

// plans are the configured sources.
func plans(c *config.Config) []source.Plan {
	list := make([]source.Plan, 0, len(c.Sources))
	for _, s := range c.Sources {
		if s.File != "" {
			s.URL = source.FileURL(s.File)
		}
		list = append(list, source.Plan{Source: source.Source{Name: s.Name, URL: s.URL, Kind: kindOf(s.Kind)}, Every: s.Every, Cron: s.Cron,
			Zone: s.Zone, IgnoreRobots: s.IgnoreRobots, Keep: s.Keep, Configured: true})
	}
	return list
}

// kindOf reads a kind; one that is not known is left to the worker to refuse.
func kindOf(s string) source.Kind {
	k, err := source.ParseKind(s)
	if err != nil {
		return source.Kind(s)
	}
	return k
}

// ownClient makes a client for addresses that are the operator's own choice.
func (a *Archive) ownClient(c *config.Config, o Options) (*fetch.Client, error) {
	client, err := operators(c, o)
	if err == nil {
		a.closers = append(a.closers, client.Close)
	}
	return client, err
}

// operators returns a client for addresses that the operator named.
func operators(c *config.Config, o Options) (*fetch.Client, error) {
	own := o
	own.Fetch = func(f *fetch.Options) {
		if o.Fetch != nil {
			o.Fetch(f)
		}
		f.AllowPrivate = true
		f.Access = nil // it is for what is captured
	}
	return Client(c, own)
}

// notifier returns what tells people, through a client of its own: their
// addresses are the operator's.
func (a *Archive) notifier(c *config.Config, o Options, report func(notify.Report)) (*notify.Notifier, error) {
	client, err := a.ownClient(c, o)
	if err != nil {
		return nil, err
	}
	return notify.New(notify.Options{Journal: a.Archive.Backend(), Cursors: a.Archive.Backend(), Events: a.Engine.EventsOf, Client: client,
		Report: report, Now: o.Now}, targets(c))
}

// targets are the configured places where people are told.
func targets(c *config.Config) []notify.Target {
	list := make([]notify.Target, 0, len(c.Notify))
	for _, n := range c.Notify {
		list = append(list, notify.Target{Name: n.Name, Kind: notify.Kind(n.Kind), URL: n.URL, Secret: n.Secret, From: n.From, To: n.To,
			User: n.User, Password: n.Password, Events: n.Events, Articles: n.Articles, Sources: n.Sources,
			IncludeText: n.IncludeText, IncludePrivate: n.IncludePrivate, Wait: n.Wait, MinInterval: n.MinInterval})
	}
	return list
}

// CheckSources errors where the service could not follow the configured sources.
func CheckSources(c *config.Config) error {
	for _, p := range plans(c) {
		if err := p.Check(); err != nil {
			return fmt.Errorf("%s: %w", p.Source.Name, err)
		}
	}
	return nil
}

// CheckNotify errors where the service could not tell those that are configured.
func CheckNotify(c *config.Config) error {
	for _, t := range targets(c) {
		if err := t.Check(); err != nil {
			return err
		}
	}
	return nil
}

// CheckClient errors where nothing could be asked, such as for want of the
// certificates that are configured.
func CheckClient(c *config.Config, o Options) error {
	client, err := Client(c, o.withDefaults())
	if err != nil {
		return err
	}
	return client.Close()
}

// push returns what follows the stream of Bluesky's events, nil where that is
// not configured. A stream of the operator's own may be anywhere; the one that
// is built in is subject to the guard.
func (a *Archive) push(c *config.Config, o Options) (*bluesky.Stream, error) {
	if !c.Bluesky.Push {
		return nil, nil
	}
	client, err := Client(c, o)
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, client.Close)
	d := bluesky.Dialer{Dial: client.Dial, TLS: client.OwnTLS}
	if c.Bluesky.PushURL != "" {
		d.Dial = client.DialOwn
	}
	return bluesky.NewStream(bluesky.StreamOptions{URL: c.Bluesky.PushURL, Archive: a.Archive, Engine: a.Engine, Dialer: d, UserAgent: client.UserAgent()}), nil
}

// EstimateSource says what following a source would bring and cost, without an
// archive.
func EstimateSource(ctx context.Context, c *config.Config, o Options, p source.Plan) (source.Estimate, error) {
	o = o.withDefaults()
	client, err := Client(c, o)
	if err != nil {
		return source.Estimate{}, err
	}
	robots := source.NewRobots(client, source.RobotsOptions{Now: o.Now})
	e, err := source.NewReader(client, source.ReaderOptions{Robots: robots, Now: o.Now}).Estimate(ctx, p.Source,
		source.EstimateOptions{Backfill: p.Backfill, Interval: c.Fetch.PerHostInterval, IgnoreRobots: p.IgnoreRobots})
	return e, errors.Join(err, client.Close())
}

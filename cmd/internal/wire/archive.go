package wire

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"stet/archiver"
	"stet/archiver/browser"
	"stet/archiver/source"
	"stet/archiver/wayback"
	"stet/cmd/internal/config"
	"stet/store"
	"stet/store/search"
)

// Archive is an open archive with everything around it.
type Archive struct {
	// Dir is the folder of the archive.
	Dir string
	// Archive is the gate in front of the store.
	Archive *store.Archive
	// Reading is the same for pages, which may read from a server that follows
	// the archive's own.
	Reading *store.Archive
	// Reader answers from the archive alone.
	Reader *archiver.Reader
	// Engine captures and looks; nil where the archive was opened for reading.
	Engine *archiver.Engine
	// Sources keeps the list of sources and reads them; nil where the archive
	// was opened for reading.
	Sources *source.Worker
	// Drawings lets what is captured be drawn; nil where browser.draw is off,
	// there is no Chromium, or the archive was opened for reading.
	Drawings *browser.Worker
	// Submissions hands pages to the Wayback Machine; nil where wayback.submit is
	// off, or the archive was opened for reading.
	Submissions *wayback.Submitter
	// Removals plans takedowns, and carries them out where the archive was opened
	// for writing.
	Removals *archiver.Remover
	// Keeper carries out how long things are kept; it lists what that is where the
	// archive was opened for reading.
	Keeper *archiver.Keeper
	// Checker proves the store and Statter measures it.
	Checker store.Checker
	Statter store.Statter
	// Heads is the evidence tree, with the heads of it that were signed.
	Heads *Heads

	db    database
	words *words
	looks *looks
	// deciding is held while the lists of decisions beside the archive are
	// changed: a service does so for several people.
	deciding *sync.Mutex
	closers  []func() error
}

// Open opens the archive for writing, and makes one where there is none. The
// caller closes it.
func Open(ctx context.Context, c *config.Config, o Options) (*Archive, error) {
	return open(ctx, c, o.withDefaults(), access{})
}

// OpenExisting opens an archive for writing; it errors with ErrNoStore where
// there is none.
func OpenExisting(ctx context.Context, c *config.Config, o Options) (*Archive, error) {
	return open(ctx, c, o.withDefaults(), access{mustExist: true})
}

// OpenReadOnly opens an archive for reading: nothing is created or changed, and
// nothing goes out. It errors with ErrNoStore where there is none.
func OpenReadOnly(ctx context.Context, c *config.Config, o Options) (*Archive, error) {
	return open(ctx, c, o.withDefaults(), access{readOnly: true})
}

func open(ctx context.Context, c *config.Config, o Options, how access) (_ *Archive, err error) {
	a := &Archive{Dir: c.Data, deciding: &sync.Mutex{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	db, closers, err := openDatabase(ctx, c, o, how)
	if err != nil {
		return nil, err
	}
	a.closers = closers
	a.db, a.Checker, a.Statter = db, db, db
	reading, err := a.readingFrom(ctx, c, o, db, how)
	if err != nil {
		return nil, err
	}
	index := newWords(c.Data, reading, how.readOnly, c.Storage.Postgres != "")
	a.words = index
	a.closers = append(a.closers, func() error { return index.close(ctx) })
	a.looks = newLooks(c.Data, reading, reading, how.readOnly, c.Storage.Postgres != "")
	a.closers = append(a.closers, func() error { return a.looks.close(ctx) })
	a.Archive = store.NewArchive(store.Parts{Backend: db, Blobs: db, Search: index, Now: o.Now, Random: o.Random})
	a.Reading = store.NewArchive(store.Parts{Backend: reading, Blobs: reading, Search: index, Now: o.Now, Random: o.Random})
	a.Heads = a.newHeads(o, how.readOnly)
	a.Reader = archiver.NewReader(archiver.ReaderOptions{Archive: a.Reading, Finder: Finder(), Rules: rules(c), PageRules: pageRules(c), Platforms: Platforms(), Pictures: a.looks})
	a.Removals = a.remover(o)
	a.Keeper = a.keeper(c, o)
	if how.readOnly {
		return a, nil
	}
	o.turns = a.turns()
	client, err := Client(c, o)
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, client.Close)
	e := engineOptions(c, o, client)
	e.Archive, e.Owner = a.Archive, owner(o)
	// The worker of the sources needs the engine, and the engine its handler.
	e.Handlers = map[string]archiver.Handler{
		archiver.JobSource:   func(ctx context.Context, j store.Job) error { return a.Sources.Handle(ctx, j) },
		browser.JobDraw:      a.draw,
		wayback.JobSubmit:    a.submit,
		archiver.JobTakedown: a.Removals.Handle,

		archiver.JobRetention:    a.Keeper.Handle,
		archiver.JobRetentionEnd: a.Keeper.Handle,
	}
	a.Engine = archiver.New(e)
	a.closers = append(a.closers, func() error {
		if ctx.Err() != nil {
			return nil // the next command, or the service, does it
		}
		return a.Removals.FollowGone(ctx, c.Policy.XAPIOnGone)
	})
	a.Sources = a.sources(o, client)
	if a.Drawings, err = a.drawings(c, o, client); err != nil {
		return nil, err
	}
	a.Submissions = a.submissions(c, client)
	if c.Storage.Postgres != "" {
		return a, nil // others may be at work; what they leave behind ends by itself
	}
	// Nobody else has the archive open: whoever still holds a job was killed.
	if _, err := a.Engine.TakeOver(ctx); err != nil {
		return nil, fmt.Errorf("taking over the work that was left behind: %w", err)
	}
	return a, nil
}

// owner names this process in leases, so that another that holds a job of the
// same kind is never taken for it.
func owner(o Options) string {
	return fmt.Sprintf("stet-%d-%x", os.Getpid(), o.Now().UnixNano())
}

// RunPictures looks at new pictures, for look-ups by picture, until the context
// ends.
func (a *Archive) RunPictures(ctx context.Context) error { return a.looks.run(ctx) }

// Shared reports whether other machines may work on the archive too.
func (a *Archive) Shared() bool { return a.words.shared }

// RunWords keeps this machine's index of words up to date with what all
// machines add, until the context ends.
func (a *Archive) RunWords(ctx context.Context) error { return a.words.run(ctx) }

// WordsLag is how far the index of words has come.
type WordsLag = search.Lag

// WordsLag says how far this machine's index of words has come.
func (a *Archive) WordsLag(ctx context.Context) (WordsLag, error) { return a.words.lag(ctx) }

// Close takes everything down, in the reverse order. It may be called again.
func (a *Archive) Close() error {
	var errs []error
	for len(a.closers) > 0 {
		last := len(a.closers) - 1
		errs = append(errs, a.closers[last]())
		a.closers = a.closers[:last]
	}
	return errors.Join(errs...)
}

// Share returns the same archive for a command that a service runs for
// somebody: closing it closes nothing.
func (a *Archive) Share() *Archive {
	c := *a
	c.closers = nil
	return &c
}

package main

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"stet/archiver"
	"stet/archiver/fetch"
	"stet/cmd/internal/config"
	"stet/cmd/internal/demo"
	"stet/cmd/internal/token"
	"stet/cmd/internal/wire"
	"stet/store"
)

// app is the program with the world around it, so that tests can give it
// another.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	files          files
	place          config.Place
	now            func() time.Time
	random         io.Reader
	// zone is the reader's.
	zone *time.Location
	// terminal and keyboard say whether stderr and stdin are a terminal.
	terminal, keyboard bool
	// columns is how wide the terminal is that the answer goes to; 0 where it
	// goes elsewhere.
	columns int
	// fetch changes the client's options; nil leaves them.
	fetch func(*fetch.Options)
	// shared is the archive of the service that runs the command, with its
	// configuration; nil where the command runs by itself.
	shared *wire.Archive
	config *config.Config
	// replace puts a backup in the place of the archive of that service.
	replace func(context.Context, wire.Restoring, func(wire.CopyProgress)) (wire.RestoreSummary, int, error)
	// dir is the working folder of the client for which a service runs the
	// command; empty where it is not known.
	dir string
	// holder is whose token runs the command from another machine; nil where the
	// person is on this one.
	holder *token.Token
	// peer is the system's user that runs the command through the socket of the
	// service, empty where the system does not tell.
	peer string
	// tokens is held by who changes the tokens: those who run commands in one
	// service share it.
	tokens *sync.Mutex
	// command is the name of the command that was found, exports the flags of
	// `stet export`.
	command string
	exports *exportFlags
	// service is the connection to the service that is to run the command.
	service net.Conn
	// facts stands between the demonstration and its archive; nil for nothing.
	facts func(facts) facts
	// inDemo is given the invented world of `stet demo --web`; nil for nobody.
	inDemo func(*demo.Desk)

	// toldForeign is true once it was said which variables have no effect.
	toldForeign bool

	// saveDir is the folder that `show --save` names; empty for none.
	saveDir string

	// The global flags.
	data, file    string
	remote        remoteFlags
	json, verbose bool

	out *output
	// at is the archive that is open, nil for none.
	at *wire.Archive
}

// run runs one command line and returns the exit code.
func (a *app) run(ctx context.Context, args []string) int {
	a.out = &output{w: a.stdout}
	if a.columns > 0 {
		a.out.columns = max(min(a.columns, columns), leastColumns)
	}
	if a.tokens == nil {
		a.tokens = &sync.Mutex{}
	}
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if errors.Is(err, errForward) {
		return a.forwardTo(ctx, a.service, args)
	}
	if a.out.err != nil {
		err = errors.Join(err, a.out.err)
	}
	return a.tell(ctx, err)
}

// classifier says what the words on the command line are.
func (a *app) classifier() classifier { return classifier{wire.Finder(), a.files} }

// load reads the configuration.
func (a *app) load() (*config.Config, error) {
	if a.config != nil {
		return a.config, nil
	}
	c, err := config.Load(a.place, config.Flags{Data: a.data, File: a.file})
	if err == nil && !a.toldForeign {
		a.toldForeign = true
		if names := config.UnknownVariables(a.place); len(names) > 0 {
			a.warn("no key of stet is called %s in the environment: without effect; `stet config print` lists the keys", strings.Join(names, ", "))
		}
	}
	return c, err
}

// options returns what package wire needs of the world.
func (a *app) options(progress func(archiver.Progress)) wire.Options {
	return wire.Options{Version: version().Version, Now: a.now, Random: a.random, Getenv: a.place.Getenv, Fetch: a.fetch, Progress: progress}
}

// reading opens the archive for reading and calls f.
func (a *app) reading(ctx context.Context, f func(*wire.Archive) error) error {
	c, err := a.load()
	if err != nil {
		return err
	}
	w := a.shared
	if w == nil {
		w, err = wire.OpenReadOnly(ctx, c, a.options(nil))
	}
	if err != nil {
		return err
	}
	return a.within(ctx, w, f)
}

// within calls f with an archive, and closes it; a negative answer then says what
// was searched.
func (a *app) within(ctx context.Context, w *wire.Archive, f func(*wire.Archive) error) (err error) {
	a.at = w
	defer func() {
		err = errors.Join(a.saysSearched(ctx, err), w.Close())
		a.at = nil
	}()
	return f(w)
}

// saysSearched adds to a negative answer what was searched, while an archive is
// open.
func (a *app) saysSearched(ctx context.Context, err error) error {
	var t *told
	if a.at == nil || !errors.Is(err, store.ErrNotFound) || errors.As(err, new(*missing)) || errors.As(err, &t) {
		return err
	}
	c, cerr := a.at.Reader.Coverage(ctx)
	if cerr != nil {
		return err // the answer is no less true
	}
	return &missing{dir: a.at.Dir, coverage: c, zone: a.zone, cause: err}
}

// notThere returns a negative answer that names what was searched.
func (a *app) notThere(ctx context.Context, w *wire.Archive, what string, cause error) error {
	c, err := w.Reader.Coverage(ctx)
	if err != nil {
		return err
	}
	return &missing{what: what, dir: w.Dir, coverage: c, zone: a.zone, cause: cause}
}

// told is an error of which the person has been told already, with the exit
// code that it leads to.
type told struct {
	code int
	err  error
}

// Error returns the cause's words.
func (t *told) Error() string { return t.err.Error() }

// Unwrap returns the cause.
func (t *told) Unwrap() error { return t.err }

// exitCode returns the exit code of an error.
func exitCode(err error) int {
	var t *told
	if errors.As(err, &t) {
		return t.code
	}
	var some *someFailed
	if errors.As(err, &some) {
		return 3 // whatever the posts failed for
	}
	return store.ClassOf(err).Exit
}

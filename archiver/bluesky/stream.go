package bluesky

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/coder/websocket"

	"stet/archiver"
	exbluesky "stet/extract/bluesky"
	"stet/extract/post"
	"stet/store"
)

// DefaultStreamURL is a public instance of the network's stream of events in
// JSON.
const DefaultStreamURL = "wss://jetstream2.us-east.bsky.network/subscribe"

const (
	// cursorName is where the archive keeps how far the stream was read.
	cursorName = "bluesky/stream"
	// maxAccounts is the most accounts that the stream can be asked for; of
	// more, the events of everybody come and are sorted here.
	maxAccounts = 10_000
	// maxEvent bounds one event in bytes: a post is a few thousand.
	maxEvent = 1 << 20
	// overlap is how far before the last event the stream is taken up again:
	// instances do not agree to the microsecond, and twice does no harm.
	overlap = 5 * time.Second
	// lookDelay lets the index read the event too: a look before that would
	// find everything as it was.
	lookDelay = 3 * time.Second
	// cursorEvery and accountsEvery are how often the place in the stream is
	// stored, and the accounts that are asked for are brought up to date.
	cursorEvery   = 10 * time.Second
	accountsEvery = time.Minute
	// pingEvery finds out that a silent connection is dead; pingTime is how
	// long the answer may take.
	pingEvery = 30 * time.Second
	pingTime  = 20 * time.Second
	// firstPause and longestPause bound the pause before a connection is made
	// again; it doubles.
	firstPause   = time.Second
	longestPause = 5 * time.Minute
)

// StreamOptions configure a [Stream]. Archive, Engine and Dialer are needed.
type StreamOptions struct {
	// URL is the address of the stream, ws or wss; empty is
	// [DefaultStreamURL].
	URL     string
	Archive *store.Archive
	Engine  *archiver.Engine
	Dialer  Dialer
	// UserAgent names the program.
	UserAgent string
	// Rand returns a number in [0,1) for jitter; nil is that of math/rand/v2.
	Rand func() float64
}

// Stream follows the public stream of the network's events. Where one concerns
// a post that the archive keeps, the next look at that post is brought forward.
// An event is hearsay: it never says what became of a post. A stream that is
// down costs nothing but time, since the looks come by their schedule too.
type Stream struct{ o StreamOptions }

// NewStream returns a stream. It starts nothing and owns nothing.
func NewStream(o StreamOptions) *Stream {
	o.URL = cmp.Or(o.URL, DefaultStreamURL)
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	return &Stream{o: o}
}

// Run follows the stream until ctx ends. It connects again whenever a
// connection fails, from where the last one ended, after a pause that grows;
// report is told why. It errors only for what the archive cannot do.
func (s *Stream) Run(ctx context.Context, report func(error)) error {
	pause := firstPause
	for ctx.Err() == nil {
		heard, err := s.follow(ctx)
		if broken := new(archiveError); errors.As(err, broken) {
			return broken.error
		}
		if ctx.Err() != nil {
			break
		}
		if heard {
			pause = firstPause
		}
		if err != nil {
			report(err)
		}
		wait(ctx, pause/2+time.Duration(s.o.Rand()*float64(pause/2)))
		pause = min(2*pause, longestPause)
	}
	return nil
}

// archiveError is an error of the archive, which connecting again does not
// mend.
type archiveError struct{ error }

// Unwrap returns it.
func (e archiveError) Unwrap() error { return e.error }

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// follow makes one connection and reads events until it ends. heard is true
// where at least one came.
func (s *Stream) follow(ctx context.Context) (heard bool, err error) {
	accounts, err := s.accounts(ctx)
	if err != nil {
		return false, archiveError{err}
	}
	if len(accounts) == 0 {
		wait(ctx, accountsEvery) // nothing is kept that could be deleted
		return true, nil
	}
	cursor, err := s.o.Archive.Backend().Cursor(ctx, cursorName)
	if err != nil {
		return false, archiveError{fmt.Errorf("reading the place in the stream of Bluesky: %w", err)}
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	conn, err := s.connect(ctx, cursor)
	if err != nil {
		return false, err
	}
	defer func() { _ = conn.CloseNow() }() // whatever it still has to say
	f := &following{s: s, conn: conn, cursor: cursor, stored: cursor}
	if err := f.ask(ctx, accounts); err != nil {
		return false, err
	}
	alive := make(chan error, 1)
	go func() {
		alive <- f.keepAlive(ctx, accounts)
		stop()
	}()
	err = f.read(ctx)
	stop()
	if cause := <-alive; cause != nil {
		err = cause
	}
	// What was handled need not come again, also where ctx has ended.
	if e := f.store(context.WithoutCancel(ctx)); e != nil {
		err = e
	}
	return f.heard, err
}

// accounts lists the accounts whose posts the archive keeps, or more than can
// be asked for.
func (s *Stream) accounts(ctx context.Context) ([]string, error) {
	prefix := string(post.Bluesky) + ":#"
	values, err := s.o.Archive.Values(ctx, store.IndexAccount, prefix, "", maxAccounts+1)
	if err != nil {
		return nil, err
	}
	dids := make([]string, len(values))
	for i, v := range values {
		dids[i] = v[len(prefix):]
	}
	return dids, nil
}

// following is one connection.
type following struct {
	s    *Stream
	conn *websocket.Conn
	// cursor is how far the stream was read, stored how far the archive knows.
	cursor, stored uint64
	storedAt       time.Time
	heard          bool
}

// ask tells the stream which events are wanted; before that, it sends none.
func (f *following) ask(ctx context.Context, accounts []string) error {
	if len(accounts) > maxAccounts {
		accounts = []string{} // of everybody
	}
	m, err := json.Marshal(map[string]any{"type": "options_update",
		"payload": map[string]any{"wantedCollections": []string{"app.bsky.feed.post"}, "wantedDids": accounts}})
	if err != nil {
		return fmt.Errorf("writing what is wanted of the stream of Bluesky: %w", err)
	}
	if err := f.conn.Write(ctx, websocket.MessageText, m); err != nil {
		return fmt.Errorf("%w: asking the stream of Bluesky: %w", store.ErrNetwork, err)
	}
	return nil
}

// keepAlive finds out that a connection is dead, and asks for accounts that
// have come to the archive. It returns when ctx ends.
func (f *following) keepAlive(ctx context.Context, asked []string) error {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := f.ping(ctx); err != nil {
			return err
		}
		if n%int(accountsEvery/pingEvery) != 0 {
			continue
		}
		accounts, err := f.s.accounts(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return archiveError{err}
		case slices.Equal(accounts, asked) || len(accounts) > maxAccounts && len(asked) > maxAccounts:
			continue
		}
		if err := f.ask(ctx, accounts); err != nil {
			return err
		}
		asked = accounts
	}
}

func (f *following) ping(ctx context.Context) error {
	timed, cancel := context.WithTimeout(ctx, pingTime)
	defer cancel()
	if err := f.conn.Ping(timed); err != nil && ctx.Err() == nil {
		return fmt.Errorf("%w: the stream of Bluesky is silent: %w", store.ErrNetwork, err)
	}
	return nil
}

// read handles events until the connection ends. One is handled after the
// other: while the archive is busy, the network waits.
func (f *following) read(ctx context.Context) error {
	for {
		_, body, err := f.conn.Read(ctx)
		if err != nil {
			return fmt.Errorf("%w: reading the stream of Bluesky: %w", store.ErrNetwork, err)
		}
		e, relevant, err := exbluesky.ParseEvent(body)
		if err != nil {
			continue // an event of tomorrow
		}
		f.heard = true
		if relevant {
			if err := f.handle(ctx, e); err != nil {
				return archiveError{err}
			}
		}
		f.cursor = max(f.cursor, e.Cursor)
		if now := f.s.o.Archive.Now(); now.Sub(f.storedAt) >= cursorEvery {
			f.storedAt = now
			if err := f.store(ctx); err != nil {
				return err
			}
		}
	}
}

// handle brings the looks forward that an event concerns.
func (f *following) handle(ctx context.Context, e exbluesky.Event) error {
	at := f.s.o.Archive.Now().Add(lookDelay)
	if e.Ref.IsZero() {
		_, err := f.s.o.Engine.LookSoonAt(ctx, post.Bluesky, e.DID, at)
		return err
	}
	_, err := f.s.o.Engine.LookSoon(ctx, e.Ref, at)
	return err
}

// store keeps the place in the stream. Where another process has set it
// meanwhile, that one's holds.
func (f *following) store(ctx context.Context) error {
	if f.cursor == f.stored {
		return nil
	}
	cursors := f.s.o.Archive.Backend()
	err := cursors.SetCursor(ctx, cursorName, f.stored, f.cursor)
	if errors.Is(err, store.ErrConflict) {
		f.stored, err = cursors.Cursor(ctx, cursorName)
	} else if err == nil {
		f.stored = f.cursor
	}
	if err != nil {
		return archiveError{fmt.Errorf("keeping the place in the stream of Bluesky: %w", err)}
	}
	return nil
}

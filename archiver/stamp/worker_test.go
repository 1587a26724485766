package stamp_test

import (
	"context"
	"crypto/rand"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/digitorus/timestamp"

	"stet/archiver/fakenet"
	"stet/archiver/fetch"
	"stet/archiver/stamp"
	"stet/extract/post"
	"stet/store"
	"stet/store/evidence"
	"stet/store/mem"
	"stet/store/storetest"
)

const (
	authority = "https://tsa.example/tsa"
	second    = "https://tsa.second.example/tsa"
	calendar  = "https://calendar.example"
)

// world is an archive in memory, with authorities on a fake internet.
type world struct {
	*testing.T
	ctx      context.Context
	net      *fakenet.Net
	tsa      *fakenet.TSA
	calendar *fakenet.Calendar
	archive  *store.Archive
	log      *evidence.Log
	worker   *stamp.Worker
	reported []error
}

// inWorld runs a story in a bubble of time.
func inWorld(t *testing.T, tell func(*world)) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)))
		w := &world{T: t, ctx: context.Background(), net: fakenet.New(fakenet.Options{Now: time.Now})}
		w.tsa = w.net.TSA("tsa.example")
		w.net.TSA("tsa.second.example")
		w.calendar = w.net.Calendar("calendar.example")
		client, err := fetch.New(w.net.FetchOptions())
		w.must(err)
		backend := mem.New(mem.Options{Now: time.Now})
		w.archive = store.NewArchive(store.Parts{Backend: backend, Blobs: backend, Now: time.Now, Random: rand.Reader})
		w.log, err = evidence.Open(evidence.Options{Archive: w.archive, Random: rand.Reader})
		w.must(err)
		pool, err := evidence.Pool(w.tsa.Roots)
		w.must(err)
		w.worker = stamp.NewWorker(stamp.Options{Archive: w.archive, Log: w.log, Client: client, Random: rand.Reader, Roots: pool,
			Authorities: []string{authority}, Calendars: []string{calendar}, Report: func(err error) { w.reported = append(w.reported, err) }})
		w.must(w.worker.Begin(w.ctx))
		w.add()
		tell(w)
		w.must(client.Close())
		w.must(w.net.Close())
	})
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) add() {
	w.Helper()
	b := w.archive.Begin()
	_, err := b.Add(w.ctx, &store.Look{Time: w.archive.Now(), Ref: post.Ref{Platform: post.Twitter, ID: "20"}, Result: post.Live, Endpoint: "oembed"})
	w.must(err)
	_, err = b.Commit(w.ctx)
	w.must(err)
}

// pass lets the worker run for a time.
func (w *world) pass(d time.Duration) {
	w.Helper()
	ctx, stop := context.WithTimeout(w.ctx, d)
	defer stop()
	w.must(w.worker.Run(ctx))
}

func (w *world) stamps(form store.StampForm) []*store.Stamp {
	w.Helper()
	records, err := w.archive.ListAll(w.ctx, store.StampTerm(form), 1000)
	w.must(err)
	var list []*store.Stamp
	for i := range records {
		s, err := store.Decode[store.Stamp](&records[i])
		w.must(err)
		list = append(list, s)
	}
	return list
}

func (w *world) states() []stamp.State {
	w.Helper()
	list, err := stamp.States(w.ctx, w.archive, []string{authority}, []string{calendar})
	w.must(err)
	return list
}

// message returns the head that a stamp is of.
func (w *world) message(s *store.Stamp) []byte {
	w.Helper()
	r, err := w.archive.Get(w.ctx, s.Of)
	w.must(err)
	head, err := store.Decode[store.Stamp](&r)
	w.must(err)
	return head.Body
}

func TestHeadsAreStampedBySchedule(t *testing.T) {
	inWorld(t, func(w *world) {
		w.pass(2 * time.Hour)
		stamps := w.stamps(store.StampRFC3161)
		if len(stamps) != 1 || stamps[0].State != store.StampComplete || len(stamps[0].Exchanges) != 1 || stamps[0].Size != 1 {
			t.Fatalf("after two hours: %+v", stamps)
		}
		ts, err := evidence.ReadTimeStamp(stamps[0].Body)
		w.must(err)
		w.must(ts.Of(w.message(stamps[0])))
		pool, err := evidence.Pool(w.tsa.Roots)
		w.must(err)
		w.must(ts.Trusted(pool))
		if !ts.Time.Equal(stamps[0].At) || ts.Of([]byte("other")) == nil {
			t.Errorf("the stamp says %v, the record %v", ts.Time, stamps[0].At)
		}
		if n := len(w.stamps(store.StampCheckpoint)); n != 1 {
			t.Errorf("%d heads for one record: stamps alone call for no other", n)
		}
		w.add()
		w.pass(22 * time.Hour)
		if n := len(w.stamps(store.StampRFC3161)); n != 1 {
			t.Errorf("%d stamps within a day", n)
		}
		w.pass(3 * time.Hour)
		stamps = w.stamps(store.StampRFC3161)
		if len(stamps) != 2 || stamps[1].Size <= stamps[0].Size {
			t.Errorf("after a day: %+v", stamps)
		}
		w.pass(10 * 24 * time.Hour)
		if n := len(w.stamps(store.StampRFC3161)); n != 2 {
			t.Errorf("%d stamps although nothing was added", n)
		}
		if len(w.reported) > 0 {
			t.Errorf("reported: %v", w.reported)
		}
	})
}

func TestCalendarsAreCompletedByThemselves(t *testing.T) {
	inWorld(t, func(w *world) {
		w.pass(3 * time.Hour)
		stamps := w.stamps(store.StampOTS)
		if len(stamps) != 1 || stamps[0].State != store.StampPending {
			t.Fatalf("%+v", stamps)
		}
		if s := w.states()[1]; s.State != store.StampPending || s.Pending != 1 {
			t.Errorf("the state is %+v", s)
		}
		w.calendar.Publish(900_000)
		w.pass(2 * time.Hour)
		stamps = w.stamps(store.StampOTS)
		if len(stamps) != 2 || stamps[1].State != store.StampComplete || stamps[1].Of != stamps[0].Of {
			t.Fatalf("%+v", stamps)
		}
		o, err := evidence.ReadOTS(stamps[1].Body)
		w.must(err)
		blocks := o.Blocks()
		if len(blocks) != 1 || blocks[0].Height != 900_000 || o.Digest != store.DigestOf(w.message(stamps[1])) {
			t.Errorf("the proof leads to %v", blocks)
		}
		at := time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC)
		header, err := evidence.ParseBlockHeader("900000:" + w.calendar.Header(900_000, at))
		w.must(err)
		if !header.Holds(&blocks[0]) || !header.Time().Equal(at) {
			t.Error("the block's header does not hold the proof")
		}
		if s := w.states()[1]; s.State != store.StampComplete || s.Pending != 0 || s.Last.IsZero() {
			t.Errorf("the state is %+v", s)
		}
	})
}

func TestCalendarThatNeverCompletes(t *testing.T) {
	inWorld(t, func(w *world) {
		w.pass(31 * 24 * time.Hour)
		stamps := w.stamps(store.StampOTS)
		if len(stamps) != 3 || stamps[1].State != store.StampFailed || stamps[1].Error == "" || stamps[2].State != store.StampPending {
			t.Errorf("after a month it is given up and asked for again: %+v", stamps)
		}
		if s := w.states()[1]; s.Pending != 1 {
			t.Errorf("after a month: %+v", s)
		}
	})
}

// TestAuthoritiesAreNotBelieved: wrong answers are kept as failures, once, and
// asked again.
func TestAuthoritiesAreNotBelieved(t *testing.T) {
	lies := map[string]func(*timestamp.Timestamp){
		"another nonce":  func(s *timestamp.Timestamp) { s.Nonce = new(big.Int).Add(s.Nonce, big.NewInt(1)) },
		"no nonce":       func(s *timestamp.Timestamp) { s.Nonce = nil },
		"another digest": func(s *timestamp.Timestamp) { s.HashedMessage = make([]byte, 32) },
		"another time":   func(s *timestamp.Timestamp) { s.Time = s.Time.Add(-time.Hour) },
		"the future":     func(s *timestamp.Timestamp) { s.Time = s.Time.Add(time.Hour) },
		"no certificate": func(s *timestamp.Timestamp) { s.AddTSACertificate, s.Certificates = false, nil },
	}
	for name, lie := range lies {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.tsa.Lie(lie)
				w.pass(5 * time.Hour)
				stamps := w.stamps(store.StampRFC3161)
				if len(stamps) != 1 || stamps[0].State != store.StampFailed || stamps[0].Error == "" || len(w.reported) < 2 {
					t.Fatalf("%+v, reported %d times", stamps, len(w.reported))
				}
				w.tsa.Lie(nil)
				w.pass(time.Hour)
				if s := w.states()[0]; s.State != store.StampComplete {
					t.Errorf("after it is honest again: %+v", s)
				}
			})
		})
	}
	for name, fault := range map[string]fakenet.Fault{"silence": fakenet.Hang(), "a page": fakenet.HTML(), "500": fakenet.Status(500), "garbage": fakenet.Garbage()} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.net.Fault("tsa.example", "", fault)
				w.net.Fault("calendar.example", "", fault)
				w.pass(3 * time.Hour)
				for _, s := range w.states() {
					if s.State != store.StampFailed || s.Error == "" {
						t.Errorf("%+v", s)
					}
				}
				w.net.Heal()
				w.pass(time.Hour)
				for _, s := range w.states() {
					if s.State == store.StampFailed {
						t.Errorf("healed: %+v", s)
					}
				}
			})
		})
	}
}

// TestUnknownRoot: an authority whose certificate leads elsewhere is not
// believed where roots are set.
func TestUnknownRoot(t *testing.T) {
	inWorld(t, func(w *world) {
		client, err := fetch.New(w.net.FetchOptions())
		w.must(err)
		pool, err := evidence.Pool(w.tsa.Roots)
		w.must(err)
		worker := stamp.NewWorker(stamp.Options{Archive: w.archive, Log: w.log, Client: client, Random: rand.Reader, Roots: pool, Authorities: []string{second}})
		if err := worker.Now(w.ctx); !errors.Is(err, store.ErrUnexpected) {
			t.Errorf("a stamp of another root: %v", err)
		}
		worker = stamp.NewWorker(stamp.Options{Archive: w.archive, Log: w.log, Client: client, Random: rand.Reader, Authorities: []string{second}})
		w.must(worker.Now(w.ctx))
		if err := stamp.NewWorker(stamp.Options{Archive: w.archive, Log: w.log}).Now(w.ctx); !errors.Is(err, store.ErrUsage) {
			t.Errorf("nobody is set: %v", err)
		}
		w.must(client.Close())
	})
}

// TestOpenSSL: another program finds the stamps right.
func TestOpenSSL(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	storetest.Need(t, err == nil, "openssl")
	dir := t.TempDir()
	inWorld(t, func(w *world) {
		w.must(w.worker.Now(w.ctx))
		s := w.stamps(store.StampRFC3161)[0]
		for name, body := range map[string][]byte{"head.txt": w.message(s), "head.tsr": s.Body, "roots.pem": w.tsa.Roots} {
			w.must(os.WriteFile(filepath.Join(dir, name), body, 0o600))
		}
	})
	at := func(name string) string { return filepath.Join(dir, name) }
	args := []string{"ts", "-verify", "-in", at("head.tsr"), "-data", at("head.txt"), "-CAfile", at("roots.pem"), "-attime", "1772442000"}
	if out, err := exec.Command(openssl, args...).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	body, err := os.ReadFile(at("head.txt"))
	if err != nil {
		t.Fatal(err)
	}
	body[3] ^= 1
	if err := os.WriteFile(at("head.txt"), body, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(openssl, args...).CombinedOutput(); err == nil {
		t.Errorf("a changed head is verified: %s", out)
	}
}

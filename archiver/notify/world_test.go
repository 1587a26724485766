package notify_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/archiver/fetch"
	"stet/archiver/notify"
	"stet/extract/post"
	"stet/store"
	"stet/store/mem"
)

// world is an archive with a journal that tells events, and an internet with
// receivers, in a bubble of time.
type world struct {
	t       *testing.T
	net     *fakenet.Net
	mem     *mem.Store
	archive *store.Archive
	client  *fetch.Client
	ctx     context.Context

	cert *tls.Certificate // of mail servers

	mu      sync.Mutex
	servers map[netip.AddrPort]*mailServer
	told    []archiver.Event // by the subject of the incident that stands for each
	asked   int              // how often events were asked for
	broken  error            // what asking for events gives
	reports []notify.Report
}

func begin() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }

// inWorld runs a story.
func inWorld(t *testing.T, story func(w *world)) { inWorldOf(t, nil, story) }

// inWorldOf is inWorld with other options of the client.
func inWorldOf(t *testing.T, change func(*fetch.Options), story func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(begin()))
		w := &world{t: t, net: fakenet.New(fakenet.Options{Now: time.Now}), ctx: t.Context()}
		w.mem = mem.New(mem.Options{Now: time.Now})
		w.archive = store.NewArchive(store.Parts{Backend: w.mem, Blobs: w.mem, Now: time.Now, Random: counting{new(int)}})
		o := w.net.FetchOptions()
		o.AllowPrivate = true
		w.joinMail(&o)
		if change != nil {
			change(&o)
		}
		var err error
		if w.client, err = fetch.New(o); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := errors.Join(w.client.Close(), w.net.Close()); err != nil {
				t.Error(err)
			}
		}()
		story(w)
	})
}

// counting is a source of bytes that repeats from run to run.
type counting struct{ n *int }

func (c counting) Read(p []byte) (int, error) {
	for i := range p {
		*c.n++
		p[i] = byte(*c.n >> (8 * (i % 3)))
	}
	return len(p), nil
}

// tell adds one record for each event to the journal, in one commit.
func (w *world) tell(events ...archiver.Event) {
	w.t.Helper()
	b := w.archive.Begin()
	w.mu.Lock()
	for _, ev := range events {
		_, err := b.Add(w.ctx, &store.Incident{Time: w.archive.Now(), Event: ev.Event, Subject: strconv.Itoa(len(w.told)), Text: "stands for an event"})
		if err != nil {
			w.t.Fatal(err)
		}
		w.told = append(w.told, ev)
	}
	w.mu.Unlock()
	if _, err := b.Commit(w.ctx); err != nil {
		w.t.Fatal(err)
	}
}

// silent adds records that tell nothing.
func (w *world) silent(n int) {
	w.t.Helper()
	for n > 0 {
		b := w.archive.Begin()
		for range min(n, 200) {
			if _, err := b.Add(w.ctx, &store.Incident{Time: w.archive.Now(), Event: "nothing", Subject: "-", Text: "-"}); err != nil {
				w.t.Fatal(err)
			}
			n--
		}
		if _, err := b.Commit(w.ctx); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) eventsOf(_ context.Context, r *store.Record) ([]archiver.Event, error) {
	inc, err := store.Decode[store.Incident](r)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	if w.broken != nil {
		return nil, w.broken
	}
	n, err := strconv.Atoi(inc.Subject)
	if err != nil {
		return nil, nil
	}
	ev := w.told[n]
	if ev.ID == "" {
		ev.ID = r.ID.String()
	}
	if ev.Time.IsZero() {
		ev.Time = r.Time
	}
	ev.Seq = r.Seq
	return []archiver.Event{ev}, nil
}

func (w *world) options() notify.Options {
	return notify.Options{Journal: w.mem, Cursors: w.mem, Events: w.eventsOf, Client: w.client, Now: time.Now, Rand: func() float64 { return 0.5 },
		Report: func(r notify.Report) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.reports = append(w.reports, r)
		}}
}

func (w *world) notifier(targets ...notify.Target) *notify.Notifier {
	w.t.Helper()
	n, err := notify.New(w.options(), targets)
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// running runs a notifier; stop ends it and waits.
func (w *world) running(targets ...notify.Target) (n *notify.Notifier, stop func()) {
	w.t.Helper()
	n = w.notifier(targets...)
	ctx, cancel := context.WithCancel(w.ctx)
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	synctest.Wait()
	return n, func() {
		w.t.Helper()
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("Run: %v", err)
		}
	}
}

// states lists what was reported, as target:state.
func (w *world) states() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []string
	for _, r := range w.reports {
		all = append(all, r.Target+":"+string(r.State))
	}
	return all
}

// delivery is one request that a receiver got.
type delivery struct {
	after  time.Duration // since the story began
	header http.Header
	body   []byte
	status int // what was answered
}

// inbox is a receiver.
type inbox struct {
	w       *world
	mu      sync.Mutex
	got     []delivery
	answer  func(n int, body []byte) int // the status of the n-th delivery; nil: 200
	started time.Time
}

// inbox puts a receiver at a host.
func (w *world) inbox(host string) *inbox {
	in := &inbox{w: w, started: time.Now()}
	w.net.Handle(host, in)
	return in
}

func (in *inbox) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		in.w.t.Error(err)
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	status := http.StatusOK
	if in.answer != nil {
		status = in.answer(len(in.got)+1, body)
	}
	in.got = append(in.got, delivery{time.Since(in.started), r.Header.Clone(), body, status})
	rw.Header().Set("Content-Type", "text/plain")
	rw.WriteHeader(status)
	fmt.Fprintln(rw, http.StatusText(status))
}

func (in *inbox) deliveries() []delivery {
	in.mu.Lock()
	defer in.mu.Unlock()
	return slices.Clone(in.got)
}

// webhookBody is what a webhook is sent, as a receiver reads it.
type webhookBody struct {
	ID        string        `json:"id"`
	Event     string        `json:"event"`
	Confirmed bool          `json:"confirmed"`
	Count     int           `json:"count"`
	Events    []webhookBody `json:"events"`
	Post      struct {
		ID string `json:"id"`
	} `json:"post"`
}

// ids lists the posts of a delivery.
func (d *delivery) ids(t *testing.T) []string {
	t.Helper()
	var b webhookBody
	if err := json.NewDecoder(bytes.NewReader(d.body)).Decode(&b); err != nil {
		t.Fatalf("%v in %s", err, d.body)
	}
	if b.Event != "digest" {
		return []string{b.Post.ID}
	}
	var all []string
	for _, e := range b.Events {
		all = append(all, e.Post.ID)
	}
	if b.Count != len(all) {
		t.Errorf("count %d of %d events", b.Count, len(all))
	}
	return all
}

// accepted lists the posts of all deliveries that were answered with 2xx.
func (in *inbox) accepted(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, d := range in.deliveries() {
		if d.status/100 == 2 {
			all = append(all, d.ids(t)...)
		}
	}
	return all
}

// gone is the event of a confirmed loss.
func gone(id string) archiver.Event {
	return archiver.Event{Event: archiver.EventGone, Confirmed: true,
		Post: &archiver.EventPost{Platform: post.Twitter, ID: id, URL: "https://x.com/adaquay/status/" + id,
			Author: archiver.ResultAuthor{Name: "Ada Quay", Handle: "adaquay"}, Text: "Ten boats came in", Posted: begin().Add(-20 * time.Hour)},
		Status: &archiver.EventStatus{Value: post.Deleted, Confirmed: true, LastLive: begin().Add(-8 * time.Hour),
			FirstGone: begin().Add(-7 * time.Hour), ConfirmedAt: begin().Add(-time.Hour), Reason: "the platform says so; said again later"},
		Mentions: []archiver.EventMention{{Article: "https://news.example/harbour", Title: "The harbour reopens", Positions: []int{12}, Markup: "blockquote", Quote: "match"}},
	}
}

// with returns an event after a change.
func with(ev archiver.Event, change func(*archiver.Event)) archiver.Event {
	if ev.Post != nil {
		p := *ev.Post
		ev.Post = &p
	}
	if ev.Status != nil {
		s := *ev.Status
		ev.Status = &s
	}
	ev.Mentions = slices.Clone(ev.Mentions)
	change(&ev)
	return ev
}

func hook(name, host string) notify.Target {
	return notify.Target{Name: name, Kind: notify.Webhook, URL: "https://" + host + "/stet"}
}

func equal(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

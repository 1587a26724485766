package demo

import (
	"sync"
	"time"

	"stet/archiver/fakenet"
	"stet/archiver/fetch"
	"stet/cmd/internal/wire"
	"stet/extract/post"
)

// World is the invented world. Whoever made it closes it.
type World struct {
	// Article is the address of the story, and Posts are those that it shows, in
	// their order. The first one will be deleted.
	Article string
	Posts   []post.Ref

	net *fakenet.Net
	x   *fakenet.X

	mu     sync.Mutex
	now    func() time.Time
	offset time.Duration
}

// told is more than passes while the story is told: it ends before now, because
// what lies in the future nobody verifies.
const told = 11 * time.Hour

// New makes the world. now is the clock that it starts from.
func New(now func() time.Time) *World {
	w := &World{now: now, offset: -told}
	w.net = fakenet.New(fakenet.Options{Now: w.Now})
	w.x = w.net.X()
	mina := fakenet.Person{ID: "7001", Name: "Mina Varga", Handle: "minavarga", Verified: "government"}
	jonas := fakenet.Person{ID: "7002", Name: "Jonas Adeyemi", Handle: "jonas_adeyemi"}
	said := w.Now().Add(-30 * time.Hour).Truncate(time.Minute)
	promise, doubt := fakenet.PostID(said, 11), fakenet.PostID(said.Add(40*time.Minute), 12)
	w.x.Add(
		fakenet.Post{ID: promise, Author: mina, Lang: "en",
			Text:  "The night ferry will run again from Friday, every night, and the fare stays at two crowns. You have my word.",
			Media: []fakenet.Media{{Alt: "The ferry at the pier in the evening, its lights on."}}},
		fakenet.Post{ID: doubt, Author: jonas, Lang: "en", Quotes: promise,
			Text: "I have the timetable in my hand. There is no night ferry in it."},
	)
	w.Posts = []post.Ref{{Platform: post.Twitter, ID: promise}, {Platform: post.Twitter, ID: doubt}}
	w.Article = w.net.Site("harbour-courier.example").Article(fakenet.Article{
		Path: "/2026/night-ferry.html", Title: "Mayor promises the night ferry back", Byline: "Rosa Lindqvist", Lang: "en",
		Published: said.Add(2 * time.Hour),
		Body: []fakenet.Block{
			fakenet.P("After two winters without it, the night ferry is to return, the mayor announced yesterday."),
			fakenet.Embed(promise, fakenet.Blockquote),
			fakenet.P("Not everybody believes it."),
			fakenet.Embed(doubt, fakenet.Iframe),
			fakenet.P("The harbour office did not answer our questions."),
		},
	})
	return w
}

// Close ends the world.
func (w *World) Close() error { return w.net.Close() }

// Now is the world's clock.
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now().Add(w.offset)
}

// Pass moves the clock on.
func (w *World) Pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.offset += d
}

// Delete lets the author delete the first post. The platform's embed service, which
// keeps what it has shown, goes on showing it for a while.
func (w *World) Delete() {
	w.x.SetStateAt(fakenet.Syndication, w.Posts[0].ID, fakenet.Deleted)
}

// Forget lets the embed service forget it too.
func (w *World) Forget() { w.x.SetState(w.Posts[0].ID, fakenet.Deleted) }

// Options leads what package wire builds into this world.
func (w *World) Options(o wire.Options) wire.Options {
	o.Now = w.Now
	o.Getenv = func(string) string { return "" }
	o.Fetch = func(f *fetch.Options) {
		in := w.net.FetchOptions()
		f.Resolver, f.Dial, f.RootCAs, f.Getenv, f.PerHostInterval = in.Resolver, in.Dial, in.RootCAs, in.Getenv, in.PerHostInterval
	}
	return o
}

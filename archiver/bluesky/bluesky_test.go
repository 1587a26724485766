package bluesky_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/bluesky"
	"stet/archiver/fakenet"
	"stet/archiver/platformtest"
	"stet/extract/post"
	"stet/store"
)

const (
	directory = "plc.directory"
	index     = "public.api.bsky.app"
	server    = "shore.us-east.host.bsky.network"
)

func ref(id string) post.Ref { return post.Ref{Platform: post.Bluesky, ID: id} }

func ada() fakenet.BlueskyAccount {
	return fakenet.BlueskyAccount{Handle: "ada.example.org", Name: "Ada Quay"}
}

func run(t *testing.T, story func(w *platformtest.World, b *fakenet.Bluesky)) {
	t.Helper()
	platformtest.Run(t, func(w *platformtest.World) {
		b := w.Net.Bluesky()
		w.Start(bluesky.New(w.Client, bluesky.Options{}))
		story(w, b)
	})
}

func simple(b *fakenet.Bluesky, text string) (id, did string) {
	id = b.Add(fakenet.BlueskyPost{Author: ada(), Text: text})
	return id, strings.Split(id, "/")[2]
}

// TestCapture: words, addresses, the original files with their descriptions,
// the quoted post and the parent.
func TestCapture(t *testing.T) {
	run(t, func(w *platformtest.World, b *fakenet.Bluesky) {
		ber := fakenet.BlueskyAccount{Handle: "ber.example.org", Name: "Ber", Server: "own.example"}
		quoted := b.Add(fakenet.BlueskyPost{Author: ber, Text: "I never said so", Media: []fakenet.Media{{Alt: "A letter"}}})
		parent := b.Add(fakenet.BlueskyPost{Author: ber, Text: "When does it sail?"})
		id := b.Add(fakenet.BlueskyPost{Author: ada(), Text: "@ber.example.org at nine: https://harbour.example/timetable/of/2026", Quotes: quoted, Answers: parent,
			Media: []fakenet.Media{{Alt: "The ferry", Width: 1200, Height: 900}, {Width: 800}}})
		p := w.Capture(ref(id))
		if p.Text != "@ber.example.org at nine: https://harbour.example/timetable/of/2026" || p.Author.Handle != "ada.example.org" || p.Source != post.SourcePublic {
			t.Errorf("captured %+v", p)
		}
		if len(p.Media) != 2 || p.Media[0].Alt != "The ferry" || p.Media[0].Width != 1200 {
			t.Fatalf("media %+v", p.Media)
		}
		for _, m := range p.Media {
			if !strings.HasPrefix(m.URL, "https://"+server+"/xrpc/com.atproto.sync.getBlob") || m.Digest == "" || m.Type != "image/jpeg" {
				t.Errorf("a copy instead of the original: %+v", m)
			}
		}
		if !slices.Contains(p.Related, ref(quoted)) || !slices.Contains(p.Related, ref(parent)) {
			t.Errorf("beside it %v", p.Related)
		}
		best := w.History(ref(quoted)).Best().Content.Post
		if best.Text != "I never said so" || len(best.Media) != 1 || !strings.HasPrefix(best.Media[0].URL, "https://own.example/") || best.Media[0].Digest == "" {
			t.Errorf("the quoted post %+v", best)
		}
		kept := w.History(ref(id)).Best().Content.Post
		if kept.Quoted != ref(quoted) || kept.Parent != ref(parent) || len(kept.Links) != 2 || kept.Version == "" {
			t.Errorf("kept %+v", kept)
		}
	})
}

// TestVideo: the whole file where the server has it, else the still picture and
// a reason.
func TestVideo(t *testing.T) {
	run(t, func(w *platformtest.World, b *fakenet.Bluesky) {
		film := []fakenet.Media{{Kind: "video", Alt: "Waves", Size: 200 << 10}}
		id := b.Add(fakenet.BlueskyPost{Author: ada(), Text: "a video", Media: film})
		if m := w.Capture(ref(id)).Media[0]; m.Type != "video/mp4" || m.Bytes != 200<<10 || m.Error != "" {
			t.Errorf("video %+v", m)
		}
		id = b.Add(fakenet.BlueskyPost{Author: ada(), Text: "another video", Media: film})
		b.RemoveBlob(id, 0)
		if m := w.TryCapture(ref(id)).Media[0]; m.Digest != "" || m.Error == "" || m.PosterDigest == "" {
			t.Errorf("video without file %+v", m)
		}
	})
}

// TestOriginalMissing: the copy is kept where the original cannot be had.
func TestOriginalMissing(t *testing.T) {
	run(t, func(w *platformtest.World, b *fakenet.Bluesky) {
		id := b.Add(fakenet.BlueskyPost{Author: ada(), Text: "a picture", Media: []fakenet.Media{{}}})
		b.RemoveBlob(id, 0)
		if m := w.Capture(ref(id)).Media[0]; !strings.HasPrefix(m.URL, "https://cdn.bsky.app/img/feed_fullsize/") || m.Digest == "" {
			t.Errorf("picture %+v", m)
		}
		w.Net.Fault(directory, "", fakenet.Status(503))
		id = b.Add(fakenet.BlueskyPost{Author: fakenet.BlueskyAccount{Handle: "cy.example.org"}, Text: "another", Media: []fakenet.Media{{}}})
		if m := w.Capture(ref(id)).Media[0]; !strings.HasPrefix(m.URL, "https://cdn.bsky.app/img/feed_fullsize/") || m.Digest == "" {
			t.Errorf("picture %+v", m)
		}
	})
}

// TestAnotherFile: what a server gives in the place of the file that the author
// signed is not kept as the original; the copy is, and a note says why. Of a
// video, whose copies are in pieces, nothing is kept but the reason.
func TestAnotherFile(t *testing.T) {
	run(t, func(w *platformtest.World, b *fakenet.Bluesky) {
		id := b.Add(fakenet.BlueskyPost{Author: ada(), Text: "a picture", Media: []fakenet.Media{{Alt: "Waves"}, {}}})
		b.SpoilBlob(id, 0)
		p := w.Capture(ref(id))
		if m := p.Media[0]; !strings.HasPrefix(m.URL, "https://cdn.bsky.app/img/feed_fullsize/") || m.Digest == "" || m.Alt != "Waves" {
			t.Errorf("picture %+v", m)
		}
		if m := p.Media[1]; !strings.Contains(m.URL, "getBlob") || m.Digest == "" {
			t.Errorf("the other picture %+v", m)
		}
		h := w.History(ref(id))
		for _, told := range [][]string{p.Notes, h.Derivations[0].Content.Notes} {
			if len(told) != 1 || !strings.Contains(told[0], "in the place of the file that the author signed") {
				t.Errorf("notes %q", told)
			}
		}
		film := b.Add(fakenet.BlueskyPost{Author: ada(), Text: "a video", Media: []fakenet.Media{{Kind: "video", Size: 100 << 10}}})
		b.SpoilBlob(film, 0)
		if m := w.TryCapture(ref(film)).Media[0]; m.Digest != "" || !strings.Contains(m.Error, "the author signed") || m.PosterDigest == "" {
			t.Errorf("video %+v", m)
		}
	})
}

// TestTwoNames: a post that an article embeds by the account's handle and by its
// DID is captured once, and known under both.
func TestTwoNames(t *testing.T) {
	run(t, func(w *platformtest.World, b *fakenet.Bluesky) {
		id, did := simple(b, "named twice")
		byHandle := b.ByHandle(id)
		quote := func(address string) string {
			return `<blockquote class="bluesky-embed"><p>named twice</p>&mdash; Ada Quay (@ada.example.org) <a href="` + address + `">March 2, 2026</a></blockquote>`
		}
		w.Net.Forget()
		res := w.CapturePage("news.example", `<!doctype html><title>Ferry</title><article><p>She wrote:</p>`+quote(b.URL(id))+`<p>And again:</p>`+
			quote("https://bsky.app/profile/"+did+"/post/"+id[strings.LastIndexByte(id, '/')+1:])+`</article>`)
		if res.Err != nil || len(res.Posts) != 2 || res.Posts[0].ID != id || res.Posts[1].ID != id || res.Posts[0].Capture != res.Posts[1].Capture {
			t.Fatalf("captured %v %+v", res.Err, res.Posts)
		}
		for _, name := range []string{id, byHandle} {
			if h := w.History(ref(name)); h.Ref != ref(id) || len(h.Captures) != 1 || len(archiver.Mentions(h)) != 1 || len(archiver.Mentions(h)[0].Positions) != 2 {
				t.Errorf("%s: %v with %d captures, mentions %+v", name, h.Ref, len(h.Captures), archiver.Mentions(h))
			}
		}
		if n := w.Net.Count(index, "/xrpc/app.bsky.feed.getPosts") + w.Net.Count(index, "/xrpc/app.bsky.feed.getPostThread"); n != 1 {
			t.Errorf("it was asked for %d times", n)
		}
		archive, _ := w.Parts()
		counts, err := archive.Backend().CountJobs(t.Context(), time.Now())
		if err != nil || counts.ByKind[archiver.JobCapture][store.JobLeased] != 0 || counts.ByKind[archiver.JobCapture][store.JobWaiting] != 0 {
			t.Errorf("jobs %+v, %v", counts.ByKind, err)
		}
	})
}

// TestDeleted: a record that is gone from a repository that is served was
// deleted; the index misses it too, so that it is confirmed at once.
func TestDeleted(t *testing.T) {
	run(t, func(w *platformtest.World, b *fakenet.Bluesky) {
		id, _ := simple(b, "soon gone")
		w.Capture(ref(id))
		b.SetState(id, fakenet.BlueskyDeleted)
		w.Expect(ref(id), post.Deleted, true)
		b.SetState(id, fakenet.BlueskyLive)
		w.Expect(ref(id), post.Live, false)
	})
}

// TestHidden: what the index leaves out and the author's server has lives.
func TestHidden(t *testing.T) {
	run(t, func(w *platformtest.World, b *fakenet.Bluesky) {
		id, _ := simple(b, "not shown by the index")
		b.SetState(id, fakenet.BlueskyHidden)
		if p := w.Capture(ref(id)); p.Text != "not shown by the index" || p.Author.Handle != "ada.example.org" {
			t.Errorf("captured %+v", p)
		}
		w.Never(ref(id), 4, 13*time.Hour)
	})
}

// TestAccounts: the server says what became of an account, and one look settles
// its other posts; a record of it that is not found is no deletion.
func TestAccounts(t *testing.T) {
	for state, want := range map[fakenet.BlueskyState]post.Status{
		fakenet.BlueskyDeactivated: post.AccountGone, fakenet.BlueskyGone: post.AccountGone, fakenet.BlueskyGivenUp: post.AccountGone,
		fakenet.BlueskyTakenDown: post.AccountSuspended, fakenet.BlueskySuspended: post.AccountSuspended,
	} {
		run(t, func(w *platformtest.World, b *fakenet.Bluesky) {
			id, did := simple(b, "one of two")
			other, _ := simple(b, "two of two")
			w.Capture(ref(id))
			w.Capture(ref(other))
			b.SetAccount(did, state)
			w.Expect(ref(id), want, true)
			looks := w.History(ref(other)).Looks
			if len(looks) == 0 || looks[len(looks)-1].Content.Result != want || !looks[len(looks)-1].Content.Account {
				t.Errorf("%s: the other post has the looks %+v", state, looks)
			}
			b.SetAccount(did, fakenet.BlueskyLive)
			w.Expect(ref(id), post.Live, false)
		})
	}
}

// TestServerSilent: while the author's server says nothing, what the index
// misses stays a suspicion for ever, also where a record is not found and the
// state of the repository cannot be had.
func TestServerSilent(t *testing.T) {
	for name, path := range map[string]string{"all": "", "the repository": "/xrpc/com.atproto.sync.getRepoStatus"} {
		run(t, func(w *platformtest.World, b *fakenet.Bluesky) {
			id, did := simple(b, "who knows")
			w.Capture(ref(id))
			b.SetAccount(did, fakenet.BlueskyDeactivated)
			w.Net.Fault(server, path, fakenet.Status(502))
			for range 2 {
				if r := w.Look(ref(id)); r.Status != post.NotFound || r.Confirmed {
					t.Errorf("%s: %+v", name, r)
				}
				time.Sleep(5 * time.Hour)
			}
		})
	}
}

// TestFaults: what fails on the way never begins a loss, whoever fails.
func TestFaults(t *testing.T) {
	run(t, func(w *platformtest.World, b *fakenet.Bluesky) {
		id, _ := simple(b, "alive and well")
		w.Capture(ref(id))
		w.Faults(ref(id), index)
		w.Faults(ref(id), index, directory)
		w.Faults(ref(id), index, server)
	})
}

// TestControl: while the index does not show the platform's own post, what it
// misses is not believed.
func TestControl(t *testing.T) {
	run(t, func(w *platformtest.World, b *fakenet.Bluesky) {
		id, _ := simple(b, "alive and well")
		w.Capture(ref(id))
		b.SetState(fakenet.BlueskyControl, fakenet.BlueskyHidden)
		b.SetState(id, fakenet.BlueskyHidden)
		w.Net.Fault(server, "", fakenet.Status(502))
		w.Never(ref(id), 4, 13*time.Hour)
	})
}

// TestOverwritten: the record of a post can be written anew under the same id.
func TestOverwritten(t *testing.T) {
	run(t, func(w *platformtest.World, b *fakenet.Bluesky) {
		id, _ := simple(b, "first words")
		w.Capture(ref(id))
		b.Edit(id, "other words")
		w.Expect(ref(id), post.Live, false)
		b.Edit(id, "other words") // nothing that readers see
		w.Expect(ref(id), post.Live, false)
		h := w.History(ref(id))
		if len(h.Derivations) != 3 || h.Derivations[1].Content.Post.Text != "other words" ||
			h.Derivations[1].Content.Post.Version == h.Derivations[2].Content.Post.Version {
			t.Errorf("%d versions: %+v", len(h.Derivations), h.Derivations)
		}
	})
}

// TestHandle: an address with a handle leads to the post under the account's
// DID, and goes on doing so when somebody else has the handle.
func TestHandle(t *testing.T) {
	run(t, func(w *platformtest.World, b *fakenet.Bluesky) {
		id, did := simple(b, "named by a handle")
		byHandle := b.ByHandle(id)
		res := w.CapturePage("news.example", "<!doctype html><title>Ferry</title><article><p>She wrote:</p><blockquote class=\"bluesky-embed\"><p>named by a handle</p>&mdash; Ada Quay (@ada.example.org) <a href=\""+
			b.URL(id)+"\">March 2, 2026</a></blockquote></article>")
		if res.Err != nil || len(res.Posts) != 1 || res.Posts[0].ID != id || res.Posts[0].Text != "named by a handle" {
			t.Fatalf("captured %v %+v", res.Err, res.Posts)
		}
		b.SetHandle(did, "elsewhere.example.org")
		for _, name := range []string{id, byHandle} {
			h := w.History(ref(name))
			if h.Ref != ref(id) || len(h.Captures) != 1 || len(h.Articles) != 1 || len(archiver.Mentions(h)) != 1 {
				t.Errorf("%s: %v with %d captures, %d articles", name, h.Ref, len(h.Captures), len(h.Articles))
			}
		}
		if m := archiver.Mentions(w.History(ref(id)))[0]; m.Quote != archiver.QuoteMatch {
			t.Errorf("mention %+v", m)
		}
		w.Net.Forget()
		if r := w.Look(ref(byHandle)); r.ID != id || r.Status != post.Live || w.Net.Count(index, "/xrpc/com.atproto.identity.resolveHandle") != 0 {
			t.Errorf("look %+v", r)
		}
	})
}

// TestHandleLost: where a handle leads nowhere, the article's own words are
// kept; once it leads to the account, they are the post's.
func TestHandleLost(t *testing.T) {
	run(t, func(w *platformtest.World, b *fakenet.Bluesky) {
		id, did := simple(b, "quoted while the handle was lost")
		byHandle, address := b.ByHandle(id), b.URL(id)
		b.SetHandle(did, "elsewhere.example.org")
		if p := w.TryCapture(ref(byHandle)); p.Err == nil || !strings.Contains(p.Err.Error(), "ada.example.org leads to no account") {
			t.Errorf("captured without a name: %+v", p)
		}
		res := w.CapturePage("news.example", `<!doctype html><title>x</title><article><p>She wrote:</p><blockquote class="bluesky-embed"><p>quoted while the handle was lost</p>&mdash; Ada Quay (@ada.example.org) <a href="`+
			address+`">March 2, 2026</a></blockquote></article>`)
		if len(res.Posts) != 1 || store.ClassOf(res.Posts[0].Err).Name != "partial" || res.Posts[0].Source != post.SourceArticle {
			t.Fatalf("captured %+v", res.Posts)
		}
		b.SetHandle(did, "ada.example.org")
		if r := w.Look(ref(byHandle)); r.ID != id || r.Status != post.Live {
			t.Errorf("look %+v", r)
		}
		h := w.History(ref(id))
		if h.Best().Content.Source != post.SourcePublic || len(h.Captures) != 2 || len(h.Articles) != 1 {
			t.Errorf("%d captures, %d articles, best %+v", len(h.Captures), len(h.Articles), h.Best().Content)
		}
	})
}

// TestBatch: the index answers for 25 posts at a time.
func TestBatch(t *testing.T) {
	run(t, func(w *platformtest.World, b *fakenet.Bluesky) {
		p := bluesky.New(w.Client, bluesky.Options{})
		e := p.Endpoints()[0]
		var refs []post.Ref
		for i := range e.Batch() {
			refs = append(refs, ref(b.Add(fakenet.BlueskyPost{Author: ada(), Text: strings.Repeat("x", i+1)})))
		}
		b.SetState(refs[3].ID, fakenet.BlueskyDeleted)
		w.Net.Forget()
		r := e.Ask(w.T.Context(), refs, "look")
		for i, a := range r.Answers {
			want := post.Live
			if i == 3 {
				want = post.NotFound
			}
			if a.Ref != refs[i] || a.Status != want || a.Err != nil || i == 3 && a.Explicit {
				t.Errorf("%d: %+v", i, a)
			}
		}
		if len(r.Exchanges) != 1 || w.Net.Count(index, "/") != 1 {
			t.Errorf("%d exchanges, %d requests", len(r.Exchanges), w.Net.Count(index, "/"))
		}
	})
}

// TestOwnHost: a DID of the web has its document at its own host, and its
// silence says nothing.
func TestOwnHost(t *testing.T) {
	run(t, func(w *platformtest.World, b *fakenet.Bluesky) {
		id := b.Add(fakenet.BlueskyPost{Author: fakenet.BlueskyAccount{DID: "did:web:own.example", Handle: "own.example", Server: "data.own.example"}, Text: "from my own host"})
		w.Capture(ref(id))
		b.SetState(id, fakenet.BlueskyDeleted)
		w.Net.Fault("own.example", "", fakenet.Status(404))
		w.Expect(ref(id), post.NotFound, false)
		w.Net.Heal()
		w.Expect(ref(id), post.Deleted, true)
	})
}

// TestHandlesAreAskedOnce: many posts of one account are named by one question.
func TestHandlesAreAskedOnce(t *testing.T) {
	run(t, func(w *platformtest.World, b *fakenet.Bluesky) {
		one, _ := simple(b, "one")
		two, _ := simple(b, "two")
		w.Net.Forget()
		for _, id := range []string{one, two} {
			if p := w.Capture(ref(b.ByHandle(id))); p.ID != id {
				t.Errorf("captured %s, want %s", p.ID, id)
			}
		}
		if n := w.Net.Count(index, "/xrpc/com.atproto.identity.resolveHandle"); n != 1 {
			t.Errorf("the handle was asked for %d times", n)
		}
		time.Sleep(time.Hour)
		three, _ := simple(b, "three")
		w.Capture(ref(b.ByHandle(three)))
		if n := w.Net.Count(index, "/xrpc/com.atproto.identity.resolveHandle"); n != 2 {
			t.Errorf("an hour later the handle was asked for %d times", n)
		}
	})
}

package archiver_test

import (
	"slices"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/extract/post"
)

// TestVersionsAreCaptured: X gives each edit an id of its own. All of them are
// kept, each once, whichever is embedded.
func TestVersionsAreCaptured(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		one, two, three := id(20*hour, 1), id(19*hour, 1), id(18*hour, 1)
		w.x.Add(fakenet.Post{ID: one, Author: ada(), Text: "The ferry leaves at six"})
		w.x.Edit(one, two, "The ferry leaves at seven")
		w.x.Edit(two, three, "The ferry leaves at eight")
		res := w.capture(w.page("news.example", "/a", article(embed("adaquay", "Ada Quay", two, "The ferry leaves at seven"))))
		if !res.OK || len(res.Posts) != 1 || res.Posts[0].Text != "The ferry leaves at seven" {
			t.Fatalf("%+v", res)
		}
		for v, text := range map[string]string{one: "The ferry leaves at six", two: "The ferry leaves at seven", three: "The ferry leaves at eight"} {
			h := w.history(v)
			if len(h.Captures) != 1 || h.Best().Content.Post.Text != text || len(h.Best().Content.Post.Versions) != 3 {
				t.Errorf("%s: %d captures, %+v", v, len(h.Captures), h.Best())
			}
		}
	})
}

// TestEditIsNoticed: a look finds that a post has a new version: that is told,
// and the new words are captured.
func TestEditIsNoticed(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		one, two := id(hour/4, 1), id(hour/8, 1)
		w.x.Add(fakenet.Post{ID: one, Author: ada(), Text: "The ferry leaves at six"})
		if res := w.capturePost(one); res.Err != nil {
			t.Fatal(res.Err)
		}
		time.Sleep(hour / 4)
		if r := w.recheck(one); r.Err != nil || len(w.history(one).Captures) != 1 {
			t.Fatalf("%+v, %d captures", r, len(w.history(one).Captures))
		}
		w.x.Edit(one, two, "The ferry leaves at seven")
		time.Sleep(hour)
		if r := w.recheck(one); r.Err != nil || r.Status != post.Live {
			t.Fatalf("%+v", r)
		}
		if err := w.engine.Run(w.ctx, archiver.RunOptions{Once: true}); err != nil {
			t.Fatal(err)
		}
		if h := w.history(two); len(h.Captures) != 1 || h.Best().Content.Post.Text != "The ferry leaves at seven" {
			t.Errorf("the new version: %d captures", len(h.Captures))
		}
		var edited []string
		for _, ev := range w.events() {
			if ev.Event == archiver.EventEdited {
				edited = append(edited, ev.Post.ID)
			}
		}
		if !slices.Equal(edited, []string{one}) {
			t.Errorf("told as edited: %v", edited)
		}
	})
}

// TestNoteIsNoticed: what people add below a post is kept with it, and a look
// that finds it added captures the post again.
func TestNoteIsNoticed(t *testing.T) {
	inWorld(t, settings{}, func(w *world) {
		one := id(20*hour, 1)
		p := fakenet.Post{ID: one, Author: ada(), Text: "The bridge is closed for good"}
		w.x.Add(p)
		if res := w.capturePost(one); res.Err != nil {
			t.Fatal(res.Err)
		}
		p.Note = "It is closed until 1 April, for repairs."
		w.x.Add(p)
		time.Sleep(hour)
		for range 2 {
			if r := w.recheck(one); r.Err != nil || r.Status != post.Live {
				t.Fatalf("%+v", r)
			}
		}
		if h := w.history(one); len(h.Captures) != 2 || h.Best().Content.Post.Note != p.Note || h.Derivations[0].Content.Post.Note != "" {
			t.Errorf("%d captures, the best with %q", len(h.Captures), h.Best().Content.Post.Note)
		}
	})
}

package source_test

import (
	"context"
	"testing"
	"time"

	"stet/archiver"
	"stet/store"
)

// keeper carries out how long the desk's sources are kept, without a grace.
func (d *desk) keeper() *archiver.Keeper {
	remover := archiver.NewRemover(archiver.RemoverOptions{Archive: d.archive, Owner: "keeper"})
	return archiver.NewKeeper(archiver.KeeperOptions{Archive: d.archive, Remover: remover, Owner: "keeper", Rules: func(ctx context.Context) (archiver.KeepRules, error) {
		rules := archiver.KeepRules{}
		all, err := d.worker.List(ctx)
		for i := range all {
			rules[all[i].Plan.Source.Name] = max(all[i].Plan.Keep, 0)
		}
		return rules, err
	}})
}

func (d *desk) removed() int {
	d.t.Helper()
	n, err := d.keeper().RunDue(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	return n
}

// TestRemovedIsPassedOver: a source that still lists what was removed does not
// bring it back, until it says that it has changed.
func TestRemovedIsPassedOver(t *testing.T) {
	atDesk(t, func(d *desk) {
		const id, story = "1990000000000000001", "/story-1990000000000000001"
		d.publish(id)
		p := d.plan()
		p.Keep = 48 * time.Hour
		if err := d.worker.Add(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		d.during(time.Hour)
		if d.captures(id) != 1 || d.removed() != 0 {
			t.Fatal("it was not captured, or removed already")
		}
		time.Sleep(48 * time.Hour)
		if d.removed() != 1 || d.captures(id) != 0 {
			t.Fatal("it was not removed")
		}
		reads := d.net.Count("news.example", story)
		d.feed = append(d.feed, "/other")
		d.during(24 * time.Hour)
		if n := d.net.Count("news.example", story) - reads; n != 0 || d.captures(id) != 0 {
			t.Errorf("it was read %d times more, and captured %d times", n, d.captures(id))
		}
		d.dated = time.Now()
		d.during(time.Hour)
		if d.captures(id) == 0 {
			t.Error("it has changed, and is not captured")
		}
		time.Sleep(48 * time.Hour)
		if d.removed() != 1 || d.captures(id) != 0 {
			t.Error("what changed is not removed in its turn")
		}
	})
}

// TestNamedByTwo: that a second source names an article is kept, once, and counts.
func TestNamedByTwo(t *testing.T) {
	atDesk(t, func(d *desk) {
		const id = "1990000000000000001"
		d.publish(id)
		p := d.plan()
		p.Keep = 48 * time.Hour
		if err := d.worker.Add(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		d.during(time.Hour)
		p.Source.Name, p.Keep = "second", archiver.KeepForever
		if err := d.worker.Add(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		d.during(24 * time.Hour)
		page, err := d.archive.List(t.Context(), store.Query{Term: store.ArticleTerm("https://news.example/story-" + id), Kinds: []store.Kind{store.KindDiscovery}})
		if err != nil || len(page.Records) != 2 {
			t.Fatalf("%d discoveries, %v", len(page.Records), err)
		}
		time.Sleep(48 * time.Hour)
		if d.removed() != 0 || d.captures(id) != 1 {
			t.Error("it is removed, and the second source is kept for ever")
		}
		// Who changes when a source is read leaves how long it is kept.
		p.Keep, p.Every = 0, time.Hour
		if err := d.worker.Add(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if all, err := d.worker.List(t.Context()); err != nil || all[1].Plan.Keep != archiver.KeepForever || all[1].Plan.Every != time.Hour {
			t.Errorf("%+v, %v", all, err)
		}
		if err := d.worker.Remove(t.Context(), "second"); err != nil {
			t.Fatal(err)
		}
		if d.removed() != 0 {
			t.Error("it is removed, because a source that named it is no longer followed")
		}
	})
}

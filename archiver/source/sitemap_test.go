package source_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"stet/archiver/fakenet"
	"stet/archiver/source"
	"stet/store"
)

func theSitemap() source.Source {
	return source.Source{URL: "https://news.example/sitemap.xml", Kind: source.Sitemap}
}

// TestSitemapWindow is the first pass over a sitemap: the last thirty days, by
// whatever gives a date.
func TestSitemapWindow(t *testing.T) {
	inWorld(t, func(w *world) {
		doc := sitemap(
			entry{path: "/new", modified: ago(time.Hour)},
			entry{path: "/month-old", modified: ago(29 * day)},
			entry{path: "/older", modified: ago(32 * day)},
			entry{path: "/2026/02/20/dated"},
			entry{path: "/2025/02/20/dated-long-ago"},
			entry{path: "/2026/03/of-this-month"},
			entry{path: "/undated"},
		)
		doc = strings.Replace(doc, "</urlset>", `<url><loc>https://news.example/news</loc><lastmod>2020-01-01</lastmod><news:news><news:publication_date>2026-03-01</news:publication_date></news:news></url></urlset>`, 1)
		w.serve("/sitemap.xml", "application/xml", doc)
		r := w.must(theSitemap())
		w.wantItems(r, "/2026/03/of-this-month", "/new", "/news", "/2026/02/20/dated", "/month-old", "/undated")
		if r.Total != 8 || r.Old != 2 || r.Format != source.FormatSitemap || r.More {
			t.Errorf("%+v", r)
		}
		if r = w.must(theSitemap()); !r.NotModified {
			t.Error("not seen as unchanged")
		}
		// An old article that was changed is new again.
		w.serve("/sitemap.xml", "application/xml", strings.Replace(doc, ago(32*day).Format(time.RFC3339), ago(0).Format(time.RFC3339), 1))
		w.wantItems(w.must(theSitemap()), "/older")
	})
}

// TestSitemapChange reads modified and new entries, and none twice.
func TestSitemapChange(t *testing.T) {
	inWorld(t, func(w *world) {
		entries := []entry{{path: "/a", modified: ago(day)}, {path: "/b", modified: ago(2 * day)}}
		w.serve("/sitemap.xml", "text/xml", sitemap(entries...))
		w.must(theSitemap())
		time.Sleep(day)
		entries[1].modified = time.Now()
		entries = append(entries, entry{path: "/c", modified: ago(3 * day)}) // appears late
		time.Sleep(time.Hour)
		w.serve("/sitemap.xml", "text/xml", sitemap(entries...))
		r := w.must(theSitemap())
		w.wantItems(r, "/b", "/c")
		if !r.Items[0].Again || r.Items[1].Again {
			t.Errorf("%+v", r.Items)
		}
		// After a long time without a reading nothing in between is missed.
		time.Sleep(100 * day)
		entries = append(entries, entry{path: "/d", modified: begin().Add(5 * day)})
		w.serve("/sitemap.xml", "text/xml", sitemap(entries...))
		w.wantItems(w.must(theSitemap()), "/d")
	})
}

// TestIndex reads an index of sitemaps: only what has changed is asked for.
func TestIndex(t *testing.T) {
	inWorld(t, func(w *world) {
		w.serve("/sitemap.xml", "text/xml", index(
			entry{path: "/2019.xml", modified: ago(2000 * day)}, entry{path: "/feb.xml", modified: ago(20 * day)}, entry{path: "/mar.xml", modified: ago(time.Hour)}))
		w.serve("/feb.xml", "text/xml", sitemap(entry{path: "/f1", modified: ago(20 * day)}, entry{path: "/f0", modified: ago(31 * day)}))
		w.serve("/mar.xml", "text/xml", sitemap(entry{path: "/m1", modified: ago(2 * time.Hour)}))
		r := w.must(theSitemap())
		w.wantItems(r, "/m1", "/f1")
		w.wantAsked("/sitemap.xml", "/mar.xml", "/feb.xml")
		if r.Format != source.FormatIndex || r.Old != 1 {
			t.Errorf("%+v", r)
		}
		if r = w.must(theSitemap()); !r.NotModified {
			t.Error("not seen as unchanged")
		}
		w.wantAsked("/sitemap.xml")

		time.Sleep(time.Hour)
		w.serve("/mar.xml", "text/xml", sitemap(entry{path: "/m1", modified: ago(2 * time.Hour)}, entry{path: "/m2", modified: time.Now()}))
		w.serve("/sitemap.xml", "text/xml", index(
			entry{path: "/2019.xml", modified: ago(2000 * day)}, entry{path: "/feb.xml", modified: ago(20 * day)}, entry{path: "/mar.xml", modified: time.Now()}))
		w.wantItems(w.must(theSitemap()), "/m2")
		w.wantAsked("/sitemap.xml", "/mar.xml")
	})
}

// TestIndexWithoutDates reads an index that tells nothing of its sitemaps: they
// are asked for on conditions, and the longer one has not changed the more
// rarely.
func TestIndexWithoutDates(t *testing.T) {
	inWorld(t, func(w *world) {
		w.serve("/sitemap.xml", "text/xml", index(entry{path: "/a.xml"}, entry{path: "/b.xml"}, entry{path: "/old-2019.xml"}))
		w.serve("/a.xml", "text/xml", sitemap(entry{path: "/a1", modified: ago(time.Minute)}))
		w.serve("/b.xml", "text/xml", sitemap(entry{path: "/b1", modified: ago(300 * day)}))
		w.serve("/old-2019.xml", "text/xml", sitemap(entry{path: "/o1", modified: ago(2500 * day)}))
		w.wantItems(w.must(theSitemap()), "/a1")
		asked := w.asked()
		slices.Sort(asked)
		if !slices.Equal(asked, []string{"/a.xml", "/b.xml", "/sitemap.xml"}) {
			t.Errorf("asked for %v", asked)
		}
		counts := map[string]int{}
		for range 14 * 24 {
			time.Sleep(time.Hour)
			w.must(theSitemap())
			for _, p := range w.asked() {
				counts[p]++
			}
		}
		if counts["/a.xml"] > 100 || counts["/a.xml"] < 5 || counts["/b.xml"] != 2 || counts["/old-2019.xml"] < 1 || counts["/old-2019.xml"] > 3 {
			t.Errorf("in two weeks of hours: %v", counts)
		}
		w.serve("/a.xml", "text/xml", sitemap(entry{path: "/a2", modified: time.Now()}))
		var found bool
		for range 5 * 24 {
			time.Sleep(time.Hour)
			found = found || len(w.must(theSitemap()).Items) > 0
		}
		if !found {
			t.Error("what is new after two weeks was not found within days")
		}
	})
}

// TestLargeIndex reads more sitemaps than a pass asks for, with more of them
// than are remembered, twice nested: each once, and none is forgotten.
func TestLargeIndex(t *testing.T) {
	inWorld(t, func(w *world) {
		var tops []entry
		for i := range 4 {
			var kids []entry
			for j := range 50 {
				path := fmt.Sprintf("/%d-%d.xml", i, j)
				// Half of them have a date in the index.
				at := time.Time{}
				if j%2 == 0 {
					at = ago(time.Duration(50*i+j) * time.Hour)
				}
				kids = append(kids, entry{path: path, modified: at})
				w.serve(path, "text/xml", sitemap(entry{path: path + "/story", modified: ago(time.Duration(50*i+j) * time.Hour)}))
			}
			path := fmt.Sprintf("/top-%d.xml", i)
			w.serve(path, "text/xml", index(kids...))
			tops = append(tops, entry{path: path})
		}
		w.serve("/sitemap.xml", "text/xml", index(tops...))
		w.limit(source.Limits{Requests: 15})
		passes, items := 0, 0
		counts := map[string]int{}
		for more := true; more; passes++ {
			if passes > 40 {
				t.Fatal("no end")
			}
			r := w.must(theSitemap())
			more = r.More
			items += len(r.Items)
			for _, p := range w.asked() {
				counts[p]++
			}
		}
		if items != 200 {
			t.Errorf("%d items of 200 in %d passes", items, passes)
		}
		for p, n := range counts {
			if n != 1 && p != "/sitemap.xml" && !strings.HasPrefix(p, "/top") {
				t.Errorf("%s was asked for %d times", p, n)
			}
		}
		// What is new afterwards is found, in whichever sitemap.
		time.Sleep(time.Hour)
		w.serve("/3-48.xml", "text/xml", sitemap(entry{path: "/found", modified: time.Now()}))
		var kids []entry
		for j := range 50 {
			at := ago(time.Duration(150+j) * time.Hour)
			if j == 48 {
				at = time.Now()
			} else if j%2 == 1 {
				at = time.Time{}
			}
			kids = append(kids, entry{path: fmt.Sprintf("/3-%d.xml", j), modified: at})
		}
		w.serve("/top-3.xml", "text/xml", index(kids...))
		for range 20 {
			w.must(theSitemap())
			time.Sleep(time.Hour)
		}
		if _, ok := w.known[(&source.Item{URL: "https://news.example/found"}).Key()]; !ok {
			t.Error("the new article was not found")
		}
	})
}

// TestSitemapLimit reads a sitemap with more new entries than a pass hands out:
// newest first, each once.
func TestSitemapLimit(t *testing.T) {
	inWorld(t, func(w *world) {
		var entries []entry
		for i := range 2500 {
			entries = append(entries, entry{path: fmt.Sprintf("/%d", i), modified: ago(time.Duration((i*7919)%2500) * time.Minute)})
		}
		w.serve("/sitemap.xml", "text/xml", sitemap(entries...))
		w.limit(source.Limits{Items: 1000})
		last := time.Now()
		for i, want := range []int{1000, 1000, 500, 0} {
			r := w.must(theSitemap())
			if len(r.Items) != want || r.More != (i < 2) || r.NotModified != (i == 3) {
				t.Fatalf("pass %d: %d items, more %v", i, len(r.Items), r.More)
			}
			for _, it := range r.Items {
				if it.Modified.After(last) {
					t.Fatalf("pass %d: %v comes after %v", i, it.Modified, last)
				}
				last = it.Modified
			}
		}
	})
}

// TestUndated reads a sitemap without any date: slowly, from both ends, each
// once.
func TestUndated(t *testing.T) {
	inWorld(t, func(w *world) {
		var entries []entry
		for i := range 230 {
			entries = append(entries, entry{path: fmt.Sprintf("/u%d", i)})
		}
		w.serve("/sitemap.xml", "text/xml", sitemap(entries...))
		w.limit(source.Limits{Undated: 100})
		r := w.must(theSitemap())
		if len(r.Items) != 100 || r.More || r.Items[0].URL != "https://news.example/u0" || r.Items[99].URL != "https://news.example/u229" {
			t.Errorf("%d items, %v", len(r.Items), r.More)
		}
		// One that is new comes with the next pass, at whichever end it stands.
		entries = append(append([]entry{{path: "/first"}}, entries...), entry{path: "/last"})
		w.serve("/sitemap.xml", "text/xml", sitemap(entries...))
		r = w.must(theSitemap())
		if len(r.Items) != 100 || r.Items[0].URL != "https://news.example/first" || r.Items[99].URL != "https://news.example/last" {
			t.Errorf("%d items", len(r.Items))
		}
		if r = w.must(theSitemap()); len(r.Items) != 32 {
			t.Errorf("%d items", len(r.Items))
		}
		if r = w.must(theSitemap()); !r.NotModified {
			t.Errorf("%d items", len(r.Items))
		}
		w.limit(source.Limits{Undated: -1})
		w.state, w.known = source.State{}, map[string]time.Time{}
		if r = w.must(theSitemap()); len(r.Items) != 0 {
			t.Errorf("%d items, though none were wanted", len(r.Items))
		}
	})
}

// TestSitemapStamped is a sitemap whose program dates every entry now.
func TestSitemapStamped(t *testing.T) {
	inWorld(t, func(w *world) {
		w.limit(source.Limits{Undated: 100})
		total := 0
		for i := range 6 {
			var entries []entry
			for j := range 250 + i {
				entries = append(entries, entry{path: fmt.Sprintf("/s%d", j), modified: time.Now()})
			}
			w.serve("/sitemap.xml", "text/xml", sitemap(entries...))
			r := w.must(theSitemap())
			total += len(r.Items)
			if len(r.Items) > 100 || r.More || !strings.Contains(strings.Join(r.Warnings, " "), "one date") {
				t.Errorf("pass %d: %d items, more %v, %q", i, len(r.Items), r.More, r.Warnings)
			}
			time.Sleep(time.Hour)
		}
		if total != 255 {
			t.Errorf("%d items of 255", total)
		}
	})
}

// TestBackfill goes back in time, newest first, in steps; readings of what is
// new in between change nothing.
func TestBackfill(t *testing.T) {
	inWorld(t, func(w *world) {
		var kids []entry
		for m := range 36 {
			month := time.Date(2026, 3-time.Month(m), 1, 0, 0, 0, 0, time.UTC)
			path := fmt.Sprintf("/sitemap-%s.xml", month.Format("2006-01"))
			var stories []entry
			for i := range 4 {
				stories = append(stories, entry{path: fmt.Sprintf("/%s/%d", month.Format("2006-01"), i), modified: month.Add(time.Duration(i) * time.Hour)})
			}
			w.serve(path, "text/xml", sitemap(stories...))
			kids = append(kids, entry{path: path})
		}
		slices.Reverse(kids)
		w.serve("/sitemap.xml", "text/xml", index(kids...))
		if r := w.must(theSitemap()); len(r.Items) != 8 {
			t.Fatalf("the first pass found %d", len(r.Items))
		}
		w.limit(source.Limits{Requests: 5, Items: 10})
		since := time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)
		var all []source.Item
		steps := 0
		for more := true; more; steps++ {
			if steps > 40 {
				t.Fatal("no end")
			}
			r, err := w.pass(theSitemap(), source.Options{Backfill: since})
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Items) > 10 || len(r.Exchanges) > 6 {
				t.Errorf("step %d: %d items, %d requests", steps, len(r.Items), len(r.Exchanges))
			}
			all, more = append(all, r.Items...), r.More
			if r := w.must(theSitemap()); len(r.Items) > 0 {
				t.Errorf("%d new items", len(r.Items))
			}
		}
		if want := 4 * 20; len(all) != want {
			t.Errorf("%d items in %d steps, want %d", len(all), steps, want)
		}
		for i := 1; i < len(all); i++ {
			if all[i].Modified.After(all[i-1].Modified) {
				t.Errorf("%v comes after %v", all[i].Modified, all[i-1].Modified)
			}
		}
		if n := w.net.Count("news.example", "/sitemap-2024-04.xml") + w.net.Count("news.example", "/sitemap-2023"); n > 30 {
			t.Errorf("sitemaps of before were asked for %d times", n)
		}
		if b := w.state.Backfill; b == nil || !b.Done.Equal(time.Now()) {
			t.Errorf("%+v", b)
		}
	})
}

// TestSomeSitemapsFail is an index of which some sitemaps cannot be read.
func TestSomeSitemapsFail(t *testing.T) {
	inWorld(t, func(w *world) {
		var kids []entry
		for i := range 8 {
			path := fmt.Sprintf("/s%d.xml", i)
			kids = append(kids, entry{path: path, modified: ago(time.Duration(i) * time.Hour)})
			w.serve(path, "text/xml", sitemap(entry{path: path + "/story", modified: ago(time.Duration(i) * time.Hour)}))
		}
		w.serve("/sitemap.xml", "text/xml", index(kids...))
		w.site.Remove("/s1.xml")
		w.site.Page("/s2.xml", "<!doctype html><title>Oh no</title>")
		r := w.must(theSitemap())
		if len(r.Items) != 6 || len(r.Warnings) != 2 || !strings.Contains(r.Warnings[1], `a page titled "Oh no" where a sitemap was expected`) {
			t.Errorf("%d items, %q", len(r.Items), r.Warnings)
		}
		w.asked()
		// What is not there is left alone; what was broken is tried again.
		w.serve("/s2.xml", "text/xml", sitemap(entry{path: "/s2.xml/story", modified: ago(2 * time.Hour)}))
		w.wantItems(w.must(theSitemap()), "/s2.xml/story")
		w.wantAsked("/sitemap.xml", "/s2.xml")

		// When the host asks to slow down amid the pass, what was read counts.
		w.state, w.known = source.State{}, map[string]time.Time{}
		remove := w.net.Fault("news.example", "/s4.xml", fakenet.TooManyRequests(time.Hour))
		r = w.must(theSitemap())
		if len(r.Items) != 3 || !r.More || !r.State.NotBefore.Equal(time.Now().Add(time.Hour)) {
			t.Errorf("%d items, more %v, not before %v", len(r.Items), r.More, r.State.NotBefore)
		}
		remove()
		time.Sleep(time.Hour)
		if r = w.must(theSitemap()); len(r.Items) != 4 || r.More {
			t.Errorf("%d items, more %v", len(r.Items), r.More)
		}

		// When nothing of it can be read, that is a failure.
		w.state, w.known = source.State{}, map[string]time.Time{}
		for i := range 8 {
			w.net.Fault("news.example", fmt.Sprintf("/s%d", i), fakenet.Status(500))
		}
		w.asked()
		w.fails(theSitemap(), store.ErrUnexpected, "500")
		if n := len(w.asked()); n != 4 {
			t.Errorf("%d requests to a host that is broken", n)
		}
	})
}

func zipped(s string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, s)
	z.Close()
	return b.Bytes()
}

// TestCompressed reads sitemaps that are files in gzip, as well as compressed on
// the way, and both, and bombs.
func TestCompressed(t *testing.T) {
	inWorld(t, func(w *world) {
		doc := sitemap(entry{path: "/one", modified: ago(day)})
		serve := func(body []byte, mediaType, encoding string) {
			w.state, w.known = source.State{}, map[string]time.Time{}
			w.site.HandleFunc("/sitemap.xml", func(rw http.ResponseWriter, r *http.Request) {
				rw.Header().Set("Content-Type", mediaType)
				if encoding != "" {
					rw.Header().Set("Content-Encoding", encoding)
				}
				rw.Write(body)
			})
		}
		for _, c := range []struct {
			body                []byte
			mediaType, encoding string
		}{
			{zipped(doc), "application/gzip", ""}, {zipped(doc), "text/xml", ""}, {zipped(doc), "application/xml", "gzip"},
			{zipped(string(zipped(doc))), "application/x-gzip", "gzip"},
		} {
			serve(c.body, c.mediaType, c.encoding)
			w.wantItems(w.must(theSitemap()), "/one")
		}
		bomb := sitemap(entry{path: "/one", modified: ago(day)})
		bomb = strings.Replace(bomb, "</urlset>", strings.Repeat("<url>"+strings.Repeat(" ", 1000)+"</url>", 5000), 1)
		serve(zipped(bomb), "application/gzip", "")
		w.limit(source.Limits{DocumentBytes: 1 << 20})
		r := w.must(theSitemap())
		w.wantItems(r, "/one")
		if !strings.Contains(strings.Join(r.Warnings, " "), "larger than what is read") {
			t.Errorf("%q", r.Warnings)
		}
		serve(append(zipped(doc)[:20], "garbage"...), "application/gzip", "")
		w.fails(theSitemap(), store.ErrUnexpected)
	})
}

// TestNesting is an index that names itself, and one that never ends.
func TestNesting(t *testing.T) {
	inWorld(t, func(w *world) {
		w.serve("/sitemap.xml", "text/xml", index(entry{path: "/sitemap.xml"}, entry{path: "/a.xml"}, entry{path: "/deep1.xml"}))
		w.serve("/a.xml", "text/xml", sitemap(entry{path: "/one", modified: ago(day)}))
		for i := range 10 {
			w.serve(fmt.Sprintf("/deep%d.xml", i), "text/xml", index(entry{path: fmt.Sprintf("/deep%d.xml", i+1)}, entry{path: "/a.xml"}))
		}
		r := w.must(theSitemap())
		w.wantItems(r, "/one")
		if n := len(w.asked()); n > 5 {
			t.Errorf("%d requests", n)
		}
		if !strings.Contains(strings.Join(r.Warnings, " "), "nested more than 3 deep") {
			t.Errorf("%q", r.Warnings)
		}
	})
}

// TestIndexChangesAmid is an index that changes between two passes of one
// reading: what it says then of sitemaps that were passed is not lost.
func TestIndexChangesAmid(t *testing.T) {
	inWorld(t, func(w *world) {
		var kids []entry
		for i := range 9 {
			path := fmt.Sprintf("/s%d.xml", i)
			kids = append(kids, entry{path: path, modified: ago(time.Duration(i+1) * time.Hour)})
			w.serve(path, "text/xml", sitemap(entry{path: path + "/story", modified: ago(time.Duration(i+1) * time.Hour)}))
		}
		w.serve("/sitemap.xml", "text/xml", index(kids...))
		w.limit(source.Limits{Requests: 5})
		if r := w.must(theSitemap()); len(r.Items) != 4 || !r.More {
			t.Fatalf("%d items, more %v", len(r.Items), r.More)
		}
		time.Sleep(time.Minute)
		kids[1].modified = time.Now()
		w.serve("/s1.xml", "text/xml", sitemap(entry{path: "/s1.xml/new", modified: time.Now()}))
		w.serve("/sitemap.xml", "text/xml", index(kids...))
		total := 4
		for range 4 {
			total += len(w.must(theSitemap()).Items)
			time.Sleep(time.Hour)
		}
		if total != 10 {
			t.Errorf("%d items of 10", total)
		}
		w.asked()
		if r := w.must(theSitemap()); !r.NotModified {
			t.Errorf("asked for %v", w.asked())
		}
	})
}

// TestStepsBack takes turns between what is new and what is old.
func TestStepsBack(t *testing.T) {
	inWorld(t, func(w *world) {
		var entries []entry
		for i := range 40 {
			entries = append(entries, entry{path: fmt.Sprintf("/%d", i), modified: ago(time.Duration(i) * 10 * day)})
		}
		w.serve("/sitemap.xml", "text/xml", sitemap(entries...))
		w.limit(source.Limits{Items: 10})
		since, back, passes := ago(390*day), 0, 0
		for ; w.state.Backfill == nil || w.state.Backfill.Done.IsZero(); passes++ {
			o := source.Options{}
			if w.state.StepsBack(since) {
				o.Backfill = since
				back++
			}
			r, err := w.pass(theSitemap(), o)
			if err != nil || passes > 20 {
				t.Fatal(passes, err)
			}
			if next := source.Every(time.Hour).Next(time.Now(), w.state, 0.5); (w.state.Backfill == nil || !w.state.Backfill.Done.IsZero()) && !r.More {
				if time.Until(next) != time.Hour {
					t.Errorf("the next pass is in %v", time.Until(next))
				}
			} else if time.Until(next) != source.MoreDelay {
				t.Errorf("the next step is in %v", time.Until(next))
			}
		}
		if len(w.known) != 40 || back != 4 || passes != 8 || w.state.StepsBack(since) {
			t.Errorf("%d articles in %d passes, %d of them back", len(w.known), passes, back)
		}
		w.must(theSitemap())
		if w.state.StepsBack(since) || !w.state.StepsBack(ago(1000*day)) || w.state.StepsBack(time.Time{}) {
			t.Error("the way back is not known to be done")
		}
	})
}

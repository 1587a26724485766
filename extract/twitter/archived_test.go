package twitter

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"stet/extract"
	"stet/extract/post"
)

func TestParseArchived(t *testing.T) {
	const v11 = `{"created_at":"Tue Mar 05 09:15:02 +0000 2024","id":1764942685795254273,"id_str":"1764942685795254273","text":"Low tide https:\/\/t.co\/Link000001 https:\/\/t.co\/Pic0000001",` +
		`"user":{"id_str":"7001","name":"Ada Harbour","screen_name":"ada_harbour","profile_image_url_https":"https:\/\/pbs.twimg.com\/profile_images\/1\/a_normal.jpg"},` +
		`"entities":{"urls":[{"url":"https:\/\/t.co\/Link000001","expanded_url":"https:\/\/web.archive.org\/web\/2020\/https:\/\/harbour.example\/","display_url":"web.archive.org/web/2020"}],` +
		`"media":[{"type":"photo","url":"https:\/\/t.co\/Pic0000001","media_url_https":"https:\/\/pbs.twimg.com\/media\/KeyA.jpg"}]},"timestamp_ms":"1709630102000"}`
	p, err := ParseArchived("1764942685795254273", []byte(v11))
	if err != nil {
		t.Fatal(err)
	}
	// The author's own link into an archive stays what it is.
	if want := "Low tide https://web.archive.org/web/2020/https://harbour.example/"; p.Post.Text != want {
		t.Errorf("text %q, want %q", p.Post.Text, want)
	}
	rewritten := strings.ReplaceAll(v11, `https:\/\/t.co`, `https:\/\/web.archive.org\/web\/20240305091600\/https:\/\/t.co`)
	rewritten = strings.ReplaceAll(rewritten, `https:\/\/pbs`, `https:\/\/web.archive.org\/web\/20240305091600im_\/https:\/\/pbs`)
	p, err = ParseArchived("1764942685795254273", []byte(rewritten))
	if err != nil {
		t.Fatal(err)
	}
	if p.Post.Author.Avatar != "https://pbs.twimg.com/profile_images/1/a_normal.jpg" || len(p.Post.Media) != 1 ||
		p.Post.Media[0].URL != "https://pbs.twimg.com/media/KeyA?format=jpg&name=orig" || !strings.HasPrefix(p.Post.Text, "Low tide https://harbour.example/") {
		t.Errorf("got %+v", p.Post)
	}

	const v2 = `{"data":{"id":"1764942685795254273","text":"Low tide","author_id":"7001","created_at":"2024-03-05T09:15:02.000Z"},"includes":{"users":[{"id":"7001","name":"Ada","username":"ada_harbour"}]}}`
	if p, err := ParseArchived("1764942685795254273", []byte(v2)); err != nil || p.Post.Author.Handle != "ada_harbour" {
		t.Errorf("got %+v, %v", p, err)
	}
	for _, body := range []string{"", "<html>", "{}", "[]", v2[:50], `{"data":[]}`} {
		if _, err := ParseArchived("1764942685795254273", []byte(body)); !errors.Is(err, extract.ErrShape) {
			t.Errorf("%.40q: error %v", body, err)
		}
	}
	if _, err := ParseArchived("20", []byte(v11)); !errors.Is(err, extract.ErrShape) {
		t.Errorf("another post's body: %v", err)
	}
}

func FuzzArchived(f *testing.F) {
	addBodies(f, "v11")
	addBodies(f, "v2")
	f.Fuzz(func(t *testing.T, body []byte) {
		if p, err := ParseArchived("20", body); err == nil {
			checkParsed(t, &p, len(body))
		}
	})
}

func FuzzArchivedPage(f *testing.F) {
	addBodies(f, "archived")
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, id := range []string{"1178164231406997504", "1529020871754633216", "1443331212"} {
			a := ReadArchived(id, extract.Response{StatusCode: 200, Body: body})
			if a.Status != post.Unknown || a.Explicit {
				t.Errorf("a memento says %s", a.Status)
			}
			if a.Parsed != nil {
				checkParsed(t, a.Parsed, len(body))
				if p := &a.Parsed.Post; p.ID != id && !inChain(p, id) {
					t.Errorf("%s in place of %s", p.ID, id)
				}
			}
		}
	})
}

func TestArchivedForms(t *testing.T) {
	got := strings.Join(ArchivedForms("1229708800000000000", []string{"adaquay", "no/handle"}), " ")
	want := "twitter.com/adaquay/status/1229708800000000000 twitter.com/i/web/status/1229708800000000000 x.com/adaquay/status/1229708800000000000 " +
		"mobile.twitter.com/adaquay/status/1229708800000000000 x.com/i/web/status/1229708800000000000 x.com/i/status/1229708800000000000 " +
		"cdn.syndication.twimg.com/tweet-result?id=1229708800000000000"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if old := ArchivedForms("1443331212", []string{"adaquay"}); old[len(old)-1] != "twitter.com/adaquay/statuses/1443331212" {
		t.Errorf("an old post: %q", old)
	}
	first, last, _ := DayRange("2020-02-18")
	forms := ArchivedRange("adaquay", first, last)
	if len(forms) > 6 || forms[0] != "twitter.com/adaquay/status/"+first[:4] {
		t.Errorf("from %s to %s: %q", first, last, forms)
	}
	for _, id := range []string{first, last} {
		if !slices.ContainsFunc(forms, func(f string) bool { return strings.HasPrefix("twitter.com/adaquay/status/"+id, f) }) {
			t.Errorf("%s is not covered by %q", id, forms)
		}
	}
	if got := ArchivedRange("adaquay", "99999999999999999", "100000000000000000"); len(got) != 3 {
		t.Errorf("where ids grow by a digit: %q", got)
	}
}

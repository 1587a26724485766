package mastodon

import (
	"flag"
	"strconv"
	"testing"
	"time"

	"stet/extract"
	"stet/extract/post"
	"stet/extract/sitetest"
)

var update = flag.Bool("update", false, "write the wanted parts of the golden files anew")

func TestTime(t *testing.T) {
	for _, s := range []string{"2017-08-01T00:00:00Z", "2024-03-05T09:15:02.123Z", "2099-12-31T23:59:59.999Z"} {
		want, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		for _, low := range []int64{0, 1<<16 - 1} {
			id := strconv.FormatInt(want.UnixMilli()<<16|low, 10)
			if got, ok := Time(id); !ok || !got.Equal(want) {
				t.Errorf("Time(%s) = %v, %v; want %v", id, got, ok, want)
			}
		}
	}
	for _, s := range []string{"", "1", "99999999", "1000000000000000", "9223372036854775807", "99999999999999999999", "x"} {
		if got, ok := Time(s); ok {
			t.Errorf("Time(%q) = %v", s, got)
		}
	}
}

const (
	id    = "112042318430273537"
	stamp = "2024-03-05T09:15:03.001Z"
)

func TestParseURL(t *testing.T) {
	known := sitetest.URL{Kind: extract.TargetPost, ID: "harbour.example/" + id, URL: "https://harbour.example/@ada/" + id, Handle: "ada", Posted: stamp}
	anonymous := sitetest.URL{Kind: extract.TargetPost, ID: "harbour.example/" + id, URL: "https://harbour.example/web/statuses/" + id, Posted: stamp}
	var table []sitetest.URL
	add := func(c sitetest.URL, in ...string) {
		for _, s := range in {
			c.In = s
			table = append(table, c)
		}
	}
	add(known, "https://harbour.example/@ada/"+id, "http://HARBOUR.example/@ada/"+id+"?x=1#y", "https://harbour.example/users/ada/statuses/"+id,
		"https://harbour.example/web/@ada/"+id, "https://harbour.example/deck/@ada/"+id, "https://harbour.example/@ada/"+id+").",
		"https://harbour.example/@ada/"+id+"/reblogs", "https://harbour.example/users/ada/statuses/"+id+"/activity")
	add(anonymous, "https://harbour.example/web/statuses/"+id, "https://harbour.example/ap/users/114/statuses/"+id, "https://harbour.example/api/v1/statuses/"+id)
	known.Kind = extract.TargetEmbed
	add(known, "https://harbour.example/@ada/"+id+"/embed", "https://harbour.example/users/ada/statuses/"+id+"/embed")
	table = append(table, []sitetest.URL{
		{In: "https://harbour.example/@bo@quay.example/" + id, Kind: extract.TargetPost, ID: "harbour.example/" + id,
			URL: "https://harbour.example/@bo@quay.example/" + id, Handle: "bo@quay.example", Posted: stamp},
		{In: "https://mastodon.example/@ada/42", Kind: extract.TargetPost, ID: "mastodon.example/42", URL: "https://mastodon.example/@ada/42", Handle: "ada"},
		{In: "https://harbour.example/@ada/42"},
		{In: "https://harbour.example/@ada"},
		{In: "https://harbour.example/@ada/a-story-" + id},
		{In: "https://harbour.example/@ada/" + id + "0"},
		{In: "https://harbour.example/@ada/videos"},
		{In: "https://harbour.example/@ada/0" + id},
		{In: "https://harbour.example/@a%20b/" + id},
		{In: "https://harbour.example/@ada@quay/" + id},
		{In: "https://harbour.example/ada/" + id},
		{In: "https://localhost/@ada/" + id},
		{In: "https://harbour.example/share?text=x"},
	}...)
	sitetest.URLs(t, Site{}, table)
}

func TestForks(t *testing.T) {
	sitetest.URLs(t, TruthSocial{}, []sitetest.URL{
		{In: "https://truthsocial.com/@ada/" + id, Kind: extract.TargetPost, ID: id, URL: "https://truthsocial.com/@ada/" + id, Handle: "ada", Posted: stamp},
		{In: "https://truthsocial.com/@ada/posts/" + id, Kind: extract.TargetPost, ID: id, URL: "https://truthsocial.com/@ada/" + id, Handle: "ada", Posted: stamp},
		{In: "https://truthsocial.com/@ada/" + id + "/embed", Kind: extract.TargetEmbed, ID: id, URL: "https://truthsocial.com/@ada/" + id, Handle: "ada", Posted: stamp},
		{In: "https://truthsocial.com/users/ada/statuses/" + id, Kind: extract.TargetPost, ID: id, URL: "https://truthsocial.com/@ada/" + id, Handle: "ada", Posted: stamp},
		{In: "https://truthsocial.com/@ada", Kind: extract.TargetProfile, URL: "https://truthsocial.com/@ada", Handle: "ada"},
		{In: "https://truthsocial.com/tags/x", Kind: extract.TargetOther},
		{In: "https://help.truthsocial.com/x"},
		{In: "https://nottruthsocial.com/@ada/" + id},
	})
	sitetest.URLs(t, GabSite{}, []sitetest.URL{
		{In: "https://gab.com/ada/posts/" + id, Kind: extract.TargetPost, ID: id, URL: "https://gab.com/ada/posts/" + id, Handle: "ada", Posted: stamp},
		{In: "https://gab.com/ada", Kind: extract.TargetOther},
		{In: "https://gab.com.example/ada/posts/" + id},
	})
}

func TestPostByID(t *testing.T) {
	got, ok := Site{}.PostByID("harbour.example/" + id)
	if !ok || got.Ref != (post.Ref{Platform: post.Mastodon, ID: "harbour.example/" + id}) {
		t.Errorf("got %+v, %v", got, ok)
	}
	for _, s := range []string{"", id, "harbour.example/", "harbour.example/x", "Harbour.example/" + id, "harbour.example/" + id + "/x", "harbour.example/1)"} {
		if got, ok := (Site{}).PostByID(s); ok {
			t.Errorf("%q: got %+v", s, got)
		}
	}
	if got, ok := (TruthSocial{}).PostByID(id); !ok || got.Ref.ID != id {
		t.Errorf("got %+v, %v", got, ok)
	}
}

func TestMarkup(t *testing.T) { sitetest.Pages(t, Site{}, "testdata/pages", *update) }

func FuzzParseURL(f *testing.F) {
	sitetest.Fuzz(f, Site{}, "https://harbour.example/@ada@quay.example/"+id+"/embed", "https://mastodon.example/web/statuses/1")
}

func FuzzParseTruthSocial(f *testing.F) {
	sitetest.Fuzz(f, TruthSocial{}, "https://truthsocial.com/@ada/posts/"+id, "https://m.truthsocial.com/@ada")
}

func FuzzParseGab(f *testing.F) {
	sitetest.Fuzz(f, GabSite{}, "https://gab.com/ada/posts/"+id, "https://gab.com/@ada")
}

package soundcloud

import (
	"flag"
	"testing"

	"stet/extract"
	"stet/extract/sitetest"
)

var update = flag.Bool("update", false, "write the wanted parts of the golden files anew")

func TestParseURL(t *testing.T) {
	byPath := func(in, part string, kind extract.TargetKind) sitetest.URL {
		return sitetest.URL{In: in, Kind: kind, ID: "ada/low-tide", URL: "https://soundcloud.com/ada/low-tide", Handle: "ada", Part: part}
	}
	byNumber := func(in, id string, kind extract.TargetKind) sitetest.URL {
		return sitetest.URL{In: in, Kind: kind, ID: id, URL: "https://api.soundcloud.com/" + id}
	}
	sitetest.URLs(t, Site{}, []sitetest.URL{
		byPath("https://soundcloud.com/ada/low-tide?in=x", "", extract.TargetPost),
		byPath("https://m.soundcloud.com/Ada/Low-Tide#t=1:30", "1:30", extract.TargetPost),
		byPath("https://w.soundcloud.com/player/?url=https%3A//soundcloud.com/ada/low-tide&color=%23ff5500", "", extract.TargetEmbed),
		byPath("https://soundcloud.com/oembed?format=json&url=https%3A%2F%2Fsoundcloud.com%2Fada%2Flow-tide", "", extract.TargetPost),
		byNumber("https://w.soundcloud.com/player/?url=https%3A//api.soundcloud.com/tracks/123456789&auto_play=false", "tracks/123456789", extract.TargetEmbed),
		byNumber("https://w.soundcloud.com/player/?url=https%3A//api.soundcloud.com/tracks/soundcloud%253Atracks%253A123456789", "tracks/123456789", extract.TargetEmbed),
		byNumber("https://w.soundcloud.com/player/?url=http%3A%2F%2Fapi.soundcloud.com%2Fplaylists%2F1234", "playlists/1234", extract.TargetEmbed),
		byNumber("https://player.soundcloud.com/player.swf?url=http%3A%2F%2Fapi.soundcloud.com%2Ftracks%2F1234", "tracks/1234", extract.TargetEmbed),
		{In: "https://soundcloud.com/ada/low-tide/s-AbCdE", Kind: extract.TargetPost, ID: "ada/low-tide", URL: "https://soundcloud.com/ada/low-tide/s-AbCdE", Handle: "ada"},
		{In: "https://soundcloud.com/ada/sets/tides", Kind: extract.TargetPost, ID: "ada/sets/tides", URL: "https://soundcloud.com/ada/sets/tides", Handle: "ada"},
		{In: "https://on.soundcloud.com/AbCdE", Kind: extract.TargetShort, URL: "https://on.soundcloud.com/AbCdE"},
		{In: "https://soundcloud.com/ada", Kind: extract.TargetProfile, URL: "https://soundcloud.com/ada", Handle: "ada"},
		{In: "https://soundcloud.com/ada/sets", Kind: extract.TargetProfile, URL: "https://soundcloud.com/ada", Handle: "ada"},
		{In: "https://soundcloud.com/discover/sets/x", Kind: extract.TargetOther},
		{In: "https://w.soundcloud.com/player/api.js", Kind: extract.TargetOther},
		{In: "https://help.soundcloud.com/ada/low-tide"},
		{In: "https://notsoundcloud.com/ada/low-tide"},
	})
	for _, id := range []string{"tracks/1234", "ada/low-tide", "ada/sets/tides"} {
		if got, ok := (Site{}).PostByID(id); !ok || got.Ref.ID != id {
			t.Errorf("%s: got %+v, %v", id, got, ok)
		}
	}
	for _, id := range []string{"", "ada", "tracks/x", "Ada/low-tide"} {
		if got, ok := (Site{}).PostByID(id); ok {
			t.Errorf("%s: got %+v", id, got)
		}
	}
}

func TestMarkup(t *testing.T) { sitetest.Pages(t, Site{}, "testdata/pages", *update) }

func FuzzParseURL(f *testing.F) {
	sitetest.Fuzz(f, Site{}, "https://soundcloud.com/ada/low-tide/s-AbCdE", "https://api.soundcloud.com/tracks/1", "https://on.soundcloud.com/abcd", "https://soundcloud.com/a/sets/b")
}

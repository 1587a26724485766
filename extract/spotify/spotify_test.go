package spotify

import (
	"flag"
	"testing"

	"stet/extract"
	"stet/extract/sitetest"
)

var update = flag.Bool("update", false, "write the wanted parts of the golden files anew")

func TestParseURL(t *testing.T) {
	const id = "0aBcDeFgHiJkLmNoPqRsTu"
	row := func(in, of, part string, kind extract.TargetKind) sitetest.URL {
		return sitetest.URL{In: in, Kind: kind, ID: of + ":" + id, URL: "https://open.spotify.com/" + of + "/" + id, Part: part}
	}
	sitetest.URLs(t, Site{}, []sitetest.URL{
		row("https://open.spotify.com/track/"+id+"?si=x", "track", "", extract.TargetPost),
		row("https://open.spotify.com/intl-de/album/"+id, "album", "", extract.TargetPost),
		row("https://play.spotify.com/playlist/"+id, "playlist", "", extract.TargetPost),
		row("https://open.spotify.com/user/ada/playlist/"+id, "playlist", "", extract.TargetPost),
		row("https://open.spotify.com/episode/"+id+"?t=90", "episode", "90", extract.TargetPost),
		row("https://open.spotify.com/embed/show/"+id, "show", "", extract.TargetEmbed),
		row("https://open.spotify.com/embed-podcast/episode/"+id, "episode", "", extract.TargetEmbed),
		row("https://embed.spotify.com/?uri=spotify:track:"+id, "track", "", extract.TargetEmbed),
		row("https://embed.spotify.com/?uri=spotify%3Auser%3Aada%3Aplaylist%3A"+id, "playlist", "", extract.TargetEmbed),
		row("https://open.spotify.com/oembed?url=https%3A%2F%2Fopen.spotify.com%2Ftrack%2F"+id, "track", "", extract.TargetPost),
		{In: "https://open.spotify.com/embed/artist/" + id, Kind: extract.TargetEmbed, ID: "artist:" + id, URL: "https://open.spotify.com/embed/artist/" + id},
		{In: "https://open.spotify.com/artist/" + id, Kind: extract.TargetProfile, URL: "https://open.spotify.com/artist/" + id},
		{In: "https://open.spotify.com/user/ada", Kind: extract.TargetProfile},
		{In: "https://spotify.link/AbCdEf", Kind: extract.TargetShort, URL: "https://spotify.link/AbCdEf"},
		{In: "https://open.spotify.com/search/tide", Kind: extract.TargetOther},
		{In: "https://open.spotify.com/track/short", Kind: extract.TargetOther},
		{In: "https://www.spotify.com/track/" + id},
		{In: "https://developer.spotify.com/track/" + id},
		{In: "https://notspotify.com/track/" + id},
	})
	for _, s := range []string{"track:" + id, "spotify:track:" + id} {
		if got, ok := (Site{}).PostByID(s); !ok || got.Ref.ID != "track:"+id {
			t.Errorf("%s: got %+v, %v", s, got, ok)
		}
	}
	if got, ok := (Site{}).PostByID(id); ok {
		t.Errorf("got %+v", got)
	}
}

func TestMarkup(t *testing.T) { sitetest.Pages(t, Site{}, "testdata/pages", *update) }

func FuzzParseURL(f *testing.F) {
	sitetest.Fuzz(f, Site{}, "https://open.spotify.com/intl-de/embed/track/0aBcDeFgHiJkLmNoPqRsTu", "https://spoti.fi/abcd", "https://embed.spotify.com/?uri=spotify:artist:0aBcDeFgHiJkLmNoPqRsTu")
}

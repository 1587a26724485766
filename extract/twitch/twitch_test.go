package twitch

import (
	"flag"
	"testing"

	"stet/extract"
	"stet/extract/sitetest"
)

var update = flag.Bool("update", false, "write the wanted parts of the golden files anew")

func TestParseURL(t *testing.T) {
	video := func(in, part string, kind extract.TargetKind) sitetest.URL {
		return sitetest.URL{In: in, Kind: kind, ID: "1234567890", URL: "https://www.twitch.tv/videos/1234567890", Part: part}
	}
	clip := func(in, handle string, kind extract.TargetKind) sitetest.URL {
		return sitetest.URL{In: in, Kind: kind, ID: "CalmLowTide-aBc_1", URL: "https://clips.twitch.tv/CalmLowTide-aBc_1", Handle: handle}
	}
	channel := sitetest.URL{Kind: extract.TargetProfile, URL: "https://www.twitch.tv/ada_h", Handle: "ada_h"}
	table := []sitetest.URL{
		video("https://www.twitch.tv/videos/1234567890?t=1h2m3s", "1h2m3s", extract.TargetPost),
		video("https://www.twitch.tv/ada_h/v/1234567890", "", extract.TargetPost),
		video("https://m.twitch.tv/ada_h/video/1234567890", "", extract.TargetPost),
		video("https://player.twitch.tv/?video=v1234567890&parent=example.org", "", extract.TargetEmbed),
		clip("https://clips.twitch.tv/CalmLowTide-aBc_1", "", extract.TargetPost),
		clip("https://clips.twitch.tv/ada_h/CalmLowTide-aBc_1", "ada_h", extract.TargetPost),
		clip("https://www.twitch.tv/ada_h/clip/CalmLowTide-aBc_1?filter=x", "ada_h", extract.TargetPost),
		clip("https://clips.twitch.tv/embed?clip=CalmLowTide-aBc_1&parent=example.org", "", extract.TargetEmbed),
		{In: "https://www.twitch.tv/directory/game/x", Kind: extract.TargetOther},
		{In: "https://www.twitch.tv/", Kind: extract.TargetOther},
		{In: "https://clips.twitch.tv/", Kind: extract.TargetOther},
		{In: "https://blog.twitch.tv/videos/1234567890"},
		{In: "https://nottwitch.tv/videos/1234567890"},
	}
	for _, in := range []string{"https://www.twitch.tv/ada_h", "https://www.twitch.tv/ada_h/about", "https://player.twitch.tv/?channel=ada_h&parent=x"} {
		channel.In = in
		table = append(table, channel)
	}
	sitetest.URLs(t, Site{}, table)
	for id, want := range map[string]string{"1234567890": "1234567890", "v1234567890": "1234567890", "CalmLowTide": "CalmLowTide"} {
		if got, ok := (Site{}).PostByID(id); !ok || got.Ref.ID != want {
			t.Errorf("%s: got %+v, %v", id, got, ok)
		}
	}
	for _, id := range []string{"", "12", "a b", "v12", "CalmLowTide)"} {
		if got, ok := (Site{}).PostByID(id); ok {
			t.Errorf("%s: got %+v", id, got)
		}
	}
}

func TestMarkup(t *testing.T) { sitetest.Pages(t, Site{}, "testdata/pages", *update) }

func FuzzParseURL(f *testing.F) {
	sitetest.Fuzz(f, Site{}, "https://www.twitch.tv/videos/1234567890?t=1s", "https://clips.twitch.tv/ada/CalmLowTide", "https://player.twitch.tv/?channel=ada", "https://clips.twitch.tv/v1234567")
}

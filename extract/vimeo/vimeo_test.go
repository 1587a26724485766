package vimeo

import (
	"flag"
	"testing"

	"stet/extract"
	"stet/extract/sitetest"
)

var update = flag.Bool("update", false, "write the wanted parts of the golden files anew")

func TestParseURL(t *testing.T) {
	row := func(in, key, part string, kind extract.TargetKind) sitetest.URL {
		return sitetest.URL{In: in, Kind: kind, ID: "123456789", URL: "https://vimeo.com/123456789" + key, Part: part}
	}
	sitetest.URLs(t, Site{}, []sitetest.URL{
		row("https://vimeo.com/123456789", "", "", extract.TargetPost),
		row("http://www.vimeo.com/123456789?share=copy#t=1m30s", "", "1m30s", extract.TargetPost),
		row("https://vimeo.com/123456789/0a1b2c3d4e", "/0a1b2c3d4e", "", extract.TargetPost),
		row("https://vimeo.com/channels/staffpicks/123456789", "", "", extract.TargetPost),
		row("https://vimeo.com/groups/tides/videos/123456789", "", "", extract.TargetPost),
		row("https://vimeo.com/album/12/video/123456789", "", "", extract.TargetPost),
		row("https://vimeo.com/showcase/12345/video/123456789", "", "", extract.TargetPost),
		row("https://vimeo.com/ondemand/tides/123456789", "", "", extract.TargetPost),
		row("https://vimeo.com/user12/review/123456789/0a1b2c3d4e", "/0a1b2c3d4e", "", extract.TargetPost),
		row("https://vimeo.com/m/123456789", "", "", extract.TargetPost),
		row("https://player.vimeo.com/video/123456789?h=0a1b2c3d4e&title=0", "/0a1b2c3d4e", "", extract.TargetEmbed),
		row("//player.vimeo.com/video/123456789#t=20s", "", "20s", extract.TargetEmbed),
		row("https://vimeo.com/moogaloop.swf?clip_id=123456789&server=vimeo.com", "", "", extract.TargetEmbed),
		row("https://vimeo.com/api/oembed.json?url=https%3A%2F%2Fvimeo.com%2F123456789", "", "", extract.TargetPost),
		{In: "https://vimeo.com/ada", Kind: extract.TargetProfile, URL: "https://vimeo.com/ada", Handle: "ada"},
		{In: "https://vimeo.com/event/123456", Kind: extract.TargetOther},
		{In: "https://vimeo.com/categories", Kind: extract.TargetOther},
		{In: "https://vimeo.com/ada/12", Kind: extract.TargetOther},
		{In: "https://player.vimeo.com/api/player.js", Kind: extract.TargetOther},
		{In: "https://help.vimeo.com/123456789"},
		{In: "https://notvimeo.com/123456789"},
		{In: "https://vimeo.com.example/123456789"},
	})
}

func TestMarkup(t *testing.T) { sitetest.Pages(t, Site{}, "testdata/pages", *update) }

func FuzzParseURL(f *testing.F) {
	sitetest.Fuzz(f, Site{}, "https://vimeo.com/channels/x/123", "https://vimeo.com/1/0a1b2c3d4e", "https://player.vimeo.com/video/1?h=abcdef0123", "https://vimeo.com/m")
}

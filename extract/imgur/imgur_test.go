package imgur

import (
	"flag"
	"testing"

	"stet/extract"
	"stet/extract/sitetest"
)

var update = flag.Bool("update", false, "write the wanted parts of the golden files anew")

func TestParseURL(t *testing.T) {
	row := func(in, id string, kind extract.TargetKind) sitetest.URL {
		return sitetest.URL{In: in, Kind: kind, ID: id, URL: "https://imgur.com/" + id}
	}
	sitetest.URLs(t, Site{}, []sitetest.URL{
		row("https://imgur.com/aBcD123", "aBcD123", extract.TargetPost),
		row("http://m.imgur.com/aBcD123?x=1", "aBcD123", extract.TargetPost),
		row("https://imgur.com/low-tide-aBcD123", "aBcD123", extract.TargetPost),
		row("https://imgur.com/a/aBcD1", "a/aBcD1", extract.TargetPost),
		row("https://imgur.com/a/low-tide-aBcD1#0", "a/aBcD1", extract.TargetPost),
		row("https://imgur.com/gallery/low-tide-aBcD123", "gallery/aBcD123", extract.TargetPost),
		row("https://imgur.com/t/tide/aBcD123", "gallery/aBcD123", extract.TargetPost),
		row("https://imgur.com/a/aBcD1/embed?pub=true&ref=x", "a/aBcD1", extract.TargetEmbed),
		row("https://imgur.com/aBcD123/embed", "aBcD123", extract.TargetEmbed),
		row("https://api.imgur.com/oembed.json?url=https%3A%2F%2Fimgur.com%2Fa%2FaBcD1", "a/aBcD1", extract.TargetPost),
		{In: "https://imgur.com/user/ada", Kind: extract.TargetProfile, Handle: "ada"},
		{In: "https://imgur.com/upload", Kind: extract.TargetOther},
		{In: "https://imgur.com/", Kind: extract.TargetOther},
		{In: "https://i.imgur.com/aBcD123.jpg"},
		{In: "https://s.imgur.com/min/embed.js"},
		{In: "https://notimgur.com/aBcD123"},
	})
}

func TestMarkup(t *testing.T) { sitetest.Pages(t, Site{}, "testdata/pages", *update) }

func FuzzParseURL(f *testing.F) {
	sitetest.Fuzz(f, Site{}, "https://imgur.com/a/low-tide-aBcD1/embed", "https://imgur.com/t/x/aBcD123", "https://imgur.com/embed")
}

package vine

import (
	"flag"
	"testing"

	"stet/extract"
	"stet/extract/sitetest"
)

var update = flag.Bool("update", false, "write the wanted parts of the golden files anew")

func TestParseURL(t *testing.T) {
	const id, url = "aB1cD2eF3gH", "https://vine.co/v/aB1cD2eF3gH"
	sitetest.URLs(t, Site{}, []sitetest.URL{
		{In: "https://vine.co/v/" + id, Kind: extract.TargetPost, ID: id, URL: url},
		{In: "http://www.vine.co/v/" + id + "?x=1", Kind: extract.TargetPost, ID: id, URL: url},
		{In: "https://vine.co/v/" + id + "/embed/simple?related=0", Kind: extract.TargetEmbed, ID: id, URL: url},
		{In: "https://vine.co/v/" + id + "/card", Kind: extract.TargetEmbed, ID: id, URL: url},
		{In: "https://vine.co/oembed.json?url=https%3A%2F%2Fvine.co%2Fv%2F" + id, Kind: extract.TargetPost, ID: id, URL: url},
		{In: "https://vine.co/ada", Kind: extract.TargetProfile},
		{In: "https://vine.co/u/123", Kind: extract.TargetProfile},
		{In: "https://vine.co/v/", Kind: extract.TargetOther},
		{In: "https://vine.co/v/x", Kind: extract.TargetOther},
		{In: "https://platform.vine.co/static/scripts/embed.js"},
		{In: "https://grapevine.co/v/" + id},
	})
}

func TestMarkup(t *testing.T) { sitetest.Pages(t, Site{}, "testdata/pages", *update) }

func FuzzParseURL(f *testing.F) {
	sitetest.Fuzz(f, Site{}, "https://vine.co/v/aB1cD2eF3gH/embed", "https://vine.co/u/1")
}

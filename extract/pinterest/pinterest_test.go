package pinterest

import (
	"flag"
	"testing"

	"stet/extract"
	"stet/extract/sitetest"
)

var update = flag.Bool("update", false, "write the wanted parts of the golden files anew")

func TestParseURL(t *testing.T) {
	const id = "123456789012345678"
	row := func(in string, kind extract.TargetKind) sitetest.URL {
		return sitetest.URL{In: in, Kind: kind, ID: id, URL: "https://www.pinterest.com/pin/" + id + "/"}
	}
	sitetest.URLs(t, Site{}, []sitetest.URL{
		row("https://www.pinterest.com/pin/"+id+"/", extract.TargetPost),
		row("https://pinterest.co.uk/pin/low-tide--"+id+"/sent/?x=1", extract.TargetPost),
		row("https://de.pinterest.com/pin/"+id, extract.TargetPost),
		row("https://www.pinterest.fr/pin/"+id, extract.TargetPost),
		row("https://assets.pinterest.com/ext/embed.html?id="+id, extract.TargetEmbed),
		row("https://widgets.pinterest.com/v3/pidgets/pins/info/?pin_ids="+id, extract.TargetPost),
		row("https://www.pinterest.com/oembed.json?url=https%3A%2F%2Fwww.pinterest.com%2Fpin%2F"+id, extract.TargetPost),
		{In: "https://pin.it/AbCd123", Kind: extract.TargetShort, URL: "https://pin.it/AbCd123"},
		{In: "https://www.pinterest.com/ada/", Kind: extract.TargetProfile, URL: "https://www.pinterest.com/ada/", Handle: "ada"},
		{In: "https://www.pinterest.com/pin/create/button/?url=x", Kind: extract.TargetIntent},
		{In: "https://www.pinterest.com/ada/tides/", Kind: extract.TargetOther},
		{In: "https://assets.pinterest.com/js/pinit.js", Kind: extract.TargetOther},
		{In: "https://help.pinterest.com/pin/" + id},
		{In: "https://pinterest.example/pin/" + id},
		{In: "https://mypinterest.com/pin/" + id},
	})
}

func TestMarkup(t *testing.T) { sitetest.Pages(t, Site{}, "testdata/pages", *update) }

func FuzzParseURL(f *testing.F) {
	sitetest.Fuzz(f, Site{}, "https://www.pinterest.co.uk/pin/x--123456789012345678/", "https://pin.it/abcd", "https://pinterest.com/ada")
}

package flickr

import (
	"flag"
	"testing"

	"stet/extract"
	"stet/extract/sitetest"
)

var update = flag.Bool("update", false, "write the wanted parts of the golden files anew")

func TestParseURL(t *testing.T) {
	const id = "53567890123"
	row := func(in string, kind extract.TargetKind) sitetest.URL {
		return sitetest.URL{In: in, Kind: kind, ID: id, URL: "https://www.flickr.com/photos/12345678@N00/" + id + "/", Handle: "12345678@N00"}
	}
	sitetest.URLs(t, Site{}, []sitetest.URL{
		row("https://www.flickr.com/photos/12345678@N00/"+id+"/", extract.TargetPost),
		row("http://flickr.com/photos/12345678@N00/"+id+"/in/album-1/lightbox/", extract.TargetPost),
		row("https://www.flickr.com/photos/12345678@N00/"+id+"/player/", extract.TargetEmbed),
		row("https://www.flickr.com/services/oembed?format=json&url=https%3A%2F%2Fwww.flickr.com%2Fphotos%2F12345678%40N00%2F"+id, extract.TargetPost),
		{In: "https://flic.kr/p/2k", Kind: extract.TargetPost, ID: "77", URL: "https://flic.kr/p/2k"},
		{In: "https://flic.kr/p/0", Kind: extract.TargetOther},
		{In: "https://flic.kr/s/aHsk", Kind: extract.TargetOther},
		{In: "https://www.flickr.com/photos/ada/", Kind: extract.TargetProfile, URL: "https://www.flickr.com/photos/ada/", Handle: "ada"},
		{In: "https://www.flickr.com/people/ada/", Kind: extract.TargetProfile, URL: "https://www.flickr.com/photos/ada/", Handle: "ada"},
		{In: "https://www.flickr.com/photos/ada/albums/721", Kind: extract.TargetOther},
		{In: "https://www.flickr.com/explore", Kind: extract.TargetOther},
		{In: "https://live.staticflickr.com/1/2_3.jpg"},
		{In: "https://help.flickr.com/photos/ada/1"},
		{In: "https://notflickr.com/photos/ada/1"},
	})
}

func TestShortLinks(t *testing.T) {
	for _, n := range []uint64{1, 57, 58, 59, 3364, 53567890123, 1<<58 - 1} {
		s := encode58(n)
		if got, ok := decode58(s); ok && got != n || !ok && n >= 58 {
			t.Errorf("%d → %s → %d, %v", n, s, got, ok)
		}
	}
	got, ok := Site{}.PostByID("53567890123")
	if !ok {
		t.Fatal("no photo")
	}
	again, ok := extract.PostAt(Site{}, got.URL)
	if !ok || again.Ref != got.Ref {
		t.Errorf("%+v → %+v, %v", got, again, ok)
	}
}

func TestMarkup(t *testing.T) { sitetest.Pages(t, Site{}, "testdata/pages", *update) }

func FuzzParseURL(f *testing.F) {
	sitetest.Fuzz(f, Site{}, "https://www.flickr.com/photos/ada/53567890123/player/", "https://flic.kr/p/2kLmNoP", "https://www.flickr.com/photo.gne?short=2kLmNoP")
}

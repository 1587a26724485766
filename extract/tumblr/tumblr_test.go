package tumblr

import (
	"flag"
	"testing"

	"stet/extract"
	"stet/extract/sitetest"
)

var update = flag.Bool("update", false, "write the wanted parts of the golden files anew")

func TestParseURL(t *testing.T) {
	const id = "743912345678901248"
	row := func(in string) sitetest.URL {
		return sitetest.URL{In: in, Kind: extract.TargetPost, ID: id, URL: "https://www.tumblr.com/ada-harbour/" + id, Handle: "ada-harbour"}
	}
	sitetest.URLs(t, Site{}, []sitetest.URL{
		row("https://ada-harbour.tumblr.com/post/" + id + "/low-tide"),
		row("http://Ada-Harbour.tumblr.com/image/" + id),
		row("https://www.tumblr.com/ada-harbour/" + id + "/low-tide?source=share"),
		row("https://www.tumblr.com/@ada-harbour/" + id),
		row("https://www.tumblr.com/blog/view/ada-harbour/" + id),
		row("https://www.tumblr.com/dashboard/blog/ada-harbour/" + id),
		row("https://www.tumblr.com/oembed/1.0?url=https%3A%2F%2Fada-harbour.tumblr.com%2Fpost%2F" + id),
		{In: "https://tmblr.co/ZaBc1d2", Kind: extract.TargetShort, URL: "https://tmblr.co/ZaBc1d2"},
		{In: "https://embed.tumblr.com/embed/post/aBc-123/" + id, Kind: extract.TargetEmbed, ID: id, URL: "https://embed.tumblr.com/embed/post/aBc-123/" + id},
		{In: "https://ada-harbour.tumblr.com/", Kind: extract.TargetProfile, URL: "https://www.tumblr.com/ada-harbour", Handle: "ada-harbour"},
		{In: "https://www.tumblr.com/ada-harbour", Kind: extract.TargetProfile, URL: "https://www.tumblr.com/ada-harbour", Handle: "ada-harbour"},
		{In: "https://www.tumblr.com/share/link?url=x", Kind: extract.TargetIntent},
		{In: "https://www.tumblr.com/tagged/tide", Kind: extract.TargetOther},
		{In: "https://ada-harbour.tumblr.com/archive", Kind: extract.TargetOther},
		{In: "https://ada-harbour.tumblr.com/post/12…", Kind: extract.TargetOther},
		{In: "https://64.media.tumblr.com/abc/s640x960/x.jpg"},
		{In: "https://assets.tumblr.com/post.js"},
		{In: "https://nottumblr.com/post/" + id},
	})
}

func TestMarkup(t *testing.T) { sitetest.Pages(t, Site{}, "testdata/pages", *update) }

func FuzzParseURL(f *testing.F) {
	sitetest.Fuzz(f, Site{}, "https://ada.tumblr.com/post/743912345678901248", "https://embed.tumblr.com/embed/post/t:abc/743912345678901248", "https://www.tumblr.com/@ada")
}

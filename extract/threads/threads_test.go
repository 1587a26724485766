package threads

import (
	"flag"
	"testing"

	"stet/extract"
	"stet/extract/sitetest"
)

var update = flag.Bool("update", false, "write the wanted parts of the golden files anew")

func TestParseURL(t *testing.T) {
	const id, url = "C4IabcdeFGH", "https://www.threads.com/@ada.harbour/post/C4IabcdeFGH"
	sitetest.URLs(t, Site{}, []sitetest.URL{
		{In: "https://www.threads.net/@ada.harbour/post/" + id + "?xmt=1", Kind: extract.TargetPost, ID: id, URL: url, Handle: "ada.harbour"},
		{In: "https://threads.com/@ada.harbour/post/" + id + "/", Kind: extract.TargetPost, ID: id, URL: url, Handle: "ada.harbour"},
		{In: "https://www.threads.com/@ada.harbour/post/" + id + "/media", Kind: extract.TargetPost, ID: id, URL: url, Handle: "ada.harbour", Part: "media"},
		{In: "https://www.threads.net/@ada.harbour/post/" + id + "/embed/", Kind: extract.TargetEmbed, ID: id, URL: url, Handle: "ada.harbour"},
		{In: "https://www.fixthreads.net/@ada.harbour/post/" + id, Kind: extract.TargetPost, ID: id, URL: url, Handle: "ada.harbour"},
		{In: "https://www.threads.net/t/" + id, Kind: extract.TargetPost, ID: id, URL: "https://www.threads.com/t/" + id},
		{In: "https://www.threads.net/t/" + id[:6] + "…", Kind: extract.TargetOther},
		{In: "https://www.threads.net/@ada.harbour", Kind: extract.TargetProfile, URL: "https://www.threads.com/@ada.harbour", Handle: "ada.harbour"},
		{In: "https://www.threads.net/intent/post?text=x", Kind: extract.TargetIntent},
		{In: "https://www.threads.net/", Kind: extract.TargetOther},
		{In: "https://help.threads.net/@ada/post/" + id},
		{In: "https://nothreads.net/@ada/post/" + id},
	})
}

func TestMarkup(t *testing.T) { sitetest.Pages(t, Site{}, "testdata/pages", *update) }

func FuzzParseURL(f *testing.F) {
	sitetest.Fuzz(f, Site{}, "https://www.threads.net/@ada.harbour/post/C4IabcdeFGH/embed", "https://www.threads.net/t/C4IabcdeFGH", "https://threads.com/@a..")
}

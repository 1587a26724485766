package tiktok

import (
	"flag"
	"strconv"
	"testing"
	"time"

	"stet/extract"
	"stet/extract/sitetest"
)

var update = flag.Bool("update", false, "write the wanted parts of the golden files anew")

func TestTime(t *testing.T) {
	for _, s := range []string{"2018-08-02T00:00:00Z", "2024-03-05T09:15:02Z", "2099-12-31T23:59:59Z"} {
		want, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		for _, low := range []uint64{0, 1<<32 - 1} {
			id := strconv.FormatUint(uint64(want.Unix())<<32|low, 10)
			if got, ok := Time(id); !ok || !got.Equal(want) {
				t.Errorf("Time(%s) = %v, %v; want %v", id, got, ok, want)
			}
		}
	}
	for _, s := range []string{"", "1", "12345678901", "18446744073709551615", "99999999999999999999", "x"} {
		if got, ok := Time(s); ok {
			t.Errorf("Time(%q) = %v", s, got)
		}
	}
}

func TestParseURL(t *testing.T) {
	const stamp = "2024-03-05T09:15:02Z"
	at, err := time.Parse(time.RFC3339, stamp)
	if err != nil {
		t.Fatal(err)
	}
	id := strconv.FormatInt(at.Unix()<<32|77, 10)
	row := func(in, url, handle string, kind extract.TargetKind) sitetest.URL {
		return sitetest.URL{In: in, Kind: kind, ID: id, URL: "https://www.tiktok.com/" + url + id, Handle: handle, Posted: stamp}
	}
	sitetest.URLs(t, Site{}, []sitetest.URL{
		row("https://www.tiktok.com/@ada.harbour/video/"+id+"?lang=en", "@ada.harbour/video/", "ada.harbour", extract.TargetPost),
		row("https://m.tiktok.com/@ada.harbour/photo/"+id, "@ada.harbour/photo/", "ada.harbour", extract.TargetPost),
		row("https://www.tiktok.com/@/video/"+id, "@i/video/", "", extract.TargetPost),
		row("https://www.tiktok.com/@i/video/"+id, "@i/video/", "", extract.TargetPost),
		row("https://m.tiktok.com/v/"+id+".html", "@i/video/", "", extract.TargetPost),
		row("https://www.tiktokv.com/share/video/"+id+"/", "@i/video/", "", extract.TargetPost),
		row("https://www.tiktok.com/embed/"+id, "@i/video/", "", extract.TargetEmbed),
		row("https://www.tiktok.com/embed/v2/"+id+"?lang=en-US", "@i/video/", "", extract.TargetEmbed),
		row("https://www.tiktok.com/player/v1/"+id+"?music_info=1", "@i/video/", "", extract.TargetEmbed),
		row("https://www.tiktok.com/oembed?url=https%3A%2F%2Fwww.tiktok.com%2F%40ada.harbour%2Fvideo%2F"+id, "@ada.harbour/video/", "ada.harbour", extract.TargetPost),
		{In: "https://vm.tiktok.com/ZMabcdef/", Kind: extract.TargetShort, URL: "https://vm.tiktok.com/ZMabcdef/"},
		{In: "https://vt.tiktok.com/ZSabcdef", Kind: extract.TargetShort, URL: "https://vt.tiktok.com/ZSabcdef/"},
		{In: "https://www.tiktok.com/t/ZTabcdef/", Kind: extract.TargetShort, URL: "https://www.tiktok.com/t/ZTabcdef/"},
		{In: "https://www.tiktok.com/@ada.harbour?lang=en", Kind: extract.TargetProfile, URL: "https://www.tiktok.com/@ada.harbour", Handle: "ada.harbour"},
		{In: "https://www.tiktok.com/@ada.harbour/live", Kind: extract.TargetOther},
		{In: "https://www.tiktok.com/embed/@ada.harbour", Kind: extract.TargetOther},
		{In: "https://www.tiktok.com/tag/tide", Kind: extract.TargetOther},
		{In: "https://www.tiktok.com/@ada.harbour/video/12345…", Kind: extract.TargetOther},
		{In: "https://www.tiktok.com/", Kind: extract.TargetOther},
		{In: "https://newsroom.tiktok.com/@ada/video/" + id},
		{In: "https://nottiktok.com/@ada/video/" + id},
	})
}

func TestMarkup(t *testing.T) { sitetest.Pages(t, Site{}, "testdata/pages", *update) }

func FuzzParseURL(f *testing.F) {
	sitetest.Fuzz(f, Site{}, "https://www.tiktok.com/@ada/video/7342715830000000000", "https://vm.tiktok.com/ZMabcdef", "https://www.tiktok.com/embed/v2/7342715830000000000", "https://tiktok.com/@a..")
}

package instagram

import (
	"flag"
	"testing"
	"time"

	"stet/extract"
	"stet/extract/sitetest"
)

var update = flag.Bool("update", false, "write the wanted parts of the golden files anew")

// code writes a number as a shortcode.
func codeOf(n int64) string {
	s := ""
	for ; n > 0; n >>= 6 {
		s = string(alphabet[n&63]) + s
	}
	return s
}

func TestTime(t *testing.T) {
	for _, s := range []string{"2012-11-07T04:16:17Z", "2021-05-29T19:59:33.398Z", "2040-01-01T00:00:00Z"} {
		want, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		for _, low := range []int64{0, 1<<23 - 1} {
			n := (want.UnixMilli()-1314220021721)<<23 | low
			code := codeOf(n)
			if got, ok := Number(code); !ok || got != n {
				t.Errorf("Number(%s) = %d, %v; want %d", code, got, ok, n)
			}
			for _, c := range []string{code, code + "abcdefghijklmnopqrstuvwxyz12"} {
				if got, ok := Time(c); !ok || !got.Equal(want) {
					t.Errorf("Time(%s) = %v, %v; want %v", c, got, ok, want)
				}
			}
		}
	}
	for _, s := range []string{"", "C0", "BL", "ABC!", "________________", "zzzzzzzzzzzz"} {
		if got, ok := Time(s); ok {
			t.Errorf("Time(%q) = %v", s, got)
		}
	}
}

func TestParseURL(t *testing.T) {
	const stamp = "2024-03-05T09:15:02.001Z"
	at, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil {
		t.Fatal(err)
	}
	id := codeOf((at.UnixMilli()-1314220021721)<<23 | 5)
	row := func(in, form, handle, part string, kind extract.TargetKind) sitetest.URL {
		return sitetest.URL{In: in, Kind: kind, ID: id, URL: "https://www.instagram.com/" + form + "/" + id + "/", Handle: handle, Part: part, Posted: stamp}
	}
	sitetest.URLs(t, Site{}, []sitetest.URL{
		row("https://www.instagram.com/p/"+id+"/", "p", "", "", extract.TargetPost),
		row("http://instagram.com/p/"+id+"?igshid=x&img_index=3", "p", "", "3", extract.TargetPost),
		row("https://instagr.am/p/"+id, "p", "", "", extract.TargetPost),
		row("https://www.instagram.com/reel/"+id+"/?utm_source=ig_embed", "reel", "", "", extract.TargetPost),
		row("https://www.instagram.com/reels/"+id, "reel", "", "", extract.TargetPost),
		row("https://www.instagram.com/tv/"+id+"/", "tv", "", "", extract.TargetPost),
		row("https://www.instagram.com/ada.harbour/p/"+id+"/", "p", "ada.harbour", "", extract.TargetPost),
		row("https://www.instagram.com/ada.harbour/reel/"+id+"/", "reel", "ada.harbour", "", extract.TargetPost),
		row("https://www.instagram.com/p/"+id+"/embed/captioned/?cr=1&v=14", "p", "", "", extract.TargetEmbed),
		row("https://www.instagram.com/p/"+id+"/embed", "p", "", "", extract.TargetEmbed),
		row("https://www.instagram.com/p/"+id+").", "p", "", "", extract.TargetPost),
		row("https://ddinstagram.com/p/"+id+"/", "p", "", "", extract.TargetPost),
		row("https://api.instagram.com/oembed/?url=https%3A%2F%2Fwww.instagram.com%2Fp%2F"+id+"%2F", "p", "", "", extract.TargetPost),
		{In: "https://www.instagram.com/p/BL/", Kind: extract.TargetPost, ID: "BL", URL: "https://www.instagram.com/p/BL/"},
		{In: "https://www.instagram.com/share/p/BAbcdefg_1", Kind: extract.TargetShort, URL: "https://www.instagram.com/share/p/BAbcdefg_1/"},
		{In: "https://www.instagram.com/share/BAbcdefg_1/", Kind: extract.TargetShort, URL: "https://www.instagram.com/share/BAbcdefg_1/"},
		{In: "https://www.instagram.com/ada.harbour/", Kind: extract.TargetProfile, URL: "https://www.instagram.com/ada.harbour/", Handle: "ada.harbour"},
		{In: "https://www.instagram.com/ada.harbour/tagged/", Kind: extract.TargetProfile, URL: "https://www.instagram.com/ada.harbour/", Handle: "ada.harbour"},
		{In: "https://www.instagram.com/explore/tags/x/", Kind: extract.TargetOther},
		{In: "https://www.instagram.com/stories/ada/3312345678901234567/", Kind: extract.TargetOther},
		{In: "https://www.instagram.com/reels/audio/123/", Kind: extract.TargetOther},
		{In: "https://www.instagram.com/p/", Kind: extract.TargetOther},
		{In: "https://www.instagram.com/p/" + id[:5] + "…", Kind: extract.TargetOther},
		{In: "https://www.instagram.com/", Kind: extract.TargetOther},
		{In: "https://l.instagram.com/?u=https%3A%2F%2Fexample.org", Kind: extract.TargetOther},
		{In: "https://help.instagram.com/p/" + id},
		{In: "https://notinstagram.com/p/" + id},
		{In: "https://instagram.com.example/p/" + id},
	})
}

func TestMarkup(t *testing.T) { sitetest.Pages(t, Site{}, "testdata/pages", *update) }

func FuzzParseURL(f *testing.F) {
	sitetest.Fuzz(f, Site{}, "https://www.instagram.com/ada/p/CabcdefghiJ/embed/", "https://www.instagram.com/share/reel/abcd", "https://www.instagram.com/a.b./")
}

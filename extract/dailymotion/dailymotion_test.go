package dailymotion

import (
	"flag"
	"testing"

	"stet/extract"
	"stet/extract/sitetest"
)

var update = flag.Bool("update", false, "write the wanted parts of the golden files anew")

func TestParseURL(t *testing.T) {
	row := func(in, part string, kind extract.TargetKind) sitetest.URL {
		return sitetest.URL{In: in, Kind: kind, ID: "x8abcde", URL: "https://www.dailymotion.com/video/x8abcde", Part: part}
	}
	sitetest.URLs(t, Site{}, []sitetest.URL{
		row("https://www.dailymotion.com/video/x8abcde", "", extract.TargetPost),
		row("http://dailymotion.com/video/x8abcde_low-tide_news?start=30", "30", extract.TargetPost),
		row("https://dai.ly/x8abcde", "", extract.TargetPost),
		row("https://www.dailymotion.com/embed/video/x8abcde?autoplay=0", "", extract.TargetEmbed),
		row("https://geo.dailymotion.com/player.html?video=x8abcde", "", extract.TargetEmbed),
		row("https://geo.dailymotion.com/player/x12ab.html?video=x8abcde&mute=true", "", extract.TargetEmbed),
		row("https://www.dailymotion.com/swf/video/x8abcde", "", extract.TargetEmbed),
		row("https://www.dailymotion.com/swf/x8abcde", "", extract.TargetEmbed),
		row("https://www.dailymotion.com/services/oembed?url=https%3A%2F%2Fdai.ly%2Fx8abcde", "", extract.TargetPost),
		{In: "https://www.dailymotion.com/ada", Kind: extract.TargetProfile, URL: "https://www.dailymotion.com/ada", Handle: "ada"},
		{In: "https://www.dailymotion.com/playlist/x4abc", Kind: extract.TargetOther},
		{In: "https://www.dailymotion.com/embed/playlist/x4abc", Kind: extract.TargetOther},
		{In: "https://geo.dailymotion.com/player.html?playlist=x4abc", Kind: extract.TargetOther},
		{In: "https://dai.ly/", Kind: extract.TargetOther},
		{In: "https://developers.dailymotion.com/video/x8abcde"},
		{In: "https://notdailymotion.com/video/x8abcde"},
		{In: "https://bondai.ly/x8abcde"},
	})
}

func TestMarkup(t *testing.T) { sitetest.Pages(t, Site{}, "testdata/pages", *update) }

func FuzzParseURL(f *testing.F) {
	sitetest.Fuzz(f, Site{}, "https://www.dailymotion.com/video/x8abcde_x?start=3", "https://dai.ly/x8abcde", "https://geo.dailymotion.com/?video=kabcd", "https://www.dailymotion.com/a.b.")
}

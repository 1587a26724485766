package youtube

import (
	"flag"
	"testing"

	"stet/extract"
	"stet/extract/sitetest"
)

var update = flag.Bool("update", false, "write the wanted parts of the golden files anew")

func TestParseURL(t *testing.T) {
	const id, list = "aB3-_dEfGhI", "PLabcdefghijklmnop"
	row := func(in, part string, kind extract.TargetKind) sitetest.URL {
		return sitetest.URL{In: in, Kind: kind, ID: id, URL: "https://www.youtube.com/watch?v=" + id, Part: part}
	}
	listed := func(in string, kind extract.TargetKind) sitetest.URL {
		return sitetest.URL{In: in, Kind: kind, ID: list, URL: "https://www.youtube.com/playlist?list=" + list}
	}
	sitetest.URLs(t, Site{}, []sitetest.URL{
		row("https://www.youtube.com/watch?v="+id, "", extract.TargetPost),
		row("http://youtube.com/watch?feature=share&v="+id+"&list="+list, "", extract.TargetPost),
		row("https://m.youtube.com/watch?app=desktop&amp;v="+id+"&amp;t=90s", "90s", extract.TargetPost),
		row("https://www.youtube.com/watch?v="+id+"#t=1m30s", "1m30s", extract.TargetPost),
		row("https://www.youtube.com/watch#!v="+id, "", extract.TargetPost),
		row("https://music.youtube.com/watch?v="+id, "", extract.TargetPost),
		row("https://youtu.be/"+id+"?t=42", "42", extract.TargetPost),
		row("https://youtu.be/"+id+"?si=x&t=0", "", extract.TargetPost),
		row("https://youtu.be/"+id+").", "", extract.TargetPost),
		row("https://www.youtube.com/shorts/"+id, "", extract.TargetPost),
		row("https://www.youtube.com/live/"+id+"?feature=share", "", extract.TargetPost),
		row("https://www.youtube.com/?v="+id, "", extract.TargetPost),
		row("https://www.youtube.com/user/ada#p/u/1/"+id, "", extract.TargetPost),
		row("https://www.youtube.com/attribution_link?a=x&u=%2Fwatch%3Fv%3D"+id+"%26feature%3Dshare", "", extract.TargetPost),
		row("https://www.youtube.com/oembed?url=https%3A%2F%2Fyoutu.be%2F"+id+"&format=json", "", extract.TargetPost),
		row("https://www.youtube.com/embed/"+id+"?feature=oembed&start=7", "7", extract.TargetEmbed),
		row("https://www.youtube-nocookie.com/embed/"+id, "", extract.TargetEmbed),
		row("https://www.youtube.com/embed/"+id+"&rel=0", "", extract.TargetEmbed),
		row("https://www.youtube.com/embed/?v="+id, "", extract.TargetEmbed),
		row("https://www.youtube.com/v/"+id+"&hl=en_US&fs=1", "", extract.TargetEmbed),
		row("https://youtube.googleapis.com/v/"+id+"?version=3", "", extract.TargetEmbed),
		row("https://www.youtube.com/e/"+id, "", extract.TargetEmbed),
		row("https://yewtu.be/watch?v="+id, "", extract.TargetPost),
		listed("https://www.youtube.com/playlist?list="+list, extract.TargetPost),
		listed("https://www.youtube.com/embed/videoseries?list="+list, extract.TargetEmbed),
		listed("https://www.youtube.com/embed?listType=playlist&list="+list, extract.TargetEmbed),
		{In: "https://www.youtube.com/clip/UgkxAbCdEfGhIj", Kind: extract.TargetShort, URL: "https://www.youtube.com/clip/UgkxAbCdEfGhIj"},
		{In: "https://www.youtube.com/@ada", Kind: extract.TargetProfile, Handle: "ada"},
		{In: "https://www.youtube.com/@ada/videos", Kind: extract.TargetProfile, Handle: "ada"},
		{In: "https://www.youtube.com/channel/UCabcdefghijklmnopqrstuv", Kind: extract.TargetProfile},
		{In: "https://www.youtube.com/user/ada", Kind: extract.TargetProfile, Handle: "ada"},
		{In: "https://www.youtube.com/embed/live_stream?channel=UCx", Kind: extract.TargetOther},
		{In: "https://www.youtube.com/embed/videoseries?list=RD" + id, Kind: extract.TargetOther},
		{In: "https://www.youtube.com/watch?v=short", Kind: extract.TargetOther},
		{In: "https://www.youtube.com/watch?v=" + id + "x", Kind: extract.TargetOther},
		{In: "https://www.youtube.com/results?search_query=x", Kind: extract.TargetOther},
		{In: "https://www.youtube.com/redirect?q=https://example.org", Kind: extract.TargetOther},
		{In: "https://www.youtube.com/iframe_api", Kind: extract.TargetOther},
		{In: "https://youtu.be/", Kind: extract.TargetOther},
		{In: "https://support.youtube.com/watch?v=" + id},
		{In: "https://notyoutube.com/watch?v=" + id},
		{In: "https://myyoutu.be/" + id},
		{In: "https://youtube.com.example/watch?v=" + id},
	})
}

func TestMarkup(t *testing.T) { sitetest.Pages(t, Site{}, "testdata/pages", *update) }

func FuzzParseURL(f *testing.F) {
	sitetest.Fuzz(f, Site{}, "https://www.youtube.com/watch?v=aB3-_dEfGhI&t=1s", "https://youtu.be/aB3-_dEfGhI", "https://www.youtube.com/p/abcdefghijkl",
		"https://www.youtube.com/attribution_link?u=/attribution_link?u=/watch?v=aB3-_dEfGhI")
}

package reddit

import (
	"flag"
	"testing"

	"stet/extract"
	"stet/extract/sitetest"
)

var update = flag.Bool("update", false, "write the wanted parts of the golden files anew")

func TestParseURL(t *testing.T) {
	row := func(in, url, part string, kind extract.TargetKind) sitetest.URL {
		return sitetest.URL{In: in, Kind: kind, ID: "1ab2cd", URL: "https://www.reddit.com/" + url, Part: part}
	}
	byUser := row("https://www.reddit.com/u/ada-h/comments/1ab2cd/low_tide/", "user/ada-h/comments/1ab2cd/", "", extract.TargetPost)
	byUser.Handle = "ada-h"
	sitetest.URLs(t, Site{}, []sitetest.URL{
		row("https://www.reddit.com/r/tides/comments/1ab2cd/low_tide_today/", "r/tides/comments/1ab2cd/", "", extract.TargetPost),
		row("https://old.reddit.com/r/tides/comments/1AB2CD?utm_source=share", "r/tides/comments/1ab2cd/", "", extract.TargetPost),
		row("https://np.reddit.com/r/tides/comments/1ab2cd/low_tide/kxyz12/?context=3", "r/tides/comments/1ab2cd/comment/kxyz12/", "kxyz12", extract.TargetPost),
		row("https://www.reddit.com/r/tides/comments/1ab2cd/comment/kxyz12/", "r/tides/comments/1ab2cd/comment/kxyz12/", "kxyz12", extract.TargetPost),
		row("https://www.reddit.com/comments/1ab2cd", "comments/1ab2cd/", "", extract.TargetPost),
		row("https://www.reddit.com/gallery/1ab2cd", "comments/1ab2cd/", "", extract.TargetPost),
		row("https://redd.it/1ab2cd", "comments/1ab2cd/", "", extract.TargetPost),
		row("https://de.reddit.com/r/tides/comments/1ab2cd/", "r/tides/comments/1ab2cd/", "", extract.TargetPost),
		row("https://embed.reddit.com/r/tides/comments/1ab2cd/low_tide/?embed=true&ref=share", "r/tides/comments/1ab2cd/", "", extract.TargetEmbed),
		row("https://www.redditmedia.com/r/tides/comments/1ab2cd/low_tide/?ref_source=embed", "r/tides/comments/1ab2cd/", "", extract.TargetEmbed),
		row("https://www.redditmedia.com/mediaembed/1ab2cd", "comments/1ab2cd/", "", extract.TargetEmbed),
		row("https://www.reddit.com/oembed?url=https%3A%2F%2Fredd.it%2F1ab2cd", "comments/1ab2cd/", "", extract.TargetPost),
		row("https://rxddit.com/r/tides/comments/1ab2cd/", "r/tides/comments/1ab2cd/", "", extract.TargetPost),
		byUser,
		{In: "https://www.reddit.com/r/tides/s/AbCdEf1234", Kind: extract.TargetShort, URL: "https://www.reddit.com/r/tides/s/AbCdEf1234"},
		{In: "https://www.reddit.com/user/ada-h/", Kind: extract.TargetProfile, URL: "https://www.reddit.com/user/ada-h/", Handle: "ada-h"},
		{In: "https://www.reddit.com/submit?url=x", Kind: extract.TargetIntent},
		{In: "https://www.reddit.com/r/tides/", Kind: extract.TargetOther},
		{In: "https://www.reddit.com/r/tides/comments/", Kind: extract.TargetOther},
		{In: "https://www.reddit.com/r/tides/comments/1ab…", Kind: extract.TargetOther},
		{In: "https://redd.it/", Kind: extract.TargetOther},
		{In: "https://i.redd.it/1ab2cd.jpg"},
		{In: "https://about.reddit.com/comments/1ab2cd"},
		{In: "https://notreddit.com/comments/1ab2cd"},
		{In: "https://redditinc.com/comments/1ab2cd"},
	})
}

func TestPostByID(t *testing.T) {
	for _, s := range []string{"1ab2cd", "t3_1ab2cd", "r/tides/comments/1ab2cd/low_tide"} {
		if got, ok := (Site{}).PostByID(s); !ok || got.Ref.ID != "1ab2cd" {
			t.Errorf("%s: got %+v, %v", s, got, ok)
		}
	}
	for _, s := range []string{"", "t1_1ab2cd", "1AB", "a b", "12345678901"} {
		if got, ok := (Site{}).PostByID(s); ok {
			t.Errorf("%s: got %+v", s, got)
		}
	}
}

func TestMarkup(t *testing.T) { sitetest.Pages(t, Site{}, "testdata/pages", *update) }

func FuzzParseURL(f *testing.F) {
	sitetest.Fuzz(f, Site{}, "https://www.reddit.com/r/tides/comments/1ab2cd/x/kxyz12", "https://redd.it/1ab2cd", "https://www.reddit.com/r/tides/s/abcd", "https://www.reddit.com/u/ada/comments/1/")
}

package telegram

import (
	"flag"
	"testing"

	"stet/extract"
	"stet/extract/sitetest"
)

var update = flag.Bool("update", false, "write the wanted parts of the golden files anew")

func TestParseURL(t *testing.T) {
	row := func(in string, kind extract.TargetKind) sitetest.URL {
		return sitetest.URL{In: in, Kind: kind, ID: "port_news/123", URL: "https://t.me/port_news/123", Handle: "port_news"}
	}
	profile := sitetest.URL{Kind: extract.TargetProfile, URL: "https://t.me/port_news", Handle: "port_news"}
	table := []sitetest.URL{
		row("https://t.me/port_news/123", extract.TargetPost),
		row("https://t.me/Port_News/123?single&comment=5", extract.TargetPost),
		row("http://telegram.me/port_news/123", extract.TargetPost),
		row("https://telegram.dog/port_news/123", extract.TargetPost),
		row("https://t.me/s/port_news/123", extract.TargetPost),
		row("https://t.me/port_news/77/123", extract.TargetPost),
		row("https://port_news.t.me/123", extract.TargetPost),
		row("https://t.me/port_news/123).", extract.TargetPost),
		row("https://t.me/port_news/123?embed=1&mode=tme", extract.TargetEmbed),
		{In: "https://t.me/c/1234567890/123", Kind: extract.TargetOther},
		{In: "https://t.me/joinchat/AAAAAE", Kind: extract.TargetOther},
		{In: "https://t.me/+AbCdEf12", Kind: extract.TargetOther},
		{In: "https://t.me/addstickers/tides", Kind: extract.TargetOther},
		{In: "https://t.me/abc/123", Kind: extract.TargetOther},
		{In: "https://t.me/port_news/0", Kind: extract.TargetOther},
		{In: "https://t.me/port_news/12…", Kind: extract.TargetOther},
		{In: "https://t.me/share/url?url=x", Kind: extract.TargetIntent},
		{In: "https://t.me/", Kind: extract.TargetOther},
		{In: "https://core.telegram.me/port_news/123"},
		{In: "https://telegram.org/js/telegram-widget.js"},
		{In: "https://chat.me/port_news/123"},
		{In: "https://nott.me/port_news/123"},
	}
	for _, in := range []string{"https://t.me/port_news", "https://t.me/s/port_news", "https://port_news.t.me/"} {
		profile.In = in
		table = append(table, profile)
	}
	sitetest.URLs(t, Site{}, table)
}

func TestMarkup(t *testing.T) { sitetest.Pages(t, Site{}, "testdata/pages", *update) }

func FuzzParseURL(f *testing.F) {
	sitetest.Fuzz(f, Site{}, "https://t.me/s/port_news/123", "https://port_news.t.me/1/2", "https://t.me/port_news?embed=1")
}

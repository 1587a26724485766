package linkedin

import (
	"flag"
	"strconv"
	"testing"
	"time"

	"stet/extract"
	"stet/extract/sitetest"
)

var update = flag.Bool("update", false, "write the wanted parts of the golden files anew")

func TestParseURL(t *testing.T) {
	const stamp = "2024-03-05T09:15:02.003Z"
	at, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil {
		t.Fatal(err)
	}
	id := strconv.FormatInt(at.UnixMilli()<<22|9, 10)
	row := func(in, kind, handle string, of extract.TargetKind) sitetest.URL {
		return sitetest.URL{In: in, Kind: of, ID: id, URL: "https://www.linkedin.com/feed/update/urn:li:" + kind + ":" + id + "/", Handle: handle, Posted: stamp}
	}
	sitetest.URLs(t, Site{}, []sitetest.URL{
		row("https://www.linkedin.com/posts/ada-harbour_low-tide-activity-"+id+"-aBcD?utm_source=share", "activity", "ada-harbour", extract.TargetPost),
		row("https://de.linkedin.com/posts/ada-harbour_share-and-enjoy-share-"+id+"-aB_c", "share", "ada-harbour", extract.TargetPost),
		row("https://www.linkedin.com/posts/ada_x-ugcPost-"+id+"-aB", "ugcPost", "ada", extract.TargetPost),
		row("https://www.linkedin.com/posts/ada-lind_share-"+id+"-aB_c", "share", "ada-lind", extract.TargetPost),
		row("https://www.linkedin.com/posts/ada-lind_activity-"+id+"-aBcd", "activity", "ada-lind", extract.TargetPost),
		row("https://www.linkedin.com/feed/?highlightedUpdateUrn=urn%3Ali%3Aactivity%3A"+id+"&x=1", "activity", "", extract.TargetPost),
		row("https://www.linkedin.com/feed/update/urn:li:activity:"+id+"/", "activity", "", extract.TargetPost),
		row("https://www.linkedin.com/feed/update/urn%3Ali%3AugcPost%3A"+id, "ugcPost", "", extract.TargetPost),
		row("https://www.linkedin.com/embed/feed/update/urn:li:share:"+id+"?collapsed=1", "share", "", extract.TargetEmbed),
		{In: "https://lnkd.in/eAbCdEf", Kind: extract.TargetShort, URL: "https://lnkd.in/eAbCdEf"},
		{In: "https://www.linkedin.com/in/ada-harbour/", Kind: extract.TargetProfile},
		{In: "https://www.linkedin.com/shareArticle?mini=true&url=x", Kind: extract.TargetIntent},
		{In: "https://www.linkedin.com/pulse/low-tide-ada-harbour", Kind: extract.TargetOther},
		{In: "https://www.linkedin.com/posts/ada_low-tide", Kind: extract.TargetOther},
		{In: "https://www.linkedin.com/feed/update/urn:li:job:" + id, Kind: extract.TargetOther},
		{In: "https://engineering.linkedin.com/feed/update/urn:li:activity:" + id},
		{In: "https://notlinkedin.com/feed/update/urn:li:activity:" + id},
	})
	for _, s := range []string{id, "urn:li:share:" + id} {
		if got, ok := (Site{}).PostByID(s); !ok || got.Ref.ID != id {
			t.Errorf("%s: got %+v, %v", s, got, ok)
		}
	}
	for _, s := range []string{"", "12", "urn:li:job:" + id, id + "x", id + ")"} {
		if got, ok := (Site{}).PostByID(s); ok {
			t.Errorf("%s: got %+v", s, got)
		}
	}
}

func TestMarkup(t *testing.T) { sitetest.Pages(t, Site{}, "testdata/pages", *update) }

func FuzzParseURL(f *testing.F) {
	sitetest.Fuzz(f, Site{}, "https://www.linkedin.com/posts/ada_x-activity-7170706170000000000-aB", "https://www.linkedin.com/embed/feed/update/urn:li:share:7170706170000000000", "https://lnkd.in/abcd")
}

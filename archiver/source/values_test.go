package source

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"

	"stet/store"
)

func TestParseTime(t *testing.T) {
	for in, want := range map[string]string{
		"2026-03-02T08:30:00Z":                  "2026-03-02T08:30:00Z",
		"2026-03-02T08:30:00.5+01:00":           "2026-03-02T07:30:00.5Z",
		"2026-03-02T08:30+0100":                 "2026-03-02T07:30:00Z",
		"2026-03-02t08:30:00z":                  "2026-03-02T08:30:00Z",
		"2026-03-02 08:30:00 -0500":             "2026-03-02T13:30:00Z",
		"2026-03-02 08:30:00 UTC":               "2026-03-02T08:30:00Z",
		"2026-03-02 08:30":                      "2026-03-02T08:30:00Z",
		"2026/03/02 08:30:00":                   "2026-03-02T08:30:00Z",
		"20260302T083000Z":                      "2026-03-02T08:30:00Z",
		"2026-03-02":                            "2026-03-02T00:00:00Z",
		"2026-03":                               "2026-03-01T00:00:00Z",
		"2026":                                  "2026-01-01T00:00:00Z",
		"Mon, 02 Mar 2026 08:30:00 GMT":         "2026-03-02T08:30:00Z",
		"Mon, 2 Mar 2026 08:30 EDT":             "2026-03-02T12:30:00Z",
		"Monday, March 2, 2026 8:30 PM":         "2026-03-02T20:30:00Z",
		"02 March 2026 08:30:00 +0200":          "2026-03-02T06:30:00Z",
		"2 Mar 26 08:30:00 CEST":                "2026-03-02T06:30:00Z",
		"Mon, 02 Mar 2026 08:30:00 GMT+02:00":   "2026-03-02T06:30:00Z",
		"Mon, 02 Mar 2026 08:30:00 +2":          "2026-03-02T06:30:00Z",
		"Mon Mar 2 08:30:00 PST 2026":           "2026-03-02T16:30:00Z",
		"Mon Mar  2 08:30:00 2026":              "2026-03-02T08:30:00Z",
		"Mar 2, 2026":                           "2026-03-02T00:00:00Z",
		"2. März 2026":                          "2026-03-02T00:00:00Z",
		"2 de marzo de 2026":                    "2026-03-02T00:00:00Z",
		" \n Mon, 02 Mar 2026 08:30:00 +0000\t": "2026-03-02T08:30:00Z",
		// What is none, and what programs write for none.
		"": "", "yesterday": "", "0001-01-01T00:00:00Z": "", "1970-01-01": "", "0000-00-00 00:00:00": "",
		"2026-13-40": "", "Mon": "", "12345678": "", "9999-01-01": "", strings.Repeat("2", 200): "",
	} {
		got, ok := parseTime(in)
		if ok != (want != "") || when(got) != want {
			t.Errorf("parseTime(%q) = %q, %v; want %q", in, when(got), ok, want)
		}
	}
}

func TestURLDate(t *testing.T) {
	for _, c := range []struct {
		path         string
		loose        bool
		start, after string
	}{
		{"/2026/03/02/harbour", false, "2026-03-02", "2026-03-03"},
		{"/world/2026/03/02", false, "2026-03-02", "2026-03-03"},
		{"/2026/03/harbour", false, "2026-03-01", "2026-04-01"},
		{"/2026/03/", false, "2026-03-01", "2026-04-01"},
		{"/story-2026-03-02-harbour", false, "2026-03-02", "2026-03-03"},
		{"/2026/10-things", false, "", ""},
		{"/2026-10-things-to-do", false, "", ""},
		{"/20260302-harbour", false, "", ""},
		{"/2026/harbour", false, "", ""},
		{"/id/12026/03/02", false, "", ""},
		{"/2026/13/02/", false, "", ""},
		{"/sitemap-2026-03.xml", true, "2026-03-01", "2026-04-01"},
		{"/sitemap_202603.xml.gz", true, "2026-03-01", "2026-04-01"},
		{"/sitemap-20260302.xml", true, "2026-03-02", "2026-03-03"},
		{"/sitemap-2026.xml", true, "2026-01-01", "2027-01-01"},
		{"/sitemap?yyyy=2026&mm=03&dd=02", true, "2026-01-01", "2027-01-01"},
		{"/post-sitemap12.xml", true, "", ""},
		{"/sitemap-20267.xml", true, "", ""},
	} {
		s, ok := urlDate(c.path, c.loose)
		if ok != (c.start != "") || ok && (s.start.Format(time.DateOnly) != c.start || s.end.Format(time.DateOnly) != c.after) {
			t.Errorf("urlDate(%q, %v) = %v – %v, %v; want %s – %s", c.path, c.loose, s.start, s.end, ok, c.start, c.after)
		}
	}
}

func TestWebLink(t *testing.T) {
	base := parseBase("https://user:pass@news.example/dir/feed.xml#x")
	if base.User != nil {
		t.Fatalf("the base keeps the password: %v", base)
	}
	for in, want := range map[string]string{
		"https://a.example/x?b=1&c=2#d":      "https://a.example/x?b=1&c=2",
		"HTTP://A.Example:80/X":              "http://a.example/X",
		"https://a.example:443":              "https://a.example/",
		"https://a.example:8443/x":           "https://a.example:8443/x",
		"//a.example/x":                      "https://a.example/x",
		"/x":                                 "https://news.example/x",
		"x":                                  "https://news.example/dir/x",
		"../x":                               "https://news.example/x",
		"?x=1":                               "https://news.example/dir/feed.xml?x=1",
		" \n https://a.example/\n x y ":      "https://a.example/%20x%20y",
		"www.a.example/x":                    "https://www.a.example/x",
		"https://u:p@a.example/x":            "https://a.example/x",
		"https://a.example/?x=1&amp;y=2":     "https://a.example/?x=1&y=2",
		"https://a.example/#!/x":             "https://a.example/#!/x",
		"https://a.example/100%":             "https://a.example/100%25",
		"https://a.example/äö":               "https://a.example/%C3%A4%C3%B6",
		"https://[2001:db8::1]:443/":         "https://[2001:db8::1]/",
		"":                                   "",
		"mailto:a@b.example":                 "",
		"javascript:alert(1)":                "",
		"file:///etc/passwd":                 "",
		"ftp://a.example/":                   "",
		"https://":                           "",
		"https:opaque":                       "",
		"https://a.example/" + long(maxURL):  "",
		"\ufeffhttps://a.example/\u200bzero": "https://a.example/zero",
	} {
		got, ok := webLink(in, base)
		if got != want && ok || ok != (want != "") {
			t.Errorf("webLink(%.60q) = %q, %v; want %q", in, got, ok, want)
		}
	}
}

func long(n int) string { return strings.Repeat("x", n) }

func TestPlainWords(t *testing.T) {
	for in, want := range map[string]string{
		"  a \n b ":              "a b",
		"<b>a</b> 1 < 2 <br/>":   "a 1 < 2",
		"Caf&eacute; &amp; &x; ": "Café & &x;",
		"<unclosed":              "",
		"äöüß":                   "äö",
	} {
		if got := plainWords(in, 5+20*min(strings.Count(in, " "), 1)); got != want {
			t.Errorf("plainWords(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestOpenText(t *testing.T) {
	encode := func(e interface{ Bytes([]byte) ([]byte, error) }, s string) string {
		b, err := e.Bytes([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	zipped := func(s string) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		io.WriteString(w, s)
		w.Close()
		return b.String()
	}
	const decl = `<?xml version="1.0" encoding="`
	for _, c := range []struct {
		name, body, contentType, want, warning string
	}{
		{"utf-8", "<a>ä€</a>", "text/xml", "<a>ä€</a>", ""},
		{"mark", "\xef\xbb\xbf<a>ä</a>", "text/xml; charset=iso-8859-1", "<a>ä</a>", ""},
		{"header", encode(charmap.ISO8859_1.NewEncoder(), "<a>ä</a>"), "text/xml; charset=iso-8859-1", "<a>ä</a>", ""},
		{"declaration over header", encode(charmap.Windows1251.NewEncoder(), decl+`windows-1251"?><a>Порт</a>`), "text/xml; charset=iso-8859-1", decl + `windows-1251"?><a>Порт</a>`, ""},
		{"shift_jis", encode(japanese.ShiftJIS.NewEncoder(), decl+`Shift_JIS"?><a>港の門</a>`), "", decl + `Shift_JIS"?><a>港の門</a>`, ""},
		{"wrongly declared", decl + `iso-8859-1"?><a>äöü</a>`, "", decl + `iso-8859-1"?><a>äöü</a>`, "said to be iso-8859-1"},
		{"undeclared windows-1252", "<a>\x93caf\xe9\x94 ü</a>", "", "<a>“café” ü</a>", "3 bytes are no UTF-8"},
		{"utf-16", encode(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder(), decl+`utf-16"?><a>ä</a>`), "", decl + `utf-16"?><a>ä</a>`, ""},
		{"utf-16 without mark", encode(unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder(), "<a>ä</a>"), "", "<a>ä</a>", ""},
		{"control characters", "<a>\x00x\x0b\ty\x7f\n</a>", "", "<a>x\ty\n</a>", "3 control characters"},
		{"unknown name", decl + `klingon"?><a>ä</a>`, "", decl + `klingon"?><a>ä</a>`, ""},
		{"gzip", zipped("<a>ä</a>"), "application/gzip", "<a>ä</a>", ""},
		{"gzip cut", zipped("<a>" + long(100) + "</a>")[:25], "application/gzip", "", "gzip file breaks off"},
		{"too large", zipped("<a>" + long(9000)), "", "<a>" + long(1997), "larger than what is read"},
		{"meta of a page", encode(charmap.Windows1250.NewEncoder(), "<html><meta charset=windows-1250><p>Łódź"), "text/html", "<html><meta charset=windows-1250><p>Łódź", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			x, err := openText([]byte(c.body), c.contentType, 2000)
			if err != nil {
				t.Fatal(err)
			}
			head := string(x.head)
			got, err := io.ReadAll(x)
			if err != nil || string(got) != c.want && c.want != "" {
				t.Errorf("read %.200q, %v; want %.200q", got, err, c.want)
			}
			if !strings.HasPrefix(string(got), head) || head == "" && len(got) > 0 {
				t.Errorf("the head %q is not the beginning", head)
			}
			if w := strings.Join(x.warnings(), "\n"); !strings.Contains(w, c.warning) || c.warning == "" && w != "" {
				t.Errorf("warnings %q, want %q", w, c.warning)
			}
		})
	}
}

func TestNewestFirst(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 3, d, 0, 0, 0, 0, time.UTC) }
	items := []Item{{URL: "a"}, {URL: "b", Published: day(1)}, {URL: "c"}, {URL: "d", Published: day(1), Modified: day(3)}, {URL: "e"}, {URL: "f", Published: day(2)}}
	newestFirst(items)
	var order string
	for _, it := range items {
		order += it.URL
	}
	if order != "defabc" {
		t.Errorf("order %s, want defabc", order)
	}
}

func TestStamps(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	add := func(n int, at time.Time, step time.Duration) (s stamps) {
		for i := range n {
			s.add(at.Add(time.Duration(i) * step))
			s.add(time.Time{})
		}
		return s
	}
	for _, c := range []struct {
		name     string
		s        stamps
		believed bool
	}{
		{"none", add(0, now, 0), true},
		{"two now", add(2, now, 0), true},
		{"three now", add(3, now, time.Second), false},
		{"three of one moment long ago", add(3, now.Add(-time.Hour), 0), true},
		{"many of one moment", add(20, now.Add(-time.Hour), 0), false},
		{"many of one day", add(100, now.Truncate(24*time.Hour), 0), false},
		{"an hour apart", add(100, now.Add(-1000*time.Hour), time.Hour), true},
	} {
		if got := c.s.believed(now); got != c.believed {
			t.Errorf("%s: believed %v", c.name, got)
		}
	}
	mixed := add(100, now.Add(-1000*time.Hour), time.Hour)
	for range 50 {
		mixed.add(now)
	}
	if !mixed.believed(now) {
		t.Error("a third of one moment is not believed")
	}
}

func TestChanged(t *testing.T) {
	seen := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		it   Item
		want bool
	}{
		{Item{}, false},
		{Item{Published: seen.Add(-time.Hour)}, false},
		{Item{Published: seen.Add(-time.Hour), Modified: seen.Add(time.Second)}, true},
		{Item{Modified: seen}, false},
		{Item{Modified: seen.Truncate(24 * time.Hour)}, false},
		{Item{Published: seen.Add(time.Hour)}, true},
	} {
		if got := Changed(c.it, seen); got != c.want {
			t.Errorf("Changed(%+v) = %v", c.it, got)
		}
	}
}

func TestParseKind(t *testing.T) {
	for in, want := range map[string]Kind{"": Auto, "auto": Auto, "Feed": Feed, " sitemap ": Sitemap, "list": List, "page": Page} {
		if k, err := ParseKind(in); err != nil || k != want {
			t.Errorf("%q: %q, %v", in, k, err)
		}
	}
	if _, err := ParseKind("podcast"); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("podcast: %v", err)
	}
}

func TestParseOPML(t *testing.T) {
	const doc = `<?xml version="1.0" encoding="ISO-8859-1"?>
<opml version="1.1"><head><title>Feeds</title></head><body>
<outline text="Newsrooms"><outline text="Nested"><outline type="rss" text="Daily Quay" title="The Daily Quay &amp; Co" xmlUrl="https://news.example/feed.xml" htmlUrl="https://news.example/"/></outline>
<outline text="Caf` + "\xe9" + `" XMLURL='feed://cafe.example/rss'/></outline>
<outline text="again" xmlUrl="https://NEWS.example:443/feed.xml#x"/>
<outline xmlUrl="https://noname.example/atom"/>
<outline text="bad" xmlUrl="mailto:x@y.example"/>
<outline text="link" type="link" url="https://page.example/"/>
<outline text="typed" type="rss" url="https://typed.example/rss"/>
</body></opml>`
	got, warnings, err := ParseOPML([]byte(doc))
	want := []Source{
		{Name: "The Daily Quay & Co", URL: "https://news.example/feed.xml", Kind: Feed},
		{Name: "Café", URL: "http://cafe.example/rss", Kind: Feed},
		{Name: "noname.example", URL: "https://noname.example/atom", Kind: Feed},
		{Name: "typed", URL: "https://typed.example/rss", Kind: Feed},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if diff := cmp.Diff([]string{"1 feed is named twice or more", "1 outline has no web address of a feed"}, warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	for _, bad := range []string{"", "<html><body>x", "{}", "<rss/>"} {
		if _, _, err := ParseOPML([]byte(bad)); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	deep := "<opml><body>" + strings.Repeat(`<outline text="x">`, 200_000) + `<outline xmlUrl="https://deep.example/"/>`
	if got, _, err := ParseOPML([]byte(deep)); err != nil || len(got) != 1 {
		t.Errorf("nested deeply: %v, %v", got, err)
	}
}

// TestStateIsSmall fills a state with the most that it can hold.
func TestStateIsSmall(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 123456789, time.UTC)
	st := State{Version: 1, Source: "https://news.example/" + long(300), Title: strings.Repeat("\u00e4", maxTitle/2), MovedTo: "https://news.example/" + long(300)}
	for i := range 3 * maxChildren {
		st.remember(Child{Key: hashOf([]byte{byte(i), byte(i >> 8)}), Validators: Validators{ETag: long(maxValidator), LastModified: "Mon, 02 Mar 2026 08:30:00 GMT", Hash: hashOf("x")},
			Stated: at.Add(time.Duration(i) * time.Hour), Checked: at, Changed: at, Nested: true})
	}
	st.Error = long(maxSentence)
	st.Sweep = &Sweep{Since: at, Began: at, Path: []Mark{{at, hashOf("a")}, {at, hashOf("b")}, {at, hashOf("c")}}}
	b, err := json.Marshal(st)
	if err != nil || len(b) > 48<<10 {
		t.Errorf("the state takes %d bytes, %v", len(b), err)
	}
	if len(st.Children) != maxChildren {
		t.Errorf("%d children are remembered", len(st.Children))
	}
	// The oldest are forgotten, and how new the newest of them was is known.
	if want := at.Add((2*maxChildren - 1) * time.Hour); !st.Forgotten.Equal(want) {
		t.Errorf("forgotten up to %v, want %v", st.Forgotten, want)
	}
	var back State
	if err := json.Unmarshal(b, &back); err != nil || cmp.Diff(st, back) != "" {
		t.Errorf("%v: %s", err, cmp.Diff(st, back))
	}
}

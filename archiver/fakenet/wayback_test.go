package fakenet_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"stet/archiver/fakenet"
	"stet/archiver/fetch"
)

func TestWayback(t *testing.T) {
	inNet(t, func(t *testing.T, n *fakenet.Net, get func(string, ...string) *fetch.Response) {
		b := n.Wayback()
		day := func(d int) time.Time { return time.Date(2020, 5, d, 10, 0, 0, 0, time.UTC) }
		b.Store(
			fakenet.Memento{URL: "https://twitter.com/ada/status/1", Time: day(3), Type: "application/json", Body: []byte(`{"id":1}`), Header: http.Header{"server": {"tsa"}}},
			fakenet.Memento{URL: "https://twitter.com/Ada/status/1?s=20", Time: day(1), Body: []byte("<p>one")},
			fakenet.Memento{URL: "http://www.twitter.com/ada/status/1", Time: day(2), Status: 302},
			fakenet.Memento{URL: "https://mobile.twitter.com/ada/status/1", Time: day(4), Body: []byte("<p>mobile")},
			fakenet.Memento{URL: "https://twitter.com/ada/status/2", Time: day(5), Status: 404, Body: []byte("gone")},
		)
		cdx := func(query string) string {
			return strings.TrimSpace(string(get("https://web.archive.org/cdx/search/cdx?fl=timestamp,statuscode,original&" + query).Body))
		}
		one, two := "20200503100000 200 https://twitter.com/ada/status/1", "20200502100000 302 http://www.twitter.com/ada/status/1"
		param, other, mobile := "20200501100000 200 https://twitter.com/Ada/status/1?s=20", "20200505100000 404 https://twitter.com/ada/status/2", "20200504100000 200 https://mobile.twitter.com/ada/status/1"
		for query, want := range map[string][]string{
			"url=twitter.com/ada/status/1":                                  {two, one},
			"url=https://twitter.com/ada/status/1/":                         {two, one},
			"url=twitter.com/ada/status/1&matchType=prefix":                 {two, one, param},
			"url=twitter.com/ada/status/*":                                  {two, one, param, other},
			"url=twitter.com&matchType=host":                                {two, one, param, other},
			"url=twitter.com&matchType=domain":                              {two, one, param, other, mobile},
			"url=twitter.com/ada/status/*&filter=statuscode:200":            {one, param},
			"url=twitter.com/ada/status/*&filter=!statuscode:[45]..":        {two, one, param},
			"url=twitter.com/ada/status/*&filter=mimetype:application/json": {one},
			"url=twitter.com/ada/status/*&from=20200502&to=20200503":        {two, one},
			"url=twitter.com/ada/status/*&limit=1":                          {two},
			"url=twitter.com/ada/status/*&limit=-1":                         {other},
			"url=twitter.com/ada/status/*&collapse=urlkey":                  {two, param, other},
			"url=twitter.com/nobody":                                        nil,
			"url=twitter.com/ada/status/1&output=json&limit=1":              {`[["timestamp","statuscode","original"],["20200502100000","302","http://www.twitter.com/ada/status/1"]]`},
			"url=twitter.com/nobody&output=json":                            {"[]"},
		} {
			if got := cdx(query); got != strings.Join(want, "\n") {
				t.Errorf("%s:\n%s\nwant\n%s", query, got, strings.Join(want, "\n"))
			}
		}
		row := strings.Fields(string(get("https://web.archive.org/cdx/search/cdx?url=twitter.com/ada/status/1&filter=statuscode:200").Body))
		if len(row) != 7 || row[0] != "com,twitter)/ada/status/1" || row[3] != "application/json" || len(row[5]) != 32 {
			t.Errorf("row %q", row)
		}

		res := get("https://web.archive.org/web/20200503100000id_/https://twitter.com/ada/status/1")
		if res.Status != 200 || string(res.Body) != `{"id":1}` || res.Header.Get("Memento-Datetime") != "Sun, 03 May 2020 10:00:00 GMT" ||
			res.Header.Get("X-Archive-Orig-Server") != "tsa" || !strings.Contains(res.Header.Get("Link"), `rel="original"`) || res.Type() != "application/json" {
			t.Errorf("playback: %d %s %v", res.Status, res.Body, res.Header)
		}
		res = get("https://web.archive.org/web/20200505100000id_/https://twitter.com/ada/status/2")
		if res.Status != 404 || res.Header.Get("Memento-Datetime") == "" {
			t.Errorf("archived 404: %d %v", res.Status, res.Header)
		}
		res = get("https://web.archive.org/web/2021id_/https://twitter.com/ada/status/1")
		if res.Status != 302 || res.Header.Get("Location") != "https://web.archive.org/web/20200503100000id_/https://twitter.com/ada/status/1" || res.Header.Get("Memento-Datetime") != "" {
			t.Errorf("nearest: %d %v", res.Status, res.Header)
		}
		res = get("https://web.archive.org/web/2020id_/https://twitter.com/nobody")
		if res.Status != 404 || res.Header.Get("Memento-Datetime") != "" {
			t.Errorf("not archived: %d", res.Status)
		}
		b.Exclude("twitter.com")
		if res = get("https://web.archive.org/cdx/search/cdx?url=twitter.com/ada/status/1"); res.Status != 403 {
			t.Errorf("excluded: %d", res.Status)
		}
		if res = get("https://web.archive.org/web/20200503100000id_/https://twitter.com/ada/status/1"); res.Status != 200 || !strings.Contains(string(res.Body), "excluded") {
			t.Errorf("excluded: %d", res.Status)
		}
	})
}

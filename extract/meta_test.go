package extract

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestArticle(t *testing.T) {
	utc := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		name, url, page string
		want            Article
	}{
		{"JSON-LD", "https://gazette.example/a?x=1", `<html lang="en-gb"><title>Bridge put off | The Gazette</title><link rel="alternate canonical" href="/a">
<script type="application/ld+json">{"@context":"https://schema.org","@graph":[{"@type":["WebPage"],"name":"x"},{"@type":"Person","@id":"#ann","name":"Ann Field"},
{"@type":["NewsArticle"],"headline":"Bridge put off","datePublished":"2021-05-04T12:00:00+02:00","dateModified":"2021-05-05T08:00:00Z","author":[{"@id":"#ann"},"Pim Olsen"],"publisher":{"@type":"Organization","name":"The Gazette"}}]}</script>`,
			Article{URL: "https://gazette.example/a?x=1", Canonical: "https://gazette.example/a", Title: "Bridge put off", SiteName: "The Gazette",
				Authors: []string{"Ann Field", "Pim Olsen"}, Published: utc("2021-05-04T10:00:00Z"), Modified: utc("2021-05-05T08:00:00Z"), Language: "en-GB"}},
		{"JSON-LD of several articles", "", `<link rel=canonical href="https://gazette.example/b"><script type="application/ld+json">[{"@type":"NewsArticle","headline":"Another story","url":"https://gazette.example/a"},
{"@type":"NewsArticle","headline":"This story","mainEntityOfPage":{"@id":"https://gazette.example/b"},"author":"By Ann Field and Pim Olsen"}]</script>`,
			Article{Canonical: "https://gazette.example/b", Title: "This story", Authors: []string{"Ann Field", "Pim Olsen"}}},
		{"JSON-LD that is not quite valid", "", "<script type='application/ld+json'>//<![CDATA[\n{\"@type\":\"Article\", \"headline\":\"A line\nbreak &amp; more\",, \"author\":{\"name\":\"Ann Field\"},}\n//]]></script>",
			Article{Title: "A line break & more", Authors: []string{"Ann Field"}}},
		{"Open Graph", "", `<meta property="og:title" content="Bridge put off - Gazette"><meta property="og:site_name" content="Gazette"><meta property="og:url" content="https://gazette.example/a">
<meta property="article:published_time" content="2021-05-04 10:00:00"><meta property="article:author" content="https://facebook.example/ann"><meta name="author" content="Field, Ann"><meta property="og:locale" content="en_US">`,
			Article{Canonical: "https://gazette.example/a", Title: "Bridge put off", SiteName: "Gazette", Authors: []string{"Field, Ann"}, Published: utc("2021-05-04T10:00:00Z"), Language: "en-US"}},
		{"plain HTML", "", `<title>The Gazette</title><body><h1>Bridge <br>put off</h1><a rel="author" href="/ann">Ann Field</a><time itemprop="datePublished" datetime="2021-05-04">May 4</time>`,
			Article{Title: "Bridge put off", Authors: []string{"Ann Field"}, Published: utc("2021-05-04T00:00:00Z")}},
		{"title alone", "", `<title> Bridge
put off </title>`, Article{Title: "Bridge put off"}},
		{"base", "https://gazette.example/x/", `<base href="https://cdn.example/y/"><link rel=canonical href="z">`, Article{URL: "https://gazette.example/x/", Canonical: "https://cdn.example/y/z"}},
		{"nonsense", "", `<html lang="???"><link rel=canonical href="javascript:x"><meta property="article:published_time" content="yesterday"><script type="application/ld+json">{{{</script>`, Article{}},
	} {
		got := testFinder().Find(Input{URL: c.url, ContentType: "text/html", Body: []byte(c.page)}).Article
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestParseMoment(t *testing.T) {
	for in, want := range map[string]string{
		"2021-05-04T12:00:00+02:00":       "2021-05-04T10:00:00Z",
		"2021-05-04T12:00:00+0200":        "2021-05-04T10:00:00Z",
		"2021-05-04T12:00:00.123Z":        "2021-05-04T12:00:00.123Z",
		"2021-05-04T12:00Z":               "2021-05-04T12:00:00Z",
		"2021-05-04T12:00:00":             "2021-05-04T12:00:00Z",
		"2021-05-04 12:00:00 +0000":       "2021-05-04T12:00:00Z",
		"2021-05-04":                      "2021-05-04T00:00:00Z",
		"20210504":                        "2021-05-04T00:00:00Z",
		"Tue, 04 May 2021 12:00:00 +0200": "2021-05-04T10:00:00Z",
		"May 4, 2021":                     "2021-05-04T00:00:00Z",
		"soon":                            "",
		"0000-00-00T00:00:00Z":            "",
		"":                                "",
	} {
		got, ok := parseMoment(in)
		if ok != (want != "") || ok && got.Format(time.RFC3339Nano) != want {
			t.Errorf("%q: got %v %v, want %s", in, got, ok, want)
		}
	}
}

func TestLanguageTag(t *testing.T) {
	for in, want := range map[string]string{"en": "en", "EN_us": "en-US", "zh-hans-cn": "zh-Hans-CN", "de-DE, en": "de-DE", "": "", "x": "", "english language": "", "pt-br": "pt-BR"} {
		if got := languageTag(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

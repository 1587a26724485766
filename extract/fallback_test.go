package extract

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func refsOf(r Result) []string {
	refs := []string{}
	for _, e := range r.Embeds {
		refs = append(refs, e.Markup+" "+e.Ref().String())
	}
	return refs
}

// Pages that the parser refuses, or whose tree would be enormous, are read tag
// by tag, with a warning, and their embeds are found.
func TestFallbackFindsEmbeds(t *testing.T) {
	quote := `<blockquote class="chirp-post"><p>It <b>flows</p>Ann <a href="https://chirp.example/ann/status/12">May 1</a></blockquote>`
	para := "<p>The fountain was opened by the mayor at noon, to the sound of a brass band, and closed again at one.\n"
	pages := map[string]string{
		"deep":        strings.Repeat("<div>", 600) + para + quote + para + strings.Repeat("</div>", 600) + para + `<iframe src="https://embed.chirp.example/frame?id=13"></iframe>`,
		"deep quotes": strings.Repeat("<blockquote>", 200) + strings.Repeat("<div>", 600) + para + quote + `<iframe src="https://embed.chirp.example/frame?id=13"></iframe>`,
		"formatting":  strings.Repeat(`<b><i><font color=a>`, 150) + strings.Repeat("<p>x", 20000) + para + quote + `<iframe src="https://embed.chirp.example/frame?id=13"></iframe>`,
		"many":        para + quote + strings.Repeat("<i>x</i>", maxTags/2) + quote + `<p><iframe src="https://embed.chirp.example/frame?id=13"></iframe>`,
	}
	for name, page := range pages {
		got := testFinder().Find(Input{ContentType: "text/html", Body: []byte(page)})
		if diff := cmp.Diff([]string{"blockquote chirp:12", "iframe chirp:13"}, refsOf(got)); diff != "" {
			t.Errorf("%s: embeds (-want +got):\n%s", name, diff)
		}
		if len(got.Warnings) == 0 || !strings.Contains(got.Warnings[0], "tag by tag") {
			t.Errorf("%s: warnings %q", name, got.Warnings)
		}
	}
}

// A page that the parser takes has the same embeds, links and text when it is
// read tag by tag.
func TestFallbackAgrees(t *testing.T) {
	page := `<html lang=en><head><title>T</title><meta property="og:title" content="Fountain reopens"></head><body><nav><ul><li><a href=/a>A</a><li><a href=/b>B</a></ul></nav>
<article><h1>Fountain reopens</h1><p>The fountain was <a href="https://chirp.example/mayor/status/11">opened</a> by the mayor at noon.<p>Second<ul><li>one<li>two</ul>
<blockquote class="chirp-post"><p>It flows!</p>Ann <a href="https://chirp.example/ann/status/12">May 1</a></blockquote><img src=x><p>https://chirp.example/bob/status/14<br>Last.</article></body></html>`
	f := testFinder()
	want := f.Find(Input{ContentType: "text/html", Body: []byte(page)})
	deep := strings.Repeat("<div>", 520) + strings.Repeat("</div>", 520)
	got := f.Find(Input{ContentType: "text/html", Body: []byte(strings.Replace(page, "</body>", deep+"</body>", 1))})
	if len(got.Warnings) == 0 {
		t.Error("no warning")
	}
	got.Warnings = want.Warnings
	for i := range got.Embeds {
		got.Embeds[i].Fragment, want.Embeds[i].Fragment = "", ""
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parsed and tag by tag (-parsed +tags):\n%s", diff)
	}
}

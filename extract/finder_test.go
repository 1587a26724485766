package extract

import (
	"os"
	"strings"
	"testing"

	"stet/extract/post"

	"github.com/google/go-cmp/cmp"
)

func TestSeedArticle(t *testing.T) {
	text, err := os.ReadFile("testdata/seed/article.txt")
	if err != nil {
		t.Fatal(err)
	}
	got := testFinder().Find(Input{Body: text})
	words := "The Government must ensure Londoners and British nationals have the option of retaining their close links to Europe." +
		"@GuyVerhofstadt has been a leading voice on how we can provide a path to European citizenship for those in the UK who want it. " +
		"#LondonIsOpen 🇪🇺 https://t.co/cCoQk0S9Gi"
	want := Result{
		Embeds: []Embed{{Platform: post.Twitter, Markup: FormFlattened, Positions: []int{11},
			Before: "he UK Government wanted exit that individual citizens have to lose their connection with the continent.”",
			Quoted: Quoted{Text: words, Name: "Sadiq Khan", Handle: "SadiqKhan", Date: "2020-02-18", Links: []string{"https://t.co/cCoQk0S9Gi"}}}},
		PostLinks: []PostLink{}, Links: []Link{}, Warnings: []string{},
	}
	ignoreLong := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Before" || p.Last().String() == ".Fragment" }, cmp.Ignore())
	if diff := cmp.Diff(want, got, ignoreLong); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
	if b := got.Embeds[0].Before; !strings.HasSuffix(b, "their connection with the continent.”") || len(b) > maxBefore {
		t.Errorf("before = %q", b)
	}
	page := "<html><body><p>" + strings.ReplaceAll(string(text), "\n\n", "</p>\n<p>") + "</p></body></html>"
	html := testFinder().Find(Input{Body: []byte(page)})
	if diff := cmp.Diff(got.Embeds, html.Embeds, ignoreLong); diff != "" {
		t.Errorf("the same as HTML (-text +html):\n%s", diff)
	}
}

func TestFindPage(t *testing.T) {
	page := `<!doctype html><html lang=en-gb><head><title>Fountain reopens | The Gazette</title><meta property=og:site_name content="The Gazette">
<link rel=canonical href=/news/fountain></head><body><nav><a href="https://chirp.example/x/status/9">n</a></nav>
<h1>Fountain reopens</h1><p>The fountain is <a href="https://chirp.example/mayor/status/11?s=1">open again</a>, <a href="https://other.example/a">says</a> the mayor.</p>
<blockquote class="chirp-post"><p>It flows!</p>Ann <a href="https://chirp.example/ann/status/12">May 1</a></blockquote>
<p>https://chirp.example/bob/status/13</p><p>Then: <iframe data-src="https://embed.chirp.example/frame?id=14"></iframe></p>
<p>Again</p><blockquote class="chirp-post"><p>It flows!</p>Ann <a href="https://chirp.example/ann/status/12">May 1</a></blockquote>
<footer><p>https://chirp.example/bob/status/15</p></footer></body></html>`
	got := testFinder().Find(Input{URL: "https://gazette.example/news/fountain?x=1", ContentType: "text/html", Body: []byte(page)})
	var ids []string
	for _, e := range got.Embeds {
		ids = append(ids, e.Markup+" "+e.Ref().String())
	}
	if diff := cmp.Diff([]string{"blockquote chirp:12", "bare-url chirp:13", "iframe chirp:14"}, ids); diff != "" {
		t.Errorf("embeds (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{3, 8}, got.Embeds[0].Positions); diff != "" {
		t.Errorf("positions (-want +got):\n%s", diff)
	}
	wantArticle := Article{URL: "https://gazette.example/news/fountain?x=1", Canonical: "https://gazette.example/news/fountain",
		Title: "Fountain reopens", SiteName: "The Gazette", Language: "en-GB"}
	if diff := cmp.Diff(wantArticle, got.Article); diff != "" {
		t.Errorf("article (-want +got):\n%s", diff)
	}
	wantLinks := []PostLink{{Platform: "chirp", ID: "11", URL: "https://chirp.example/i/status/11", Anchor: "open again", Positions: []int{2}}}
	if diff := cmp.Diff(wantLinks, got.PostLinks); diff != "" {
		t.Errorf("post links (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Link{{URL: "https://other.example/a", Anchor: "says", Positions: []int{2}}}, got.Links); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
}

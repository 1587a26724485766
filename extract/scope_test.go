package extract

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWordsIn(t *testing.T) {
	for class, want := range map[string]wordFlags{
		"":                                0,
		"entry-content":                   wordBody,
		"articleBody":                     wordBody,
		"article__body wide":              wordBody,
		"post-content-teaser":             wordWeak,
		"comment-body":                    wordStrong | wordComments,
		"CommentsSection":                 wordStrong | wordComments,
		"has-sidebar":                     0,
		"no-comments":                     0,
		"site-sidebar":                    wordStrong,
		"sidebarRight":                    wordStrong,
		"elementor-widget-container":      wordWeak,
		"embed-responsive embed-youtube":  wordEmbed,
		"more-stories":                    wordWeak | wordOthers,
		"readMoreArticles":                wordWeak | wordOthers,
		"read more":                       0,
		"story headline":                  0,
		"remember december membership":    0,
		"share-buttons":                   wordStrong | wordShare,
		"shared-content":                  0,
		strings.Repeat("x", 600) + " nav": 0,
	} {
		if got := wordsIn(class); got != want {
			t.Errorf("%.40q: got %b, want %b", class, got, want)
		}
	}
}

const scopePara = "<p>The council of Brackwater met on Monday to hear the harbour master, who spoke for an hour about the new bridge and its cost.</p>"

func chirp(id int) string {
	return fmt.Sprintf(`<blockquote class="chirp-post"><p>x</p><a href="https://chirp.example/a/status/%d">y</a></blockquote>`, id)
}

// Where names mislead, the article is found all the same; where they tell the
// truth, what they name is left out.
func TestScope(t *testing.T) {
	text := strings.Repeat(scopePara, 8)
	few := strings.Repeat(scopePara, 2)
	for _, c := range []struct {
		name, page string
		want       []string
	}{
		{"names that hold the heading", `<div class="nav-drawer"><div class="sidebar-grid"><h1>Bridge</h1>` + text + chirp(1) + `</div></div>`, []string{"1"}},
		{"names that hold the main element", `<div class="menu-panel"><main>` + text + chirp(1) + `</main></div>`, []string{"1"}},
		{"the same misleading name again", `<div class="sidebar-grid"><h1>Bridge</h1>` + few + `</div><div class="sidebar-grid">` + text + chirp(1) + `</div>`, []string{"1"}},
		{"a misleading name around the text alone", `<h1>Bridge</h1><p>Short.</p><div class="sticky-related">` + text + chirp(1) + `</div>`, []string{"1"}},
		{"many comments, a short article", `<article><h1>Bridge</h1>` + few + chirp(1) + `</article><div class="comments">` + strings.Repeat("<div class=comment>"+few+chirp(2)+"</div>", 20) + `</div>`, []string{"1"}},
		{"nothing but comments by name", `<div class="comments">` + text + chirp(1) + `</div>`, []string{"1"}},
		{"a widget in the text", `<div class="elementor-widget">` + text + `</div><div class="elementor-widget">` + text + chirp(1) + `</div>`, []string{"1"}},
		{"a widget beside the text", `<main>` + text + chirp(1) + `</main><div class="widget">` + chirp(2) + `</div>`, []string{"1"}},
		{"columns", `<div class=row><div class="col-sm-12 col-md-8">` + text + chirp(1) + `</div><div class="col-sm-12 col-md-4"><p>Watch</p>` + chirp(2) + `</div></div>`, []string{"1"}},
		{"columns in the text", `<div class="col-md-8">` + text + `<div class=row><div class="col-md-6">` + chirp(1) + `</div><div class="col-md-6">` + chirp(2) + `</div></div></div>`, []string{"1", "2"}},
		{"a live blog", `<div class="entries">` + strings.Repeat(`<div class="entry"><div class="entry-content">`+few+`</div></div>`, 4) + `<div class="entry"><div class="entry-content">` + few + chirp(1) + `</div></div></div>`, []string{"1"}},
		{"the story and a longer ticker", `<div class="story-body">` + text + chirp(1) + `<p>See <a href="https://chirp.example/a/status/3">this</a>.</p></div><div id="texts">` + strings.Repeat(`<div><p>`+strings.Repeat("The ferry is late. ", 10)+`<a href="https://chirp.example/a/status/4">x</a></p></div>`, 12) + `</div>`, []string{"1", "link 3"}},
		{"a video above the text", `<div class="hero"><iframe src="https://embed.chirp.example/frame?id=1"></iframe></div><main>` + text + `</main>`, []string{"1"}},
		{"two stories, the second is the page's", `<title>Ferry sinks</title><div><article><h1>Bridge put off</h1>` + text + chirp(1) + `</article><article><h1>Ferry sinks</h1>` + text + chirp(2) + `</article></div>`, []string{"2"}},
		{"an article that is named like a snippet", `<div class="chirp-post">` + text + `</div>` + chirp(1), []string{"1"}},
		{"no words at all", chirp(1) + chirp(2), []string{"1", "2"}},
	} {
		r := testFinder().Find(Input{ContentType: "text/html", Body: []byte("<html><body>" + c.page + "</body></html>")})
		got := []string{}
		for _, e := range r.Embeds {
			got = append(got, e.ID)
		}
		for _, l := range r.PostLinks {
			got = append(got, "link "+l.ID)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

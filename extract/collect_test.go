package extract

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The lists and everything in them are bounded, with a warning.
func TestBounds(t *testing.T) {
	var page strings.Builder
	page.WriteString("<p>Words enough to make this a paragraph of an article, and some.</p>")
	for i := range maxFindings + 500 {
		fmt.Fprintf(&page, `<blockquote class="chirp-post">x <a href="https://chirp.example/a/status/%d">y</a></blockquote>`, i+1)
	}
	got := testFinder().Find(Input{ContentType: "text/html", Body: []byte(page.String())})
	if len(got.Embeds) != maxFindings || !strings.Contains(strings.Join(got.Warnings, " "), fmt.Sprint(maxFindings)) {
		t.Errorf("%d embeds, warnings %q", len(got.Embeds), got.Warnings)
	}
	size := 0
	for _, e := range got.Embeds {
		size += len(e.Fragment)
	}
	if size > maxFragments {
		t.Errorf("%d bytes of fragments", size)
	}
	page.Reset()
	for i := range maxAddresses + 500 {
		fmt.Fprintf(&page, `<p>words <a href="https://a.example/%d">x</a>`, i)
	}
	got = testFinder().Find(Input{ContentType: "text/html", Body: []byte(page.String())})
	if len(got.Links) != maxAddresses || len(got.Warnings) != 1 {
		t.Errorf("%d links, warnings %q", len(got.Links), got.Warnings)
	}
	long := strings.Repeat("long ", 10000)
	got = testFinder().Find(Input{ContentType: "text/html", Body: []byte("<p>" + long + `</p><blockquote class="chirp-post">` + long + `<a href="https://chirp.example/a/status/1">y</a></blockquote><p><a href="https://a.example/">` + long + "</a>")})
	if e := got.Embeds[0]; len(e.Before) > maxBefore || len(e.Fragment) > maxFragment {
		t.Errorf("before %d, fragment %d bytes", len(e.Before), len(e.Fragment))
	}
	if n := len(got.Links[0].Anchor); n > maxAnchorBytes {
		t.Errorf("anchor of %d bytes", n)
	}
	same := strings.Repeat(`<p>x</p><blockquote class="chirp-post"><a href="https://chirp.example/a/status/1">y</a></blockquote>`, maxPositions+100)
	got = testFinder().Find(Input{ContentType: "text/html", Body: []byte(same)})
	if len(got.Embeds) != 1 || len(got.Embeds[0].Positions) != maxPositions {
		t.Errorf("%d embeds with %d positions", len(got.Embeds), len(got.Embeds[0].Positions))
	}
}

// What a page shows once as an embed and once as plain text is one post.
func TestQuotedTwice(t *testing.T) {
	sign := "The bridge is late again, they say. https://t.co/aaaaaaaaaa — Oda Lind (@odalind) "
	page := "<p>" + sign + `<a href="https://chirp.example/odalind/status/7">May 4, 2021</a></p><p>Between the two there are words.</p><p>` + sign + "May 4, 2021</p>"
	for range 2 {
		got := testFinder().Find(Input{ContentType: "text/html", Body: []byte(page)})
		if diff := cmp.Diff([]string{"flattened chirp:7"}, refsOf(got)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if len(got.Embeds) == 1 && !got.Embeds[0].Resolved {
			t.Error("not resolved")
		}
		if len(got.PostLinks)+len(got.Links) != 0 {
			t.Errorf("the post's own links: %+v %+v", got.PostLinks, got.Links)
		}
		page = "<p>" + sign + "May 4, 2021</p><p>Between the two there are words.</p><p>" + sign + `<a href="https://chirp.example/odalind/status/7">May 4, 2021</a></p>`
	}
}

func TestBefore(t *testing.T) {
	for in, want := range map[string]string{"": "", " a  b \n\n": "a b", strings.Repeat("é", maxBefore): strings.Repeat("é", maxBefore/2), strings.Repeat("word ", 100): strings.TrimSpace(strings.Repeat("word ", 40))} {
		if got := before(in); got != want {
			t.Errorf("%.20q: got %q, want %q", in, got, want)
		}
	}
}

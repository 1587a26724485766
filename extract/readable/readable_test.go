package readable_test

import (
	"strings"
	"testing"

	"stet/extract"
	"stet/extract/readable"

	"github.com/google/go-cmp/cmp"
)

const page = `<!doctype html><html lang="en"><head><title>Fountain reopens | The Gazette</title><meta name="author" content="Ann Field"></head><body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/news">News</a></li></ul></nav>
<article><h1>Fountain reopens</h1>
<p>The fountain in the market was opened by the mayor at noon, to the sound of a brass band, and closed again at one, for want of water.</p>
<p>The council had voted for it in the spring, against the advice of the water board, which had asked for a larger pipe, and for time.</p>
<iframe src="https://www.example.net/frame"></iframe>
<p>Nobody was hurt, though a good many people were wet, and the band has asked the council to pay for a new drum before the summer.</p>
</article><aside><p>Read also: the old fountain, the older fountain, and the oldest fountain of them all, in pictures, words and song.</p></aside></body></html>`

func TestRead(t *testing.T) {
	f := extract.NewFinder(nil)
	got := readable.Read(f, extract.Input{URL: "https://gazette.example/a", ContentType: "text/html", Body: []byte(page)})
	var numbers []int
	var first []string
	for _, p := range got.Paragraphs {
		numbers = append(numbers, p.Number)
		first = append(first, strings.Fields(p.Text)[1])
	}
	if diff := cmp.Diff([]int{2, 3, 4}, numbers); diff != "" {
		t.Errorf("numbers (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"fountain", "council", "was"}, first); diff != "" {
		t.Errorf("second words (-want +got):\n%s", diff)
	}
	if got.Title != "Fountain reopens | The Gazette" && got.Title != "Fountain reopens" || got.Byline != "Ann Field" || got.Language != "en" {
		t.Errorf("title %q, byline %q, language %q", got.Title, got.Byline, got.Language)
	}
}

func TestReadFallsBack(t *testing.T) {
	f := extract.NewFinder(nil)
	deep := strings.Repeat("<div>", 600) + page
	got := readable.Read(f, extract.Input{ContentType: "text/html", Body: []byte(deep)})
	if len(got.Paragraphs) < 3 || got.Paragraphs[0].Number == 0 {
		t.Errorf("paragraphs of a page that the parser refuses: %+v", got.Paragraphs)
	}
	text := readable.Read(f, extract.Input{Body: []byte("One line here.\n\nAnother line.\n")})
	want := []extract.Paragraph{{Number: 1, Text: "One line here."}, {Number: 2, Text: "Another line."}}
	if diff := cmp.Diff(want, text.Paragraphs); diff != "" {
		t.Errorf("plain text (-want +got):\n%s", diff)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(page))
	f.Add([]byte("<p>x<table><tr><p><svg><math>"))
	finder := extract.NewFinder(nil)
	f.Fuzz(func(t *testing.T, body []byte) {
		got := readable.Read(finder, extract.Input{ContentType: "text/html", Body: body})
		size := 0
		for _, p := range got.Paragraphs {
			if strings.TrimSpace(p.Text) == "" {
				t.Error("an empty paragraph")
			}
			size += len(p.Text)
		}
		// A character reference of two characters can stand for a longer one.
		if size > 8*len(body)+64 {
			t.Errorf("%d bytes of text from %d", size, len(body))
		}
	})
}

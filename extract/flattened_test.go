package extract

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"stet/extract/post"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var updateFlattened = flag.Bool("update-flattened", false, "write what was found into testdata/flattened")

// flattenedCase is how the golden files write a finding.
type flattenedCase struct {
	Platform post.Platform `json:"platform"`
	Quoted
	URL string `json:"url,omitempty"`
}

func TestFlattenedGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/flattened/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text := string(ar.Files[0].Data)
			found := FindFlattened(text)
			checkFlattened(t, text, found)
			got := flattenedJSON(t, found)
			if *updateFlattened {
				ar.Files[1].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(ar.Files[1].Data), got); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
		})
	}
}

func flattenedJSON(t *testing.T, found []Flattened) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	for _, f := range found {
		if err := enc.Encode(flattenedCase{f.Platform, f.Quoted, f.URL}); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// checkFlattened tests what holds for every text.
func checkFlattened(t *testing.T, text string, found []Flattened) {
	t.Helper()
	last := 0
	for _, f := range found {
		if f.Start < last || f.End <= f.Start || f.End > len(text) {
			t.Fatalf("finding at %d:%d after %d in %d bytes", f.Start, f.End, last, len(text))
		}
		last = f.End
		if !strings.Contains(text[f.Start:f.End], f.Quoted.Text) {
			t.Fatalf("the words %q do not stand in %q", f.Quoted.Text, text[f.Start:f.End])
		}
		if utf8.ValidString(text) && !utf8.ValidString(text[f.Start:f.End]) {
			t.Fatalf("%d:%d cuts a character", f.Start, f.End)
		}
		if f.Quoted.Handle == "" || !strings.Contains(text[f.Start:f.End], f.Quoted.Handle) {
			t.Fatalf("handle %q is not in the sign-off", f.Quoted.Handle)
		}
		if _, err := time.Parse(time.DateOnly, f.Quoted.Date); err != nil && f.Quoted.Date != "" {
			t.Fatal(err)
		}
		if len(f.Quoted.Text) > maxWordsBytes || len(f.Quoted.Links) > maxQuotedLinks {
			t.Fatalf("unbounded: %d bytes, %d links", len(f.Quoted.Text), len(f.Quoted.Links))
		}
		for _, l := range f.Quoted.Links {
			if !strings.Contains(f.Quoted.Text, l) {
				t.Fatalf("link %q is not in the words", l)
			}
		}
	}
}

// flattenedOne finds the one post in text.
func flattenedOne(t *testing.T, text string) Quoted {
	t.Helper()
	found := FindFlattened(text)
	checkFlattened(t, text, found)
	if len(found) != 1 {
		t.Errorf("found %d posts in %q", len(found), text)
		return Quoted{}
	}
	return found[0].Quoted
}

func TestFlattenedDates(t *testing.T) {
	for lang, date := range map[string]string{
		"en": "February 18, 2020", "fr": "18 février 2020", "de": "18. Februar 2020", "es": "18 de febrero de 2020",
		"pt": "18 de fevereiro de 2020", "it": "18 febbraio 2020", "nl": "18 februari 2020", "pl": "18 lutego 2020",
		"tr": "18 Şubat 2020", "ja": "2020年2月18日", "zh": "2020年2月18日", "ko": "2020년 2월 18일", "ar": "18 فبراير 2020",
		"ar-EG": "١٨ فبراير ٢٠٢٠", "ru": "18 февраля 2020 г.", "uk": "18 лютого 2020 р.", "sv": "18 februari 2020",
		"da": "18. februar 2020", "fi": "18. helmikuuta 2020", "el": "18 Φεβρουαρίου 2020", "cs": "18. února 2020",
		"hu": "2020. február 18.", "ro": "18 februarie 2020", "id": "18 Februari 2020", "hi": "18 फ़रवरी 2020",
		"he": "18 בפברואר 2020", "fa": "۱۸ فوریهٔ ۲۰۲۰", "th": "18 กุมภาพันธ์ 2020", "vi": "18 tháng 2, 2020", "ca": "18 de febrer de 2020",
		"old-es": "febrero 18, 2020", "old-ja": "2月 18, 2020", "old-zh": "二月 18, 2020", "old-fi": "helmikuu 18, 2020",
	} {
		for _, after := range []string{"", " Next sentence of the article.", "\n\nNext paragraph"} {
			got := flattenedOne(t, "Words of the post. — Some Name (@some_name) "+date+after)
			want := Quoted{Text: "Words of the post.", Name: "Some Name", Handle: "some_name", Date: "2020-02-18"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, then %q (-want +got):\n%s", lang, after, diff)
			}
		}
	}
}

func TestFlattenedDashes(t *testing.T) {
	for _, dash := range []string{"—", "–", "-", "--", "---", "―", "⸺", "−", "‒", "─", "——", "－", "&mdash;", "&ndash;", "&#8212;", "&#x2014;", "â€”", "\u0097"} {
		for _, before := range []string{"Words of the post. ", "Words of the post.\n", "Words of the post.\n\n", "Words of the post. pic.twitter.com/abc1DEF2gh "} {
			for _, gap := range []string{" ", "", "\u00a0"} {
				got := flattenedOne(t, before+dash+gap+"Some Name (@some_name) February 18, 2020")
				if got.Text != strings.TrimSpace(before) || got.Name != "Some Name" {
					t.Errorf("%q after %q: text %q, name %q", dash+gap, before, got.Text, got.Name)
				}
			}
		}
	}
}

func TestFlattenedNames(t *testing.T) {
	for _, name := range []string{"J", "Jean-Luc Moreau", "Guy (he/him)", "Mill Museum 🇪🇺", "🏳️‍🌈 Dia 🎄", "[Closed] Shop", "Joe @ Work",
		"Ray - DJ", "A — B", "9to5Example.com", "マツモト ケイ", "محمد علي", "Δήμος", "O'Neil & Sons", "Smith (Ret.) (DC)", "50% – off"} {
		for _, before := range []string{"Words of the post. https://t.co/abc1DEF2gh ", "Words of the post.\n"} {
			got := flattenedOne(t, before+"— "+name+" (@some_name) February 18, 2020")
			if got.Name != name || got.Text != strings.TrimSpace(before) {
				t.Errorf("name %q, text %q; want %q, %q", got.Name, got.Text, name, before)
			}
		}
	}
	for name, dashed := range map[string]string{
		"Some Name": "Words — of - the – post. — Some Name", "Jean-Luc": "Words – of the post – Jean-Luc", "Ann": "A day- trip for all - Ann",
	} {
		if got := flattenedOne(t, dashed+" (@some_name) February 18, 2020"); got.Name != name {
			t.Errorf("%q: name %q, want %q", dashed, got.Name, name)
		}
	}
}

func TestFlattenedHandles(t *testing.T) {
	for _, h := range []string{"( @some_name )", "(@\u200esome_name)", "（@some_name）", "(\n@some_name\n)", "(@some_name)"} {
		if got := flattenedOne(t, "Words.\n— Some Name "+h+" February 18, 2020"); got.Handle != "some_name" || got.Name != "Some Name" {
			t.Errorf("%q: %+v", h, got)
		}
	}
	for _, h := range []string{"(@)", "(@some name)", "(@some-name)", "(@waytoolongforahandleonanysite)", "@some_name", "[@some_name]", "(@some_name", "(@a..b)", "(@.ab)", "(@ab.)", "(@@ab)"} {
		if found := FindFlattened("Words. — Some Name " + h + " February 18, 2020"); len(found) > 0 {
			t.Errorf("%q: %+v", h, found)
		}
	}
}

func TestFlattenedLinks(t *testing.T) {
	text := "See http://example.org/a(b), (https://example.org/c). at.co/no t.co/AbCdEfGhIj, wordhttps://t.co/0123456789Next victimspic.twitter.com/9876543210"
	want := []string{"http://example.org/a", "https://example.org/c", "t.co/AbCdEfGhIj", "https://t.co/0123456789", "pic.twitter.com/9876543210"}
	if diff := cmp.Diff(want, flattenedOne(t, text+" — N (@n) May 5, 2022").Links); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
}

func TestFlattenedIsBounded(t *testing.T) {
	text := strings.Repeat("a — N (@n) May 5, 2022 ", maxFlattened+10)
	if n := len(FindFlattened(text)); n != maxFlattened {
		t.Errorf("found %d, want %d", n, maxFlattened)
	}
}

// TestFlattenedIsLinear: texts that are made to be slow are read as others
// are. No clock is read, since other work on the machine would be measured with
// it: what grew with the square of the text would not end before the test does.
func TestFlattenedIsLinear(t *testing.T) {
	for name, piece := range adversarialTexts() {
		text := strings.Repeat(piece, (256<<10)/len(piece)+1)
		if found := FindFlattened(text); len(found) > len(text)/8 {
			t.Errorf("%s: %d findings in %d bytes", name, len(found), len(text))
		}
	}
}

// BenchmarkFlattenedGrowth says how much longer ten times the text takes.
func BenchmarkFlattenedGrowth(b *testing.B) {
	for name, piece := range adversarialTexts() {
		b.Run(name, func(b *testing.B) {
			var small, large time.Duration
			for b.Loop() {
				small += timeFlattened(piece, 1<<15)
				large += timeFlattened(piece, 10<<15)
			}
			b.ReportMetric(float64(large)/float64(small), "times/tenfold")
		})
	}
}

func adversarialTexts() map[string]string {
	return map[string]string{
		"handles":  "(@a)",
		"dashes":   "— — — (@a) ",
		"undated":  "— A (@a)\n",
		"linked":   "t.co/a — A (@a)\n",
		"numbers":  "(@a) 1 1 ",
		"lines":    "a\n",
		"links":    "https://t.co/a ",
		"spaces":   "                                        (@a) May 5, 2022",
		"long":     strings.Repeat("a. B", 3000) + " — A (@a) May 5, 2022\n",
		"colons":   strings.Repeat("tweet: A b ", 1000) + " — A (@a) May 5, 2022\n",
		"headless": "@ ( @ (",
		"authors":  "A\n@a\n",
		"quoting":  "A\n@a\n· May 3, 2020\nx\n",
		"timeless": "A\n@a\n" + strings.Repeat("b 1:2 · c\n", 20),
	}
}

func timeFlattened(piece string, size int) time.Duration {
	text := strings.Repeat(piece, size/len(piece)+1)
	start := time.Now()
	FindFlattened(text)
	return time.Since(start)
}

func FuzzFindFlattened(f *testing.F) {
	files, _ := filepath.Glob("testdata/flattened/*.txtar")
	for _, file := range files {
		ar, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(ar.Files[0].Data))
	}
	for _, piece := range adversarialTexts() {
		f.Add(piece[:min(len(piece), 200)])
	}
	f.Fuzz(func(t *testing.T, text string) {
		found := FindFlattened(text)
		checkFlattened(t, text, found)
		for _, q := range found {
			if again := FindFlattened(text[q.Start:q.End]); len(again) > 1 {
				t.Fatalf("one finding %q holds %d", text[q.Start:q.End], len(again))
			}
		}
	})
}

func BenchmarkFindFlattened(b *testing.B) {
	para := strings.Repeat("The council met on Monday and heard the report of the harbour master. ", 5) + "\n\n"
	var article strings.Builder
	for i := range 200 {
		article.WriteString(para)
		if i%20 == 0 {
			fmt.Fprintf(&article, "Ferry %d is stuck https://t.co/abcdefghi%d\n\n— Oda Lind (@odalind) January %d, 2019\n\n", i, i%10, i%28+1)
		}
	}
	for name, text := range map[string]string{"article": article.String(), "handles": strings.Repeat("(@a)", 20000)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				FindFlattened(text)
			}
		})
	}
}

package web

import (
	"strings"
	"testing"
	"unicode/utf8"

	"stet/extract/words"
	"stet/store/view"
)

// TestMarks: what was looked for is marked, in every script, and an excerpt
// begins near it.
func TestMarks(t *testing.T) {
	long := strings.Repeat("nothing of it stands here, ", 40)
	for _, tt := range []struct{ asked, text, want string }{
		{"ferry", "The Ferry leaves. Ferries do not, and no ferryman.", "The [Ferry] leaves. Ferries do not, and no ferryman."},
		{"cafe", "Im Café am Eck", "Im [Café] am Eck"},
		{`"night ferry"`, "night, a ferry", "[night], a [ferry]"},
		{"渡し船", "夜の渡し船は六時", "夜の[渡し船]は六時"},
		{"паром", "Ночной паром.", "Ночной [паром]."},
		{"⛴", "by ⛴ at six", "by [⛴] at six"},
		{"#ferry", "#ferry and ferry", "[#ferry] and ferry"},
		{"<script>", "a <script> b", "a <[script]> b"},
		{"", "whatever", "whatever"},
		{"ferry", "#ferry @ferry", "[#ferry] [@ferry]"},
		{"ferry", long + "the ferry is.", "ferry"},
		{"zeppelin", long, ""},
	} {
		s := soughtIn(tt.asked)
		got := ""
		for _, m := range s.marks(tt.text) {
			if m.Hit {
				got += "[" + m.Text + "]"
			} else {
				got += m.Text
			}
		}
		if len(tt.text) < 200 && got != tt.want || !strings.Contains(got, tt.want) || utf8.RuneCountInString(got) > excerpt+12 {
			t.Errorf("%q in %.60q: %q, want %q", tt.asked, tt.text, got, tt.want)
		}
	}
}

// TestMarksLinear: a text without a space takes no longer than others. What
// grew with the square of the text would not end before the test does.
func TestMarksLinear(t *testing.T) {
	s := soughtIn("渡 船")
	got := 0
	for _, m := range s.marks(strings.Repeat("夜", 1<<20)) {
		got += utf8.RuneCountInString(m.Text)
	}
	if got > excerpt+12 {
		t.Errorf("an excerpt of %d characters", got)
	}
}

// FuzzMarks: an excerpt is a part of the text, whatever is looked for.
func FuzzMarks(f *testing.F) {
	f.Add("ferry", "the ferry")
	f.Add("渡 船\u202e", strings.Repeat("夜の渡し船", 80))
	f.Fuzz(func(t *testing.T, asked, text string) {
		s := soughtIn(asked)
		all := ""
		for _, m := range s.marks(text) {
			all += m.Text
		}
		all = strings.TrimSuffix(strings.TrimPrefix(all, "… "), " …")
		if len(text) < marksIn && !strings.Contains(oneLine(text), strings.TrimSpace(all)) {
			t.Errorf("%q is no part of %q", all, text)
		}
	})
}

// TestResultsPage: what was looked for is marked, dates narrow, and what was
// narrowed to nothing can be widened.
func TestResultsPage(t *testing.T) {
	p := &person{world: newWorld(t, nil)}
	p.wants("/search?q=cmd+nothing", "<mark>cmd</mark>", `<input type="hidden" name="q" value="cmd nothing">`, `id="gone-since"`)
	p.wants("/search?q=cmd&since=2026-01-01&gone_until=2026-12-31", `value="2026-01-01"`, `value="2026-12-31"`)
	if w := p.send("GET", "/search?q=cmd&since=soon", nil); w.Code != 400 {
		t.Errorf("a date that is none: %d", w.Code)
	}
	f, err := chosen(map[string][]string{"gone_until": {"2026-03-31"}, "since": {"2026-03-01"}})
	if err != nil || f.GoneTo.Format("2006-01-02") != "2026-04-01" || f.PostedFrom.Format("2006-01-02") != "2026-03-01" {
		t.Errorf("%+v, %v", f, err)
	}
	if w := p.send("GET", "/search?q=https://nowhere.example/x&status=deleted", nil); w.Code != 404 || !strings.Contains(w.Body.String(), "Search without narrowing") {
		t.Errorf("narrowed to nothing: %d %s", w.Code, w.Body)
	}
}

// TestPartsOf: what only the post has does not run into the last word of the paste.
func TestPartsOf(t *testing.T) {
	for _, tt := range [][3]string{
		{"It costs four crowns.", "It costs two crowns. You have my word.", "It costs [two ]{four }crowns. [You have my word.]"},
		{"夜の船", "夜の船は六時", "夜の船[は六時]"},
	} {
		got := ""
		for _, p := range partsOf(words.Diff(tt[0], tt[1])) {
			switch p.Kind {
			case view.PartGone:
				got += "[" + p.Text + "]"
			case view.PartNew:
				got += "{" + p.Text + "}"
			default:
				got += p.Text
			}
		}
		if got != tt[2] {
			t.Errorf("%q, want %q", got, tt[2])
		}
	}
}

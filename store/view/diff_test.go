package view

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDiff(t *testing.T) {
	same, gone, added := func(s string) Part { return Part{PartSame, s} }, func(s string) Part { return Part{PartGone, s} }, func(s string) Part { return Part{PartNew, s} }
	for name, tt := range map[string]struct {
		a, b string
		want []Part
	}{
		"equal":        {"The pier opens.", "The pier opens.", []Part{same("The pier opens.")}},
		"nothing":      {"", "", nil},
		"all":          {"", "new", []Part{added("new")}},
		"a word":       {"It opens on Monday at nine.", "It opens on Friday at nine.", []Part{same("It opens on "), gone("Monday"), added("Friday"), same(" at nine.")}},
		"a phrase":     {"We will keep it.", "We may well close it.", []Part{same("We "), gone("will keep"), added("may well close"), same(" it.")}},
		"a sign":       {"a fare of 2 crowns", "a fare of 12 crowns", []Part{same("a fare of "), gone("2"), added("12"), same(" crowns")}},
		"no spaces":    {"橋は月曜に開く", "橋は金曜に開く", []Part{same("橋は"), gone("月"), added("金"), same("曜に開く")}},
		"a mark":       {"Really?", "Really!", []Part{same("Really"), gone("?"), added("!")}},
		"an addition":  {"It opens.", "It opens. Perhaps.", []Part{same("It opens."), added(" Perhaps.")}},
		"joined emoji": {"ok 👍🏽", "ok 👍", []Part{same("ok 👍"), gone("🏽")}},
	} {
		if diff := cmp.Diff(tt.want, Diff(tt.a, tt.b)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}

func TestDiffOfLongTexts(t *testing.T) {
	var a, b strings.Builder
	for range 4000 {
		a.WriteString("old words ")
		b.WriteString("1 2 ")
	}
	if got := Diff(a.String(), b.String()); len(got) != 3 && len(got) != 2 {
		t.Errorf("%d parts", len(got))
	}
}

func TestAround(t *testing.T) {
	got := Around(Diff("one two three four five six seven eight", "one two three four five six seven nine"), 2)
	want := []Part{{Kind: PartCut}, {PartSame, "six seven "}, {PartGone, "eight"}, {PartNew, "nine"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// FuzzDiff: without what is new it is the one text, without what is gone the
// other.
func FuzzDiff(f *testing.F) {
	f.Add("It opens on Monday.", "It opened on a Friday!")
	f.Add("a b c a b b a", "c b a b a c")
	f.Add("\xff", "\xfe a")
	f.Fuzz(func(t *testing.T, a, b string) {
		var old, now strings.Builder
		for _, p := range Diff(a, b) {
			if p.Kind != PartNew {
				old.WriteString(p.Text)
			}
			if p.Kind != PartGone {
				now.WriteString(p.Text)
			}
		}
		if old.String() != a || now.String() != b {
			t.Errorf("Diff(%q, %q) gives %q and %q", a, b, old.String(), now.String())
		}
		if a == b && Changed(Diff(a, b)) {
			t.Errorf("Diff(%q) finds changes", a)
		}
	})
}

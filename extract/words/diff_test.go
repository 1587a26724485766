package words

import (
	"fmt"
	"strings"
	"testing"
)

func TestDiff(t *testing.T) {
	for _, tt := range []struct{ first, second, want string }{
		{"", "", ""},
		{"The bridge opens.", "the BRIDGE opens!", "=The bridge opens."},
		{"The bridge opens on Monday.", "The bridge never opens on Monday.", "=The bridge |+never |=opens on Monday."},
		{"The bridge opens on Tuesday.", "The bridge opens on Monday.", "=The bridge opens on |-Tuesday.|+Monday."},
		{"“I said so”", "I said so, twice", "=“I said so”|+twice"},
		{"don’t", "don't", "=don’t"},
		{"橋は開かない", "橋が開く", "=橋|-は|+が|=開|-かない|+く"},
		{"only here", "", "-only here"},
		{"", "only there", "+only there"},
		{"yes 👍🏽", "yes 👍", "=yes 👍🏽"},
		{"الجسرُ مفتوح", "الجسر مغلق", "=الجسرُ |-مفتوح|+مغلق"},
	} {
		var parts []string
		for _, e := range Diff(tt.first, tt.second) {
			parts = append(parts, map[Op]string{Both: "=", First: "-", Second: "+"}[e.Op]+e.Text)
		}
		if got := strings.Join(parts, "|"); got != tt.want {
			t.Errorf("%q against %q: %s, want %s", tt.first, tt.second, got, tt.want)
		}
	}
}

func TestDiffIsBounded(t *testing.T) {
	long := strings.Repeat("a b ", 3*maxUnits)
	edits := Diff(long, long+"c")
	if n := len(edits); n != 3 || edits[0].Op != Both {
		t.Errorf("%d edits", n)
	}
}

func TestCommon(t *testing.T) {
	both, first, second := Common("the bridge opens on Monday", "On Monday the bridge never opens")
	if got := fmt.Sprint(both, first, second); got != "3 5 6" {
		t.Errorf("got %s", got)
	}
}

// FuzzDiff: the first text comes back whole, and a text is the same as itself.
func FuzzDiff(f *testing.F) {
	f.Add("a b c", "a c d")
	f.Add("橋が", "が橋 x")
	f.Fuzz(func(t *testing.T, first, second string) {
		if len(first)+len(second) > 4000 {
			return
		}
		var back strings.Builder
		for _, e := range Diff(first, second) {
			if e.Op != Second {
				back.WriteString(e.Text)
			}
		}
		if want := strings.ToValidUTF8(first, "\ufffd"); strings.ToValidUTF8(back.String(), "\ufffd") != want {
			t.Errorf("%q came back as %q", first, back.String())
		}
		for _, e := range Diff(first, first) {
			if e.Op != Both && strings.ContainsFunc(e.Text, isWordRune) {
				t.Errorf("%q differs from itself in %q", first, e.Text)
			}
		}
	})
}

package words

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// TestFoldQuickly asks that what is not looked at closely would stay as it is
// or, in ASCII, would get the same form, also beside others of its kind.
func TestFoldQuickly(t *testing.T) {
	var quick []rune
	for r := range rune(0x20000) {
		if s := string(r); isFolded(s) || isASCII(s) {
			if got := foldAny(s); got != Fold(s) {
				t.Errorf("%q is %q, at a closer look %q", s, Fold(s), got)
			}
			quick = append(quick, r)
		}
	}
	if len(quick) < 20_000 {
		t.Fatalf("only %d characters", len(quick))
	}
	random := rand.New(rand.NewPCG(1, 1))
	for range 50_000 {
		text := make([]rune, 4)
		at := random.IntN(len(quick))
		for i := range text {
			text[i] = quick[(at+random.IntN(60))%len(quick)]
		}
		if s := string(text); foldAny(s) != Fold(s) {
			t.Fatalf("%q is %q, at a closer look %q", s, Fold(s), foldAny(s))
		}
	}
}

func TestFold(t *testing.T) {
	same := [][]string{
		{"bridge", "Bridge", "BRIDGE", "ｂｒｉｄｇｅ", "𝐁𝐫𝐢𝐝𝐠𝐞", "bri\u00addge", "bri\u200bdge"},
		{"muhle", "Mühle", "Mu\u0308hle", "MÜHLE"},
		{"strasse", "Straße", "STRASSE", "STRAẞE"},
		{"aeroskobing", "Ærøskøbing"},
		{"lodz", "Łódź"},
		{"istanbul", "İstanbul", "istanbul", "ıstanbul"},
		{"ασ", "ΑΣ", "ας", "άς"},
		{"елка", "ёлка", "ЁЛКА"},
		{"ffi", "ﬃ"},
		{"2026", "２０２６", "٢٠٢٦", "۲۰۲۶", "२०२६", "𝟐𝟎𝟐𝟔"},
		{"محمد", "مُحَمَّد", "مـحـمـد"},
		{"اب", "أب", "إب", "آب"},
		{"علي", "على", "علی"},
		{"שלום", "שָׁלוֹם"},
		{"が", "か\u3099", "が"},
		{"ガ", "ｶﾞ"},
		{"한국", "한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8"},
		{"हिन्दी", "हिन्दी"},
		{"กินข้าว", "กินข้าว"},
	}
	seen := map[string]string{}
	for _, forms := range same {
		for _, f := range forms {
			if got := Fold(f); got != forms[0] {
				t.Errorf("%q is folded to %q (%+q), want %q (%+q)", f, got, got, forms[0], forms[0])
			}
		}
		if other, ok := seen[forms[0]]; ok {
			t.Errorf("%q and %q become the same", forms[0], other)
		}
		seen[forms[0]] = forms[0]
	}
	// Marks that are vowels or consonants make another word.
	for _, pair := range [][2]string{{"か", "が"}, {"ハ", "パ"}, {"हिन्दी", "हन्दी"}, {"กิน", "กัน"}} {
		if Fold(pair[0]) == Fold(pair[1]) {
			t.Errorf("%q and %q are folded to the same", pair[0], pair[1])
		}
	}
}

// tokens writes down what a text is broken into: tokens, with what else stands
// at the place of the first in parentheses.
func tokens(text string) string {
	var out []string
	Split(text, func(w Word) {
		s := strings.Join(w.Tokens, " ")
		if len(w.Also) > 0 {
			s = "(" + strings.Join(w.Also, " ") + ") " + s
		}
		out = append(out, s)
	})
	return strings.Join(out, " | ")
}

func TestSplit(t *testing.T) {
	cases := []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"marks only", " … — “” ‘’ ?! .", ""},
		{"words", "The bridge, they say, stays open.", "the | bridge | they | say | stays | open"},
		{"quotation marks", "“Bridge” «bridge» „bridge“ ‘bridge’ 'bridge'", "bridge | bridge | bridge | bridge | bridge"},
		{"an ellipsis", "open… and shut...", "open | and | shut"},
		{"apostrophes", "don't don’t l’article", "(dont) don t | (dont) don t | (larticle) l article"},
		{"dots inside", "the U.S. and gazette.example", "the | (us) u s | and | (gazetteexample) gazette example"},
		{"a dash inside", "well-known x-2 3-4 東-京", "(wellknown) well known | x | 2 | 3 | 4 | 東 | 京"},
		{"numbers", "1,000,000 people, 3.5 % at 12:30, 1’000", "1000000 | people | 3.5 | at | 12 | 30 | 1000"},
		{"a hashtag of words", "#SaveUSHarbour #G20 #bridgeX1930", "(saveusharbour #saveusharbour) save us harbour | (#g20) g20 | (bridgex1930 #bridgex1930) bridge x 1930"},
		{"a hashtag", "#Bridge2026 #été", "(bridge2026 #bridge2026) bridge 2026 | (#ete) ete"},
		{"a hashtag with a line", "#save_the_bridge now", "(savethebridge #save_the_bridge) save the bridge | now"},
		{"marks that are no hashtags", "# 1 ## C# #", "1 | c"},
		{"a hashtag of another script", "#地震 速報", "(#地震) 地震 震 | 速報 報"},
		{"a full-width hashtag", "＃地震", "(#地震) 地震 震"},
		{"a handle", "thanks @Ada_Fenwick!", "thanks | (adafenwick @ada_fenwick) ada fenwick"},
		{"a handle with dots and dashes", "by @ada-fenwick.social.example.", "by | (@ada-fenwick.social.example) ada | (fenwicksocialexample) fenwick social example"},
		{"a federated handle", "by @ada@social.example, who", "by | (@ada@social.example) ada | (socialexample) social example | who"},
		{"a mail address", "write to desk@gazette.example", "write | to | desk | (gazetteexample) gazette example"},
		{"an address", "see https://www.gazette.example:8080/a/b?c=d#e. Or http://t.co/Ab1", "see | (gazetteexample) gazette example | or | (tco) t co"},
		{"an address in brackets", "(https://gazette.example) x", "(gazetteexample) gazette example | x"},
		{"an address with a name", "https://ada:secret@gazette.example/", "(gazetteexample) gazette example"},
		{"emoji", "great 👏👏🏽 ❤️ 🇪🇺 👩‍👩‍👧", "great | 👏 | 👏 | ❤ | 🇪🇺 | (👩 👩 👧) 👩‍👩‍👧"},
		{"emoji beside words", "open🌉now", "open | 🌉 | now"},
		{"japanese", "東京で地震", "東京 京で で地 地震 震"},
		{"japanese with latin", "NHKニュース7", "nhk | にゅ ゅー ーす す | 7"},
		{"one character", "水", "水"},
		{"chinese", "「今天」天气。", "今天 天 | 天气 气"},
		{"korean", "긴급 속보입니다", "긴급 급 | 속보 보입 입니 니다 다"},
		{"thai", "สวัสดี", "สว วั ัส สด ดี ี"},
		{"arabic", "الجسرُ مفتوح والله", "(جسر) الجسر | مفتوح | والله"},
		{"hebrew", "הגשר היה", "(גשר) הגשר | היה"},
		{"persian with a joiner", "می\u200cخواهم", "(ميخواهم) مي خواهم"},
		{"hindi", "पुल खुला है", "पुल | खुला | है"},
		{"a zero byte", "a\x00b", "a | b"},
		{"bytes that are not UTF-8", "a\xff\xfeb", "a | b"},
		{"a long word", strings.Repeat("ä", 100), strings.Repeat("a", MaxToken)},
		{"a long word of wide letters", strings.Repeat("ж", 100), strings.Repeat("ж", MaxToken/2)},
	}
	for _, c := range cases {
		if got := tokens(c.text); got != c.want {
			t.Errorf("%s: %q became\n  %s, want\n  %s", c.name, c.text, got, c.want)
		}
	}
}

// asked writes down a query.
func asked(q Query) string {
	var out []string
	write := func(mark string, groups []Group) {
		for _, g := range groups {
			var any []string
			for _, s := range g.Any {
				var seq []string
				for i, t := range s.Tokens {
					for len(seq) < s.Offsets[i] {
						seq = append(seq, "_")
					}
					seq = append(seq, t)
				}
				any = append(any, strings.Join(seq, " "))
			}
			s := strings.Join(any, "/")
			if g.Begins {
				s += "*"
			}
			out = append(out, mark+s)
		}
	}
	write("!", q.Required)
	write("", q.Loose)
	return strings.Join(out, " | ")
}

func TestParse(t *testing.T) {
	cases := []struct{ name, text, want string }{
		{"nothing", " ", ""},
		{"words", "Bridge open bridge", "bridge | open"},
		{"a phrase", `say "stays open" now`, "!stays open | say | now"},
		{"a phrase with typographic marks", "„bleibt offen“ «reste ouvert»", "!bleibt offen | !reste ouvert"},
		{"a phrase with a gap", `"the 水 bridge"`, "!the _ bridge"},
		{"a mark without its partner", `say "stays open`, "say | stays | open"},
		{"an empty phrase", `"" "…" open`, "open"},
		{"an apostrophe", "don’t", "don t/dont"},
		{"an apostrophe in a phrase", `"don't go"`, "!don t go"},
		{"a hashtag", "#Bridge", "#bridge"},
		{"a hashtag with a line", "#save_the_bridge", "#save_the_bridge"},
		{"a handle", "@Ada-Fenwick.social.example open", "@ada-fenwick.social.example | open"},
		{"a handle in a phrase", `"by @ada_fenwick today"`, "!by @ada_fenwick _ today"},
		{"a run", "地震速報", "地震 震速 速報"},
		{"a pair", "地震", "地震"},
		{"one character", "震", "震*"},
		{"one character as a phrase", "「震」", "!震*"},
		{"an emoji", "👏🏽", "👏"},
	}
	for _, c := range cases {
		if got := asked(Parse(c.text)); got != c.want {
			t.Errorf("%s: %q is asked as %s, want %s", c.name, c.text, got, c.want)
		}
	}
}

func TestParseIsBounded(t *testing.T) {
	var b strings.Builder
	for i := range 5000 {
		b.WriteString(strings.Repeat("x", i%60+1))
		b.WriteByte(byte('a' + i%26))
		b.WriteByte(' ')
	}
	q := Parse(b.String() + `"` + b.String() + `"`)
	if len(q.Loose) != MaxGroups || len(q.Required) != 1 || len(q.Required[0].Any[0].Tokens) > MaxGroups+1 {
		t.Errorf("%d words and %d phrases are asked for", len(q.Loose), len(q.Required))
	}
}

// FuzzSplit: tokens are short, without zero bytes, and what a text is broken
// into does not depend on its case or on a second folding.
func FuzzSplit(f *testing.F) {
	for _, s := range []string{"The bridge #stays_open @ada@social.example https://gazette.example/x 地震 👏🏽 don’t 1,000", "مُحَمَّد İ ß ﬃ", "a\xff\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		Split(text, func(w Word) {
			if len(w.Tokens) == 0 || len(w.Ask) > len(w.Tokens) && len(w.Ask) > 1 {
				t.Errorf("%q has the word %+v", text, w)
			}
			for _, tok := range slices.Concat(w.Tokens, w.Also, w.Ask) {
				if tok == "" || len(tok) > MaxToken+4 || strings.ContainsRune(tok, 0) || !utf8.ValidString(tok) {
					t.Errorf("%q has the token %q", text, tok)
				}
			}
		})
		_ = Parse(text)
		once := Fold(text)
		if d := cmp.Diff(once, Fold(once)); d != "" {
			t.Errorf("folding %q twice (- once, + twice):\n%s", text, d)
		}
	})
}

package words

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold brings a word to the form in which words are compared: compatibility
// forms resolved (full width, ligatures, mathematical letters), lower case,
// decimal digits of all scripts as ASCII, and without accents where they are
// accents. In the scripts of India and South-East Asia and in kana, marks are
// vowels and consonants: there they stay.
func Fold(s string) string {
	if isFolded(s) {
		return s
	}
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return foldAny(s)
}

func foldAny(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	bare := false // the last letter is of a script whose marks are dropped
	for _, r := range norm.NFKD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r):
			if !bare && !ignorable(r) {
				b.WriteRune(r)
			}
			continue
		case ignorable(r):
			continue
		}
		bare = unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Arabic, unicode.Hebrew)
		if t := plain(r); t != "" {
			b.WriteString(t)
			continue
		}
		b.WriteRune(digit(unicode.ToLower(r)))
	}
	return norm.NFC.String(b.String())
}

// isFolded reports whether s holds only characters that stay as they are,
// whatever stands beside them, and which are most of the texts of their
// scripts: it saves taking them apart and putting them together again.
func isFolded(s string) bool {
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			if 'A' <= r && r <= 'Z' {
				return false
			}
		case r >= 0x3b1 && r <= 0x3c9 && r != 'ς': // Greek
		case r >= 0x430 && r <= 0x44f && r != 'й': // Cyrillic
		case r >= 0x5d0 && r <= 0x5ea: // Hebrew
		case r >= 0x627 && r <= 0x64a && r != 'ة' && r != 'ـ' && r != 'ى' && (r < 0x63b || r > 0x640): // Arabic
		case r >= 0x3041 && r <= 0x3096: // Hiragana
		case r >= 0x30a1 && r <= 0x30f6: // Katakana
		case r >= 0x4e00 && r <= 0x9fff: // Han
		default:
			return false
		}
	}
	return true
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// ignorable reports whether r changes how a word looks or joins, not what it
// is: joiners, direction marks, soft hyphens, variation selectors, the Arabic
// tatweel.
func ignorable(r rune) bool {
	return unicode.Is(unicode.Cf, r) || r >= 0xfe00 && r <= 0xfe0f || r == 'ـ'
}

// plain returns what is written for a letter by those whose keyboard does not
// have it, where Unicode does not decompose it, and "" for all others. The
// Arabic ones are the usual normalisations of search engines: letters that
// writers use for each other.
func plain(r rune) string {
	switch r {
	case 'ß', 'ẞ':
		return "ss"
	case 'æ', 'Æ':
		return "ae"
	case 'œ', 'Œ':
		return "oe"
	case 'ø', 'Ø':
		return "o"
	case 'đ', 'Đ', 'ð', 'Ð':
		return "d"
	case 'ł', 'Ł':
		return "l"
	case 'ħ', 'Ħ':
		return "h"
	case 'þ', 'Þ':
		return "th"
	case 'ı':
		return "i"
	case 'ς':
		return "σ"
	case 'ى', 'ی':
		return "ي"
	case 'ک':
		return "ك"
	case 'ة':
		return "ه"
	}
	return ""
}

// digit returns the ASCII digit for a decimal digit of any script, other
// characters as they are. The ranges of category Nd begin with a zero and hold
// whole sets of ten (The Unicode Standard, section 4.6).
func digit(r rune) rune {
	if r < utf8.RuneSelf || !unicode.Is(unicode.Nd, r) {
		return r
	}
	for _, t := range unicode.Nd.R16 {
		if r >= rune(t.Lo) && r <= rune(t.Hi) {
			return '0' + (r-rune(t.Lo))%10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if r >= rune(t.Lo) && r <= rune(t.Hi) {
			return '0' + (r-rune(t.Lo))%10
		}
	}
	return r
}

// unspaced reports whether r belongs to a script whose words are not divided
// by spaces, or, as in Korean, are asked for by their parts.
func unspaced(r rune) bool {
	if r < 0x0e00 {
		return false
	}
	return r == 'ー' || unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul,
		unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// isEmoji reports whether r is a pictograph: a symbol from the blocks of
// pictures, a flag's letter.
func isEmoji(r rune) bool {
	return r >= 0x2190 && unicode.Is(unicode.So, r) && r != utf8.RuneError && r != '\ufffc'
}

// foldEmoji returns an emoji without its variation selectors and skin tones:
// a wave is found whoever waves. Joined emoji stay joined.
func foldEmoji(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0xfe00 && r <= 0xfe0f || r >= 0x1f3fb && r <= 0x1f3ff {
			return -1
		}
		return r
	}, s)
}

// Unspaced reports whether a token is of a script that is found by its parts:
// then it is a pair of characters rather than a word.
func Unspaced(token string) bool { return strings.ContainsFunc(token, unspaced) }

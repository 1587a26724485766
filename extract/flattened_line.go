package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// finished reports whether a line ends like a sentence.
func finished(line string) bool {
	line = strings.TrimRightFunc(line, func(r rune) bool {
		return flatSpace(r) || strings.ContainsRune("\"”’'»)]“", r)
	})
	r, size := utf8.DecodeLastRuneInString(line)
	return size > 0 && strings.ContainsRune(".!?…。！？।؟:;۔", r)
}

func startsLower(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLower(r)
}

// fragment reports whether s has no words of its own, only links, hashtags,
// mentions, emoji and marks.
func fragment(s string) bool {
	at := 0
	for start, end := range linkSpans(s) {
		if hasPlainWord(s[at:start]) {
			return false
		}
		at = end
	}
	return !hasPlainWord(s[at:])
}

func hasPlainWord(s string) bool {
	for w := range strings.FieldsSeq(s) {
		if strings.HasPrefix(w, "#") || strings.HasPrefix(w, "@") || strings.HasPrefix(w, "＃") {
			continue
		}
		if strings.IndexFunc(w, unicode.IsLetter) >= 0 {
			return true
		}
	}
	return false
}

// postLike reports whether a line has what posts have and articles seldom do.
func postLike(s string) bool {
	for _, prefix := range []string{".@", "@", "RT @", "#", "＃", "BREAKING", "JUST IN", "1/", "2/", "(1/", "THREAD", "Thread:"} {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	for start, end := range linkSpans(s) {
		if isPostLink(s[start:end]) {
			return true
		}
	}
	last := s[strings.LastIndexAny(s, " \u00a0")+1:]
	if len(last) > 1 && last[0] == '#' || strings.HasSuffix(last, "1/") || strings.HasSuffix(last, "1/2") {
		return true
	}
	return strings.IndexFunc(s, emoji) >= 0 || strings.Count(s, " #")+strings.Count(s, " @") > 1
}

// begins reports whether a line is the first of its post: a reply that is meant
// to be public, or an old-style repetition.
func begins(s string) bool { return strings.HasPrefix(s, ".@") || strings.HasPrefix(s, "RT @") }

// emoji reports whether r is a picture.
func emoji(r rune) bool {
	return r >= 0x1f300 && r <= 0x1faff || r >= 0x1f1e6 && r <= 0x1f1ff || r >= 0x2600 && r <= 0x27bf ||
		r >= 0x2b00 && r <= 0x2bff || r >= 0x23e9 && r <= 0x23fa
}

// listItem reports whether a line begins like an item of a list.
func listItem(s string) bool {
	r, size := utf8.DecodeRuneInString(s)
	switch {
	case strings.ContainsRune("-–—•·・▪▫►▶→*✓✔✅❌➡◾◼🔹🔸🔴👉", r):
		return true
	case r >= '0' && r <= '9':
		n := asciiDigits(s)
		return n <= 2 && n < len(s) && strings.ContainsRune(".)/", rune(s[n]))
	}
	return size > 0 && (s[0] == '(' || emoji(r) || len(s) > 1 && s[1] == ')' && unicode.IsLower(r))
}

// parallel reports whether two lines begin with the same mark, as verses,
// quotations and lists in posts do.
func parallel(prev, cur string) bool {
	a, _ := utf8.DecodeRuneInString(prev)
	b, _ := utf8.DecodeRuneInString(cur)
	return a == b && !unicode.IsLetter(a) && !unicode.IsDigit(a) && len(prev) <= 2*shortLine
}

// caption reports whether a line looks like the caption or the credit of a
// picture.
func caption(s string) bool {
	if last, _ := utf8.DecodeLastRuneInString(s); last == ')' || last == ']' {
		return true
	}
	for _, w := range []string{"Getty Images", "/Reuters", "/AFP", "©", "Photo:", "Foto:", "Image:", "Photograph:"} {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// quoteBalance returns how many more quotations begin in s than end in it.
func quoteBalance(s string) int {
	if n := strings.Count(s, "«") - strings.Count(s, "»"); n != 0 {
		return n
	}
	if strings.Contains(s, "„") {
		return strings.Count(s, "„") - strings.Count(s, "“")
	}
	return strings.Count(s, "“") - strings.Count(s, "”")
}

// scriptOf tells scripts apart by the first letters of s: 'l' for Latin, 'c'
// for Chinese, Japanese and Korean, 'o' for others; 0 where s has none.
func scriptOf(s string) byte {
	latin, east, other := 0, 0, 0
	for _, r := range s {
		switch {
		case !unicode.IsLetter(r):
			continue
		case r < 0x250 || r >= 0x1e00 && r < 0x1f00:
			latin++
		case eastern(r):
			east += 2
		default:
			other++
		}
		if latin+east+other > 40 {
			break
		}
	}
	switch {
	case latin+east+other == 0:
		return 0
	case latin >= east && latin >= other:
		return 'l'
	case east >= other:
		return 'c'
	}
	return 'o'
}

package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// flatDash is a dash that may begin a sign-off.
type flatDash struct {
	start, end int
	// class is 3 for what is a long dash, 2 for an en dash, 1 for a hyphen or
	// what was left of a dash by a wrong character set.
	class int
	// ownLine is true where nothing stands before it on its line.
	ownLine bool
	// afterLink is true where a link stands directly before it.
	afterLink bool
}

// chooseDash chooses among the dashes between floor and open, where the
// bracket with the handle stands, the one that begins the sign-off: names have
// dashes in them, too.
func chooseDash(text string, floor, open int) (flatDash, bool) {
	var best flatDash
	for i := floor; i < open; {
		n, class := dashLength(text[i:open])
		if n == 0 {
			_, size := utf8.DecodeRuneInString(text[i:open])
			i += size
			continue
		}
		d := flatDash{start: i, end: i + n, class: class}
		if d.placed(text, open) && d.better(best) {
			best = d
		}
		i += n
	}
	return best, best.class > 0
}

// better reports whether d, which stands after b, is the likelier beginning. A
// dash at the beginning of its line or after a link is the first of its kind;
// else the last of the longest kind is taken, since the words have dashes more
// often than names.
func (d flatDash) better(b flatDash) bool {
	switch {
	case d.class != b.class:
		return d.class > b.class
	case b.ownLine || b.afterLink:
		return d.ownLine && !b.ownLine
	}
	return true
}

// maxIndent is how far from the beginning of its line a dash can stand that
// begins it.
const maxIndent = 64

// placed fills in how the dash stands in the text, and reports whether it can
// begin a sign-off.
func (d *flatDash) placed(text string, open int) bool {
	low := max(0, d.start-maxIndent)
	line := low + strings.LastIndexByte(text[low:d.start], '\n') + 1
	before := strings.TrimFunc(text[line:d.start], flatSpace)
	d.ownLine = strings.Trim(before, ">|*_\"' ") == "" && (line > low || low == 0)
	d.afterLink = endsWithPostLink(before)
	if !nameBreaks(text[d.end:open], d.ownLine) {
		return false
	}
	last, _ := utf8.DecodeLastRuneInString(text[:d.start])
	next, _ := utf8.DecodeRuneInString(text[d.end:])
	spaced := d.start == 0 || d.ownLine || d.afterLink || flatSpace(last)
	switch d.class {
	case 3:
		return true
	case 2:
		return spaced || unicode.IsPunct(last) || unicode.IsSymbol(last) || flatSpace(next)
	}
	return spaced
}

// nameBreaks reports whether seg, which stands between a dash and the handle,
// can be a name as far as its lines go: tools that put every element on a line
// of its own break it once or twice, and only after a dash that begins a line.
func nameBreaks(seg string, ownLine bool) bool {
	n := strings.Count(seg, "\n")
	return n == 0 || ownLine && n <= 2 && !strings.Contains(seg, "\n\n") && len(seg) <= 160
}

// dashLength returns the length and the class of the dash that s begins with,
// 0 where it begins with none. A run of dashes is one.
func dashLength(s string) (n, class int) {
	switch c := s[0]; {
	case c == '-':
		n = len(s) - len(strings.TrimLeft(s, "-"))
		if n > 1 {
			return n, 3
		}
		return 1, 1
	case c == '?':
		if len(s) > 1 && s[1] == ' ' {
			return 1, 1
		}
	case c == '&':
		return entityDash(s)
	case c >= utf8.RuneSelf:
		return longDash(s)
	}
	return 0, 0
}

// entityDash reads a dash that was left as a character reference.
func entityDash(s string) (n, class int) {
	for _, e := range []string{"&mdash;", "&#8212;", "&#x2014;", "&#151;", "&horbar;", "&#8213;"} {
		if len(s) >= len(e) && strings.EqualFold(s[:len(e)], e) {
			return len(e), 3
		}
	}
	for _, e := range []string{"&ndash;", "&#8211;", "&#x2013;", "&#150;"} {
		if len(s) >= len(e) && strings.EqualFold(s[:len(e)], e) {
			return len(e), 2
		}
	}
	return 0, 0
}

// longDash reads a dash beyond ASCII, and what is left of one that was decoded
// with a wrong character set.
func longDash(s string) (n, class int) {
	for n < len(s) {
		size, c := longDashRune(s[n:])
		if size == 0 {
			break
		}
		n += size
		class = max(class, c)
	}
	return n, class
}

func longDashRune(s string) (n, class int) {
	for _, wrong := range []string{"â€”", "â\u0080\u0094", "Ã¢â‚¬â€\u009d", "â€•", "ÔÇö", "‚Äî"} {
		if strings.HasPrefix(s, wrong) {
			return len(wrong), 3
		}
	}
	for _, wrong := range []string{"â€“", "â\u0080\u0093", "ÔÇô", "‚Äì"} {
		if strings.HasPrefix(s, wrong) {
			return len(wrong), 2
		}
	}
	r, size := utf8.DecodeRuneInString(s)
	switch r {
	case '—', '―', '⸺', '⸻', '─', '━', '﹘', '\u0097':
		return size, 3
	case '–', '‒', '−', '－', '\u0096':
		return size, 2
	case '‐', '‑', '﹣', utf8.RuneError:
		return size, 1
	}
	return 0, 0
}

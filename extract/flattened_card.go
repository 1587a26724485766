package extract

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"stet/extract/post"
)

// A post that was copied as the platform itself displays it has its author above
// the words and the time below them:
//
//	Oda Lind
//	@odalind
//	We counted the carts.
//	4:12 PM · Feb 18, 2020 · Twitter for iPhone
//
// The bounds of such a card.
const (
	// maxCardLines bounds the lines of its words.
	maxCardLines = 60
	// maxTimeLine bounds the line with the time, maxTimeTail what follows the date
	// in it: from where it was sent, how often it was seen.
	maxTimeLine, maxTimeTail = 160, 80
)

// card looks at the @ at offset at, which no bracket stands before, for the
// author's line of a card. It returns false where there is none.
func (f *flattener) card(at int) (found Flattened, ok bool) {
	n := handleLength(f.text[at+1:])
	rest := at + 1 + n
	if n == 0 || !cardHeadEnds(restOfLine(f.text, rest)) {
		return Flattened{}, false
	}
	head, name, ok := f.cardName(at)
	if !ok {
		return Flattened{}, false
	}
	s := signOff{name: name, handle: f.text[at+1 : rest], ownLine: true}
	start, end := f.cardWords(&s, rest+len(restOfLine(f.text, rest)))
	if s.date == "" || start < 0 || start >= end {
		return Flattened{}, false
	}
	text := f.text[start:end]
	limit := postLimit(&s)
	if s.date >= "2023-02" {
		limit = longestPost
	}
	if postWeight(text, limit) > limit || flatPlaceholder(text) {
		return Flattened{}, false
	}
	platform := post.Twitter
	if strings.Contains(s.handle, ".") {
		platform = post.Bluesky
	}
	return Flattened{Start: head, End: s.end, Platform: platform,
		Quoted: Quoted{Text: text, Name: s.name, Handle: s.handle, Date: s.date, Links: textLinks(text)}}, true
}

// restOfLine returns what stands from i to the end of its line.
func restOfLine(text string, i int) string {
	rest := text[i:min(len(text), i+maxTimeLine)]
	if n := strings.IndexByte(rest, '\n'); n >= 0 {
		rest = rest[:n]
	}
	return rest
}

// cardHeadEnds reports whether rest, which follows the handle on its line, is
// nothing that belongs to a sentence.
func cardHeadEnds(rest string) bool {
	rest = strings.TrimFunc(rest, flatSpace)
	r, size := utf8.DecodeRuneInString(rest)
	return rest == "" || strings.ContainsRune("·•∙", r) && len(rest)-size <= 32
}

// cardName returns the name before the handle at offset at, on its line or on the
// one before, and where that begins.
func (f *flattener) cardName(at int) (head int, name string, ok bool) {
	low := max(f.floor, at-maxNameBytes)
	for low < at && !utf8.RuneStart(f.text[low]) {
		low++
	}
	head = lineStart(f.text, low, at)
	if head == low && low > 0 && f.text[low-1] != '\n' && low > f.floor {
		return 0, "", false
	}
	if head >= at {
		head, at = lineBefore(f.text, low, min(head, at))
	}
	name = strings.TrimFunc(f.text[head:max(head, at)], func(r rune) bool { return flatSpace(r) || strings.ContainsRune("·•", r) })
	name = strings.TrimSpace(strings.TrimSuffix(name, "Verified account"))
	switch {
	case name == "" || utf8.RuneCountInString(name) > maxNameRunes || strings.IndexByte(name, '\n') >= 0:
		return 0, "", false
	case finished(name) || byline(name):
		return 0, "", false
	}
	return head, name, true
}

// cardWords reads the lines after the author's, which end at i, as far as the one
// with the time, which it notes in s. It returns where the words stand.
func (f *flattener) cardWords(s *signOff, i int) (start, end int) {
	start = -1
	quoted := false
	for range maxCardLines {
		if i >= len(f.text) {
			break
		}
		i++ // the line break
		line := f.text[i:min(len(f.text), i+maxWordsBytes)]
		if n := strings.IndexByte(line, '\n'); n >= 0 {
			line = line[:n]
		}
		words := strings.TrimFunc(line, flatSpace)
		from := i + strings.Index(line, words)
		i += len(line)
		switch {
		case words == "" || start < 0 && cardLabel(words):
			continue
		case bareHandle(words):
			// The author of a post that this one quotes, whose day follows, or of
			// the next one.
			if quoted || start < 0 || !f.quotedDay(i) {
				return 0, 0
			}
			quoted = true
			continue
		}
		if date, ok := timeLine(words); ok {
			s.date, s.end = date, from+len(words)
			return start, end
		}
		switch {
		case start < 0:
			start, end = from, from+len(words)
		case !quoted && !f.quotes(i):
			end = from + len(words)
		}
	}
	return 0, 0
}

// bareHandle reports whether a line is nothing but a handle.
func bareHandle(line string) bool {
	return len(line) > 1 && line[0] == '@' && handleLength(line[1:]) > 0 && cardHeadEnds(line[1+handleLength(line[1:]):])
}

// quotes reports whether the line that ends at i is the name above a handle, of a
// post that is quoted in a card.
func (f *flattener) quotes(i int) bool {
	i += leadingSpace(f.text[i:], 4)
	return bareHandle(strings.TrimFunc(restOfLine(f.text, i), flatSpace))
}

// quotedDay reports whether the day of a quoted post follows at i.
func (f *flattener) quotedDay(i int) bool {
	for range 2 {
		i += leadingSpace(f.text[i:], 8)
		line := strings.TrimFunc(restOfLine(f.text, i), flatSpace)
		if _, ok := ParseDate(strings.TrimLeft(line, "·• ")); ok {
			return true
		}
		if strings.Trim(line, "·•") != "" {
			return false
		}
		i += len(restOfLine(f.text, i))
	}
	return false
}

// cardLabel reports whether a line between the author's and the words is the
// platform's own.
func cardLabel(line string) bool {
	line = strings.ToLower(strings.TrimFunc(line, func(r rune) bool { return flatSpace(r) || strings.ContainsRune("·•", r) }))
	if strings.HasPrefix(line, "replying to") || strings.HasPrefix(line, "antwort an") || strings.HasPrefix(line, "en réponse à") || strings.HasPrefix(line, "en respuesta a") {
		return true
	}
	return line == "" || slices.Contains([]string{"follow", "following", "verified", "verified account", "folgen", "suivre", "seguir", "segui", "volgen", "takip et", "obserwuj",
		"följ", "følg", "seuraa", "フォローする", "フォロー", "팔로우", "关注", "關注", "читать", "читати", "تابع", "עקוב"}, line)
}

// timeLine reads the line below the words of a card: the time of day and the
// date, in the one order or the other, with a mark between them.
func timeLine(line string) (date string, ok bool) {
	if len(line) > maxTimeLine || strings.IndexByte(line, ':') < 0 {
		return "", false
	}
	a, rest, ok := cutMark(line)
	if !ok {
		return "", false
	}
	b, tail, _ := cutMark(rest)
	if len(tail) > maxTimeTail {
		return "", false
	}
	if !timeOnly(a) {
		a, b = b, a
	}
	if !timeOnly(a) {
		return "", false
	}
	date, ok = ParseDate(b)
	return date, ok && date >= "2006"
}

// cutMark cuts a line at the first of the marks that stand between time, date and
// the rest.
func cutMark(s string) (before, after string, found bool) {
	for i, r := range s {
		switch {
		case strings.ContainsRune("·•∙|", r):
			return s[:i], s[i+utf8.RuneLen(r):], true
		case (r == '-' || r == '–' || r == '—') && i > 0 && s[i-1] == ' ' && strings.HasPrefix(s[i+utf8.RuneLen(r):], " "):
			return s[:i], s[i+utf8.RuneLen(r):], true
		}
	}
	return s, "", false
}

// timeOnly reports whether s is a time of day, with a word for the half of the
// day before or after it.
func timeOnly(s string) bool {
	s = strings.TrimFunc(s, flatSpace)
	i := strings.IndexFunc(s, func(r rune) bool { return r >= '0' && r <= '9' })
	if i < 0 || i > 16 || strings.ContainsFunc(s[:i], unicode.IsPunct) {
		return false
	}
	n := timeLength(s[i:])
	return n > 0 && strings.IndexByte(s[i:i+n], ':') > 0 && len(s)-i-n <= 16 && !strings.ContainsFunc(s[i+n:], unicode.IsDigit)
}

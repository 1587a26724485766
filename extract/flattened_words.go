package extract

import (
	"strings"
	"unicode/utf8"
)

// maxWordsBytes bounds how far before a sign-off its words are looked for:
// [longestPost] characters in a script that takes three bytes for each.
const maxWordsBytes = 3 * longestPost

// flatLayout is how a text separates its paragraphs.
type flatLayout byte

const (
	layoutUnknown flatLayout = iota
	// layoutBlank: by blank lines; a single line break is inside a paragraph.
	layoutBlank
	// layoutLines: every line is a paragraph.
	layoutLines
)

// layoutOf looks at what follows the long lines that end like a sentence, which
// are paragraphs of the article far more often than lines of a post.
func layoutOf(text string) flatLayout {
	blank, single := 0, 0
	for i := 0; i < len(text); {
		n := strings.IndexByte(text[i:], '\n')
		if n < 0 {
			break
		}
		line := text[i : i+n]
		i += n + 1
		next := i + blankLines(text[i:])
		switch {
		case n < 80 || !finished(line):
		case next > i:
			blank++
		default:
			single++
		}
		i = next
	}
	if blank > single || blank == single && strings.Contains(text, "\n\n") {
		return layoutBlank
	}
	return layoutLines
}

// blankLines returns the length of the blank lines that s begins with. A line
// with nothing but the mark of a quotation is blank.
func blankLines(s string) int {
	n := 0
	for {
		i := strings.IndexByte(s[n:], '\n')
		if i < 0 || i > 64 || strings.Trim(s[n:n+i], " \t\r\u00a0\u200b>") != "" {
			return n
		}
		n += i + 1
	}
}

// wordsBefore returns where the words stand that end at end, before the
// sign-off s.
func (f *flattener) wordsBefore(s *signOff, end int) (start, newEnd int) {
	low := max(f.floor, end-maxWordsBytes)
	for low < end && !utf8.RuneStart(f.text[low]) {
		low++
	}
	low += leadingSpace(f.text[low:end], maxWordsBytes)
	if at, ok := markedQuote(f.text, low, end, s.dash); ok {
		return at, at + len(strings.TrimRight(f.text[at:end], "> \t\r\n\u00a0"))
	}
	limit := postLimit(s)
	start = lineStart(f.text, low, end)
	if flatPlaceholder(f.text[start:end]) {
		return end, end
	}
	if w := postWeight(f.text[start:end], limit); w > limit {
		if s.ownLine && s.date >= "2023-02" && w <= longestPost {
			return start, end
		}
		return f.cutLong(start, end, limit, s.ownLine)
	}
	start = f.joinLines(s, low, start, end)
	return cutIntro(f.text, start, start, end)
}

// lineStart returns where the line that ends at end begins, not before low.
func lineStart(text string, low, end int) int {
	at := low
	if i := strings.LastIndexByte(text[low:end], '\n'); i >= 0 {
		at = low + i + 1
	}
	return at + leadingSpace(text[at:end], maxWordsBytes)
}

// joinLines goes back from the line that stands at start over those that belong
// to the same post. Where the signs tell nothing, lines that together fill a
// post to the brim are taken for one: authors write until no room is left,
// and what stands before a short post has that length by chance only.
func (f *flattener) joinLines(s *signOff, low, start, end int) int {
	limit := postLimit(s)
	full, w := limit-postSlack, postWeight(f.text[start:end], limit)
	least := full - brim(f.text[start:end])
	chosen, sure := start, w < least
	for cur := f.text[start:end]; start > low; {
		prevStart, prevEnd := lineBefore(f.text, low, start)
		prev := f.text[prevStart:prevEnd]
		w += postWeight(prev, limit) + 1
		if prev == "" || w > limit || introduces(prev) || begins(cur) {
			break
		}
		blank := strings.Count(f.text[prevEnd:start], "\n") > 1
		sure = sure && f.joins(prev, cur, blank, s.ownLine)
		if !sure && (!s.ownLine || reports(prev) && least > full-30) {
			break
		}
		start, cur = prevStart, prev
		if sure {
			chosen = start
		} else if w <= full && w >= least && !startsLower(prev) {
			return start
		}
	}
	return chosen
}

// brim returns how many characters short of the limit a post is still full. One
// that was cut at a word's end, which an ellipsis tells, is full.
func brim(words string) int {
	for start, end := range linkSpans(words) {
		if isPostLink(words[start:end]) {
			words = words[:start]
			break
		}
	}
	if strings.HasSuffix(strings.TrimRightFunc(words, flatSpace), "…") {
		return 30
	}
	return 14
}

// reports reports whether a line tells what somebody said, as articles do.
func reports(s string) bool {
	if speaksOfTweets(s) {
		return true
	}
	s = strings.ToLower(s)
	for _, w := range []string{" said", " says", " told ", "according to", " reported", " wrote", " added", " sagte", " laut ",
		" teilte", " a dit", " selon ", " a déclaré", " dijo", " según ", " aseguró", " disse", " segundo ", " afirmou", " ha detto",
		" secondo ", " zei ", " volgens ", " powiedział", " poinformował", " сообщил", " заявил", " сказал", " dedi", " açıkladı", "と述べ", "と話", "قال"} {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// lineBefore returns where the last line before at stands that is not blank,
// not before low. It is empty where there is none.
func lineBefore(text string, low, at int) (start, end int) {
	end = low + len(strings.TrimRightFunc(text[low:at], flatSpace))
	return lineStart(text, low, end), end
}

// joins reports whether two lines are of one post.
func (f *flattener) joins(prev, cur string, blank, ownLine bool) bool {
	if f.layout == layoutUnknown {
		f.layout = layoutOf(f.text)
	}
	if f.layout == layoutBlank && !blank || continues(prev, cur) {
		return true
	}
	return ownLine && loose(prev, cur, blank)
}

// continues reports whether cur shows signs of being the continuation of prev,
// in a place where a paragraph could end.
func continues(prev, cur string) bool {
	switch {
	case fragment(cur), postLike(prev):
		return true
	case quoteBalance(prev) > 0 && quoteBalance(cur) < 0:
		return true
	case listItem(cur) && (listItem(prev) || strings.HasSuffix(prev, ":")), parallel(prev, cur):
		return true
	case strings.HasSuffix(prev, ":") || speaksOfTweets(prev):
		return false
	}
	return startsLower(cur) && (!finished(prev) || postWeight(prev, longPost) <= shortLine) || strings.IndexAny(cur, ",;.…)") == 0
}

// shortLine is the weight up to which a sentence on a line of its own is rather
// a line of a post than a paragraph of an article.
const shortLine = 60

// loose reports whether prev is rather a line of a post than a paragraph of an
// article: a short sentence, or words without a full stop that are no caption
// or, followed by a blank line, a headline. That is so only where posts keep
// their lines.
func loose(prev, cur string, blank bool) bool {
	if strings.HasSuffix(prev, ":") || speaksOfTweets(prev) || scriptOf(prev) != scriptOf(cur) ||
		startsLower(prev) || strings.IndexAny(prev, ",;.)") == 0 {
		return false
	}
	w := postWeight(prev, longPost)
	switch {
	case finished(prev):
		return w <= shortLine && (strings.Contains(prev, " ") || w > shortLine/3) || listItem(prev) && postWeight(cur, longPost) <= shortLine/3
	}
	return !blank && strings.Count(prev, " ") > 2 && !caption(prev)
}

// markedQuote handles text in which quotations are marked with > at the
// beginning of their lines: the whole quotation above the sign-off is the post.
func markedQuote(text string, low, end, dash int) (start int, ok bool) {
	line := low
	if i := strings.LastIndexByte(text[low:dash], '\n'); i >= 0 {
		line = low + i + 1
	} else if low > 0 && text[low-1] != '\n' {
		return 0, false
	}
	if !strings.HasPrefix(strings.TrimLeft(text[line:dash], " \t"), ">") {
		return 0, false
	}
	start = line
	for start > low {
		prev := strings.LastIndexByte(text[low:start-1], '\n') + 1 + low
		if !strings.HasPrefix(strings.TrimLeft(text[prev:start], " \t"), ">") {
			break
		}
		start = prev
	}
	start += len(text[start:end]) - len(strings.TrimLeft(text[start:end], "> \t\r\n\u00a0"))
	return start, true
}

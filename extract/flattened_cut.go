package extract

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// cutIntro drops, from the words between start and end, what the article says
// before it shows the post: "She wrote on Twitter: “…”". What follows the colon
// begins at or after fit.
func cutIntro(text string, start, fit, end int) (newStart, newEnd int) {
	for i := fit; i < end; {
		n := strings.IndexAny(text[i:end], ":：")
		if n < 0 {
			break
		}
		_, size := utf8.DecodeRuneInString(text[i+n:])
		left := text[max(start, i+n-introBytes) : i+n]
		i += n + size
		if speaksOfTweets(left) && opensWords(text[i:end]) {
			return unquote(text, i, end)
		}
	}
	return start, end
}

// introBytes is how far before a colon the word for tweet may stand.
const introBytes = 200

// opensWords reports whether s, which follows a colon, can be a post's words.
func opensWords(s string) bool {
	t := strings.TrimLeftFunc(s, flatSpace)
	r, _ := utf8.DecodeRuneInString(t)
	return !strings.HasPrefix(s, "//") && !unicode.IsLower(r) && strings.Contains(t, " ") && !fragment(t)
}

// unquote takes the space and the quotation marks off the words between start
// and end, the latter only when they enclose all of it.
func unquote(text string, start, end int) (newStart, newEnd int) {
	start += leadingSpace(text[start:end], 8)
	for _, q := range []struct{ open, close string }{{"“", "”"}, {"\"", "\""}, {"«", "»"}, {"„", "“"}, {"„", "”"}, {"‘", "’"}, {"「", "」"}, {"'", "'"}} {
		s := text[start:end]
		if len(s) > len(q.open)+len(q.close) && strings.HasPrefix(s, q.open) && strings.HasSuffix(s, q.close) {
			start += len(q.open)
			end -= len(q.close)
			for trimmed := true; trimmed; {
				n := leadingSpace(text[start:end], 8)
				start += n
				trimmed = n > 0
			}
			return start, start + len(strings.TrimRightFunc(text[start:end], flatSpace))
		}
	}
	return start, end
}

// introduces reports whether a line, which ends with a colon, announces a
// tweet.
func introduces(line string) bool {
	line = strings.TrimRightFunc(line, flatSpace)
	if !strings.HasSuffix(line, ":") && !strings.HasSuffix(line, "：") {
		return false
	}
	return speaksOfTweets(line[max(0, len(line)-introBytes):])
}

// speaksOfTweets reports whether s has a word for tweet or the name of a
// platform, outside of links.
func speaksOfTweets(s string) bool {
	s = strings.ToLower(s)
	if strings.Contains(s, "t.co/") || strings.Contains(s, "pic.twitter.com") {
		return false
	}
	for _, w := range []string{"tweet", "twitter", "twitt", "tuit", "твит", "ツイート", "ツイッター", "推特", "推文", "트위터", "트윗",
		"تويتر", "تغريد", "توییت", "טוויט", "ट्वीट", "ट्विटर", " on x:", " auf x:", " sur x:", " sur x :", " en x:", " su x:", " no x:", "bluesky"} {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// cutLong finds the beginning of the words in a paragraph, from start to end,
// that is longer than a post can be: the article runs into the post. Where
// the sign-off has a line of its own, the post's words may be missing; then
// only a clear sign of where they begin is trusted.
func (f *flattener) cutLong(start, end, limit int, ownLine bool) (newStart, newEnd int) {
	fit := fittingStart(f.text, start, end, limit)
	if s, e := cutIntro(f.text, start, fit, end); s != start {
		return s, e
	}
	glued, sentences := seams(f.text, fit, end)
	if at, ok := f.joinSeams(glued, end, limit); ok {
		return at, end
	}
	if at, ok := speechStart(f.text, fit, end); ok {
		return unquote(f.text, at, end)
	}
	if ownLine {
		return end, end
	}
	if at, ok := f.joinSeams(sentences, end, limit); ok {
		return at, end
	}
	if n := strings.IndexAny(f.text[fit:end], " \n\u00a0"); n >= 0 {
		fit += n
	}
	return fit + leadingSpace(f.text[fit:end], 8), end
}

// joinSeams goes back from end over the seams, as long as what stands between
// two of them continues before the earlier one, or together fills a post.
func (f *flattener) joinSeams(at []int, end, limit int) (start int, ok bool) {
	full := limit - postSlack
	least := full - brim(f.text[max(0, end-longPost):end])
	last, sure := end, true
	from := end
	for _, a := range slices.Backward(at) {
		w := postWeight(f.text[a:end], limit)
		if w > limit {
			break
		}
		prev, cur := strings.TrimFunc(f.text[a:from], flatSpace), strings.TrimFunc(f.text[from:last], flatSpace)
		sure = sure && (!ok || continues(prev, cur) || stub(prev, cur))
		last, from = from, a
		switch {
		case sure:
			start, ok = a, true
		case w >= least && w <= full:
			return a, true
		}
	}
	return start, ok
}

// shortStub is the weight up to which a sentence seldom is a post by itself.
const shortStub = 40

// stub reports whether cur is too short a sentence to be a post by itself, and
// prev not one in which the article reports.
func stub(prev, cur string) bool {
	return postWeight(cur, longPost) <= shortStub && !reports(prev)
}

// seams lists where, between start and end, a sentence begins: glued to the one
// before or far from it, as paragraphs are when their markup is stripped; and
// after a space, as in a paragraph.
func seams(text string, start, end int) (glued, sentences []int) {
	for i := start; i < end; {
		r, size := utf8.DecodeRuneInString(text[i:end])
		i += size
		switch {
		case r == '\t':
			glued = append(glued, i)
		case r == '。' || r == '！' || r == '？':
			sentences = append(sentences, i+leadingSpace(text[i:end], 8))
		case strings.ContainsRune(".!?…", r) && sentenceEnd(text[start:i]):
			i += closingMarks(text[i:end])
			n := leadingSpace(text[i:end], 8)
			next, _ := utf8.DecodeRuneInString(text[i+n : end])
			switch {
			case unicode.IsLower(next) || i+n >= end:
			case n == 0 && (unicode.IsUpper(next) || strings.ContainsRune("“\"«„#", next)), n > 2:
				glued = append(glued, i+n)
			case n > 0:
				sentences = append(sentences, i+n)
			}
		}
	}
	return glued, sentences
}

// sentenceEnd reports whether the dot that s ends with ends a sentence: the
// word before it has more than a letter and is no abbreviation that names and
// numbers follow.
func sentenceEnd(s string) bool {
	s = strings.TrimRight(s, ".!?…")
	word := s[strings.LastIndexAny(s, " \n\t.\u00a0")+1:]
	if utf8.RuneCountInString(word) < 2 || strings.Contains(word, "/") {
		return false
	}
	switch strings.ToLower(word) {
	case "mr", "mrs", "ms", "dr", "st", "gen", "sen", "rep", "gov", "no", "vs", "prof", "jr", "sr", "lt", "col", "sgt", "rev", "hon", "nr", "hr", "fr":
		return false
	}
	return true
}

// closingMarks returns the length of the closing quotation marks and brackets
// that s begins with. The German one is an opening one elsewhere, where no
// space follows it.
func closingMarks(s string) int {
	n := len(s) - len(strings.TrimLeft(s, "”’»)\"'"))
	if rest, ok := strings.CutPrefix(s[n:], "“"); ok && leadingSpace(rest, 1) > 0 {
		n += len("“")
	}
	return n
}

// speechStart finds a colon at or after fit behind which a quotation stands, or
// words without a space.
func speechStart(text string, fit, end int) (at int, ok bool) {
	closed := closingMarks(lastRune(text[:end])) > 0
	for i := fit; i < end; {
		n := strings.IndexAny(text[i:end], ":：")
		if n < 0 {
			break
		}
		_, size := utf8.DecodeRuneInString(text[i+n:])
		i += n + size
		t := strings.TrimLeftFunc(text[i:end], flatSpace)
		r, _ := utf8.DecodeRuneInString(t)
		quoted := closed && strings.ContainsRune("“\"«„「", r)
		if (quoted || len(t) == end-i) && opensWords(text[i:end]) {
			return i, true
		}
	}
	return 0, false
}

func lastRune(s string) string {
	_, size := utf8.DecodeLastRuneInString(s)
	return s[len(s)-size:]
}

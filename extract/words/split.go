package words

import (
	"strings"
	"unicode"
	"unicode/utf8"

	segments "github.com/clipperhouse/uax29/v2/words"
)

// Version is the version of what a text is broken into. Raise it with
// every change of this file or of fold.go: indexes of another version are built
// again.
const Version = 3

// MaxToken is the longest token in bytes; longer ones are cut.
const MaxToken = 64

// Word is one word of a text, as it is indexed and as it is asked for. Its
// slices are good until the next word.
type Word struct {
	// Tokens are indexed one position after the other.
	Tokens []string
	// Also are indexed at the position of the first token: the word written
	// together or without its article, the hashtag, the handle.
	Also []string
	// Ask are the tokens to look for, one position after the other; nil for
	// what is asked for by a word before. AskJoined would do as well, where it
	// is not "".
	Ask       []string
	AskJoined string
	// Begins is true where Ask holds the beginning of tokens only: a single
	// character of a script without spaces.
	Begins bool
}

// joiner joins emoji to one.
const joiner = "\u200d"

// splitter breaks a text into words.
type splitter struct {
	text string
	emit func(Word)
	// run is the pending run of characters of scripts without spaces, with the
	// places where it begins and ends.
	run              []rune
	runStart, runEnd int
	// tag is the hashtag or handle that the text up to tagEnd belongs to;
	// tagged is true once a word carries it.
	tag    string
	tagEnd int
	tagged bool
	// skip is the end of what is not words: the path of an address.
	skip int
	// one is room for the only token of a word.
	one [1]string
}

// single returns the word of one token.
func (s *splitter) single(token string) Word {
	s.one[0] = token
	return Word{Tokens: s.one[:], Ask: s.one[:]}
}

// Split calls emit with each word of a text, in order.
func Split(text string, emit func(Word)) {
	s := splitter{text: text, emit: emit}
	for it := segments.FromString(text); it.Next(); {
		if it.Start() >= s.skip {
			s.segment(it.Value(), it.Start(), it.End())
		}
	}
	s.flush()
}

// segment takes one segment as UAX #29 divides texts.
func (s *splitter) segment(v string, start, end int) {
	first, _ := utf8.DecodeRuneInString(v)
	switch {
	case (first == '#' || first == '＃') && !strings.HasPrefix(s.text[end:], "#"):
		s.begin("#", hashtag(s.text[end:]), end)
	case (first == '@' || first == '＠') && !wordBefore(s.text[:start]):
		s.begin("@", handle(s.text[end:]), end)
	case (strings.EqualFold(v, "http") || strings.EqualFold(v, "https")) && strings.HasPrefix(s.text[end:], "://"):
		s.address(end + len("://"))
	case strings.ContainsFunc(v, isWordRune):
		s.word(v, start, end)
	case first < utf8.RuneSelf && len(v) == 1:
		// a space or a mark: the usual case
	case strings.ContainsFunc(v, isEmoji):
		s.flush()
		w := s.single(foldEmoji(v))
		if strings.Contains(w.Tokens[0], joiner) {
			// A joined one is found by its parts as well.
			w.Also = strings.Split(w.Tokens[0], joiner)
		}
		s.put(w, start)
	}
}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

// begin notes a hashtag or handle whose name begins at a place.
func (s *splitter) begin(mark, name string, at int) {
	s.flush()
	if name != "" {
		s.tag, s.tagEnd, s.tagged = mark+cut(Fold(name)), at+len(name), false
	}
}

// hashtag returns the name that a text begins with.
func hashtag(text string) string {
	end := strings.IndexFunc(text, func(r rune) bool { return !isWordRune(r) && !unicode.Is(unicode.M, r) && r != '_' && r != '\u200c' })
	if end < 0 {
		end = len(text)
	}
	return text[:end]
}

// handle returns the handle that a text begins with: letters, digits, dots,
// dashes, underscores, and for federated platforms @ with a host.
func handle(text string) string {
	part := func(text string) string {
		end := strings.IndexFunc(text, func(r rune) bool {
			return (r >= utf8.RuneSelf || !unicode.IsLetter(r) && !unicode.IsDigit(r)) && r != '_' && r != '.' && r != '-'
		})
		if end < 0 {
			end = len(text)
		}
		return strings.TrimRight(text[:end], ".-")
	}
	name := part(text)
	if host, ok := strings.CutPrefix(text[len(name):], "@"); ok && name != "" {
		if host = part(host); host != "" {
			return name + "@" + host
		}
	}
	return name
}

// wordBefore reports whether a text ends in a word: then the @ after it is that
// of a mail address.
func wordBefore(text string) bool {
	r, _ := utf8.DecodeLastRuneInString(text)
	return isWordRune(r)
}

// address takes the host of a web address, and skips the rest: paths are
// numbers and short links.
func (s *splitter) address(at int) {
	s.flush()
	rest := s.text[at:]
	end := strings.IndexFunc(rest, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`<>"“”«»|`, r) })
	if end < 0 {
		end = len(rest)
	}
	s.skip = at + end
	host := rest[:end]
	if i := strings.IndexAny(host, "/?#"); i >= 0 {
		host = host[:i]
	}
	if _, h, ok := strings.Cut(host, "@"); ok {
		host = h
	}
	if i := strings.LastIndexByte(host, ':'); i >= 0 {
		host = host[:i]
	}
	s.parts(strings.TrimPrefix(Fold(host), "www."), at)
}

// word takes a segment that holds letters or numbers.
func (s *splitter) word(v string, start, end int) {
	if s.tag != "" && start < s.tagEnd {
		v = parted(v)
	} else if end = compound(s.text, end); end > start+len(v) {
		v = s.text[start:end]
		s.skip = end
	}
	// Persian parts of a word are written together, apart, or so.
	if v = Fold(strings.ReplaceAll(v, "\u200c", " ")); !strings.ContainsFunc(v, unspaced) {
		s.flush()
		s.parts(v, start)
		return
	}
	if s.runEnd != start {
		s.flush()
	}
	for len(v) > 0 {
		n := strings.IndexFunc(v, func(r rune) bool { return !unspaced(r) })
		if n < 0 {
			n = len(v)
		}
		if len(s.run) == 0 {
			s.runStart = start
		}
		for _, r := range v[:n] {
			s.run = append(s.run, hiragana(r))
		}
		v = v[n:]
		if n = strings.IndexFunc(v, unspaced); n < 0 {
			n = len(v)
		}
		if n > 0 {
			s.flush()
			s.parts(v[:n], start)
			v = v[n:]
		}
	}
	s.runEnd = end
}

// hiragana returns the letter of the other kana for a katakana: which of them a
// word is written in is a matter of style.
func hiragana(r rune) rune {
	if r >= 0x30a1 && r <= 0x30f6 {
		return r - 0x60
	}
	return r
}

// parted divides a hashtag at its capitals and before a year, with spaces.
func parted(tag string) string {
	var b strings.Builder
	runes := []rune(tag)
	for i, r := range runes {
		if i > 0 && begins(runes, i) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// begins reports whether a word of a hashtag begins at a place: at a capital
// after a small letter, at the last of several capitals before a small letter,
// at a year after a letter.
func begins(tag []rune, i int) bool {
	switch r, before := tag[i], tag[i-1]; {
	case unicode.IsUpper(r):
		return unicode.IsLower(before) || unicode.IsDigit(before) || unicode.IsUpper(before) && i+1 < len(tag) && unicode.IsLower(tag[i+1])
	case r == '1' || r == '2':
		rest := tag[i:]
		return unicode.IsLetter(before) && len(rest) >= 4 && (rest[1] == '9' || rest[1] == '0') && unicode.IsDigit(rest[2]) && unicode.IsDigit(rest[3]) && (len(rest) == 4 || !unicode.IsDigit(rest[4]))
	}
	return false
}

// compound returns the end of the words that are joined by hyphens to one that
// ends at a place, of scripts that write words apart: they are found written
// together, too.
func compound(text string, end int) int {
	for {
		last, _ := utf8.DecodeLastRuneInString(text[:end])
		hyphen, size := utf8.DecodeRuneInString(text[end:])
		if hyphen != '-' && hyphen != '\u2010' && hyphen != '\u2011' || !unicode.IsLetter(last) || unspaced(last) {
			return end
		}
		n := strings.IndexFunc(text[end+size:], func(r rune) bool { return !unicode.IsLetter(r) && !unicode.Is(unicode.M, r) || unspaced(r) })
		if n < 0 {
			n = len(text) - end - size
		}
		if n == 0 {
			return end
		}
		end += size + n
	}
}

// parts puts a word of letters and numbers, divided at what is neither.
func (s *splitter) parts(v string, start int) {
	if strings.IndexFunc(v, divides) < 0 {
		if v != "" {
			w := s.single(cut(v))
			if bare := withoutArticle(v); bare != "" {
				w.Also, w.AskJoined = []string{cut(bare)}, cut(bare)
			}
			s.put(w, start)
		}
		return
	}
	if number, ok := number(v); ok {
		s.put(s.single(cut(number)), start)
		return
	}
	fields := strings.FieldsFunc(v, divides)
	if len(fields) == 0 {
		return
	}
	for i := range fields {
		fields[i] = cut(fields[i])
	}
	w := Word{Tokens: fields, Ask: fields}
	if len(fields) > 1 {
		w.AskJoined = cut(strings.Join(fields, ""))
		w.Also = []string{w.AskJoined}
	}
	s.put(w, start)
}

// withoutArticle returns an Arabic or Hebrew word without the article that it
// begins with, alone or after a particle, and "" where it has none. Enough of
// the word must be left.
func withoutArticle(v string) string {
	switch first, _ := utf8.DecodeRuneInString(v); {
	case first >= 0x620 && first <= 0x64a:
		for _, article := range []string{"ال", "وال", "بال", "فال", "كال", "لل", "ولل"} {
			if bare, ok := strings.CutPrefix(v, article); ok && utf8.RuneCountInString(bare) >= 3 {
				return bare
			}
		}
	case first == 'ה':
		if bare := strings.TrimPrefix(v, "ה"); utf8.RuneCountInString(bare) >= 3 {
			return bare
		}
	}
	return ""
}

// divides reports whether r stands between the parts of a word.
func divides(r rune) bool {
	if r < utf8.RuneSelf {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && (r < 'A' || r > 'Z')
	}
	return !isWordRune(r) && !unicode.Is(unicode.M, r)
}

// number returns a number without the marks between its thousands, and false
// where v is none.
func number(v string) (string, bool) {
	if v[0] < '0' || v[0] > '9' {
		return "", false
	}
	n := strings.Map(func(r rune) rune {
		if r == ',' || r == '’' || r == '\'' {
			return -1
		}
		return r
	}, v)
	return strings.Trim(n, "."), strings.Trim(n, "0123456789.") == ""
}

// flush puts the pending run: as pairs of neighbours, and the last character by
// itself, so that each character begins a token.
func (s *splitter) flush() {
	run := s.run
	if len(run) == 0 {
		return
	}
	w := Word{Begins: len(run) == 1}
	for i := range run {
		w.Tokens = append(w.Tokens, string(run[i:min(i+2, len(run))]))
	}
	w.Ask = w.Tokens[:max(1, len(run)-1)]
	s.run = s.run[:0]
	s.put(w, s.runStart)
}

// put gives a word out, with the tag that it belongs to.
func (s *splitter) put(w Word, start int) {
	if s.tag != "" && start < s.tagEnd {
		if s.tagged {
			w.Ask, w.AskJoined = nil, ""
		} else {
			w.Also = append(w.Also, s.tag)
			w.Ask, w.AskJoined, w.Begins = []string{s.tag}, "", false
			s.tagged = true
		}
	} else {
		s.tag = ""
	}
	s.emit(w)
}

// cut shortens a token to its longest length, between two characters.
func cut(t string) string {
	if len(t) <= MaxToken {
		return t
	}
	n := MaxToken
	for !utf8.RuneStart(t[n]) {
		n--
	}
	return t[:n]
}

package extract

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The bounds of what ParseDate looks at. Sign-off lines are short; what is
// longer is a sentence.
const (
	maxDateBytes  = 240
	maxDateTokens = 32
)

// ParseDate reads the day from the way an embed prints when a post was
// published, in any of some eighty languages: "February 18, 2020",
// "18 de febrero de 2020", "10:30 AM - 18 Feb 2020", "2020年2月18日",
// "١٨ فبراير ٢٠٢٠", "18.02.2020". It returns it as YYYY-MM-DD. Words around
// the date, such as a weekday, a time or a zone, are ignored when they are
// few.
//
// It returns false where there is no complete date, where the order of day and
// month cannot be known (03/04/2020), and where the day does not exist.
// Persian and Buddhist years are converted.
func ParseDate(s string) (date string, ok bool) {
	if len(s) > maxDateBytes {
		return "", false
	}
	d, start, end, ok := findDate(s)
	if !ok || countWords(s[:start]) > 3 || countWords(s[end:]) > 4 {
		return "", false
	}
	return d.String(), true
}

// findDate returns the first date in s and where it stands.
func findDate(s string) (d civilDate, start, end int, ok bool) {
	for i, n := 0, 0; i < len(s) && n < maxDateTokens; n++ {
		t := nextDateToken(s, i)
		if t.kind == dateNumber || t.kind == dateWord {
			if d, end, ok := scanDate(s[i:]); ok {
				return d, i, i + end, true
			}
		}
		i = t.end
	}
	return civilDate{}, 0, 0, false
}

func countWords(s string) int {
	n := 0
	for i := 0; i < len(s); {
		t := nextDateToken(s, i)
		if t.kind == dateWord {
			n++
		}
		i = t.end
	}
	return n
}

// civilDate is a day of the Gregorian calendar.
type civilDate struct{ year, month, day int }

func (d civilDate) String() string {
	return fmt.Sprintf("%04d-%02d-%02d", d.year, d.month, d.day)
}

// valid reports whether the day exists, in the years in which there are posts
// and pages.
func (d civilDate) valid() bool {
	if d.year < 1990 || d.year > 2199 || d.month < 1 || d.month > 12 || d.day < 1 {
		return false
	}
	t := time.Date(d.year, time.Month(d.month), d.day, 0, 0, 0, 0, time.UTC)
	return t.Day() == d.day
}

// scanDate reads a date that stands at the very beginning of s, and returns
// where it ends.
func scanDate(s string) (d civilDate, end int, ok bool) {
	var p dateParts
	for i, n := 0, 0; i < len(s) && n < maxDateTokens && p.n < 3; n++ {
		t := nextDateToken(s, i)
		next, more := p.take(s, t)
		if !more {
			return civilDate{}, 0, false
		}
		i = next
		end = i
	}
	if p.n < 3 {
		return civilDate{}, 0, false
	}
	d, ok = p.resolve()
	return d, end, ok
}

// datePart is a year, a month, a day or a number that is not yet known to be
// one of them.
type datePart struct {
	// kind is 'y', 'm', 'd' or 'n'; 'w' is a month that was written as a word.
	kind byte
	val  int
	// word is the month's word.
	word string
}

// dateParts collects the parts of a date in the order in which they stand.
type dateParts struct {
	part [3]datePart
	n    int
	// mark[i] is the punctuation after part i, 0 where there is none.
	mark [3]byte
	// monthNext is true after the Vietnamese word for month.
	monthNext bool
}

func (p *dateParts) add(kind byte, val int, word string) {
	p.part[p.n] = datePart{kind, val, word}
	p.n++
}

// take reads the token t of s. It returns where to go on, and false where t
// cannot be part of a date.
func (p *dateParts) take(s string, t dateToken) (next int, ok bool) {
	switch t.kind {
	case dateNumber:
		return p.takeNumber(s, t)
	case dateWord:
		return p.takeWord(s, t)
	case datePunct:
		return t.end, p.takePunct(s[t.start:t.end])
	}
	return t.end, true
}

func (p *dateParts) takeNumber(s string, t dateToken) (next int, ok bool) {
	if mark := dateSkipSpace(s, t.end); mark.kind == dateWord {
		if kind := eastMark(s[mark.start:mark.end]); kind != 0 {
			p.add(kind, t.num, "")
			return mark.end, true
		}
	}
	switch {
	case p.monthNext && t.digits <= 2:
		p.monthNext = false
		p.add('m', t.num, "")
	case t.digits == 4:
		p.add('y', t.num, "")
	case t.digits <= 2:
		p.add('n', t.num, "")
	default:
		return 0, false
	}
	return t.end, true
}

// eastMark reads the sign after a number in Chinese, Japanese and Korean.
func eastMark(s string) byte {
	switch s {
	case "年", "년":
		return 'y'
	case "月", "월":
		return 'm'
	case "日", "号", "號", "일":
		return 'd'
	}
	return 0
}

func (p *dateParts) takeWord(s string, t dateToken) (next int, ok bool) {
	word := dateKey(s[t.start:t.end])
	if m, end := monthOfWords(s, t.end, word); m != 0 {
		p.add('w', m, word)
		return end, true
	}
	if m := monthOf(word); m != 0 {
		p.add('w', m, word)
		return t.end, true
	}
	if word == "thang" || word == "thg" {
		p.monthNext = true
		return t.end, true
	}
	return t.end, dateFiller(word)
}

// monthOfWords looks up a month whose name has two or three words, the first
// of which ends at i. It returns 0 where there is none.
func monthOfWords(s string, i int, first string) (month, end int) {
	switch first {
	case "thang", "كانون", "تشرين", "mean", "deireadh":
	default:
		return 0, 0
	}
	name := first
	for range 2 {
		t := dateSkipSpace(s, i)
		if t.kind != dateWord {
			break
		}
		i = t.end
		name += "_" + dateKey(s[t.start:t.end])
		if m := monthNames()[name]; m != 0 {
			month, end = m, i
		}
	}
	return month, end
}

// monthOf looks a month up, also behind the Hebrew prefix that means "in".
func monthOf(word string) int {
	if m := monthNames()[word]; m != 0 {
		return m
	}
	return monthNames()[strings.TrimPrefix(word, "ב")]
}

// dateFiller reports whether word may stand between the parts of a date: an
// article, a preposition, the ending of an ordinal number, a word for day or
// year.
func dateFiller(word string) bool {
	switch word {
	case "st", "nd", "rd", "th", "of", "the", // English
		"er", "e", "o", "a", "º", "ª", "ο", // ordinals
		"de", "del", "do", "d", "di", "ta", "da", // Romance, Maltese
		"г", "год", "года", "р", "року", "ж", "թ", "წ", // year
		"m", "gada", "ko", "eko", "an", "en", "ngay", "nam",
		"ng", "ika", "la", "من", "عام", "سنة", "يوم", "של", "ค.ศ", "พ.ศ":
		return true
	}
	return false
}

// takePunct notes a mark between the parts. The first part may not be preceded
// by one.
func (p *dateParts) takePunct(s string) bool {
	if p.n == 0 {
		return false
	}
	switch s {
	case ".", "-", "/":
		p.mark[p.n-1] = s[0]
	case "‑", "–", "−", "‐":
		p.mark[p.n-1] = '-'
	case "．":
		p.mark[p.n-1] = '.'
	case "／":
		p.mark[p.n-1] = '/'
	case ",", "،", "、", "，", "'", "’", "ʼ", "(", ")", "º", "ª", "°", "॰", "׳":
	default:
		return false
	}
	return true
}

// resolve decides which part is what.
func (p *dateParts) resolve() (civilDate, bool) {
	a, b, c := p.part[0], p.part[1], p.part[2]
	isDay := func(q datePart) bool { return q.kind == 'n' || q.kind == 'd' }
	isMonth := func(q datePart) bool { return q.kind == 'w' || q.kind == 'm' }
	switch {
	case isMonth(a) && isDay(b) && c.kind == 'y':
		return p.date(c.val, a, b.val)
	case isDay(a) && isMonth(b) && c.kind == 'y':
		return p.date(c.val, b, a.val)
	case a.kind == 'y' && isMonth(b) && isDay(c):
		return p.date(a.val, b, c.val)
	case a.kind == 'y' && b.kind == 'n' && c.kind == 'w':
		return p.date(a.val, c, b.val)
	case a.kind == 'y' && b.kind == 'n' && c.kind == 'n' && p.mark[0] != 0 && p.mark[0] == p.mark[1]:
		return p.date(a.val, datePart{kind: 'm', val: b.val}, c.val)
	case a.kind == 'n' && b.kind == 'n' && c.kind == 'y' && p.mark[0] != 0 && p.mark[0] == p.mark[1]:
		return p.numeric(a.val, b.val, c.val)
	}
	return civilDate{}, false
}

// numeric reads two numbers before a year. With dots the day comes first
// wherever they are used; with other marks the order differs between
// countries, so one of the numbers must tell.
func (p *dateParts) numeric(a, b, year int) (civilDate, bool) {
	switch {
	case p.mark[0] == '.' || a > 12 || a == b:
		return p.date(year, datePart{kind: 'm', val: b}, a)
	case b > 12:
		return p.date(year, datePart{kind: 'm', val: a}, b)
	}
	return civilDate{}, false
}

// date makes the day of the Gregorian calendar.
func (p *dateParts) date(year int, month datePart, day int) (civilDate, bool) {
	d := civilDate{year, month.val, day}
	switch {
	case month.val > persianMonth:
		if !persianYear(year) {
			return civilDate{}, false
		}
		d = fromPersian(year, month.val-persianMonth, day)
	case persianYear(year) && month.kind == 'm':
		d = fromPersian(year, month.val, day)
	case year >= 2540 && year <= 2640:
		d.year -= 543 // Buddhist era, as Thai prints it
	case p.mark[0] == '.' && (month.word == "listopada" || month.word == "lis"):
		d.month = 10 // Croatian; Polish, where it is November, has no dot after the day
	}
	return d, d.valid()
}

// persianYear reports whether year, of the Persian calendar, falls into the
// time in which there are posts. Islamic lunar years of that time are higher.
func persianYear(year int) bool { return year >= 1369 && year <= 1424 }

// fromPersian converts a day of the Solar Hijri calendar by its 33-year cycle
// of leap years, which is exact for the years that persianYear admits. It
// returns the zero date for a day that does not exist.
func fromPersian(year, month, day int) civilDate {
	length := 31
	switch {
	case month == 12 && !persianLeap(year):
		length = 29
	case month > 6:
		length = 30
	}
	if month < 1 || month > 12 || day < 1 || day > length {
		return civilDate{}
	}
	days := (month-1)*30 + min(month-1, 6) + day - 1
	for y := 1369; y < year; y++ {
		days += 365
		if persianLeap(y) {
			days++
		}
	}
	t := time.Date(1990, 3, 21, 0, 0, 0, 0, time.UTC).AddDate(0, 0, days) // 1 Farvardin 1369
	return civilDate{t.Year(), int(t.Month()), t.Day()}
}

func persianLeap(year int) bool {
	switch year % 33 {
	case 1, 5, 9, 13, 17, 22, 26, 30:
		return true
	}
	return false
}

// dateTokenKind says what a token of a date is.
type dateTokenKind byte

const (
	dateSpace dateTokenKind = iota
	dateNumber
	dateWord
	datePunct
)

// dateToken is a piece of a string that may hold a date.
type dateToken struct {
	kind       dateTokenKind
	start, end int
	num        int
	digits     int
}

// nextDateToken returns the token of s at i, which must be less than len(s).
// Numbers in every script's digits are read, Chinese ones too; Chinese,
// Japanese and Korean characters are words of their own.
func nextDateToken(s string, i int) dateToken {
	r, size := utf8.DecodeRuneInString(s[i:])
	t := dateToken{start: i, end: i + size}
	switch {
	case dateIgnorable(r):
		t.kind = dateSpace
	case r == '&' && strings.HasPrefix(s[i:], "&nbsp;"):
		t.kind, t.end = dateSpace, i+len("&nbsp;")
	case digitValue(r) >= 0:
		t.kind = dateNumber
		t.end, t.num, t.digits = scanNumber(s, i)
	case hanDigit(r) >= 0:
		t.kind = dateNumber
		t.end, t.num, t.digits = scanHanNumber(s, i)
	case eastern(r):
		t.kind = dateWord
	case dateLetter(r):
		t.kind = dateWord
		t.end = i + wordLength(s[i:])
	default:
		t.kind = datePunct
	}
	return t
}

// dateSkipSpace returns the first token at or after i that is not space, or a
// space at the end.
func dateSkipSpace(s string, i int) dateToken {
	for n := 0; i < len(s) && n < 4; n++ {
		t := nextDateToken(s, i)
		if t.kind != dateSpace {
			return t
		}
		i = t.end
	}
	return dateToken{start: i, end: i}
}

func dateIgnorable(r rune) bool {
	return unicode.IsSpace(r) || r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e ||
		r >= 0x2060 && r <= 0x2069 || r == 0xfeff || r == 0x61c
}

func dateLetter(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) }

// eastern reports whether r belongs to a script written without spaces between
// numbers and words.
func eastern(r rune) bool {
	return r >= 0x2e80 && unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana)
}

// wordLength returns how long the word is that s begins with. Joiners belong
// to it; a dot does between Thai letters, whose abbreviations have them inside.
func wordLength(s string) int {
	n := 0
	for n < len(s) {
		r, size := utf8.DecodeRuneInString(s[n:])
		switch {
		case dateLetter(r) && !eastern(r), n > 0 && (r == 0x200c || r == 0x200d):
		case r == '.' && thaiAround(s, n):
		default:
			return n
		}
		n += size
	}
	return n
}

func thaiAround(s string, dot int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:dot])
	after, _ := utf8.DecodeRuneInString(s[dot+1:])
	return unicode.Is(unicode.Thai, before) && unicode.Is(unicode.Thai, after)
}

// scanNumber reads a run of decimal digits. More than nine make the value
// meaningless, which their count tells.
func scanNumber(s string, i int) (end, num, digits int) {
	for i < len(s) {
		r, size := utf8.DecodeRuneInString(s[i:])
		v := digitValue(r)
		if v < 0 {
			break
		}
		if digits < 9 {
			num = num*10 + v
		}
		digits++
		i += size
	}
	return i, num, digits
}

// digitValue returns the value of a decimal digit of any script, or -1. The
// ten digits of a script stand in a row that begins at a multiple of sixteen
// or six after one.
func digitValue(r rune) int {
	switch {
	case r >= '0' && r <= '9':
		return int(r - '0')
	case r < 0x660 || r > 0xffff || !unicode.IsDigit(r):
		return -1
	}
	if v := int(r & 0xf); v <= 9 && unicode.IsDigit(r&^0xf) {
		return v
	}
	return int(r&0xf) - 6
}

// hanDigit returns the value of a Chinese numeral, or -1.
func hanDigit(r rune) int {
	switch r {
	case '〇', '零':
		return 0
	case '一':
		return 1
	case '二':
		return 2
	case '三':
		return 3
	case '四':
		return 4
	case '五':
		return 5
	case '六':
		return 6
	case '七':
		return 7
	case '八':
		return 8
	case '九':
		return 9
	case '十':
		return 10
	}
	return -1
}

// scanHanNumber reads a Chinese number up to 99, or a year written digit by
// digit.
func scanHanNumber(s string, i int) (end, num, digits int) {
	for i < len(s) && digits < 9 {
		r, size := utf8.DecodeRuneInString(s[i:])
		v := hanDigit(r)
		switch {
		case v < 0:
			return i, num, digits
		case v == 10:
			num = max(num, 1) * 10
			digits = max(digits, 1)
		case num >= 10 && num%10 == 0 && num < 100 && digits == 1:
			num += v
			digits = 2
		default:
			num = num*10 + v
			digits++
		}
		i += size
	}
	return i, num, digits
}

package source

import (
	"strings"
	"time"

	"stet/extract"
)

// The years in which there are pages; what lies outside is a mistake of a
// program, such as 0001-01-01 and 1970-01-01 for a date that is not known.
const (
	firstYear = 1990
	lastYear  = 2199
	// maxDate is the longest text that is looked at as a date.
	maxDate = 120
)

// parseTime reads a time as feeds and sitemaps write it: RFC 3339 and what
// comes near, RFC 822 with all its variations, dates without a time, and, to
// the day, dates in words of many languages. A time without a zone is in UTC.
func parseTime(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > maxDate {
		return time.Time{}, false
	}
	var t time.Time
	var ok bool
	if s[0] >= '0' && s[0] <= '9' {
		t, ok = parseISO(s)
	}
	if !ok {
		t, ok = parseWords(s)
	}
	if !ok {
		var day string
		if day, ok = extract.ParseDate(s); ok {
			t, ok = try(day, time.DateOnly)
		}
	}
	if !ok || t.Year() < firstYear || t.Year() > lastYear {
		return time.Time{}, false
	}
	return t.UTC(), true
}

func try(s string, layouts ...string) (time.Time, bool) {
	for _, l := range layouts {
		if t, err := time.Parse(l, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// parseISO reads ISO 8601 in the forms that W3C's note for it lists, and those
// that come of forgetting a colon, the T or the seconds.
func parseISO(s string) (time.Time, bool) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, true
	}
	s = strings.ToUpper(s)
	s = strings.Replace(s, " UTC", "Z", 1)
	s = strings.Replace(s, " GMT", "Z", 1)
	s = strings.Replace(s, "/", "-", 2)
	if len(s) > len("2006-01-02") && s[10] == ' ' {
		s = s[:10] + "T" + s[11:]
	}
	s = strings.Replace(s, " ", "", 1)
	return try(s, "2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07", "2006-01-02T15:04Z07:00",
		"2006-01-02T15:04Z0700", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02Z07:00", time.DateOnly, "2006-01", "2006",
		"20060102T150405Z07:00", "20060102T150405", "20060102")
}

// parseWords reads RFC 822 and the other forms with an English month.
func parseWords(s string) (time.Time, bool) {
	f := strings.Fields(strings.ReplaceAll(s, ",", " "))
	if len(f) > 0 && isWeekday(f[0]) {
		f = f[1:]
	}
	if len(f) < 3 {
		return time.Time{}, false
	}
	for i, w := range f {
		switch {
		case strings.EqualFold(w, "at"), strings.EqualFold(w, "on"):
			f[i] = ""
		case len(w) > 3 && isMonth(w[:3]) && isLetters(w):
			f[i] = w[:3]
		case isMonth(strings.TrimSuffix(w, ".")):
			f[i] = w[:3]
		}
	}
	last := len(f) - 1
	if z, ok := zoneOffset(f[last]); ok {
		f[last] = z
	} else if z, ok := zoneOffset(f[last-1]); ok && len(f[last]) == 4 {
		f[last-1] = z // as in the output of date(1): the year comes last
	}
	s = strings.Join(strings.Fields(strings.Join(f, " ")), " ")
	return try(s, "2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04 -0700", "2 Jan 2006 15:04:05", "2 Jan 2006 15:04", "2 Jan 2006 -0700", "2 Jan 2006",
		"2 Jan 06 15:04:05 -0700", "2 Jan 06 15:04 -0700", "2 Jan 06 15:04:05", "2 Jan 06 15:04", "2-Jan-06 15:04:05 -0700", "2-Jan-2006 15:04:05 -0700",
		"Jan 2 2006 15:04:05 -0700", "Jan 2 2006 15:04:05", "Jan 2 2006 3:04 PM -0700", "Jan 2 2006 3:04 PM", "Jan 2 2006 3:04PM", "Jan 2 2006 15:04", "Jan 2 2006",
		"2 Jan 2006 3:04 PM", "2 Jan 2006 3:04 PM -0700", "Jan 2 15:04:05 -0700 2006", "Jan 2 15:04:05 2006", "2006 Jan 2 15:04:05 -0700")
}

func isWeekday(s string) bool {
	if len(s) < 2 || !isLetters(strings.TrimSuffix(s, ".")) {
		return false
	}
	switch strings.ToLower(s)[:min(len(s), 3)] {
	case "mon", "tue", "wed", "thu", "fri", "sat", "sun", "mo", "tu", "we", "th", "fr", "sa", "su":
		return true
	}
	return false
}

func isMonth(s string) bool {
	switch strings.ToLower(s) {
	case "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec":
		return true
	}
	return false
}

func isLetters(s string) bool {
	return s != "" && strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz") == ""
}

// zoneOffset returns the offset that a zone's name stands for: those of RFC 822
// and those that newsrooms' programs print. Go reads names that it does not
// know as UTC.
func zoneOffset(s string) (string, bool) {
	s = strings.Trim(strings.ToUpper(s), "()")
	for _, p := range []string{"GMT", "UTC"} {
		if rest, ok := strings.CutPrefix(s, p); ok && len(rest) > 1 {
			s = rest
		}
	}
	switch s {
	case "Z", "UT", "UTC", "GMT", "WET":
		return "+0000", true
	case "BST", "CET", "WEST", "MEZ":
		return "+0100", true
	case "CEST", "MESZ", "EET", "SAST", "CAT", "IDT":
		return "+0200", true
	case "EEST", "MSK", "EAT":
		return "+0300", true
	case "IST":
		return "+0530", true
	case "WIB", "ICT":
		return "+0700", true
	case "SGT", "HKT", "AWST", "PHT":
		return "+0800", true
	case "JST", "KST":
		return "+0900", true
	case "AEST":
		return "+1000", true
	case "AEDT":
		return "+1100", true
	case "NZST":
		return "+1200", true
	case "NZDT":
		return "+1300", true
	case "BRT", "ART", "ADT":
		return "-0300", true
	case "EDT", "AST":
		return "-0400", true
	case "EST", "CDT":
		return "-0500", true
	case "CST", "MDT":
		return "-0600", true
	case "MST", "PDT":
		return "-0700", true
	case "PST", "AKDT":
		return "-0800", true
	case "AKST":
		return "-0900", true
	case "HST":
		return "-1000", true
	}
	sign := strings.IndexAny(s, "+-")
	digits := strings.ReplaceAll(strings.TrimLeft(s, "+-"), ":", "")
	if sign != 0 || strings.Trim(digits, "0123456789") != "" {
		return "", false
	}
	switch len(digits) {
	case 1:
		digits = "0" + digits + "00"
	case 2:
		digits += "00"
	case 3:
		digits = "0" + digits
	}
	return s[:1] + digits, len(digits) == 4
}

// span is a stretch of time, from start to before end.
type span struct{ start, end time.Time }

// urlDate returns the day, month or year that an address names, as
// /2026/03/02/, /2026/03/ or 2026-03-02 do. Where loose is true, years, months
// in any form and digits in a row count too: sitemap-2026-03.xml, 20260302. In
// the addresses of articles those can be something else.
func urlDate(path string, loose bool) (span, bool) {
	for i := 0; i+4 <= len(path); i++ {
		if i > 0 && isDigit(path[i-1]) || !strings.HasPrefix(path[i:], "19") && !strings.HasPrefix(path[i:], "20") {
			continue
		}
		if s, ok := dateAt(path[i:], loose); ok {
			return s, true
		}
	}
	return span{}, false
}

// dateAt reads a year with what may follow it.
func dateAt(s string, loose bool) (span, bool) {
	year, rest, ok := number(s, 4)
	if !ok || year < firstYear || year > lastYear {
		return span{}, false
	}
	sep, rest := separator(rest)
	month, rest, ok := number(rest, 2)
	if !ok || month < 1 || month > 12 {
		start := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
		return span{start, start.AddDate(1, 0, 0)}, loose && (sep != 0 || len(s) == 4 || !isDigit(s[4]))
	}
	start := time.Date(year, time.Month(month), 1, 0, 0, 0, 0, time.UTC)
	whole := span{start, start.AddDate(0, 1, 0)}
	after := rest
	if sep != 0 && (rest == "" || rest[0] != sep) {
		return whole, endsNumber(rest) && (loose || sep == '/' && rest == "")
	} else if sep != 0 {
		after = rest[1:]
	}
	day, after, ok := number(after, 2)
	if !ok || day < 1 || day > 31 || !endsNumber(after) {
		return whole, sep == '/' || loose && (sep != 0 || endsNumber(rest))
	}
	start = start.AddDate(0, 0, day-1)
	return span{start, start.AddDate(0, 0, 1)}, loose || sep == '/' || sep == '-'
}

// separator splits off what may stand between a year and a month.
func separator(s string) (sep byte, rest string) {
	if s != "" && strings.IndexByte("/-_.", s[0]) >= 0 {
		return s[0], s[1:]
	}
	return 0, s
}

func endsNumber(rest string) bool { return rest == "" || !isDigit(rest[0]) }

func number(s string, digits int) (n int, rest string, ok bool) {
	if len(s) < digits {
		return 0, s, false
	}
	for i := range digits {
		if !isDigit(s[i]) {
			return 0, s, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, s[digits:], true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

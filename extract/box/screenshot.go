package box

import (
	"regexp"
	"strings"

	"stet/extract"
)

// The lines of a screenshot of a post that are not its words: times, counts,
// buttons, in the languages in which they are met most.
var (
	handleLine  = regexp.MustCompile(`(?i)(?:^|[\s(])[@＠]([a-z0-9_][a-z0-9_.-]{0,60}(?:@[a-z0-9.-]+\.[a-z]+)?)`)
	countsLine  = regexp.MustCompile(`(?i)^[\W\d_.,kmbtsd]*(?:(?:views?|reposts?|retweets?|quotes?|quote tweets?|likes?|bookmarks?|replies|comments?|shares?|reply|share|like|follow|following|translate (?:post|tweet)|show (?:more|less)|show this thread|read \d+ replies|aufrufe|gefällt mir|vues|j.aime|me gusta|visualizaciones)[\W\d_.,km]*)+$`)
	clockInLine = regexp.MustCompile(`\b\d{1,2}[:.]\d{2}\b\s*(?:[AaPp]\.?\s?[Mm]\.?)?`)
	agoInLine   = regexp.MustCompile(`(?i)\s*[·•.\-]?\s*\b\d{1,2}\s?(?:s|m|min|h|hr|d|w)\b\s*[.…]*$`)
)

// Screenshot takes the words that were read from a picture of a post apart into
// the post's words, the name, the handle and the date, as far as they can be
// told: the words of a picture are a guess, and so is this.
func Screenshot(text string) extract.Quoted {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	var q extract.Quoted
	first := 0
	for i, line := range lines[:min(len(lines), 8)] {
		m := handleLine.FindStringSubmatch(line)
		if m == nil || i > 0 && strings.Count(strings.TrimSpace(line), " ") > 6 {
			continue
		}
		q.Handle = strings.TrimRight(m[1], ".-")
		q.Name = nameBefore(lines[:i], line)
		first = i + 1
		break
	}
	var kept []string
	for _, line := range lines[first:] {
		line = strings.TrimSpace(line)
		if date, ok := dateLine(line); ok {
			if q.Date == "" {
				q.Date = date
			}
			if len(kept) > 0 {
				break // what follows are counts
			}
			continue
		}
		if line == "" || countsLine.MatchString(line) {
			continue
		}
		kept = append(kept, line)
	}
	q.Text = strings.Join(kept, "\n")
	return q
}

// nameBefore returns the name beside or above a handle.
func nameBefore(above []string, line string) string {
	name, _, _ := strings.Cut(line, "@")
	name = strings.Trim(agoInLine.ReplaceAllString(name, ""), " \t(·•|")
	for i := len(above) - 1; i >= 0 && name == ""; i-- {
		name = strings.TrimSpace(above[i])
	}
	return name
}

// dateLine reads a line that holds the date of a post, mostly with the time of
// day, and little else.
func dateLine(line string) (string, bool) {
	if !strings.ContainsAny(line, "0123456789") || len(line) > 80 {
		return "", false
	}
	line = clockInLine.ReplaceAllString(line, " ")
	for part := range strings.FieldsFuncSeq(line, func(r rune) bool { return r == '·' || r == '•' || r == '|' }) {
		if date, ok := extract.ParseDate(strings.Trim(part, " ,.-")); ok {
			return date, true
		}
	}
	return "", false
}

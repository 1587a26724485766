package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/width"
)

// columns is how wide the output for people is; on a narrower terminal it is as
// wide as that, down to leastColumns.
const (
	columns      = 80
	leastColumns = 30
)

// output writes the answer, and notes the first failure to write.
type output struct {
	w   io.Writer
	err error
	// columns is how wide it is; 0 is columns.
	columns int
}

// room is how many columns are left of a line behind its beginning.
func (o *output) room(used int) int {
	return max(cmp.Or(o.columns, columns)-used, leastColumns/2)
}

func (o *output) write(b []byte) {
	if o.err != nil {
		return
	}
	if _, err := o.w.Write(b); err != nil {
		o.err = fmt.Errorf("writing the answer: %w", err)
	}
}

// line prints one line for people.
func (o *output) line(format string, args ...any) {
	o.write([]byte(clean(strings.TrimRight(fmt.Sprintf(format, args...), " ")) + "\n"))
}

// block prints a text over as many lines as it needs, each after the indent.
// At most limit lines are printed; 0 is no limit.
func (o *output) block(indent, text string, limit int) {
	lines := wrap(clean(text), o.room(len(indent)))
	for i, l := range lines {
		if limit > 0 && i == limit-1 && len(lines) > limit {
			o.line("%s%s …", indent, l)
			return
		}
		o.line("%s%s", indent, l)
	}
}

// hang prints a text after a word, with its further lines below the first.
func (o *output) hang(indent, word, text string) {
	first := indent + word + " "
	for i, l := range wrap(clean(text), o.room(len(first))) {
		if i > 0 {
			first = strings.Repeat(" ", len(first))
		}
		o.line("%s%s", first, l)
	}
}

// json prints one line for scripts.
func (o *output) json(v any) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		o.err = fmt.Errorf("writing the answer: %w", err)
		return
	}
	o.write(escapeControls(buf.Bytes()))
}

// escapeControls escapes the control characters that JSON allows in strings,
// DEL and C1: what is archived must not steer a terminal. They stand in strings
// only.
func escapeControls(b []byte) []byte {
	if !bytes.ContainsFunc(b, func(r rune) bool { return r >= 0x7f && r < 0xa0 }) {
		return b
	}
	var out bytes.Buffer
	for _, r := range string(b) {
		if r >= 0x7f && r < 0xa0 {
			fmt.Fprintf(&out, `\u%04x`, r)
		} else {
			out.WriteRune(r)
		}
	}
	return out.Bytes()
}

// clean makes a text safe for a terminal: control characters, and those that
// turn the direction of what follows, are replaced. Line ends stay.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t', r == '\r', r == '\u2028', r == '\u2029':
			return ' '
		case unicode.IsControl(r), r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r >= '\ufff9' && r <= '\ufffb':
			return '\ufffd'
		}
		return r
	}, strings.ReplaceAll(s, "\r\n", "\n"))
}

// displayWidth returns how many columns a text takes on a terminal.
func displayWidth(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

func runeWidth(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// wrap breaks a text into lines of at most n columns. Words longer than that,
// such as addresses, stay whole; scripts without spaces are broken anywhere.
func wrap(text string, n int) []string {
	var lines []string
	for para := range strings.SplitSeq(strings.Trim(text, "\n"), "\n") {
		line, used := "", 0
		for _, word := range phrases(para) {
			for _, part := range pieces(word, n) {
				w := displayWidth(part.text)
				switch {
				case line == "":
					line, used = part.text, w
				case part.glued && used+w <= n:
					line, used = line+part.text, used+w
				case !part.glued && used+1+w <= n:
					line, used = line+" "+part.text, used+1+w
				default:
					lines = append(lines, line)
					line, used = part.text, w
				}
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// phrases divides a paragraph at its spaces; what stands between backticks, a
// command to type, stays whole.
func phrases(para string) []string {
	var list []string
	open := false
	for _, word := range strings.Fields(para) {
		if open {
			list[len(list)-1] += " " + word
		} else {
			list = append(list, word)
		}
		if strings.Count(word, "`")%2 == 1 {
			open = !open
		}
	}
	return list
}

// piece is a part of a word; a glued one follows the one before without space.
type piece struct {
	text  string
	glued bool
}

// pieces breaks a word that is longer than a line where its script allows it.
func pieces(word string, n int) []piece {
	if displayWidth(word) <= n || !strings.ContainsFunc(word, func(r rune) bool { return runeWidth(r) == 2 }) {
		return []piece{{text: word}}
	}
	var parts []piece
	for _, r := range word {
		if last := len(parts) - 1; last >= 0 && (runeWidth(r) == 0 || runeWidth(r) == 1 && displayWidth(parts[last].text) < n && runeWidth(firstRune(parts[last].text)) == 1) {
			parts[last].text += string(r)
			continue
		}
		parts = append(parts, piece{text: string(r), glued: len(parts) > 0})
	}
	return parts
}

func firstRune(s string) rune {
	for _, r := range s {
		return r
	}
	return 0
}

// when writes a time in the reader's zone and in UTC.
func (a *app) when(t time.Time) string {
	const form = "2006-01-02 15:04"
	local, utc := t.In(a.zone), t.UTC()
	name, offset := local.Zone()
	switch {
	case offset == 0 && (name == "UTC" || name == "GMT"):
		return utc.Format(form) + " UTC"
	case local.YearDay() != utc.YearDay():
		return local.Format(form+" MST") + utc.Format(" ("+form+" UTC)")
	}
	return local.Format(form+" MST") + utc.Format(" (15:04 UTC)")
}

// size writes a number of bytes.
func size(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%d bytes", n)
}

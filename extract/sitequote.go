package extract

import "strings"

// SplitSignOff takes apart the text of a platform's snippet, "words — Name
// (@handle) date", as [Text] returns it. The last "(@handle)" counts. It
// returns false where there is none; the date is empty where no complete one
// follows.
func SplitSignOff(text string) (Quoted, bool) {
	for at := len(text); at > 0; {
		i := strings.LastIndexByte(text[:at], '@')
		if i < 0 {
			break
		}
		if open, handle, end, ok := parenthesised(text, i); ok {
			q := Quoted{Handle: handle}
			q.Date, _ = ParseDate(strings.TrimLeft(text[end:], " \n,-–—·|"))
			q.Text, q.Name = splitName(text, open)
			q.Links = textLinks(q.Text)
			return q, true
		}
		at = i
	}
	return Quoted{}, false
}

// splitName splits what stands before the handle into words and name: at the
// dash, else at the beginning of the line.
func splitName(text string, open int) (words, name string) {
	floor := max(0, open-maxNameBytes)
	if d, ok := chooseDash(text, floor, open); ok {
		return strings.TrimSpace(text[:d.start]), strings.TrimSpace(text[d.end:open])
	}
	line := strings.LastIndexByte(text[:open], '\n') + 1
	if name = strings.TrimSpace(text[line:open]); len(name) > maxNameBytes || len([]rune(name)) > maxNameRunes {
		return strings.TrimSpace(text[:open]), ""
	}
	return strings.TrimSpace(text[:line]), name
}

// TextLinks returns the addresses in the words of a post as they stand there,
// in order of appearance: [Quoted].Links for [Quoted].Text.
func TextLinks(text string) []string { return textLinks(text) }

// Placeholder reports whether s is what publishers show in place of a post that
// they could not load, which is never taken for the post's words.
func Placeholder(s string) bool { return flatPlaceholder(s) }

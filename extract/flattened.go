package extract

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"

	"stet/extract/post"
)

// Flattened is an embed of which only the text is left: its words and the
// sign-off line "— Name (@handle) date" that the platform's snippet ends with, or
// the name and handle above the words and the time below them.
type Flattened struct {
	// Start is the byte offset of the first of the post's words, or of the
	// sign-off where no words are left; End is the offset after the sign-off. Of a
	// post with its author above the words, they are those of name and time.
	Start, End int
	// Platform is twitter, or bluesky where the handle is a domain name.
	Platform post.Platform
	// Quoted.Text stands in text[Start:End] verbatim.
	Quoted Quoted
	// URL is the post's own address where it is left beside the date, as it is
	// when a page was turned into Markdown; else empty.
	URL string
}

// The bounds of a sign-off line.
const (
	// maxFlattened bounds the findings of one text.
	maxFlattened = 10000
	// maxNameBytes bounds the author's name. Twitter allows 50 characters,
	// Bluesky 64; emoji in sequences can take many bytes each.
	maxNameBytes = 400
	maxNameRunes = 70
	// maxHandleBytes bounds a handle that is a domain name (RFC 1035).
	maxHandleBytes = 253
)

// FindFlattened finds the tweets (and Bluesky posts) that were flattened when a
// page was saved as text, in order of appearance and without overlap. text is
// plain text, or the text of HTML with its paragraphs on lines of their own;
// where it is one long line, the beginning of a post's words is a guess. The
// time is linear in the length of text.
func FindFlattened(text string) []Flattened {
	f := flattener{text: text}
	for at := 0; at < len(text) && len(f.found) < maxFlattened; {
		i := strings.IndexByte(text[at:], '@')
		if i < 0 {
			break
		}
		at = f.handle(at + i)
	}
	return f.found
}

// flattener walks over a text.
type flattener struct {
	text  string
	found []Flattened
	// floor is the end of the last sign-off: no post's words reach before it.
	floor int
	// nameFloor is the end of the last "(@handle)": no name reaches before it.
	nameFloor int
	// layout is how the text separates paragraphs, layoutUnknown until asked.
	layout flatLayout
}

// signOff is the line that a platform's snippet ends with.
type signOff struct {
	// dash is where it begins, end where it ends.
	dash, end int
	name      string
	handle    string
	date      string
	url       string
	// numeric is true where the date has no word, which no platform prints but as
	// a time stamp.
	numeric, stamp bool
	// ownLine is true where nothing stands before the dash on its line.
	ownLine bool
}

// handle looks at the @ at offset at. It returns where to go on.
func (f *flattener) handle(at int) int {
	open, handle, end, ok := parenthesised(f.text, at)
	if !ok {
		c, ok := f.card(at)
		if !ok {
			return at + 1
		}
		f.found = append(f.found, c)
		f.floor, f.nameFloor = c.End, c.End
		return c.End
	}
	nameFloor := f.nameFloor
	f.nameFloor = end
	s := signOff{handle: handle, end: end}
	dated := f.readDate(&s)
	if !dated && !f.dateless(max(nameFloor, open-maxNameBytes), open, s.end) {
		return end
	}
	if !f.readName(&s, max(nameFloor, open-maxNameBytes), open) {
		return end
	}
	if (!dated || s.numeric && !s.stamp) && !endsWithPostLink(f.text[max(f.floor, s.dash-80):s.dash]) {
		return end
	}
	fl := f.words(&s)
	f.found = append(f.found, fl)
	f.floor, f.nameFloor = s.end, s.end
	return s.end
}

// parenthesised reads "(@handle)" around the @ at offset at. Spaces and marks
// of writing direction may stand inside.
func parenthesised(text string, at int) (open int, handle string, end int, ok bool) {
	if at == 0 || isWordByte(text[at-1]) {
		return 0, "", 0, false
	}
	before := strings.TrimRightFunc(text[max(0, at-16):at], flatSpace)
	open = max(0, at-16) + len(before)
	switch {
	case strings.HasSuffix(before, "("):
		open--
	case strings.HasSuffix(before, "（"):
		open -= len("（")
	default:
		return 0, "", 0, false
	}
	i := at + 1 + leadingSpace(text[at+1:], 8)
	n := handleLength(text[i:])
	if n == 0 {
		return 0, "", 0, false
	}
	handle = text[i : i+n]
	i += n + leadingSpace(text[i+n:], 8)
	for _, closing := range []string{")", "）"} {
		if strings.HasPrefix(text[i:], closing) {
			return open, handle, i + len(closing), true
		}
	}
	return 0, "", 0, false
}

// handleLength returns how long the handle is that s begins with, 0 for none:
// a name of up to twenty letters, digits and underscores (fifteen are allowed
// today, some early accounts have more), or a domain name.
func handleLength(s string) int {
	n, dots := 0, 0
	for n < len(s) && n <= maxHandleBytes {
		switch c := s[n]; {
		case c == '.' && n > 0 && s[n-1] != '.':
			dots++
		case c == '-' && n > 0:
		case c == '_', c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		default:
			return handleOf(s[:n], dots)
		}
		n++
	}
	return handleOf(s[:n], dots)
}

func handleOf(s string, dots int) int {
	switch {
	case len(s) == 0 || len(s) > maxHandleBytes:
		return 0
	case dots > 0 && !strings.Contains(s, "_") && s[len(s)-1] != '.':
		return len(s)
	case dots == 0 && len(s) <= 20 && !strings.Contains(s, "-"):
		return len(s)
	}
	return 0
}

// flatSpace reports whether r is white space or invisible.
func flatSpace(r rune) bool { return dateIgnorable(r) }

// leadingSpace returns the length of the white space that s begins with, at
// most max runes of it.
func leadingSpace(s string, max int) int {
	n := 0
	for ; max > 0 && n < len(s); max-- {
		r, size := utf8.DecodeRuneInString(s[n:])
		if !flatSpace(r) {
			break
		}
		n += size
	}
	return n
}

// readDate reads the date after the handle, and the address that Markdown
// leaves beside it. It reports whether there is one.
func (f *flattener) readDate(s *signOff) bool {
	i := s.end + leadingSpace(f.text[s.end:], 12)
	if i < len(f.text) && strings.IndexByte("()<>@#!?\"'.-/;", f.text[i]) >= 0 {
		return false
	}
	rest := f.text[i:min(len(f.text), i+maxDateBytes)]
	if strings.Count(f.text[s.end:i], "\n") > 2 {
		return false
	}
	linked := strings.HasPrefix(rest, "[")
	skip := signOffLead(rest)
	d, end, ok := scanDate(rest[skip:])
	if !ok || d.year < 2006 || (strings.Contains(f.text[s.end:i], "\n\n") && !lineEnds(rest[skip+end:])) {
		return false
	}
	after := rest[skip+end:]
	if zone := after[:min(len(after), 32)]; strings.Contains(zone, "PDT") || strings.Contains(zone, "PST") {
		return false // Instagram's sign-off tells the time in California
	}
	s.date = d.String()
	s.numeric = strings.IndexFunc(rest[skip:skip+end], unicode.IsLetter) < 0
	tail := stampTail(after)
	s.stamp = tail > 0 && strings.Contains(s.handle, ".")
	s.end = i + skip + end + max(tail, dateTail(after))
	s.url, s.end = postAddress(f.text, s.end, linked)
	return true
}

// signOffLead returns the length of what may stand between the handle and the
// date: a separator, a weekday with its comma, the time of day.
func signOffLead(s string) int {
	i, timed := 0, false
	for range 12 {
		t := dateSkipSpace(s, i)
		switch text := s[t.start:t.end]; {
		case t.kind == datePunct && (strings.Contains("[,:·•|", text) || timed && strings.Contains("-–—", text)):
			i = t.end
		case t.kind == dateNumber && timeLength(s[t.start:]) > 0:
			i, timed = t.start+timeLength(s[t.start:]), true
		case t.kind == dateWord && i < len(s) && monthOf(dateKey(text)) == 0 && weekdayLength(s[t.start:], t.end-t.start) > 0:
			i = t.start + weekdayLength(s[t.start:], t.end-t.start)
		default:
			return i
		}
	}
	return i
}

// timeLength returns the length of the time of day that s begins with: 10:30,
// 10:30:05, with AM or PM.
func timeLength(s string) int {
	n := asciiDigits(s)
	if n == 0 || n > 2 || n >= len(s) || s[n] != ':' {
		return 0
	}
	for range 2 {
		if m := asciiDigits(s[min(n+1, len(s)):]); n < len(s) && s[n] == ':' && m == 2 {
			n += 3
		}
	}
	for _, half := range []string{" AM", " PM", " am", " pm", " a.m.", " p.m.", "AM", "PM", "am", "pm"} {
		if strings.HasPrefix(s[n:], half) {
			return n + len(half)
		}
	}
	return n
}

func asciiDigits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// weekdayLength returns the length of the word of n bytes that s begins with
// and of the comma that follows, 0 where none follows.
func weekdayLength(s string, n int) int {
	for _, comma := range []string{",", "،", "，"} {
		if strings.HasPrefix(s[n:], comma) {
			return n + len(comma)
		}
	}
	return 0
}

func lineEnds(s string) bool {
	line, _, _ := strings.Cut(s, "\n")
	return strings.TrimFunc(line, flatSpace) == ""
}

// stampTail returns the length of the time in a stamp, 2024-11-05T10:00:00.000Z,
// that s begins with behind the date. Bluesky's oEmbed writes those.
func stampTail(s string) int {
	if !strings.HasPrefix(s, "T") {
		return 0
	}
	n := 1
	for n < len(s) && n < 24 && (s[n] >= '0' && s[n] <= '9' || s[n] == ':' || s[n] == '.') {
		n++
	}
	if n < len("T10:00") || s[3] != ':' {
		return 0
	}
	if strings.HasPrefix(s[n:], "Z") {
		return n + 1
	}
	return n
}

// dateTail returns the length of what belongs to the date but is not needed to
// read it: "г.", "р.", a dot, a Japanese weekday.
func dateTail(s string) int {
	for _, tail := range []string{" г.", " р.", " г", "\u00a0г.", "\u00a0р.", " թ.", " d.", "(a)"} {
		if strings.HasPrefix(s, tail) && !startsWithLetter(s[len(tail):]) {
			return len(tail)
		}
	}
	if strings.HasPrefix(s, ".") && !startsWithLetter(s[1:]) {
		return 1
	}
	return 0
}

func startsWithLetter(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLetter(r)
}

// postAddress reads the address of the post behind its date, as Markdown
// writes it, [date](address), or as text browsers do, date <address>. It
// returns the end of the sign-off.
func postAddress(text string, end int, linked bool) (address string, newEnd int) {
	rest := text[end:min(len(text), end+2048)]
	switch {
	case linked && strings.HasPrefix(rest, "]("):
		rest = rest[2:]
		end += 2
	case linked && strings.HasPrefix(rest, "]"):
		return "", end + 1
	case strings.HasPrefix(rest, " <http"), strings.HasPrefix(rest, " (http"):
		rest = rest[2:]
		end += 2
	default:
		return "", end
	}
	n := strings.IndexAny(rest, " \t\n)>\"")
	if n < 0 || !strings.Contains(rest[:n], "/status") && !strings.Contains(rest[:n], "/post/") {
		return "", end
	}
	address = rest[:n]
	if c := strings.IndexAny(rest[n:], ")>\n"); c >= 0 && rest[n+c] != '\n' {
		n += c + 1
	}
	return address, end + n
}

// dateless reports whether a sign-off without a date, whose handle stands
// between open and end, is worth a look: it must end its line, and a link
// stand somewhere before it.
func (f *flattener) dateless(floor, open, end int) bool {
	if !lineEnds(f.text[end:min(len(f.text), end+16)]) {
		return false
	}
	before := f.text[floor:open]
	return strings.Contains(before, "t.co/") || strings.Contains(before, "pic.")
}

// readName finds the dash that begins the sign-off, between floor and the
// bracket at open, and the name between the two.
func (f *flattener) readName(s *signOff, floor, open int) bool {
	for floor < open && !utf8.RuneStart(f.text[floor]) {
		floor++
	}
	d, ok := chooseDash(f.text, floor, open)
	if !ok {
		d, ok = f.undashed(floor, open, s.date != "")
	}
	if !ok {
		return false
	}
	s.dash, s.ownLine = d.start, d.ownLine
	s.name = strings.Join(strings.Fields(strings.TrimFunc(f.text[d.end:open], flatSpace)), " ")
	if strings.Contains(s.name, "&") {
		s.name = html.UnescapeString(s.name)
	}
	return utf8.RuneCountInString(s.name) <= maxNameRunes && !byline(s.name)
}

// byline reports whether a name is that of the article's author or of a
// photographer.
func byline(name string) bool {
	for _, lead := range []string{"By ", "by ", "BY ", "Reporting by ", "Written by ", "Posted by ", "Photo by ", "Photo: ", "Follow ", "Von: ", "Par: ", "Por: "} {
		if strings.HasPrefix(name, lead) {
			return true
		}
	}
	return false
}

// undashed finds a sign-off whose dash was lost: a link of the post must stand
// directly before the name.
func (f *flattener) undashed(floor, open int, dated bool) (flatDash, bool) {
	if !dated {
		return flatDash{}, false
	}
	seg := f.text[floor:open]
	_, end := lastPostLink(seg)
	if end < 0 || end >= len(seg) || strings.TrimFunc(seg[end:], flatSpace) == "" {
		return flatDash{}, false
	}
	gap := leadingSpace(seg[end:], 8)
	if gap == 0 || strings.ContainsAny(strings.TrimFunc(seg[end:], flatSpace), "\n:;") {
		return flatDash{}, false
	}
	return flatDash{start: floor + end, end: floor + end + gap, ownLine: strings.Contains(seg[end:end+gap], "\n")}, true
}

// words finds where the post's words begin and puts the finding together.
func (f *flattener) words(s *signOff) Flattened {
	end := len(strings.TrimRightFunc(f.text[:s.dash], flatSpace))
	start := end
	if end > f.floor {
		start, end = f.wordsBefore(s, end)
	}
	text := f.text[start:max(start, end)]
	if text == "" {
		start = s.dash
	}
	platform := post.Twitter
	if strings.Contains(s.handle, ".") {
		platform = post.Bluesky
	}
	return Flattened{Start: start, End: s.end, Platform: platform, URL: s.url,
		Quoted: Quoted{Text: text, Name: s.name, Handle: s.handle, Date: s.date, Links: textLinks(text)}}
}

// viewOn lists how the snippets of platforms that show no words invite their
// readers, in small letters.
func viewOn() []string {
	return []string{"view this post on instagram", "sieh dir diesen beitrag auf instagram an", "voir cette publication sur instagram",
		"ver esta publicación en instagram", "ver essa foto no instagram", "ver esta publicação no instagram", "visualizza questo post su instagram",
		"dit bericht op instagram bekijken", "wyświetl ten post na instagramie", "bu gönderiyi instagram'da gör", "この投稿をinstagramで見る",
		"посмотреть эту публикацию в instagram", "visa detta inlägg på instagram", "vis dette opslag på instagram", "näytä tämä julkaisu instagramissa",
		"view on threads", "view on instagram", "view this post on threads", "post by @", "posted by @", "a post shared by", "a photo posted by", "a video posted by"}
}

// flatPlaceholder reports whether s is what a publisher shows in place of a
// post that it could not load.
func flatPlaceholder(s string) bool {
	if len(s) > 80 {
		return false
	}
	s = strings.ToLower(strings.Trim(s, " .()[]\n"))
	for _, invitation := range viewOn() {
		if strings.HasPrefix(s, invitation) {
			return true
		}
	}
	switch s {
	case "tweet may have been deleted", "this tweet may have been deleted", "tweet is no longer available",
		"this tweet is no longer available", "this tweet has been deleted", "tweet unavailable", "tweet deleted":
		return true
	}
	return false
}

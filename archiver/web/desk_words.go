package web

import (
	"fmt"
	"html/template"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

// functions are those of the templates.
func (s *sheet) functions() template.FuncMap {
	return template.FuncMap{
		"static": func(name string) string { return "/static/" + s.names[name] },
		"when":   when, "day": day, "iso": iso, "span": span,
		"plain": plain, "words": inWords, "seen": visible, "pieces": pieces, "one": oneLine, "short": short,
		"web": webOnly, "host": hostName, "platform": platformName, "source": sourceWords, "state": stateOf, "pagestate": pageStateOf, "result": resultWords,
		"postpath": postPath, "accountpath": accountPath, "initials": initials, "hue": hue,
		"media": func(digest string) string { return "/media/" + strings.TrimPrefix(digest, "sha256:") }, "size": sizeWords,
		"lang": langTag, "number": func(n any) string { return grouped(fmt.Sprint(n)) }, "member": memberName, "jobwords": jobWords, "pageresult": pageResultClass,
		"count": countWords, "join": strings.Join, "list": func(v ...any) []any { return v }, "add": func(a, b int) int { return a + b },
		"lower": lowerFirst, "counted": countedWords,
		"positions": positionWords, "actwords": actWords, "segment": url.PathEscape,
	}
}

// when writes a time for people, and for programs beside it.
func when(v any) template.HTML {
	t, ok := asTime(v)
	if !ok {
		return "unknown"
	}
	//nolint:gosec // a time has no markup
	return template.HTML(`<time data-clock datetime="` + t.Format(time.RFC3339) + `">` + t.Format("2 Jan 2006, 15:04 UTC") + `</time>`)
}

// day writes a date.
func day(v any) template.HTML {
	t, ok := asTime(v)
	if !ok {
		return "unknown"
	}
	//nolint:gosec // a date has no markup
	return template.HTML(`<time datetime="` + t.Format(time.DateOnly) + `">` + t.Format("2 January 2006") + `</time>`)
}

func iso(v any) string {
	t, ok := asTime(v)
	if !ok {
		return ""
	}
	return t.Format(time.RFC3339)
}

func asTime(v any) (time.Time, bool) {
	switch t := v.(type) {
	case time.Time:
		return t.UTC(), !t.IsZero()
	case *time.Time:
		if t != nil {
			return t.UTC(), !t.IsZero()
		}
	}
	return time.Time{}, false
}

// span says how long something took, as people say it.
func span(d time.Duration) string {
	for _, u := range []struct {
		name string
		unit time.Duration
	}{{"year", 365 * 24 * time.Hour}, {"month", 30 * 24 * time.Hour}, {"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}} {
		if d >= 2*u.unit || d >= u.unit && u.unit <= 24*time.Hour {
			return countWords(int(d/u.unit), u.name)
		}
	}
	return "less than a minute"
}

// countWords writes a number with its noun.
func countWords(n any, noun string) string {
	number := fmt.Sprint(n)
	if number == "1" {
		return "1 " + noun
	}
	if stem, ok := strings.CutSuffix(noun, "y"); ok && !strings.HasSuffix(stem, "a") {
		noun = stem + "ie"
	}
	return grouped(number) + " " + noun + "s"
}

// countedWords writes a number beside what the platform calls it, which it does
// in the plural.
func countedWords(n int64, noun string) string {
	if n == 1 {
		switch {
		case strings.HasSuffix(noun, "ies"):
			noun = strings.TrimSuffix(noun, "ies") + "y"
		case strings.HasSuffix(noun, "s"):
			noun = strings.TrimSuffix(noun, "s")
		}
	}
	return grouped(fmt.Sprint(n)) + " " + noun
}

// lowerFirst returns a text with a small letter at its beginning.
func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}

// grouped writes a number with commas.
func grouped(s string) string {
	for i := len(s) - 3; i > 0 && s[i-1] >= '0' && s[i-1] <= '9'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func sizeWords(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.0f kB", float64(n)/(1<<10))
	}
	return countWords(n, "byte")
}

// visible is [plain] for text that may have lines, and may run from right to
// left: line ends, joiners and plain marks of direction are part of how people
// write.
func visible(s string) string {
	return spelled(s, hides)
}

// langTag returns a language tag that can be one, and nothing for any other.
func langTag(s string) string {
	if len(s) > 35 || strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
	}) {
		return ""
	}
	return s
}

// hides reports whether a character of a text changes how others stand.
func hides(r rune) bool {
	switch r {
	case '\n', '\t', 0x200e, 0x200f, 0x061c:
		return false
	case '\r':
		return true
	}
	return unseen(r) || r >= 0xe0000 && r <= 0xe0fff
}

// oneLine is a text without its lines, for titles and lists.
func oneLine(s string) string {
	return visible(strings.Join(strings.Fields(s), " "))
}

// short cuts a text on one line to so many characters.
func short(n int, s string) string {
	s = oneLine(s)
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	all := []rune(s)[:n]
	if i := lastSpace(all); i > n/2 {
		all = all[:i]
	}
	return strings.TrimRightFunc(string(all), unicode.IsPunct) + "…"
}

func lastSpace(s []rune) int {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == ' ' {
			return i
		}
	}
	return -1
}

// inWords returns a text with a capital at its beginning.
func inWords(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// piece is a part of a text, with where it leads.
type piece struct{ Text, Href string }

// pieces divides a text at the addresses in it.
func pieces(text string) []piece {
	var out []piece
	rest := visible(text)
	for {
		i := strings.Index(rest, "https://")
		if j := strings.Index(rest, "http://"); j >= 0 && (i < 0 || j < i) {
			i = j
		}
		if i < 0 {
			break
		}
		end := strings.IndexFunc(rest[i:], func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("<>\"‹›“”", r) })
		if end < 0 {
			end = len(rest) - i
		}
		address := strings.TrimRight(rest[i:i+end], ".,;:!?)]}'’…")
		if i > 0 {
			out = append(out, piece{Text: rest[:i]})
		}
		out = append(out, piece{address, webOnly(address)})
		rest = rest[i+len(address):]
	}
	if rest != "" {
		out = append(out, piece{Text: rest})
	}
	return out
}

// webOnly returns an address of the web, and nothing for any other: scripts and
// data are no place to go to.
func webOnly(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || strings.ContainsFunc(address, unseen) {
		return ""
	}
	u.User = nil
	return u.String()
}

// hostName returns the host of an address, as people read it.
func hostName(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return plain(short(80, address))
	}
	return plain(strings.TrimPrefix(u.Hostname(), "www."))
}

func platformName(p post.Platform) string {
	names := map[post.Platform]string{post.Twitter: "X", post.TikTok: "TikTok", post.YouTube: "YouTube", post.TruthSocial: "Truth Social",
		post.LinkedIn: "LinkedIn", post.SoundCloud: "SoundCloud"}
	if n := names[p]; n != "" {
		return n
	}
	return inWords(string(p))
}

func sourceWords(s post.Source) string { return s.Words() }

// standing is how something stands: Class for its colour, Words for people.
type standing struct{ Class, Words string }

// stateOf says how a post stands.
func stateOf(s view.Status) standing {
	words := s.Value.Words()
	switch {
	case s.Value == post.Live:
		return standing{"live", "Still there when last looked at"}
	case s.Value.Gone() && s.Confirmed:
		return standing{"gone", inWords(words)}
	case s.Value.Gone():
		return standing{"perhaps", "Perhaps " + words + "; not confirmed yet"}
	case s.Value.Hidden():
		return standing{"hid", inWords(words)}
	case words == "" && s.Value != "":
		return standing{"unknown", inWords(string(s.Value))}
	}
	return standing{"unknown", "Cannot tell whether it still stands"}
}

// Short is the state in a word or two.
func (s standing) Short() string {
	switch s.Class {
	case "live":
		return "still there"
	case "perhaps":
		return "perhaps gone"
	case "unknown":
		return "cannot tell"
	}
	return strings.ToLower(s.Words)
}

// pageStateOf says how a page stands.
func pageStateOf(v any) standing {
	var s view.PageStatus
	switch v := v.(type) {
	case view.PageStatus:
		s = v
	case *view.PageStatus:
		s = *v
	}
	words := map[store.PageResult]string{
		store.PageAlive: "Still there when last looked at", store.PageRedirected: "Leads elsewhere now", store.PageDrifted: "Still there, with another text",
		store.PageGone: "Gone", store.PageSoftGone: "Gone, as it says in words only", store.PageWalled: "Behind a wall: cannot tell",
	}[s.Value]
	switch {
	case s.Value == store.PageAlive:
		return standing{"live", words}
	case words == "":
		return standing{"unknown", "Cannot tell whether it still stands"}
	case s.Value == store.PageWalled:
		return standing{"hid", words}
	case !s.Confirmed:
		return standing{"perhaps", "Perhaps " + strings.ToLower(words) + "; not confirmed yet"}
	}
	return standing{"gone", words}
}

// pageResultClass is the colour of what one look at a page found.
func pageResultClass(r store.PageResult) string {
	return pageStateOf(view.PageStatus{Value: r, Confirmed: true}).Class
}

// resultWords says what one look found.
func resultWords(s post.Status) standing {
	switch {
	case s == post.Live:
		return standing{"live", "shown"}
	case s.Gone():
		return standing{"gone", s.Words()}
	case s.Hidden():
		return standing{"hid", s.Words()}
	}
	return standing{"unknown", "could not tell"}
}

// postPath is the address of a post's page.
func postPath(r post.Ref) string { return "/post/" + url.PathEscape(r.String()) }

// accountPath is the address of an account's page.
func accountPath(p post.Platform, a post.Author) string {
	switch {
	case a.Handle != "":
		return "/account/" + url.PathEscape(string(p)+":"+a.Handle)
	case a.ID != "":
		return "/account/" + url.PathEscape(string(p)+":#"+a.ID)
	}
	return ""
}

// initials stand for a portrait.
func initials(name string) string {
	var out []rune
	for _, word := range strings.Fields(name) {
		r, _ := utf8.DecodeRuneInString(word)
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			out = append(out, unicode.ToUpper(r))
		}
		if len(out) == 2 {
			break
		}
	}
	if len(out) == 0 {
		return "·"
	}
	return string(out)
}

// hue gives each account a colour of its own, of eight.
func hue(a post.Author) int {
	n := 0
	for _, c := range []byte(a.ID + a.Handle) {
		n = n*31 + int(c)
	}
	return n & 7
}

// positionWords says in which paragraphs something stands.
func positionWords(positions []int) string {
	if len(positions) == 0 {
		return "its place is not known"
	}
	out := make([]string, len(positions))
	for i, p := range positions {
		out[i] = fmt.Sprint(p)
	}
	if len(out) == 1 {
		return "paragraph " + out[0]
	}
	return "paragraphs " + strings.Join(out, ", ")
}

package extract

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxQuotedLinks bounds Quoted.Links. A post has room for a dozen.
const maxQuotedLinks = 64

// textLink finds where an address may begin. The platform's own links are also
// found in the middle of a word, where tools glue them to the one before.
var textLink = regexp.MustCompile(`https?://|pic\.(?:twitter|x)\.com/|t\.co/`)

// textLinks returns the addresses in the words of a post, as they stand there,
// in order of appearance.
func textLinks(text string) []string {
	var links []string
	for start, end := range linkSpans(text) {
		if len(links) == maxQuotedLinks {
			break
		}
		if link := text[start:end]; !slices.Contains(links, link) {
			links = append(links, link)
		}
	}
	return links
}

// linkSpans yields where the addresses in text stand.
func linkSpans(text string) func(yield func(start, end int) bool) {
	return func(yield func(start, end int) bool) {
		for at := 0; at < len(text); {
			m := textLink.FindStringIndex(text[at:])
			if m == nil {
				return
			}
			start, end := at+m[0], linkEnd(text, at+m[0], at+m[1])
			at += m[1]
			if end == 0 || text[start] == 't' && gluedToHost(text, start) {
				continue
			}
			if !yield(start, end) {
				return
			}
			at = end
		}
	}
}

// gluedToHost reports whether t.co at start is the end of another host name,
// as in at.co.
func gluedToHost(text string, start int) bool {
	r, _ := utf8.DecodeLastRuneInString(text[:start])
	return start > 0 && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(".-/@_", r))
}

// linkEnd returns where the address ends that begins at start and whose scheme
// or host ends at head; 0 where it is none.
func linkEnd(text string, start, head int) int {
	id := head
	if text[start] == 'h' {
		rest := text[head:]
		switch {
		case strings.HasPrefix(rest, "t.co/"):
			id = head + len("t.co/")
		case strings.HasPrefix(rest, "pic.twitter.com/"):
			id = head + len("pic.twitter.com/")
		default:
			return addressEnd(text, head)
		}
	}
	// The ids of t.co and pic.twitter.com have ten characters; early ones
	// fewer. What follows the tenth is the next word, glued.
	n := 0
	for n < 10 && id+n < len(text) && isWordByte(text[id+n]) {
		n++
	}
	if n == 0 {
		return 0
	}
	return id + n
}

func isWordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// addressEnd returns where an address of any kind ends that has its host at
// head: before white space, brackets, quotation marks and characters of
// scripts without spaces, and without punctuation at its end.
func addressEnd(text string, head int) int {
	end := head
	for end < len(text) && end-head < 2048 {
		r, size := utf8.DecodeRuneInString(text[end:])
		if flatSpace(r) || strings.ContainsRune("<>\"“”„«»‘’()[]{}|…—", r) || eastern(r) || r >= 0x3000 && r <= 0x303f {
			break
		}
		end += size
	}
	end = head + len(strings.TrimRight(text[head:end], ".,;:!?'*_"))
	if end-head < 4 || !strings.Contains(text[head:end], ".") {
		return 0
	}
	return end
}

// endsWithPostLink reports whether s ends with a link that only posts have:
// t.co or pic.twitter.com.
func endsWithPostLink(s string) bool {
	s = strings.TrimRightFunc(s, flatSpace)
	_, end := lastPostLink(s)
	return end > 0 && end == len(s)
}

// lastPostLink returns where the last t.co or pic.twitter.com link in the last
// 80 bytes of s stands, or -1.
func lastPostLink(s string) (start, end int) {
	from := max(0, len(s)-80)
	start, end = -1, -1
	for a, b := range linkSpans(s[from:]) {
		if isPostLink(s[from+a : from+b]) {
			start, end = from+a, from+b
		}
	}
	return start, end
}

func isPostLink(link string) bool {
	link = strings.TrimPrefix(strings.TrimPrefix(link, "https://"), "http://")
	return strings.HasPrefix(link, "t.co/") || strings.HasPrefix(link, "pic.twitter.com/") || strings.HasPrefix(link, "pic.x.com/")
}

// The numbers of characters that a post may have: Twitter doubled its 140 on
// 7 November 2017 after a trial that began on 26 September.
const (
	shortPost = 140
	longPost  = 280
	// blueskyPost is Bluesky's limit.
	blueskyPost = 300
	// postSlack is what may come on top: links that are not counted, and
	// character references that were not decoded.
	postSlack = 40
	// longestPost bounds what is taken since 2023, when subscribers may write
	// longer posts.
	longestPost = 4000
)

// postLimit returns how many characters a post of that day may have.
func postLimit(s *signOff) int {
	switch {
	case strings.Contains(s.handle, "."):
		return blueskyPost + postSlack
	case s.date != "" && s.date < "2017-09-26":
		return shortPost + postSlack
	}
	return longPost + postSlack
}

// postWeight counts characters as Twitter does: an address counts 23, what is
// neither Latin nor a neighbour of it counts two, and so do emoji, whatever
// they are made of. Short posts of old count every character once.
func postWeight(s string, limit int) int {
	wide := 2
	if limit < longPost {
		wide = 1
	}
	w, at := 0, 0
	for start, end := range linkSpans(s) {
		w += runeWeight(s[at:start], wide)
		if !strings.HasPrefix(s[start:end], "pic.") {
			w += 23
		}
		at = end
	}
	return w + runeWeight(s[at:], wide)
}

func runeWeight(s string, wide int) int {
	w := 0
	for _, r := range s {
		switch {
		case r < 0x1100, r >= 0x2000 && r <= 0x200a, r >= 0x2010 && r <= 0x201f, r >= 0x2032 && r <= 0x2037:
			w++
		case r == 0x200d || r >= 0xfe00 && r <= 0xfe0f || r >= 0x1f3fb && r <= 0x1f3ff || r >= 0xe0020 && r <= 0xe007f:
		default:
			w += wide
		}
	}
	return w
}

// fittingStart returns the first offset at or after start, on a character's
// border, from which what stands before end fits into a post. Weights grow
// with length but for links that are cut, which makes no difference of note.
func fittingStart(text string, start, end, limit int) int {
	lo, hi := start, end
	for lo < hi {
		mid := (lo + hi) / 2
		for mid > lo && !utf8.RuneStart(text[mid]) {
			mid--
		}
		if postWeight(text[mid:end], limit) <= limit {
			hi = mid
			continue
		}
		_, size := utf8.DecodeRuneInString(text[mid:end])
		lo = mid + size
	}
	return lo
}

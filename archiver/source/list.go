package source

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// list is what a text with addresses says.
type list struct {
	items    []Item
	lines    int // lines that are no comment and not empty
	strange  int // lines that are no address
	cut      bool
	warnings []string
}

// readList reads a text with an address on each line, as a sitemap in text form
// or a file that people keep. Empty lines and those that begin with # do not
// count; what follows an address after a space is its title.
func readList(t *text, limit int) list {
	var l list
	r := bufio.NewReaderSize(t, 2*maxURL)
	for {
		line, prefix, err := r.ReadLine()
		if prefix {
			// Longer than any address: the rest of the line is passed over.
			for prefix && err == nil {
				_, prefix, err = r.ReadLine()
			}
			line = []byte("too long")
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				l.warnings = append(l.warnings, fmt.Sprintf("the list breaks off: %v", err))
			}
			break
		}
		if len(l.items) >= limit {
			l.cut = true
			break
		}
		l.line(strings.TrimSpace(string(line)))
	}
	l.warnings = append(l.warnings, t.warnings()...)
	if l.strange > 0 {
		l.warnings = append(l.warnings, plural(l.strange, "line is", "lines are")+" no web address")
	}
	if l.cut {
		l.warnings = append(l.warnings, fmt.Sprintf("the list has more than %d addresses: those after them were left out", limit))
	}
	return l
}

func (l *list) line(s string) {
	if s == "" || strings.HasPrefix(s, "#") {
		return
	}
	l.lines++
	address, title := s, ""
	if i := strings.IndexAny(s, " \t"); i > 0 {
		address, title = s[:i], s[i+1:]
	}
	if !strings.Contains(address, "://") {
		host, _, slash := strings.Cut(address, "/")
		if !slash || !strings.Contains(host, ".") || strings.ContainsAny(host, "@:<>\"(){}") {
			l.strange++
			return
		}
		address = "https://" + address
	}
	u, ok := webLink(address, nil)
	if !ok {
		l.strange++
		return
	}
	l.items = append(l.items, Item{URL: u, Title: plainWords(title, maxTitle)})
}

// looksLikeList reports whether a text begins as a list of addresses does: most
// of its first lines are addresses.
func looksLikeList(head string) bool {
	var l list
	for line := range strings.Lines(head) {
		if l.lines >= 20 {
			break
		}
		l.line(strings.TrimSpace(line))
	}
	return len(l.items) > 0 && len(l.items) > l.strange
}

// plural writes a number with the words for one or for several.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

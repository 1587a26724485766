package notify

import (
	"cmp"
	"slices"
	"strings"
)

// maxSubject is the longest subject of a mail and title of a message.
const maxSubject = 150

// part is a heading with the events under it.
type part struct {
	heading string
	views   []view
}

// parts sorts the events of a message into groups, what matters most first, and
// puts them into words. A message about one event is one part without heading.
func (m *message) parts() []part {
	if m.single() {
		return []part{{views: []view{m.view(&m.events[0])}}}
	}
	var counted tally
	for i := range m.events {
		counted.add(groupOf(&m.events[i].Event), 1)
	}
	var all []part
	for _, g := range counted.groups() {
		p := part{heading: g.phrase(counted.counts[g])}
		for i := range m.events {
			if groupOf(&m.events[i].Event) == g {
				p.views = append(p.views, m.view(&m.events[i]))
			}
		}
		all = append(all, p)
	}
	return all
}

// counted returns all events of the message by group, also those that are not
// written out.
func (m *message) counted() *tally {
	var t tally
	for i := range m.events {
		t.add(groupOf(&m.events[i].Event), 1)
	}
	for g, n := range m.more.counts {
		t.add(g, n)
	}
	return &t
}

// summary says in one line each what happened how often.
func (m *message) summary() []string {
	var lines []string
	t := m.counted()
	for _, g := range t.groups() {
		lines = append(lines, g.phrase(t.counts[g]))
	}
	return lines
}

// subject is the message in one line.
func (m *message) subject() string {
	if m.single() {
		return cut(heading(&m.events[0]), maxSubject)
	}
	lines := m.summary()
	const most = 3
	if left := len(lines) - most; left > 0 {
		lines = append(lines[:most:most], "and more")
	}
	s := strings.Join(lines, "; ")
	if who := m.onlyAuthor(); who != "" {
		s += ", all by " + who
	}
	return cut(strings.ToUpper(s[:1])+s[1:], maxSubject)
}

// onlyAuthor names the author where all events are about posts of one.
func (m *message) onlyAuthor() string {
	if m.more.total > 0 {
		return ""
	}
	who := ""
	for i := range m.events {
		p := m.events[i].Post
		if p == nil {
			return ""
		}
		switch a := author(p); {
		case a == "", who != "" && who != a:
			return ""
		default:
			who = a
		}
	}
	return who
}

// omitted says how many events are not written out, or "".
func (m *message) omitted() string {
	if m.more.total == 0 {
		return ""
	}
	return "And " + count(m.more.total, "more event", "more events") + " that this message does not list; the archive has them all."
}

// text is the message as plain text, from its parts.
func (m *message) text(parts []part) string {
	var b strings.Builder
	if !m.single() {
		for _, line := range m.summary() {
			b.WriteString("* " + line + "\n")
		}
	}
	for _, p := range parts {
		if p.heading != "" {
			b.WriteString("\n" + p.heading + "\n" + strings.Repeat("=", len([]rune(p.heading))) + "\n")
		}
		for i := range p.views {
			if b.Len() > 0 {
				b.WriteString("\n")
			}
			p.views[i].text(&b)
		}
	}
	if o := m.omitted(); o != "" {
		b.WriteString("\n" + o + "\n")
	}
	return b.String()
}

// text writes a view as plain text.
func (v *view) text(b *strings.Builder) {
	b.WriteString(v.heading + "\n")
	width := 0
	for _, f := range v.facts {
		width = max(width, len(f.name))
	}
	for _, f := range v.facts {
		b.WriteString("  " + f.name + ": " + strings.Repeat(" ", width-len(f.name)) + f.value + "\n")
	}
	for _, line := range v.words {
		b.WriteString(strings.TrimRight("  > "+line, " ") + "\n")
	}
	if v.note != "" {
		b.WriteString("  " + v.note + "\n")
	}
	if v.storiesHeading != "" {
		b.WriteString("  " + v.storiesHeading + "\n")
	}
	for _, s := range v.stories {
		b.WriteString("  - " + s.title + ", " + s.where + "\n")
		if s.address != "" && s.address != s.title {
			b.WriteString("    " + s.address + "\n")
		}
	}
	if v.rest != "" {
		b.WriteString("  - " + v.rest + "\n")
	}
	if in := v.archive(); in != "" {
		b.WriteString("  In the archive: " + in + "\n")
	}
}

// archive says how to find the post in the archive.
func (v *view) archive() string {
	if v.ref == "" {
		return v.link
	}
	return cmp.Or(v.link, "stet show "+shellWord(v.ref))
}

// shellWord quotes what a shell would not take as one word. Ids are the
// platforms' own and hold nothing else; a forged one must not become a command.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.:/@", r)
	}
	if !slices.ContainsFunc([]rune(s), func(r rune) bool { return !plain(r) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"stet/archiver/fetch"
)

// Slack's limits, and what is used of them. Slack takes 50 blocks of 3,000
// characters; Mattermost 16,383 characters in all, and reads only the text.
const (
	slackBlock   = 2900
	slackMessage = 12_000
	slackHeader  = 150
	// In a digest words are cut, and stories listed, so far.
	slackWords   = 280
	slackStories = 5
	// Escaping makes five characters of one. What is put on one line is cut so
	// that the line still fits into a block.
	slackLine  = 500 // a post's words
	slackValue = 400
	slackLabel = 150
	slackURL   = 800 // longer addresses, escaped, are not linked
)

// slack posts messages to an incoming webhook of Slack or its like.
type slack struct{ poster }

func newSlack(c *fetch.Client, t *Target) *slack {
	return &slack{poster{client: c, url: t.URL}}
}

func (s *slack) send(ctx context.Context, m *message) error {
	body, err := s.body(m)
	if err != nil {
		return err
	}
	return s.post(ctx, body, http.Header{"Content-Type": {"application/json; charset=utf-8"}, DeliveryHeader: {m.id}})
}

// The form of a message. Links are not unfurled: Slack would fetch what they
// lead to, and show the words of posts although they may not be told.
type (
	slackPayload struct {
		Text        string     `json:"text"`
		Blocks      []slackBlk `json:"blocks"`
		Parse       string     `json:"parse"`
		LinkNames   bool       `json:"link_names"`
		UnfurlLinks bool       `json:"unfurl_links"`
		UnfurlMedia bool       `json:"unfurl_media"`
	}
	slackBlk struct {
		Type string    `json:"type"`
		Text slackText `json:"text"`
	}
	// slackText is plain_text, with Emoji, or mrkdwn, with Verbatim.
	slackText struct {
		Type     string `json:"type"`
		Text     string `json:"text"`
		Emoji    *bool  `json:"emoji,omitempty"`
		Verbatim bool   `json:"verbatim,omitempty"`
	}
)

func (s *slack) body(m *message) ([]byte, error) {
	no := false
	parts := m.parts()
	p := slackPayload{Parse: "none", Text: strings.Join(slackLines(m, parts, escapeShy), "\n")}
	p.Blocks = append(p.Blocks, slackBlk{"header", slackText{Type: "plain_text", Text: cut(m.subject(), slackHeader), Emoji: &no}})
	for _, section := range slackSections(slackLines(m, parts, escapeSlack)[1:]) {
		p.Blocks = append(p.Blocks, slackBlk{"section", slackText{Type: "mrkdwn", Text: section, Verbatim: true}})
	}
	body, err := json.Marshal(&p)
	if err != nil {
		return nil, fmt.Errorf("writing a message for Slack: %w", err)
	}
	return body, nil
}

// slackSections packs lines into texts of at most slackBlock characters.
func slackSections(lines []string) []string {
	var all []string
	var b strings.Builder
	n := 0
	flush := func() {
		if s := strings.Trim(b.String(), "\n"); s != "" {
			all = append(all, s)
		}
		b.Reset()
		n = 0
	}
	for _, line := range lines {
		size := utf8.RuneCountInString(line) + 1
		if n+size > slackBlock {
			flush()
		}
		b.WriteString(line + "\n")
		n += size
	}
	flush()
	return all
}

// slackLines writes a message as lines of Slack's markup, the first of which is
// the subject: as much as fits into slackMessage characters, and how much does
// not.
func slackLines(m *message, parts []part, escape func(string) string) []string {
	lines := []string{"*" + escape(m.subject()) + "*"}
	room := slackMessage - size(lines)
	add := func(more ...string) bool {
		n := size(more)
		if n > room {
			return false
		}
		room -= n
		lines = append(lines, more...)
		return true
	}
	if m.single() {
		v := &parts[0].views[0]
		for _, l := range v.slackFull(escape, room) {
			if !add(l) {
				break
			}
		}
		return lines
	}
	for _, l := range m.summary() {
		add("• " + escape(l))
	}
	left := m.more.total
	full := false
	for _, p := range parts {
		for i := range p.views {
			// Once something did not fit, nothing further is listed, so that
			// what is listed is the beginning.
			if !full {
				full = !add(p.views[i].slackShort(escape)...)
			}
			if full {
				left++
			}
		}
	}
	if left > 0 {
		lines = append(lines, "", "_And "+count(left, "more event", "more events")+" that this message does not list; the archive has them all._")
	}
	return lines
}

// size counts the characters of lines, their ends included.
func size(lines []string) int {
	n := 0
	for _, l := range lines {
		n += utf8.RuneCountInString(l) + 1
	}
	return n
}

// slackFull writes a view that has a message for itself, for about room
// characters: first what matters more than the words, which can be cut, then
// as many stories as fit.
func (v *view) slackFull(escape func(string) string, room int) []string {
	var lines []string
	for _, f := range v.facts {
		lines = append(lines, escape(f.name)+": "+slackLink(f.link, cut(f.value, slackValue), escape))
	}
	end := v.slackEnd(escape)
	room -= size(lines) + size(end)
	// The words take at most half of the room.
	for _, w := range cutWords(v.words, room/2, escape) {
		lines = append(lines, w)
		room -= size([]string{w})
	}
	if v.note != "" {
		lines = append(lines, "_"+escape(v.note)+"_")
	}
	if v.storiesHeading != "" {
		lines = append(lines, escape(v.storiesHeading))
	}
	room -= slackBlock / 4 // the note, the heading and how many more there are
	for i, s := range v.stories {
		line := s.slack(escape)
		if room -= size([]string{line}); room < 0 {
			lines = append(lines, "• "+count(len(v.stories)-i, "more story", "more stories"))
			break
		}
		lines = append(lines, line)
	}
	return append(lines, end...)
}

// cutWords quotes a post's words in at most room characters.
func cutWords(words []string, room int, escape func(string) string) []string {
	var lines []string
	for _, w := range words {
		for _, piece := range pieces(w, slackLine) {
			line := "> " + escape(piece)
			if room -= size([]string{line}); room < 0 {
				return append(lines, "> […]")
			}
			lines = append(lines, line)
		}
	}
	return lines
}

// slackShort writes a view as one of many.
func (v *view) slackShort(escape func(string) string) []string {
	lines := []string{""}
	head := "*" + escape(v.heading) + "*"
	var times []string
	for _, f := range v.facts {
		switch f.name {
		case "Post", "Article":
			label := "original"
			if f.link == "" {
				label = cut(f.value, slackLabel)
			}
			head += " " + slackLink(f.link, label, escape)
		case "Last seen alive", "First seen gone", "Seen hidden", "Seen again", "What":
			times = append(times, escape(f.name)+": "+escape(f.value))
		}
	}
	lines = append(lines, head)
	if len(times) > 0 {
		lines = append(lines, strings.Join(times, "; "))
	}
	if w := clean(strings.Join(v.words, " "), slackWords); w != "" {
		lines = append(lines, "> "+escape(w))
	}
	if v.note != "" {
		lines = append(lines, "_"+escape(v.note)+"_")
	}
	for _, s := range v.stories[:min(len(v.stories), slackStories)] {
		lines = append(lines, s.slack(escape))
	}
	if left := len(v.stories) - slackStories; left > 0 {
		lines = append(lines, "• "+count(left, "more story", "more stories"))
	}
	return append(lines, v.slackEnd(escape)...)
}

// slackEnd writes what follows the stories.
func (v *view) slackEnd(escape func(string) string) []string {
	var lines []string
	if v.rest != "" {
		lines = append(lines, "• "+escape(v.rest))
	}
	if in := v.archive(); in != "" {
		if v.link != "" {
			in = cut(in, slackLabel)
		}
		lines = append(lines, "In the archive: "+slackLink(v.link, in, escape))
	}
	return lines
}

func (s *story) slack(escape func(string) string) string {
	return "• " + slackLink(s.link, s.title, escape) + ", " + escape(s.where)
}

// slackLink writes a link in Slack's markup, or the label alone.
func slackLink(link, label string, escape func(string) string) string {
	link = strings.ReplaceAll(link, "&", "&amp;") // a link that is clean holds nothing else that means something here
	if link == "" || len(link) > slackURL {
		return escape(label)
	}
	return "<" + link + "|" + escape(label) + ">"
}

// escapeSlack escapes text for Slack's markup, so that it can be neither a link
// nor a mention: https://docs.slack.dev/messaging/formatting-message-text
// (escaping text). Sections are verbatim, so nothing else is looked for.
func escapeSlack(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// escapeShy is escapeSlack for those that read the plain text as Markdown and
// look for names in it (Mattermost, Discord): a word joiner, which is not seen,
// keeps @all from calling everybody, and [words](address) from being a link.
func escapeShy(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "@", "@\u2060", "]", "]\u2060").Replace(s)
}

// pieces cuts a line into pieces of at most max characters.
func pieces(s string, max int) []string {
	var all []string
	for utf8.RuneCountInString(s) > max {
		at := 0
		for i := range s {
			if at++; at > max {
				at = i
				break
			}
		}
		all = append(all, s[:at])
		s = s[at:]
	}
	return append(all, s)
}

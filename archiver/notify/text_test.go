package notify

import (
	"encoding/json"
	"mime"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"stet/archiver"
	"stet/extract/post"
)

func TestClean(t *testing.T) {
	tests := []struct {
		in   string
		max  int
		want string
	}{
		{"plain", 10, "plain"},
		{"  two\r\n lines\t here ", 40, "two lines here"},
		{"a\x00b\x1b[31mc\x7f", 40, "ab[31mc"},
		{"to \u202emoc.live\u202c by \u2066x\u2069", 40, "to moc.live by x"},
		{"\ufeffmark", 40, "mark"},
		{"line\u2028and\u2029paragraph\u0085next", 40, "line and paragraph next"},
		{"bad \xff byte", 40, "bad � byte"},
		{"1234567890", 10, "1234567890"},
		{"12345678901", 10, "123456789…"},
		{"ééééé", 4, "ééé…"},
		{"👨‍👩‍👧 family", 40, "👨‍👩‍👧 family"},
		{"", 5, ""},
	}
	for _, tt := range tests {
		if got := clean(tt.in, tt.max); got != tt.want {
			t.Errorf("clean(%q, %d) = %q, want %q", tt.in, tt.max, got, tt.want)
		}
	}
	if got := cleanLines("a \r\n\r\nb\u202e\n\n", 40); !slices.Equal(got, []string{"a", "", "b"}) {
		t.Errorf("cleanLines: %q", got)
	}
}

func TestLink(t *testing.T) {
	tests := []struct{ in, want string }{
		{"https://x.com/a/status/1", "https://x.com/a/status/1"},
		{"http://news.example/ä?q=ö z", "http://news.example/%C3%A4?q=ö%20z"},
		{`https://news.example/a|b?c=<script>"'|` + "`", "https://news.example/a%7Cb?c=%3Cscript%3E%22%27%7C%60"},
		{"javascript:alert(1)", ""},
		{"data:text/html,x", ""},
		{"file:///etc/passwd", ""},
		{"/home/ada/draft.html", ""},
		{"https://user:password@news.example/", ""},
		{"https:///nohost", ""},
		{"https://news.example/" + strings.Repeat("a", maxLink), ""},
		{"https://news.example/\u202egpj", "https://news.example/%E2%80%AEgpj"},
		{"https://news.example/?q=\u202egpj", ""},
		{"https://a<b>c.example/", ""},
		{`https://a"b.example/`, ""},
		{"", ""},
	}
	for _, tt := range tests {
		if got := link(tt.in); got != tt.want {
			t.Errorf("link(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestParagraphs(t *testing.T) {
	many := make([]int, 25)
	for i := range many {
		many[i] = i + 1
	}
	tests := []struct {
		in   []int
		want string
	}{
		{nil, "position unknown"},
		{[]int{7}, "paragraph 7"},
		{[]int{7, 9}, "paragraphs 7 and 9"},
		{[]int{1, 2, 3}, "paragraphs 1, 2 and 3"},
		{many[:20], "paragraphs 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19 and 20"},
		{many, "paragraphs 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20 and 5 more"},
	}
	for _, tt := range tests {
		if got := paragraphs(tt.in); got != tt.want {
			t.Errorf("paragraphs(%v) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestShellWord(t *testing.T) {
	tests := []struct{ in, want string }{
		{"twitter:123", "twitter:123"},
		{"bluesky:at://did:plc:abc/app.bsky.feed.post/3k", "bluesky:at://did:plc:abc/app.bsky.feed.post/3k"},
		{"x:$(rm -rf /)", "'x:$(rm -rf /)'"},
		{"x:'; ls", `'x:'\''; ls'`},
	}
	for _, tt := range tests {
		if got := shellWord(tt.in); got != tt.want {
			t.Errorf("shellWord(%q) = %s, want %s", tt.in, got, tt.want)
		}
	}
}

// Only what the author deleted may be said to be.
func TestOnlyDeletedIsWordedSo(t *testing.T) {
	for _, status := range []post.Status{post.AccountSuspended, post.AccountGone, post.Removed, post.NotFound, post.Protected, post.Withheld, "new-word"} {
		for _, event := range []string{archiver.EventGone, archiver.EventSuspected, archiver.EventHidden} {
			ev := lost(event, status, event == archiver.EventGone)
			ev.Status.Reason = ""
			m := (&follower{n: &Notifier{}}).message(&batch{events: []archiver.Event{ev, ev}})
			if text := m.subject() + m.text(m.parts()); strings.Contains(text, "deleted") || strings.Contains(text, "by its author") {
				t.Errorf("%s, %s: %s", event, status, text)
			}
		}
	}
}

func TestSubjectIsFolded(t *testing.T) {
	for _, s := range []string{strings.Repeat("п", maxSubject), strings.Repeat("字", maxSubject), strings.Repeat("é x", maxSubject/3), "plain"} {
		folded := encodeHeader(s)
		for line := range strings.SplitSeq(folded, "\r\n") {
			if len(line) > 900 {
				t.Errorf("a line of %d bytes", len(line))
			}
		}
		msg, err := mail.ReadMessage(strings.NewReader("Subject: " + folded + "\r\n\r\n"))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject")); err != nil || got != s {
			t.Errorf("%q came back as %q, %v", s, got, err)
		}
	}
}

func TestHalve(t *testing.T) {
	tests := []struct {
		seqs []uint64
		keep int // 0: cannot be halved
	}{
		{[]uint64{1}, 0},
		{[]uint64{4, 4, 4}, 0},
		{[]uint64{1, 2}, 1},
		{[]uint64{1, 2, 3, 4}, 2},
		{[]uint64{1, 1, 1, 2}, 3},
		{[]uint64{1, 2, 2, 2}, 1},
		{[]uint64{1, 2, 2, 3}, 3},
		{[]uint64{1, 2, 3, 3, 3, 3}, 2},
	}
	for _, tt := range tests {
		b := batch{after: 0, upTo: 9}
		for _, s := range tt.seqs {
			b.events = append(b.events, archiver.Event{Seq: s})
		}
		b.more.add(group{event: "x"}, 5)
		ok := b.halve()
		if ok != (tt.keep > 0) {
			t.Errorf("%v: halved is %v", tt.seqs, ok)
			continue
		}
		if ok && (len(b.events) != tt.keep || b.upTo != tt.seqs[tt.keep-1] || b.more.total != 0) {
			t.Errorf("%v: kept %d up to %d, %d more", tt.seqs, len(b.events), b.upTo, b.more.total)
		}
	}
}

// fuzzed is a message whose strings are strangers'.
func fuzzed(text, name, address, title string, n int) *message {
	ev := lost(archiver.EventGone, post.Deleted, true)
	ev.Post.Text, ev.Post.Author.Name, ev.Post.Author.Handle, ev.Post.URL = text, name, title, address
	ev.Status.Reason = text
	ev.Mentions = nil
	for range n % 40 {
		ev.Mentions = append(ev.Mentions, archiver.EventMention{Article: address, Title: title, Positions: []int{1}})
	}
	events := []archiver.Event{ev}
	for range n % 8 {
		events = append(events, ev)
	}
	return (&follower{n: &Notifier{}, t: Target{IncludeText: true}}).message(&batch{events: events})
}

// hostile is what strangers could write.
func hostile() [][4]string {
	return [][4]string{
		{"Ten boats", "Ada", "https://x.com/a/status/1", "The harbour"},
		{"<!channel> <https://evil.example|click> & @all [a](https://evil.example) \u202e", "<@U123>", "https://x.com/?a=<b>|c&d", "a\r\nBcc: all@newsroom.example"},
		{strings.Repeat("&<>@]", 900), strings.Repeat("&", 300), "https://x.com/?" + strings.Repeat("&", 1400), strings.Repeat("<", 400)},
		{strings.Repeat("字\n", 3000), "\xff\xfe", "javascript:alert(1)", "=?utf-8?q?=0d=0aX: y?="},
		{strings.Repeat("a", 30_000), strings.Repeat("[", 300), "https://a<b>c.example/", ".\r\n.\r\n"},
	}
}

// Whatever strangers write: texts hold no control characters, messages for
// Slack keep its limits and hold no mention and no link but ours, and mails are
// mails.
func TestHostileTexts(t *testing.T) {
	c := testMailer(t)
	for _, h := range hostile() {
		for _, n := range []int{0, 7, 39} {
			checkTexts(t, c, fuzzed(h[0], h[1], h[2], h[3], n))
		}
	}
}

func FuzzTexts(f *testing.F) {
	for _, h := range hostile()[:2] {
		f.Add(h[0], h[1], h[2], h[3], 1)
	}
	c := testMailer(f)
	f.Fuzz(func(t *testing.T, text, name, address, title string, n int) {
		checkTexts(t, c, fuzzed(text, name, address, title, max(n, 0)))
	})
}

func testMailer(t testing.TB) *mailer {
	c, err := newMailer(&Target{From: "stet@newsroom.example", To: []string{"desk@newsroom.example"}}, func() time.Time { return at(3, 12) })
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func checkTexts(t *testing.T, c *mailer, m *message) {
	for _, s := range []string{m.text(m.parts()), m.subject()} {
		if i := strings.IndexFunc(s, func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || r >= 0x202a && r <= 0x202e) }); i >= 0 {
			t.Errorf("a control character at %d of %q", i, s)
		}
	}
	checkSlack(t, m)
	raw, err := c.compose(m)
	if err != nil {
		t.Fatal(err)
	}
	checkMail(t, raw)
}

func checkSlack(t *testing.T, m *message) {
	body, err := new(slack).body(m)
	if err != nil {
		t.Fatal(err)
	}
	var p slackPayload
	if err := json.Unmarshal(body, &p); err != nil {
		t.Fatal(err)
	}
	if len(p.Blocks) > 50 || len(p.Blocks) < 2 || utf8.RuneCountInString(p.Text) > slackMessage {
		t.Errorf("%d blocks, %d characters", len(p.Blocks), utf8.RuneCountInString(p.Text))
	}
	for i, b := range p.Blocks {
		n := utf8.RuneCountInString(b.Text.Text)
		if n == 0 || n > 3000 || i == 0 && n > 150 {
			t.Errorf("block %d has %d characters", i, n)
		}
		if i > 0 {
			checkMarkup(t, b.Text.Text)
		}
	}
	checkMarkup(t, p.Text)
	if strings.Contains(p.Text, "@all") || strings.Contains(p.Text, "](") {
		t.Errorf("a mention or a link in %q", p.Text)
	}
}

// checkMarkup fails where a "<" begins anything but a link to the web that ends
// on the same line.
func checkMarkup(t *testing.T, s string) {
	for line := range strings.SplitSeq(s, "\n") {
		line = strings.TrimPrefix(line, "> ")
		for {
			before, rest, ok := strings.Cut(line, "<")
			if strings.Contains(before, ">") {
				t.Errorf("a bare > in %q", line)
			}
			if !ok {
				break
			}
			inside, after, closed := strings.Cut(rest, ">")
			if !closed || !strings.HasPrefix(inside, "https://") && !strings.HasPrefix(inside, "http://") || strings.Count(inside, "|") < 1 || strings.Contains(inside, "<") {
				t.Errorf("not a link: %q", line)
			}
			line = after
		}
	}
}

// checkMail fails where a mail has headers that we did not write, or lines that
// are too long or do not end in CRLF.
func checkMail(t *testing.T, raw []byte) {
	head, _, ok := strings.Cut(string(raw), "\r\n\r\n")
	if !ok {
		t.Fatalf("no head in %q", raw)
	}
	for line := range strings.SplitSeq(head, "\r\n") {
		name, _, _ := strings.Cut(line, ":")
		known := []string{"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Auto-Submitted", "X-Stet-Event", "X-Stet-Delivery", "Content-Type"}
		if line[0] != ' ' && !slices.Contains(known, name) || strings.ContainsAny(line, "\r\n") {
			t.Errorf("header %q", line)
		}
	}
	for i, line := range strings.Split(string(raw), "\n") {
		if len(line) > 998 || line != "" && line[len(line)-1] != '\r' {
			t.Errorf("line %d: %q", i, line)
		}
	}
	if i := slices.IndexFunc(raw, func(b byte) bool { return b >= 0x80 }); i >= 0 {
		t.Errorf("not ASCII at %d", i)
	}
}

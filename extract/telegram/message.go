package telegram

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// EmbedParser and PreviewParser name the parsers of the two pages, with their
// versions. The pages show posts in the same markup.
const (
	EmbedParser   = "telegram.embed/1"
	PreviewParser = "telegram.preview/1"
)

// ParseEmbed reads the post id from an embed page. It errors with
// [extract.ErrShape] where the page does not show it.
func ParseEmbed(id string, body []byte) (extract.Parsed, error) {
	doc, ok := extract.Response{Body: body}.Page()
	if !ok {
		return extract.Parsed{}, fmt.Errorf("%w: no page", extract.ErrShape)
	}
	m, _ := messageOf(doc, id)
	if m == nil {
		return extract.Parsed{}, fmt.Errorf("%w: the page does not show %.50s", extract.ErrShape, id)
	}
	return parseMessage(m, id)
}

// message is a post while it is read.
type message struct {
	post  post.Post
	notes []string
	voted string
	// outside is true where the page says that the platform's own programs show
	// more.
	outside bool
}

func (m *message) note(format string, args ...any) {
	m.notes = append(m.notes, fmt.Sprintf(format, args...))
}

// parseMessage reads a post from its element. One without a time is none.
func parseMessage(n *html.Node, id string) (extract.Parsed, error) {
	t, ok := Site{}.PostByID(id)
	if !ok {
		return extract.Parsed{}, fmt.Errorf("%w: %.50q is no id", extract.ErrShape, id)
	}
	m := &message{post: post.Post{Platform: post.Telegram, ID: id, URL: t.URL}}
	m.post.Author.Handle, m.post.Author.URL = t.Handle, "https://t.me/"+t.Handle
	if written := extract.Attr(n, "data-post"); !sameID(written, id) {
		channel, number, _ := strings.Cut(written, "/")
		if whole, ok := (Site{}).PostByID(strings.ToLower(channel) + "/" + number); ok {
			m.post.Aliases = []post.Ref{whole.Ref}
			m.note("a part of the album %s, of which all parts are kept", whole.Ref.ID)
		}
	}
	m.channelID(extract.Attr(n, "data-view"))
	m.walk(n)
	if m.post.Posted.IsZero() {
		return extract.Parsed{}, fmt.Errorf("%w: a post without its time", extract.ErrShape)
	}
	if m.outside && m.post.Text == "" && len(m.post.Media) == 0 {
		m.post.Incomplete = true
		m.note("the platform shows this post in its own programs only")
	}
	if m.post.Poll != nil && m.voted != "" {
		m.note("%s voted in the poll; the page tells whole per cent, and no votes", m.voted)
	}
	return extract.Parsed{Post: m.post, Notes: m.notes}, nil
}

// channelID reads the number of the channel, which stays when its name changes,
// from what the page tells its script.
func (m *message) channelID(view string) {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(view), "="))
	if err != nil || len(raw) == 0 {
		return
	}
	v, err := extract.ParseValue(raw)
	if c := v.Get("c").Int(); err == nil && c != 0 {
		m.post.Author.ID = strconv.FormatInt(max(c, -c), 10)
	}
}

// walk goes over the elements of a post. What is read as a whole is not entered,
// since quoted posts and previews have texts and pictures of the same classes.
func (m *message) walk(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode && !m.element(c) {
			m.walk(c)
		}
	}
}

// element reads one element. It reports whether that is all there is to do.
func (m *message) element(n *html.Node) bool {
	for class := range strings.FieldsSeq(extract.Attr(n, "class")) {
		name, ok := strings.CutPrefix(class, "tgme_widget_message_")
		if !ok {
			if class == "message_media_not_supported" {
				m.outside = true
				return true
			}
			continue
		}
		if m.media(n, name) || m.around(n, name) {
			return true
		}
	}
	return n.DataAtom == atom.Script || n.DataAtom == atom.Style
}

// around reads what is not a file.
func (m *message) around(n *html.Node, name string) bool {
	switch name {
	case "text":
		m.text(n)
	case "owner_name":
		m.post.Author.Name = extract.Text(n)
	case "author_name":
		m.sender(n)
	case "from_author":
		m.note("signed %s", extract.Text(n))
	case "reply":
		if t, ok := parse(extract.Attr(n, "href")); ok {
			m.post.Parent = t.Ref
		}
	case "forwarded_from":
		m.forwarded(n)
	case "link_preview":
		m.card(n)
	case "poll":
		m.poll(n)
	case "voters":
		m.voted = extract.Text(n)
	case "views":
		m.views(extract.Text(n))
	case "meta":
		m.meta(n)
	case "via_bot":
		m.note("via %s", extract.Text(n))
	case "reactions", "user", "inline_keyboard", "bubble_tail":
	default:
		return false
	}
	return true
}

// text reads the words of the post. What is hidden until the reader asks for it
// is text, too.
func (m *message) text(n *html.Node) {
	t := extract.Text(n)
	if m.post.Text != "" && t != "" {
		t = m.post.Text + "\n\n" + t
	}
	m.post.Text = t
	seen := map[string]bool{}
	for a := range extract.Elements(n, atom.A) {
		href := extract.Attr(a, "href")
		u, ok := extract.ParseLink(href)
		if !ok || u.Host == "" || seen[href] {
			continue
		}
		seen[href] = true
		l := post.Link{URL: href}
		if shown := extract.Text(a); shown != href {
			l.Display = shown
		}
		m.post.Links = append(m.post.Links, l)
	}
}

// sender reads who wrote a post in a group, in which posts have no owner.
func (m *message) sender(n *html.Node) {
	if m.post.Author.Name != "" {
		return
	}
	group := m.post.Author.Handle
	m.post.Author = post.Author{Name: extract.Text(n)}
	if u, ok := extract.ParseLink(extract.Attr(n, "href")); ok {
		if t, _ := (Site{}).ParseURL(u); t.Handle != "" {
			m.post.Author.Handle, m.post.Author.URL = t.Handle, t.URL
		}
	}
	m.note("in the group %s", group)
}

// forwarded reads where a post was forwarded from.
func (m *message) forwarded(n *html.Node) {
	for d := range extract.Elements(n) {
		if !extract.HasClass(d, "tgme_widget_message_forwarded_from_name") {
			continue
		}
		if t, ok := parse(extract.Attr(d, "href")); ok {
			m.post.Reposted = t.Ref
		}
		m.note("forwarded from %s", extract.Text(d))
		return
	}
}

// card reads the preview of a linked page.
func (m *message) card(n *html.Node) {
	c := &post.Card{URL: extract.Attr(n, "href")}
	for d := range extract.Elements(n) {
		switch {
		case extract.HasClass(d, "link_preview_title"):
			c.Title = extract.Text(d)
		case extract.HasClass(d, "link_preview_description"):
			c.Description = extract.Text(d)
		case extract.HasClass(d, "link_preview_image"), extract.HasClass(d, "link_preview_right_image"):
			c.Image = background(d)
		}
	}
	m.post.Card = c
}

// poll reads a poll. The page tells the answers' shares in whole per cent, and
// no votes, so that the shares stand in the labels.
func (m *message) poll(n *html.Node) {
	p := &post.Poll{}
	percent := ""
	for d := range extract.Elements(n) {
		switch {
		case extract.HasClass(d, "tgme_widget_message_poll_question"):
			m.text(d)
		case extract.HasClass(d, "tgme_widget_message_poll_type"):
			p.Final = strings.EqualFold(extract.Text(d), "Final results")
		case extract.HasClass(d, "tgme_widget_message_poll_option_percent"):
			percent = extract.Text(d)
		case extract.HasClass(d, "tgme_widget_message_poll_option_text"):
			p.Options = append(p.Options, post.PollOption{Label: strings.TrimSpace(extract.Text(d) + " (" + percent + ")")})
		}
	}
	if len(p.Options) > 0 {
		m.post.Poll = p
	}
}

// views reads a number as the page writes it: 987, 1.2K, 3.4M.
func (m *message) views(s string) {
	unit := 1.0
	switch {
	case strings.HasSuffix(s, "K"):
		unit = 1e3
	case strings.HasSuffix(s, "M"):
		unit = 1e6
	}
	f, err := strconv.ParseFloat(strings.TrimRight(s, "KM"), 64)
	if err != nil || math.IsNaN(f) || f < 0 || f > 1e6 {
		return
	}
	m.post.Counts = map[string]int64{"views": int64(math.Round(f * unit))}
}

// meta reads the time, and whether the post was edited, which stands before it.
func (m *message) meta(n *html.Node) {
	for d := range n.Descendants() {
		switch {
		case d.Type == html.TextNode && d.Parent == n:
			m.post.Edited = m.post.Edited || strings.TrimSpace(d.Data) == "edited"
		case d.Type == html.ElementNode && extract.HasClass(d, "tgme_widget_message_from_author"):
			m.note("signed %s", extract.Text(d))
		case d.Type == html.ElementNode && d.DataAtom == atom.Time:
			if t := stamp(extract.Attr(d, "datetime")); !t.IsZero() && m.post.Posted.IsZero() {
				m.post.Posted, m.post.PostedFrom = t, "stated"
			}
		}
	}
}

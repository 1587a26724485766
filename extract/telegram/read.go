package telegram

import (
	"strings"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/net/html"
)

// The names of the endpoints, as they stand in looks.
const (
	// EndpointEmbed is the page that the platform's own script frames.
	EndpointEmbed = "embed-page"
	// EndpointPreview is the list of a channel's posts for people without an
	// account.
	EndpointPreview = "preview"
)

// ReadEmbed says what the embed page means for the post id. The page says "Post
// not found" alike for posts that were deleted, never were, or are in a channel
// that was closed to the public, so that this is an absence and no statement.
func ReadEmbed(id string, r extract.Response) extract.Answer {
	doc, a, ok := page(r)
	if !ok {
		return a
	}
	for n := range extract.Elements(doc) {
		if extract.HasClass(n, "tgme_widget_message_error") {
			return readError(extract.Text(n))
		}
	}
	m, shown := messageOf(doc, id)
	if m == nil {
		if shown {
			return extract.Trouble(extract.ReasonOtherPost, false)
		}
		return extract.Trouble(extract.ReasonShape, false)
	}
	return live(m, id)
}

// page returns the page of a response, or the answer where it is none.
func page(r extract.Response) (*html.Node, extract.Answer, bool) {
	if a, ok := extract.HTTPTrouble(r.StatusCode); ok {
		return nil, a, false
	}
	if r.StatusCode != 200 {
		return nil, extract.Trouble(extract.ReasonHTTP, false), false
	}
	doc, ok := r.Page()
	if !ok {
		return nil, extract.Trouble(extract.ReasonShape, false), false
	}
	return doc, extract.Answer{}, true
}

// readError says what the words in place of a post mean.
func readError(words string) extract.Answer {
	s := strings.ToLower(strings.Join(strings.Fields(words), " "))
	a := extract.Answer{Status: post.Unknown, Reason: extract.ReasonOtherWords, Words: words}
	switch {
	case s == "":
		a.Reason = extract.ReasonNoWords
	case s == "post not found":
		a.Status, a.Reason = post.NotFound, extract.ReasonAbsent
	case strings.HasPrefix(s, "channel with username") && strings.HasSuffix(strings.TrimSuffix(s, "."), "not found"):
		// A channel that changed its name is not found under the old one either, nor
		// one that was closed to the public, so that the cause is not known.
		a.Status, a.Reason = post.NotFound, extract.ReasonAbsent
	case strings.HasPrefix(s, "channel is private"), strings.HasPrefix(s, "this channel is private"):
		a.Status, a.Reason, a.Explicit = post.Protected, extract.ReasonStated, true
	}
	return a
}

// messageOf returns the element of the post id, nil where the page has none, and
// whether the page has any post. An album has the id of its first part; the
// others are linked in it.
func messageOf(doc *html.Node, id string) (m *html.Node, some bool) {
	for n := range extract.Elements(doc) {
		if !extract.HasClass(n, "tgme_widget_message") {
			continue
		}
		some = true
		if sameID(extract.Attr(n, "data-post"), id) || isPart(n, id) {
			return n, true
		}
	}
	return nil, some
}

// sameID reports whether an id as the page writes it is id.
func sameID(written, id string) bool {
	channel, number, ok := strings.Cut(written, "/")
	return ok && strings.ToLower(channel)+"/"+number == id
}

// isPart reports whether an album has the part id.
func isPart(n *html.Node, id string) bool {
	for d := range extract.Elements(n) {
		if !extract.HasClass(d, "grouped_media_wrap") {
			continue
		}
		if t, ok := parse(extract.Attr(d, "href")); ok && t.Ref.ID == id {
			return true
		}
	}
	return false
}

// parse reads an address of the platform that leads to a post.
func parse(address string) (extract.Target, bool) {
	u, ok := extract.ParseLink(address)
	if !ok {
		return extract.Target{}, false
	}
	t, ok := Site{}.ParseURL(u)
	return t, ok && !t.Ref.IsZero()
}

// live returns the answer that shows the post in m.
func live(m *html.Node, id string) extract.Answer {
	p, err := parseMessage(m, id)
	if err != nil {
		return extract.Trouble(extract.ReasonShape, false)
	}
	return extract.Answer{Status: post.Live, Explicit: true, Reason: extract.ReasonShown, Parsed: &p}
}

// ReadPreview says what the list of a channel's posts around a number means for
// the post id. A list that begins before the number and leaves it out misses the
// post while the channel is there: a second source beside the embed page.
func ReadPreview(id string, r extract.Response) extract.Answer {
	doc, a, ok := page(r)
	if !ok {
		return a
	}
	m, _ := messageOf(doc, id)
	if m != nil {
		return live(m, id)
	}
	channel, number, _ := strings.Cut(id, "/")
	before := false
	contact, titled := false, false
	for n := range extract.Elements(doc) {
		c, written, ok := strings.Cut(extract.Attr(n, "data-post"), "/")
		if ok && extract.HasClass(n, "tgme_widget_message") && strings.EqualFold(c, channel) {
			before = before || less(written, number)
		}
		contact = contact || extract.HasClass(n, "tgme_username_link") && strings.EqualFold(extract.Attr(n, "href"), "tg://resolve?domain="+channel)
		titled = titled || extract.HasClass(n, "tgme_page_title") || extract.HasClass(n, "tgme_channel_info")
	}
	switch {
	case before:
		return extract.Answer{Status: post.NotFound, Reason: extract.ReasonLeftOut}
	case titled:
		// The channel is there, and shows no list to the public.
		return extract.Answer{Status: post.Unknown, Reason: extract.ReasonUnavailable}
	case contact:
		// What the platform shows for a name that nobody has, whoever had it before.
		return extract.Answer{Status: post.NotFound, Reason: extract.ReasonAbsent}
	}
	return extract.Trouble(extract.ReasonShape, false)
}

// less compares numbers of posts.
func less(a, b string) bool {
	n, ok := messageID(a)
	return ok && n == a && (len(a) < len(b) || len(a) == len(b) && a < b)
}

package fakenet

import (
	"fmt"
	"html"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// TelegramPost is an invented post of a public channel.
type TelegramPost struct {
	// Channel and Number are the two parts of its id.
	Channel string
	Number  int
	// Name is the channel's title.
	Name   string
	Text   string
	Posted time.Time
	// Photos is how many pictures it has.
	Photos int
	Edited bool
}

// Telegram is an invented t.me on a [Net]. It is safe for concurrent use.
type Telegram struct {
	net *Net

	mu       sync.Mutex
	channels map[string][]TelegramPost
	// closed are the channels that nobody can see any more.
	closed map[string]bool
	// walled answers every request with a page that says nothing.
	walled bool
}

// Telegram sets up the platform, with the post telegram/441 alive.
func (n *Net) Telegram() *Telegram {
	t := &Telegram{net: n, channels: map[string][]TelegramPost{}, closed: map[string]bool{}}
	t.Add(TelegramPost{Channel: "telegram", Number: 441, Name: "Telegram News", Text: "A new version is out"})
	n.HandleFunc("t.me", t.serve)
	n.HandleFunc("cdn4.cdn-telegram.org", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/jpeg")
		_, _ = w.Write(picture(r.URL.Path, 320, 240))
	})
	return t
}

// Add publishes posts; one with the id of another replaces it.
func (t *Telegram) Add(posts ...TelegramPost) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range posts {
		if p.Posted.IsZero() {
			p.Posted = t.net.now()
		}
		p.Name = or(p.Name, p.Channel)
		list := slices.DeleteFunc(t.channels[p.Channel], func(o TelegramPost) bool { return o.Number == p.Number })
		list = append(list, p)
		slices.SortFunc(list, func(a, b TelegramPost) int { return a.Number - b.Number })
		t.channels[p.Channel] = list
	}
}

// Delete deletes a post.
func (t *Telegram) Delete(channel string, number int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.channels[channel] = slices.DeleteFunc(t.channels[channel], func(o TelegramPost) bool { return o.Number == number })
}

// Close makes a channel unknown to the public, and with false opens it again.
func (t *Telegram) Close(channel string, closed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed[channel] = closed
}

// Wall lets every page be one that says nothing.
func (t *Telegram) Wall(walled bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.walled = walled
}

// serve answers for t.me.
func (t *Telegram) serve(w http.ResponseWriter, r *http.Request) {
	path := strings.Trim(r.URL.Path, "/")
	path, list := strings.CutPrefix(path, "s/")
	channel, rest, _ := strings.Cut(strings.ToLower(path), "/")
	number, _ := strconv.Atoi(rest) // 0 is no post's
	t.mu.Lock()
	posts, closed, walled := slices.Clone(t.channels[channel]), t.closed[channel], t.walled
	t.mu.Unlock()
	known := posts != nil && !closed
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	switch {
	case walled:
		fmt.Fprint(w, "<!doctype html><title>Telegram Messenger</title><h1>A new era of messaging</h1></html>")
	case list && known:
		t.list(w, posts, number)
	case list:
		w.Header().Set("Location", "https://t.me/"+channel)
		w.WriteHeader(http.StatusFound)
	case r.FormValue("embed") != "":
		t.embed(w, channel, posts, number, known)
	case known:
		fmt.Fprintf(w, `<!doctype html><div class="tgme_page"><div class="tgme_page_title"><span dir="auto">%s</span></div></div></html>`, html.EscapeString(posts[0].Name))
	default:
		fmt.Fprintf(w, `<!doctype html><div class="tgme_page"><div class="tgme_page_icon"><i class="tgme_icon_user"></i></div><div class="tgme_page_description">If you have <strong>Telegram</strong>, you can contact <a class="tgme_username_link" href="tg://resolve?domain=%s">@%s</a> right away.</div></div></html>`, channel, channel)
	}
}

// list shows the posts around a number.
func (t *Telegram) list(w http.ResponseWriter, posts []TelegramPost, number int) {
	fmt.Fprintf(w, `<!doctype html><body class="widget_frame_base tgme_webpreview"><div class="tgme_channel_info"><div class="tgme_channel_info_header_title"><span dir="auto">%s</span></div></div><section class="tgme_channel_history js-message_history">`, html.EscapeString(posts[0].Name))
	at, _ := slices.BinarySearchFunc(posts, number, func(p TelegramPost, n int) int { return p.Number - n })
	for _, p := range posts[max(0, at-10):min(len(posts), at+10)] {
		fmt.Fprintf(w, `<div class="tgme_widget_message_wrap js-widget_message_wrap">%s</div>`, p.markup())
	}
	fmt.Fprint(w, `</section></body>`)
}

// embed shows one post, or says why not.
func (t *Telegram) embed(w http.ResponseWriter, channel string, posts []TelegramPost, number int, known bool) {
	fmt.Fprint(w, `<!DOCTYPE html><html><head><title>Telegram Widget</title></head><body class="widget_frame_base tgme_widget body_widget_post">`)
	i := slices.IndexFunc(posts, func(p TelegramPost) bool { return p.Number == number })
	failure := `<div class="tgme_widget_message js-widget_message" id="widget_message"><div class="tgme_widget_message_bubble"><div class="tgme_widget_message_error">%s</div></div></div>`
	switch {
	case !known:
		fmt.Fprintf(w, failure, "Channel with username <b>@"+channel+"</b> not found")
	case i < 0:
		fmt.Fprintf(w, failure, "Post not found")
	default:
		fmt.Fprint(w, posts[i].markup())
	}
	fmt.Fprint(w, `</body></html>`)
}

// markup is the post as both pages show it.
func (p *TelegramPost) markup() string {
	address := fmt.Sprintf("%s/%d", p.Channel, p.Number)
	var photos strings.Builder
	for i := range p.Photos {
		fmt.Fprintf(&photos, `<a class="tgme_widget_message_photo_wrap %d" href="https://t.me/%s" style="width:320px;background-image:url('https://cdn4.cdn-telegram.org/file/%s-%d.jpg')"></a>`, i+100, address, strings.ReplaceAll(address, "/", "-"), i)
	}
	edited := ""
	if p.Edited {
		edited = "edited &nbsp;"
	}
	return fmt.Sprintf(`<div class="tgme_widget_message text_not_supported_wrap js-widget_message" data-post="%s"><div class="tgme_widget_message_bubble">`+
		`<div class="tgme_widget_message_author accent_color"><a class="tgme_widget_message_owner_name" href="https://t.me/%s"><span dir="auto">%s</span></a></div>%s`+
		`<div class="tgme_widget_message_text js-message_text" dir="auto">%s</div><div class="tgme_widget_message_footer compact js-message_footer"><div class="tgme_widget_message_info short js-message_info">`+
		`<span class="tgme_widget_message_views">1.2K</span><span class="tgme_widget_message_meta">%s<a class="tgme_widget_message_date" href="https://t.me/%s"><time datetime="%s" class="time">10:00</time></a></span></div></div></div></div>`,
		address, p.Channel, html.EscapeString(p.Name), photos.String(), strings.ReplaceAll(html.EscapeString(p.Text), "\n", "<br/>"), edited, address, p.Posted.UTC().Format(time.RFC3339))
}

package fakenet

import (
	"fmt"
	"html"
	"net/http"
	"strings"
	"time"
)

// oembed serves publish.twitter.com and publish.x.com.
func (x *X) oembed(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	moved := x.opts.OEmbedMoved
	x.mu.Unlock()
	if moved && r.Host == "publish.x.com" {
		w.Header().Set("Location", "https://publish.twitter.com"+r.URL.RequestURI())
		w.WriteHeader(http.StatusFound)
		return
	}
	if r.URL.Path != "/oembed" {
		http.NotFound(w, r)
		return
	}
	p, state := x.find(OEmbed, postIDOf(r.URL.Query().Get("url")))
	switch {
	case state.seen():
		writeJSON(w, http.StatusOK, x.oembedAnswer(&p, r.URL.Query().Get("omit_script") == ""))
	case state == Protected || state == Withheld:
		writeJSON(w, http.StatusForbidden, obj{"error": "Sorry, you are not authorized to see this status.", "request": r.URL.RequestURI()})
	default:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte("<!doctype html><title>Not found</title><h1>Nothing to see here</h1>"))
	}
}

// oembedAnswer describes a post in oEmbed's words.
func (x *X) oembedAnswer(p *xPost, script bool) obj {
	embed := x.Blockquote(p.ID)
	if script {
		embed += "\n<script async src=\"https://platform.twitter.com/widgets.js\" charset=\"utf-8\"></script>\n\n"
	}
	return obj{"url": "https://twitter.com/" + p.Author.Handle + "/status/" + p.ID, "author_name": p.Author.Name,
		"author_url": "https://twitter.com/" + p.Author.Handle, "html": embed, "width": 550, "height": nil, "type": "rich",
		"cache_age": "3153600000", "provider_name": "Twitter", "provider_url": "https://twitter.com", "version": "1.0"}
}

// Blockquote returns the embed code of a post, as the platform hands it out and
// articles contain it. It panics where there is no such post.
func (x *X) Blockquote(id string) string {
	x.mu.Lock()
	p := x.mustHave(id).Post
	x.mu.Unlock()
	c := x.compose(&p, false)
	return fmt.Sprintf("<blockquote class=\"twitter-tweet\"><p lang=\"%s\" dir=\"ltr\">%s</p>&mdash; %s (@%s) <a href=\"https://twitter.com/%s/status/%s?ref_src=twsrc%%5Etfw\">%s</a></blockquote>",
		p.Lang, linked(c), html.EscapeString(p.Author.Name), p.Author.Handle, p.Author.Handle, p.ID, p.Posted.UTC().Format("January 2, 2006"))
}

// linked is the text of a post with its entities as links.
func linked(c composed) string {
	var b strings.Builder
	text := []rune(c.text)
	last := 0
	for _, s := range c.spans {
		b.WriteString(string(text[last:s.start]))
		last = s.end
		word := string(text[s.start:s.end])
		href := s.short
		switch s.kind {
		case "hashtag":
			href = "https://twitter.com/hashtag/" + s.text + "?src=hash&amp;ref_src=twsrc%5Etfw"
		case "mention":
			href = "https://twitter.com/" + s.text + "?ref_src=twsrc%5Etfw"
		case "media":
			word = strings.Replace(s.display, "pic.x.com", "pic.twitter.com", 1)
		}
		fmt.Fprintf(&b, `<a href="%s">%s</a>`, href, word)
	}
	b.WriteString(string(text[last:]))
	return strings.ReplaceAll(b.String(), "\n", "<br>")
}

// shortLink serves t.co: a redirect for tools, a page for browsers.
func (x *X) shortLink(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	address, ok := x.short[strings.TrimPrefix(r.URL.Path, "/")]
	x.mu.Unlock()
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if !strings.Contains(r.UserAgent(), "Mozilla") {
		w.Header().Set("Location", address)
		w.WriteHeader(http.StatusMovedPermanently)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	e := html.EscapeString(address)
	fmt.Fprintf(w, "<head><noscript><META http-equiv=\"refresh\" content=\"0;URL=%s\"></noscript><title>%s</title></head><script>window.opener = null; location.replace(\"%s\")</script>",
		e, e, strings.ReplaceAll(address, "/", `\/`))
}

// page serves x.com and twitter.com: a shell that says nothing without its
// scripts, whatever the address.
func (x *X) page(w http.ResponseWriter, r *http.Request) {
	if host := strings.TrimPrefix(r.Host, "www."); host == "twitter.com" || strings.HasPrefix(host, "mobile.") {
		w.Header().Set("Location", "https://x.com"+r.URL.RequestURI())
		w.WriteHeader(http.StatusMovedPermanently)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Set-Cookie", "guest_id=v1%3A1; Path=/; Domain=.x.com; Secure; SameSite=None")
	_, _ = w.Write([]byte(`<!DOCTYPE html><html dir="ltr" lang="en"><head><meta charset="utf-8"><title></title>
<link rel="preconnect" href="//abs.twimg.com"></head><body><noscript><h1>JavaScript is not available.</h1></noscript>
<div id="react-root"></div><script src="https://abs.twimg.com/responsive-web/client-web/main.js"></script></body></html>`))
}

// rubyDate is how v1.1 writes times.
func rubyDate(t time.Time) string { return t.UTC().Format(time.RubyDate) }

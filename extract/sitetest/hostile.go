package sitetest

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"stet/extract"
	"stet/extract/post"
)

// walls are pages that stand in the place of an answer: they say nothing of a
// post, whatever their status and whatever words stand in them.
func walls() map[string]string {
	page := func(title, body string) string {
		return "<!doctype html><html><head><title>" + title + "</title></head><body>" + body + "</body></html>"
	}
	return map[string]string{
		"log-in":        page("Log in", `<h1>Log in to continue</h1><form action="/login" method="post"><input name="user"><input type="password" name="p"></form>`),
		"log-in framed": page("Sign in • Somewhere", `<p>This post was deleted. Page not found.</p><form action="/accounts/login"><input type='password'></form>`),
		"consent":       page("Before you continue", `<form action="https://consent.example/save"><p>We value your privacy</p><button>Accept all</button></form>`),
		"captcha":       page("Are you a robot?", `<p>Unusual traffic</p><iframe src="https://www.google.com/recaptcha/api2/anchor"></iframe>`),
		"challenge":     page("Just a moment...", `<p>Checking your browser</p><script>window._cf_chl_opt={cvId:'3'}</script>`),
		"denied":        page("Access denied", `<p>You don't have permission to access this. Not found.</p>`),
		"blocked":       page("Attention Required! | Cloudflare", `<div class="cf-error-details">Sorry, you have been blocked</div>`),
	}
}

// silent are pages and bodies with status 200 that do not show a post.
func silent() map[string]string {
	return map[string]string{
		"nothing":       "",
		"space":         " \n\n ",
		"a frame":       `<!doctype html><html><head><title>App</title></head><body><div id="root"></div><script src="/app.js"></script></body></html>`,
		"a front page":  `<!doctype html><html><head><title>Welcome</title><meta property="og:title" content="Welcome"><meta property="og:url" content="https://example.org/"><meta property="og:image" content="https://example.org/logo.png"></head><body><h1>Explore</h1></body></html>`,
		"an apology":    `<!doctype html><html><head><title>Not available</title></head><body><p>This post was deleted by its author. It has been removed. Video unavailable. Post not found. [deleted]</p></body></html>`,
		"parked":        `<!doctype html><html><head><title>domain.example</title></head><body><a href="https://sedoparking.com">This domain is for sale</a></body></html>`,
		"a redirection": `<!doctype html><html><head><meta http-equiv="refresh" content="0;url=/login"></head></html>`,
		"entities":      strings.Repeat("&#0;&amp;lt;&#x110000;&notit;&", 4000),
		"deep elements": strings.Repeat("<div>", 4000),
		"deep JSON":     strings.Repeat("[", 20000),
		"deep objects":  strings.Repeat(`{"data":`, 20000),
		"null":          "null", "a word": `"deleted"`, "a number": "404", "true": "true", "{}": "{}", "[]": "[]", "[null]": "[null]", "[{}]": "[{}]",
		"an error":     `{"error":"not found"}`,
		"errors":       `{"errors":[{"message":"This post was deleted","code":404}],"data":null}`,
		"null data":    `{"data":null}`,
		"half":         `{"data":{"id":"1`,
		"NUL":          "\x00\x00\x00\x00",
		"no UTF-8":     "\xff\xfe{\x00\"\x00i\x00d\x00\"\x00:\x001\x00}\x00",
		"a byte order": "\xef\xbb\xbfnull",
	}
}

// Hostile feeds readers with what stands in the place of answers, and with the
// samples of their rules damaged in many ways, and demands that nothing of it says
// that a post is gone or shows a post with words that it does not have.
func Hostile(t *testing.T, rules []extract.Rule, id string, readers Readers) {
	t.Helper()
	for endpoint, read := range readers {
		h := &hostile{t: t, endpoint: endpoint, id: id, read: read}
		h.walls()
		for i := range rules {
			r := &rules[i]
			switch {
			case r.Endpoint != endpoint || r.Sample.StatusCode == 0:
			case r.Status == post.Live:
				h.live(r)
			case r.Status.Gone():
				h.gone(r)
			}
		}
	}
}

type hostile struct {
	t        *testing.T
	endpoint string
	id       string
	read     func(id string, r extract.Response) extract.Answer
}

// check wants an answer that concludes nothing about a loss.
func (h *hostile) check(name string, r extract.Response) extract.Answer {
	h.t.Helper()
	a := h.read(h.id, r)
	if a.Status.Gone() || absurd(&a, h.id) != "" {
		h.t.Errorf("%s, %s: %s, explicit %t (%s) %s\n%.200s", h.endpoint, name, a.Status, a.Explicit, a.Reason, absurd(&a, h.id), r.Body)
	}
	return a
}

// nothing wants an answer that says nothing.
func (h *hostile) nothing(name string, r extract.Response) {
	h.t.Helper()
	if a := h.check(name, r); a.Status != post.Unknown || a.Parsed != nil {
		h.t.Errorf("%s, %s: %s (%s)\n%.200s", h.endpoint, name, a.Status, a.Reason, r.Body)
	}
}

func (h *hostile) walls() {
	h.t.Helper()
	for name, body := range walls() {
		for _, status := range []int{200, 203, 401, 403, 404, 410, 418, 429, 451, 500, 503, 999} {
			h.nothing(fmt.Sprint(name, " with ", status), extract.PageAnswer(status, body))
		}
	}
	for name, body := range silent() {
		for _, kind := range []string{"text/html; charset=utf-8", "application/json", "text/plain", "image/png", ""} {
			r := extract.Response{StatusCode: 200, ContentType: kind, Body: []byte(body)}
			if a := h.read(h.id, r); a.Explicit || a.Parsed != nil || a.Status == post.Live {
				h.t.Errorf("%s, %s as %q: %+v", h.endpoint, name, kind, a)
			}
		}
	}
}

// values are the values of JSON, wherever it stands.
var values = regexp.MustCompile(`:\s*("(?:[^"\\]|\\.)*"|-?[0-9][0-9.]*|true|false|null)`)

// live damages an answer that shows the post.
func (h *hostile) live(r *extract.Rule) {
	h.t.Helper()
	whole := h.read(h.id, r.Sample)
	if whole.Parsed == nil {
		return // a witness of existence
	}
	text := whole.Parsed.Post.Text
	like := func(name string, a extract.Answer) {
		h.t.Helper()
		if a.Parsed != nil && !strings.Contains(text, a.Parsed.Post.Text) {
			h.t.Errorf("%s, %s: other words: %q, were %q", h.endpoint, name, a.Parsed.Post.Text, text)
		}
	}
	body := string(r.Sample.Body)
	with := func(s string) extract.Response {
		damaged := r.Sample
		damaged.Body = []byte(s)
		return damaged
	}
	for n := range 32 {
		name := fmt.Sprintf("%q cut after %d/32", r.Answer, n)
		like(name, h.check(name, with(body[:len(body)*n/32])))
	}
	for _, at := range values.FindAllStringSubmatchIndex(body, -1) {
		for _, other := range []string{"null", `""`, "0", "[]", "{}", `"\ud800"`, "1e999", "true"} {
			name := fmt.Sprintf("%q with %s for %s", r.Answer, other, body[at[2]:at[3]])
			a := h.check(name, with(body[:at[2]]+other+body[at[3]:]))
			if other != "0" && other != "1e999" && !strings.Contains(other, "ud800") { // which can be words
				like(name, a)
			}
		}
	}
	for _, status := range []int{204, 206, 301, 302, 400, 401, 403, 429, 451, 500, 502, 503, 999} {
		damaged := r.Sample
		damaged.StatusCode = status
		h.nothing(fmt.Sprintf("%q with %d", r.Answer, status), damaged)
	}
	for _, kind := range []string{"", "text/html", "text/plain", "application/json", "application/octet-stream", "text/html; charset=utf-16", "nonsense"} {
		damaged := r.Sample
		damaged.ContentType = kind
		a := h.check(fmt.Sprintf("%q as %q", r.Answer, kind), damaged)
		if a.Parsed != nil && !utf8.ValidString(a.Parsed.Post.Text) {
			h.t.Errorf("%s as %q: %q", h.endpoint, kind, a.Parsed.Post.Text)
		}
	}
	h.words(r, text, with)
	h.others(r, with)
}

// words puts what platforms say of losses, and what is no text, into the post's
// own words.
func (h *hostile) words(r *extract.Rule, text string, with func(string) extract.Response) {
	h.t.Helper()
	first, _, _ := strings.Cut(text, "\n")
	body := string(r.Sample.Body)
	if first == "" || !strings.Contains(body, first) {
		return
	}
	for _, said := range []string{
		"This Post was deleted by the Post author. Post not found. This video has been removed by the uploader.",
		"Page not found 404 {error:404} Log in. Just a moment... Video unavailable", "[deleted] and [removed]",
	} {
		a := h.check("a post that says "+said, with(strings.ReplaceAll(body, first, said)))
		if a.Status != post.Live || a.Parsed == nil || !strings.Contains(a.Parsed.Post.Text, said) {
			h.t.Errorf("%s: a post that says %q: %+v", h.endpoint, said, a)
		}
	}
	for _, broken := range []string{"\xff", "\xc3(", "\xed\xa0\x80", "\x00"} {
		h.check(fmt.Sprintf("%q in the words", broken), with(strings.Replace(body, first, first[:1]+broken+first[1:], 1)))
	}
}

// others lets the answer be about another post.
func (h *hostile) others(r *extract.Rule, with func(string) extract.Response) {
	h.t.Helper()
	body := string(r.Sample.Body)
	last := h.id[len(h.id)-1:]
	other := map[bool]string{true: "2", false: "3"}[last != "2"]
	if strings.ContainsAny(last, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		other = map[bool]string{true: "x", false: "y"}[last != "x"]
	}
	changed := strings.ReplaceAll(body, h.id, h.id[:len(h.id)-1]+other)
	switch {
	case changed == body:
	case h.endpoint == "preview":
		// A list of the posts around one leaves that out, and has others.
		if a := h.read(h.id, with(changed)); a.Explicit || a.Parsed != nil {
			h.t.Errorf("%s, a list of others: %+v", h.endpoint, a)
		}
	default:
		h.nothing(fmt.Sprintf("%q of another post", r.Answer), with(changed))
	}
}

// gone damages an answer that misses the post.
func (h *hostile) gone(r *extract.Rule) {
	h.t.Helper()
	for _, status := range []int{204, 206, 301, 302, 401, 429, 500, 502, 503, 999} {
		damaged := r.Sample
		damaged.StatusCode = status
		h.nothing(fmt.Sprintf("%q with %d", r.Answer, status), damaged)
	}
	if r.Sample.StatusCode != 200 || !r.Sample.JSON() {
		return
	}
	for n := range 32 {
		damaged := r.Sample
		damaged.Body = damaged.Body[:len(damaged.Body)*n/32]
		h.nothing(fmt.Sprintf("%q cut after %d/32", r.Answer, n), damaged)
	}
}

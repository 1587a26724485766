package fakenet

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Site is a host that serves pages and files.
type Site struct {
	net  *Net
	host string

	mu    sync.Mutex
	files map[string]siteFile
}

type siteFile struct {
	mediaType string
	body      []byte
	zipped    []byte // nil where it is not compressed
	handler   http.Handler
}

// Site returns the site at a host, which it sets up with the first call.
func (n *Net) Site(name string) *Site {
	if h := n.host(name); h != nil {
		n.mu.Lock()
		defer n.mu.Unlock()
		if s, ok := h.handler.(*Site); ok {
			return s
		}
		panic("fakenet: " + name + " is not a site")
	}
	s := &Site{net: n, host: name, files: map[string]siteFile{}}
	n.Handle(name, s)
	return s
}

// URL returns the address of a path.
func (s *Site) URL(path string) string { return "https://" + s.host + path }

// File serves a body under a path and returns its address.
func (s *Site) File(path, mediaType string, body []byte) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := siteFile{mediaType: mediaType, body: body}
	if len(body) > 256 && strings.HasPrefix(mediaType, "text/") {
		f.zipped = gzipped(body)
	}
	s.files[path] = f
	return s.URL(path)
}

// Page serves HTML under a path and returns its address.
func (s *Site) Page(path, html string) string {
	return s.File(path, "text/html; charset=utf-8", []byte(html))
}

// HandleFunc lets a function answer for a path.
func (s *Site) HandleFunc(path string, h http.HandlerFunc) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[path] = siteFile{handler: h}
	return s.URL(path)
}

// Redirect answers a path with 301.
func (s *Site) Redirect(path, to string) string {
	return s.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusMovedPermanently)
	})
}

// Remove makes a path unknown.
func (s *Site) Remove(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.files, path)
}

// ServeHTTP implements [http.Handler]. Text is compressed for those who ask.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	f, ok := s.files[r.URL.Path]
	s.mu.Unlock()
	switch {
	case !ok:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, "<!doctype html><title>Page not found</title><h1>There is no such page</h1>")
		return
	case f.handler != nil:
		f.handler.ServeHTTP(w, r)
		return
	}
	body := f.body
	w.Header().Set("Content-Type", f.mediaType)
	if f.zipped != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Vary", "Accept-Encoding")
		body = f.zipped
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// Markup is a way in which an article shows a post.
type Markup string

// The markups.
const (
	// Blockquote is the platform's embed code, before its script has run.
	Blockquote Markup = "blockquote"
	// Rendered is what the script leaves behind, as saved pages have it.
	Rendered Markup = "rendered"
	// Iframe points at the platform's embed page.
	Iframe Markup = "iframe"
	// AMP is the component of AMP pages.
	AMP Markup = "amp"
	// BareURL is the address in a paragraph of its own, as WordPress keeps it.
	BareURL Markup = "bare-url"
	// Flattened is the text of the embed code without its markup.
	Flattened Markup = "flattened"
	// LinkOnly is a link in running text: no embed.
	LinkOnly Markup = "link"
)

// Article is a page of a news site. Its body is made of blocks.
type Article struct {
	Path, Title, Byline, Lang string
	Published                 time.Time
	Body                      []Block
}

// Block is a piece of an article: a paragraph of text, or a post in some
// markup, or HTML as it is.
type Block struct {
	Text string
	// Post is the id of a post of X, Markup how it is shown; default
	// Blockquote.
	Post   string
	Markup Markup
	HTML   string
}

// P is a paragraph.
func P(text string) Block { return Block{Text: text} }

// Embed is a post of X in some markup.
func Embed(id string, m Markup) Block { return Block{Post: id, Markup: m} }

// articlePage is the template of articles.
func articlePage() *template.Template {
	return template.Must(template.New("article").Parse(`<!doctype html>
<html lang="{{.Lang}}">
<head>
<meta charset="utf-8">
<title>{{.Title}} | {{.Site}}</title>
<link rel="canonical" href="{{.URL}}">
<meta property="og:title" content="{{.Title}}">
<meta property="og:site_name" content="{{.Site}}">
<meta property="og:type" content="article">
<meta property="og:url" content="{{.URL}}">
<meta name="author" content="{{.Byline}}">
<meta property="article:published_time" content="{{.Published}}">
</head>
<body>
<header><nav><a href="/">Home</a> <a href="/world">World</a> <a href="/about">About us</a></nav></header>
<main><article>
<h1>{{.Title}}</h1>
<p class="byline">By {{.Byline}}</p>
{{range .Body}}{{.}}
{{end}}</article></main>
<footer><a href="https://x.com/intent/tweet?url={{.URL}}">Share</a> <a href="https://x.com/{{.Handle}}">Follow us</a></footer>
</body>
</html>
`))
}

// Article serves an article and returns its address.
func (s *Site) Article(a Article) string {
	x := s.net.X()
	published := ""
	if !a.Published.IsZero() {
		published = a.Published.UTC().Format(time.RFC3339)
	}
	var body []template.HTML
	for _, b := range a.Body {
		body = append(body, x.block(b))
	}
	var buf bytes.Buffer
	err := articlePage().Execute(&buf, map[string]any{"Lang": or(a.Lang, "en"), "Title": a.Title, "Site": s.host, "URL": s.URL(a.Path),
		"Byline": or(a.Byline, "Nora Stringer"), "Published": published, "Body": body, "Handle": "thedailyfake"})
	if err != nil {
		panic("fakenet: " + err.Error()) // the template and its data are this package's
	}
	return s.Page(a.Path, buf.String())
}

// block writes a block as HTML. It panics where the post does not exist.
func (x *X) block(b Block) template.HTML {
	switch {
	case b.HTML != "":
		return template.HTML(b.HTML) // the test's own
	case b.Post == "":
		return template.HTML("<p>" + template.HTMLEscapeString(b.Text) + "</p>")
	}
	x.mu.Lock()
	p := x.mustHave(b.Post).Post
	x.mu.Unlock()
	address := "https://twitter.com/" + p.Author.Handle + "/status/" + p.ID
	switch b.Markup {
	case Rendered:
		return template.HTML(fmt.Sprintf(`<div class="twitter-tweet twitter-tweet-rendered" style="display: flex; max-width: 550px; width: 100%%;"><iframe id="twitter-widget-0" scrolling="no" frameborder="0" title="X Post" src="https://platform.twitter.com/embed/Tweet.html?dnt=false&amp;id=%s&amp;lang=en&amp;theme=light&amp;widgetsVersion=1" data-tweet-id="%s"></iframe></div>`, p.ID, p.ID))
	case Iframe:
		return template.HTML(fmt.Sprintf(`<iframe src="https://platform.twitter.com/embed/Tweet.html?id=%s" width="550" height="400"></iframe>`, p.ID))
	case AMP:
		return template.HTML(fmt.Sprintf(`<amp-twitter width="375" height="472" layout="responsive" data-tweetid="%s"></amp-twitter>`, p.ID))
	case BareURL:
		return template.HTML("<p>" + address + "</p>")
	case LinkOnly:
		return template.HTML(fmt.Sprintf(`<p>%s <a href="%s">said so</a> on Monday.</p>`, template.HTMLEscapeString(p.Author.Name), address))
	case Flattened:
		c := x.compose(&p, false)
		return template.HTML(fmt.Sprintf("<p>%s— %s (@%s) %s</p>", c.text+" ", template.HTMLEscapeString(p.Author.Name), p.Author.Handle,
			p.Posted.UTC().Format("January 2, 2006")))
	}
	return template.HTML(x.Blockquote(p.ID) + "\n<script async src=\"https://platform.twitter.com/widgets.js\" charset=\"utf-8\"></script>")
}

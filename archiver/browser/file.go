package browser

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"github.com/chromedp/cdproto/runtime"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// policy keeps whatever was overlooked from being loaded or run.
const policy = "default-src 'none'; img-src data:; media-src data:; font-src data:; style-src 'unsafe-inline'; frame-src 'self' data:; form-action 'none'; base-uri 'none'"

// file makes one file of a document.
type file struct {
	// base is the document's address.
	base string
	// get returns what was loaded from an address.
	get func(address string) (body []byte, mime string, ok bool)
	// frames are the documents of its frames, by the number that marks them.
	frames []string

	address *url.URL
}

// make returns the document without scripts, with everything inside; "" where
// it cannot be read.
func (f *file) make(text string) string {
	doc, err := html.Parse(strings.NewReader(text))
	if err != nil {
		return ""
	}
	f.address, err = url.Parse(f.base)
	if err != nil {
		f.address = &url.URL{}
	}
	f.findBase(doc)
	f.walk(doc)
	f.guard(doc)
	var b strings.Builder
	if html.Render(&b, doc) != nil {
		return ""
	}
	return b.String()
}

// findBase takes the address from which the document counts its own.
func (f *file) findBase(doc *html.Node) {
	for n := range doc.Descendants() {
		if n.DataAtom == atom.Base {
			if u, err := f.address.Parse(attr(n, "href")); err == nil {
				f.address = u
			}
			return
		}
	}
}

// guard writes the policy at the head of the document.
func (f *file) guard(doc *html.Node) {
	for n := range doc.Descendants() {
		if n.DataAtom != atom.Head {
			continue
		}
		first := n.FirstChild
		for _, a := range [][]html.Attribute{{{Key: "charset", Val: "utf-8"}}, {{Key: "http-equiv", Val: "Content-Security-Policy"}, {Key: "content", Val: policy}}} {
			n.InsertBefore(&html.Node{Type: html.ElementNode, Data: "meta", DataAtom: atom.Meta, Attr: a}, first)
		}
		return
	}
}

// walk changes what is below n.
func (f *file) walk(n *html.Node) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		switch {
		case c.Type != html.ElementNode:
		case drops(c):
			n.RemoveChild(c)
		default:
			f.element(c)
			f.walk(c)
		}
		c = next
	}
}

// drops reports whether an element has no place in the file.
func drops(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Script, atom.Noscript, atom.Base, atom.Object, atom.Embed, atom.Applet, atom.Track:
		return true
	case atom.Meta:
		return attr(n, "http-equiv") != "" || attr(n, "charset") != ""
	case atom.Link:
		return !strings.EqualFold(attr(n, "rel"), "stylesheet")
	case atom.Source:
		return true // the picture that was shown stands in img
	}
	return false
}

func (f *file) element(n *html.Node) {
	switch n.DataAtom {
	case atom.Link:
		f.sheet(n)
		return
	case atom.Style:
		text := textOf(n)
		setText(n, closed(f.css(text, f.address, 0)))
	case atom.Iframe, atom.Frame:
		f.frame(n)
		return
	}
	kept := n.Attr[:0]
	for _, a := range n.Attr {
		if v, ok := f.attribute(n, a.Key, a.Val); ok {
			a.Val = v
			kept = append(kept, a)
		}
	}
	n.Attr = kept
}

// attribute returns the value of an attribute in the file, false where it has
// no place there.
func (f *file) attribute(n *html.Node, key, value string) (string, bool) {
	switch {
	case strings.HasPrefix(key, "on"), key == "srcset", key == "imagesrcset", key == "ping", key == "action", key == "formaction", key == "srcdoc", key == "nonce", key == "integrity":
		return "", false
	case key == "style":
		return f.css(value, f.address, 0), true
	case key == "src" && n.DataAtom != atom.Img && n.DataAtom != atom.Input && n.DataAtom != atom.Video && n.DataAtom != atom.Audio:
		return "", false
	case key == "src", key == "poster", key == "background", (key == "href" || key == "xlink:href") && (n.Data == "image" || n.Data == "use"):
		if strings.HasPrefix(value, "#") {
			return value, true
		}
		return f.data(value, f.address)
	case key == "href":
		u, err := f.address.Parse(strings.TrimSpace(value))
		if err != nil || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "mailto" && u.Scheme != "tel" {
			return "", false
		}
		if strings.HasPrefix(value, "#") {
			return value, true
		}
		return u.String(), true
	}
	return value, true
}

// data returns what was loaded from an address as an address that holds it.
func (f *file) data(value string, base *url.URL) (string, bool) {
	value = strings.TrimSpace(value)
	if value == "" {
		return "", false
	}
	if len(value) > 5 && strings.EqualFold(value[:5], "data:") {
		return value, true
	}
	u, err := base.Parse(value)
	if err != nil {
		return "", false
	}
	fragment := u.Fragment
	u.Fragment = ""
	body, mime, ok := f.get(u.String())
	if !ok {
		return "", false
	}
	out := "data:" + mime + ";base64," + base64.StdEncoding.EncodeToString(body)
	if fragment != "" {
		out += "#" + url.PathEscape(fragment)
	}
	return out, true
}

// sheet makes a style element of a link to a style sheet.
func (f *file) sheet(n *html.Node) {
	media := attr(n, "media")
	u, err := f.address.Parse(attr(n, "href"))
	text := ""
	if err == nil {
		if body, _, ok := f.get(u.String()); ok {
			text = f.css(string(body), u, 0)
		}
	}
	n.Data, n.DataAtom, n.Attr = "style", atom.Style, nil
	if media != "" {
		n.Attr = []html.Attribute{{Key: "media", Val: media}}
	}
	setText(n, closed(text))
}

// frame puts the document of a frame into its element.
func (f *file) frame(n *html.Node) {
	doc := ""
	if i, err := strconv.Atoi(attr(n, frameMark)); err == nil && i >= 0 && i < len(f.frames) {
		doc = f.frames[i]
	}
	var kept []html.Attribute
	for _, a := range n.Attr {
		switch a.Key {
		case "width", "height", "style", "class", "id", "title", "frameborder", "scrolling", "hidden":
			kept = append(kept, a)
		}
	}
	n.Attr = append(kept, html.Attribute{Key: "sandbox"}, html.Attribute{Key: "srcdoc", Val: doc})
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for c := range n.ChildNodes() {
		b.WriteString(c.Data)
	}
	return b.String()
}

func setText(n *html.Node, text string) {
	for n.FirstChild != nil {
		n.RemoveChild(n.FirstChild)
	}
	n.AppendChild(&html.Node{Type: html.TextNode, Data: text})
}

// closed keeps a style sheet from ending its element.
func closed(css string) string { return strings.ReplaceAll(css, "</", `<\/`) }

// stringOf returns the string that a script gave.
func stringOf(o *runtime.RemoteObject) (string, bool) {
	var s string
	return s, json.Unmarshal(o.Value, &s) == nil
}

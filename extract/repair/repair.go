// Package repair rewrites a page so that it shows, in the place of an embedded
// post that is gone, the copy that an archive keeps, and leads from links to
// such posts to their copies (Robust Links). Bytes that are not part of those
// are left as they are; what was replaced is kept inside, so that it comes back
// when the post does. Rewriting twice changes nothing more.
//
// It is pure: it does no input or output.
package repair

import (
	"bytes"
	"fmt"
	"html"
	"slices"
	"strings"

	nethtml "golang.org/x/net/html"

	"stet/extract"
	"stet/extract/post"
)

// Copy is the copy of a post that an archive shows to the public.
type Copy struct {
	// Card is the address of a page with the post, made to be framed, Height how
	// high it is, and Title what it is called.
	Card, Title string
	Height      int
	// Version is the address of the archived post, and Date when it was.
	Version, Date string
}

// Change is one thing that was changed.
type Change struct {
	Ref post.Ref
	// What is embed, link or restored.
	What string
	// Line is where it begins, from 1.
	Line int
}

// Find returns the copy of a post that is gone and may be shown, and false for
// every other post.
type Find func(ref post.Ref) (Copy, bool)

// Posts lists the posts that a page embeds or links, those included whose
// copies it shows already, each once, in their order.
func Posts(doc []byte, f *extract.Finder) []post.Ref {
	var refs []post.Ref
	Rewrite(doc, f, func(ref post.Ref) (Copy, bool) {
		if !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
		return Copy{}, false
	})
	return refs
}

// end closes what was put in the place of an embed.
const end = "<!--/stet-->"

// rewriter works on one page.
type rewriter struct {
	doc     []byte
	finder  *extract.Finder
	find    Find
	out     bytes.Buffer
	changes []Change
}

// Rewrite returns the page with the copies, and what was changed; where nothing
// was, the page itself.
func Rewrite(doc []byte, f *extract.Finder, find Find) ([]byte, []Change) {
	r := &rewriter{doc: doc, finder: f, find: find}
	for at := 0; at < len(doc); {
		at = r.from(at)
	}
	if len(r.changes) == 0 {
		return doc, nil
	}
	return r.out.Bytes(), r.changes
}

// from copies the page from an offset on, up to the first thing that is
// replaced, and returns where to go on.
func (r *rewriter) from(at int) int {
	z := nethtml.NewTokenizer(bytes.NewReader(r.doc[at:]))
	for at < len(r.doc) {
		kind := z.Next()
		raw := len(z.Raw())
		if raw == 0 {
			break // the end, and whatever the tokenizer left
		}
		if kind == nethtml.StartTagToken || kind == nethtml.SelfClosingTagToken {
			t := z.Token()
			if to, ok := r.replaced(at, raw, &t); ok {
				return to
			}
			r.out.Write(r.linked(at, raw, &t))
		} else {
			r.out.Write(r.doc[at : at+raw])
		}
		at += raw
	}
	r.out.Write(r.doc[at:])
	return len(r.doc)
}

func (r *rewriter) note(ref post.Ref, what string, at int) {
	r.changes = append(r.changes, Change{Ref: ref, What: what, Line: 1 + bytes.Count(r.doc[:at], []byte("\n"))})
}

// replaced writes what stands in the place of an element, and returns where the
// element ends; false where it stays.
func (r *rewriter) replaced(at, raw int, t *nethtml.Token) (int, bool) {
	if word := attr(t, "data-stet"); t.Data == "figure" && word != "" {
		return r.again(at, word)
	}
	if !embeds(t) {
		return 0, false
	}
	to := r.endOf(at, t)
	whole := r.doc[at:to]
	ref, ok := r.refOf(t, whole)
	if !ok || bytes.Contains(bytes.ToLower(whole), []byte("<template")) || bytes.Contains(bytes.ToLower(whole), []byte("</template")) || bytes.Contains(whole, []byte(end)) {
		return 0, false
	}
	c, ok := r.find(ref)
	if !ok {
		return 0, false
	}
	r.note(ref, "embed", at)
	r.out.WriteString(markup(ref, originalOf(r.finder, ref, t, whole), c, whole))
	return to, true
}

// again looks at a copy that was put there before: it stays, is brought up to
// date, or gives way to what it replaced.
func (r *rewriter) again(at int, word string) (int, bool) {
	n := bytes.Index(r.doc[at:], []byte(end))
	ref, err := post.ParseRef(word)
	if n < 0 || err != nil {
		return 0, false
	}
	to := at + n + len(end)
	whole := r.doc[at:to]
	begin, stop := bytes.Index(whole, []byte(templateStart)), bytes.LastIndex(whole, []byte("</template>"))
	if begin < 0 || stop < begin {
		return 0, false
	}
	original := whole[begin+len(templateStart) : stop]
	c, ok := r.find(ref)
	if !ok {
		r.note(ref, "restored", at)
		r.out.Write(original)
		return to, true
	}
	z := nethtml.NewTokenizer(bytes.NewReader(original))
	z.Next()
	t := z.Token()
	now := markup(ref, originalOf(r.finder, ref, &t, original), c, original)
	if now != string(whole) {
		r.note(ref, "embed", at)
	}
	r.out.WriteString(now)
	return to, true
}

const templateStart = `<template class="stet-original">`

// markup writes the copy of a post.
func markup(ref post.Ref, original string, c Copy, whole []byte) string {
	e := html.EscapeString
	return fmt.Sprintf(`<figure class="stet" data-stet="%s"><iframe src="%s" title="%s" height="%d" sandbox="allow-popups allow-popups-to-escape-sandbox" loading="lazy" referrerpolicy="no-referrer" style="border:0;width:100%%;max-width:550px"></iframe>`+
		`<figcaption><a href="%s" rel="noopener"%s>Archived %s</a></figcaption>%s%s</template></figure>%s`,
		e(ref.String()), e(c.Card), e(c.Title), c.Height, e(c.Version), robust(original, c), e(c.Date), templateStart, whole, end)
}

// robust writes the attributes of a Robust Link.
func robust(original string, c Copy) string {
	return fmt.Sprintf(` data-originalurl="%s" data-versionurl="%s" data-versiondate="%s"`, html.EscapeString(original), html.EscapeString(c.Version), html.EscapeString(c.Date))
}

// linked returns a tag as it is, or, for a link to a post that is gone, with the
// attributes that lead to its copy.
func (r *rewriter) linked(at, raw int, t *nethtml.Token) []byte {
	tag := r.doc[at : at+raw]
	href := attr(t, "href")
	if t.Data != "a" || href == "" || attr(t, "data-versionurl") != "" {
		return tag
	}
	ref, ok := r.parse(href)
	if !ok {
		return tag
	}
	c, ok := r.find(ref)
	if !ok || c.Version == "" {
		return tag
	}
	cut := len(tag) - 1
	if cut > 0 && tag[cut-1] == '/' && (cut < 2 || strings.ContainsRune(" \t\n\"'", rune(tag[cut-2]))) {
		cut--
	}
	r.note(ref, "link", at)
	return []byte(string(tag[:cut]) + robust(href, c) + string(tag[cut:]))
}

// embeds reports whether a tag begins an element that shows a post.
func embeds(t *nethtml.Token) bool {
	switch t.Data {
	case "iframe", "amp-twitter", "amp-instagram", "amp-iframe", "amp-reddit", "amp-tiktok":
		return true
	case "blockquote", "div":
		for class := range strings.FieldsSeq(attr(t, "class")) {
			switch class {
			case "twitter-tweet", "twitter-video", "instagram-media", "tiktok-embed", "bluesky-embed", "mastodon-embed", "text-post-media", "reddit-embed-bq", "reddit-card", "fb-post", "fb-video":
				return true
			}
		}
	}
	return false
}

func attr(t *nethtml.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// endOf returns where the element ends that begins at an offset: with its own
// end tag, or, where that is missing, with its start tag.
func (r *rewriter) endOf(at int, t *nethtml.Token) int {
	z := nethtml.NewTokenizer(bytes.NewReader(r.doc[at:]))
	depth, first := 0, 0
	for to := at; ; {
		kind := z.Next()
		if len(z.Raw()) == 0 {
			return at + first
		}
		to += len(z.Raw())
		if first == 0 {
			first = len(z.Raw())
		}
		if kind != nethtml.StartTagToken && kind != nethtml.EndTagToken {
			continue
		}
		if name, _ := z.TagName(); string(name) != t.Data {
			continue
		}
		if kind == nethtml.StartTagToken {
			depth++
		} else if depth--; depth == 0 {
			return to
		}
	}
}

// refOf returns the post that an element shows: as one of its attributes says, or
// the last link inside.
func (r *rewriter) refOf(t *nethtml.Token, whole []byte) (post.Ref, bool) {
	for _, name := range []string{"data-instgrm-permalink", "data-bluesky-uri", "data-embed-url", "data-text-post-permalink", "data-href", "cite", "src", "data-src", "data-lazy-src", "data-tweet-id", "data-tweetid"} {
		v := attr(t, name)
		if v == "" {
			continue
		}
		if strings.HasPrefix(name, "data-tweet") {
			v = "https://x.com/i/status/" + v
		}
		if ref, ok := r.parse(v); ok {
			return ref, true
		}
	}
	if t.Data == "iframe" {
		return post.Ref{}, false
	}
	var last post.Ref
	z := nethtml.NewTokenizer(bytes.NewReader(whole))
	for z.Next() != nethtml.ErrorToken {
		if k := z.Token(); k.Data == "a" {
			if ref, ok := r.parse(attr(&k, "href")); ok {
				last = ref
			}
		}
	}
	return last, !last.IsZero()
}

// originalOf returns the address of a post as its embed has it.
func originalOf(f *extract.Finder, ref post.Ref, t *nethtml.Token, whole []byte) string {
	r := &rewriter{finder: f}
	found := ""
	consider := func(v string) {
		if got, ok := r.parse(v); ok && got == ref && strings.HasPrefix(v, "http") {
			found = v
		}
	}
	for _, a := range t.Attr {
		consider(a.Val)
	}
	z := nethtml.NewTokenizer(bytes.NewReader(whole))
	for z.Next() != nethtml.ErrorToken {
		if k := z.Token(); k.Data == "a" {
			consider(attr(&k, "href"))
		}
	}
	if found == "" {
		found = ref.String()
	}
	return found
}

func (r *rewriter) parse(address string) (post.Ref, bool) {
	if strings.HasPrefix(address, "at://") {
		ref := post.Ref{Platform: post.Bluesky, ID: address}
		return ref, ref.Valid()
	}
	if strings.HasPrefix(address, "//") {
		address = "https:" + address
	}
	t, _, ok := r.finder.Parse(address)
	return t.Ref, ok && !t.Ref.IsZero()
}

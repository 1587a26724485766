package main

import (
	"errors"
	"fmt"
	"strings"

	"stet/archiver"
	"stet/extract/post"
	"stet/store"
)

// showCaptured prints what became of a target, for people.
func (a *app) showCaptured(res *archiver.Result) {
	a.out.line("%s", res.Target)
	if res.Article != nil && res.Article.Title != "" {
		a.out.block("  ", "“"+res.Article.Title+"”", 2)
	}
	if res.Kind == "article" {
		a.out.line("  %s", postsFound(res.Posts))
	}
	if res.Article != nil && res.Article.Private {
		a.out.line("  private: it stays out of alerts and of what is given away")
	}
	a.showCapturedLinks(res)
	for i := range res.Posts {
		a.out.line("")
		a.showCapturedPost(i+1, &res.Posts[i])
	}
	for _, w := range res.Warnings {
		a.out.line("")
		a.out.hang("", "Note:", w)
	}
}

// showCapturedLinks prints what became of pages.
func (a *app) showCapturedLinks(res *archiver.Result) {
	links := res.Links
	if res.Kind == "page" && len(links) > 0 {
		what := "kept as a page"
		if res.Article != nil {
			what = "no posts found; the page is kept"
		}
		a.out.line("  %s: %s", what, links[0].FinalURL)
		if links[0].Label != "" {
			a.out.hang("  ", "But:", sentence(links[0].Err))
		}
		links = links[1:]
	}
	if len(links) == 0 {
		return
	}
	kept := 0
	for i := range links {
		if links[i].Err == nil {
			kept++
		}
	}
	a.out.line("  %s linked, %d captured", count(len(links), "page"), kept)
	for i := range links {
		if l := &links[i]; l.Err != nil {
			a.out.hang("    ", l.URL+":", sentence(l.Err))
		}
	}
}

// postsFound sums up what became of an article's posts.
func postsFound(posts []archiver.ResultPost) string {
	captured, quoted, failed := 0, 0, 0
	for i := range posts {
		switch p := &posts[i]; {
		case isCaptured(p):
			captured++
		case onlyQuotation(p):
			quoted++
		default:
			failed++
		}
	}
	parts := []string{fmt.Sprintf("%s found", count(len(posts), "post"))}
	for _, p := range []struct {
		n    int
		what string
	}{{captured, "captured"}, {quoted, "kept only as the article quotes it"}, {failed, "not captured"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	if len(posts) == 0 {
		return "no posts found; the page is kept"
	}
	return strings.Join(parts, ", ")
}

// isCaptured reports whether the post itself was captured, be it without all
// of its files.
func isCaptured(p *archiver.ResultPost) bool {
	return p.Err == nil || errors.Is(p.Err, store.ErrPartial) && !onlyQuotation(p)
}

// onlyQuotation reports whether nothing but the article's own words was kept.
func onlyQuotation(p *archiver.ResultPost) bool {
	return p.Source == post.SourceArticle && !p.Capture.IsZero()
}

func (a *app) showCapturedPost(n int, p *archiver.ResultPost) {
	a.out.line("%d  %s", n, joined([]string{signature(p.Author.Name, p.Author.Handle), refText(p)}, ", "))
	if p.Text != "" {
		a.out.block("   | ", p.Text, 5)
	}
	switch {
	case onlyQuotation(p):
		a.out.block("   ", "The post itself was not captured; the article's own quotation is kept.", 0)
		a.out.hang("   ", "Why:", sentence(p.Err))
		return
	case p.Capture.IsZero() && p.Err != nil:
		a.out.hang("   ", "Not captured:", sentence(p.Err))
		return
	}
	if !p.Posted.IsZero() {
		a.out.line("   Posted %s.", a.when(p.Posted))
	}
	a.out.block("   ", fmt.Sprintf("%s Captured from %s. %s", capitalised(statusWords(p.Status, p.Confirmed))+".", p.Source.Words(), news(p)), 0)
	if p.Incomplete {
		a.out.line("   The source cut the text; what was given is kept.")
	}
	for i := range p.Media {
		a.showCapturedFile(&p.Media[i])
	}
	if p.Misquoted != "" {
		a.out.line("   THE ARTICLE QUOTES IT DIFFERENTLY:")
		a.out.block("   > ", p.Misquoted, 5)
	}
	if p.ResolvedBy != "" {
		a.out.line("   The article tells no id; found by its %s (confidence %.2f).", p.ResolvedBy, p.Confidence)
	}
	if len(p.Related) > 0 {
		var names []string
		for _, r := range p.Related {
			names = append(names, r.String())
		}
		a.out.block("   ", "Captured with it, because it quotes or answers: "+strings.Join(names, ", "), 0)
	}
	for _, note := range p.Notes {
		a.out.hang("   ", "Note:", note)
	}
}

// refText names the post.
func refText(p *archiver.ResultPost) string {
	if p.ID == "" {
		return string(p.Platform) + ", id unknown"
	}
	return string(p.Platform) + ":" + p.ID
}

// news says what the capture brought.
func news(p *archiver.ResultPost) string {
	switch {
	case p.First:
		return "New to the archive."
	case len(p.Changed) > 0:
		return "Captured before; changed since: " + strings.Join(p.Changed, ", ") + "."
	}
	return "Captured before; nothing changed."
}

func (a *app) showCapturedFile(m *post.Media) {
	switch {
	case m.Error != "":
		a.out.block("   ", fmt.Sprintf("The %s is not kept: %s", m.Kind, m.Error), 0)
		return
	case m.Digest == "":
		return // files are left out
	}
	line := fmt.Sprintf("%s kept, %s, %s", m.Kind, size(m.Bytes), m.Type)
	if m.Alt != "" {
		line += ": “" + m.Alt + "”"
	}
	a.out.block("   ", capitalised(line), 2)
}

// statusWords says what is held true of a post.
func statusWords(s post.Status, confirmed bool) string {
	words := s.Words()
	if words == "" {
		words = string(s)
	}
	if s.Gone() && !confirmed {
		return "perhaps " + words + "; not confirmed yet"
	}
	return words
}

func capitalised(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

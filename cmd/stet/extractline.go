package main

import (
	"time"

	"stet/extract"
	"stet/extract/post"
)

// extractLine is what `stet extract --json` prints: every member is there,
// whether it is known or not, so that scripts need not ask.
type extractLine struct {
	Target    string             `json:"target"`
	Article   extractArticle     `json:"article"`
	Embeds    []extractEmbed     `json:"embeds"`
	PostLinks []extract.PostLink `json:"post_links"`
	Links     []extract.Link     `json:"links"`
	Warnings  []string           `json:"warnings"`
}

type extractArticle struct {
	URL       string     `json:"url"`
	Canonical string     `json:"canonical_url"`
	Title     string     `json:"title"`
	SiteName  string     `json:"site_name"`
	Authors   []string   `json:"authors"`
	Published *time.Time `json:"published"`
	Modified  *time.Time `json:"modified"`
	Language  string     `json:"language"`
}

type extractEmbed struct {
	Platform  post.Platform `json:"platform"`
	ID        string        `json:"id"`
	URL       string        `json:"url"`
	Markup    string        `json:"markup"`
	Positions []int         `json:"positions"`
	Before    string        `json:"before"`
	Quoted    extractQuote  `json:"quoted"`
	Resolved  bool          `json:"resolved"`
	Part      string        `json:"part,omitempty"`
	Posted    time.Time     `json:"posted_derived,omitzero"`
	Archived  string        `json:"archived,omitempty"`
}

type extractQuote struct {
	Text   string   `json:"text"`
	Name   string   `json:"name"`
	Handle string   `json:"handle"`
	Date   string   `json:"date"`
	Links  []string `json:"links"`
}

func lineOf(target string, r *extract.Result) extractLine {
	a := &r.Article
	line := extractLine{Target: target, PostLinks: r.PostLinks, Links: r.Links, Warnings: r.Warnings, Embeds: make([]extractEmbed, len(r.Embeds)),
		Article: extractArticle{URL: a.URL, Canonical: a.Canonical, Title: a.Title, SiteName: a.SiteName, Authors: filled(a.Authors),
			Published: nullTime(a.Published), Modified: nullTime(a.Modified), Language: a.Language}}
	for i := range r.Embeds {
		e := &r.Embeds[i]
		line.Embeds[i] = extractEmbed{Platform: e.Platform, ID: e.ID, URL: e.URL, Markup: e.Markup, Positions: e.Positions, Before: e.Before,
			Quoted:   extractQuote{Text: e.Quoted.Text, Name: e.Quoted.Name, Handle: e.Quoted.Handle, Date: e.Quoted.Date, Links: filled(e.Quoted.Links)},
			Resolved: e.Resolved, Part: e.Part, Posted: e.Posted, Archived: e.Archived}
	}
	return line
}

package ingest

import (
	"time"

	"stet/extract"
	"stet/extract/post"
)

// quotationParser names what reads the posts that a recorded page quotes.
const quotationParser = "ingest.quotation/1"

// article returns the posts that a recorded page shows, as far as the page
// itself has their words: the publisher's copy, which can have been altered.
func (a *answerIn) article() []piece {
	found := a.finder.Find(extract.Input{URL: a.address, ContentType: a.r.ContentType, Body: a.r.Body})
	var pieces []piece
	for i := range found.Embeds {
		e := &found.Embeds[i]
		ref := e.Ref()
		switch {
		case !ref.Valid():
			pieces = append(pieces, none("", "the page shows a post without saying which")...)
		case e.Quoted.Text == "":
			pieces = append(pieces, none(ref.String(), "the page shows the post and has no words of it")...)
		default:
			pieces = append(pieces, a.quotation(ref, e).written())
		}
	}
	if pieces == nil {
		return none("", "the page shows no post")
	}
	return pieces
}

// quotation makes a post of what a page quotes.
func (a *answerIn) quotation(ref post.Ref, e *extract.Embed) piece {
	p := &post.Post{Platform: ref.Platform, ID: ref.ID, URL: e.URL, Text: e.Quoted.Text,
		Author: post.Author{Name: e.Quoted.Name, Handle: e.Quoted.Handle}, Media: []post.Media{}}
	if day, err := time.Parse(time.DateOnly, e.Quoted.Date); err == nil {
		p.Posted, p.PostedFrom = day, "stated"
	}
	for _, l := range e.Quoted.Links {
		p.Links = append(p.Links, post.Link{URL: l})
	}
	return piece{post: p, parser: quotationParser, notes: append([]string{"the page that shows it quotes it so; nobody but the page says so"}, a.notes...)}
}

package demo

import (
	"context"
	"fmt"
	"html"
	"time"

	"stet/archiver/fakenet"
	"stet/extract/post"
	"stet/store"
)

// Desk is the invented world of `stet demo --web`: some weeks of a small town's
// news, in which posts are edited and deleted, a page is lost, and an article
// quotes what was not said.
type Desk struct {
	*World
	// Articles are the addresses of the stories.
	Articles []string
	// Deleted, Edited, Misquoted and Living are posts to which that happened.
	Deleted, Edited, Misquoted, Living post.Ref
	// Lost is a page that is gone.
	Lost string
	// Fresh is a post that nobody has captured yet.
	Fresh post.Ref
	// Feed is the address of the newsroom's feed.
	Feed string

	social *fakenet.Instance
	site   *fakenet.Site
	lost   *fakenet.Site
	edited string
	// misquote is an embed with words that the post does not have.
	misquote string
}

// history is how long ago the story of the desk begins.
const history = 24 * 24 * time.Hour

// NewDesk makes the world; its clock begins some weeks before now.
func NewDesk(now func() time.Time) *Desk {
	d := &Desk{World: &World{now: now, offset: -history}}
	d.net = fakenet.New(fakenet.Options{Now: d.Now})
	d.x = d.net.X()
	d.social = d.net.Instance("harbour.social")
	d.site = d.net.Site("harbour-courier.example")
	d.lost = d.net.Site("timetable.example")
	mina := fakenet.Person{ID: "7001", Name: "Mina Varga", Handle: "minavarga", Verified: "government"}
	jonas := fakenet.Person{ID: "7002", Name: "Jonas Adeyemi", Handle: "jonas_adeyemi"}
	office := fakenet.Person{ID: "7003", Name: "Harbour Office", Handle: "harbouroffice", Verified: "business"}
	said := d.Now().Add(-30 * time.Hour).Truncate(time.Minute)
	promise, doubt := fakenet.PostID(said, 11), fakenet.PostID(said.Add(40*time.Minute), 12)
	fares, storm, fresh := fakenet.PostID(said.Add(3*time.Hour), 13), fakenet.PostID(said.Add(5*time.Hour), 14), fakenet.PostID(said.Add(20*time.Hour), 15)
	d.x.Add(
		fakenet.Post{ID: promise, Author: mina, Likes: 1204,
			Text:  "The night ferry will run again from Friday, every night, and the fare stays at two crowns. You have my word.",
			Media: []fakenet.Media{{Alt: "The ferry at the pier in the evening, its lights on."}}},
		fakenet.Post{ID: doubt, Author: jonas, Quotes: promise, Likes: 310,
			Text: "I have the timetable in my hand. There is no night ferry in it."},
		fakenet.Post{ID: fares, Author: office, Likes: 88,
			Text: "Fares from 1 March:\n– single two crowns\n– return three crowns\n– bicycles free\n\nThe timetable: https://timetable.example/night"},
		fakenet.Post{ID: storm, Author: jonas, Sensitive: true, Likes: 42, Text: "What last night's storm left of pier four. Nobody was hurt.",
			Media: []fakenet.Media{{Alt: "A broken pier, planks and glass in the water."}, {Width: 480, Height: 640}}},
		fakenet.Post{ID: fresh, Author: office, Text: "Pier four stays closed until further notice."},
	)
	d.edited = fakenet.TootID(said.Add(2*time.Hour), 5)
	d.social.Add(fakenet.Toot{ID: d.edited, User: "rosa", Name: "Rosa Lindqvist", Posted: said.Add(2 * time.Hour),
		HTML: "<p>The mayor says that the night ferry costs two crowns. The council has voted for six.</p>", Media: []fakenet.Media{{Alt: "A page of the council's minutes."}}})
	x := func(id string) post.Ref { return post.Ref{Platform: post.Twitter, ID: id} }
	d.Posts = []post.Ref{x(promise), x(doubt), x(fares), x(storm)}
	d.Deleted, d.Misquoted, d.Living, d.Fresh = x(promise), x(fares), x(doubt), x(fresh)
	d.Edited = post.Ref{Platform: post.Mastodon, ID: "harbour.social/" + d.edited}
	d.Lost = d.lost.Page("/night", "<!doctype html><html lang=en><title>Night ferry: the timetable</title><body><main><h1>Night ferry: the timetable</h1><p>"+
		"From 6 March a ferry leaves pier two at 23.10 and pier nine at 23.50, every night but Monday. The crossing takes forty minutes. Bicycles are carried without charge; dogs travel on deck.</p></main></body></html>")
	d.publish(said)
	return d
}

// publish puts the stories on the news site.
func (d *Desk) publish(said time.Time) {
	d.misquote = fmt.Sprintf(`<blockquote class="twitter-tweet"><p lang="en" dir="ltr">Fares from 1 March: single four crowns, return three crowns, bicycles free</p>&mdash; Harbour Office (@harbouroffice) <a href="https://twitter.com/harbouroffice/status/%s">%s</a></blockquote>`,
		d.Misquoted.ID, said.Format("January 2, 2006"))
	toot := fmt.Sprintf(`<iframe src="https://harbour.social/@rosa/%s/embed" class="mastodon-embed" width="400" allowfullscreen></iframe>`, d.edited)
	d.Articles = []string{
		d.site.Article(fakenet.Article{Path: "/2026/night-ferry.html", Title: "Mayor promises the night ferry back", Byline: "Rosa Lindqvist", Published: said.Add(2 * time.Hour),
			Body: []fakenet.Block{
				fakenet.P("After two winters without it, the night ferry is to return, the mayor announced yesterday."),
				fakenet.Embed(d.Deleted.ID, fakenet.Blockquote),
				fakenet.P("Not everybody believes it."),
				fakenet.Embed(d.Living.ID, fakenet.Iframe),
				{HTML: `<p>The <a href="` + html.EscapeString(d.Lost) + `">timetable of the ferry</a> went up the same evening.</p>`},
				{HTML: toot},
				fakenet.P("The harbour office did not answer our questions."),
			}}),
		d.site.Article(fakenet.Article{Path: "/2026/fares.html", Title: "What the ferry will cost", Byline: "Teo Marsh", Published: said.Add(6 * time.Hour),
			Body: []fakenet.Block{
				fakenet.P("The harbour office has published its fares, and they are not what the mayor promised."),
				{HTML: d.misquote},
				fakenet.P("The mayor had spoken of two crowns."),
				fakenet.Embed(d.Deleted.ID, fakenet.Blockquote),
			}}),
		d.site.Article(fakenet.Article{Path: "/2026/pier-four.html", Title: "Storm takes pier four", Byline: "Teo Marsh", Published: said.Add(8 * time.Hour),
			Body: []fakenet.Block{fakenet.P("The storm of Sunday night took most of pier four with it."), fakenet.Embed(d.Posts[3].ID, fakenet.Blockquote)}}),
	}
	items := ""
	for i, a := range d.Articles {
		items += fmt.Sprintf("<item><title>Story %d</title><link>%s</link><pubDate>%s</pubDate></item>", i+1, a, said.Add(8*time.Hour).Format(time.RFC1123Z))
	}
	d.Feed = d.site.File("/feed.xml", "application/rss+xml", []byte(`<?xml version="1.0"?><rss version="2.0"><channel><title>The Harbour Courier</title><link>https://harbour-courier.example/</link><description>News</description>`+items+`</channel></rss>`))
}

// Work does what is due, at the world's present time.
type Work func(ctx context.Context) error

// Tell lets the story happen: work captures and looks after each step. Keep
// adds records that people made. When it returns, the world's clock is the
// right one.
func (d *Desk) Tell(ctx context.Context, work Work, keep func(context.Context) error) error {
	days := func(n float64) time.Duration { return time.Duration(n * 24 * float64(time.Hour)) }
	begin := d.Now()
	at := 0.0
	until := func(day float64) error {
		for at < day {
			step := min(max(at/4, 0.1), 0.8, day-at)
			at += step
			d.Pass(days(step))
			if err := work(ctx); err != nil {
				return err
			}
		}
		return nil
	}
	if err := work(ctx); err != nil {
		return err
	}
	for _, s := range []struct {
		day float64
		do  func() error
	}{
		{0.5, func() error { return keep(ctx) }},
		{1.5, func() error {
			d.social.Edit(d.edited, "<p>The mayor says that the night ferry costs two crowns. The council has voted for four.</p>", "")
			return nil
		}},
		{2.2, func() error { d.x.SetStateAt(fakenet.Syndication, d.Deleted.ID, fakenet.Deleted); return nil }},
		{3.1, func() error { d.x.SetState(d.Deleted.ID, fakenet.Deleted); return nil }},
		{5, func() error { d.lost.Remove("/night"); d.rewrite(begin); return nil }},
	} {
		if err := until(s.day); err != nil {
			return err
		}
		if err := s.do(); err != nil {
			return err
		}
	}
	if err := until(history.Hours() / 24); err != nil {
		return err
	}
	d.mu.Lock()
	d.offset = 0
	d.mu.Unlock()
	return work(ctx)
}

// rewrite publishes the story of the fares anew: with another title, more words,
// and one post less.
func (d *Desk) rewrite(published time.Time) {
	d.site.Article(fakenet.Article{Path: "/2026/fares.html", Title: "What the ferry will cost now", Byline: "Teo Marsh", Published: published,
		Body: []fakenet.Block{
			fakenet.P("The harbour office has published its fares, and they are not what the mayor promised. The council has confirmed them since."),
			{HTML: d.misquote},
			fakenet.P("The mayor had spoken of two crowns."),
		}})
}

// DeleteNow lets the author of a post of X delete it.
func (d *Desk) DeleteNow(ref post.Ref) { d.x.SetState(ref.ID, fakenet.Deleted) }

// Case returns the steps that make the case of the demonstration; the first one
// opens it.
func (d *Desk) Case() []store.Case {
	return []store.Case{
		{Act: store.CaseOpen, Title: "The night ferry: who promised what", Text: "The mayor says that she never named a day or a fare. What stood where, and when?", Tags: []string{"council", "ferry"}},
		{Act: store.CaseAdd, Member: store.CaseMember{Ref: d.Deleted}, Text: "The promise, with the fare."},
		{Act: store.CaseAdd, Member: store.CaseMember{Ref: d.Edited}, Text: "Rosa's note from the council."},
		{Act: store.CaseAdd, Member: store.CaseMember{Article: d.Articles[1]}, Text: "Our own story. Does it quote the fares rightly?"},
		{Act: store.CaseAdd, Member: store.CaseMember{Page: d.Lost}},
		{Act: store.CaseNote, Text: "Asked the mayor's office for a comment on Thursday."},
		{Act: store.CaseNote, Member: store.CaseMember{Ref: d.Deleted}, Text: "Compare with the minutes of the council."},
	}
}

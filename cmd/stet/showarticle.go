package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"stet/archiver"
	"stet/cmd/internal/wire"
	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

// shownArticle is what `stet show --json` prints for the address of an article.
type shownArticle struct {
	Article struct {
		URL       string    `json:"url"`
		Title     string    `json:"title"`
		SiteName  string    `json:"site_name"`
		Authors   []string  `json:"authors"`
		Published time.Time `json:"published,omitzero"`
		Language  string    `json:"language"`
		Private   bool      `json:"private,omitempty"`
	} `json:"article"`
	Versions    []shownVersion    `json:"versions"`
	Posts       []shownEmbed      `json:"posts"`
	Links       []shownLink       `json:"links"`
	Submissions []view.Submission `json:"submissions,omitempty"`
}

type shownVersion struct {
	ID   store.ID  `json:"id"`
	Time time.Time `json:"time"`
}

// shownEmbed is a post of an article; Platform and ID are empty where it is not
// known which it is.
type shownEmbed struct {
	Platform  post.Platform `json:"platform"`
	ID        string        `json:"id"`
	Markup    string        `json:"markup"`
	Positions []int         `json:"positions"`
	Text      string        `json:"text"`
	Status    post.Status   `json:"status"`
	Confirmed bool          `json:"confirmed"`
	// Quote is match, mismatch or none, and Quoted what the article quotes.
	Quote  string `json:"quote"`
	Quoted string `json:"quoted,omitempty"`
	// Left is true where the newest version no longer has it.
	Left bool `json:"left,omitempty"`
}

type shownLink struct {
	URL    string           `json:"url"`
	Anchor string           `json:"anchor"`
	Status store.PageResult `json:"status,omitempty"`
	// Confirmed is true where Status is a loss or a change that is confirmed.
	Confirmed bool `json:"confirmed,omitempty"`
}

// showArticle shows an article.
func (a *app) showArticle(ctx context.Context, w *wire.Archive, t target) error {
	v, err := w.Reader.Article(ctx, t.url)
	switch retired := (*store.Retired)(nil); {
	case errors.As(err, &retired):
		return a.notThere(ctx, w, "", retired)
	case errors.Is(err, store.ErrNotFound):
		return a.notThere(ctx, w, "the page "+t.url+" (`stet lookup` finds the posts of an article)", err)
	case err != nil:
		return fmt.Errorf("reading %s: %w", t.url, err)
	case a.json:
		a.out.json(articleJSON(v))
	default:
		a.showArticleView(v)
	}
	return nil
}

func articleJSON(v *view.Article) *shownArticle {
	s := &shownArticle{Versions: []shownVersion{}, Posts: []shownEmbed{}, Links: []shownLink{}, Submissions: v.Submissions}
	l := v.Latest
	s.Article.URL, s.Article.Title, s.Article.SiteName, s.Article.Authors = store.ShownAddress(l.URL), l.Title, l.SiteName, filled(l.Authors)
	s.Article.Published, s.Article.Language, s.Article.Private = l.Published, l.Language, v.Private
	for i := range v.Versions {
		s.Versions = append(s.Versions, shownVersion{v.Versions[i].ID, v.Versions[i].Time.UTC()})
	}
	for i := range v.Embeds {
		e := &v.Embeds[i]
		p := shownEmbed{Platform: e.Ref.Platform, ID: e.Ref.ID, Markup: e.Mention.Markup, Positions: filled(e.Mention.Positions), Quote: e.Quote,
			Quoted: e.Mention.Quoted.Text, Left: e.Left}
		if p.Platform == "" {
			p.Platform = e.Mention.Platform
		}
		if e.Card != nil {
			p.Text, p.Status, p.Confirmed = e.Card.Text, e.Card.Status.Value, e.Card.Status.Confirmed
		}
		s.Posts = append(s.Posts, p)
	}
	for _, l := range v.Links {
		k := shownLink{URL: l.URL, Anchor: l.Anchor}
		if l.Status != nil {
			k.Status, k.Confirmed = l.Status.Value, l.Status.Confirmed
		}
		s.Links = append(s.Links, k)
	}
	return s
}

// showArticleView prints an article with its posts.
func (a *app) showArticleView(v *view.Article) {
	l := v.Latest
	if l.Title != "" {
		a.out.block("", "“"+l.Title+"”", 2)
	}
	a.out.line("%s", store.ShownAddress(l.URL))
	a.out.line("Read %s, last %s", times(len(v.Versions)), a.when(l.Time))
	if v.Private {
		a.out.block("", "Private: it stays out of alerts and of what is given away.", 0)
	}
	a.out.line("")
	a.out.line("%s", capitalised(count(len(v.Embeds), "post")))
	for i := range v.Embeds {
		a.showEmbed(&v.Embeds[i])
	}
	a.showArticleLinks(v)
	a.showSubmissions(v.Submissions)
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func (a *app) showEmbed(e *view.Embed) {
	a.out.line("")
	name := e.Ref.String()
	if e.Ref.IsZero() {
		name = "a post of " + string(e.Mention.Platform) + " that the article does not name"
	}
	a.out.line("  %s", name)
	where := paragraphs(e.Mention.Positions) + ", " + e.Mention.Kind
	if e.Left {
		where = "no longer in the article, since a version after " + a.when(e.Last)
	}
	a.out.line("    %s", where)
	if e.Card == nil {
		a.out.line("    never captured")
		return
	}
	a.out.block("    | ", e.Card.Text, 4)
	a.out.line("    %s", statusWords(e.Card.Status.Value, e.Card.Status.Confirmed))
	if e.Quote == archiver.QuoteMismatch {
		a.out.line("    THE ARTICLE QUOTES IT DIFFERENTLY:")
		a.out.block("    > ", e.Mention.Quoted.Text, 0)
	}
}

// showArticleLinks prints what became of the pages that an article links.
func (a *app) showArticleLinks(v *view.Article) {
	told := 0
	for _, l := range v.Links {
		if l.Status == nil {
			continue
		}
		if told++; told == 1 {
			a.out.line("")
			a.out.line("Captured pages that it links")
		}
		a.out.line("  %s", l.URL)
		a.out.line("    %s", pageWords(l.Status.Value, l.Status.Confirmed))
	}
}

// showSubmissions prints where else a page is kept.
func (a *app) showSubmissions(all []view.Submission) {
	if len(all) == 0 {
		return
	}
	a.out.line("")
	a.out.line("Handed to web archives")
	skip := max(len(all)-mostLines, 0)
	a.skipped(skip)
	for i := range all[skip:] {
		s := &all[skip+i]
		if s.Memento != nil {
			a.out.line("  %s  %s keeps it:", a.when(s.Memento.Time), s.Archive)
			a.out.line("    %s", s.Memento.URL)
			continue
		}
		a.out.line("  %s  %s does not keep it", a.when(s.Time), s.Archive)
		a.out.hang("    ", "because:", joined([]string{s.Code, s.Reason}, ", "))
	}
}

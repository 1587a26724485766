package web

import (
	"time"

	"stet/archiver"
	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

// The forms in which programs are told of things. Times that are not known are
// null.

// apiPost is a post in a list.
type apiPost struct {
	Platform post.Platform         `json:"platform"`
	ID       string                `json:"id"`
	URL      string                `json:"url"`
	Author   archiver.ResultAuthor `json:"author"`
	Text     string                `json:"text"`
	Posted   *time.Time            `json:"posted"`
	Source   post.Source           `json:"source"`
	Status   view.Status           `json:"status"`
	Captured *time.Time            `json:"captured"`
	Media    int                   `json:"media"`
	Mentions int                   `json:"mentions"`
	Private  bool                  `json:"private"`
}

func apiPostOf(c *view.Card) apiPost {
	return apiPost{Platform: c.Ref.Platform, ID: c.Ref.ID, URL: c.URL, Author: archiver.ResultAuthor{Name: c.Author.Name, Handle: c.Author.Handle},
		Text: c.Text, Posted: view.Moment(c.Posted), Source: c.Source, Status: c.Status, Captured: view.Moment(c.Captured), Media: len(c.Media),
		Mentions: len(c.Mentions), Private: c.Private}
}

// apiCapture is a snapshot with what was read of it.
type apiCapture struct {
	ID        store.ID          `json:"id"`
	Time      time.Time         `json:"time"`
	Kind      store.CaptureKind `json:"kind"`
	Ref       string            `json:"ref"`
	URL       string            `json:"url"`
	Source    post.Source       `json:"source"`
	Exchanges []store.ID        `json:"exchanges"`
	Media     []store.MediaFile `json:"media"`
	Article   string            `json:"article"`
	Round     string            `json:"round"`
	Revisit   string            `json:"revisit"`
	Trigger   string            `json:"trigger"`
	Operator  string            `json:"operator"`
	Case      string            `json:"case"`
	Note      string            `json:"note"`
	Private   bool              `json:"private"`
	Software  string            `json:"software"`
	// Derivations are what parsers made of it, oldest first.
	Derivations []apiDerivation `json:"derivations"`
}

// apiDerivation is what a parser made of a capture.
type apiDerivation struct {
	ID     store.ID    `json:"id"`
	Time   time.Time   `json:"time"`
	Parser string      `json:"parser"`
	Source post.Source `json:"source"`
	Post   post.Post   `json:"post"`
	Notes  []string    `json:"notes"`
}

// apiExchange is a recorded request and its response, without the bytes.
type apiExchange struct {
	ID       store.ID  `json:"id"`
	Time     time.Time `json:"time"`
	Method   string    `json:"method"`
	URL      string    `json:"url"`
	Purpose  string    `json:"purpose"`
	Status   int       `json:"status"`
	Took     float64   `json:"took_seconds"`
	Address  string    `json:"address"`
	Protocol string    `json:"protocol"`
	TLS      string    `json:"tls"`
	Type     string    `json:"type"`
	Bytes    int64     `json:"bytes"`
	Digest   string    `json:"digest"`
	// Truncated says why the body is not whole, Withheld that the terms of the
	// endpoint forbid keeping it, Removed that it was taken out.
	Truncated string     `json:"truncated"`
	Withheld  bool       `json:"withheld"`
	Removed   bool       `json:"removed"`
	Redacted  []string   `json:"redacted"`
	Error     string     `json:"error"`
	Refs      []post.Ref `json:"refs"`
	Private   bool       `json:"private"`
}

func apiExchangeOf(id store.ID, x *store.Exchange) apiExchange {
	v := apiExchange{ID: id, Time: x.Started.UTC(), Method: x.Method, URL: x.URL, Purpose: x.Purpose, Status: x.Status, Took: x.Took.Seconds(),
		Address: x.Address, Protocol: x.Protocol, Type: x.Body.Type, Bytes: x.Body.Size, Digest: x.Body.Digest.String(), Truncated: x.Body.Truncated,
		Withheld: x.Body.Withheld, Removed: x.Body.Removed, Redacted: append([]string{}, x.Redacted...), Error: x.Error,
		Refs: append([]post.Ref{}, x.Refs...), Private: x.Private}
	if x.TLS != nil {
		v.TLS = x.TLS.Version
	}
	return v
}

// apiArticle is an article with its posts and links.
type apiArticle struct {
	URL       string       `json:"url"`
	Canonical string       `json:"canonical_url"`
	Title     string       `json:"title"`
	SiteName  string       `json:"site_name"`
	Authors   []string     `json:"authors"`
	Published *time.Time   `json:"published"`
	Modified  *time.Time   `json:"modified"`
	Language  string       `json:"language"`
	Private   bool         `json:"private"`
	Versions  []apiVersion `json:"versions"`
	Embeds    []apiEmbed   `json:"embeds"`
	Links     []apiLink    `json:"links"`
	Text      string       `json:"text"`
}

// apiVersion is an article as it was read once.
type apiVersion struct {
	ID       store.ID  `json:"id"`
	Time     time.Time `json:"time"`
	Title    string    `json:"title"`
	Exchange string    `json:"exchange"`
	Mentions int       `json:"mentions"`
}

// apiEmbed is a post in an article.
type apiEmbed struct {
	Kind       string      `json:"kind"`
	Ref        string      `json:"ref"`
	URL        string      `json:"url"`
	Markup     string      `json:"markup"`
	Positions  []int       `json:"positions"`
	Quoted     string      `json:"quoted"`
	Quote      string      `json:"quote"`
	Status     post.Status `json:"status"`
	Confirmed  bool        `json:"confirmed"`
	Archived   bool        `json:"archived"`
	Left       bool        `json:"left"`
	ResolvedBy string      `json:"resolved_by"`
	Confidence float64     `json:"confidence"`
}

// apiLink is a page that an article links.
type apiLink struct {
	URL       string           `json:"url"`
	Anchor    string           `json:"anchor"`
	Positions []int            `json:"positions"`
	Status    store.PageResult `json:"status"`
	Confirmed bool             `json:"confirmed"`
}

func apiArticleOf(a *view.Article) apiArticle {
	l := a.Latest
	v := apiArticle{URL: a.Name(), Canonical: l.Canonical, Title: l.Title, SiteName: l.SiteName, Authors: append([]string{}, l.Authors...),
		Published: view.Moment(l.Published), Modified: view.Moment(l.Modified), Language: l.Language, Private: a.Private, Text: l.Text,
		Versions: []apiVersion{}, Embeds: []apiEmbed{}, Links: []apiLink{}}
	for i := range a.Versions {
		o := &a.Versions[i]
		v.Versions = append(v.Versions, apiVersion{ID: o.ID, Time: o.Time.UTC(), Title: o.Title, Exchange: o.Exchange.String(), Mentions: len(o.Mentions)})
	}
	for i := range a.Embeds {
		e := &a.Embeds[i]
		m := apiEmbed{Kind: e.Mention.Kind, Ref: e.Ref.String(), URL: e.Mention.URL, Markup: e.Mention.Markup, Positions: append([]int{}, e.Mention.Positions...),
			Quoted: e.Mention.Quoted.Text, Quote: e.Quote, Left: e.Left, ResolvedBy: e.ResolvedBy, Confidence: e.Confidence, Status: post.Unknown}
		if e.Card != nil {
			m.Archived, m.Status, m.Confirmed = true, e.Card.Status.Value, e.Card.Status.Confirmed
		}
		v.Embeds = append(v.Embeds, m)
	}
	for _, p := range a.Links {
		o := apiLink{URL: p.URL, Anchor: p.Anchor, Positions: append([]int{}, p.Positions...), Status: store.PageUnknown}
		if p.Status != nil {
			o.Status, o.Confirmed = p.Status.Value, p.Status.Confirmed
		}
		v.Links = append(v.Links, o)
	}
	return v
}

// apiAccount is an account with a page of its posts.
type apiAccount struct {
	Platform post.Platform `json:"platform"`
	ID       string        `json:"id"`
	Name     string        `json:"name"`
	Handle   string        `json:"handle"`
	Handles  []apiHeld     `json:"handles"`
	Names    []apiHeld     `json:"names"`
	Posts    []apiPost     `json:"posts"`
	Next     string        `json:"next"`
	// Hold is why nothing of the account may be removed, Refused why nothing more
	// of it is captured; null where nobody decided so.
	Hold    *view.Ruling `json:"hold"`
	Refused *view.Ruling `json:"refused"`
}

// apiHeld is a name that an account had.
type apiHeld struct {
	Word  string    `json:"word"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
}

// apiGone is a disappearance.
type apiGone struct {
	Post        apiPost    `json:"post"`
	LastLive    *time.Time `json:"last_live"`
	FirstGone   *time.Time `json:"first_gone"`
	ConfirmedAt *time.Time `json:"confirmed_at"`
	// The post stood at least and at most so long; 0 where it is not known when
	// it was posted.
	AtLeast float64 `json:"stood_at_least_seconds"`
	AtMost  float64 `json:"stood_at_most_seconds"`
	Back    bool    `json:"back"`
	// Stories are the addresses of the articles that mention it.
	Stories []string `json:"stories"`
}

func apiGoneOf(g *view.Gone) apiGone {
	v := apiGone{Post: apiPostOf(g.Card), LastLive: view.Moment(g.Verdict.LastLive), FirstGone: view.Moment(g.Verdict.FirstGone),
		ConfirmedAt: view.Moment(g.Verdict.ConfirmedAt), AtLeast: g.AtLeast.Seconds(), AtMost: g.AtMost.Seconds(), Back: g.Back, Stories: []string{}}
	for _, m := range g.Card.Mentions {
		if !m.Private {
			v.Stories = append(v.Stories, m.Article)
		}
	}
	return v
}

// Platform says how a platform is set up.
type Platform struct {
	Platform post.Platform `json:"platform"`
	// Credentials says which are used, and Missing which keys would add
	// something.
	Credentials string   `json:"credentials"`
	Missing     []string `json:"missing"`
	// Words is a sentence for people.
	Words string `json:"words"`
}

// Source is a feed, sitemap, list or page that is followed.
type Source struct {
	Name     string     `json:"name"`
	URL      string     `json:"url"`
	Kind     string     `json:"kind"`
	Schedule string     `json:"schedule"`
	Paused   bool       `json:"paused"`
	Next     *time.Time `json:"next"`
	// LastRead and LastNew are when it was read last, and last named something
	// new; null where never.
	LastRead *time.Time `json:"last_read"`
	LastNew  *time.Time `json:"last_new"`
	// Failures counts the readings in a row that failed, and Configured is true
	// for what the configuration names.
	Failures   int  `json:"failures"`
	Configured bool `json:"configured"`
	// Error is the last failure, empty where the last reading went well.
	Error string `json:"error"`
}

package mastodon

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"stet/extract"
	"stet/extract/post"
)

// StatusParser names the parser of what an instance's own interface answers,
// with its version.
const StatusParser = "mastodon.status/1"

// maxNesting bounds how deep posts within posts are read: a repeated post with
// a quoted one.
const maxNesting = 3

// status is the payload of /api/v1/statuses/:id, of Mastodon and of the
// software that speaks the same interface.
type status struct {
	ID         str               `json:"id"`
	URI        str               `json:"uri"`
	URL        str               `json:"url"`
	Created    str               `json:"created_at"`
	EditedAt   str               `json:"edited_at"`
	Sensitive  opt[bool]         `json:"sensitive"`
	Spoiler    str               `json:"spoiler_text"`
	Visibility str               `json:"visibility"`
	Language   str               `json:"language"`
	Content    opt[string]       `json:"content"`
	Account    opt[account]      `json:"account"`
	Media      list[attachment]  `json:"media_attachments"`
	Card       opt[card]         `json:"card"`
	Poll       opt[poll]         `json:"poll"`
	Replies    opt[num]          `json:"replies_count"`
	Reposts    opt[num]          `json:"reblogs_count"`
	Likes      opt[num]          `json:"favourites_count"`
	Quotes     opt[num]          `json:"quotes_count"`
	ParentID   str               `json:"in_reply_to_id"`
	Reblog     json.RawMessage   `json:"reblog"`
	Quote      json.RawMessage   `json:"quote"`
	QuoteID    str               `json:"quote_id"`
	Pleroma    opt[pleromaQuote] `json:"pleroma"`
}

// pleromaQuote is what Pleroma and Akkoma add.
type pleromaQuote struct {
	Quote    json.RawMessage `json:"quote"`
	QuoteID  str             `json:"quote_id"`
	QuoteURL str             `json:"quote_url"`
}

// quote is how Mastodon 4.4 and later tells of a quoted post.
type quote struct {
	State    str             `json:"state"`
	Status   json.RawMessage `json:"quoted_status"`
	StatusID str             `json:"quoted_status_id"`
}

type card struct {
	URL         str `json:"url"`
	Title       str `json:"title"`
	Description str `json:"description"`
	Image       str `json:"image"`
	Type        str `json:"type"`
}

type poll struct {
	Ends    str       `json:"expires_at"`
	Expired opt[bool] `json:"expired"`
	Options list[struct {
		Title str      `json:"title"`
		Votes opt[num] `json:"votes_count"`
	}] `json:"options"`
}

// ParseStatus reads the post ref from the payload of an instance's interface.
// It errors with [extract.ErrShape] for everything that is not a whole post
// with its author.
func ParseStatus(ref post.Ref, body []byte) (extract.Parsed, error) {
	var s status
	if err := extract.DecodeJSON(body, &s); err != nil {
		return extract.Parsed{}, err
	}
	b := builder{ref: ref}
	p, ok := b.status(&s, maxNesting)
	if !ok {
		return extract.Parsed{}, fmt.Errorf("%w: a status without id, content or account", extract.ErrShape)
	}
	return b.parsed(p), nil
}

// builder collects what comes along with a post.
type builder struct {
	// ref is the post that was asked for: its host is where the ids mean
	// something.
	ref     post.Ref
	related []post.Post
	notes   []string
}

func (b *builder) note(sentence string) {
	for _, n := range b.notes {
		if n == sentence {
			return
		}
	}
	b.notes = append(b.notes, sentence)
}

func (b *builder) parsed(p post.Post) extract.Parsed {
	out := extract.Parsed{Post: p, Notes: b.notes}
	seen := map[post.Ref]bool{p.Ref(): true}
	for i := range b.related {
		if ref := b.related[i].Ref(); !seen[ref] {
			seen[ref] = true
			out.Related = append(out.Related, b.related[i])
		}
	}
	return out
}

// status makes a post of s and adds those that it carries.
func (b *builder) status(s *status, depth int) (post.Post, bool) {
	ref := refAt(b.ref, string(s.ID))
	if ref.IsZero() || !s.Content.Set || !s.Account.V.whole() {
		return post.Post{}, false
	}
	p := post.Post{Platform: ref.Platform, ID: ref.ID, Author: s.Account.V.author(b.ref), Language: string(s.Language),
		Edited: s.EditedAt != "", Visibility: string(s.Visibility), Warning: strings.TrimSpace(string(s.Spoiler)), Sensitive: s.Sensitive.V}
	p.URL = cmp.Or(web(s.URL), web(s.URI))
	if alias := aliasOf(ref, s.URI, s.URL); !alias.IsZero() {
		p.Aliases = []post.Ref{alias}
	}
	setPosted(&p, NumberOf(ref), s.Created)
	text := read(s.Content.V)
	p.Text, p.Links = text.text, text.links
	p.Counts = counts(map[string]opt[num]{"likes": s.Likes, "reposts": s.Reposts, "replies": s.Replies, "quotes": s.Quotes})
	p.Parent = refAt(b.ref, string(s.ParentID))
	b.media(&p, s.Media)
	if c := &s.Card.V; web(c.URL) != "" {
		p.Card = &post.Card{URL: web(c.URL), Title: string(c.Title), Description: string(c.Description), Image: web(c.Image), Kind: string(c.Type)}
	}
	p.Poll = s.Poll.V.post()
	s.Account.V.describe(&p, b.note)
	if isObject(s.Reblog) {
		p.Reposted = b.nested(s.Reblog, depth, "the repeated post")
	}
	b.quote(&p, s, text.quote, depth)
	return p, true
}

// setPosted fills in the time of publication.
func setPosted(p *post.Post, number string, stated str) {
	if t := moment(stated); !t.IsZero() {
		p.Posted, p.PostedFrom = t, "stated"
	} else if t, ok := Time(number); ok {
		p.Posted, p.PostedFrom = t, "derived"
	}
}

// aliasOf returns the reference of the original where the post came from
// another host.
func aliasOf(ref post.Ref, addresses ...str) post.Ref {
	for _, a := range addresses {
		if r := refOf(string(a)); !r.IsZero() && r != ref {
			return r
		}
	}
	return post.Ref{}
}

// counts keeps the numbers that are there, nil for none.
func counts(all map[string]opt[num]) map[string]int64 {
	var out map[string]int64
	for name, n := range all {
		if n.Set && n.V >= 0 {
			if out == nil {
				out = map[string]int64{}
			}
			out[name] = int64(n.V)
		}
	}
	return out
}

// nested reads a post within a post, adds it and returns its reference, also
// where the rest cannot be read.
func (b *builder) nested(raw json.RawMessage, depth int, what string) post.Ref {
	var s status
	if err := json.Unmarshal(raw, &s); err != nil {
		b.note(what + " could not be read")
		return post.Ref{}
	}
	if depth > 1 {
		if p, ok := b.status(&s, depth-1); ok {
			b.related = append(b.related, p)
			return p.Ref()
		}
	}
	b.note(what + " could not be read")
	return refAt(b.ref, string(s.ID))
}

// quote fills in the quoted post: as Mastodon tells it, as others do, or from
// the line in the text that stands for it.
func (b *builder) quote(p *post.Post, s *status, inline string, depth int) {
	var q quote
	if isObject(s.Quote) && json.Unmarshal(s.Quote, &q) == nil && q.State != "" {
		switch {
		case isObject(q.Status):
			p.Quoted = b.nested(q.Status, depth, "the quoted post")
		case q.StatusID != "":
			p.Quoted = refAt(b.ref, string(q.StatusID))
		}
		if q.State != "accepted" {
			b.note("the quotation is in the state " + string(q.State))
		}
	} else {
		for _, raw := range []json.RawMessage{s.Quote, s.Pleroma.V.Quote} {
			if isObject(raw) && p.Quoted.IsZero() {
				p.Quoted = b.nested(raw, depth, "the quoted post")
			}
		}
	}
	for _, id := range []str{s.QuoteID, s.Pleroma.V.QuoteID} {
		if p.Quoted.IsZero() {
			p.Quoted = refAt(b.ref, string(id))
		}
	}
	for _, address := range []string{string(s.Pleroma.V.QuoteURL), inline} {
		if p.Quoted.IsZero() && address != "" {
			b.quotedAt(p, address)
		}
	}
	if p.Quoted == p.Ref() {
		p.Quoted = post.Ref{}
	}
}

// quotedAt fills in a quoted post of which only the address is known.
func (b *builder) quotedAt(p *post.Post, address string) {
	if p.Quoted = refOf(address); p.Quoted.IsZero() {
		b.note("it quotes " + address)
	}
}

// post returns the poll, nil where it has no answers.
func (p *poll) post() *post.Poll {
	if len(p.Options) == 0 {
		return nil
	}
	out := &post.Poll{Ends: moment(p.Ends), Final: p.Expired.V}
	for _, o := range p.Options {
		out.Options = append(out.Options, post.PollOption{Label: string(o.Title), Votes: int64(max(o.Votes.V, 0))})
	}
	return out
}

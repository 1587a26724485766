package twitter

import (
	"encoding/json"
	"fmt"
	"strings"

	"stet/extract"
	"stet/extract/post"
)

// SyndicationParser names the parser of the keyless endpoint's payload, with
// its version.
const SyndicationParser = "twitter.syndication/2"

// maxNesting bounds how deep posts within posts are read. The platform nests
// one level: a quoted post and a parent, each without its own.
const maxNesting = 3

// tweet is the payload of cdn.syndication.twimg.com/tweet-result, of which
// quoted_tweet and parent have the same shape again.
type tweet struct {
	Typename str            `json:"__typename"`
	ID       str            `json:"id_str"`
	Created  str            `json:"created_at"`
	Lang     str            `json:"lang"`
	Text     opt[string]    `json:"text"`
	User     opt[user]      `json:"user"`
	Entities opt[entities]  `json:"entities"`
	Media    opt[mediaList] `json:"mediaDetails"`
	Photos   opt[list[struct {
		URL    str `json:"url"`
		Width  num `json:"width"`
		Height num `json:"height"`
		Alt    str `json:"accessibilityLabel"`
	}]] `json:"photos"`
	Video opt[struct {
		Poster   str           `json:"poster"`
		Duration num           `json:"durationMs"`
		Variants list[variant] `json:"variants"`
	}] `json:"video"`
	Card        opt[card] `json:"card"`
	Likes       opt[num]  `json:"favorite_count"`
	Talk        opt[num]  `json:"conversation_count"`
	Replies     opt[num]  `json:"reply_count"`
	Reposts     opt[num]  `json:"retweet_count"`
	Sensitive   opt[bool] `json:"possibly_sensitive"`
	Edited      opt[bool] `json:"isEdited"`
	Stale       opt[bool] `json:"isStaleEdit"`
	EditControl opt[struct {
		IDs list[str] `json:"edit_tweet_ids"`
	}] `json:"edit_control"`
	Note     opt[noteTweet]  `json:"note_tweet"`
	Pivot    opt[pivot]      `json:"birdwatch_pivot"`
	Parent   json.RawMessage `json:"parent"`
	Quoted   json.RawMessage `json:"quoted_tweet"`
	ParentID str             `json:"in_reply_to_status_id_str"`
}

// pivot is the box below a post with what people added to it.
type pivot struct {
	Words opt[richText] `json:"subtitle"`
}

// note returns the words of the box, empty where there are none.
func (p *pivot) note() string { return strings.TrimSpace(p.Words.V.text) }

type (
	mediaList = list[media]
	noteTweet struct {
		ID str `json:"id"`
	}
)

// user is an account as the keyless endpoint and v1.1 describe it.
type user struct {
	ID           str       `json:"id_str"`
	Name         str       `json:"name"`
	Handle       str       `json:"screen_name"`
	Avatar       str       `json:"profile_image_url_https"`
	Verified     opt[bool] `json:"verified"`
	Blue         opt[bool] `json:"is_blue_verified"`
	VerifiedType str       `json:"verified_type"`
}

// entities are the parts of a text that mean something. Groups without members
// may be missing.
type entities struct {
	URLs  opt[list[urlEntity]] `json:"urls"`
	Media opt[mediaList]       `json:"media"`
}

type urlEntity struct {
	URL      str `json:"url"`
	Expanded str `json:"expanded_url"`
	Display  str `json:"display_url"`
}

// author returns the account in the words of the public schema.
func (u *user) author() post.Author {
	a := post.Author{ID: string(u.ID), Name: string(u.Name), Handle: string(u.Handle), Avatar: string(u.Avatar)}
	if a.Handle != "" {
		a.URL = "https://twitter.com/" + a.Handle
	}
	switch {
	case u.VerifiedType != "":
		a.Verified = string(u.VerifiedType)
	case u.Blue.V:
		a.Verified = "blue"
	case u.Verified.V:
		a.Verified = "verified"
	}
	return a
}

// words returns the writer of a text with these entities.
func (e *entities) words(self string, more mediaList) *words {
	w := newWords(self)
	for _, u := range e.URLs.V {
		w.addLink(string(u.URL), string(u.Expanded), string(u.Display))
	}
	for _, m := range e.Media.V {
		w.addMedia(string(m.URL))
	}
	for _, m := range more {
		w.addMedia(string(m.URL))
	}
	return w
}

// ParseSyndication reads a post from the payload of the keyless endpoint. It
// errors with [extract.ErrShape] for everything that is not a whole post with
// its author.
func ParseSyndication(body []byte) (extract.Parsed, error) {
	var t tweet
	if err := extract.DecodeJSON(body, &t); err != nil {
		return extract.Parsed{}, err
	}
	if t.Typename != "" && t.Typename != "Tweet" {
		return extract.Parsed{}, fmt.Errorf("%w: a %.40s", extract.ErrShape, t.Typename)
	}
	b := builder{}
	p, ok := b.syndication(&t, maxNesting)
	if !ok {
		return extract.Parsed{}, fmt.Errorf("%w: a post without id, text or author", extract.ErrShape)
	}
	return b.parsed(p), nil
}

// builder collects what comes along with a post.
type builder struct {
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

// relate adds a post, once.
func (b *builder) relate(p post.Post) {
	for i := range b.related {
		if b.related[i].ID == p.ID {
			return
		}
	}
	b.related = append(b.related, p)
}

func (b *builder) parsed(p post.Post) extract.Parsed {
	out := extract.Parsed{Post: p, Notes: b.notes}
	for i := range b.related {
		if b.related[i].ID != p.ID {
			out.Related = append(out.Related, b.related[i])
		}
	}
	return out
}

// whole reports whether the payload is a post that can be kept.
func (t *tweet) whole() bool {
	return validID(string(t.ID)) && t.Text.Set && t.User.Set && t.User.V.Handle != ""
}

// syndication makes a post of t and adds those that it carries.
func (b *builder) syndication(t *tweet, depth int) (post.Post, bool) {
	if !t.whole() {
		return post.Post{}, false
	}
	p := post.Post{Platform: post.Twitter, ID: string(t.ID), Author: t.User.V.author(), Language: string(t.Lang),
		Sensitive: t.Sensitive.V, Note: t.Pivot.V.note(), Edited: t.Edited.V, Counts: t.counts(), Parent: Ref(string(t.ParentID))}
	p.URL = PostURL(p.Author.Handle, p.ID)
	setPosted(&p, string(t.Created))
	setVersions(&p, t.EditControl.V.IDs)
	if t.Stale.V {
		b.note("a newer version of the post exists")
	}
	w := t.Entities.V.words(p.ID, t.Media.V)
	text := w.read(t.Text.V)
	p.Text, p.Links = text.text, text.links
	p.Incomplete = text.cut || t.Note.Set && t.Note.V.ID != ""
	if p.Incomplete {
		b.note("the source cuts long posts")
	}
	b.syndicationMedia(&p, t)
	if t.Card.Set {
		t.Card.V.set(&p, w.links)
	}
	b.syndicationQuote(&p, t, &text, depth)
	if isObject(t.Parent) {
		if q, _, ok := b.nested(t.Parent, depth); ok {
			p.Parent = q.Ref()
		} else {
			b.note("the post that is answered could not be read")
		}
	}
	return p, true
}

// nested reads a post within a post and adds it. The id is returned even where
// the rest cannot be read.
func (b *builder) nested(raw json.RawMessage, depth int) (p post.Post, id string, ok bool) {
	var t tweet
	if err := json.Unmarshal(raw, &t); err != nil || depth == 0 {
		return post.Post{}, "", false
	}
	if p, ok = b.syndication(&t, depth-1); ok {
		b.relate(p)
	}
	return p, string(t.ID), ok
}

func (t *tweet) counts() map[string]int64 {
	replies := t.Replies
	if !replies.Set {
		replies = t.Talk
	}
	return counts(map[string]opt[num]{"likes": t.Likes, "replies": replies, "reposts": t.Reposts})
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

// syndicationMedia fills in the pictures and videos. mediaDetails has all of
// them; photos and video are a shorter form of the same.
func (b *builder) syndicationMedia(p *post.Post, t *tweet) {
	for _, m := range t.Media.V {
		if out, ok := m.post(p, b.note); ok {
			p.Media = append(p.Media, out)
		}
	}
	if len(p.Media) > 0 {
		return
	}
	for _, f := range t.Photos.V {
		m := post.Media{Kind: "photo", Alt: string(f.Alt), Width: int(f.Width), Height: int(f.Height)}
		if setPhoto(&m, string(f.URL)); m.URL != "" {
			p.Media = append(p.Media, m)
		}
	}
	if v := t.Video; v.Set {
		m := post.Media{Kind: "video", Poster: string(v.V.Poster), DurationMS: int64(v.V.Duration)}
		if setVariants(&m, v.V.Variants); m.URL != "" {
			p.Media = append(p.Media, m)
		}
	}
}

// syndicationQuote fills in the quoted post, or the reference to it where only
// the link at the end of the text is left.
func (b *builder) syndicationQuote(p *post.Post, t *tweet, text *seen, depth int) {
	if isObject(t.Quoted) {
		q, id, ok := b.nested(t.Quoted, depth)
		if ok {
			p.Quoted = q.Ref()
			return
		}
		p.Quoted = Ref(id)
		b.note("the quoted post could not be read")
	}
	if p.Quoted.IsZero() {
		if p.Quoted = text.ends(p.ID); !p.Quoted.IsZero() {
			b.note("the quoted post is known only by the link that the text ends with")
		}
	}
}

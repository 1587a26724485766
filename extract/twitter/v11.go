package twitter

import (
	"cmp"
	"encoding/json"
	"fmt"

	"stet/extract"
	"stet/extract/post"
)

// V11Parser names the parser of v1.1 statuses, with its version.
const V11Parser = "twitter.v11/1"

// status is a status of the v1.1 API, in extended or in compatibility mode, or
// as the streams sent it.
type status struct {
	ID        str            `json:"id_str"`
	NumID     json.Number    `json:"id"`
	Created   str            `json:"created_at"`
	Lang      str            `json:"lang"`
	Text      opt[string]    `json:"text"`
	FullText  opt[string]    `json:"full_text"`
	Truncated opt[bool]      `json:"truncated"`
	User      opt[user]      `json:"user"`
	Entities  opt[entities]  `json:"entities"`
	Extended  opt[mediaHold] `json:"extended_entities"`
	Whole     opt[struct {
		FullText opt[string]    `json:"full_text"`
		Entities opt[entities]  `json:"entities"`
		Extended opt[mediaHold] `json:"extended_entities"`
	}] `json:"extended_tweet"`
	Quoted     json.RawMessage `json:"quoted_status"`
	QuotedID   str             `json:"quoted_status_id_str"`
	Retweeted  json.RawMessage `json:"retweeted_status"`
	ParentID   str             `json:"in_reply_to_status_id_str"`
	Sensitive  opt[bool]       `json:"possibly_sensitive"`
	Pivot      opt[pivot]      `json:"birdwatch_pivot"`
	Likes      opt[num]        `json:"favorite_count"`
	Reposts    opt[num]        `json:"retweet_count"`
	Replies    opt[num]        `json:"reply_count"`
	Quotes     opt[num]        `json:"quote_count"`
	Card       opt[card]       `json:"card"`
	Countries  opt[list[str]]  `json:"withheld_in_countries"`
	Copyright  opt[bool]       `json:"withheld_copyright"`
	EditedIDs  opt[list[str]]  `json:"edit_history_tweet_ids"`
	HasHistory opt[struct {
		IDs list[str] `json:"edit_tweet_ids"`
	}] `json:"edit_control"`
}

type mediaHold struct {
	Media opt[mediaList] `json:"media"`
}

// id returns the id: id_str, or in the oldest payloads the number alone, which
// is exact since it is kept as it is written.
func (s *status) id() string { return cmp.Or(string(s.ID), s.NumID.String()) }

// ParseV11 reads a post from one status of the v1.1 API: the answer of
// statuses/show, or an element of statuses/lookup. It errors with
// [extract.ErrShape] for everything that is not a whole status. A status of
// which the platform withholds the words is refused too.
func ParseV11(body []byte) (extract.Parsed, error) {
	var s status
	if err := extract.DecodeJSON(body, &s); err != nil {
		return extract.Parsed{}, err
	}
	b := builder{}
	p, ok := b.status(&s, maxNesting)
	if !ok {
		return extract.Parsed{}, fmt.Errorf("%w: a status without id or text", extract.ErrShape)
	}
	if withheldEverywhere(s.Countries.V, s.Copyright.V) {
		return extract.Parsed{}, fmt.Errorf("%w: a status whose words are withheld", extract.ErrShape)
	}
	return b.parsed(p), nil
}

// withheldEverywhere reports whether words are withheld from all: XX stands for
// all countries, XY for a claim of copyright.
func withheldEverywhere(countries []str, copyright bool) bool {
	for _, c := range countries {
		if c == "XX" || c == "XY" {
			return true
		}
	}
	return copyright
}

// status makes a post of s and adds those that it carries.
func (b *builder) status(s *status, depth int) (post.Post, bool) {
	text, ents, more, cut := s.content()
	if !validID(s.id()) || !text.Set {
		return post.Post{}, false
	}
	p := post.Post{Platform: post.Twitter, ID: s.id(), Author: s.User.V.author(), Language: string(s.Lang), Sensitive: s.Sensitive.V, Note: s.Pivot.V.note(),
		Parent: Ref(string(s.ParentID)), Quoted: Ref(string(s.QuotedID)), Counts: s.counts()}
	p.URL = PostURL(p.Author.Handle, p.ID)
	setPosted(&p, string(s.Created))
	if setVersions(&p, s.HasHistory.V.IDs); p.Versions == nil {
		setVersions(&p, s.EditedIDs.V)
	}
	for _, c := range s.Countries.V {
		p.Labels = append(p.Labels, "withheld:"+string(c))
	}
	if ents == nil {
		ents = &entities{}
	}
	w := ents.words(p.ID, more)
	seen := w.read(text.V)
	p.Text, p.Links = seen.text, seen.links
	if p.Incomplete = cut || seen.cut || looksCut(p.Text); p.Incomplete {
		b.note("the source cuts long posts")
	}
	for _, m := range more {
		if out, ok := m.post(&p, b.note); ok {
			p.Media = append(p.Media, out)
		}
	}
	if s.Card.Set {
		s.Card.V.set(&p, w.links)
	}
	b.statusRelations(&p, s, &seen, depth)
	return p, true
}

// content returns the text, its entities and the media, from where they are
// whole.
func (s *status) content() (text opt[string], ents *entities, more mediaList, cut bool) {
	ext := s.Extended.V.Media
	ents = &s.Entities.V
	switch {
	case s.FullText.Set:
		text = s.FullText
	case s.Whole.Set && s.Whole.V.FullText.Set:
		text, ents = s.Whole.V.FullText, &s.Whole.V.Entities.V
		if s.Whole.V.Extended.V.Media.Set {
			ext = s.Whole.V.Extended.V.Media
		}
	default:
		text, cut = s.Text, s.Truncated.V
	}
	if more = ext.V; len(more) == 0 {
		more = ents.Media.V
	}
	return text, ents, more, cut
}

func (s *status) counts() map[string]int64 {
	return counts(map[string]opt[num]{"likes": s.Likes, "reposts": s.Reposts, "replies": s.Replies, "quotes": s.Quotes})
}

// statusRelations fills in the quoted and the repeated post.
func (b *builder) statusRelations(p *post.Post, s *status, seen *seen, depth int) {
	if isObject(s.Quoted) {
		if q, ok := b.nestedStatus(s.Quoted, depth); ok {
			p.Quoted = q.Ref()
		} else {
			b.note("the quoted post could not be read")
		}
	}
	if p.Quoted.IsZero() && !isObject(s.Retweeted) {
		if p.Quoted = seen.ends(p.ID); !p.Quoted.IsZero() {
			b.note("the quoted post is known only by the link that the text ends with")
		}
	}
	if !isObject(s.Retweeted) {
		return
	}
	o, ok := b.nestedStatus(s.Retweeted, depth)
	if !ok {
		b.note("the repeated post could not be read")
		return
	}
	repeats(p, &o)
}

// repeats makes p a repetition of o: its own text is o's, cut to make room for
// the mark, so that o's is put in its place.
func repeats(p, o *post.Post) {
	p.Reposted, p.Quoted = o.Ref(), post.Ref{}
	p.Text, p.Links, p.Incomplete = o.Text, o.Links, o.Incomplete
	if o.Author.Handle != "" {
		p.Text = "RT @" + o.Author.Handle + ": " + o.Text
	}
	p.Media = nil
	for _, m := range o.Media {
		if m.SourceRef.IsZero() {
			m.SourceRef = o.Ref()
		}
		p.Media = append(p.Media, m)
	}
}

func (b *builder) nestedStatus(raw json.RawMessage, depth int) (post.Post, bool) {
	var s status
	if depth == 0 || json.Unmarshal(raw, &s) != nil {
		return post.Post{}, false
	}
	p, ok := b.status(&s, depth-1)
	if ok {
		b.relate(p)
	}
	return p, ok
}

// ReadV11 says what a response of statuses/show means for the post id.
func ReadV11(id string, r extract.Response) extract.Answer {
	if a, ok := v11Trouble(r); ok {
		return a
	}
	if r.StatusCode != 200 {
		return extract.Trouble(extract.ReasonHTTP, false)
	}
	return statusAnswer(id, r.Body)
}

// ReadV11Lookup says what a response of statuses/lookup, with or without
// map=true, means for each of the ids that were asked for. The API leaves out
// what is deleted, protected or suspended without a word.
func ReadV11Lookup(ids []string, r extract.Response) map[string]extract.Answer {
	out := make(map[string]extract.Answer, len(ids))
	all := func(a extract.Answer) map[string]extract.Answer {
		for _, id := range ids {
			out[id] = a
		}
		return out
	}
	leftOut := extract.Answer{Status: post.NotFound, Reason: extract.ReasonLeftOut}
	if a, ok := v11Trouble(r); ok {
		// A code about one post cannot be told apart from one about all.
		if !a.Transport && len(ids) != 1 {
			a = leftOut
		}
		return all(a)
	}
	if r.StatusCode == 404 && r.JSON() {
		return all(leftOut)
	}
	if r.StatusCode != 200 {
		return all(extract.Trouble(extract.ReasonHTTP, false))
	}
	found, err := lookupItems(r.Body)
	if err != nil {
		return all(extract.Trouble(extract.ReasonShape, false))
	}
	all(leftOut)
	for _, id := range ids {
		if raw, ok := found[id]; ok {
			out[id] = statusAnswer(id, raw)
		}
	}
	return out
}

// lookupItems returns the statuses of a list or a map by id.
func lookupItems(body []byte) (map[string]json.RawMessage, error) {
	found := map[string]json.RawMessage{}
	if extract.JSONKind(body) == '[' {
		var items list[json.RawMessage]
		if err := extract.DecodeJSON(body, &items); err != nil {
			return nil, err
		}
		for _, raw := range items {
			var s struct {
				ID    str         `json:"id_str"`
				NumID json.Number `json:"id"`
			}
			if json.Unmarshal(raw, &s) == nil {
				found[cmp.Or(string(s.ID), s.NumID.String())] = raw
			}
		}
		return found, nil
	}
	var m struct {
		ID opt[map[string]json.RawMessage] `json:"id"`
	}
	if err := extract.DecodeJSON(body, &m); err != nil {
		return nil, err
	}
	if !m.ID.Set {
		return nil, fmt.Errorf("%w: neither a list nor a map of statuses", extract.ErrShape)
	}
	for id, raw := range m.ID.V {
		if isObject(raw) {
			found[id] = raw
		}
	}
	return found, nil
}

// statusAnswer returns the answer for one status, given as it stands.
func statusAnswer(id string, raw []byte) extract.Answer {
	var w struct {
		Countries opt[list[str]] `json:"withheld_in_countries"`
		Copyright opt[bool]      `json:"withheld_copyright"`
		ID        str            `json:"id_str"`
	}
	if err := json.Unmarshal(raw, &w); err != nil {
		return extract.Trouble(extract.ReasonShape, false)
	}
	if len(w.Countries.V) == 0 && !w.Copyright.V {
		p, err := ParseV11(raw)
		return shown(id, p, err)
	}
	if string(w.ID) != id {
		return extract.Trouble(extract.ReasonOtherPost, false)
	}
	a := extract.Answer{Status: post.Withheld, Explicit: true, Reason: extract.ReasonStated}
	if p, err := ParseV11(raw); err == nil {
		a.Parsed = &p
	}
	return a
}

package mastodon

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"stet/extract"
	"stet/extract/post"
)

// ActivityParser names the parser of a post as servers tell each other of it,
// with its version.
const ActivityParser = "mastodon.activity/1"

// object is a post in the vocabulary of ActivityStreams 2.0, as the software of
// the network uses it.
type object struct {
	Type       list[str]           `json:"type"`
	ID         str                 `json:"id"`
	URL        list[link]          `json:"url"`
	Author     list[link]          `json:"attributedTo"`
	Name       str                 `json:"name"`
	Content    opt[string]         `json:"content"`
	ContentMap opt[map[string]str] `json:"contentMap"`
	Summary    str                 `json:"summary"`
	Sensitive  opt[bool]           `json:"sensitive"`
	Published  str                 `json:"published"`
	Updated    str                 `json:"updated"`
	Deleted    str                 `json:"deleted"`
	Parent     list[link]          `json:"inReplyTo"`
	Attachment list[document]      `json:"attachment"`
	To         list[link]          `json:"to"`
	Cc         list[link]          `json:"cc"`
	OneOf      list[answer]        `json:"oneOf"`
	AnyOf      list[answer]        `json:"anyOf"`
	Ends       str                 `json:"endTime"`
	Closed     json.RawMessage     `json:"closed"`
	Likes      opt[collection]     `json:"likes"`
	Shares     opt[collection]     `json:"shares"`
	Quote      list[link]          `json:"quote"`
	QuoteURL   str                 `json:"quoteUrl"`
	QuoteURI   str                 `json:"quoteUri"`
	Misskey    str                 `json:"_misskey_quote"`
}

// link is an address, alone or in an object.
type link struct {
	Href string
	Type string
}

// UnmarshalJSON reads a string, or an object with a href or an id.
func (l *link) UnmarshalJSON(b []byte) error {
	if !isObject(b) {
		return json.Unmarshal(b, &l.Href)
	}
	var v struct {
		Href  str `json:"href"`
		ID    str `json:"id"`
		Media str `json:"mediaType"`
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	l.Href, l.Type = cmp.Or(string(v.Href), string(v.ID)), string(v.Media)
	return nil
}

// document is a file of a post.
type document struct {
	Type     str        `json:"type"`
	Media    str        `json:"mediaType"`
	URL      list[link] `json:"url"`
	Name     str        `json:"name"`
	Summary  str        `json:"summary"`
	Width    num        `json:"width"`
	Height   num        `json:"height"`
	Duration str        `json:"duration"`
}

// answer is one answer of a poll.
type answer struct {
	Name    str             `json:"name"`
	Replies opt[collection] `json:"replies"`
}

type collection struct {
	Total opt[num] `json:"totalItems"`
}

// isPost reports whether the object is of a kind that people read as a post.
func (o *object) isPost() bool {
	return slices.ContainsFunc(o.Type, func(t str) bool {
		switch t {
		case "Note", "Question", "Article", "Page", "Image", "Audio", "Video", "Event":
			return true
		}
		return false
	})
}

// names reports whether the object is the post ref, or the one at address: by
// its id or by one of its addresses.
func (o *object) names(ref post.Ref, address string) bool {
	same := func(s string) bool {
		return s != "" && (s == address || refOf(s) == ref && !ref.IsZero() || refOf(s) == refOf(address) && !refOf(s).IsZero())
	}
	return same(string(o.ID)) || slices.ContainsFunc(o.URL, func(l link) bool { return same(l.Href) })
}

// ParseActivity reads the post ref, asked for at address, from an object of
// ActivityPub. It errors with [extract.ErrShape] for everything that is not
// that post.
func ParseActivity(ref post.Ref, address string, body []byte) (extract.Parsed, error) {
	var o object
	if err := extract.DecodeJSON(body, &o); err != nil {
		return extract.Parsed{}, err
	}
	if !o.isPost() || !o.names(ref, address) || len(o.Author) == 0 || !o.Content.Set && len(o.ContentMap.V) == 0 && len(o.Attachment) == 0 && o.Name == "" {
		return extract.Parsed{}, fmt.Errorf("%w: no post with id, author and content", extract.ErrShape)
	}
	b := builder{ref: ref}
	return b.parsed(b.object(&o, ref)), nil
}

// object makes a post of o, under the reference that was asked for.
func (b *builder) object(o *object, ref post.Ref) post.Post {
	p := post.Post{Platform: ref.Platform, ID: ref.ID, Author: o.author(), Sensitive: o.Sensitive.V,
		Edited: o.Updated != "" && o.Updated != o.Published, Visibility: o.visibility()}
	p.URL = web(o.ID)
	for _, l := range o.URL {
		if u := web(str(l.Href)); u != "" && (l.Type == "" || strings.HasPrefix(l.Type, "text/html")) {
			p.URL = u
			break
		}
	}
	if alias := aliasOf(ref, o.ID, str(p.URL)); !alias.IsZero() {
		p.Aliases = []post.Ref{alias}
	}
	setPosted(&p, NumberOf(ref), o.Published)
	content := o.Content.V
	for language, words := range o.ContentMap.V {
		if len(o.ContentMap.V) == 1 {
			p.Language, content = language, cmp.Or(content, string(words))
		}
	}
	text := read(content)
	p.Text, p.Links = text.text, text.links
	if slices.Contains(o.Type, "Note") || slices.Contains(o.Type, "Question") {
		p.Warning = read(string(o.Summary)).text
	}
	if p.Text == "" || o.Name != "" && !slices.Contains(o.Type, "Note") && !slices.Contains(o.Type, "Question") {
		p.Text = strings.TrimSpace(string(o.Name) + "\n\n" + p.Text)
	}
	p.Counts = counts(map[string]opt[num]{"likes": o.Likes.V.Total, "reposts": o.Shares.V.Total})
	for i := range o.Attachment {
		if m, ok := o.Attachment[i].post(); ok {
			p.Media = append(p.Media, m)
		}
	}
	p.Poll = o.poll()
	if len(o.Parent) > 0 && o.Parent[0].Href != "" {
		if p.Parent = refOf(o.Parent[0].Href); p.Parent.IsZero() {
			b.note("it answers " + o.Parent[0].Href)
		}
	}
	b.quotedBy(&p, o, text.quote)
	return p
}

// quotedBy fills in the post that is quoted, from the member of whichever
// software wrote it.
func (b *builder) quotedBy(p *post.Post, o *object, inline string) {
	all := []string{string(o.QuoteURL), string(o.QuoteURI), string(o.Misskey), inline}
	if len(o.Quote) > 0 {
		all = slices.Insert(all, 0, o.Quote[0].Href)
	}
	for _, address := range all {
		if p.Quoted.IsZero() && address != "" {
			b.quotedAt(p, address)
			return
		}
	}
}

// author is as much as the object tells of it: the address of its actor, and
// the handle where the post's own address has it.
func (o *object) author() post.Author {
	a := post.Author{ID: o.Author[0].Href, URL: web(str(o.Author[0].Href))}
	addresses := []string{string(o.ID)}
	for _, l := range o.URL {
		addresses = append(addresses, l.Href)
	}
	for _, address := range addresses {
		u, ok := extract.ParseLink(address)
		if !ok {
			continue
		}
		if t, ok := parseSaid(u); ok && t.Handle != "" && !strings.Contains(t.Handle, "@") {
			a.Handle = t.Handle + "@" + HostOf(t.Ref)
			break
		}
	}
	return a
}

// everybody is the address that stands for everybody.
const everybody = "https://www.w3.org/ns/activitystreams#Public"

func (o *object) visibility() string {
	is := func(l link) bool { return l.Href == everybody || l.Href == "as:Public" || l.Href == "Public" }
	switch {
	case slices.ContainsFunc(o.To, is):
		return "public"
	case slices.ContainsFunc(o.Cc, is):
		return "unlisted"
	}
	return ""
}

// post returns the file in the words of the public schema; false for what is no
// file.
func (d *document) post() (post.Media, bool) {
	m := post.Media{Alt: cmp.Or(string(d.Name), string(d.Summary)), Width: side(d.Width), Height: side(d.Height)}
	media := string(d.Media)
	for _, l := range d.URL {
		u := web(str(l.Href))
		switch {
		case u == "":
		case m.URL == "":
			m.URL, media = u, cmp.Or(media, l.Type)
		default:
			m.Fallbacks = append(m.Fallbacks, u)
		}
	}
	kind, _, _ := strings.Cut(media, "/")
	switch {
	case kind == "image" || d.Type == "Image":
		m.Kind = "photo"
	case kind == "video" || d.Type == "Video":
		m.Kind = "video"
	case kind == "audio" || d.Type == "Audio":
		m.Kind = "audio"
	case d.Type == "Document":
		m.Kind = "file"
	default: // a preview of a page, a tag
		return post.Media{}, false
	}
	return m, m.URL != ""
}

// poll returns the poll, nil where the object is none.
func (o *object) poll() *post.Poll {
	answers := o.OneOf
	if len(answers) == 0 {
		answers = o.AnyOf
	}
	if len(answers) == 0 {
		return nil
	}
	p := &post.Poll{Ends: moment(o.Ends), Final: len(o.Closed) > 0 && string(o.Closed) != "null" && string(o.Closed) != "false"}
	for _, a := range answers {
		p.Options = append(p.Options, post.PollOption{Label: string(a.Name), Votes: int64(max(a.Replies.V.Total.V, 0))})
	}
	return p
}

// ReadActivity says what a response to a request for the post ref at an
// address, as other servers make it, means. A tombstone in its place is the
// statement that it was deleted; 410 by itself says no more than that it is
// gone, since Mastodon answers so for all posts of an account that is.
func ReadActivity(ref post.Ref, address string, r extract.Response) extract.Answer {
	if a, ok := trouble(r); ok {
		return a
	}
	switch r.StatusCode {
	case 200, 404, 410:
	default:
		return other(r)
	}
	if !r.JSON() {
		return extract.Trouble(extract.ReasonNotJSON, false)
	}
	var o object
	if isObject(r.Body) && extract.DecodeJSON(r.Body, &o) != nil {
		return extract.Trouble(extract.ReasonShape, false)
	}
	switch {
	case slices.Contains(o.Type, "Tombstone"):
		return o.tombstone(ref, address)
	case r.StatusCode == 410:
		return extract.Answer{Status: post.NotFound, Explicit: true, Reason: extract.ReasonCode, Words: cmp.Or(errorWords(r.Body), "410 Gone")}
	case r.StatusCode == 404 && isNotFound(r):
		return extract.Answer{Status: post.NotFound, Reason: extract.ReasonAbsent, Words: errorWords(r.Body)}
	case r.StatusCode == 404:
		return other(r)
	case o.isPost() && !o.names(ref, address):
		return extract.Trouble(extract.ReasonOtherPost, false)
	}
	p, err := ParseActivity(ref, address, r.Body)
	if err != nil {
		return extract.Trouble(extract.ReasonShape, false)
	}
	return shown(p)
}

// tombstone is the answer where the object stands for one that was deleted.
func (o *object) tombstone(ref post.Ref, address string) extract.Answer {
	if !o.names(ref, address) {
		return extract.Trouble(extract.ReasonOtherPost, false)
	}
	words := "a tombstone"
	if t := moment(o.Deleted); !t.IsZero() {
		words += ", deleted at " + t.Format(time.RFC3339)
	}
	return extract.Answer{Status: post.Deleted, Explicit: true, Reason: extract.ReasonStated, Words: words}
}

// Gone says what it means that the address of a post answers 410 and its
// account answers as it does: the account is gone, or it lives and has deleted
// the post.
func Gone(post410, account extract.Answer) extract.Answer {
	switch {
	case post410.Status != post.NotFound || !post410.Explicit:
		return post410
	case account.Status == post.Live:
		post410.Status = post.Deleted
		post410.Words += ", and the account is there"
	case account.Status == post.AccountSuspended, account.Status == post.AccountGone:
		post410.Status = account.Status
		post410.Words += ", and so says the account: " + account.Words
	}
	return post410
}

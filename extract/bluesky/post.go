package bluesky

import (
	"slices"
	"strings"
	"time"

	"stet/extract"
	"stet/extract/post"
)

// The parsers, with their versions.
const (
	// ViewParser reads posts as the platform's index shows them.
	ViewParser = "bluesky.view/1"
	// RecordParser reads records as the author's server keeps them.
	RecordParser = "bluesky.record/1"
)

// invalidHandle stands for a handle that does not lead back to its account.
const invalidHandle = "handle.invalid"

// Ref returns the identity of the post with an at:// URI, the zero Ref where
// the URI names none.
func Ref(uri string) post.Ref {
	t, _ := Site{}.PostByID(uri)
	return t.Ref
}

// Split returns the authority and the record key of a post's id. Lasting is
// true where the authority is a DID; a handle can change hands.
func Split(id string) (authority, rkey string, lasting bool) {
	parts := strings.Split(strings.TrimPrefix(id, "at://"), "/")
	if len(parts) != 3 {
		return "", "", false
	}
	return parts[0], parts[2], isDID(parts[0])
}

// Lasting returns the id of the same post with its account's DID.
func Lasting(id, did string) post.Ref {
	_, rkey, _ := Split(id)
	return Ref("at://" + did + "/" + collection + "/" + rkey)
}

// builder collects what a payload has beside the post.
type builder struct {
	servers Servers
	related []post.Post
	notes   []string
}

func (b *builder) note(s string) {
	if !slices.Contains(b.notes, s) {
		b.notes = append(b.notes, s)
	}
}

func (b *builder) relate(p post.Post) {
	if !slices.ContainsFunc(b.related, func(o post.Post) bool { return o.ID == p.ID }) {
		b.related = append(b.related, p)
	}
}

// parsed returns the post with what was collected.
func (b *builder) parsed(p post.Post) extract.Parsed {
	related := slices.DeleteFunc(b.related, func(o post.Post) bool { return o.ID == p.ID })
	if len(related) == 0 {
		related = nil
	}
	return extract.Parsed{Post: p, Related: related, Notes: b.notes}
}

// maxNesting is how deep quoted posts are followed in one payload.
const maxNesting = 3

// view makes a post of what the index shows. It returns false where that is no
// post.
func (b *builder) view(v *postView, depth int) (post.Post, bool) {
	p, ok := b.record(string(v.URI), string(v.CID), v.Record, v.Embed.V, depth)
	if !ok || !v.Author.Set {
		return post.Post{}, false
	}
	did, _, _ := Split(p.ID)
	if a := &v.Author.V; string(a.DID) != did {
		return post.Post{}, false
	}
	p.Author = v.Author.V.author()
	if h := p.Author.Handle; h != "" {
		p.Aliases = append(p.Aliases, Ref("at://"+h+strings.TrimPrefix(p.ID, "at://"+did)))
	}
	b.mark(&p, append(v.Labels, hiding(v.Author.V.Labels)...))
	p.Counts = counts(map[string]num{"likes": v.Likes, "reposts": v.Reposts, "replies": v.Replies, "quotes": v.Quotes, "bookmarks": v.Bookmark})
	b.compareTimes(&p, string(v.Indexed))
	return p, true
}

// record makes a post of a record, and of what the index shows beside it.
func (b *builder) record(uri, cid string, raw []byte, v *embedView, depth int) (post.Post, bool) {
	ref := Ref(uri)
	did, rkey, lasting := Split(ref.ID)
	var r record
	if ref.IsZero() || !lasting || extract.DecodeJSON(raw, &r) != nil || !r.Text.Set || r.Type != collection && r.Type != "" {
		return post.Post{}, false
	}
	p := post.Post{Platform: post.Bluesky, ID: ref.ID, URL: "https://bsky.app/profile/" + did + "/post/" + rkey,
		Author: post.Author{ID: did, URL: profileURL(did)}, Version: cid}
	p.Text, p.Links = showText(r.Text.V, r.Facets)
	if len(r.Langs) > 0 {
		p.Language = string(r.Langs[0])
	}
	if t, err := time.Parse(time.RFC3339, string(r.Created)); err == nil {
		p.Posted, p.PostedFrom = t.UTC(), "stated"
	} else if t, ok := Time(rkey); ok {
		p.Posted, p.PostedFrom = t, "derived"
	}
	b.mark(&p, r.Labels.V.Values)
	p.Warning = warning(r.Labels.V.Values)
	p.Parent = Ref(string(r.Reply.V.Parent.V.URI))
	var e *embed
	if r.Embed.Set {
		e = &r.Embed.V
	}
	p.Media = mediaOf(did, e, v, b.servers)
	p.Card = cardOf(e, v)
	b.quote(&p, e, v, depth)
	return p, true
}

// compareTimes notes where the date that the author's client wrote is far from
// when the network saw the post.
func (b *builder) compareTimes(p *post.Post, indexed string) {
	t, err := time.Parse(time.RFC3339, indexed)
	if err != nil || p.Posted.IsZero() {
		return
	}
	if d := t.Sub(p.Posted); d > 24*time.Hour || d < -24*time.Hour {
		b.note("the author's client dates the post " + p.Posted.Format(time.RFC3339) + ", and the network saw it first at " + t.UTC().Format(time.RFC3339))
	}
}

// author returns the account in the words of the public schema.
func (a *profile) author() post.Author {
	out := post.Author{ID: string(a.DID), Name: string(a.Name), Handle: strings.ToLower(string(a.Handle)), URL: profileURL(string(a.DID)), Avatar: string(a.Avatar)}
	if out.Handle == invalidHandle || !validHandle(out.Handle) {
		out.Handle = ""
	}
	switch v := a.Verification.V; {
	case v.Verifier == "valid":
		out.Verified = "trusted verifier"
	case v.Verified == "valid":
		out.Verified = "verified"
	}
	return out
}

// hiding returns the labels of an account that say how its posts may be shown;
// the others are about the account.
func hiding(labels []label) []label {
	var all []label
	for _, l := range labels {
		if strings.HasPrefix(string(l.Value), "!") {
			all = append(all, l)
		}
	}
	return all
}

// mark adds labels to a post.
func (b *builder) mark(p *post.Post, labels []label) {
	for _, l := range labels {
		if l.Value == "" || l.Negated.V || slices.Contains(p.Labels, string(l.Value)) {
			continue
		}
		p.Labels = append(p.Labels, string(l.Value))
		p.Sensitive = p.Sensitive || sensitive(l.Value)
	}
}

// sensitive reports whether clients cover what has the label.
func sensitive(value str) bool {
	switch value {
	case "porn", "sexual", "nudity", "graphic-media", "gore", "nsfl", "!warn", "!hide":
		return true
	}
	return false
}

// warning returns the labels with which the author covered the post.
func warning(labels []label) string {
	var all []string
	for _, l := range labels {
		if sensitive(l.Value) && !l.Negated.V {
			all = append(all, string(l.Value))
		}
	}
	return strings.Join(all, ", ")
}

func counts(all map[string]num) map[string]int64 {
	var out map[string]int64
	for name, n := range all {
		if n.Set && n.V >= 0 {
			if out == nil {
				out = map[string]int64{}
			}
			out[name] = n.V
		}
	}
	return out
}

// cardOf returns the preview of a linked page.
func cardOf(e *embed, v *embedView) *post.Card {
	if v != nil && v.Media.Set && v.Media.V != nil {
		v = v.Media.V
	}
	if e != nil && e.Media.Set && e.Media.V != nil {
		e = e.Media.V
	}
	c := &post.Card{Kind: "external"}
	switch {
	case v != nil && v.External.Set:
		x := &v.External.V
		c.URL, c.Title, c.Description, c.Image = string(x.URI), string(x.Title), string(x.Description), string(x.Thumb)
	case e != nil && e.External.Set:
		x := &e.External.V
		c.URL, c.Title, c.Description = string(x.URI), string(x.Title), string(x.Description)
	}
	if c.URL == "" {
		return nil
	}
	return c
}

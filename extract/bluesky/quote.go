package bluesky

import (
	"cmp"
	"strings"

	"stet/extract/post"
)

// quote fills in what the post quotes, and adds the quoted post where the
// payload shows it.
func (b *builder) quote(p *post.Post, e *embed, v *embedView, depth int) {
	uri := ""
	if e != nil && e.Record.Set {
		uri = string(cmp.Or(e.Record.V.Record.V.URI, e.Record.V.URI))
	}
	var q *quoteView
	if v != nil && v.Record.Set {
		if q = &v.Record.V.quoteView; v.Record.V.Record.Set {
			q = &v.Record.V.Record.V
		}
		uri = cmp.Or(uri, string(q.URI))
	}
	if uri == "" {
		return
	}
	if p.Quoted = Ref(uri); p.Quoted.IsZero() {
		b.card(p, uri, q)
		return
	}
	if q != nil {
		b.quoted(q, depth)
	}
}

// quoted adds a quoted post, or notes why it is not shown.
func (b *builder) quoted(q *quoteView, depth int) {
	kind := string(q.Type)
	switch {
	case q.NotFound.V || strings.HasSuffix(kind, "#viewNotFound"):
		b.note("the quoted post is not shown: the platform does not find it")
		return
	case q.Blocked.V || strings.HasSuffix(kind, "#viewBlocked"):
		b.note("the quoted post is not shown: one of the two authors blocks the other")
		return
	case q.Detached.V || strings.HasSuffix(kind, "#viewDetached"):
		b.note("the quoted post is not shown: its author detached it from this one")
		return
	case depth == 0:
		return
	}
	v := q.postView
	if v.Record = q.Value; len(q.Embeds) > 0 {
		v.Embed = opt[*embedView]{V: &q.Embeds[0], Set: true}
	}
	if other, ok := b.view(&v, depth-1); ok {
		b.relate(other)
	} else {
		b.note("the quoted post could not be read")
	}
}

// card shows a quoted feed, list or starter pack as a preview.
func (b *builder) card(p *post.Post, uri string, q *quoteView) {
	address, kind := pageOf(uri)
	if address == "" || p.Card != nil {
		b.note("it quotes " + uri + ", which is no post")
		return
	}
	p.Card = &post.Card{URL: address, Kind: kind}
	if q != nil {
		p.Card.Title, p.Card.Description, p.Card.Image = string(cmp.Or(q.Name, q.ListName)), string(q.Description), string(q.Avatar)
	}
}

// pageOf returns the address for people of a record that is no post.
func pageOf(uri string) (address, kind string) {
	parts := strings.Split(strings.TrimPrefix(uri, "at://"), "/")
	if len(parts) != 3 || !validDID(parts[0]) {
		return "", ""
	}
	if key, ok := recordKey(parts[2]); !ok || key != parts[2] {
		return "", ""
	}
	switch parts[1] {
	case "app.bsky.feed.generator":
		return profileURL(parts[0]) + "/feed/" + parts[2], "feed"
	case "app.bsky.graph.list":
		return profileURL(parts[0]) + "/lists/" + parts[2], "list"
	case "app.bsky.graph.starterpack":
		return "https://bsky.app/starter-pack/" + parts[0] + "/" + parts[2], "starter-pack"
	}
	return "", ""
}

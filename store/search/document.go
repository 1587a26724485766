package search

import (
	"net/url"
	"strings"
	"time"

	"stet/extract/post"
	"stet/store"
)

// name is what a document is known by: a byte that says of what kind it is, and
// platform:id or the key of an address.
type name string

func postName(r post.Ref) name           { return name("p" + r.String()) }
func articleName(address string) name    { return name("a" + store.ArticleKey(address)) }
func articleKeyName(key string) name     { return name("a" + key) }
func pageName(address string) name       { return name("w" + store.ArticleKey(address)) }
func addressNames(address string) []name { return []name{articleName(address), pageName(address)} }

// document is what is indexed of a post, an article or a page.
type document struct {
	name    name
	seq     uint64 // the number of its record
	aliases []name
	url     string // of an article or page
	row     row
	author  string // handle@platform of the dictionary, empty where there is none
	// platform is that of a post, domain the host of an article or page.
	platform string
	domain   string
	fields   []string
	// better reports whether it is shown rather than an older one.
	better func(older *row) bool
	place  int // in the order of its batch
}

// documentOf returns what a derivation says of its post.
func documentOf(d *store.Derivation) *document {
	p := &d.Post
	doc := &document{name: postName(d.Ref), platform: string(d.Ref.Platform), fields: []string{p.Text, p.Author.Name}}
	doc.row = row{kind: kindPost, source: number(sourceNames(), string(d.Source)), incomplete: p.Incomplete}
	doc.setTime(p.Posted, d.Time)
	for _, a := range p.Aliases {
		if a != d.Ref && a.Valid() {
			doc.aliases = append(doc.aliases, postName(a))
		}
	}
	if h := strings.TrimPrefix(p.Author.Handle, "@"); h != "" {
		doc.fields = append(doc.fields, "@"+h)
		doc.author = authorKey(h, string(d.Ref.Platform))
	}
	for i := range p.Media {
		doc.fields = append(doc.fields, p.Media[i].Alt)
		doc.row.media |= mediaBit(p.Media[i].Kind)
	}
	for i := range p.Earlier {
		doc.fields = append(doc.fields, p.Earlier[i].Text)
	}
	if p.Card != nil {
		doc.fields = append(doc.fields, p.Card.Title, p.Card.Description)
	}
	doc.fields = append(doc.fields, p.Warning)
	if p.Poll != nil {
		for _, o := range p.Poll.Options {
			doc.fields = append(doc.fields, o.Label)
		}
	}
	// By the rule of store.History.Best: one that is whole over one that is cut
	// off, a richer source over a poorer one, the later over the earlier.
	doc.better = func(older *row) bool { return shownOver(d.Source, p.Incomplete, older) }
	return doc
}

// shownOver reports whether what a source says is shown rather than what an
// older derivation says, by the rule of [store.History.Best].
func shownOver(source post.Source, incomplete bool, older *row) bool {
	item := func(i uint64, source post.Source, incomplete bool) store.Item[store.Derivation] {
		return store.Item[store.Derivation]{Seq: i, Content: &store.Derivation{Source: source, Post: post.Post{Incomplete: incomplete}}}
	}
	old := post.Source(nameOf(sourceNames(), older.source))
	h := store.History{Derivations: []store.Item[store.Derivation]{item(1, old, older.incomplete), item(2, source, incomplete)}}
	return h.Best().Seq == 2
}

// setTime sets when the document was published, or else captured.
func (d *document) setTime(posted, captured time.Time) {
	d.row.posted, d.row.unstated = seconds(posted), posted.IsZero()
	if posted.IsZero() {
		d.row.posted = seconds(captured)
	}
}

// articleDocument returns what a version of an article says. The latest one is
// found.
func articleDocument(a *store.ArticleVersion, text bool) *document {
	doc := &document{name: articleKeyName(a.Key), url: a.URL, domain: host(a.URL), fields: []string{a.Title}}
	if text {
		doc.fields = append(doc.fields, a.Text)
	}
	doc.fields = append(append(doc.fields, a.SiteName), a.Authors...)
	doc.row = row{kind: kindArticle}
	doc.setTime(a.Published, a.Time)
	doc.better = func(*row) bool { return true }
	return doc
}

// pageDocument returns what a reading of a page says. What only stands in the
// place of a page does not hide it, by the rule of [store.PageHistory.Best].
func pageDocument(p *store.PageReading) *document {
	doc := &document{name: pageName(p.URL), url: p.URL, domain: host(p.URL)}
	rank := uint8(0)
	switch {
	case p.Label == "" && p.Drift <= store.MaxDrift:
		rank = 3
	case p.Label == "":
		rank = 2
	case p.Label.Wall():
		rank = 1
	}
	if rank > 1 {
		doc.fields = []string{p.Title, p.Text, p.SiteName}
	}
	doc.row = row{kind: kindPage, media: rank}
	doc.setTime(time.Time{}, p.Time)
	doc.better = func(older *row) bool { return rank >= older.media }
	return doc
}

// authorKey is how an account stands in the dictionary, so that those of one
// handle stand together.
func authorKey(handle, platform string) string {
	return strings.ToLower(strings.TrimPrefix(handle, "@")) + "\x00" + platform
}

// host returns the host of an address as domains are kept, "" where it has none.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
}

// reversed returns a host with its labels in reverse order, so that those of
// one domain stand together.
func reversed(host string) string {
	labels := strings.Split(host, ".")
	for i, j := 0, len(labels)-1; i < j; i, j = i+1, j-1 {
		labels[i], labels[j] = labels[j], labels[i]
	}
	return strings.Join(labels, ".")
}

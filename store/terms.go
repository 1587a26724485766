package store

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"stet/extract/post"
)

// Index names one of the indexes that every backend keeps.
type Index string

// The indexes. The number of an index in [Indexes] is stored: indexes are only
// ever appended.
const (
	// IndexRef leads from platform:id to everything that holds words of the
	// post or speaks of it: exchanges, captures, derivations, looks, verdicts,
	// article versions that mention it, resolutions.
	IndexRef Index = "ref"
	// IndexAccount leads from platform:handle (lower case) and from
	// platform:#id (the platform's id of the account) to derivations.
	IndexAccount Index = "account"
	// IndexArticle leads from an [ArticleKey] to article versions, to the exchanges
	// that they were read from, to the discoveries of the article by sources, and to
	// what rules did with it.
	IndexArticle Index = "article"
	// IndexURL leads from a page's [ArticleKey] to its captures, readings and
	// looks, and to the readings of pages whose addresses led there.
	IndexURL Index = "url"
	// IndexBlob leads from a digest to the records that refer to the blob.
	IndexBlob Index = "blob"
	// IndexBody leads from the digest of a response body to the exchanges that
	// hold it.
	IndexBody Index = "body"
	// IndexRecord leads from a record's id to the records that refer to it and
	// cannot be found by a post: resolutions by article version, stamps by the
	// head that they are of, redactions by what they changed, exchanges by the one
	// that holds their body.
	IndexRecord Index = "record"
	// IndexSubject leads from the subject of incidents to them, from "watch "
	// and a source's name to the watches of its posts, from "verdict " and an
	// event to the verdicts, from "stamp " and a form to the stamps, from "case" to
	// the records that open cases, and from the articles and pages in cases to the
	// records that put them there.
	IndexSubject Index = "subject"
	// IndexLink leads from a page's [ArticleKey] to the article versions that
	// link it.
	IndexLink Index = "link"
)

// Indexes lists the indexes; an index's position plus one is its number on
// disk.
func Indexes() []Index {
	return []Index{IndexRef, IndexAccount, IndexArticle, IndexURL, IndexBlob, IndexBody, IndexRecord, IndexSubject, IndexLink}
}

// Number returns the number of x on disk, 0 where this version does not know
// it.
func (x Index) Number() byte { return byte(slices.Index(Indexes(), x) + 1) }

// Term is one entry of an index: the records that carry it can be listed. Make
// one with the functions below, which keep it within its length.
type Term struct {
	Index Index
	// Value is at most [MaxTermLength] bytes.
	Value string
}

// newTerm returns a term that is no longer than it may be, and without bytes
// that are not UTF-8: the records' JSON cannot hold them.
func newTerm(x Index, value string) Term {
	value = validText(value)
	if len(value) > MaxTermLength {
		d := DigestOf([]byte(value))
		value = value[:MaxTermLength-65] + "#" + d.String()[len("sha256:"):]
	}
	return Term{x, value}
}

// validText replaces each byte that is not UTF-8, as encoding/json does.
func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

// RefTerm is the term of everything about a post.
func RefTerm(r post.Ref) Term { return newTerm(IndexRef, r.String()) }

// HandleTerm is the term of the derivations of posts that an account published
// under a handle, whatever its case.
func HandleTerm(p post.Platform, handle string) Term {
	return newTerm(IndexAccount, string(p)+":"+strings.ToLower(strings.TrimPrefix(handle, "@")))
}

// AccountTerm is the term of the derivations of posts of an account, by the
// platform's own id of it.
func AccountTerm(p post.Platform, id string) Term {
	return newTerm(IndexAccount, string(p)+":#"+id)
}

// ArticleTerm is the term of the versions of an article.
func ArticleTerm(address string) Term { return newTerm(IndexArticle, ArticleKey(address)) }

// URLTerm is the term of the captures, readings and looks of a page.
func URLTerm(address string) Term { return newTerm(IndexURL, ArticleKey(address)) }

// LinkTerm is the term of the article versions that link a page.
func LinkTerm(address string) Term { return newTerm(IndexLink, ArticleKey(address)) }

// SubjectTerm is the term of the incidents of a subject.
func SubjectTerm(subject string) Term { return newTerm(IndexSubject, subject) }

// RecordTerm is the term of the records that refer to a record: see
// [IndexRecord].
func RecordTerm(id ID) Term { return Term{IndexRecord, string(id[:])} }

// BlobTerm is the term of the records that refer to a blob.
func BlobTerm(d Digest) Term { return Term{IndexBlob, string(d[:])} }

// BodyTerm is the term of the exchanges that hold a response body.
func BodyTerm(d Digest) Term { return Term{IndexBody, string(d[:12])} }

// TermsOf returns the index entries of a record's content, sorted, without
// duplicates, the first [MaxTerms] of them. They are derived from the content
// alone.
func TermsOf(c Content) []Term {
	seen := map[Term]bool{}
	terms := slices.DeleteFunc(c.terms(), func(t Term) bool {
		drop := t.Value == "" || seen[t] || len(seen) == MaxTerms
		if !drop {
			seen[t] = true
		}
		return drop
	})
	slices.SortFunc(terms, compareTerms)
	return terms
}

// ArticleKey returns what the versions of one article share: its address
// without scheme, "www.", fragment, tracking parameters and a final slash. It
// returns what is not an absolute web address unchanged but for bytes that are
// not UTF-8, which file names can hold and JSON cannot.
func ArticleKey(address string) string {
	address = validText(address)
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return address
	}
	host := strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
	if p := u.Port(); p != "" && p != "80" && p != "443" {
		host += ":" + p
	}
	key := host + strings.TrimSuffix(u.EscapedPath(), "/")
	if q := withoutTracking(u.RawQuery); q != "" {
		key += "?" + q
	}
	return key
}

// ShownAddress returns an address as people are told it: without fragment and
// tracking parameters, which say how somebody came there and not where. What is
// not an absolute web address is returned unchanged.
func ShownAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return address
	}
	plain, _, _ := strings.Cut(address, "#")
	plain, query, _ := strings.Cut(plain, "?")
	if query = withoutTracking(query); query != "" {
		plain += "?" + query
	}
	return plain
}

// withoutTracking drops the parameters of a query that say where a reader came
// from, and keeps the order of the others.
func withoutTracking(query string) string {
	if query == "" {
		return ""
	}
	kept := make([]string, 0, 4)
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		if part != "" && !tracking(strings.ToLower(name)) {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, "&")
}

func tracking(name string) bool {
	if strings.HasPrefix(name, "utm_") || strings.HasPrefix(name, "at_") {
		return true
	}
	switch name {
	case "fbclid", "gclid", "dclid", "msclkid", "twclid", "igshid", "igsh", "mc_cid", "mc_eid", "ref_src", "ref_url",
		"cmpid", "ito", "smid", "ncid", "ocid", "wt_mc", "xtor", "__twitter_impression", "s_cid", "guccounter":
		return true
	}
	return false
}

func (d *Discovery) terms() []Term { return []Term{ArticleTerm(d.URL)} }

func (w *Watch) terms() []Term {
	terms := refTerms(w.Ref)
	if w.Account != "" {
		terms = append(terms, newTerm(IndexAccount, w.Account))
	}
	if w.Source != "" {
		terms = append(terms, WatchTerm(w.Source))
	}
	return terms
}

// VerdictsTerm is the term of all verdicts of an event: gone, restored, ….
func VerdictsTerm(event string) Term { return newTerm(IndexSubject, "verdict "+event) }

// WatchTerm is the term of the watches of a source's posts.
func WatchTerm(source string) Term { return newTerm(IndexSubject, "watch "+source) }

func refTerms(refs ...post.Ref) []Term {
	terms := make([]Term, 0, len(refs)+2)
	for _, r := range refs {
		if !r.IsZero() {
			terms = append(terms, RefTerm(r))
		}
	}
	return terms
}

func blobTerms(terms []Term, digests ...Digest) []Term {
	for _, d := range digests {
		if !d.IsZero() {
			terms = append(terms, BlobTerm(d))
		}
	}
	return terms
}

func (e *Exchange) terms() []Term {
	terms := blobTerms(refTerms(e.Refs...), e.Body.Blob)
	if e.TLS != nil {
		terms = blobTerms(terms, e.TLS.Chain)
	}
	if e.Article != "" {
		terms = append(terms, ArticleTerm(e.Article))
	}
	if e.Body.Listed && !e.Body.SameAs.IsZero() {
		terms = append(terms, RecordTerm(e.Body.SameAs))
	}
	if !e.Body.Digest.IsZero() && e.Body.SameAs.IsZero() && !e.Body.Withheld && e.Body.Size > 0 {
		terms = append(terms, BodyTerm(e.Body.Digest))
	}
	return terms
}

func (c *Capture) terms() []Term {
	terms := refTerms(c.Ref)
	for _, m := range c.Media {
		terms = blobTerms(terms, m.Digest)
	}
	if c.Kind == CapturePage {
		terms = append(terms, URLTerm(c.URL))
	}
	return terms
}

func (d *Derivation) terms() []Term {
	terms := refTerms(append([]post.Ref{d.Ref, d.Post.Quoted, d.Post.Parent, d.Post.Reposted}, d.Post.Aliases...)...)
	if a := d.Post.Author; a.Handle != "" {
		terms = append(terms, HandleTerm(d.Ref.Platform, a.Handle))
	}
	if a := d.Post.Author; a.ID != "" {
		terms = append(terms, AccountTerm(d.Ref.Platform, a.ID))
	}
	return terms
}

func (l *Look) terms() []Term { return refTerms(l.Ref) }

func (v *Verdict) terms() []Term { return append(refTerms(v.Ref), VerdictsTerm(v.Event)) }

func (a *ArticleVersion) terms() []Term {
	// The mentions come late, and the links last: those of a long list that do
	// not fit are left out of the index.
	terms := append(blobTerms(nil, a.Content), newTerm(IndexArticle, a.Key))
	for _, address := range []string{a.URL, a.Asked} {
		if address != "" {
			terms = append(terms, ArticleTerm(address))
		}
	}
	for _, m := range a.Mentions {
		terms = append(terms, refTerms(m.Ref)...)
	}
	for _, l := range a.Links {
		if l.URL != "" {
			terms = append(terms, LinkTerm(l.URL))
		}
	}
	return terms
}

func (r *Resolution) terms() []Term {
	return append(refTerms(r.Ref), RecordTerm(r.Article))
}

func (i *Incident) terms() []Term { return []Term{SubjectTerm(i.Subject)} }

package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"stet/extract/post"
	"stet/store"
)

func TestArticleKey(t *testing.T) {
	same := []struct {
		want  string
		forms []string
	}{
		{"gazette.example/2026/bridge", []string{
			"https://gazette.example/2026/bridge",
			"http://gazette.example/2026/bridge",
			"https://www.gazette.example/2026/bridge/",
			"HTTPS://WWW.Gazette.Example:443/2026/bridge#comments",
			"http://gazette.example:80/2026/bridge?utm_source=x&utm_medium=y",
			"https://gazette.example/2026/bridge?fbclid=1&gclid=2&at_campaign=3&&",
			"https://gazette.example/2026/bridge?UTM_Source=x",
		}},
		{"gazette.example/a?id=7&page=2", []string{
			"https://gazette.example/a?id=7&page=2",
			"https://gazette.example/a?id=7&utm_source=x&page=2#p",
			"https://gazette.example/a/?id=7&page=2&ref_src=twsrc",
		}},
		{"gazette.example/a?page=2&id=7", []string{"https://gazette.example/a?page=2&id=7"}},
		{"gazette.example:8080", []string{"http://gazette.example:8080/", "http://gazette.example:8080"}},
		{"gazette.example", []string{"https://gazette.example", "https://gazette.example/"}},
		{"gazette.example/Bridge", []string{"https://gazette.example/Bridge"}},
		{"gazette.example/m%C3%BChle", []string{"https://gazette.example/mühle", "https://gazette.example/m%C3%BChle"}},
		{"", []string{""}},
		{"notes/bridge.html", []string{"notes/bridge.html"}},
		{"ftp://gazette.example/a/", []string{"ftp://gazette.example/a/"}},
		{"mailto:desk@gazette.example", []string{"mailto:desk@gazette.example"}},
		{"https://%zz/", []string{"https://%zz/"}},
		{"b\ufffd\ufffde.html", []string{"b\xfc\xffe.html"}},
	}
	for _, c := range same {
		for _, form := range c.forms {
			if got := store.ArticleKey(form); got != c.want {
				t.Errorf("the key of %q is %q, want %q", form, got, c.want)
			}
		}
	}
}

func TestTermsFit(t *testing.T) {
	long := strings.Repeat("ä", store.MaxTermLength)
	pairs := map[string][2]store.Term{
		"article": {store.ArticleTerm("https://gazette.example/" + long + "1"), store.ArticleTerm("https://gazette.example/" + long + "2")},
		"page":    {store.URLTerm(long + "1"), store.URLTerm(long + "2")},
		"handle":  {store.HandleTerm(post.Mastodon, long+"1"), store.HandleTerm(post.Mastodon, long+"2")},
		"account": {store.AccountTerm(post.Mastodon, long+"1"), store.AccountTerm(post.Mastodon, long+"2")},
	}
	for name, p := range pairs {
		if p[0] == p[1] {
			t.Errorf("two long terms of an %s are equal", name)
		}
		for _, term := range p {
			if len(term.Value) != store.MaxTermLength {
				t.Errorf("a long term of an %s has %d bytes", name, len(term.Value))
			}
		}
	}
	exact := strings.Repeat("k", store.MaxTermLength)
	if got := store.ArticleTerm(exact); got.Value != exact {
		t.Errorf("a term that just fits became %q", got.Value)
	}
	for _, handle := range []string{"AdaFenwick", "@adafenwick", "ADAFENWICK"} {
		if got, want := store.HandleTerm(post.Twitter, handle), (store.Term{Index: store.IndexAccount, Value: "twitter:adafenwick"}); got != want {
			t.Errorf("the term of %s is %v, want %v", handle, got, want)
		}
	}
}

func TestTermsOf(t *testing.T) {
	r := func(n int) post.Ref { return post.Ref{Platform: post.Twitter, ID: fmt.Sprint(n)} }
	d := func(s string) store.Digest { return store.DigestOf([]byte(s)) }
	cases := []struct {
		name    string
		content store.Content
		want    []store.Term
	}{
		{"exchange", &store.Exchange{Refs: []post.Ref{r(2), r(1), r(2), {}}, TLS: &store.TLS{Chain: d("chain")},
			Body: store.Body{Size: 9, Digest: d("body"), Blob: d("body")}},
			[]store.Term{store.RefTerm(r(1)), store.RefTerm(r(2)), store.BlobTerm(d("chain")), store.BlobTerm(d("body")), store.BodyTerm(d("body"))}},
		{"exchange whose body is elsewhere", &store.Exchange{Body: store.Body{Size: 9, Digest: d("body"), SameAs: store.ID{1}}}, nil},
		{"exchange that withholds", &store.Exchange{Body: store.Body{Size: 9, Digest: d("body"), Withheld: true}}, nil},
		{"capture of a post", &store.Capture{Kind: store.CapturePost, Ref: r(1), URL: "https://x.com/i/status/1",
			Media: []store.MediaFile{{Digest: d("m")}, {Error: "gone"}, {Digest: d("m")}}},
			[]store.Term{store.RefTerm(r(1)), store.BlobTerm(d("m"))}},
		{"capture of a page", &store.Capture{Kind: store.CapturePage, URL: "https://www.gazette.example/a/"},
			[]store.Term{{Index: store.IndexURL, Value: "gazette.example/a"}}},
		{"derivation", &store.Derivation{Ref: r(1), Post: post.Post{Author: post.Author{ID: "77", Handle: "Ada"},
			Quoted: r(2), Parent: r(3), Reposted: r(4), Aliases: []post.Ref{r(5), r(1)}}},
			[]store.Term{store.RefTerm(r(1)), store.RefTerm(r(2)), store.RefTerm(r(3)), store.RefTerm(r(4)), store.RefTerm(r(5)),
				{Index: store.IndexAccount, Value: "twitter:#77"}, {Index: store.IndexAccount, Value: "twitter:ada"}}},
		{"look", &store.Look{Ref: r(1)}, []store.Term{store.RefTerm(r(1))}},
		{"verdict", &store.Verdict{Ref: r(1), Event: "gone"}, []store.Term{store.RefTerm(r(1)), store.VerdictsTerm("gone")}},
		{"incident", &store.Incident{Subject: "source desk"}, []store.Term{store.SubjectTerm("source desk")}},
		{"drawing of a post", &store.Drawing{Ref: r(1), URL: "https://platform.example/embed"}, []store.Term{store.RefTerm(r(1))}},
		{"approval of a post", &store.Approval{Ref: r(1)}, []store.Term{store.RefTerm(r(1)), store.ApprovalsTerm()}},
		{"approval of an account", &store.Approval{Account: "twitter:#7"}, []store.Term{store.AccountTerm("twitter", "7"), store.ApprovalsTerm()}},
		{"approval of a handle", &store.Approval{Account: "twitter:ada"}, []store.Term{store.HandleTerm("twitter", "Ada"), store.ApprovalsTerm()}},
		{"hold of a post", &store.Hold{Ref: r(1)}, []store.Term{store.RefTerm(r(1)), store.HoldsTerm()}},
		{"takedown of an account", &store.Takedown{Accounts: []string{"twitter:#7", "twitter:ada"}},
			[]store.Term{store.AccountTerm("twitter", "7"), store.HandleTerm("twitter", "Ada"), store.TakedownsTerm()}},
		{"retention", &store.Retention{URLs: []string{"https://a.example/x"}, Refs: []post.Ref{r(1)}, Pages: []string{"https://b.example/y"}},
			[]store.Term{store.RefTerm(r(1)), store.ArticleTerm("https://a.example/x"), store.URLTerm("https://b.example/y"), store.RetentionsTerm()}},
		{"the answer of an article that is the same as another", &store.Exchange{Article: "https://a.example/x", Body: store.Body{Size: 9, SameAs: store.ID{1}, Listed: true}},
			[]store.Term{store.ArticleTerm("https://a.example/x"), store.RecordTerm(store.ID{1})}},
		{"privacy of a post", &store.Privacy{Ref: r(1), Aliases: []post.Ref{r(2)}}, []store.Term{store.RefTerm(r(1)), store.RefTerm(r(2)), store.PrivaciesTerm()}},
		{"audit", &store.Audit{Action: "capture", Targets: []string{r(1).String()}}, []store.Term{store.AuditTerm()}},
		{"drawing of a page", &store.Drawing{URL: "https://www.gazette.example/a"}, []store.Term{store.URLTerm("https://gazette.example/a")}},
		{"submission", &store.Submission{URL: "https://www.gazette.example/a"}, []store.Term{store.URLTerm("https://gazette.example/a"), store.SubmissionsTerm()}},
		{"import", &store.Import{Content: d("f")}, []store.Term{store.ImportsTerm(), store.BlobTerm(d("f"))}},
		{"signed head", &store.Stamp{Form: store.StampCheckpoint}, []store.Term{store.StampTerm(store.StampCheckpoint)}},
		{"time stamp", &store.Stamp{Form: store.StampOTS, Of: store.ID{9}}, []store.Term{store.StampTerm(store.StampOTS), store.RecordTerm(store.ID{9})}},
		{"case that is opened", &store.Case{Act: store.CaseOpen, Title: "Ferries"}, []store.Term{store.CasesTerm()}},
		{"case that gets a post", &store.Case{Case: store.ID{9}, Act: store.CaseAdd, Member: store.CaseMember{Ref: r(1)}},
			[]store.Term{store.RefTerm(r(1)), store.CaseTerm(store.ID{9})}},
		{"case that gets an article", &store.Case{Case: store.ID{9}, Act: store.CaseAdd, Member: store.CaseMember{Article: "https://www.gazette.example/a/"}},
			[]store.Term{store.CaseTerm(store.ID{9}), store.MemberTerm(store.CaseMember{Article: "http://gazette.example/a"})}},
		{"discovery", &store.Discovery{Source: "desk", URL: "https://www.gazette.example/a"}, []store.Term{store.ArticleTerm("https://gazette.example/a")}},
		{"watch of a post", &store.Watch{Ref: r(1)}, []store.Term{store.RefTerm(r(1))}},
		{"watch of an account", &store.Watch{Account: "twitter:ada"}, []store.Term{store.HandleTerm(post.Twitter, "Ada")}},
		{"watch of a source", &store.Watch{Source: "desk"}, []store.Term{store.WatchTerm("desk")}},
		{"article", &store.ArticleVersion{Key: "gazette.example/b", URL: "https://gazette.example/a", Content: d("html"),
			Mentions: []store.Mention{{Ref: r(2)}, {}, {Ref: r(1)}}},
			[]store.Term{store.RefTerm(r(1)), store.RefTerm(r(2)), {Index: store.IndexArticle, Value: "gazette.example/a"},
				{Index: store.IndexArticle, Value: "gazette.example/b"}, store.BlobTerm(d("html"))}},
		{"resolution", &store.Resolution{Article: store.ID{9}, Ref: r(1)},
			[]store.Term{store.RefTerm(r(1)), store.RecordTerm(store.ID{9})}},
	}
	for _, c := range cases {
		slices.SortFunc(c.want, func(a, b store.Term) int {
			if a.Index != b.Index {
				return int(a.Index.Number()) - int(b.Index.Number())
			}
			return strings.Compare(a.Value, b.Value)
		})
		if d := cmp.Diff(c.want, append([]store.Term(nil), store.TermsOf(c.content)...)); d != "" {
			t.Errorf("%s (- wanted, + got):\n%s", c.name, d)
		}
	}
}

// TestTermsOfLongArticle keeps an article findable that mentions more posts
// than the index takes.
func TestTermsOfLongArticle(t *testing.T) {
	a := &store.ArticleVersion{Key: "gazette.example/all"}
	for i := range store.MaxTerms + 10 {
		a.Mentions = append(a.Mentions, store.Mention{Ref: post.Ref{Platform: post.Twitter, ID: fmt.Sprint(i)}})
	}
	terms := store.TermsOf(a)
	if len(terms) != store.MaxTerms {
		t.Errorf("there are %d terms, want %d", len(terms), store.MaxTerms)
	}
	for _, want := range []store.Term{{Index: store.IndexArticle, Value: a.Key}, store.RefTerm(a.Mentions[0].Ref), store.RefTerm(a.Mentions[store.MaxTerms-2].Ref)} {
		if !slices.Contains(terms, want) {
			t.Errorf("the term %v is missing", want)
		}
	}
}

// TestNumbers pins what is stored: numbers are only ever appended.
func TestNumbers(t *testing.T) {
	kinds := []store.Kind{"exchange", "capture", "derivation", "look", "verdict", "article", "resolution", "hold", "redaction", "takedown", "import", "note", "incident", "watch", "discovery"}
	for i, k := range kinds {
		if got := k.Number(); int(got) != i+1 {
			t.Errorf("the number of the kind %s is %d, want %d", k, got, i+1)
		}
		if got, ok := store.KindOf(byte(i + 1)); got != k || !ok {
			t.Errorf("the kind %d is %s, %v; want %s", i+1, got, ok, k)
		}
	}
	for i, x := range []store.Index{"ref", "account", "article", "url", "blob", "body", "record", "subject"} {
		if got := x.Number(); int(got) != i+1 {
			t.Errorf("the number of the index %s is %d, want %d", x, got, i+1)
		}
	}
	if store.Kind("sonnet").Number() != 0 || store.Index("mood").Number() != 0 {
		t.Error("an unknown kind or index has a number")
	}
	for _, n := range []byte{0, byte(len(store.Kinds()) + 1), 255} {
		if k, ok := store.KindOf(n); ok {
			t.Errorf("the number %d is the kind %s", n, k)
		}
	}
}

// FuzzArticleKey: a key is UTF-8, and the key of a key that is an address is
// itself.
func FuzzArticleKey(f *testing.F) {
	f.Add("https://www.gazette.example/a/?utm_source=x&id=1#top")
	f.Add("http://gazette.example:8080//")
	f.Add("b\xfcche.html")
	f.Fuzz(func(t *testing.T, s string) {
		key := store.ArticleKey(s)
		if !utf8.ValidString(key) {
			t.Errorf("the key of %q is not UTF-8: %q", s, key)
		}
		if term := store.ArticleTerm(s); len(term.Value) > store.MaxTermLength {
			t.Errorf("the term of %q has %d bytes", s, len(term.Value))
		}
	})
}

// TestShownAddress: what is told leads to the same, and says nothing of who came
// from where.
func TestShownAddress(t *testing.T) {
	for address, want := range map[string]string{
		"https://www.gazette.example/a/?utm_source=x&id=7&fbclid=1#comments": "https://www.gazette.example/a/?id=7",
		"https://gazette.example/a?utm_source=x":                             "https://gazette.example/a",
		"https://gazette.example/a?page=2&id=%C3%BC":                         "https://gazette.example/a?page=2&id=%C3%BC",
		"notes/bridge.html?utm_source=x":                                     "notes/bridge.html?utm_source=x",
		"-":                                                                  "-",
		"https://%zz/?utm_source=x":                                          "https://%zz/?utm_source=x",
	} {
		got := store.ShownAddress(address)
		if got != want || store.ArticleKey(got) != store.ArticleKey(address) {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

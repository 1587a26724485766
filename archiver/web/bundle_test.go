package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"stet/extract/post"
	"stet/store"
)

// packer writes what was asked for, and refuses what is private.
type packer struct{ asked []string }

func (p *packer) Bundle(_ context.Context, w io.Writer, refs []post.Ref, audience string) error {
	p.asked = append(p.asked, fmt.Sprint(refs, audience))
	if _, err := io.WriteString(w, "half of a bundle"); err != nil {
		return err
	}
	if slices.Contains(refs, secretRef()) && audience == "public" {
		return fmt.Errorf("%w: all of it is private", store.ErrRefused)
	}
	_, err := io.WriteString(w, " and its end")
	return err
}

// TestBundle: who may have a bundle made for whom, that it comes whole or not at
// all, and that it is kept who took it.
func TestBundle(t *testing.T) {
	made := &packer{}
	w := newWorld(t, func(o *Options) { o.Bundles = made })
	w.people.users["bob"] = Person{Name: "bob", Role: RoleReader}
	w.people.tokens = map[string]Person{"stet_r": {Name: "reading", Role: RoleReader}, "stet_c": {Name: "capturing", Role: RoleArchivist}}
	ask := func(token, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", apiPrefix+"/bundles", strings.NewReader(body))
		r.Host = "desk.news.example"
		r.Header.Set("Authorization", "Bearer "+token)
		rec := httptest.NewRecorder()
		w.ServeHTTP(rec, r)
		return rec
	}
	one := `{"refs":["https://twitter.com/ada/status/` + goneRef().ID + `"]`
	for name, tt := range map[string]struct {
		token, body string
		want        int
	}{
		"a reader, for the public":    {"stet_r", one + `}`, 200},
		"a reader, for a court":       {"stet_r", one + `,"for":"court"}`, 403},
		"a reader, for the house":     {"stet_r", one + `,"for":"internal"}`, 403},
		"an archivist, for the house": {"stet_c", one + `,"for":"internal"}`, 200},
		"for nobody that is known":    {"stet_c", one + `,"for":"friends"}`, 400},
		"what is private":             {"stet_r", `{"refs":["` + secretRef().String() + `"]}`, 403},
		"what is not kept":            {"stet_r", `{"refs":["twitter:5"]}`, 404},
		"nothing":                     {"stet_r", `{"refs":[]}`, 400},
		"too much":                    {"stet_r", `{"refs":[` + strings.Repeat(`"twitter:5",`, maxBundled) + `"twitter:5"]}`, 400},
	} {
		rec := ask(tt.token, tt.body)
		if rec.Code != tt.want {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
		if whole := rec.Body.String() == "half of a bundle and its end"; whole != (tt.want == 200) || strings.Contains(rec.Body.String(), "half") != whole {
			t.Errorf("%s: the answer is %q", name, rec.Body)
		}
		if rec.Code == 200 && (rec.Header().Get("Content-Type") != waczType || rec.Header().Get("Content-Length") != "28" ||
			rec.Header().Get("Content-Disposition") != `attachment; filename="stet-twitter-`+goneRef().ID+`.wacz"`) {
			t.Errorf("%s: %v", name, rec.Header())
		}
	}
	page, err := w.archive.List(t.Context(), store.Query{Term: store.AuditTerm(), Kinds: []store.Kind{store.KindAudit}, Limit: 50})
	if err != nil || len(page.Records) != 2 {
		t.Fatalf("%d audits, %v", len(page.Records), err)
	}
	a, err := store.Decode[store.Audit](&page.Records[0])
	if err != nil || a.Action != "export" || len(a.Targets) != 1 || a.Targets[0] != goneRef().String() || a.Actor == "" {
		t.Errorf("%+v %v", a, err)
	}
	// Where all slots are taken, it is said at once.
	for range maxBundling {
		w.bundling <- struct{}{}
	}
	if rec := ask("stet_r", one+`}`); rec.Code != store.ClassOf(store.ErrBusy).HTTP {
		t.Errorf("too many at a time: %d", rec.Code)
	}
}

// TestBundleForm: the page of a post has the form for a reader too.
func TestBundleForm(t *testing.T) {
	made := &packer{}
	p := &person{world: newWorld(t, func(o *Options) { o.Bundles = made })}
	here := postPath(goneRef())
	p.wants(here, `action="`+here+`/bundle"`, `<option value="court">`)
	p.people.users["bob"] = Person{Name: "bob", Role: RoleReader}
	body := p.page(here)
	m := regexp.MustCompile(`name="csrf" value="([0-9a-f]{64})"`).FindStringSubmatch(body)
	if m == nil || strings.Contains(body, `<option value="court">`) || strings.Contains(body, `action="/look"`) {
		t.Fatalf("a reader's page: %s", body)
	}
	if rec := p.send(http.MethodPost, here+"/bundle", url.Values{"csrf": {m[1]}}); rec.Code != 200 || rec.Body.String() != "half of a bundle and its end" || len(made.asked) != 1 || !strings.HasSuffix(made.asked[0], "public") {
		t.Errorf("%d %s %v", rec.Code, rec.Body, made.asked)
	}
	if rec := p.send(http.MethodPost, here+"/bundle", url.Values{"csrf": {m[1]}, "for": {"court"}}); rec.Code != 403 {
		t.Errorf("for a court: %d", rec.Code)
	}
	if rec := p.send(http.MethodPost, here+"/bundle", nil); rec.Code != 403 {
		t.Errorf("without the page's token: %d", rec.Code)
	}
	if strings.Contains((&person{world: newWorld(t, nil)}).page(here), "/bundle") {
		t.Error("a desk that makes no bundles offers one")
	}
	for ref, want := range map[post.Ref]string{goneRef(): "stet-twitter-1990000000000000001.wacz", {Platform: post.Bluesky, ID: `at://did:plc:x/app.bsky.feed.post/3k"\r`}: "stet-bluesky-at---did-plc-x-app.bsky.feed.post-3k--r.wacz"} {
		if got := bundleName([]post.Ref{ref}); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestDecisions: holds and refusals stand on the pages of what they are about,
// on the first page and in the register, and no longer once they ended.
func TestDecisions(t *testing.T) {
	p := &person{world: newWorld(t, nil)}
	home := p.page("/")
	if strings.Contains(home, "Lately decided") || !strings.Contains(p.page("/decisions"), "Nothing was decided so far") {
		t.Error("decisions that nobody made")
	}
	later := func(c store.Content) { p.at = p.at.Add(time.Minute); p.add(c) }
	later(&store.Hold{Time: p.at, Ref: goneRef(), Operator: "ada", Reason: evilWords})
	later(&store.Takedown{Time: p.at, Accounts: []string{"twitter:#7", "twitter:ada"}, Act: store.TakedownRefuse, Operator: "bob", Reason: "asked to", Basis: "article 17"})
	later(&store.Takedown{Time: p.at, Ref: post.Ref{Platform: post.Twitter, ID: "5"}, Act: store.TakedownRefuse, Reason: "a court"})
	later(&store.Takedown{Time: p.at, Accounts: []string{"twitter:nobody"}, Act: store.TakedownRefuse, Reason: "by name"})
	p.wants(postPath(goneRef()), "Held.", "=cmd()", "Captured no more.", "asked to</bdi> (<bdi>article 17</bdi>)")
	if strings.Contains(p.page(postPath(goneRef())), `action="/look"`) {
		t.Error("a look is offered at what is refused")
	}
	far := post.Ref{Platform: post.Mastodon, ID: "bay.example/1"}
	p.add(&store.Hold{Time: p.at, Ref: far, Reason: "elsewhere"}, &store.Hold{Time: p.at, Ref: far, Released: true, Reason: "no more"})
	if w := p.send("GET", regexp.MustCompile(`/post/mastodon:[^"]*`).FindString(p.page("/decisions")), nil); w.Code != 404 || !strings.Contains(w.Body.String(), "Never archived here") {
		t.Errorf("the page of a post of an instance: %d %s", w.Code, w.Body)
	}
	p.wants("/account/twitter:ada", "Captured no more.", "asked to")
	p.wants("/", "Lately decided", `href="/account/twitter:ada"`, "by name")
	p.wants("/decisions", "Held, nothing of it may be removed", "a court", `/post/twitter:5`)
	for path, want := range map[string]string{"/post/twitter:5": "a court", "/account/twitter:nobody": "by name"} {
		if w := p.send("GET", path, nil); w.Code != 404 || !strings.Contains(w.Body.String(), "Captured no more.") || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	if body := p.call("GET", apiPrefix+"/posts/"+goneRef().String(), "").Body.String(); !strings.Contains(body, `"refused":{`) || !strings.Contains(body, `"hold":{`) {
		t.Error(body)
	}
	if body := p.call("GET", apiPrefix+"/accounts/twitter/ada", "").Body.String(); !strings.Contains(body, `"hold":null`) || !strings.Contains(body, `"basis":"article 17"`) {
		t.Error(body)
	}
	later(&store.Takedown{Time: p.at, Accounts: []string{"twitter:#7", "twitter:ada"}, Act: store.TakedownLift, Reason: "on appeal"})
	later(&store.Hold{Time: p.at, Ref: goneRef(), Released: true, Reason: "settled"})
	if body := p.page(postPath(goneRef())); strings.Contains(body, "Held.") || strings.Contains(body, "Captured no more.") {
		t.Error("what ended still stands on the page")
	}
	// What was removed is said to be, on the page and in the interface.
	records, err := p.archive.ListAll(t.Context(), store.RefTerm(goneRef()), 100, store.KindDerivation)
	if err != nil || len(records) == 0 {
		t.Fatal(records, err)
	}
	part, err := store.Without(&records[0], store.ContentFields(&records[0])...)
	if err != nil {
		t.Fatal(err)
	}
	b := p.archive.Begin()
	b.Replace(part)
	if _, err := b.Add(t.Context(), &store.Redaction{Time: p.at, Act: store.RedactionRemove, Reason: evilWords,
		Records: []store.RedactedRecord{{ID: part.ID, Fields: []string{"meta"}}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.wants(postPath(goneRef()), "Removed by the archive", "=cmd()", part.Leaf().String())
	if body := p.call("GET", apiPrefix+"/posts/"+goneRef().String(), "").Body.String(); !strings.Contains(body, `"removed":{`) {
		t.Error(body)
	}
	// The register goes on over pages, and says what stands.
	var acts []string
	for path := apiPrefix + "/decisions?limit=4&format=csv"; path != ""; {
		rec := p.call("GET", path, "")
		for _, line := range strings.Split(strings.TrimSpace(rec.Body.String()), "\r\n")[1:] {
			cells := strings.Split(line, ",")
			acts = append(acts, cells[1]+" "+cells[4])
		}
		next, _, _ := strings.Cut(rec.Header().Get("Link"), ">")
		path = strings.TrimPrefix(next, "<")
	}
	if got, want := strings.Join(acts, ", "), "release false, lift false, release false, hold false, refuse true, refuse true, refuse false, hold false"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

// articlePage is what the page of an article shows.
type articlePage struct {
	A *view.Article
	// Changes are those between two versions that follow each other, the
	// newest first; nothing where they say the same.
	Changes []versionChange
	Cases   []view.CaseLine
	Counts  []stateCount
	// Links is how many pages it links, and Kept how many of them are kept.
	Links, Kept int
}

// versionChange is what changed in one version.
type versionChange struct {
	Version *view.ArticleVersion
	*view.ArticleChange
}

// stateCount counts the embeds of an article by how they stand.
type stateCount struct {
	standing
	N int
}

// mostChanges is how many changes of an article are shown.
const mostChanges = 10

func (s *Server) showArticle(w http.ResponseWriter, r *http.Request) error {
	address := r.URL.Query().Get("url")
	a, err := s.o.Reader.Article(r.Context(), address)
	if errors.Is(err, store.ErrNotFound) && !errors.As(err, new(*store.Retired)) {
		return s.neverRead(w, r, address)
	}
	if err != nil {
		return err
	}
	p := &articlePage{A: a, Links: len(a.Links)}
	for i := len(a.Versions) - 1; i > 0 && len(p.Changes) < mostChanges; i-- {
		c := view.Changes(a.Versions[i-1].ArticleVersion, a.Versions[i].ArticleVersion)
		if !c.IsZero() {
			c.Text = view.Around(c.Text, 12)
			p.Changes = append(p.Changes, versionChange{&a.Versions[i], c})
		}
	}
	for _, e := range a.Embeds {
		st := standing{"unknown", "Never archived here"}
		if e.Card != nil {
			st = stateOf(e.Card.Status)
		}
		p.count(st)
	}
	for _, l := range a.Links {
		if l.Status != nil {
			p.Kept++
		}
	}
	if p.Cases, err = s.o.Reader.CasesOf(r.Context(), view.Member{Article: a.Name()}); err != nil {
		return err
	}
	title := a.Latest.Title
	if title == "" {
		title = a.Name()
	}
	return s.render(w, r, http.StatusOK, "article", frame{Title: short(80, title), Body: p})
}

func (p *articlePage) count(st standing) {
	for i := range p.Counts {
		if p.Counts[i].standing == st {
			p.Counts[i].N++
			return
		}
	}
	p.Counts = append(p.Counts, stateCount{st, 1})
}

// neverRead says that an article or page was never archived here.
func (s *Server) neverRead(w http.ResponseWriter, r *http.Request, address string) error {
	c, err := s.coverage(r.Context())
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusNotFound, "results", frame{Title: "Never archived here", Query: address,
		Body: &resultsPage{Query: address, Capture: webOnly(address), Coverage: c}})
}

// webPage is what the page of a linked page shows.
type webPage struct {
	V     *view.Page
	State standing
	Cases []view.CaseLine
}

func (s *Server) showPage(w http.ResponseWriter, r *http.Request) error {
	address := r.URL.Query().Get("url")
	v, err := s.o.Reader.Page(r.Context(), address)
	if errors.Is(err, store.ErrNotFound) {
		return s.neverRead(w, r, address)
	}
	if err != nil {
		return err
	}
	p := &webPage{V: v, State: pageStateOf(v.Status)}
	if p.Cases, err = s.o.Reader.CasesOf(r.Context(), view.Member{Page: v.Page.URL}); err != nil {
		return err
	}
	title := v.Page.Title
	if title == "" {
		title = hostName(v.Page.URL)
	}
	return s.render(w, r, http.StatusOK, "page", frame{Title: short(80, title), Body: p})
}

// accountPage is what the page of an account shows.
type accountPage struct {
	A    *view.Account
	Path string
	Next string
	Gone int
}

func (s *Server) showAccount(w http.ResponseWriter, r *http.Request) error {
	platform, name, ok := strings.Cut(r.PathValue("account"), ":")
	if !ok || name == "" || !post.Platform(platform).Valid() {
		return fmt.Errorf("%w: %.200q is no account: it is written platform:handle", store.ErrInvalid, r.PathValue("account"))
	}
	var before uint64
	if word := r.URL.Query().Get("before"); word != "" {
		n, err := strconv.ParseUint(word, 10, 64)
		if err != nil {
			return fmt.Errorf("%w: before: %.40q is no number", store.ErrInvalid, word)
		}
		before = n
	}
	a, err := s.o.Reader.Account(r.Context(), post.Platform(platform), name, before, 20)
	if errors.Is(err, store.ErrNotFound) {
		c, err := s.coverage(r.Context())
		if err != nil {
			return err
		}
		who := store.Account{Platform: post.Platform(platform), Handle: strings.ToLower(strings.TrimPrefix(name, "@"))}
		if id, ok := strings.CutPrefix(name, "#"); ok {
			who = store.Account{Platform: who.Platform, ID: id}
		}
		p := &resultsPage{Query: "@" + name, Coverage: c}
		if p.Hold, p.Refused, err = s.o.Reader.Rulings(r.Context(), store.Subject{Authors: []store.Account{who}}); err != nil {
			return err
		}
		return s.render(w, r, http.StatusNotFound, "results", frame{Title: "No post of this account is kept", Query: "@" + name, Body: p})
	}
	if err != nil {
		return err
	}
	p := &accountPage{A: a, Path: "/account/" + url.PathEscape(r.PathValue("account"))}
	if a.Next != 0 {
		p.Next = p.Path + "?before=" + strconv.FormatUint(a.Next, 10)
	}
	for i := range a.Posts {
		if a.Posts[i].Status.Value.Gone() && a.Posts[i].Status.Confirmed {
			p.Gone++
		}
	}
	title := nameOf(&a.Latest)
	if title == "" {
		title = name
	}
	return s.render(w, r, http.StatusOK, "account", frame{Title: title, Body: p})
}

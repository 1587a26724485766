package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

// postPage is what the page of a post shows.
type postPage struct {
	V     *view.Post
	State standing
	// Shown is the post that is drawn: the best that is kept, or that of one
	// capture.
	Shown drawn
	// At is the capture that was asked for by its own address; nil for the
	// post as a whole.
	At       *view.Capture
	Versions []view.Version
	Known    []knownRow
	Course   []event
	// Left out are how many looks the course does not list one by one.
	LeftOut int
	Strip   []dot
	Looks   int
	Parent  *view.Card
	Cite    citation
	Cases   []view.CaseLine
	// Permalink is the address of this page for other people of the house,
	// PublicLink that for readers elsewhere; empty where they are offered nothing.
	Permalink  string
	PublicLink string
	Path       string
	QuotedBy   []post.Ref
	Stories    []story
	// Approval is what was decided about showing it to the public; nil where
	// nobody did.
	Approval *store.Approval
	// Bundle are those for whom who asks may have a bundle of evidence made;
	// none where the desk makes none.
	Bundle []string
}

// drawn is a post as it is drawn, with the posts inside it.
type drawn struct {
	Post   *post.Post
	Source post.Source
	// Inside is the quoted or repeated post.
	Inside *drawn
	Small  bool
	// Missing is the quoted or repeated post that was never archived.
	Missing post.Ref
}

// story is an article that shows the post.
type story struct {
	view.Mention
	// Words compares what was captured with what the article quotes, where
	// these differ.
	Words []view.Part
}

// showPost shows a post.
func (s *Server) showPost(w http.ResponseWriter, r *http.Request) error {
	ref, err := post.ParseRef(r.PathValue("ref"))
	if err != nil {
		return fmt.Errorf("%w: %.200q is no post: it is written platform:id", store.ErrInvalid, r.PathValue("ref"))
	}
	v, err := s.o.Reader.Post(r.Context(), ref)
	if errors.Is(err, store.ErrNotFound) {
		return s.neverArchived(w, r, ref)
	}
	if err != nil {
		return err
	}
	if v.Post.Ref() != ref && !v.History.Is(ref) || v.History.Ref != ref {
		http.Redirect(w, r, postPath(v.History.Ref), http.StatusFound)
		return nil
	}
	return s.renderPost(w, r, v, nil)
}

// showCapture shows a post as one capture has it: an address that never
// changes.
func (s *Server) showCapture(w http.ResponseWriter, r *http.Request) error {
	rec, c, err := recordAt[store.Capture](s, r, "id", "this is no capture")
	if err != nil {
		return err
	}
	id := rec.ID
	if err := s.o.Archive.Emptied(r.Context(), &rec); err != nil {
		return err
	}
	if c.Kind == store.CapturePage {
		http.Redirect(w, r, pagePath(c.URL)+"#c-"+id.String(), http.StatusFound)
		return nil
	}
	v, err := s.o.Reader.Post(r.Context(), c.Ref)
	if err != nil {
		return err
	}
	for i := range v.Captures {
		if v.Captures[i].ID == id {
			return s.renderPost(w, r, v, &v.Captures[i])
		}
	}
	return fmt.Errorf("%w: there is no such capture", store.ErrNotFound)
}

func (s *Server) renderPost(w http.ResponseWriter, r *http.Request, v *view.Post, at *view.Capture) error {
	p := &postPage{V: v, State: stateOf(v.Status), At: at, Versions: view.Versions(v.History), Known: knownRows(view.HowKnown(v.History)),
		Looks: len(v.Looks), QuotedBy: v.QuotedBy, Path: postPath(v.History.Ref)}
	p.Permalink = base(r) + p.Path
	path := p.Path
	shown, source := &v.Post, v.Source
	if at != nil {
		path = "/c/" + at.ID.String()
		p.Permalink = base(r) + path
		for i := range v.History.Derivations {
			if d := v.History.Derivations[i].Content; d.Capture == at.ID {
				shown, source = &d.Post, d.Source
			}
		}
	}
	var err error
	if p.Shown, err = s.draw(r.Context(), shown, source); err != nil {
		return err
	}
	if !shown.Parent.IsZero() {
		if p.Parent, err = s.card(r.Context(), shown.Parent); err != nil {
			return err
		}
	}
	if p.Cases, err = s.o.Reader.CasesOf(r.Context(), view.Member{Ref: v.History.Ref}); err != nil {
		return err
	}
	if p.Approval, err = s.approval(r.Context(), v.History.Ref); err != nil {
		return err
	}
	p.Course, p.LeftOut = course(v, r.URL.Query().Get("all") != "")
	p.Strip = strip(v)
	for _, m := range v.Mentions {
		st := story{Mention: m}
		if m.Said != "" {
			st.Words = view.Diff(v.Post.Text, m.Said)
		}
		p.Stories = append(p.Stories, st)
	}
	// Whoever reads a citation is elsewhere.
	link := p.Permalink
	if s.o.Public.URL != "" && !v.Private {
		p.PublicLink = strings.TrimSuffix(s.o.Public.URL, "/") + path
		link = p.PublicLink
	}
	p.Cite = cite(shown, v, link, s.o.Archive.Now())
	token := ""
	if s.o.Bundles != nil {
		p.Bundle = audiences(callerOf(r.Context()).role)
		if token, err = s.formToken(w, r); err != nil { // readers have a form here too
			return err
		}
	}
	title := "A post of " + platformName(shown.Platform)
	if who := nameOf(&shown.Author); who != "" {
		title = who + ": " + short(70, shown.Text)
	}
	return s.render(w, r, http.StatusOK, "post", frame{Title: title, Token: token, Body: p, Links: []alternate{
		{"application/ld+json", p.Path + "/ld.json", "This post as schema.org writes it"}, {"application/json", p.Path + "/data.json", "All that is kept of this post"}}})
}

// knownRow says where several things come from, in one row.
type knownRow struct {
	view.Known
	What []string
}

// knownRows puts what comes from the same place, and of which no other source
// says anything else, into one row.
func knownRows(all []view.Known) []knownRow {
	var out []knownRow
	for _, k := range all {
		if n := len(out) - 1; n >= 0 && alone(&k) && alone(&out[n].Known) && out[n].Capture == k.Capture && out[n].Parser == k.Parser {
			out[n].What = append(out[n].What, k.What)
			continue
		}
		out = append(out, knownRow{k, []string{k.What}})
	}
	return out
}

func alone(k *view.Known) bool { return len(k.Agree)+len(k.Differ) == 0 && k.Note == "" }

// nameOf is how people are told of an author.
func nameOf(a *post.Author) string {
	switch {
	case a.Name != "":
		return oneLine(a.Name)
	case a.Handle != "":
		return "@" + oneLine(a.Handle)
	}
	return ""
}

// draw returns a post with the one that it quotes or repeats.
func (s *Server) draw(ctx context.Context, p *post.Post, source post.Source) (drawn, error) {
	d := drawn{Post: p, Source: source}
	ref := p.Quoted
	if ref.IsZero() {
		ref = p.Reposted
	}
	if ref.IsZero() {
		return d, nil
	}
	h, err := s.o.Archive.History(ctx, ref)
	if errors.Is(err, store.ErrNotFound) {
		d.Missing = ref
		return d, nil
	}
	if err != nil {
		return d, err
	}
	if best := h.Best(); best != nil {
		d.Inside = &drawn{Post: &best.Content.Post, Source: best.Content.Source, Small: true}
	} else {
		d.Missing = ref
	}
	return d, nil
}

// card returns what lists show of a post, nil where it was never archived.
func (s *Server) card(ctx context.Context, ref post.Ref) (*view.Card, error) {
	c, err := s.o.Reader.Card(ctx, ref)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return c, err
}

// absentPage is what is shown of a post that was never archived here.
type absentPage struct {
	Ref      post.Ref
	URL      string
	Known    *view.Mentioned
	Coverage coverage
	// Hold and Refused are what was decided about it all the same.
	Hold, Refused *view.Ruling
}

// neverArchived says that a post was never archived here, and what is known of
// it all the same.
func (s *Server) neverArchived(w http.ResponseWriter, r *http.Request, ref post.Ref) error {
	known, err := s.o.Reader.Mentioned(r.Context(), ref)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	c, err := s.coverage(r.Context())
	if err != nil {
		return err
	}
	p := &absentPage{Ref: ref, Known: known, Coverage: c}
	if p.Hold, p.Refused, err = s.o.Reader.Rulings(r.Context(), store.Subject{Refs: []post.Ref{ref}}); err != nil {
		return err
	}
	if known != nil {
		p.URL = known.URL
	}
	return s.render(w, r, http.StatusNotFound, "absent", frame{Title: "Never archived here", Query: ref.String(), Body: p})
}

// postData is all that is kept of a post, as a script reads it.
func (s *Server) postData(w http.ResponseWriter, r *http.Request) error {
	v, err := s.postOf(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", `attachment; filename="post.json"`)
	return indented(w, "application/json", v)
}

// postLD is a post as schema.org writes it.
func (s *Server) postLD(w http.ResponseWriter, r *http.Request) error {
	v, err := s.postOf(r)
	if err != nil {
		return err
	}
	return indented(w, "application/ld+json", ldOf(&v.Post, v, base(r)+postPath(v.History.Ref)))
}

func (s *Server) postOf(r *http.Request) (*view.Post, error) {
	ref, err := post.ParseRef(r.PathValue("ref"))
	if err != nil {
		return nil, fmt.Errorf("%w: %.200q is no post", store.ErrInvalid, r.PathValue("ref"))
	}
	return s.o.Reader.Post(r.Context(), ref)
}

func indented(w http.ResponseWriter, mediaType string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	w.Header().Set("Content-Type", mediaType)
	_, _ = w.Write(append(b, '\n')) // a reader that has gone cannot be told
	return nil
}

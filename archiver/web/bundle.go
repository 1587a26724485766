package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"stet/extract/post"
	"stet/store"
)

// Bundles make packages of evidence that a stranger can check without this
// archive. Implementations are safe for concurrent use.
type Bundles interface {
	// Bundle writes one about some posts, for an audience: public, court or
	// internal. It errors with ErrNotFound where nothing of a post is kept, and
	// with ErrRefused where nothing of them may be shown to the audience.
	Bundle(ctx context.Context, w io.Writer, refs []post.Ref, audience string) error
}

const (
	// bundleTime is the longest that making a bundle may take: films are read
	// and hashed for it.
	bundleTime = 10 * time.Minute
	// maxBundling is how many are made at a time: each takes disk and reads
	// much.
	maxBundling = 2
	// maxBundled is the most posts of one bundle that the desk makes.
	maxBundled = 100
	// waczType is the media type of a bundle.
	waczType = "application/wacz"
)

// bundleBody is what is sent to ask for a bundle of evidence.
type bundleBody struct {
	// Refs are the posts, 1 to 100: platform:id or addresses.
	Refs []string `json:"refs"`
	// For is public (also where it is left out), court or internal.
	For string `json:"for,omitempty"`
}

// audiences are those for whom a role may have a bundle made, the first one by
// default. What goes to the public is without what is private and without who
// captured; a bundle with all that leaves the house with an archivist only.
func audiences(role Role) []string {
	if role.Includes(RoleArchivist) {
		return []string{"public", "court", "internal"}
	}
	return []string{"public"}
}

// bundlePost sends a bundle of one post, for the form on its page.
func (s *Server) bundlePost(w http.ResponseWriter, r *http.Request) error {
	return s.sendBundle(w, r, bundleBody{Refs: []string{r.PathValue("ref")}, For: r.PostFormValue("for")})
}

// bundle sends a bundle to a program.
func (s *Server) bundle(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Security-Policy", nothing)
	body, err := bodyOf[bundleBody](r)
	if err != nil {
		return err
	}
	return s.sendBundle(w, r, body)
}

// sendBundle makes a bundle, keeps who took it, and sends it. It is made as a
// whole before anything is sent: what fails half-way must not look like
// evidence.
func (s *Server) sendBundle(w http.ResponseWriter, r *http.Request, body bundleBody) (err error) {
	who := callerOf(r.Context())
	refs, err := s.bundled(r.Context(), &body, who)
	if err != nil {
		return err
	}
	temp, err := os.CreateTemp("", "stet-bundle-*")
	if err != nil {
		return fmt.Errorf("making a temporary file: %w", err)
	}
	defer func() { err = errors.Join(err, temp.Close(), os.Remove(temp.Name())) }()
	if err := patient(w); err != nil {
		return err
	}
	if err := s.makeBundle(r.Context(), temp, refs, body.For); err != nil {
		return err
	}
	size, err := temp.Seek(0, io.SeekCurrent)
	if err == nil {
		_, err = temp.Seek(0, io.SeekStart)
	}
	if err != nil {
		return fmt.Errorf("reading the bundle: %w", err)
	}
	audit := &store.Audit{Time: s.o.Archive.Now(), Actor: who.name, How: who.how, Action: "export", Reason: "evidence, for: " + body.For}
	for _, ref := range refs {
		audit.Targets = append(audit.Targets, ref.String())
	}
	if err := s.keepAudit(r.Context(), audit); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", waczType)
	h.Set("Content-Disposition", `attachment; filename="`+bundleName(refs)+`"`)
	h.Set("Content-Length", strconv.FormatInt(size, 10))
	if _, err := io.Copy(w, temp); err != nil {
		s.o.Log.Warn("a bundle could not be sent whole", "error", err.Error())
		panic(http.ErrAbortHandler) // the reader must not take a part for the whole
	}
	return nil
}

// makeBundle makes a bundle, where not too many are being made.
func (s *Server) makeBundle(ctx context.Context, w io.Writer, refs []post.Ref, audience string) error {
	select {
	case s.bundling <- struct{}{}:
		defer func() { <-s.bundling }()
	default:
		return fmt.Errorf("%w: other bundles are being made; try again in a moment", store.ErrBusy)
	}
	return s.o.Bundles.Bundle(ctx, w, refs, audience)
}

// bundled reads what a bundle is asked for of, and puts the audience right.
func (s *Server) bundled(ctx context.Context, body *bundleBody, who caller) ([]post.Ref, error) {
	if s.o.Bundles == nil {
		return nil, fmt.Errorf("%w: this desk makes no bundles", store.ErrNotFound)
	}
	allowed := audiences(who.role)
	if body.For == "" {
		body.For = allowed[0]
	}
	switch {
	case !slices.Contains(audiences(RoleAdmin), body.For):
		return nil, fmt.Errorf("%w: a bundle is for the public, a court or internal, not %.40q", store.ErrInvalid, body.For)
	case !slices.Contains(allowed, body.For):
		return nil, fmt.Errorf("%w: a bundle with what is private and with who captured needs the role %s", store.ErrRefused, RoleArchivist)
	case len(body.Refs) == 0 || len(body.Refs) > maxBundled:
		return nil, fmt.Errorf("%w: name 1 to %d posts", store.ErrInvalid, maxBundled)
	}
	var refs []post.Ref
	for _, word := range body.Refs {
		ref, err := s.refIn(word)
		if err != nil {
			return nil, err
		}
		h, err := s.o.Archive.History(ctx, ref)
		if err != nil {
			return nil, err
		}
		if len(h.Captures) == 0 && len(h.Looks) == 0 {
			return nil, fmt.Errorf("%s: %w: nothing of it is kept", ref, store.ErrNotFound)
		}
		if !slices.Contains(refs, h.Ref) {
			refs = append(refs, h.Ref)
		}
	}
	return refs, nil
}

// bundleName is the name under which a browser saves a bundle.
func bundleName(refs []post.Ref) string {
	name := "posts"
	if len(refs) == 1 {
		name = strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' {
				return r
			}
			return '-'
		}, refs[0].String())
	}
	return "stet-" + name[:min(len(name), 100)] + ".wacz"
}

// keepAudit keeps who did something.
func (s *Server) keepAudit(ctx context.Context, a *store.Audit) error {
	b := s.o.Archive.Begin()
	if _, err := b.Add(ctx, a); err != nil {
		return err
	}
	_, err := b.Commit(ctx)
	return err
}

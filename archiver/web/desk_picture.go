package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"stet/archiver"
	"stet/store"
	"stet/store/view"
)

// maxPicture is the largest picture that is looked up: what a screenshot of a
// large screen takes.
const maxPicture = 20 << 20

// picturePage looks for posts by what a picture looks like.
type picturePage struct {
	// Asked is true where a picture was sent.
	Asked    bool
	Found    []similar
	Coverage store.PictureCoverage
	// Why says what could not be looked for, empty mostly.
	Why string
}

// similar is a post with a picture that looks like the one that was sent.
type similar struct {
	*view.Card
	archiver.SimilarHit
}

func (s *Server) pictureForm(w http.ResponseWriter, r *http.Request) error {
	return s.showPicture(w, r, &picturePage{})
}

// showPicture shows the page; its form is for readers too.
func (s *Server) showPicture(w http.ResponseWriter, r *http.Request, p *picturePage) error {
	token, err := s.formToken(w, r)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "picture", frame{Title: "Look up a picture", Token: token, Body: p})
}

// picture looks for the posts with a picture that was sent. It is compared and
// forgotten.
func (s *Server) picture(w http.ResponseWriter, r *http.Request) error {
	f, _, err := r.FormFile("picture")
	if err != nil {
		return fmt.Errorf("%w: choose a picture first", store.ErrInvalid)
	}
	body, err := io.ReadAll(io.LimitReader(f, maxPicture))
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("reading the picture: %w", err)
	}
	p := &picturePage{Asked: true}
	hits, coverage, err := s.o.Reader.Similar(r.Context(), body, archiver.DefaultHits)
	switch {
	case errors.Is(err, store.ErrInvalid), errors.Is(err, store.ErrNotFound):
		p.Why = err.Error()
	case err != nil:
		return err
	}
	p.Coverage = coverage
	for _, h := range hits {
		c, err := s.card(r.Context(), h.Ref())
		if err != nil {
			return err
		}
		if c != nil {
			p.Found = append(p.Found, similar{c, h})
		}
	}
	return s.showPicture(w, r, p)
}

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

// mostPicture is the largest body with a picture in base64.
const mostPicture = maxPicture/3*4 + 1<<20

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
	body, err := pictureIn(r)
	if err != nil {
		return err
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

// pictureIn returns the picture that a form sends.
func pictureIn(r *http.Request) ([]byte, error) {
	f, _, err := r.FormFile("picture")
	if err != nil {
		return nil, fmt.Errorf("%w: choose a picture first", store.ErrInvalid)
	}
	body, err := io.ReadAll(io.LimitReader(f, maxPicture+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("reading the picture: %w", err)
	}
	if len(body) > maxPicture {
		return nil, fmt.Errorf("%w: the picture has more than %d bytes", store.ErrTooLarge, maxPicture)
	}
	return body, nil
}

// pictureBody is what is sent to look for a picture.
type pictureBody struct {
	// Picture is the file, in base64.
	Picture []byte `json:"picture"`
}

// apiSimilar is what was found for a picture.
type apiSimilar struct {
	Items []archiver.SimilarHit `json:"items"`
	// Compared is how many pictures it was compared with, Unreadable how many
	// could not be read.
	Compared   int `json:"compared"`
	Unreadable int `json:"unreadable"`
}

// similarTo answers a program with the posts whose pictures look like one.
func (s *Server) similarTo(r *http.Request) (any, error) {
	body, err := bodyOf[pictureBody](r)
	if err != nil {
		return nil, err
	}
	hits, coverage, err := s.o.Reader.Similar(r.Context(), body.Picture, archiver.DefaultHits)
	if err != nil {
		return nil, err
	}
	return apiSimilar{append([]archiver.SimilarHit{}, hits...), coverage.Pictures, coverage.Unreadable}, nil
}

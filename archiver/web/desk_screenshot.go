package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"stet/extract/box"
	"stet/store"
)

const (
	// readTime is the longest that reading a picture may take.
	readTime = 75 * time.Second
	// maxReading is how many pictures are read at a time: each takes a core.
	maxReading = 2
)

// ReadPicture reads the words of a picture, in languages as Tesseract calls
// them, empty for its own choice. It errors with ErrUsage where nothing that
// reads is installed, and with ErrInvalid for what it cannot read.
type ReadPicture func(ctx context.Context, picture []byte, languages string) (string, error)

// screenshotPage takes the words of a screenshot to the search, once a person
// has put them right.
type screenshotPage struct {
	// Read is true where words were read from a picture that was sent.
	Read bool
	// Why says what could not be read, empty mostly.
	Why                           string
	Text, Handle, Date, Languages string
}

func (s *Server) screenshotForm(w http.ResponseWriter, r *http.Request) error {
	return s.showScreenshot(w, r, &screenshotPage{})
}

// showScreenshot shows the page; its form is for readers too.
func (s *Server) showScreenshot(w http.ResponseWriter, r *http.Request, p *screenshotPage) error {
	token, err := s.formToken(w, r)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "screenshot", frame{Title: "Look up a screenshot", Token: token, Body: p})
}

// screenshot reads the words of a screenshot that was sent. It is read and
// forgotten.
func (s *Server) screenshot(w http.ResponseWriter, r *http.Request) error {
	body, err := pictureIn(r)
	if err != nil {
		return err
	}
	p := &screenshotPage{Languages: strings.TrimSpace(r.PostFormValue("languages"))}
	read, err := s.readScreenshot(r.Context(), w, body, p.Languages)
	switch {
	case errors.Is(err, store.ErrUsage), errors.Is(err, store.ErrInvalid), errors.Is(err, store.ErrNotFound):
		p.Why = err.Error()
	case errors.Is(err, context.DeadlineExceeded):
		p.Why = "Reading the picture took too long. Cut it down to the post, or type the words."
	case err != nil:
		return err
	default:
		p.Read, p.Text, p.Handle, p.Date = true, read.Text, read.Handle, read.Date
	}
	return s.showScreenshot(w, r, p)
}

// apiScreenshot is what was read from a screenshot, perhaps wrongly.
type apiScreenshot struct {
	Text   string `json:"text"`
	Name   string `json:"name"`
	Handle string `json:"handle"`
	// Date is YYYY-MM-DD, empty where none was found.
	Date string `json:"date"`
}

// screenshotBody is what is sent to have a screenshot read.
type screenshotBody struct {
	// Picture is the file, in base64.
	Picture []byte `json:"picture"`
	// Languages are those of the words as Tesseract calls them: eng, deu+fra.
	Languages string `json:"languages,omitempty"`
}

// readScreenshot reads a screenshot, where not too many are being read, and
// takes what it says apart.
func (s *Server) readScreenshot(ctx context.Context, w http.ResponseWriter, picture []byte, languages string) (apiScreenshot, error) {
	var v apiScreenshot
	if s.o.ReadPicture == nil {
		return v, fmt.Errorf("%w: this desk reads no pictures; type the words", store.ErrNotFound)
	}
	switch http.DetectContentType(picture) {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
	default:
		return v, fmt.Errorf("%w: it is no picture that can be read: PNG, JPEG, GIF and WebP are", store.ErrInvalid)
	}
	select {
	case s.reading <- struct{}{}:
		defer func() { <-s.reading }()
	case <-ctx.Done():
		return v, fmt.Errorf("%w: other pictures are being read; try again in a moment", store.ErrBusy)
	}
	if err := patient(w); err != nil {
		return v, err
	}
	text, err := s.o.ReadPicture(ctx, picture, languages)
	if err != nil {
		return v, err
	}
	q := box.Screenshot(text)
	if strings.TrimSpace(q.Text) == "" {
		return v, fmt.Errorf("%w: no words could be read in the picture; type them", store.ErrInvalid)
	}
	return apiScreenshot{Text: q.Text, Name: q.Name, Handle: q.Handle, Date: q.Date}, nil
}

// apiScreenshotRead answers a program.
func (s *Server) apiScreenshotRead(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Security-Policy", nothing)
	body, err := bodyOf[screenshotBody](r)
	if err != nil {
		return err
	}
	v, err := s.readScreenshot(r.Context(), w, body.Picture, body.Languages)
	if err != nil {
		return err
	}
	return sendJSON(w, r, 0, v)
}

// patient lets an answer take as long as its context does: the deadlines of the
// connection are those of a page.
func patient(w http.ResponseWriter) error {
	c := http.NewResponseController(w)
	err := errors.Join(c.SetReadDeadline(time.Time{}), c.SetWriteDeadline(time.Time{}))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("answering: %w", err)
	}
	return nil
}

package store

import (
	"time"

	"stet/extract/post"
)

// Drawing is how a page looked in a browser: a post, an article or a linked
// page. It shows what a reader saw, and is no evidence of what was sent: no
// verdict rests on it.
type Drawing struct {
	// Time is when it was drawn; it is the record's time.
	Time time.Time `json:"-"`
	// Ref is the post that was drawn, zero for other pages.
	Ref post.Ref `json:"ref,omitzero"`
	// URL is the address that was drawn, Final the one at which the browser
	// ended, where that is another, and Title the title of the page there.
	URL   string `json:"url"`
	Final string `json:"final,omitempty"`
	Title string `json:"title,omitempty"`
	// Of is the record that led here: a capture or an article version.
	Of ID `json:"of,omitzero"`
	// Picture is a PNG of the page and PictureSize its bytes. Cut is true
	// where the page goes on below it.
	Picture     Digest `json:"picture,omitzero"`
	PictureSize int64  `json:"picture_size,omitempty"`
	Cut         bool   `json:"cut,omitempty"`
	// Page is the page as one file of HTML, and PageSize its bytes; zero where
	// the browser did not give it.
	Page     Digest `json:"page,omitzero"`
	PageSize int64  `json:"page_size,omitempty"`
	// Browser names what drew it, with its version.
	Browser string `json:"browser,omitempty"`
	// Notes are sentences about what is missing.
	Notes   []string `json:"notes,omitempty"`
	Private bool     `json:"private,omitempty"`
	// Decided is true where it is private by a decision alone: see [Privacy].
	Decided bool `json:"-"`
	// Software names the version that let it be drawn.
	Software string `json:"software,omitempty"`
}

func (*Drawing) kind() Kind                 { return KindDrawing }
func (d *Drawing) when() time.Time          { return d.Time }
func (d *Drawing) encode() ([]Field, error) { return meta(d) }

func (d *Drawing) decode(r *Record) error {
	d.Time = r.Time
	return decodeField(r, fieldMeta, d)
}

func (d *Drawing) terms() []Term {
	terms := blobTerms(refTerms(d.Ref), d.Picture, d.Page)
	if d.Ref.IsZero() {
		terms = append(terms, URLTerm(d.URL))
	}
	return terms
}

package store

import (
	"context"
	"fmt"
	"time"
)

// PageLabel says that what an address answered with is not what was linked. It
// is empty for the page itself.
type PageLabel string

// The labels of pages.
const (
	// LabelSoft404 is a page that says that there is no such page, with a
	// status that says there is; or the front page in the place of another.
	LabelSoft404 PageLabel = "soft-404"
	// LabelParked is the page of a domain that nobody uses.
	LabelParked PageLabel = "parked"
	// LabelLogin asks readers to sign in, LabelPaywall to pay, LabelConsent to
	// agree to something, before they are shown the page.
	LabelLogin   PageLabel = "login"
	LabelPaywall PageLabel = "paywall"
	LabelConsent PageLabel = "consent"
	// LabelChallenge asks readers to prove that they are people, or refuses
	// them.
	LabelChallenge PageLabel = "challenge"
)

// Wall reports whether the page itself may stand behind what is shown.
func (l PageLabel) Wall() bool {
	return l == LabelLogin || l == LabelPaywall || l == LabelConsent || l == LabelChallenge
}

// PageResult is what one answer of a page's address says, and what they amount
// to.
type PageResult string

// The results of looks at pages.
const (
	// PageAlive: the address shows the page.
	PageAlive PageResult = "alive"
	// PageRedirected: it leads elsewhere than when it was captured, to other
	// words.
	PageRedirected PageResult = "redirected"
	// PageDrifted: so much of the text changed that it is another.
	PageDrifted PageResult = "drifted"
	// PageGone: the server says that there is no such page, by its status.
	PageGone PageResult = "gone"
	// PageSoftGone: it says so in words only, or the domain is parked.
	PageSoftGone PageResult = "soft-gone"
	// PageWalled: a wall stands before the page, which may be there.
	PageWalled PageResult = "walled"
	// PageUnknown: cannot tell; trouble on the way, or of the server.
	PageUnknown PageResult = "unknown"
)

// Missing reports whether the page was not there.
func (r PageResult) Missing() bool { return r == PageGone || r == PageSoftGone }

// PageReading is what a reader of a given version made of the capture of a
// page. It is additive: a better reader adds another.
type PageReading struct {
	Time    time.Time `json:"-"`
	Capture ID        `json:"capture"`
	// Parser is name@version.
	Parser string `json:"parser"`
	// URL is the address that was asked for, and Final the one that answered,
	// after all redirects.
	URL   string `json:"url"`
	Final string `json:"final_url"`
	// Status is the HTTP status, Type the media type in lower case.
	Status int    `json:"status"`
	Type   string `json:"type,omitempty"`
	// Label says that it is not the page that was linked, and Why the
	// sentence.
	Label PageLabel `json:"label,omitempty"`
	Why   string    `json:"why,omitempty"`
	// What the page says about itself.
	Canonical string `json:"canonical_url,omitempty"`
	Title     string `json:"title,omitempty"`
	SiteName  string `json:"site_name,omitempty"`
	Language  string `json:"language,omitempty"`
	// Links are its outward links, in order.
	Links []string `json:"links,omitempty"`
	// Digest and Size are those of the body as it was sent.
	Digest Digest `json:"digest,omitzero"`
	Size   int64  `json:"size,omitempty"`
	// Drift is how much of the text differs from the first good reading of the
	// address, from 0 to 1; it is 0 for that one itself.
	Drift float64 `json:"drift,omitempty"`
	// Text is the readable text.
	Text string `json:"-"`
}

// PageLook is one dated answer to "is the page still there?".
type PageLook struct {
	Time time.Time `json:"-"`
	// URL is the address that was asked for.
	URL    string     `json:"url"`
	Result PageResult `json:"result"`
	// Final is the address that answered, Status its HTTP status, 0 where none
	// arrived, and Label what the page is.
	Final  string    `json:"final_url,omitempty"`
	Status int       `json:"status,omitempty"`
	Label  PageLabel `json:"label,omitempty"`
	// Drift is how much of the text differs from the first good reading.
	Drift float64 `json:"drift,omitempty"`
	// Exchange is the recorded answer, Capture the capture that was made of
	// it.
	Exchange ID `json:"exchange,omitzero"`
	Capture  ID `json:"capture,omitzero"`
	// Unchanged is true where the answer was the same as before, by its digest
	// or by the server's word.
	Unchanged bool `json:"unchanged,omitempty"`
	// Reason is the sentence that says why the result is what it is.
	Reason string `json:"reason,omitempty"`
	// Trigger says who asked: person, schedule.
	Trigger string `json:"trigger,omitempty"`
}

func (*PageReading) kind() Kind { return KindPage }
func (*PageLook) kind() Kind    { return KindPageLook }

func (p *PageReading) when() time.Time { return p.Time }
func (l *PageLook) when() time.Time    { return l.Time }

func (p *PageReading) encode() ([]Field, error) {
	fields, err := meta(p)
	if err != nil {
		return nil, err
	}
	if p.Text != "" {
		fields = append(fields, Field{Name: fieldText, Value: []byte(p.Text)})
	}
	return fields, nil
}

func (p *PageReading) decode(r *Record) error {
	p.Time = r.Time
	p.Text = string(r.Field(fieldText))
	return decodeField(r, fieldMeta, p)
}

func (l *PageLook) encode() ([]Field, error) { return meta(l) }
func (l *PageLook) decode(r *Record) error {
	l.Time = r.Time
	return decodeField(r, fieldMeta, l)
}

func (p *PageReading) terms() []Term { return urlTerms(p.URL, p.Final) }
func (l *PageLook) terms() []Term    { return urlTerms(l.URL) }

func urlTerms(addresses ...string) []Term {
	var terms []Term
	for _, a := range addresses {
		if a != "" {
			terms = append(terms, URLTerm(a))
		}
	}
	return terms
}

// PageHistory is what the archive knows of one page, each list oldest first.
type PageHistory struct {
	// URL is the address by which the page was asked for.
	URL      string
	Captures []Item[Capture]
	Readings []Item[PageReading]
	Looks    []Item[PageLook]
}

// PageHistory reads what the archive knows of the page at an address, or, where
// nobody asked for that one, of the page whose address led there. It errors
// with ErrNotFound where that is nothing.
func (a *Archive) PageHistory(ctx context.Context, address string) (*PageHistory, error) {
	h := &PageHistory{URL: address}
	elsewhere, err := a.readPages(ctx, h)
	if err != nil {
		return nil, err
	}
	if len(h.Captures) == 0 && len(h.Looks) == 0 && elsewhere != "" {
		h = &PageHistory{URL: elsewhere}
		if _, err := a.readPages(ctx, h); err != nil {
			return nil, err
		}
	}
	if len(h.Captures) == 0 && len(h.Looks) == 0 {
		return nil, fmt.Errorf("%s: %w", address, ErrNotFound)
	}
	return h, nil
}

// readPages fills in the history of an address. It returns the address of a
// page that led there.
func (a *Archive) readPages(ctx context.Context, h *PageHistory) (elsewhere string, err error) {
	records, err := a.ListAll(ctx, URLTerm(h.URL), MaxHistory, KindCapture, KindPage, KindPageLook)
	if err != nil {
		return "", err
	}
	key := ArticleKey(h.URL)
	for i := range records {
		c, err := DecodeAny(&records[i])
		if err != nil {
			return "", err
		}
		seq, id := records[i].Seq, records[i].ID
		switch c := c.(type) {
		case *Capture:
			h.Captures = append(h.Captures, Item[Capture]{seq, id, c})
		case *PageReading:
			if ArticleKey(c.URL) == key {
				h.Readings = append(h.Readings, Item[PageReading]{seq, id, c})
			} else {
				elsewhere = c.URL
			}
		case *PageLook:
			h.Looks = append(h.Looks, Item[PageLook]{seq, id, c})
		}
	}
	return elsewhere, nil
}

// MaxDrift is the greatest [PageReading.Drift] at which a page still is the one
// that was linked: with more than half of its text replaced it is another.
const MaxDrift = 0.5

// First returns the reading that later ones are compared with: the first that
// is of the page itself, nil where there is none.
func (h *PageHistory) First() *Item[PageReading] {
	for i := range h.Readings {
		if h.Readings[i].Content.Label == "" {
			return &h.Readings[i]
		}
	}
	return nil
}

// Best returns the reading that people are shown, nil where there is none: the
// newest of the page itself that is still the page that was captured first;
// what only stands in its place never hides it, nor does a frame without words.
func (h *PageHistory) Best() *Item[PageReading] {
	var best *Item[PageReading]
	first, most := h.First(), -1
	for i := range h.Readings {
		r := &h.Readings[i]
		rank := pageRank(r.Content)
		if rank == 3 && r.Content.Text == "" && first.Content.Text != "" && r.Content.Type == first.Content.Type {
			rank = 2
		}
		if rank >= most {
			best, most = r, rank
		}
	}
	return best
}

// pageRank orders readings: the page, another page in its place, a page behind
// a wall, none.
func pageRank(r *PageReading) int {
	switch {
	case r.Label == "" && r.Drift <= MaxDrift:
		return 3
	case r.Label == "":
		return 2
	case r.Label.Wall():
		return 1
	}
	return 0
}

// CaptureOf returns the capture that a reading was made of, nil where the
// history does not hold it.
func (h *PageHistory) CaptureOf(r *PageReading) *Item[Capture] {
	for i := range h.Captures {
		if h.Captures[i].ID == r.Capture {
			return &h.Captures[i]
		}
	}
	return nil
}

package store

import "time"

// Submission says what became of the wish that a web archive keeps a page: one
// record for each that came to an end.
type Submission struct {
	// Time is when the web archive said so; it is the record's time.
	Time time.Time `json:"-"`
	// URL is the address that was handed over, and Of the record that led to it:
	// an article version or a capture.
	URL string `json:"url"`
	Of  ID     `json:"of,omitzero"`
	// Archive names the web archive: its host. Job is its own name of the work.
	Archive string `json:"archive"`
	Job     string `json:"job,omitempty"`
	// Memento is the snapshot; zero where there is none, and Code, which is the
	// web archive's word, and Reason then say why.
	Memento Memento `json:"memento,omitzero"`
	Code    string  `json:"code,omitempty"`
	Reason  string  `json:"reason,omitempty"`
	// Exchange is the recorded answer.
	Exchange ID `json:"exchange,omitzero"`
}

func (*Submission) kind() Kind                 { return KindSubmission }
func (s *Submission) when() time.Time          { return s.Time }
func (s *Submission) encode() ([]Field, error) { return meta(s) }

func (s *Submission) decode(r *Record) error {
	s.Time = r.Time
	return decodeField(r, fieldMeta, s)
}

func (s *Submission) terms() []Term { return append(urlTerms(s.URL), SubmissionsTerm()) }

// SubmissionsTerm is the term of all submissions to web archives.
func SubmissionsTerm() Term { return newTerm(IndexSubject, "submissions") }

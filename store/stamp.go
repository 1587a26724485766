package store

import "time"

// StampForm says what a [Stamp] is.
type StampForm string

// The forms of stamps.
const (
	// StampCheckpoint is a head of the evidence tree that this archive signed: a
	// C2SP checkpoint.
	StampCheckpoint StampForm = "checkpoint"
	// StampKey is the note by which one signing key hands over to the next.
	StampKey StampForm = "key"
	// StampRFC3161 is a time stamp of a checkpoint by an authority (RFC 3161).
	StampRFC3161 StampForm = "rfc3161"
	// StampOTS is a proof of OpenTimestamps for a checkpoint.
	StampOTS StampForm = "opentimestamps"
)

// StampState says how far a stamp of somebody outside has come.
type StampState string

// The states of stamps.
const (
	// StampComplete: it proves what it is for.
	StampComplete StampState = "complete"
	// StampPending: it was promised; a later record of the same checkpoint and
	// the same By completes it.
	StampPending StampState = "pending"
	// StampFailed: it was asked for and not given; Error says why.
	StampFailed StampState = "failed"
)

// Stamp is a signed head of the evidence tree, or what somebody outside said of
// one. It is additive: a proof that was completed is another record.
type Stamp struct {
	// Time is when it was made or asked for by the clock of this machine; it is
	// the record's time.
	Time time.Time `json:"-"`
	Form StampForm `json:"form"`
	// Size and Root are those of the tree: how many records it covers, from the
	// first on, and its hash.
	Size uint64 `json:"size,omitempty"`
	Root Digest `json:"root,omitzero"`
	// By says whose it is: the public key of a checkpoint, the address of an
	// authority or calendar.
	By string `json:"by"`
	// Of is the checkpoint that was stamped.
	Of ID `json:"of,omitzero"`
	// State is empty for what the archive itself signed.
	State StampState `json:"state,omitempty"`
	// At is the time that somebody outside vouches for.
	At time.Time `json:"at,omitzero"`
	// Exchanges are how it was obtained.
	Exchanges []ID `json:"exchanges,omitempty"`
	// Error is the sentence that says what went wrong, ErrorClass the name of
	// its [Class].
	Error      string `json:"error,omitempty"`
	ErrorClass string `json:"error_class,omitempty"`
	// Trigger says who asked: person, schedule.
	Trigger string `json:"trigger,omitempty"`
	// Body is the proof itself: the signed note, the authority's answer in DER,
	// the file of OpenTimestamps.
	Body []byte `json:"-"`
}

// StampTerm is the term of the stamps of a form.
func StampTerm(form StampForm) Term { return newTerm(IndexSubject, "stamp "+string(form)) }

func (*Stamp) kind() Kind        { return KindStamp }
func (s *Stamp) when() time.Time { return s.Time }

func (s *Stamp) encode() ([]Field, error) {
	fields, err := meta(s)
	if err != nil {
		return nil, err
	}
	if len(s.Body) > 0 {
		fields = append(fields, Field{Name: fieldBody, Value: s.Body})
	}
	return fields, nil
}

func (s *Stamp) decode(r *Record) error {
	s.Time = r.Time
	s.Body = r.Field(fieldBody)
	return decodeField(r, fieldMeta, s)
}

func (s *Stamp) terms() []Term {
	terms := []Term{StampTerm(s.Form)}
	if !s.Of.IsZero() {
		terms = append(terms, RecordTerm(s.Of))
	}
	return terms
}

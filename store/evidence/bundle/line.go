package bundle

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"stet/store"
)

// The names of files in a bundle, beside those that WACZ has.
const (
	// Records holds a record a line, as [Line].
	Records = "evidence/records.jsonl"
	// Head is the signed head that covers all of them.
	Head = "evidence/checkpoint.txt"
	// PublicKey is the key that signed it. It is there to be compared: who
	// verifies takes the key from elsewhere.
	PublicKey = "evidence/key.txt"
	// Signer is the note by which that key says which one signs the package.
	Signer = "evidence/signer.txt"
	// Custody says who, when, how and from where; Report says it to people.
	Custody = "evidence/custody.json"
	Report  = "evidence/report.html"
	// Guide says how to verify.
	Guide = "VERIFY.md"
	// The folders of what there can be several of.
	Proofs    = "evidence/proofs/"
	Handovers = "evidence/keys/"
	Stamps    = "evidence/stamps/"
	Media     = "evidence/media/"
	Drawings  = "evidence/screenshots/"
)

// Form is the version of the evidence in a bundle.
const Form = "stet evidence 1"

// Line is one record as a line of JSON.
type Line struct {
	Seq    uint64      `json:"seq"`
	ID     store.ID    `json:"id"`
	Kind   store.Kind  `json:"kind"`
	Schema int         `json:"schema"`
	Time   time.Time   `json:"time"`
	Salt   []byte      `json:"salt,omitempty"`
	Fields []LineField `json:"fields"`
}

// LineField is one field: its content as text or, where it is none, in base64;
// or what remains of it where it was left out.
type LineField struct {
	Name       string  `json:"name"`
	Text       *string `json:"text,omitempty"`
	Base64     []byte  `json:"base64,omitempty"`
	Salt       []byte  `json:"salt,omitempty"`
	Commitment string  `json:"commitment,omitempty"`
}

// MaxLine is the longest line: the largest record, in base64.
const MaxLine = 64 << 20

// Format writes a record as a line with its end.
func Format(r *store.Record) ([]byte, error) {
	l := Line{Seq: r.Seq, ID: r.ID, Kind: r.Kind, Schema: r.Schema, Time: r.Time.UTC()}
	if !r.Salt.IsZero() {
		l.Salt = r.Salt[:]
	}
	for i := range r.Fields {
		f := &r.Fields[i]
		out := LineField{Name: f.Name}
		switch {
		case f.Removed != nil:
			out.Commitment = hex.EncodeToString(f.Removed[:])
		case utf8.Valid(f.Value):
			text := string(f.Value)
			out.Text = &text
		default:
			out.Base64 = f.Value
		}
		if !f.Salt.IsZero() {
			out.Salt = f.Salt[:]
		}
		l.Fields = append(l.Fields, out)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(l)
	return b.Bytes(), err
}

// Parse reads a line. It errors with ErrVerification.
func Parse(line []byte) (*store.Record, error) {
	var l Line
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&l); err != nil {
		return nil, fmt.Errorf("%w: a record cannot be read: %w", store.ErrVerification, err)
	}
	if dec.InputOffset() != int64(len(line)) {
		return nil, fmt.Errorf("%w: the line of the record %s goes on behind it", store.ErrVerification, l.ID)
	}
	r := &store.Record{Seq: l.Seq, ID: l.ID, Kind: l.Kind, Schema: l.Schema, Time: l.Time.UTC()}
	err := l.fill(r)
	if err == nil && (!r.Time.Equal(r.Time.Truncate(time.Microsecond)) || l.Seq == 0 || l.ID.IsZero()) {
		err = errors.New("its number, id or time is not one")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the record %s: %w", store.ErrVerification, l.ID, err)
	}
	return r, nil
}

func (l *Line) fill(r *store.Record) error {
	if len(l.Fields) > store.MaxFields {
		return errors.New("it has too many fields")
	}
	if len(l.Salt) > 0 {
		if len(l.Salt) != store.SaltSize {
			return errors.New("its salt has another length")
		}
		r.Salt = store.Salt(l.Salt)
	}
	for i := range l.Fields {
		in := &l.Fields[i]
		f := store.Field{Name: in.Name, Value: in.Base64}
		if in.Text != nil {
			f.Value = []byte(*in.Text)
		}
		if len(in.Salt) > 0 {
			if len(in.Salt) != store.SaltSize {
				return errors.New("a salt has another length")
			}
			f.Salt = store.Salt(in.Salt)
		}
		if in.Commitment != "" {
			var h store.Hash
			n, err := hex.Decode(h[:], []byte(in.Commitment))
			if err != nil || n != len(h) || len(in.Commitment) != 2*len(h) || in.Text != nil || len(in.Base64) > 0 {
				return errors.New("a commitment is not one")
			}
			f.Removed = &h
		}
		if f.Removed == nil && f.Salt.IsZero() && r.Salt.IsZero() {
			return errors.New("a field has no salt")
		}
		r.Fields = append(r.Fields, f)
	}
	return nil
}

package codec

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"stet/store"
)

// fieldNames are the names that are written as a number: their index plus one.
// They are only ever appended.
func fieldNames() []string {
	return []string{"meta", "body-info", "request-head", "request-body", "response-head", "body", "post", "text"}
}

// The parts of an envelope that may be there or not.
const (
	fieldRemoved = 1 << iota
	fieldSalted
	// fieldDigests says that digests were taken out of the value.
	fieldDigests
)

// How the id of a record is written.
const (
	idNext = iota // that of the record before, with a last byte one higher
	idFull
)

// StoresTerms reports whether the index entries of r are stored with it,
// because its content does not tell them: it has no typed content, or a part
// of it was removed.
func StoresTerms(r *store.Record) bool {
	return !r.Kind.Typed() || slices.ContainsFunc(r.Fields, func(f store.Field) bool { return f.Removed != nil })
}

// appendEnvelope appends records[i], without its salt and its leaf, to the
// envelopes of the records before it.
//
// An id is written as 32 hexadecimal digits in the form in which other records
// name it, so that their references compress to almost nothing.
func appendEnvelope(b []byte, digests *table, records []store.Record, i int) ([]byte, error) {
	r := &records[i]
	kind := r.Kind.Number()
	if kind == 0 {
		return nil, fmt.Errorf("%w: the kind %q is not known", store.ErrInvalid, r.Kind)
	}
	terms := r.Terms
	if !StoresTerms(r) {
		terms = nil
	}
	b = append(b, kind)
	if i > 0 && follows(records[i-1].ID, r.ID) {
		b = append(b, idNext)
	} else {
		b = append(b, idFull)
		b = append(b, r.ID.String()...)
	}
	b = binary.AppendUvarint(b, uint64(r.Schema))
	b = binary.AppendVarint(b, r.Time.UnixMicro())
	b = binary.AppendUvarint(b, uint64(len(r.Fields)))
	for j := range r.Fields {
		b = appendField(b, digests, r, &r.Fields[j])
	}
	b = binary.AppendUvarint(b, uint64(len(terms)))
	for _, t := range terms {
		b = append(b, t.Index.Number())
		b = binary.AppendUvarint(b, uint64(len(t.Value)))
		b = append(b, t.Value...)
	}
	return b, nil
}

func follows(a, b store.ID) bool {
	a[15]++
	return a[15] != 0 && a == b
}

func appendField(b []byte, digests *table, r *store.Record, f *store.Field) []byte {
	if n := slices.Index(fieldNames(), f.Name); n >= 0 {
		b = append(b, byte(n+1))
	} else {
		b = append(b, 0)
		b = binary.AppendUvarint(b, uint64(len(f.Name)))
		b = append(b, f.Name...)
	}
	flags := byte(0)
	if f.Removed != nil {
		flags |= fieldRemoved
	}
	if !f.Salt.IsZero() {
		flags |= fieldSalted
	}
	value, taken := digests.takeOut(r, f)
	if taken {
		flags |= fieldDigests
	}
	b = append(b, flags)
	if f.Removed != nil {
		b = append(b, f.Removed[:]...)
	}
	if !f.Salt.IsZero() {
		b = append(b, f.Salt[:]...)
	}
	b = binary.AppendUvarint(b, uint64(len(value)))
	return append(b, value...)
}

// reader takes values off the front of b; after the first failure every value
// is zero.
type reader struct {
	b   []byte
	err error
	// budget is how many bytes digests may still be put back into.
	budget int
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err, r.b = err, nil
	}
}

// take returns the next n bytes, with no room behind them.
func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.fail(errShort)
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) byte() byte {
	if v := r.take(1); v != nil {
		return v[0]
	}
	return 0
}

// uvarint returns a number that is at most max.
func (r *reader) uvarint(max uint64) uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > max {
		r.fail(errors.New("a number in it is too large"))
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail(errors.New("a number in it is too large"))
		return 0
	}
	r.b = r.b[n:]
	return v
}

// envelope reads records[i], except its salt.
func (r *reader) envelope(digests table, records []store.Record, i int) error {
	rec := &records[i]
	kind, ok := store.KindOf(r.byte())
	if !ok && r.err == nil {
		return errors.New("a record has a kind that this version does not know")
	}
	rec.Kind = kind
	switch how := r.byte(); {
	case how == idFull:
		rec.ID = r.id()
	case how == idNext && i > 0:
		rec.ID = records[i-1].ID
		rec.ID[15]++
	default:
		r.fail(errors.New("an id in it is written in no known way"))
	}
	rec.Schema = int(r.uvarint(1 << 30))
	rec.Time = time.UnixMicro(r.varint()).UTC()
	fields := r.uvarint(store.MaxFields)
	if r.err == nil && fields > 0 {
		rec.Fields = make([]store.Field, fields)
	}
	taken := make([]bool, len(rec.Fields))
	for j := range rec.Fields {
		taken[j] = r.field(&rec.Fields[j])
	}
	for j := range rec.Fields {
		if !taken[j] || r.err != nil {
			continue
		}
		value, err := digests.putBack(rec, rec.Fields[j].Value, &r.budget)
		if err != nil {
			return err
		}
		rec.Fields[j].Value = value
	}
	for n := r.uvarint(store.MaxTerms); n > 0 && r.err == nil; n-- {
		rec.Terms = append(rec.Terms, r.term())
	}
	return r.err
}

func (r *reader) id() store.ID {
	text := r.take(36)
	if text == nil {
		return store.ID{}
	}
	id, err := store.ParseID(string(text))
	if err != nil {
		r.fail(err)
	}
	return id
}

// field reads a field. It reports whether digests were taken out of its value.
func (r *reader) field(f *store.Field) bool {
	names := fieldNames()
	switch n := int(r.byte()); {
	case n == 0:
		f.Name = string(r.take(int(r.uvarint(255))))
	case n <= len(names):
		f.Name = names[n-1]
	default:
		r.fail(fmt.Errorf("a field has the number %d, which has no name", n))
	}
	flags := r.byte()
	if flags&^(fieldRemoved|fieldSalted|fieldDigests) != 0 {
		r.fail(errors.New("a field has unknown marks " + hex.EncodeToString([]byte{flags})))
	}
	if flags&fieldRemoved != 0 {
		var h store.Hash
		copy(h[:], r.take(len(h)))
		f.Removed = &h
	}
	if flags&fieldSalted != 0 {
		copy(f.Salt[:], r.take(len(f.Salt)))
	}
	if v := r.take(int(r.uvarint(store.MaxFieldSize))); len(v) > 0 {
		f.Value = v
	}
	return flags&fieldDigests != 0
}

func (r *reader) term() store.Term {
	n := int(r.byte())
	v := string(r.take(int(r.uvarint(store.MaxTermLength))))
	indexes := store.Indexes()
	if n == 0 || n > len(indexes) {
		r.fail(fmt.Errorf("an index entry has the number %d, which has no index", n))
		return store.Term{}
	}
	return store.Term{Index: indexes[n-1], Value: v}
}

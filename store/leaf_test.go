package store_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"testing"
	"time"

	"stet/store"
)

// vector is a record whose leaf is written down below.
func vector() store.Record {
	return store.Record{
		Seq:    77,
		ID:     store.ID{0x01, 0x95, 0x98, 0x7a, 0x10, 0x00, 0x70, 0x01, 0x80, 1, 2, 3, 4, 5, 6, 7},
		Kind:   store.KindExchange,
		Schema: 1,
		Time:   time.Date(2026, 3, 14, 9, 26, 53, 589793000, time.UTC),
		Salt:   store.Salt{16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1},
		Fields: []store.Field{
			{Name: "meta", Value: []byte(`{"method":"GET"}`)},
			{Name: "body", Value: []byte{}},
			{Name: "response-head", Value: bytes.Repeat([]byte{0xff, 0}, 500)},
		},
	}
}

// leafOf computes a leaf from the words of the documentation alone.
func leafOf(r store.Record) store.Hash {
	var b bytes.Buffer
	number := func(v any) { _ = binary.Write(&b, binary.BigEndian, v) } // a buffer never errors
	short := func(s string) { number(uint16(len(s))); b.WriteString(s) }
	b.WriteByte(0) // RFC 6962, section 2.1: the prefix of a leaf
	b.WriteByte(1)
	b.Write(r.ID[:])
	short(string(r.Kind))
	number(int64(r.Schema))
	number(r.Time.UnixMicro())
	number(uint32(len(r.Fields)))
	for _, f := range r.Fields {
		short(f.Name)
		salt := hmac.New(sha256.New, r.Salt[:])
		salt.Write([]byte(f.Name))
		commitment := hmac.New(sha256.New, salt.Sum(nil)[:16])
		commitment.Write(f.Value)
		b.Write(commitment.Sum(nil))
	}
	return sha256.Sum256(b.Bytes())
}

func TestLeafLayout(t *testing.T) {
	r := vector()
	// Leaves are kept for ever: a change of this constant breaks every archive.
	const golden = "b69f4d406289cae0842f5411426ffa9ed13b2ce7f07d49dc62869e3c30f5f5c3"
	if got := r.Leaf(); got.String() != golden {
		t.Errorf("the leaf is %s, want %s", got, golden)
	}
	records := []store.Record{r, {}, {Kind: store.KindNote, Schema: 3, Time: time.UnixMicro(1)}}
	for _, r := range records {
		if got, want := r.Leaf(), leafOf(r); got != want {
			t.Errorf("the leaf of %+v is %s, want %s", r, got, want)
		}
	}
}

func TestLeafDependsOn(t *testing.T) {
	whole := vector()
	want := whole.Leaf()
	change := func(f func(r *store.Record)) store.Hash {
		r := vector()
		f(&r)
		return r.Leaf()
	}
	for name, got := range map[string]store.Hash{
		"Seq":   change(func(r *store.Record) { r.Seq++ }),
		"Terms": change(func(r *store.Record) { r.Terms = []store.Term{{Index: store.IndexRef, Value: "twitter:1"}} }),
		"zone":  change(func(r *store.Record) { r.Time = r.Time.In(time.FixedZone("east", 3600)) }),
	} {
		if got != want {
			t.Errorf("the leaf depends on %s", name)
		}
	}
	seen := map[store.Hash]string{want: "nothing"}
	for name, got := range map[string]store.Hash{
		"ID":         change(func(r *store.Record) { r.ID[15]++ }),
		"Kind":       change(func(r *store.Record) { r.Kind = store.KindLook }),
		"Schema":     change(func(r *store.Record) { r.Schema++ }),
		"Time":       change(func(r *store.Record) { r.Time = r.Time.Add(time.Microsecond) }),
		"Salt":       change(func(r *store.Record) { r.Salt[0]++ }),
		"a name":     change(func(r *store.Record) { r.Fields[0].Name = "mata" }),
		"a value":    change(func(r *store.Record) { r.Fields[0].Value = []byte(`{"method":"PUT"}`) }),
		"an end":     change(func(r *store.Record) { r.Fields = r.Fields[:2] }),
		"the order":  change(func(r *store.Record) { r.Fields[0], r.Fields[1] = r.Fields[1], r.Fields[0] }),
		"more":       change(func(r *store.Record) { r.Fields = append(r.Fields, store.Field{Name: "text"}) }),
		"no fields":  change(func(r *store.Record) { r.Fields = nil }),
		"own salt":   change(func(r *store.Record) { r.Fields[2].Salt = store.Salt{1} }),
		"two values": change(func(r *store.Record) { r.Fields[1].Value = r.Fields[0].Value }),
	} {
		if other, ok := seen[got]; ok {
			t.Errorf("changing %s gives the leaf of changing %s", name, other)
		}
		seen[got] = name
	}
}

func TestRemoveKeepsLeaf(t *testing.T) {
	whole := vector()
	names := []string{"meta", "body", "response-head"}
	for mask := range 1 << len(names) {
		var gone []string
		for i, n := range names {
			if mask>>i&1 == 1 {
				gone = append(gone, n)
			}
		}
		r := whole.Remove(gone...)
		if r.Leaf() != whole.Leaf() {
			t.Errorf("without %v the leaf is another", gone)
		}
		if !r.Salt.IsZero() {
			t.Errorf("without %v the record's salt is still there", gone)
		}
		for i, f := range r.Fields {
			removed := mask>>i&1 == 1
			if (f.Removed != nil) != removed || removed && (f.Value != nil || !f.Salt.IsZero()) || !removed && f.Salt.IsZero() {
				t.Errorf("without %v the field %s is %+v", gone, f.Name, f)
			}
		}
		// Removing the rest later gives the same leaf again.
		rest := r.Remove(names...)
		if rest.Leaf() != whole.Leaf() {
			t.Errorf("without %v and then the rest the leaf is another", gone)
		}
		for _, f := range rest.Fields {
			if f.Removed == nil || f.Value != nil || !f.Salt.IsZero() {
				t.Errorf("after removing everything the field %s is %+v", f.Name, f)
			}
		}
	}
	if v := vector(); whole.Leaf() != v.Leaf() || whole.Salt != v.Salt || whole.Fields[0].Removed != nil {
		t.Error("Remove changed the record that it copied")
	}
	none := whole.Remove("no such field")
	if none.Leaf() != whole.Leaf() {
		t.Error("removing nothing changed the leaf")
	}
}

// TestCommitmentsHide compares commitments to equal values: they tell nothing
// about each other.
func TestCommitmentsHide(t *testing.T) {
	seen := map[store.Hash]bool{}
	for salt := range byte(3) {
		r := store.Record{Salt: store.Salt{salt}, Fields: []store.Field{
			{Name: "a", Value: []byte("yes")}, {Name: "b", Value: []byte("yes")}, {Name: "c", Salt: store.Salt{salt + 100}, Value: []byte("yes")}}}
		for i := range r.Fields {
			c := r.Commitment(i)
			if seen[c] {
				t.Errorf("two commitments to the same value are equal: %s", c)
			}
			seen[c] = true
		}
	}
	// What remains of a record helps nobody to try values: the commitment is
	// not the one under a zero salt, nor under the salt of another field.
	r := vector()
	removed := r.Remove("meta")
	for _, salt := range []store.Salt{{}, removed.Fields[1].Salt, removed.Fields[2].Salt, removed.Salt} {
		guess := store.Record{Fields: []store.Field{{Name: "meta", Salt: salt, Value: r.Fields[0].Value}}}
		if guess.Commitment(0) == *removed.Fields[0].Removed {
			t.Errorf("the removed value can be confirmed with the salt %x", salt)
		}
	}
}

func TestNewSalt(t *testing.T) {
	s, err := store.NewSalt(bytes.NewReader(bytes.Repeat([]byte{7}, 16)))
	if err != nil || s.IsZero() {
		t.Errorf("got %x, %v", s, err)
	}
	if s, err := store.NewSalt(bytes.NewReader(make([]byte, 15))); err == nil || !s.IsZero() {
		t.Errorf("a source of 15 bytes gave %x, %v", s, err)
	}
}

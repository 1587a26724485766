package codec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"stet/extract/post"
	"stet/store"
)

func newCodec(t testing.TB) *Codec {
	t.Helper()
	c, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func day() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 89_000, time.UTC) }

func idOf(n, last byte) store.ID { return store.ID{0x01, 0x9c, n, 6: 0x70, 8: 0x80, 15: last} }

// record makes a record of content whose id ends with last.
func record(t testing.TB, last byte, c store.Content) store.Record {
	t.Helper()
	r, err := store.NewRecord(idOf(1, last), store.Salt{last, 1, 2}, c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// story is the records of one capture.
func story(t testing.TB) []store.Record {
	t.Helper()
	ref := post.Ref{Platform: post.Twitter, ID: "1234567890123456789"}
	body := []byte(`{"__typename":"Tweet","id_str":"1234567890123456789","text":"the bells rang at noon","user":{"screen_name":"sexton"}}`)
	picture := store.DigestOf([]byte("a picture"))
	return []store.Record{
		record(t, 0, &store.Exchange{Started: day(), Method: "GET", URL: "https://cdn.syndication.twimg.com/tweet-result?id=1234567890123456789", Status: 200,
			TLS:  &store.TLS{Version: "tls/1.3", Chain: store.DigestOf([]byte("a chain"))},
			Body: store.Body{Size: int64(len(body)), Digest: store.DigestOf(body), Type: "application/json", Inline: body}, Refs: []post.Ref{ref},
			RequestHead: []byte("GET / HTTP/1.1\r\n\r\n"), ResponseHead: []byte("HTTP/1.1 200 OK\r\n\r\n")}),
		record(t, 1, &store.Capture{Time: day().Add(time.Second), Kind: store.CapturePost, Ref: ref, Exchanges: []store.ID{idOf(1, 0)},
			Media: []store.MediaFile{{URL: "https://pbs.twimg.com/media/a.jpg", Digest: picture}}}),
		record(t, 2, &store.Derivation{Time: day().Add(time.Second), Capture: idOf(1, 1), Parser: "p@1", Ref: ref,
			Post: post.Post{Platform: post.Twitter, ID: ref.ID, Text: "the bells rang at noon", Media: []post.Media{{Kind: "photo", Digest: picture.String()}}}}),
	}
}

// strange are records that no engine makes, and that are legal.
func strange(t testing.TB) map[string][]store.Record {
	t.Helper()
	note := func(fields ...store.Field) store.Record {
		return store.Record{ID: idOf(9, 9), Kind: store.KindNote, Schema: 7, Time: day(), Salt: store.Salt{5}, Fields: fields}
	}
	d := store.DigestOf([]byte("x")).String()
	terms := note()
	terms.Terms = []store.Term{{Index: store.IndexRef, Value: "twitter:1"}, {Index: store.IndexBlob, Value: "\x00\xff"}}
	old, future := note(), note()
	old.Time, future.Time = time.Date(1971, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC)
	backwards := []store.Record{note(), note(), note()}
	backwards[0].ID, backwards[1].ID, backwards[2].ID = idOf(1, 255), idOf(2, 0), idOf(1, 254)
	whole := story(t)[0]
	return map[string][]store.Record{
		"no fields":                      {note()},
		"terms without content":          {terms},
		"times":                          {old, future},
		"ids in no order":                backwards,
		"a removed field":                {whole.Remove("body", "meta"), whole.Remove()},
		"no salt":                        {{ID: idOf(1, 1), Kind: store.KindHold, Time: day()}},
		"a field of an unknown name":     {note(store.Field{Name: "remarks", Value: []byte("aye")})},
		"an empty and a binary value":    {note(store.Field{Name: "meta"}, store.Field{Name: "body", Value: []byte{0, 1, 255, 1, 0}})},
		"digests":                        {note(store.Field{Name: "text", Value: []byte(d + d + "," + d)})},
		"almost digests":                 {note(store.Field{Name: "text", Value: []byte("sha256:" + d[:70] + "sha256:" + strings.ToUpper(d[7:]) + "sha256:" + strings.Repeat("0", 64) + "sha256:")})},
		"a mark in the way of digests":   {note(store.Field{Name: "text", Value: []byte("\x01" + d)})},
		"the digest of an absent body":   {note(store.Field{Name: "meta", Value: []byte(store.DigestOf(nil).String())}, store.Field{Name: "body"})},
		"the digest of the body":         {note(store.Field{Name: "meta", Value: []byte(d)}, store.Field{Name: "body", Value: []byte("x")})},
		"what does not become smaller":   {note(store.Field{Name: "body", Value: noise(3000)})},
		"a large value between small":    {note(), note(store.Field{Name: "body", Value: noise(200_000)}), note()},
		"more digests than a table":      {note(store.Field{Name: "text", Value: manyDigests(300)})},
		"long text and its own shortest": {note(store.Field{Name: "text", Value: bytes.Repeat([]byte("ha"), 500_000)})},
	}
}

func noise(n int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func manyDigests(n int) []byte {
	var b []byte
	for i := range n {
		b = append(b, store.DigestOf(fmt.Append(nil, i)).String()...)
	}
	return b
}

// roundTrip encodes records as if the first had the number first, and decodes
// them.
func roundTrip(t testing.TB, c *Codec, records []store.Record, first uint64) []store.Record {
	t.Helper()
	blocks, err := c.Encode(records)
	if err != nil {
		t.Fatal(err)
	}
	var got []store.Record
	for i := range blocks {
		sealed := blocks[i].Seal(first)
		if n := Count(sealed); n != blocks[i].Count {
			t.Errorf("Count says %d, the block says %d", n, blocks[i].Count)
		}
		leaves, err := Leaves(sealed, first)
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := c.Decode(sealed, first)
		if err != nil {
			t.Fatal(err)
		}
		for j := range decoded {
			if leaf := decoded[j].Leaf(); leaf != leaves[j] {
				t.Errorf("record %d has the leaf %s, stored is %s", decoded[j].Seq, leaf, leaves[j])
			}
		}
		got = append(got, decoded...)
		first += uint64(blocks[i].Count)
	}
	return got
}

// wantSame fails the test where got differs from want, not counting the
// difference between nil and empty.
func wantSame(t testing.TB, want, got []store.Record) {
	t.Helper()
	if slices.EqualFunc(want, got, func(a, b store.Record) bool { return sameRecord(&a, &b) }) {
		return // cmp takes seconds for large values
	}
	t.Error(cmp.Diff(want, got, cmpopts.EquateEmpty()))
}

func sameRecord(a, b *store.Record) bool {
	if a.Seq != b.Seq || a.ID != b.ID || a.Kind != b.Kind || a.Schema != b.Schema || !a.Time.Equal(b.Time) || a.Salt != b.Salt {
		return false
	}
	return slices.Equal(a.Terms, b.Terms) && slices.EqualFunc(a.Fields, b.Fields, func(f, g store.Field) bool {
		return f.Name == g.Name && f.Salt == g.Salt && bytes.Equal(f.Value, g.Value) &&
			(f.Removed == nil) == (g.Removed == nil) && (f.Removed == nil || *f.Removed == *g.Removed)
	})
}

// asRead returns records as Decode should return them.
func asRead(records []store.Record, first uint64) []store.Record {
	want := make([]store.Record, len(records))
	for i, r := range records {
		if !StoresTerms(&r) {
			r.Terms = nil
		}
		r.Seq = first + uint64(i)
		want[i] = r
	}
	return want
}

func TestRoundTrip(t *testing.T) {
	c := newCodec(t)
	all := strange(t)
	all["a capture"] = story(t)
	var many []store.Record
	for i := range 40 {
		for _, r := range story(t) {
			r.ID[2], r.Salt[7] = byte(i), byte(i)
			many = append(many, r)
		}
	}
	all["many records"] = many
	for name, records := range all {
		t.Run(name, func(t *testing.T) {
			wantSame(t, asRead(records, 1000), roundTrip(t, c, records, 1000))
		})
	}
}

func TestBlocksAreBounded(t *testing.T) {
	c := newCodec(t)
	var records []store.Record
	for i := range 100 {
		r := story(t)[0]
		r.ID[3], r.Fields[0].Value = byte(i), noise(1000)
		records = append(records, r)
	}
	blocks, err := c.Encode(records)
	if err != nil {
		t.Fatal(err)
	}
	for i := range blocks {
		if blocks[i].Count > BlockSize/1000 {
			t.Errorf("block %d has %d records of more than 1000 bytes", i, blocks[i].Count)
		}
	}
	if len(blocks) > 10 {
		t.Errorf("100 records of about 1.2 KB are in %d blocks", len(blocks))
	}
}

func TestRecordsOfACaptureShareTheirBlock(t *testing.T) {
	c := newCodec(t)
	records := story(t)
	alone := 0
	for i := range records {
		b, err := c.Encode(records[i : i+1])
		if err != nil {
			t.Fatal(err)
		}
		alone += b[0].Size()
	}
	together, err := c.Encode(records)
	if err != nil {
		t.Fatal(err)
	}
	if len(together) != 1 || together[0].Size()*10 > alone*9 {
		t.Errorf("together they take %d bytes in %d blocks, alone %d", together[0].Size(), len(together), alone)
	}
}

func sealedStory(t testing.TB, c *Codec, first uint64) []byte {
	t.Helper()
	blocks, err := c.Encode(story(t))
	if err != nil {
		t.Fatal(err)
	}
	return blocks[0].Seal(first)
}

func TestDamageIsFound(t *testing.T) {
	c := newCodec(t)
	sealed := sealedStory(t, c, 7)
	damaged := func(what string, b []byte, first uint64) {
		t.Helper()
		if _, err := c.Decode(b, first); !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("%s: Decode gives %v, want damaged data", what, err)
		}
		if _, err := Leaves(b, first); !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("%s: Leaves gives %v, want damaged data", what, err)
		}
	}
	for i := range sealed {
		for _, mask := range []byte{1, 0x80, 0xFF} {
			b := bytes.Clone(sealed)
			b[i] ^= mask
			damaged(fmt.Sprintf("byte %d ^ %#x", i, mask), b, 7)
		}
		damaged(fmt.Sprintf("cut to %d", i), sealed[:i], 7)
	}
	damaged("one byte more", append(bytes.Clone(sealed), 0), 7)
	damaged("another number", sealed, 8)
}

// TestDamageIsNobodysMistake: a sealed block whose insides are nonsense, as a
// wrong dictionary makes of it, is damage by its class too.
func TestDamageIsNobodysMistake(t *testing.T) {
	err := corrupt(7, fmt.Errorf("reading an id: %w", store.ErrInvalid))
	if got := store.ClassOf(err).Name; got != "corrupt" {
		t.Errorf("the class of %v is %s", err, got)
	}
}

// reseal gives changed bytes a valid checksum.
func reseal(b []byte, first uint64) []byte {
	if len(b) >= headerSize {
		binary.BigEndian.PutUint32(b[offChecksum:], withNumber(checksum(b), first))
	}
	return b
}

func TestNewerVersionsAreRefused(t *testing.T) {
	c := newCodec(t)
	for _, at := range []int{offVersion, offDict} {
		b := sealedStory(t, c, 7)
		b[at] = 200
		if _, err := c.Decode(reseal(b, 7), 7); !errors.Is(err, store.ErrVersion) {
			t.Errorf("byte %d: got %v, want a newer version", at, err)
		}
	}
}

func TestWhatCannotBeEncoded(t *testing.T) {
	c := newCodec(t)
	if _, err := c.Encode([]store.Record{{Kind: "song"}}); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("an unknown kind: got %v, want invalid", err)
	}
	if blocks, err := c.Encode(nil); len(blocks) != 0 || err != nil {
		t.Errorf("nothing: got %d blocks, %v", len(blocks), err)
	}
	huge := store.Record{Kind: store.KindNote}
	for i := range 9 {
		huge.Fields = append(huge.Fields, store.Field{Name: fmt.Sprint(i), Value: make([]byte, store.MaxFieldSize)})
	}
	if _, err := c.Encode([]store.Record{huge}); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("more than the largest batch: got %v, want too large", err)
	}
}

func TestDecodedRecordsDoNotOverlap(t *testing.T) {
	c := newCodec(t)
	sealed := sealedStory(t, c, 1)
	records, err := c.Decode(sealed, 1)
	if err != nil {
		t.Fatal(err)
	}
	want := make([]store.Record, len(records))
	for i := range records {
		want[i] = records[i].Remove() // a deep copy as far as leaves go
		want[i].Salt = records[i].Salt
	}
	first := records[0].Fields
	for i := range first {
		_ = append(first[i].Value, "overwritten"...)
	}
	clear(sealed)
	for i := range records {
		if records[i].Leaf() != want[i].Leaf() {
			t.Errorf("record %d changed", i)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	c := newCodec(t)
	records := story(t)
	want := asRead(records, 5)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				wantSame(t, want, roundTrip(t, c, records, 5))
			}
		})
	}
	wg.Wait()
}

func FuzzDecode(f *testing.F) {
	c := newCodec(f)
	f.Add(sealedStory(f, c, 7))
	for _, records := range strange(f) {
		if blocks, err := c.Encode(records); err == nil && blocks[0].Size() < 4000 && len(records[0].Field("text")) < 4000 {
			f.Add(blocks[0].Seal(7))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		// With its checksum as it is, and with a valid one.
		for _, b := range [][]byte{bytes.Clone(b), reseal(bytes.Clone(b), 7)} {
			records, err := c.Decode(b, 7)
			if err != nil {
				if !errors.Is(err, store.ErrCorrupt) && !errors.Is(err, store.ErrVersion) {
					t.Fatalf("an error of no class: %v", err)
				}
				continue
			}
			wantSame(t, asRead(records, 7), roundTrip(t, c, records, 7))
		}
	})
}

func FuzzRoundTrip(f *testing.F) {
	c := newCodec(f)
	f.Add([]byte("meta"), []byte("body"), "text", int64(0), uint16(1), byte(3))
	f.Add([]byte(store.DigestOf([]byte("body")).String()), []byte("body"), "meta", int64(math.MaxInt32), uint16(0), byte(8))
	f.Fuzz(func(t *testing.T, a, b []byte, name string, micros int64, schema uint16, kind byte) {
		k, ok := store.KindOf(kind)
		if !ok || name == "" || len(name) > 255 || name == "meta" || name == "body" || micros > 1<<55 || micros < -1<<55 {
			t.Skip()
		}
		r := store.Record{ID: idOf(kind, byte(schema)), Kind: k, Schema: int(schema), Time: time.UnixMicro(micros).UTC(), Salt: store.Salt{1},
			Fields: []store.Field{{Name: "meta", Value: a}, {Name: "body", Value: b}, {Name: name, Value: append(bytes.Clone(a), b...)}}}
		records := []store.Record{r, r.Remove("body"), r.Remove("meta", name)}
		records[1].ID[15]++
		records[2].ID[15] += 2
		wantSame(t, asRead(records, uint64(schema)+1), roundTrip(t, c, records, uint64(schema)+1))
	})
}

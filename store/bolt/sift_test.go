package bolt_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"stet/store"
	"stet/store/bolt"
)

// TestSift looks for bytes and finds each record that holds them, in blocks that
// are compressed and in such that are not.
func TestSift(t *testing.T) {
	s := open(t, t.TempDir(), bolt.Options{})
	a := archive(s, time.Now)
	const what = `"private":true`
	b := a.Begin()
	r := rand.New(rand.NewPCG(3, 4))
	var want []uint64
	for n := range 200 {
		words := strings.Repeat(fmt.Sprint("ferry ", n, " "), 200)
		if n%2 == 1 { // noise is not compressed
			var noise []byte
			for range 3000 {
				noise = binary.BigEndian.AppendUint64(noise, r.Uint64())
			}
			words = string(noise)
		}
		if n%41 == 7 {
			words += what
		}
		if _, err := b.Add(t.Context(), &store.Exchange{Started: time.Now(), Method: "GET", URL: fmt.Sprint("https://news.example/", n), Status: 200,
			Body: store.Body{Size: int64(len(words)), Digest: store.DigestOf([]byte(words)), Inline: []byte(words)}}); err != nil {
			t.Fatal(err)
		}
		if n%41 == 7 {
			want = append(want, uint64(n+1))
		}
	}
	if _, err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got []uint64
	for after := uint64(0); after < 200; {
		through, err := s.Sift(t.Context(), after, []byte(what))
		if err != nil {
			t.Fatal(err)
		}
		if through > after {
			after = through
			continue
		}
		records, err := s.Read(t.Context(), after, 1)
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(records[0].Fields, func(f store.Field) bool { return bytes.Contains(f.Value, []byte(what)) }) {
			got = append(got, records[0].Seq)
		}
		after++
	}
	if !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
}

package postgres_test

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"stet/extract/post"
	"stet/store"
	"stet/store/postgres"
)

// TestRedactedIsGone looks for the bytes of what was taken out in the files of
// the server: they are there until the tables are written anew, and no longer.
func TestRedactedIsGone(t *testing.T) {
	schema := newSchema()
	s, conn := open(t, postgres.Options{Schema: schema}), admin(t, schema)
	body := make([]byte, 350) // cannot be compressed, so that it stands in the file as it is
	if _, err := rand.NewChaCha8([32]byte{7}).Read(body); err != nil {
		t.Fatal(err)
	}
	m := newMaker(t, 7)
	r := m.record(&store.Exchange{Started: time.Now(), Method: "GET", URL: "https://cdn.example/7", Status: 200, Refs: []post.Ref{{Platform: post.Twitter, ID: "7"}},
		Body: store.Body{Size: int64(len(body)), Digest: store.DigestOf(body), Inline: body}})
	m.append(s, store.Batch{Records: []store.Record{m.look(1), r, m.look(2)}})
	present := func() bool {
		t.Helper()
		exec1(t, conn, `CHECKPOINT`)
		var file []byte
		if err := conn.QueryRow(t.Context(), `SELECT pg_read_binary_file(pg_relation_filepath('blocks'))`).Scan(&file); err != nil {
			t.Fatal(err)
		}
		return bytes.Contains(file, body[100:140])
	}
	part, err := store.Without(&r, store.ContentFields(&r)...)
	if err != nil {
		t.Fatal(err)
	}
	act := m.record(&store.Redaction{Time: time.Now(), Act: store.RedactionRemove, Records: []store.RedactedRecord{{ID: r.ID, Fields: store.ContentFields(&r)}}})
	if _, err := s.Redact(t.Context(), store.Batch{Records: []store.Record{act}}, []store.Record{part}); err != nil {
		t.Fatal(err)
	}
	if !present() {
		t.Fatal("what was taken out is not in the file before, so that the test proves nothing")
	}
	sum, err := s.Compact(t.Context(), nil)
	if err != nil || sum.Records != 4 || sum.After <= 0 {
		t.Fatalf("compacting: %+v, %v", sum, err)
	}
	if present() {
		t.Error("what was taken out is in the file still")
	}
	got, err := s.Get(t.Context(), r.ID)
	if err != nil || got.Leaf() != r.Leaf() || got.Field("body") != nil {
		t.Errorf("what is left is %+v, %v", got, err)
	}
}

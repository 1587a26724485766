package postgres_test

import (
	"fmt"
	"io"
	"testing"
	"time"

	"stet/extract/post"
	"stet/store"
	"stet/store/postgres"
)

// fill puts one of each thing into an archive.
func fill(t *testing.T, s *postgres.Store) {
	m := newMaker(t, 7)
	w, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "pixels"); err != nil {
		t.Fatal(err)
	}
	blob, err := w.Commit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ref := post.Ref{Platform: post.Twitter, ID: "1"}
	capture := m.record(&store.Capture{Time: time.Now(), Kind: store.CapturePost, Ref: ref, Media: []store.MediaFile{{Digest: blob.Digest}}})
	d := m.record(&store.Derivation{Time: time.Now(), Capture: capture.ID, Ref: ref, Post: post.Post{Text: "words", Author: post.Author{Handle: "ada"}}})
	removed := m.look(2)
	m.append(s, store.Batch{Key: "k", Records: []store.Record{capture, d, removed.Remove("meta")},
		Enqueue: []store.Enqueue{{Job: store.Job{ID: m.id(), Kind: "look", Key: "k"}}}})
	m.append(s, store.Batch{Records: []store.Record{m.record(&store.Redaction{Time: time.Now(), Act: store.RedactionRemove,
		Records: []store.RedactedRecord{{ID: removed.ID, Fields: []string{"meta"}}}})}})
}

func TestCheckFindsDamage(t *testing.T) {
	flip := func(table, column, where string) string {
		return fmt.Sprintf(`UPDATE %s SET %s = set_byte(%s, octet_length(%s) / 2, get_byte(%s, octet_length(%s) / 2) # 1) WHERE %s`,
			table, column, column, column, column, column, where)
	}
	cases := []struct {
		name, damage, thing string
	}{
		{"a block", flip("blocks", "bytes", "first = 1"), "record"},
		{"a missing block in the middle", `DELETE FROM blocks WHERE first = 1`, "journal"},
		{"a missing block at the end", `DELETE FROM blocks WHERE first = 4`, "journal"},
		{"a moved block", `UPDATE blocks SET first = 5 WHERE first = 4; UPDATE counters SET value = 5 WHERE name = 'journal'`, "record"},
		{"a wrong count", `UPDATE blocks SET count = 2 WHERE first = 1`, "record"},
		{"a leaf", flip("records", "leaf", "seq = 2"), "record"},
		{"an id", flip("records", "id", "seq = 2"), "index"},
		{"an id's number", `UPDATE records SET seq = 9 WHERE seq = 2`, "index"},
		{"an id's kind", `UPDATE records SET kind = 4 WHERE seq = 1`, "index"},
		{"a missing id", `DELETE FROM records WHERE seq = 1`, "index"},
		{"an index entry", flip("terms", "value", "idx = 2"), "index"},
		{"an index entry's kind", `UPDATE terms SET kind = 1 WHERE idx = 2`, "index"},
		{"a missing index entry", `DELETE FROM terms WHERE idx = 2`, "index"},
		{"an index entry too many", `INSERT INTO terms VALUES (1, 'twitter:9', 2, 3)`, "index"},
		{"an index entry of a removed field", `INSERT INTO terms VALUES (1, 'twitter:9', 3, 4)`, "index"},
		{"an index entry to nowhere", `INSERT INTO terms VALUES (1, 'twitter:1', 99, 3)`, "index"},
		{"an index entry of no index", `INSERT INTO terms VALUES (200, 'twitter:1', 1, 2)`, "index"},
		{"the bytes of a blob", flip("chunks", "bytes", "true"), "blob"},
		{"a shorter blob", `UPDATE chunks SET bytes = 'pixel'`, "blob"},
		{"a blob without bytes", `DELETE FROM chunks`, "blob"},
		{"a missing blob", `DELETE FROM blobs`, "blob"},
		{"a job's state", `UPDATE jobs SET state = 9`, "job"},
		{"a job's id", `UPDATE jobs SET id = '1234'`, "job"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			schema := newSchema()
			s := open(t, postgres.Options{Schema: schema})
			fill(t, s)
			var found []store.Problem
			report := func(p store.Problem) { found = append(found, p) }
			if sum, err := s.Check(t.Context(), report); err != nil || len(found) > 0 || sum.Records != 4 || sum.Blobs != 1 || sum.Jobs != 1 {
				t.Fatalf("before the damage: %+v, %v, %v", sum, found, err)
			}
			exec1(t, admin(t, schema), c.damage)
			sum, err := s.Check(t.Context(), report)
			if err != nil || int(sum.Problems) != len(found) {
				t.Fatalf("%+v, %v", sum, err)
			}
			for _, p := range found {
				if p.Thing == c.thing && p.Name != "" && p.What != "" {
					return
				}
			}
			t.Errorf("found %+v, want something about a %s", found, c.thing)
		})
	}
}

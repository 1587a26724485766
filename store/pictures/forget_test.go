package pictures

import (
	"bytes"
	"os"
	"testing"

	"stet/store"
)

// knows reports whether the file of the index has the bytes of a digest.
func (s *shelf) knows(d store.Digest) bool {
	s.Helper()
	body, err := os.ReadFile(s.path)
	s.must(err)
	return bytes.Contains(body, d[:])
}

// TestForgets: what another machine takes down is in no page of the file any more
// once that is done, and all else is.
func TestForgets(t *testing.T) {
	s := newShelf(t)
	kept := []store.Digest{s.keep("1", asPNG(scene(1, 60, 60))), s.keep("3", asPNG(scene(3, 60, 60)))}
	gone := s.keep("2", asPNG(scene(2, 60, 60)))
	s.must(s.index.CatchUp(t.Context()))
	if !s.knows(gone) {
		t.Fatal("it was not looked at")
	}
	records, err := s.archive.ListAll(t.Context(), store.BlobTerm(gone), 10, store.KindCapture)
	s.must(err)
	b := s.archive.Begin()
	act := &store.Redaction{Time: s.archive.Now(), Act: store.RedactionRemove}
	for i := range records {
		part, err := store.Without(&records[i], store.ContentFields(&records[i])...)
		s.must(err)
		b.Replace(part)
		act.Records = append(act.Records, store.RedactedRecord{ID: part.ID, Fields: store.ContentFields(&records[i])})
	}
	_, err = b.Add(t.Context(), act)
	s.must(err)
	_, err = b.Commit(t.Context())
	s.must(err)
	s.must(s.mem.Remove(t.Context(), gone))
	b = s.archive.Begin()
	_, err = b.Add(t.Context(), &store.Redaction{Time: s.archive.Now(), Act: store.RedactionDone, Takedown: records[0].ID})
	s.must(err)
	_, err = b.Commit(t.Context())
	s.must(err)
	s.must(s.index.CatchUp(t.Context()))
	if s.knows(gone) {
		t.Error("its digest is in the file still")
	}
	for _, d := range kept {
		if !s.knows(d) {
			t.Error("another one is gone")
		}
	}
	if _, c := s.similar(asPNG(scene(1, 60, 60))); c.Pictures != 2 {
		t.Errorf("%+v", c)
	}
	// On this machine at once.
	s.must(s.index.Purge(t.Context(), kept[:1]))
	if s.knows(kept[0]) || !s.knows(kept[1]) {
		t.Error("what was purged is in the file still, or all is gone")
	}
}

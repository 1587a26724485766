package storetest

import (
	"errors"
	"fmt"
	"slices"

	"stet/extract/post"
	"stet/store"
)

func redactionTests() []test {
	return []test{
		{"content goes, and the leaf stays", testRedact},
		{"content can be put back", testRedactBack},
		{"a change of something else is refused", testRedactRefused},
		{"a batch that is repeated changes nothing", testRedactRepeated},
		{"records of one batch", testRedactMany},
		{"a check tells what was removed without an act", testRedactUnsaid},
		{"a blob goes with the last record of it", testRedactBlob},
	}
}

// naming returns the redaction that says why content of records is missing.
func naming(records ...store.Record) *store.Redaction {
	r := &store.Redaction{Time: start(), Act: store.RedactionRemove}
	for i := range records {
		r.Records = append(r.Records, store.RedactedRecord{ID: records[i].ID, Fields: []string{"meta"}})
	}
	return r
}

// redact changes records with a redaction that names them.
func (e *env) redact(changed ...store.Record) {
	e.Helper()
	_, err := e.Backend.(store.Redactor).Redact(e.Context(), store.Batch{Records: []store.Record{e.record(naming(changed...))}}, changed)
	e.must(err)
}

// without returns a record without all that somebody published.
func (e *env) without(r store.Record) store.Record {
	e.Helper()
	c, err := store.Without(&r, store.ContentFields(&r)...)
	e.must(err)
	return c
}

// carries compares the index entries that lead to a record with those that it
// should carry, of those that it had.
func (e *env) carries(r *store.Record, seq uint64, had []store.Term) {
	e.Helper()
	for _, t := range had {
		if got, want := slices.Contains(e.seqs(t), seq), slices.Contains(r.Terms, t); got != want {
			e.Errorf("that the %s stands under %s %q is %v, want %v", r.Kind, t.Index, t.Value, got, want)
		}
	}
}

func testRedact(e *env) {
	story := e.story()
	want := e.addRecords(story...)
	for i := range story {
		fields := store.ContentFields(&story[i])
		if len(fields) == 0 {
			continue
		}
		part := e.without(story[i])
		e.redact(part)
		got, err := e.Backend.Get(e.Context(), part.ID)
		e.must(err)
		e.carries(&part, want[i].Seq, story[i].Terms)
		want[i].Salt, want[i].Fields, want[i].Terms = store.Salt{}, part.Fields, part.Terms
		e.same("a "+string(got.Kind)+" without its content", got, want[i])
		for _, f := range fields {
			if got.Field(f) != nil || !got.Lacks(f) {
				e.Errorf("the %s still has its %s", got.Kind, f)
			}
		}
		if got.Leaf() != story[i].Leaf() {
			e.Errorf("the %s has another leaf", got.Kind)
		}
		if _, err := store.DecodeAny(&got); err != nil {
			e.Errorf("what remains of the %s: %v", got.Kind, err)
		}
	}
	read, err := e.Backend.Read(e.Context(), 0, len(story))
	e.must(err)
	e.same("the journal", read, want)
	leaves, err := e.Backend.Leaves(e.Context(), 0, len(story))
	e.must(err)
	for i := range leaves {
		e.same("the leaf that is stored", leaves[i], story[i].Leaf())
	}
}

func testRedactBack(e *env) {
	story := e.story()
	want := e.addRecords(story...)
	e.addRecords(e.story()...) // others stand under the same terms
	for range 2 {
		for i := range story {
			if len(store.ContentFields(&story[i])) > 0 {
				e.redact(e.without(story[i]))
			}
		}
		for _, i := range []int{2, 0, 1} { // in another order
			e.redact(story[i])
		}
		e.redact(story[3:]...)
		for i := range story {
			got, err := e.Backend.Get(e.Context(), story[i].ID)
			e.must(err)
			e.same("a record whose content was put back", got, want[i])
			e.carries(&story[i], want[i].Seq, story[i].Terms)
		}
	}
}

func testRedactRefused(e *env) {
	r := e.record(e.exchange(`{"a":1}`, ref(1)))
	want := e.addRecords(r)[0]
	part := e.without(r)
	other, absent, blob := part, part, part
	other.Time = other.Time.Add(1000)
	absent.ID = e.id()
	blob.Terms = []store.Term{store.BlobTerm(store.DigestOf([]byte("not stored")))}
	for _, tt := range []struct {
		name    string
		changed []store.Record
		class   error
	}{
		{"another leaf", []store.Record{other}, store.ErrInvalid},
		{"another record", []store.Record{absent}, store.ErrNotFound},
		{"the same twice", []store.Record{part, part}, store.ErrInvalid},
		{"a blob that is not stored", []store.Record{blob}, store.ErrInvalid},
		{"one of two", []store.Record{part, absent}, store.ErrNotFound},
	} {
		_, err := e.Backend.(store.Redactor).Redact(e.Context(), store.Batch{Records: []store.Record{e.record(naming(part))}}, tt.changed)
		e.want(err, tt.class, "%s", tt.name)
		got, err := e.Backend.Get(e.Context(), r.ID)
		e.must(err)
		e.same("the record after "+tt.name, got, want)
		e.same("the journal after "+tt.name, e.head(), want.Seq)
	}
}

func testRedactRepeated(e *env) {
	r := e.record(e.exchange(`{"a":1}`, ref(1)))
	want := e.addRecords(r)[0]
	e.commit(store.Batch{Key: "once", Records: []store.Record{e.record(e.look(ref(2)))}})
	part := e.without(r)
	receipt, err := e.Backend.(store.Redactor).Redact(e.Context(), store.Batch{Key: "once", Records: []store.Record{e.record(naming(part))}}, []store.Record{part})
	e.must(err)
	if !receipt.Repeated || receipt.First != 2 {
		e.Errorf("the receipt is %+v, want that of before", receipt)
	}
	got, err := e.Backend.Get(e.Context(), r.ID)
	e.must(err)
	e.same("the record", got, want)
}

// testRedactMany changes some of the records that were written together, of
// which each makes the others grow.
func testRedactMany(e *env) {
	var records []store.Record
	for i := range 400 {
		records = append(records, e.record(e.exchange(fmt.Sprintf(`{"n":%d,"noise":"%x"}`, i, e.rand.bytes(60)), ref(i%7), ref(7))))
	}
	want := e.addRecords(records...)
	e.add(e.look(ref(7)))
	var changed []store.Record
	for i := 0; i < len(records); i += 3 {
		part := e.without(records[i])
		changed = append(changed, part)
		want[i].Salt, want[i].Fields, want[i].Terms = store.Salt{}, part.Fields, part.Terms
	}
	slices.Reverse(changed)
	e.redact(changed...)
	read, err := e.Backend.Read(e.Context(), 0, len(records))
	e.must(err)
	e.same("the journal", read, want)
	for i := range records {
		got, err := e.Backend.Get(e.Context(), records[i].ID)
		e.must(err)
		e.same("a record", got, want[i])
	}
	e.same("records of a post", len(e.seqs(store.RefTerm(ref(7)))), len(records)+1)
	if e.config.Reopen != nil {
		e.reopen()
		again, err := e.Backend.Read(e.Context(), 0, len(records))
		e.must(err)
		e.same("the journal after opening again", again, want)
	}
}

func testRedactUnsaid(e *env) {
	checker, ok := e.Backend.(store.Checker)
	if !ok {
		return
	}
	records := []store.Record{e.record(e.exchange(`{"a":1}`, ref(1))), e.record(e.exchange(`{"a":2}`, ref(1)))}
	e.addRecords(records...)
	e.redact(e.without(records[0]))
	part := e.without(records[1])
	_, err := e.Backend.(store.Redactor).Redact(e.Context(), store.Batch{}, []store.Record{part})
	e.must(err)
	problems := func() []store.Problem {
		var found []store.Problem
		_, err := checker.Check(e.Context(), func(p store.Problem) { found = append(found, p) })
		e.must(err)
		return found
	}
	e.same("problems", problems(), []store.Problem{{Thing: "record", Name: part.ID.String(), What: store.NoRedaction}})
	e.add(naming(part))
	if rest := problems(); len(rest) > 0 {
		e.Errorf("problems when it is said: %v", rest)
	}
}

func testRedactBlob(e *env) {
	pixels := e.keep("pixels of both")
	one, two := e.record(e.withMedia(ref(1), pixels)), e.record(e.withMedia(ref(2), pixels))
	e.addRecords(one, two)
	e.redact(e.without(one))
	e.want(e.Blobs.Remove(e.Context(), pixels.Digest), store.ErrConflict, "removing a blob that another post has too")
	e.redact(e.without(two))
	e.must(e.Blobs.Remove(e.Context(), pixels.Digest))
	if _, err := e.Blobs.Stat(e.Context(), pixels.Digest); !errors.Is(err, store.ErrNotFound) {
		e.Errorf("the blob is still there: %v", err)
	}
	_, err := e.Backend.(store.Redactor).Redact(e.Context(), store.Batch{Records: []store.Record{e.record(naming(one))}}, []store.Record{one})
	e.want(err, store.ErrInvalid, "putting back what refers to a blob that is gone")
	e.same("records of the post", len(e.seqs(store.RefTerm(post.Ref{Platform: post.Twitter, ID: ref(1).ID}))), 1)
	// Stored again for a record that is put back, it is as if that had been added.
	e.keep("pixels of both")
	e.redact(one)
	e.redact(e.without(one))
	e.must(e.Blobs.Remove(e.Context(), pixels.Digest))
}

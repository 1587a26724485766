package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"stet/extract/post"
	"stet/store"
	"stet/store/mem"
)

// noon is when the tests happen.
func noon() time.Time { return time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC) }

// bench is an archive in memory with what is behind it.
type bench struct {
	*testing.T
	*store.Archive
	mem *mem.Store
	ids *store.IDs
}

func newBench(t *testing.T) *bench {
	m := mem.New(mem.Options{Now: noon})
	random := rand.NewChaCha8([32]byte{9})
	return &bench{T: t, mem: m, ids: store.NewIDs(noon, random),
		Archive: store.NewArchive(store.Parts{Backend: m, Blobs: m, Now: noon, Random: random})}
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) record(c store.Content) store.Record {
	b.Helper()
	id, err := b.ids.New()
	b.must(err)
	r, err := store.NewRecord(id, store.Salt(id), c)
	b.must(err)
	return r
}

func look(n int) *store.Look {
	return &store.Look{Time: noon(), Ref: post.Ref{Platform: post.Twitter, ID: fmt.Sprint(n)}, Result: post.Live, Endpoint: "oembed"}
}

func exchange(body string) *store.Exchange {
	return &store.Exchange{Started: noon(), Method: "GET", URL: "https://cdn.example/1", Status: 200,
		ResponseHead: []byte("HTTP/1.1 200 OK\r\n\r\n"),
		Body:         store.Body{Size: int64(len(body)), Digest: store.DigestOf([]byte(body)), Inline: []byte(body)}}
}

// note is a record without typed content.
func (b *bench) note(fields ...store.Field) store.Record {
	b.Helper()
	id, err := b.ids.New()
	b.must(err)
	return store.Record{ID: id, Kind: store.KindNote, Schema: 1, Time: noon(), Salt: store.Salt{1}, Fields: fields}
}

func TestGateRefuses(t *testing.T) {
	b := newBench(t)
	changed := func(c store.Content, f func(r *store.Record)) store.Batch {
		r := b.record(c)
		f(&r)
		return store.Batch{Records: []store.Record{r}}
	}
	job := func(f func(j *store.Job)) store.Batch {
		id, err := b.ids.New()
		b.must(err)
		j := store.Job{ID: id, Kind: "look", Created: noon(), RunAt: noon()}
		f(&j)
		return store.Batch{Records: []store.Record{b.record(look(1))}, Enqueue: []store.Enqueue{{Job: j}}}
	}
	finish := func(f store.Finish) store.Batch {
		return store.Batch{Records: []store.Record{b.record(look(1))}, Finish: []store.Finish{f}}
	}
	fields := func(n int, value []byte) []store.Field {
		var f []store.Field
		for i := range n {
			f = append(f, store.Field{Name: fmt.Sprintf("f-%d", i), Value: value})
		}
		return f
	}
	twice := b.record(look(1))
	many := store.Batch{}
	for range store.MaxBatchRecords + 1 {
		many.Records = append(many.Records, b.record(look(1)))
	}
	heavy := store.Batch{}
	eight := make([]byte, store.MaxFieldSize)
	for range 3 {
		heavy.Records = append(heavy.Records, b.note(fields(3, eight)...))
	}
	cases := []struct {
		name  string
		batch store.Batch
		class error
	}{
		{"too many records", many, store.ErrTooLarge},
		{"too many bytes", heavy, store.ErrTooLarge},
		{"a long key", store.Batch{Key: strings.Repeat("k", store.MaxTermLength+1)}, store.ErrTooLarge},
		{"an id twice", store.Batch{Records: []store.Record{twice, twice}}, store.ErrInvalid},
		{"no id", changed(look(1), func(r *store.Record) { r.ID = store.ID{} }), store.ErrInvalid},
		{"an unknown kind", changed(look(1), func(r *store.Record) { r.Kind = "sonnet" }), store.ErrInvalid},
		{"no time", changed(look(1), func(r *store.Record) { r.Time = time.Time{} }), store.ErrInvalid},
		{"before computers", changed(look(1), func(r *store.Record) { r.Time = time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC) }), store.ErrInvalid},
		{"the future", changed(look(1), func(r *store.Record) { r.Time = noon().Add(store.ClockSlack + time.Second) }), store.ErrInvalid},
		{"too many fields", store.Batch{Records: []store.Record{b.note(fields(store.MaxFields+1, nil)...)}}, store.ErrTooLarge},
		{"too many terms", changed(look(1), func(r *store.Record) { r.Terms = make([]store.Term, store.MaxTerms+1) }), store.ErrTooLarge},
		{"a large field", store.Batch{Records: []store.Record{b.note(fields(1, append(eight, 0))...)}}, store.ErrTooLarge},
		{"a field without a name", store.Batch{Records: []store.Record{b.note(store.Field{})}}, store.ErrInvalid},
		{"a field with a long name", store.Batch{Records: []store.Record{b.note(store.Field{Name: strings.Repeat("n", 256)})}}, store.ErrInvalid},
		{"a field twice", store.Batch{Records: []store.Record{b.note(store.Field{Name: "a"}, store.Field{Name: "b"}, store.Field{Name: "a"})}}, store.ErrInvalid},
		{"no salt", changed(look(1), func(r *store.Record) { r.Salt = store.Salt{} }), store.ErrInvalid},
		{"content that is not JSON", changed(look(1), func(r *store.Record) { r.Fields[0].Value = []byte("{") }), store.ErrInvalid},
		{"content without its field", changed(look(1), func(r *store.Record) { r.Fields[0].Name = "mate" }), store.ErrInvalid},
		{"content of a newer version", changed(look(1), func(r *store.Record) { r.Schema = store.SchemaVersion + 1 }), store.ErrInvalid},
		{"content of another kind", changed(look(1), func(r *store.Record) { r.Kind = store.KindDerivation }), store.ErrInvalid},
		{"a term too many", changed(look(1), func(r *store.Record) { r.Terms = append(r.Terms, store.RecordTerm(r.ID)) }), store.ErrInvalid},
		{"no terms", changed(look(1), func(r *store.Record) { r.Terms = nil }), store.ErrInvalid},
		{"another body", changed(exchange("words"), func(r *store.Record) { r.Fields[len(r.Fields)-1].Value = []byte("wards") }), store.ErrInvalid},
		{"a shorter body", changed(exchange("words"), func(r *store.Record) { r.Fields[len(r.Fields)-1].Value = []byte("word") }), store.ErrInvalid},
		{"a job without an id", job(func(j *store.Job) { j.ID = store.ID{} }), store.ErrInvalid},
		{"a job without a kind", job(func(j *store.Job) { j.Kind = "" }), store.ErrInvalid},
		{"a large payload", job(func(j *store.Job) { j.Payload = json.RawMessage(`"` + strings.Repeat("x", store.MaxJobPayload) + `"`) }), store.ErrTooLarge},
		{"a payload that is not JSON", job(func(j *store.Job) { j.Payload = json.RawMessage(`{a}`) }), store.ErrInvalid},
		{"a long key of a job", job(func(j *store.Job) { j.Key = strings.Repeat("k", store.MaxTermLength+1) }), store.ErrTooLarge},
		{"a long host", job(func(j *store.Job) { j.Host = strings.Repeat("h", store.MaxTermLength+1) }), store.ErrTooLarge},
		{"a long kind of a job", job(func(j *store.Job) { j.Kind = strings.Repeat("k", 65) }), store.ErrTooLarge},
		{"an unknown outcome", finish(store.Finish{Outcome: "celebrated"}), store.ErrInvalid},
		{"an outcome with a large payload", finish(store.Finish{Outcome: store.OutcomeRetry, Payload: json.RawMessage(strings.Repeat("1", store.MaxJobPayload+1))}), store.ErrTooLarge},
		{"an outcome whose payload is not JSON", finish(store.Finish{Outcome: store.OutcomeRetry, Payload: json.RawMessage(`nope`)}), store.ErrInvalid},
	}
	// What the gate refuses must not reach the backend.
	b.mem.Inject(mem.Fault{Op: mem.OpAppend, Times: -1, Err: errors.New("the backend was asked")})
	for _, c := range cases {
		r, err := b.Append(t.Context(), c.batch)
		if !errors.Is(err, c.class) || r.First != 0 {
			t.Errorf("%s: got %+v, %v; want: %v", c.name, r, err, c.class)
		}
	}
}

func TestGateAccepts(t *testing.T) {
	b := newBench(t)
	limit := b.record(look(1))
	limit.Time = noon().Add(store.ClockSlack)
	old := b.record(look(2))
	old.Time = time.Unix(0, 0).UTC()
	removed := b.record(exchange("words"))
	removed = removed.Remove("body", "body-info")
	own := b.record(exchange("words"))
	own = own.Remove("request-head") // keeps every field, each with its own salt
	batch := store.Batch{Key: strings.Repeat("k", store.MaxTermLength),
		Records: []store.Record{limit, old, removed, own, b.note(store.Field{Name: strings.Repeat("n", 255), Value: make([]byte, store.MaxFieldSize)})}}
	if r, err := b.Append(t.Context(), batch); err != nil || r.Last != 5 {
		t.Errorf("got %+v, %v", r, err)
	}
}

// TestGateKeepsClasses injects a failure of each class, and asks whether the
// gate passes it on with the operation's context.
func TestGateKeepsClasses(t *testing.T) {
	b := newBench(t)
	ctx, d := t.Context(), store.DigestOf([]byte("x"))
	calls := []struct {
		op   mem.Op
		call func() error
		says string
	}{
		{mem.OpAppend, func() error { _, err := b.Append(ctx, store.Batch{}); return err }, "adding 0 records"},
		{mem.OpGet, func() error { _, err := b.Get(ctx, store.ID{1}); return err }, "01000000-"},
		{mem.OpList, func() error { _, err := b.List(ctx, store.Query{Term: store.Term{Value: "twitter:1"}}); return err }, "twitter:1"},
		{mem.OpList, func() error { _, err := b.ListAll(ctx, store.Term{Value: "twitter:1"}, 5); return err }, "twitter:1"},
		{mem.OpList, func() error { _, err := b.Values(ctx, store.IndexRef, "blue", "", 5); return err }, "blue"},
		{mem.OpBlobOpen, func() error { _, err := b.OpenBlob(ctx, d); return err }, d.String()},
		{mem.OpBlobCreate, func() error { _, err := b.PutBlob(ctx, strings.NewReader("x"), 0); return err }, "storing a blob"},
		{mem.OpBlobWrite, func() error { _, err := b.PutBlob(ctx, strings.NewReader("x"), 0); return err }, "storing a blob"},
		{mem.OpBlobCommit, func() error { _, err := b.PutBlob(ctx, strings.NewReader("x"), 0); return err }, "storing a blob"},
	}
	for _, class := range []error{store.ErrFull, store.ErrPoisoned, store.ErrBusy, store.ErrCorrupt, context.Canceled} {
		for _, c := range calls {
			b.mem.Inject(mem.Fault{Op: c.op, Err: class})
			if err := c.call(); !errors.Is(err, class) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: got %v; want it to say %q and to wrap: %v", c.op, err, c.says, class)
			}
		}
	}
}

func TestSearchWithoutIndex(t *testing.T) {
	_, err := newBench(t).Search(t.Context(), store.SearchQuery{Words: "bridge"})
	if !errors.Is(err, store.ErrNotFound) || !strings.Contains(err.Error(), "stet rebuild") {
		t.Errorf("got %v", err)
	}
}

func TestListAll(t *testing.T) {
	b := newBench(t)
	var batch store.Batch
	for range 2500 {
		batch.Records = append(batch.Records, b.record(look(1)))
	}
	batch.Records = append(batch.Records, b.record(exchange("x")), b.record(look(2)))
	_, err := b.Append(t.Context(), batch)
	b.must(err)
	term := store.RefTerm(look(1).Ref)
	records, err := b.ListAll(t.Context(), term, 2500)
	if err != nil || len(records) != 2500 {
		t.Fatalf("got %d records, %v", len(records), err)
	}
	for i, r := range records {
		if r.Seq != uint64(i+1) {
			t.Fatalf("record %d has the number %d", i, r.Seq)
		}
	}
	if _, err := b.ListAll(t.Context(), term, 2499); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("one too many: got %v", err)
	}
	if records, err := b.ListAll(t.Context(), term, 10, store.KindCapture); err != nil || len(records) != 0 {
		t.Errorf("another kind: got %d records, %v", len(records), err)
	}
}

func TestPutBlob(t *testing.T) {
	b := newBench(t)
	broken := errors.New("the line broke")
	cases := []struct {
		name   string
		reader io.Reader
		max    int64
		want   error
	}{
		{"without a limit", strings.NewReader("12345"), 0, nil},
		{"just fits", strings.NewReader("abcde"), 5, nil},
		{"empty", strings.NewReader(""), 1, nil},
		{"too large", strings.NewReader("123456"), 5, store.ErrTooLarge},
		{"breaks", io.MultiReader(strings.NewReader("123"), errReader{broken}), 5, broken},
	}
	for _, c := range cases {
		info, err := b.PutBlob(t.Context(), c.reader, c.max)
		if !errors.Is(err, c.want) || (err == nil) != (info.Digest != store.Digest{}) {
			t.Errorf("%s: got %+v, %v; want: %v", c.name, info, err, c.want)
		}
	}
	infos, err := b.Blobs().Blobs(t.Context(), store.Digest{}, 0)
	if err != nil || len(infos) != 3 {
		t.Errorf("%d blobs are stored, %v; want 3", len(infos), err)
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

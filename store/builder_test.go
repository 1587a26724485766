package store_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"stet/store"
	"stet/store/mem"
)

// body reads the body of a stored exchange back.
func (b *bench) body(id store.ID) (*store.Exchange, string) {
	b.Helper()
	r, err := b.Get(b.Context(), id)
	b.must(err)
	e, err := store.Decode[store.Exchange](&r)
	b.must(err)
	rc, err := b.OpenBody(b.Context(), e)
	b.must(err)
	data, err := io.ReadAll(rc)
	b.must(err)
	b.must(rc.Close())
	return e, string(data)
}

func TestBuilderPlacesBodies(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	text := func(c string, n int) string { return strings.Repeat(c, n) }
	bodies := []string{"", text("a", 127), text("a", 127), text("b", 128), text("b", 128), text("c", store.InlineBodySize),
		text("d", store.InlineBodySize+1), text("d", store.InlineBodySize+1), text("c", store.InlineBodySize)}
	var ids []store.ID
	add := func(build *store.Builder, body string) {
		t.Helper()
		id, err := build.Add(ctx, exchange(body))
		b.must(err)
		ids = append(ids, id)
	}
	build := b.Begin()
	for _, body := range bodies {
		add(build, body)
	}
	if build.Len() != len(bodies) {
		t.Errorf("the builder has %d records", build.Len())
	}
	_, err := build.Commit(ctx)
	b.must(err)
	build = b.Begin() // another commit knows the bodies of the first
	add(build, text("b", 128))
	bodies = append(bodies, text("b", 128))
	_, err = build.Commit(ctx)
	b.must(err)

	sameAs := map[int]int{4: 3, 8: 5, 9: 3}
	for i, want := range bodies {
		e, got := b.body(ids[i])
		if got != want {
			t.Errorf("body %d came back with %d bytes, want %d", i, len(got), len(want))
		}
		var holder store.ID
		if n, ok := sameAs[i]; ok {
			holder = ids[n]
		}
		inBlob := len(want) > store.InlineBodySize
		if e.Body.SameAs != holder || e.Body.Blob.IsZero() == inBlob || (len(e.Body.Inline) > 0) != (want != "" && holder.IsZero() && !inBlob) {
			t.Errorf("body %d: inline %d bytes, blob %s, the same as %s", i, len(e.Body.Inline), e.Body.Blob, e.Body.SameAs)
		}
	}
	infos, err := b.Blobs().Blobs(ctx, store.Digest{}, 0)
	if err != nil || len(infos) != 1 {
		t.Errorf("%d blobs are stored, %v; want 1", len(infos), err)
	}
}

func TestBuilderKeepsCertificates(t *testing.T) {
	b := newBench(t)
	pem := []byte("-----BEGIN CERTIFICATE-----\n")
	tls := &store.TLS{Version: "tls/1.3", Cipher: "TLS_AES_128_GCM_SHA256", ServerName: "cdn.example", ChainPEM: pem}
	build := b.Begin()
	var ids []store.ID
	for range 2 {
		e := exchange("x")
		e.TLS = tls
		id, err := build.Add(t.Context(), e)
		b.must(err)
		ids = append(ids, id)
	}
	_, err := build.Commit(t.Context())
	b.must(err)
	if !bytes.Equal(tls.ChainPEM, pem) || !tls.Chain.IsZero() {
		t.Error("the caller's connection was changed")
	}
	for _, id := range ids {
		e, _ := b.body(id)
		if e.TLS.Chain != store.DigestOf(pem) || e.TLS.ServerName != "cdn.example" {
			t.Errorf("the exchange was stored with %+v", e.TLS)
		}
	}
	r, err := b.OpenBlob(t.Context(), store.DigestOf(pem))
	b.must(err)
	got, err := io.ReadAll(r)
	if !bytes.Equal(got, pem) || err != nil {
		t.Errorf("the certificates came back as %q, %v", got, err)
	}
	b.must(r.Close())
}

func TestBuilderRefusesWrongBodies(t *testing.T) {
	b := newBench(t)
	long := strings.Repeat("words ", 100)
	for name, change := range map[string]func(e *store.Exchange){
		"digest":    func(e *store.Exchange) { e.Body.Digest = store.DigestOf([]byte("other")) },
		"no digest": func(e *store.Exchange) { e.Body.Digest = store.Digest{} },
		"size":      func(e *store.Exchange) { e.Body.Size-- },
	} {
		e := exchange(long)
		change(e)
		if _, err := b.Begin().Add(t.Context(), e); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestBuilderJobs(t *testing.T) {
	b := newBench(t)
	build := b.Begin()
	build.Key("only once")
	b.must(build.Enqueue(store.Enqueue{Job: store.Job{Kind: "look", Key: "a"}}))
	at := noon().Add(time.Hour)
	b.must(build.Enqueue(store.Enqueue{Job: store.Job{ID: store.ID{5}, Kind: "look", Key: "b", Created: at, RunAt: at}}))
	receipt, err := build.Commit(t.Context())
	b.must(err)
	first, second := receipt.Jobs[0], receipt.Jobs[1]
	if first.ID.IsZero() || first.Created != noon() || first.RunAt != noon() {
		t.Errorf("what was left out became %+v", first)
	}
	if second.ID != (store.ID{5}) || second.Created != at || second.RunAt != at {
		t.Errorf("what was said became %+v", second)
	}
	again := b.Begin()
	again.Key("only once")
	again.Finish(store.Finish{Job: first.ID, Outcome: store.OutcomeDrop})
	if r, err := again.Commit(t.Context()); err != nil || !r.Repeated {
		t.Errorf("the key was not passed on: %+v, %v", r, err)
	}
	drop := b.Begin()
	drop.Finish(store.Finish{Job: first.ID, Outcome: store.OutcomeDrop})
	_, err = drop.Commit(t.Context())
	b.must(err)
	if _, err := b.Backend().Job(t.Context(), first.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the job is still there: %v", err)
	}
}

func TestBuilderFailures(t *testing.T) {
	b := newBench(t)
	large := exchange(strings.Repeat("x", store.InlineBodySize+1))
	b.mem.Inject(mem.Fault{Op: mem.OpBlobCommit, Err: store.ErrFull})
	if _, err := b.Begin().Add(t.Context(), large); !errors.Is(err, store.ErrFull) {
		t.Errorf("no space for a body: %v", err)
	}
	b.mem.Inject(mem.Fault{Op: mem.OpList, Err: store.ErrCorrupt})
	if _, err := b.Begin().Add(t.Context(), large); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("a damaged index: %v", err)
	}
	a := store.NewArchive(store.Parts{Backend: b.mem, Blobs: b.mem, Now: noon, Random: strings.NewReader("")})
	if _, err := a.Begin().Add(t.Context(), look(1)); err == nil {
		t.Error("without randomness a record was made")
	}
	if err := a.Begin().Enqueue(store.Enqueue{Job: store.Job{Kind: "look"}}); err == nil {
		t.Error("without randomness a job was made")
	}
}

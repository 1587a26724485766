package storetest

import (
	"context"
	"time"

	"stet/store"
)

func lifeTests() []test {
	return []test{
		{"opening again keeps everything", testReopen},
		{"opening again and again goes on", testReopenOften},
		{"a closed store refuses", testClosed},
		{"the numbers of a store", testStats},
	}
}

// reopen closes the store and opens it again.
func (e *env) reopen() {
	e.Helper()
	if e.config.Reopen == nil {
		e.Skip("this backend keeps nothing when it is closed")
	}
	e.Store = e.config.Reopen(e.T, e.clock, e.Store)
	e.Cleanup(e.check) // before what Reopen registered
}

func testReopen(e *env) {
	story := e.story()
	blob := e.keep("kept, and not referred to")
	j := e.job("look", "leased")
	receipt := e.commit(store.Batch{Key: "key", Records: story, Enqueue: []store.Enqueue{
		{Job: j, Lease: store.Lease{Owner: "w", Until: e.clock.Now().Add(time.Minute)}}}})
	waiting := e.enqueue("look", "waiting", func(j *store.Job) { j.RunAt = j.RunAt.Add(time.Hour) })
	e.must(e.Backend.SetCursor(e.Context(), "search", 0, 3))
	want, blobs := stored(story, receipt), e.listBlobs()

	e.reopen()
	got, err := e.Backend.Read(e.Context(), 0, 0)
	e.must(err)
	e.same("journal", got, want)
	for i := range story {
		r, err := e.Backend.Get(e.Context(), story[i].ID)
		e.must(err)
		e.same("record", r, want[i])
	}
	page, err := e.Backend.List(e.Context(), store.Query{Term: store.RefTerm(ref(2))})
	e.must(err)
	e.same("records of a post", len(page.Records), 2)
	leaves, err := e.Backend.Leaves(e.Context(), 0, 0)
	e.must(err)
	for i := range leaves {
		e.same("leaf", leaves[i], story[i].Leaf())
	}
	at, err := e.Backend.Cursor(e.Context(), "search")
	e.must(err)
	e.same("cursor", at, uint64(3))
	e.same("blobs", e.listBlobs(), blobs)
	e.same("content of a blob", string(e.readBlob(blob.Digest)), "kept, and not referred to")
	e.want(e.Blobs.Remove(e.Context(), blob.Digest), store.ErrConflict, "removing a blob of today")
	e.same("a waiting job", e.getJob(waiting.ID), waiting)
	e.same("a leased job", e.getJob(j.ID), receipt.Jobs[0])

	again := e.commit(store.Batch{Key: "key", Records: []store.Record{e.record(e.look(ref(1)))}})
	if !again.Repeated || again.Last != receipt.Last {
		e.Errorf("the key is forgotten: %+v", again)
	}
	e.same("the next number", e.add(e.look(ref(9)))[0].Seq, receipt.Last+1)
	e.clock.Advance(time.Minute)
	if taken := e.leaseOne("v"); taken.ID != j.ID || taken.Lease.Token != 2 {
		e.Errorf("after the lease ended got job %s with token %d, want %s with 2", taken.ID, taken.Lease.Token, j.ID)
	}
}

func testReopenOften(e *env) {
	for i := range 5 {
		for n := range 3 {
			e.same("number", e.add(e.look(ref(n)))[0].Seq, uint64(3*i+n+1))
		}
		e.reopen()
		e.same("head", e.head(), uint64(3*i+3))
	}
	e.same("records of a post", e.seqs(store.RefTerm(ref(1))), []uint64{2, 5, 8, 11, 14})
}

func testClosed(e *env) {
	// The store under test stays open for the check; this one is another.
	other := newBareEnv(e.T)
	other.Store = e.config.Open(e.T, other.clock)
	other.add(other.look(ref(1)))
	other.must(other.Backend.Close())
	if _, err := other.Backend.Append(e.Context(), store.Batch{Records: []store.Record{other.record(other.look(ref(2)))}}); err == nil {
		e.Error("a closed store took a record")
	}
	if _, err := other.Backend.Head(e.Context()); err == nil {
		e.Error("a closed store answered")
	}
	e.must(other.Backend.Close())
}

func testStats(e *env) {
	s, ok := e.Backend.(store.Statter)
	if !ok {
		e.Skip("this backend does not say how much it holds")
	}
	empty, err := s.Stats(e.Context())
	e.must(err)
	if len(empty.Kinds) != 0 || !empty.First.IsZero() || empty.Blobs != 0 || empty.Place == "" {
		e.Errorf("an empty store says %+v", empty)
	}
	e.addRecords(e.story()...)
	e.clock.Advance(time.Hour)
	e.add(e.look(ref(1)), e.look(ref(2)))
	large := e.keep(string(e.rand.bytes(200_000)))
	got, err := s.Stats(context.WithoutCancel(e.Context()))
	e.must(err)
	e.same("kinds", got.Kinds, map[store.Kind]int64{store.KindExchange: 1, store.KindArticle: 1, store.KindCapture: 1,
		store.KindDerivation: 1, store.KindLook: 3, store.KindVerdict: 1, store.KindResolution: 1,
		store.KindIncident: 1, store.KindWatch: 1, store.KindDiscovery: 1,
		store.KindPage: 1, store.KindPageLook: 1, store.KindDrawing: 1,
		store.KindApproval: 1, store.KindAudit: 1, store.KindStamp: 1, store.KindCase: 1, store.KindSubmission: 1,
		store.KindHold: 1, store.KindTakedown: 1, store.KindImport: 1, store.KindRedaction: 1, store.KindPrivacy: 1, store.KindRetention: 1})
	e.same("first", got.First, start())
	e.same("last", got.Last, start().Add(time.Hour))
	e.same("blobs", got.Blobs, int64(3))
	e.same("bytes of blobs", got.BlobBytes, large.Size+int64(len("pixels")+len("sealed")))
	if got.Bytes <= 0 || got.Place == "" {
		e.Errorf("the store takes %d bytes at %q", got.Bytes, got.Place)
	}
}

package bolt_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"stet/extract/post"
	"stet/store"
	"stet/store/bolt"
	"stet/store/storetest"
)

func mustOpen(t testing.TB, dir string, o bolt.Options) *bolt.Store {
	t.Helper()
	o.AllowNetworkFS = true // what the tests run on is not what they test
	s, err := bolt.Open(context.WithoutCancel(t.Context()), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustClose(t testing.TB, s *bolt.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// open opens an archive that is closed at the end of the test.
func open(t testing.TB, dir string, o bolt.Options) *bolt.Store {
	t.Helper()
	s := mustOpen(t, dir, o)
	t.Cleanup(func() { mustClose(t, s) })
	return s
}

// archive is the gate in front of s, with the same random bytes in each run.
func archive(s *bolt.Store, now func() time.Time) *store.Archive {
	return store.NewArchive(store.Parts{Backend: s, Blobs: s, Now: now, Random: &seeded{source: rand.NewChaCha8([32]byte{1})}})
}

// seeded is a source of random bytes for several goroutines.
type seeded struct {
	mu     sync.Mutex
	source *rand.ChaCha8
}

// Read fills p. It never errors.
func (s *seeded) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.source.Read(p)
}

// problems returns what a check of the archive in dir finds.
func problems(t testing.TB, s *bolt.Store) []store.Problem {
	t.Helper()
	var found []store.Problem
	sum, err := s.Check(context.WithoutCancel(t.Context()), func(p store.Problem) { found = append(found, p) })
	if err != nil {
		t.Fatal(err)
	}
	if sum.Problems != int64(len(found)) {
		t.Errorf("the check counted %d problems and reported %d", sum.Problems, len(found))
	}
	return found
}

// wantSound fails the test where a check finds anything.
func wantSound(t testing.TB, s *bolt.Store) {
	t.Helper()
	for _, p := range problems(t, s) {
		t.Errorf("%s %s: %s", p.Thing, p.Name, p.What)
	}
}

func ref(n int) post.Ref { return post.Ref{Platform: post.Twitter, ID: fmt.Sprint(n)} }

func look(now time.Time, n int) *store.Look {
	return &store.Look{Time: now, Ref: ref(n), Result: post.Live, Endpoint: "syndication", Reason: "the platform showed the post"}
}

// fill puts at least one of everything into an archive: every kind of record
// with content, one without, keys, jobs in every state, cursors, and blobs
// inside and in files.
func fill(t testing.TB, s *bolt.Store, clock *storetest.Clock) {
	t.Helper()
	a := archive(s, clock.Now)
	ctx := context.WithoutCancel(t.Context())
	tweets := newTweets(3)
	for range 12 {
		c := tweets.capture(clock.Now())
		_, err := c.commit(ctx, a)
		must(t, err)
		clock.Advance(time.Minute)
	}
	small, err := a.PutBlob(ctx, strings.NewReader(strings.Repeat("pixels ", 900)), 0)
	must(t, err)
	large, err := a.PutBlob(ctx, strings.NewReader(strings.Repeat("a film of the harbour ", 4000)), 0)
	must(t, err)
	_, err = a.PutBlob(ctx, strings.NewReader("nobody refers to this"), 0)
	must(t, err)
	_, err = a.PutBlob(ctx, strings.NewReader(strings.Repeat("nor to this", 9000)), 0)
	must(t, err)
	b := a.Begin()
	b.Key("a batch")
	fillBatch(t, ctx, b, clock.Now(), small, large)
	_, err = b.Commit(ctx)
	must(t, err)
	note := store.Record{ID: store.ID{0x01, 15: 9}, Kind: store.KindNote, Schema: 1, Time: clock.Now(), Salt: store.Salt{1},
		Fields: []store.Field{{Name: "text", Value: []byte("seen at the desk")}}, Terms: []store.Term{store.RefTerm(ref(1))}}
	_, err = s.Append(ctx, store.Batch{Records: []store.Record{note}})
	must(t, err)
	fillJobs(t, ctx, a, s, clock)
	must(t, s.SetCursor(ctx, "search", 0, 7))
	must(t, s.SetCursor(ctx, "evidence", 0, 3))
}

func fillBatch(t testing.TB, ctx context.Context, b *store.Builder, now time.Time, small, large store.BlobInfo) {
	t.Helper()
	article, err := b.NewID()
	must(t, err)
	must(t, b.AddAs(ctx, article, &store.ArticleVersion{Time: now, URL: "https://news.example/harbour", Key: "news.example/harbour", Origin: "web",
		Mentions: []store.Mention{{Kind: "embed", Ref: ref(1)}, {Kind: "embed", Platform: post.Twitter}}, Content: small.Digest, Finder: "finder@1", Text: "The harbour opens again"}))
	capture, err := b.Add(ctx, &store.Capture{Time: now, Kind: store.CapturePost, Ref: ref(1), URL: "https://x.com/a/status/1", Source: post.SourceArticle, Article: article,
		Media: []store.MediaFile{{URL: "https://pbs.twimg.com/media/a.jpg", Digest: small.Digest, Size: small.Size}, {URL: "https://video.twimg.com/a.mp4", Digest: large.Digest, Size: large.Size}}})
	must(t, err)
	_, err = b.Add(ctx, &store.Capture{Time: now, Kind: store.CapturePage, URL: "https://news.example/linked", Source: post.SourcePublic})
	must(t, err)
	_, err = b.Add(ctx, &store.Derivation{Time: now, Capture: capture, Parser: "markup@1", Source: post.SourceArticle, Ref: ref(1),
		Post: post.Post{Platform: post.Twitter, ID: "1", Author: post.Author{Name: "Ada", Handle: "Ada", ID: "99"}, Text: "words"}})
	must(t, err)
	l, err := b.Add(ctx, look(now, 1))
	must(t, err)
	_, err = b.Add(ctx, &store.Verdict{Time: now, Ref: ref(1), Status: post.Live, Event: "restored", Looks: []store.ID{l}, Rules: 1})
	must(t, err)
	_, err = b.Add(ctx, &store.Resolution{Time: now, Article: article, Mention: 1, Ref: ref(2), Method: "quotation", Confidence: 0.5})
	must(t, err)
	_, err = b.Add(ctx, &store.Discovery{Time: now, Source: "a feed", URL: "https://news.example/harbour", Title: "The harbour opens again"})
	must(t, err)
	must(t, b.Enqueue(store.Enqueue{Job: store.Job{Kind: "article", Key: "https://news.example/harbour", Host: "news.example", Payload: json.RawMessage(`{"target":"https://news.example/harbour"}`)}}))
}

func fillJobs(t testing.TB, ctx context.Context, a *store.Archive, s *bolt.Store, clock *storetest.Clock) {
	t.Helper()
	for i := range 6 {
		b := a.Begin()
		must(t, b.Enqueue(store.Enqueue{Job: store.Job{Kind: "capture", Key: fmt.Sprint("c", i), Host: fmt.Sprint("h", i%2), Priority: store.PriorityPerson}}))
		_, err := b.Commit(ctx)
		must(t, err)
	}
	clock.Advance(time.Minute)
	leased, err := s.Lease(ctx, store.LeaseRequest{Owner: "worker", Now: clock.Now(), For: time.Hour, Limit: 3, Kinds: []string{"capture"}})
	must(t, err)
	if len(leased) != 3 {
		t.Fatalf("leased %d jobs, want 3", len(leased))
	}
	b := a.Begin()
	b.Finish(store.Finish{Job: leased[0].ID, Token: leased[0].Lease.Token, Outcome: store.OutcomeDead, Error: "no such page", ErrorClass: "not-found"})
	_, err = b.Commit(ctx)
	must(t, err)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// dump returns everything that can be read from an archive, as text.
func dump(ctx context.Context, s *bolt.Store) (string, error) {
	var b strings.Builder
	head, err := s.Head(ctx)
	if err != nil {
		return "", err
	}
	fmt.Fprintln(&b, "head", head)
	for after := uint64(0); after < head; {
		records, err := s.Read(ctx, after, 0)
		if err != nil {
			return "", err
		}
		leaves, err := s.Leaves(ctx, after, len(records))
		if err != nil {
			return "", err
		}
		for i := range records {
			r, err := s.Get(ctx, records[i].ID)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(&b, "%+v %s %s\n", records[i], leaves[i], r.Leaf())
		}
		after += uint64(len(records))
	}
	for _, part := range []func(context.Context, *bolt.Store, io.Writer) error{dumpIndexes, dumpJobs, dumpBlobs} {
		if err := part(ctx, s, &b); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

func dumpIndexes(ctx context.Context, s *bolt.Store, w io.Writer) error {
	for _, x := range store.Indexes() {
		values, err := s.Values(ctx, x, "", "", 100_000)
		if err != nil {
			return err
		}
		for _, v := range values {
			page, err := s.List(ctx, store.Query{Term: store.Term{Index: x, Value: v}, Limit: 10_000})
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "%s %q", x, v)
			for i := range page.Records {
				fmt.Fprint(w, " ", page.Records[i].Seq)
			}
			fmt.Fprintln(w)
		}
	}
	return nil
}

func dumpJobs(ctx context.Context, s *bolt.Store, w io.Writer) error {
	jobs, err := s.ListJobs(ctx, store.JobFilter{Limit: 10_000})
	if err != nil {
		return err
	}
	for _, j := range jobs {
		fmt.Fprintf(w, "%+v\n", j)
	}
	for _, name := range []string{"search", "evidence"} {
		n, err := s.Cursor(ctx, name)
		if err != nil {
			return err
		}
		fmt.Fprintln(w, name, n)
	}
	return nil
}

func dumpBlobs(ctx context.Context, s *bolt.Store, w io.Writer) error {
	infos, err := s.Blobs(ctx, store.Digest{}, 10_000)
	if err != nil {
		return err
	}
	for _, info := range infos {
		r, err := s.Open(ctx, info.Digest)
		if err != nil {
			return err
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if err := r.Close(); err != nil {
			return err
		}
		fmt.Fprintf(w, "%+v %s\n", info, store.DigestOf(data))
	}
	return nil
}

func seedOf(n uint64) *rand.ChaCha8 {
	var seed [32]byte
	for i := range 8 {
		seed[i] = byte(n >> (8 * i))
	}
	seed[8] = 1
	return rand.NewChaCha8(seed)
}

// makeReadable lets everybody read a folder and nobody write to it.
func makeReadable(t testing.TB, dir string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.Chmod(path, 0o555)
		}
		return os.Chmod(path, 0o444)
	}))
}

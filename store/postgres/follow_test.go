package postgres_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"stet/store"
	"stet/store/postgres"
	"stet/store/servertest"
)

// TestFollow reads from a standby what was added to the server that it follows:
// at once what this process added, and soon what others did; while either is
// away, from the other.
func TestFollow(t *testing.T) {
	own := servertest.NewDatabase(t)
	main := at(t, own.Address, postgres.Options{})
	standby := own.Standby(t)
	copied := at(t, standby.Address, postgres.Options{ReadOnly: true})
	f := postgres.Follow(main, copied)
	ctx, m := t.Context(), newMaker(t, 111)
	info := keep(t, f, []byte("a file"))
	mine := m.look(1)
	for range 20 { // the standby is sometimes behind
		receipt, err := f.Append(ctx, store.Batch{Records: []store.Record{mine}})
		if err != nil {
			t.Fatal(err)
		}
		if r, err := f.Get(ctx, mine.ID); err != nil || r.Seq != receipt.First {
			t.Fatalf("read back: %d, %v", r.Seq, err)
		}
		if head, err := f.Head(ctx); err != nil || head != receipt.Last {
			t.Fatalf("the head is %d, %v, want %d", head, err, receipt.Last)
		}
		mine = m.look(1)
	}
	theirs := m.look(2)
	last := m.append(main, store.Batch{Records: []store.Record{theirs}}).Last
	soon(t, "the standby follows", func() bool {
		head, err := copied.Head(ctx)
		return err == nil && head == last
	})
	if err := own.Crash(); err != nil {
		t.Log(err) // it says that it was ended so
	}
	if r, err := f.Get(ctx, theirs.ID); err != nil || r.Seq != last {
		t.Errorf("without the server that takes writes: %d, %v", r.Seq, err)
	}
	if records, err := f.Read(ctx, 0, 5); err != nil || len(records) != 5 {
		t.Errorf("the journal: %d records, %v", len(records), err)
	}
	if page, err := f.List(ctx, store.Query{Term: theirs.Terms[0]}); err != nil || len(page.Records) != 1 {
		t.Errorf("a listing: %d records, %v", len(page.Records), err)
	}
	if got := contents(t, f, info.Digest); !bytes.Equal(got, []byte("a file")) {
		t.Errorf("a file: %q", got)
	}
	if _, err := f.Append(ctx, store.Batch{Records: []store.Record{m.look(3)}}); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("adding: %v", err)
	}
	if err := own.Start(); err != nil {
		t.Fatal(err)
	}
	if err := standby.Stop(); err != nil {
		t.Log(err)
	}
	soon(t, "its own server answers", func() bool {
		r, err := f.Get(ctx, theirs.ID)
		return err == nil && r.Seq == last
	})
	if _, err := f.Append(ctx, store.Batch{Records: []store.Record{m.look(3)}}); err != nil {
		t.Errorf("adding without the standby: %v", err)
	}
}

// keep stores a file.
func keep(t *testing.T, b store.Blobs, data []byte) store.BlobInfo {
	t.Helper()
	w, err := b.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	info, err := w.Commit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// contents reads a file.
func contents(t *testing.T, b store.Blobs, d store.Digest) []byte {
	t.Helper()
	r, err := b.Open(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// soon waits until something is so on another server.
func soon(t *testing.T, what string, is func() bool) {
	t.Helper()
	for late := time.After(time.Minute); !is(); {
		select {
		case <-late:
			t.Fatalf("it does not come to be that %s", what)
		case <-time.After(5 * time.Millisecond): // another process cannot be waited for otherwise
		}
	}
}

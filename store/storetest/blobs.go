package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"stet/store"
)

func blobTests() []test {
	return []test{
		{"blobs of every size", testBlobSizes},
		{"reading, seeking and ranges", testBlobReading},
		{"an absent blob", testAbsentBlob},
		{"committing twice", testCommitTwice},
		{"what is not committed leaves nothing", testNotCommitted},
		{"many writers", testBlobWriters},
		{"listing pages in byte order", testListBlobs},
		{"removing", testRemoveBlob},
		{"a commit keeps a blob for a day", testKeptBlob},
		{"a record takes over from the commit", testTakenOver},
	}
}

func (e *env) readBlob(d store.Digest) []byte {
	e.Helper()
	r, err := e.Blobs.Open(e.Context(), d)
	e.must(err)
	data, err := io.ReadAll(r)
	e.must(err)
	e.must(r.Close())
	return data
}

func (e *env) listBlobs() []store.BlobInfo {
	e.Helper()
	infos, err := e.Blobs.Blobs(e.Context(), store.Digest{}, 0)
	e.must(err)
	return infos
}

func testBlobSizes(e *env) {
	sizes := []int{0, 1, 4095, 4096, 64 << 10, 64<<10 + 1, 300_000, 1<<20 + 17}
	if !testing.Short() {
		sizes = append(sizes, 20<<20+3)
	}
	for _, size := range sizes {
		data := e.rand.bytes(size)
		w, err := e.Blobs.Create(e.Context())
		e.must(err)
		for rest, n := data, 1; len(rest) > 0; n = n*3 + 1 { // in pieces of growing size
			piece := bytes.Clone(rest[:min(n, len(rest))])
			written, err := w.Write(piece)
			e.must(err)
			if written != len(piece) {
				e.Fatalf("%d of %d bytes were written", written, len(piece))
			}
			clear(piece) // the writer may not keep it
			rest = rest[written:]
		}
		e.clock.Advance(time.Second)
		info, err := w.Commit(e.Context())
		e.must(err)
		e.must(w.Close())
		want := store.BlobInfo{Digest: store.DigestOf(data), Size: int64(size), Stored: e.clock.Now()}
		e.same(fmt.Sprintf("blob of %d bytes", size), info, want)
		stat, err := e.Blobs.Stat(e.Context(), want.Digest)
		e.must(err)
		e.same(fmt.Sprintf("description of %d bytes", size), stat, want)
		if !bytes.Equal(e.readBlob(want.Digest), data) {
			e.Errorf("a blob of %d bytes came back changed", size)
		}
	}
}

func testBlobReading(e *env) {
	for _, size := range []int{0, 1, 1000, 200_000, 1<<20 + 1} {
		data := e.rand.bytes(size)
		info := e.keep(string(data))
		r, err := e.Blobs.Open(e.Context(), info.Digest)
		e.must(err)
		if err := iotest.TestReader(r, data); err != nil {
			e.Errorf("reading %d bytes: %v", size, err)
		}
		end, err := r.Seek(0, io.SeekEnd)
		e.must(err)
		e.same("end", end, int64(size))
		if size > 1 {
			part := make([]byte, size/2)
			if n, err := r.ReadAt(part, int64(size/3)); n != len(part) || err != nil && !errors.Is(err, io.EOF) {
				e.Errorf("reading a range: %d bytes, %v", n, err)
			}
			if !bytes.Equal(part, data[size/3:size/3+size/2]) {
				e.Errorf("a range of %d bytes came back changed", len(part))
			}
		}
		// Two readers do not disturb each other.
		other, err := e.Blobs.Open(e.Context(), info.Digest)
		e.must(err)
		e.must(r.Close())
		if err := iotest.TestReader(other, data); err != nil {
			e.Errorf("the second reader of %d bytes: %v", size, err)
		}
		e.must(other.Close())
	}
}

func testAbsentBlob(e *env) {
	d := store.DigestOf([]byte("absent"))
	_, err := e.Blobs.Open(e.Context(), d)
	e.want(err, store.ErrNotFound, "opening")
	_, err = e.Blobs.Stat(e.Context(), d)
	e.want(err, store.ErrNotFound, "describing")
	e.must(e.Blobs.Remove(e.Context(), d))
	e.same("blobs", e.listBlobs(), []store.BlobInfo{})
}

func testCommitTwice(e *env) {
	first := e.keep("the same words")
	e.clock.Advance(time.Hour)
	e.same("second description", e.keep("the same words"), first)
	e.same("blobs", e.listBlobs(), []store.BlobInfo{first})

	w, err := e.Blobs.Create(e.Context())
	e.must(err)
	_, err = io.WriteString(w, "once")
	e.must(err)
	_, err = w.Commit(e.Context())
	e.must(err)
	if _, err := io.WriteString(w, "more"); err == nil {
		e.Error("writing after Commit did not error")
	}
	e.must(w.Close())
	e.same("content", string(e.readBlob(store.DigestOf([]byte("once")))), "once")
}

func testNotCommitted(e *env) {
	for _, size := range []int{0, 10, 500_000} {
		w, err := e.Blobs.Create(e.Context())
		e.must(err)
		_, err = w.Write(e.rand.bytes(size))
		e.must(err)
		e.same("blobs before Commit", e.listBlobs(), []store.BlobInfo{})
		e.must(w.Close())

		w, err = e.Blobs.Create(e.Context())
		e.must(err)
		_, err = w.Write(e.rand.bytes(size))
		e.must(err)
		ctx, cancel := context.WithCancel(e.Context())
		cancel()
		_, err = w.Commit(ctx)
		e.want(err, context.Canceled, "committing %d bytes", size)
		e.must(w.Close())
	}
	e.same("blobs", e.listBlobs(), []store.BlobInfo{})
}

func testBlobWriters(e *env) {
	var wg sync.WaitGroup
	for w := range 6 {
		wg.Go(func() {
			for i := range 6 {
				// Half of them write what the others write too.
				data := strings.Repeat(fmt.Sprint((w%2)*(w+1), "/", i, ";"), 30_000)
				if err := keepAndRead(e, data); err != nil {
					e.Errorf("writer %d, blob %d: %v", w, i, err)
					return
				}
			}
		})
	}
	wg.Wait()
	e.same("number of blobs", len(e.listBlobs()), 4*6)
}

func keepAndRead(e *env, data string) error {
	w, err := e.Blobs.Create(e.Context())
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, data); err != nil {
		return err
	}
	info, err := w.Commit(e.Context())
	if err != nil {
		return err
	}
	r, err := e.Blobs.Open(e.Context(), info.Digest)
	if err != nil {
		return err
	}
	got, err := io.ReadAll(r)
	if err == nil && string(got) != data {
		err = fmt.Errorf("%d bytes came back as %d", len(data), len(got))
	}
	if cerr := r.Close(); err == nil {
		err = cerr
	}
	return err
}

func testListBlobs(e *env) {
	var want []store.BlobInfo
	for i := range 40 {
		data := bodyWithDigest(byte(i * 6))
		if i%10 == 0 {
			data = strings.Repeat(data, 20_000)
		}
		want = append(want, e.keep(data))
		e.clock.Advance(time.Second)
	}
	slices.SortFunc(want, func(a, b store.BlobInfo) int { return bytes.Compare(a.Digest[:], b.Digest[:]) })
	for _, limit := range []int{0, 1, 9, 100} {
		var got []store.BlobInfo
		for after := (store.Digest{}); ; {
			page, err := e.Blobs.Blobs(e.Context(), after, limit)
			e.must(err)
			if len(page) == 0 {
				break
			}
			if limit > 0 && len(page) > limit {
				e.Fatalf("asked for %d blobs, got %d", limit, len(page))
			}
			got = append(got, page...)
			if len(got) > len(want) {
				e.Fatal("the pages do not end")
			}
			after = page[len(page)-1].Digest
		}
		e.same(fmt.Sprintf("blobs by %d", limit), got, want)
	}
}

const day = 24 * time.Hour

func testRemoveBlob(e *env) {
	for _, size := range []int{100, 500_000} {
		loose, held := e.keep(string(e.rand.bytes(size))), e.keep(string(e.rand.bytes(size)))
		e.add(e.withMedia(ref(1), held))
		e.clock.Advance(day)
		e.want(e.Blobs.Remove(e.Context(), held.Digest), store.ErrConflict, "removing a blob that a record refers to")
		if got := e.readBlob(held.Digest); len(got) != size {
			e.Errorf("the blob has %d bytes, want %d", len(got), size)
		}
		e.must(e.Blobs.Remove(e.Context(), loose.Digest))
		_, err := e.Blobs.Open(e.Context(), loose.Digest)
		e.want(err, store.ErrNotFound, "opening what was removed")
		_, err = e.Blobs.Stat(e.Context(), loose.Digest)
		e.want(err, store.ErrNotFound, "describing what was removed")
		e.must(e.Blobs.Remove(e.Context(), loose.Digest))
		_, err = e.Backend.Append(e.Context(), store.Batch{Records: []store.Record{e.record(e.withMedia(ref(1), loose))}})
		e.want(err, store.ErrInvalid, "referring to what was removed")
		if infos := e.listBlobs(); slices.ContainsFunc(infos, func(i store.BlobInfo) bool { return i.Digest == loose.Digest }) {
			e.Error("what was removed is still listed")
		}
	}
}

func testKeptBlob(e *env) {
	data := "kept for a day"
	info := e.keep(data)
	e.clock.Advance(day - time.Second)
	e.want(e.Blobs.Remove(e.Context(), info.Digest), store.ErrConflict, "removing within a day")
	e.keep(data) // counts anew
	e.clock.Advance(day - time.Second)
	e.want(e.Blobs.Remove(e.Context(), info.Digest), store.ErrConflict, "removing within a day of the second commit")
	e.add(e.withMedia(ref(1), info))
	e.same("content", string(e.readBlob(info.Digest)), data)

	other := e.keep("not needed after all")
	e.clock.Advance(day)
	e.must(e.Blobs.Remove(e.Context(), other.Digest))
	again := e.keep("not needed after all")
	e.same("stored anew", again.Stored, e.clock.Now())
}

// testTakenOver commits a blob that a record refers to already: it stays.
func testTakenOver(e *env) {
	info := e.keep("shared by two posts")
	e.add(e.withMedia(ref(1), info))
	e.clock.Advance(30 * day)
	e.same("description", e.keep("shared by two posts"), info)
	e.add(e.withMedia(ref(2), info))
	e.clock.Advance(30 * day)
	e.want(e.Blobs.Remove(e.Context(), info.Digest), store.ErrConflict, "removing a blob that records refer to")
}

package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/iotest"

	"stet/store"
)

// RunObjects runs the suite of [store.Objects]. Open returns an empty place.
func RunObjects(t *testing.T, open func(t *testing.T) store.Objects) {
	for _, tt := range []struct {
		name string
		run  func(e *env, o store.Objects)
	}{
		{"storing and reading", testObjectSizes},
		{"what is absent", testAbsentObject},
		{"storing twice, and by many", testObjectTwice},
		{"listing", testListObjects},
		{"a reader that fails stores nothing", testObjectTrouble},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := open(t)
			t.Cleanup(func() {
				if err := o.Close(); err != nil {
					t.Error("closing:", err)
				}
			})
			tt.run(newBareEnv(t), o)
		})
	}
}

func (e *env) put(o store.Objects, data []byte) store.Digest {
	e.Helper()
	d := store.DigestOf(data)
	e.must(o.Put(e.Context(), d, bytes.NewReader(data), int64(len(data))))
	return d
}

func testObjectSizes(e *env, o store.Objects) {
	if o.Place() == "" {
		e.Error("the place has no name")
	}
	sizes := []int{0, 1, 70_000, 5<<20 + 1}
	if !testing.Short() {
		sizes = append(sizes, 20<<20+3) // in several parts
	}
	for _, size := range sizes {
		data := e.rand.bytes(size)
		d := e.put(o, data)
		r, err := o.Open(e.Context(), d)
		e.must(err)
		if size < 1<<20 {
			if err := iotest.TestReader(r, data); err != nil {
				e.Errorf("reading %d bytes: %v", size, err)
			}
			_, err := r.Seek(0, io.SeekStart)
			e.must(err)
		}
		got, err := io.ReadAll(r)
		e.must(err)
		if !bytes.Equal(got, data) {
			e.Errorf("an object of %d bytes came back changed", size)
		}
		if size > 1 {
			part := make([]byte, size/2)
			if n, err := r.ReadAt(part, int64(size/3)); n != len(part) || err != nil && !errors.Is(err, io.EOF) {
				e.Errorf("reading a range: %d bytes, %v", n, err)
			}
			if !bytes.Equal(part, data[size/3:size/3+size/2]) {
				e.Errorf("a range of %d bytes came back changed", len(part))
			}
		}
		e.must(r.Close())
		if _, err := r.Read(make([]byte, 1)); err == nil {
			e.Error("a closed reader reads")
		}
	}
}

func testAbsentObject(e *env, o store.Objects) {
	d := store.DigestOf([]byte("absent"))
	_, err := o.Open(e.Context(), d)
	e.want(err, store.ErrNotFound, "opening")
	e.must(o.Remove(e.Context(), d))
	here := e.put(o, []byte("here for a while"))
	e.must(o.Remove(e.Context(), here))
	_, err = o.Open(e.Context(), here)
	e.want(err, store.ErrNotFound, "opening what was removed")
	e.put(o, []byte("here for a while"))
	r, err := o.Open(e.Context(), here)
	e.must(err)
	e.must(r.Close())
}

func testObjectTwice(e *env, o store.Objects) {
	data := e.rand.bytes(300_000)
	var group sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		group.Go(func() { errs[i] = o.Put(e.Context(), store.DigestOf(data), bytes.NewReader(data), int64(len(data))) })
	}
	group.Wait()
	e.must(errors.Join(errs...))
	d := e.put(o, data)
	r, err := o.Open(e.Context(), d)
	e.must(err)
	got, err := io.ReadAll(r)
	e.must(err)
	e.must(r.Close())
	if !bytes.Equal(got, data) {
		e.Error("an object that was stored by many came back changed")
	}
}

func testListObjects(e *env, o store.Objects) {
	list, err := o.Objects(e.Context(), store.Digest{}, 0)
	e.must(err)
	if len(list) != 0 {
		e.Fatalf("an empty place has %d objects", len(list))
	}
	var want []store.Digest
	for i := range 25 {
		want = append(want, e.put(o, fmt.Appendf(nil, "object %d", i)))
	}
	slices.SortFunc(want, func(a, b store.Digest) int { return bytes.Compare(a[:], b[:]) })
	var got []store.Digest
	for after := (store.Digest{}); ; {
		page, err := o.Objects(e.Context(), after, 7)
		e.must(err)
		if len(page) == 0 {
			break
		}
		if len(page) > 7 {
			e.Fatalf("a page has %d objects, at most 7 were asked for", len(page))
		}
		for _, info := range page {
			if info.Size < 8 || info.Size > 9 || info.Stored.IsZero() {
				e.Errorf("%s is described as %d bytes of %s", info.Digest, info.Size, info.Stored)
			}
			got = append(got, info.Digest)
		}
		after = page[len(page)-1].Digest
	}
	e.same("the list", got, want)
}

func testObjectTrouble(e *env, o store.Objects) {
	data := e.rand.bytes(200_000)
	d := store.DigestOf(data)
	trouble := &failing{ReadSeeker: bytes.NewReader(data), after: 100_000}
	if err := o.Put(e.Context(), d, trouble, int64(len(data))); err == nil {
		e.Fatal("storing from a reader that fails reports success")
	}
	_, err := o.Open(e.Context(), d)
	e.want(err, store.ErrNotFound, "opening what was not stored whole")
	e.put(o, data)
}

// failing errors after a number of bytes, also when it is rewound.
type failing struct {
	io.ReadSeeker
	after int
}

var errReader = errors.New("the reader of the test fails")

// Read reads until the reader fails.
func (f *failing) Read(p []byte) (int, error) {
	if f.after <= 0 {
		return 0, errReader
	}
	n, err := f.ReadSeeker.Read(p[:min(len(p), f.after)])
	f.after -= n
	return n, err
}

package bolt_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
	"unsafe"

	"go.etcd.io/bbolt"

	"stet/store"
	"stet/store/bolt"
	"stet/store/storetest"
)

const page = 4096

// filled makes an archive with one of everything, and returns its folder and
// the bytes of its bbolt file.
func filled(t *testing.T) (dir string, file []byte) {
	t.Helper()
	dir = t.TempDir()
	clock := storetest.NewClock(time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC))
	s := mustOpen(t, dir, bolt.Options{Now: clock.Now})
	fill(t, s, clock)
	wantSound(t, s)
	mustClose(t, s)
	file, err := os.ReadFile(filepath.Join(dir, bolt.FileName))
	must(t, err)
	return dir, file
}

// damage writes the file with some of its bytes changed.
func damage(t *testing.T, dir string, file []byte, change func(b []byte)) {
	t.Helper()
	b := slices.Clone(file)
	change(b)
	must(t, os.WriteFile(filepath.Join(dir, bolt.FileName), b, 0o600))
}

// flip changes bytes in the file, calls fn, and changes them back.
func flip(t *testing.T, dir string, file []byte, mask byte, at []int, fn func()) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, bolt.FileName), os.O_RDWR, 0)
	must(t, err)
	for _, n := range at {
		_, err := f.WriteAt([]byte{file[n] ^ mask}, int64(n))
		must(t, err)
	}
	fn()
	for _, n := range at {
		_, err := f.WriteAt(file[n:n+1], int64(n))
		must(t, err)
	}
	must(t, f.Close())
}

// TestAnyFlippedByte changes one byte of a file at a time. Each must either be
// found, or be without consequence for everything that can be read. A crash
// fails the test, because it ends it. STET_FLIPS says how many to try.
func TestAnyFlippedByte(t *testing.T) {
	dir, file := filled(t)
	s := mustOpen(t, dir, bolt.Options{ReadOnly: true})
	want, err := dump(t.Context(), s)
	must(t, err)
	mustClose(t, s)
	flips, harmless := 60, 0
	if storetest.Thorough() {
		flips = 600
	}
	if n, err := strconv.Atoi(os.Getenv("STET_FLIPS")); err == nil {
		flips = n
	}
	r := rand.New(rand.NewPCG(1, 2))
	pages := usedPages(t, filepath.Join(dir, bolt.FileName))
	for range flips {
		// Half of the flips hit the headers of pages and entries.
		at := pages[r.IntN(len(pages))] * page
		if r.IntN(2) == 0 {
			at += r.IntN(160)
		} else {
			at += r.IntN(page)
		}
		mask := byte(1 + r.IntN(255))
		flip(t, dir, file, mask, []int{at}, func() {
			if found(t, dir) {
				return
			}
			harmless++
			s := mustOpen(t, dir, bolt.Options{ReadOnly: true})
			if got, err := dump(t.Context(), s); err != nil || got != want {
				t.Errorf("flipping %#02x at %d (page %d+%d) was not found, and changed what is read (%v)", mask, at, at/page, at%page, err)
			}
			mustClose(t, s)
		})
	}
	t.Logf("%d of %d flips hit unused bytes", harmless, flips)
}

// usedPages returns the numbers of the pages that are neither free nor unused.
func usedPages(t *testing.T, path string) []int {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, PreLoadFreelist: true})
	must(t, err)
	var used []int
	must(t, db.View(func(tx *bbolt.Tx) error {
		for id := 0; ; {
			info, err := tx.Page(id)
			if err != nil || info == nil {
				return err
			}
			for n := 0; n <= info.OverflowCount && info.Type != "free"; n++ {
				used = append(used, id+n)
			}
			id++
			if info.Type != "free" {
				id += info.OverflowCount
			}
		}
	}))
	must(t, db.Close())
	return used
}

// found reports whether the archive cannot be opened because it is damaged, or
// a check finds something.
func found(t *testing.T, dir string) bool {
	t.Helper()
	s, err := bolt.Open(t.Context(), dir, bolt.Options{ReadOnly: true, AllowNetworkFS: true})
	if err != nil {
		if !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("a damaged archive does not open with %v", err)
		}
		return true
	}
	defer mustClose(t, s)
	return len(problems(t, s)) > 0
}

// TestFlipsAreNamed changes a byte in each kind of thing: the check must name
// that thing.
func TestFlipsAreNamed(t *testing.T) {
	dir, file := filled(t)
	things := map[string][]string{
		"records": {"record", "journal"}, "ids": {"index", "record"}, "terms": {"index"}, "receipts": {"receipt"},
		"jobs": {"job"}, "jobkeys": {"job"}, "due": {"job"}, "leases": {"job"}, "cursors": {"cursor"},
		"blobs": {"blob"}, "blobdata": {"blob"}, "meta": {"meta"},
	}
	r := rand.New(rand.NewPCG(3, 4))
	for _, e := range entries(t, filepath.Join(dir, bolt.FileName), file) {
		if r.IntN(3) > 0 && e.bucket != "meta" { // there are many
			continue
		}
		for _, part := range []struct {
			what       string
			from, size int
		}{{"key", 0, e.key}, {"value", e.key, e.value}} {
			if part.size == 0 {
				continue
			}
			n := r.IntN(part.size)
			var at []int
			for _, start := range e.at {
				at = append(at, start+part.from+n)
			}
			mask := byte(1 + r.IntN(255))
			flip(t, dir, file, mask, at, func() {
				if got, ok := named(t, dir, e.bucket, things[e.bucket]); !ok {
					t.Errorf("flipping %#02x in byte %d of a %s of %s: got %v, want one of %v", mask, n, part.what, e.bucket, got, things[e.bucket])
				}
			})
		}
	}
}

// named reports whether the check names one of the things, or the bucket as one
// with damaged pages, or the archive does not open because it is damaged.
func named(t *testing.T, dir, bucket string, things []string) ([]store.Problem, bool) {
	t.Helper()
	s, err := bolt.Open(t.Context(), dir, bolt.Options{ReadOnly: true, AllowNetworkFS: true})
	if err != nil {
		return nil, errors.Is(err, store.ErrCorrupt)
	}
	defer mustClose(t, s)
	got := problems(t, s)
	return got, slices.ContainsFunc(got, func(p store.Problem) bool {
		return (slices.Contains(things, p.Thing) || p.Thing == "page" && p.Name == bucket) && p.Name != "" && p.What != ""
	})
}

// entry is an entry of a bucket, with the lengths of its key and its value and
// where in the file they stand, one behind the other.
type entry struct {
	bucket     string
	at         []int
	key, value int
}

func entries(t *testing.T, path string, file []byte) []entry {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	must(t, err)
	var all []entry
	must(t, db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			return b.ForEach(func(k, v []byte) error {
				e := entry{bucket: string(name), key: len(k), value: len(v)}
				if at := uintptr(unsafe.Pointer(&k[0])) - db.Info().Data; at < uintptr(len(file)) {
					e.at = []int{int(at)}
				} else { // a small bucket is copied out of the page that it stands on, of which there are old versions
					for from, whole := 0, slices.Concat(k, v); ; from = e.at[len(e.at)-1] + 1 {
						n := bytes.Index(file[from:], whole)
						if n < 0 {
							break
						}
						e.at = append(e.at, from+n)
					}
				}
				all = append(all, e)
				return nil
			})
		})
	}))
	must(t, db.Close())
	return all
}

// TestDamagedPages changes what bbolt itself relies on.
func TestDamagedPages(t *testing.T) {
	dir, file := filled(t)
	pages := usedPages(t, filepath.Join(dir, bolt.FileName))
	leafOf := func(b []byte) int { return leafAmong(b, pages) }
	for name, change := range map[string]func(b []byte){
		"a page that leads nowhere":      func(b []byte) { binary.NativeEndian.PutUint64(b[leafOf(b)*page:], 1<<40) },
		"a page of no kind":              func(b []byte) { b[leafOf(b)*page+8] = 0x40 },
		"more entries than fit":          func(b []byte) { binary.NativeEndian.PutUint16(b[leafOf(b)*page+10:], 0xFFFF) },
		"a page that goes on for ever":   func(b []byte) { binary.NativeEndian.PutUint32(b[leafOf(b)*page+12:], 1<<31) },
		"an entry outside of its page":   func(b []byte) { binary.NativeEndian.PutUint32(b[leafOf(b)*page+16+4:], 1<<30) },
		"an endless value":               func(b []byte) { binary.NativeEndian.PutUint32(b[leafOf(b)*page+16+12:], 1<<31) },
		"the newest meta page":           func(b []byte) { b[newestMeta(b)*page+40]++ },
		"all zero behind the first page": func(b []byte) { clear(b[2*page:]) },
		"one page is zero":               func(b []byte) { clear(b[leafOf(b)*page : (leafOf(b)+1)*page]) },
	} {
		t.Run(name, func(t *testing.T) {
			damage(t, dir, file, change)
			if !found(t, dir) {
				t.Error("the damage was not found")
			}
			// Whoever reads or writes gets an error of the class, or what they
			// asked for; never a crash.
			s, err := bolt.Open(t.Context(), dir, bolt.Options{AllowNetworkFS: true})
			if err != nil {
				if !errors.Is(err, store.ErrCorrupt) {
					t.Errorf("got %v, want damaged data", err)
				}
				return
			}
			if _, err := dump(t.Context(), s); err != nil && !errors.Is(err, store.ErrCorrupt) && !errors.Is(err, store.ErrNotFound) {
				t.Errorf("reading: got %v, want damaged data", err)
			}
			a := archive(s, time.Now)
			b := a.Begin()
			_, err = b.Add(t.Context(), look(time.Now(), 1))
			must(t, err)
			if _, err := b.Commit(t.Context()); err != nil && !errors.Is(err, store.ErrCorrupt) {
				t.Errorf("writing: got %v, want damaged data", err)
			}
			mustClose(t, s)
		})
	}
}

// TestPagesThatGoOnTooFar lets each page say that it is longer than it is:
// bbolt would give the pages behind it away, with what they hold.
func TestPagesThatGoOnTooFar(t *testing.T) {
	dir, file := filled(t)
	refused := 0
	for _, n := range usedPages(t, filepath.Join(dir, bolt.FileName)) {
		if flags := file[n*page+8]; flags != 0x01 && flags != 0x02 || binary.NativeEndian.Uint64(file[n*page:]) != uint64(n) {
			continue
		}
		for _, more := range []uint32{1, 1 << 31} {
			damage(t, dir, file, func(b []byte) {
				at := b[n*page+12:]
				binary.NativeEndian.PutUint32(at, binary.NativeEndian.Uint32(at)+more)
			})
			s, err := bolt.Open(t.Context(), dir, bolt.Options{AllowNetworkFS: true})
			if errors.Is(err, store.ErrCorrupt) {
				refused++
				continue
			}
			must(t, err)
			_, _, err = appendOne(t.Context(), archive(s, time.Now), 3)
			if errors.Is(err, store.ErrCorrupt) {
				refused++
			} else {
				must(t, err)
			}
			mustClose(t, s)
			if isFree(t, filepath.Join(dir, bolt.FileName), n) {
				t.Errorf("page %d says that it has %d more, and was given away with them", n, more)
			}
		}
	}
	if refused == 0 {
		t.Error("no damage was met")
	}
}

func isFree(t *testing.T, path string, n int) bool {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, PreLoadFreelist: true})
	must(t, err)
	free := false
	must(t, db.View(func(tx *bbolt.Tx) error {
		info, err := tx.Page(n)
		free = err == nil && info != nil && info.Type == "free"
		return err
	}))
	must(t, db.Close())
	return free
}

// leafAmong returns the number of a leaf page with several entries.
func leafAmong(b []byte, pages []int) int {
	for _, n := range slices.Backward(pages) {
		if b[n*page+8] == 0x02 && b[n*page+10] > 3 && binary.NativeEndian.Uint64(b[n*page:]) == uint64(n) {
			return n
		}
	}
	return 3
}

func newestMeta(b []byte) int {
	if binary.NativeEndian.Uint64(b[page+16+48:]) > binary.NativeEndian.Uint64(b[16+48:]) {
		return 1
	}
	return 0
}

// TestCutOffFile shortens the file.
func TestCutOffFile(t *testing.T) {
	dir, file := filled(t)
	path := filepath.Join(dir, bolt.FileName)
	pages := usedPages(t, path)
	for _, size := range []int{0, 1, 100, page, 2 * page, 3*page + 5, pages[len(pages)-1] * page} {
		must(t, os.WriteFile(path, file[:size], 0o600))
		for _, readOnly := range []bool{true, false} {
			s, err := bolt.Open(t.Context(), dir, bolt.Options{ReadOnly: readOnly, AllowNetworkFS: true})
			if !errors.Is(err, store.ErrCorrupt) {
				t.Errorf("cut to %d bytes: got %v, want damaged data", size, err)
				if err == nil {
					mustClose(t, s)
				}
			}
		}
	}
}

// TestFlippedBlobs changes a byte of each blob in a file, and removes one.
func TestFlippedBlobs(t *testing.T) {
	dir, _ := filled(t)
	var files []string
	must(t, filepath.WalkDir(filepath.Join(dir, "blobs"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	}))
	if len(files) < 2 {
		t.Fatalf("there are %d blobs in files, want at least 2", len(files))
	}
	s := open(t, dir, bolt.Options{})
	for _, path := range files {
		digest := "sha256:" + filepath.Base(filepath.Dir(path)) + filepath.Base(path)
		b, err := os.ReadFile(path)
		must(t, err)
		for what, change := range map[string]func() error{
			"a flipped byte": func() error {
				c := slices.Clone(b)
				c[len(c)/3] ^= 4
				return os.WriteFile(path, c, 0o600)
			},
			"a cut":          func() error { return os.WriteFile(path, b[:len(b)-1], 0o600) },
			"a missing file": func() error { return os.Remove(path) },
		} {
			must(t, change())
			got := problems(t, s)
			if len(got) != 1 || got[0].Thing != "blob" || got[0].Name != digest {
				t.Errorf("%s of %s: the check says %v", what, digest, got)
			}
			if err := readAll(t, s, digest); !errors.Is(err, store.ErrCorrupt) {
				t.Errorf("%s of %s: reading it through the gate gives %v", what, digest, err)
			}
			must(t, os.WriteFile(path, b, 0o600))
		}
	}
	wantSound(t, s)
}

func readAll(t *testing.T, s *bolt.Store, digest string) error {
	t.Helper()
	d, err := store.ParseDigest(digest)
	must(t, err)
	r, err := archive(s, time.Now).OpenBlob(t.Context(), d)
	if err != nil {
		return err
	}
	defer func() { must(t, r.Close()) }()
	buf := make([]byte, 1<<20)
	for {
		if _, err := r.Read(buf); err != nil {
			return err
		}
	}
}

// bytesOfBuckets returns how many bytes the pages of each larger bucket take.
func bytesOfBuckets(t *testing.T, dir string) map[string]int64 {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(dir, bolt.FileName), 0o600, &bbolt.Options{ReadOnly: true})
	must(t, err)
	sizes := map[string]int64{}
	must(t, db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			if st := b.Stats(); st.BranchAlloc+st.LeafAlloc > 0 {
				sizes[string(name)] = int64(st.BranchAlloc + st.LeafAlloc)
			}
			return nil
		})
	}))
	must(t, db.Close())
	return sizes
}

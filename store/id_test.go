package store_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"stet/store"
)

func source() *rand.ChaCha8 { return rand.NewChaCha8([32]byte{1, 2, 3}) }

func compareIDs(a, b store.ID) int { return bytes.Compare(a[:], b[:]) }

// TestIDsAscend makes ids while the clock jumps about.
func TestIDsAscend(t *testing.T) {
	now := time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)
	ids := store.NewIDs(func() time.Time { return now }, source())
	jumps := []time.Duration{0, 0, time.Millisecond, -time.Hour, time.Microsecond, 2 * time.Hour, -48 * time.Hour}
	var last store.ID
	for i := range 20_000 {
		now = now.Add(jumps[i%len(jumps)])
		id, err := ids.New()
		if err != nil {
			t.Fatal(err)
		}
		if compareIDs(id, last) <= 0 {
			t.Fatalf("id %d, %s, comes after %s", i, id, last)
		}
		if id[6]>>4 != 7 || id[8]>>6 != 2 { // RFC 9562, section 5.7
			t.Fatalf("%s is not a UUID of version 7", id)
		}
		last = id
	}
}

func TestIDHoldsTime(t *testing.T) {
	at := time.Date(2026, 3, 14, 9, 26, 53, 589e6, time.UTC)
	id, err := store.NewIDs(func() time.Time { return at }, source()).New()
	if err != nil {
		t.Fatal(err)
	}
	var ms int64
	for _, b := range id[:6] {
		ms = ms<<8 | int64(b)
	}
	if got := time.UnixMilli(ms).UTC(); got != at {
		t.Errorf("the id holds %s, want %s", got, at)
	}
}

func TestIDsOfManyGoroutines(t *testing.T) {
	src := &locked{r: source()}
	ids := store.NewIDs(time.Now, src)
	var mu sync.Mutex
	seen := map[store.ID]bool{}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			g := ids.Group()
			for i := range 1000 {
				id, err := ids.New()
				if i%2 == 0 {
					id, err = g.New()
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if seen[id] {
					t.Errorf("%s was made twice", id)
				}
				seen[id] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

type locked struct {
	mu sync.Mutex
	r  *rand.ChaCha8
}

func (l *locked) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.r.Read(p)
}

func TestGroup(t *testing.T) {
	ids := store.NewIDs(time.Now, source())
	g := ids.Group()
	var all []store.ID
	for i := range 600 {
		id, err := g.New()
		if err != nil {
			t.Fatal(err)
		}
		if begin := i / 256 * 256; begin != i && !bytes.Equal(id[:15], all[begin][:15]) {
			t.Fatalf("id %d, %s, does not share the beginning of %s", i, id, all[begin])
		}
		if int(id[15]) != i%256 {
			t.Fatalf("id %d ends in %d", i, id[15])
		}
		all = append(all, id)
	}
	if !slices.IsSortedFunc(all, compareIDs) {
		t.Error("the ids of a group do not ascend")
	}
	slices.SortFunc(all, compareIDs)
	if n := len(slices.Compact(all)); n != 600 {
		t.Errorf("of 600 ids %d are different", n)
	}
}

func TestIDsWithoutRandomness(t *testing.T) {
	ids := store.NewIDs(time.Now, strings.NewReader("short"))
	if id, err := ids.New(); err == nil || !id.IsZero() {
		t.Errorf("New gave %s, %v", id, err)
	}
	if id, err := ids.Group().New(); err == nil || !id.IsZero() {
		t.Errorf("a group gave %s, %v", id, err)
	}
}

func TestParseID(t *testing.T) {
	const s = "0195987a-1000-7001-8001-020304050607"
	id, err := store.ParseID(s)
	if err != nil || id.String() != s {
		t.Errorf("%q was read as %s, %v", s, id, err)
	}
	for _, bad := range []string{"", "x", s[1:], s + "0", strings.ReplaceAll(s, "-", ""), strings.Replace(s, "7", "g", 1),
		strings.Replace(s, "-", "_", 1), " " + s[1:], "{" + s + "}"} {
		if id, err := store.ParseID(bad); !errors.Is(err, store.ErrInvalid) || !id.IsZero() {
			t.Errorf("%q was read as %s, %v", bad, id, err)
		}
	}
	var none store.ID
	if err := none.UnmarshalText(nil); err != nil || none.String() != "" {
		t.Errorf("nothing was read as %q, %v", none.String(), err)
	}
}

func TestParseDigest(t *testing.T) {
	d := store.DigestOf([]byte("words"))
	if got, err := store.ParseDigest(d.String()); err != nil || got != d {
		t.Errorf("%s was read as %s, %v", d, got, err)
	}
	for _, bad := range []string{"", "sha256:", d.String()[7:], d.String()[:70], d.String() + "00", "md5:" + d.String()[7:],
		strings.Replace(d.String(), d.String()[7:8], "z", 1)} {
		if got, err := store.ParseDigest(bad); !errors.Is(err, store.ErrInvalid) || !got.IsZero() {
			t.Errorf("%q was read as %s, %v", bad, got, err)
		}
	}
}

// FuzzParseID: what is read is written as it was, but for the case of its
// letters.
func FuzzParseID(f *testing.F) {
	f.Add("0195987a-1000-7001-8001-020304050607")
	f.Add("0195987A-1000-7001-8001-02030405060F")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := store.ParseID(s)
		if err == nil && !id.IsZero() && id.String() != strings.ToLower(s) {
			t.Errorf("%q was read as %s", s, id)
		}
		d, err := store.ParseDigest(s)
		if err == nil && !d.IsZero() && d.String() != strings.ToLower(s) {
			t.Errorf("%q was read as %s", s, d)
		}
	})
}

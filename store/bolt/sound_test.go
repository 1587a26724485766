package bolt_test

import (
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"stet/store/bolt"
)

// TestProbedPages asks that no page is left out because one for a key nearby
// was looked at before.
func TestProbedPages(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tree.db")
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{PageSize: 4096, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	key := func(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }
	var root, pages uint64
	err = db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket([]byte("tree"))
		for n := 0; n < 20_000 && err == nil; n++ {
			err = b.Put(key(2*n), make([]byte, 100)) // three levels
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.View(func(tx *bbolt.Tx) error {
		root, pages = uint64(tx.Bucket([]byte("tree")).Root()), uint64(tx.Size())/4096
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()

	random := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		var changes []bolt.Change
		for len(changes) < 40 {
			at := random.IntN(40_000)
			for range random.IntN(8) {
				changes = append(changes, bolt.Change{Key: key(at), Deleted: random.IntN(3) == 0})
				at = max(0, at+random.IntN(60)-10)
			}
		}
		got, err := bolt.Probed(f, pages, root, changes)
		if err != nil {
			t.Fatal(err)
		}
		var want []uint64
		for _, c := range changes {
			one, err := bolt.Probed(f, pages, root, []bolt.Change{c})
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, one...)
		}
		slices.Sort(want)
		if d := cmp.Diff(slices.Compact(want), got); d != "" {
			t.Fatalf("for %v: %s", changes, d)
		}
	}
}

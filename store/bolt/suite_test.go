package bolt_test

import (
	"testing"

	"stet/store/bolt"
	"stet/store/storetest"
)

func TestConformance(t *testing.T) {
	open := func(t *testing.T, clock *storetest.Clock, dir string) *bolt.Store {
		s, err := bolt.Open(t.Context(), dir, bolt.Options{Now: clock.Now, AllowNetworkFS: true})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	current := map[string]*bolt.Store{} // by folder
	storetest.Run(t, storetest.Config{
		Open: func(t *testing.T, clock *storetest.Clock) storetest.Store {
			s := open(t, clock, t.TempDir())
			current[s.Dir()] = s
			t.Cleanup(func() { _ = current[s.Dir()].Close() }) // the suite looks at what Close returns
			return storetest.Store{Backend: s, Blobs: s}
		},
		Reopen: func(t *testing.T, clock *storetest.Clock, old storetest.Store) storetest.Store {
			dir := old.Backend.(*bolt.Store).Dir()
			if err := old.Backend.Close(); err != nil {
				t.Fatal(err)
			}
			s := open(t, clock, dir)
			current[dir] = s
			return storetest.Store{Backend: s, Blobs: s}
		},
	})
}

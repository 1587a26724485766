package bolt_test

import (
	"testing"

	"stet/store/bolt"
	"stet/store/storetest"
)

func TestConformance(t *testing.T) {
	current := map[string]*bolt.Store{} // by folder
	open := func(t *testing.T, clock *storetest.Clock, dir string) storetest.Store {
		s := mustOpen(t, dir, bolt.Options{Now: clock.Now})
		current[dir] = s
		return storetest.Store{Backend: s, Blobs: s}
	}
	storetest.Run(t, storetest.Config{
		Open: func(t *testing.T, clock *storetest.Clock) storetest.Store {
			dir := t.TempDir()
			t.Cleanup(func() { mustClose(t, current[dir]) })
			return open(t, clock, dir)
		},
		Reopen: func(t *testing.T, clock *storetest.Clock, old storetest.Store) storetest.Store {
			mustClose(t, old.Backend.(*bolt.Store))
			return open(t, clock, old.Backend.(*bolt.Store).Dir())
		},
	})
}

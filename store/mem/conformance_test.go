package mem_test

import (
	"testing"

	"stet/store/mem"
	"stet/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, storetest.Config{Open: func(t *testing.T, clock *storetest.Clock) storetest.Store {
		s := mem.New(mem.Options{Now: clock.Now})
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return storetest.Store{Backend: s, Blobs: s}
	}})
}

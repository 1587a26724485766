package postgres_test

import (
	"testing"

	"stet/store/postgres"
	"stet/store/storetest"
)

func TestConformance(t *testing.T) {
	start(t)
	opened := map[*postgres.Store]string{}
	openIn := func(t *testing.T, clock *storetest.Clock, schema string) storetest.Store {
		s := open(t, postgres.Options{Schema: schema, Now: clock.Now})
		opened[s] = schema
		return storetest.Store{Backend: s, Blobs: s}
	}
	storetest.Run(t, storetest.Config{
		Open: func(t *testing.T, clock *storetest.Clock) storetest.Store {
			schema := newSchema()
			s := openIn(t, clock, schema)
			setClock(t, schema, clock)
			return s
		},
		Reopen: func(t *testing.T, clock *storetest.Clock, s storetest.Store) storetest.Store {
			if err := s.Backend.Close(); err != nil {
				t.Fatal(err)
			}
			return openIn(t, clock, opened[s.Backend.(*postgres.Store)])
		},
	})
}

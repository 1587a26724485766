package stamp

import (
	"context"
	"time"

	"stet/store"
)

// State says how somebody who stamps stands.
type State struct {
	Form store.StampForm `json:"form"`
	// By is the address.
	By string `json:"by"`
	// State is that of the last stamp; empty where none was asked for yet.
	State store.StampState `json:"state"`
	// Last is the time that the last complete stamp vouches for, or when it was
	// completed; Covers is how many records it covers.
	Last   time.Time `json:"last,omitzero"`
	Covers uint64    `json:"covers,omitempty"`
	// Pending is how many proofs are not complete yet.
	Pending int `json:"pending,omitempty"`
	// Error is the sentence of the last failure, where State is failed.
	Error string `json:"error,omitempty"`

	asked   time.Time // when it was asked last with success
	of      store.ID  // the head of that
	class   string    // of Error
	pending []*pendingStamp
}

// pendingStamp is a proof that was promised.
type pendingStamp struct {
	id    store.ID
	stamp *store.Stamp
}

// maxStamps is how many stamps of a form are looked back at.
const maxStamps = 2000

// States says how those who are set stand, in their order.
func States(ctx context.Context, a *store.Archive, authorities, calendars []string) ([]State, error) {
	var list []State
	for _, by := range authorities {
		list = append(list, State{Form: store.StampRFC3161, By: by})
	}
	for _, by := range calendars {
		list = append(list, State{Form: store.StampOTS, By: by})
	}
	for _, form := range []store.StampForm{store.StampRFC3161, store.StampOTS} {
		// Newest first: what comes later in the loop is older.
		q := store.Query{Term: store.StampTerm(form), Newest: true, Limit: 500}
		for read := 0; read < maxStamps; read += q.Limit {
			p, err := a.List(ctx, q)
			if err != nil {
				return nil, err
			}
			for i := range p.Records {
				s, err := store.Decode[store.Stamp](&p.Records[i])
				if err != nil {
					return nil, err
				}
				for j := range list {
					if list[j].Form == form && list[j].By == s.By {
						list[j].add(p.Records[i].ID, s)
					}
				}
			}
			if !p.More || len(p.Records) == 0 {
				break
			}
			q.Before = p.Records[len(p.Records)-1].Seq
		}
	}
	for i := range list {
		list[i].count()
	}
	return list, nil
}

// add takes in a stamp that is older than those before.
func (s *State) add(id store.ID, r *store.Stamp) {
	if s.State == "" {
		s.State, s.Error, s.class = r.State, r.Error, r.ErrorClass
	}
	if r.State != store.StampFailed && s.asked.IsZero() {
		s.asked, s.of = r.Time, r.Of
	}
	if r.State == store.StampComplete && s.Last.IsZero() {
		if s.Last, s.Covers = r.At, r.Size; s.Last.IsZero() {
			s.Last = r.Time
		}
	}
	if s.Form == store.StampOTS {
		s.pending = append(s.pending, &pendingStamp{id, r})
	}
}

// count leaves the proofs that are pending still: a later one for the same head
// completes them, or says that they failed.
func (s *State) count() {
	settled := map[store.ID]bool{}
	kept := s.pending[:0]
	for _, p := range s.pending { // newest first
		if p.stamp.State == store.StampPending && !settled[p.stamp.Of] {
			kept = append(kept, p)
		}
		settled[p.stamp.Of] = true
	}
	s.pending, s.Pending = kept, len(kept)
}

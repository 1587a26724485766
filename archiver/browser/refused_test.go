package browser_test

import (
	"testing"
	"time"

	"stet/store"
)

// TestRefusedIsNotDrawn: what was refused after it was captured is not drawn, and
// its job is done.
func TestRefusedIsNotDrawn(t *testing.T) {
	inStudio(t, func(s *studio) {
		if err := s.worker.Begin(s.Context()); err != nil {
			s.Fatal(err)
		}
		refused, other := capture(1, "person"), capture(2, "person")
		s.add(refused, other, &store.Takedown{Time: time.Now(), Ref: refused.Ref, Act: store.TakedownRefuse, Reason: "asked to"})
		s.work()
		if len(s.painter.drawn) != 1 || s.painter.drawn[0] == "" {
			t.Errorf("drawn: %v", s.painter.drawn)
		}
		page, err := s.archive.List(s.Context(), store.Query{Term: store.RefTerm(refused.Ref), Kinds: []store.Kind{store.KindDrawing}, Limit: 1})
		if err != nil || len(page.Records) != 0 {
			t.Errorf("%d drawings of it, %v", len(page.Records), err)
		}
		if jobs, err := s.mem.ListJobs(s.Context(), store.JobFilter{}); err != nil || len(jobs) != 0 {
			t.Errorf("jobs are left: %+v, %v", jobs, err)
		}
	})
}

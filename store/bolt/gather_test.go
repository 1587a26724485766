package bolt_test

import (
	"testing"
	"testing/synctest"
	"time"

	"stet/store/bolt"
)

// TestGather: a commit waits a little for as many as were in the last one.
func TestGather(t *testing.T) {
	const soon, later = time.Millisecond, 3 * time.Millisecond
	for name, tt := range map[string]struct {
		last  int
		after []time.Duration
		want  int
		took  time.Duration
	}{
		"alone":            {last: 1, after: []time.Duration{soon}, want: 1},
		"all come back":    {last: 3, after: []time.Duration{soon, soon}, want: 3, took: soon},
		"one comes late":   {last: 3, after: []time.Duration{soon, later}, want: 2, took: 2 * time.Millisecond},
		"nobody comes":     {last: 5, want: 1, took: 2 * time.Millisecond},
		"more than before": {last: 2, after: []time.Duration{soon, soon, soon}, want: 2, took: soon},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				got := bolt.Gathered(tt.last, tt.after...)
				// Those who come too late go on in the next commit.
				if got < tt.want || name != "more than before" && got > tt.want || time.Since(begun) < tt.took {
					t.Errorf("%d share the commit after %v, want %d after %v", got, time.Since(begun), tt.want, tt.took)
				}
			})
		})
	}
}

package store

import (
	"sync"
	"testing"
	"time"
)

// plain is a source of bytes that is not safe for concurrent use: under the
// race detector it shows who reads it twice at once.
type plain struct{ n int }

func (p *plain) Read(b []byte) (int, error) {
	for i := range b {
		p.n++
		b[i] = byte(p.n ^ p.n>>8 ^ p.n>>16)
	}
	return len(b), nil
}

// TestRandomIsReadInTurns: ids and salts are drawn by many goroutines from a
// source that only one may read at a time, and none repeats.
func TestRandomIsReadInTurns(t *testing.T) {
	source := inTurns(&plain{})
	ids := NewIDs(time.Now, source)
	if inTurns(source) != source {
		t.Error("a reader in turns is wrapped again")
	}
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		seen = map[ID]bool{}
	)
	for range 8 {
		wg.Go(func() {
			for range 100 {
				id, err := ids.New()
				if err != nil {
					t.Error(err)
				}
				if _, err := NewSalt(source); err != nil {
					t.Error(err)
				}
				mu.Lock()
				seen[id] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(seen) != 800 {
		t.Errorf("%d ids of 800 differ", len(seen))
	}
}

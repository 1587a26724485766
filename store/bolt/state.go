package bolt

import (
	"fmt"
	"sync"

	"stet/store"
)

// state is what the store knows of itself. It is safe for concurrent use.
type state struct {
	mu sync.Mutex
	// poison is set once a sync failed.
	poison error
	// damaged is set once a write transaction met a damaged page.
	damaged error
	// dead is set once bbolt cannot be called any more.
	dead error
	// head is the last journal number that is durable.
	head uint64
}

func (s *state) setPoison(cause error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.poison == nil {
		s.poison = fmt.Errorf("%w: %w", store.ErrPoisoned, cause)
	}
	return s.poison
}

func (s *state) setDamaged(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.damaged = err
}

func (s *state) setDead(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead = err
}

func (s *state) poisoned() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.poison
}

// unwritable returns why nothing can be written, nil where it can.
func (s *state) unwritable() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, err := range []error{s.dead, s.poison, s.damaged} {
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *state) setDurable(head uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.head = head
}

func (s *state) durableHead() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.head
}

// broken returns the error where bbolt cannot be called any more.
func (s *Store) broken() error {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	return s.state.dead
}

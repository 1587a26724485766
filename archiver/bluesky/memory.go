package bluesky

import (
	"sync"
	"time"
)

// maxKnown bounds how many answers are remembered.
const maxKnown = 10_000

// memory remembers answers for a time. It is safe for concurrent use.
type memory struct {
	now  func() time.Time
	keep time.Duration

	mu    sync.Mutex
	known map[string]answer
}

type answer struct {
	value string
	until time.Time
}

func newMemory(now func() time.Time, keep time.Duration) *memory {
	return &memory{now: now, keep: keep, known: map[string]answer{}}
}

// recall returns what was answered, empty where that is not known any more.
func (m *memory) recall(question string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if a, ok := m.known[question]; ok && m.now().Before(a.until) {
		return a.value
	}
	return ""
}

// remember keeps an answer; an empty one is none.
func (m *memory) remember(question, value string) {
	if value == "" {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.known) >= maxKnown {
		clear(m.known)
	}
	m.known[question] = answer{value: value, until: m.now().Add(m.keep)}
}

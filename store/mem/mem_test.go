package mem_test

import (
	"errors"
	"testing"

	"stet/store"
	"stet/store/mem"
)

func TestInjectCountsAndOrders(t *testing.T) {
	s := mem.New(mem.Options{})
	s.Inject(mem.Fault{Op: mem.OpAppend, After: 1, Times: 2, Err: store.ErrFull})
	want := []error{nil, store.ErrFull, store.ErrFull, nil}
	for i, w := range want {
		if _, err := s.Append(t.Context(), store.Batch{}); !errors.Is(err, w) {
			t.Errorf("append %d: got %v, want %v", i, err, w)
		}
	}
	s.Inject(mem.Fault{Op: mem.OpList, Times: -1, Err: store.ErrBusy})
	for range 3 {
		if _, err := s.List(t.Context(), store.Query{}); !errors.Is(err, store.ErrBusy) {
			t.Errorf("got %v, want busy", err)
		}
	}
	s.Heal()
	if _, err := s.List(t.Context(), store.Query{}); err != nil {
		t.Errorf("after healing: %v", err)
	}
}

func TestInjectLateTakesEffect(t *testing.T) {
	s := mem.New(mem.Options{})
	s.Inject(mem.Fault{Op: mem.OpSetCursor, Err: store.ErrNetwork, Late: true})
	if err := s.SetCursor(t.Context(), "a", 0, 7); !errors.Is(err, store.ErrNetwork) {
		t.Fatalf("got %v, want network trouble", err)
	}
	if at, err := s.Cursor(t.Context(), "a"); at != 7 || err != nil {
		t.Errorf("the cursor stands at %d, %v; want 7", at, err)
	}
}

func TestClosedRefuses(t *testing.T) {
	s := mem.New(mem.Options{})
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Head(t.Context()); err == nil {
		t.Error("a closed store answered")
	}
}

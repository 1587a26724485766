package archiver

import (
	"strings"
	"testing"
	"time"

	"stet/store"
)

// TestSkew: what an answer's own time says of the machine's clock.
func TestSkew(t *testing.T) {
	started := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		head string
		want bool
	}{
		{"Date: Sun, 01 Mar 2026 12:00:05 GMT", false}, {"date:Sun, 01 Mar 2026 11:31:00 GMT", false}, {"Date: Sun, 01 Mar 2026 12:29:00 GMT", false},
		{"Date: Sun, 01 Mar 2026 11:20:00 GMT", true}, {"Date: Sun, 01 Mar 2026 12:40:00 GMT", true}, {"Date: Mon, 01 Mar 2027 12:00:00 GMT", true},
		{"Date: Sun, 01 Mar 2026 02:00:00 GMT\r\nAge: 36000", false}, {"Date: Sun, 01 Mar 2026 12:00:00 GMT\r\nAge: 36000", true},
		{"Date: yesterday", false}, {"X-Date: Mon, 01 Mar 2027 12:00:00 GMT", false}, {"Server: none", false},
	} {
		r := &recorded{exchanges: []store.Exchange{{Started: started, Took: time.Second, ResponseHead: []byte("HTTP/1.1 404 Not Found\r\n" + tt.head + "\r\n\r\n")}}}
		if got := r.skew(); (got != "") != tt.want || strings.ContainsAny(got, "\r\n") {
			t.Errorf("%q: %q, want a difference: %t", tt.head, got, tt.want)
		}
	}
	if got := (&recorded{}).skew(); got != "" {
		t.Errorf("without an exchange: %q", got)
	}
}

// TestInOrder: an observation that a clock dated that was ahead comes before
// the look that was made after it; an old capture that is added later does not
// move the looks before it.
func TestInOrder(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	make := func(hours int, endpoint string) Observation {
		return Observation{Endpoint: endpoint, Time: start.Add(time.Duration(hours) * time.Hour)}
	}
	all := []Observation{make(0, captured), make(9000, captured), make(9001, "a"), make(2, "b"), make(3, "c"), make(-500, captured)}
	inOrder(all)
	for i, want := range []struct {
		endpoint string
		hours    int
	}{{captured, -500}, {captured, 0}, {captured, 2}, {"a", 2}, {"b", 2}, {"c", 3}} {
		if got := all[i]; got.Endpoint != want.endpoint || got.Time.Sub(start) != time.Duration(want.hours)*time.Hour {
			t.Errorf("%d: %s after %v, want %s after %d h", i, got.Endpoint, got.Time.Sub(start), want.endpoint, want.hours)
		}
	}
}

package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// The pace of guessing.
const (
	// freeGuesses are how many wrong passwords in a row cost no time, from one
	// network and for one name there.
	freeGuesses = 5
	// firstWait doubles with each further one, up to longestWait.
	firstWait   = 2 * time.Second
	longestWait = 15 * time.Minute
	// maxGuessers bounds what is kept of those who guess.
	maxGuessers = 10_000
)

// throttle slows down those who guess passwords: by the network that they come
// from, which never keeps somebody elsewhere out.
type throttle struct {
	now  func() time.Time
	mu   sync.Mutex
	list map[string]guesses
}

type guesses struct {
	wrong int
	until time.Time
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{now: now, list: map[string]guesses{}}
}

// wait returns how long a network has to wait before it may guess.
func (t *throttle) wait(from string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return max(t.list[from].until.Sub(t.now()), 0)
}

// wrong counts a wrong guess.
func (t *throttle) wrong(from string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if len(t.list) >= maxGuessers {
		for k, v := range t.list {
			if now.Sub(v.until) > longestWait {
				delete(t.list, k)
			}
		}
	}
	if len(t.list) >= maxGuessers {
		clear(t.list) // somebody guesses from everywhere: memory comes first
	}
	g := t.list[from]
	g.wrong++
	g.until = now
	if over := g.wrong - freeGuesses; over >= 0 {
		g.until = now.Add(min(firstWait<<min(over, 20), longestWait))
	}
	t.list[from] = g
}

// right forgets the wrong guesses of a network.
func (t *throttle) right(from string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.list, from)
}

// network returns where a request comes from: its address, of IPv6 the part that
// one customer has. A proxy on this machine says whom it asks for.
func network(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	ip, err := netip.ParseAddr(host)
	if err == nil && ip.IsLoopback() {
		list := strings.Split(r.Header.Get("X-Forwarded-For"), ",")
		if last, err := netip.ParseAddr(strings.TrimSpace(list[len(list)-1])); err == nil {
			ip = last
		}
	}
	if ip = ip.Unmap(); ip.Is6() {
		if p, err := ip.Prefix(64); err == nil {
			return p.String()
		}
	}
	return ip.String()
}

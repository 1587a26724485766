package bluesky

import (
	"context"
	"slices"
	"sync"
	"time"

	"stet/archiver"
	exbluesky "stet/extract/bluesky"
	"stet/store"
)

const (
	// maxServers bounds how many accounts' servers are remembered.
	maxServers = 10_000
	// serverTime is how long an account's server is remembered: moving to
	// another is rare, and the old one keeps the files for a while.
	serverTime = 24 * time.Hour
)

// servers remembers where the accounts' repositories are kept, for the
// addresses of files. For what proves something it is asked anew.
type servers struct {
	now func() time.Time

	mu    sync.Mutex
	known map[string]knownServer // by DID
}

type knownServer struct {
	address string
	until   time.Time
}

func newServers(now func() time.Time) *servers {
	return &servers{now: now, known: map[string]knownServer{}}
}

// of returns the servers of accounts as far as they are known, and the
// exchanges by which that was found out. A look asks nobody: it brings no files
// where nothing has changed.
func (s *servers) of(ctx context.Context, c archiver.Client, dids []string, purpose string) (exbluesky.Servers, []store.Exchange) {
	out := exbluesky.Servers{}
	var made []store.Exchange
	slices.Sort(dids)
	for _, did := range dids {
		address, ok := s.recall(did)
		if !ok && purpose == "post" && ctx.Err() == nil {
			resp, err := get(ctx, c, exbluesky.DocumentURL(did), purpose)
			made = append(made, exchanges(resp)...)
			if err != nil {
				continue // the copies are fetched then
			}
			doc, _ := exbluesky.ReadDocument(did, response(resp))
			address = doc.Server
			s.keep(did, address)
		}
		if address != "" {
			out[did] = address
		}
	}
	return out, made
}

func (s *servers) recall(did string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.known[did]
	if !ok || !s.now().Before(k.until) {
		return "", false
	}
	return k.address, true
}

func (s *servers) keep(did, address string) {
	if address == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) >= maxServers {
		clear(s.known)
	}
	s.known[did] = knownServer{address: address, until: s.now().Add(serverTime)}
}

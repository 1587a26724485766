package bluesky

import (
	"context"
	"slices"
	"time"

	"stet/archiver"
	exbluesky "stet/extract/bluesky"
	"stet/store"
)

// serverTime is how long an account's server is remembered: moving to another
// is rare, and the old one keeps the files for a while.
const serverTime = 24 * time.Hour

// servers remembers where the accounts' repositories are kept, for the
// addresses of files. For what proves something it is asked anew.
type servers struct{ memory *memory }

// of returns the servers of accounts as far as they are known, and the
// exchanges by which that was found out. A look asks nobody: it brings no files
// where nothing has changed.
func (s *servers) of(ctx context.Context, c archiver.Client, dids []string, purpose string) (exbluesky.Servers, []store.Exchange) {
	out := exbluesky.Servers{}
	var made []store.Exchange
	slices.Sort(dids)
	for _, did := range dids {
		address := s.memory.recall(did)
		if address == "" && purpose == "post" && ctx.Err() == nil {
			resp, err := get(ctx, c, exbluesky.DocumentURL(did), purpose)
			made = append(made, exchanges(resp)...)
			if err != nil {
				continue // the copies are fetched then
			}
			doc, _ := exbluesky.ReadDocument(did, response(resp))
			address = doc.Server
			s.memory.remember(did, address)
		}
		if address != "" {
			out[did] = address
		}
	}
	return out, made
}

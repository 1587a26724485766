package store

import "context"

// Estate is what an archive keeps beside its journal and blobs, for moving it
// from one backend to another. It is optional, found by assertion.
type Estate interface {
	// AllCursors returns how far each follower of the journal has come.
	AllCursors(ctx context.Context) (map[string]uint64, error)
	// Receipts returns a page of what batches with keys got, in byte order of
	// the keys, after the key after ("" for the first page), at most limit (0
	// is 1,000).
	Receipts(ctx context.Context, after string, limit int) ([]KeyedReceipt, error)
	// Inherit takes over jobs, cursors and receipts as they are, in one commit,
	// in place of those with the same id, name or key. A job that is leased
	// waits and keeps its token. It is for a backend on which nobody works yet.
	Inherit(ctx context.Context, l Legacy) error
}

// KeyedReceipt is what a batch with a key got.
type KeyedReceipt struct {
	Key     string
	Receipt Receipt
}

// Legacy is what a backend inherits.
type Legacy struct {
	Jobs     []Job
	Cursors  map[string]uint64
	Receipts []KeyedReceipt
}

// Inherited returns a job as it is inherited.
func Inherited(j Job) Job {
	if j.State == JobLeased {
		j.State, j.Lease.Owner = JobWaiting, ""
	}
	j.Lease = Lease{Token: j.Lease.Token}
	return j
}

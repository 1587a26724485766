package store

import (
	"context"
	"io"
	"time"
)

// Records adds records and finds them. Implementations are safe for concurrent
// use. Nothing that a method returns depends on a transaction that stays open.
type Records interface {
	// Append commits a batch as a whole, durably, or not at all: when it
	// returns without error, a kill or a power cut loses nothing of it. It
	// gives the records consecutive journal numbers in their order.
	//
	// It errors with ErrConflict where a Finish names a job that is no longer
	// leased under its token, or a record's or new job's id exists already;
	// with ErrInvalid where a record refers to a blob that is not stored (one
	// of its terms is of IndexBlob); with ErrFull where no space is left; with
	// ErrPoisoned after a sync failed, until the store is opened again; with
	// ErrReadOnly where it was opened for reading.
	//
	// Where Batch.Key was used before, nothing is looked at or added, and the
	// receipt of that time is returned with Repeated set. Otherwise the
	// transitions of Finish are applied in their order, then the jobs of
	// Enqueue in theirs, each seeing what the ones before it did: a job that
	// the batch finishes does not stand in the way of a new one with its key.
	//
	// When ctx ends while the batch waits, it returns ctx's error and the
	// batch is not committed; once the commit has begun it is waited for.
	Append(ctx context.Context, b Batch) (Receipt, error)
	// Get returns the record with the id. It errors with ErrNotFound and
	// ErrCorrupt.
	Get(ctx context.Context, id ID) (Record, error)
	// List returns a page of the records that carry a term. It errors with
	// ErrCorrupt where one of them cannot be read.
	List(ctx context.Context, q Query) (Page, error)
	// Values returns a page of the distinct values of an index that begin with
	// a prefix, in byte order, after the value after ("" for the first page):
	// at most limit of them (0 is 1,000).
	Values(ctx context.Context, x Index, prefix, after string, limit int) ([]string, error)
}

// Journal reads the spine: every addition in order.
type Journal interface {
	// Head returns the highest journal number, 0 where the archive is empty.
	Head(ctx context.Context) (uint64, error)
	// Read returns the records after the number after, in order: as many as
	// are there, at most limit (0 is 1,000) and about 4 MB, but at least one
	// where there is one. All numbers up to the last one returned are present.
	Read(ctx context.Context, after uint64, limit int) ([]Record, error)
	// Leaves returns the leaf hashes after the number after, in order, at most
	// limit (0 is 10,000), as they were stored with their records.
	Leaves(ctx context.Context, after uint64, limit int) ([]Hash, error)
}

// SaysPrivate is what a record holds that says that it is private. Others may
// hold it, too: what somebody wrote.
const SaysPrivate = `"private":true`

// Sifter is a [Journal] that can say where bytes do not stand without taking
// every record apart. Not every backend is one.
type Sifter interface {
	// Sift looks for bytes, which hold no digest, in the records after a
	// number, and returns the number of the last record before which, and in
	// which, they do not stand: after itself where they may stand in the next
	// one. It stops early, so that it does not take long: at the end of the
	// journal it returns its head.
	Sift(ctx context.Context, after uint64, what []byte) (uint64, error)
}

// Jobs leases and lists durable work. Jobs are added and finished by
// [Records.Append] only, in the same commit as what they did.
type Jobs interface {
	// Lease gives the due jobs that nobody holds, or whose lease has ended, to
	// the owner: by priority, then by RunAt; jobs of one host do not keep those
	// of others waiting. It returns none, without error, where nothing is due.
	//
	// The order is exact: by priority; among equals the hosts take turns (the
	// first due job of each host, then the second of each, …; jobs without a
	// host take turns as if they were of one); in each turn by RunAt; then by
	// id.
	Lease(ctx context.Context, r LeaseRequest) ([]Job, error)
	// Extend prolongs a lease. It errors with ErrConflict where the token is
	// out of date or the job is no longer leased. A lease that has ended can
	// be prolonged as long as nobody else took the job.
	Extend(ctx context.Context, job ID, token uint64, until time.Time) error
	// Job returns a job. It errors with ErrNotFound where it is done, dropped
	// or never was.
	Job(ctx context.Context, id ID) (Job, error)
	// ListJobs returns a page of jobs, in the order of their ids.
	ListJobs(ctx context.Context, f JobFilter) ([]Job, error)
	// CountJobs counts the jobs.
	CountJobs(ctx context.Context, now time.Time) (JobCounts, error)
}

// Blobs keeps bytes under their digest.
type Blobs interface {
	// Create opens a writer that spools; nothing is visible until Commit.
	Create(ctx context.Context) (BlobWriter, error)
	// Open opens a blob for reading; the caller closes it. It errors with
	// ErrNotFound.
	Open(ctx context.Context, d Digest) (BlobReader, error)
	// Stat describes a blob. It errors with ErrNotFound.
	Stat(ctx context.Context, d Digest) (BlobInfo, error)
	// Blobs returns a page of the blobs after the digest after, in byte order,
	// at most limit (0 is 1,000).
	Blobs(ctx context.Context, after Digest, limit int) ([]BlobInfo, error)
	// Remove removes a blob that no record refers to. Removing an absent blob
	// is not an error. It errors with ErrConflict where a record refers to it,
	// or where a Commit of the last day still keeps it: see
	// [BlobWriter.Commit].
	Remove(ctx context.Context, d Digest) error
}

// BlobWriter spools the bytes of one blob. One goroutine uses it.
type BlobWriter interface {
	io.Writer
	// Commit makes the blob durable under the digest of what was written, and
	// keeps it from being removed until a record was added that refers to it
	// or a day has passed. Committing what is already stored is not an error
	// and keeps it anew. It errors with ErrFull. After Commit, Close does
	// nothing and Write errors.
	Commit(ctx context.Context) (BlobInfo, error)
	// Close throws away what was written, where Commit did not succeed.
	Close() error
}

// BlobReader reads one blob, also by range.
type BlobReader interface {
	io.ReadSeekCloser
	io.ReaderAt
}

// BlobInfo describes a blob.
type BlobInfo struct {
	Digest Digest `json:"digest"`
	// Size is in bytes.
	Size int64 `json:"bytes"`
	// Stored is when it was committed first.
	Stored time.Time `json:"stored,omitzero"`
}

// Cursors keeps how far each follower of the journal has come.
type Cursors interface {
	// Cursor returns the number that the follower name has reached, 0 where it
	// has none.
	Cursor(ctx context.Context, name string) (uint64, error)
	// SetCursor moves it from one number to another, durably. It errors with
	// ErrConflict where it does not stand at from.
	SetCursor(ctx context.Context, name string, from, to uint64) error
}

// Checker proves a whole store. Every backend that keeps things on a disk
// implements it.
type Checker interface {
	// Check decodes every record and compares it with its checksum and its
	// leaf, re-hashes every blob, and follows every reference and every index
	// entry both ways. It calls report for each problem, and goes on. The
	// error is for what kept it from looking; problems found are not errors.
	Check(ctx context.Context, report func(Problem)) (CheckSummary, error)
}

// Problem is one damage that a check found.
type Problem struct {
	// Thing says what kind of thing is damaged: record, index, blob, job,
	// journal, page, …
	Thing string `json:"thing"`
	// Name is its id, digest or number.
	Name string `json:"name"`
	// What is a sentence.
	What string `json:"what"`
}

// CheckSummary counts what a check looked at.
type CheckSummary struct {
	Records int64 `json:"records"`
	Entries int64 `json:"index_entries"`
	Blobs   int64 `json:"blobs"`
	// BlobBytes is the number of bytes that were hashed.
	BlobBytes int64 `json:"blob_bytes"`
	Jobs      int64 `json:"jobs"`
	// Unreferenced counts the blobs that no record refers to; they are not a
	// problem.
	Unreferenced int64 `json:"unreferenced_blobs"`
	Problems     int64 `json:"problems"`
}

// Compacter is a store whose disk keeps what was removed until it is written
// anew. It is found by assertion: a store that is none leaves nothing behind.
type Compacter interface {
	// Compact writes the store anew, while others read, and while those who
	// write wait. When it returns without an error, nothing is left in the
	// store's files of what was removed before it was called. Ended at any
	// moment, it leaves the old or the new. report, where it is not nil, is told
	// how far it is, and must not block.
	//
	// It errors with ErrFull where there is no space for both, and with
	// ErrCorrupt where the store is damaged.
	Compact(ctx context.Context, report func(CopyProgress)) (CompactSummary, error)
}

// CopyProgress says how far a long copy is.
type CopyProgress struct {
	// Stage says what is done: "database", "check", "blobs", …
	Stage string
	// Done and Total count bytes of the database, or blobs. Both are 0 where
	// the stage has no measure.
	Done, Total int64
}

// CompactSummary says what a store holds that was written anew.
type CompactSummary struct {
	// Before and After are the sizes of the database in bytes.
	Before int64 `json:"before"`
	After  int64 `json:"after"`
	// Records, Entries, Blobs and Jobs count what it holds.
	Records int64 `json:"records"`
	Entries int64 `json:"index_entries"`
	Blobs   int64 `json:"blobs"`
	Jobs    int64 `json:"jobs"`
}

// Statter says how much a backend holds.
type Statter interface {
	// Stats measures the store.
	Stats(ctx context.Context) (Stats, error)
}

// Stats says how much a store holds.
type Stats struct {
	// Kinds counts the records by kind.
	Kinds map[Kind]int64 `json:"kinds"`
	// First and Last are the times of the first and the last record of the
	// journal.
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"`
	// Blobs and BlobBytes count the stored blobs.
	Blobs     int64 `json:"blobs"`
	BlobBytes int64 `json:"blob_bytes"`
	// Bytes is what the records take on disk, and Free what of it is unused.
	Bytes int64 `json:"bytes"`
	Free  int64 `json:"free_bytes"`
	// Parts are the bytes by bucket or table.
	Parts map[string]int64 `json:"parts,omitempty"`
	// Place says where the store is.
	Place string `json:"place"`
}

// Batch is what one commit adds. The zero value adds nothing.
type Batch struct {
	// Key makes the batch idempotent: a second batch with the same key adds
	// nothing. Empty keys are not compared. It is at most [MaxTermLength] bytes.
	Key     string
	Records []Record
	Finish  []Finish
	Enqueue []Enqueue
}

// Receipt is what a commit gave.
type Receipt struct {
	// First and Last are the journal numbers of the records; both 0 where
	// there were none.
	First, Last uint64
	// Repeated is true where the batch's key was used before.
	Repeated bool
	// Jobs are the jobs of Enqueue as the commit left them, in its order: the
	// new one, or the one that was kept under the same key.
	Jobs []Job
}

// Query selects records by a term.
type Query struct {
	Term Term
	// Kinds limits the kinds; empty means all.
	Kinds []Kind
	// After and Before bound the journal numbers, both exclusive; Before 0 is
	// no bound.
	After, Before uint64
	// Limit is the most records to return; 0 is 100.
	Limit int
	// Newest returns the highest numbers first.
	Newest bool
}

// Page is a page of records.
type Page struct {
	Records []Record
	// More is true where there are further ones; ask for them with After (or,
	// newest first, Before) set to the last number.
	More bool
}

// Backend is what a place that keeps records must do. Blobs and search may
// live elsewhere.
type Backend interface {
	Records
	Journal
	Jobs
	Cursors
	io.Closer
}

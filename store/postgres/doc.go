// Package postgres keeps an archive in a PostgreSQL database (version 14 or
// later), for many machines that share it: records, journal, jobs, cursors and,
// where there is no object storage, blobs.
//
// Everything lies in one schema of its own. Values of outside (keys, addresses,
// payloads) are bytea and so sort by byte; times are microseconds since 1970.
// Records are stored as the blocks of store/codec.
//
// # The journal
//
// A transaction that adds records first does everything that can wait for
// others or be refused, then takes the row of the counter, and then only
// inserts and commits. Whoever comes next waits for that row. So numbers have
// no gaps, become visible in order, and a number that can be read is on disk
// (the server's synchronous_commit is switched on where it is off).
//
// # Time
//
// Leases begin and end by the clock of the database: [store.LeaseRequest].Now
// is not looked at, and the absolute times of other leases are read as so long
// from now by the caller's clock. RunAt is compared with the database's clock
// as it is; the machines' clocks should agree to the second.
//
// # Caveats
//
// Where the connection breaks during a commit, [store.ErrUnavailable] is
// returned and it is not known whether the batch was added: repeat it with the same
// [store.Batch].Key.
package postgres

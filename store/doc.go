// Package store defines what stet keeps and the contracts of those who keep
// it. It holds the records (exchanges, captures, derivations, looks, verdicts,
// article versions, …), the roles that a backend plays ([Records], [Journal],
// [Jobs], [Blobs], [Cursors], [Searcher]), the error classes, and [Archive],
// the gate in front of the roles that makes the checks no backend may skip.
//
// Nothing here opens a file or a connection: store/bolt and store/mem keep
// things on one machine, store/postgres for many. store/storetest is the
// conformance suite that each of them passes.
//
// # The journal
//
// Every addition gets the next number of the journal in the commit that stores
// it. Numbers begin at 1, have no gaps and become visible in order. The number
// is the primary key; the public name of a record is its [ID]. Whatever is
// derived (search index, evidence tree, notifications) follows the journal
// from a cursor of its own and can be rebuilt from zero.
//
// # Removal
//
// Records are only added. A record's [Leaf] is the hash of a header with salted
// commitments for each field, so that a takedown can destroy a field's value
// and its salt and leave the leaf as it was.
//
// # Ownership
//
// A caller must not change a slice or map after passing it to a method, and a
// method never keeps one after it returned. Returned slices belong to the
// caller.
package store

// Package bolt keeps an archive on one machine: records, journal, jobs and
// small blobs in one bbolt file, large blobs in files beside it.
//
// Many goroutines append at once; one goroutine commits what they hand it,
// several batches in one transaction, so that they share the two syncs of a
// commit. What a batch costs in computing (compression, hashes, index keys) is
// done by its caller before. A call that returned without error survives a
// kill and a power cut.
//
// One process at a time may have an archive open for writing. Several may have
// it open for reading, while none writes.
//
// [Store.Compact] and [Store.Rebuild] write the bbolt file anew while it is open:
// the goroutine that commits does it, so that batches wait, and puts the new file
// in the place of the old one, which those who read it keep until they are done.
//
// store/FORMAT.md describes every bucket, key and value.
//
// # Caveats
//
// Every method that reads opens a short transaction of its own and copies what
// it returns; none is left open when it returns. Journal methods show what is
// durable; the others may show what is about to become durable, which is
// harmless for what is written back into the same archive.
//
// bbolt answers damaged pages with panics and reads from mapped memory. Both
// are caught here and become [store.ErrCorrupt].
package bolt

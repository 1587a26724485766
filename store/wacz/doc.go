// Package wacz writes, reads and verifies WACZ 1.1.1 files: one ZIP that holds
// WARC files, their index, a list of pages and whatever belongs to them, each
// listed with its digest, and the list signed.
//
// What [Writer] writes depends on what it is given alone: every entry is
// stored, with its size and checksum in front of it, so that players can read
// ranges, and no byte of the file is left to chance. That is why [Verify] can
// find any byte that was changed, also between the entries. [Reader] reads what
// strangers wrote: it holds every limit of [Limits] and refuses names that
// lead elsewhere, entries that stand twice or overlap, links and encryption.
//
// Nothing here opens a file or a connection.
package wacz

// Package evidence makes of the journal an append-only Merkle tree (RFC 6962),
// so that the removal or the change of any single record can be found for ever,
// by anybody who kept one of its heads.
//
// [Tree] follows the journal: the leaf of the record with the number n is entry
// n-1. [Log] signs heads as C2SP checkpoints, keeps them as records, and proves:
// that a record is covered by a head ([Proof], in the tlog-proof format), and
// that one head goes on from another ([Consistency]). [ReadTimeStamp] and
// [ReadOTS] read what others said of a head. What is signed is what the archive
// has made durable, never more; a head that does not go on from the last one is
// not signed.
//
// Everything that reads what strangers wrote is bounded in size, count and depth.
package evidence

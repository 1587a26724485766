// Package codec writes records as bytes and reads them back, for every backend
// that keeps records as bytes.
//
// The unit is the block: one or several consecutive records of one batch,
// compressed together, so that what a derivation repeats of its exchange costs
// almost nothing, with a version, a checksum that also covers the journal
// number under which the block is stored, and the leaf hashes of its records.
// store/FORMAT.md describes the bytes.
//
// The package holds the dictionaries that blocks are compressed with. They
// contain invented text only and are kept by number for ever; nothing archived
// ever becomes part of one.
//
// Caveat: a decoded record shares memory with the other records of its block,
// without overlap: keeping one alive keeps them all.
package codec

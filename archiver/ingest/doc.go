// Package ingest reads posts out of files that somebody else made: collections
// of twarc, the archive of an account that X hands to its owner, web archives,
// tables, what other archivers write, lists of addresses and bookmarks.
//
// The bytes of a file are kept as they are, and each post that was found in
// them is a capture of [post.SourceImport] that names the bytes. Such a capture
// says what a file says: it is no sight of the living post, it does not stand
// in the way of a capture, and it ranks below everything that this archive or a
// web archive saw. Addresses become wishes to capture.
//
// Readers trust nothing: lines, items, files and what is unpacked are bounded,
// and a zip with entries that a person would not have put there is refused.
package ingest

// Package files keeps the bytes of large blobs in a folder, as
// [store.Objects], for a database whose workers share a file system: FOLDER/ab/
// holds the files cdef…, which are named by their digests.
//
// A file is written under a name of its own, synced, put in its place, and the
// folder synced, so that a file that can be seen is whole and on the disk.
package files

// Package s3 keeps the bytes of large blobs in a bucket of any storage that
// speaks the S3 interface, as [store.Objects].
//
// An object is named by its digest, PREFIX/ab/cdef…, so that the keys spread
// over all partitions of the storage, and is never written twice: uploads are
// conditional (If-None-Match), and what is there is left as it is. Objects
// above [PartSize] are uploaded in parts; what an interrupted upload leaves is
// no object, and a life-cycle rule of the bucket for incomplete uploads cleans
// it up.
//
// What the storage is asked for is signed (AWS Signature Version 4) and carries
// a checksum of the bytes, so that a changed body is refused by the server. A
// reader compares nothing: whoever reads a whole blob compares its digest.
package s3

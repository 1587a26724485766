// Package warc writes and reads WARC 1.1 files (ISO 28500:2017), the form in
// which web archives exchange what they recorded, and CDXJ, their index.
//
// [Writer] writes one compressed member for each record and says where it
// stands. [Exporter] turns the exchanges of an archive into records: what was
// on the wire stays as it was, but for framing that the archive took off, which
// a record of type metadata names. [Reader] reads what strangers wrote: it
// streams, holds every limit of [Limits], and believes no length, name or
// digest; [Validate] holds a whole file against the standard.
//
// Nothing here opens a file or a connection, and the same input gives the same
// bytes.
package warc

package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"path/filepath"

	"go.etcd.io/bbolt"

	"stet/store"
)

// FileName is the name of the bbolt file in an archive's folder.
const FileName = "archive.db"

const (
	blobsFolder = "blobs"
	spoolFolder = "spool"
	ownerFile   = "stet.pid"
	socketFile  = "stet.sock"
)

// SocketPath returns where the process that has the archive in dir open for
// writing serves the others. Nothing listens there yet.
func SocketPath(dir string) string { return filepath.Join(dir, socketFile) }

// freelistType is how bbolt keeps the list of free pages in memory. Each commit
// writes the list: an array is sorted already, of a map it would be made and
// sorted anew, which takes longer than all else that grows with an archive.
const freelistType = bbolt.FreelistArrayType

// The buckets. See store/FORMAT.md for their keys and values.
const (
	bucketMeta     = "meta"
	bucketRecords  = "records"
	bucketIDs      = "ids"
	bucketTerms    = "terms"
	bucketReceipts = "receipts"
	bucketJobs     = "jobs"
	bucketJobKeys  = "jobkeys"
	bucketDue      = "due"
	bucketLeases   = "leases"
	bucketCursors  = "cursors"
	bucketBlobs    = "blobs"
	bucketBlobData = "blobdata"
)

// buckets lists all of them.
func buckets() []string {
	return []string{bucketMeta, bucketRecords, bucketIDs, bucketTerms, bucketReceipts, bucketJobs, bucketJobKeys,
		bucketDue, bucketLeases, bucketCursors, bucketBlobs, bucketBlobData}
}

// appendOnly reports whether the keys of a bucket only ever come behind the
// last one.
func appendOnly(bucket string) bool { return bucket == bucketRecords || bucket == bucketIDs }

// fill returns how full bbolt is to make the pages of a bucket when it divides
// them. Where keys only ever come behind the last one, to the brim; where most
// do and values still change their size, nearly so; elsewhere by half, because
// the next key may come anywhere.
func fill(bucket string) float64 {
	switch {
	case appendOnly(bucket):
		return 1
	case bucket == bucketJobs:
		return 0.9
	}
	return bbolt.DefaultFillPercent
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// seal puts a checksum of bucket, key and value in front of value.
func seal(bucket string, key, value []byte) []byte {
	b := make([]byte, 4, 4+len(value))
	binary.BigEndian.PutUint32(b, sum(bucket, key, value))
	return append(b, value...)
}

func sum(bucket string, key, value []byte) uint32 {
	c := crc32.Checksum([]byte(bucket), castagnoli())
	c = crc32.Update(c, castagnoli(), key)
	return crc32.Update(c, castagnoli(), value)
}

// unseal verifies and removes the checksum.
func unseal(bucket string, key, sealed []byte) ([]byte, error) {
	if len(sealed) < 4 || binary.BigEndian.Uint32(sealed) != sum(bucket, key, sealed[4:]) {
		return nil, fmt.Errorf("%w: the entry %x of %s has another checksum", store.ErrCorrupt, key, bucket)
	}
	return sealed[4:], nil
}

// reader takes values off the front of b; after the first failure every value
// is zero.
type reader struct {
	b   []byte
	err error
}

var errShort = errors.New("a value ends too early")

func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.b, r.err = nil, errShort
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) byte() byte {
	if v := r.take(1); v != nil {
		return v[0]
	}
	return 0
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.b, r.err = nil, errShort
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (r *reader) string() string { return string(r.take(r.uvarint())) }

// end returns the first failure, or that something is left over.
func (r *reader) end() error {
	if r.err == nil && len(r.b) > 0 {
		return errors.New("a value is longer than it should be")
	}
	return r.err
}

func appendString[T ~string | ~[]byte](b []byte, s T) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

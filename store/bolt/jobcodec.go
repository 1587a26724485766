package bolt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"time"

	"stet/store"
)

// jobVersion is the version of the values of jobs.
const jobVersion = 1

// jobStates are the states as numbers: the index plus one. They are only ever
// appended.
func jobStates() []store.JobState {
	return []store.JobState{store.JobWaiting, store.JobLeased, store.JobDead}
}

func stateNumber(s store.JobState) byte {
	for i, t := range jobStates() {
		if s == t {
			return byte(i + 1)
		}
	}
	return 0
}

// instant brings a time to the form in which it is kept: UTC, in microseconds.
func instant(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

// appendTime writes 0 for no time, otherwise one more than the zigzag of the
// microseconds since 1970.
func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, 0)
	}
	us := t.UnixMicro()
	return binary.AppendUvarint(b, uint64(us)<<1^uint64(us>>63)+1)
}

func (r *reader) time() time.Time {
	u := r.uvarint()
	if u == 0 {
		return time.Time{}
	}
	u--
	return time.UnixMicro(int64(u>>1) ^ -int64(u&1)).UTC()
}

// encodeJob writes all of a job but its id. The payload mostly repeats the key
// of the job: it is written as what stands before the key and behind it.
func encodeJob(j *store.Job) []byte {
	b := make([]byte, 0, 96+len(j.Key)+len(j.Host)+len(j.Payload)+len(j.Error))
	b = append(b, jobVersion, stateNumber(j.State))
	b = appendString(b, j.Kind)
	b = appendString(b, j.Key)
	b = appendString(b, j.Host)
	before, after, cut := bytes.Cut(j.Payload, []byte(j.Key))
	if cut && j.Key != "" {
		b = appendString(appendString(append(b, payloadWithKey), before), after)
	} else {
		b = appendString(append(b, payloadPlain), j.Payload)
	}
	b = binary.AppendVarint(b, int64(j.Priority))
	b = appendTime(b, j.Created)
	b = appendTime(b, j.RunAt)
	b = binary.AppendVarint(b, int64(j.Attempts))
	b = binary.AppendUvarint(b, j.Lease.Token)
	b = appendString(b, j.Lease.Owner)
	b = appendTime(b, j.Lease.Until)
	b = appendString(b, j.Error)
	return appendString(b, j.ErrorClass)
}

func decodeJob(id store.ID, v []byte) (store.Job, error) {
	r := reader{b: v}
	if version := r.byte(); version > jobVersion {
		return store.Job{}, fmt.Errorf("%w: job %s has the format %d, this version reads up to %d", store.ErrVersion, id, version, jobVersion)
	}
	state := int(r.byte())
	if state < 1 || state > len(jobStates()) {
		return store.Job{}, fmt.Errorf("%w: job %s is in the unknown state %d", store.ErrCorrupt, id, state)
	}
	j := store.Job{ID: id, State: jobStates()[state-1]}
	j.Kind, j.Key, j.Host = r.string(), r.string(), r.string()
	j.Payload = r.payload(j.Key)
	j.Priority = int(r.varint())
	j.Created, j.RunAt = r.time(), r.time()
	j.Attempts = int(r.varint())
	j.Lease.Token, j.Lease.Owner, j.Lease.Until = r.uvarint(), r.string(), r.time()
	j.Error, j.ErrorClass = r.string(), r.string()
	if err := r.end(); err != nil {
		return store.Job{}, fmt.Errorf("%w: job %s: %w", store.ErrCorrupt, id, err)
	}
	return j, nil
}

// How the payload of a job is written.
const (
	payloadPlain   = 0
	payloadWithKey = 1
)

func (r *reader) payload(key string) []byte {
	how := r.byte()
	p := bytes.Clone(r.take(r.uvarint()))
	switch how {
	case payloadPlain:
	case payloadWithKey:
		p = append(append(p, key...), r.take(r.uvarint())...)
	default:
		r.b, r.err = nil, errors.New("its payload is written in no known way")
	}
	if len(p) == 0 {
		return nil
	}
	return p
}

// jobKeyKey is the key of jobkeys under which the ids of the jobs with a kind
// and key stand: eight bytes of a hash, which two keys may share.
func jobKeyKey(kind, key string) []byte {
	d := store.DigestOf(append(appendString(nil, kind), key...))
	return bytes.Clone(d[:8])
}

// A key of the bucket due is
//
//	line (6 bytes) | priority | run at (8 bytes) | id (16 bytes)
//
// where the line is a hash of the host, so that the jobs of a host stand
// together in the order in which they are leased.
const (
	lineSize   = 6
	dueTimeLen = 8
)

// lineOf hashes a host. Hosts whose hashes are equal take turns as if they
// were one; among ten thousand hosts, two are with a chance of one in five
// million.
func lineOf(host string) [lineSize]byte {
	d := store.DigestOf([]byte(host))
	return [lineSize]byte(d[:lineSize])
}

// appendPriority writes priorities so that they sort: those from 0 to 253 as
// one byte.
func appendPriority(b []byte, p int) []byte {
	switch {
	case p < 0:
		b = append(b, 0)
	case p <= 253:
		return append(b, byte(p)+1)
	default:
		b = append(b, 255)
	}
	return binary.BigEndian.AppendUint64(b, uint64(p)^1<<63)
}

func (r *reader) priority() int {
	switch p := r.byte(); p {
	case 0, 255:
		return int(r.bigEndian() ^ 1<<63)
	default:
		return int(p) - 1
	}
}

func (r *reader) bigEndian() uint64 {
	if v := r.take(8); v != nil {
		return binary.BigEndian.Uint64(v)
	}
	return 0
}

// appendSortedTime writes times so that they sort.
func appendSortedTime(b []byte, t time.Time) []byte {
	us := int64(math.MinInt64)
	if !t.IsZero() {
		us = t.UnixMicro()
	}
	return binary.BigEndian.AppendUint64(b, uint64(us)^1<<63)
}

func (r *reader) sortedTime() time.Time {
	us := int64(r.bigEndian() ^ 1<<63)
	if us == math.MinInt64 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

func dueKey(j *store.Job) []byte {
	line := lineOf(j.Host)
	b := append(make([]byte, 0, lineSize+9+dueTimeLen+16), line[:]...)
	b = appendPriority(b, j.Priority)
	b = appendSortedTime(b, j.RunAt)
	return append(b, j.ID[:]...)
}

// kindMark is the value of an entry of due: enough of the kind to pass over
// most jobs of other kinds without reading them.
func kindMark(kind string) []byte { return []byte{byte(crc32.Checksum([]byte(kind), castagnoli()))} }

// dueEntry is a key of due, taken apart.
type dueEntry struct {
	line     [lineSize]byte
	priority int
	runAt    time.Time
	id       store.ID
}

func readDueKey(k []byte) (dueEntry, error) {
	r := reader{b: k}
	var e dueEntry
	copy(e.line[:], r.take(lineSize))
	e.priority = r.priority()
	e.runAt = r.sortedTime()
	copy(e.id[:], r.take(uint64(len(e.id))))
	if err := r.end(); err != nil {
		return e, fmt.Errorf("%w: the entry %x of %s: %w", store.ErrCorrupt, k, bucketDue, err)
	}
	return e, nil
}

// leaseKey is the key of a leased job in the bucket leases: until | id.
func leaseKey(j *store.Job) []byte {
	return append(appendSortedTime(make([]byte, 0, dueTimeLen+16), j.Lease.Until), j.ID[:]...)
}

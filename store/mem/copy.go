package mem

import (
	"bytes"
	"slices"
	"time"

	"stet/store"
)

// instant brings a time to the form in which it is kept: UTC, in microseconds.
func instant(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

// cloneRecord returns a copy that shares no memory with r.
func cloneRecord(r *store.Record) store.Record {
	c := *r
	c.Time = instant(r.Time)
	c.Fields = slices.Clone(r.Fields)
	for i := range c.Fields {
		f := &c.Fields[i]
		f.Value = bytes.Clone(f.Value)
		if f.Removed != nil {
			h := *f.Removed
			f.Removed = &h
		}
	}
	c.Terms = slices.Clone(r.Terms)
	return c
}

// cloneJob returns a copy that shares no memory with j.
func cloneJob(j *store.Job) store.Job {
	c := *j
	c.Payload = bytes.Clone(j.Payload)
	c.Created, c.RunAt, c.Lease.Until = instant(j.Created), instant(j.RunAt), instant(j.Lease.Until)
	return c
}

func cloneReceipt(r store.Receipt) store.Receipt {
	jobs := r.Jobs
	r.Jobs = nil
	for i := range jobs {
		r.Jobs = append(r.Jobs, cloneJob(&jobs[i]))
	}
	return r
}

// digestOf reads the value of a blob's term.
func digestOf(value string) (store.Digest, bool) {
	if len(value) != len(store.Digest{}) {
		return store.Digest{}, false
	}
	return store.Digest([]byte(value)), true
}

package bolt

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"stet/store"
)

// jobs looks at the jobs, and whether each can be found by its key and when it
// is due.
func (c *checker) jobs() error {
	return c.bucket(bucketJobs, func(k, v []byte) {
		c.sum.Jobs++
		if len(k) != len(store.ID{}) {
			c.problem("job", hex.EncodeToString(k), "its name is not an id")
			return
		}
		id := store.ID(k)
		c.try("job", id.String(), func() error {
			b, err := unseal(bucketJobs, k, v)
			if err != nil {
				return err
			}
			j, err := decodeJob(id, b)
			if err != nil {
				return err
			}
			return c.job(&j)
		})
	})
}

func (c *checker) job(j *store.Job) error {
	var errs []error
	if j.Key != "" && !c.damaged[bucketJobKeys] {
		if ids, err := readJobKeys(mustBucket(c.tx, bucketJobKeys).Get(c.s.keyHash(j.Kind, j.Key))); err != nil || !slices.Contains(ids, j.ID) {
			errs = append(errs, fmt.Errorf("it cannot be found by its key %q", j.Key))
		}
	}
	bucket, key := timetable(j)
	if c.damaged[bucket] {
		return errors.Join(errs...)
	}
	switch bucket {
	case bucketDue:
		if got := mustBucket(c.tx, bucket).Get(key); !bytes.Equal(got, kindMark(j.Kind)) {
			errs = append(errs, errors.New("it waits and does not stand in the timetable"))
		}
	case bucketLeases:
		if mustBucket(c.tx, bucket).Get(key) == nil {
			errs = append(errs, errors.New("it is leased and does not stand among the leases"))
		}
	}
	return errors.Join(errs...)
}

// jobNamed returns the job that an entry names.
func (c *checker) jobNamed(id []byte) (*store.Job, error) {
	if len(id) != len(store.ID{}) {
		return nil, errors.New("it does not name a job")
	}
	j, err := jobOf(mustBucket(c.tx, bucketJobs), store.ID(id))
	if err == nil && j == nil {
		err = fmt.Errorf("it names job %s, which is not kept", store.ID(id))
	}
	return j, err
}

func (c *checker) jobKeys() error {
	return c.bucket(bucketJobKeys, func(k, v []byte) {
		c.look("job", fmt.Sprintf("%s %x", bucketJobKeys, k), func() error {
			ids, err := readJobKeys(v)
			if err == nil && len(ids) == 0 {
				err = errors.New("it names no job")
			}
			for i, id := range ids {
				j, e := c.jobNamed(id[:])
				if e == nil && (!bytes.Equal(c.s.keyHash(j.Kind, j.Key), k) || j.Key == "" || slices.Contains(ids[:i], id)) {
					e = fmt.Errorf("it leads to job %s, which has another key", id)
				}
				err = errors.Join(err, e)
			}
			return err
		}, bucketJobs)
	})
}

func (c *checker) due() error { return c.timetable(bucketDue) }

func (c *checker) leases() error { return c.timetable(bucketLeases) }

// timetable looks whether each entry of due or leases is that of a job.
func (c *checker) timetable(name string) error {
	return c.bucket(name, func(k, _ []byte) {
		c.look("job", fmt.Sprintf("%s %x", name, k), func() error {
			j, err := c.jobNamed(k[max(0, len(k)-len(store.ID{})):])
			if err != nil {
				return err
			}
			if bucket, key := timetable(j); bucket != name || !bytes.Equal(key, k) {
				return fmt.Errorf("it names job %s, which is %s at another place", j.ID, j.State)
			}
			return nil
		}, bucketJobs)
	})
}

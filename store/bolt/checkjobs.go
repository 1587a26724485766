package bolt

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"

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
	if j.Key != "" {
		c.withKey++
		if got := mustBucket(c.tx, bucketJobKeys).Get(jobKeyKey(j.Kind, j.Key)); !bytes.Equal(got, j.ID[:]) {
			errs = append(errs, fmt.Errorf("it cannot be found by its key %q", j.Key))
		}
	}
	bucket, key := timetable(j)
	switch bucket {
	case bucketDue:
		c.waiting++
		if got := mustBucket(c.tx, bucket).Get(key); !bytes.Equal(got, kindMark(j.Kind)) {
			errs = append(errs, errors.New("it waits and does not stand in the timetable"))
		}
	case bucketLeases:
		c.leased++
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
		c.try("job", fmt.Sprintf("%s %q", bucketJobKeys, k), func() error {
			j, err := c.jobNamed(v)
			if err == nil && !bytes.Equal(jobKeyKey(j.Kind, j.Key), k) {
				err = fmt.Errorf("it leads to job %s, which has another key", j.ID)
			}
			return err
		})
	})
}

func (c *checker) due() error { return c.timetable(bucketDue) }

func (c *checker) leases() error { return c.timetable(bucketLeases) }

// timetable looks whether each entry of due or leases is that of a job.
func (c *checker) timetable(name string) error {
	return c.bucket(name, func(k, v []byte) {
		c.try("job", fmt.Sprintf("%s %x", name, k), func() error {
			j, err := c.jobNamed(k[max(0, len(k)-len(store.ID{})):])
			if err != nil {
				return err
			}
			if bucket, key := timetable(j); bucket != name || !bytes.Equal(key, k) {
				return fmt.Errorf("it names job %s, which is %s at another place", j.ID, j.State)
			}
			return nil
		})
	})
}

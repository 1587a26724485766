package bolt

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"stet/store"
)

// blobs looks at the blobs: those inside are hashed, those in files noted.
func (c *checker) blobs() error {
	return c.bucket(bucketBlobs, func(k, v []byte) {
		c.sum.Blobs++
		if len(k) != len(store.Digest{}) {
			c.problem("blob", hex.EncodeToString(k), "its name is not a digest")
			return
		}
		d := store.Digest(k)
		c.try("blob", d.String(), func() error {
			e, err := readBlobEntry(d, v)
			if err != nil {
				return err
			}
			c.counts.blobs++
			c.counts.blobBytes += uint64(e.size)
			if err := c.blobUse(d, e); err != nil {
				return err
			}
			if e.place == placeFile {
				c.inFiles = append(c.inFiles, d)
				return nil
			}
			return c.blobInside(d, e)
		})
	})
}

// blobUse looks whether a record refers to a blob.
func (c *checker) blobUse(d store.Digest, e *blobEntry) error {
	if c.damaged[bucketTerms] {
		return nil
	}
	referred := false
	err := postings(c.tx, &store.Query{Term: store.BlobTerm(d)}, func(posting) bool {
		referred = true
		return false
	})
	switch {
	case err != nil:
		return err
	case !referred:
		c.sum.Unreferenced++
	case !e.kept.IsZero():
		return errors.New("it is kept for a record to come, and a record refers to it")
	}
	return nil
}

func (c *checker) blobInside(d store.Digest, e *blobEntry) error {
	if c.damaged[bucketBlobData] {
		return nil
	}
	data := mustBucket(c.tx, bucketBlobData).Get(d[:])
	if data == nil {
		return errors.New("its bytes are missing")
	}
	c.sum.BlobBytes += int64(len(data))
	if int64(len(data)) != e.size {
		return fmt.Errorf("it has %d bytes, not %d", len(data), e.size)
	}
	if got := store.DigestOf(data); got != d {
		return fmt.Errorf("it has the digest %s", got)
	}
	return nil
}

// blobData looks whether all bytes inside belong to a blob.
func (c *checker) blobData() error {
	return c.bucket(bucketBlobData, func(k, _ []byte) {
		c.look("blob", hex.EncodeToString(k), func() error {
			var e *blobEntry
			if len(k) == len(store.Digest{}) {
				var err error
				if e, err = blobOf(mustBucket(c.tx, bucketBlobs), store.Digest(k)); err != nil {
					return err
				}
			}
			if e == nil || e.place != placeInside {
				return errors.New("its bytes are inside, and no entry says so")
			}
			return nil
		}, bucketBlobs)
	})
}

// files hashes the files of blobs, outside of any transaction.
func (c *checker) files() error {
	for _, d := range c.inFiles {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		n, err := c.blobFile(d)
		c.sum.BlobBytes += n
		if err == nil {
			continue
		}
		if err := c.ctx.Err(); err != nil {
			return err
		}
		if _, _, gone := c.s.lookUp(c.ctx, d, false); errors.Is(gone, store.ErrNotFound) {
			continue // it was removed meanwhile
		}
		c.problem("blob", d.String(), "%v", err)
	}
	return nil
}

// blobFile hashes one file and returns its size.
func (c *checker) blobFile(d store.Digest) (int64, error) {
	f, err := os.Open(c.s.blobPath(d))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("its file %s is missing", c.s.blobPath(d))
	}
	if err != nil {
		return 0, fmt.Errorf("its file cannot be read: %w", err)
	}
	h := sha256.New()
	n, err := io.Copy(h, &stopper{c, f})
	if err := errors.Join(err, f.Close()); err != nil {
		return n, fmt.Errorf("its file cannot be read: %w", err)
	}
	if got := h.Sum(nil); !bytes.Equal(got, d[:]) {
		return n, fmt.Errorf("its file has the digest %s", store.Digest(got))
	}
	return n, nil
}

// stopper ends a long read when the check is to end.
type stopper struct {
	c *checker
	r io.Reader
}

// Read implements [io.Reader].
func (s *stopper) Read(p []byte) (int, error) {
	if err := s.c.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.Read(p)
}

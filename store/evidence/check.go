package evidence

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/mod/sumdb/tlog"

	"stet/store"
)

// Checked says what [Log.Check] looked at.
type Checked struct {
	// Heads is how many kept heads were proved.
	Heads int64 `json:"heads"`
	// Covered is how many records the last of them covers.
	Covered int64 `json:"covered_records"`
	// Problems is how many were found.
	Problems int64 `json:"-"`
}

// Check proves the archive against every head that was kept: the signature, and
// that the records up to there are still those. It uses the journal alone, and
// not the kept hashes. It calls report for each problem, and goes on.
func (l *Log) Check(ctx context.Context, report func(store.Problem)) (Checked, error) {
	c := &checking{log: l, report: report}
	err := l.Heads(ctx, func(s *Signed) bool {
		c.failed = c.head(ctx, s)
		return c.failed == nil
	})
	if err = errors.Join(err, c.failed); err != nil {
		if errors.Is(err, store.ErrCorrupt) || errors.Is(err, store.ErrVerification) {
			c.problem("head", "", err.Error())
			err = nil
		}
	}
	if err == nil {
		err = c.outside(ctx)
	}
	return c.sum, err
}

// checking is one run of [Log.Check].
type checking struct {
	log    *Log
	report func(store.Problem)
	sum    Checked
	at     peaks
	failed error
}

func (c *checking) problem(thing, name, what string) {
	c.sum.Problems++
	c.report(store.Problem{Thing: thing, Name: name, What: what})
}

// head proves one head. The error is for what kept it from looking.
func (c *checking) head(ctx context.Context, s *Signed) error {
	c.sum.Heads++
	name := s.Record.String()
	trust, err := NewTrust(s.Key)
	if err == nil {
		_, _, err = trust.ReadHead(s.Message)
	}
	if err != nil {
		c.problem("head", name, "its signature does not fit: "+err.Error())
		return nil
	}
	if s.Size < c.at.size {
		c.problem("head", name, fmt.Sprintf("it covers %d records, fewer than the %d of the head before", s.Size, c.at.size))
		return nil
	}
	head, err := c.log.archive.Backend().Head(ctx)
	if err != nil {
		return fmt.Errorf("reading the end of the journal: %w", err)
	}
	if uint64(s.Size) > head {
		c.problem("head", name, fmt.Sprintf("it covers %d records, and the archive holds %d: records were removed", s.Size, head))
		return nil
	}
	root, err := c.log.tree.extend(ctx, &c.at, s.Size)
	if err != nil {
		return err
	}
	if root != s.Root {
		c.problem("head", name, fmt.Sprintf("the first %d records are not those that were signed: one was changed, removed or added after record %d", s.Size, c.sum.Covered))
		return nil
	}
	c.sum.Covered = s.Size
	return nil
}

// outside compares the archive with the head that lies beside it.
func (c *checking) outside(ctx context.Context) error {
	l := c.log
	if l.o.Dir == "" {
		return nil
	}
	body, err := os.ReadFile(l.path(HeadFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: reading the head that was signed last: %w", store.ErrReadOnly, err)
	}
	h, err := UnsignedHead(body)
	if err != nil {
		c.problem("head", HeadFile, err.Error())
		return nil
	}
	head, err := l.archive.Backend().Head(ctx)
	if err != nil {
		return fmt.Errorf("reading the end of the journal: %w", err)
	}
	if h.Size > int64(head) {
		c.problem("head", HeadFile, fmt.Sprintf("the head that was signed last covers %d records, and the archive holds %d: an older copy was put in its place, or records were removed", h.Size, head))
		return nil
	}
	if root, err := c.rootOf(ctx, h.Size); err != nil {
		return err
	} else if root != h.Root {
		c.problem("head", HeadFile, fmt.Sprintf("the first %d records are not those that were signed last", h.Size))
	}
	return nil
}

// rootOf computes a root from the leaves; mostly that of the last head.
func (c *checking) rootOf(ctx context.Context, size int64) (tlog.Hash, error) {
	if c.at.size > size {
		c.at = peaks{}
	}
	return c.log.tree.extend(ctx, &c.at, size)
}

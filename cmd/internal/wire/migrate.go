package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"stet/cmd/internal/config"
	"stet/cmd/internal/token"
	"stet/cmd/internal/user"
	"stet/store"
	"stet/store/durable"
	"stet/store/evidence"
)

// MigrateSummary says what was moved.
type MigrateSummary struct {
	// Records are those of the journal, and Before how many of them an earlier
	// run had moved already.
	Records uint64 `json:"records"`
	Before  uint64 `json:"records_before"`
	// Blobs are the files that were copied, of Bytes.
	Blobs int64 `json:"blobs"`
	Bytes int64 `json:"bytes"`
	Jobs  int   `json:"jobs"`
}

// Migrate copies a whole archive from one place to another, which must be empty
// or hold the beginning of the same archive: then it goes on from there. Every
// record keeps its number and its leaf, which are compared, and every file its
// digest. Nobody may work on either meanwhile; nothing is removed.
//
// It errors with ErrConflict where the place holds another archive.
func Migrate(ctx context.Context, from, to *config.Config, o Options, report func(done, all uint64)) (sum MigrateSummary, err error) {
	o = o.withDefaults()
	src, closers, err := openDatabase(ctx, from, o, access{readOnly: true})
	if err != nil {
		return sum, fmt.Errorf("opening the archive to move: %w", err)
	}
	defer func() { err = errors.Join(err, closeAll(closers)) }()
	dst, more, err := openDatabase(ctx, to, o, access{})
	if err != nil {
		return sum, fmt.Errorf("opening the place to move it to: %w", err)
	}
	defer func() { err = errors.Join(err, closeAll(more)) }()
	for _, db := range []database{src, dst} {
		if err := alone(ctx, db); err != nil {
			return sum, err
		}
	}
	m := &mover{src: src, dst: dst, sum: &sum}
	if err := m.move(ctx, report); err != nil {
		return sum, err
	}
	return sum, copyBeside(from.Data, to.Data)
}

// aloneTries is how often it is looked, a second apart, whether others are at
// work: connections of a process that ended stay for a moment.
const aloneTries = 4

// alone errors with ErrBusy where other processes have an archive open: what they
// add, and the jobs that they do, would be missing from what is moved.
func alone(ctx context.Context, db database) error {
	crowd, ok := db.(store.Crowd)
	if !ok {
		return nil // nobody else can have it open
	}
	for try := 1; ; try++ {
		n, err := crowd.Others(ctx)
		if err != nil || n == 0 {
			return err
		}
		if try == aloneTries || !pause(ctx, time.Second) {
			return fmt.Errorf("%w: other processes are at work there, with %d connections; stop every stet that uses it and run the same command again", store.ErrBusy, n)
		}
	}
}

// move moves what is in the databases.
func (m *mover) move(ctx context.Context, report func(done, all uint64)) error {
	if err := m.begin(ctx); err != nil {
		return err
	}
	if err := m.records(ctx, report); err != nil {
		return err
	}
	if err := m.redactions(ctx); err != nil {
		return err
	}
	if err := m.estate(ctx); err != nil {
		return err
	}
	head, err := m.src.Head(ctx)
	if err == nil && head != m.head {
		err = fmt.Errorf("%w: something was added to the archive while it was moved; stop every stet that uses it and run the same command again", store.ErrBusy)
	}
	return err
}

// mover copies one archive.
type mover struct {
	src, dst   database
	head, done uint64
	sum        *MigrateSummary
}

// begin looks whether what is there is the beginning of what is moved.
func (m *mover) begin(ctx context.Context) (err error) {
	if m.head, err = m.src.Head(ctx); err != nil {
		return fmt.Errorf("reading the archive to move: %w", err)
	}
	if m.done, err = m.dst.Head(ctx); err != nil {
		return fmt.Errorf("reading the place to move it to: %w", err)
	}
	other := fmt.Errorf("%w: the place to move it to holds another archive; name an empty one", store.ErrConflict)
	if m.done > m.head {
		return other
	}
	for after := uint64(0); after < m.done; {
		theirs, err := m.dst.Leaves(ctx, after, 0)
		if err != nil {
			return fmt.Errorf("reading the place to move it to: %w", err)
		}
		ours, err := m.src.Leaves(ctx, after, len(theirs))
		if err != nil {
			return fmt.Errorf("reading the archive to move: %w", err)
		}
		for i := range theirs {
			if i >= len(ours) || ours[i] != theirs[i] {
				return other
			}
		}
		if len(theirs) == 0 {
			return fmt.Errorf("%w: the journal of the place to move it to ends at %d and has no leaf after %d", store.ErrCorrupt, m.done, after)
		}
		after += uint64(len(theirs))
	}
	m.sum.Before = m.done
	return nil
}

// records copies the journal, the files that a record refers to before it.
func (m *mover) records(ctx context.Context, report func(done, all uint64)) error {
	for m.done < m.head {
		report(m.done, m.head)
		records, err := m.src.Read(ctx, m.done, 500)
		if err != nil {
			return fmt.Errorf("reading the records after %d: %w", m.done, err)
		}
		if len(records) == 0 {
			return fmt.Errorf("%w: the journal ends at %d and has no record after %d", store.ErrCorrupt, m.head, m.done)
		}
		leaves, err := m.src.Leaves(ctx, m.done, len(records))
		if err != nil {
			return fmt.Errorf("reading the leaves after %d: %w", m.done, err)
		}
		for i := range records {
			if err := m.record(ctx, &records[i], leaves[i]); err != nil {
				return err
			}
		}
		r, err := m.dst.Append(ctx, store.Batch{Records: records})
		if err != nil {
			return fmt.Errorf("adding the records %d to %d: %w", records[0].Seq, records[len(records)-1].Seq, err)
		}
		if r.First != m.done+1 {
			return fmt.Errorf("%w: somebody else works on the place that the archive is moved to", store.ErrConflict)
		}
		m.done = r.Last
	}
	report(m.done, m.head)
	m.sum.Records = m.done
	return nil
}

// redactions changes what an earlier run had moved and lost its content since, or
// has it again.
func (m *mover) redactions(ctx context.Context) error {
	q := store.Query{Term: store.RedactionsTerm(), Limit: 100}
	for more := m.sum.Before > 0; more; {
		page, err := m.src.List(ctx, q)
		if err != nil {
			return fmt.Errorf("reading what was removed: %w", err)
		}
		for i := range page.Records {
			q.After = page.Records[i].Seq
			r, err := store.Decode[store.Redaction](&page.Records[i])
			if err != nil {
				return err
			}
			for _, changed := range r.Records {
				if err := m.redact(ctx, changed.ID); err != nil {
					return fmt.Errorf("moving what is left of record %s: %w", changed.ID, err)
				}
			}
		}
		more = page.More
	}
	return nil
}

// redact puts a record as it is now in the place of what was moved of it.
func (m *mover) redact(ctx context.Context, id store.ID) error {
	now, err := m.src.Get(ctx, id)
	if err != nil {
		return err
	}
	was, err := m.dst.Get(ctx, id)
	if err != nil {
		return err
	}
	lacks := func(r *store.Record) (names []string) {
		for _, f := range r.Fields {
			if f.Removed != nil {
				names = append(names, f.Name)
			}
		}
		return names
	}
	if slices.Equal(lacks(&now), lacks(&was)) {
		return nil
	}
	before, err := store.StoredTerms(&was)
	if err != nil {
		return err
	}
	if err := m.record(ctx, &now, now.Leaf()); err != nil {
		return err
	}
	if _, err := m.dst.(store.Redactor).Redact(ctx, store.Batch{}, []store.Record{now}); err != nil {
		return err
	}
	for _, t := range before {
		if t.Index != store.IndexBlob || slices.Contains(now.Terms, t) {
			continue
		}
		if err := m.dst.Remove(ctx, store.Digest([]byte(t.Value))); err != nil && !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	return nil
}

// record proves a record, gives it its index entries and copies its files.
func (m *mover) record(ctx context.Context, r *store.Record, leaf store.Hash) error {
	if r.Leaf() != leaf {
		return fmt.Errorf("%w: record %d (%s) does not have the leaf that was stored with it; `stet check` says more", store.ErrCorrupt, r.Seq, r.ID)
	}
	content, err := store.DecodeAny(r)
	if err != nil {
		return fmt.Errorf("record %d (%s): %w", r.Seq, r.ID, err)
	}
	if content != nil && r.Whole() {
		r.Terms = store.TermsOf(content)
	}
	for _, t := range r.Terms {
		if t.Index != store.IndexBlob {
			continue
		}
		if err := m.blob(ctx, store.Digest([]byte(t.Value))); err != nil {
			return fmt.Errorf("record %d (%s): %w", r.Seq, r.ID, err)
		}
	}
	return nil
}

// blob copies a file, unless it is there.
func (m *mover) blob(ctx context.Context, d store.Digest) (err error) {
	if _, err := m.dst.Stat(ctx, d); err == nil || !errors.Is(err, store.ErrNotFound) {
		return err
	}
	r, err := m.src.Open(ctx, d)
	if err != nil {
		return fmt.Errorf("opening the file %s: %w", d, err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	w, err := m.dst.Create(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if _, err := io.Copy(w, r); err != nil {
		return fmt.Errorf("copying the file %s: %w", d, err)
	}
	info, err := w.Commit(ctx)
	if err != nil {
		return fmt.Errorf("copying the file %s: %w", d, err)
	}
	if info.Digest != d {
		return fmt.Errorf("%w: the file %s has the digest %s; `stet check` says more", store.ErrCorrupt, d, info.Digest)
	}
	m.sum.Blobs++
	m.sum.Bytes += info.Size
	return nil
}

// estate copies what is not in the journal.
func (m *mover) estate(ctx context.Context) error {
	from, to := m.src.(store.Estate), m.dst.(store.Estate) // every database of this program has it
	cursors, err := from.AllCursors(ctx)
	if err == nil {
		err = to.Inherit(ctx, store.Legacy{Cursors: cursors})
	}
	if err != nil {
		return fmt.Errorf("moving the places of followers: %w", err)
	}
	for after := ""; ; {
		receipts, err := from.Receipts(ctx, after, 0)
		if err == nil && len(receipts) > 0 {
			err = to.Inherit(ctx, store.Legacy{Receipts: receipts})
		}
		if err != nil {
			return fmt.Errorf("moving the receipts: %w", err)
		}
		if len(receipts) == 0 {
			break
		}
		after = receipts[len(receipts)-1].Key
	}
	for f := (store.JobFilter{Limit: 500}); ; {
		jobs, err := m.src.ListJobs(ctx, f)
		if err == nil && len(jobs) > 0 {
			err = to.Inherit(ctx, store.Legacy{Jobs: jobs})
		}
		if err != nil {
			return fmt.Errorf("moving the jobs: %w", err)
		}
		if len(jobs) == 0 {
			return nil
		}
		m.sum.Jobs += len(jobs)
		f.After = jobs[len(jobs)-1].ID
	}
}

// copyBeside copies what lies beside an archive and is not made anew: who may use
// it, and the key that signs its heads.
func copyBeside(from, to string) error {
	if from == to {
		return nil
	}
	if _, err := token.Copy(from, to, false); err != nil {
		return err
	}
	if _, err := user.Copy(from, to, false); err != nil {
		return err
	}
	if _, err := takedownsIn(from).CopyTo(filepath.Join(to, TakedownFile), true); err != nil {
		return err
	}
	if _, err := redactionsIn(from).CopyTo(filepath.Join(to, RedactionFile), true); err != nil {
		return err
	}
	if _, err := privateIn(from).CopyTo(filepath.Join(to, PrivateFile), true); err != nil {
		return err
	}
	for _, name := range []string{evidence.KeyFile, evidence.HeadFile, SealKeyFile} {
		if err := copySecret(filepath.Join(from, name), filepath.Join(to, name)); err != nil {
			return fmt.Errorf("%w: copying %s: %w", store.ErrReadOnly, name, err)
		}
	}
	return nil
}

// copySecret copies a small file that only its owner may read, where there is
// one; one that is there already must be the same.
func copySecret(from, to string) error {
	body, err := os.ReadFile(from)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if was, err := os.ReadFile(to); err == nil {
		if bytes.Equal(was, body) {
			return nil
		}
		return fmt.Errorf("%s is there and is another", to)
	}
	return durable.ReplaceFile(to, body, 0o600)
}

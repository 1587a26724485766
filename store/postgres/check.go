package postgres

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/jackc/pgx/v5"

	"stet/store"
)

// Check implements [store.Checker]. It reads in pages: what is added meanwhile
// may or may not be looked at.
func (s *Store) Check(ctx context.Context, report func(store.Problem)) (store.CheckSummary, error) {
	c := &checker{s: s, report: report}
	for _, step := range []func(context.Context) error{c.records, c.entries, c.references, c.blobs, c.jobs} {
		if err := step(ctx); err != nil {
			return c.sum, classify(ctx, err)
		}
	}
	return c.sum, nil
}

type checker struct {
	s      *Store
	report func(store.Problem)
	sum    store.CheckSummary
}

func (c *checker) problem(thing, name, format string, args ...any) {
	c.sum.Problems++
	c.report(store.Problem{Thing: thing, Name: name, What: fmt.Sprintf(format, args...)})
}

// records decodes every block and compares its records with what is kept of
// them elsewhere.
func (c *checker) records(ctx context.Context) error {
	head, err := c.s.Head(ctx)
	if err != nil {
		return err
	}
	for next := uint64(1); next <= head; {
		rows, err := c.s.query(ctx, `SELECT first, count, bytes FROM blocks WHERE first >= $1 ORDER BY first LIMIT 16`, number(next))
		if err != nil {
			return err
		}
		type block struct {
			First uint64
			Count int
			Bytes []byte
		}
		blocks, err := pgx.CollectRows(rows, pgx.RowToStructByPos[block])
		if err != nil {
			return err
		}
		if len(blocks) == 0 {
			c.problem("journal", fmt.Sprint(next), "the records from %d to %d are missing", next, head)
			return nil
		}
		for _, b := range blocks {
			if b.First != next {
				c.problem("journal", fmt.Sprint(next), "the records from %d to %d are missing", next, b.First-1)
			}
			if err := c.block(ctx, b.First, b.Count, b.Bytes); err != nil {
				return err
			}
			next = b.First + uint64(max(b.Count, 1))
		}
	}
	return nil
}

func (c *checker) block(ctx context.Context, first uint64, count int, sealed []byte) error {
	records, err := c.s.codec.Decode(sealed, first)
	if err != nil {
		c.problem("record", fmt.Sprint(first), "the block of records %d to %d: %v", first, first+uint64(count)-1, err)
		return nil
	}
	if len(records) != count {
		c.problem("record", fmt.Sprint(first), "the block has %d records, not %d", len(records), count)
	}
	for i := range records {
		c.sum.Records++
		if err := c.record(ctx, &records[i]); err != nil {
			return err
		}
	}
	return nil
}

// record compares a decoded record with its row, its index entries and the
// records that it refers to.
func (c *checker) record(ctx context.Context, r *store.Record) error {
	name := r.ID.String()
	var (
		seq  uint64
		kind int16
		leaf []byte
	)
	err := c.s.pool.QueryRow(ctx, `SELECT seq, kind, leaf FROM records WHERE id = $1`, r.ID[:]).Scan(&seq, &kind, &leaf)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		c.problem("index", name, "record %d cannot be found by its id", r.Seq)
	case err != nil:
		return err
	case seq != r.Seq || kind != int16(r.Kind.Number()):
		c.problem("index", name, "its id leads to record %d of kind %d, not %d of kind %d", seq, kind, r.Seq, r.Kind.Number())
	}
	if got := r.Leaf(); err == nil && string(leaf) != string(got[:]) {
		c.problem("record", name, "the record does not have the leaf that was stored with it")
	}
	if err := c.redacted(ctx, r); err != nil {
		return err
	}
	content, err := store.DecodeAny(r)
	if err != nil {
		c.problem("record", name, "%v", err)
		return nil
	}
	if content == nil {
		return nil
	}
	terms, err := store.StoredTerms(r)
	if err != nil {
		return err
	}
	if err := c.terms(ctx, r, terms); err != nil {
		return err
	}
	return c.refers(ctx, r, store.References(content))
}

// redacted looks whether a redaction says why content of a record is missing.
func (c *checker) redacted(ctx context.Context, r *store.Record) error {
	if r.Whole() {
		return nil
	}
	var named bool
	t := store.RecordTerm(r.ID)
	row := c.s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM terms WHERE idx = $1 AND value = $2 AND kind = $3)`,
		int16(t.Index.Number()), []byte(t.Value), int16(store.KindRedaction.Number()))
	if err := row.Scan(&named); err != nil {
		return err
	}
	if !named {
		c.problem("record", r.ID.String(), "%s", store.NoRedaction)
	}
	return nil
}

// terms compares the index entries that lead to a record with those that its
// content asks for.
func (c *checker) terms(ctx context.Context, r *store.Record, want []store.Term) error {
	for _, t := range want {
		var there bool
		row := c.s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM terms WHERE idx = $1 AND value = $2 AND seq = $3 AND kind = $4)`,
			int16(t.Index.Number()), []byte(t.Value), number(r.Seq), int16(r.Kind.Number()))
		if err := row.Scan(&there); err != nil {
			return err
		}
		if !there {
			c.problem("index", r.ID.String(), "the entry %s %q is missing", t.Index, t.Value)
		}
	}
	return nil
}

func (c *checker) refers(ctx context.Context, r *store.Record, ids []store.ID) error {
	for _, id := range ids {
		var there bool
		if err := c.s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM records WHERE id = $1)`, id[:]).Scan(&there); err != nil {
			return err
		}
		if !there {
			c.problem("record", r.ID.String(), "it refers to the record %s, which is not there", id)
		}
	}
	return nil
}

// entries follows every index entry to its record.
func (c *checker) entries(ctx context.Context) error {
	var last struct {
		idx   int16
		value []byte
		seq   int64
	}
	last.value = []byte{}
	for {
		rows, err := c.s.query(ctx, `SELECT idx, value, seq, kind FROM terms WHERE (idx, value, seq) > ($1, $2, $3)
			ORDER BY idx, value, seq LIMIT 1000`, last.idx, last.value, last.seq)
		if err != nil {
			return err
		}
		type entry struct {
			Idx   int16
			Value []byte
			Seq   int64
			Kind  int16
		}
		entries, err := pgx.CollectRows(rows, pgx.RowToStructByPos[entry])
		if err != nil || len(entries) == 0 {
			return err
		}
		seqs := make([]int64, len(entries))
		for i, e := range entries {
			seqs[i] = e.Seq
		}
		terms, err := c.termsOf(ctx, seqs)
		if err != nil {
			return err
		}
		for _, e := range entries {
			c.sum.Entries++
			indexes := store.Indexes()
			if e.Idx < 1 || int(e.Idx) > len(indexes) {
				c.problem("index", fmt.Sprint(e.Seq), "an entry belongs to the index %d, which is not known", e.Idx)
				continue
			}
			t := store.Term{Index: indexes[e.Idx-1], Value: string(e.Value)}
			if carried, ok := terms[e.Seq]; ok && !slices.Contains(carried, t) {
				c.problem("index", fmt.Sprint(e.Seq), "the entry %s %q leads to record %d, which does not carry it", t.Index, t.Value, e.Seq)
			}
		}
		end := entries[len(entries)-1]
		last.idx, last.value, last.seq = end.Idx, end.Value, end.Seq
	}
}

// termsOf returns what the records with the numbers carry. Records that cannot
// be read are left out: they were reported.
func (c *checker) termsOf(ctx context.Context, seqs []int64) (map[int64][]store.Term, error) {
	slices.Sort(seqs)
	terms := map[int64][]store.Term{}
	for _, seq := range slices.Compact(seqs) {
		var first int64
		var sealed []byte
		err := c.s.pool.QueryRow(ctx, `SELECT first, bytes FROM blocks WHERE first <= $1 ORDER BY first DESC LIMIT 1`, seq).Scan(&first, &sealed)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return nil, err
		}
		records, derr := c.s.codec.Decode(sealed, uint64(first))
		if err == nil && derr != nil {
			continue
		}
		if err != nil || seq-first >= int64(len(records)) {
			terms[seq] = nil // there is no such record: nothing is carried
			continue
		}
		if terms[seq], err = store.StoredTerms(&records[seq-first]); err != nil {
			delete(terms, seq)
		}
	}
	return terms, nil
}

// references looks for what cannot be found from a record: ids that lead
// nowhere, and blobs that are referred to and not stored.
func (c *checker) references(ctx context.Context) error {
	rows, err := c.s.query(ctx, `SELECT id FROM records r
		WHERE NOT EXISTS (SELECT FROM blocks b WHERE b.first <= r.seq AND r.seq < b.first + b.count) LIMIT 1000`)
	if err != nil {
		return err
	}
	var name []byte
	if _, err := pgx.ForEachRow(rows, []any{&name}, func() error {
		c.problem("index", fmt.Sprintf("%x", name), "the id leads to a record that is not there")
		return nil
	}); err != nil {
		return err
	}
	rows, err = c.s.query(ctx, `SELECT DISTINCT value FROM terms t
		WHERE idx = $1 AND NOT EXISTS (SELECT FROM blobs b WHERE b.digest = t.value AND b.place < 2) LIMIT 1000`, int16(store.IndexBlob.Number()))
	if err != nil {
		return err
	}
	_, err = pgx.ForEachRow(rows, []any{&name}, func() error {
		c.problem("blob", fmt.Sprintf("%x", name), "a record refers to it and it is not stored")
		return nil
	})
	return err
}

// blobs hashes every blob again.
func (c *checker) blobs(ctx context.Context) error {
	for after := (store.Digest{}); ; {
		infos, err := c.s.Blobs(ctx, after, 0)
		if err != nil || len(infos) == 0 {
			return err
		}
		for _, info := range infos {
			c.sum.Blobs++
			if err := c.blob(ctx, info); err != nil {
				return err
			}
		}
		after = infos[len(infos)-1].Digest
	}
}

func (c *checker) blob(ctx context.Context, info store.BlobInfo) error {
	r, err := c.s.Open(ctx, info.Digest)
	switch {
	case errors.Is(err, store.ErrNotFound): // removed meanwhile
		return nil
	case errors.Is(err, store.ErrCorrupt):
		c.problem("blob", info.Digest.String(), "%v", err)
		return nil
	case err != nil:
		return err
	}
	hash := sha256.New()
	n, err := io.Copy(hash, r)
	c.sum.BlobBytes += n
	switch got := store.Digest(hash.Sum(nil)); {
	case errors.Is(err, store.ErrCorrupt) || errors.Is(err, store.ErrNotFound):
		c.problem("blob", info.Digest.String(), "%v", err)
	case err != nil:
		return errors.Join(err, r.Close())
	case got != info.Digest:
		c.problem("blob", info.Digest.String(), "its bytes have the digest %s", got)
	}
	var referred bool
	row := c.s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM terms WHERE idx = $1 AND value = $2)`, int16(store.IndexBlob.Number()), info.Digest[:])
	if err := row.Scan(&referred); err != nil {
		return errors.Join(err, r.Close())
	}
	if !referred {
		c.sum.Unreferenced++
	}
	return r.Close()
}

// jobs reads every job.
func (c *checker) jobs(ctx context.Context) error {
	for after := []byte{}; ; {
		rows, err := c.s.query(ctx, `SELECT `+jobColumns+` FROM jobs WHERE id > $1 ORDER BY id LIMIT 1000`, after)
		if err != nil {
			return err
		}
		n := 0
		for rows.Next() {
			n++
			c.sum.Jobs++
			after = bytes.Clone(rows.RawValues()[0])
			if _, err := scanJob(rows); errors.Is(err, store.ErrCorrupt) {
				c.problem("job", fmt.Sprintf("%x", after), "%v", err)
			} else if err != nil {
				rows.Close()
				return err
			}
		}
		if err := rows.Err(); err != nil || n == 0 {
			return err
		}
	}
}

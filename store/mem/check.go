package mem

import (
	"context"
	"fmt"
	"slices"

	"stet/store"
)

// Check implements [store.Checker].
func (s *Store) Check(ctx context.Context, report func(store.Problem)) (store.CheckSummary, error) {
	done, err := s.begin(ctx, OpRead)
	if err != nil {
		return store.CheckSummary{}, err
	}
	defer done()
	c := checker{s: s, report: report}
	for i := range s.records {
		if err := ctx.Err(); err != nil {
			return c.sum, err
		}
		c.record(&s.records[i], uint64(i)+1)
	}
	c.index()
	c.blobs()
	c.jobs()
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

func (c *checker) record(e *entry, seq uint64) {
	r := &e.record
	name := r.ID.String()
	c.sum.Records++
	if r.Seq != seq || c.s.byID[r.ID] != seq {
		c.problem("journal", name, "the record stands at number %d and says %d", seq, r.Seq)
	}
	if r.Leaf() != e.leaf {
		c.problem("record", name, "the record does not have the leaf %s that was stored with it", e.leaf)
	}
	for _, t := range r.Terms {
		if !slices.Contains(c.s.index[t], seq) {
			c.problem("index", name, "the entry %s %q is missing", t.Index, t.Value)
		}
	}
	if !r.Whole() && !slices.ContainsFunc(c.s.index[store.RecordTerm(r.ID)], func(n uint64) bool {
		return c.s.records[n-1].record.Kind == store.KindRedaction
	}) {
		c.problem("record", name, "%s", store.NoRedaction)
	}
	content, err := store.DecodeAny(r)
	if err != nil {
		c.problem("record", name, "%v", err)
		return
	}
	if content == nil {
		return
	}
	if r.Whole() && !slices.Equal(store.TermsOf(content), r.Terms) {
		c.problem("index", name, "the record has other index entries than its content asks for")
	}
	for _, id := range store.References(content) {
		if c.s.byID[id] == 0 {
			c.problem("record", name, "it refers to the record %s, which is not there", id)
		}
	}
}

func (c *checker) index() {
	for t, seqs := range c.s.index {
		for i, seq := range seqs {
			c.sum.Entries++
			if seq == 0 || seq > uint64(len(c.s.records)) || i > 0 && seqs[i-1] >= seq || !slices.Contains(c.s.records[seq-1].record.Terms, t) {
				c.problem("index", fmt.Sprintf("%s %q", t.Index, t.Value), "the entry leads to record %d, which does not carry it", seq)
			}
		}
		if d, ok := digestOf(t.Value); t.Index == store.IndexBlob && (!ok || c.s.blobs[d] == nil) {
			c.problem("blob", d.String(), "record %d refers to it and it is not stored", seqs[0])
		}
	}
}

func (c *checker) blobs() {
	for d, b := range c.s.blobs {
		c.sum.Blobs++
		c.sum.BlobBytes += int64(len(b.data))
		if got := store.DigestOf(b.data); got != d {
			c.problem("blob", d.String(), "it has the digest %s", got)
		}
		if len(c.s.index[store.BlobTerm(d)]) == 0 {
			c.sum.Unreferenced++
		}
	}
}

func (c *checker) jobs() {
	for id, j := range c.s.jobs {
		c.sum.Jobs++
		if j.ID != id || j.Key != "" && c.s.jobKeys[jobKey{j.Kind, j.Key}] != id {
			c.problem("job", id.String(), "it cannot be found by its key %q", j.Key)
		}
	}
	for k, id := range c.s.jobKeys {
		if c.s.jobs[id] == nil {
			c.problem("job", id.String(), "the key %s %q leads to it and it is not there", k.kind, k.key)
		}
	}
}

// Stats implements [store.Statter].
func (s *Store) Stats(ctx context.Context) (store.Stats, error) {
	done, err := s.begin(ctx, OpRead)
	if err != nil {
		return store.Stats{}, err
	}
	defer done()
	st := store.Stats{Kinds: map[store.Kind]int64{}, Place: "memory"}
	for i := range s.records {
		r := &s.records[i].record
		st.Kinds[r.Kind]++
		for _, f := range r.Fields {
			st.Bytes += int64(len(f.Value))
		}
	}
	if n := len(s.records); n > 0 {
		st.First, st.Last = s.records[0].record.Time, s.records[n-1].record.Time
	}
	for _, b := range s.blobs {
		st.Blobs++
		st.BlobBytes += int64(len(b.data))
	}
	return st, nil
}

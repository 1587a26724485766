package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"stet/extract/post"
)

// Archive is the gate in front of a backend: it makes the checks that no
// backend may skip, and it is what the other floors use. It is safe for
// concurrent use. Its methods add the context of the operation to errors and
// keep their class.
type Archive struct {
	backend Backend
	blobs   Blobs
	search  Searcher
	now     func() time.Time
	random  io.Reader
	ids     *IDs
	// privacies are the decisions about what is private.
	privacies *privacies
}

// Parts are what an [Archive] is made of.
type Parts struct {
	// Backend keeps records and jobs, Blobs the bytes. Both are needed.
	Backend Backend
	Blobs   Blobs
	// Search finds posts by words; nil where there is no index.
	Search Searcher
	// Now is the clock and Random the source of random bytes, which is read by
	// one goroutine at a time. Both are needed.
	Now    func() time.Time
	Random io.Reader
}

// NewArchive returns the gate in front of the parts. The archive does not own
// them: whoever opened them closes them.
func NewArchive(p Parts) *Archive {
	random := inTurns(p.Random)
	return &Archive{backend: p.Backend, blobs: p.Blobs, search: p.Search,
		now: p.Now, random: random, ids: NewIDs(p.Now, random), privacies: &privacies{backend: p.Backend}}
}

// Now returns the archive's time, in UTC.
func (a *Archive) Now() time.Time { return a.now().UTC() }

// Append checks a batch and commits it: see [Records.Append] for what that
// promises. It errors with ErrInvalid or ErrTooLarge, and adds nothing, where
// a record breaks a limit, lies in the future, repeats an id or a field, or
// where its content cannot be decoded again.
func (a *Archive) Append(ctx context.Context, b Batch) (Receipt, error) {
	return a.append(ctx, b, false)
}

// append commits a batch. Built says that nobody else has touched its records
// since NewRecord returned them, so that their content need not be decoded.
func (a *Archive) append(ctx context.Context, b Batch, built bool) (Receipt, error) {
	if err := a.checkBatch(&b, built); err != nil {
		return Receipt{}, fmt.Errorf("adding %d records: %w", len(b.Records), err)
	}
	r, err := a.backend.Append(ctx, b)
	if err != nil {
		return Receipt{}, fmt.Errorf("adding %d records: %w", len(b.Records), err)
	}
	if slices.ContainsFunc(b.Records, func(r Record) bool { return r.Kind == KindPrivacy }) {
		a.privacies.forget()
	}
	return r, nil
}

func (a *Archive) checkBatch(b *Batch, built bool) error {
	if len(b.Records) > MaxBatchRecords {
		return fmt.Errorf("%w: a batch has at most %d records", ErrTooLarge, MaxBatchRecords)
	}
	if len(b.Key) > MaxTermLength {
		return fmt.Errorf("%w: the key of a batch has at most %d bytes", ErrTooLarge, MaxTermLength)
	}
	seen := make(map[ID]bool, len(b.Records))
	latest, size := a.Now().Add(ClockSlack), 0
	for i := range b.Records {
		r := &b.Records[i]
		if seen[r.ID] {
			return fmt.Errorf("%w: the id %s stands twice in the batch", ErrInvalid, r.ID)
		}
		seen[r.ID] = true
		n, err := checkRecord(r, latest, built)
		if err != nil {
			return err
		}
		size += n
	}
	if size > MaxBatchSize {
		return fmt.Errorf("%w: the batch has %d bytes, at most %d are taken", ErrTooLarge, size, MaxBatchSize)
	}
	for i := range b.Finish {
		f := &b.Finish[i]
		if !slices.Contains(Outcomes(), f.Outcome) {
			return fmt.Errorf("%w: the outcome %q of job %s is not known", ErrInvalid, f.Outcome, f.Job)
		}
		if err := checkPayload(f.Payload); err != nil {
			return fmt.Errorf("job %s: %w", f.Job, err)
		}
	}
	for i := range b.Enqueue {
		if err := checkJob(&b.Enqueue[i].Job); err != nil {
			return err
		}
	}
	return nil
}

// checkRecord returns the size of the record's values.
func checkRecord(r *Record, latest time.Time, built bool) (int, error) {
	switch {
	case r.ID.IsZero():
		return 0, fmt.Errorf("%w: a %s without an id", ErrInvalid, r.Kind)
	case r.Kind.Number() == 0:
		return 0, fmt.Errorf("%w: the kind %q is not known", ErrInvalid, r.Kind)
	case r.Time.IsZero() || r.Time.Year() < 1970:
		return 0, fmt.Errorf("%w: %s %s has no time", ErrInvalid, r.Kind, r.ID)
	case r.Time.After(latest):
		return 0, fmt.Errorf("%w: %s %s is dated %s, which is in the future of this machine's clock; correct the clock and try again",
			ErrInvalid, r.Kind, r.ID, r.Time.Format(time.RFC3339))
	case len(r.Fields) > MaxFields || len(r.Terms) > MaxTerms:
		return 0, fmt.Errorf("%w: %s %s has %d fields and %d index entries", ErrTooLarge, r.Kind, r.ID, len(r.Fields), len(r.Terms))
	}
	size := 0
	for i, f := range r.Fields {
		if len(f.Value) > MaxFieldSize {
			return 0, fmt.Errorf("%w: the field %s of %s %s has %d bytes, at most %d are kept in a record", ErrTooLarge, f.Name, r.Kind, r.ID, len(f.Value), MaxFieldSize)
		}
		if f.Name == "" || len(f.Name) > 255 || slices.ContainsFunc(r.Fields[:i], func(g Field) bool { return g.Name == f.Name }) {
			return 0, fmt.Errorf("%w: the field name %q of %s %s is empty, too long or stands twice", ErrInvalid, f.Name, r.Kind, r.ID)
		}
		if f.Removed == nil && r.Salt.IsZero() && f.Salt.IsZero() {
			return 0, fmt.Errorf("%w: the field %s of %s %s has no salt", ErrInvalid, f.Name, r.Kind, r.ID)
		}
		size += len(f.Value)
	}
	if built {
		return size, checkBuilt(r)
	}
	return size, checkContent(r)
}

// checkBuilt looks at what NewRecord cannot: whether a body is what its
// description says.
func checkBuilt(r *Record) error {
	if r.Kind != KindExchange {
		return nil
	}
	var b Body
	if err := decodeField(r, fieldBodyInfo, &b); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	b.Inline = r.Field(fieldBody)
	return checkBody(r, &b)
}

// checkContent looks whether the content of r can be decoded and asks for the
// index entries that r has.
func checkContent(r *Record) error {
	c, err := DecodeAny(r)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	whole := !slices.ContainsFunc(r.Fields, func(f Field) bool { return f.Removed != nil })
	if c != nil && whole && !slices.Equal(TermsOf(c), r.Terms) {
		return fmt.Errorf("%w: %s %s has other index entries than its content asks for", ErrInvalid, r.Kind, r.ID)
	}
	if e, ok := c.(*Exchange); ok {
		return checkBody(r, &e.Body)
	}
	return nil
}

// checkBody compares the description of an inline body with the body.
func checkBody(r *Record, b *Body) error {
	if len(b.Inline) == 0 || r.Salt.IsZero() {
		return nil
	}
	if b.Size != int64(len(b.Inline)) || b.Digest != DigestOf(b.Inline) {
		return fmt.Errorf("%w: the body of exchange %s has %d bytes with the digest %s, not %d with %s",
			ErrInvalid, r.ID, len(b.Inline), DigestOf(b.Inline), b.Size, b.Digest)
	}
	return nil
}

func checkJob(j *Job) error {
	switch {
	case j.ID.IsZero() || j.Kind == "":
		return fmt.Errorf("%w: a job needs an id and a kind", ErrInvalid)
	case len(j.Key) > MaxTermLength || len(j.Host) > MaxTermLength || len(j.Kind) > 64:
		return fmt.Errorf("%w: the kind, key and host of a %s job have %d, %d and %d bytes", ErrTooLarge, j.Kind, len(j.Kind), len(j.Key), len(j.Host))
	}
	if err := checkPayload(j.Payload); err != nil {
		return fmt.Errorf("a %s job: %w", j.Kind, err)
	}
	return nil
}

func checkPayload(p json.RawMessage) error {
	if len(p) > MaxJobPayload {
		return fmt.Errorf("%w: its payload has %d bytes, at most %d are kept", ErrTooLarge, len(p), MaxJobPayload)
	}
	if len(p) > 0 && !json.Valid(p) {
		return fmt.Errorf("%w: its payload is not JSON", ErrInvalid)
	}
	return nil
}

// Get returns the record with the id.
func (a *Archive) Get(ctx context.Context, id ID) (Record, error) {
	r, err := a.backend.Get(ctx, id)
	if err == nil {
		err = a.Hide(ctx, &r)
	}
	if err != nil {
		return Record{}, fmt.Errorf("reading record %s: %w", id, err)
	}
	return r, nil
}

// List returns a page of the records that carry a term.
func (a *Archive) List(ctx context.Context, q Query) (Page, error) {
	p, err := a.backend.List(ctx, q)
	if err == nil {
		err = a.hideAll(ctx, p.Records)
	}
	if err != nil {
		return Page{}, fmt.Errorf("listing %s %q: %w", q.Term.Index, q.Term.Value, err)
	}
	return p, nil
}

// Read returns records of the journal in order: see [Journal.Read].
func (a *Archive) Read(ctx context.Context, after uint64, limit int) ([]Record, error) {
	records, err := a.backend.Read(ctx, after, limit)
	if err == nil {
		err = a.hideAll(ctx, records)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the journal after %d: %w", after, err)
	}
	return records, nil
}

// ListAll returns all records that carry a term, oldest first, at most max of
// them; it errors with ErrTooLarge where there are more.
func (a *Archive) ListAll(ctx context.Context, t Term, max int, kinds ...Kind) ([]Record, error) {
	var all []Record
	for q := (Query{Term: t, Kinds: kinds, Limit: 1000}); ; {
		p, err := a.List(ctx, q)
		if err != nil {
			return nil, err
		}
		all = append(all, p.Records...)
		if len(all) > max {
			return nil, fmt.Errorf("listing %s %q: %w: more than %d records", t.Index, t.Value, ErrTooLarge, max)
		}
		if !p.More || len(p.Records) == 0 {
			return all, nil
		}
		q.After = all[len(all)-1].Seq
	}
}

// Values returns a page of the values of an index: see [Records.Values].
func (a *Archive) Values(ctx context.Context, x Index, prefix, after string, limit int) ([]string, error) {
	v, err := a.backend.Values(ctx, x, prefix, after, limit)
	if err != nil {
		return nil, fmt.Errorf("listing the values of %s from %q: %w", x, prefix, err)
	}
	return v, nil
}

// Backend returns what keeps the records, for those that follow the journal,
// lease jobs or check the store.
func (a *Archive) Backend() Backend { return a.backend }

// Blobs returns what keeps the bytes.
func (a *Archive) Blobs() Blobs { return a.blobs }

// Search finds what the archive holds by words and by what is known of it. It
// errors with ErrNotFound where the archive has no index.
func (a *Archive) Search(ctx context.Context, q SearchQuery) (SearchResult, error) {
	if a.search == nil {
		return SearchResult{}, fmt.Errorf("searching %q: %w: this archive has no index of words; run `stet rebuild`", q.Words, ErrNotFound)
	}
	if err := q.Check(); err != nil {
		return SearchResult{}, fmt.Errorf("searching %q: %w", q.Words, err)
	}
	found, err := a.search.Search(ctx, q)
	if err != nil {
		return SearchResult{}, fmt.Errorf("searching %q: %w", q.Words, err)
	}
	return found, nil
}

// SearchCoverage says what a search with a filter looks through. It errors with
// ErrNotFound where the archive has no index.
func (a *Archive) SearchCoverage(ctx context.Context, f SearchFilter) (SearchCoverage, error) {
	if a.search == nil {
		return SearchCoverage{}, fmt.Errorf("counting what is searched: %w: this archive has no index of words; run `stet rebuild`", ErrNotFound)
	}
	c, err := a.search.Coverage(ctx, f)
	if err != nil {
		return SearchCoverage{}, fmt.Errorf("counting what is searched: %w", err)
	}
	return c, nil
}

// PurgeWords removes the words of posts, and of articles and pages by their
// addresses, from the index: see [Searcher.Purge]. Without an index there is
// nothing to remove.
func (a *Archive) PurgeWords(ctx context.Context, refs []post.Ref, addresses []string) error {
	if a.search == nil {
		return nil
	}
	if err := a.search.Purge(ctx, refs, addresses); err != nil {
		return fmt.Errorf("removing words from the index: %w", err)
	}
	return nil
}

// PutBlob stores what r yields and returns its description. It errors with
// ErrTooLarge, and stores nothing, where that is more than max bytes; max 0 is
// no limit.
func (a *Archive) PutBlob(ctx context.Context, r io.Reader, max int64) (info BlobInfo, err error) {
	w, err := a.blobs.Create(ctx)
	if err != nil {
		return BlobInfo{}, fmt.Errorf("storing a blob: %w", err)
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if max > 0 {
		r = io.LimitReader(r, max+1)
	}
	n, err := io.Copy(w, r)
	if err != nil {
		return BlobInfo{}, fmt.Errorf("storing a blob: %w", err)
	}
	if max > 0 && n > max {
		return BlobInfo{}, fmt.Errorf("storing a blob: %w: more than %d bytes", ErrTooLarge, max)
	}
	if info, err = w.Commit(ctx); err != nil {
		return BlobInfo{}, fmt.Errorf("storing a blob of %d bytes: %w", n, err)
	}
	return info, nil
}

// OpenBlob opens a blob. Reading it to its end from the beginning compares it
// with its digest: the last Read errors with ErrCorrupt where they differ. The
// caller closes it.
func (a *Archive) OpenBlob(ctx context.Context, d Digest) (io.ReadCloser, error) {
	r, err := a.blobs.Open(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("opening blob %s: %w", d, err)
	}
	return newVerifier(r, d), nil
}

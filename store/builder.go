package store

import (
	"bytes"
	"context"
	"fmt"
)

// Builder collects the records and job transitions of one commit. One
// goroutine uses it. It stores large bodies as blobs at once; the records only
// with [Builder.Commit].
type Builder struct {
	archive *Archive
	batch   Batch
	group   *Group
	bodies  map[Digest]ID
	changed []Record
}

// Begin returns an empty builder.
func (a *Archive) Begin() *Builder {
	return &Builder{archive: a, group: a.ids.Group(), bodies: map[Digest]ID{}}
}

// NewID returns a fresh id, for content that must be referred to before it is
// added.
func (b *Builder) NewID() (ID, error) { return b.group.New() }

// Key makes the batch idempotent: see [Batch].
func (b *Builder) Key(key string) { b.batch.Key = key }

// Add adds a record with the content under a new id, which it returns.
func (b *Builder) Add(ctx context.Context, c Content) (ID, error) {
	id, err := b.NewID()
	if err != nil {
		return ID{}, err
	}
	return id, b.AddAs(ctx, id, c)
}

// AddAs adds a record with the content under an id of [Builder.NewID]. The
// body of an exchange that is larger than [InlineBodySize] and the peer's
// certificates become blobs; a body that the archive holds already is referred
// to (the exchange that c points to is changed accordingly).
func (b *Builder) AddAs(ctx context.Context, id ID, c Content) error {
	if e, ok := c.(*Exchange); ok {
		if err := b.placeBody(ctx, id, e); err != nil {
			return err
		}
	}
	salt, err := NewSalt(b.archive.random)
	if err != nil {
		return err
	}
	r, err := NewRecord(id, salt, c)
	if err != nil {
		return err
	}
	b.batch.Records = append(b.batch.Records, r)
	return nil
}

// minShared is the smallest body that is worth referring to: below it the
// reference is as large as the body.
const minShared = 128

func (b *Builder) placeBody(ctx context.Context, id ID, e *Exchange) error {
	if e.TLS != nil && len(e.TLS.ChainPEM) > 0 {
		info, err := b.archive.PutBlob(ctx, bytes.NewReader(e.TLS.ChainPEM), 0)
		if err != nil {
			return fmt.Errorf("keeping the certificates of %s: %w", e.URL, err)
		}
		tls := *e.TLS
		tls.Chain, tls.ChainPEM = info.Digest, nil
		e.TLS = &tls
	}
	if len(e.Body.Inline) < minShared {
		return nil
	}
	// A wrong digest would let the body of another exchange stand for this one.
	if d := DigestOf(e.Body.Inline); d != e.Body.Digest || int64(len(e.Body.Inline)) != e.Body.Size {
		return fmt.Errorf("%w: the answer of %s has %d bytes with the digest %s, not %d with %s",
			ErrInvalid, e.URL, len(e.Body.Inline), d, e.Body.Size, e.Body.Digest)
	}
	holder, err := b.holder(ctx, e.Body.Digest)
	if err != nil {
		return err
	}
	switch {
	case !holder.IsZero():
		e.Body.SameAs, e.Body.Listed, e.Body.Inline = holder, true, nil
	case len(e.Body.Inline) > InlineBodySize:
		info, err := b.archive.PutBlob(ctx, bytes.NewReader(e.Body.Inline), 0)
		if err != nil {
			return fmt.Errorf("keeping the answer of %s: %w", e.URL, err)
		}
		e.Body.Blob, e.Body.Inline = info.Digest, nil
	default:
		b.bodies[e.Body.Digest] = id
	}
	return nil
}

// holder returns the exchange that holds a body inline, zero where there is
// none.
func (b *Builder) holder(ctx context.Context, d Digest) (ID, error) {
	if id, ok := b.bodies[d]; ok {
		return id, nil
	}
	p, err := b.archive.List(ctx, Query{Term: BodyTerm(d), Limit: 4, Newest: true})
	if err != nil {
		return ID{}, err
	}
	for i := range p.Records {
		e, err := Decode[Exchange](&p.Records[i])
		if err == nil && e.Body.Digest == d && len(e.Body.Inline) > 0 {
			return p.Records[i].ID, nil
		}
	}
	return ID{}, nil
}

// Finish adds the outcome of a leased job.
func (b *Builder) Finish(f Finish) { b.batch.Finish = append(b.batch.Finish, f) }

// Enqueue adds a job. Its ID and Created are filled in where they are zero.
func (b *Builder) Enqueue(e Enqueue) error {
	if e.Job.ID.IsZero() {
		id, err := b.archive.ids.New()
		if err != nil {
			return err
		}
		e.Job.ID = id
	}
	if e.Job.Created.IsZero() {
		e.Job.Created = b.archive.Now()
	}
	if e.Job.RunAt.IsZero() {
		e.Job.RunAt = e.Job.Created
	}
	b.batch.Enqueue = append(b.batch.Enqueue, e)
	return nil
}

// Len returns the number of records so far.
func (b *Builder) Len() int { return len(b.batch.Records) }

// Commit adds everything in one commit: see [Archive.Append]. The builder is
// used up.
func (b *Builder) Commit(ctx context.Context) (Receipt, error) {
	if len(b.changed) > 0 {
		return b.archive.redact(ctx, b.batch, b.changed)
	}
	return b.archive.append(ctx, b.batch, true)
}

package search

import (
	"context"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"

	"stet/extract/post"
	"stet/store"
)

// metaRenew is set while the file still holds words that were taken out.
const metaRenew = "renew"

// lister is what the journal of a whole backend can do besides.
type lister interface {
	List(ctx context.Context, q store.Query) (store.Page, error)
}

// isRedaction reports whether a record says that words were taken out of others
// or put back.
func isRedaction(r *store.Record) bool { return r.Kind == store.KindRedaction }

// redacted follows a redaction: what it is about is taken out, and what is left
// of it now, or is there again, is read anew. So every index of an archive
// forgets what one machine takes down, and has it again once it is put back.
func (x *Index) redacted(ctx context.Context, r *store.Record) error {
	act, err := store.Decode[store.Redaction](r)
	if err != nil {
		act = &store.Redaction{} // of a newer version, or damaged: a check tells
	}
	records, listed := x.journal.(lister)
	var names []name
	b := newBatch()
	for _, ref := range act.Refs {
		names = append(names, postName(ref))
		if listed {
			err := again(ctx, records, store.RefTerm(ref), r.Seq, func(r *store.Record, c store.Content) { b.ofPost(r, c, ref) })
			if err != nil {
				return err
			}
		}
	}
	for _, address := range act.URLs {
		names = append(names, addressNames(address)...)
		for _, t := range []store.Term{store.ArticleTerm(address), store.URLTerm(address)} {
			if !listed {
				break
			}
			if err := again(ctx, records, t, r.Seq, b.ofPage); err != nil {
				return err
			}
		}
	}
	return x.update(func(tx *bbolt.Tx) error {
		found, err := bury(tx, names)
		if err != nil {
			return err
		}
		if found && act.Act != store.RedactionUnseal {
			if err := tx.Bucket([]byte(bucketMeta)).Put([]byte(metaRenew), []byte{1}); err != nil {
				return err
			}
		}
		w := newWriter(tx)
		if err := w.write(b); err != nil {
			return err
		}
		if err := w.finish(r.Seq, r.Leaf()); err != nil {
			return err
		}
		return tend(tx)
	})
}

// again reads the records of a term up to a number of the journal.
func again(ctx context.Context, from lister, t store.Term, through uint64, add func(*store.Record, store.Content)) error {
	for q := (store.Query{Term: t, Before: through + 1, Limit: 1000}); ; {
		page, err := from.List(ctx, q)
		if err != nil {
			return fmt.Errorf("reading what is left of %q: %w", t.Value, err)
		}
		for i := range page.Records {
			q.After = page.Records[i].Seq
			c, err := read(&page.Records[i])
			if err != nil {
				return err
			}
			if c != nil {
				here := page.Records[i]
				here.Seq = through // documents stand in the order in which they were read
				add(&here, c)
			}
		}
		if !page.More || len(page.Records) == 0 {
			return nil
		}
	}
}

// ofPost adds what a record says of one post, and of nothing else.
func (b *batch) ofPost(r *store.Record, c store.Content, ref post.Ref) {
	switch c := c.(type) {
	case *store.Derivation:
		if c.Ref == ref {
			b.add(r, c)
		}
	case *store.Verdict, *store.Resolution:
		b.add(r, c)
	case *store.ArticleVersion:
		domain := host(c.URL)
		if domain != "" && slices.ContainsFunc(c.Mentions, func(m store.Mention) bool { return m.Ref == ref }) {
			b.tell(news{name: postName(ref), domain: domain})
		}
	}
}

// ofPage adds what a record says of an article or page.
func (b *batch) ofPage(r *store.Record, c store.Content) {
	switch c := c.(type) {
	case *store.ArticleVersion:
		b.document(r, articleDocument(c, r.Field("text") != nil))
	case *store.PageReading, *store.PageLook:
		b.add(r, c)
	}
}

// forget writes the file anew where words were taken out of it since.
func (x *Index) forget(ctx context.Context) error {
	stale := false
	if err := x.view(func(tx *bbolt.Tx) error {
		stale = tx.Bucket([]byte(bucketMeta)).Get([]byte(metaRenew)) != nil
		return nil
	}); err != nil || !stale {
		return err
	}
	return x.renew(ctx)
}

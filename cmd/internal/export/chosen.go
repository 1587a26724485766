package export

import (
	"context"
	"errors"
	"fmt"

	"stet/extract/post"
	"stet/store"
)

// maxOfOne is the most records of one article or page that are read.
const maxOfOne = 100_000

// take adds a record with the exchanges that it was made from, unless it is
// private and that is not asked for.
func (p *plan) take(ctx context.Context, n uint64, c store.Content, private bool) error {
	if private && !p.x.o.Selection.Private {
		return nil
	}
	p.wanted.add(n)
	if err := p.mark(ctx, p.wanted, refersTo(c)...); err != nil {
		return err
	}
	if p.x.o.Selection.Private {
		return nil
	}
	// An exchange that was made with the newsroom's own access stays out.
	for _, id := range refersTo(c) {
		if id.IsZero() {
			continue
		}
		r, err := p.x.archive.Get(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		e, err := store.Decode[store.Exchange](&r)
		if err != nil {
			return err
		}
		if private, err := p.tells(ctx, e); err != nil {
			return err
		} else if private {
			p.own.add(r.Seq)
		}
	}
	return nil
}

// tells reports whether an exchange was made with the newsroom's own access, or
// tells of several posts of which one is private.
func (p *plan) tells(ctx context.Context, e *store.Exchange) (bool, error) {
	if e.Private || len(e.Refs) < 2 || e.Purpose == "article" {
		return e.Private, nil
	}
	for _, ref := range e.Refs {
		h, err := p.x.archive.History(ctx, ref)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return false, err
		}
		if err == nil && p.x.hides(h) {
			return true, nil
		}
	}
	return false, nil
}

// post adds everything that belongs to a post. A post that was named must be
// there, and must not be private; others are left out.
func (p *plan) post(ctx context.Context, ref post.Ref, named bool) error {
	h, err := p.x.archive.History(ctx, ref)
	if errors.Is(err, store.ErrNotFound) && !named {
		return nil
	}
	if err != nil {
		return err
	}
	if named && len(h.Captures)+len(h.Looks) == 0 {
		return fmt.Errorf("%s: %w: it was never captured", ref, store.ErrNotFound)
	}
	if p.x.hides(h) && !p.x.o.Selection.Private {
		if named {
			return privatePost(ref)
		}
		return nil
	}
	private := map[store.ID]bool{}
	for _, i := range h.Captures {
		private[i.ID] = i.Content.Private
		if err := p.take(ctx, i.Seq, i.Content, i.Content.Private); err != nil {
			return err
		}
	}
	for _, i := range h.Articles {
		private[i.ID] = i.Content.Private
		if err := p.take(ctx, i.Seq, i.Content, i.Content.Private); err != nil {
			return err
		}
	}
	for _, i := range h.Derivations {
		if err := p.take(ctx, i.Seq, i.Content, private[i.Content.Capture]); err != nil {
			return err
		}
	}
	for _, i := range h.Looks {
		if err := p.take(ctx, i.Seq, i.Content, false); err != nil {
			return err
		}
	}
	for _, i := range h.Verdicts {
		if err := p.take(ctx, i.Seq, i.Content, false); err != nil {
			return err
		}
	}
	for _, i := range h.Resolutions {
		if err := p.take(ctx, i.Seq, i.Content, private[i.Content.Article]); err != nil {
			return err
		}
	}
	return p.listed(ctx, store.RefTerm(h.Ref), store.KindDrawing)
}

func privatePost(ref post.Ref) error {
	return fmt.Errorf("%s: %w: it is private; --private exports it nevertheless", ref, store.ErrRefused)
}

// listed adds the records of a term.
func (p *plan) listed(ctx context.Context, t store.Term, kinds ...store.Kind) error {
	records, err := p.x.archive.ListAll(ctx, t, maxOfOne, kinds...)
	if err != nil {
		return err
	}
	for i := range records {
		c, err := store.DecodeAny(&records[i])
		if err != nil {
			return err
		}
		private, err := p.private(ctx, c)
		if err != nil {
			return err
		}
		if private {
			p.own.add(records[i].Seq)
		}
		if err := p.take(ctx, records[i].Seq, c, private); err != nil {
			return err
		}
	}
	return nil
}

// article adds the versions of an article with what they show and link.
func (p *plan) article(ctx context.Context, address string) error {
	versions, err := p.x.versions(ctx, address)
	if err != nil {
		return err
	}
	for i := range versions {
		if err := p.version(ctx, &versions[i]); err != nil {
			return err
		}
	}
	return nil
}

// versions returns the versions of an article that may be exported, which must be
// there.
func (x *exporter) versions(ctx context.Context, address string) ([]store.Item[store.ArticleVersion], error) {
	records, err := x.archive.ListAll(ctx, store.ArticleTerm(address), maxOfOne, store.KindArticle)
	if err != nil {
		return nil, err
	}
	versions := make([]store.Item[store.ArticleVersion], 0, len(records))
	for i := range records {
		v, err := store.Decode[store.ArticleVersion](&records[i])
		if err != nil {
			return nil, err
		}
		if x.o.Selection.Private || !v.Private {
			versions = append(versions, store.Item[store.ArticleVersion]{Seq: records[i].Seq, ID: records[i].ID, Content: v})
		}
	}
	switch {
	case len(records) == 0:
		return nil, fmt.Errorf("the article %s: %w: it was never read", address, store.ErrNotFound)
	case len(versions) == 0:
		return nil, fmt.Errorf("the article %s: %w: it is private; --private exports it nevertheless", address, store.ErrRefused)
	}
	return versions, nil
}

// ofSource adds an article that a source led to.
func (p *plan) ofSource(ctx context.Context, r *store.Record) error {
	if r.Kind != store.KindArticle {
		return nil
	}
	v, err := store.Decode[store.ArticleVersion](r)
	if err != nil || v.Source != p.x.o.Selection.Source || v.Private && !p.x.o.Selection.Private {
		return err
	}
	return p.version(ctx, &store.Item[store.ArticleVersion]{Seq: r.Seq, ID: r.ID, Content: v})
}

// version adds a version of an article that may be exported, with its posts and
// pages.
func (p *plan) version(ctx context.Context, v *store.Item[store.ArticleVersion]) error {
	if err := p.take(ctx, v.Seq, v.Content, v.Content.Private); err != nil {
		return err
	}
	refs, err := p.x.mentioned(ctx, v)
	if err != nil {
		return err
	}
	for _, ref := range refs {
		if err := p.post(ctx, ref, false); err != nil {
			return err
		}
	}
	for _, l := range v.Content.Links {
		if err := p.listed(ctx, store.URLTerm(l.URL), store.KindCapture, store.KindPage, store.KindPageLook, store.KindDrawing); err != nil {
			return err
		}
	}
	return p.listed(ctx, store.RecordTerm(v.ID), store.KindResolution)
}

// mentioned lists the posts of a version, those that were found later too.
func (x *exporter) mentioned(ctx context.Context, v *store.Item[store.ArticleVersion]) ([]post.Ref, error) {
	var refs []post.Ref
	for _, m := range v.Content.Mentions {
		if !m.Ref.IsZero() {
			refs = append(refs, m.Ref)
		}
	}
	records, err := x.archive.ListAll(ctx, store.RecordTerm(v.ID), maxOfOne, store.KindResolution)
	if err != nil {
		return nil, err
	}
	for i := range records {
		res, err := store.Decode[store.Resolution](&records[i])
		if err != nil {
			return nil, err
		}
		if !res.Ref.IsZero() {
			refs = append(refs, res.Ref)
		}
	}
	return refs, nil
}

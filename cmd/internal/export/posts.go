package export

import (
	"context"
	"slices"

	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

// posts calls fn for each selected post behind the one named after, in the
// order of their references, as people are shown it, without what is private.
func (x *exporter) posts(ctx context.Context, after string, fn func(*view.Post) error) error {
	s := &x.o.Selection
	if len(s.Refs) > 0 || s.Article != "" {
		refs, err := x.named(ctx)
		if err != nil {
			return err
		}
		return x.listed(ctx, refs, after, len(s.Refs) > 0, fn)
	}
	for {
		values, err := x.archive.Values(ctx, store.IndexRef, "", after, 500)
		if err != nil {
			return err
		}
		if len(values) == 0 {
			return nil
		}
		for _, v := range values {
			ref, err := post.ParseRef(v)
			if err != nil {
				continue // a reference that was cut for the index
			}
			if err := x.one(ctx, ref, false, fn); err != nil {
				return err
			}
		}
		after = values[len(values)-1]
	}
}

// named lists the posts of a selection that names them, or an article.
func (x *exporter) named(ctx context.Context) ([]string, error) {
	var refs []string
	for _, r := range x.o.Selection.Refs {
		refs = append(refs, r.String())
	}
	if a := x.o.Selection.Article; a != "" {
		versions, err := x.versions(ctx, a)
		if err != nil {
			return nil, err
		}
		for i := range versions {
			of, err := x.mentioned(ctx, &versions[i])
			if err != nil {
				return nil, err
			}
			for _, r := range of {
				refs = append(refs, r.String())
			}
		}
	}
	slices.Sort(refs)
	return slices.Compact(refs), nil
}

func (x *exporter) listed(ctx context.Context, refs []string, after string, must bool, fn func(*view.Post) error) error {
	for _, s := range refs {
		if s <= after {
			continue
		}
		ref, err := post.ParseRef(s)
		if err != nil {
			return err
		}
		if err := x.one(ctx, ref, must, fn); err != nil {
			return err
		}
	}
	return nil
}

// one calls fn for a post. One that must be there is an error where it is not,
// or is private.
func (x *exporter) one(ctx context.Context, ref post.Ref, must bool, fn func(*view.Post) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	v, err := x.view.Post(ctx, ref)
	if err != nil {
		if notFound(err) && !must {
			return nil // it is mentioned, and was never captured
		}
		return err
	}
	if v.History.Ref != ref && !must {
		return nil // an alias; the post itself has its turn
	}
	if v.Private && !x.o.Selection.Private {
		if must {
			return privatePost(ref)
		}
		x.sum.Hidden++
		return nil
	}
	if !must && x.o.Selection.Article == "" && !x.o.Selection.has(v.History) {
		return nil
	}
	if !x.o.Selection.Private {
		v.Captures = slices.DeleteFunc(v.Captures, func(c view.Capture) bool { return c.Private })
		v.Mentions = slices.DeleteFunc(v.Mentions, func(m view.Mention) bool { return m.Private })
		x.public(v)
	}
	x.sum.Posts++
	return fn(v)
}

// public sees to it that the words shown are not those of a private capture
// where there is a public one.
func (x *exporter) public(v *view.Post) {
	h := *v.History
	private := map[store.ID]bool{}
	for _, c := range h.Captures {
		private[c.ID] = c.Content.Private
	}
	h.Derivations = slices.DeleteFunc(slices.Clone(h.Derivations), func(d store.Item[store.Derivation]) bool { return private[d.Content.Capture] })
	if len(h.Derivations) == len(v.History.Derivations) {
		return
	}
	url := v.Post.URL
	v.Post, v.Source, v.Notes = post.Post{Platform: h.Ref.Platform, ID: h.Ref.ID, URL: url}, "", nil
	if best := h.Best(); best != nil {
		v.Post, v.Source, v.Notes = best.Content.Post, best.Content.Source, best.Content.Notes
	}
}

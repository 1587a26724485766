package web

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"stet/extract"
	"stet/extract/post"
	"stet/store"
	"stet/store/view"
	"stet/store/warc"
)

// postsBelow finds the mementos of the posts whose addresses begin as that of a
// question does, or are of its host or domain. Posts are not kept in the order
// of their addresses: an address that names an account leads to its posts, and
// any other to those of the whole platform.
func (a audience) postsBelow(ctx context.Context, q *indexQuery) ([]*mementos, error) {
	u, err := url.Parse(q.url)
	if err != nil {
		return nil, nil // readIndexQuery has read it: it names no platform
	}
	refs, own, err := a.postsOf(ctx, u, q)
	if err != nil {
		return nil, err
	}
	var out []*mementos
	rows := 0
	for i, ref := range refs {
		m, err := a.postMementos(ctx, ref)
		if err != nil {
			return nil, err
		}
		if m == nil || !q.coversPost(u, m.URL, own) {
			continue
		}
		if rows += len(m.List); rows > a.s.mostIndex {
			if parts := &q.paging.parts; parts.on && i > 0 {
				parts.last = refs[i-1].String() // the part ends here
				break
			}
			return nil, fmt.Errorf("%w: more than %d captures; ask for the posts of one account", store.ErrTooLarge, a.s.mostIndex)
		}
		out = append(out, m)
	}
	return out, nil
}

// postsOf names the posts that an address may be about, and reports for an
// address whether it is of the same platform, whose other names are as good.
func (a audience) postsOf(ctx context.Context, u *url.URL, q *indexQuery) (refs []post.Ref, own func(address string) bool, err error) {
	platform, handle, whole := a.accountIn(u)
	own = func(address string) bool {
		_, p, ok := a.s.o.Finder.Parse(address)
		return ok && p == platform
	}
	if handle != "" && q.match == "prefix" {
		refs, err = a.postsOfAccounts(ctx, platform, handle, whole)
		return refs, own, err
	}
	var prefixes []string
	if platform != "" {
		prefixes = append(prefixes, string(platform)+":")
	}
	host := strings.ToLower(u.Hostname())
	for _, p := range a.s.o.Reader.Platforms() {
		// The ids of federated platforms begin with the host.
		if p != platform {
			prefixes = append(prefixes, string(p)+":"+host+"/")
		}
	}
	values, err := a.refsBelow(ctx, prefixes, &q.paging.parts)
	if err != nil {
		return nil, nil, err
	}
	for _, v := range values {
		if ref, err := post.ParseRef(v); err == nil {
			refs = append(refs, ref)
		}
	}
	return refs, own, nil
}

// refsBelow lists the references that begin with one of the prefixes: all of
// them, or, where they are too many, those of a part.
func (a audience) refsBelow(ctx context.Context, prefixes []string, parts *indexParts) ([]string, error) {
	var all []string
	began := parts.after == ""
	for _, prefix := range prefixes {
		after := ""
		if !began {
			if began = strings.HasPrefix(parts.after, prefix); !began {
				continue
			}
			after = parts.after
		}
		values, err := a.s.o.Archive.Values(ctx, store.IndexRef, prefix, after, a.s.mostIndex+1)
		if err != nil {
			return nil, err
		}
		if all = append(all, values...); len(all) > a.s.mostIndex {
			break
		}
	}
	switch {
	case !began:
		return nil, errResume
	case len(all) > a.s.mostIndex && !parts.allowed:
		return nil, fmt.Errorf("%w: more than %d posts; ask for those of one account, or in parts: with showResumeKey=true, then with the resumeKey at the end of each answer", store.ErrTooLarge, a.s.mostIndex)
	case len(all) > a.s.mostIndex:
		parts.on = true
	}
	if most := min(partPosts, a.s.mostIndex); parts.on && len(all) > most {
		all = all[:most]
		parts.last = all[most-1]
	}
	return all, nil
}

// accountIn returns the platform of an address, and the account that it begins
// with, empty where it begins with none. whole is true where the name of the
// account has ended.
func (a audience) accountIn(u *url.URL) (platform post.Platform, handle string, whole bool) {
	_, platform, _ = a.s.o.Finder.Parse(u.Scheme + "://" + u.Host + "/")
	for path := u.EscapedPath(); strings.Trim(path, "/") != ""; path = path[:strings.LastIndexByte(path, '/')] {
		t, p, ok := a.s.o.Finder.Parse(u.Scheme + "://" + u.Host + path)
		if ok && t.Kind == extract.TargetProfile && t.Handle != "" {
			return p, t.Handle, path != u.EscapedPath()
		}
	}
	return platform, "", false
}

// postsOfAccounts names the posts of an account, or of all whose names begin so.
func (a audience) postsOfAccounts(ctx context.Context, platform post.Platform, handle string, whole bool) ([]post.Ref, error) {
	term := store.HandleTerm(platform, handle)
	terms := []store.Term{term}
	if !whole {
		values, err := a.s.o.Archive.Values(ctx, store.IndexAccount, term.Value, "", a.s.mostIndex)
		if err != nil {
			return nil, err
		}
		terms = terms[:0]
		for _, v := range values {
			terms = append(terms, store.Term{Index: store.IndexAccount, Value: v})
		}
	}
	seen := map[post.Ref]bool{}
	var refs []post.Ref
	for _, term := range terms {
		records, err := a.s.o.Archive.ListAll(ctx, term, a.s.mostIndex+1, store.KindDerivation)
		if err != nil {
			return nil, err
		}
		for i := range records {
			d, err := store.Decode[store.Derivation](&records[i])
			if err != nil {
				return nil, err
			}
			if !seen[d.Ref] {
				seen[d.Ref] = true
				refs = append(refs, d.Ref)
			}
		}
		if len(refs) > a.s.mostIndex {
			return nil, fmt.Errorf("%w: more than %d posts; ask for less", store.ErrTooLarge, a.s.mostIndex)
		}
	}
	return refs, nil
}

// postMementos returns those of a post under its own address, nil where there
// are none.
func (a audience) postMementos(ctx context.Context, ref post.Ref) (*mementos, error) {
	h, err := a.s.o.Archive.History(ctx, ref)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	best := h.Best()
	if best == nil || a.public {
		return nil, nil
	}
	address := webOnly(best.Content.Post.URL)
	if t, _, ok := a.s.o.Finder.Parse(address); ok && t.URL != "" {
		address = t.URL
	}
	if address == "" {
		return nil, nil
	}
	// Of thousands of posts only what the rows need is held.
	m := &mementos{URL: address, Post: &view.Exposed{Exposure: view.ExposureShown}, List: a.capturesOf(h)}
	if len(m.List) == 0 {
		return nil, nil
	}
	m.tidy()
	for i := range m.List {
		m.List[i].Capture = nil
	}
	return m, nil
}

// capturesOf lists the captures of a post that something was read from.
func (a audience) capturesOf(h *store.History) []memento {
	var out []memento
	for i := range h.Captures {
		c := &h.Captures[i]
		if a.public && c.Content.Private || derivationOf(h, c.ID) == nil {
			continue
		}
		o := memento{Time: c.Content.Time.UTC().Truncate(time.Second), Capture: c, Status: 200, Type: "text/html"}
		if len(c.Content.Exchanges) > 0 {
			o.Exchange = c.Content.Exchanges[0]
		}
		out = append(out, o)
	}
	return out
}

// coversPost reports whether a question is about the address of a post. A name
// of the platform is as good as another.
func (q *indexQuery) coversPost(asked *url.URL, address string, own func(string) bool) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	host, want := strings.ToLower(u.Hostname()), strings.ToLower(asked.Hostname())
	same := bare(host) == bare(want) || q.match == "domain" && strings.HasSuffix(host, "."+bare(want))
	if !same && !own(asked.String()) && !own(asked.Scheme+"://"+asked.Host+"/") {
		return false
	}
	if q.match != "prefix" {
		return true
	}
	// Compared as the index writes them, which knows neither case nor order.
	as := *asked
	as.Scheme, as.Host = u.Scheme, u.Host
	key := warc.SURT(as.String())
	if strings.HasSuffix(asked.Path, "/") && !strings.HasSuffix(key, "/") {
		key += "/"
	}
	return strings.HasPrefix(warc.SURT(address), key)
}

func bare(host string) string { return strings.TrimPrefix(host, "www.") }

// tidy puts mementos into their order. Of those of one second the last one
// stays: the address has no finer time.
func (m *mementos) tidy() {
	slices.SortStableFunc(m.List, func(x, y memento) int { return x.Time.Compare(y.Time) })
	kept := m.List[:0]
	for i := range m.List {
		if i+1 < len(m.List) && m.List[i+1].Time.Equal(m.List[i].Time) {
			continue
		}
		kept = append(kept, m.List[i])
	}
	m.List = kept
}

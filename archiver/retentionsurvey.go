package archiver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"stet/extract/post"
	"stet/store"
)

const (
	// maxKeepThings is the most things that are looked at for one article: what is
	// connected with more stays.
	maxKeepThings = 2000
	// maxKeepHolders is the most articles that are asked whether they keep a post
	// or page. Where all of so many are due, it goes with one of the last.
	maxKeepHolders = 100
)

// surveyor finds out what a rule lets go together with an article.
type surveyor struct {
	*reasons
	rules  KeepRules
	things []KeptThing
	index  map[string]int
	// articles, posts and pages are what the things are.
	articles map[int]*keptArticle
	posts    map[int]*store.History
	pages    map[int]*store.PageHistory
	// brought are the things that the article brought in, in the order in which
	// they were found.
	brought []int
	// accounts are those of posts whose words are sealed.
	accounts map[post.Ref][]store.Account
}

// keptArticle is an article with all that is kept of it, under each of its
// addresses.
type keptArticle struct {
	urls     []string
	records  []store.Record
	versions []*store.ArticleVersion
	sources  []string
	changed  time.Time
}

func newSurveyor(ctx context.Context, a *store.Archive, rules KeepRules) (*surveyor, error) {
	r, err := newReasons(ctx, a)
	return &surveyor{reasons: r, rules: rules, index: map[string]int{}, articles: map[int]*keptArticle{}, posts: map[int]*store.History{},
		pages: map[int]*store.PageHistory{}, accounts: map[post.Ref][]store.Account{}}, err
}

// add adds a thing, and reports whether it is new.
func (s *surveyor) add(t KeptThing) (int, bool) {
	if i, ok := s.index[t.Name]; ok {
		return i, false
	}
	i := len(s.things)
	if i >= maxKeepThings {
		t.Reasons = []KeepReason{{Why: KeptUnknown, Text: "too much is connected with it"}}
	}
	s.things = append(s.things, t)
	s.index[t.Name] = i
	return i, i < maxKeepThings
}

// read reads all that is kept of the article at an address: its versions under
// each address and key that they have, and what sources named it.
func (s *surveyor) read(ctx context.Context, terms ...store.Term) (*keptArticle, error) {
	k := &keptArticle{}
	seen, known := map[store.Term]bool{}, map[store.ID]bool{}
	note := func(address string) {
		if address == "" {
			return
		}
		if !slices.Contains(k.urls, address) {
			k.urls = append(k.urls, address)
		}
		terms = append(terms, store.ArticleTerm(address))
	}
	for len(terms) > 0 {
		t := terms[0]
		terms = terms[1:]
		if seen[t] {
			continue
		}
		seen[t] = true
		records, err := s.a.ListAll(ctx, t, store.MaxHistory, store.KindArticle, store.KindDiscovery)
		if err != nil {
			return nil, err
		}
		for i := range records {
			if known[records[i].ID] {
				continue
			}
			known[records[i].ID] = true
			c, err := store.DecodeAny(&records[i])
			if err != nil {
				return nil, err
			}
			switch c := c.(type) {
			case *store.ArticleVersion:
				k.records, k.versions = append(k.records, records[i]), append(k.versions, c)
				k.named(c.Source)
				if c.Time.After(k.changed) {
					k.changed = c.Time
				}
				note(c.URL)
				note(c.Asked)
				terms = append(terms, store.Term{Index: store.IndexArticle, Value: c.Key})
			case *store.Discovery:
				k.named(c.Source)
				note(c.URL)
			}
		}
	}
	return k, nil
}

func (k *keptArticle) named(source string) {
	if !slices.Contains(k.sources, source) {
		k.sources = append(k.sources, source)
	}
}

// name is the address that people are told: that of the newest version.
func (k *keptArticle) name() string {
	if n := len(k.versions); n > 0 && k.versions[n-1].URL != "" {
		return k.versions[n-1].URL
	}
	return append(k.urls, "a text")[0]
}

// article adds an article with its reasons, and returns its place.
func (s *surveyor) article(ctx context.Context, v *store.ArticleVersion) (int, error) {
	key := "article " + v.Key
	if i, ok := s.index[key]; ok {
		return i, nil
	}
	k, err := s.read(ctx, store.Term{Index: store.IndexArticle, Value: v.Key})
	if err != nil {
		return 0, err
	}
	return s.addArticle(ctx, k)
}

// addArticle adds an article that was read.
func (s *surveyor) addArticle(ctx context.Context, k *keptArticle) (int, error) {
	i, fresh := s.add(KeptThing{Name: k.name(), Root: true})
	for _, v := range k.versions {
		s.index["article "+v.Key] = i
	}
	if !fresh {
		return i, nil
	}
	s.articles[i] = k
	out, err := s.ofArticle(ctx, k)
	if err != nil {
		return i, err
	}
	if len(out) == 0 { // a post that it shows can keep it
		out, err = s.bound(ctx, k)
	}
	s.things[i].Reasons = out
	return i, err
}

// ofArticle are the reasons of an article itself.
func (s *surveyor) ofArticle(ctx context.Context, k *keptArticle) ([]KeepReason, error) {
	var out []KeepReason
	if slices.Contains(k.sources, "") {
		out = append(out, KeepReason{Why: KeptPerson, Text: "a person captured it"})
	}
	named := slices.DeleteFunc(slices.Clone(k.sources), func(s string) bool { return s == "" })
	until, by, ends := s.rules.Until(named, k.changed)
	keep, followed := s.rules[by]
	switch {
	case !ends && !followed && by != "":
		out = append(out, KeepReason{Why: KeptSource, Text: fmt.Sprintf("the source %s, which named it, is no longer followed", by)})
	case !ends && by != "":
		out = append(out, KeepReason{Why: KeptSource, Text: fmt.Sprintf("the source %s is kept for ever", by)})
	case ends && s.now.Before(until):
		out = append(out, KeepReason{Why: KeptSource, Until: until,
			Text: fmt.Sprintf("the source %s is kept for %s, and it changed on %s", by, days(keep), k.changed.UTC().Format(time.DateOnly))})
	}
	for _, u := range k.urls {
		more, err := s.ofMember(ctx, store.CaseMember{Article: u})
		if err != nil {
			return nil, err
		}
		spared, err := s.spared(ctx, store.ArticleTerm(u))
		if err != nil {
			return nil, err
		}
		out = append(append(out, more...), spared...)
	}
	return out, nil
}

// days writes how long a rule keeps, for people.
func days(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= day && d%day == 0 {
		return fmt.Sprintf("%d days", d/day)
	}
	return d.String()
}

// bound are the reasons for which an article stays because of a post that it
// shows.
func (s *surveyor) bound(ctx context.Context, k *keptArticle) ([]KeepReason, error) {
	if !s.held && !s.filed {
		return nil, nil
	}
	refs, err := s.shown(ctx, k)
	if err != nil {
		return nil, err
	}
	for _, ref := range refs {
		h, err := s.postHistory(ctx, ref)
		if err != nil {
			return nil, err
		}
		out, err := s.binding(ctx, h, s.subject(h))
		if err != nil {
			return nil, err
		}
		if len(out) > 0 {
			out[0].Text = fmt.Sprintf("it shows %s: %s", ref, out[0].Text)
			return out[:1], nil
		}
	}
	return nil, nil
}

// subject is a post as decisions about it are looked up.
func (s *surveyor) subject(h *store.History) store.Subject {
	sub := store.SubjectOf(h)
	for _, ref := range sub.Refs {
		sub.Authors = append(sub.Authors, s.accounts[ref]...)
	}
	return sub
}

// shown lists the posts that an article shows, links, or was found to show.
func (s *surveyor) shown(ctx context.Context, k *keptArticle) ([]post.Ref, error) {
	var refs []post.Ref
	add := func(ref post.Ref) {
		if !ref.IsZero() && !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	for i, v := range k.versions {
		for j := range v.Mentions {
			add(v.Mentions[j].Ref)
		}
		records, err := s.a.ListAll(ctx, store.RecordTerm(k.records[i].ID), store.MaxHistory, store.KindResolution)
		if err != nil {
			return nil, err
		}
		for j := range records {
			r, err := store.Decode[store.Resolution](&records[j])
			if err != nil {
				return nil, err
			}
			add(r.Ref)
		}
	}
	return refs, nil
}

// holder notes that one thing shows another.
func (s *surveyor) holder(of, by int) {
	if of != by && !slices.Contains(s.things[of].Holders, by) {
		s.things[of].Holders = append(s.things[of].Holders, by)
	}
}

// shownBy adds the articles of some versions as holders of a thing, the newest
// first, until one stays by itself.
func (s *surveyor) shownBy(ctx context.Context, thing int, versions []*store.ArticleVersion) error {
	asked := map[int]bool{}
	for _, v := range slices.Backward(versions) {
		i, err := s.article(ctx, v)
		if err != nil {
			return err
		}
		s.holder(thing, i)
		if len(s.things[i].Reasons) > 0 {
			return nil
		}
		if asked[i] = true; len(asked) > maxKeepHolders {
			s.things[thing].Reasons = append(s.things[thing].Reasons, KeepReason{Why: KeptUnknown, Text: "too many articles show it"})
			return nil
		}
	}
	return nil
}

// post adds a post with its reasons and all that shows it.
func (s *surveyor) post(ctx context.Context, ref post.Ref) (int, error) {
	if i, ok := s.index[ref.String()]; ok {
		return i, nil
	}
	h, err := s.postHistory(ctx, ref)
	if err != nil {
		return 0, err
	}
	i, fresh := s.add(KeptThing{Name: h.Ref.String()})
	for _, name := range append([]post.Ref{ref, h.Ref}, h.Aliases...) {
		s.index[name.String()] = i
	}
	if !fresh {
		return i, nil
	}
	s.posts[i] = h
	own, err := s.ofPost(ctx, h, s.subject(h))
	if err != nil || len(own) > 0 {
		s.things[i].Reasons = own
		return i, err
	}
	versions := make([]*store.ArticleVersion, 0, len(h.Articles))
	for j := range h.Articles {
		versions = append(versions, h.Articles[j].Content)
	}
	for j := range h.Resolutions {
		v, err := s.version(ctx, h.Resolutions[j].Content.Article)
		if err != nil {
			return i, err
		}
		if v != nil {
			versions = append(versions, v)
		}
	}
	if err := s.shownBy(ctx, i, versions); err != nil || len(s.things[i].Reasons) > 0 {
		return i, err
	}
	for _, other := range h.QuotedBy {
		j, err := s.post(ctx, other)
		if err != nil {
			return i, err
		}
		s.holder(i, j)
	}
	return i, nil
}

// version returns an article version, nil where its content was removed.
func (s *surveyor) version(ctx context.Context, id store.ID) (*store.ArticleVersion, error) {
	r, err := s.a.Get(ctx, id)
	if err != nil || r.Kind != store.KindArticle || r.Lacks("meta") {
		return nil, err
	}
	return store.Decode[store.ArticleVersion](&r)
}

// page adds a linked page with its reasons and all that links it. It returns false
// where nothing is kept of it, or it is not under this address.
func (s *surveyor) page(ctx context.Context, address string) (int, bool, error) {
	name := "page " + store.ArticleKey(address)
	if i, ok := s.index[name]; ok {
		return i, true, nil
	}
	h, err := s.a.PageHistory(ctx, address)
	if errors.Is(err, store.ErrNotFound) || err == nil && (len(h.Captures) == 0 || store.ArticleKey(h.URL) != store.ArticleKey(address)) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	i, fresh := s.add(KeptThing{Name: name})
	if !fresh {
		return i, true, nil
	}
	s.pages[i] = h
	own, err := s.ofPage(ctx, h)
	if err != nil || len(own) > 0 {
		s.things[i].Reasons = own
		return i, true, err
	}
	return i, true, s.linkedBy(ctx, i, h)
}

// ofPage are the reasons of a page itself.
func (s *surveyor) ofPage(ctx context.Context, h *store.PageHistory) ([]KeepReason, error) {
	for i := range h.Captures {
		if why := ofTrigger(h.Captures[i].Content); why != nil {
			return why, nil
		}
	}
	out, err := s.ofMember(ctx, store.CaseMember{Page: h.URL})
	if err != nil || len(out) > 0 {
		return out, err
	}
	return s.spared(ctx, store.URLTerm(h.URL))
}

// linkedBy adds what links a page as its holders.
func (s *surveyor) linkedBy(ctx context.Context, i int, h *store.PageHistory) error {
	links, err := s.a.List(ctx, store.Query{Term: store.LinkTerm(h.URL), Kinds: []store.Kind{store.KindArticle}, Newest: true, Limit: 10 * maxKeepHolders})
	if err != nil {
		return err
	}
	var versions []*store.ArticleVersion
	for j := range h.Captures {
		c := h.Captures[j].Content
		if !c.Article.IsZero() {
			v, err := s.version(ctx, c.Article)
			if err != nil {
				return err
			}
			if v != nil {
				versions = append(versions, v)
			}
		}
		if !c.Via.IsZero() {
			via, err := s.post(ctx, c.Via)
			if err != nil {
				return err
			}
			s.holder(i, via)
		}
	}
	for _, r := range slices.Backward(links.Records) {
		v, err := store.Decode[store.ArticleVersion](&r)
		if err != nil {
			return err
		}
		versions = append(versions, v)
	}
	if links.More {
		s.things[i].Reasons = append(s.things[i].Reasons, KeepReason{Why: KeptUnknown, Text: "too many articles link it"})
		return nil
	}
	return s.shownBy(ctx, i, versions)
}

// survey finds all that an article brought in, and why each of it stays. The
// article is the first of the things.
func (s *surveyor) survey(ctx context.Context, k *keptArticle) ([]*KeepReason, error) {
	root, err := s.addArticle(ctx, k)
	if err != nil || len(s.things[root].Reasons) > 0 {
		return Retain(s.things), err
	}
	refs, err := s.shown(ctx, k)
	if err != nil {
		return nil, err
	}
	if err := s.bring(ctx, refs); err != nil {
		return nil, err
	}
	for _, v := range k.versions {
		for i := range v.Links {
			if err := s.bringPage(ctx, v.Links[i].URL); err != nil {
				return nil, err
			}
		}
	}
	return Retain(s.things), nil
}

// bring adds posts, what they quote and answer, and the pages that they link.
func (s *surveyor) bring(ctx context.Context, refs []post.Ref) error {
	for queue := refs; len(queue) > 0; queue = queue[1:] {
		i, err := s.post(ctx, queue[0])
		if err != nil {
			return err
		}
		h := s.posts[i]
		if h == nil || slices.Contains(s.brought, i) {
			continue
		}
		s.brought = append(s.brought, i)
		for j := range h.Derivations {
			p := &h.Derivations[j].Content.Post
			for _, next := range []post.Ref{p.Quoted, p.Parent, p.Reposted} {
				if !next.IsZero() && !slices.Contains(queue, next) {
					queue = append(queue, next)
				}
			}
			for _, l := range p.Links {
				if err := s.bringPage(ctx, cmp.Or(l.Expanded, l.URL)); err != nil {
					return err
				}
			}
			if p.Card != nil {
				if err := s.bringPage(ctx, p.Card.URL); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (s *surveyor) bringPage(ctx context.Context, address string) error {
	if address == "" {
		return nil
	}
	i, ok, err := s.page(ctx, address)
	if ok && err == nil && s.pages[i] != nil && !slices.Contains(s.brought, i) {
		s.brought = append(s.brought, i)
	}
	return err
}

package archiver

import (
	"context"
	"fmt"
	"slices"

	"stet/extract/post"
	"stet/store"
)

// retired is what a rule removes with one article.
type retired struct {
	*Removal
	// pages are the addresses of the linked pages.
	pages []string
	// stays says of each thing that it brought in and that stays, why.
	stays []KeptHere
}

// KeptHere is something that an article brought in and that stays.
type KeptHere struct {
	Name string     `json:"name"`
	Why  KeepReason `json:"why"`
}

// retire lists all that goes with an article, which a survey said.
func (s *surveyor) retire(ctx context.Context, k *keptArticle, why []*KeepReason) (*retired, error) {
	out := &retired{}
	p := &planner{a: s.a, plan: &Removal{}, known: map[store.ID]bool{}, lively: map[store.ID]bool{}, silent: map[store.ID]bool{},
		files: map[store.Digest]string{}, spareSealed: true}
	for _, i := range s.brought {
		switch {
		case why[i] != nil:
			out.stays = append(out.stays, KeptHere{s.things[i].Name, *why[i]})
		case s.posts[i] != nil:
			p.names = append(append(p.names, s.posts[i].Ref), s.posts[i].Aliases...)
		default:
			out.pages = append(out.pages, s.pages[i].URL)
		}
	}
	slices.SortFunc(p.names, post.Ref.Compare)
	p.names = slices.Compact(p.names)
	p.plan.own, out.Removal = p.names, p.plan
	for i := range k.records {
		if err := p.article(ctx, &k.records[i]); err != nil {
			return nil, err
		}
	}
	if err := p.readAgain(ctx, k); err != nil {
		return nil, err
	}
	p.keep = true // what others publish of the posts is theirs
	if err := p.find(ctx, nil); err != nil {
		return nil, err
	}
	for _, i := range s.brought {
		if h := s.pages[i]; h != nil && why[i] == nil {
			if err := p.page(ctx, h); err != nil {
				return nil, err
			}
		}
	}
	if err := p.spareShared(ctx); err != nil {
		return nil, err
	}
	if err := p.settleFiles(ctx); err != nil {
		return nil, err
	}
	// An interrupted removal finds the article again as long as there is anything
	// left of what it brought in.
	slices.SortStableFunc(p.plan.records, func(a, b planned) int { return lastKept(a.record.Kind) - lastKept(b.record.Kind) })
	return out, nil
}

func lastKept(k store.Kind) int {
	switch k {
	case store.KindPage, store.KindCapture:
		return 1
	case store.KindDerivation:
		return 2
	case store.KindArticle:
		return 3
	}
	return 0
}

// readAgain plans the answers of an article that were read again and held nothing
// new.
func (p *planner) readAgain(ctx context.Context, k *keptArticle) error {
	for _, address := range k.urls {
		records, err := p.a.ListAll(ctx, store.ArticleTerm(address), store.MaxHistory, store.KindExchange)
		if err != nil {
			return err
		}
		for i := range records {
			if err := p.exchangeByID(ctx, records[i].ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// page plans a linked page: its captures, what was read out of them, the answers
// of the looks at it, and how it looked.
func (p *planner) page(ctx context.Context, h *store.PageHistory) error {
	records, err := p.a.ListAll(ctx, store.URLTerm(h.URL), store.MaxHistory, store.KindCapture, store.KindPage, store.KindPageLook, store.KindDrawing)
	if err != nil {
		return err
	}
	p.plan.articles = append(p.plan.articles, h.URL)
	for i := range records {
		r := &records[i]
		c, err := store.DecodeAny(r)
		if err != nil {
			return err
		}
		switch c := c.(type) {
		case *store.Capture:
			if err := p.add(ctx, r, Place{Kind: PlaceCapture, What: "captured from " + c.URL}); err != nil {
				return err
			}
			for _, id := range c.Exchanges {
				if err := p.exchangeByID(ctx, id); err != nil {
					return err
				}
			}
		case *store.PageReading:
			if store.ArticleKey(c.URL) != store.ArticleKey(h.URL) {
				continue // of another page, which led here
			}
			if err := p.add(ctx, r, Place{Kind: PlaceReading, What: "what " + c.Parser + " read"}); err != nil {
				return err
			}
		case *store.PageLook:
			if c.Result.Missing() || c.Result == store.PageUnknown {
				continue
			}
			if err := p.exchangeByID(ctx, c.Exchange); err != nil {
				return err
			}
		case *store.Drawing:
			if err := p.drawing(ctx, r, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// spareShared takes out of the plan the answers that something needs that stays: a
// capture that was made of them, a look that rests on them, another answer whose
// bytes they hold.
func (p *planner) spareShared(ctx context.Context) error {
	for changed := true; changed; {
		changed = false
		goes := make(map[store.ID]bool, len(p.plan.records))
		for i := range p.plan.records {
			goes[p.plan.records[i].record.ID] = true
		}
		var rest []planned
		for _, x := range p.plan.records {
			why := ""
			if x.record.Kind == store.KindExchange {
				var err error
				if why, err = p.neededBy(ctx, &x.record, goes); err != nil {
					return err
				}
			}
			if why == "" {
				rest = append(rest, x)
				continue
			}
			changed = true
			goes[x.record.ID] = false
			for i := range p.plan.Places {
				if p.plan.Places[i].Name == x.record.ID.String() {
					p.plan.Places[i].Stays = why
				}
			}
		}
		p.plan.records = rest
	}
	return nil
}

// neededBy says what that stays needs an answer; empty where nothing does.
func (p *planner) neededBy(ctx context.Context, r *store.Record, goes map[store.ID]bool) (string, error) {
	x, err := store.Decode[store.Exchange](r)
	if err != nil {
		return "", err
	}
	terms := []store.Term{store.RecordTerm(r.ID), store.URLTerm(x.URL)}
	if x.Article != "" {
		terms = append(terms, store.ArticleTerm(x.Article))
	}
	for _, ref := range x.Refs {
		terms = append(terms, store.RefTerm(ref))
	}
	for _, t := range terms {
		users, err := p.a.ListAll(ctx, t, store.MaxHistory, store.KindExchange, store.KindCapture, store.KindLook, store.KindPageLook, store.KindArticle, store.KindResolution)
		if err != nil {
			return "", err
		}
		for i := range users {
			if u := &users[i]; u.ID != r.ID && !goes[u.ID] {
				if why, err := p.uses(u, r.ID); why != "" || err != nil {
					return why, err
				}
			}
		}
	}
	return "", nil
}

// uses says what a record that keeps its content needs an answer for.
func (p *planner) uses(u *store.Record, id store.ID) (string, error) {
	c, err := store.DecodeAny(u)
	if err != nil {
		return "", err
	}
	switch c := c.(type) {
	case *store.Exchange:
		if c.Body.SameAs == id && !c.Body.Removed {
			return fmt.Sprintf("it holds the bytes of the answer %s too", u.ID), nil
		}
	case *store.Capture:
		used := slices.Contains(c.Exchanges, id) || slices.ContainsFunc(c.Media, func(m store.MediaFile) bool { return m.Exchange == id })
		if used && !slices.Contains(p.names, c.Ref) && !u.Lacks("meta") {
			return fmt.Sprintf("%s was captured from it too", nameOf(c)), nil
		}
	case *store.Look:
		if c.Exchange == id && !slices.Contains(p.names, c.Ref) {
			return fmt.Sprintf("a look at %s rests on it", c.Ref), nil
		}
	case *store.PageLook:
		same := func(address string) bool { return store.ArticleKey(address) == store.ArticleKey(c.URL) }
		if c.Exchange == id && !slices.ContainsFunc(p.plan.articles, same) {
			return fmt.Sprintf("a look at %s rests on it", c.URL), nil
		}
	case *store.ArticleVersion:
		if c.Exchange == id {
			return fmt.Sprintf("the article %s was read from it too", c.URL), nil
		}
	case *store.Resolution:
		if slices.Contains(c.Exchanges, id) && !c.Ref.IsZero() && !slices.Contains(p.names, c.Ref) {
			return fmt.Sprintf("it says which post %s is", c.Ref), nil
		}
	}
	return "", nil
}

func nameOf(c *store.Capture) string {
	if !c.Ref.IsZero() {
		return c.Ref.String()
	}
	return c.URL
}

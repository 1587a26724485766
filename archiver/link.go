package archiver

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"stet/extract"
	"stet/extract/post"
	"stet/store"
)

// Links says which linked pages are captured.
type Links string

// The settings of Links.
const (
	// LinksOff captures none.
	LinksOff Links = "off"
	// LinksArticle captures what an article's own text links: neither its
	// navigation nor pages of its own site.
	LinksArticle Links = "article"
	// LinksAll captures also what the captured posts link.
	LinksAll Links = "all"
)

const (
	// DefaultMaxLinks is the most linked pages of one article that are
	// captured: more is a directory rather than a story.
	DefaultMaxLinks = 200
	// maxPostLinks is the most of one post.
	maxPostLinks = 20
	// pageAttempts is how often a linked page is tried before it is left: its
	// host may be gone for good, which nobody needs to decide about.
	pageAttempts = 4
)

// linkWant is one linked page that is to be captured.
type linkWant struct {
	url, key string
	// article and via are the article version and the post that led here.
	article store.ID
	via     post.Ref
	options CaptureOptions

	lease store.Lease
	job   store.Job
}

// links returns which linked pages are captured for o. Scans fetch what stands
// inside posts only where they were told to.
func (e *Engine) links(o CaptureOptions) Links {
	mode := cmp.Or(o.Links, e.o.Policy.Links, LinksOff)
	switch {
	case e.o.Pages == nil:
		return LinksOff
	case mode == LinksAll && o.scheduled() && !e.o.Policy.ScanPostLinks:
		return LinksArticle
	}
	return mode
}

// pageKey is what makes two links the same page. It is bounded as jobs' keys
// are.
func pageKey(address string) string { return jobKey(store.ArticleKey(address)) }

// isPage reports whether an address leads to a page of the web rather than to
// a post, a profile or a button of a platform.
func (e *Engine) isPage(address string) bool {
	if !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "http://") || hostOf(address) == "" {
		return false
	}
	t, _, ok := e.o.Finder.Parse(address)
	return !ok || t.Kind == extract.TargetShort || t.Kind == extract.TargetOther
}

// newLinks lists the pages of addresses, each once, at most limit of them, and
// how many were left out. Those that a schedule came upon and that are captured
// already are not listed: looks say what becomes of them.
func (e *Engine) newLinks(ctx context.Context, addresses []string, limit int, o CaptureOptions) (wants []*linkWant, over int, err error) {
	seen := map[string]bool{}
	for _, address := range addresses {
		key := pageKey(address)
		if seen[key] || !e.isPage(address) {
			continue
		}
		seen[key] = true
		if len(wants) == limit {
			over++
			continue
		}
		if o.scheduled() {
			page, err := e.o.Archive.List(ctx, store.Query{Term: store.URLTerm(address), Kinds: []store.Kind{store.KindCapture}, Limit: 1})
			if err != nil {
				return nil, 0, err
			}
			if len(page.Records) > 0 {
				continue
			}
		}
		wants = append(wants, &linkWant{url: address, key: key, options: o})
	}
	return wants, over, nil
}

// articleLinks lists the pages that an article version links.
func (e *Engine) articleLinks(ctx context.Context, id store.ID, v *store.ArticleVersion, o CaptureOptions) ([]*linkWant, string, error) {
	if e.links(o) == LinksOff {
		return nil, "", nil
	}
	addresses := make([]string, len(v.Links))
	for i := range v.Links {
		addresses[i] = v.Links[i].URL
	}
	limit := cmp.Or(e.o.Policy.MaxLinks, DefaultMaxLinks)
	wants, over, err := e.newLinks(ctx, addresses, limit, o.within(v.Private && !v.Decided))
	for _, w := range wants {
		w.article = id
	}
	note := ""
	if over > 0 {
		note = fmt.Sprintf("%d of its linked pages were not captured: %d is the most for one article (capture.max_links)", over, limit)
	}
	return wants, note, err
}

// enqueueLink adds the intent to capture a page, held by this process where
// hold is true.
func (e *Engine) enqueueLink(b *store.Builder, w *linkWant, hold bool) error {
	payload, err := json.Marshal(intent{Target: w.url, Article: w.article, Via: w.via, Options: w.options})
	if err != nil {
		return fmt.Errorf("writing the intent to capture %s: %w", w.url, err)
	}
	priority := store.PrioritySchedule
	if hold {
		priority, w.lease = store.PriorityPerson, e.lease()
	}
	return b.Enqueue(store.Enqueue{Lease: w.lease, Earlier: true,
		Job: store.Job{Kind: JobPage, Key: w.key, Host: hostOf(w.url), Payload: payload, Priority: priority}})
}

// linkSet are the linked pages that one command captures, each once.
type linkSet struct {
	mu      sync.Mutex
	wants   []*linkWant
	known   map[string]bool
	release []func()
}

func newLinkSet() *linkSet { return &linkSet{known: map[string]bool{}} }

// take adds pages whose intents are stored, and holds their jobs until end. A
// nil set leaves them to the queue.
func (s *linkSet) take(ctx context.Context, e *Engine, wants []*linkWant, jobs []store.Job) {
	if s == nil || len(wants) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var held []store.Job
	for _, w := range wants {
		i := slices.IndexFunc(jobs, func(j store.Job) bool { return j.Kind == JobPage && j.Key == w.key })
		if i >= 0 {
			w.job = given(jobs[i], w.lease)
		}
		if s.known[w.key] {
			continue
		}
		s.known[w.key] = true
		s.wants = append(s.wants, w)
		if e.holds(w.job) {
			held = append(held, w.job)
		}
	}
	if len(held) > 0 {
		s.release = append(s.release, e.holdLeases(ctx, held))
	}
}

// end lets the leases go.
func (s *linkSet) end() {
	for _, release := range s.release {
		release()
	}
}

// captureLinks captures the pages of a set and returns the results in their
// order. Several are fetched at a time, but no host holds more than its share
// of the workers.
func (e *Engine) captureLinks(ctx context.Context, s *linkSet) []ResultLink {
	results := make([]ResultLink, len(s.wants))
	left := make([]int, len(s.wants))
	for i := range left {
		left[i] = i
	}
	share := max(e.o.Workers/perHost, 1)
	active, running := map[string]int{}, 0
	done := make(chan string)
	for len(left) > 0 || running > 0 {
		next := -1
		if running < e.o.Workers && ctx.Err() == nil {
			next = slices.IndexFunc(left, func(i int) bool { return active[hostOf(s.wants[i].url)] < share })
		}
		if next < 0 {
			if running == 0 {
				break // interrupted
			}
			active[<-done]--
			running--
			e.o.Progress(Progress{Stage: "page", Done: len(s.wants) - len(left) - running, Total: len(s.wants)})
			continue
		}
		i := left[next]
		left = slices.Delete(left, next, next+1)
		host := hostOf(s.wants[i].url)
		active[host]++
		running++
		go func() { // the loop waits for it
			results[i] = e.captureLink(ctx, s.wants[i])
			done <- host
		}()
	}
	e.releaseLinks(ctx, s, left, results)
	for i := range results {
		results[i].Retry = e.retryOf(ctx, s.wants[i].job, results[i].Err)
	}
	return results
}

// releaseLinks gives back the jobs of pages that were not begun, and says so.
func (e *Engine) releaseLinks(ctx context.Context, s *linkSet, left []int, results []ResultLink) {
	if len(left) == 0 {
		return
	}
	b := e.o.Archive.Begin()
	for _, i := range left {
		w := s.wants[i]
		results[i] = ResultLink{URL: w.url, Err: fmt.Errorf("capturing %s: %w", w.url, ctx.Err())}
		e.finish(b, w.job, ctx.Err())
	}
	if _, err := b.Commit(context.WithoutCancel(ctx)); err != nil {
		for _, i := range left {
			results[i].Err = errors.Join(results[i].Err, fmt.Errorf("giving its job back: %w", err))
		}
	}
}

// addLinks adds the intents to capture what a captured post links.
func (c *capturing) addLinks(ctx context.Context, p *post.Post) error {
	if c.e.links(c.w.options) != LinksAll {
		return nil
	}
	var addresses []string
	for _, l := range p.Links {
		addresses = append(addresses, cmp.Or(l.Expanded, l.URL))
	}
	if p.Card != nil && p.Card.URL != "" {
		addresses = append(addresses, p.Card.URL)
	}
	var err error
	if c.links, _, err = c.e.newLinks(ctx, addresses, maxPostLinks, c.w.options.within(c.w.itself())); err != nil {
		return err
	}
	for _, l := range c.links {
		l.article, l.via = c.w.article, p.Ref()
		if err := c.e.enqueueLink(c.b, l, c.w.set != nil); err != nil {
			return err
		}
	}
	return nil
}

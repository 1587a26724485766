package archiver

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"stet/archiver/fetch"
	"stet/extract"
	"stet/extract/post"
	"stet/store"
)

// finderVersion names what found the mentions of an article version.
const finderVersion = "extract@1"

// Document is an article or text that is at hand: a local file, or standard
// input.
type Document struct {
	// Name is the name of the file, empty for standard input.
	Name string
	// Origin is file or stdin.
	Origin      string
	ContentType string
	Body        []byte
}

// CaptureDocument captures the posts that a local document shows. It keeps the
// document's bytes, as private.
func (e *Engine) CaptureDocument(ctx context.Context, d Document, o CaptureOptions) (res Result) {
	res = Result{Target: d.Name, Kind: "article"}
	if d.Name == "" {
		res.Target = "-"
	}
	defer res.settle()
	info, err := e.o.Archive.PutBlob(ctx, bytes.NewReader(d.Body), 0)
	if err != nil {
		res.Err = err
		return res
	}
	in := extract.Input{ContentType: d.ContentType, Body: d.Body}
	found := e.o.Finder.Find(in)
	version := &store.ArticleVersion{Time: e.o.Archive.Now(), URL: d.Name, Content: info.Digest, Origin: d.Origin, Private: true}
	version.Key = "sha256:" + info.Digest.String()[len("sha256:"):]
	if found.Article.Canonical != "" {
		version.Key = store.ArticleKey(found.Article.Canonical)
	}
	e.describeArticle(version, in, &found)
	e.captureArticle(ctx, &res, version, nil, store.Job{}, o)
	return res
}

// CapturePage captures the article at an address and the posts that it shows.
// What is no page is kept as it is.
func (e *Engine) CapturePage(ctx context.Context, address string, o CaptureOptions) Result {
	fail := func(err error) Result {
		res := Result{Target: address, Kind: "article", Err: err}
		res.settle()
		return res
	}
	if err := CheckOpen(address); err != nil {
		return fail(err)
	}
	job, err := e.intend(ctx, JobArticle, address, o)
	if err != nil {
		return fail(err)
	}
	release := e.holdLeases(ctx, []store.Job{job})
	defer release()
	res := e.page(ctx, address, job, o)
	res.Retry = e.retryOf(ctx, job, res.Err)
	return res
}

// CheckOpen errors with store.ErrInvalid where an address holds a name or a
// password: the address is kept with what is captured, and secrets never are.
func CheckOpen(address string) error {
	if u, err := url.Parse(address); err == nil && u.User != nil {
		return fmt.Errorf("%w: the address %.200s holds a name or a password, which would be kept with what is captured; take it out, and let fetch.hosts tell the host what it wants",
			store.ErrInvalid, u.Redacted())
	}
	return nil
}

// page captures the article at an address and finishes the job.
func (e *Engine) page(ctx context.Context, address string, job store.Job, o CaptureOptions) (res Result) {
	res = Result{Target: address, Kind: "article"}
	defer res.settle()
	e.o.Progress(Progress{Stage: "article", What: address})
	resp, r, trouble := e.readPage(ctx, address)
	if trouble != nil {
		res.Err = errors.Join(trouble, e.keepFailure(ctx, job, r, trouble))
		return res
	}
	in := extract.Input{URL: resp.URL, ContentType: resp.Header.Get("Content-Type"), Body: resp.Body}
	if extract.DecideContent(in) == extract.ContentOther {
		e.keepOther(ctx, &res, address, in, resp, job, r, o)
		return res
	}
	found := e.o.Finder.Find(in)
	version := &store.ArticleVersion{Time: e.o.Archive.Now(), URL: resp.URL, Key: store.ArticleKey(resp.URL), Origin: "web", Private: r.private()}
	if address != resp.URL {
		version.Asked = address
	}
	if found.Article.Canonical != "" && sameHost(found.Article.Canonical, resp.URL) {
		version.Key = store.ArticleKey(found.Article.Canonical)
	}
	e.describeArticle(version, in, &found)
	e.captureArticle(ctx, &res, version, r, job, o)
	if e.o.Pages != nil && res.Err == nil && !o.scheduled() && len(version.Mentions) == 0 {
		// Without posts it is a page as any other, to whoever asked for it.
		e.keepAsPage(ctx, &res, address, resp, r, store.Job{}, o)
	}
	return res
}

// readPage fetches a page, and follows pages that do nothing but redirect to
// another by themselves.
func (e *Engine) readPage(ctx context.Context, address string) (*fetch.Response, *recorded, error) {
	r := &recorded{}
	for hop := 0; ; hop++ {
		resp, err := e.o.Client.Do(ctx, fetch.Request{URL: address, Purpose: "article", Header: http.Header{"Accept": {"text/html,application/xhtml+xml,*/*;q=0.8"}}})
		if resp != nil {
			r.exchanges = append(r.exchanges, resp.Exchanges...)
		}
		if err == nil {
			err = articleTrouble(resp)
		}
		if err != nil {
			return resp, r, err
		}
		next := e.movedTo(resp)
		if next == "" {
			return resp, r, nil
		}
		if hop == maxShortHops {
			return resp, r, fmt.Errorf("%w: %s leads from page to page, and %s redirects once more", store.ErrUnexpected, address, resp.URL)
		}
		address = next
	}
}

// maxMovedBytes is the largest page that is taken for one that only redirects.
const maxMovedBytes = 16 << 10

// maxMovedDelay is, in seconds, the longest after which a page leads on to
// what it stands for; pages that lead to the front page after some minutes
// stand for themselves.
const maxMovedDelay = 10

// movedTo returns where a page that shows nothing but a redirect leads, empty
// for every other page: live blogs refresh themselves too.
func (e *Engine) movedTo(resp *fetch.Response) string {
	in := extract.Input{URL: resp.URL, ContentType: resp.Header.Get("Content-Type"), Body: resp.Body}
	if len(resp.Body) > maxMovedBytes || extract.DecideContent(in) != extract.ContentHTML {
		return ""
	}
	next, delay := refresh(resp.Body, true)
	if next == "" || delay > maxMovedDelay {
		return ""
	}
	next = absolute(resp.URL, next)
	if found := e.o.Finder.Find(in); len(found.Embeds) > 0 || next == resp.URL {
		return ""
	}
	return next
}

// settled is a failure that trying again does not mend.
type settled struct{ error }

// Unwrap returns the failure.
func (s settled) Unwrap() error { return s.error }

// articleTrouble says why an answer is no article, nil where it may be one.
func articleTrouble(resp *fetch.Response) error {
	switch {
	case resp.Status == http.StatusNotFound || resp.Status == http.StatusGone:
		return settled{fmt.Errorf("%w: %s answered %d %s: there is no such page; check the address", store.ErrUnexpected, resp.URL, resp.Status, http.StatusText(resp.Status))}
	case resp.Status != http.StatusOK:
		return fmt.Errorf("%w: %s answered %d %s", store.ErrUnexpected, resp.URL, resp.Status, http.StatusText(resp.Status))
	case len(bytes.TrimSpace(resp.Body)) == 0:
		return fmt.Errorf("%w: %s answered with an empty page", store.ErrUnexpected, resp.URL)
	}
	return nil
}

// intend adds the intent to capture an address, held by this process.
func (e *Engine) intend(ctx context.Context, kind, target string, o CaptureOptions) (store.Job, error) {
	payload, err := json.Marshal(intent{Target: target, Options: o})
	if err != nil {
		return store.Job{}, fmt.Errorf("writing the intent to capture %s: %w", target, err)
	}
	b, lease := e.o.Archive.Begin(), e.lease()
	if err := b.Enqueue(store.Enqueue{Job: store.Job{Kind: kind, Key: jobKey(target), Host: hostOf(target), Payload: payload, Priority: store.PriorityPerson}, Lease: lease}); err != nil {
		return store.Job{}, err
	}
	receipt, err := b.Commit(ctx)
	if err != nil {
		return store.Job{}, err
	}
	return given(receipt.Jobs[0], lease), nil
}

// jobKey makes the key of a job of an address.
func jobKey(target string) string {
	if len(target) > store.MaxTermLength {
		return store.DigestOf([]byte(target)).String()
	}
	return target
}

// hostOf returns the host of an address, for fairness between hosts.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// keepFailure keeps the exchanges of a failed attempt with the job's outcome.
func (e *Engine) keepFailure(ctx context.Context, job store.Job, r *recorded, cause error) error {
	keep := context.WithoutCancel(ctx)
	b := e.o.Archive.Begin()
	if err := r.addTo(keep, b); err != nil {
		return err
	}
	e.finish(b, job, cause)
	if _, err := b.Commit(keep); err != nil {
		return fmt.Errorf("keeping the record of the failure: %w", err)
	}
	return nil
}

// keepOther keeps what is neither HTML nor text as a capture of a page.
func (e *Engine) keepOther(ctx context.Context, res *Result, address string, in extract.Input, resp *fetch.Response, job store.Job, r *recorded, o CaptureOptions) {
	res.Warnings = append(res.Warnings, fmt.Sprintf("%s is %s, not a page: it is kept as it is, and no posts were looked for in it", address, mediaType(in.ContentType)))
	if e.o.Pages != nil {
		e.keepAsPage(ctx, res, address, resp, r, job, o)
		return
	}
	res.Kind = "page"
	keep := context.WithoutCancel(ctx)
	b := e.o.Archive.Begin()
	if res.Err = r.addTo(keep, b); res.Err != nil {
		return
	}
	id, err := b.Add(keep, &store.Capture{Time: r.when(e.o.Archive.Now()), Kind: store.CapturePage, URL: address, Source: post.SourcePublic,
		Exchanges: []store.ID{r.last()}, Trigger: o.trigger(), Operator: o.Operator, Case: o.Case, Note: o.Note, Machine: e.o.Machine, Private: o.private(r.private()), Software: e.o.Software})
	if err != nil {
		res.Err = err
		return
	}
	e.finish(b, job, nil)
	if _, res.Err = b.Commit(keep); res.Err != nil {
		return
	}
	res.Links = []ResultLink{{URL: address, FinalURL: in.URL, Capture: id}}
}

// describeArticle fills in what the finder found.
func (e *Engine) describeArticle(v *store.ArticleVersion, in extract.Input, found *extract.Result) {
	a := &found.Article
	v.Canonical, v.Title, v.SiteName, v.Authors = a.Canonical, a.Title, a.SiteName, a.Authors
	v.Published, v.Modified, v.Language = a.Published, a.Modified, a.Language
	v.Warnings, v.Finder = found.Warnings, finderVersion
	if e.o.Readable != nil && extract.DecideContent(in) == extract.ContentHTML {
		v.Text = cut(e.o.Readable(in), store.MaxFieldSize)
	} else if extract.DecideContent(in) != extract.ContentHTML {
		v.Text = cut(string(bytes.ToValidUTF8(in.Body, []byte("\ufffd"))), store.MaxFieldSize)
	}
	for i := range found.Embeds {
		v.Mentions = append(v.Mentions, mentionOf(&found.Embeds[i]))
	}
	for _, l := range found.PostLinks {
		v.Mentions = append(v.Mentions, store.Mention{Kind: "link", Ref: post.Ref{Platform: l.Platform, ID: l.ID}, Platform: l.Platform,
			URL: l.URL, Anchor: l.Anchor, Positions: l.Positions})
	}
	for _, l := range found.Links {
		v.Links = append(v.Links, store.ArticleLink{URL: l.URL, Anchor: l.Anchor, Positions: l.Positions})
	}
}

func mentionOf(m *extract.Embed) store.Mention {
	return store.Mention{Kind: "embed", Ref: m.Ref(), Platform: m.Platform, URL: m.URL, Markup: m.Markup, Positions: m.Positions,
		Before: m.Before, Quoted: store.Quotation(m.Quoted), Fragment: cut(m.Fragment, maxFragment)}
}

// cut returns at most n bytes of s, whole characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return string(bytes.ToValidUTF8([]byte(s[:n]), nil))
}

// captureArticle keeps an article version with the intents to capture its
// posts, and captures them.
func (e *Engine) captureArticle(ctx context.Context, res *Result, v *store.ArticleVersion, r *recorded, job store.Job, o CaptureOptions) {
	keep := context.WithoutCancel(ctx)
	b := e.o.Archive.Begin()
	versions, err := e.versions(ctx, v.Key)
	if err != nil {
		res.Err = err
		return
	}
	v.Source = o.Source
	if res.Err = e.settlePrivacy(keep, v, versions, o); res.Err != nil {
		return
	}
	if r != nil {
		for i := range v.Mentions {
			r.refs(v.Mentions[i].Ref)
		}
		for i := range r.exchanges {
			r.exchanges[i].Article = v.URL
		}
		if res.Err = r.addTo(keep, b); res.Err != nil {
			return
		}
		v.Exchange = r.last()
	}
	var id store.ID
	if last := versions.last(); last != nil && o.scheduled() && sameVersion(last.Content, v) {
		id = last.ID // read again, and nothing changed: the exchange says so
	} else if id, err = b.Add(keep, v); err != nil {
		res.Err = err
		return
	}
	wants := e.wantsOf(id, v, o)
	if o.scheduled() {
		if wants, err = e.unseen(ctx, wants); err != nil {
			res.Err = err
			return
		}
	}
	var set *linkSet
	if !o.scheduled() {
		set = newLinkSet()
		defer set.end()
	}
	for _, w := range wants {
		w.set = set
		if res.Err = e.enqueue(b, w); res.Err != nil {
			return
		}
	}
	links, note, err := e.articleLinks(ctx, id, v, o)
	if err != nil {
		res.Err = err
		return
	}
	for _, l := range links {
		if res.Err = e.enqueueLink(b, l, set != nil); res.Err != nil {
			return
		}
	}
	e.finish(b, job, nil)
	if res.Err = e.readAgain(b, v, versions, o); res.Err != nil {
		return
	}
	receipt, err := b.Commit(keep)
	if err != nil {
		res.Err = err
		return
	}
	for i, w := range wants {
		w.take(receipt.Jobs[i])
	}
	if o.scheduled() {
		// Another article's capture of it is under way: once is enough.
		wants = slices.DeleteFunc(wants, func(w *want) bool { return w.taken })
	}
	res.Article = &ResultArticle{URL: v.URL, Title: v.Title, Capture: id, Private: v.Private}
	res.Warnings = append(res.Warnings, v.Warnings...)
	if note != "" {
		res.Warnings = append(res.Warnings, note)
	}
	set.take(ctx, e, links, receipt.Jobs)
	res.Posts = e.captureAll(ctx, wants)
	if set != nil {
		res.Links = e.captureLinks(ctx, set)
	}
}

// wantsOf lists the posts that an article version shows.
func (e *Engine) wantsOf(id store.ID, v *store.ArticleVersion, o CaptureOptions) []*want {
	var wants []*want
	for i := range v.Mentions {
		m := &v.Mentions[i]
		if m.Kind != "embed" && !(e.links(o) != LinksOff && !m.Ref.IsZero() && e.Can(m.Ref.Platform)) {
			continue // a post that is only linked is captured where pages that are linked are
		}
		w := e.newWant(m.Ref, m.URL, o)
		w.article, w.mention, w.index, w.private, w.decided = id, m, i, v.Private, v.Decided
		wants = append(wants, w)
	}
	return wants
}

// CapturePosts captures posts that were asked for directly: one result each,
// in their order. url is what the person typed.
func (e *Engine) CapturePosts(ctx context.Context, refs []post.Ref, urls []string, o CaptureOptions) ([]ResultPost, error) {
	b := e.o.Archive.Begin()
	wants, set := make([]*want, len(refs)), newLinkSet()
	defer set.end()
	for i, ref := range refs {
		wants[i] = e.newWant(ref, urls[i], o)
		wants[i].set = set
		if err := e.enqueue(b, wants[i]); err != nil {
			return nil, err
		}
	}
	receipt, err := b.Commit(ctx)
	if err != nil {
		return nil, err
	}
	for i, w := range wants {
		w.take(receipt.Jobs[i])
	}
	results := e.captureAll(ctx, wants)
	for _, l := range e.captureLinks(ctx, set) {
		i := max(slices.IndexFunc(results, func(p ResultPost) bool { return p.Platform == l.via.Platform && p.ID == l.via.ID }), 0)
		results[i].Links = append(results[i].Links, l)
	}
	return results, nil
}

// captureAll captures posts, several at a time, and returns the results in
// their order. Platforms that answer for many posts at once are asked so.
func (e *Engine) captureAll(ctx context.Context, all []*want) []ResultPost {
	jobs := make([]store.Job, len(all))
	for i, w := range all {
		jobs[i] = w.job
	}
	release := e.holdLeases(ctx, jobs)
	defer release()
	err := e.nameAll(ctx, all)
	wants := joinSame(all)
	results := e.captureEach(ctx, wants, err)
	spread := make([]ResultPost, len(all))
	for i, w := range all {
		spread[i] = results[slices.IndexFunc(wants, func(x *want) bool { return x == w || slices.Contains(x.same, w) })]
		spread[i].Retry = e.retryOf(ctx, jobs[i], spread[i].Err)
	}
	return spread
}

// captureEach captures posts that are named by their lasting references, each
// once. err is why they could not be.
func (e *Engine) captureEach(ctx context.Context, wants []*want, err error) []ResultPost {
	results := make([]ResultPost, len(wants))
	beside := make(map[post.Ref]bool, len(wants))
	var batched map[post.Ref][]sighting
	for _, w := range wants {
		beside[w.ref] = true
		w.beside = beside
	}
	if err == nil {
		batched, err = e.askBatches(ctx, wants)
	}
	if err != nil {
		for i, w := range wants {
			results[i] = ResultPost{Platform: w.ref.Platform, ID: w.ref.ID, URL: w.url, Media: []post.Media{}, Status: post.Unknown, Err: err}
		}
		return results
	}
	var (
		group sync.WaitGroup
		gate  = make(chan struct{}, e.o.Workers)
		mu    sync.Mutex
		done  int
	)
	for i, w := range wants {
		gate <- struct{}{}
		if ctx.Err() != nil {
			group.Wait()
			e.release(ctx, wants[i:], results[i:])
			return results
		}
		group.Go(func() {
			defer func() { <-gate }()
			if w.ref.IsZero() {
				results[i] = e.captureUnresolved(ctx, w)
			} else {
				results[i] = e.capturePost(ctx, w, batched[w.ref])
			}
			mu.Lock()
			done++
			n := done
			mu.Unlock()
			e.o.Progress(Progress{Stage: "post", What: w.ref.String(), Done: n, Total: len(wants)})
		})
	}
	group.Wait()
	return results
}

// nameAll gives all wants the lasting references of their posts.
func (e *Engine) nameAll(ctx context.Context, wants []*want) error {
	for _, w := range wants {
		if err := e.nameWant(ctx, w); err != nil {
			return err
		}
	}
	return nil
}

// release gives back the jobs of posts that were not begun, and says so in
// their results.
func (e *Engine) release(ctx context.Context, wants []*want, results []ResultPost) {
	b := e.o.Archive.Begin()
	for i, w := range wants {
		results[i] = ResultPost{Platform: w.ref.Platform, ID: w.ref.ID, URL: w.url, Media: []post.Media{}, Status: post.Unknown,
			Err: fmt.Errorf("capturing %s: %w", cmp.Or(w.ref.String(), w.url, "a post"), ctx.Err())}
		e.finishWant(b, w, ctx.Err())
	}
	if _, err := b.Commit(context.WithoutCancel(ctx)); err != nil {
		for i := range results {
			results[i].Err = errors.Join(results[i].Err, fmt.Errorf("giving its job back: %w", err))
		}
	}
}

// askBatches asks the batching endpoints for all posts at once.
func (e *Engine) askBatches(ctx context.Context, wants []*want) (map[post.Ref][]sighting, error) {
	by := map[post.Platform][]post.Ref{}
	for _, w := range wants {
		if e.Can(w.ref.Platform) && w.unnamed() == nil {
			by[w.ref.Platform] = append(by[w.ref.Platform], w.ref)
		}
	}
	out := map[post.Ref][]sighting{}
	for platform, refs := range by {
		refs, err := e.allowed(ctx, refs)
		if err != nil {
			return nil, err
		}
		if err := e.askPlatform(ctx, e.platform(platform), refs, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// askPlatform asks the batching endpoints of one platform in their order, each
// for the posts that the ones before did not show.
func (e *Engine) askPlatform(ctx context.Context, p Platform, refs []post.Ref, out map[post.Ref][]sighting) error {
	left := refs
	for _, ep := range p.Endpoints() {
		if ep.Batch() < 2 || len(left) < 2 || ctx.Err() != nil {
			continue
		}
		all, err := e.askMany(ctx, ep, left, "post")
		if err != nil {
			return err
		}
		var missing []post.Ref
		for _, ref := range left {
			s := all[ref]
			out[ref] = append(out[ref], s)
			if s.answer.Shown() == nil {
				missing = append(missing, ref)
			}
		}
		left = missing
	}
	return nil
}

// Extract reads an address and says what would be captured. It keeps nothing.
func (e *Engine) Extract(ctx context.Context, address string) (extract.Result, error) {
	resp, _, err := e.readPage(ctx, address)
	if err != nil {
		return extract.Result{}, err
	}
	return e.o.Finder.Find(extract.Input{URL: resp.URL, ContentType: resp.Header.Get("Content-Type"), Body: resp.Body}), nil
}

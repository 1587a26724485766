package archiver

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"stet/archiver/fetch"
	"stet/extract/post"
	"stet/store"
)

// captureLink captures one linked page and keeps everything that was answered,
// in one commit.
func (e *Engine) captureLink(ctx context.Context, w *linkWant) ResultLink {
	before, err := e.pageHistory(ctx, w.url)
	if err != nil {
		return ResultLink{URL: w.url, Err: err}
	}
	if w.options.scheduled() && len(before.Captures) > 0 {
		// Another article's capture came first: once is enough.
		return ResultLink{URL: w.url, Err: e.close(ctx, w.job, nil)}
	}
	request, err := e.pageRequest(ctx, before, "page")
	if err != nil {
		return ResultLink{URL: w.url, Err: err}
	}
	request.URL, request.Anonymous = w.url, true
	answer := e.o.Pages.ReadPage(ctx, request)
	p := &pageRound{e: e, w: w, before: before, answer: &answer, reply: &recorded{exchanges: answer.Exchanges}, always: true}
	return p.keep(ctx)
}

// pageHistory reads what the archive knows of a page, an empty history where
// that is nothing.
func (e *Engine) pageHistory(ctx context.Context, address string) (*store.PageHistory, error) {
	h, err := e.o.Archive.PageHistory(ctx, address)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && pageKey(h.URL) != pageKey(address):
		return &store.PageHistory{URL: address}, nil
	case err != nil:
		return nil, fmt.Errorf("reading the history of %s: %w", address, err)
	}
	return h, nil
}

// pageRequest asks for a page again. Validators are sent only where they can
// be no other page's: the address itself answered, and showed the page.
func (e *Engine) pageRequest(ctx context.Context, before *store.PageHistory, purpose string) (PageRequest, error) {
	r := PageRequest{URL: before.URL, Purpose: purpose}
	n := len(before.Readings)
	if n == 0 || before.Readings[n-1].Content.Label != "" || before.Readings[n-1].Content.Final != before.URL {
		return r, nil
	}
	c := before.CaptureOf(before.Readings[n-1].Content)
	if c == nil || len(c.Content.Exchanges) == 0 {
		return r, nil
	}
	rec, err := e.o.Archive.Get(ctx, c.Content.Exchanges[0])
	if err != nil {
		return r, fmt.Errorf("reading how %s was captured: %w", before.URL, err)
	}
	x, err := store.Decode[store.Exchange](&rec)
	if err != nil {
		return r, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(x.ResponseHead)), nil)
	if err != nil {
		return r, nil //nolint:nilerr // without validators the page is sent whole
	}
	defer func() { _ = resp.Body.Close() }() // nothing was read from anywhere
	r.ETag, r.Modified = resp.Header.Get("ETag"), resp.Header.Get("Last-Modified")
	return r, nil
}

// pageRound is one answer of a page's address while it is kept.
type pageRound struct {
	e      *Engine
	w      *linkWant
	before *store.PageHistory
	answer *PageAnswer
	reply  *recorded
	// always asks for a capture also of what did not change.
	always bool
	// next is when the page is due to be looked at again.
	next  time.Time
	look  store.PageLook
	state PageState
}

// keep commits what was answered: exchanges, the capture with its reading, the
// look, the outcome of the job and the next look.
func (p *pageRound) keep(ctx context.Context) (res ResultLink) {
	keep := context.WithoutCancel(ctx)
	res = ResultLink{URL: p.w.url, via: p.w.via}
	committed := false
	defer func() {
		if !committed {
			res.Capture = store.ID{} // nothing of it is kept
		}
	}()
	b := p.e.o.Archive.Begin()
	if res.Err = p.reply.addTo(keep, b); res.Err != nil {
		return res
	}
	p.look = lookOf(p.w.url, p.before, p.answer, p.reply.when(p.e.o.Archive.Now()))
	p.look.Exchange, p.look.Trigger = p.reply.last(), p.w.options.trigger()
	if p.answer.Err == nil && (p.answer.NotModified || p.answer.shown()) && (p.always || p.differs()) {
		if res.Err = p.addCapture(keep, b, &res); res.Err != nil {
			return res
		}
	}
	if _, res.Err = b.Add(keep, &p.look); res.Err != nil {
		return res
	}
	if res.Err = p.schedule(b); res.Err != nil {
		return res
	}
	trouble := p.trouble(ctx)
	outcome := trouble
	if !p.always {
		outcome = ctx.Err() // the look is done, also where it could not tell
	}
	p.e.finish(b, p.w.job, outcome)
	if _, err := b.Commit(keep); err != nil {
		res.Err = fmt.Errorf("keeping the capture of %s: %w", p.w.url, err)
		return res
	}
	committed = true
	res.FinalURL, res.Label, res.Title, res.Err = p.look.Final, p.look.Label, p.answer.Reading.Title, trouble
	return res
}

// differs reports whether a look found what the archive does not hold yet: the
// page with other words than its last capture. Walls and error pages are in
// the exchange.
func (p *pageRound) differs() bool {
	r := &p.answer.Reading
	if p.answer.NotModified || r.Label != "" {
		return false
	}
	for i := len(p.before.Readings) - 1; i >= 0; i-- {
		last := p.before.Readings[i].Content
		if last.Label != "" {
			continue
		}
		return last.Type != r.Type || last.Text != r.Text || r.Text == "" && last.Digest != r.Digest
	}
	return true
}

// addCapture adds the capture, and the reading where the page is not as it was.
func (p *pageRound) addCapture(ctx context.Context, b *store.Builder, res *ResultLink) error {
	ids := p.reply.ids
	c := &store.Capture{Time: p.look.Time, Kind: store.CapturePage, URL: p.w.url, Source: post.SourcePublic, Article: p.w.article, Via: p.w.via,
		Trigger: p.w.options.trigger(), Operator: p.w.options.Operator, Case: p.w.options.Case, Note: p.w.options.Note, Machine: p.e.o.Machine,
		Private: p.w.options.private(p.reply.private()), Software: p.e.o.Software}
	if n := len(ids); n > 0 {
		c.Exchanges = append([]store.ID{ids[n-1]}, ids[:n-1]...)
	}
	same := sameAs(p.before, &p.answer.Reading)
	if n := len(p.before.Readings); p.answer.NotModified && n > 0 {
		same = &p.before.Readings[n-1]
	}
	if same != nil {
		c.Revisit = same.Content.Capture
	}
	id, err := b.Add(ctx, c)
	if err != nil {
		return err
	}
	p.look.Capture, res.Capture, res.Unchanged = id, id, same != nil
	if same != nil {
		return nil
	}
	r := p.answer.Reading
	r.Time, r.Capture, r.URL, r.Drift = p.look.Time, id, p.w.url, p.look.Drift
	_, err = b.Add(ctx, &r)
	return err
}

// schedule adds the job of the next look, or moves the one that waits. What was
// never captured is not looked at.
func (p *pageRound) schedule(b *store.Builder) error {
	if len(p.before.Captures) == 0 && p.look.Capture.IsZero() {
		return nil
	}
	now, first := p.e.o.Archive.Now(), p.look.Time
	looks := make([]store.PageLook, 0, len(p.before.Looks)+1)
	for _, l := range p.before.Looks {
		looks = append(looks, *l.Content)
	}
	if len(p.before.Captures) > 0 {
		first = p.before.Captures[0].Content.Time
	}
	p.state = JudgePage(append(looks, p.look), p.e.o.PageRules)
	p.next = NextPage(p.e.o.PageSchedule, p.e.o.PageRules, first, now, p.state)
	payload, err := json.Marshal(intent{Target: p.w.url})
	if err != nil {
		return fmt.Errorf("writing the intent to look at %s: %w", p.w.url, err)
	}
	return b.Enqueue(store.Enqueue{Replace: true, Job: store.Job{Kind: JobPageLook, Key: pageKey(p.w.url), Host: hostOf(p.w.url),
		Payload: payload, Priority: store.PriorityLook, RunAt: p.next}})
}

// trouble says why the page was not captured, nil where it was. What trying
// again does not mend is settled.
func (p *pageRound) trouble(ctx context.Context) error {
	l := &p.look
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("capturing %s: %w", p.w.url, ctx.Err())
	case p.answer.Err != nil:
		if class := store.ClassOf(p.answer.Err); class.Retry && p.w.job.Attempts < pageAttempts {
			return p.answer.Err
		}
		return settled{p.answer.Err}
	case !l.Capture.IsZero() && l.Label != "":
		return settled{fmt.Errorf("%w: what %s shows is not the page: %s; it is kept, and marked %s", store.ErrPartial, p.w.url, l.Reason, l.Label)}
	case p.answer.shown() || p.answer.NotModified:
		return nil
	case l.Status/100 == 5 && p.w.job.Attempts < pageAttempts:
		return fmt.Errorf("%w: %s answered %d %s", store.ErrNetwork, l.Final, l.Status, http.StatusText(l.Status))
	}
	return settled{fmt.Errorf("%w: %s answered %d %s", store.ErrUnexpected, l.Final, l.Status, http.StatusText(l.Status))}
}

// keepAsPage keeps what was read from an address as the capture of a page, and
// finishes the job where it is not done yet.
func (e *Engine) keepAsPage(ctx context.Context, res *Result, address string, resp *fetch.Response, r *recorded, job store.Job, o CaptureOptions) {
	res.Kind = "page"
	before, err := e.pageHistory(ctx, address)
	if err != nil {
		res.Err = err
		return
	}
	answer := e.o.Pages.Describe(address, resp)
	w := &linkWant{url: address, key: pageKey(address), options: o, job: job}
	p := &pageRound{e: e, w: w, before: before, answer: &answer, reply: r, always: true}
	link := p.keep(ctx)
	res.Links = append([]ResultLink{link}, res.Links...)
	if res.NextLook.IsZero() || !p.next.IsZero() && p.next.Before(res.NextLook) {
		res.NextLook = p.next
	}
}

// handlePage captures a linked page for a job.
func (e *Engine) handlePage(ctx context.Context, j store.Job, in intent) error {
	if e.o.Pages == nil {
		err := settled{fmt.Errorf("%w: this process does not capture linked pages", store.ErrUnexpected)}
		return errors.Join(err, e.close(ctx, j, err))
	}
	w := &linkWant{url: in.Target, key: j.Key, article: in.Article, via: in.Via, options: in.Options, job: j}
	return e.captureLink(ctx, w).Err
}

// handlePageLook looks at a captured page for a job.
func (e *Engine) handlePageLook(ctx context.Context, j store.Job, in intent) error {
	p, err := e.lookAtPage(ctx, in.Target, "schedule", j)
	if p == nil {
		return errors.Join(err, e.close(ctx, j, err)) // there is nothing to compare with
	}
	return err
}

// lookAtPage looks at a captured page, and keeps what it saw. What the server
// answered, whatever it was, is no failure. It returns nil where nothing of the
// page is kept.
func (e *Engine) lookAtPage(ctx context.Context, address, trigger string, j store.Job) (*pageRound, error) {
	before, err := e.pageHistory(ctx, address)
	if err != nil {
		return nil, err
	}
	if e.o.Pages == nil || len(before.Captures) == 0 {
		return nil, nil
	}
	request, err := e.pageRequest(ctx, before, "look")
	if err != nil {
		return nil, err
	}
	request.URL = address
	// What was captured without the operator's access is looked at without it,
	// and what is private stays so.
	last := before.Captures[len(before.Captures)-1].Content
	request.Anonymous = !last.Private || !last.Article.IsZero() || !last.Via.IsZero()
	options := CaptureOptions{Trigger: trigger}
	if last.Private && !last.Decided {
		options.Privacy = PrivacyPrivate
	}
	answer := e.o.Pages.ReadPage(ctx, request)
	w := &linkWant{url: address, key: pageKey(address), options: options, job: j}
	p := &pageRound{e: e, w: w, before: before, answer: &answer, reply: &recorded{exchanges: answer.Exchanges}}
	res := p.keep(ctx)
	if p.answer.Err == nil && ctx.Err() == nil && errors.As(res.Err, new(settled)) {
		return p, nil
	}
	return p, res.Err
}

// RecheckPage looks at a captured page now and weighs what it saw. It errors
// with ErrNotFound where no capture of the page is kept.
func (e *Engine) RecheckPage(ctx context.Context, address, trigger string) RecheckedPage {
	res := RecheckedPage{Kind: "page", URL: address, Result: store.PageUnknown, Status: store.PageUnknown}
	// The page may be known by the address that led to it.
	if h, err := e.o.Archive.PageHistory(ctx, address); err == nil {
		res.URL = h.URL
	}
	p, err := e.lookAtPage(ctx, res.URL, trigger, store.Job{})
	switch {
	case err != nil:
		res.Err = err
	case p == nil:
		res.Err = fmt.Errorf("%s: %w: capture it first: `stet capture %s`", address, store.ErrNotFound, address)
	}
	if p != nil {
		res.Result, res.Drift, res.Reason = p.look.Result, p.look.Drift, p.look.Reason
		res.Status, res.Confirmed, res.NextLook, res.Capture = p.state.Value, p.state.Confirmed, p.next, p.look.Capture
	}
	if res.Err != nil {
		res.Error = res.Err.Error()
	}
	return res
}

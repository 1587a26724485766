package archiver

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"

	"stet/extract"
	"stet/extract/post"
	"stet/store"
)

// How an embed without id was resolved.
const (
	byShortLink = "short-link"
	byArchive   = "archive"
	byQuotation = "quotation"
)

// The confidence of a resolution. MinConfidence is the least at which a post is
// taken for the one that the article shows: its address names the author that
// the article names, or the captured words are those that it quotes.
const (
	MinConfidence  = 0.8
	sureConfidence = 0.99
	likeConfidence = 0.9
	maybe          = 0.3
)

// resolution is how an embed without id was resolved.
type resolution struct {
	ref        post.Ref
	url        string
	method     string
	confidence float64
	candidates []post.Ref
	replies    []*recorded
	reason     string
	// err is why a short link could not be followed, end where it led.
	err error
	end string
}

// addTo records the resolution with the exchanges that it rests on.
func (r *resolution) addTo(ctx context.Context, b *store.Builder, w *want, now time.Time) error {
	var ids []store.ID
	for _, reply := range r.replies {
		if err := reply.addTo(ctx, b); err != nil {
			return err
		}
		ids = append(ids, reply.ids...)
	}
	ref := r.ref
	if r.confidence < MinConfidence {
		ref = post.Ref{}
	}
	_, err := b.Add(ctx, &store.Resolution{Time: now, Article: w.article, Mention: w.index, Ref: ref, Method: r.method,
		Confidence: r.confidence, Candidates: r.candidates, Exchanges: ids, Reason: r.reason})
	return err
}

// captureUnresolved captures a post of which the article tells no id: by the
// short links in its words, else by the author's posts in a web archive, else by
// keeping the article's own quotation.
func (e *Engine) captureUnresolved(ctx context.Context, w *want) ResultPost {
	if err := e.refused(ctx, store.Subject{Authors: []store.Account{claimed(w.mention.Platform, w.mention.Quoted.Handle)}}); err != nil {
		return ResultPost{Platform: w.mention.Platform, URL: w.url, Media: []post.Media{}, Status: post.Unknown, Err: e.refuse(ctx, w, err)}
	}
	r := e.resolve(ctx, w)
	if r.confidence < MinConfidence {
		e.resolveInArchive(ctx, w, r)
	}
	if r.confidence >= MinConfidence {
		w.ref, w.url, w.resolution = r.ref, cmp.Or(w.url, r.url), r
		res := e.capturePost(ctx, w, nil)
		return res
	}
	return e.keepUnresolved(ctx, w, r)
}

// keepUnresolved keeps the quotation of a post whose id is not known.
func (e *Engine) keepUnresolved(ctx context.Context, w *want, r *resolution) ResultPost {
	q := w.mention.Quoted
	res := ResultPost{Platform: w.mention.Platform, URL: w.url, Media: []post.Media{}, Status: post.Unknown, Text: q.Text,
		Author: ResultAuthor{Name: q.Name, Handle: q.Handle}, Source: post.SourceArticle, ResolvedBy: byQuotation, Confidence: r.confidence}
	keep := context.WithoutCancel(ctx)
	b := e.o.Archive.Begin()
	res.Err = fmt.Errorf("%w: the post itself was not captured: the article does not tell its id, and %s; what the article quotes of it is kept", store.ErrPartial, r.reason)
	if q.Text != "" {
		r.method = byQuotation
		id, p, err := e.addQuotation(keep, b, w)
		if err != nil {
			res.Err = err
			return res
		}
		res.Capture, res.Posted = id, p.Posted
	}
	if err := r.addTo(keep, b, w, e.o.Archive.Now()); err != nil {
		res.Err = err
		return res
	}
	if err := ctx.Err(); err != nil {
		res.Err = fmt.Errorf("resolving a post of %s: %w", q.Handle, err)
	}
	cause := jobCause(ctx)
	if class := store.ClassOf(r.err); cause == nil && class.Retry {
		cause = r.err // it can be resolved later
	}
	e.finish(b, w.job, cause)
	if _, err := b.Commit(keep); err != nil {
		res.Err = fmt.Errorf("keeping the article's quotation: %w", err)
	}
	return res
}

// jobCause is the outcome of a job that came to its end unless the person
// interrupted it.
func jobCause(ctx context.Context) error { return ctx.Err() }

// resolve follows the short links in the words of an embed, the last first:
// the platform puts the link to the post's own picture at the end. Only an
// address of the post's own author counts; any other is a post that this one
// quotes.
func (e *Engine) resolve(ctx context.Context, w *want) *resolution {
	q := w.mention.Quoted
	r := &resolution{method: byShortLink, reason: "its words hold no short link"}
	for i := len(q.Links) - 1; i >= 0 && ctx.Err() == nil; i-- {
		t, p, ok := e.o.Finder.Parse(q.Links[i])
		if ok && p == w.mention.Platform && t.Kind == extract.TargetShort {
			t, p, ok = e.followShort(ctx, r, t.URL)
		}
		if !ok || p != w.mention.Platform || t.Ref.IsZero() {
			if r.reason == "its words hold no short link" {
				r.reason = "its short links lead elsewhere"
			}
			continue
		}
		r.candidates = append(r.candidates, t.Ref)
		if c := e.confidence(ctx, r, w, t); c > r.confidence {
			r.ref, r.url, r.confidence = t.Ref, t.URL, c
			r.reason = fmt.Sprintf("the short link %s leads to %s", q.Links[i], t.URL)
		}
		if r.confidence >= sureConfidence {
			break
		}
	}
	if r.confidence < MinConfidence && len(r.candidates) > 0 {
		r.reason = "its short links lead to posts of others"
	}
	return r
}

// confidence says how sure it is that the post at t is the one that the
// article shows: the same author, and a day that fits.
func (e *Engine) confidence(ctx context.Context, r *resolution, w *want, t extract.Target) float64 {
	q := w.mention.Quoted
	fits := dayFits(q.Date, t.Posted)
	switch {
	case t.Handle != "" && strings.EqualFold(t.Handle, q.Handle) && fits:
		return sureConfidence
	case t.Handle != "" && !strings.EqualFold(t.Handle, q.Handle), !fits:
		return maybe
	}
	// The address does not tell whose post it is: its words decide.
	p := e.platform(t.Ref.Platform)
	if p == nil {
		return maybe
	}
	for _, ep := range p.Endpoints() {
		s := e.askOne(ctx, ep, t.Ref, "resolve")
		r.replies = append(r.replies, s.reply)
		if shown := s.answer.Shown(); shown != nil {
			if strings.EqualFold(shown.Post.Author.Handle, q.Handle) {
				return likeConfidence
			}
			return maybe
		}
	}
	return maybe
}

// dayFits reports whether a post of the time posted can bear the day that an
// embed prints, in the zone of whoever rendered it.
func dayFits(day string, posted time.Time) bool {
	d, err := time.Parse(time.DateOnly, day)
	if err != nil || posted.IsZero() {
		return true
	}
	return !posted.Before(d.Add(-zonesOfWorld)) && posted.Before(d.Add(24*time.Hour+zonesOfWorld))
}

func absolute(base, ref string) string {
	b, err := url.Parse(base)
	if err != nil {
		return ref
	}
	u, err := b.Parse(ref)
	if err != nil {
		return ref
	}
	return u.String()
}

// refreshOf returns the address of a page's <meta http-equiv=refresh>, empty
// where it has none.
func refreshOf(body []byte) string {
	// Without scripts, what stands in <noscript> is part of the page: t.co puts
	// it there.
	target, _ := refresh(body, false)
	return target
}

// refresh returns the address of a page's <meta http-equiv=refresh> as a
// reader with or without scripts gets it, empty where it has none, and after
// how many seconds the reader is led there.
func refresh(body []byte, scripts bool) (target string, delay float64) {
	root, err := html.ParseWithOptions(bytes.NewReader(body), html.ParseOptionEnableScripting(scripts))
	if err != nil {
		return "", 0 // nested beyond what a page that redirects is
	}
	goquery.NewDocumentFromNode(root).Find("meta[http-equiv]").EachWithBreak(func(_ int, m *goquery.Selection) bool {
		if strings.EqualFold(m.AttrOr("http-equiv", ""), "refresh") {
			target, delay = refreshTarget(m.AttrOr("content", ""))
		}
		return target == ""
	})
	return target, delay
}

// MovedTo returns the address, as it is written, of a page's <meta
// http-equiv=refresh> that leads on within seconds; empty where it has none, or
// only after a time in which readers read.
func MovedTo(body []byte) string {
	target, delay := refresh(body, true)
	if delay > maxMovedDelay {
		return ""
	}
	return target
}

// refreshTarget reads the delay and the address in 0;URL=…, with or without
// quotes. A delay that is no number is none, as for browsers.
func refreshTarget(content string) (target string, delay float64) {
	i := strings.Index(strings.ToLower(content), "url=")
	if i < 0 {
		return "", 0
	}
	delay, _ = strconv.ParseFloat(strings.TrimRight(strings.TrimSpace(content[:i]), "; ,"), 64)
	return strings.Trim(strings.TrimSpace(content[i+len("url="):]), `'"`), delay
}

// disagreements names what two sources tell differently of the same post, as
// sentences. Links are written differently everywhere, and a source may cut.
func disagreements(nameA string, a *post.Post, nameB string, b *post.Post) []string {
	var notes []string
	if a.Author.Handle != "" && b.Author.Handle != "" && !strings.EqualFold(a.Author.Handle, b.Author.Handle) {
		notes = append(notes, fmt.Sprintf("%s names the author @%s, %s @%s", nameA, a.Author.Handle, nameB, b.Author.Handle))
	}
	wa, wb := words(a.Text), words(b.Text)
	if wa != wb && !(a.Incomplete || b.Incomplete || strings.Contains(b.Text, "…")) {
		notes = append(notes, fmt.Sprintf("the words of %s and %s differ", nameA, nameB))
	}
	return notes
}

// sameHost reports whether two addresses have the same host, "www." aside.
func sameHost(a, b string) bool {
	ua, errA := url.Parse(a)
	ub, errB := url.Parse(b)
	return errA == nil && errB == nil && strings.TrimPrefix(strings.ToLower(ua.Hostname()), "www.") == strings.TrimPrefix(strings.ToLower(ub.Hostname()), "www.")
}

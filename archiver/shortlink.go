package archiver

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"stet/archiver/fetch"
	"stet/extract"
	"stet/extract/post"
	"stet/store"
)

// The bounds of following a short link.
const (
	// maxShortHops is the most pages in a row that lead on.
	maxShortHops = 6
	// maxShortPage bounds a page that leads on: one that is larger is a page to
	// be read.
	maxShortPage = 1 << 20
	// maxScriptPage bounds a page of which a script may lead on.
	maxScriptPage = 8 << 10
)

// followShort follows a short link, also where it answers with a page that
// redirects by itself, as t.co does to browsers. It stops at the first address
// that is a post. Where it ends at trouble on the way, at a page to log in or to
// consent, r.err says so: it can lead on at another time.
func (e *Engine) followShort(ctx context.Context, r *resolution, address string) (extract.Target, post.Platform, bool) {
	seen := []string{address}
	for range maxShortHops {
		resp, err := e.o.Client.Do(ctx, fetch.Request{URL: address, Purpose: "resolve", Anonymous: true, MaxBytes: maxShortPage, MaxRedirects: -1})
		if resp != nil {
			r.replies = append(r.replies, &recorded{exchanges: resp.Exchanges})
		}
		if err != nil {
			r.reason, r.err = "its short link could not be followed: "+err.Error(), err
			return extract.Target{}, "", false
		}
		next := leadsTo(resp)
		r.end = resp.URL
		if next == "" {
			r.endOf(address, resp)
			return extract.Target{}, "", false
		}
		next = absolute(address, next)
		t, p, ok := e.o.Finder.Parse(next)
		if (!ok || t.Ref.IsZero()) && t.Kind != extract.TargetIntent {
			if inner, on, there := e.askedFor(next); there {
				t, p, ok = inner, on, true
			}
		}
		if ok && !t.Ref.IsZero() {
			return t, p, true
		}
		if slices.Contains(seen, next) {
			break
		}
		seen = append(seen, next)
		address = next
	}
	r.reason = fmt.Sprintf("its short link %s leads round about", seen[0])
	r.err = fmt.Errorf("%w: %s leads from page to page and arrives nowhere", store.ErrUnexpected, seen[0])
	return extract.Target{}, "", false
}

// endOf says what a short link came to that leads no further.
func (r *resolution) endOf(address string, resp *fetch.Response) {
	answer := extract.Response{StatusCode: resp.Status, ContentType: resp.Header.Get("Content-Type"), Body: resp.Body}
	switch {
	case answer.Wall():
		r.reason = fmt.Sprintf("its short link %s ends at a page to log in or to prove to be a person", address)
		r.err = fmt.Errorf("%w: %s answers with a page to log in or to prove to be a person", store.ErrUnexpected, address)
	case resp.Status >= 500 || resp.Status == 401 || resp.Status == 403 || resp.Status == 451:
		r.reason = fmt.Sprintf("its short link %s answered %d", address, resp.Status)
		r.err = fmt.Errorf("%w: %s answered %d", store.ErrUnexpected, address, resp.Status)
	default:
		r.reason = fmt.Sprintf("its short link %s answered %d and leads nowhere", address, resp.Status)
	}
}

// leadsTo returns where an answer leads on, as it is written; empty where it
// leads nowhere. What an error says beside it is no destination.
func leadsTo(resp *fetch.Response) string {
	switch {
	case resp.Status >= 300 && resp.Status <= 399:
		return resp.Header.Get("Location")
	case resp.Status < 200 || resp.Status > 299:
		return ""
	}
	if next := refreshOf(resp.Body); next != "" {
		return next
	}
	if len(resp.Body) > maxScriptPage {
		return ""
	}
	if m := scriptMove().FindSubmatch(resp.Body); m != nil {
		return strings.ReplaceAll(string(m[2]), `\/`, "/")
	}
	return ""
}

// scriptMove finds the call or assignment by which the script of a page that has
// nothing else leads on.
func scriptMove() *regexp.Regexp {
	return regexp.MustCompile(`location(?:\.href)?(?:\s*=\s*|\.(?:replace|assign)\(\s*)(["'])(https?:[^"'<>\s]+)["']`)
}

// askedFor returns the post that a page to log in or to consent names as where it
// leads afterwards.
func (e *Engine) askedFor(address string) (extract.Target, post.Platform, bool) {
	u, err := url.Parse(address)
	if err != nil {
		return extract.Target{}, "", false
	}
	q := u.Query()
	for _, name := range []string{"next", "continue", "redirect_url", "redirect_uri", "redirect", "return_to", "dest"} {
		inner, err := u.Parse(q.Get(name))
		if q.Get(name) == "" || err != nil {
			continue
		}
		if t, p, ok := e.o.Finder.Parse(inner.String()); ok && !t.Ref.IsZero() {
			return t, p, true
		}
	}
	return extract.Target{}, "", false
}

// Follow follows a short link to the post that it leads to, and keeps the
// exchanges. It returns a zero Target and the last address where it leads
// elsewhere.
func (e *Engine) Follow(ctx context.Context, address string) (extract.Target, post.Platform, error) {
	r := &resolution{}
	t, p, ok := e.followShort(ctx, r, address)
	keep := context.WithoutCancel(ctx)
	b := e.o.Archive.Begin()
	for _, reply := range r.replies {
		if err := reply.addTo(keep, b); err != nil {
			return extract.Target{}, "", err
		}
	}
	if b.Len() > 0 {
		if _, err := b.Commit(keep); err != nil {
			return extract.Target{}, "", fmt.Errorf("keeping how %s was followed: %w", address, err)
		}
	}
	switch {
	case ok:
		return t, p, nil
	case r.err != nil:
		return extract.Target{}, "", fmt.Errorf("following %s: %w", address, r.err)
	}
	return extract.Target{Kind: extract.TargetOther, URL: r.end}, "", nil
}

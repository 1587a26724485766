package browser

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"

	cdpfetch "github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/chromedp"

	"stet/archiver/fetch"
)

// carrier adds to the requests of one page what the operator's own hosts ask
// for: to each by itself, so that no redirect and no other host gets it, and the
// browser keeps nothing of it.
type carrier struct {
	carries func(u *url.URL) *fetch.Carried

	mu   sync.Mutex
	sent []*fetch.Carried
}

// follow lets every request of a page wait until it was seen, until the
// returned function is called.
func (c *carrier) follow(tab context.Context) (end func(), err error) {
	ctx, cancel := context.WithCancel(tab)
	events := chromedp.Events(ctx, cdpfetch.RequestPaused)
	if _, err := chromedp.Call(ctx, cdpfetch.Enable, cdpfetch.EnableParams{}); err != nil {
		cancel()
		return nil, fmt.Errorf("seeing the page's requests: %w", err)
	}
	var group sync.WaitGroup
	group.Go(func() {
		for ev, err := range events {
			if err != nil {
				return // the page is done with
			}
			// What was given up meanwhile is not waited for any more.
			_, _ = chromedp.Call(ctx, cdpfetch.ContinueRequest, c.next(&ev))
		}
	})
	return func() {
		cancel()
		group.Wait()
	}, nil
}

// next says how a request goes on.
func (c *carrier) next(ev *cdpfetch.EventRequestPaused) cdpfetch.ContinueRequestParams {
	out := cdpfetch.ContinueRequestParams{RequestID: ev.RequestID}
	u, err := url.Parse(ev.Request.URL)
	if err != nil {
		return out
	}
	carried := c.carries(u)
	if carried == nil || !c.mayCarry(ev) {
		return out
	}
	c.mu.Lock()
	c.sent = append(c.sent, carried)
	c.mu.Unlock()
	for name, value := range ev.Request.Headers {
		if carried.Header[http.CanonicalHeaderKey(name)] == nil {
			out.Headers = append(out.Headers, &cdpfetch.HeaderEntry{Name: name, Value: fmt.Sprint(value)})
		}
	}
	for name, values := range carried.Header {
		for _, v := range values {
			out.Headers = append(out.Headers, &cdpfetch.HeaderEntry{Name: name, Value: v})
		}
	}
	return out
}

// mayCarry reports whether a request may carry a secret. What can change
// something at a host is the operator's only where a page of the operator's own
// asks for it.
func (c *carrier) mayCarry(ev *cdpfetch.EventRequestPaused) bool {
	if slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodOptions}, ev.Request.Method) {
		return true
	}
	for name, value := range ev.Request.Headers {
		if http.CanonicalHeaderKey(name) == "Origin" {
			u, err := url.Parse(fmt.Sprint(value))
			return err == nil && c.carries(u) != nil
		}
	}
	return false
}

// redact takes what was sent out of what was answered.
func (c *carrier) redact(text string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.sent {
		text = s.Redact(text)
	}
	return text
}

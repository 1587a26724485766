package fetch

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"stet/store"
)

// TransportOptions configure a [Client.Transport].
type TransportOptions struct {
	// Purpose is recorded with each exchange.
	Purpose string
	// SecretHeaders and SecretParams are as in [Request].
	SecretHeaders []string
	SecretParams  []string
	// Record is called with each attempt, before RoundTrip returns, from its
	// goroutine; nil drops the records.
	Record func(context.Context, store.Exchange)
}

// Transport returns a round tripper for libraries that bring their own
// [http.Client]. It obeys the client's guard, limits and pacing, and records;
// it does not follow redirects and repeats nothing, except where a kept
// connection broke before anything arrived. Bodies are held in memory.
//
// A response of any status is returned as it is, also 429, which the client
// remembers: the next request to the host can then fail with [RateLimitError].
// A body is decoded unless the request brought its own Accept-Encoding. The
// request's context bounds the time. Requests for OAuth tokens are recorded
// without their bodies.
func (c *Client) Transport(o TransportOptions) http.RoundTripper {
	return &transport{client: c, opts: o}
}

type transport struct {
	client *Client
	opts   TransportOptions
}

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	r, err := t.request(req)
	if err != nil {
		return nil, err
	}
	ctx := req.Context()
	h, err := t.client.firstHop(&r)
	if err != nil {
		var res Response
		err = t.client.refuse(h, &res, err)
		t.record(ctx, res.Exchanges...)
		return nil, err
	}
	for fresh := false; ; fresh = true {
		release, err := t.client.pace.acquire(ctx, h.t.host)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", h.method, h.shown, err)
		}
		out := t.client.exchange(ctx, h, fresh)
		release()
		if out.status != 0 {
			t.client.pace.observe(h.t.host, out.status, out.header)
		}
		t.record(ctx, out.exchange)
		switch {
		case out.err == nil:
			return t.response(req, out), nil
		case !out.stale || !h.safe() || ctx.Err() != nil:
			return nil, out.err
		}
	}
}

func (t *transport) record(ctx context.Context, exchanges ...store.Exchange) {
	if t.opts.Record == nil {
		return
	}
	for _, ex := range exchanges {
		t.opts.Record(ctx, ex)
	}
}

// request turns req into one of the client's, and reads and closes its body.
func (t *transport) request(req *http.Request) (Request, error) {
	r := Request{Method: req.Method, URL: req.URL.String(), Header: req.Header, Purpose: t.opts.Purpose,
		SecretHeaders: t.opts.SecretHeaders, SecretParams: t.opts.SecretParams}
	if req.Body != nil {
		defer req.Body.Close()
		body, err := io.ReadAll(io.LimitReader(req.Body, maxRequestBody+1))
		if err != nil {
			return r, fmt.Errorf("reading the body of a request: %w", err)
		}
		r.Body = body
	}
	if req.Host != "" && !strings.EqualFold(req.Host, req.URL.Host) {
		return r, fmt.Errorf("%w: a request to %s in the name of %s", store.ErrInvalid, req.URL.Host, req.Host)
	}
	return r, nil
}

// response makes what an http.Client expects.
func (t *transport) response(req *http.Request, out outcome) *http.Response {
	header, body := out.header.Clone(), out.body
	decoded := req.Header.Get("Accept-Encoding") == "" && len(encodings(header)) > 0
	if decoded {
		header.Del("Content-Encoding")
		header.Del("Content-Length")
	} else {
		body = out.raw
	}
	return &http.Response{
		Status:     fmt.Sprintf("%d %s", out.status, http.StatusText(out.status)),
		StatusCode: out.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
		Uncompressed: decoded, Request: req,
	}
}

package fetch

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"strings"

	"stet/store"
)

// outcome is what one attempt brought.
type outcome struct {
	exchange store.Exchange
	status   int
	header   http.Header
	raw      []byte // the payload, where it is held in memory
	body     []byte // the payload decoded
	cookies  []*http.Cookie
	redirect bool
	err      error
	// stale is true where a kept connection broke before anything arrived.
	stale bool
	// retriable is true where nothing arrived and another try can help.
	retriable bool
}

// exchange makes one attempt at a hop and records it. fresh asks for a new
// connection.
func (c *Client) exchange(ctx context.Context, h *hop, fresh bool) outcome {
	h.begin()
	started := c.opts.Now()
	out := outcome{exchange: store.Exchange{Started: started, Method: h.method, URL: h.shown,
		Purpose: h.req.Purpose, Private: h.credentials}}
	ex := &out.exchange
	if h.access != nil {
		ex.Access = h.access.name
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	dog := newWatchdog(&c.opts, cancel)
	defer dog.stop()

	pc, err := c.connect(ctx, h.t, ex, fresh)
	if err == nil {
		err = c.converse(ctx, h, pc, dog, &out)
	} else {
		out.retriable = retriable(err)
	}
	ex.Took = max(c.opts.Now().Sub(started), 0)
	ex.Redacted = h.secret.names
	if err != nil {
		out.err = fmt.Errorf("%s %s: %w", h.method, h.shown, err)
		ex.Error, ex.ErrorClass = h.secret.text(out.err.Error()), store.ClassOf(err).Name
	}
	return out
}

// converse sends the request over pc and takes the answer. It gives the
// connection back or closes it.
func (c *Client) converse(ctx context.Context, h *hop, pc *conn, dog *watchdog, out *outcome) error {
	stop := context.AfterFunc(ctx, func() { _ = pc.SetDeadline(past()) })
	keep := false
	defer func() {
		if stop() && keep {
			c.pool.put(pc)
		} else {
			pc.abort()
		}
	}()
	pc.startHead(c.opts.MaxHeaderBytes)
	//nolint:bodyclose // the connection is closed or given back, which ends the body
	resp, err := c.ask(h, pc, &out.exchange)
	if err != nil {
		err = c.wayError(ctx, err)
		if !pc.answered() {
			out.retriable = retriable(err)
			out.stale = pc.reused && out.retriable
		}
		return err
	}
	dog.body()
	out.status, out.header, out.redirect = resp.StatusCode, resp.Header, isRedirect(resp)
	out.cookies = resp.Cookies()
	keep, err = c.receive(ctx, h, resp, dog, out)
	keep = keep && !resp.Close && pc.br.Buffered() == 0
	return err
}

// ask sends the request and reads the head of the answer.
func (c *Client) ask(h *hop, pc *conn, ex *store.Exchange) (*http.Response, error) {
	ex.RequestHead = h.head(c.agent, pc, true)
	ex.RequestBody = h.recordedBody()
	_, werr := pc.Write(append(h.head(c.agent, pc, false), h.body...))
	// Where the request could not be written, the server may have said why.
	if werr != nil && !errors.Is(werr, net.ErrClosed) && isTimeout(werr) {
		return nil, ioError(h.t.hostport(), werr)
	}
	for range maxInterim {
		resp, err := http.ReadResponse(pc.br, &http.Request{Method: h.method})
		if err != nil {
			if werr != nil && !pc.answered() {
				err = werr
			}
			return nil, headError(h.t.hostport(), pc, err)
		}
		if resp.StatusCode >= 200 {
			return resp, c.recordHead(h, pc, resp, ex)
		}
		if resp.StatusCode == http.StatusSwitchingProtocols {
			return nil, fmt.Errorf("%w: the server wants to speak another protocol", store.ErrUnexpected)
		}
		pc.startHead(c.opts.MaxHeaderBytes)
	}
	return nil, fmt.Errorf("%w: interim answers without end", store.ErrUnexpected)
}

// recordHead keeps the head that has just been read.
func (c *Client) recordHead(h *hop, pc *conn, resp *http.Response, ex *store.Exchange) error {
	head := pc.endHead()
	if len(head) > c.opts.MaxHeaderBytes {
		return tooLarge(int64(c.opts.MaxHeaderBytes), "the head of the answer is too long")
	}
	if resp.ProtoMajor != 1 {
		return fmt.Errorf("%w: the server answers in %s", store.ErrUnexpected, resp.Proto)
	}
	ex.Protocol = strings.ToLower(resp.Proto)
	ex.Status = resp.StatusCode
	ex.ResponseHead = h.secret.responseHead(head, h.credentials)
	ex.Body.Type = mediaType(resp.Header)
	ex.Body.Chunked = len(resp.TransferEncoding) > 0
	return nil
}

// headError explains why no head could be read: what was read is none, or the
// connection broke.
func headError(server string, pc *conn, err error) error {
	switch {
	case errors.Is(err, errHeadTooLarge):
		return tooLarge(int64(pc.tee.limit), "the head of the answer is too long")
	case pc.tee.err != nil:
		return ioError(server, pc.tee.err)
	case !pc.answered():
		return ioError(server, err)
	}
	return fmt.Errorf("%w: %s does not answer in HTTP/1.1: %w", store.ErrUnexpected, server, err)
}

// receive takes the body and records it. It reports whether the connection can
// be used again.
func (c *Client) receive(ctx context.Context, h *hop, resp *http.Response, dog *watchdog, out *outcome) (bool, error) {
	p := c.newPayload(h, resp, dog)
	var err error
	if resp.ContentLength > p.max && !out.redirect && h.method != http.MethodHead {
		err = tooLarge(p.max, fmt.Sprintf("the answer has %d bytes, which is more %s", resp.ContentLength, p.limit))
	} else {
		buf := c.buffers.Get().(*[]byte)
		err = p.take(*buf)
		c.buffers.Put(buf)
	}
	keep := err == nil
	body := &out.exchange.Body
	body.Size = p.size
	if p.size > 0 {
		p.hash.Sum(body.Digest[:0])
	}
	if err != nil {
		body.Truncated, err = c.bodyError(ctx, h, p, err)
		if out.redirect && errors.Is(err, store.ErrTooLarge) {
			err = nil
		}
	}
	out.raw = p.held
	var own *sinkError
	switch {
	case errors.As(err, &own): // nothing is kept
		*body = store.Body{Type: body.Type, Chunked: body.Chunked, Truncated: body.Truncated}
	case p.sink != nil:
		body.Blob = body.Digest
	default:
		body.Inline = p.held
	}
	if err == nil && p.held != nil {
		out.body, err = c.decode(p.held, encodings(resp.Header), min(c.opts.MaxBody, c.maxBytes(h)))
		if out.redirect {
			// The body of a redirect is not what was asked for; what can be
			// read of it is given to those who do not follow.
			err = nil
		}
	}
	c.withholdBody(h, body, out.body)
	if h.access != nil && h.secret.in(out.body, minBodySecret) {
		out.body = []byte(h.secret.text(string(out.body))) // what is read from it is kept
	}
	return keep, err
}

// bodyError says why a body is not whole: for the record, in the words of
// WARC-Truncated, and for the caller.
func (c *Client) bodyError(ctx context.Context, h *hop, p *payload, err error) (string, error) {
	var own *sinkError
	switch {
	case errors.As(err, &own):
		return "unspecified", err
	case errors.Is(err, errCut):
		return "length", tooLarge(p.max, "the answer is larger "+p.limit)
	case errors.Is(err, store.ErrTooLarge):
		return "length", err
	case ctx.Err() != nil:
		err = endedError(ctx)
		if errors.Is(err, context.Canceled) {
			return "unspecified", err
		}
		return "time", err
	}
	return "disconnect", ioError(h.t.hostport(), err)
}

// withholdBody takes a body out of the record that may not be in it: one that
// was asked to be left out, or that repeats a secret of the request.
func (c *Client) withholdBody(h *hop, body *store.Body, decoded []byte) {
	if !h.withhold() && !h.secret.in(body.Inline, minBodySecret) && !h.secret.in(decoded, minBodySecret) {
		return
	}
	if body.Size > 0 && body.Blob.IsZero() {
		*body = store.Body{Withheld: true, Type: body.Type, Chunked: body.Chunked, Truncated: body.Truncated}
	}
}

// mediaType returns the media type of a response in lower case, without
// parameters, or "" where none is stated in a form that can be recorded.
func mediaType(h http.Header) string {
	v := h.Get("Content-Type")
	if t, _, err := mime.ParseMediaType(v); err == nil || errors.Is(err, mime.ErrInvalidMediaParameter) {
		return t
	}
	t, _, _ := strings.Cut(v, ";")
	t = strings.ToLower(strings.TrimSpace(t))
	if t == "" || len(t) > 127 || strings.ContainsFunc(t, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return ""
	}
	return t
}

package notify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"stet/archiver/fetch"
	"stet/store"
)

const (
	// maxPost is the largest body that is sent: what package fetch sends at
	// most, less some room.
	maxPost = 7 << 20
	// maxAnswer is how much of an answer is read, and maxSaid how much of it is
	// told.
	maxAnswer = 64 << 10
	maxSaid   = 200
)

// poster posts bodies to one address.
type poster struct {
	client *fetch.Client
	url    string
}

// post sends a body and understands the answer: see [sender].
func (p *poster) post(ctx context.Context, body []byte, header http.Header) error {
	if len(body) > maxPost {
		return &refusal{content: true, err: fmt.Errorf("%w: a message of %d bytes", store.ErrTooLarge, len(body))}
	}
	res, err := p.client.Do(ctx, fetch.Request{Method: http.MethodPost, URL: p.url, Header: header, Body: body, Purpose: "notify",
		SecretHeaders: []string{SignatureHeader}, Withhold: true, MaxBytes: maxAnswer, MaxRedirects: -1})
	if res.Status/100 == 2 {
		return nil // whatever became of the rest of the answer
	}
	if err != nil {
		err = p.scrub(err)
		// The address cannot be right, or may not be connected to: as little
		// as a refusal is it cured by trying again soon.
		if errors.Is(err, store.ErrInvalid) || errors.Is(err, store.ErrRefused) {
			return &refusal{err: err}
		}
		if res.Status == 0 || errors.Is(err, store.ErrRateLimited) || ctx.Err() != nil {
			return err
		}
	}
	return answerError(res)
}

// answerError makes an error of an answer that is no success.
func answerError(res *fetch.Response) error {
	err := fmt.Errorf("%w: the receiver answered %d%s", store.ErrUnexpected, res.Status, quote(res))
	switch s := res.Status; {
	case s == http.StatusRequestTimeout, s == http.StatusTooEarly, s == http.StatusTooManyRequests, s >= 500, s < 300:
		return err
	case s == http.StatusBadRequest, s == http.StatusRequestEntityTooLarge, s == http.StatusUnprocessableEntity:
		return &refusal{content: true, err: err}
	}
	return &refusal{err: err}
}

// quote repeats the beginning of an answer that is text.
func quote(res *fetch.Response) string {
	if res.Status/100 == 3 {
		return ", a redirect, which is not followed: the address has changed"
	}
	t := res.Type()
	if !strings.HasPrefix(t, "text/plain") && !strings.HasSuffix(t, "json") {
		return ""
	}
	text := clean(string(res.Body), maxSaid)
	if text == "" {
		return ""
	}
	return fmt.Sprintf(" and said %q", text)
}

// scrub takes the path and the query of the address out of an error: with many
// services they are the secret.
func (p *poster) scrub(err error) error {
	u, uerr := url.Parse(p.url)
	if uerr != nil {
		return &scrubbed{"the webhook's address cannot be read", err}
	}
	text := err.Error()
	if u.RawQuery != "" {
		text = strings.ReplaceAll(text, "?"+u.RawQuery, "")
	}
	if path := u.EscapedPath(); len(path) > 1 {
		text = strings.ReplaceAll(text, path, "/…")
	}
	return &scrubbed{text, err}
}

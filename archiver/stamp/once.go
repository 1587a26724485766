package stamp

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"time"

	"stet/archiver/fetch"
	"stet/store"
	"stet/store/evidence"
)

// Asking is how authorities of RFC 3161 are asked.
type Asking struct {
	Client Client
	// Random is where nonces come from.
	Random io.Reader
	// Roots are those to which the certificates must lead; nil for any.
	Roots *x509.CertPool
	// Now is this machine's clock, with which an answer has to agree.
	Now func() time.Time
}

// Once has data stamped by the first of some authorities that gives an answer
// which can be used, and returns that with the certificates that came along, in
// PEM. Nothing of it is recorded. It errors with what each of them answered.
func (a Asking) Once(ctx context.Context, data []byte, authorities []string) (answer []byte, chain string, err error) {
	var errs []error
	for _, by := range authorities {
		t, body, err := a.ask(data, by, func(r fetch.Request) ([]byte, error) {
			r.Purpose, r.MaxBytes, r.MaxRedirects = evidence.PurposeStamp, maxAnswer, 3
			res, err := a.Client.Do(ctx, r)
			if err == nil && res.Status != http.StatusOK {
				err = fmt.Errorf("%w: it answers with the status %d", store.ErrUnexpected, res.Status)
			}
			if err != nil {
				return nil, err
			}
			return res.Body, nil
		})
		if err == nil {
			return body, string(t.Chain()), nil
		}
		errs = append(errs, fmt.Errorf("asking %s: %w", by, err))
	}
	return nil, "", errors.Join(errs...)
}

// ask asks one authority, and holds its answer against the question.
func (a Asking) ask(message []byte, by string, do func(fetch.Request) ([]byte, error)) (*evidence.TimeStamp, []byte, error) {
	raw := make([]byte, nonceSize)
	if _, err := io.ReadFull(a.Random, raw); err != nil {
		return nil, nil, fmt.Errorf("reading random bytes for a nonce: %w", err)
	}
	raw[0] &= 0x7f // positive, and never as long as others refuse
	nonce := new(big.Int).SetBytes(raw)
	query, err := evidence.Query(message, nonce)
	if err != nil {
		return nil, nil, err
	}
	body, err := do(fetch.Request{Method: http.MethodPost, URL: by, Body: query,
		Header: http.Header{"Content-Type": {"application/timestamp-query"}, "Accept": {"application/timestamp-reply"}}})
	if err != nil {
		return nil, nil, err
	}
	t, err := evidence.ReadTimeStamp(body)
	if err != nil {
		return nil, nil, unexpected(err)
	}
	if err = errors.Join(t.Of(message), t.Answers(nonce)); err == nil && a.Roots != nil {
		err = t.Trusted(a.Roots)
	}
	if err != nil {
		return nil, nil, unexpected(err)
	}
	if d := t.Time.Sub(a.Now()).Abs(); d > clockSlack {
		return nil, nil, fmt.Errorf("%w: it says that it is %s, which is %s from this machine's clock", store.ErrUnexpected, t.Time.Format(time.RFC3339), d.Round(time.Second))
	}
	return t, body, nil
}

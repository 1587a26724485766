package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"stet/store"
)

// RateLimitError says that a host asked to slow down. It wraps
// [store.ErrRateLimited].
type RateLimitError struct {
	Host string
	// Until is when requests to the host may be made again.
	Until time.Time
	// Status is that of the answer, or 0 where none was made because the host
	// had asked before.
	Status int
}

// Error returns a sentence with the time to come back, in UTC.
func (e *RateLimitError) Error() string {
	until := e.Until.UTC().Format(time.RFC3339)
	if e.Status == 0 {
		return fmt.Sprintf("%v: %s asked for a pause until %s; nothing was sent", store.ErrRateLimited, e.Host, until)
	}
	return fmt.Sprintf("%v: %s answered %d; try again after %s", store.ErrRateLimited, e.Host, e.Status, until)
}

// Unwrap returns [store.ErrRateLimited].
func (e *RateLimitError) Unwrap() error { return store.ErrRateLimited }

// The causes with which the client's own limits on time end an attempt.
var (
	errHeadTime = errors.New("no answer within fetch.timeout")
	errSlowBody = errors.New("the body came too slowly")
	errMaxTime  = errors.New("it took longer than the limit")
)

// errHeadTooLarge ends the reading of an endless head.
var errHeadTooLarge = errors.New("the head of the answer is too large")

// networkError wraps cause as trouble on the way.
func networkError(sentence string, cause error) error {
	if cause == nil {
		return fmt.Errorf("%w: %s", store.ErrNetwork, sentence)
	}
	return fmt.Errorf("%w: %s: %w", store.ErrNetwork, sentence, cause)
}

// endedError explains why ctx ended: the caller's own cancellation or deadline
// stay what they are, the client's limits are trouble on the way.
func endedError(ctx context.Context) error {
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, errHeadTime), errors.Is(cause, errSlowBody), errors.Is(cause, errMaxTime):
		return fmt.Errorf("%w: %w", store.ErrNetwork, cause)
	case errors.Is(cause, ctx.Err()):
		return cause
	}
	return fmt.Errorf("%w: %w", ctx.Err(), cause)
}

// dnsError explains a failed look-up. names is false where the name server knows
// no other names of the Internet either.
func dnsError(host string, err error, names bool) error {
	var d *net.DNSError
	switch notFound := errors.As(err, &d) && d.IsNotFound; {
	case notFound && !names:
		return networkError(fmt.Sprintf("no network: this machine's name server knows neither %s nor the root of all names; check the connection, or set fetch.proxy where the network needs one", host), err)
	case notFound:
		return networkError(fmt.Sprintf("the host %s does not exist (no address in DNS); check the spelling", host), err)
	}
	return networkError(fmt.Sprintf("no network: %s could not be resolved; check the connection, or set fetch.proxy where the network needs one", host), err)
}

// dialError explains a failed connection to one address.
func dialError(target string, err error) error {
	switch {
	case errors.Is(err, store.ErrRefused), errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, syscall.ECONNREFUSED):
		return networkError(target+" refuses connections", err)
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return networkError("no network: no route to "+target+"; check the connection, or set fetch.proxy", err)
	}
	return networkError("no connection to "+target, err)
}

// tlsError explains a failed handshake.
func tlsError(server string, err error) error {
	var (
		verify   *tls.CertificateVerificationError
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
		record   tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &unknown):
		return networkError("the certificate of "+server+" is signed by an unknown authority; where your network has an authority of its own, set fetch.ca_file", err)
	case errors.As(err, &hostname):
		return networkError("the certificate of "+server+" is for another host", err)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return networkError("the certificate of "+server+" is out of date (or this machine's clock is wrong)", err)
	case errors.As(err, &verify):
		return networkError("the certificate of "+server+" is not valid; a private authority can be set with fetch.ca_file", err)
	case errors.As(err, &record):
		return networkError(server+" does not speak TLS on that port", err)
	}
	return networkError("no secure connection to "+server, err)
}

// ioError explains an error while writing a request or reading an answer.
func ioError(server string, err error) error {
	switch {
	case errors.Is(err, syscall.ECONNRESET):
		return networkError(server+" reset the connection", err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.Is(err, syscall.EPIPE):
		return networkError(server+" closed the connection early", err)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return networkError("no answer from "+server+" in time", err)
	}
	return networkError("talking to "+server, err)
}

// isCertificateError reports whether err is about a certificate, which another
// attempt does not change.
func isCertificateError(err error) bool {
	var verify *tls.CertificateVerificationError
	return errors.As(err, &verify)
}

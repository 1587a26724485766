package s3

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"

	"stet/store"
)

// failed adds to an error what was done to which blob.
func (s *Store) failed(ctx context.Context, err error, doing string, d store.Digest) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s blob %s in the %s: %w", doing, d, s.place, classify(ctx, err))
}

// absent reports whether the storage says that there is no such object.
func absent(err error) bool {
	return err != nil && minio.ToErrorResponse(err).Code == minio.NoSuchKey
}

// classify wraps an error in the class that it means once the storage was seen
// to work: whatever it refuses then is expected to pass, so that work waits.
func classify(ctx context.Context, err error) error {
	if cerr := ctx.Err(); cerr != nil {
		return fmt.Errorf("%w: %w", cerr, err)
	}
	r := minio.ToErrorResponse(err)
	switch {
	case r.Code == minio.NoSuchKey:
		return fmt.Errorf("%w: %w", store.ErrNotFound, err)
	case r.StatusCode == http.StatusInsufficientStorage || isFull(r.Code):
		return fmt.Errorf("%w: %w", store.ErrFull, err)
	case store.ClassOf(err).Name != "internal":
		return err
	}
	return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
}

func isFull(code string) bool {
	return code == "XMinioStorageFull" || code == "QuotaExceeded" || code == "XMinioAdminBucketQuotaExceeded"
}

// opening is classify for the first request: there a refusal means that the
// configuration is wrong.
func opening(ctx context.Context, err error) error {
	r := minio.ToErrorResponse(err)
	var certificate *tls.CertificateVerificationError
	switch {
	case ctx.Err() != nil:
	case errors.As(err, &certificate):
		return fmt.Errorf("%w: %w; name the authority that signed its certificate with fetch.ca_file, and the host as the certificate does (storage.s3.endpoint)", store.ErrUsage, err)
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return fmt.Errorf("%w: the storage does not speak https there: %w; write http:// in storage.s3.endpoint where nobody can listen on the way", store.ErrUsage, err)
	case r.Code == "NoSuchBucket":
		return fmt.Errorf("%w: %w", store.ErrNoStore, err)
	case r.StatusCode >= 300 && r.StatusCode < 500 && r.StatusCode != http.StatusRequestTimeout && r.StatusCode != http.StatusTooManyRequests:
		return fmt.Errorf("%w: the storage refuses: %w; look at storage.s3.access_key, secret_key, region and bucket", store.ErrUsage, err)
	}
	if err = classify(ctx, err); errors.Is(err, store.ErrUnavailable) {
		err = fmt.Errorf("%w; look whether it runs, and whether it can be reached from here (storage.s3.endpoint)", err)
	}
	return err
}

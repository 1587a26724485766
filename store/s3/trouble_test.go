package s3_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"stet/store"
	"stet/store/s3"
)

// between stands between a store and its storage, and answers itself where it is
// told to.
type between struct {
	answer func(r *http.Request) *http.Response
	asked  int
}

func (b *between) RoundTrip(r *http.Request) (*http.Response, error) {
	b.asked++
	if b.answer != nil {
		if response := b.answer(r); response != nil {
			response.Request, response.Proto, response.ProtoMajor, response.ProtoMinor = r, "HTTP/1.1", 1, 1
			return response, nil
		}
	}
	return http.DefaultTransport.RoundTrip(r)
}

// says is an answer with the body that a storage has for trouble.
func says(status int, code string) *http.Response {
	body := `<?xml version="1.0" encoding="UTF-8"?><Error><Code>` + code + `</Code><Message>Please try again later.</Message></Error>`
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Header: http.Header{"Content-Type": {"application/xml"}},
		ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body))}
}

// TestTrouble: what a storage says while it is asked too much, while the
// credentials have expired, or where no space is left, is trouble that passes, in
// every operation; what is stored is never in doubt.
func TestTrouble(t *testing.T) {
	for _, tt := range []struct {
		status int
		code   string
		want   error
	}{
		{http.StatusServiceUnavailable, "SlowDown", store.ErrUnavailable},
		{http.StatusTooManyRequests, "TooManyRequests", store.ErrUnavailable},
		{http.StatusForbidden, "ExpiredToken", store.ErrUnavailable},
		{http.StatusForbidden, "RequestTimeTooSkewed", store.ErrUnavailable},
		{http.StatusForbidden, "AccessDenied", store.ErrUnavailable},
		{http.StatusInternalServerError, "InternalError", store.ErrUnavailable},
		{http.StatusNotFound, "NoSuchBucket", store.ErrUnavailable},
		{http.StatusInsufficientStorage, "XMinioStorageFull", store.ErrFull},
		{http.StatusForbidden, "QuotaExceeded", store.ErrFull},
	} {
		t.Run(tt.code, func(t *testing.T) {
			s, link := opened(t)
			kept, body := []byte("kept before"), []byte("to be kept")
			put := func(b []byte) error {
				return s.Put(t.Context(), store.DigestOf(b), bytes.NewReader(b), int64(len(b)))
			}
			if err := put(kept); err != nil {
				t.Fatal(err)
			}
			link.answer = func(r *http.Request) *http.Response {
				response := says(tt.status, tt.code)
				if r.Method == http.MethodHead {
					response.Body, response.ContentLength = http.NoBody, 0
				}
				return response
			}
			if err := put(body); !errors.Is(err, tt.want) {
				t.Errorf("storing: got %v, want: %v", err, tt.want)
			}
			if _, err := s.Objects(t.Context(), store.Digest{}, 0); !errors.Is(err, tt.want) {
				t.Errorf("listing: got %v, want: %v", err, tt.want)
			}
			// A head has no body, so that the status is all that is told.
			for _, err := range []error{s.Remove(t.Context(), store.DigestOf(kept)), s.Probe(t.Context()), second(s.Open(t.Context(), store.DigestOf(kept)))} {
				if tt.status != http.StatusNotFound && (err == nil || !store.ClassOf(err).Retry && !errors.Is(err, store.ErrFull)) {
					t.Errorf("it says %v", err)
				}
			}
			link.answer = nil
			if err := put(body); err != nil {
				t.Errorf("once it is over: %v", err)
			}
			list, err := s.Objects(t.Context(), store.Digest{}, 0)
			if err != nil || len(list) != 2 {
				t.Errorf("%d objects are there, %v", len(list), err)
			}
		})
	}
}

func second(_ store.BlobReader, err error) error { return err }

// TestSlowDownPasses: trouble that is over soon is not told at all.
func TestSlowDownPasses(t *testing.T) {
	o := options(t)
	left := 0
	o.Transport = &between{answer: func(*http.Request) *http.Response {
		if left--; left < 0 {
			return nil
		}
		return says(http.StatusServiceUnavailable, "SlowDown")
	}}
	s, err := s3.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	left = 2
	body := []byte("words")
	if err := s.Put(t.Context(), store.DigestOf(body), bytes.NewReader(body), int64(len(body))); err != nil {
		t.Error(err)
	}
}

// TestBrokenAnswers: an answer that breaks off, is shorter or longer than it
// should be, or is of another object, is never taken for the blob.
func TestBrokenAnswers(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789"), 60_000)
	for _, tt := range []struct {
		name   string
		change func(*http.Response)
	}{
		{"cut", func(r *http.Response) { r.Body = io.NopCloser(io.LimitReader(r.Body, 100_000)) }},
		{"broken off", func(r *http.Response) {
			r.Body = io.NopCloser(io.MultiReader(io.LimitReader(r.Body, 100_000), broken{}))
		}},
		{"empty", func(r *http.Response) { r.Body, r.ContentLength = http.NoBody, 0; r.Header.Set("Content-Length", "0") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := options(t)
			link := &between{}
			o.Transport = link
			s, err := s3.Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			d := store.DigestOf(body)
			if err := s.Put(t.Context(), d, bytes.NewReader(body), int64(len(body))); err != nil {
				t.Fatal(err)
			}
			link.answer = func(r *http.Request) *http.Response {
				if r.Method != http.MethodGet || r.URL.Query().Has("location") {
					return nil
				}
				response, err := http.DefaultTransport.RoundTrip(r)
				if err != nil {
					t.Error(err)
					return nil
				}
				tt.change(response)
				return response
			}
			r, err := s.Open(t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if _, err := io.ReadAll(r); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("reading: got %v, want: %v", err, store.ErrUnavailable)
			}
			if _, err := r.ReadAt(make([]byte, 300_000), 1); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("reading a range: got %v, want: %v", err, store.ErrUnavailable)
			}
		})
	}
}

// broken is a connection that was reset.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("connection reset by peer") }

// opened opens the storage with something between that can answer in its place.
func opened(t *testing.T) (*s3.Store, *between) {
	t.Helper()
	o, link := options(t), &between{}
	o.Transport, o.Retries = link, 1
	s, err := s3.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, link
}

// TestChangedUpload: bytes that change on the way to the storage are not stored.
func TestChangedUpload(t *testing.T) {
	s, link := opened(t)
	body := []byte("the bells rang at one")
	link.answer = func(r *http.Request) *http.Response {
		if r.Method == http.MethodPut {
			sent, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			r.Body = io.NopCloser(bytes.NewReader(bytes.Replace(sent, []byte("one"), []byte("two"), 1)))
		}
		return nil
	}
	if err := s.Put(t.Context(), store.DigestOf(body), bytes.NewReader(body), int64(len(body))); err == nil {
		t.Error("it was acknowledged")
	}
	link.answer = nil
	if list, err := s.Objects(t.Context(), store.Digest{}, 0); err != nil || len(list) != 0 {
		t.Errorf("stored are %v, %v", list, err)
	}
}

// TestSilentStorage: a storage that does not answer at all is waited for as long
// as the caller wants.
func TestSilentStorage(t *testing.T) {
	o := options(t)
	silent, end := context.WithCancel(t.Context())
	defer end()
	link := &between{}
	o.Transport = link
	s, err := s3.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	link.answer = func(r *http.Request) *http.Response {
		select {
		case <-r.Context().Done():
		case <-silent.Done():
		}
		return nil
	}
	soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Probe(soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it says %v", err)
	}
}

// TestStaleListing: a listing that still shows what was removed, or not yet what
// was stored, changes nothing of what is read and stored.
func TestStaleListing(t *testing.T) {
	o := options(t)
	link := &between{}
	o.Transport = link
	s, err := s3.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var list []byte
	body := []byte("words")
	d := store.DigestOf(body)
	if err := s.Put(t.Context(), d, bytes.NewReader(body), 5); err != nil {
		t.Fatal(err)
	}
	link.answer = func(r *http.Request) *http.Response {
		if r.Method != http.MethodGet || !r.URL.Query().Has("list-type") {
			return nil
		}
		response, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Error(err)
			return nil
		}
		if list == nil {
			if list, err = io.ReadAll(response.Body); err != nil {
				t.Error(err)
			}
		}
		response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(list)), int64(len(list))
		return response
	}
	if list, err := s.Objects(t.Context(), store.Digest{}, 0); err != nil || len(list) != 1 {
		t.Fatalf("%d objects, %v", len(list), err)
	}
	if err := s.Remove(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if list, err := s.Objects(t.Context(), store.Digest{}, 0); err != nil || len(list) != 1 {
		t.Fatalf("%d objects, %v: the listing is not stale", len(list), err)
	}
	if _, err := s.Open(t.Context(), d); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("what was removed: %v", err)
	}
	if err := s.Remove(t.Context(), d); err != nil {
		t.Errorf("removing what is listed and gone: %v", err)
	}
	if err := s.Put(t.Context(), d, bytes.NewReader(body), 5); err != nil {
		t.Error(err)
	}
}

// TestEndpoints: addresses as people write them, and names of buckets in the
// host or the path.
func TestEndpoints(t *testing.T) {
	for _, change := range []func(string) string{
		func(s string) string { return s + "/" },
		func(s string) string { return strings.Replace(s, "127.0.0.1", "localhost", 1) },
		strings.ToUpper,
	} {
		o := options(t)
		o.Endpoint = change(o.Endpoint)
		s, err := s3.Open(t.Context(), o)
		if err != nil {
			t.Errorf("%s: %v", o.Endpoint, err)
			continue
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

package s3_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stet/store"
	"stet/store/s3"
	"stet/store/servertest"
	"stet/store/storetest"
)

// TestProbe: a storage that goes away, loses the bucket or refuses says so, and
// is as good as before when it is back.
func TestProbe(t *testing.T) {
	server := servertest.NewS3(t)
	bucket := server.Bucket(t)
	o := s3.Options{Endpoint: server.Endpoint, Bucket: bucket, AccessKey: server.AccessKey, SecretKey: server.SecretKey}
	s, err := s3.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	expect := func(when, words string) {
		t.Helper()
		err := s.Probe(t.Context())
		if words == "" && err != nil || words != "" && (!errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), words)) {
			t.Errorf("%s: got %v, want %q", when, err, words)
		}
	}
	expect("it is there", "")
	dir := filepath.Dir(server.Object(bucket, "x"))
	if err := os.Rename(dir, dir+"-away"); err != nil {
		t.Fatal(err)
	}
	expect("the bucket is away", "there is no such bucket")
	if err := os.Rename(dir+"-away", dir); err != nil {
		t.Fatal(err)
	}
	expect("the bucket is back", "")
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	expect("nobody answers", "connection refused")
	// Whoever is started meanwhile goes on when it is back.
	o.MayBeAway = true
	later, err := s3.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer later.Close()
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	expect("it is back", "")
	if err := later.Probe(t.Context()); err != nil {
		t.Errorf("opened while it was away: %v", err)
	}
	o.SecretKey = "wrong"
	if _, err := s3.Open(t.Context(), o); !errors.Is(err, store.ErrUsage) {
		t.Errorf("a wrong secret, where it may be away: %v", err)
	}
}

// TestRenewedCredentials: credentials that are changed are used soon; while they
// cannot be read the ones before are.
func TestRenewedCredentials(t *testing.T) {
	o := options(t)
	clock := storetest.NewClock(time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC))
	secret, trouble := o.SecretKey, error(nil)
	o.Renew, o.Now = func() (string, string, error) { return o.AccessKey, secret, trouble }, clock.Now
	s, err := s3.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	body := []byte("words")
	put := func(when string, want error) {
		t.Helper()
		body = append(body, '!')
		if err := s.Put(t.Context(), store.DigestOf(body), bytes.NewReader(body), int64(len(body))); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want: %v", when, err, want)
		}
	}
	secret = "the wrong one"
	put("those that were read a moment ago", nil)
	clock.Advance(time.Minute)
	put("a wrong secret", store.ErrUnavailable)
	if err := s.Probe(t.Context()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("with a wrong secret the storage says %v", err)
	}
	secret = o.SecretKey
	clock.Advance(time.Minute)
	put("the right one again", nil)
	trouble = errors.New("it is being written")
	clock.Advance(time.Minute)
	put("a file that cannot be read", nil)
}

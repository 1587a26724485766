package s3_test

import (
	"bytes"
	"crypto/x509"
	"errors"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"stet/store"
	"stet/store/s3"
)

// TestOwnAuthority: a storage whose certificate an authority of the operator
// signed is believed where that is named, and else refused with what to do.
func TestOwnAuthority(t *testing.T) {
	o := options(t)
	target, err := url.Parse(o.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // it is signed
	}})
	defer front.Close()
	o.Endpoint = front.URL + "/"
	if _, err := s3.Open(t.Context(), o); !errors.Is(err, store.ErrUsage) || !strings.Contains(err.Error(), "fetch.ca_file") {
		t.Errorf("an authority that is not known: %v", err)
	}
	o.RootCAs = x509.NewCertPool()
	o.RootCAs.AddCert(front.Certificate())
	s, err := s3.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	body := []byte("words")
	if err := s.Put(t.Context(), store.DigestOf(body), bytes.NewReader(body), 5); err != nil {
		t.Error(err)
	}
}

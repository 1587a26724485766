package fetch_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"stet/archiver/fetch"
	"stet/store"
)

// client returns a client that may reach this machine.
func client(t *testing.T, o fetch.Options, servers ...*httptest.Server) *fetch.Client {
	t.Helper()
	o.AllowPrivate = true
	o.PerHostInterval = -1
	o.Getenv = func(string) string { return "" }
	o.RootCAs = x509.NewCertPool()
	for _, s := range servers {
		if s.TLS != nil {
			o.RootCAs.AddCert(s.Certificate())
		}
	}
	c, err := fetch.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestRecordsWhatWasSent(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	io.WriteString(z, "hello, hello, hello")
	z.Close()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["x-lower"] = []string{"yes"}
		w.Header().Set("Content-Type", "Text/Plain; charset=utf-8")
		w.Header().Set("Content-Encoding", "gzip")
		w.(http.Flusher).Flush() // so that it comes in chunks
		w.Write(zipped.Bytes())
	}))
	defer s.Close()
	c := client(t, fetch.Options{UserAgent: "stet/9", Contact: "mailto:desk@example.org"}, s)
	for i := range 3 {
		res, err := c.Do(context.Background(), fetch.Request{URL: s.URL + "/a?b=c d", Purpose: "article"})
		if err != nil {
			t.Fatal(err)
		}
		if string(res.Body) != "hello, hello, hello" {
			t.Errorf("body %q", res.Body)
		}
		ex := res.Exchanges[0]
		host := strings.TrimPrefix(s.URL, "https://")
		wantReq := "GET /a?b=c%20d HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: stet/9 (+mailto:desk@example.org)\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate, br\r\n\r\n"
		if string(ex.RequestHead) != wantReq {
			t.Errorf("request %d:\n%s", i, ex.RequestHead)
		}
		head := string(ex.ResponseHead)
		if !strings.HasPrefix(head, "HTTP/1.1 200 OK\r\n") || !strings.HasSuffix(head, "\r\n\r\n") ||
			!strings.Contains(head, "\r\nx-lower: yes\r\n") || !strings.Contains(head, "Transfer-Encoding: chunked") {
			t.Errorf("head %q", head)
		}
		if !bytes.Equal(ex.Body.Inline, zipped.Bytes()) || ex.Body.Digest != store.DigestOf(zipped.Bytes()) || ex.Body.Size != int64(zipped.Len()) ||
			!ex.Body.Chunked || ex.Body.Type != "text/plain" || ex.Body.Truncated != "" {
			t.Errorf("body %+v", ex.Body)
		}
		if ex.TLS.Version != "tls/1.3" || !strings.HasPrefix(ex.TLS.Cipher, "TLS_") || !bytes.Contains(ex.TLS.ChainPEM, []byte("BEGIN CERTIFICATE")) {
			t.Errorf("tls %+v", ex.TLS)
		}
		if ex.Address != host || ex.Protocol != "http/1.1" || ex.Started.IsZero() || ex.Took <= 0 {
			t.Errorf("exchange %+v", ex)
		}
	}
}

func TestRefusesPrivateAddresses(t *testing.T) {
	c, err := fetch.New(fetch.Options{Getenv: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, u := range []string{"http://127.0.0.1/", "http://localhost/", "http://2130706433/", "ftp://example.org/", "http://[::1]:8080/"} {
		res, err := c.Do(context.Background(), fetch.Request{URL: u})
		if !errors.Is(err, store.ErrRefused) {
			t.Errorf("%s: %v", u, err)
			continue
		}
		if len(res.Exchanges) != 1 || res.Exchanges[0].ErrorClass != "refused" {
			t.Errorf("%s: %+v", u, res.Exchanges)
		}
		t.Log(err)
	}
}

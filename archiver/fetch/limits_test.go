package fetch_test

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"

	"stet/archiver/fakenet"
	"stet/archiver/fetch"
	"stet/store"
)

// TestFaults lets a host fail in every way and looks at the class of the error,
// the record, and how long it took.
func TestFaults(t *testing.T) {
	const timeout = 10 * time.Second
	tests := []struct {
		name      string
		fault     fakenet.Fault
		class     error // nil: no error
		status    int
		truncated string
		words     string // in the error
		took      time.Duration
	}{
		{"500", fakenet.Status(500), nil, 500, "", "", 0},
		{"captcha", fakenet.Captcha(), nil, 403, "", "", 0},
		{"login page", fakenet.LoginPage(), nil, 200, "", "", 0},
		{"empty", fakenet.Empty(), nil, 200, "", "", 0},
		{"reset", fakenet.Reset(), store.ErrNetwork, 0, "", "reset", 0},
		{"hang", fakenet.Hang(), store.ErrNetwork, 0, "", "fetch.timeout", timeout},
		{"truncated", fakenet.Truncated(), store.ErrNetwork, 200, "disconnect", "early", 0},
		{"garbage", fakenet.Garbage(), store.ErrUnexpected, 0, "", "HTTP", 0},
		{"drip", fakenet.Drip(time.Second), store.ErrNetwork, 200, "time", "slowly", timeout},
		{"endless", fakenet.Endless(), store.ErrTooLarge, 200, "length", "fetch.max_bytes", 0},
		{"bomb", fakenet.GzipBomb(256 << 20), store.ErrTooLarge, 200, "", "unpacks", 0},
		{"huge head", fakenet.HugeHead(1 << 20), store.ErrTooLarge, 0, "", "head", 0},
		{"redirect loop", fakenet.RedirectLoop(), store.ErrUnexpected, 302, "", "circle", 0},
		{"redirect chain", fakenet.RedirectChain(), store.ErrUnexpected, 302, "", "more than 10 redirects", 0},
		{"no DNS", fakenet.NoDNS(), store.ErrNetwork, 0, "", "no network: news.example could not be resolved", 0},
		{"refused", fakenet.RefuseConnections(), store.ErrNetwork, 0, "", "refuses connections", 0},
		{"no route", fakenet.NoRoute(), store.ErrNetwork, 0, "", "no network", 0},
		{"silence", fakenet.SilentConnections(), store.ErrNetwork, 0, "", "fetch.timeout", timeout},
		{"expired", fakenet.ExpiredCertificate(), store.ErrNetwork, 0, "", "out of date", 0},
		{"wrong host", fakenet.WrongHostCertificate(), store.ErrNetwork, 0, "", "another host", 0},
		{"unknown authority", fakenet.UnknownAuthority(), store.ErrNetwork, 0, "", "fetch.ca_file", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, func(o *fetch.Options) {
				o.Timeout, o.MaxBytes, o.MaxBody = timeout, 4<<20, 4<<20
			}, func(w *world) {
				if _, err := w.get("https://news.example/"); err != nil {
					w.Fatal(err)
				}
				w.net.Fault("news.example", "", tt.fault)
				start := time.Now()
				res, err := w.get("https://news.example/")
				if took := time.Since(start); took < tt.took || took > tt.took+time.Second {
					w.Errorf("took %v, want about %v", took, tt.took)
				}
				if tt.class == nil && err != nil || tt.class != nil && !errors.Is(err, tt.class) {
					w.Fatalf("error %v, want the class %v", err, tt.class)
				}
				if res.Status != tt.status {
					w.Errorf("status %d, want %d", res.Status, tt.status)
				}
				last := res.Exchanges[len(res.Exchanges)-1]
				if last.Body.Truncated != tt.truncated {
					w.Errorf("truncated %q, want %q", last.Body.Truncated, tt.truncated)
				}
				if err != nil && (!strings.Contains(err.Error(), tt.words) || !strings.HasPrefix(err.Error(), "GET https://news.example/")) {
					w.Errorf("error %q, want %q in it", err, tt.words)
				}
				// Afterwards all is as before.
				w.net.Heal()
				if res, err := w.get("https://news.example/"); err != nil || string(res.Body) != "<p>hello" {
					w.Errorf("after the fault: %q, %v", res.Body, err)
				}
			})
		})
	}
}

// TestCertificateIsRecorded keeps the chain that was not trusted.
func TestCertificateIsRecorded(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.net.Fault("news.example", "", fakenet.UnknownAuthority())
		res, _ := w.get("https://news.example/")
		if tls := res.Exchanges[0].TLS; tls == nil || tls.ServerName != "news.example" || !bytes.Contains(tls.ChainPEM, []byte("CERTIFICATE")) ||
			tls.Chain != store.DigestOf(tls.ChainPEM) {
			w.Errorf("tls %+v", tls)
		}
	})
}

func TestUnknownHost(t *testing.T) {
	inWorld(t, func(o *fetch.Options) { o.Retries = 5 }, func(w *world) {
		res, err := w.get("https://nobody.example/")
		w.wantClass(err, store.ErrNetwork)
		if !strings.Contains(err.Error(), "nobody.example does not exist") || len(res.Exchanges) != 1 {
			w.Errorf("%v after %d attempts", err, len(res.Exchanges))
		}
	})
}

func TestTooManyBytesAnnounced(t *testing.T) {
	inWorld(t, func(o *fetch.Options) { o.MaxBytes = 1000 }, func(w *world) {
		w.net.Site("news.example").File("/big", "text/plain", bytes.Repeat([]byte("x"), 200))
		w.net.HandleFunc("big.example", func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Content-Length", "2000")
			for range 2000 {
				io.WriteString(rw, "x")
			}
		})
		res, err := w.get("https://big.example/")
		w.wantClass(err, store.ErrTooLarge)
		if b := res.Exchanges[0].Body; b.Truncated != "length" || b.Size != 0 {
			w.Errorf("%d bytes, truncated %q", b.Size, b.Truncated)
		}
		// The request's own limit wins.
		if res, err := w.do(fetch.Request{URL: "https://big.example/", MaxBytes: 2000}); err != nil || len(res.Body) != 2000 {
			w.Errorf("%d bytes, %v", len(res.Body), err)
		}
		// HEAD has a length but no body.
		if res, err := w.do(fetch.Request{Method: "HEAD", URL: "https://big.example/"}); err != nil || res.Header.Get("Content-Length") != "2000" {
			w.Errorf("HEAD: %v, %v", res.Header, err)
		}
	})
}

// TestSlowButSteady lets a large body take longer than the timeout.
func TestSlowButSteady(t *testing.T) {
	inWorld(t, func(o *fetch.Options) { o.Timeout, o.MinRate, o.MaxTime = 5*time.Second, 1000, time.Minute }, func(w *world) {
		length := 30 // seconds
		w.net.HandleFunc("slow.example", func(rw http.ResponseWriter, r *http.Request) {
			for range length {
				rw.Write(make([]byte, 2000))
				rw.(http.Flusher).Flush()
				select {
				case <-time.After(time.Second):
				case <-r.Context().Done():
				}
			}
		})
		res, err := w.get("https://slow.example/")
		if err != nil || len(res.Body) != 30*2000 {
			w.Errorf("%d bytes, %v", len(res.Body), err)
		}
		length = 100
		res, err = w.get("https://slow.example/")
		w.wantClass(err, store.ErrNetwork)
		if b := res.Exchanges[0].Body; b.Truncated != "time" || b.Size < 50*2000 {
			w.Errorf("%d bytes, truncated %q", b.Size, b.Truncated)
		}
	})
}

func TestCancelled(t *testing.T) {
	for _, fault := range []fakenet.Fault{fakenet.Hang(), fakenet.SilentConnections(), fakenet.Drip(time.Second)} {
		inWorld(t, nil, func(w *world) {
			w.net.Fault("news.example", "", fault)
			ctx, cancel := context.WithCancel(context.Background())
			time.AfterFunc(3*time.Second, cancel)
			res, err := w.client.Do(ctx, fetch.Request{URL: "https://news.example/"})
			w.check(res, err)
			if store.ClassOf(err).Name != "interrupted" || len(res.Exchanges) != 1 || res.Exchanges[0].ErrorClass != "interrupted" {
				w.Errorf("%v, %d exchanges", err, len(res.Exchanges))
			}
			ctx, cancel = context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			res, err = w.client.Do(ctx, fetch.Request{URL: "https://news.example/"})
			w.check(res, err)
			if store.ClassOf(err).Name != "timeout" {
				w.Errorf("%v", err)
			}
		})
	}
}

func TestDecoding(t *testing.T) {
	text := []byte(strings.Repeat("the same again and again, ", 200))
	pack := func(f func(io.Writer) io.WriteCloser, b []byte) []byte {
		var buf bytes.Buffer
		z := f(&buf)
		z.Write(b)
		z.Close()
		return buf.Bytes()
	}
	br := func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) }
	zl := func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }
	raw := func(w io.Writer) io.WriteCloser { f, _ := flate.NewWriter(w, 6); return f }
	tests := []struct {
		encoding string
		body     []byte
		class    error
	}{
		{"", text, nil},
		{"identity", text, nil},
		{"br", pack(br, text), nil},
		{"deflate", pack(zl, text), nil},
		{"deflate", pack(raw, text), nil},
		{"deflate, br", pack(br, pack(zl, text)), nil},
		{"br, br, br, br", text, store.ErrUnexpected},
		{"zstd", text, store.ErrUnexpected},
		{"gzip", text, store.ErrUnexpected},
		{"gzip", nil, nil},
		{"br", pack(br, text)[:20], store.ErrUnexpected},
		{"br", pack(br, make([]byte, 3<<20)), store.ErrTooLarge},
		{"deflate", pack(zl, make([]byte, 3<<20)), store.ErrTooLarge},
	}
	for _, tt := range tests {
		inWorld(t, func(o *fetch.Options) { o.MaxBody = 2 << 20 }, func(w *world) {
			w.net.HandleFunc("coded.example", func(rw http.ResponseWriter, r *http.Request) {
				rw.Header().Set("Content-Encoding", tt.encoding)
				rw.Header().Set("Content-Length", strconv.Itoa(len(tt.body)))
				rw.Write(tt.body)
			})
			res, err := w.get("https://coded.example/")
			if !errors.Is(err, tt.class) || err != nil && tt.class == nil {
				w.Fatalf("%s: %v, want %v", tt.encoding, err, tt.class)
			}
			// Whatever became of it, the payload is kept as it was sent.
			if b := res.Exchanges[0].Body; !bytes.Equal(b.Inline, tt.body) || b.Truncated != "" {
				w.Errorf("%s: payload of %d bytes, %q", tt.encoding, len(b.Inline), b.Truncated)
			}
			if tt.class == nil && tt.body != nil && !bytes.Equal(res.Body, text) {
				w.Errorf("%s: body %.40q", tt.encoding, res.Body)
			}
		})
	}
}

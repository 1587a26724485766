package fetch_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"stet/archiver/fakenet"
	"stet/archiver/fetch"
	"stet/store"
)

// hashing is a sink that keeps nothing.
type hashing struct {
	h    hash.Hash
	n    int64
	peak *uint64
}

func (s *hashing) Write(p []byte) (int, error) {
	s.h.Write(p)
	if s.n += int64(len(p)); s.peak != nil && s.n%(16<<20) < int64(len(p)) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		*s.peak = max(*s.peak, m.HeapInuse+m.StackInuse)
	}
	return len(p), nil
}

// TestVideoStreams fetches 200 MB and looks at the memory in use on the way.
func TestVideoStreams(t *testing.T) {
	if testing.Short() {
		t.Skip("200 MB")
	}
	const size = 200 << 20
	n := fakenet.New(fakenet.Options{})
	defer n.Close()
	x := n.X()
	x.Add(fakenet.Post{ID: "1229700000000000001", Text: "film", Author: fakenet.Person{Handle: "ada"},
		Media: []fakenet.Media{{Kind: "video", Key: "FILM", Width: 1280, Height: 720, Size: size}}})
	c, err := fetch.New(n.FetchOptions())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	url := x.MediaURL("1229700000000000001", 0)
	runtime.GC()
	var idle runtime.MemStats
	runtime.ReadMemStats(&idle)
	var peak uint64
	sink := &hashing{h: sha256.New(), peak: &peak}
	res, err := c.Do(context.Background(), fetch.Request{URL: url, Purpose: "media", Sink: func(h fetch.Head) (fetch.Sink, error) {
		if h.Length != size || h.Status != 200 || h.Header.Get("Content-Type") != "video/mp4" || h.URL != url {
			t.Errorf("head %+v", h)
		}
		return sink, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	var sum store.Digest
	sink.h.Sum(sum[:0])
	b := res.Exchanges[0].Body
	if b.Size != size || sink.n != size || b.Digest != sum || b.Blob != sum || b.Inline != nil || res.Body != nil || b.Truncated != "" {
		t.Errorf("size %d, sink %d, digests %v %v %v", b.Size, sink.n, b.Digest, b.Blob, sum)
	}
	used := int64(peak) - int64(idle.HeapInuse+idle.StackInuse)
	t.Logf("%d MB in use over idle while 200 MB came in", used>>20)
	if used > 64<<20 {
		t.Errorf("%d MB in use over idle", used>>20)
	}
}

type failing struct{ after int }

var errDisk = fmt.Errorf("%w: disk", store.ErrFull)

func (f *failing) Write(p []byte) (int, error) {
	if f.after -= len(p); f.after < 0 {
		return 0, errDisk
	}
	return len(p), nil
}

func TestSink(t *testing.T) {
	text := strings.Repeat("0123456789", 20_000) // 200 KB
	inWorld(t, nil, func(w *world) {
		site := w.net.Site("news.example")
		site.File("/big.bin", "application/octet-stream", []byte(text))
		site.File("/small.bin", "application/octet-stream", []byte(text[:1000]))
		var page strings.Builder
		for i := range 20_000 {
			fmt.Fprintf(&page, "<p>paragraph %d, word %x", i, i*i)
		}
		site.File("/zip.html", "text/html", []byte(page.String()))
		var made int
		var got bytes.Buffer
		sink := func(fetch.Head) (fetch.Sink, error) { made++; return &got, nil }

		res, err := w.do(fetch.Request{URL: site.URL("/small.bin"), Sink: sink})
		if err != nil || made != 0 || string(res.Body) != text[:1000] || string(res.Exchanges[0].Body.Inline) != text[:1000] {
			w.Errorf("small: %v, %d sinks", err, made)
		}
		res, err = w.do(fetch.Request{URL: site.URL("/big.bin"), Sink: sink})
		if err != nil || made != 1 || got.String() != text || res.Body != nil || res.Exchanges[0].Body.Inline != nil || res.Exchanges[0].Body.Blob != store.DigestOf([]byte(text)) {
			w.Errorf("big: %v, %d sinks, %d bytes", err, made, got.Len())
		}
		got.Reset()
		res, err = w.do(fetch.Request{URL: site.URL("/big.bin"), Sink: sink, Whole: true})
		if err != nil || string(res.Body) != text || got.String() != text || res.Exchanges[0].Body.Inline != nil {
			w.Errorf("whole: %v, body of %d bytes", err, len(res.Body))
		}
		// Coded: the sink gets the bytes as sent, the caller the page.
		got.Reset()
		res, err = w.do(fetch.Request{URL: site.URL("/zip.html"), Sink: sink, Whole: true})
		if err != nil || string(res.Body) != page.String() || int64(got.Len()) != res.Exchanges[0].Body.Size || got.Len() >= len(res.Body) {
			w.Errorf("coded: %v, body of %d bytes, payload of %d", err, len(res.Body), got.Len())
		}
		// A sink may decline.
		res, err = w.do(fetch.Request{URL: site.URL("/big.bin"), Sink: func(fetch.Head) (fetch.Sink, error) { return nil, nil }})
		if err != nil || string(res.Body) != text || string(res.Exchanges[0].Body.Inline) != text {
			w.Errorf("declined: %v", err)
		}
		// Its errors come back as they are.
		for _, s := range []func(fetch.Head) (fetch.Sink, error){
			func(fetch.Head) (fetch.Sink, error) { return nil, errDisk },
			func(fetch.Head) (fetch.Sink, error) { return &failing{0}, nil },
			func(fetch.Head) (fetch.Sink, error) { return &failing{100_000}, nil },
		} {
			res, err = w.do(fetch.Request{URL: site.URL("/big.bin"), Sink: s})
			if !errors.Is(err, errDisk) || errors.Is(err, store.ErrNetwork) || res.Exchanges[0].ErrorClass != "full" || res.Exchanges[0].Body.Truncated != "unspecified" {
				w.Errorf("failing: %v", err)
			}
		}
		// Errors of the server never reach a sink.
		made = 0
		w.net.Fault("news.example", "/big.bin", fakenet.Body(404, "text/plain", text))
		if res, err = w.do(fetch.Request{URL: site.URL("/big.bin"), Sink: sink}); err != nil || made != 0 || string(res.Body) != text {
			w.Errorf("404: %v, %d sinks", err, made)
		}
		// What was written before a limit is named by its digest.
		w.net.Heal()
		got.Reset()
		w.net.Fault("news.example", "/big.bin", fakenet.Endless())
		res, err = w.do(fetch.Request{URL: site.URL("/big.bin"), Sink: sink, MaxBytes: 1 << 20})
		w.wantClass(err, store.ErrTooLarge)
		if b := res.Exchanges[0].Body; b.Size != 1<<20 || got.Len() != 1<<20 || b.Blob != store.DigestOf(got.Bytes()) || b.Truncated != "length" {
			w.Errorf("cut: size %d, sink %d", b.Size, got.Len())
		}
	})
}

// TestKeptConnections makes many requests of all sizes over few connections and
// holds each record against what was sent.
func TestKeptConnections(t *testing.T) {
	inWorld(t, func(o *fetch.Options) { o.PerHostConcurrency = 4 }, func(w *world) {
		var mu sync.Mutex
		conns := map[string]bool{}
		w.net.HandleFunc("many.example", func(rw http.ResponseWriter, r *http.Request) {
			mu.Lock()
			conns[fmt.Sprintf("%p", r.Context().Value(http.LocalAddrContextKey))] = true
			mu.Unlock()
			var n int
			fmt.Sscanf(r.URL.Path, "/%d", &n)
			if n%3 == 0 {
				rw.(http.Flusher).Flush()
			}
			if n%7 == 0 {
				rw.WriteHeader(http.StatusEarlyHints)
			}
			rw.Header().Set("X-Number", fmt.Sprint(n))
			rw.Write(bytes.Repeat([]byte{byte(n)}, n*37))
		})
		var wg sync.WaitGroup
		for n := range 200 {
			wg.Go(func() {
				res, err := w.get(fmt.Sprintf("https://many.example/%d", n))
				if err != nil || len(res.Exchanges) != 1 {
					w.Errorf("%d: %v", n, err)
					return
				}
				ex := res.Exchanges[0]
				want := bytes.Repeat([]byte{byte(n)}, n*37)
				head := string(ex.ResponseHead)
				if !bytes.Equal(ex.Body.Inline, want) || !bytes.Equal(res.Body, want) || !strings.HasPrefix(head, "HTTP/1.1 200 OK\r\n") || !strings.HasSuffix(head, "\r\n\r\n") ||
					n%3 != 0 && !strings.Contains(head, fmt.Sprintf("\r\nX-Number: %d\r\n", n)) ||
					!strings.HasPrefix(string(ex.RequestHead), fmt.Sprintf("GET /%d HTTP/1.1\r\n", n)) {
					w.Errorf("%d: %d bytes, head %q", n, len(ex.Body.Inline), head)
				}
			})
		}
		wg.Wait()
		if len(conns) == 0 || len(conns) > 4 {
			w.Errorf("%d connections", len(conns))
		}
	})
}

// TestStaleConnection lets the server close what the client has kept.
func TestStaleConnection(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		for i := range 3 {
			if res, err := w.get("https://news.example/"); err != nil || len(res.Exchanges) != 1 {
				w.Errorf("%d: %v", i, err)
			}
			time.Sleep(time.Second) // both sides are idle
			w.net.DropIdle()
			time.Sleep(time.Second) // and the client has noticed
		}
		// In the moment of use: the attempt is recorded, and made again.
		if _, err := w.get("https://news.example/"); err != nil {
			w.Fatal(err)
		}
		w.net.Fault("news.example", "", fakenet.Reset().Times(1))
		res, err := w.get("https://news.example/")
		if err != nil || len(res.Exchanges) != 2 || res.Exchanges[0].ErrorClass != "network" || res.Exchanges[1].Status != 200 {
			w.Errorf("%v, %d exchanges", err, len(res.Exchanges))
		}
	})
}

// TestOldServers meets servers that do not speak as they should.
func TestOldServers(t *testing.T) {
	tests := []struct {
		name, answer string
		body, proto  string
		class        error
		truncated    string
	}{
		{"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhello", "hello", "http/1.0", nil, ""},
		{"bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", "hello", "http/1.1", nil, ""},
		{"no reason", "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello", "hello", "http/1.1", nil, ""},
		{"more than announced", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more", "hello", "http/1.1", nil, ""},
		{"continue", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", "http/1.1", nil, ""},
		{"HTTP/2 in the status line", "HTTP/2 200 OK\r\nContent-Length: 5\r\n\r\nhello", "", "", store.ErrUnexpected, ""},
		{"HTTP/2.0 in the status line", "HTTP/2.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", "", "", store.ErrUnexpected, ""},
		{"another protocol", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", "", "", store.ErrUnexpected, ""},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "", "", store.ErrUnexpected, ""},
		{"nothing", "", "", "", store.ErrNetwork, ""},
		{"half a head", "HTTP/1.1 200 OK\r\nContent-Le", "", "", store.ErrNetwork, ""},
		{"bad chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nZZ\r\n", "", "http/1.1", store.ErrNetwork, "disconnect"},
		{"end within chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "", "http/1.1", store.ErrNetwork, "disconnect"},
		{"interim without end", strings.Repeat("HTTP/1.1 102 Wait\r\n\r\n", 20), "", "", store.ErrUnexpected, ""},
	}
	for _, tt := range tests {
		inWorld(t, nil, func(w *world) {
			w.net.HandleFunc("old.example", func(rw http.ResponseWriter, r *http.Request) {
				c, _, err := http.NewResponseController(rw).Hijack()
				if err != nil {
					w.Error(err)
					return
				}
				io.WriteString(c, tt.answer)
				c.Close()
			})
			for range 2 {
				res, err := w.get("https://old.example/")
				if !errors.Is(err, tt.class) || err != nil && tt.class == nil || string(res.Body) != tt.body {
					w.Errorf("%s: %q, %v", tt.name, res.Body, err)
				}
				// An earlier one is an attempt over a connection that the server
				// had just closed.
				ex := res.Exchanges[len(res.Exchanges)-1]
				if ex.Protocol != tt.proto || ex.Body.Truncated != tt.truncated || !strings.Contains(tt.answer, string(ex.ResponseHead)) {
					w.Errorf("%s: %q, truncated %q, head %q", tt.name, ex.Protocol, ex.Body.Truncated, ex.ResponseHead)
				}
			}
		})
	}
}

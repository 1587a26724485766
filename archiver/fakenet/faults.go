package fakenet

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// stage is when a fault shows.
type stage int

const (
	stageAnswer stage = iota
	stageDNS
	stageConnect
	stageTLS
)

// Fault is one way in which a host fails. It is put to work by [Net.Fault].
type Fault struct {
	stage  stage
	times  int // 0: until it is taken away
	cert   certKind
	refuse error
	answer func(n *Net, w http.ResponseWriter, r *http.Request, next http.Handler)
}

// Times returns the same fault, ending after it has shown n times.
func (f Fault) Times(n int) Fault {
	f.times = n
	return f
}

// activeFault is a fault at work.
type activeFault struct {
	Fault
	host, path string
	left       int
}

func (f *activeFault) connect(ctx context.Context, network string, addr netip.AddrPort) error {
	if f.refuse == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	return &net.OpError{Op: "dial", Net: network, Addr: net.TCPAddrFromAddrPort(addr), Err: f.refuse}
}

// Fault makes a host ("" for every one) fail at paths that begin with prefix.
// Of several faults the one that was added last shows. Faults of name
// resolution, connecting and TLS ignore the path, and end idle connections so
// that they show at once. The returned function takes the fault away.
func (n *Net) Fault(host, prefix string, f Fault) (remove func()) {
	a := &activeFault{Fault: f, host: strings.ToLower(host), path: prefix, left: f.times}
	n.mu.Lock()
	n.faults = append(n.faults, a)
	n.mu.Unlock()
	if f.stage != stageAnswer {
		n.DropIdle()
	}
	return func() { n.remove(a) }
}

// Heal takes all faults away.
func (n *Net) Heal() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults = nil
}

func (n *Net) remove(a *activeFault) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i := range n.faults {
		if n.faults[i] == a {
			n.faults = append(n.faults[:i:i], n.faults[i+1:]...)
			return
		}
	}
}

// fault returns the fault that shows at a stage, or nil, and counts it.
func (n *Net) fault(host, path string, s stage) *activeFault {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i := len(n.faults) - 1; i >= 0; i-- {
		f := n.faults[i]
		if f.stage != s || f.host != "" && !strings.EqualFold(f.host, host) || s == stageAnswer && !strings.HasPrefix(path, f.path) {
			continue
		}
		if f.times > 0 {
			if f.left == 0 {
				continue
			}
			f.left--
		}
		return f
	}
	return nil
}

// answering makes a fault of a handler.
func answering(h func(n *Net, w http.ResponseWriter, r *http.Request, next http.Handler)) Fault {
	return Fault{answer: h}
}

// Body answers with a status, a media type and a body.
func Body(status int, mediaType, body string) Fault {
	return answering(func(_ *Net, w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", mediaType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// Status answers with an error page: 500, 502, 503 and the like.
func Status(code int) Fault {
	return Body(code, "text/html; charset=utf-8",
		fmt.Sprintf("<!doctype html><title>%d %s</title><h1>Something went wrong</h1>", code, http.StatusText(code)))
}

// TooManyRequests answers 429 with Retry-After in seconds, or without it where
// after is 0.
func TooManyRequests(after time.Duration) Fault { return slowDown(http.StatusTooManyRequests, after) }

// Unavailable answers 503 with Retry-After in seconds, or without it where
// after is 0.
func Unavailable(after time.Duration) Fault { return slowDown(http.StatusServiceUnavailable, after) }

func slowDown(status int, after time.Duration) Fault {
	return answering(func(_ *Net, w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		if after > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(after.Seconds())))
		}
		http.Error(w, "Rate limit exceeded", status)
	})
}

// TooManyRequestsUntil answers 429 with Retry-After as a date.
func TooManyRequestsUntil(t time.Time) Fault {
	return answering(func(_ *Net, w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Retry-After", t.UTC().Format(http.TimeFormat))
		http.Error(w, "Rate limit exceeded", http.StatusTooManyRequests)
	})
}

// Empty answers 200 without a body.
func Empty() Fault { return Body(http.StatusOK, "text/plain", "") }

// HTML answers 200 with a page where something else was expected.
func HTML() Fault {
	return Body(http.StatusOK, "text/html; charset=utf-8", "<!doctype html><title>Welcome</title><p>Welcome to our site.</p>")
}

// LoginPage answers 200 with a page that asks to log in.
func LoginPage() Fault {
	return Body(http.StatusOK, "text/html; charset=utf-8", `<!doctype html><title>Log in</title>
<form action="/login" method="post"><h1>Log in to continue</h1><input name="user"><input name="password" type="password"><button>Log in</button></form>`)
}

// Captcha answers 403 with a page that wants proof of a human.
func Captcha() Fault {
	return Body(http.StatusForbidden, "text/html; charset=utf-8", `<!doctype html><title>Just a moment...</title>
<h1>Checking that you are human</h1><div class="captcha-box" data-sitekey="0"></div><noscript>Enable JavaScript to continue</noscript>`)
}

// RedirectTo answers 302.
func RedirectTo(url string) Fault {
	return answering(func(_ *Net, w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Location", url)
		w.WriteHeader(http.StatusFound)
	})
}

// RedirectFrom answers 302 to an address, and there with another fault.
func RedirectFrom(to string, then Fault) Fault {
	return answering(func(n *Net, w http.ResponseWriter, r *http.Request, next http.Handler) {
		u, err := url.Parse(to)
		if err != nil || r.URL.Path == u.Path && (u.Host == "" || u.Host == r.Host) {
			then.answer(n, w, r, next)
			return
		}
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusFound)
	})
}

// LoginRedirect answers 302 to a log-in page of the same host.
func LoginRedirect() Fault {
	return answering(func(n *Net, w http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.HasPrefix(r.URL.Path, "/login") {
			LoginPage().answer(n, w, r, next)
			return
		}
		w.Header().Set("Location", "/login?next="+r.URL.EscapedPath())
		w.WriteHeader(http.StatusFound)
	})
}

// RedirectLoop sends the client to and fro between two addresses for ever.
func RedirectLoop() Fault {
	return answering(func(_ *Net, w http.ResponseWriter, r *http.Request, _ http.Handler) {
		there := "?round=1"
		if r.URL.RawQuery == "round=1" {
			there = "?round=2"
		}
		w.Header().Set("Location", r.URL.EscapedPath()+there)
		w.WriteHeader(http.StatusFound)
	})
}

// RedirectChain redirects to ever new addresses.
func RedirectChain() Fault {
	return answering(func(_ *Net, w http.ResponseWriter, r *http.Request, _ http.Handler) {
		hop, _ := strconv.Atoi(r.URL.Query().Get("hop")) // 0 where there is none
		w.Header().Set("Location", fmt.Sprintf("%s?hop=%d", r.URL.EscapedPath(), hop+1))
		w.WriteHeader(http.StatusFound)
	})
}

// WrongType answers as usual, but states another media type.
func WrongType(mediaType string) Fault {
	return answering(func(_ *Net, w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := record(next, r)
		copyHeader(w.Header(), rec.header)
		w.Header().Set("Content-Type", mediaType)
		w.WriteHeader(rec.status)
		_, _ = w.Write(rec.body.Bytes())
	})
}

// Truncated announces the usual answer and breaks off in the middle of its
// body.
func Truncated() Fault {
	return answering(func(_ *Net, w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := record(next, r)
		body := rec.body.Bytes()
		copyHeader(w.Header(), rec.header)
		w.Header().Set("Content-Length", strconv.Itoa(len(body)+1))
		w.WriteHeader(rec.status)
		_, _ = w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
}

// recorder is a response that is held back.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// record lets h answer and holds the answer back.
func record(h http.Handler, r *http.Request) *recorder {
	rec := &recorder{header: http.Header{}, status: http.StatusOK}
	h.ServeHTTP(rec, r)
	return rec
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }

func copyHeader(to, from http.Header) {
	for name, values := range from {
		to[name] = values
	}
}

// Hang takes the request and never answers.
func Hang() Fault {
	return answering(func(n *Net, _ http.ResponseWriter, r *http.Request, _ http.Handler) {
		select {
		case <-r.Context().Done():
		case <-n.closed:
		}
		panic(http.ErrAbortHandler)
	})
}

// Reset breaks the connection instead of answering.
func Reset() Fault {
	return answering(func(_ *Net, w http.ResponseWriter, _ *http.Request, _ http.Handler) { resetConn(w) })
}

// resetConn breaks the connection of w.
func resetConn(w http.ResponseWriter) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	for {
		switch v := c.(type) {
		case *pipeConn:
			v.reset()
			return
		case *net.TCPConn:
			_ = v.SetLinger(0)
			v.Close()
			return
		case *tls.Conn:
			c = v.NetConn()
		case *tunnelled:
			c = v.Conn
		default:
			c.Close()
			return
		}
	}
}

// Garbage answers with something that is not HTTP.
func Garbage() Fault {
	return answering(func(_ *Net, w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(c, "220 mail.example ESMTP ready\r\n\r\n")
		c.Close()
	})
}

// HugeHead answers with a head of about size bytes.
func HugeHead(size int) Fault {
	return answering(func(_ *Net, w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		line := strings.Repeat("x", 1000)
		for i := range size / 1000 {
			w.Header().Set("X-Filler-"+strconv.Itoa(i), line)
		}
		w.WriteHeader(http.StatusOK)
	})
}

// GzipBomb answers with a gzip body that unpacks to size bytes of nothing.
func GzipBomb(size int64) Fault {
	return answering(func(_ *Net, w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		const member = 1 << 20
		zipped := gzipped(make([]byte, member))
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Encoding", "gzip")
		for n := int64(0); n < size; n += member {
			if _, err := w.Write(zipped); err != nil {
				return
			}
		}
	})
}

// Endless answers with a body that never ends.
func Endless() Fault {
	return answering(func(n *Net, w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "text/plain")
		block := bytes.Repeat([]byte("and so on "), 3277)
		for r.Context().Err() == nil {
			select {
			case <-n.closed:
				return
			default:
			}
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	})
}

// Drip answers with one byte per interval, for ever.
func Drip(interval time.Duration) Fault {
	return answering(func(n *Net, w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "text/plain")
		for {
			if _, err := io.WriteString(w, "."); err != nil {
				return
			}
			if err := http.NewResponseController(w).Flush(); err != nil || !n.pause(r.Context(), interval) {
				return
			}
		}
	})
}

// NoDNS lets the look-up of the host fail, as without a network.
func NoDNS() Fault { return Fault{stage: stageDNS} }

// RefuseConnections refuses connections to the host.
func RefuseConnections() Fault { return Fault{stage: stageConnect, refuse: syscall.ECONNREFUSED} }

// NoRoute answers connections to the host as a machine without a network does.
func NoRoute() Fault { return Fault{stage: stageConnect, refuse: syscall.ENETUNREACH} }

// SilentConnections lets connection attempts wait for ever.
func SilentConnections() Fault { return Fault{stage: stageConnect} }

// ExpiredCertificate serves a certificate that has run out.
func ExpiredCertificate() Fault { return Fault{stage: stageTLS, cert: certExpired} }

// WrongHostCertificate serves the certificate of another host.
func WrongHostCertificate() Fault { return Fault{stage: stageTLS, cert: certWrongHost} }

// UnknownAuthority serves a certificate that nobody known has signed, as
// networks do that inspect traffic.
func UnknownAuthority() Fault { return Fault{stage: stageTLS, cert: certUnknownCA} }

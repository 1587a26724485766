package fetch_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	"stet/archiver/fakenet"
	"stet/archiver/fetch"
	"stet/store"
)

// oneAddress resolves every name to the same addresses.
type oneAddress []netip.Addr

func (a oneAddress) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) { return a, nil }

// TestGuardAfterDNS resolves an innocent name to addresses of every kind that is
// not the public internet.
func TestGuardAfterDNS(t *testing.T) {
	tests := []struct {
		addr    string
		public  bool
		private bool // opened by AllowPrivate
	}{
		{"93.184.216.34", true, true},
		{"2606:2800:220:1::1", true, true},
		{"127.0.0.1", false, true},
		{"127.255.255.254", false, true},
		{"::1", false, true},
		{"10.1.2.3", false, true},
		{"172.16.0.1", false, true},
		{"172.32.0.1", true, true},
		{"192.168.1.1", false, true},
		{"100.64.0.1", false, true},
		{"fd00::1", false, true},
		{"0.0.0.0", false, false},
		{"::", false, false},
		{"169.254.169.254", false, false},
		{"fe80::1", false, false},
		{"fe80::1%eth0", false, false},
		{"2606:2800:220:1::1%eth0", false, false},
		{"224.0.0.1", false, false},
		{"ff02::1", false, false},
		{"240.0.0.1", false, false},
		{"255.255.255.255", false, false},
		{"192.0.2.1", false, false},
		{"198.51.100.1", false, false},
		{"203.0.113.1", false, false},
		{"2001:db8::1", false, false},
		{"198.18.0.1", false, false},
		{"192.88.99.1", false, false},
		{"::ffff:127.0.0.1", false, true},
		{"::ffff:10.0.0.1", false, true},
		{"::ffff:169.254.169.254", false, false},
		{"64:ff9b::7f00:1", false, false},
		{"2002:7f00:1::", false, false},
		{"2001::1", false, false},
		{"fec0::1", false, false},
	}
	for _, tt := range tests {
		for _, allow := range []bool{false, true} {
			want := tt.public
			if allow {
				want = tt.private
			}
			dialled := false
			c, err := fetch.New(fetch.Options{AllowPrivate: allow, Retries: -1, Resolver: oneAddress{netip.MustParseAddr(tt.addr)},
				Getenv: func(string) string { return "" },
				Dial: func(_ context.Context, _ string, ap netip.AddrPort) (net.Conn, error) {
					dialled = true
					return nil, errors.New("this test has no network")
				}})
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Do(context.Background(), fetch.Request{URL: "http://innocent.example/"})
			if dialled != want || errors.Is(err, store.ErrRefused) == want {
				t.Errorf("%s with AllowPrivate %v: dialled %v, error %v", tt.addr, allow, dialled, err)
			}
		}
	}
}

// TestGuardSkipsPrivateAddresses gives a name a private address beside its
// public one.
func TestGuardSkipsPrivateAddresses(t *testing.T) {
	var dialled []string
	c, err := fetch.New(fetch.Options{Retries: -1, Getenv: func(string) string { return "" },
		Resolver: oneAddress{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("93.184.216.34"), netip.MustParseAddr("::1")},
		Dial: func(_ context.Context, _ string, ap netip.AddrPort) (net.Conn, error) {
			dialled = append(dialled, ap.String())
			return nil, errors.New("this test has no network")
		}})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = c.Do(context.Background(), fetch.Request{URL: "http://innocent.example/"})
	if len(dialled) != 1 || dialled[0] != "93.184.216.34:80" {
		t.Errorf("dialled %v", dialled)
	}
}

// TestGuardWithoutSeam lets the system's dialer meet the guard.
func TestGuardWithoutSeam(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := fetch.New(fetch.Options{Retries: -1, Getenv: func(string) string { return "" }, Resolver: oneAddress{netip.MustParseAddr("127.0.0.1")}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = c.Do(context.Background(), fetch.Request{URL: "http://rebind.example:" + l.Addr().String()[strings.LastIndex(l.Addr().String(), ":")+1:]})
	if !errors.Is(err, store.ErrRefused) {
		t.Errorf("error %v", err)
	}
}

func TestHosts(t *testing.T) {
	tests := []struct {
		url   string
		class error // nil: goes out to host
		host  string
	}{
		{"http://news.example/", nil, "news.example"},
		{"HTTP://NEWS.Example:80/", nil, "news.example"},
		{"http://news.example./", nil, "news.example."},
		{"http://zürich.example/", nil, "xn--zrich-kva.example"},
		{"http://a_b.news.example/", nil, "a_b.news.example"},
		{"http://news.example:8080/", nil, "news.example:8080"},
		{"http://news.example:443/", nil, "news.example:443"},
		{"http://2130706433/", store.ErrRefused, ""},
		{"http://0x7f000001/", store.ErrRefused, ""},
		{"http://0X7F.1/", store.ErrRefused, ""},
		{"http://0177.0.0.1/", store.ErrRefused, ""},
		{"http://127.1/", store.ErrRefused, ""},
		{"http://127.0.0.1./", store.ErrRefused, ""},
		{"http://127.0.0.0x1/", store.ErrRefused, ""},
		{"http://3627734734/", store.ErrRefused, ""},
		{"http://１２７.0.0.1/", store.ErrRefused, ""},
		{"http://127。0。0。1/", store.ErrRefused, ""},
		{"http://[::ffff:7f00:1]/", store.ErrRefused, ""},
		{"http://[::]/", store.ErrRefused, ""},
		{"http://[fe80::1%25eth0]/", store.ErrInvalid, ""},
		{"http://localhost/", store.ErrRefused, ""},
		{"http://LOCALHOST./", store.ErrRefused, ""},
		{"http://a.localhost/", store.ErrRefused, ""},
		{"http://printer.local/", store.ErrRefused, ""},
		{"http://metadata.google.internal/", store.ErrRefused, ""},
		{"http://news.example:22/", store.ErrRefused, ""},
		{"http://news.example:6379/", store.ErrRefused, ""},
		{"file:///etc/passwd", store.ErrRefused, ""},
		{"ftp://news.example/", store.ErrRefused, ""},
		{"gopher://news.example:70/", store.ErrRefused, ""},
		{"javascript:alert(1)", store.ErrRefused, ""},
		{"data:text/html,hi", store.ErrRefused, ""},
		{"news.example/page", store.ErrInvalid, ""},
		{"//news.example/page", store.ErrInvalid, ""},
		{"", store.ErrInvalid, ""},
		{"http://", store.ErrInvalid, ""},
		{"http:news.example", store.ErrInvalid, ""},
		{"http://news.example:99999/", store.ErrInvalid, ""},
		{"http://news .example/", store.ErrInvalid, ""},
		{"http://news..example/", store.ErrInvalid, ""},
		{"http://news.example/\r\nX: y", store.ErrInvalid, ""},
		{"http://new\x00s.example/", store.ErrInvalid, ""},
		{"http://<news>.example/", store.ErrInvalid, ""},
	}
	// The resolver turns every name into one public address; what is not
	// refused is sent there.
	n := fakenet.New(fakenet.Options{})
	defer n.Close()
	n.Site("news.example").Page("/", "hello")
	o := n.FetchOptions()
	o.Resolver = oneAddress{n.Address("news.example")}
	o.Retries = -1
	c, err := fetch.New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, tt := range tests {
		res, err := c.Do(context.Background(), fetch.Request{URL: tt.url})
		if tt.class != nil {
			if !errors.Is(err, tt.class) || !errors.Is(store.ClassOf(err).Err, tt.class) {
				t.Errorf("%q: error %v, want the class %q", tt.url, err, tt.class)
			}
			continue
		}
		if errors.Is(err, store.ErrRefused) || errors.Is(err, store.ErrInvalid) {
			t.Errorf("%q: %v", tt.url, err)
		}
		if want := "http://" + tt.host + "/"; res.URL != want {
			t.Errorf("%q: asked for %q, want %q", tt.url, res.URL, want)
		}
	}
}

func TestRedirectsAreGuarded(t *testing.T) {
	for _, location := range []string{
		"http://127.0.0.1/", "http://169.254.169.254/latest/meta-data/", "http://2130706433/", "http://[::1]/", "//localhost/",
		"file:///etc/passwd", "javascript:alert(1)", "http://news.example:25/", "ftp://news.example/",
	} {
		inWorld(t, nil, func(w *world) {
			w.net.Fault("news.example", "", fakenet.RedirectTo(location))
			res, err := w.get("https://news.example/")
			w.wantClass(err, store.ErrRefused)
			if len(res.Exchanges) != 2 || res.Exchanges[0].Status != 302 || res.Exchanges[1].Status != 0 || res.Exchanges[1].ErrorClass != "refused" {
				w.Errorf("%s: %d exchanges, %v", location, len(res.Exchanges), err)
			}
		})
	}
}

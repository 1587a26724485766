package warc

import "testing"

func TestSURT(t *testing.T) {
	for in, want := range map[string]string{
		"https://WWW.Example.org:443/A/B/?b=2&a=1#frag":                        "org,example)/a/b?a=1&b=2",
		"http://www2.example.co.uk/index.html":                                 "uk,co,example)/index.html",
		"http://example.org":                                                   "org,example)/",
		"https://example.org/a?":                                               "org,example)/a",
		"https://example.org/%7Efoo//bar/":                                     "org,example)/~foo/bar",
		"https://user:pw@example.org/x":                                        "org,example)/x",
		"https://example.org:8443/x":                                           "org,example:8443)/x",
		"https://example.org/?b&a=&a":                                          "org,example)/?a&a=&b",
		"https://example.org/p?q=%C3%BC&Q=1":                                   "org,example)/p?q=%c3%bc&q=1",
		"https://münchen.example/ü":                                            "example,xn--mnchen-3ya)/%c3%bc",
		"https://example.org/s/20?s=20&ref_src=a%5Eb":                          "org,example)/s/20?ref_src=a^b&s=20",
		"https://example.org/a?PHPSESSID=0123456789abcdef0123456789abcdef&x=1": "org,example)/a?x=1",
		"http://127.0.0.1:8801/a":                                              "1,0,0,127:8801)/a",
		"urn:pageinfo:https://news.example.org/a":                              "urn:pageinfo:https://news.example.org/a",
		"https://archive.example/web/2026/https://a.org/":                      "example,archive)/web/2026/https:/a.org",
		"https://[2001:db8::1]:8080/x":                                         "2001:db8::1:8080)/x",
		"https://example.org/a/../../b/./c":                                    "org,example)/b/c",
		"https://example.org/%252e":                                            "org,example)/",
	} {
		if got := SURT(in); got != want {
			t.Errorf("SURT(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzSURT(f *testing.F) {
	f.Add("https://www.example.org/a?b=%20c d\n")
	f.Add("http://[::1]:80/%25%32%30")
	f.Fuzz(func(t *testing.T, s string) {
		for _, c := range []byte(SURT(s)) {
			if c <= ' ' || c >= 0x7f {
				t.Fatalf("the key of %q has the byte %q", s, c)
			}
		}
	})
}

func FuzzCleanURI(f *testing.F) {
	f.Add("https://a.example/%zz\r\nX: y")
	f.Add("ä")
	f.Fuzz(func(t *testing.T, s string) {
		got := CleanURI(s)
		for i := range len(got) {
			if c := got[i]; c != '%' && !plainByte(c) {
				t.Fatalf("CleanURI(%q) = %q", s, got)
			}
		}
		if again := CleanURI(got); again != got {
			t.Fatalf("CleanURI(%q) = %q, and of that %q", s, got, again)
		}
	})
}

package source

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestParseRobots(t *testing.T) {
	for _, c := range []struct {
		name, file  string
		open, close []string
	}{
		{"empty", "", []string{"/", "/x"}, nil},
		{"all closed", "User-agent: *\nDisallow: /", []string{"/robots.txt"}, []string{"/", "/x?y"}},
		{"empty rule", "User-agent: *\nDisallow:", []string{"/", "/x"}, nil},
		{"own group only", "User-agent: *\nDisallow: /\n\nUser-agent: Stet/1.0 (archive)\nDisallow: /private\n", []string{"/x"}, []string{"/private/x", "/privately"}},
		{"other crawler", "User-agent: stetbot\nDisallow: /\nUser-agent: st\nDisallow: /", []string{"/x"}, nil},
		{"groups of one name are joined", "User-agent: stet\nDisallow: /a\n\nUser-agent: x\nDisallow: /b\n\nUser-agent: STET\nDisallow: /c", []string{"/b"}, []string{"/a", "/c"}},
		{"several names of a group", "User-agent: a\nUser-agent: stet\n# comment\n\nDisallow: /a", []string{"/b"}, []string{"/a"}},
		{"longest wins", "User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /a/b/c", []string{"/a/b", "/a/bc"}, []string{"/a", "/a/b/c"}},
		{"allow wins a tie", "User-agent: *\nDisallow: /page\nAllow: /page", []string{"/page"}, nil},
		{"wildcard", "User-agent: *\nDisallow: /*?print=\nDisallow: /a*c/d", []string{"/x?y", "/x/abc/d"}, []string{"/x?print=1", "/abc/d/e", "/ac/d"}},
		{"end", "User-agent: *\nDisallow: /*.php$\nDisallow: /$", []string{"/x.php?y", "/x"}, []string{"/x.php", "/a/b.php", "/"}},
		{"codes", "User-agent: *\nDisallow: /a%3cd\nDisallow: /%7ejoe\nDisallow: /ä", []string{"/a/d"}, []string{"/a%3Cd.html", "/~joe/x", "/%C3%A4/x"}},
		{"bad lines", "Disallow: /before\nnonsense\nUser-agent: *\nCrawl-delay: ten\nDisallow: /x # why\nNoindex: /y\r\nDisallow: /z", []string{"/before", "/y"}, []string{"/x", "/z"}},
		{"mark and returns", "\xef\xbb\xbfUser-agent: *\rDisallow: /x\r", []string{"/y"}, []string{"/x"}},
		{"page in its place", "<!doctype html><title>Not found</title><p>User-agent: *", []string{"/x"}, nil},
		{"sitemap amid a group", "User-agent: *\nSitemap: https://news.example/s.xml\nDisallow: /x", []string{"/y"}, []string{"/x"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := parseRobots([]byte(c.file), RobotsToken)
			for want, paths := range map[bool][]string{true: c.open, false: c.close} {
				for _, p := range paths {
					u, err := url.Parse("https://news.example" + p)
					if err != nil {
						t.Fatal(err)
					}
					if got := r.allows(u); got != want {
						t.Errorf("%s: %v", p, got)
					}
				}
			}
		})
	}
}

func TestParseRobotsExtras(t *testing.T) {
	r := parseRobots([]byte("Sitemap: https://news.example/a.xml\nUser-agent: stet\nCrawl-delay: 2.5\nUser-agent: *\nCrawl-delay: 9\nsitemap: /b.xml\n"), RobotsToken)
	if r.delay != 2500*time.Millisecond || strings.Join(r.sitemaps, " ") != "https://news.example/a.xml /b.xml" {
		t.Errorf("%+v", r)
	}
	for value, want := range map[string]time.Duration{"86400": maxCrawlDelay, "-1": 0, "NaN": 0, "1e300": maxCrawlDelay, "0": 0} {
		if r := parseRobots([]byte("User-agent: *\nCrawl-delay: "+value), RobotsToken); r.delay != want {
			t.Errorf("a delay of %s is %v", value, r.delay)
		}
	}
}

// slowMatch matches as the words of RFC 9309 say it, without cleverness.
func slowMatch(pattern, path string) bool {
	switch {
	case pattern == "":
		return true
	case pattern == "$":
		return path == ""
	case pattern[0] == '*':
		for i := range len(path) + 1 {
			if slowMatch(pattern[1:], path[i:]) {
				return true
			}
		}
		return false
	}
	return path != "" && path[0] == pattern[0] && slowMatch(pattern[1:], path[1:])
}

func FuzzRobots(f *testing.F) {
	f.Add("User-agent: *\nDisallow: /a*b$\nAllow: /", "/a*b$", "/axxb")
	f.Add("user-agent: stet\ncrawl-delay: 1\nsitemap: x", "/", "/%zz")
	f.Add("\xff\xfe:\n:::\n#", "*$*", "/x?")
	f.Fuzz(func(t *testing.T, file, pattern, path string) {
		r := parseRobots([]byte(file), RobotsToken)
		if len(r.list) > maxRules || r.delay < 0 || r.delay > maxCrawlDelay {
			t.Errorf("%d rules, a delay of %v", len(r.list), r.delay)
		}
		r.allows(&url.URL{Path: path})
		if n := normalPath(path); normalPath(n) != n {
			t.Errorf("normalPath(%q) = %q is not normal", path, n)
		}
		if len(pattern) < 12 && len(path) < 30 && strings.Count(pattern, "$") == strings.Count(pattern[max(len(pattern)-1, 0):], "$") {
			if got, want := matches(pattern, path), slowMatch(pattern, path); got != want {
				t.Errorf("matches(%q, %q) = %v", pattern, path, got)
			}
		}
	})
}

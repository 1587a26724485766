package warc

import (
	"math/rand/v2"
	"regexp"
	"testing"
)

// TestForms holds the forms against the expressions that describe them, over
// values that come near.
func TestForms(t *testing.T) {
	const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
	forms := map[string]struct {
		is   func(string) bool
		want *regexp.Regexp
		near []string
	}{
		"date": {dateForm, regexp.MustCompile(`^\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?Z)?)?)?$`),
			[]string{"2026-03-04T12:00:00.123456789Z", "2026-03-04T12:00Z", "2026-03-04T12:00:00Z", "2026-03-04", "2026-03", "2026", "2026-03-04T12:00:00.Z", "2026-03-04T12:00:00+02:00"}},
		"id": {idForm, regexp.MustCompile(`^<[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>]+>$`),
			[]string{"<urn:uuid:a>", "<a:>", "<a:b:>", "<:b>", "<1a:b>", "<a+.-1:b c>", "urn:a", "<a:\xff>", "<>", "<a::>"}},
		"media": {mediaForm, regexp.MustCompile("^" + token + "/" + token + "([ \t]*;.*)?$"),
			[]string{"text/html", "text/html; charset=utf-8", "text/html ;", "text/", "/html", "text", "a/b c", "a/b\t;\nx", "a/b;c/d", "application/http;msgtype=request"}},
	}
	r := rand.New(rand.NewPCG(1, 2))
	const letters = "aZ09:;/<>.-+ \t\n%TZ\xff\u00e9"
	for name, f := range forms {
		both := map[bool]int{}
		for range 20_000 {
			s := f.near[r.IntN(len(f.near))]
			for range r.IntN(3) {
				at := r.IntN(len(s) + 1)
				to := at + r.IntN(min(2, len(s)-at)+1)
				from := r.IntN(len(letters))
				s = s[:at] + letters[from:from+r.IntN(min(2, len(letters)-from)+1)] + s[to:]
				if s == "" {
					break
				}
			}
			if f.is(s) != f.want.MatchString(s) {
				t.Fatalf("%s: of %q it is said %t", name, s, f.is(s))
			}
			both[f.is(s)]++
		}
		if both[true] < 1000 || both[false] < 1000 {
			t.Errorf("%s: %v", name, both)
		}
	}
}

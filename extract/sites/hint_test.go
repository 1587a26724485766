package sites

import (
	"net/url"
	"strings"
	"testing"

	"stet/extract"
)

// FuzzHints: what a site without domains takes, its hint does not rule out.
func FuzzHints(f *testing.F) {
	for _, s := range []string{"https://moose.social/@a/109876543210987654", "https://moose.social/users/a/statuses/109876543210987654", "https://moose.social/%40a/109876543210987654",
		"https://nitter.moose.example/a/status/20", "https://moose.social/web/Statuses/109876543210987654", "https://moose.social/ap/users/1/statuses/109876543210987654", "https://NITTER.example/a/status/20"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := url.Parse(raw)
		if err != nil || strings.IndexFunc(u.Host, func(r rune) bool { return r >= 0x80 }) >= 0 {
			return
		}
		for _, s := range All() {
			hint, ok := s.(extract.HintSite)
			if !ok {
				continue
			}
			if got, ok := s.ParseURL(u); ok && (!hint.MayBe(strings.ToLower(u.Host), u.Path) || !hint.MayBe(strings.ToLower(u.Host), u.EscapedPath())) {
				t.Errorf("%s takes %s for %+v, against its hint", s.Platform(), raw, got)
			}
		}
	})
}

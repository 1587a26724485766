package source

import (
	"net/url"
	"strings"
)

// maxURL is the longest address that is taken. The protocol of sitemaps allows
// 2,048 characters, servers read 8 KB.
const maxURL = 8 << 10

// parseBase parses the address of a document, against which its links are
// resolved. It returns nil for what is no web address.
func parseBase(address string) *url.URL {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	return u
}

// webLink returns the web address that a link leads to, and false where it
// leads elsewhere. It is canonical as far as that is certain to be the same
// page: scheme and host in lower case, no default port, no fragment, no name
// and password. The query stays as it is; what [store.ArticleKey] drops of it
// is left to that.
func webLink(raw string, base *url.URL) (string, bool) {
	raw = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\ufeff' || r == '\u200b' {
			return -1
		}
		return r
	}, strings.TrimSpace(raw))
	if raw == "" || len(raw) > maxURL {
		return "", false
	}
	// Some programs escape twice.
	raw = strings.ReplaceAll(raw, "&amp;", "&")
	if strings.HasPrefix(raw, "www.") {
		raw = "https://" + raw
	}
	u, err := url.Parse(raw)
	if err != nil {
		// A % that begins no code is a character.
		if u, err = url.Parse(strings.ReplaceAll(raw, "%", "%25")); err != nil {
			return "", false
		}
	}
	if base != nil {
		u = base.ResolveReference(u)
	}
	u.Scheme = strings.ToLower(u.Scheme)
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Opaque != "" {
		return "", false
	}
	u.Host = strings.ToLower(u.Host)
	if p := u.Port(); p == "80" && u.Scheme == "http" || p == "443" && u.Scheme == "https" || p == "" {
		u.Host = strings.TrimSuffix(strings.TrimSuffix(u.Host, p), ":")
	}
	u.User = nil
	if !strings.HasPrefix(u.Fragment, "!") {
		u.Fragment, u.RawFragment = "", ""
	}
	if u.Path == "" {
		u.Path = "/"
	}
	s := u.String()
	return s, len(s) <= maxURL
}

// sameSite reports whether two hosts are one but for "www.".
func sameSite(a, b string) bool {
	return strings.TrimPrefix(strings.ToLower(a), "www.") == strings.TrimPrefix(strings.ToLower(b), "www.")
}

// hostOf returns the host of an address, "" where it has none.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

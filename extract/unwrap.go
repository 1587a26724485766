package extract

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// wrapKind says what was wrapped around an address.
type wrapKind byte

const (
	wrapNone wrapKind = iota
	// wrapRedirect is a page that leads on: an outgoing-link counter, a search
	// result, an AMP cache.
	wrapRedirect
	// wrapArchive is a web archive's copy.
	wrapArchive
)

// unwrap takes one wrapper off u, without fetching anything.
func unwrap(u *url.URL) (*url.URL, wrapKind) {
	host := strings.ToLower(u.Hostname())
	if inner := ampTarget(host, u); inner != nil {
		return inner, wrapRedirect
	}
	if isArchiveHost(host) {
		if inner := pathTarget(u); inner != nil {
			return inner, wrapArchive
		}
		if inner := paramTarget(u); inner != nil {
			return inner, wrapArchive
		}
		return nil, wrapNone
	}
	if inner := cacheTarget(host, u); inner != nil {
		return inner, wrapArchive
	}
	if inner := translated(host, u); inner != nil {
		return inner, wrapRedirect
	}
	if inner := defended(host, u); inner != nil {
		return inner, wrapRedirect
	}
	if !leadsOn(host, u.Path) {
		return nil, wrapNone
	}
	if inner := paramTarget(u); inner != nil {
		return inner, wrapRedirect
	}
	if inner := pathTarget(u); inner != nil {
		return inner, wrapRedirect
	}
	if inner := bareQuery(u); inner != nil {
		return inner, wrapRedirect
	}
	return nil, wrapNone
}

// isArchiveHost reports whether host is that of a web archive. Those that write
// the original address into their own all call themselves so, but for a few.
func isArchiveHost(host string) bool {
	for label := range strings.SplitSeq(host, ".") {
		switch label {
		case "archive", "web-archive", "webarchive", "wayback", "ghostarchive", "archive-it", "webcitation", "freezepage", "arquivo", "megalodon", "memento", "timetravel", "swap", "vefsafn", "perma-archives":
			return true
		}
	}
	return false
}

// ampTarget undoes AMP caches: {name}.cdn.ampproject.org/c/s/{host}/{path} and
// google.com/amp/s/{host}/{path}. The s says that the original is https.
func ampTarget(host string, u *url.URL) *url.URL {
	path := strings.TrimPrefix(u.EscapedPath(), "/")
	switch {
	case OnDomain(host, "ampproject.org"), OnDomain(host, "bing-amp.com"):
		first, rest, _ := strings.Cut(path, "/")
		if len(first) != 1 {
			return nil
		}
		path = rest
	case strings.HasPrefix(path, "amp/") && strings.Contains(host, "google."):
		path = path[len("amp/"):]
	default:
		return nil
	}
	scheme := "http://"
	if rest, ok := strings.CutPrefix(path, "s/"); ok {
		scheme, path = "https://", rest
	}
	if !strings.Contains(hostPart(path), ".") {
		return nil
	}
	return innerURL(scheme + path + query(u))
}

func query(u *url.URL) string {
	if u.RawQuery == "" {
		return ""
	}
	return "?" + u.RawQuery
}

// cacheTarget undoes the search engine's cache, search?q=cache:{key}:{url}.
func cacheTarget(host string, u *url.URL) *url.URL {
	if !OnDomain(host, "googleusercontent.com") {
		return nil
	}
	q := u.Query().Get("q")
	rest, ok := strings.CutPrefix(q, "cache:")
	if !ok {
		return nil
	}
	rest, _, _ = strings.Cut(rest, " ")
	if key, after, ok := strings.Cut(rest, ":"); ok && !strings.ContainsAny(key, "./") && !strings.HasPrefix(after, "//") {
		rest = after
	}
	if !strings.Contains(rest, "://") {
		rest = "https://" + rest
	}
	return innerURL(rest)
}

// translated undoes the search engine's translations, which write the host into
// their own: example-org.translate.goog. A hyphen of the host is written twice.
func translated(host string, u *url.URL) *url.URL {
	name, ok := strings.CutSuffix(host, ".translate.goog")
	if !ok || strings.Contains(name, ".") {
		return nil
	}
	name = strings.NewReplacer("--", "-", "-", ".").Replace(name)
	return innerURL("https://" + name + u.EscapedPath() + query(u))
}

// defended undoes what mail gateways make of the links in newsletters:
// urldefense.com/v3/__https://example.org/x__;!!key, and the older form in a
// parameter with other signs for percent and slash.
func defended(host string, u *url.URL) *url.URL {
	if host != "urldefense.com" && host != "urldefense.us" && host != "urldefense.proofpoint.com" {
		return nil
	}
	if _, rest, ok := strings.Cut(u.EscapedPath()+query(u), "/v3/__"); ok {
		end := strings.LastIndex(rest, "__;")
		if end < 0 {
			end = len(strings.TrimRight(rest, "_"))
		}
		scheme, rest, _ := strings.Cut(rest[:end], ":")
		return innerURL(strings.ToLower(scheme) + "://" + strings.TrimLeft(rest, "/"))
	}
	if value := u.Query().Get("u"); strings.HasPrefix(value, "http-3A_") || strings.HasPrefix(value, "https-3A_") {
		return decodedURL(url.QueryEscape(strings.NewReplacer("-", "%", "_", "/").Replace(value)))
	}
	return nil
}

// pathTarget returns the address that stands in the path of u, as archives
// write it: /web/20200102030405id_/https://example.org/. Servers and archives
// may have merged the two slashes.
func pathTarget(u *url.URL) *url.URL {
	s := u.EscapedPath()
	if strings.Contains(s, "%3A") || strings.Contains(s, "%3a") {
		if d, err := url.PathUnescape(s); err == nil {
			s = d
		}
	}
	i := schemeInPath(s)
	if i < 0 {
		return hostInPath(s, u)
	}
	scheme, rest, _ := strings.Cut(s[i:], ":")
	inner := strings.ToLower(scheme) + "://" + strings.TrimLeft(rest, "/") + query(u)
	if u.Fragment != "" {
		inner += "#" + u.EscapedFragment()
	}
	return innerURL(inner)
}

func schemeInPath(s string) int {
	for _, scheme := range []string{"/https:/", "/http:/"} {
		if i := strings.Index(s, scheme); i >= 0 {
			return i + 1
		}
	}
	return -1
}

// hostInPath handles archives' addresses in which the scheme was left out:
// /web/2020/example.org/x. The part before must be a time.
func hostInPath(s string, u *url.URL) *url.URL {
	parts := splitPath(s)
	for i := 1; i < len(parts); i++ {
		t := strings.TrimRight(parts[i-1], "*abcdefghijklmnopqrstuvwxyz_")
		if len(t) >= 4 && len(t) <= 14 && strings.Trim(t, "0123456789") == "" && strings.Contains(parts[i], ".") {
			return innerURL("https://" + strings.Join(parts[i:], "/") + query(u))
		}
	}
	return nil
}

// The parameters in which redirects and proxies carry an address.
func carriesURL(name string) bool {
	switch strings.ToLower(name) {
	case "url", "u", "q", "to", "link", "href", "target", "dest", "destination", "goto", "redirect", "redirect_to", "redirect_url",
		"redir", "out", "r", "z", "uddg", "murl", "ued", "p", "src", "l", "go", "unsafe_link", "continue", "next", "xs", "outgoing", "exit", "a", "ref_url", "cu":
		return true
	}
	return false
}

// paramTarget returns the address that the query of u carries.
func paramTarget(u *url.URL) *url.URL {
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		name, value, ok := strings.Cut(strings.TrimPrefix(pair, "amp;"), "=")
		if !ok || len(value) < 10 || !carriesURL(name) {
			continue
		}
		if inner := decodedURL(value); inner != nil {
			return inner
		}
	}
	return nil
}

// decodedURL returns the address that a query's value is: escaped, perhaps more
// than once, or in base64.
func decodedURL(value string) *url.URL {
	for range 3 {
		if inner := innerURL(value); inner != nil {
			return inner
		}
		d, err := url.QueryUnescape(value)
		if err != nil || d == value {
			break
		}
		value = d
	}
	for _, start := range []string{"aHR0c", "a1aHR0c"} {
		if i := len(start) - len("aHR0c"); strings.HasPrefix(value, start) {
			if b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(toURLAlphabet(value[i:]), "=")); err == nil {
				return innerURL(string(b))
			}
		}
	}
	return nil
}

func toURLAlphabet(s string) string {
	return strings.NewReplacer("+", "-", "/", "_").Replace(s)
}

// bareQuery returns the address that the whole query is: href.li/?https://….
func bareQuery(u *url.URL) *url.URL {
	if strings.HasPrefix(u.RawQuery, "http") {
		return decodedURL(u.RawQuery)
	}
	return nil
}

func innerURL(s string) *url.URL {
	if !hasWebScheme(s) || len(s) > maxLinkLength {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || !strings.Contains(u.Host, ".") {
		return nil
	}
	return u
}

// leadsOn reports whether a page of this host and path does nothing but lead to
// the address that it carries, by the words that such pages are called. Pages
// that share what they carry do not lead to it.
func leadsOn(host, path string) bool {
	switch host {
	case "href.li", "anon.to", "nullrefer.com", "dereferer.me", "go.redirectingat.com", "t.umblr.com", "slack-redir.net", "disq.us",
		"l.wl.co", "exit.sc", "safelinks.protection.outlook.com", "urldefense.com", "urldefense.proofpoint.com", "translate.google.com",
		"www.google.com", "google.com", "duckduckgo.com", "vk.com", "m.vk.com", "www.bing.com", "getpocket.com", "skyview.social", "bsky.brid.gy",
		"fed.brid.gy":
		return !sharing(path)
	}
	if strings.HasSuffix(host, ".safelinks.protection.outlook.com") || strings.HasPrefix(host, "www.google.") {
		return true
	}
	first, _, _ := strings.Cut(host, ".")
	if leadWord(first) {
		return !sharing(path)
	}
	for part := range strings.SplitSeq(strings.ToLower(path), "/") {
		part, _, _ = strings.Cut(part, ".")
		if leadWord(part) {
			return !sharing(path)
		}
	}
	return false
}

func leadWord(s string) bool {
	switch s {
	case "l", "lm", "out", "outgoing", "outbound", "redirect", "redirects", "redirector", "redir", "exit", "away", "go", "goto", "jump", "click",
		"clicks", "track", "link", "links", "linkfilter", "leaving", "external", "externallink", "proxy", "unsafe_link_warning":
		return true
	}
	return false
}

// sharing reports whether a path is that of a share, save or send page.
func sharing(path string) bool {
	path = strings.ToLower(path)
	for _, w := range []string{"share", "intent", "submit", "/send", "/save", "compose", "/create", "login", "signin", "bookmark"} {
		if strings.Contains(path, w) {
			return true
		}
	}
	return false
}

// ParseLinked is [ParseLink] for the address of a link in a page, with what was
// wrapped around it taken off: web archives, mail gateways and redirects write
// the addresses of pages that they hand on into their own, the archives without
// a host.
func ParseLinked(s string) (*url.URL, bool) {
	if strings.HasPrefix(s, "/web/") {
		s = "https://web.archive.org" + s
	}
	u, ok := ParseLink(s)
	for range maxWraps {
		if !ok || u.Host == "" {
			break
		}
		inner, kind := unwrap(u)
		if kind == wrapNone {
			break
		}
		u = inner
	}
	return u, ok
}

// Unwrap takes off an address what was wrapped around it, as far as the address
// itself tells: AMP caches, web archives, search engines' caches, redirects
// that count clicks. It returns the address inside, archived as the first web
// archive's address that was taken off ("" where there was none), and false
// for what is no absolute web address. An address that wraps nothing is
// returned as it is.
func Unwrap(raw string) (inner, archived string, ok bool) {
	u, ok := ParseLink(cleanAddress(raw))
	if !ok || !webScheme(u.Scheme) || u.Host == "" {
		return "", "", false
	}
	for range maxWraps {
		in, kind := unwrap(u)
		if kind == wrapNone {
			break
		}
		if kind == wrapArchive && archived == "" {
			archived = u.String()
		}
		u = in
	}
	return u.String(), archived, true
}

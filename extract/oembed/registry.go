package oembed

import (
	_ "embed"
	"net/url"
	"strings"
	"sync"

	"stet/extract/post"
)

//go:embed data/providers.tsv
var providersTSV string

// Provider is an endpoint of an oEmbed provider.
type Provider struct {
	// Platform is the provider's name as stet writes platforms.
	Platform post.Platform
	// Name is the provider's own.
	Name string
	// Endpoint is the address that answers with JSON.
	Endpoint string
}

// Request returns the address to ask about the page at address.
func (p Provider) Request(address string) string {
	sep := "?"
	if strings.Contains(p.Endpoint, "?") {
		sep = "&"
	}
	q := "url=" + url.QueryEscape(address)
	if !strings.Contains(p.Endpoint, "json") {
		q += "&format=json"
	}
	return p.Endpoint + sep + q
}

// scheme is a set of addresses that a provider serves.
type scheme struct {
	provider int
	// host is without www., with * for any label.
	host string
	// path is the pattern of path and query; what is between the stars is
	// literal.
	path string
	// query is true where the pattern looks at the query.
	query bool
}

// registry is the list of providers, by the hosts of their schemes.
type registry struct {
	providers []Provider
	// pages tells of each whether it serves pages for people. One that serves
	// nothing but players hosts them for publishers, who show their own things
	// in them; that is no post.
	pages []bool
	// byHost holds the schemes by their hosts without leading stars.
	byHost map[string][]scheme
}

// providers reads the embedded list, once.
var providers = sync.OnceValue(func() *registry {
	r := &registry{byHost: map[string][]scheme{}}
	for line := range strings.Lines(providersTSV) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if strings.HasPrefix(line, "#") || len(f) != 4 {
			continue
		}
		r.providers = append(r.providers, Provider{Platform: post.Platform(f[0]), Name: f[1], Endpoint: f[2]})
		r.pages = append(r.pages, false)
		for s := range strings.FieldsSeq(f[3]) {
			r.add(len(r.providers)-1, s)
		}
	}
	return r
})

func (r *registry) add(provider int, pattern string) {
	host, path, _ := strings.Cut(pattern, "/")
	host = strings.TrimPrefix(strings.ToLower(host), "www.")
	path, _, _ = strings.Cut("/"+path, "#")
	s := scheme{provider: provider, host: host, path: path, query: strings.Contains(path, "?")}
	r.pages[provider] = r.pages[provider] || !saysFrame(host, path)
	key := host
	for strings.HasPrefix(key, "*.") {
		key = key[2:]
	}
	if !strings.Contains(key, ".") || strings.Contains(key, "*") {
		return
	}
	r.byHost[key] = append(r.byHost[key], s)
}

// find returns the scheme that u is in: the one with the longest pattern.
func (r *registry) find(u *url.URL, host string) (scheme, bool) {
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	var best scheme
	for key := host; strings.Contains(key, "."); {
		for _, s := range r.byHost[key] {
			subject := path
			if s.query {
				subject += "?" + u.RawQuery
			}
			if s.serves(host) && matches(s.path, subject) && len(s.path)+len(s.host) > len(best.path)+len(best.host) {
				best = s
			}
		}
		_, key, _ = strings.Cut(key, ".")
	}
	return best, best.path != ""
}

// serves reports whether a host, without www., is one that the scheme is for.
func (s *scheme) serves(host string) bool {
	return hostMatches(s.host, host) || hostMatches(s.host, "www."+host)
}

// hostMatches reports whether a host is the pattern's. A star
// stands for one label or more.
func hostMatches(pattern, host string) bool {
	for strings.HasPrefix(pattern, "*.") {
		label, rest, ok := strings.Cut(host, ".")
		if !ok || label == "" {
			return false
		}
		pattern, host = pattern[2:], rest
		if !strings.HasPrefix(pattern, "*.") {
			return host == pattern || strings.HasSuffix(host, "."+pattern)
		}
	}
	return pattern == host
}

// matches reports whether s is what a pattern with stars describes. Each star
// takes as little as it can.
func matches(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	if !strings.HasPrefix(s, parts[0]) {
		return false
	}
	s = s[len(parts[0]):]
	if len(parts) == 1 {
		return s == "" || strings.HasSuffix(pattern, "/")
	}
	for _, p := range parts[1 : len(parts)-1] {
		// A star stands for something.
		if len(s) == 0 {
			return false
		}
		i := strings.Index(s[1:], p)
		if i < 0 {
			return false
		}
		s = s[1+i+len(p):]
	}
	last := parts[len(parts)-1]
	if last == "" && !strings.HasSuffix(pattern, "/*") {
		// As in /watch*, which leaves the query to the star.
		return true
	}
	return len(s) > len(last) && strings.HasSuffix(s, last)
}

// Lookup returns the provider of the page at u, and false where none is known.
// Pages can announce an endpoint themselves: see [Discover].
func Lookup(u *url.URL) (Provider, bool) {
	host, ok := hostOf(u)
	if !ok {
		return Provider{}, false
	}
	r := providers()
	s, ok := r.find(u, host)
	if !ok {
		return Provider{}, false
	}
	return r.providers[s.provider], true
}

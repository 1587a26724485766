package fakenet

import (
	"net/http"
	"strings"
	"time"
)

// Request is one request that reached a host.
type Request struct {
	Time   time.Time
	Method string
	// URL is scheme, host, path and query.
	URL    string
	Host   string
	Path   string
	Header http.Header
}

// record notes a request.
func (n *Net) record(r *http.Request, host string) {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.log = append(n.log, Request{Time: n.now(), Method: r.Method, URL: scheme + "://" + r.Host + r.URL.RequestURI(),
		Host: strings.ToLower(host), Path: r.URL.Path, Header: r.Header.Clone()})
}

// Requests returns what was asked for so far, in order of arrival.
func (n *Net) Requests() []Request {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]Request(nil), n.log...)
}

// URLs returns the addresses that were asked for so far, in order of arrival.
func (n *Net) URLs() []string {
	var urls []string
	for _, r := range n.Requests() {
		urls = append(urls, r.URL)
	}
	return urls
}

// Count returns how many requests reached a host ("" for all) at paths that
// begin with prefix.
func (n *Net) Count(host, prefix string) int {
	count := 0
	for _, r := range n.Requests() {
		if (host == "" || r.Host == strings.ToLower(host)) && strings.HasPrefix(r.Path, prefix) {
			count++
		}
	}
	return count
}

// Forget empties the log.
func (n *Net) Forget() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.log = nil
}

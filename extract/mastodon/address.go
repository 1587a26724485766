package mastodon

import (
	"net/url"
	"strings"

	"stet/extract"
)

// HostAt returns the host of an address, in lower case and ASCII; empty where it
// is none on the web.
func HostAt(address string) string {
	u, ok := extract.ParseLink(address)
	if !ok {
		return ""
	}
	a, ok := extract.NewAddress(u)
	if !ok {
		return ""
	}
	return a.Host
}

// ObjectAddress returns the address at which other servers ask for the post that
// is known at an address, with the name of its account where the address has it.
// It returns false where none is known: a post of another host, as an instance
// shows it, has its own address elsewhere, and the numbers alone lead to pages
// for people only.
func ObjectAddress(address string) (object, name string, ok bool) {
	u, ok := extract.ParseLink(address)
	if !ok {
		return "", "", false
	}
	a, ok := extract.NewAddress(u)
	if !ok || !strings.Contains(a.Host, ".") || len(a.Segments) == 0 {
		return "", "", false
	}
	if t, known := parseSaid(u); known && !a.SegIs(0, "notice", "ap") {
		if t.Handle == "" || strings.Contains(t.Handle, "@") {
			return "", "", false
		}
		return t.URL, t.Handle, true
	}
	return web(str(address)), "", web(str(address)) != ""
}

// AccountURL returns the address at which an instance is asked for one of its
// own accounts.
func AccountURL(host, name string) string {
	return "https://" + host + "/api/v1/accounts/lookup?acct=" + url.QueryEscape(name)
}

package archiver

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"stet/archiver/fetch"
	"stet/extract/post"
)

// Dry is a client that sends nothing: it notes what would be asked. A platform
// that was made with one tells by its own code whom its questions reach first.
// The zero value is ready; it is safe for concurrent use.
type Dry struct {
	mu    sync.Mutex
	asked []Question
}

// Question is a request that was not made.
type Question struct {
	// URL is the address without the values of secrets.
	URL string
	// Credentials are the names of the headers and parameters that hold secrets.
	Credentials []string
	// Anonymous is true where it would leave out the operator's own access.
	Anonymous bool
}

// errDry is the answer to everything.
var errDry = errors.New("nothing is asked")

// Do notes a request. It always errors.
func (d *Dry) Do(_ context.Context, r fetch.Request) (*fetch.Response, error) {
	d.note(r.URL, r.Header, r.SecretHeaders, r.SecretParams, r.Anonymous)
	return &fetch.Response{}, errDry
}

// Transport notes the requests of libraries.
func (d *Dry) Transport(o fetch.TransportOptions) http.RoundTripper {
	return dryTransport(func(r *http.Request) (*http.Response, error) {
		d.note(r.URL.String(), r.Header, o.SecretHeaders, o.SecretParams, false)
		return nil, errDry
	})
}

type dryTransport func(*http.Request) (*http.Response, error)

// RoundTrip notes a request. It always errors.
func (t dryTransport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

func (d *Dry) note(address string, header http.Header, secretHeaders, secretParams []string, anonymous bool) {
	q := Question{URL: address, Anonymous: anonymous}
	for name := range header {
		if name == "Authorization" || name == "Cookie" || slices.ContainsFunc(secretHeaders, func(s string) bool { return strings.EqualFold(s, name) }) {
			q.Credentials = append(q.Credentials, name)
		}
	}
	if u, err := url.Parse(address); err == nil {
		u.User = nil
		params := u.Query()
		for _, name := range secretParams {
			if params.Has(name) {
				q.Credentials = append(q.Credentials, name)
				params.Set(name, fetch.Redaction)
				u.RawQuery = params.Encode()
			}
		}
		q.URL = u.String()
	}
	slices.Sort(q.Credentials)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, q)
}

// take returns what was noted since the last time.
func (d *Dry) take() []Question {
	d.mu.Lock()
	defer d.mu.Unlock()
	asked := d.asked
	d.asked = nil
	return asked
}

// TellingPlatform is an optional ability of a [Platform]: it says whom its
// questions tell beyond the hosts that are asked first, because only their
// answers lead there.
type TellingPlatform interface {
	// Tells lists what follows from the answers. The address is the one under
	// which the post is known; empty where none is.
	Tells(ref post.Ref, address string) []Telling
}

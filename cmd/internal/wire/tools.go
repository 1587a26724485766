package wire

import (
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"time"

	"stet/archiver"
	"stet/archiver/fetch"
	"stet/archiver/oembed"
	"stet/archiver/page"
	"stet/archiver/twitter"
	"stet/archiver/wayback"
	"stet/cmd/internal/config"
	"stet/extract"
	exoembed "stet/extract/oembed"
	"stet/extract/post"
	"stet/extract/sites"
	extwitter "stet/extract/twitter"
	"stet/store"
)

// Options are what the construction depends on beside the configuration. The
// zero value is the real world.
type Options struct {
	// Version is that of the program, without its name.
	Version string
	// Now is the clock and Random the source of random bytes; the defaults are
	// the machine's.
	Now    func() time.Time
	Random io.Reader
	// Getenv reads the environment; default [os.Getenv].
	Getenv func(string) string
	// Fetch may change the options of the client before it is made: the
	// demonstration leads it into an internet of its own.
	Fetch func(*fetch.Options)
	// BrowserTrust is one more authority that browsers trust: see
	// [browser.Options].
	BrowserTrust string
	// Log is told what went wrong in the pages of a service; nil is nobody.
	Log *slog.Logger
	// Progress is told of what the engine does.
	Progress func(archiver.Progress)
	// Step is told before each step of a takedown; nil is nobody.
	Step func(string)

	// turns paces the requests of all machines together; nil where there is one.
	turns store.Turns
}

func (o Options) withDefaults() Options {
	if o.Version == "" {
		o.Version = "0"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	return o
}

// Finder returns the finder over all platforms.
func Finder() *extract.Finder { return extract.NewFinder(sites.All()) }

// Platforms names the platforms that the finder knows, each once.
func Platforms() []post.Platform {
	var names []post.Platform
	seen := map[post.Platform]bool{}
	for _, s := range sites.All() {
		if p := s.Platform(); !seen[p] {
			seen[p] = true
			names = append(names, p)
		}
	}
	return names
}

// CheckRef errors with ErrInvalid where no post can have the reference: an
// unknown platform, or an id that the platform cannot have given.
func CheckRef(ref post.Ref) error {
	site, ok := sites.Of(ref.Platform)
	if !ok && exoembed.Known(ref.Platform) {
		site, ok = exoembed.Site{}, true
	}
	if !ok {
		return fmt.Errorf("%w: %q is no platform that stet knows, so %s names no post", store.ErrInvalid, ref.Platform, ref)
	}
	if ref.Platform == post.Twitter {
		if _, err := extwitter.ParseID(ref.ID); err != nil {
			return fmt.Errorf("%w: %s: %w", store.ErrInvalid, ref, err)
		}
	}
	ids, ok := site.(extract.IDSite)
	if !ok {
		return nil
	}
	switch t, ok := ids.PostByID(ref.ID); {
	case !ok:
		return fmt.Errorf("%w: %s: %.100q cannot be the id of a post of %s", store.ErrInvalid, ref, ref.ID, ref.Platform)
	case t.Ref != ref:
		return fmt.Errorf("%w: %s is written %s", store.ErrInvalid, ref, t.Ref)
	}
	return nil
}

// CheckAddress says why an address of a platform leads to no post, where that
// is because of an id that cannot be; nil otherwise.
func CheckAddress(address string) error {
	u, ok := extract.ParseLink(address)
	if !ok {
		return nil
	}
	if _, err := extwitter.PostID(u); errors.Is(err, extwitter.ErrID) {
		return fmt.Errorf("%w: %w", store.ErrInvalid, err)
	}
	return nil
}

// PostURL returns the address of a post for people, empty where the id alone
// does not tell it.
func PostURL(ref post.Ref) string {
	t, _ := sites.Target(ref)
	return t.URL
}

// Client makes the one client for everything that goes out. The caller closes
// it.
func Client(c *config.Config, o Options) (*fetch.Client, error) {
	o = o.withDefaults()
	f := fetch.Options{
		UserAgent: "stet/" + o.Version, Contact: c.Fetch.Contact, Proxy: c.Fetch.Proxy, Getenv: o.Getenv,
		AllowPrivate: c.Fetch.AllowPrivate, Access: c.Fetch.Hosts, Timeout: c.Fetch.Timeout, MaxBytes: c.Fetch.MaxBytes,
		// The sitemap protocol allows documents of 50 MB.
		MaxBody:         52 << 20,
		PerHostInterval: c.Fetch.PerHostInterval, PerHostConcurrency: c.Fetch.PerHostConcurrency, Turns: o.turns, Now: o.Now,
	}
	if c.Fetch.UserAgent != "" {
		f.UserAgent = c.Fetch.UserAgent
	}
	if f.PerHostInterval == 0 {
		f.PerHostInterval = -1 // the client's way to say none
	}
	var err error
	if f.RootCAs, err = authorities(c, o.Getenv); err != nil {
		return nil, err
	}
	if o.Fetch != nil {
		o.Fetch(&f)
	}
	client, err := fetch.New(f)
	if err != nil {
		return nil, fmt.Errorf("setting up the network: %w", err)
	}
	return client, nil
}

// authorities returns the certificate authorities to trust: the system's or
// those of SSL_CERT_FILE, and those of fetch.ca_file; nil leaves it to Go.
func authorities(c *config.Config, getenv func(string) string) (*x509.CertPool, error) {
	replace := getenv("SSL_CERT_FILE")
	if replace != "" {
		// Go leaves an unreadable file out without a word, and every
		// certificate is then signed by an unknown authority.
		if _, err := readPEM(replace, "SSL_CERT_FILE", x509.NewCertPool()); err != nil {
			return nil, err
		}
	}
	system := runtime.GOOS != "darwin" && runtime.GOOS != "windows" // where Go itself reads SSL_CERT_FILE
	if c.Fetch.CAFile == "" && (replace == "" || system) {
		return nil, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("%w: reading the system's certificate authorities: %w", store.ErrUsage, err)
	}
	if replace != "" && !system {
		if pool, err = readPEM(replace, "SSL_CERT_FILE", x509.NewCertPool()); err != nil {
			return nil, err
		}
	}
	if c.Fetch.CAFile == "" {
		return pool, nil
	}
	return readPEM(c.Fetch.CAFile, "fetch.ca_file", pool)
}

// readPEM adds the certificates of a file to a pool.
func readPEM(path, name string, pool *x509.CertPool) (*x509.CertPool, error) {
	body, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: reading the certificate authorities: %w", store.ErrUsage, name, err)
	}
	if !pool.AppendCertsFromPEM(body) {
		return nil, fmt.Errorf("%w: %s: %s holds no certificate in PEM form", store.ErrUsage, name, path)
	}
	return pool, nil
}

// platforms returns what the engine can act on.
func platforms(c *config.Config, client twitter.Client) []archiver.Platform {
	x := twitter.New(client, twitter.Options{BearerToken: c.Twitter.BearerToken, ConsumerKey: c.Twitter.ConsumerKey,
		ConsumerSecret: c.Twitter.ConsumerSecret, Live: ofPlatform(post.Twitter, c.Watch.ControlsLive), Gone: ofPlatform(post.Twitter, c.Watch.ControlsGone)})
	all := append([]archiver.Platform{x}, ownPlatforms(c, client)...)
	return append(all, oembed.New(client, controls(c.Watch.ControlsLive), controls(c.Watch.ControlsGone))...)
}

// controls returns those of the posts that are of a platform; nil where there is
// none.
func controls(refs []post.Ref) func(post.Platform) []post.Ref {
	return func(p post.Platform) []post.Ref { return ofPlatform(p, refs) }
}

// ofPlatform returns the posts of one platform; nil where there is none.
func ofPlatform(p post.Platform, refs []post.Ref) []post.Ref {
	var own []post.Ref
	for _, r := range refs {
		if r.Platform == p {
			own = append(own, r)
		}
	}
	return own
}

// rules returns the times of confirming.
func rules(c *config.Config) archiver.Rules {
	return archiver.Rules{ConfirmAfter: c.Watch.ConfirmAfter, ConfirmUnexplained: c.Watch.ConfirmUnexplained}
}

// pageRules are the times of confirming what became of a linked page, in the
// proportion of the defaults: a day, three and seven.
func pageRules(c *config.Config) archiver.PageRules {
	third := c.Watch.LinkConfirmAfter / 3
	return archiver.PageRules{ConfirmChange: max(third, 1), ConfirmGone: c.Watch.LinkConfirmAfter, ConfirmSoft: max(7*third, 1)}
}

// budgets are the most posts that endpoints are asked for on one day.
func budgets(c *config.Config) map[string]int {
	m := make(map[string]int, len(c.Watch.Budgets))
	for _, b := range c.Watch.Budgets {
		m[b.Endpoint] = b.Posts
	}
	return m
}

// engineOptions returns the options of an engine without archive.
func engineOptions(c *config.Config, o Options, client *fetch.Client) archiver.Options {
	off := func(depth int) int {
		if depth == 0 {
			return -1
		}
		return depth
	}
	pages := page.New(page.Options{Client: client, Finder: Finder(), Readable: readable, MaxBytes: c.Capture.MaxPage})
	return archiver.Options{
		Recovery: recovery(c, o, client),
		Pages:    pages, PageRules: pageRules(c),
		PageSchedule: archiver.Schedule{Delays: c.Watch.LinkSchedule, Growth: c.Watch.Growth, MaxInterval: c.Watch.LinkMaxInterval},
		Client:       client, Finder: Finder(), Platforms: platforms(c, client), Others: oembed.Others(client), Readable: readable,
		Schedule: archiver.Schedule{Delays: c.Watch.Schedule, Growth: c.Watch.Growth, MaxInterval: c.Watch.MaxInterval, Rules: rules(c)},
		Policy: archiver.Policy{NoMedia: !c.Capture.Media, MaxMedia: c.Capture.MaxMedia, MediaTime: c.Capture.MediaTime,
			QuoteDepth: off(c.Capture.QuoteDepth), ReplyDepth: off(c.Capture.ReplyDepth),
			Links: archiver.Links(c.Capture.Links), MaxLinks: c.Capture.MaxLinks, ScanPostLinks: c.Capture.ScanPostLinks},
		Budgets: budgets(c), SmallHosts: archiver.SmallHosts(c.Watch.SmallHosts),
		Software: "stet/" + o.Version, Machine: machine(), Progress: o.Progress, Workers: c.Capture.Workers, Lease: c.Serve.Lease,
	}
}

// recovery returns the web archives that are asked for what no source shows,
// nil for none.
func recovery(c *config.Config, o Options, client *fetch.Client) archiver.Recovery {
	if !c.Wayback.Recover {
		return nil
	}
	return wayback.New(client, wayback.Options{Now: o.Now, TimeMaps: c.Wayback.TimeMaps})
}

// WebArchives lets f ask the web archives that are configured: the Wayback
// Machine in any case, because somebody asks for it by name.
func WebArchives(c *config.Config, o Options, f func(archiver.Recovery) error) (err error) {
	o = o.withDefaults()
	client, err := Client(c, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	return f(wayback.New(client, wayback.Options{Now: o.Now, TimeMaps: c.Wayback.TimeMaps}))
}

// Tools are the parts that work without an archive.
type Tools struct {
	// Engine may be asked to Extract only.
	Engine *archiver.Engine
	client *fetch.Client
}

// NewTools makes them. The caller closes them.
func NewTools(c *config.Config, o Options) (*Tools, error) {
	o = o.withDefaults()
	client, err := Client(c, o)
	if err != nil {
		return nil, err
	}
	return &Tools{Engine: archiver.New(engineOptions(c, o, client)), client: client}, nil
}

// Close ends the connections.
func (t *Tools) Close() error { return t.client.Close() }

package config

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"stet/store"
)

// Serve configures the service.
type Serve struct {
	// Listen is the address of the pages for operators; "off" is none.
	Listen string
	// PublicListen is the address of what the public is offered, RawListen that
	// of archived bytes in an origin of their own; "off" is none. PublicURL and
	// RawURL are where people see them, where that is elsewhere.
	PublicListen, PublicURL string
	RawListen, RawURL       string
	// PublicPolicy says what the public is shown.
	PublicPolicy PublicPolicy
	// Hosts are the names by which people ask for the pages, beside addresses
	// and the names of this machine.
	Hosts []string
	// CertFile and KeyFile are the certificate, with those that lead to its
	// authority, and its key, in PEM; without them the pages are served over
	// http.
	CertFile, KeyFile string
	// SocketGroup is the group that may run commands through the socket, by
	// name or number; empty is nobody but the user of the service.
	SocketGroup string
	// Role says what this process does: all, worker (the jobs, without pages) or
	// web (the pages, without jobs).
	Role string
	// Workers is how many jobs run at a time.
	Workers int
	// Lease is how long others wait before they take over the jobs of a process
	// that gives no sign of life.
	Lease time.Duration
	// MinFree is how many bytes of the disk stay free: below it nothing new is
	// captured, and looks go on.
	MinFree int64
	// Log is text or json.
	Log string
}

// PublicPolicy configures what the public is shown of posts that are gone.
type PublicPolicy struct {
	// Gone is approved, all or none.
	Gone string
	// Hidden shows approved posts that are only hidden, too; Neutral lets the
	// script put the card that says only that a post is gone in the place of its
	// embed.
	Hidden, Neutral bool
	// Sites are the origins that may frame cards; empty is any.
	Sites []string
}

// Source is an element of sources.
type Source struct {
	Name string
	// URL is its address, or File the complete path of a list, feed or sitemap on
	// this machine.
	URL, File string
	// Kind is feed, sitemap, list, page or auto.
	Kind  string
	Every time.Duration
	// Cron replaces Every; Zone is where its times are.
	Cron string
	Zone string
	// IgnoreRobots is for sites of one's own.
	IgnoreRobots bool
	// Keep is how long what it names is kept: less than 0 is for ever, 0 what
	// policy.keep says.
	Keep time.Duration
}

// Notify is an element of notify.
type Notify struct {
	Name, Kind, URL, Secret string
	// From, To, User and Password are for e-mail.
	From           string
	To             []string
	User, Password string
	Events         []string
	// Articles and Sources limit what is told.
	Articles, Sources           []string
	IncludeText, IncludePrivate bool
	Wait, MinInterval           time.Duration
}

// DefaultListen is where the pages for operators are: on this machine only.
const DefaultListen = "127.0.0.1:8484"

func serveKeys() []Key {
	return []Key{
		value("serve.listen", func(c *Config) *string { return &c.Serve.Listen }, parseLine, asIs),
		value("serve.public_listen", func(c *Config) *string { return &c.Serve.PublicListen }, parseLine, asIs),
		value("serve.public_url", func(c *Config) *string { return &c.Serve.PublicURL }, parseOrigin, asIs),
		value("serve.public_policy.gone", func(c *Config) *string { return &c.Serve.PublicPolicy.Gone }, parseGone, asIs),
		value("serve.public_policy.hidden", func(c *Config) *bool { return &c.Serve.PublicPolicy.Hidden }, parseBool, formatBool),
		value("serve.public_policy.neutral", func(c *Config) *bool { return &c.Serve.PublicPolicy.Neutral }, parseBool, formatBool),
		list("serve.public_policy.sites", func(c *Config) *[]string { return &c.Serve.PublicPolicy.Sites }, parseOrigin, asIs),
		value("serve.raw_listen", func(c *Config) *string { return &c.Serve.RawListen }, parseLine, asIs),
		value("serve.raw_url", func(c *Config) *string { return &c.Serve.RawURL }, parseOrigin, asIs),
		list("serve.hosts", func(c *Config) *[]string { return &c.Serve.Hosts }, parseHost, asIs),
		value("serve.cert_file", func(c *Config) *string { return &c.Serve.CertFile }, parsePath, asIs),
		value("serve.key_file", func(c *Config) *string { return &c.Serve.KeyFile }, parsePath, asIs),
		value("serve.socket_group", func(c *Config) *string { return &c.Serve.SocketGroup }, parseLine, asIs),
		value("serve.role", func(c *Config) *string { return &c.Serve.Role }, ParseRole, asIs),
		value("serve.lease", func(c *Config) *time.Duration { return &c.Serve.Lease }, ParseDuration, FormatDuration),
		value("serve.workers", func(c *Config) *int { return &c.Serve.Workers }, parseCount(1, 1000), formatInt),
		value("serve.min_free", func(c *Config) *int64 { return &c.Serve.MinFree }, ParseSize, FormatSize),
		value("serve.log", func(c *Config) *string { return &c.Serve.Log }, parseLog, asIs),
	}
}

// parseGone reads what the public is shown of posts that are gone.
func parseGone(s string) (string, error) {
	if s = strings.TrimSpace(s); s != "approved" && s != "all" && s != "none" {
		return "", fmt.Errorf("%q is none of approved, all and none", s)
	}
	return s, nil
}

// parseOrigin reads scheme and host, without a path.
func parseOrigin(s string) (string, error) {
	u, err := url.Parse(strings.TrimSuffix(strings.TrimSpace(s), "/"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil || strings.ContainsAny(u.Host, " ;,'\"") {
		return "", errValue(s, "an address such as https://stet.news.example, without a path")
	}
	return u.String(), nil
}

func parseLog(s string) (string, error) {
	if s = strings.TrimSpace(s); s != "text" && s != "json" {
		return "", fmt.Errorf("%q is neither text nor json", s)
	}
	return s, nil
}

// group is a key whose value is a list of mappings.
type group struct {
	name string
	// fields are the keys of one element; those that are true take a list.
	fields map[string]bool
	// pairs are the fields that take a mapping of names to values.
	pairs []string
	add   func(c *Config, e element) error
}

// element is one mapping of a group.
type element struct {
	at     string
	values map[string][]string
	pairs  map[string]map[string]string
}

func (e *element) one(name string) string { return strings.Join(e.values[name], ",") }

// groups lists the groups.
func groups() []group {
	return []group{
		hostGroup(),
		{name: "sources", fields: map[string]bool{"name": false, "url": false, "file": false, "kind": false, "every": false, "cron": false, "zone": false, "ignore_robots": false, "keep": false}, add: addSource},
		{name: "notify", fields: map[string]bool{"name": false, "kind": false, "url": false, "url_file": false, "secret": false, "secret_file": false, "from": false, "to": true, "user": false,
			"password": false, "password_file": false, "events": true, "articles": true, "sources": true, "include_text": false, "include_private": false,
			"wait": false, "min_interval": false}, add: addNotify},
	}
}

func groupOf(name string) *group {
	all := groups()
	for i := range all {
		if all[i].name == name {
			return &all[i]
		}
	}
	return nil
}

// parsed reads a field where it is given.
func parsed[T any](e *element, name string, into *T, parse func(string) (T, error)) error {
	if _, ok := e.values[name]; !ok {
		return nil
	}
	v, err := parse(e.one(name))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	*into = v
	return nil
}

func addSource(c *Config, e element) error {
	s := Source{Name: e.one("name"), URL: e.one("url"), File: e.one("file"), Kind: e.one("kind"), Cron: e.one("cron"), Zone: e.one("zone")}
	if err := cmp.Or(parsed(&e, "every", &s.Every, ParseDuration), parsed(&e, "ignore_robots", &s.IgnoreRobots, parseBool), parsed(&e, "keep", &s.Keep, ParseKeep)); err != nil {
		return err
	}
	switch {
	case (s.URL == "") == (s.File == ""):
		return errors.New("a source needs a url, or a file on this machine")
	case s.Every != 0 && s.Cron != "":
		return fmt.Errorf("a source has every or cron, not both")
	}
	s.Name = cmp.Or(s.Name, s.URL, s.File)
	if s.File != "" {
		var err error
		if s.File, err = filepath.Abs(s.File); err != nil {
			return fmt.Errorf("file: %w", err)
		}
	}
	if slices.ContainsFunc(c.Sources, func(o Source) bool { return o.Name == s.Name }) {
		return fmt.Errorf("two sources are named %q", s.Name)
	}
	c.Sources = append(c.Sources, s)
	return nil
}

func addNotify(c *Config, e element) error {
	n := Notify{Name: e.one("name"), Kind: e.one("kind"), URL: e.one("url"), Secret: e.one("secret"), From: e.one("from"), To: e.values["to"],
		User: e.one("user"), Password: e.one("password"), Events: e.values["events"], Articles: e.values["articles"], Sources: e.values["sources"]}
	err := cmp.Or(parsed(&e, "include_text", &n.IncludeText, parseBool), parsed(&e, "include_private", &n.IncludePrivate, parseBool),
		parsed(&e, "wait", &n.Wait, ParseDuration), parsed(&e, "min_interval", &n.MinInterval, ParseDuration))
	if err != nil {
		return err
	}
	for name, into := range map[string]*string{"url_file": &n.URL, "secret_file": &n.Secret, "password_file": &n.Password} {
		path := e.one(name)
		if path == "" {
			continue
		}
		if *into != "" {
			return fmt.Errorf("%s and %s are both set; take one out", strings.TrimSuffix(name, "_file"), name)
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		*into = strings.TrimSpace(string(body))
	}
	if n.URL == "" || n.Kind == "" {
		return fmt.Errorf("a notify target needs a kind (webhook, slack, email) and a url")
	}
	c.Notify = append(c.Notify, n)
	return nil
}

// settings writes the groups for people, secrets hidden.
func (c *Config) groupSettings() []Setting {
	list := c.hostSettings()
	for i, s := range c.Sources {
		every := cmp.Or(s.Cron, FormatDuration(s.Every))
		if s.Keep != 0 {
			every += ", keep " + FormatKeep(s.Keep)
		}
		list = append(list, Setting{Key: fmt.Sprintf("sources[%d]", i), Value: fmt.Sprintf("%s %s (%s, %s)", s.Name, s.URL+s.File, cmp.Or(s.Kind, "auto"), every), From: c.From("sources")})
	}
	for i, n := range c.Notify {
		// The address of a webhook is often its secret.
		list = append(list, Setting{Key: fmt.Sprintf("notify[%d]", i), Value: strings.TrimSpace(fmt.Sprintf("%s %s %s", n.Name, n.Kind, Hidden)), From: c.From("notify")})
	}
	return list
}

// budget reads platform/endpoint=number.
func parseBudget(s string) (Budget, error) {
	name, number, ok := strings.Cut(s, "=")
	n, err := parseCount(0, 1_000_000_000)(strings.TrimSpace(number))
	if platform, endpoint, two := strings.Cut(strings.TrimSpace(name), "/"); !ok || !two || platform == "" || endpoint == "" {
		return Budget{}, fmt.Errorf("%w: %q is not of the form platform/endpoint=number, such as twitter/api-v2=5000", store.ErrUsage, s)
	}
	return Budget{strings.TrimSpace(name), n}, err
}

// Budget is the most posts that an endpoint is asked for on one day.
type Budget struct {
	Endpoint string
	Posts    int
}

func formatBudget(b Budget) string { return fmt.Sprintf("%s=%d", b.Endpoint, b.Posts) }

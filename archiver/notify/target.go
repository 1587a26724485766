package notify

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"stet/archiver"
	"stet/store"
)

// Kind is a way of telling.
type Kind string

// The kinds of targets.
const (
	// Webhook posts events as JSON, for programs.
	Webhook Kind = "webhook"
	// Slack posts messages to an incoming webhook of Slack, or of those that
	// took over its form, such as Mattermost, Rocket.Chat and Discord's /slack.
	Slack Kind = "slack"
	// Email sends mail by SMTP.
	Email Kind = "email"
)

// The defaults of [Target].
const (
	// DefaultWait is how long events are collected before a message: one look
	// at an account settles its posts within seconds, and half a minute is
	// nothing to a newsroom that heard of the loss a few hours after it.
	DefaultWait = 30 * time.Second
	// DefaultMinInterval is the least time between two messages: Slack takes
	// one a second, people less.
	DefaultMinInterval = time.Minute
	// DefaultMaxPerMessage is the most events that are written out in one
	// message: about a megabyte.
	DefaultMaxPerMessage = 1000
	// maxWaits is how often Wait may begin anew because more events came:
	// then the message goes out although they still come.
	maxWaits = 10
	// maxName is the longest name of a target, in bytes: names are part of the
	// names of cursors.
	maxName = 200
)

// Target is one place where events are told. Zero values mean the defaults; a
// negative duration means none.
type Target struct {
	// Name is the identity: the position in the journal is kept under it. An
	// empty name is made from the kind and the address.
	Name string
	Kind Kind
	// URL is the address: http or https for webhooks; smtp://host:port (587
	// where none is given, with STARTTLS, which is required unless the host is
	// this machine) or smtps://host:port (465, TLS from the start) for mail.
	URL string
	// Secret signs webhooks; empty for none.
	Secret string

	// From and To are the addresses of mail, User and Password the log-in at
	// the server where it wants one, Hello the name by which it is greeted
	// (default localhost).
	From     string
	To       []string
	User     string
	Password string
	Hello    string

	// Events are the names of the events that are told; empty means
	// [DefaultEvents]. With "suspected" among them, hidden posts are told
	// before that is certain, too.
	Events []string
	// Articles limits the target to events about certain articles: a host
	// (with its subdomains) and, if wanted, the beginning of a path, such as
	// news.example or news.example/world. An event about a post passes where
	// one of the articles that mention it does; events about no article at all
	// do not pass.
	Articles []string
	// Sources limits the target to events about the articles of certain
	// sources, by name, and to what is told of these sources themselves. Where
	// Articles is set too, an event passes by either.
	Sources []string
	// Match is further routing, such as by case: events for which it returns
	// false are not told. It must give the same whenever it is asked. nil
	// passes all.
	Match func(*archiver.Event) bool

	// IncludeText sends the words of posts, too. IncludePrivate tells of
	// private articles, and of posts that only they mention, as of others.
	IncludeText    bool
	IncludePrivate bool

	// Wait is how long events are collected: a message goes out when none came
	// for that long, at the latest after ten times as long. MinInterval is the
	// least time between two messages.
	Wait        time.Duration
	MinInterval time.Duration
	// MaxPerMessage is the most events that one message writes out. Further
	// ones are counted in it (slack, email) or follow in the next (webhook).
	MaxPerMessage int
}

// DefaultEvents returns the events that are told where a target names none:
// everything but captures, which are no news, and suspicions.
func DefaultEvents() []string {
	return []string{archiver.EventGone, archiver.EventHidden, archiver.EventRestored, archiver.EventEdited, archiver.EventQuoteMismatch,
		archiver.EventArticleChanged, archiver.EventPageGone, archiver.EventPageRedirected, archiver.EventPageDrifted, archiver.EventPageRestored,
		archiver.EventSourceFailing, archiver.EventSourceRecovered, archiver.EventQuarantined, archiver.EventRecovered,
		archiver.EventRetention}
}

// KnownEvents returns all events that a target can name.
func KnownEvents() []string {
	return append([]string{archiver.EventCaptured, archiver.EventSuspected, archiver.EventPageSuspected}, DefaultEvents()...)
}

// withDefaults returns a copy in which every zero has been replaced.
func (t Target) withDefaults() Target {
	if t.Name == "" {
		sum := sha256.Sum256([]byte(t.URL + "\n" + strings.Join(t.To, "\n")))
		t.Name = string(t.Kind) + "-" + hex.EncodeToString(sum[:4])
	}
	if len(t.Events) == 0 {
		t.Events = DefaultEvents()
	}
	if t.Hello == "" {
		t.Hello = "localhost"
	}
	if t.Wait == 0 {
		t.Wait = DefaultWait
	}
	if t.MinInterval == 0 {
		t.MinInterval = DefaultMinInterval
	}
	if t.MaxPerMessage <= 0 {
		t.MaxPerMessage = DefaultMaxPerMessage
	}
	t.Wait, t.MinInterval = max(t.Wait, 0), max(t.MinInterval, 0)
	return t
}

// Check errors with store.ErrInvalid where a target cannot work.
func (t Target) Check() error {
	t = t.withDefaults()
	return t.check()
}

// check errors with store.ErrInvalid where the target cannot work. Its messages
// repeat no address, which can be a secret.
func (t *Target) check() error {
	invalid := func(format string, args ...any) error {
		return fmt.Errorf("%w: notify target %q: %s", store.ErrInvalid, t.Name, fmt.Sprintf(format, args...))
	}
	if len(t.Name) > maxName || !utf8.ValidString(t.Name) || strings.ContainsFunc(t.Name, unicode.IsControl) {
		return invalid("a name has at most %d bytes and no control characters", maxName)
	}
	for _, e := range t.Events {
		if !slices.Contains(KnownEvents(), e) {
			return invalid("there is no event %q; there are %s", e, strings.Join(KnownEvents(), ", "))
		}
	}
	for _, a := range t.Articles {
		if host, _ := splitArticle(a); host == "" {
			return invalid("articles: %q does not begin with a host, such as news.example", a)
		}
	}
	u, err := url.Parse(t.URL)
	if err != nil || u.Hostname() == "" || u.Opaque != "" {
		return invalid("its url is not an address, such as https://hooks.example/stet or smtp://mail.example:587")
	}
	switch t.Kind {
	case Webhook, Slack:
		if u.Scheme != "http" && u.Scheme != "https" {
			return invalid("its url begins with https:// or http://")
		}
		return nil
	case Email:
		return t.checkEmail(u, invalid)
	}
	return invalid("there is no kind %q; there are webhook, slack, email", t.Kind)
}

func (t *Target) checkEmail(u *url.URL, invalid func(string, ...any) error) error {
	switch {
	case u.Scheme != "smtp" && u.Scheme != "smtps":
		return invalid("its url is smtp://host:port, or smtps://host:port for TLS from the start")
	case u.User != nil:
		return invalid("name and password stand in user and password, not in its url")
	case u.Path != "" && u.Path != "/" || u.RawQuery != "":
		return invalid("its url has nothing after the port")
	case len(t.To) == 0:
		return invalid("no address to send to")
	case strings.ContainsFunc(t.Hello, func(r rune) bool { return r <= ' ' || r > '~' }):
		return invalid("hello is a host name")
	case (t.User == "") != (t.Password == ""):
		return invalid("a log-in needs both user and password")
	}
	if _, err := mail.ParseAddress(t.From); err != nil {
		return invalid("from is not a mail address: %v", err)
	}
	for _, a := range t.To {
		if _, err := mail.ParseAddress(a); err != nil {
			return invalid("to: %q is not a mail address: %v", a, err)
		}
	}
	return nil
}

// server returns the address of a mail server, its name, and whether TLS is
// spoken from the start.
func (t *Target) server() (address, host string, implicit bool) {
	u, err := url.Parse(t.URL)
	if err != nil {
		return "", "", false // check has parsed it
	}
	port := "587" // RFC 6409
	if u.Scheme == "smtps" {
		port = "465" // RFC 8314
	}
	if p := u.Port(); p != "" {
		port = p
	}
	return net.JoinHostPort(u.Hostname(), port), u.Hostname(), u.Scheme == "smtps"
}

// loopback reports whether a host name can only be this machine.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

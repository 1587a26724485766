package config

import (
	"time"

	"stet/archiver/fetch"
	"stet/extract/post"
)

// Config is the effective configuration.
type Config struct {
	// Data is the folder of the archive.
	Data    string
	Fetch   Fetch
	Twitter Twitter
	Bluesky Bluesky
	Meta    Meta
	Reddit  Reddit
	Watch   Watch
	Capture Capture
	Browser Browser
	Wayback Wayback
	Policy  Policy
	// Evidence says how often heads of the evidence tree are signed and stamped.
	Evidence Evidence
	// Export says in whose name packages are signed.
	Export  Export
	Serve   Serve
	Storage Storage
	Sources []Source
	Notify  []Notify

	// File is the configuration file that was read, empty where there was
	// none.
	File string
	// origin says for each key where its value came from.
	origin map[string]string
}

// Fetch configures the one client through which everything goes out.
type Fetch struct {
	// Proxy is the URL of a proxy for all traffic; empty leaves it to
	// HTTPS_PROXY, HTTP_PROXY and NO_PROXY.
	Proxy string
	// CAFile is a PEM file of further authorities to trust.
	CAFile string
	// UserAgent replaces the name that the program gives itself; Contact is
	// added to it.
	UserAgent string
	Contact   string
	// Timeout bounds the time until an answer begins.
	Timeout time.Duration
	// MaxBytes bounds every answer, in bytes.
	MaxBytes int64
	// PerHostInterval is the least time between two requests to one host, 0
	// for none; PerHostConcurrency how many may be under way.
	PerHostInterval    time.Duration
	PerHostConcurrency int
	// AllowPrivate lets addresses of private networks be fetched.
	AllowPrivate bool
	// Hosts is what hosts of the operator's own are sent.
	Hosts []fetch.Access
}

// Twitter holds the credentials for X; all are optional.
type Twitter struct {
	BearerToken    string
	ConsumerKey    string
	ConsumerSecret string
	// The files that hold them instead.
	BearerTokenFile    string
	ConsumerKeyFile    string
	ConsumerSecretFile string
}

// Bluesky configures what is specific to it.
type Bluesky struct {
	// Push says whether the network's public stream of events is followed.
	Push bool
	// PushURL is the stream; empty is the one that is built in.
	PushURL string
}

// Meta holds the tokens of apps with which Meta's endpoints are asked whether a
// post is there; both are optional.
type Meta struct {
	// AccessToken is for Facebook and Instagram, ThreadsToken for Threads.
	AccessToken  string
	ThreadsToken string
	// The files that hold them instead.
	AccessTokenFile  string
	ThreadsTokenFile string
}

// Reddit holds the credentials of an app; they are optional.
type Reddit struct {
	ClientID     string
	ClientSecret string
	// ClientSecretFile is the file that holds it instead.
	ClientSecretFile string
}

// Watch says when posts are looked at again and when a loss is confirmed.
type Watch struct {
	// Schedule are the delays after the first capture, ascending.
	Schedule           []time.Duration
	Growth             float64
	MaxInterval        time.Duration
	ConfirmAfter       time.Duration
	ConfirmUnexplained time.Duration
	// LinkSchedule are the delays after which captured pages are looked at,
	// LinkMaxInterval the longest time between two looks, and LinkConfirmAfter
	// the time over which the loss of a page is confirmed.
	LinkSchedule     []time.Duration
	LinkMaxInterval  time.Duration
	LinkConfirmAfter time.Duration
	// ControlsLive and ControlsGone are posts whose state is known; nil are
	// those that are built in.
	ControlsLive []post.Ref
	ControlsGone []post.Ref
	// SmallHosts is rarer, off or same: how often posts on hosts that can be
	// their author's own are looked at.
	SmallHosts string
	// Budgets bound what endpoints are asked for on one day of UTC.
	Budgets []Budget
}

// Capture says how much is captured.
type Capture struct {
	// Links says whether linked pages are captured too: off, article (those
	// that an article links) or all (also those that its posts link).
	Links string
	// MaxLinks is the most linked pages of one article, MaxPage the largest of
	// them in bytes, and ScanPostLinks whether scans, too, fetch what is linked
	// inside posts.
	MaxLinks      int
	MaxPage       int64
	ScanPostLinks bool
	// Media says whether the files of posts are kept.
	Media bool
	// MaxMedia is the largest file in bytes, MediaTime the longest that one
	// may take.
	MaxMedia  int64
	MediaTime time.Duration
	// QuoteDepth and ReplyDepth are how far quoted posts and parents are
	// followed; 0 is not at all.
	QuoteDepth int
	ReplyDepth int
	// Workers is how many posts are captured at a time.
	Workers int
}

// Wayback says whether web archives are asked for what no source shows.
type Wayback struct {
	// Recover lets them be asked for posts that are gone and not kept here.
	Recover bool
	// TimeMaps are the addresses of further archives' lists of snapshots.
	TimeMaps []string
	// Submit says what is handed to the Wayback Machine: off, articles, links or
	// all. AccessKey and SecretKey are those of an account there.
	Submit    string
	AccessKey string
	SecretKey string
	// The files that hold them instead.
	AccessKeyFile string
	SecretKeyFile string
	// SubmitWithin is how old a snapshot may be that counts as well, and
	// SubmitPerDay the most pages that are handed over on one day of UTC.
	SubmitWithin time.Duration
	SubmitPerDay int
}

// Evidence configures the evidence tree.
type Evidence struct {
	// CheckpointEvery is how often the service signs a head.
	CheckpointEvery time.Duration
	// Authorities are the addresses of authorities of RFC 3161, Calendars those
	// of calendars of OpenTimestamps; nobody is asked where there are none.
	Authorities []string
	Calendars   []string
	// AuthorityRoots is a PEM file to whose certificates those of the
	// authorities must lead.
	AuthorityRoots string
	// StampEvery is how often each is asked.
	StampEvery time.Duration
}

// Export configures exports.
type Export struct {
	// CertFile and KeyFile are the certificate of a domain, with those that lead
	// to its root, and its key: packages are signed in the name of the domain.
	// Both are empty where the archive's key signs.
	CertFile, KeyFile string
}

// Setting is one key of the effective configuration, for people.
type Setting struct {
	// Key is the name, such as fetch.proxy.
	Key string `json:"key"`
	// Value is written as in the file; secrets are replaced by [Hidden].
	Value string `json:"value"`
	// From says where the value came from.
	From string `json:"from"`
}

// Hidden stands for a secret that is set.
const Hidden = "(set, not shown)"

// Settings lists every key with its effective value and its origin, in the
// order of the keys.
func (c *Config) Settings() []Setting {
	keys := Keys()
	list := make([]Setting, 0, len(keys))
	for i := range keys {
		k := &keys[i]
		v := k.get(c)
		if k.Secret && v != "" {
			v = Hidden
		}
		list = append(list, Setting{Key: k.Name, Value: v, From: c.From(k.Name)})
	}
	return append(list, c.groupSettings()...)
}

// From says where the value of a key came from: "default", "file PATH:LINE",
// "environment NAME" or "flag --NAME".
func (c *Config) From(key string) string {
	if from := c.origin[key]; from != "" {
		return from
	}
	return fromDefault
}

const fromDefault = "default"

package config

import (
	"strings"
	"time"

	"stet/archiver"
	"stet/archiver/fetch"
)

// Key is one key of the configuration.
type Key struct {
	// Name is the path in the file, joined by dots.
	Name string
	// List is true where the file takes a list; the environment takes its
	// elements divided by commas.
	List bool
	// Secret is true where the value is never printed.
	Secret bool

	set func(*Config, []string) error
	get func(*Config) string
}

// Env returns the name of the key's environment variable.
func (k *Key) Env() string {
	return "STET_" + strings.ToUpper(strings.ReplaceAll(k.Name, ".", "_"))
}

// one makes the set function of a key that takes a single value.
func one[T any](field func(*Config) *T, parse func(string) (T, error)) func(*Config, []string) error {
	return func(c *Config, values []string) error {
		v, err := parse(strings.Join(values, ","))
		if err == nil {
			*field(c) = v
		}
		return err
	}
}

// many makes the set function of a list.
func many[T any](field func(*Config) *[]T, parse func(string) (T, error)) func(*Config, []string) error {
	return func(c *Config, values []string) error {
		list := make([]T, 0, len(values))
		for _, s := range values {
			v, err := parse(s)
			if err != nil {
				return err
			}
			list = append(list, v)
		}
		*field(c) = list
		return nil
	}
}

// value makes a key of one value.
func value[T any](name string, field func(*Config) *T, parse func(string) (T, error), format func(T) string) Key {
	return Key{Name: name, set: one(field, parse), get: func(c *Config) string { return format(*field(c)) }}
}

// list makes a key of many values.
func list[T any](name string, field func(*Config) *[]T, parse func(string) (T, error), format func(T) string) Key {
	return Key{Name: name, List: true, set: many(field, parse), get: func(c *Config) string {
		var parts []string
		for _, v := range *field(c) {
			parts = append(parts, format(v))
		}
		return strings.Join(parts, ", ")
	}}
}

func secret(k Key) Key {
	k.Secret = true
	return k
}

// Keys returns the table of all keys, in the order of the example file.
func Keys() []Key {
	var keys []Key
	keys = append(keys, value("data", func(c *Config) *string { return &c.Data }, parsePath, asIs))
	keys = append(keys, fetchKeys()...)
	keys = append(keys, twitterKeys()...)
	keys = append(keys, blueskyKeys()...)
	keys = append(keys, metaKeys()...)
	keys = append(keys, redditKeys()...)
	keys = append(keys, watchKeys()...)
	keys = append(keys, captureKeys()...)
	keys = append(keys, browserKeys()...)
	keys = append(keys, waybackKeys()...)
	keys = append(keys, value("policy.x_api_on_gone", func(c *Config) *archiver.OnGone { return &c.Policy.XAPIOnGone }, parseOnGone,
		func(o archiver.OnGone) string { return string(o) }),
		value("policy.keep", func(c *Config) *time.Duration { return &c.Policy.Keep }, parseKeepAll, formatKeepAll),
		value("policy.keep_grace", func(c *Config) *time.Duration { return &c.Policy.KeepGrace }, parseDurationOrZero, FormatDuration))
	keys = append(keys, evidenceKeys()...)
	keys = append(keys, exportKeys()...)
	keys = append(keys, storageKeys()...)
	return append(keys, serveKeys()...)
}

func fetchKeys() []Key {
	proxy := value("fetch.proxy", func(c *Config) *string { return &c.Fetch.Proxy }, parseProxy, withoutPassword)
	return []Key{
		proxy,
		value("fetch.ca_file", func(c *Config) *string { return &c.Fetch.CAFile }, parsePath, asIs),
		value("fetch.user_agent", func(c *Config) *string { return &c.Fetch.UserAgent }, parseLine, asIs),
		value("fetch.contact", func(c *Config) *string { return &c.Fetch.Contact }, parseLine, asIs),
		value("fetch.timeout", func(c *Config) *time.Duration { return &c.Fetch.Timeout }, ParseDuration, FormatDuration),
		value("fetch.max_bytes", func(c *Config) *int64 { return &c.Fetch.MaxBytes }, ParseSize, FormatSize),
		value("fetch.per_host_interval", func(c *Config) *time.Duration { return &c.Fetch.PerHostInterval }, parseDurationOrZero, FormatDuration),
		value("fetch.per_host_concurrency", func(c *Config) *int { return &c.Fetch.PerHostConcurrency }, parseCount(1, 1000), formatInt),
		value("fetch.allow_private", func(c *Config) *bool { return &c.Fetch.AllowPrivate }, parseBool, formatBool),
	}
}

func twitterKeys() []Key {
	return []Key{
		secret(value("twitter.bearer_token", func(c *Config) *string { return &c.Twitter.BearerToken }, parseSecret, asIs)),
		value("twitter.bearer_token_file", func(c *Config) *string { return &c.Twitter.BearerTokenFile }, parsePath, asIs),
		secret(value("twitter.consumer_key", func(c *Config) *string { return &c.Twitter.ConsumerKey }, parseSecret, asIs)),
		value("twitter.consumer_key_file", func(c *Config) *string { return &c.Twitter.ConsumerKeyFile }, parsePath, asIs),
		secret(value("twitter.consumer_secret", func(c *Config) *string { return &c.Twitter.ConsumerSecret }, parseSecret, asIs)),
		value("twitter.consumer_secret_file", func(c *Config) *string { return &c.Twitter.ConsumerSecretFile }, parsePath, asIs),
	}
}

func blueskyKeys() []Key {
	return []Key{
		value("bluesky.push", func(c *Config) *bool { return &c.Bluesky.Push }, parseBool, formatBool),
		value("bluesky.push_url", func(c *Config) *string { return &c.Bluesky.PushURL }, parseStream, asIs),
	}
}

func metaKeys() []Key {
	return []Key{
		secret(value("meta.access_token", func(c *Config) *string { return &c.Meta.AccessToken }, parseSecret, asIs)),
		value("meta.access_token_file", func(c *Config) *string { return &c.Meta.AccessTokenFile }, parsePath, asIs),
		secret(value("meta.threads_token", func(c *Config) *string { return &c.Meta.ThreadsToken }, parseSecret, asIs)),
		value("meta.threads_token_file", func(c *Config) *string { return &c.Meta.ThreadsTokenFile }, parsePath, asIs),
	}
}

func redditKeys() []Key {
	return []Key{
		value("reddit.client_id", func(c *Config) *string { return &c.Reddit.ClientID }, parseLine, asIs),
		secret(value("reddit.client_secret", func(c *Config) *string { return &c.Reddit.ClientSecret }, parseSecret, asIs)),
		value("reddit.client_secret_file", func(c *Config) *string { return &c.Reddit.ClientSecretFile }, parsePath, asIs),
	}
}

func watchKeys() []Key {
	return []Key{
		list("watch.schedule", func(c *Config) *[]time.Duration { return &c.Watch.Schedule }, ParseDuration, FormatDuration),
		value("watch.growth", func(c *Config) *float64 { return &c.Watch.Growth }, parseGrowth, formatFloat),
		value("watch.max_interval", func(c *Config) *time.Duration { return &c.Watch.MaxInterval }, ParseDuration, FormatDuration),
		value("watch.confirm_after", func(c *Config) *time.Duration { return &c.Watch.ConfirmAfter }, ParseDuration, FormatDuration),
		value("watch.confirm_unexplained", func(c *Config) *time.Duration { return &c.Watch.ConfirmUnexplained }, ParseDuration, FormatDuration),
		list("watch.link_schedule", func(c *Config) *[]time.Duration { return &c.Watch.LinkSchedule }, ParseDuration, FormatDuration),
		value("watch.link_max_interval", func(c *Config) *time.Duration { return &c.Watch.LinkMaxInterval }, ParseDuration, FormatDuration),
		value("watch.link_confirm_after", func(c *Config) *time.Duration { return &c.Watch.LinkConfirmAfter }, ParseDuration, FormatDuration),
		list("watch.controls.live", controlsLive, parseRef, formatRef),
		list("watch.controls.gone", controlsGone, parseRef, formatRef),
		value("watch.small_hosts", func(c *Config) *string { return &c.Watch.SmallHosts }, parseSmallHosts, asIs),
		list("watch.budgets", func(c *Config) *[]Budget { return &c.Watch.Budgets }, parseBudget, formatBudget),
	}
}

func captureKeys() []Key {
	return []Key{
		value("capture.links", func(c *Config) *string { return &c.Capture.Links }, ParseLinks, asIs),
		value("capture.max_links", func(c *Config) *int { return &c.Capture.MaxLinks }, parseCount(1, 10_000), formatInt),
		value("capture.max_page", func(c *Config) *int64 { return &c.Capture.MaxPage }, ParseSize, FormatSize),
		value("capture.scan_post_links", func(c *Config) *bool { return &c.Capture.ScanPostLinks }, parseBool, formatBool),
		value("capture.media", func(c *Config) *bool { return &c.Capture.Media }, parseBool, formatBool),
		value("capture.max_media", func(c *Config) *int64 { return &c.Capture.MaxMedia }, ParseSize, FormatSize),
		value("capture.media_time", func(c *Config) *time.Duration { return &c.Capture.MediaTime }, ParseDuration, FormatDuration),
		value("capture.quote_depth", func(c *Config) *int { return &c.Capture.QuoteDepth }, parseCount(0, 100), formatInt),
		value("capture.reply_depth", func(c *Config) *int { return &c.Capture.ReplyDepth }, parseCount(0, 100), formatInt),
		value("capture.workers", func(c *Config) *int { return &c.Capture.Workers }, parseCount(1, 1000), formatInt),
	}
}

func evidenceKeys() []Key {
	return []Key{
		value("evidence.checkpoint_every", func(c *Config) *time.Duration { return &c.Evidence.CheckpointEvery }, ParseDuration, FormatDuration),
		list("evidence.authorities", func(c *Config) *[]string { return &c.Evidence.Authorities }, parseWeb, asIs),
		list("evidence.calendars", func(c *Config) *[]string { return &c.Evidence.Calendars }, parseWeb, asIs),
		value("evidence.authority_roots", func(c *Config) *string { return &c.Evidence.AuthorityRoots }, parsePath, asIs),
		value("evidence.stamp_every", func(c *Config) *time.Duration { return &c.Evidence.StampEvery }, ParseDuration, FormatDuration),
	}
}

func exportKeys() []Key {
	return []Key{
		value("export.cert_file", func(c *Config) *string { return &c.Export.CertFile }, parsePath, asIs),
		value("export.key_file", func(c *Config) *string { return &c.Export.KeyFile }, parsePath, asIs),
	}
}

func waybackKeys() []Key {
	return []Key{
		value("wayback.recover", func(c *Config) *bool { return &c.Wayback.Recover }, parseBool, formatBool),
		value("wayback.submit", func(c *Config) *string { return &c.Wayback.Submit }, parseSubmit, asIs),
		secret(value("wayback.access_key", func(c *Config) *string { return &c.Wayback.AccessKey }, parseSecret, asIs)),
		value("wayback.access_key_file", func(c *Config) *string { return &c.Wayback.AccessKeyFile }, parsePath, asIs),
		secret(value("wayback.secret_key", func(c *Config) *string { return &c.Wayback.SecretKey }, parseSecret, asIs)),
		value("wayback.secret_key_file", func(c *Config) *string { return &c.Wayback.SecretKeyFile }, parsePath, asIs),
		value("wayback.submit_within", func(c *Config) *time.Duration { return &c.Wayback.SubmitWithin }, parseDurationOrZero, FormatDuration),
		value("wayback.submit_per_day", func(c *Config) *int { return &c.Wayback.SubmitPerDay }, parseCount(1, 10_000), formatInt),
		list("wayback.timemaps", func(c *Config) *[]string { return &c.Wayback.TimeMaps }, parseBase, asIs),
	}
}

// Default returns the configuration with nothing set.
func Default() *Config {
	return &Config{
		Fetch: Fetch{Timeout: fetch.DefaultTimeout, MaxBytes: fetch.DefaultMaxBytes,
			PerHostInterval: fetch.DefaultPerHostInterval, PerHostConcurrency: fetch.DefaultPerHostConcurrency},
		Watch: Watch{Schedule: archiver.DefaultDelays(), Growth: archiver.DefaultGrowth, MaxInterval: archiver.DefaultMaxInterval,
			ConfirmAfter: archiver.DefaultConfirmAfter, ConfirmUnexplained: archiver.DefaultConfirmUnexplained,
			SmallHosts:   string(archiver.SmallHostsRarer),
			LinkSchedule: archiver.DefaultPageDelays(), LinkMaxInterval: archiver.DefaultMaxPageInterval, LinkConfirmAfter: archiver.DefaultConfirmGone},
		Capture: Capture{Links: string(archiver.LinksOff), MaxLinks: archiver.DefaultMaxLinks, MaxPage: 32 << 20, Media: true, MaxMedia: archiver.DefaultMaxMedia, MediaTime: archiver.DefaultMediaTime,
			QuoteDepth: 1, ReplyDepth: 1, Workers: archiver.DefaultWorkers},
		Browser: Browser{Draw: "off", Most: 1, Timeout: time.Minute, MaxBytes: 100 << 20, MaxMemory: 1500 << 20, Sandbox: true},
		Wayback: Wayback{Recover: true, Submit: "off", SubmitWithin: 30 * 24 * time.Hour, SubmitPerDay: 1000}, Policy: Policy{XAPIOnGone: archiver.OnGoneSeal, KeepGrace: archiver.DefaultKeepGrace}, Evidence: Evidence{CheckpointEvery: time.Hour, StampEvery: 24 * time.Hour},
		Storage: Storage{Schema: "stet"},
		Serve:   Serve{Listen: DefaultListen, PublicListen: "off", RawListen: "off", PublicPolicy: PublicPolicy{Gone: "approved"}, Role: "all", Workers: archiver.DefaultWorkers, Lease: archiver.DefaultLease, MinFree: 1 << 30, Log: "text"},
		origin:  map[string]string{},
	}
}

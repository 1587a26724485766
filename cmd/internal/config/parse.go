package config

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"stet/archiver"
	"stet/extract"
	"stet/extract/post"
	"stet/extract/sites"
)

// errValue is the reason why a value does not fit its key; the caller adds the
// key and the place.
func errValue(s, want string) error { return fmt.Errorf("%.80q is not %s", s, want) }

// ParseDuration reads a duration as Go writes it, with d for days as well:
// 90s, 1h30m, 3d, 1d12h. It must be positive.
func ParseDuration(s string) (time.Duration, error) {
	d, err := parseDurationOrZero(s)
	if err == nil && d == 0 {
		err = errValue(s, durationForm)
	}
	return d, err
}

const durationForm = "a positive duration such as 500ms, 90s, 6h or 3d"

// parseDurationOrZero is ParseDuration for keys where 0 means none.
func parseDurationOrZero(s string) (time.Duration, error) {
	if s == "0" {
		return 0, nil
	}
	var total time.Duration
	rest := s
	for rest != "" {
		end := strings.IndexFunc(rest, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
		if end <= 0 {
			return 0, errValue(s, durationForm)
		}
		stop := end + strings.IndexFunc(rest[end:]+"0", func(r rune) bool { return r == '.' || r >= '0' && r <= '9' })
		part, err := durationPart(rest[:end], rest[end:stop])
		if err != nil || part > math.MaxInt64-total {
			return 0, errValue(s, durationForm)
		}
		total += part
		rest = rest[stop:]
	}
	if s == "" {
		return 0, errValue(s, durationForm)
	}
	return total, nil
}

// durationPart reads one number with its unit.
func durationPart(number, unit string) (time.Duration, error) {
	if unit != "d" {
		return time.ParseDuration(number + unit)
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || n > float64(math.MaxInt64/(24*time.Hour)) {
		return 0, errors.New("out of range")
	}
	return time.Duration(n * float64(24*time.Hour)), nil
}

// FormatDuration writes a duration as [ParseDuration] reads it, in days where
// it has whole ones.
func FormatDuration(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d == 0:
		return "0"
	case d >= day:
		days := strconv.FormatInt(int64(d/day), 10) + "d"
		if d%day == 0 {
			return days
		}
		return days + FormatDuration(d%day)
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// units are the suffixes of sizes.
var units = []struct {
	name  string
	bytes int64
}{
	{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"tib", 1 << 40},
	{"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"tb", 1e12}, {"b", 1},
}

const sizeForm = "a positive number of bytes such as 1048576, 64MB or 512MiB"

// ParseSize reads a positive number of bytes, with a unit where one is wanted:
// kB, MB, GB (thousands) or KiB, MiB, GiB.
func ParseSize(s string) (int64, error) {
	number, unit := strings.ToLower(strings.TrimSpace(s)), int64(1)
	for _, u := range units {
		if rest, ok := strings.CutSuffix(number, u.name); ok {
			number, unit = strings.TrimSpace(rest), u.bytes
			break
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !(n > 0) || n*float64(unit) > 1<<62 || n*float64(unit) < 1 {
		return 0, errValue(s, sizeForm)
	}
	return int64(n * float64(unit)), nil
}

// FormatSize writes a number of bytes as [ParseSize] reads it, exactly.
func FormatSize(n int64) string {
	for _, u := range units[:4] {
		if n%u.bytes == 0 && n/u.bytes < 1024 && n > 0 {
			return strconv.FormatInt(n/u.bytes, 10) + strings.ToUpper(u.name[:1]) + "iB"
		}
	}
	return strconv.FormatInt(n, 10)
}

func asIs(s string) string { return s }

func parseBool(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "true", "yes", "on", "1":
		return true, nil
	case "false", "no", "off", "0":
		return false, nil
	}
	return false, errValue(s, "true or false")
}

func formatBool(b bool) string { return strconv.FormatBool(b) }

func parseCount(low, high int) func(string) (int, error) {
	return func(s string) (int, error) {
		n, err := strconv.Atoi(s)
		if err != nil || n < low || n > high {
			return 0, errValue(s, fmt.Sprintf("a number from %d to %d", low, high))
		}
		return n, nil
	}
}

func formatInt(n int) string { return strconv.Itoa(n) }

func parseGrowth(s string) (float64, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(f >= 1) || f > 1000 {
		return 0, errValue(s, "a factor of at least 1, such as 1.5")
	}
	return f, nil
}

func parseSmallHosts(s string) (string, error) {
	switch s = strings.TrimSpace(s); archiver.SmallHosts(s) {
	case archiver.SmallHostsRarer, archiver.SmallHostsOff, archiver.SmallHostsSame:
		return s, nil
	}
	return "", errValue(s, "rarer, off or same")
}

func formatFloat(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// parseLine takes any text that fits into a header.
func parseLine(s string) (string, error) {
	if strings.ContainsFunc(s, unicode.IsControl) {
		return "", errValue(s, "one line of text")
	}
	return s, nil
}

// parseHost takes the name of a host, with or without a port.
func parseHost(s string) (string, error) {
	if s = strings.TrimSpace(s); s == "" || strings.ContainsAny(s, "/@ \t") || strings.ContainsFunc(s, unicode.IsControl) {
		return "", errValue(s, "the name of a host")
	}
	return s, nil
}

// parsePath takes any path; a path cannot hold a NUL.
func parsePath(s string) (string, error) {
	if strings.ContainsRune(s, 0) {
		return "", errValue(s, "a path")
	}
	return s, nil
}

// parseSecret takes a secret; the error does not repeat it.
func parseSecret(s string) (string, error) {
	s = strings.TrimSpace(s)
	if strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) {
		return "", errors.New("the secret has white space or control characters inside")
	}
	return s, nil
}

// parseProxy takes the URL of a proxy; the error does not repeat it, because
// it may hold a password.
func parseProxy(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return "", errors.New("the value is not the URL of a proxy, such as http://proxy.example:3128")
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
		return s, nil
	}
	return "", fmt.Errorf("proxies of kind %q are not known; http, https and socks5 are", u.Scheme)
}

// parseStream reads the address of a stream of events.
func parseStream(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.Scheme != "ws" && u.Scheme != "wss" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", errValue(s, "the address of a stream, such as wss://stream.example/subscribe")
	}
	return s, nil
}

// withoutPassword writes a URL without its credentials.
func withoutPassword(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return Hidden
	}
	if u.User != nil {
		u.User = url.UserPassword("hidden", "hidden")
	}
	return u.String()
}

func parseRef(s string) (post.Ref, error) {
	r, err := post.ParseRef(s)
	if err != nil {
		return post.Ref{}, errValue(s, "a post of the form platform:id, such as twitter:20")
	}
	site, ok := sites.Of(r.Platform)
	if !ok {
		return post.Ref{}, fmt.Errorf("%q: %q is no platform whose posts can be named by an id", s, r.Platform)
	}
	if ids, ok := site.(extract.IDSite); ok {
		if t, ok := ids.PostByID(r.ID); !ok || t.Ref != r {
			return post.Ref{}, fmt.Errorf("%q: that cannot be the id of a post of %s", s, r.Platform)
		}
	}
	return r, nil
}

func formatRef(r post.Ref) string { return r.String() }

func controlsLive(c *Config) *[]post.Ref { return &c.Watch.ControlsLive }
func controlsGone(c *Config) *[]post.Ref { return &c.Watch.ControlsGone }

// ParseLinks takes whether linked pages are captured.
func ParseLinks(s string) (string, error) {
	switch s {
	case "off", "false":
		return string(archiver.LinksOff), nil
	case "article", "all":
		return s, nil
	}
	return "", errValue(s, "off, article or all")
}

// parseWeb takes an address of the web.
func parseWeb(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.Fragment != "" {
		return "", errValue(s, "a web address, such as https://tsa.example/tsr")
	}
	return s, nil
}

// parseBase takes an address before which others are written.
func parseBase(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || !strings.HasSuffix(s, "/") {
		return "", errValue(s, "an address that ends with /")
	}
	return s, nil
}

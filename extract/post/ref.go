package post

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Platform names the service a post was published on, in lower case. Values
// that this version does not know are legal and survive decoding.
type Platform string

// The platforms that stet knows by name.
const (
	Twitter     Platform = "twitter"
	Bluesky     Platform = "bluesky"
	Mastodon    Platform = "mastodon"
	Threads     Platform = "threads"
	Instagram   Platform = "instagram"
	Facebook    Platform = "facebook"
	TikTok      Platform = "tiktok"
	YouTube     Platform = "youtube"
	Reddit      Platform = "reddit"
	Telegram    Platform = "telegram"
	Vimeo       Platform = "vimeo"
	Dailymotion Platform = "dailymotion"
	TruthSocial Platform = "truthsocial"
	LinkedIn    Platform = "linkedin"
	Tumblr      Platform = "tumblr"
	Pinterest   Platform = "pinterest"
	Spotify     Platform = "spotify"
	SoundCloud  Platform = "soundcloud"
	Flickr      Platform = "flickr"
	Vine        Platform = "vine"
	Twitch      Platform = "twitch"
	Imgur       Platform = "imgur"
)

// Valid reports whether p has the form of a platform's name: lower-case
// letters, digits and dashes, beginning with a letter, at most 32 bytes.
func (p Platform) Valid() bool {
	if p == "" || len(p) > 32 || p[0] < 'a' || p[0] > 'z' {
		return false
	}
	for i := range len(p) {
		c := p[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// Ref is the identity of a post: its platform and the platform's own id. There
// is one Ref per post, whatever the URL that led to it. The zero Ref names
// nothing.
//
// Ids are the platforms' own: a number for twitter, vimeo and tiktok, the
// shortcode for instagram and threads, the at:// URI for bluesky, host/number
// for mastodon, channel/number for telegram.
//
// In JSON a Ref is the string platform:id.
type Ref struct {
	Platform Platform
	ID       string
}

// MaxIDLength is the longest id, in bytes, that a Ref may have. The longest in
// use are at:// URIs: a DID of up to 256 bytes, a collection and a record key.
const MaxIDLength = 512

// ErrBadRef is returned for a string that is not of the form platform:id.
var ErrBadRef = errors.New("not a reference of the form platform:id")

// ParseRef reads what [Ref.String] wrote: platform:id, split at the first
// colon. It errors with [ErrBadRef] for anything else. It does not know any
// platform's grammar: whether the id can exist is for extract/<platform>.
func ParseRef(s string) (Ref, error) {
	platform, id, ok := strings.Cut(s, ":")
	r := Ref{Platform: Platform(platform), ID: id}
	if !ok || !r.Valid() {
		return Ref{}, fmt.Errorf("%w: %q", ErrBadRef, s)
	}
	return r, nil
}

// String returns platform:id, or the empty string for the zero Ref.
func (r Ref) String() string {
	if r.IsZero() {
		return ""
	}
	return string(r.Platform) + ":" + r.ID
}

// IsZero reports whether r names nothing.
func (r Ref) IsZero() bool { return r == Ref{} }

// Valid reports whether r has a valid platform and an id that is UTF-8, not
// empty, at most [MaxIDLength] bytes and free of spaces and control
// characters.
func (r Ref) Valid() bool {
	if !r.Platform.Valid() || r.ID == "" || len(r.ID) > MaxIDLength || !utf8.ValidString(r.ID) {
		return false
	}
	for _, c := range r.ID {
		if c <= ' ' || c == 0x7f || (c >= 0x80 && c < 0xa0) {
			return false
		}
	}
	return true
}

// Compare orders references by platform, then by id bytewise. It returns -1, 0
// or 1.
func (r Ref) Compare(o Ref) int {
	if c := strings.Compare(string(r.Platform), string(o.Platform)); c != 0 {
		return c
	}
	return strings.Compare(r.ID, o.ID)
}

// MarshalText writes r as platform:id; the zero Ref as nothing.
func (r Ref) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (r *Ref) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*r = Ref{}
		return nil
	}
	v, err := ParseRef(string(b))
	if err != nil {
		return err
	}
	*r = v
	return nil
}

package mastodon

import (
	"math/big"
	"strconv"
	"strings"
	"time"

	"stet/extract"
	"stet/extract/post"
)

// longID is the least length of the numbers that are made from the time.
const longID = 17

const (
	// flakeLength is the length of the ids of Pleroma and Akkoma: 128 bits in
	// base 62, of which the upper half is the time in milliseconds.
	flakeLength = 18
	// ulidLength is the length of the ids of GoToSocial: a ULID, of which the
	// first ten characters are the time in milliseconds in base 32.
	ulidLength = 26
	ulidTime   = 10
	// base62 and base32 are the digits, in the order of their values.
	base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	base32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)

// Time returns the time that an id carries, to the millisecond, in UTC. It
// returns false for ids that carry none: those that were counted up, until
// 2017, and those of software that is not known.
func Time(id string) (time.Time, bool) {
	var ms int64
	switch {
	case isFlake(id):
		ms = flakeTime(id)
	case isULID(id):
		for i := range ulidTime {
			ms = ms<<5 | int64(strings.IndexByte(base32, id[i]))
		}
	default:
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil || len(id) < longID {
			return time.Time{}, false
		}
		ms = n >> 16
	}
	t := time.UnixMilli(ms).UTC()
	return t, t.Year() >= 2016 && t.Year() < 2100
}

// flakeTime returns the upper half of a number in base 62, 0 where that is no
// time in milliseconds.
func flakeTime(id string) int64 {
	n, digit := new(big.Int), new(big.Int)
	radix := big.NewInt(int64(len(base62)))
	for i := range len(id) {
		n.Mul(n, radix)
		n.Add(n, digit.SetInt64(int64(strings.IndexByte(base62, id[i]))))
	}
	if n.Rsh(n, 64); n.BitLen() > 48 {
		return 0
	}
	return n.Int64()
}

func isFlake(id string) bool {
	return len(id) == flakeLength && within(id, "") && strings.TrimLeft(id, "0123456789") != ""
}

func isULID(id string) bool {
	return len(id) == ulidLength && id[0] <= '7' && strings.Trim(id, base32) == ""
}

// number returns the id that a segment is: an id is a positive number of 63
// bits.
func number(raw string) (string, bool) {
	id, ok := extract.Digits(raw)
	if !ok {
		return "", false
	}
	if _, err := strconv.ParseInt(id, 10, 64); err != nil {
		return "", false
	}
	return id, true
}

// idOf returns the id that a segment is, a number or one of the forms of other
// software, which are taken only where they carry a time.
func idOf(raw string) (string, bool) {
	if id, ok := number(raw); ok {
		return id, true
	}
	if _, ok := Time(raw); ok && (isFlake(raw) || isULID(raw)) {
		return raw, true
	}
	return "", false
}

// validHost reports whether s is the name of a host as references have it.
func validHost(s string) bool {
	return strings.Contains(s, ".") && within(s, ".-") && s == strings.ToLower(s)
}

// truthHost is the host of Truth Social.
const truthHost = "truthsocial.com"

// HostOf returns the host that is asked for a post: for Mastodon the one in the
// id, and for the networks with one host that one. It is empty for what is no
// reference of this package.
func HostOf(ref post.Ref) string {
	switch ref.Platform {
	case post.TruthSocial:
		return truthHost
	case post.Mastodon:
		if host, id, ok := strings.Cut(ref.ID, "/"); ok && validHost(host) && id != "" {
			return host
		}
	}
	return ""
}

// NumberOf returns the id by which the host knows a post.
func NumberOf(ref post.Ref) string {
	if ref.Platform == post.Mastodon {
		_, id, _ := strings.Cut(ref.ID, "/")
		return id
	}
	return ref.ID
}

// refAt returns the reference of an id at the host that knows ref; the zero Ref
// where the id is none.
func refAt(ref post.Ref, id string) post.Ref {
	if got, ok := idOf(id); !ok || got != id {
		return post.Ref{}
	}
	if ref.Platform == post.Mastodon {
		return post.Ref{Platform: post.Mastodon, ID: HostOf(ref) + "/" + id}
	}
	return post.Ref{Platform: ref.Platform, ID: id}
}

// refOf returns the post that an address leads to, as far as its form tells.
func refOf(address string) post.Ref {
	u, ok := extract.ParseLink(address)
	if !ok {
		return post.Ref{}
	}
	t, _ := parseSaid(u)
	return t.Ref
}

package twitter

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"stet/extract/post"
)

// ErrID is returned for a string that cannot be the id of a post.
var ErrID = errors.New("not an id of a post on X (a number from 1 to 9223372036854775807)")

const (
	// maxIDDigits is the length of 2^63 - 1, the greatest id.
	maxIDDigits = 19
	// snowflakeEpoch is the Unix time in milliseconds that ids count from.
	snowflakeEpoch = 1288834974657
	// timeShift is the number of bits below the time in an id: data centre,
	// worker and sequence.
	timeShift = 22
	// firstSnowflake is the first id that has a time in it, of 4 November
	// 2010. Ids before it were counted up one by one.
	firstSnowflake = 29700859247
)

// ParseID returns s when it can be the id of a post: a decimal number from 1
// to 2^63 - 1 without leading zeros. Otherwise it errors with [ErrID].
func ParseID(s string) (string, error) {
	if !digits(s) {
		return "", fmt.Errorf("%w: %.40q", ErrID, s)
	}
	if s[0] == '0' || len(s) > maxIDDigits {
		return "", fmt.Errorf("%w: %.40q", ErrID, s)
	}
	if _, err := strconv.ParseInt(s, 10, 64); err != nil {
		return "", fmt.Errorf("%w: %.40q", ErrID, s)
	}
	return s, nil
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// validID reports whether ParseID accepts s.
func validID(s string) bool {
	_, err := ParseID(s)
	return err == nil
}

// Ref returns the reference of a post, zero where id is not valid.
func Ref(id string) post.Ref {
	if !validID(id) {
		return post.Ref{}
	}
	return post.Ref{Platform: post.Twitter, ID: id}
}

// Time returns the time of publication that an id carries, to the millisecond,
// in UTC. It returns false for ids that carry none: those from before November
// 2010, and invalid ones. In the first hours of the scheme, ids below 2.9e14,
// only the day is right.
func Time(id string) (time.Time, bool) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n < firstSnowflake || !validID(id) {
		return time.Time{}, false
	}
	return time.UnixMilli(n>>timeShift + snowflakeEpoch).UTC(), true
}

// posted returns Time's result or the zero time.
func posted(id string) time.Time {
	t, _ := Time(id)
	return t
}

// IDRange returns the least and the greatest id that a post published in
// [from, until) can have. It returns false where the range is empty or lies
// wholly before ids carried a time.
func IDRange(from, until time.Time) (first, last string, ok bool) {
	lo, hi := from.UnixMilli()-snowflakeEpoch, ceilMilli(until)-snowflakeEpoch
	const limit = 1<<(63-timeShift) - 1
	if hi <= lo || hi <= 0 || lo > limit {
		return "", "", false
	}
	a := max(lo, 0) << timeShift
	b := int64(1<<63 - 1)
	if hi <= limit {
		b = hi<<timeShift - 1
	}
	a = max(a, firstSnowflake)
	if b < a {
		return "", "", false
	}
	return strconv.FormatInt(a, 10), strconv.FormatInt(b, 10), true
}

// ceilMilli returns t in milliseconds, rounded up.
func ceilMilli(t time.Time) int64 {
	ms := t.UnixMilli()
	if time.UnixMilli(ms).Before(t) {
		ms++
	}
	return ms
}

// DayRange is [IDRange] for a day, YYYY-MM-DD, in an unknown zone: it spans
// from the day's beginning where it begins first (UTC+14) to its end where it
// ends last (UTC-12).
func DayRange(day string) (first, last string, ok bool) {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return "", "", false
	}
	return IDRange(t.Add(-14*time.Hour), t.Add(36*time.Hour))
}

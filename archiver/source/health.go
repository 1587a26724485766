package source

import (
	"fmt"
	"time"
)

// The times from which on a source is reported.
const (
	// silentFactor is by how much a silence must be longer than the longest
	// that is known.
	silentFactor = 2
	// silentLeast is the shortest silence that is reported of a source that is
	// known for long enough, silentYoung of one that is not: a long weekend
	// that it has not shown yet.
	silentLeast = 12 * time.Hour
	silentYoung = 5 * 24 * time.Hour
	// rhythmTime is how long a source must be known so that its quiet times,
	// two weekends among them, are known.
	rhythmTime = 16 * 24 * time.Hour
	// rhythmGaps is how many gaps make a rhythm.
	rhythmGaps = 5
	// failingLeast is the shortest time of failures that is reported, and
	// failingTimes how many attempts must have failed.
	failingLeast = 2 * time.Hour
	failingTimes = 3
)

// Silent reports whether a source that answers has had nothing new for longer
// than it usually has, with a sentence about it: more than twice its longest
// quiet time so far. A source without a rhythm, such as a list, is never
// silent.
func Silent(now time.Time, st State) (bool, string) {
	r := &st.Rhythm
	if r.Gaps < rhythmGaps || st.LastSuccess.IsZero() || st.Format == FormatText {
		return false, ""
	}
	least := silentYoung
	if now.Sub(r.Since) >= rhythmTime {
		least = silentLeast
	}
	// What is not read cannot be heard.
	quiet := st.LastSuccess.Sub(r.Last)
	if quiet <= max(least, silentFactor*r.Longest) {
		return false, ""
	}
	return true, fmt.Sprintf("nothing new for %s, since %s; usually there is something every %s, and the longest quiet time was %s",
		inWords(quiet), r.Last.UTC().Format(time.RFC3339), inWords(r.Mean), inWords(r.Longest))
}

// Failing reports whether reading a source has failed for longer than the
// failures that ended by themselves, with a sentence about it. A source that
// says that it is gone, and one that robots.txt closes, is reported at once.
func Failing(now time.Time, st State) (bool, string) {
	switch {
	case !st.GoneSince.IsZero():
		return true, fmt.Sprintf("the source says that it is gone for good (410), since %s: remove it, or find where it went", st.GoneSince.UTC().Format(time.RFC3339))
	case st.Failures > 0 && st.ErrorClass == "refused" && st.NotBefore.IsZero():
		return true, st.Error
	case st.Failures < failingTimes:
		return false, ""
	}
	long := now.Sub(st.FailingSince)
	if long < failingLeast || long <= silentFactor*st.Outage {
		return false, ""
	}
	seen := "it was never read"
	if !st.LastSuccess.IsZero() {
		seen = "it was last read at " + st.LastSuccess.UTC().Format(time.RFC3339)
	}
	return true, fmt.Sprintf("reading has failed %d times in %s; %s; the last error: %s", st.Failures, inWords(long), seen, st.Error)
}

// inWords writes a duration as people say it, in the largest unit that fits.
func inWords(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*day:
		return fmt.Sprintf("%d days", d/day)
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", d/time.Hour)
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d minutes", d/time.Minute)
	}
	return plural(int(d/time.Second), "second", "seconds")
}

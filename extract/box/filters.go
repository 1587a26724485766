package box

import (
	"slices"
	"strings"
	"time"

	"stet/extract/post"
)

// Filters narrow a search. The zero value narrows nothing. Days are YYYY-MM-DD.
type Filters struct {
	// Platforms, Authors (handles), Statuses, Domains (of the articles that
	// show the post), Media (photo, video, …) and Sources: of each one must
	// fit.
	Platforms []string `json:"platforms,omitempty"`
	Authors   []string `json:"authors,omitempty"`
	Statuses  []string `json:"statuses,omitempty"`
	Domains   []string `json:"domains,omitempty"`
	Media     []string `json:"media,omitempty"`
	Sources   []string `json:"sources,omitempty"`
	// Since and Until are the first and the last day of publication, GoneSince
	// and GoneUntil those of disappearance.
	Since     string `json:"since,omitempty"`
	Until     string `json:"until,omitempty"`
	GoneSince string `json:"gone_since,omitempty"`
	GoneUntil string `json:"gone_until,omitempty"`
}

// IsZero reports whether nothing is narrowed.
func (f Filters) IsZero() bool {
	return len(f.Platforms)+len(f.Authors)+len(f.Statuses)+len(f.Domains)+len(f.Media)+len(f.Sources) == 0 &&
		f.Since+f.Until+f.GoneSince+f.GoneUntil == ""
}

// takeFilters takes name:value out of words. What stands in quotation marks
// stays as it is.
func takeFilters(text string) (string, Filters) {
	var f Filters
	var kept []string
	inside := false
	for word := range strings.SplitSeq(text, " ") {
		name, value, ok := operator(word)
		if inside || !ok || !f.set(name, value) {
			kept = append(kept, word)
		}
		if strings.Count(word, `"`)%2 == 1 {
			inside = !inside
		}
	}
	return strings.TrimSpace(strings.Join(kept, " ")), f
}

// operator divides name:value.
func operator(word string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(word, ":")
	return strings.ToLower(name), value, ok && value != "" && !strings.HasPrefix(value, "//")
}

// set notes a filter, and reports false where it is none: then it is a word.
func (f *Filters) set(name, value string) bool {
	lower := strings.ToLower(value)
	switch name {
	case "from", "author":
		handle, ok := handleOf("@" + strings.TrimPrefix(lower, "@"))
		return add(&f.Authors, handle, ok)
	case "platform":
		return add(&f.Platforms, lower, strings.Trim(lower, "abcdefghijklmnopqrstuvwxyz") == "")
	case "status", "is":
		return add(&f.Statuses, lower, slices.Contains(statuses(), lower))
	case "domain", "site":
		host := strings.TrimPrefix(lower, "www.")
		return add(&f.Domains, host, isHost(host))
	case "media", "has":
		return add(&f.Media, lower, slices.Contains([]string{"photo", "video", "gif", "audio", "file", "none"}, lower))
	case "source":
		return add(&f.Sources, lower, slices.Contains([]string{"api", "public", "embed", "archive", "import", "article"}, lower))
	case "since", "after":
		return day(&f.Since, value)
	case "until", "before":
		return day(&f.Until, value)
	case "gone-since", "gone-after":
		return day(&f.GoneSince, value)
	case "gone-until", "gone-before":
		return day(&f.GoneUntil, value)
	}
	return false
}

// statuses lists the words that status: takes: those of [post.Status], and gone
// and hidden for the groups.
func statuses() []string {
	list := []string{"gone", "hidden"}
	for _, s := range post.Statuses() {
		list = append(list, string(s))
	}
	return list
}

// add notes a value, where it is one.
func add(list *[]string, value string, ok bool) bool {
	if ok && !slices.Contains(*list, value) {
		*list = append(*list, value)
	}
	return ok
}

// day notes a day.
func day(at *string, value string) bool {
	if _, err := time.Parse(time.DateOnly, value); err != nil {
		return false
	}
	*at = value
	return true
}

package notify

import (
	"net/url"
	"slices"
	"strings"

	"stet/archiver"
)

// wants reports whether an event is told to the target.
func (t *Target) wants(ev *archiver.Event) bool {
	return t.told(ev) && t.routed(ev) && (t.Match == nil || t.Match(ev))
}

// told reports whether the target is told of events of this name, and with
// this certainty.
func (t *Target) told(ev *archiver.Event) bool {
	if !slices.Contains(t.Events, ev.Event) {
		return false
	}
	if ev.Event == archiver.EventPageRestored {
		return ev.Confirmed || slices.Contains(t.Events, archiver.EventPageSuspected)
	}
	if slices.Contains(t.Events, archiver.EventSuspected) {
		return true
	}
	switch ev.Event {
	case archiver.EventHidden:
		return ev.Confirmed
	case archiver.EventRestored:
		// A suspicion that nobody was told of has ended.
		return ev.Before == nil || ev.Before.Confirmed
	}
	return true
}

// routed reports whether an event is about the articles and sources that the
// target is for.
func (t *Target) routed(ev *archiver.Event) bool {
	if len(t.Articles) == 0 && len(t.Sources) == 0 {
		return true
	}
	if t.about(ev.Subject, ev.Source) {
		return true
	}
	switch ev.Event {
	case archiver.EventSourceFailing, archiver.EventSourceRecovered:
		return slices.Contains(t.Sources, ev.Subject)
	}
	return slices.ContainsFunc(ev.Mentions, func(m archiver.EventMention) bool { return t.about(m.Article, m.Source) })
}

// about reports whether an article is one that the target is for.
func (t *Target) about(article, source string) bool {
	if source != "" && slices.Contains(t.Sources, source) {
		return true
	}
	return slices.ContainsFunc(t.Articles, func(a string) bool { return articleUnder(article, a) })
}

// splitArticle splits an entry of Target.Articles into host and path.
func splitArticle(entry string) (host, path string) {
	if _, rest, ok := strings.Cut(entry, "://"); ok {
		entry = rest
	}
	host, path, _ = strings.Cut(entry, "/")
	return strings.ToLower(strings.TrimSuffix(host, ".")), strings.TrimSuffix(path, "/")
}

// articleUnder reports whether an article's address is at the host of an entry,
// or a subdomain of it, and under its path.
func articleUnder(article, entry string) bool {
	u, err := url.Parse(article)
	if err != nil || u.Host == "" {
		return false
	}
	host, path := splitArticle(entry)
	at := strings.ToLower(strings.TrimSuffix(u.Host, "."))
	if !strings.Contains(host, ":") {
		at = strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	}
	if at != host && !strings.HasSuffix(at, "."+host) {
		return false
	}
	under := strings.TrimPrefix(u.EscapedPath(), "/")
	return path == "" || under == path || strings.HasPrefix(under, path+"/")
}

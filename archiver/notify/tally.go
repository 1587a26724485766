package notify

import (
	"cmp"
	"fmt"
	"slices"

	"stet/archiver"
	"stet/extract/post"
)

// group is what events are counted by: their name, certainty and reason.
type group struct {
	event     string
	confirmed bool
	status    post.Status
}

func groupOf(ev *archiver.Event) group {
	g := group{event: ev.Event}
	switch ev.Event {
	case archiver.EventGone, archiver.EventSuspected, archiver.EventHidden:
		g.confirmed = ev.Confirmed
		if ev.Status != nil {
			g.status = ev.Status.Value
		}
	}
	return g
}

// tally counts events by group.
type tally struct {
	total  int
	counts map[group]int
}

func (t *tally) add(g group, n int) {
	if t.counts == nil {
		t.counts = map[group]int{}
	}
	t.counts[g] += n
	t.total += n
}

// groups returns the groups that were counted, what matters most first.
func (t *tally) groups() []group {
	var all []group
	for g := range t.counts {
		all = append(all, g)
	}
	slices.SortFunc(all, compareGroups)
	return all
}

// compareGroups orders by what matters most, then certainty, then status.
func compareGroups(a, b group) int {
	certain := func(g group) int {
		if g.confirmed {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(rank(a.event), rank(b.event)), cmp.Compare(a.event, b.event),
		cmp.Compare(certain(a), certain(b)), cmp.Compare(a.status, b.status))
}

func rank(event string) int {
	order := []string{archiver.EventGone, archiver.EventHidden, archiver.EventEdited, archiver.EventQuoteMismatch, archiver.EventArticleChanged,
		archiver.EventPageGone, archiver.EventPageRedirected, archiver.EventPageDrifted, archiver.EventPageRestored, archiver.EventPageSuspected,
		archiver.EventRestored, archiver.EventSuspected, archiver.EventQuarantined, archiver.EventSourceFailing,
		archiver.EventRecovered, archiver.EventSourceRecovered, archiver.EventRetention, archiver.EventCaptured}
	if i := slices.Index(order, event); i >= 0 {
		return i
	}
	return len(order)
}

// phrase says what happened n times.
func (g group) phrase(n int) string {
	things := func(one, many string) string {
		if n == 1 {
			return "1 " + one
		}
		return fmt.Sprintf("%d %s", n, many)
	}
	posts := things("post", "posts")
	switch g.event {
	case archiver.EventGone:
		return posts + " gone: " + statusWords(g.status)
	case archiver.EventSuspected:
		return "unconfirmed: " + posts + " may be gone (first sign: " + statusWords(g.status) + ")"
	case archiver.EventHidden:
		if !g.confirmed {
			return "unconfirmed: " + posts + " may be hidden (first sign: " + statusWords(g.status) + ")"
		}
		return posts + " " + statusWords(g.status)
	case archiver.EventRestored:
		return posts + " shown again"
	case archiver.EventEdited:
		return posts + " edited"
	case archiver.EventCaptured:
		return posts + " captured"
	case archiver.EventQuoteMismatch:
		return things("quotation differs from its post", "quotations differ from their posts")
	case archiver.EventArticleChanged:
		return things("article changed", "articles changed")
	case archiver.EventPageGone:
		return things("linked page gone", "linked pages gone")
	case archiver.EventPageSuspected:
		return "unconfirmed: " + things("linked page may be gone", "linked pages may be gone")
	case archiver.EventPageRedirected:
		return things("linked page leads elsewhere", "linked pages lead elsewhere")
	case archiver.EventPageDrifted:
		return things("linked page has another text", "linked pages have another text")
	case archiver.EventPageRestored:
		return things("linked page is as it was", "linked pages are as they were")
	case archiver.EventQuarantined:
		return things("platform cannot be trusted at the moment", "platforms cannot be trusted at the moment")
	case archiver.EventRecovered:
		return things("platform can be trusted again", "platforms can be trusted again")
	case archiver.EventSourceFailing:
		return things("source fails", "sources fail")
	case archiver.EventSourceRecovered:
		return things("source works again", "sources work again")
	case archiver.EventRetention:
		return things("report of what was kept long enough", "reports of what was kept long enough")
	}
	return things("event", "events") + " " + g.event
}

// statusWords is [post.Status.Words], also for what this version does not know.
func statusWords(s post.Status) string {
	if w := s.Words(); w != "" {
		return w
	}
	return clean(string(s), 40)
}

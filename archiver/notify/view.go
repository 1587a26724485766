package notify

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"stet/archiver"
	"stet/extract/post"
)

// view is an event in words: what all texts are made from. Every string in it
// is clean, every link can be linked.
type view struct {
	heading string
	facts   []fact
	// words are the post's own, line by line; note says why there are none.
	words []string
	note  string
	// stories are introduced by storiesHeading, and followed by rest.
	storiesHeading string
	stories        []story
	rest           string
	// ref is what "stet show" is given.
	ref  string
	link string // the archive's own page
}

// fact is a line of a view: a name and what it is.
type fact struct{ name, value, link string }

// story is an article that embeds the post.
type story struct {
	title, link string
	// where says the paragraphs, and how the post is shown.
	where string
	// address is the article's address as it is shown where links are not.
	address string
}

// view puts an event into words.
func (m *message) view(s *shown) view {
	v := view{heading: heading(s)}
	if m.link != nil {
		v.link = link(m.link(s))
	}
	v.about(s)
	v.when(s)
	if p := s.Post; p != nil {
		v.ref = clean(post.Ref{Platform: p.Platform, ID: p.ID}.String(), maxTitle)
		if s.postWithheld {
			v.note = "This post is private: who wrote it, where, and its words are left out."
		}
		v.words = cleanLines(p.Text, maxWords)
	}
	if s.articleWithheld {
		what := "article"
		if strings.HasPrefix(s.Event.Event, "page-") {
			what = "page"
		}
		v.note = strings.TrimSpace(v.note + " The " + what + " is private: its name is left out.")
	}
	v.listStories(s)
	return v
}

func (v *view) fact(name, value, link string) {
	if value != "" {
		v.facts = append(v.facts, fact{name, value, link})
	}
}

// about says what the event is about.
func (v *view) about(s *shown) {
	if p := s.Post; p != nil && !s.postWithheld {
		v.fact("Post", address(p.URL), link(p.URL))
		v.fact("Author", author(p), "")
		v.fact("Posted", moment(p.Posted), "")
	}
	switch s.Event.Event {
	case archiver.EventQuoteMismatch:
		return // the story says it
	case archiver.EventArticleChanged:
		v.fact("Article", address(s.Subject), link(s.Subject))
	case archiver.EventPageGone, archiver.EventPageSuspected, archiver.EventPageRedirected, archiver.EventPageDrifted, archiver.EventPageRestored:
		v.fact("Page", address(s.Subject), link(s.Subject))
	}
	v.fact("What", clean(s.Text, maxReason), "")
}

// when says the times of a verdict and why it was reached.
func (v *view) when(s *shown) {
	st := s.Status
	if st == nil {
		v.fact("Noticed", moment(s.Time), "")
		return
	}
	switch {
	case s.Event.Event == archiver.EventRestored:
		v.fact("Seen again", moment(st.LastLive), "")
		if b := s.Before; b != nil {
			v.fact("Before", statusWords(b.Value), "")
			v.fact("First seen gone", moment(b.FirstGone), "")
		}
		return
	case st.LastLive.IsZero():
		v.fact("Last seen alive", "never", "")
	default:
		v.fact("Last seen alive", moment(st.LastLive), "")
	}
	if st.Value.Hidden() {
		v.fact("Seen hidden", moment(s.Time), "")
	} else {
		v.fact("First seen gone", moment(st.FirstGone), "")
	}
	if st.Confirmed {
		v.fact("Confirmed", moment(st.ConfirmedAt), "")
		v.fact("Reason", statusWords(st.Value), "")
	} else {
		v.fact("Confirmed", "not yet", "")
		v.fact("First sign", statusWords(st.Value), "")
	}
	v.fact("How we know", clean(st.Reason, maxReason), "")
}

// listStories lists the articles that embed the post, with the paragraphs.
func (v *view) listStories(s *shown) {
	for i := range s.Mentions {
		m := &s.Mentions[i]
		st := story{title: clean(m.Title, maxTitle), link: link(m.Article), address: address(m.Article), where: paragraphs(m.Positions)}
		if st.title == "" {
			st.title = st.address
		}
		if st.title == "" {
			st.title = "an article without name"
		}
		if m.Quote == archiver.QuoteMismatch {
			st.where += ", quoted in other words"
		}
		v.stories = append(v.stories, st)
	}
	n := len(s.Mentions) + s.MoreMentions + s.PrivateMentions
	switch {
	case n > 0 && s.Event.Event == archiver.EventQuoteMismatch:
		v.storiesHeading = "Where:"
	case n > 0:
		v.storiesHeading = "In " + count(n, "story", "stories") + ":"
	case s.Post != nil:
		v.storiesHeading = "In no story that the archive knows."
	}
	var rest []string
	if s.MoreMentions > 0 {
		rest = append(rest, count(s.MoreMentions, "more story", "more stories"))
	}
	if s.PrivateMentions > 0 {
		rest = append(rest, count(s.PrivateMentions, "private article", "private articles"))
	}
	v.rest = strings.Join(rest, " and ")
}

// heading says what happened in one line.
func heading(s *shown) string {
	who := "Post"
	if p := s.Post; p != nil {
		switch a := author(p); {
		case a != "":
			who = "Post by " + a
		default:
			who = "Post " + clean(post.Ref{Platform: p.Platform, ID: p.ID}.String(), maxName1Line)
		}
	}
	words := ""
	if s.Status != nil {
		words = statusWords(s.Status.Value)
	}
	subject := clean(s.Subject, maxTitle)
	switch s.Event.Event {
	case archiver.EventGone:
		return who + " is gone: " + words
	case archiver.EventSuspected:
		return "Unconfirmed: " + lower(who) + " may be gone (first sign: " + words + ")"
	case archiver.EventHidden:
		if !s.Confirmed {
			return "Unconfirmed: " + lower(who) + " may be hidden (first sign: " + words + ")"
		}
		return who + " is " + words
	case archiver.EventRestored:
		return who + " can be seen again"
	case archiver.EventEdited:
		return who + " was edited"
	case archiver.EventCaptured:
		return who + " was captured"
	case archiver.EventQuoteMismatch:
		return who + " is quoted in other words than were captured"
	case archiver.EventArticleChanged:
		return "Article changed: an embed was removed"
	case archiver.EventPageGone:
		return "Linked page is gone: " + subject
	case archiver.EventPageSuspected:
		return "Unconfirmed: linked page may be gone: " + subject
	case archiver.EventPageRedirected:
		return "Linked page leads elsewhere now: " + subject
	case archiver.EventPageDrifted:
		return "Linked page has another text now: " + subject
	case archiver.EventPageRestored:
		return "Linked page is as it was again: " + subject
	case archiver.EventQuarantined:
		return "Platform cannot be trusted at the moment: " + subject
	case archiver.EventRecovered:
		return "Platform can be trusted again: " + subject
	case archiver.EventSourceFailing:
		return "Source fails: " + subject
	case archiver.EventSourceRecovered:
		return "Source works again: " + subject
	case archiver.EventRetention:
		return "Removed, because it was kept long enough"
	case eventTest:
		return "Test: stet can reach you here"
	}
	return strings.TrimSpace(clean(s.Event.Event, maxName1Line) + " " + subject)
}

func lower(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// author names who wrote a post, or returns "".
func author(p *archiver.EventPost) string {
	name, handle := clean(p.Author.Name, maxName1Line), clean(p.Author.Handle, maxName1Line)
	switch {
	case handle == "":
		return name
	case name == "" || name == handle:
		return "@" + handle
	}
	return name + " (@" + handle + ")"
}

// address is an address as text.
func address(u string) string {
	if l := link(u); l != "" {
		return l
	}
	return clean(u, maxTitle)
}

// moment writes a time for people; nothing for the zero time.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// paragraphs says where in an article a post stands.
func paragraphs(positions []int) string {
	const most = 20
	switch len(positions) {
	case 0:
		return "position unknown"
	case 1:
		return "paragraph " + strconv.Itoa(positions[0])
	}
	var names []string
	for _, p := range positions[:min(len(positions), most)] {
		names = append(names, strconv.Itoa(p))
	}
	if left := len(positions) - most; left > 0 {
		names = append(names, fmt.Sprintf("%d more", left))
	}
	last := len(names) - 1
	return "paragraphs " + strings.Join(names[:last], ", ") + " and " + names[last]
}

// count writes a number with its noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

package archiver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"stet/extract/post"
	"stet/store"
)

// The events that people are told.
const (
	EventCaptured       = "captured"
	EventEdited         = "edited"
	EventSuspected      = "suspected"
	EventGone           = "gone"
	EventHidden         = "hidden"
	EventRestored       = "restored"
	EventArticleChanged = "article-changed"
	EventQuoteMismatch  = "quote-mismatch"
	// The rest are incidents: see [store.Incident].
	EventQuarantined     = "platform-quarantined"
	EventRecovered       = "platform-recovered"
	EventSourceFailing   = "source-failing"
	EventSourceRecovered = "source-recovered"
	// EventRetention says, once a day, what rules about how long things are kept
	// removed.
	EventRetention = "retention"
)

// Event is something that happened, with everything that a message about it
// needs. Its JSON form is what a webhook is sent.
type Event struct {
	// ID is the record that the event follows from, with a suffix where one
	// record gives several: it is the same whenever the journal is read again.
	ID        string    `json:"id"`
	Event     string    `json:"event"`
	Confirmed bool      `json:"confirmed"`
	Time      time.Time `json:"time"`
	// Post is the post as it is shown; nil where the event is about none.
	Post *EventPost `json:"post,omitempty"`
	// Status is the verdict, for the events that are changes of it.
	Status *EventStatus `json:"status,omitempty"`
	// Mentions are the stories that embed the post.
	Mentions []EventMention `json:"mentions"`
	// Subject and Text say what an event is about that is about no post.
	Subject string `json:"subject,omitempty"`
	Text    string `json:"text,omitempty"`
	// Seq is the journal number of the record.
	Seq uint64 `json:"-"`
	// Before is the verdict that held before the one of Status; nil where
	// there was none.
	Before *EventStatus `json:"-"`
	// Private is true where the article that Subject names is private, and
	// Source the name of the source that led to it.
	Private bool   `json:"-"`
	Source  string `json:"-"`
}

// EventPost is the post of an [Event].
type EventPost struct {
	Platform post.Platform `json:"platform"`
	ID       string        `json:"id"`
	URL      string        `json:"url"`
	Author   ResultAuthor  `json:"author"`
	Text     string        `json:"text"`
	Posted   time.Time     `json:"posted,omitzero"`
	// Private is true where only private articles mention the post, or none do
	// and its captures are private: see [IsPrivate].
	Private bool `json:"-"`
}

// EventStatus is the verdict of an [Event].
type EventStatus struct {
	Value       post.Status `json:"value"`
	Confirmed   bool        `json:"confirmed"`
	LastLive    time.Time   `json:"last_live,omitzero"`
	FirstGone   time.Time   `json:"first_gone,omitzero"`
	ConfirmedAt time.Time   `json:"confirmed_at,omitzero"`
	Reason      string      `json:"reason,omitempty"`
}

// EventMention is a story that embeds the post of an [Event].
type EventMention struct {
	Article   string `json:"article"`
	Title     string `json:"title"`
	Positions []int  `json:"positions"`
	Markup    string `json:"markup"`
	// Quote is match, mismatch or none.
	Quote   string `json:"quote"`
	Private bool   `json:"-"`
	// Source is the name of the source that led to the article; empty where a
	// person asked for it.
	Source string `json:"-"`
}

// Mentions lists the stories that mention a post: one for each article, as its
// latest version does, in the order of their first mention.
func Mentions(h *store.History) []EventMention {
	var out []EventMention
	best := h.Best()
	at := map[string]int{}
	for _, a := range h.Articles {
		m := mentionIn(a.Content, h)
		if m == nil {
			continue
		}
		e := mentionOfEvent(a.Content, m, best)
		i, ok := at[a.Content.Key]
		switch {
		case ok && e.Private && !out[i].Private && a.Content.Origin != "web":
			// A copy at hand of what readers see makes that no secret.
		case ok:
			e.Source = cmp.Or(e.Source, out[i].Source)
			out[i] = e
		default:
			at[a.Content.Key] = len(out)
			out = append(out, e)
		}
	}
	return out
}

// mentionIn returns the mention of a post in an article version, nil for none.
// One that names the post in two ways mentions it once, in all their places.
func mentionIn(a *store.ArticleVersion, h *store.History) *store.Mention {
	var found *store.Mention
	for _, m := range a.Mentions {
		switch {
		case !h.Is(m.Ref):
		case found == nil:
			m.Positions = slices.Clone(m.Positions)
			found = &m
		default:
			found.Positions = append(found.Positions, m.Positions...)
		}
	}
	if found != nil {
		slices.Sort(found.Positions)
	}
	return found
}

func mentionOfEvent(a *store.ArticleVersion, m *store.Mention, best *store.Item[store.Derivation]) EventMention {
	e := EventMention{Article: a.URL, Title: a.Title, Positions: slices.Clone(m.Positions), Markup: m.Markup, Quote: QuoteNone, Private: a.Private, Source: a.Source}
	if e.Positions == nil {
		e.Positions = []int{}
	}
	if best != nil && !best.Content.Source.Secondhand() {
		e.Quote = CheckQuote(m.Quoted, &best.Content.Post)
	}
	return e
}

// EventsOf returns what a record of the journal tells, in order; none for
// records that tell nothing. It reads what it needs of the archive as it was
// when the record was added, so that reading the journal again gives the same.
func (e *Engine) EventsOf(ctx context.Context, r *store.Record) ([]Event, error) {
	if err := e.o.Archive.Hide(ctx, r); err != nil {
		return nil, err
	}
	c, err := store.DecodeAny(r)
	if err != nil {
		return nil, err
	}
	switch c := c.(type) {
	case *store.Verdict:
		return e.verdictEvents(ctx, r, c)
	case *store.Derivation:
		return e.derivationEvents(ctx, r, c)
	case *store.ArticleVersion:
		return e.articleEvents(ctx, r, c)
	case *store.PageLook:
		return e.pageEvents(ctx, r, c)
	case *store.Incident:
		return []Event{{ID: r.ID.String(), Event: c.Event, Time: c.Time, Subject: c.Subject, Text: c.Text, Mentions: []EventMention{}, Seq: r.Seq}}, nil
	}
	return nil, nil
}

// historyAt returns the history of a post up to a journal number.
func (e *Engine) historyAt(ctx context.Context, ref post.Ref, seq uint64) (*store.History, error) {
	h, err := e.history(ctx, ref)
	if err != nil {
		return nil, err
	}
	h.Captures = upTo(h.Captures, seq)
	h.Derivations = upTo(h.Derivations, seq)
	h.Looks = upTo(h.Looks, seq)
	h.Verdicts = upTo(h.Verdicts, seq)
	h.Articles = upTo(h.Articles, seq)
	return h, nil
}

func upTo[T any](items []store.Item[T], seq uint64) []store.Item[T] {
	for i := range items {
		if items[i].Seq > seq {
			return items[:i]
		}
	}
	return items
}

// postEvent makes an event about a post.
func postEvent(h *store.History, r *store.Record, name string) Event {
	ev := Event{ID: r.ID.String(), Event: name, Time: r.Time, Mentions: Mentions(h), Seq: r.Seq,
		Post: &EventPost{Platform: h.Ref.Platform, ID: h.Ref.ID}}
	if ev.Mentions == nil {
		ev.Mentions = []EventMention{}
	}
	if best := h.Best(); best != nil {
		p := &best.Content.Post
		ev.Post.URL, ev.Post.Text, ev.Post.Posted = p.URL, p.Text, p.Posted
		ev.Post.Author = ResultAuthor{Name: p.Author.Name, Handle: p.Author.Handle}
	}
	ev.Post.Private = isPrivate(h, ev.Mentions)
	return ev
}

func (e *Engine) verdictEvents(ctx context.Context, r *store.Record, v *store.Verdict) ([]Event, error) {
	h, err := e.historyAt(ctx, v.Ref, r.Seq)
	if err != nil {
		return nil, err
	}
	ev := postEvent(h, r, v.Event)
	ev.Confirmed = v.Confirmed
	ev.Status = statusOfEvent(v)
	if before := upTo(h.Verdicts, r.Seq-1); len(before) > 0 {
		ev.Before = statusOfEvent(before[len(before)-1].Content)
	}
	return []Event{ev}, nil
}

func statusOfEvent(v *store.Verdict) *EventStatus {
	return &EventStatus{Value: v.Status, Confirmed: v.Confirmed, LastLive: v.LastLive, FirstGone: v.FirstGone,
		ConfirmedAt: v.ConfirmedAt, Reason: v.Reason}
}

// derivationEvents tells of a post's first capture, of its edit, and of stories
// that quote other words than were captured.
func (e *Engine) derivationEvents(ctx context.Context, r *store.Record, d *store.Derivation) ([]Event, error) {
	if d.Source.Secondhand() || d.Ref.IsZero() || d.Redacted {
		return nil, nil
	}
	h, err := e.historyAt(ctx, d.Ref, r.Seq)
	if err != nil {
		return nil, err
	}
	before := *h
	before.Derivations = upTo(h.Derivations, r.Seq-1)
	var events []Event
	switch last := lastDerivation(&before, d.Source); {
	case !slices.ContainsFunc(before.Derivations, func(d store.Item[store.Derivation]) bool { return d.Content.Source != post.SourceImport }):
		events = append(events, postEvent(h, r, EventCaptured))
	case last != nil && reworded(&last.Post, &d.Post):
		events = append(events, postEvent(h, r, EventEdited))
	}
	// A mismatch is told when it begins.
	was := Mentions(&before)
	for i, m := range Mentions(h) {
		if m.Quote == QuoteMismatch && (i >= len(was) || was[i].Quote != QuoteMismatch) {
			events = append(events, mismatch(h, r, m))
		}
	}
	return events, nil
}

// reworded reports whether a post says other words than before, its content
// warning included, as far as both sources told them whole.
func reworded(before, after *post.Post) bool {
	if len(after.Versions) > len(before.Versions) && len(before.Versions)+len(after.Versions) > 1 {
		return true // the new words have a reference of their own
	}
	if before.Incomplete || after.Incomplete {
		return false
	}
	return words(before.Text) != words(after.Text) || words(before.Warning) != words(after.Warning) || otherVersion(before.Version, after.Version)
}

func mismatch(h *store.History, r *store.Record, m EventMention) Event {
	ev := postEvent(h, r, EventQuoteMismatch)
	ev.ID += "/" + EventQuoteMismatch + "/" + store.ArticleKey(m.Article)
	ev.Subject, ev.Private, ev.Source = m.Article, m.Private, m.Source
	ev.Text = "the words that the article quotes are not those that were captured"
	ev.Mentions = []EventMention{m}
	return ev
}

// articleEvents compares a version of an article with the one before: embeds
// that were removed, and quotations that differ from what was captured.
func (e *Engine) articleEvents(ctx context.Context, r *store.Record, v *store.ArticleVersion) ([]Event, error) {
	page, err := e.o.Archive.List(ctx, store.Query{Term: store.Term{Index: store.IndexArticle, Value: v.Key}, Kinds: []store.Kind{store.KindArticle},
		Before: r.Seq, Newest: true, Limit: 1})
	if err != nil {
		return nil, err
	}
	var old *store.ArticleVersion
	if len(page.Records) == 1 {
		if old, err = store.Decode[store.ArticleVersion](&page.Records[0]); err != nil {
			return nil, err
		}
	}
	var events []Event
	if gone := removedEmbeds(old, v); len(gone) > 0 {
		events = append(events, Event{ID: r.ID.String(), Event: EventArticleChanged, Time: r.Time, Subject: v.URL, Mentions: []EventMention{}, Seq: r.Seq,
			Private: v.Private, Source: v.Source,
			Text: fmt.Sprintf("“%s” no longer embeds %s", v.Title, strings.Join(gone, ", "))})
	}
	for i := range v.Mentions {
		m := &v.Mentions[i]
		if m.Kind != "embed" || m.Quoted.Text == "" || m.Ref.IsZero() || old != nil && quotes(old, m) {
			continue
		}
		h, err := e.historyAt(ctx, m.Ref, r.Seq)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if em := mentionOfEvent(v, m, h.Best()); em.Quote == QuoteMismatch {
			events = append(events, mismatch(h, r, em))
		}
	}
	return events, nil
}

// removedEmbeds names the posts that an article no longer embeds.
func removedEmbeds(old, v *store.ArticleVersion) []string {
	if old == nil {
		return nil
	}
	var gone []string
	for _, m := range old.Mentions {
		if m.Kind != "embed" || m.Ref.IsZero() {
			continue
		}
		still := slices.ContainsFunc(v.Mentions, func(o store.Mention) bool { return o.Kind == "embed" && o.Ref == m.Ref })
		if !still && !slices.Contains(gone, m.Ref.String()) {
			gone = append(gone, m.Ref.String())
		}
	}
	return gone
}

// quotes reports whether an article version quoted a post in the same words.
func quotes(v *store.ArticleVersion, m *store.Mention) bool {
	return slices.ContainsFunc(v.Mentions, func(o store.Mention) bool { return o.Ref == m.Ref && words(o.Quoted.Text) == words(m.Quoted.Text) })
}

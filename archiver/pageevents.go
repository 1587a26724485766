package archiver

import (
	"context"
	"errors"
	"fmt"

	"stet/store"
)

// The events of captured pages.
const (
	EventPageSuspected  = "page-suspected"
	EventPageGone       = "page-gone"
	EventPageRedirected = "page-redirected"
	EventPageDrifted    = "page-drifted"
	EventPageRestored   = "page-restored"
)

// PageEventOf says what a change of a page's state is for people, empty where it
// is nothing. It is a pure function.
func PageEventOf(was, is PageState) string {
	switch {
	case is.Value.Missing():
		switch {
		case is.Confirmed && !(was.Value.Missing() && was.Confirmed):
			return EventPageGone
		case !is.Confirmed && !was.Value.Missing():
			return EventPageSuspected
		}
	case is.Value == store.PageRedirected && is.Confirmed && !(was.Value == is.Value && was.Confirmed):
		return EventPageRedirected
	case is.Value == store.PageDrifted && is.Confirmed && !(was.Value == is.Value && was.Confirmed):
		return EventPageDrifted
	case is.Value == store.PageAlive && (was.Value.Missing() || was.Confirmed && (was.Value == store.PageRedirected || was.Value == store.PageDrifted)):
		return EventPageRestored
	}
	return ""
}

// pageEvents tells what a look at a captured page changes.
func (e *Engine) pageEvents(ctx context.Context, r *store.Record, l *store.PageLook) ([]Event, error) {
	h, err := e.o.Archive.PageHistory(ctx, l.URL)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the history of %s: %w", l.URL, err)
	}
	captures := upTo(h.Captures, r.Seq)
	if len(captures) == 0 {
		return nil, nil // what was never seen is not lost
	}
	var looks []store.PageLook
	for _, x := range upTo(h.Looks, r.Seq) {
		looks = append(looks, *x.Content)
	}
	if len(looks) == 0 {
		return nil, nil
	}
	was, is := JudgePage(looks[:len(looks)-1], e.o.PageRules), JudgePage(looks, e.o.PageRules)
	name := PageEventOf(was, is)
	if name == "" {
		return nil, nil
	}
	ev := Event{ID: r.ID.String(), Event: name, Confirmed: is.Confirmed, Time: r.Time, Subject: l.URL, Text: is.Reason, Mentions: []EventMention{}, Seq: r.Seq,
		Private: captures[len(captures)-1].Content.Private}
	if name == EventPageRestored {
		ev.Confirmed, ev.Text = was.Confirmed, "it was "+string(was.Value)
	}
	if ev.Mentions, err = e.linkedBy(ctx, l.URL, r.Seq); err != nil {
		return nil, err
	}
	if len(ev.Mentions) > 0 {
		all := true
		for i := range ev.Mentions {
			all = all && ev.Mentions[i].Private
		}
		ev.Private = ev.Private || all
	}
	return []Event{ev}, nil
}

// maxLinkedBy is the most article versions that are read for one page.
const maxLinkedBy = 5000

// linkedBy lists the stories that link a page: one for each article, as the last
// of its versions does that links it, up to a journal number.
func (e *Engine) linkedBy(ctx context.Context, address string, seq uint64) ([]EventMention, error) {
	out := []EventMention{}
	at, key := map[string]int{}, store.ArticleKey(address)
	for q := (store.Query{Term: store.LinkTerm(address), Kinds: []store.Kind{store.KindArticle}, Before: seq + 1, Newest: true, Limit: 500}); len(at) < maxLinkedBy; {
		page, err := e.o.Archive.List(ctx, q)
		if err != nil {
			return nil, err
		}
		for i := range page.Records {
			q.Before = page.Records[i].Seq
			v, err := store.Decode[store.ArticleVersion](&page.Records[i])
			if err != nil {
				return nil, err
			}
			if _, known := at[v.Key]; known {
				continue
			}
			at[v.Key] = len(out)
			m := EventMention{Article: v.URL, Title: v.Title, Positions: []int{}, Markup: "link", Quote: QuoteNone, Private: v.Private, Source: v.Source}
			for _, l := range v.Links {
				if store.ArticleKey(l.URL) == key {
					m.Positions = append(m.Positions, l.Positions...)
				}
			}
			out = append(out, m)
		}
		if !page.More || len(page.Records) == 0 {
			break
		}
	}
	return out, nil
}

package web

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"time"

	"stet/archiver"
	"stet/store"
)

// maxEntries is the most entries of the feed: a reader that comes once a day
// misses none in a busy newsroom.
const maxEntries = 100

// The shape of an Atom feed (RFC 4287).
type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Author  atomAuthor  `xml:"author"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomAuthor struct {
	Name string `xml:"name"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr,omitempty"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	ID      string     `xml:"id"`
	Title   string     `xml:"title"`
	Updated string     `xml:"updated"`
	Links   []atomLink `xml:"link"`
	Summary string     `xml:"summary"`
}

// goneAtom lists the disappearances that are confirmed, the newest first. The
// words of posts are not in it, and nothing of what is private.
func (s *Server) goneAtom(w http.ResponseWriter, r *http.Request) error {
	page, err := s.o.Archive.List(r.Context(), store.Query{Term: store.VerdictsTerm(archiver.EventGone), Kinds: []store.Kind{store.KindVerdict},
		Newest: true, Limit: maxEntries})
	if err != nil {
		return err
	}
	feed := atomFeed{ID: "urn:stet:gone", Title: "Posts that are gone", Updated: time.Unix(0, 0).UTC().Format(time.RFC3339),
		Author: atomAuthor{"stet"}, Links: []atomLink{{Rel: "self", Href: "/gone.atom"}}}
	for i := range page.Records {
		events, err := s.o.Engine.EventsOf(r.Context(), &page.Records[i])
		if err != nil {
			return err
		}
		for _, e := range events {
			if e.Post.Private {
				continue
			}
			feed.Entries = append(feed.Entries, entryOf(&e))
		}
	}
	if len(feed.Entries) > 0 {
		feed.Updated = feed.Entries[0].Updated
	}
	w.Header().Set("Content-Type", "application/atom+xml; charset=utf-8")
	if _, err := w.Write([]byte(xml.Header)); err != nil {
		return nil // the reader has gone
	}
	_ = xml.NewEncoder(w).Encode(feed) // the same
	return nil
}

func entryOf(e *archiver.Event) atomEntry {
	who := e.Post.Author.Name
	if e.Post.Author.Handle != "" {
		who = strings.TrimSpace(who + " (@" + e.Post.Author.Handle + ")")
	}
	if who == "" {
		who = string(e.Post.Platform) + ":" + e.Post.ID
	}
	entry := atomEntry{ID: "urn:uuid:" + e.ID, Title: "A post of " + who + ": " + e.Status.Value.Words(), Updated: e.Time.UTC().Format(time.RFC3339)}
	if u := e.Post.URL; strings.HasPrefix(u, "https://") || strings.HasPrefix(u, "http://") {
		entry.Links = append(entry.Links, atomLink{Rel: "alternate", Href: u})
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Last seen alive %s, first seen gone %s, confirmed %s.", stamp(e.Status.LastLive), stamp(e.Status.FirstGone), stamp(e.Status.ConfirmedAt))
	for _, m := range e.Mentions {
		if m.Private {
			continue
		}
		fmt.Fprintf(&b, " In “%s” (%s), paragraph %s.", m.Title, m.Article, numbers(m.Positions))
		entry.Links = append(entry.Links, atomLink{Rel: "related", Href: m.Article})
	}
	entry.Summary = b.String()
	return entry
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

func numbers(positions []int) string {
	out := make([]string, len(positions))
	for i, p := range positions {
		out[i] = fmt.Sprint(p)
	}
	if len(out) == 0 {
		return "unknown"
	}
	return strings.Join(out, ", ")
}

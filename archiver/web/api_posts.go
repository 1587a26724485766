package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"stet/archiver"
	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

// refIn reads a post out of a path: platform:id, or its address in any form.
func (s *Server) refIn(word string) (post.Ref, error) {
	if strings.HasPrefix(word, "at://") {
		if ref := (post.Ref{Platform: post.Bluesky, ID: word}); ref.Valid() {
			return ref, nil
		}
	}
	if ref, err := post.ParseRef(word); err == nil && !strings.HasPrefix(word, "http:") && !strings.HasPrefix(word, "https:") {
		return ref, nil
	}
	if t, _, ok := s.o.Finder.Parse(word); ok && !t.Ref.IsZero() {
		return t.Ref, nil
	}
	return post.Ref{}, fmt.Errorf("%w: %.200q is neither platform:id nor the address of a post", store.ErrInvalid, word)
}

func (s *Server) viewOf(r *http.Request) (*view.Post, error) {
	ref, err := s.refIn(r.PathValue("ref"))
	if err != nil {
		return nil, err
	}
	return s.o.Reader.Post(r.Context(), ref)
}

// postOperations are about posts.
func (s *Server) postOperations() []operation {
	ref := param{name: "ref", words: "platform:id, or the post's address in any form, percent-encoded", needed: true}
	page := []param{{name: "limit", words: "how many, 1 to 500", kind: "integer"}, {name: "cursor", words: "where to go on: next of the page before"}}
	columns := []string{"platform", "id", "url", "author.name", "author.handle", "text", "posted", "status.value", "status.confirmed", "status.last_live", "status.first_gone", "captured", "mentions"}
	parts := func(name string, answer any, items func(*view.Post) listing) operation {
		return operation{method: "GET", path: "/posts/{ref}/" + name, id: "post-" + name, summary: "The " + name + " of a post, oldest first", need: RoleReader,
			params: []param{ref}, answer: answer, list: true, columns: partColumns(name), example: "/posts/{ref}/" + name,
			do: func(r *http.Request) (any, error) {
				v, err := s.viewOf(r)
				if err != nil {
					return nil, err
				}
				return items(v), nil
			}}
	}
	return []operation{
		{method: "GET", path: "/posts", id: "posts", summary: "The posts that are kept, ordered by platform and id", need: RoleReader, answer: apiPost{}, list: true, columns: columns,
			params: append([]param{{name: "platform", words: "only those of a platform"}}, page...), do: s.listPosts, example: "/posts?platform=twitter"},
		{method: "GET", path: "/posts/{ref}", id: "post", summary: "What is known of a post: words, status, captures, looks, mentions", need: RoleReader, params: []param{ref}, answer: view.Post{},
			do: func(r *http.Request) (any, error) { return s.viewOf(r) }, example: "/posts/{ref}"},
		parts("captures", view.Capture{}, func(v *view.Post) listing { return listOf(v.Captures, "") }),
		parts("looks", view.Look{}, func(v *view.Post) listing { return listOf(v.Looks, "") }),
		parts("mentions", view.Mention{}, func(v *view.Post) listing { return listOf(v.Mentions, "") }),
		{method: "GET", path: "/captures/{capture}", id: "capture", summary: "One snapshot, with what parsers made of it", need: RoleReader, params: []param{{name: "capture", words: "the id of a capture", needed: true}},
			answer: apiCapture{}, do: s.captureOf, example: "/captures/{capture}"},
		{method: "GET", path: "/exchanges/{exchange}", id: "exchange", summary: "One recorded request and its response", need: RoleReader, params: []param{{name: "exchange", words: "the id of an exchange", needed: true}},
			answer: apiExchange{}, example: "/exchanges/{exchange}", do: func(r *http.Request) (any, error) {
				rec, x, err := s.exchange(r)
				if err != nil {
					return nil, err
				}
				return apiExchangeOf(rec.ID, x), nil
			}},
		{method: "GET", path: "/exchanges/{exchange}/{part}", id: "exchange-bytes", summary: "The bytes of an exchange as they were on the wire: body, request or response", need: RoleReader,
			params: []param{{name: "exchange", words: "the id of an exchange", needed: true}, {name: "part", words: "body, request or response", needed: true}}, kind: octets, send: s.sendPart, example: "/exchanges/{exchange}/body"},
		{method: "GET", path: "/media/{digest}", id: "media", summary: "A stored file", need: RoleReader, params: []param{{name: "digest", words: "sha256:hex", needed: true}}, kind: "*/*", send: s.media, example: "/media/{digest}"},
		{method: "POST", path: "/bundles", id: "bundle", summary: "A bundle of evidence about posts, for anybody to check: for the public, or, with the role archivist, also for a court or internal", need: RoleReader,
			body: bundleBody{}, kind: waczType, longest: bundleTime, send: s.bundle},
		{method: "GET", path: "/gone", id: "gone", summary: "Disappearances that are confirmed, the newest first", need: RoleReader, answer: apiGone{}, list: true,
			columns: []string{"post.platform", "post.id", "post.url", "post.author.name", "post.author.handle", "post.text", "post.posted", "post.status.value", "last_live", "first_gone", "confirmed_at", "stood_at_least_seconds", "stood_at_most_seconds", "back", "stories"},
			params: append([]param{{name: "platform", words: "of a platform"}, {name: "status", words: "of a status"}, {name: "handle", words: "of an author"}, {name: "domain", words: "with a story on a domain"},
				{name: "since", words: "confirmed at this time or later (RFC 3339 or a date)"}, {name: "until", words: "confirmed before this time"}}, page...), do: s.listGone, example: "/gone?platform=twitter"},
		{method: "GET", path: "/lookup", id: "lookup", summary: "The one box: an address in any form, an id, @handle, an article, words", need: RoleReader, answer: archiver.LookupHit{}, list: true,
			columns: []string{"platform", "id", "url", "author.name", "author.handle", "text", "posted", "status", "confirmed", "score", "mentions"},
			params:  []param{{name: "q", words: "what somebody has", needed: true}, page[0]}, do: s.lookup, example: "/lookup?q=words"},
		{method: "GET", path: "/accounts/{platform}/{name}", id: "account", summary: "An account: its names over time, its posts", need: RoleReader,
			params: append([]param{{name: "platform", words: "the platform", needed: true}, {name: "name", words: "a handle, or # and the platform's own id", needed: true}}, page...),
			answer: apiAccount{}, do: s.accountOf, example: "/accounts/twitter/ada"},
		{method: "GET", path: "/articles", id: "article", summary: "An article: its versions, posts and links", need: RoleReader, params: []param{{name: "url", words: "its address", needed: true}}, answer: apiArticle{},
			example: "/articles?url=https://news.example/a", do: func(r *http.Request) (any, error) {
				a, err := s.o.Reader.Article(r.Context(), r.URL.Query().Get("url"))
				if err != nil {
					return nil, err
				}
				return apiArticleOf(a), nil
			}},
		{method: "GET", path: "/pages", id: "page", summary: "A linked page: its captures, readings and looks", need: RoleReader, params: []param{{name: "url", words: "its address", needed: true}}, answer: view.Page{},
			example: "/pages?url=https://ferry.example/times", do: func(r *http.Request) (any, error) {
				return s.o.Reader.Page(r.Context(), r.URL.Query().Get("url"))
			}},
	}
}

func partColumns(name string) []string {
	return map[string][]string{
		"captures": {"id", "time", "source", "parser", "digest"},
		"looks":    {"time", "result", "endpoint", "exchange"},
		"mentions": {"article", "title", "positions", "markup", "quote"},
	}[name]
}

// listPosts lists the posts that are kept, in the order of their references.
func (s *Server) listPosts(r *http.Request) (any, error) {
	q := r.URL.Query()
	limit, err := limitOf(q)
	if err != nil {
		return nil, err
	}
	prefix := ""
	if p := q.Get("platform"); p != "" {
		prefix = p + ":"
	}
	l, after := listing{}, q.Get("cursor")
	// What is only mentioned stands in the same index.
	for range maxPage {
		values, err := s.o.Archive.Values(r.Context(), store.IndexRef, prefix, after, limit)
		if err != nil {
			return nil, err
		}
		for _, value := range values {
			if len(l.items) == limit {
				l.next = after
				return l, nil
			}
			after = value
			ref, err := post.ParseRef(value)
			if err != nil {
				continue // one that was too long for the index
			}
			c, err := s.o.Reader.Card(r.Context(), ref)
			if errors.Is(err, store.ErrNotFound) || err == nil && c.Ref != ref {
				continue
			}
			if err != nil {
				return nil, err
			}
			l.items = append(l.items, apiPostOf(c))
		}
		if len(values) < limit {
			return l, nil
		}
	}
	l.next = after
	return l, nil
}

func (s *Server) captureOf(r *http.Request) (any, error) {
	rec, c, err := recordAt[store.Capture](s, r, "capture", "this is no capture")
	if err == nil {
		err = s.o.Archive.Emptied(r.Context(), &rec)
	}
	if err != nil {
		return nil, err
	}
	v := apiCapture{ID: rec.ID, Time: c.Time.UTC(), Kind: c.Kind, Ref: c.Ref.String(), URL: c.URL, Source: c.Source, Exchanges: append([]store.ID{}, c.Exchanges...),
		Media: append([]store.MediaFile{}, c.Media...), Article: c.Article.String(), Round: c.Round.String(), Revisit: c.Revisit.String(), Trigger: c.Trigger,
		Operator: c.Operator, Case: c.Case, Note: c.Note, Private: c.Private, Software: c.Software, Derivations: []apiDerivation{}}
	if c.Ref.IsZero() {
		return v, nil
	}
	records, err := s.o.Archive.ListAll(r.Context(), store.RefTerm(c.Ref), store.MaxHistory, store.KindDerivation)
	if err != nil {
		return nil, err
	}
	for i := range records {
		d, err := store.Decode[store.Derivation](&records[i])
		if err != nil {
			return nil, err
		}
		if d.Capture == rec.ID {
			v.Derivations = append(v.Derivations, apiDerivation{ID: records[i].ID, Time: d.Time.UTC(), Parser: d.Parser, Source: d.Source, Post: d.Post, Notes: append([]string{}, d.Notes...)})
		}
	}
	return v, nil
}

func (s *Server) listGone(r *http.Request) (any, error) {
	q := r.URL.Query()
	limit, before, err := placeOf(q)
	if err != nil {
		return nil, err
	}
	query := view.GoneQuery{Platform: post.Platform(q.Get("platform")), Status: post.Status(q.Get("status")), Handle: q.Get("handle"), Domain: q.Get("domain"), Before: before, Limit: limit}
	for name, into := range map[string]*time.Time{"since": &query.Since, "until": &query.Until} {
		if *into, err = momentOf(q.Get(name)); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	page, err := s.o.Reader.Gone(r.Context(), query)
	if err != nil {
		return nil, err
	}
	items := make([]apiGone, len(page.Items))
	for i := range page.Items {
		items[i] = apiGoneOf(&page.Items[i])
	}
	return listOf(items, cursor(page.Next)), nil
}

// momentOf reads a time or a date; nothing is the zero time.
func momentOf(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, form := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(form, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%w: %.40q is neither a time (RFC 3339) nor a date", store.ErrInvalid, s)
}

func (s *Server) lookup(r *http.Request) (any, error) {
	q := r.URL.Query()
	limit, err := limitOf(q)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(q.Get("q")) == "" {
		return nil, fmt.Errorf("%w: q is empty", store.ErrInvalid)
	}
	hits, err := s.o.Reader.Lookup(r.Context(), q.Get("q"), limit)
	if err != nil {
		return nil, err
	}
	return listOf(hits, ""), nil
}

func (s *Server) accountOf(r *http.Request) (any, error) {
	q := r.URL.Query()
	limit, before, err := placeOf(q)
	if err != nil {
		return nil, err
	}
	a, err := s.o.Reader.Account(r.Context(), post.Platform(r.PathValue("platform")), r.PathValue("name"), before, limit)
	if err != nil {
		return nil, err
	}
	v := apiAccount{Platform: a.Platform, ID: a.ID, Name: a.Latest.Name, Handle: a.Latest.Handle, Handles: apiHeldOf(a.Handles), Names: apiHeldOf(a.Names),
		Posts: []apiPost{}, Next: cursor(a.Next), Hold: a.Hold, Refused: a.Refused}
	for i := range a.Posts {
		v.Posts = append(v.Posts, apiPostOf(&a.Posts[i]))
	}
	return v, nil
}

func apiHeldOf(all []view.Held) []apiHeld {
	out := make([]apiHeld, len(all))
	for i, h := range all {
		out[i] = apiHeld{h.Word, h.First, h.Last}
	}
	return out
}

package fakenet

import (
	"net/http"
	"strings"
	"time"
)

// index is the public index of the network: public.api.bsky.app.
func (b *Bluesky) index(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	b.mu.Lock()
	defer b.mu.Unlock()
	switch method(r) {
	case "app.bsky.feed.getPosts":
		if len(q["uris"]) == 0 || len(q["uris"]) > 25 {
			xrpcFail(w, http.StatusBadRequest, "InvalidRequest", "Error: uris must have 1 to 25 elements")
			return
		}
		posts := []any{}
		for _, id := range q["uris"] {
			if p, a, ok := b.shown(b.lasting(id)); ok {
				posts = append(posts, b.view(&p, a, true))
			}
		}
		writeJSON(w, http.StatusOK, obj{"posts": posts})
	case "app.bsky.feed.getPostThread":
		b.thread(w, b.lasting(q.Get("uri")))
	case "com.atproto.identity.resolveHandle":
		if did := b.didOf(q.Get("handle")); did != "" {
			writeJSON(w, http.StatusOK, obj{"did": did})
			return
		}
		xrpcFail(w, http.StatusBadRequest, "InvalidRequest", "Unable to resolve handle")
	default:
		xrpcFail(w, http.StatusNotImplemented, "MethodNotImplemented", "Method Not Implemented")
	}
}

func (b *Bluesky) thread(w http.ResponseWriter, id string) {
	p, a, ok := b.shown(id)
	if !ok {
		xrpcFail(w, http.StatusBadRequest, "NotFound", "Post not found: "+id)
		return
	}
	t := obj{"$type": "app.bsky.feed.defs#threadViewPost", "post": b.view(&p, a, true), "threadContext": obj{}, "replies": []any{}}
	if p.Answers != "" {
		if parent, pa, ok := b.shown(p.Answers); ok {
			t["parent"] = obj{"$type": "app.bsky.feed.defs#threadViewPost", "post": b.view(&parent, pa, true), "threadContext": obj{}}
		} else {
			t["parent"] = obj{"$type": "app.bsky.feed.defs#notFoundPost", "uri": p.Answers, "notFound": true}
		}
	}
	writeJSON(w, http.StatusOK, obj{"thread": t})
}

// view is a post as the index shows it, with the quoted one where nested is
// true.
func (b *Bluesky) view(p *blueskyPost, a *blueskyAccount, nested bool) obj {
	v := obj{"uri": p.ID(), "cid": p.cid(), "author": a.view(), "record": b.record(p), "indexedAt": moment(p.Posted.Add(time.Second)),
		"likeCount": p.Likes, "replyCount": 0, "repostCount": 0, "quoteCount": 0, "bookmarkCount": 0, "labels": b.labels(p)}
	if e := b.embedView(p, nested); e != nil {
		v["embed"] = e
	}
	return v
}

func (b *Bluesky) labels(p *blueskyPost) []any {
	all := []any{}
	for _, l := range p.Labels {
		all = append(all, obj{"src": "did:plc:modmodmodmodmodmodmodmod", "uri": p.ID(), "val": l, "cts": moment(p.Posted)})
	}
	return all
}

func (a *blueskyAccount) view() obj {
	return obj{"did": a.DID, "handle": a.Handle, "displayName": a.Name, "labels": []any{}, "createdAt": "2023-05-16T19:04:39.044Z",
		"avatar": "https://cdn.bsky.app/img/avatar/plain/" + a.DID + "/" + rawCID([]byte("avatar "+a.DID)) + "@jpeg"}
}

// embedView is what the index shows beside a post's text, nil for nothing.
func (b *Bluesky) embedView(p *blueskyPost, nested bool) obj {
	media := p.mediaView()
	if p.Quotes == "" || !nested {
		return media
	}
	quote := obj{"$type": "app.bsky.embed.record#viewNotFound", "uri": p.Quotes, "notFound": true}
	if q, a, ok := b.shown(p.Quotes); ok {
		quote = b.view(&q, a, false)
		quote["$type"] = "app.bsky.embed.record#viewRecord"
		quote["value"] = quote["record"]
		delete(quote, "record")
		if e, ok := quote["embed"]; ok {
			quote["embeds"] = []any{e}
			delete(quote, "embed")
		}
	}
	if media == nil {
		return obj{"$type": "app.bsky.embed.record#view", "record": quote}
	}
	return obj{"$type": "app.bsky.embed.recordWithMedia#view", "record": obj{"record": quote}, "media": media}
}

func (p *blueskyPost) mediaView() obj {
	if c := p.Card; c != nil {
		return obj{"$type": "app.bsky.embed.external#view", "external": obj{"uri": c.URL, "title": c.Title, "description": c.Description, "thumb": c.Image}}
	}
	var images []any
	for i := range p.Media {
		m := &p.Media[i]
		cid := m.cid()
		if m.Kind != "photo" {
			did := strings.ReplaceAll(p.Author.DID, ":", "%3A")
			return obj{"$type": "app.bsky.embed.video#view", "cid": cid, "alt": m.Alt, "aspectRatio": obj{"width": m.Width, "height": m.Height},
				"playlist": "https://video.bsky.app/watch/" + did + "/" + cid + "/playlist.m3u8", "thumbnail": "https://video.bsky.app/watch/" + did + "/" + cid + "/thumbnail.jpg"}
		}
		copyOf := func(size string) string {
			return "https://cdn.bsky.app/img/" + size + "/plain/" + p.Author.DID + "/" + cid + "@jpeg"
		}
		images = append(images, obj{"thumb": copyOf("feed_thumbnail"), "fullsize": copyOf("feed_fullsize"), "alt": m.Alt,
			"aspectRatio": obj{"width": m.Width, "height": m.Height}})
	}
	if images == nil {
		return nil
	}
	return obj{"$type": "app.bsky.embed.images#view", "images": images}
}

// moment writes a time as the platform does.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

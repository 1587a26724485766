package fakenet

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// syndication serves cdn.syndication.twimg.com/tweet-result.
func (x *X) syndication(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/tweet-result" {
		http.NotFound(w, r)
		return
	}
	q := r.URL.Query()
	id := q.Get("id")
	if v, err := strconv.ParseUint(id, 10, 63); err != nil || v == 0 {
		writeJSON(w, http.StatusBadRequest, obj{"error": "Bad request."})
		return
	}
	if q.Get("token") == "" {
		writeJSON(w, http.StatusOK, obj{})
		return
	}
	p, state := x.find(Syndication, id)
	switch state {
	case NotFound, Hidden:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
	case EmptyObject:
		writeJSON(w, http.StatusOK, obj{})
	case BareTombstone:
		writeJSON(w, http.StatusOK, obj{"__typename": "TweetTombstone"})
	case EmptyTombstone:
		writeJSON(w, http.StatusOK, obj{"__typename": "TweetTombstone", "tombstone": obj{}})
	case Live:
		t := x.tweetResult(&p)
		if p.Note != "" && strings.Contains(q.Get("features"), "tfw_show_birdwatch_pivots_enabled:on") {
			t["birdwatch_pivot"] = obj{"title": "Readers added context they thought people might want to know", "subtitle": obj{"text": p.Note, "entities": []obj{}}}
		}
		writeJSON(w, http.StatusOK, t)
	case SuspendedNoUser:
		t := x.tweetResult(&p)
		delete(t, "user")
		writeJSON(w, http.StatusOK, t)
	default:
		writeJSON(w, http.StatusOK, tombstone(state, q.Get("lang")))
	}
}

// tombstone is the answer for a post that is not shown. Its text is in the
// language that was asked for, of which this platform knows English and German.
func tombstone(s State, lang string) obj {
	text := map[State]string{
		Deleted:     "This Post was deleted by the Post author.",
		Suspended:   "This Post is from a suspended account.",
		AccountGone: "This Post is from an account that no longer exists.",
		Protected:   "You’re unable to view this Post because this account owner limits who can view their Posts.",
		AgeGated:    "Age-restricted adult content. This content might not be appropriate for people under 18 years old. To view this media, you’ll need to log in to X.",
		Withheld:    "This Post has been withheld in your country in response to a legal demand.",
	}[s]
	more := "Learn more"
	if lang != "" && lang != "en" {
		text, more = "Dieser Post ist nicht verfügbar.", "Mehr erfahren"
	}
	start := len([]rune(text)) + 1
	return obj{"__typename": "TweetTombstone", "tombstone": obj{"text": obj{"text": text + " " + more, "rtl": false,
		"entities": []obj{{"from_index": start, "to_index": start + len(more), "ref": obj{"__typename": "TimelineUrl",
			"url": "https://help.twitter.com/rules-and-policies/notices-on-twitter", "url_type": "ExternalUrl"}}}}}}
}

// tweetResult is the whole answer for a post that is shown.
func (x *X) tweetResult(p *xPost) obj {
	t := x.tweet(p)
	t["__typename"] = "Tweet"
	t["news_action_type"] = "conversation"
	t["isEdited"] = len(*p.versions) > 1
	t["isStaleEdit"] = p.stale()
	if q, s := x.find(Syndication, p.Quotes); s == Live {
		t["quoted_tweet"] = x.nested(&q)
	}
	if parent, s := x.find(Syndication, p.Answers); s == Live {
		t["parent"] = x.nested(&parent)
	}
	return t
}

// nested is a quoted post or a parent, which has counts that the root has not.
func (x *X) nested(p *xPost) obj {
	t := x.tweet(p)
	t["reply_count"], t["retweet_count"] = 1, 0
	return t
}

// tweet is what the root, a quoted post and a parent have in common.
func (x *X) tweet(p *xPost) obj {
	c := x.compose(&p.Post, false)
	t := obj{
		"id_str": p.ID, "lang": p.Lang, "text": c.text, "created_at": p.Posted.UTC().Format("2006-01-02T15:04:05.000Z"),
		"display_text_range": []int{0, c.shown}, "entities": x.entities(&p.Post, c, false), "favorite_count": p.Likes,
		"conversation_count": 0, "edit_control": editControl(p), "user": p.Author.syndicated(),
	}
	if p.Sensitive {
		t["possibly_sensitive"] = true
	}
	if c.cut {
		t["note_tweet"] = obj{"id": "Tm90ZVR3ZWV0UmVzdWx0czo" + code(p.ID, 16)}
	}
	if parent, _ := x.find(Syndication, p.Answers); parent.ID != "" {
		t["in_reply_to_status_id_str"] = parent.ID
		t["in_reply_to_user_id_str"] = parent.Author.ID
		t["in_reply_to_screen_name"] = parent.Author.Handle
	}
	if card := x.card(&p.Post); card != nil {
		t["card"] = card
	}
	x.syndicatedMedia(t, &p.Post, c)
	return t
}

func editControl(p *xPost) obj {
	until := p.Posted.Add(30 * time.Minute).UnixMilli()
	return obj{"edit_tweet_ids": *p.versions, "editable_until_msecs": strconv.FormatInt(until, 10),
		"edits_remaining": strconv.Itoa(6 - len(*p.versions)), "is_edit_eligible": len(p.Poll) == 0}
}

func (p *Person) syndicated() obj {
	u := obj{"id_str": p.ID, "name": p.Name, "screen_name": p.Handle, "profile_image_url_https": p.avatar(),
		"profile_image_shape": "Circle", "verified": false, "is_blue_verified": p.Verified == "blue"}
	switch p.Verified {
	case "business":
		u["verified_type"] = "Business"
	case "government":
		u["verified_type"] = "Government"
	}
	return u
}

// entities lists the entities of a text. Groups without members are left out,
// as the keyless endpoint does since 2026, unless all are asked for.
func (x *X) entities(p *Post, c composed, all bool) obj {
	groups := map[string][]obj{}
	for _, s := range c.spans {
		at := []int{s.start, s.end}
		switch s.kind {
		case "hashtag":
			groups["hashtags"] = append(groups["hashtags"], obj{"indices": at, "text": s.text})
		case "mention":
			groups["user_mentions"] = append(groups["user_mentions"],
				obj{"indices": at, "screen_name": s.text, "name": s.text, "id_str": strconv.FormatUint(seed(s.text)%1_000_000_000, 10)})
		case "url":
			groups["urls"] = append(groups["urls"],
				obj{"indices": at, "url": s.short, "expanded_url": s.expanded, "display_url": s.display})
		case "media":
			groups["media"] = append(groups["media"],
				obj{"indices": at, "url": s.short, "expanded_url": s.expanded, "display_url": s.display})
		}
	}
	e := obj{}
	for _, name := range []string{"hashtags", "urls", "user_mentions", "symbols", "media"} {
		if len(groups[name]) > 0 {
			e[name] = groups[name]
		} else if all && name != "media" {
			e[name] = []obj{}
		}
	}
	return e
}

// mediaDetails describes the media of a post in the shape that the keyless
// endpoint and v1.1 share.
func (x *X) mediaDetails(p *Post, c composed) []obj {
	var out []obj
	link := c.spans[len(c.spans)-1]
	for i := range p.Media {
		m := &p.Media[i]
		x.mu.Lock()
		page := x.mediaPage(p, i)
		x.mu.Unlock()
		d := obj{"display_url": link.display, "expanded_url": page, "indices": []int{link.start, link.end}, "url": link.short,
			"media_url_https": m.photoURL(), "type": map[string]string{"photo": "photo", "video": "video", "gif": "animated_gif"}[m.Kind],
			"ext_media_availability": obj{"status": "Available"},
			"original_info":          obj{"height": m.Height, "width": m.Width, "focus_rects": []obj{}},
			"sizes": obj{"large": obj{"h": m.Height, "w": m.Width, "resize": "fit"}, "medium": obj{"h": m.Height, "w": m.Width, "resize": "fit"},
				"small": obj{"h": m.Height, "w": m.Width, "resize": "fit"}, "thumb": obj{"h": 150, "w": 150, "resize": "crop"}}}
		if m.Alt != "" {
			d["ext_alt_text"] = m.Alt
		}
		if m.Kind != "photo" {
			var variants []obj
			for _, v := range m.variants() {
				o := obj{"content_type": v.contentType, "url": v.url}
				if v.bitrate >= 0 {
					o["bitrate"] = v.bitrate
				}
				variants = append(variants, o)
			}
			d["video_info"] = obj{"aspect_ratio": []int{m.Width, m.Height}, "duration_millis": 12000, "variants": variants}
		}
		out = append(out, d)
	}
	return out
}

// syndicatedMedia adds the media of a post in the keyless endpoint's three
// forms.
func (x *X) syndicatedMedia(t obj, p *Post, c composed) {
	if len(p.Media) == 0 {
		return
	}
	t["mediaDetails"] = x.mediaDetails(p, c)
	photos := []obj{}
	for i := range p.Media {
		m := &p.Media[i]
		if m.Kind == "photo" {
			photos = append(photos, obj{"backgroundColor": obj{"red": 1, "green": 2, "blue": 3}, "cropCandidates": []obj{},
				"expandedUrl": p.url() + "/photo/1", "url": m.photoURL(), "width": m.Width, "height": m.Height})
			continue
		}
		if t["video"] != nil {
			continue
		}
		var variants []obj
		for _, v := range m.variants() {
			variants = append(variants, obj{"type": v.contentType, "src": v.url})
		}
		t["video"] = obj{"aspectRatio": []int{m.Width, m.Height}, "contentType": "media_entity", "durationMs": 12000,
			"mediaAvailability": obj{"status": "available"}, "poster": m.photoURL(), "variants": variants,
			"videoId": obj{"type": "tweet", "id": p.ID}, "viewCount": 0}
	}
	t["photos"] = photos
}

// card is the poll or the link preview of a post, or nil.
func (x *X) card(p *Post) obj {
	text := func(s string) obj { return obj{"string_value": s, "type": "STRING"} }
	if n := len(p.Poll); n > 0 {
		end := p.Posted.Add(24 * time.Hour).UTC().Format(time.RFC3339)
		b := obj{"end_datetime_utc": text(end), "last_updated_datetime_utc": text(end), "duration_minutes": text("1440"),
			"counts_are_final": obj{"boolean_value": true, "type": "BOOLEAN"}}
		for i, a := range p.Poll {
			b[fmt.Sprintf("choice%d_label", i+1)] = text(a.Label)
			b[fmt.Sprintf("choice%d_count", i+1)] = text(strconv.Itoa(a.Votes))
		}
		return obj{"name": fmt.Sprintf("poll%dchoice_text_only", n), "url": "card://" + p.ID, "binding_values": b}
	}
	if p.Card == nil {
		return nil
	}
	x.mu.Lock()
	short := x.shorten(p.Card.URL)
	x.mu.Unlock()
	b := obj{"title": text(p.Card.Title), "description": text(p.Card.Description), "card_url": text(short),
		"vanity_url": text("news.example"), "domain": text("news.example")}
	if p.Card.Image != "" {
		b["photo_image_full_size_original"] = obj{"type": "IMAGE", "image_value": obj{"url": p.Card.Image, "width": 1200, "height": 630}}
	}
	return obj{"name": "summary_large_image", "url": short, "binding_values": b,
		"card_platform": obj{"platform": obj{"audience": obj{"name": "production"}, "device": obj{"name": "iPhone", "version": "13"}}}}
}

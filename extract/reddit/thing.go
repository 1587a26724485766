package reddit

import (
	"fmt"
	"strings"

	"stet/extract"
	"stet/extract/post"
)

// parse reads a post or comment that is there.
func (t *thing) parse(id string) (extract.Parsed, error) {
	d := t.data
	p := post.Post{Platform: post.Reddit, ID: id, Posted: d.Get("created_utc").Unix(), PostedFrom: "stated"}
	if p.Posted.IsZero() || !strings.HasPrefix(d.Get("permalink").Text(), "/") {
		return extract.Parsed{}, fmt.Errorf("%w: a thing without its time or address", extract.ErrShape)
	}
	p.URL = "https://www.reddit.com" + d.Get("permalink").Text()
	if name := d.Get("author").Text(); name != "" && name != deletedMark {
		p.Author = post.Author{ID: d.Get("author_fullname").Text(), Name: name, Handle: name, URL: "https://www.reddit.com/user/" + name + "/"}
	}
	p.Edited = d.Get("edited").IsNumber() && d.Get("edited").Int() > 0
	parsed := extract.Parsed{Post: p}
	if sub := d.Get("subreddit_name_prefixed").Text(); sub != "" {
		parsed.Notes = append(parsed.Notes, "in "+sub)
	}
	if p.Author.Handle == "" {
		parsed.Notes = append(parsed.Notes, "the account was deleted")
	}
	counts := map[string]string{"score": "score", "num_comments": "comments"}
	if t.kind == "t1" {
		parsed.Post.Text = d.Get("body").Text()
		parsed.Post.Parent = parentOf(id, d.Get("parent_id").Text())
		counts = map[string]string{"score": "score"}
	} else {
		t.parsePost(&parsed)
	}
	for name, word := range counts {
		if v := d.Get(name); v.IsNumber() {
			if parsed.Post.Counts == nil {
				parsed.Post.Counts = map[string]int64{}
			}
			parsed.Post.Counts[word] = v.Int()
		}
	}
	parsed.Post.Links = append(parsed.Post.Links, extract.PostLinks(parsed.Post.Text)...)
	return parsed, nil
}

// parentOf returns what a comment answers: a post or another comment of it.
func parentOf(id, fullname string) post.Ref {
	head, _, _ := strings.Cut(id, "/")
	kind, own, _ := strings.Cut(fullname, "_")
	r := post.Ref{Platform: post.Reddit, ID: own}
	if kind == "t1" {
		r.ID = head + "/" + own
	}
	if _, _, ok := nameOf(r.ID); !ok {
		return post.Ref{}
	}
	return r
}

// parsePost reads what only a post has.
func (t *thing) parsePost(parsed *extract.Parsed) {
	d, p := t.data, &parsed.Post
	p.Text = strings.TrimSpace(d.Get("title").Text() + "\n\n" + d.Get("selftext").Text())
	p.Sensitive = d.Get("over_18").True()
	if d.Get("spoiler").True() {
		p.Warning = "spoiler"
	}
	if from := d.Get("crosspost_parent_list").First(); from.IsObject() {
		first := thing{kind: "t3", id: from.Get("id").Text(), data: from}
		if id, ok := base36(first.id); ok && id == first.id {
			p.Quoted = post.Ref{Platform: post.Reddit, ID: id}
			if _, gone := first.removed(); !gone {
				if original, err := first.parse(id); err == nil {
					parsed.Related = append(parsed.Related, original.Post)
				}
			}
		}
	} else {
		p.Media = t.files(parsed)
		p.Card = t.card()
	}
	p.Poll = poll(d.Get("poll_data"))
}

// files returns the pictures and videos of a post.
func (t *thing) files(parsed *extract.Parsed) []post.Media {
	d := t.data
	preview := webAddress(d.Get("preview", "images").First().Get("source", "url").Text())
	video := d.Get("secure_media", "reddit_video")
	if !video.IsObject() {
		video = d.Get("media", "reddit_video")
	}
	if address := webAddress(video.Get("fallback_url").Text()); address != "" {
		m := post.Media{Kind: "video", URL: address, Poster: preview, Width: size(video.Get("width")), Height: size(video.Get("height")),
			DurationMS: int64(size(video.Get("duration"))) * 1000}
		if video.Get("is_gif").True() {
			m.Kind = "gif"
		} else if !video.Get("has_audio").False() {
			parsed.Notes = append(parsed.Notes, "the platform keeps the sound of the video in another file")
		}
		return []post.Media{m}
	}
	if list := t.gallery(); list != nil {
		return list
	}
	address := webAddress(d.Get("url_overridden_by_dest").Text())
	if strings.HasPrefix(address, "https://i.redd.it/") {
		m := post.Media{Kind: "photo", URL: address}
		if preview != "" {
			m.Fallbacks = []string{preview}
		}
		return []post.Media{m}
	}
	return nil
}

// gallery returns the pictures of a gallery, in its order, or those in the text.
func (t *thing) gallery() []post.Media {
	all := t.data.Get("media_metadata")
	var list []post.Media
	for _, item := range t.data.Get("gallery_data", "items").List() {
		id := item.Get("media_id").Text()
		if m, ok := picture(id, all.Get(id)); ok {
			m.Alt = item.Get("caption").Text()
			list = append(list, m)
		}
	}
	return list
}

// picture reads one picture of a gallery.
func picture(id string, v extract.Value) (post.Media, bool) {
	name, ok := extract.Token(id, "-_", 4, 40)
	if !ok || name != id || v.Get("status").Text() != "valid" {
		return post.Media{}, false
	}
	s := v.Get("s")
	m := post.Media{Kind: "photo", Width: size(s.Get("x")), Height: size(s.Get("y"))}
	if v.Get("e").Text() == "AnimatedImage" {
		m.Kind = "gif"
	}
	for _, ext := range []string{"jpg", "jpeg", "png", "gif", "webp"} {
		if v.Get("m").Text() == "image/"+ext {
			m.URL = "https://i.redd.it/" + id + "." + ext
		}
	}
	for _, other := range []string{s.Get("u").Text(), s.Get("gif").Text(), s.Get("mp4").Text()} {
		switch other = webAddress(other); {
		case other == "" || other == m.URL:
		case m.URL == "":
			m.URL = other
		default:
			m.Fallbacks = append(m.Fallbacks, other)
		}
	}
	return m, m.URL != ""
}

// card returns the page that a post links, nil where it links none.
func (t *thing) card() *post.Card {
	address := webAddress(t.data.Get("url_overridden_by_dest").Text())
	host, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(address, "https://"), "http://"), "/")
	if address == "" || extract.OnDomain(host, "redd.it") || extract.OnDomain(host, "reddit.com") {
		return nil
	}
	return &post.Card{URL: address, Title: t.data.Get("secure_media", "oembed", "title").Text(),
		Image: webAddress(t.data.Get("preview", "images").First().Get("source", "url").Text()), Kind: t.data.Get("post_hint").Text()}
}

// poll reads a poll; votes are told after it ended.
func poll(v extract.Value) *post.Poll {
	var p post.Poll
	for _, o := range v.Get("options").List() {
		p.Options = append(p.Options, post.PollOption{Label: o.Get("text").Text(), Votes: o.Get("vote_count").Int()})
		p.Final = p.Final || o.Get("vote_count").IsNumber()
	}
	if len(p.Options) == 0 {
		return nil
	}
	p.Ends = millis(v.Get("voting_end_timestamp"))
	return &p
}

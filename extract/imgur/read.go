package imgur

import (
	"cmp"
	"fmt"
	"strings"

	"stet/extract"
	"stet/extract/post"
)

// The names of the endpoints, as they stand in looks.
const (
	// EndpointPost is what the platform's own pages ask.
	EndpointPost = "post"
	// EndpointOEmbed is the platform's oEmbed endpoint.
	EndpointOEmbed = "oembed"
	// EndpointPicture is the smallest copy of a single picture.
	EndpointPicture = "picture"
)

// PostParser and OEmbedParser name the parsers, with their versions.
const (
	PostParser   = "imgur.post/1"
	OEmbedParser = "imgur.oembed/1"
)

// clientID is how the platform's own pages call themselves. It stands in each of
// them and is nobody's credential.
const clientID = "546c25a59c58ad7"

// PostURL returns the address that the platform's own pages ask about an id.
func PostURL(id string) string {
	kind := "media/"
	switch {
	case strings.HasPrefix(id, "a/"):
		kind = "albums/"
	case strings.HasPrefix(id, "gallery/"):
		kind = "posts/"
	}
	return "https://api.imgur.com/post/v1/" + kind + hash(id) + "?client_id=" + clientID + "&include=media%2Caccount"
}

// hash returns an id without what says whether it is an album's.
func hash(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

// ReadPost says what the answer to the platform's own pages means for an id. It
// does not say why a post is missing.
func ReadPost(id string, r extract.Response) extract.Answer {
	if a, ok := status(r); ok {
		return a
	}
	v, ok := r.Value()
	if !ok {
		return extract.Trouble(extract.ReasonNotJSON, false)
	}
	if shown := v.Get("id").Text(); shown != "" && shown != hash(id) {
		return extract.Trouble(extract.ReasonOtherPost, false)
	}
	p, err := parsePost(id, v)
	if err != nil {
		return extract.Trouble(extract.ReasonShape, false)
	}
	return extract.Shows(p)
}

// status returns what an HTTP status means. The platform's interfaces write
// their errors as JSON: what is missing is believed only where they say so.
func status(r extract.Response) (extract.Answer, bool) {
	a, ok := extract.DataStatusAnswer(r)
	if !ok || a.Status != post.NotFound {
		return a, ok
	}
	v, isJSON := r.Value()
	switch {
	case !isJSON:
		return extract.Trouble(extract.ReasonNotJSON, false), true
	case v.Get("errors").First().IsObject(), v.Get("success").False(), v.Get("status").Int() == 404:
		return a, true
	}
	return extract.Trouble(extract.ReasonShape, false), true
}

// parsePost reads a post with its pictures. It errors with [extract.ErrShape].
func parsePost(id string, v extract.Value) (extract.Parsed, error) {
	t, ok := Site{}.PostByID(id)
	files := v.Get("media").List()
	at := v.Get("created_at").Time()
	if !ok || v.Get("id").Text() != hash(id) || at.IsZero() || len(files) == 0 {
		return extract.Parsed{}, fmt.Errorf("%w: an answer without the post %.30s, its time or its pictures", extract.ErrShape, id)
	}
	p := post.Post{Platform: post.Imgur, ID: id, URL: t.URL, Posted: at, PostedFrom: "stated"}
	words := []string{v.Get("title").Text(), v.Get("description").Text()}
	var notes []string
	for _, f := range files {
		m, ok := file(f)
		if !ok {
			return extract.Parsed{}, fmt.Errorf("%w: a picture without its address", extract.ErrShape)
		}
		if m.Kind == "video" {
			notes = []string{"a video is kept as the platform offers it"}
		}
		p.Media = append(p.Media, m)
		words = append(words, f.Get("metadata", "title").Text(), f.Get("metadata", "description").Text())
	}
	p.Text = joined(words)
	p.Author = account(v)
	if v.Get("is_mature").True() {
		p.Sensitive, p.Labels = true, []string{"mature"}
	}
	for member, name := range map[string]string{"view_count": "views", "upvote_count": "likes", "comment_count": "comments"} {
		if n := v.Get(member); n.IsNumber() {
			if p.Counts == nil {
				p.Counts = map[string]int64{}
			}
			p.Counts[name] = n.Int()
		}
	}
	p.Links = append(p.Links, extract.PostLinks(p.Text)...)
	if all := v.Get("image_count").Int(); all > int64(len(files)) {
		notes = append(notes, fmt.Sprintf("the answer lists %d of %d pictures", len(files), all))
	}
	return extract.Parsed{Post: p, Notes: notes}, nil
}

// account returns who published a post; nobody for what was published without
// an account.
func account(v extract.Value) post.Author {
	name := v.Get("account", "username").Text()
	if name == "" {
		return post.Author{}
	}
	a := post.Author{Name: name, Handle: name, URL: "https://imgur.com/user/" + name}
	if n := cmp.Or(v.Get("account_id").Int(), v.Get("account", "id").Int()); n > 0 {
		a.ID = fmt.Sprint(n)
	}
	return a
}

// file reads a picture or a video of a post.
func file(f extract.Value) (post.Media, bool) {
	m := post.Media{Kind: "photo", URL: f.Get("url").Text(), Width: int(f.Get("width").Int()), Height: int(f.Get("height").Int())}
	if !strings.HasPrefix(m.URL, "https://") {
		return post.Media{}, false
	}
	if f.Get("type").Text() == "video" || strings.HasPrefix(f.Get("mime_type").Text(), "video/") {
		m.Kind = "video"
		if name, ok := extract.Token(f.Get("id").Text(), "", 5, 10); ok {
			m.Poster = "https://i.imgur.com/" + name + "h.jpg"
		}
	}
	return m, true
}

// joined returns what there is of words, each once.
func joined(words []string) string {
	var all []string
	for _, w := range words {
		if w = strings.TrimSpace(w); w != "" && (len(all) == 0 || all[len(all)-1] != w && all[0] != w) {
			all = append(all, w)
		}
	}
	return strings.Join(all, "\n\n")
}

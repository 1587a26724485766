package soundcloud

import (
	"fmt"
	"strings"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// EndpointPage is the name of the page for people, as it stands in looks.
const EndpointPage = "page"

// PageParser names its parser, with its version.
const PageParser = "soundcloud.page/1"

// ReadPage says what the page for people means for the sound id. It does not say
// why a sound is missing; and only the platform's own page says that, as oEmbed
// is asked at the same host.
func ReadPage(id string, r extract.Response) extract.Answer {
	missing, other := extract.StatusAnswer(r)
	if other && missing.Status != post.NotFound {
		return missing
	}
	doc, ok := r.Page()
	if !ok {
		return extract.Trouble(extract.ReasonShape, false)
	}
	parts := hydration(doc)
	if other && len(parts) > 0 {
		return missing
	}
	for _, part := range parts {
		kind := part.Get("hydratable").Text()
		if kind != "sound" && kind != "playlist" {
			continue
		}
		if t, ok := extract.PostAt(Site{}, part.Get("data", "permalink_url").Text()); !ok || t.Ref.ID != id {
			return extract.Trouble(extract.ReasonOtherPost, false)
		}
		p, err := parseSound(id, kind, part.Get("data"))
		if err != nil {
			break
		}
		return extract.Shows(p)
	}
	return extract.Trouble(extract.ReasonShape, false)
}

// hydration returns the parts of the page's data. They stand at the beginning of
// a script of their own; what looks like them elsewhere is somebody's words.
func hydration(doc *html.Node) []extract.Value {
	const name = "window.__sc_hydration = "
	for s := range extract.Elements(doc, atom.Script) {
		if s.FirstChild == nil || !strings.HasPrefix(strings.TrimSpace(s.FirstChild.Data), name) {
			continue
		}
		if v, err := extract.ValueAfter(s.FirstChild.Data, name); err == nil {
			return v.List()
		}
	}
	return nil
}

// parseSound reads a sound or a list of sounds; its picture is its file. It
// errors with [extract.ErrShape].
func parseSound(id, kind string, v extract.Value) (extract.Parsed, error) {
	title, user := v.Get("title").Text(), v.Get("user")
	if title == "" || user.Get("permalink").Text() == "" {
		return extract.Parsed{}, fmt.Errorf("%w: a page without the sound %.50s", extract.ErrShape, id)
	}
	p := post.Post{Platform: post.SoundCloud, ID: id, URL: "https://soundcloud.com/" + id, Text: strings.TrimSpace(title + "\n\n" + v.Get("description").Text()),
		Author: post.Author{ID: user.Get("id").Text(), Name: user.Get("username").Text(), Handle: user.Get("permalink").Text(), URL: user.Get("permalink_url").Text()},
		Card:   &post.Card{URL: "https://soundcloud.com/" + id, Title: title, Kind: kind}}
	if at := v.Get("created_at").Time(); !at.IsZero() {
		p.Posted, p.PostedFrom = at, "stated"
	}
	if n := v.Get("id").Text(); n != "" {
		p.Aliases = []post.Ref{{Platform: post.SoundCloud, ID: map[string]string{"sound": "tracks/", "playlist": "playlists/"}[kind] + n}}
	}
	if picture := v.Get("artwork_url").Text(); strings.HasPrefix(picture, "https://") {
		p.Card.Image = picture
		p.Media = []post.Media{{Kind: "photo", URL: strings.Replace(picture, "-large.", "-t500x500.", 1), Fallbacks: []string{picture}}}
	}
	for member, name := range map[string]string{"playback_count": "plays", "likes_count": "likes", "reposts_count": "reposts", "comment_count": "comments"} {
		if n := v.Get(member); n.IsNumber() {
			if p.Counts == nil {
				p.Counts = map[string]int64{}
			}
			p.Counts[name] = n.Int()
		}
	}
	p.Links = append(p.Links, extract.PostLinks(p.Text)...)
	return extract.Parsed{Post: p, Notes: []string{"the sound itself is not kept"}}, nil
}

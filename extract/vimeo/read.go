package vimeo

import (
	"cmp"
	"fmt"
	"strings"

	"stet/extract"
	"stet/extract/post"
)

// EndpointPlayer is the name of the player's configuration, as it stands in
// looks.
const EndpointPlayer = "player"

// PlayerParser names its parser, with its version.
const PlayerParser = "vimeo.player/1"

// ReadPlayer says what the configuration that the player asks for means for the
// video id. It does not say why a video is missing, and refuses private ones as
// it does those that only some sites may show.
func ReadPlayer(id string, r extract.Response) extract.Answer {
	if a, ok := extract.DataStatusAnswer(r); ok {
		return a
	}
	v, ok := r.Value()
	if !ok {
		return extract.Trouble(extract.ReasonNotJSON, false)
	}
	video := v.Get("video")
	if shown := video.Get("id").Text(); shown != "" && shown != id {
		return extract.Trouble(extract.ReasonOtherPost, false)
	}
	p, err := parsePlayerConfig(id, video)
	if err != nil {
		return extract.Trouble(extract.ReasonShape, false)
	}
	return extract.Shows(p)
}

// parsePlayerConfig reads a video; its still picture is its file. It errors with
// [extract.ErrShape].
func parsePlayerConfig(id string, video extract.Value) (extract.Parsed, error) {
	title, owner := video.Get("title").Text(), video.Get("owner")
	if video.Get("id").Text() != id || title == "" || !owner.IsObject() {
		return extract.Parsed{}, fmt.Errorf("%w: a configuration without the video %.20s", extract.ErrShape, id)
	}
	p := post.Post{Platform: post.Vimeo, ID: id, URL: "https://vimeo.com/" + id, Text: title,
		Author: post.Author{ID: owner.Get("id").Text(), Name: owner.Get("name").Text(), URL: owner.Get("url").Text()}}
	if u, ok := extract.ParseLink(p.Author.URL); ok {
		t, _ := Site{}.ParseURL(u)
		p.Author.Handle = t.Handle
	}
	p.Card = &post.Card{URL: p.URL, Title: title, Kind: "video"}
	thumbs := video.Get("thumbs")
	if picture := cmp.Or(thumbs.Get("1280").Text(), thumbs.Get("960").Text(), thumbs.Get("640").Text(), thumbs.Get("base").Text(), video.Get("thumbnail_url").Text()); strings.HasPrefix(picture, "https://") {
		p.Card.Image, p.Media = picture, []post.Media{{Kind: "photo", URL: picture}}
	}
	return extract.Parsed{Post: p, Notes: []string{"the video itself is not kept"}}, nil
}

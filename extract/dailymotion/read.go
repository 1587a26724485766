package dailymotion

import (
	"fmt"
	"strings"

	"stet/extract"
	"stet/extract/post"
)

// EndpointAPI is the name of the public interface, as it stands in looks.
const EndpointAPI = "api"

// APIParser names its parser, with its version.
const APIParser = "dailymotion.api/1"

// APIURL returns the address that tells of the video id.
func APIURL(id string) string {
	return "https://api.dailymotion.com/video/" + id + "?fields=id,title,description,created_time,language,views_total,thumbnail_1080_url,thumbnail_720_url,owner.id,owner.screenname,owner.username,owner.url"
}

// ReadAPI says what the public interface means for the video id. It has the same
// words for videos that were deleted and that never were.
func ReadAPI(id string, r extract.Response) extract.Answer {
	if a, ok := extract.DataStatusAnswer(r); ok {
		return a
	}
	v, ok := r.Value()
	if !ok {
		return extract.Trouble(extract.ReasonNotJSON, false)
	}
	if shown := v.Get("id").Text(); shown != "" && shown != id {
		return extract.Trouble(extract.ReasonOtherPost, false)
	}
	p, err := parseVideo(id, v)
	if err != nil {
		return extract.Trouble(extract.ReasonShape, false)
	}
	return extract.Shows(p)
}

// parseVideo reads a video; its still picture is its file. It errors with
// [extract.ErrShape].
func parseVideo(id string, v extract.Value) (extract.Parsed, error) {
	title := v.Get("title").Text()
	if v.Get("id").Text() != id || title == "" {
		return extract.Parsed{}, fmt.Errorf("%w: an answer without the video %.30s", extract.ErrShape, id)
	}
	p := post.Post{Platform: post.Dailymotion, ID: id, URL: "https://www.dailymotion.com/video/" + id, Language: v.Get("language").Text(),
		Text:   strings.TrimSpace(title + "\n\n" + extract.HTMLText(v.Get("description").Text())),
		Author: post.Author{ID: v.Get("owner.id").Text(), Name: v.Get("owner.screenname").Text(), Handle: v.Get("owner.username").Text(), URL: v.Get("owner.url").Text()},
		Card:   &post.Card{URL: "https://www.dailymotion.com/video/" + id, Title: title, Kind: "video"}}
	if at := v.Get("created_time").Unix(); !at.IsZero() {
		p.Posted, p.PostedFrom = at, "stated"
	}
	if n := v.Get("views_total").Int(); n > 0 {
		p.Counts = map[string]int64{"views": n}
	}
	for _, size := range []string{"thumbnail_1080_url", "thumbnail_720_url"} {
		if picture := v.Get(size).Text(); strings.HasPrefix(picture, "https://") {
			p.Card.Image, p.Media = picture, []post.Media{{Kind: "photo", URL: picture}}
			break
		}
	}
	p.Links = append(p.Links, extract.PostLinks(p.Text)...)
	return extract.Parsed{Post: p, Notes: []string{"the video itself is not kept"}}, nil
}

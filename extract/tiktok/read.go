package tiktok

import (
	"fmt"
	"strings"

	"stet/extract"
	"stet/extract/post"
)

// EndpointPage is the name of the page for people, as it stands in looks.
const EndpointPage = "page"

// PageParser names the parser of that page, with its version.
const PageParser = "tiktok.page/1"

// ReadPage says what the page for people means for the post id. Of the codes
// that stand in it, 10204 is given for posts that are gone and to networks that
// are refused, so that it says nothing of the post.
func ReadPage(id string, r extract.Response) extract.Answer {
	if a, ok := extract.HTTPTrouble(r.StatusCode); ok {
		return a
	}
	doc, ok := r.Page()
	if r.StatusCode != 200 || !ok {
		return extract.Trouble(extract.ReasonHTTP, false)
	}
	v, err := extract.ScriptValue(doc, "__UNIVERSAL_DATA_FOR_REHYDRATION__")
	detail := v.Get("__DEFAULT_SCOPE__", "webapp.video-detail")
	if err != nil || !detail.Get("statusCode").IsNumber() {
		// Challenges and log-ins have none.
		return extract.Trouble(extract.ReasonShape, false)
	}
	code := detail.Get("statusCode").Text()
	a := extract.Answer{Status: post.Unknown, Reason: extract.ReasonCode, Words: strings.TrimSpace(code + " " + detail.Get("statusMsg").Text())}
	switch code {
	case "0":
		return shown(id, detail.Get("itemInfo", "itemStruct"))
	case "10216":
		a.Status, a.Explicit, a.Alone = post.Protected, true, true
	case "10221":
		// The page is asked for without the account's name, so that this may be
		// said of the name that stands in its place: an absence of unknown cause.
		a.Status = post.NotFound
	case "10231":
		a.Status, a.Explicit = post.Withheld, true
	}
	return a
}

// shown is the answer for a page that shows a post.
func shown(id string, item extract.Value) extract.Answer {
	switch {
	case !item.IsObject():
		return extract.Trouble(extract.ReasonShape, false)
	case item.Get("id").Text() != id:
		return extract.Trouble(extract.ReasonOtherPost, false)
	case item.Get("privateItem").True() || item.Get("secret").True():
		return extract.Answer{Status: post.Protected, Explicit: true, Reason: extract.ReasonStated, Alone: true}
	}
	p, err := parseItem(id, item)
	if err != nil {
		return extract.Trouble(extract.ReasonShape, false)
	}
	return extract.Shows(p)
}

// parseItem reads a post. Its video cannot be had without a session of the page;
// its cover, or the pictures of a post of pictures, are its files.
func parseItem(id string, item extract.Value) (extract.Parsed, error) {
	author := item.Get("author")
	p := post.Post{Platform: post.TikTok, ID: id, Text: item.Get("desc").Text(), Posted: item.Get("createTime").Unix(), PostedFrom: "stated"}
	p.Author = post.Author{ID: author.Get("id").Text(), Name: author.Get("nickname").Text(), Handle: author.Get("uniqueId").Text()}
	if p.Posted.IsZero() || p.Author.Handle == "" {
		return extract.Parsed{}, fmt.Errorf("%w: a post without its time or author", extract.ErrShape)
	}
	p.Author.URL = "https://www.tiktok.com/@" + p.Author.Handle
	p.URL = p.Author.URL + "/video/" + id
	if author.Get("verified").True() {
		p.Author.Verified = "verified"
	}
	var notes []string
	for _, image := range item.Get("imagePost", "images").List() {
		if address := image.Get("imageURL", "urlList").First().Text(); strings.HasPrefix(address, "https://") {
			p.Media = append(p.Media, post.Media{Kind: "photo", URL: address})
		}
	}
	if p.Media == nil {
		notes = append(notes, "the video itself is not kept")
		if cover := item.Get("video", "cover").Text(); strings.HasPrefix(cover, "https://") {
			p.Media = []post.Media{{Kind: "photo", URL: cover}}
		}
	}
	for member, name := range map[string]string{"playCount": "views", "diggCount": "likes", "shareCount": "shares", "commentCount": "comments"} {
		if n := item.Get("stats", member); n.IsNumber() {
			if p.Counts == nil {
				p.Counts = map[string]int64{}
			}
			p.Counts[name] = n.Int()
		}
	}
	if item.Get("IsAigc").True() {
		p.Labels = []string{"aigc"}
	}
	return extract.Parsed{Post: p, Notes: notes}, nil
}

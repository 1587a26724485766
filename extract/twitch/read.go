package twitch

import (
	"encoding/json"
	"fmt"
	"strings"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/net/html"
)

// The names of the endpoints, as they stand in looks.
const (
	// EndpointData is what the platform's own pages ask.
	EndpointData = "data"
	// EndpointPage is the page for people.
	EndpointPage = "page"
)

// DataParser and PageParser name the parsers, with their versions.
const (
	DataParser = "twitch.data/1"
	PageParser = "twitch.page/1"
)

// ClientID is how the platform's own pages call themselves where they ask for
// data. It stands in each of them and is nobody's credential.
const ClientID = "kimne78kx3ncx6brgo4mv6wki5h1ko"

// DataURL is where the platform's own pages ask for data.
const DataURL = "https://gql.twitch.tv/gql"

// isVideo reports whether an id is a video's; else it is a clip's.
func isVideo(id string) bool {
	n, ok := number(id)
	return ok && n == id
}

// Query returns the question about the video or clip of an id. It returns false
// for what is no id.
func Query(id string) ([]byte, bool) {
	t, ok := Site{}.PostByID(id)
	if !ok || t.Ref.ID != id {
		return nil, false
	}
	const account = `{id login displayName}`
	query := `query($id:ID!){clip(slug:$id){slug title createdAt durationSeconds viewCount thumbnailURL broadcaster` + account + ` curator` + account + `}}`
	if isVideo(id) {
		query = `query($id:ID!){video(id:$id){id title description publishedAt createdAt lengthSeconds viewCount previewThumbnailURL(width:1280,height:720) owner` + account + `}}`
	}
	body, err := json.Marshal(map[string]any{"query": query, "variables": map[string]string{"id": id}})
	return body, err == nil
}

// ReadData says what the answer to the question means for an id. What is gone,
// has run out, is not published or never was is null, without a word; so is what
// comes with an error, which therefore says nothing.
func ReadData(id string, r extract.Response) extract.Answer {
	if a, ok := extract.HTTPTrouble(r.StatusCode); ok {
		return a
	}
	if r.StatusCode != 200 {
		return extract.Trouble(extract.ReasonHTTP, false)
	}
	v, ok := r.Value()
	if !ok {
		return extract.Trouble(extract.ReasonNotJSON, false)
	}
	if v.Get("errors").Exists() || v.Get("error").Exists() {
		a := extract.Trouble(extract.ReasonRefused, true)
		a.Words = v.Get("errors").First().Get("message").Text()
		return a
	}
	name := "clip"
	if isVideo(id) {
		name = "video"
	}
	thing := v.Get("data", name)
	switch {
	case !thing.Exists() && statesNull(r.Body, name):
		return extract.Answer{Status: post.NotFound, Reason: extract.ReasonAbsent}
	case !thing.IsObject():
		return extract.Trouble(extract.ReasonShape, false)
	case thing.Get("id").Text()+thing.Get("slug").Text() != id:
		return extract.Trouble(extract.ReasonOtherPost, false)
	}
	p, err := parseThing(id, thing)
	if err != nil {
		return extract.Trouble(extract.ReasonShape, false)
	}
	return extract.Shows(p)
}

// statesNull reports whether the data has a member, and nothing in it.
func statesNull(body []byte, member string) bool {
	var v struct {
		Data map[string]json.RawMessage `json:"data"`
	}
	err := json.Unmarshal(body, &v)
	return err == nil && len(v.Data) == 1 && string(v.Data[member]) == "null"
}

// parseThing reads a video or clip; its still picture is its file. It errors with
// [extract.ErrShape].
func parseThing(id string, v extract.Value) (extract.Parsed, error) {
	t, ok := Site{}.PostByID(id)
	owner := v.Get("owner")
	if !isVideo(id) {
		owner = v.Get("broadcaster")
	}
	at := v.Get("publishedAt").Time()
	if at.IsZero() {
		at = v.Get("createdAt").Time()
	}
	title := v.Get("title").Text()
	// Streams that were given no title have none afterwards.
	if !ok || at.IsZero() || title == "" && owner.Get("login").Text() == "" {
		return extract.Parsed{}, fmt.Errorf("%w: an answer without the title and account, or the time, of %.50s", extract.ErrShape, id)
	}
	p := post.Post{Platform: post.Twitch, ID: id, URL: t.URL, Posted: at, PostedFrom: "stated",
		Text: strings.TrimSpace(title + "\n\n" + v.Get("description").Text()), Card: &post.Card{URL: t.URL, Title: title, Kind: "video"}}
	// Of accounts that are gone nothing is told.
	if login := owner.Get("login").Text(); login != "" {
		p.Author = post.Author{ID: owner.Get("id").Text(), Name: owner.Get("displayName").Text(), Handle: login, URL: "https://www.twitch.tv/" + login}
	}
	notes := []string{"the video itself is not kept"}
	if by := v.Get("curator", "login").Text(); by != "" && by != p.Author.Handle {
		notes = append(notes, "the clip was made by "+by)
	}
	for _, member := range []string{"previewThumbnailURL", "thumbnailURL"} {
		if still := v.Get(member).Text(); strings.HasPrefix(still, "https://") && !Placeholder(still) {
			p.Card.Image, p.Media = still, []post.Media{{Kind: "photo", URL: still}}
		}
	}
	if n := v.Get("viewCount"); n.IsNumber() {
		p.Counts = map[string]int64{"views": n.Int()}
	}
	p.Links = append(p.Links, extract.PostLinks(p.Text)...)
	return extract.Parsed{Post: p, Notes: notes}, nil
}

// Placeholder reports whether a picture's address is that of one that the platform
// shows where there is none, or of its own sign.
func Placeholder(address string) bool {
	return strings.Contains(address, "/_404/") || strings.Contains(address, "/404_") || strings.Contains(address, "/ttv-static-metadata/")
}

// ReadPage says what the page for people means for an id. The page is the same
// frame with status 200 for everything, so that it can show a post and never miss
// one.
func ReadPage(id string, r extract.Response) extract.Answer {
	if a, ok := extract.HTTPTrouble(r.StatusCode); ok {
		return a
	}
	doc, ok := r.Page()
	if r.StatusCode != 200 || !ok {
		return extract.Trouble(extract.ReasonHTTP, false)
	}
	t, ok := extract.PostAt(Site{}, extract.MetaContent(doc, "og:url"))
	switch {
	case !ok:
		return extract.Trouble(extract.ReasonShape, false)
	case t.Ref.ID != id:
		return extract.Trouble(extract.ReasonOtherPost, false)
	}
	p, err := parsePreview(t, doc)
	if err != nil {
		return extract.Trouble(extract.ReasonShape, false)
	}
	return extract.Shows(p)
}

// parsePreview reads what the page tells programs that show a preview of it: the
// platform's words, of which the title is a part, so that they are the card's and
// not the post's. It errors with [extract.ErrShape].
func parsePreview(t extract.Target, doc *html.Node) (extract.Parsed, error) {
	title, still := extract.MetaContent(doc, "og:title"), extract.MetaContent(doc, "og:image")
	if title == "" || strings.EqualFold(title, "Twitch") || !strings.HasPrefix(still, "https://") || Placeholder(still) {
		return extract.Parsed{}, fmt.Errorf("%w: a page without %.50s", extract.ErrShape, t.Ref.ID)
	}
	p := post.Post{Platform: post.Twitch, ID: t.Ref.ID, URL: t.URL, Media: []post.Media{{Kind: "photo", URL: still}},
		Card: &post.Card{URL: t.URL, Title: title, Description: extract.MetaContent(doc, "og:description"), Image: still, Kind: "video"}}
	return extract.Parsed{Post: p, Notes: []string{"only the page's preview of itself was shown", "the video itself is not kept"}}, nil
}

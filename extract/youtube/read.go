package youtube

import (
	"fmt"
	"strings"
	"time"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// EndpointWatch is the name of the page for people, as it stands in looks.
const EndpointWatch = "watch-page"

// WatchParser names the parser of watch pages, with its version.
const WatchParser = "youtube.watch/1"

// ReadWatch says what the page for people means for the video id. What the page
// tells its player says whether the video can be played and, in English words,
// why not: ask for English.
func ReadWatch(id string, r extract.Response) extract.Answer {
	if a, ok := extract.HTTPTrouble(r.StatusCode); ok {
		return a
	}
	if r.StatusCode != 200 {
		return extract.Trouble(extract.ReasonHTTP, false)
	}
	doc, ok := r.Page()
	if !ok {
		return extract.Trouble(extract.ReasonShape, false)
	}
	player, ok := playerOf(doc)
	if !ok {
		// Consent pages and challenges have none.
		return extract.Trouble(extract.ReasonShape, false)
	}
	if shown := player.Get("videoDetails", "videoId").Text(); shown != "" && shown != id || !about(r.URL, id) {
		return extract.Trouble(extract.ReasonOtherPost, false)
	}
	return readPlayability(id, player)
}

// about reports whether an address, which may be empty, is that of the video.
func about(address, id string) bool {
	u, ok := extract.ParseLink(address)
	if !ok {
		return address == ""
	}
	t, _ := Site{}.ParseURL(u)
	return t.Ref.ID == id
}

// playerOf returns what the page tells its player. It stands at the beginning of
// a script of its own; what looks like it elsewhere is somebody's words.
func playerOf(doc *html.Node) (extract.Value, bool) {
	const name = "var ytInitialPlayerResponse = "
	for s := range extract.Elements(doc, atom.Script) {
		if s.FirstChild == nil || !strings.HasPrefix(strings.TrimSpace(s.FirstChild.Data), name) {
			continue
		}
		if v, err := extract.ValueAfter(s.FirstChild.Data, name); err == nil && v.Get("playabilityStatus").IsObject() {
			return v, true
		}
	}
	return extract.Value{}, false
}

// readPlayability reads whether the video can be played, and why not.
func readPlayability(id string, player extract.Value) extract.Answer {
	p := player.Get("playabilityStatus")
	words := reasonOf(p)
	switch status := p.Get("status").Text(); status {
	case "OK", "LIVE_STREAM_OFFLINE":
		parsed, err := parsePlayer(id, player)
		if err != nil {
			return extract.Trouble(extract.ReasonShape, false)
		}
		return extract.Shows(parsed)
	case "AGE_VERIFICATION_REQUIRED", "AGE_CHECK_REQUIRED", "CONTENT_CHECK_REQUIRED":
		return hidden(id, player, post.AgeRestricted, words)
	case "ERROR", "UNPLAYABLE", "LOGIN_REQUIRED":
		return readReason(id, player, status, words)
	}
	return extract.Trouble(extract.ReasonShape, false)
}

// readReason reads why a video cannot be played.
func readReason(id string, player extract.Value, kind, words string) extract.Answer {
	s := strings.ToLower(strings.NewReplacer("’", "'", "\u00a0", " ").Replace(strings.Join(strings.Fields(words), " ")))
	for _, passing := range passings() {
		if strings.Contains(s, passing) {
			a := extract.Trouble(extract.ReasonRefused, true)
			a.Words = words
			return a
		}
	}
	for _, w := range reasons() {
		if w.kind != "" && w.kind != kind || !strings.Contains(s, w.has) {
			continue
		}
		switch {
		case w.status == post.NotFound:
			return extract.Answer{Status: w.status, Reason: extract.ReasonUnavailable, Words: words}
		case w.status.Hidden():
			return hidden(id, player, w.status, words)
		}
		return extract.Answer{Status: w.status, Explicit: true, Reason: extract.ReasonStated, Words: words}
	}
	return extract.Answer{Status: post.Unknown, Reason: extract.ReasonOtherWords, Words: words}
}

// passings lists the words of what stands in the way of whoever asks, and says
// nothing of the video, although "Video unavailable" can stand above it.
func passings() []string {
	return []string{"not a bot", "try again later", "rate-limited", "rate limited", "needs to be reloaded", "something went wrong", "an error occurred", "unusual traffic"}
}

// hidden is the answer for a video that is there and not played for everybody;
// the page can tell its title all the same.
func hidden(id string, player extract.Value, status post.Status, words string) extract.Answer {
	a := extract.Answer{Status: status, Explicit: true, Reason: extract.ReasonStated, Words: words, Alone: true}
	if p, err := parsePlayer(id, player); err == nil {
		a.Parsed = &p
	}
	return a
}

// reasonOf joins what the page says of why the video is not played.
func reasonOf(p extract.Value) string {
	screen := p.Get("errorScreen", "playerErrorMessageRenderer")
	var all []string
	for _, s := range []string{p.Get("reason").Text(), worded(screen.Get("reason")), worded(screen.Get("subreason")), p.Get("messages").First().Text()} {
		if s = strings.TrimSpace(s); s != "" && !strings.Contains(strings.Join(all, ". "), s) {
			all = append(all, s)
		}
	}
	return strings.Join(all, ". ")
}

// worded returns a text that is written at once or in runs.
func worded(v extract.Value) string {
	if s := v.Get("simpleText").Text(); s != "" {
		return s
	}
	var b strings.Builder
	for _, r := range v.Get("runs").List() {
		b.WriteString(r.Get("text").Text())
	}
	return b.String()
}

// reason are the words of one kind of video that is not played.
type reason struct {
	// kind is the status of the player that the words are of; empty for any.
	kind, has string
	status    post.Status
}

// reasons lists the English words, the telling ones first: "Video unavailable"
// stands above most of the others too, and what a complaint or claim took from one
// country only is there for others. "Not available", alone, is said of videos
// that are gone and of some that never were.
func reasons() []reason {
	return []reason{
		{"", "in your country", post.Withheld},
		{"", "country domain", post.Withheld},
		{"", "in your region", post.Withheld},
		{"", "in your location", post.Withheld},
		{"ERROR", "removed by the uploader", post.Deleted},
		{"ERROR", "removed by the user", post.Deleted},
		{"ERROR", "has been terminated", post.AccountSuspended},
		{"ERROR", "closed their youtube account", post.AccountGone},
		{"ERROR", "this video has been closed", post.AccountGone},
		{"ERROR", "removed for violating", post.Removed},
		{"ERROR", "violates youtube's", post.Removed},
		{"ERROR", "due to a copyright claim", post.Removed},
		{"ERROR", "due to a trademark claim", post.Removed},
		{"ERROR", "due to a legal complaint", post.Removed},
		{"", "video is private", post.Protected},
		{"", "private video", post.Protected},
		{"", "confirm your age", post.AgeRestricted},
		{"", "inappropriate for some users", post.AgeRestricted},
		{"", "age-restricted", post.AgeRestricted},
		{"", "on copyright grounds", post.Withheld},
		{"UNPLAYABLE", "members-only", post.Protected},
		{"UNPLAYABLE", "join this channel", post.Protected},
		{"UNPLAYABLE", "requires payment", post.Protected},
		{"ERROR", "video isn't available anymore", post.NotFound},
		{"ERROR", "video is not available", post.NotFound},
		{"ERROR", "video is unavailable", post.NotFound},
		{"ERROR", "video isn't available", post.NotFound},
		{"ERROR", "video is no longer available", post.NotFound},
		{"ERROR", "video unavailable", post.NotFound},
		{"ERROR", "video does not exist", post.NotFound},
	}
}

// ParseWatch reads the video id from a watch page. It errors with
// [extract.ErrShape] where the page does not tell it.
func ParseWatch(id string, body []byte) (extract.Parsed, error) {
	doc, ok := extract.Response{Body: body}.Page()
	if !ok {
		return extract.Parsed{}, fmt.Errorf("%w: no page", extract.ErrShape)
	}
	player, ok := playerOf(doc)
	if !ok {
		return extract.Parsed{}, fmt.Errorf("%w: no player in the page", extract.ErrShape)
	}
	return parsePlayer(id, player)
}

// parsePlayer reads a video from what the page tells its player. The video
// itself is not told; its best still picture is its file.
func parsePlayer(id string, player extract.Value) (extract.Parsed, error) {
	v, m := player.Get("videoDetails"), player.Get("microformat", "playerMicroformatRenderer")
	if got, ok := videoID(id); !ok || got != id || v.Get("videoId").Text() != id || v.Get("title").Text() == "" {
		return extract.Parsed{}, fmt.Errorf("%w: a player without the video %.20s", extract.ErrShape, id)
	}
	p := post.Post{Platform: post.YouTube, ID: id, URL: "https://www.youtube.com/watch?v=" + id,
		Text: strings.TrimSpace(v.Get("title").Text() + "\n\n" + v.Get("shortDescription").Text()), Media: []post.Media{Thumbnail(id)}}
	p.Author = post.Author{ID: v.Get("channelId").Text(), Name: v.Get("author").Text()}
	if u, ok := extract.ParseLink(m.Get("ownerProfileUrl").Text()); ok {
		t, _ := Site{}.ParseURL(u)
		p.Author.Handle = t.Handle
	}
	switch {
	case p.Author.Handle != "":
		p.Author.URL = "https://www.youtube.com/@" + p.Author.Handle
	case p.Author.ID != "":
		p.Author.URL = "https://www.youtube.com/channel/" + p.Author.ID
	}
	for _, t := range []time.Time{m.Get("publishDate").Time(), m.Get("uploadDate").Time()} {
		if p.Posted.IsZero() && !t.IsZero() {
			p.Posted, p.PostedFrom = t, "stated"
		}
	}
	p.Links = append(p.Links, extract.PostLinks(p.Text)...)
	p.Card = &post.Card{URL: p.URL, Title: v.Get("title").Text(), Image: p.Media[0].URL, Kind: "video"}
	p.Counts = counts(v, m)
	notes := []string{"the video itself is not kept"}
	if m.Get("isUnlisted").True() {
		p.Labels = append(p.Labels, "unlisted")
	}
	if s := v.Get("lengthSeconds").Int(); s > 0 && s < 1<<31 {
		notes = append(notes, fmt.Sprintf("the video lasts %s", time.Duration(s)*time.Second))
	}
	return extract.Parsed{Post: p, Notes: notes}, nil
}

// counts returns the numbers that the page tells.
func counts(v, m extract.Value) map[string]int64 {
	c := map[string]int64{}
	if n := v.Get("viewCount").Int(); n > 0 {
		c["views"] = n
	}
	if n := m.Get("likeCount").Int(); n > 0 {
		c["likes"] = n
	}
	if len(c) == 0 {
		return nil
	}
	return c
}

// Thumbnail returns the still picture of a video: the largest, which not every
// video has, then the others that the platform makes.
func Thumbnail(id string) post.Media {
	at := func(name string) string { return "https://i.ytimg.com/vi/" + id + "/" + name + ".jpg" }
	return post.Media{Kind: "photo", URL: at("maxresdefault"), Fallbacks: []string{at("sddefault"), at("hqdefault")}}
}

package fakenet_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"image/jpeg"
	"strings"
	"testing"
	"time"

	"stet/archiver/fakenet"
	"stet/archiver/fetch"
)

const (
	postID   = "1229700000000000001"
	quotedID = "1229700000000000002"
	parentID = "1229700000000000003"
)

// tree reads an answer as any JSON.
func tree(t *testing.T, b []byte) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%v in %.200s", err, b)
	}
	return v
}

// at follows a path of names and numbers, separated by dots.
func at(v any, path string) any {
	for part := range strings.SplitSeq(path, ".") {
		switch c := v.(type) {
		case map[string]any:
			v = c[part]
		case []any:
			var i int
			if _, err := fmt.Sscan(part, &i); err != nil || i >= len(c) {
				return nil
			}
			v = c[i]
		default:
			return nil
		}
	}
	return v
}

func syndicationURL(id string) string {
	return "https://cdn.syndication.twimg.com/tweet-result?lang=en&token=a&id=" + id
}

func oembedURL(id string) string {
	return "https://publish.twitter.com/oembed?url=https%3A%2F%2Ftwitter.com%2Fx%2Fstatus%2F" + id
}

func v2URL(id string) string {
	return "https://api.x.com/2/tweets?ids=" + id + "&tweet.fields=withheld,possibly_sensitive"
}

func v1URL(id string) string { return "https://api.twitter.com/1.1/statuses/show.json?id=" + id }

// TestStates asks every endpoint in every state.
func TestStates(t *testing.T) {
	tests := []struct {
		state       fakenet.State
		syndication string // status and a piece of the body
		oembed      int
		v2          string // the piece of the body
		v1          string // status and the error's code
	}{
		{fakenet.Live, `200 "__typename":"Tweet"`, 200, `"data":[{`, "200 <nil>"},
		{fakenet.Deleted, `200 "This Post was deleted by the Post author. Learn more"`, 404, `resource-not-found`, "404 144"},
		{fakenet.Suspended, `200 suspended account`, 404, `not-authorized-for-resource`, "403 63"},
		{fakenet.SuspendedNoUser, `200 "id_str":"1229700000000000001"`, 404, `not-authorized-for-resource`, "403 63"},
		{fakenet.AccountGone, `200 no longer exists`, 404, `resource-not-found`, "404 34"},
		{fakenet.Protected, `200 limits who can view`, 403, `not-authorized-for-resource`, "403 179"},
		{fakenet.AgeGated, `200 Age-restricted adult content`, 200, `"possibly_sensitive":true`, "200 <nil>"},
		{fakenet.Withheld, `200 withheld in your country`, 403, `"country_codes":["DE","FR"]`, "200 <nil>"},
		{fakenet.BareTombstone, `200 {"__typename":"TweetTombstone"}`, 200, `"data":[{`, "200 <nil>"},
		{fakenet.EmptyTombstone, `200 {"__typename":"TweetTombstone","tombstone":{}}`, 200, `"data":[{`, "200 <nil>"},
		{fakenet.EmptyObject, `200 {}`, 200, `"data":[{`, "200 <nil>"},
		{fakenet.Hidden, `404 `, 200, `"data":[{`, "200 <nil>"},
		{fakenet.NotFound, `404 `, 404, `resource-not-found`, "404 144"},
	}
	for _, tt := range tests {
		inNet(t, func(t *testing.T, n *fakenet.Net, get func(string, ...string) *fetch.Response) {
			x := n.X()
			x.Add(fakenet.Post{ID: postID, Text: "hello", Author: fakenet.Person{Handle: "ada"}})
			x.SetState(postID, tt.state)
			check := func(name, got, want string) {
				t.Helper()
				status, piece, _ := strings.Cut(want, " ")
				if !strings.HasPrefix(got, status+" ") || !strings.Contains(got, piece) {
					t.Errorf("%s, %s: %q, want %q", tt.state, name, got, want)
				}
			}
			s := get(syndicationURL(postID))
			check("syndication", fmt.Sprintf("%d %s", s.Status, s.Body), tt.syndication)
			if strings.Contains(string(s.Body), `"user":`) != (tt.state == fakenet.Live) {
				t.Errorf("%s: user in %s", tt.state, s.Body)
			}
			if o := get(oembedURL(postID)); o.Status != tt.oembed {
				t.Errorf("%s, oembed: %d", tt.state, o.Status)
			}
			v2 := get(v2URL(postID), "Authorization", "Bearer bearer")
			check("v2", fmt.Sprintf("%d %s", v2.Status, v2.Body), "200 "+tt.v2)
			v1 := get(v1URL(postID), "Authorization", "Bearer bearer")
			check("v1", fmt.Sprintf("%d %v", v1.Status, at(tree(t, v1.Body), "errors.0.code")), tt.v1)
			// And all of it again, the other way round.
			x.SetState(postID, fakenet.Live)
			if s := get(syndicationURL(postID)); !bytes.Contains(s.Body, []byte(`"user":`)) {
				t.Errorf("%s: not back: %s", tt.state, s.Body)
			}
		})
	}
}

func TestStateAtOneEndpointAndOfAnAccount(t *testing.T) {
	inNet(t, func(t *testing.T, n *fakenet.Net, get func(string, ...string) *fetch.Response) {
		x := n.X()
		x.Add(fakenet.Post{ID: postID, Author: fakenet.Person{ID: "7", Handle: "ada"}}, fakenet.Post{ID: quotedID, Author: fakenet.Person{ID: "7", Handle: "ada"}})
		x.SetStateAt(fakenet.OEmbed, postID, fakenet.NotFound)
		if get(oembedURL(postID)).Status != 404 || get(oembedURL(quotedID)).Status != 200 || !bytes.Contains(get(syndicationURL(postID)).Body, []byte("Tweet")) {
			t.Error("one endpoint")
		}
		x.SetState(postID, fakenet.Live)
		if get(oembedURL(postID)).Status != 200 {
			t.Error("not back")
		}
		x.SetAccount("7", fakenet.Suspended)
		x.SetState(quotedID, fakenet.Deleted)
		if !bytes.Contains(get(syndicationURL(postID)).Body, []byte("suspended")) || !bytes.Contains(get(syndicationURL(quotedID)).Body, []byte("deleted by")) {
			t.Error("account")
		}
		x.SetAccount("7", fakenet.Live)
		if !bytes.Contains(get(syndicationURL(postID)).Body, []byte(`"user":`)) {
			t.Error("account not back")
		}
		if !bytes.Contains(get(syndicationURL(fakenet.ControlID)).Body, []byte(`"user":`)) {
			t.Error("the control post is not alive")
		}
	})
}

func TestSyndicationWantsToken(t *testing.T) {
	inNet(t, func(t *testing.T, n *fakenet.Net, get func(string, ...string) *fetch.Response) {
		n.X()
		base := "https://cdn.syndication.twimg.com/tweet-result?id="
		if res := get(base + "20&lang=en"); res.Status != 200 || strings.TrimSpace(string(res.Body)) != "{}" {
			t.Errorf("no token: %d %s", res.Status, res.Body)
		}
		for _, id := range []string{"", "0", "-1", "x", "99999999999999999999"} {
			if res := get(base + id + "&lang=en&token=a"); res.Status != 400 || !bytes.Contains(res.Body, []byte("Bad request.")) {
				t.Errorf("%q: %d %s", id, res.Status, res.Body)
			}
		}
		n.X().SetState("20", fakenet.Deleted)
		if res := get(base + "20&token=a&lang=de"); bytes.Contains(res.Body, []byte("deleted")) || !bytes.Contains(res.Body, []byte("nicht verfügbar")) {
			t.Errorf("in German: %s", res.Body)
		}
	})
}

// rich is a post with everything.
func rich(x *fakenet.X) fakenet.Post {
	ada := fakenet.Person{Name: "Ada & Co", Handle: "ada", Verified: "blue"}
	x.Add(fakenet.Post{ID: quotedID, Text: "the quoted one", Author: fakenet.Person{Handle: "bea"}},
		fakenet.Post{ID: parentID, Text: "the parent", Author: fakenet.Person{Handle: "carl"}})
	p := fakenet.Post{ID: postID, Author: ada, Quotes: quotedID, Answers: parentID, Likes: 5, Lang: "en",
		Text:  "Fish & chips 🐟 @bea #Brücke <b> https://news.example/a/long/path/to/a/page?x=1&y=2.",
		Media: []fakenet.Media{{Alt: "a fish"}, {Kind: "video", Width: 1280, Height: 720, Size: 1 << 20, From: quotedID}, {Kind: "gif"}},
		Card:  &fakenet.Card{URL: "https://news.example/card", Title: "A card"}}
	x.Add(p)
	return p
}

// TestEntities cuts every entity out of the text by its indices.
func TestEntities(t *testing.T) {
	inNet(t, func(t *testing.T, n *fakenet.Net, get func(string, ...string) *fetch.Response) {
		x := n.X()
		rich(x)
		v := tree(t, get(syndicationURL(postID)).Body)
		text := []rune(v["text"].(string))
		cut := func(path string) string {
			return string(text[int(at(v, path+".indices.0").(float64)):int(at(v, path+".indices.1").(float64))])
		}
		for path, want := range map[string]any{
			"entities.user_mentions.0": "@bea", "entities.hashtags.0": "#Brücke",
			"entities.urls.0": at(v, "entities.urls.0.url"), "entities.urls.1": at(v, "entities.urls.1.url"), "entities.media.0": at(v, "mediaDetails.0.url"),
		} {
			if got := cut(path); got != want {
				t.Errorf("%s: %q, want %q", path, got, want)
			}
		}
		if got := html.UnescapeString(string(text)); !strings.HasPrefix(got, "Fish & chips 🐟 @bea #Brücke <b> https://t.co/") {
			t.Errorf("text %q", got)
		}
		for path, want := range map[string]any{
			"entities.urls.0.expanded_url": "https://news.example/a/long/path/to/a/page?x=1&y=2", "entities.urls.1.expanded_url": "https://x.com/bea/status/" + quotedID,
			"quoted_tweet.text": "the quoted one", "quoted_tweet.reply_count": 1.0, "parent.text": "the parent", "in_reply_to_status_id_str": parentID,
			"in_reply_to_screen_name": "carl", "user.screen_name": "ada", "user.is_blue_verified": true, "favorite_count": 5.0, "isEdited": false,
			"mediaDetails.0.ext_alt_text": "a fish", "mediaDetails.1.type": "video", "mediaDetails.2.type": "animated_gif", "photos.0.width": 640.0,
			"mediaDetails.1.expanded_url": "https://x.com/bea/status/" + quotedID + "/video/1", "video.videoId.id": postID,
			"mediaDetails.2.video_info.variants.0.bitrate": 0.0, "card.binding_values.title.string_value": "A card", "created_at": "2020-02-18T09:31:27.043Z",
			"entities.symbols": nil, "retweet_count": nil,
		} {
			if got := at(v, path); got != want && path != "created_at" {
				t.Errorf("%s: %v, want %v", path, got, want)
			}
		}
		if got, _ := time.Parse(time.RFC3339, v["created_at"].(string)); !got.Equal(fakenet.PostedAt(postID)) {
			t.Errorf("created %v", v["created_at"])
		}
		// The text is what oEmbed quotes too.
		o := tree(t, get(oembedURL(postID)).Body)
		if h := o["html"].(string); !strings.Contains(h, "Fish &amp; chips 🐟") || !strings.Contains(h, "&mdash; Ada &amp; Co (@ada)") || !strings.Contains(h, "pic.twitter.com/") ||
			!strings.Contains(h, "<script") || o["author_name"] != "Ada & Co" {
			t.Errorf("oembed %v", o)
		}
		if o := tree(t, get(oembedURL(postID)+"&omit_script=1").Body); strings.Contains(o["html"].(string), "<script") {
			t.Error("script not omitted")
		}
	})
}

func TestLongPostsAndPolls(t *testing.T) {
	inNet(t, func(t *testing.T, n *fakenet.Net, get func(string, ...string) *fetch.Response) {
		x := n.X()
		long := strings.Repeat("word after word ", 40)
		x.Add(fakenet.Post{ID: postID, Author: fakenet.Person{Handle: "ada"}, Text: long},
			fakenet.Post{ID: quotedID, Author: fakenet.Person{Handle: "ada"}, Text: "which?", Poll: []fakenet.PollAnswer{{Label: "this", Votes: 3}, {Label: "that", Votes: 4}}})
		v := tree(t, get(syndicationURL(postID)).Body)
		if text := v["text"].(string); len([]rune(text)) > 280 || !strings.HasSuffix(text, "…") || at(v, "note_tweet.id") == nil {
			t.Errorf("long: %v", v)
		}
		v = tree(t, get("https://api.x.com/2/tweets/"+postID+"?tweet.fields=note_tweet", "Authorization", "Bearer bearer").Body)
		if at(v, "data.note_tweet.text") != long || at(v, "data.text") == long {
			t.Errorf("long in v2: %v", v)
		}
		v = tree(t, get(syndicationURL(quotedID)).Body)
		if at(v, "card.name") != "poll2choice_text_only" || at(v, "card.binding_values.choice2_label.string_value") != "that" || at(v, "card.binding_values.choice2_count.string_value") != "4" {
			t.Errorf("poll: %v", v)
		}
	})
}

func TestEdit(t *testing.T) {
	inNet(t, func(t *testing.T, n *fakenet.Net, get func(string, ...string) *fetch.Response) {
		x := n.X()
		x.Add(fakenet.Post{ID: postID, Author: fakenet.Person{Handle: "ada"}, Text: "frist"})
		x.Edit(postID, quotedID, "first")
		for id, want := range map[string]string{postID: "frist true true", quotedID: "first true false"} {
			v := tree(t, get(syndicationURL(id)).Body)
			if got := fmt.Sprint(v["text"], " ", v["isEdited"], " ", v["isStaleEdit"]); got != want || at(v, "edit_control.edit_tweet_ids.1") != quotedID {
				t.Errorf("%s: %s, want %s", id, got, want)
			}
		}
	})
}

func TestV2(t *testing.T) {
	inNet(t, func(t *testing.T, n *fakenet.Net, get func(string, ...string) *fetch.Response) {
		x := n.X(fakenet.XOptions{Bearer: "sesame"})
		rich(x)
		auth := []string{"Authorization", "Bearer sesame"}
		if res := get("https://api.x.com/2/tweets?ids=20"); res.Status != 401 {
			t.Errorf("no token: %d", res.Status)
		}
		if res := get("https://api.x.com/2/tweets?ids=20", "Authorization", "Bearer other"); res.Status != 401 {
			t.Errorf("wrong token: %d", res.Status)
		}
		res := get("https://api.twitter.com/2/tweets?ids=20,21,"+postID, auth...)
		v := tree(t, res.Body)
		if at(v, "data.1.id") != postID || at(v, "errors.0.resource_id") != "21" || at(v, "data.0.created_at") != nil || v["includes"] != nil || res.Header.Get("X-Rate-Limit-Limit") != "3500" {
			t.Errorf("plain: %v", v)
		}
		v = tree(t, get("https://api.x.com/2/tweets?ids="+postID+"&tweet.fields=created_at,attachments,entities,referenced_tweets,in_reply_to_user_id"+
			"&expansions=author_id,attachments.media_keys,referenced_tweets.id&media.fields=url,alt_text,variants,width&user.fields=verified_type", auth...).Body)
		for path, want := range map[string]any{"data.0.referenced_tweets.0.type": "quoted", "includes.tweets.0.id": quotedID, "includes.tweets.1.id": parentID,
			"includes.media.0.alt_text": "a fish", "includes.media.1.type": "video", "includes.media.1.url": nil, "includes.media.0.width": 640.0,
			"includes.users.0.username": "bea", "data.0.entities.mentions.0.username": "bea"} {
			if got := at(v, path); got != want {
				t.Errorf("%s: %v, want %v", path, got, want)
			}
		}
		for _, bad := range []string{"https://api.x.com/2/tweets?ids=x", "https://api.x.com/2/tweets?ids=20&post.fields=text", "https://api.x.com/2/tweets?ids=20&tweet.fields=note_post",
			"https://api.x.com/2/tweets?ids=" + strings.Repeat("20,", 100) + "20"} {
			if res := get(bad, auth...); res.Status != 400 || !bytes.Contains(res.Body, []byte("invalid-request")) {
				t.Errorf("%.80s: %d %s", bad, res.Status, res.Body)
			}
		}
		n.X(fakenet.XOptions{Bearer: "sesame", NotFoundStatus: 404})
		if one, many := get("https://api.x.com/2/tweets/21", auth...), get("https://api.x.com/2/tweets?ids=21", auth...); one.Status != 404 || many.Status != 200 {
			t.Errorf("not found: %d, %d", one.Status, many.Status)
		}
		n.X(fakenet.XOptions{Bearer: "sesame", NewVocabulary: true})
		if res := get("https://api.x.com/2/tweets?ids=20&tweet.fields=text", auth...); res.Status != 400 || !bytes.Contains(res.Body, []byte("tweet.fields")) {
			t.Errorf("old words: %d %s", res.Status, res.Body)
		}
		v = tree(t, get("https://api.x.com/2/tweets?ids="+postID+"&post.fields=text&expansions=referenced_posts", auth...).Body)
		if at(v, "includes.posts.0.id") != quotedID || at(v, "data.0.referenced_posts.0.id") != quotedID || at(v, "data.0.edit_history_post_ids.0") != postID {
			t.Errorf("new words: %v", v)
		}
	})
}

func TestV1(t *testing.T) {
	inNet(t, func(t *testing.T, n *fakenet.Net, get func(string, ...string) *fetch.Response) {
		rich(n.X())
		auth := []string{"Authorization", "Bearer bearer"}
		base := "https://api.twitter.com/1.1/statuses/"
		if res := get(base + "show.json?id=20"); res.Status != 401 {
			t.Errorf("no token: %d", res.Status)
		}
		if res := get(base+"show.json?id=20", "Authorization", `OAuth oauth_consumer_key="key", oauth_signature="x"`); res.Status != 200 {
			t.Errorf("signed: %d", res.Status)
		}
		v := tree(t, get(base+"show.json?tweet_mode=extended&include_ext_alt_text=true&id="+postID, auth...).Body)
		for path, want := range map[string]any{"id_str": postID, "text": nil, "quoted_status.id_str": quotedID, "in_reply_to_screen_name": "carl",
			"extended_entities.media.0.ext_alt_text": "a fish", "extended_entities.media.1.video_info.variants.0.bitrate": 288000.0, "is_quote_status": true} {
			if got := at(v, path); got != want {
				t.Errorf("%s: %v, want %v", path, got, want)
			}
		}
		v = tree(t, get(base+"show.json?id="+postID, auth...).Body)
		if v["full_text"] != nil || v["text"] == nil || at(v, "extended_entities.media.0.ext_alt_text") != nil {
			t.Errorf("compatibility mode: %v", v)
		}
		var list []any
		if err := json.Unmarshal(get(base+"lookup.json?id=20,21,"+postID, auth...).Body, &list); err != nil || len(list) != 2 {
			t.Errorf("lookup: %v %v", list, err)
		}
		v = tree(t, get(base+"lookup.json?map=true&id=20,21", auth...).Body)
		if at(v, "id.20.id_str") != "20" || at(v, "id.21") != nil {
			t.Errorf("map: %v", v)
		}
	})
}

func TestMedia(t *testing.T) {
	inNet(t, func(t *testing.T, n *fakenet.Net, get func(string, ...string) *fetch.Response) {
		x := n.X()
		x.Add(fakenet.Post{ID: postID, Author: fakenet.Person{Handle: "ada"}, Media: []fakenet.Media{{Key: "KEY", Width: 2100, Height: 1050}, {Kind: "video", Key: "FILM", Size: 100_000}}})
		for url, width := range map[string]int{
			"https://pbs.twimg.com/media/KEY.jpg": 1200, "https://pbs.twimg.com/media/KEY?format=jpg&name=orig": 2100, "https://pbs.twimg.com/media/KEY.jpg?name=orig": 2100,
			"https://pbs.twimg.com/media/KEY.jpg:large": 2048, "https://pbs.twimg.com/media/KEY?format=jpg&name=small": 680, x.MediaURL(postID, 0): 2100,
		} {
			res := get(url)
			img, err := jpeg.DecodeConfig(bytes.NewReader(res.Body))
			if err != nil || img.Width != width || img.Height != width/2 || res.Type() != "image/jpeg" {
				t.Errorf("%s: %+v, %v", url, img, err)
			}
		}
		for _, url := range []string{"https://pbs.twimg.com/media/OTHER.jpg", "https://pbs.twimg.com/media/KEY.jpg?name=gigantic", "https://video.twimg.com/x.mp4"} {
			if res := get(url); res.Status != 404 {
				t.Errorf("%s: %d", url, res.Status)
			}
		}
		film := get(x.MediaURL(postID, 1))
		if len(film.Body) != 100_000 || film.Type() != "video/mp4" || string(film.Body[4:8]) != "ftyp" || !strings.Contains(film.URL, "/640x480/") {
			t.Errorf("film: %d bytes from %s", len(film.Body), film.URL)
		}
		part := get(x.MediaURL(postID, 1), "Range", "bytes=70000-70099")
		if part.Status != 206 || !bytes.Equal(part.Body, film.Body[70000:70100]) {
			t.Errorf("range: %d, %d bytes", part.Status, len(part.Body))
		}
		x.RemoveMedia(postID)
		if res := get(x.MediaURL(postID, 1)); res.Status != 404 {
			t.Errorf("removed: %d", res.Status)
		}
	})
}

func TestShortLinksAndPages(t *testing.T) {
	inNet(t, func(t *testing.T, n *fakenet.Net, get func(string, ...string) *fetch.Response) {
		x := n.X()
		short := x.Shorten("https://news.example/?a=1&b=2")
		if res := get(short); res.Status != 301 || res.Header.Get("Location") != "https://news.example/?a=1&b=2" {
			t.Errorf("%d", res.Status)
		}
		if res := get(short, "User-Agent", "Mozilla/5.0"); res.Status != 200 || !bytes.Contains(res.Body, []byte(`content="0;URL=https://news.example/?a=1&amp;b=2"`)) {
			t.Errorf("%s", res.Body)
		}
		if res := get("https://t.co/unknown"); res.Status != 404 {
			t.Errorf("%d", res.Status)
		}
		x.Add(fakenet.Post{ID: postID, Author: fakenet.Person{Handle: "ada"}, Text: "see " + short})
		if v := tree(t, get(syndicationURL(postID)).Body); at(v, "entities.urls.0.url") != short || at(v, "entities.urls.0.expanded_url") != "https://news.example/?a=1&b=2" {
			t.Errorf("%v", v)
		}
		if res := get("https://twitter.com/ada/status/" + postID); res.Status != 301 || res.Header.Get("Location") != "https://x.com/ada/status/"+postID {
			t.Errorf("%d", res.Status)
		}
		if res := get("https://x.com/ada/status/" + postID); res.Status != 200 || bytes.Contains(res.Body, []byte("see")) {
			t.Errorf("%d", res.Status)
		}
	})
}

func TestPostID(t *testing.T) {
	at := time.Date(2020, 2, 18, 12, 0, 0, 123e6, time.UTC)
	if got := fakenet.PostedAt(fakenet.PostID(at, 7)); !got.Equal(at) {
		t.Errorf("%v", got)
	}
	if !fakenet.PostedAt("20").IsZero() || !fakenet.PostedAt("x").IsZero() {
		t.Error("old ids have no time")
	}
}

func TestArticle(t *testing.T) {
	inNet(t, func(t *testing.T, n *fakenet.Net, get func(string, ...string) *fetch.Response) {
		x := n.X()
		x.Add(fakenet.Post{ID: postID, Author: fakenet.Person{Name: "Ada <A>", Handle: "ada"}, Text: "The bridge & the <tunnel> open."})
		for markup, want := range map[fakenet.Markup]string{
			fakenet.Blockquote: `<blockquote class="twitter-tweet">`, "": `<blockquote class="twitter-tweet">`, fakenet.Rendered: `data-tweet-id="` + postID + `"`,
			fakenet.Iframe: `<iframe src="https://platform.twitter.com/embed/Tweet.html?id=` + postID + `"`, fakenet.AMP: `data-tweetid="` + postID + `"`,
			fakenet.BareURL: "<p>https://twitter.com/ada/status/" + postID + "</p>", fakenet.Flattened: "open. — Ada &lt;A&gt; (@ada) February 18, 2020</p>",
			fakenet.LinkOnly: `<a href="https://twitter.com/ada/status/` + postID + `">`,
		} {
			url := n.Site("news.example").Article(fakenet.Article{Path: "/a", Title: "A <title>", Published: time.Date(2020, 2, 19, 0, 0, 0, 0, time.UTC),
				Body: []fakenet.Block{fakenet.P("one & two"), fakenet.Embed(postID, markup), {HTML: "<hr>"}}})
			page := string(get(url).Body)
			for _, w := range []string{want, "<p>one &amp; two</p>", "<hr>", "<h1>A &lt;title&gt;</h1>", `content="2020-02-19T00:00:00Z"`, `href="https://news.example/a"`} {
				if !strings.Contains(page, w) {
					t.Errorf("%q: no %q in\n%s", markup, w, page)
				}
			}
		}
	})
}

package ingest

import (
	"context"
	"strings"
	"testing"

	"stet/extract/post"
)

// TestLongPosts: the words of a long post, which are cut in the file of posts, are
// made whole by those that the archive has beside it; files of several parts, of
// communities, and names in no known character set are read over.
func TestLongPosts(t *testing.T) {
	const begun = "The ferry will not be sold, said the mayor of the harbour, not this year and not the next, and"
	note := func(id, at, text string) string {
		return `{"noteTweet":{"noteTweetId":"` + id + `","updatedAt":"` + at + `","createdAt":"` + at + `","lifecycle":{"value":"Regular"},"core":{"styletags":[],"urls":[],"text":"` + text + `","mentions":[]}}}`
	}
	tweet := func(id, text string) string {
		return `{"tweet":{"id":"` + id + `","id_str":"` + id + `","created_at":"Tue Nov 08 09:00:00 +0000 2022","full_text":"` + text + `","entities":{"urls":[]}}}`
	}
	file := zipOf(t, nil,
		"data/account.js", `window.YTD.account.part0 = [ {"account":{"accountId":"7","username":"ada","accountDisplayName":"Ada"}} ]`,
		"data/tweets.js", "window.YTD.tweets.part0 = ["+tweet("1590000000000000001", begun+"… https://t.co/abc")+","+tweet("1590000000000000002", "The ferry")+"]",
		"data/tweets-part1.js", "window.YTD.tweets.part1 = ["+tweet("1590000000000000003", "a second part")+"]",
		"data/community-tweet.js", "window.YTD.community_tweet.part0 = ["+tweet("1590000000000000004", "to a community")+"]",
		"data/note-tweet.js", "window.YTD.note_tweet.part0 = ["+note("1590000000000000000", "2022-11-08T09:00:01.000Z", begun+" whoever asks again will be told the same.")+","+
			note("1590000000000000009", "2022-11-08T09:00:00.000Z", "Something else of the same second, which is as long as it has to be")+"]",
		"data/deleted-tweet-headers.js", `window.YTD.deleted_tweet_headers.part0 = [ {"tweet":{"tweet_id":"1590000000000000005","user_id":"7"}} ]`,
		"assets/\xe4\xf6\xfc.png", "x")
	a := newArchive(t)
	if err := a.give(t, "mine.zip", file); err != nil || a.count(Kept) != 4 || a.count(Skipped) != 2 {
		t.Fatalf("%+v, %v", a.items, err)
	}
	for id, want := range map[string]string{"1590000000000000001": begun + " whoever asks again will be told the same.", "1590000000000000002": "The ferry",
		"1590000000000000003": "a second part", "1590000000000000004": "to a community"} {
		h, err := a.o.Archive.History(t.Context(), post.Ref{Platform: post.Twitter, ID: id})
		if err != nil {
			t.Fatal(err)
		}
		if got := h.Best().Content.Post; got.Text != want || got.Author.Handle != "ada" {
			t.Errorf("%s says %q, by %+v", id, got.Text, got.Author)
		}
	}
	if err := a.give(t, "mine.zip", file); err != nil || a.count(Kept)+a.count(Merged) != 0 {
		t.Errorf("again: %+v, %v", a.items, err)
	}
	if err := a.give(t, "deleted-tweet-headers.js", []byte(`window.YTD.deleted_tweet_headers.part0 = [ ]`)); err == nil || !strings.Contains(err.Error(), "deleted_tweet_headers, not posts") {
		t.Errorf("headers of deleted posts: %v", err)
	}
}

// TestSavedLists: what browsers and services for reading later export are wishes
// to capture, and no words of posts.
func TestSavedLists(t *testing.T) {
	const one, two = "https://x.com/ada/status/20", "https://gazette.example/a"
	for name, file := range map[string]string{
		"bookmarks-2026-03-01.json": `{"guid":"root________","title":"","index":0,"dateAdded":1,"id":1,"typeCode":2,"type":"text/x-moz-place-container","root":"placesRoot","children":[` +
			`{"title":"uri","iconuri":"https://icons.example/x","type":"text/x-moz-place","uri":"` + one + `"},{"title":"tags","uri":"place:sort=8"},{"children":[{"title":"url","uri":"` + two + `"}]}]}`,
		"Bookmarks": "{\n  \"checksum\": \"0\",\n  \"roots\": {\"bookmark_bar\": {\"children\": [{\"name\": \"url\", \"type\": \"url\", \"url\": \"" + one + "\"}, " +
			"{\"children\": [{\"type\": \"url\", \"url\": \"" + two + "\", \"meta_info\": {\"url\": [\"https://no.example/\"]}}], \"type\": \"folder\"}], \"name\": \"Bar\"}}, \"version\": 1}",
		"pocket.csv":     "title,url,time_added,tags,status\nA post," + one + ",1700000000,boats,unread\nA story," + two + ",1700000000,,archive\n",
		"instapaper.csv": "URL,Title,Selection,Folder,Timestamp\n" + one + ",A post,,Unread,1700000000\n" + two + ",A story,,Unread,1700000000\n",
		"raindrop.csv": "id,title,note,excerpt,url,folder,tags,created,cover,highlights,favorite\n1,A post on X,,what it says," + one + ",Boats,,2024-01-01T00:00:00.000Z,,,false\n" +
			"2,A story,,what it says," + two + ",Boats,,2024-01-01T00:00:00.000Z,,,false\n",
	} {
		a := newArchive(t)
		if err := a.give(t, name, []byte(file)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := strings.Join(a.queued, " "); got != one+" "+two {
			t.Errorf("%s: queued are %q of %+v", name, got, a.items)
		}
	}
}

// TestRefusedWithAdvice: what is not read is named, with what to do.
func TestRefusedWithAdvice(t *testing.T) {
	for file, want := range map[string]string{"SQLite format 3\x00\x10\x00": "index.json", "mozLz40\x00\x00\x00\x00\x00{": "Firefox"} {
		a := newArchive(t)
		if err := a.give(t, "x", []byte(file)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", file, err)
		}
	}
}

// TestTwarcCSV: what `twarc2 csv` writes, with the names of columns that it has.
func TestTwarcCSV(t *testing.T) {
	a := newArchive(t)
	const file = "id,conversation_id,referenced_tweets.replied_to.id,author_id,created_at,text,lang,author.id,author.username,author.name,__twarc.retrieved_at\n" +
		"1590000000000000001,1590000000000000001,,7,2022-11-08T09:00:00.000Z,\"Two boats,\none harbour\",en,7,ada,Ada F.,2022-11-09T00:00:00Z\n"
	if err := a.give(t, "tweets.csv", []byte(file)); err != nil || a.count(Kept) != 1 {
		t.Fatalf("%+v, %v", a.items, err)
	}
	h, err := a.o.Archive.History(context.Background(), post.Ref{Platform: post.Twitter, ID: "1590000000000000001"})
	if err != nil {
		t.Fatal(err)
	}
	if p := h.Best().Content.Post; p.Text != "Two boats,\none harbour" || p.Author.Handle != "ada" || p.Author.Name != "Ada F." || p.Author.ID != "7" || p.PostedFrom != "stated" {
		t.Errorf("%+v", p)
	}
}

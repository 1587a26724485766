package box_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stet/extract"
	"stet/extract/box"
	"stet/extract/post"
	"stet/extract/sites"
)

const id = "1990000000000000001"

func tweet(id string) []post.Ref { return []post.Ref{{Platform: post.Twitter, ID: id}} }

func TestPosts(t *testing.T) {
	f := extract.NewFinder(sites.All())
	sky := []post.Ref{{Platform: post.Bluesky, ID: "at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/app.bsky.feed.post/3kaaaaaaaaa2a"}}
	for text, want := range map[string][]post.Ref{
		"https://twitter.com/ada/status/" + id:                                            tweet(id),
		"  https://x.com/ada/status/" + id + "?s=20&t=abc  ":                              tweet(id),
		"mobile.twitter.com/ada/status/" + id + "/photo/1":                                tweet(id),
		"<https://x.com/i/web/status/" + id + ">":                                         tweet(id),
		"[a tweet](https://x.com/ada/status/" + id + ")":                                  tweet(id),
		"https://nitter.net/ada/status/" + id + "#m":                                      tweet(id),
		"https://web.archive.org/web/20240102030405/https://twitter.com/ada/status/" + id: tweet(id),
		"https://archive.ph/2024.01.02-030405/https://twitter.com/ada/status/" + id:       tweet(id),
		"web.archive.org/web/2024id_/https://twitter.com/ada/status/" + id:                tweet(id),
		"https://archive.today/newest/https://twitter.com/ada/status/" + id:               tweet(id),
		"https://www.google.com/url?q=https://twitter.com/ada/status/" + id + "&sa=D":     tweet(id),
		"https://l.facebook.com/l.php?u=https%3A%2F%2Fx.com%2Fada%2Fstatus%2F" + id:       tweet(id),
		"https://www.google.com/amp/s/twitter.com/ada/status/" + id:                       tweet(id),
		"https%3A%2F%2Ftwitter.com%2Fada%2Fstatus%2F" + id:                                tweet(id),
		"twitter:" + id: tweet(id),
		"x:" + id:       tweet(id),
		"https://bsky.app/profile/did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/post/3kaaaaaaaaa2a":   sky,
		"at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/app.bsky.feed.post/3kaaaaaaaaa2a":         sky,
		"bluesky:at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/app.bsky.feed.post/3kaaaaaaaaa2a": sky,
		"youtube:jNQXAC9IVRw":          {{Platform: post.YouTube, ID: "jNQXAC9IVRw"}},
		"https://youtu.be/jNQXAC9IVRw": {{Platform: post.YouTube, ID: "jNQXAC9IVRw"}},
		"https://t.me/harbournews/12":  {{Platform: post.Telegram, ID: "harbournews/12"}},
		// What sharing gives.
		"Ada Bridge (@adabridge) on X: the bridge opens https://x.com/adabridge/status/" + id + "?s=46": tweet(id),
		"https://x.com/a/status/1990000000000000002 https://x.com/a/status/" + id:                       {tweet("1990000000000000002")[0], tweet(id)[0]},
		// Snippets.
		`<blockquote class="twitter-tweet"><p lang="en" dir="ltr">The bridge opens.</p>&mdash; Ada (@adabridge) <a href="https://twitter.com/adabridge/status/` + id +
			`?ref_src=x">March 5, 2024</a></blockquote> <script async src="https://platform.twitter.com/widgets.js" charset="utf-8"></script>`: tweet(id),
		`<iframe width="560" height="315" src="https://www.youtube.com/embed/jNQXAC9IVRw" title="x" allowfullscreen></iframe>`: {{Platform: post.YouTube, ID: "jNQXAC9IVRw"}},
		`<a href="https://x.com/ada/status/` + id + `">so</a>`:                                                                 tweet(id),
	} {
		q := box.Parse(f, text)
		if q.Kind != box.KindPost {
			t.Errorf("%s: it is read as %+v", text, q)
		}
		if diff := cmp.Diff(want, q.Refs); diff != "" {
			t.Errorf("%s: -want +got:\n%s", text, diff)
		}
	}
}

func TestOtherThings(t *testing.T) {
	f := extract.NewFinder(sites.All())
	long := "I never said that the bridge would open on Monday, nor on any other day of the week."
	for text, want := range map[string]box.Query{
		"":                                  {Kind: box.KindEmpty},
		" \u200b\n\ufeff\t":                 {Kind: box.KindEmpty},
		"@ada":                              {Kind: box.KindAccount, Handle: "ada", Words: "@ada"},
		"＠ada":                              {Kind: box.KindAccount, Handle: "ada", Words: "＠ada"},
		"@ada@moose.example":                {Kind: box.KindAccount, Handle: "ada@moose.example", Words: "@ada@moose.example"},
		"acct:ada@moose.example":            {Kind: box.KindAccount, Handle: "ada@moose.example"},
		"bluesky:@ada.example":              {Kind: box.KindAccount, Platform: post.Bluesky, Handle: "ada.example"},
		"x:@ada":                            {Kind: box.KindAccount, Platform: post.Twitter, Handle: "ada"},
		"https://x.com/ada":                 {Kind: box.KindAccount, Platform: post.Twitter, Handle: "ada", URL: "https://x.com/ada"},
		"https://t.co/abcDEF1234":           {Kind: box.KindShort, Platform: post.Twitter, URL: "https://t.co/abcDEF1234"},
		"https://news.example/story?id=1":   {Kind: box.KindAddress, URL: "https://news.example/story?id=1"},
		"news.example/story":                {Kind: box.KindAddress, URL: "https://news.example/story"},
		"https://social.example/@ada":       {Kind: box.KindAddress, URL: "https://social.example/@ada", Handle: "ada@social.example"},
		"https://Social.example/users/ada/": {Kind: box.KindAddress, URL: "https://Social.example/users/ada/", Handle: "ada@social.example"},
		"https://a.example/@ada@b.example":  {Kind: box.KindAddress, URL: "https://a.example/@ada@b.example", Handle: "ada@b.example"},
		"https://news.example/@ada/story":   {Kind: box.KindAddress, URL: "https://news.example/@ada/story"},
		"http://localhost:8484/x":           {Kind: box.KindAddress, URL: "http://localhost:8484/x"},
		"https://web.archive.org/web/2024id_/http://news.example/story": {Kind: box.KindAddress, URL: "http://news.example/story",
			Archived: "https://web.archive.org/web/2024id_/http://news.example/story"},
		"https://www.google.com/url?sa=t&url=https%3A%2F%2Fnews.example%2Fstory": {Kind: box.KindAddress, URL: "https://news.example/story"},
		"https://news-example.cdn.ampproject.org/c/s/news.example/story/amp":     {Kind: box.KindAddress, URL: "https://news.example/story/amp", Also: []string{"https://news.example/story"}},
		"https://amp.news.example/story?outputType=amp":                          {Kind: box.KindAddress, URL: "https://amp.news.example/story?outputType=amp", Also: []string{"https://news.example/story"}},
		"https://archive.ph/AbCdE":                                               {Kind: box.KindAddress, URL: "https://archive.ph/AbCdE"},
		"https://www.news.example/":                                              {Kind: box.KindDomain, Domain: "news.example", URL: "https://www.news.example/"},
		"news.example":                                                           {Kind: box.KindDomain, Domain: "news.example", Handle: "news.example", Words: "news.example", URL: "https://news.example"},
		"bridge":                                                                 {Kind: box.KindWords, Words: "bridge"},
		"3.5":                                                                    {Kind: box.KindWords, Words: "3.5"},
		"closed bridge":                                                          {Kind: box.KindWords, Words: "closed bridge"},
		"#SaveTheBridge":                                                         {Kind: box.KindWords, Words: "#SaveTheBridge"},
		"橋が開く":                                                                   {Kind: box.KindWords, Words: "橋が開く"},
		"🌉":                                                                      {Kind: box.KindWords, Words: "🌉"},
		`"stays open" bridge`:                                                    {Kind: box.KindWords, Words: `"stays open" bridge`},
		"a < b > c":                                                              {Kind: box.KindWords, Words: "a < b > c"},
		"<p>the bridge</p>":                                                      {Kind: box.KindWords, Words: "the bridge"},
		long:                                                                     {Kind: box.KindQuote, Words: long, Quoted: extract.Quoted{Text: long}},
		"“" + long + "”":                                                         {Kind: box.KindQuote, Words: "“" + long + "”", Quoted: extract.Quoted{Text: long}},
		"It opens. Or not? We will see.":                                         {Kind: box.KindQuote, Words: "It opens. Or not? We will see.", Quoted: extract.Quoted{Text: "It opens. Or not? We will see."}},
		"bridge from:@Ada since:2024-01-02 until:2024-02-30 status:gone": {Kind: box.KindWords, Words: "bridge until:2024-02-30",
			Filters: box.Filters{Authors: []string{"ada"}, Since: "2024-01-02", Statuses: []string{"gone"}}},
		"from:ada":            {Kind: box.KindWords, Filters: box.Filters{Authors: []string{"ada"}}},
		"Status:quo bridge":   {Kind: box.KindWords, Words: "Status:quo bridge"},
		"bridge “status:gone": {Kind: box.KindWords, Words: "bridge “status:gone"},
	} {
		if diff := cmp.Diff(want, box.Parse(f, text)); diff != "" {
			t.Errorf("%q: -want +got:\n%s", text, diff)
		}
	}
}

func TestFlattened(t *testing.T) {
	q := box.Parse(extract.NewFinder(sites.All()), "The bridge opens on Monday. https://t.co/cCoQk0S9Gi — Ada Bridge (@adabridge) March 5, 2024")
	if q.Kind != box.KindQuote || q.Quoted.Handle != "adabridge" || q.Quoted.Date != "2024-03-05" || !strings.HasPrefix(q.Quoted.Text, "The bridge opens") || strings.Contains(q.Words, "@adabridge") {
		t.Errorf("got %+v", q)
	}
}

func TestIDs(t *testing.T) {
	f := extract.NewFinder(sites.All())
	q := box.Parse(f, id)
	if q.Kind != box.KindID || q.Refs[0] != tweet(id)[0] || q.Words != id || len(q.Refs) < 2 {
		t.Errorf("a number is read as %+v", q)
	}
	for text, want := range map[string]post.Ref{"jNQXAC9IVRw": {Platform: post.YouTube, ID: "jNQXAC9IVRw"}, "CabcDEF1234": {Platform: post.Instagram, ID: "CabcDEF1234"},
		"harbournews/12": {Platform: post.Telegram, ID: "harbournews/12"}} {
		q := box.Parse(f, text)
		found := false
		for _, ref := range q.Refs {
			found = found || ref == want
		}
		if q.Kind != box.KindID || !found {
			t.Errorf("%s is read as %+v", text, q)
		}
	}
}

// FuzzParse: whatever is pasted means something, twice the same, and what is
// set fits the kind.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"https://x.com/ada/status/20", "@a", "<blockquote>", "news.example", "«a» b", "from:x y:z", "[x](y://", "at://", "1", "a:b", "x://y://z", "\xff<p>", "https://t.co/%zz"} {
		f.Add(s)
	}
	finder := extract.NewFinder(sites.All())
	f.Fuzz(func(t *testing.T, text string) {
		q := box.Parse(finder, text)
		if diff := cmp.Diff(q, box.Parse(finder, text)); diff != "" {
			t.Fatalf("twice read, twice different:\n%s", diff)
		}
		var ok bool
		switch q.Kind {
		case box.KindEmpty:
			ok = strings.TrimSpace(strings.ToValidUTF8(text, "?")) == "" || len(text) < 200
		case box.KindPost, box.KindID:
			ok = len(q.Refs) > 0
		case box.KindShort, box.KindAddress:
			ok = q.URL != ""
		case box.KindAccount:
			ok = q.Handle != ""
		case box.KindDomain:
			ok = q.Domain != "" && q.URL != ""
		case box.KindWords:
			ok = q.Words != "" || !q.Filters.IsZero()
		case box.KindQuote:
			ok = q.Quoted.Text != ""
		}
		for _, ref := range q.Refs {
			ok = ok && ref.Valid()
		}
		if !ok {
			t.Errorf("%q is read as %+v", text, q)
		}
	})
}

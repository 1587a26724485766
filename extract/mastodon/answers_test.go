package mastodon

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"stet/extract"
	"stet/extract/post"
	"stet/extract/sitetest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// readGolden calls the reader that a golden file names.
func readGolden(t *testing.T, q sitetest.Question) any {
	t.Helper()
	ref := post.Ref{Platform: post.Mastodon, ID: sampleHost + "/" + sampleID}
	if s, ok := q.Head["ref"]; ok {
		var err error
		if ref, err = post.ParseRef(s); err != nil {
			t.Fatal(err)
		}
	}
	switch q.Head["read"] {
	case "status":
		answer := ReadStatus(ref, q.Response)
		if len(q.More) > 0 && q.More[0].Name == "history" {
			ReadHistory(answer.Parsed, extract.Response{StatusCode: 200, ContentType: "application/json", Body: q.More[0].Data})
		}
		return sitetest.Dump(answer)
	case "activity":
		return sitetest.Dump(ReadActivity(ref, q.Head["address"], q.Response))
	case "oembed":
		return sitetest.Dump(ReadOEmbed(ref, q.Response))
	case "account":
		return sitetest.Dump(ReadAccount(q.Head["handle"], q.Response))
	}
	t.Fatalf("nothing is called %q", q.Head["read"])
	return nil
}

func TestAnswers(t *testing.T) { sitetest.Golden(t, "testdata/answers", *update, readGolden) }

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		`<p>One<br>two<br /><br/>three</p><p>four</p>`: "One\ntwo\n\nthree\n\nfour",
		"<p>a  b\n c</p>\n<p>d</p>":                    "a b c\n\nd",
		`Plain &amp; <b>bold</b>&nbsp;words`:           "Plain & bold\u00a0words",
		`<p><a href="https://quay.example/@bo" class="u-url mention">@<span>bo</span></a> hi</p>`:                                                                                                       "@bo hi",
		`<p>see <a href="https://harbour.example/tags/Tides" class="mention hashtag" rel="tag">#<span>Tides</span></a></p>`:                                                                             "see #Tides",
		`<a href="https://news.example/a/very/long/path?x=1"><span class="invisible">https://</span><span class="ellipsis">news.example/a/very/lo</span><span class="invisible">ng/path?x=1</span></a>`: "https://news.example/a/very/long/path?x=1",
		`<a href="https://news.example/"><span class="invisible">https://</span><span class="">news.example/</span><span class="invisible"></span></a>`:                                                 "https://news.example/",
		`<a href="https://bridge.example/profile/ada.example/post/3k">bridge.example/profile/ada...</a>`:                                                                                                "https://bridge.example/profile/ada.example/post/3k",
		`read <a href="https://news.example/x">the story</a>.`:                                                                                                                                          "read the story.",
		`<p>Yes<span class="quote-inline"><br><br>RE: <a href="https://quay.example/@bo/112042318430273500">quay.example/@bo/1120</a></span></p>`:                                                       "Yes",
		`<p class="quote-inline">RE: <a href="https://quay.example/@bo/112042318430273500">x</a></p><p>Yes</p>`:                                                                                         "Yes",
		`<pre><code>a
  b</code></pre><ul><li>one</li><li>two</li></ul>`: "a\nb\n\none\ntwo",
		`x <img class="emoji" alt=":anchor:" src="https://harbour.example/a.png"> y<script>alert(1)</script>`: "x :anchor: y",
		`:anchor: stays`:                       ":anchor: stays",
		`<a href="javascript:alert(1)">no</a>`: "no",
		``:                                     "",
		strings.Repeat("<div>", 2000) + "deep": "",
	} {
		if got := read(in).text; got != want {
			t.Errorf("%.120q:\n got %q\nwant %q", in, got, want)
		}
	}
	got := read(`<a href="https://news.example/a/very/long"><span class="invisible">https://</span><span class="ellipsis">news.example/a/ve</span><span class="invisible">ry/long</span></a>`)
	if diff := cmp.Diff([]post.Link{{URL: "https://news.example/a/very/long", Display: "news.example/a/ve…"}}, got.links); diff != "" {
		t.Error(diff)
	}
}

func TestIsInstance(t *testing.T) {
	for body, want := range map[string]bool{
		`{"uri":"harbour.example","title":"Harbour","version":"4.4.1"}`:           true,
		`{"domain":"harbour.example","version":"4.4.1"}`:                          true,
		`{"uri":"https://akkoma.example","version":"2.7.2 (compatible; Akkoma)"}`: true,
		`{"error":"Not Found"}`: false, `{}`: false, `[]`: false, ``: false, `{"version":"1"}`: false,
	} {
		if got := IsInstance(jsonAnswer(200, body)); got != want {
			t.Errorf("%s: %v", body, got)
		}
		if IsInstance(jsonAnswer(404, body)) || IsInstance(extract.Response{StatusCode: 200, ContentType: "text/html", Body: []byte(body)}) {
			t.Errorf("%s is believed with 404 or as a page", body)
		}
	}
}

func TestOtherIDs(t *testing.T) {
	for id, want := range map[string]string{
		"9n2ciuz1wdesFnrGJU":         "2019-09-18T08:28:47.357Z",
		"01HXYZ0000ABCDEFGHJKMNPQRS": "2024-05-15T20:27:11.744Z",
	} {
		got, ok := Time(id)
		if !ok || got.Format("2006-01-02T15:04:05.000Z07:00") != want {
			t.Errorf("%s: %v, %v", id, got, ok)
		}
		target, ok := Site{}.PostByID("quay.example/" + id)
		if !ok || target.Posted != got || refOf(target.URL) != target.Ref {
			t.Errorf("%s: %+v", id, target)
		}
	}
	for _, id := range []string{"zzzzzzzzzzzzzzzzzz", "9n2ciuz1wdesFnrGJ", "81HXYZ0000ABCDEFGHJKMNPQRS", "01hxyz0000abcdefghjkmnpqrs"} {
		if got, ok := Time(id); ok {
			t.Errorf("%s: %v", id, got)
		}
	}
	for address, want := range map[string]string{
		"https://quay.example/notice/9n2ciuz1wdesFnrGJU":                    "quay.example/9n2ciuz1wdesFnrGJU",
		"https://quay.example/@bo/statuses/01HXYZ0000ABCDEFGHJKMNPQRS":      "quay.example/01HXYZ0000ABCDEFGHJKMNPQRS",
		"https://quay.example/users/bo/statuses/01HXYZ0000ABCDEFGHJKMNPQRS": "quay.example/01HXYZ0000ABCDEFGHJKMNPQRS",
		"https://quay.example/notice/harbour-closed-now":                    "",
		"https://quay.example/@bo/9n2ciuz1wdesFnrGJU":                       "",
		"https://quay.example/notice/112042318430273537":                    "quay.example/112042318430273537",
	} {
		if got := refOf(address); got.ID != want {
			t.Errorf("%s: %v", address, got)
		}
	}
}

// checkAnswer checks what holds for every answer.
func checkAnswer(t *testing.T, a *extract.Answer) {
	t.Helper()
	switch {
	case !a.Status.Known() || a.Reason == "":
		t.Errorf("no status or no reason: %+v", a)
	case a.Transport && (a.Status != post.Unknown || a.Explicit || a.Parsed != nil):
		t.Errorf("trouble that speaks of the post: %+v", a)
	case a.Status == post.Live && (a.Parsed == nil || !a.Explicit):
		t.Errorf("alive without a post: %+v", a)
	case a.Status.Gone() && a.Parsed != nil:
		t.Errorf("gone with a post: %+v", a)
	case a.Explicit && a.Status.Gone() && a.Words == "":
		t.Errorf("gone by statement, without words: %+v", a)
	}
	if a.Parsed == nil {
		return
	}
	if a.Parsed.Post.Ref() != harbour() {
		t.Errorf("another post: %v", a.Parsed.Post.Ref())
	}
	seen := map[post.Ref]bool{}
	for _, one := range append([]post.Post{a.Parsed.Post}, a.Parsed.Related...) {
		if !one.Ref().Valid() || seen[one.Ref()] {
			t.Errorf("invalid or repeated reference %v", one.Ref())
		}
		seen[one.Ref()] = true
		for _, r := range append([]post.Ref{one.Quoted, one.Parent, one.Reposted}, one.Aliases...) {
			if !r.IsZero() && !r.Valid() {
				t.Errorf("invalid reference %v", r)
			}
		}
		if !utf8.ValidString(one.Text) || one.Text != strings.TrimSpace(one.Text) || one.PostedFrom == "" != one.Posted.IsZero() {
			t.Errorf("text %q posted %v from %q", one.Text, one.Posted, one.PostedFrom)
		}
		b, err := json.Marshal(one)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, new(post.Post)); err != nil {
			t.Fatalf("%v in %s", err, b)
		}
	}
}

// addBodies adds the bodies of the golden files whose names begin so.
func addBodies(f *testing.F, prefix string) {
	f.Helper()
	files, err := filepath.Glob("testdata/answers/" + prefix + "*.txtar")
	if err != nil || len(files) == 0 {
		f.Fatal("no golden files", err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(200, a.Files[0].Data)
		f.Add(404, a.Files[0].Data)
	}
}

func FuzzStatus(f *testing.F) {
	addBodies(f, "status")
	f.Fuzz(func(t *testing.T, code int, body []byte) {
		a := ReadStatus(harbour(), jsonAnswer(code, string(body)))
		checkAnswer(t, &a)
		if a.Parsed != nil {
			ReadHistory(a.Parsed, jsonAnswer(200, string(body)))
		}
		page := ReadStatus(harbour(), extract.Response{StatusCode: code, ContentType: "text/html", Body: body})
		if page.Status != post.Unknown {
			t.Errorf("a page says %+v", page)
		}
	})
}

func FuzzActivity(f *testing.F) {
	addBodies(f, "activity")
	f.Fuzz(func(t *testing.T, code int, body []byte) {
		a := ReadActivity(harbour(), sampleAddress, jsonAnswer(code, string(body)))
		checkAnswer(t, &a)
		page := ReadActivity(harbour(), sampleAddress, extract.Response{StatusCode: code, ContentType: "text/html", Body: body})
		if page.Status != post.Unknown {
			t.Errorf("a page says %+v", page)
		}
	})
}

func FuzzOEmbed(f *testing.F) {
	addBodies(f, "oembed")
	f.Fuzz(func(t *testing.T, code int, body []byte) {
		a := ReadOEmbed(harbour(), jsonAnswer(code, string(body)))
		checkAnswer(t, &a)
		ReadAccount("ada", jsonAnswer(code, string(body)))
	})
}

func FuzzText(f *testing.F) {
	f.Add(`<p>One<br>two <a href="https://news.example/x"><span class="invisible">https://</span>news</a></p><pre>a
b</pre>`)
	f.Fuzz(func(t *testing.T, content string) {
		s := read(content)
		if s.text != strings.TrimSpace(s.text) || strings.Contains(s.text, "\n\n\n\n") || len(s.text) > 4*len(content)+16 {
			t.Errorf("%q gives %q", content, s.text)
		}
	})
}

package web

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"stet/archiver"
	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

// privatePost adds a post that is confirmed gone, approved, and shown by an article
// of a source; how says why it is private.
func (w *world) privatePost(how string) (ref post.Ref, article string) {
	w.t.Helper()
	ref = post.Ref{Platform: post.Twitter, ID: "1990000000000000077"}
	article = "https://staging.example/draft"
	v := &store.ArticleVersion{Time: w.at.Add(-30 * time.Hour), URL: article, Key: store.ArticleKey(article), Title: "Draftwords", Origin: "web", Source: "intranet",
		Mentions: []store.Mention{{Kind: "embed", Ref: ref, Positions: []int{1}}}, Private: how == "only a private article shows it"}
	var id store.ID
	if how != "captured so" { // a public story would make it public
		id = w.add(v)
	}
	x := w.exchanged("https://cdn.example/tweet-result?id="+ref.ID, "application/json", `{"text":"hushwords"}`, w.at.Add(-30*time.Hour))
	digest := w.blob(png + " hushpicture")
	c := w.add(&store.Capture{Time: w.at.Add(-30 * time.Hour), Kind: store.CapturePost, Ref: ref, URL: tweet(ref), Source: post.SourcePublic, Exchanges: []store.ID{x}, Article: id,
		Private: how == "captured so", Media: []store.MediaFile{{URL: "https://pbs.example/y.png", Digest: digest, Type: "image/png"}}})
	w.add(&store.Derivation{Time: w.at.Add(-30 * time.Hour), Capture: c, Parser: "twitter/syndication@1", Source: post.SourcePublic, Ref: ref,
		Post: post.Post{Platform: ref.Platform, ID: ref.ID, URL: tweet(ref), Text: "hushwords", Author: post.Author{Name: "Cleo Hush", Handle: "cleohush", ID: "8"}, Posted: w.at.Add(-72 * time.Hour),
			Media: []post.Media{{Kind: "photo", URL: "https://pbs.example/y.png", Digest: digest.String(), Type: "image/png"}}}})
	w.lost(ref, post.Deleted, archiver.EventGone)
	w.approved(store.Approval{Ref: ref})
	w.ids["private capture"], w.ids["private digest"], w.ids["private exchange"] = c.String(), digest.String(), x.String()
	switch how {
	case "decided of the post":
		w.add(&store.Privacy{Time: w.at, Ref: ref, Reason: "r"})
	case "decided of its article":
		w.add(&store.Privacy{Time: w.at, URL: article, Reason: "r"})
	case "decided of the source":
		w.add(&store.Privacy{Time: w.at, Source: "intranet", Reason: "r"})
	}
	return ref, article
}

// TestPrivateIsNotThere walks over everything that somebody outside can ask for: a
// post that is private, whyever, is answered as one that was never heard of, under
// every policy; nothing beside tells of it; and what the desk gives away leaves it
// out.
func TestPrivateIsNotThere(t *testing.T) {
	unheard := post.Ref{Platform: post.Twitter, ID: "1990000000000000078"}
	for _, how := range []string{"captured so", "only a private article shows it", "decided of the post", "decided of its article", "decided of the source", ""} {
		for name, policy := range map[string]Public{"approved": {}, "all": {Policy: view.PublicPolicy{Gone: "all", Hidden: true}}, "neutral": {Policy: view.PublicPolicy{Gone: "none"}, Neutral: true}} {
			t.Run(how+" "+name, func(t *testing.T) {
				w := newWorld(t, func(o *Options) { o.Public = policy })
				ref, article := w.privatePost(how)
				ask := func(path string) string {
					rec := w.outside(path, nil)
					return fmt.Sprintln(rec.Code, rec.Header()["Link"], rec.Header()["Location"], rec.Header()["Memento-Datetime"], rec.Body)
				}
				paths := func(ref post.Ref) []string {
					r, q := url.PathEscape(ref.String()), url.QueryEscape(tweet(ref))
					return []string{"/post/" + r, "/card/" + r, "/card/" + r + "?embed=1", "/card/" + r + "/media/0", "/oembed?url=" + q, "/oembed?format=xml&url=" + q, "/repair?u=" + q,
						"/repair?u=" + url.QueryEscape(tweet(goneRef())) + "&u=" + q, "/timegate/" + tweet(ref), "/timemap/link/" + tweet(ref), "/timemap/json/" + tweet(ref),
						"/memento/20260301030000/" + tweet(ref), "/memento/20260301030000id_/" + tweet(ref), "/cdx?url=" + q, "/cdx?url=x.com/ada/status/" + ref.ID + "&output=json", "/gone.atom?q=" + ref.ID}
				}
				differs := 0
				other := paths(unheard)
				for i, path := range paths(ref) {
					got, want := ask(path), strings.ReplaceAll(ask(other[i]), unheard.ID, ref.ID)
					if got != want {
						differs++
						if how != "" {
							t.Errorf("%s says\n%s\nof a post that was never heard of it says\n%s", path, got, want)
						}
					}
				}
				if how == "" && differs == 0 { // it is as public as can be
					t.Error("nothing tells of a post that is not private, so that the test proves nothing")
				}
				if how == "" {
					return
				}
				for _, path := range []string{"/", "/robots.txt", "/stet.js", "/gone.atom", "/cdx?url=x.com/*", "/cdx?url=staging.example&matchType=domain", "/oembed?url=" + url.QueryEscape(article), "/timemap/link/" + article,
					"/timegate/" + article, "/memento/20260301030000/" + article, "/c/" + w.ids["private capture"], "/media/" + w.ids["private digest"], "/raw/" + w.ids["private exchange"]} {
					w.silent(t, path, ask(path))
				}
				feed := w.inside("/gone.atom", nil)
				if feed.Code != 200 || !strings.Contains(feed.Body.String(), goneRef().ID) {
					t.Errorf("the feed: %d %s", feed.Code, feed.Body)
				}
				w.silent(t, "the feed", feed.Body.String())
			})
		}
	}
}

// silent fails the test where an answer tells of the private post.
func (w *world) silent(t *testing.T, path, answer string) {
	t.Helper()
	for _, secret := range []string{"hushwords", "leohush", "Cleo Hush", "hushpicture", "Draftwords", "0000077", w.ids["private digest"]} {
		if strings.Contains(answer, secret) && !strings.Contains(path, secret) {
			t.Errorf("%s tells %q: %s", path, secret, answer)
		}
	}
}

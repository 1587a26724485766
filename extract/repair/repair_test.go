package repair

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"stet/extract"
	"stet/extract/post"
	"stet/extract/sites"
)

func finder() *extract.Finder { return extract.NewFinder(sites.All()) }

func gone() post.Ref { return post.Ref{Platform: post.Twitter, ID: "1990000000000000001"} }

// kept finds a copy of the post that is gone.
func kept(ref post.Ref) (Copy, bool) {
	return Copy{Card: "https://stet.example/card/" + ref.String(), Title: `A "post"`, Height: 300, Version: "https://stet.example/memento/20260228170000/https://x.com/ada/status/" + ref.ID, Date: "2026-02-28"}, ref == gone()
}

func none(post.Ref) (Copy, bool) { return Copy{}, false }

const tweet = `<blockquote class="twitter-tweet" data-lang="en"><p>words <blockquote>inner</blockquote></p>&mdash; <a href='https://twitter.com/ada/status/1990000000000000001?ref_src=x'>1 March</a></blockquote>`

const page = "<!DOCTYPE HTML>\r\n<title>\"story\" & <b></title><P Class=x>A <a HREF=https://x.com/ada/status/1990000000000000001>link</a>,\n <a href=\"https://x.com/ada/status/2\" >alive</a>\n" +
	tweet + "<script>var s = '" + `<blockquote class="twitter-tweet">'` + "</script>\n<!-- " + tweet + " --><IFRAME src='https://platform.twitter.com/embed/Tweet.html?id=1990000000000000001'></IFRAME><iframe src=/own></iframe>\x00\xff<p"

func TestRewrite(t *testing.T) {
	out, changes := Rewrite([]byte(page), finder(), kept)
	var what []string
	for _, c := range changes {
		what = append(what, c.What)
	}
	if want := []string{"link", "embed", "embed"}; !slices.Equal(what, want) || changes[1].Line != 4 {
		t.Fatalf("%+v\n%s", changes, out)
	}
	got := string(out)
	for _, want := range []string{
		`<a HREF=https://x.com/ada/status/1990000000000000001 data-originalurl="https://x.com/ada/status/1990000000000000001" data-versionurl="https://stet.example/memento/20260228170000/https://x.com/ada/status/1990000000000000001" data-versiondate="2026-02-28">link</a>`,
		`<figure class="stet" data-stet="twitter:1990000000000000001"><iframe src="https://stet.example/card/twitter:1990000000000000001" title="A &#34;post&#34;" height="300"`,
		`data-originalurl="https://twitter.com/ada/status/1990000000000000001?ref_src=x"`,
		templateStart + tweet + `</template></figure><!--/stet-->`,
		"<!-- " + tweet + " -->", `<a href="https://x.com/ada/status/2" >alive</a>`, "<iframe src=/own></iframe>\x00\xff<p",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("it lacks %s\n%s", want, got)
		}
	}
	// Twice is once.
	again, changes := Rewrite(out, finder(), kept)
	if len(changes) > 0 || !bytes.Equal(again, out) {
		t.Errorf("again: %+v", changes)
	}
	// When the posts are back, the embeds are.
	back, changes := Rewrite(out, finder(), none)
	if len(changes) != 2 || changes[0].What != "restored" || !strings.Contains(string(back), "\n"+tweet+"<script>") || strings.Contains(string(back), "<figure") {
		t.Errorf("restored: %+v\n%s", changes, back)
	}
	if same, changes := Rewrite([]byte(page), finder(), none); len(changes) > 0 || string(same) != page {
		t.Errorf("without copies: %+v", changes)
	}
	if refs := Posts(out, finder()); !slices.Contains(refs, gone()) || len(refs) != 2 {
		t.Errorf("posts %v", refs)
	}
}

func TestForms(t *testing.T) {
	for _, embed := range []string{
		`<blockquote class="bluesky-embed" data-bluesky-uri="at://did:plc:abc/app.bsky.feed.post/3k">x</blockquote>`,
		`<blockquote class="instagram-media" data-instgrm-permalink="https://www.instagram.com/p/CabcdefGhij/?utm_source=x">x</blockquote>`,
		`<blockquote class="tiktok-embed" cite="https://www.tiktok.com/@ada/video/7111111111111111111"><section></section></blockquote>`,
		`<iframe src="//www.youtube.com/embed/dQw4w9WgXcQ" width=5></iframe>`,
		`<div class="fb-post" data-href="https://www.facebook.com/ada/posts/10158000000000001"></div>`,
		`<amp-twitter data-tweetid="1990000000000000001" layout="responsive"></amp-twitter>`,
	} {
		var asked []post.Ref
		out, changes := Rewrite([]byte("a"+embed+"b"), finder(), func(ref post.Ref) (Copy, bool) {
			asked = append(asked, ref)
			return Copy{Card: "c", Version: "v"}, true
		})
		if len(changes) != 1 || !strings.HasPrefix(string(out), "a<figure") || !strings.HasSuffix(string(out), end+"b") {
			t.Errorf("%s: %v %+v\n%s", embed, asked, changes, out)
		}
	}
}

// FuzzRewrite: rewriting never panics, twice is once, and taking back what was
// put in leaves embeds as they were.
func FuzzRewrite(f *testing.F) {
	f.Add([]byte(page))
	f.Add([]byte(`<figure data-stet="twitter:1"><template class="stet-original">x</template></figure><!--/stet-->`))
	f.Add([]byte("<iframe src=https://x.com/a/status/1990000000000000001><blockquote class=twitter-tweet>"))
	fi := finder()
	f.Fuzz(func(t *testing.T, doc []byte) {
		out, _ := Rewrite(doc, fi, kept)
		again, changes := Rewrite(out, fi, kept)
		if !bytes.Equal(again, out) {
			t.Errorf("twice is not once: %+v\n%q\n%q\n%q", changes, doc, out, again)
		}
		if same, _ := Rewrite(doc, fi, none); !bytes.Contains(doc, []byte("data-stet")) && !bytes.Equal(same, doc) {
			t.Errorf("without copies %q becomes %q", doc, same)
		}
	})
}

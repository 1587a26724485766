package facebook

import (
	"flag"
	"testing"

	"stet/extract"
	"stet/extract/sitetest"
)

var update = flag.Bool("update", false, "write the wanted parts of the golden files anew")

func TestParseURL(t *testing.T) {
	const id, opaque = "10160123456789012", "pfbid02abcDEFghiJKLmnoPQRstuVWXyz123456789"
	row := func(in, id, url, handle string) sitetest.URL {
		return sitetest.URL{In: in, Kind: extract.TargetPost, ID: id, URL: "https://www.facebook.com/" + url, Handle: handle}
	}
	framed := func(r sitetest.URL) sitetest.URL { r.Kind = extract.TargetEmbed; return r }
	sitetest.URLs(t, Site{}, []sitetest.URL{
		row("https://www.facebook.com/ada.harbour/posts/"+id, id, "ada.harbour/posts/"+id, "ada.harbour"),
		row("https://m.facebook.com/ada.harbour/posts/"+opaque+"?ref=x", opaque, "ada.harbour/posts/"+opaque, "ada.harbour"),
		row("https://de-de.facebook.com/ada/posts/low-tide-today/"+id+"/", id, "ada/posts/"+id, "ada"),
		row("https://fb.com/ada/posts/"+id, id, "ada/posts/"+id, "ada"),
		row("https://www.facebook.com/123456789/posts/"+id, id, "123456789/posts/"+id, ""),
		row("https://www.facebook.com/123456789_"+id, id, "123456789/posts/"+id, ""),
		row("https://www.facebook.com/permalink.php?story_fbid="+opaque+"&id=100012345678901", opaque, "100012345678901/posts/"+opaque, ""),
		row("https://m.facebook.com/story.php?story_fbid="+id+"&amp;id=123", id, "123/posts/"+id, ""),
		row("https://www.facebook.com/ada/videos/"+id+"/", id, "ada/videos/"+id, "ada"),
		row("https://www.facebook.com/ada/videos/low-tide/"+id+"/?t=5", id, "ada/videos/"+id, "ada"),
		row("https://www.facebook.com/ada/videos/vb.12345678/"+id+"/?type=2", id, "ada/videos/"+id, "ada"),
		row("https://www.facebook.com/watch/?v="+id, id, "watch/?v="+id, ""),
		row("https://www.facebook.com/watch/live/?ref=x&v="+id, id, "watch/?v="+id, ""),
		row("https://www.facebook.com/video.php?v="+id, id, "watch/?v="+id, ""),
		row("https://www.facebook.com/reel/"+id, id, "reel/"+id, ""),
		row("https://www.facebook.com/photo.php?fbid="+id+"&set=a.1.2.3", id, "photo/?fbid="+id, ""),
		row("https://www.facebook.com/photo/?fbid="+id, id, "photo/?fbid="+id, ""),
		row("https://www.facebook.com/ada/photos/a.1.2.3/"+id+"/?type=3", id, "photo/?fbid="+id, "ada"),
		row("https://www.facebook.com/groups/tides/permalink/"+id+"/", id, "groups/tides/posts/"+id, ""),
		row("https://www.facebook.com/groups/12345/posts/"+id, id, "groups/12345/posts/"+id, ""),
		row("https://www.facebook.com/groups/tides?multi_permalinks="+id, id, "groups/tides/posts/"+id, ""),
		row("https://www.facebook.com/notes/ada/low-tide/"+id, id, "notes/ada/"+id, "ada"),
		row("https://www.facebook.com/#!/photo.php?fbid="+id, id, "photo/?fbid="+id, ""),
		row("https://business.facebook.com/ada/posts/"+id, id, "ada/posts/"+id, "ada"),
		row("https://www.facebook.com/login/?next=https%3A%2F%2Fwww.facebook.com%2Fada%2Fposts%2F"+id, id, "ada/posts/"+id, "ada"),
		framed(row("https://www.facebook.com/plugins/post.php?href=https%3A%2F%2Fwww.facebook.com%2Fada%2Fposts%2F"+id+"&show_text=true", id, "ada/posts/"+id, "ada")),
		framed(row("https://www.facebook.com/v2.12/plugins/video.php?app_id=&href=https%3A%2F%2Fwww.facebook.com%2Fada%2Fvideos%2F"+id+"%2F", id, "ada/videos/"+id, "ada")),
		framed(row("https://www.facebook.com/video/embed?video_id="+id, id, "watch/?v="+id, "")),
		row("https://graph.facebook.com/v10.0/oembed_post?url=https%3A%2F%2Fwww.facebook.com%2Fada%2Fposts%2F"+id, id, "ada/posts/"+id, "ada"),
		row("https://graph.facebook.com/ada/videos/"+id+"/", id, "ada/videos/"+id, "ada"),
		{In: "https://fb.watch/aBcDeFgH_1/", Kind: extract.TargetShort, URL: "https://fb.watch/aBcDeFgH_1"},
		{In: "https://www.facebook.com/share/p/AbCdEf12/", Kind: extract.TargetShort, URL: "https://www.facebook.com/share/p/AbCdEf12"},
		{In: "https://www.facebook.com/share/AbCdEf12/?mibextid=x", Kind: extract.TargetShort, URL: "https://www.facebook.com/share/AbCdEf12"},
		{In: "https://www.facebook.com/sharer/sharer.php?u=https://example.org", Kind: extract.TargetIntent},
		{In: "https://www.facebook.com/sharer.php?u=https://example.org", Kind: extract.TargetIntent},
		{In: "https://www.facebook.com/dialog/share?href=x", Kind: extract.TargetIntent},
		{In: "https://www.facebook.com/plugins/like.php?href=https://www.facebook.com/ada/posts/" + id, Kind: extract.TargetIntent},
		{In: "https://www.facebook.com/plugins/post.php?href=https://www.facebook.com/ada", Kind: extract.TargetProfile, URL: "https://www.facebook.com/ada", Handle: "ada"},
		{In: "https://www.facebook.com/ada.harbour/", Kind: extract.TargetProfile, URL: "https://www.facebook.com/ada.harbour", Handle: "ada.harbour"},
		{In: "https://www.facebook.com/profile.php?id=100012345678901", Kind: extract.TargetProfile},
		{In: "https://www.facebook.com/pages/Ada/12345678", Kind: extract.TargetProfile},
		{In: "https://www.facebook.com/events/12345678901", Kind: extract.TargetOther},
		{In: "https://www.facebook.com/hashtag/tide", Kind: extract.TargetOther},
		{In: "https://www.facebook.com/login/?next=x", Kind: extract.TargetOther},
		{In: "https://www.facebook.com/ada/posts/pfbid", Kind: extract.TargetOther},
		{In: "https://www.facebook.com/ada/posts/123…", Kind: extract.TargetOther},
		{In: "https://www.facebook.com/", Kind: extract.TargetOther},
		{In: "https://l.facebook.com/l.php?u=https%3A%2F%2Fexample.org", Kind: extract.TargetOther},
		{In: "https://developers.facebook.com/docs/posts/" + id},
		{In: "https://about.fb.com/news/posts/" + id},
		{In: "https://notfacebook.com/ada/posts/" + id},
		{In: "https://facebook.com.example/ada/posts/" + id},
	})
}

func TestMarkup(t *testing.T) { sitetest.Pages(t, Site{}, "testdata/pages", *update) }

func FuzzParseURL(f *testing.F) {
	sitetest.Fuzz(f, Site{}, "https://www.facebook.com/ada/videos/1234567/", "https://fb.watch/abcd", "https://www.facebook.com/1_123456",
		"https://www.facebook.com/permalink.php?story_fbid=12345&id=1", "https://www.facebook.com/notes/x/y/12345", "https://www.facebook.com/plugins/post.php?href=https://fb.watch/abcd")
}

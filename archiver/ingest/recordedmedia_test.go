package ingest

import (
	"archive/zip"
	"fmt"
	"path"
	"strings"
	"testing"

	"stet/store"
)

// TestRecordedPictures: what a web archive recorded of a post's pictures becomes
// the post's, in files and packages, packed and not, as it was sent, repeated, or
// under another size.
func TestRecordedPictures(t *testing.T) {
	picture := func(n int) string {
		return fmt.Sprintf("\x89PNG\r\n\x1a\n picture %d %s", n, strings.Repeat("p", 3000))
	}
	tweet := func(id int, names ...string) recorded {
		var media []string
		for _, n := range names {
			media = append(media, fmt.Sprintf(`{"id_str":"1","type":"photo","media_url_https":"https://pbs.twimg.com/media/%s","url":"https://t.co/a","indices":[5,20]}`, n))
		}
		list := strings.Join(media, ",")
		return recorded{address: fmt.Sprint("https://api.twitter.com/1.1/statuses/show.json?id=", id), head: asJSON,
			body: fmt.Sprintf(`{"id":%d,"id_str":"%d","created_at":"Tue Nov 08 09:00:00 +0000 2022","full_text":"boat https://t.co/a","user":{"id":7,"id_str":"7","name":"Ada","screen_name":"ada"},"entities":{"media":[%s]},"extended_entities":{"media":[%s]}}`, id, id, list, list)}
	}
	const asPNG = "Content-Type: image/png\r\n"
	chunked := picture(3)
	again := recorded{kind: "revisit", address: "https://pbs.twimg.com/media/d.png", head: asPNG,
		fields: "WARC-Profile: http://netpreserve.org/warc/1.1/revisit/identical-payload-digest\r\n"}
	original := recorded{address: "https://elsewhere.example/d.png", head: asPNG, body: picture(4)}
	again.digest = strings.TrimSpace(strings.SplitN(strings.SplitN(string(original.bytes()), "WARC-Payload-Digest: ", 2)[1], "\r\n", 2)[0])
	records := []recorded{
		tweet(1590000000000000001, "a.png", "b.png", "c.png"), tweet(1590000000000000002, "d.png"), tweet(1590000000000000003, "wrong.png"), tweet(1590000000000000004, "page.png"),
		tweet(1590000000000000005, "gone.png"), tweet(1590000000000000006, "nowhere.png"),
		{address: "https://pbs.twimg.com/media/a.png", head: asPNG, body: picture(1)},
		{address: "https://pbs.twimg.com/media/b.png?format=png&name=orig", head: asPNG, body: picture(2)},
		{address: "https://pbs.twimg.com/media/c.png", head: asPNG + "Transfer-Encoding: chunked\r\n", body: fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(chunked), chunked)},
		original, again,
		{address: "https://pbs.twimg.com/media/wrong.png", head: asPNG, body: picture(5), digest: "sha1:" + strings.Repeat("A", 32)},
		{address: "https://pbs.twimg.com/media/page.png", head: asPNG, body: "<html>no picture</html>"},
		{address: "https://pbs.twimg.com/media/gone.png", status: 404, head: asPNG, body: picture(6)},
	}
	packed, plain := warcOf(true, records...), warcOf(false, records...)
	stored := zipOf(t, func(h *zip.FileHeader) { h.Method = zip.Store }, "datapackage.json",
		fmt.Sprintf(`{"profile":"data-package","wacz_version":"1.1.1","resources":[{"name":"data.warc.gz","path":"archive/data.warc.gz","hash":%q,"bytes":%d}]}`, store.DigestOf(packed), len(packed)),
		"archive/data.warc.gz", string(packed))
	for name, file := range map[string][]byte{"a.warc.gz": packed, "a.warc": plain, "a.wacz": stored} {
		a := newArchive(t)
		if err := a.give(t, name, file); err != nil {
			t.Fatal(name, err)
		}
		records, err := a.o.Archive.ListAll(t.Context(), store.Term{Index: store.IndexRef, Value: "twitter:1590000000000000001"}, 10, store.KindDerivation)
		if err != nil || len(records) != 1 {
			t.Fatalf("%s: %d readings, %v", name, len(records), err)
		}
		d, err := store.Decode[store.Derivation](&records[0])
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range d.Post.Media {
			if want := store.DigestOf([]byte(picture(i + 1))).String(); m.Digest != want || m.Type != "image/png" {
				t.Errorf("%s: picture %d is %q, want %q", name, i, m.Digest, want)
			}
		}
		files := map[string]store.MediaFile{}
		captures, err := a.o.Archive.Read(t.Context(), 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for i := range captures {
			if c, err := store.DecodeAny(&captures[i]); err == nil {
				if c, ok := c.(*store.Capture); ok {
					for _, m := range c.Media {
						files[stem(path.Base(withoutQuery(m.URL)))+".png"] = m
					}
				}
			}
		}
		for of, n := range map[string]int{"a.png": 1, "b.png": 2, "c.png": 3, "d.png": 4} {
			if f := files[of]; f.Error != "" || f.Digest != store.DigestOf([]byte(picture(n))) {
				t.Errorf("%s: %s: %+v", name, of, f)
			}
		}
		for of, why := range map[string]string{"wrong.png": "another digest", "page.png": "no picture"} {
			if f := files[of]; !f.Digest.IsZero() || !strings.Contains(f.Error, why) {
				t.Errorf("%s: %s: %+v", name, of, f)
			}
		}
		for _, of := range []string{"gone.png", "nowhere.png"} {
			if f, ok := files[of]; ok {
				t.Errorf("%s: %s: %+v", name, of, f)
			}
		}
		if err := a.give(t, name, file); err != nil || a.count(Kept)+a.count(Merged) > 0 {
			t.Errorf("%s: imported again it adds: %d kept, %d merged, %v", name, a.count(Kept), a.count(Merged), err)
		}
	}
}

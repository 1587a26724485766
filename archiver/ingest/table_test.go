package ingest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stet/extract"
	"stet/extract/post"
	"stet/extract/sites"
	"stet/store"
)

// The tables and indexes of others: what becomes of each entry.
func TestListsOfOthers(t *testing.T) {
	raw := strings.ReplaceAll(status(1590000000000000002, "its own words"), `"`, `""`)
	for _, tt := range []struct {
		name, content string
		// want are the outcomes, with the words or the address.
		want []string
	}{
		{"politwoops", "id,user_name,content,created,modified,tweet\n" +
			"1590000000000000001,ada,\"a boat, and\nanother\",2022-11-08 09:00:00,2022-11-08 10:00:00,\n" +
			"1590000000000000002,ada,other words,2022-11-08 09:00:00,2022-11-08 10:00:00,\"" + raw + "\"\n" +
			"1.59E+18,ada,rounded,2022,2022,\n17,ada,a row,2022,2022,\n1590000000000000003,ada,,2022,2022,\n",
			[]string{"kept twitter:1590000000000000001 a boat, and\nanother", "kept twitter:1590000000000000002 its own words", "skipped no usable id", "skipped no usable id", "skipped no words"}},
		{"semicolons", "Tweet ID;Text\r\n1590000000000000001;a boat\r\n", []string{"kept twitter:1590000000000000001 a boat"}},
		{"tabs, quoted against sums", "status_id\ttext\n'1590000000000000001\t'=a boat\n", []string{"kept twitter:1590000000000000001 =a boat"}},
		{"sheet", "Link,Archive status,Archive location,Upload timestamp,Upload title,Textual content\n" +
			"https://x.com/ada/status/1590000000000000001,success,https://files.example/a.html,2022-11-08T09:00:00+00:00,a boat,\n" +
			"https://gazette.example/boats,failed,,,,\nhttps://x.com/ada/status/1590000000000000004,,,,,\n,,,,,\n",
			[]string{"kept twitter:1590000000000000001 a boat", "queued https://gazette.example/boats", "queued https://x.com/ada/status/1590000000000000004", "skipped no usable id"}},
		{"auto-archiver table", "status,metadata,media\n" +
			`twitter: success,"{'_processed_at': datetime.datetime(2022, 11, 9), 'url': 'https://x.com/ada/status/1590000000000000001', 'title': ""ada's boat\nhere"", 'content': '{""x"": 1}'}",[]` + "\n",
			[]string{"kept twitter:1590000000000000001 ada's boat\nhere"}},
		{"auto-archiver", `{"status": "twitter: success", "metadata": {"url": "https://x.com/ada/status/1590000000000000001", "title": "a boat", "timestamp": "2022-11-08T09:00:00+00:00"},
			"media": [{"filename": "a.jpg", "key": "boats/a.jpg", "properties": {"hash": "SHA-256:12"}}]}` + "\n" + `{"status": "no archiver", "metadata": {}, "media": []}`,
			[]string{"kept twitter:1590000000000000001 a boat", "skipped no address"}},
		{"archivebox list", `[{"timestamp": "1667988000.0", "url": "https://gazette.example/boats"}, {"timestamp": "2"}]`, []string{"queued https://gazette.example/boats", "skipped no address"}},
		{"archivebox index", `{"info": {"version": "0.6"}, "links": [{"timestamp": "1667988000.0", "url": "https://gazette.example/boats"}]}`, []string{"queued https://gazette.example/boats"}},
		{"archivebox snapshot", `{"timestamp": "1667988000.0", "history": {}, "url": "https://gazette.example/boats"}`, []string{"queued https://gazette.example/boats"}},
	} {
		a := newArchive(t)
		a.o.Finder = extract.NewFinder(sites.All())
		if err := a.give(t, tt.name, []byte(tt.content)); err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if len(a.items) != len(tt.want) {
			t.Errorf("%s: the items are %+v", tt.name, a.items)
			continue
		}
		for i, want := range tt.want {
			if got := a.told(t, &a.items[i]); got != want && !(a.items[i].Outcome == Skipped && strings.Contains(got, strings.TrimPrefix(want, "skipped "))) {
				t.Errorf("%s: item %d is %q, want %q", tt.name, i, got, want)
			}
		}
		head, _ := a.o.Archive.Backend().Head(t.Context())
		if err := a.give(t, tt.name, []byte(tt.content)); err != nil || a.count(Kept)+a.count(Merged) > 0 {
			t.Errorf("%s: again: %+v, %v", tt.name, a.items, err)
		}
		if again, _ := a.o.Archive.Backend().Head(t.Context()); again != head {
			t.Errorf("%s: a second import added %d records", tt.name, again-head)
		}
	}
}

// told is an item with the words that were kept.
func (a *archive) told(t *testing.T, i *Item) string {
	t.Helper()
	if i.Outcome != Kept {
		return fmt.Sprintf("%s %s%s", i.Outcome, i.Target, i.Reason)
	}
	ref, err := post.ParseRef(i.Target)
	if err != nil {
		t.Fatal(err)
	}
	h, err := a.o.Archive.History(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s %s %s", i.Outcome, i.Target, h.Best().Content.Post.Text)
}

func TestLongRows(t *testing.T) {
	a := newArchive(t)
	err := a.give(t, "long.csv", []byte("id,text\n1590000000000000001,short\n1590000000000000002,\""+strings.Repeat("x", 3*maxRow)))
	if !errors.Is(err, store.ErrTooLarge) && !errors.Is(err, store.ErrInvalid) || a.count(Kept) != 1 {
		t.Errorf("%v, %+v", err, a.items)
	}
}

// A folder of ArchiveBox: web archives are read, pages where there are none, and
// else the address alone is taken.
func TestArchiveBox(t *testing.T) {
	dir := t.TempDir()
	file := warcOf(true, recorded{address: "https://cdn.syndication.twimg.com/tweet-result?id=1590000000000000001", head: asJSON, body: syndicated})
	for name, content := range map[string]string{
		"index.sqlite3":                         "x",
		"archive/1/index.json":                  `{"url": "https://gazette.example/a"}`,
		"archive/1/warc/1.warc.gz":              string(file),
		"archive/2/index.json":                  `{"url": "https://gazette.example/boats"}`,
		"archive/2/singlefile.html":             story,
		"archive/3/index.json":                  `{"url": "https://gazette.example/c"}`,
		"archive/4/index.json":                  `{}`,
		"archive/5/index.json":                  `{"url": "file:///etc/passwd"}`,
		"archive/5/output.html":                 story,
		"archive/6/index.json":                  `{"url": "https://gazette.example/f"}`,
		"archive/6/warc/../../6/warc/deep.warc": "WARC/1.0\r\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	outside := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(outside, []byte(strings.ReplaceAll(story, "0006", "0007")), 0o600); err != nil {
		t.Fatal(err)
	}
	_ = os.Mkdir(filepath.Join(dir, "archive", "7"), 0o700)
	_ = os.WriteFile(filepath.Join(dir, "archive", "7", "index.json"), []byte(`{"url": "https://gazette.example/g"}`), 0o600)
	_ = os.Symlink(outside, filepath.Join(dir, "archive", "7", "singlefile.html")) // where there are links, they are not followed
	a := newArchive(t)
	err := File(t.Context(), a.o, dir)
	if err == nil || !strings.Contains(err.Error(), "deep.warc") {
		t.Errorf("the damaged archive is told as %v", err)
	}
	if a.count(Kept) != 2 || a.count(Skipped) != 2 || strings.Join(a.queued, " ") != "https://gazette.example/c https://gazette.example/g" {
		t.Errorf("queued %v, items %+v", a.queued, a.items)
	}
}

func FuzzTable(f *testing.F) {
	f.Add("id,user_name,content\n1590000000000000001,ada,a boat\n")
	f.Add("Link;Archive status;Textual content\nhttps://x.com/a/status/1590000000000000001;done;\"a\n\"\"b\"\"\"\n")
	f.Add("status,metadata,media\nok,\"{'url': 'https://x.com/ada/status/1590000000000000001', 'title': \"\"x\\\\\"\"\"\"}\",[]\n")
	f.Add(`{"status":"s","metadata":{"url":"https://x.com/ada/status/1590000000000000001","title":"t"}}`)
	f.Add(`{"info":{},"links":[{"url":"https://x.com/ada/status/1590000000000000001"}]}`)
	f.Fuzz(func(t *testing.T, content string) {
		a := newArchive(t)
		for _, read := range []func(*keeper) error{
			func(k *keeper) error { return k.readTable(t.Context(), strings.NewReader(content)) },
			func(k *keeper) error { return k.readAutoArchiver(t.Context(), strings.NewReader(content)) },
			func(k *keeper) error { return k.readArchiveBox(t.Context(), strings.NewReader(content)) },
		} {
			a.items = nil
			k := &keeper{o: a.o, file: "f", id: store.ID{1}}
			err := errors.Join(read(k), k.flush(t.Context()), k.settle())
			if err != nil && !errors.Is(err, store.ErrInvalid) && !errors.Is(err, store.ErrTooLarge) {
				t.Fatal(err)
			}
			for _, i := range a.items {
				if i.Offset < 0 || i.Length <= 0 || i.Offset+i.Length > int64(len(content)) {
					t.Fatalf("the part of %+v is outside of the file", i)
				}
				if i.Outcome == Kept && !strings.HasPrefix(i.Target, "twitter:") {
					t.Fatalf("%+v is no post of the only platform", i)
				}
			}
		}
	})
}

// TestStoredFiles imports a folder with what auto-archiver says and stored.
func TestStoredFiles(t *testing.T) {
	dir := t.TempDir()
	const shot = "\x89PNG\r\n\x1a\nscreen"
	media := func(key, src, hash string) string {
		return fmt.Sprintf(`{"key":%q,"properties":{"src":%q,"hash":%q}}`, key, src, hash)
	}
	digest := strings.Replace(store.DigestOf([]byte(picture)).String(), "sha256", "SHA-256", 1)
	index := fmt.Sprintf(`{"status":"wayback: success","metadata":{"url":"https://twitter.com/ada/status/1590000000000000001","title":"a stored boat"},"media":[%s]}`,
		strings.Join([]string{media("story/1.png", "https://pbs.twimg.com/media/1.png", digest), media("shot.png", "", ""),
			media("false.png", "https://pbs.twimg.com/media/2.png", "SHA-256:"+strings.Repeat("0", 64)),
			media("../outside.png", "https://pbs.twimg.com/media/3.png", ""), media("link.png", "https://pbs.twimg.com/media/4.png", ""),
			media("page.html", "", ""), media("absent.png", "https://pbs.twimg.com/media/5.png", "")}, ","))
	for name, content := range map[string]string{"rows.json": index, "local_archive/story/1.png": picture, "shot.png": shot, "false.png": picture + "x", "page.html": "<p>"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	_ = os.WriteFile(filepath.Join(filepath.Dir(dir), "outside.png"), []byte(picture+"y"), 0o600)
	_ = os.Symlink(filepath.Join(filepath.Dir(dir), "outside.png"), filepath.Join(dir, "link.png")) // where there are links, they are not followed
	a := newArchive(t)
	if err := File(t.Context(), a.o, dir); err != nil || a.count(Kept) != 1 {
		t.Fatalf("%v, %+v", err, a.items)
	}
	h, err := a.o.Archive.History(t.Context(), post.Ref{Platform: post.Twitter, ID: "1590000000000000001"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range h.Captures[0].Content.Media {
		got = append(got, f.URL+" "+f.Digest.String()+f.Error)
	}
	want := []string{"https://pbs.twimg.com/media/1.png " + store.DigestOf([]byte(picture)).String(), "shot.png " + store.DigestOf([]byte(shot)).String(),
		"https://pbs.twimg.com/media/2.png false.png has another digest than the file states", "page.html page.html is no picture, video or sound"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the files are %q", got)
	}
	if m := h.Best().Content.Post.Media; len(m) != 1 || m[0].Kind != "photo" || m[0].Digest != store.DigestOf([]byte(picture)).String() {
		t.Errorf("the post has %+v", m)
	}
	if err := a.give(t, "again.json", []byte(index)); err != nil || a.count(Kept) != 0 {
		t.Errorf("the index alone, again: %v, %+v", err, a.items)
	}
	if err := File(t.Context(), a.o, dir); err != nil {
		t.Fatal(err)
	}
	if again, _ := a.o.Archive.History(t.Context(), h.Ref); len(again.Captures) > 2 {
		t.Errorf("the folder again makes %d captures", len(again.Captures))
	}
}

// TestOwnLines imports what `stet export --format jsonl` writes: the words come
// back as they were, and nothing is said to be kept that is not here.
func TestOwnLines(t *testing.T) {
	const own = `{"post":{"platform":"mastodon","id":"harbour.example/112233445566778899","url":"https://harbour.example/@ada/112233445566778899","author":{"id":"1","name":"Ada","handle":"ada@harbour.example"},` +
		`"text":"A boat \"metadata\" of the harbour","posted":"2024-04-01T10:00:00Z","media":[{"kind":"photo","url":"https://harbour.example/1.png","digest":"sha256:00","bytes":7,"type":"image/png","alt":"a boat"}]},` +
		`"status":{"value":"deleted","confirmed":true,"first_gone":"2024-05-01T10:00:00Z"},"captures":[{"id":"x"}],"looks":[],"mentions":[]}`
	a := newArchive(t)
	if err := a.give(t, "own.jsonl", []byte(own+"\n"+`{"post":{"platform":"mastodon","id":"a b"}}`+"\n"+`{"post":{"platform":"mastodon","id":"a/1","text":""}}`+"\n"+`{"post":7}`)); err != nil {
		t.Fatal(err)
	}
	if a.count(Kept) != 1 || a.count(Skipped) != 3 {
		t.Fatalf("%+v", a.items)
	}
	h, err := a.o.Archive.History(t.Context(), post.Ref{Platform: post.Mastodon, ID: "harbour.example/112233445566778899"})
	if err != nil {
		t.Fatal(err)
	}
	best := h.Best().Content
	if p := best.Post; p.Text != `A boat "metadata" of the harbour` || p.Author.Name != "Ada" || len(p.Media) != 1 || p.Media[0].Digest != "" || p.Media[0].Alt != "a boat" || best.Source != post.SourceImport || len(h.Looks)+len(h.Verdicts) > 0 {
		t.Errorf("it is %+v", best)
	}
	if notes := strings.Join(best.Notes, "; "); !strings.Contains(notes, "deleted, first seen at 2024-05-01T10:00:00Z") || !strings.Contains(notes, "sha256:00") {
		t.Errorf("the notes are %s", notes)
	}
}

package extract

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecideContent(t *testing.T) {
	for _, c := range []struct {
		name, contentType, body string
		want                    ContentKind
	}{
		{"declared page", "text/html; charset=utf-8", "no tag", ContentHTML},
		{"declared XHTML", "application/xhtml+xml", "", ContentHTML},
		{"declared text with tags", "text/plain", "<p>x</p>", ContentText},
		{"declared picture", "image/png", "<html>", ContentOther},
		{"declared PDF", "application/pdf", "", ContentOther},
		{"declared JSON", "application/json", `{"a":1}`, ContentText},
		{"bytes: page", "", "<!DOCTYPE html><html>", ContentHTML},
		{"bytes: page after blank lines and a mark", "", "\ufeff\n\n <html>", ContentHTML},
		{"bytes: piece of a page", "", "Hello <blockquote class=x>y</blockquote>", ContentHTML},
		{"bytes: XML page", "application/xml", "<?xml version='1.0'?><html>", ContentHTML},
		{"bytes: unknown stream", "application/octet-stream", "<html>", ContentHTML},
		{"bytes: text with a bracket", "", "if a < b and b > c then <x>", ContentText},
		{"bytes: text", "", "Hello.\n", ContentText},
		{"bytes: empty", "", "", ContentText},
		{"bytes: list", "", "https://a.example/1\n\n# note\nb.example/2\n", ContentURLs},
		{"bytes: one address", "", "https://a.example/1", ContentURLs},
		{"bytes: address and words", "", "https://a.example/1\nsee above\n", ContentText},
		{"bytes: PDF", "", "%PDF-1.7", ContentOther},
		{"bytes: NUL", "", "a\x00b", ContentOther},
		{"bytes: UTF-16", "", "\xff\xfe<\x00p\x00>\x00", ContentHTML},
	} {
		if got := DecideContent(Input{ContentType: c.contentType, Body: []byte(c.body)}); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestURLList(t *testing.T) {
	got := URLList("\ufeff# posts\n https://a.example/1 \r\nb.example/x?y=z\n\n//c.example/\n")
	if got != nil {
		t.Errorf("an address without scheme and host in front is no line of a list: %q", got)
	}
	got = URLList("# posts\n https://a.example/1 \r\nb.example/x?y=z\n\nhttp://c.example\n")
	if diff := cmp.Diff([]string{"https://a.example/1", "b.example/x?y=z", "http://c.example"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, not := range []string{"", "# only a note", "file.txt", "a/b", "mailto:a@b.example", "ftp://a.example/x", "https://a.example/1 and", "https://localhost/x"} {
		if got := URLList(not); got != nil {
			t.Errorf("%q: got %q", not, got)
		}
	}
	if got := URLList(strings.Repeat("https://a.example/1\n", maxFindings+1)); got != nil {
		t.Errorf("a list of %d addresses was taken", len(got))
	}
}

// Old pages come in many character sets, and declare them in many ways.
func TestCharsets(t *testing.T) {
	const want = "Müller – 日本"
	for _, c := range []struct{ name, contentType, body, want string }{
		{"UTF-8", "", "<p>Müller – 日本</p>", want},
		{"byte order mark", "text/html; charset=iso-8859-1", "\xef\xbb\xbf<p>Müller – 日本</p>", want},
		{"header", "text/html; charset=windows-1252", "<p>M\xfcller \x96 x</p>", "Müller – x"},
		{"header wins over page", "text/html; charset=iso-8859-2", "<meta charset=utf-8><p>\xb1</p>", "ą"},
		{"meta", "", "<meta charset='Shift_JIS'><p>\x93\xfa\x96\x7b</p>", "日本"},
		{"old meta", "", `<META http-equiv="Content-Type" content="text/html; charset=EUC-JP"><p>` + "\xc6\xfc\xcb\xdc</p>", "日本"},
		{"late meta", "", "<html><!-- <meta charset=koi8-r> -->" + strings.Repeat("<script></script>", 200) + "<meta charset=gbk><p>\xc8\xd5\xb1\xbe</p>", "日本"},
		{"XML declaration", "", "<?xml version='1.0' encoding='windows-1251'?><html><p>\xcc\xe8\xf0</p>", "Мир"},
		{"nothing declared", "text/html", "<p>M\xfcller</p>", "Müller"},
		{"declared wrongly, UTF-8 by its bytes", "text/html; charset=iso-8859-1", "<p>Müller – 日本 – Übermut</p>", "Müller – 日本 – Übermut"},
		{"declares what cannot be", "", "<meta charset=utf-16><p>Müller – 日本</p>", want},
		{"unknown name", "text/html; charset=nonsense", "<p>Müller – 日本</p>", want},
		{"a broken byte", "text/html; charset=utf-8", "<p>M\xc3ller</p>", "M\ufffdller"},
		{"a broken byte, nothing declared", "text/html", "<p>" + strings.Repeat("Müller ", 60) + "\xff</p>", strings.Repeat("Müller ", 60) + "\ufffd"},
		{"UTF-16 LE", "", "\xff\xfe<\x00p\x00>\x00\xfc\x00<\x00/\x00p\x00>\x00", "ü"},
		{"UTF-16 BE without mark", "", "\x00<\x00p\x00>\x00\xfc", "ü"},
	} {
		got := testFinder().Paragraphs(Input{ContentType: c.contentType, Body: []byte(c.body)})
		if len(got) != 1 || got[0].Text != strings.TrimSpace(c.want) {
			t.Errorf("%s: got %+v, want %q", c.name, got, c.want)
		}
	}
}

func TestNothingToRead(t *testing.T) {
	got := testFinder().Find(Input{ContentType: "image/png", Body: []byte("\x89PNG")})
	if len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], "image/png") || got.Embeds == nil || got.PostLinks == nil || got.Links == nil {
		t.Errorf("got %+v", got)
	}
	for _, body := range []string{"", " ", "<", "<html>", "\xff", "&"} {
		got := testFinder().Find(Input{Body: []byte(body)})
		if len(got.Embeds)+len(got.PostLinks)+len(got.Links) > 0 {
			t.Errorf("%q: got %+v", body, got)
		}
	}
}

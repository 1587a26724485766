package telegram

import (
	"testing"

	"stet/extract"
	"stet/extract/sitetest"
)

func readers() sitetest.Readers {
	return sitetest.Readers{EndpointEmbed: ReadEmbed, EndpointPreview: ReadPreview}
}

func TestAnswers(t *testing.T) { sitetest.Answers(t, readers(), "testdata/answers", *update) }

func TestRulesAreTrue(t *testing.T) { sitetest.Rules(t, Rules(), sampleID, readers()) }

func FuzzAnswers(f *testing.F) { sitetest.FuzzAnswers(f, readers(), "testdata/answers", sampleID) }

// TestParseEmbed: the parser that derives a record again from kept bytes gives
// what the reader gave.
func TestParseEmbed(t *testing.T) {
	p, err := ParseEmbed(sampleID, extract.PageAnswer(200, sampleMessage(sampleID, "Low tide")).Body)
	if err != nil || p.Post.Text != "Low tide" {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := ParseEmbed(sampleID, []byte(sampleMessage(sampleID, "Low tide"))); err == nil {
		t.Error("a page without end is read")
	}
	for _, body := range []string{"", sampleMessage("port_news/124", "x"), `<div class="tgme_widget_message" data-post="port_news/123"></div>`} {
		if _, err := ParseEmbed(sampleID, extract.PageAnswer(200, body).Body); err == nil {
			t.Errorf("%.60q is read", body)
		}
	}
}

func TestViews(t *testing.T) {
	for in, want := range map[string]int64{"987": 987, "1.2K": 1200, "436.6K": 436600, "3.45M": 3450000, "0": 0} {
		m := &message{}
		m.views(in)
		if got := m.post.Counts["views"]; got != want {
			t.Errorf("%s: got %d, want %d", in, got, want)
		}
	}
	for _, in := range []string{"", "K", "many", "-1", "NaN", "1e99"} {
		m := &message{}
		if m.views(in); m.post.Counts != nil {
			t.Errorf("%q is a number: %v", in, m.post.Counts)
		}
	}
}

func TestPartOfAnAlbum(t *testing.T) {
	album := `<div class="tgme_widget_message" data-post="port_news/120"><a class="tgme_widget_message_photo_wrap grouped_media_wrap" href="https://t.me/Port_News/121?single" style="background-image:url('https://cdn.example/a.jpg')"></a><time></time><span class="tgme_widget_message_meta"><time datetime="2026-03-01T10:00:00+00:00"></time></span></div>`
	a := ReadEmbed("port_news/121", extract.PageAnswer(200, album))
	if a.Parsed == nil || a.Parsed.Post.ID != "port_news/121" || len(a.Parsed.Post.Aliases) != 1 || a.Parsed.Post.Aliases[0].ID != "port_news/120" {
		t.Errorf("answer %+v", a)
	}
	if a := ReadEmbed("port_news/122", extract.PageAnswer(200, album)); a.Parsed != nil || !a.Transport {
		t.Errorf("a part that the album lacks: %+v", a)
	}
}

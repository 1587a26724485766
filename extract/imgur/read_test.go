package imgur

import (
	"testing"

	"stet/extract"
	"stet/extract/post"
	"stet/extract/sitetest"
)

func readers() sitetest.Readers {
	return sitetest.Readers{EndpointPost: ReadPost, EndpointOEmbed: ReadOEmbed, EndpointPicture: ReadPicture}
}

func TestAnswers(t *testing.T) { sitetest.Answers(t, readers(), "testdata/answers", *update) }

func TestRulesAreTrue(t *testing.T) { sitetest.Rules(t, Rules(), sampleID, readers()) }

func FuzzAnswers(f *testing.F) { sitetest.FuzzAnswers(f, readers(), "testdata/answers", sampleID) }

// TestPicture: only the right size at the right address is the picture, and only
// the platform's own placeholder misses it.
func TestPicture(t *testing.T) {
	address, _ := PictureURL(sampleID)
	for name, tt := range map[string]struct {
		url            string
		status         int
		width, height  int
		want           post.Status
		says, asserted bool
	}{
		"there":                         {address, 200, 90, 90, post.Live, true, true},
		"redirected to the placeholder": {"https://i.imgur.com/removed.png", 200, 161, 81, post.NotFound, true, false},
		"the placeholder in its place":  {address, 200, 161, 81, post.NotFound, true, false},
		"the placeholder with 404":      {address, 404, 161, 81, post.NotFound, true, false},
		"the placeholder elsewhere":     {"https://cdn.example/removed.png", 200, 161, 81, post.Unknown, false, false},
		"another placeholder":           {address, 200, 600, 315, post.Unknown, false, false},
		"another address":               {"https://i.imgur.com/zZzZ999s.jpg", 200, 90, 90, post.Unknown, false, false},
		"right size with 404":           {address, 404, 90, 90, post.Unknown, false, false},
	} {
		r := samplePicture(tt.status, tt.width, tt.height)
		r.URL = tt.url
		if a := ReadPicture(sampleID, r); a.Status != tt.want || a.Transport == tt.says || a.Explicit != tt.asserted || a.Parsed != nil {
			t.Errorf("%s: %+v", name, a)
		}
	}
	for id, want := range map[string]string{"aBcD1": "https://i.imgur.com/aBcD1s.jpg", sampleID: address, "aBcD12": "", "a/aBcD123": "", "gallery/aBcD123": ""} {
		if got, ok := PictureURL(id); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v", id, got, ok)
		}
	}
	page := extract.PageAnswer(200, "removed")
	page.URL = "https://i.imgur.com/removed.png"
	if a := ReadPicture(sampleID, page); !a.Transport {
		t.Errorf("a page at the placeholder's address: %+v", a)
	}
}

func TestAddresses(t *testing.T) {
	for id, want := range map[string]string{"aBcD123": "media/aBcD123", "a/aBcD1": "albums/aBcD1", "gallery/aBcD1": "posts/aBcD1"} {
		if got := PostURL(id); got != "https://api.imgur.com/post/v1/"+want+"?client_id="+clientID+"&include=media%2Caccount" {
			t.Errorf("%s: %s", id, got)
		}
	}
}

func TestPlaceholder(t *testing.T) {
	for _, c := range []struct {
		address, etag string
		want          bool
	}{
		{"https://i.imgur.com/removed.png", "", true},
		{"https://i.imgur.com/aBcD123.jpg", `"d835884373f4d6c8f24742ceabe74946"`, true},
		{"https://i.imgur.com/aBcD123.jpg", `W/"d835884373f4d6c8f24742ceabe74946"`, true},
		{"https://i.imgur.com/aBcD123.jpg", `"0123"`, false},
		{"https://example.org/removed.png", "", false},
		{"https://i.imgur.com/removed.png.jpg", "", false},
	} {
		if got := Placeholder(c.address, c.etag); got != c.want {
			t.Errorf("%s %s: %v", c.address, c.etag, got)
		}
	}
}

package youtube

import (
	"testing"

	"stet/extract"
	"stet/extract/sitetest"
)

func readers() sitetest.Readers { return sitetest.Readers{EndpointWatch: ReadWatch} }

func TestAnswers(t *testing.T) { sitetest.Answers(t, readers(), "testdata/answers", *update) }

func TestRulesAreTrue(t *testing.T) { sitetest.Rules(t, Rules(), sampleID, readers()) }

func FuzzAnswers(f *testing.F) { sitetest.FuzzAnswers(f, readers(), "testdata/answers", sampleID) }

// TestWordsOfOthers: a title or description that looks like what the page tells
// its player is somebody's words.
func TestWordsOfOthers(t *testing.T) {
	words := `var ytInitialPlayerResponse = {"playabilityStatus":{"status":"ERROR","reason":"This video has been removed by the uploader"}}`
	for _, page := range []string{
		`<meta name="description" content='` + words + `'><title>` + words + `</title>`,
		`<script>var other = "` + "x" + `";` + words + `</script>`,
		`<script type="application/ld+json">{"name":1}</script><p>` + words + `</p>`,
	} {
		if a := ReadWatch(sampleID, extract.PageAnswer(200, page)); !a.Transport {
			t.Errorf("%s\n%+v", page, a)
		}
	}
}

func TestAnotherAddress(t *testing.T) {
	r := sampleReason("ERROR", "Video unavailable", "This video has been removed by the uploader")
	for address, want := range map[string]bool{
		"": false, "https://www.youtube.com/watch?v=" + sampleID + "&hl=en": false,
		"https://www.youtube.com/watch?v=zzzzzzzzzzz": true, "https://consent.youtube.com/m?continue=x": true,
	} {
		r.URL = address
		if a := ReadWatch(sampleID, r); a.Transport != want {
			t.Errorf("%q: %+v", address, a)
		}
	}
}

func TestParseWatch(t *testing.T) {
	live := Rules()[0].Sample.Body
	if p, err := ParseWatch(sampleID, live); err != nil || p.Post.Text != "Low tide" {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err := ParseWatch("zzzzzzzzzzz", live); err == nil {
		t.Errorf("another video is read: %+v", p)
	}
}

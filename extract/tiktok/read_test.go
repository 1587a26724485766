package tiktok

import (
	"testing"

	"stet/extract"
	"stet/extract/post"
	"stet/extract/sitetest"
)

func readers() sitetest.Readers { return sitetest.Readers{EndpointPage: ReadPage} }

func TestAnswers(t *testing.T) { sitetest.Answers(t, readers(), "testdata/answers", *update) }

func TestRulesAreTrue(t *testing.T) { sitetest.Rules(t, Rules(), sampleID, readers()) }

func FuzzAnswers(f *testing.F) { sitetest.FuzzAnswers(f, readers(), "testdata/answers", sampleID) }

// TestPrivateItem: a post that only friends see says nothing of the account's
// others.
func TestPrivateItem(t *testing.T) {
	for _, more := range []string{`,"privateItem":true`, `,"secret":true`} {
		if a := ReadPage(sampleID, sampleItem(sampleID, more)); a.Status != post.Protected || !a.Alone || a.Parsed != nil {
			t.Errorf("%s: %+v", more, a)
		}
	}
	if a := ReadPage(sampleID, extract.PageAnswer(200, "<p>private</p>")); !a.Transport {
		t.Errorf("words: %+v", a)
	}
}

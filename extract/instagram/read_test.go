package instagram

import (
	"testing"

	"stet/extract/sitetest"
)

func readers() sitetest.Readers { return sitetest.Readers{EndpointEmbed: ReadEmbed} }

func TestRulesAreTrue(t *testing.T) { sitetest.Rules(t, Rules(), sampleID, readers()) }

func FuzzAnswers(f *testing.F) { sitetest.FuzzAnswers(f, readers(), "testdata/answers", sampleID) }

func TestEmbedPage(t *testing.T) {
	p := ReadEmbed(sampleID, sampleEmbed(sampleID)).Parsed
	if p == nil || p.Post.Text != "Low tide" || p.Post.Author.Handle != "adaquay" || len(p.Post.Media) != 1 || p.Post.Media[0].Alt != "The pier" {
		t.Errorf("post %+v", p)
	}
}

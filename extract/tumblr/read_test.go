package tumblr

import (
	"testing"

	"stet/extract"
	"stet/extract/sitetest"
)

func readers() sitetest.Readers { return sitetest.Readers{EndpointRead: ReadBlog} }

func TestAnswers(t *testing.T) { sitetest.Answers(t, readers(), "testdata/answers", *update) }

func TestRulesAreTrue(t *testing.T) { sitetest.Rules(t, Rules(), sampleID, readers()) }

func FuzzAnswers(f *testing.F) { sitetest.FuzzAnswers(f, readers(), "testdata/answers", sampleID) }

func TestShowsPosts(t *testing.T) {
	for name, tt := range map[string]struct {
		blog string
		r    extract.Response
		want bool
	}{
		"posts":           {"ada", samplePost(sampleID), true},
		"none":            {"ada", sampleBlog(""), false},
		"of another blog": {"ben", samplePost(sampleID), false},
		"a page":          {"ada", extract.PageAnswer(200, "<title>Ada</title>"), false},
		"not found":       {"ada", extract.PageAnswer(404, "<title>Not found.</title>"), false},
	} {
		if got := ShowsPosts(tt.blog, tt.r); got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

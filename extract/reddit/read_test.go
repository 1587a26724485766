package reddit

import (
	"testing"

	"stet/extract"
	"stet/extract/post"
	"stet/extract/sitetest"
)

func readers() sitetest.Readers {
	info := func(id string, r extract.Response) extract.Answer { return ReadInfo([]string{id}, r)[id] }
	return sitetest.Readers{EndpointInfo: info, EndpointAPI: info, EndpointJSON: ReadJSON}
}

func TestAnswers(t *testing.T) { sitetest.Answers(t, readers(), "testdata/answers", *update) }

func TestRulesAreTrue(t *testing.T) {
	sitetest.Rules(t, append(Rules(), APIRules()...), sampleID, readers())
}

func FuzzAnswers(f *testing.F) { sitetest.FuzzAnswers(f, readers(), "testdata/answers", sampleID) }

// TestInfoOfMany: what is left out of a list is missing, the others are shown.
func TestInfoOfMany(t *testing.T) {
	all := ReadInfo([]string{sampleID, "zzzzzz"}, extract.JSONAnswer(200, samplePost(sampleLive)))
	if all[sampleID].Status != post.Live || all["zzzzzz"].Status != post.NotFound || all["zzzzzz"].Explicit {
		t.Errorf("answers %+v", all)
	}
}

func TestFullname(t *testing.T) {
	for id, want := range map[string]string{"1ab2cd": "t3_1ab2cd", "1ab2cd/kxyz12": "t1_kxyz12"} {
		if got, ok := Fullname(id); !ok || got != want {
			t.Errorf("%s: %s, %v", id, got, ok)
		}
	}
	for _, id := range []string{"", "/", "1ab2cd/", "1AB", "a/b/c"} {
		if got, ok := Fullname(id); ok {
			t.Errorf("%q is %s", id, got)
		}
	}
}

func TestParse(t *testing.T) {
	if p, err := Parse(sampleID, []byte(samplePost(sampleLive))); err != nil || p.Post.Text != "Low tide" {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err := Parse(sampleID, []byte(samplePost(sampleGone+`"moderator"`))); err == nil {
		t.Errorf("what is left of a removed post is read: %+v", p)
	}
}

package twitch

import (
	"encoding/json"
	"strings"
	"testing"

	"stet/extract"
	"stet/extract/post"
	"stet/extract/sitetest"
)

func readers() sitetest.Readers {
	return sitetest.Readers{EndpointData: ReadData, EndpointPage: ReadPage}
}

func TestAnswers(t *testing.T) { sitetest.Answers(t, readers(), "testdata/answers", *update) }

func TestRulesAreTrue(t *testing.T) { sitetest.Rules(t, Rules(), sampleID, readers()) }

func FuzzAnswers(f *testing.F) { sitetest.FuzzAnswers(f, readers(), "testdata/answers", sampleID) }

// TestQuery: what is asked is about the id, and what is no id is asked of nobody.
func TestQuery(t *testing.T) {
	for id, member := range map[string]string{sampleID: "{clip(slug:$id)", "1234567890": "{video(id:$id)"} {
		body, ok := Query(id)
		var q struct {
			Query     string
			Variables struct{ ID string }
		}
		if err := json.Unmarshal(body, &q); !ok || err != nil || q.Variables.ID != id || !strings.Contains(q.Query, member) {
			t.Errorf("%s: %s", id, body)
		}
	}
	for _, id := range []string{"", "v1234567890", "a b", `x"){`} {
		if body, ok := Query(id); ok {
			t.Errorf("%q: %s", id, body)
		}
	}
}

// TestNull: only null in the place of what was asked for, alone and without an
// error, misses it.
func TestNull(t *testing.T) {
	for body, want := range map[string]post.Status{
		`{"data":{"clip":null}}`: post.NotFound,
		`{"data":{"clip":null},"errors":[{"message":"failed integrity check"}]}`: post.Unknown,
		`{"data":{"clip":null},"errors":null}`:                                   post.NotFound,
		`{"data":{"video":null}}`:                                                post.Unknown,
		`{"data":{"clip":null,"video":null}}`:                                    post.Unknown,
		`{"data":null}`:                                                          post.Unknown,
		`{"data":{"clip":[]}}`:                                                   post.Unknown,
		`[{"data":{"clip":null}}]`:                                               post.Unknown,
		`null`:                                                                   post.Unknown,
		`{"clip":null}`:                                                          post.Unknown,
	} {
		if a := ReadData(sampleID, extract.JSONAnswer(200, body)); a.Status != want || a.Explicit || a.Transport != (want == post.Unknown) {
			t.Errorf("%s: %+v", body, a)
		}
	}
}

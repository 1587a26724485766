package twitter

import (
	"testing"

	"stet/extract"
)

func TestOtherVocabulary(t *testing.T) {
	for body, want := range map[string]bool{
		`{"errors":[{"parameters":{"tweet.fields":["x"]},"message":"The query parameter value [x] is not one of [...]"}],"type":"https://api.x.com/2/problems/invalid-request"}`: true,
		`{"detail":"unknown expansions value","type":"https://api.twitter.com/2/problems/invalid-request"}`:                                                                      true,
		`{"errors":[{"parameters":{"ids":["x"]},"message":"The ids query parameter value [x] is not valid"}],"type":"https://api.x.com/2/problems/invalid-request"}`:             false,
		`{"detail":"tweet.fields","type":"https://api.x.com/2/problems/usage-capped"}`:                                                                                           false,
		`<html>tweet.fields</html>`: false,
	} {
		r := extract.Response{StatusCode: 400, ContentType: "application/json", Body: []byte(body)}
		if got := OtherVocabulary(r); got != want {
			t.Errorf("%s: got %v", body, got)
		}
		r.StatusCode = 200
		if OtherVocabulary(r) {
			t.Errorf("%s with status 200 refuses something", body)
		}
	}
}

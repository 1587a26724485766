package extract

import (
	"testing"

	"stet/extract/post"
)

func TestResponseJSON(t *testing.T) {
	for ctype, want := range map[string]bool{
		"application/json":                         true,
		"Application/JSON; charset=utf-8":          true,
		"application/json;":                        true,
		"application/problem+json; charset=utf-8":  true,
		"text/html; charset=utf-8":                 false,
		"text/plain":                               false,
		"":                                         false,
		"application/javascript":                   false,
		"text/html; note=application/json":         false,
		"application/jsonp":                        false,
		"application/activity+json; profile=\"x\"": true,
	} {
		if got := (Response{ContentType: ctype}).JSON(); got != want {
			t.Errorf("%q: got %v, want %v", ctype, got, want)
		}
	}
}

func TestHTTPTroubleNeverSpeaksOfThePost(t *testing.T) {
	for status := range 700 {
		a, ok := HTTPTrouble(status)
		if !ok {
			continue
		}
		if a.Status != post.Unknown || !a.Transport || a.Explicit || a.Parsed != nil || a.Reason == "" {
			t.Errorf("%d: %+v", status, a)
		}
	}
	for _, status := range []int{200, 400, 403, 404, 410, 451} {
		if _, ok := HTTPTrouble(status); ok {
			t.Errorf("%d is taken for trouble", status)
		}
	}
	for _, status := range []int{429, 500, 503, 599} {
		if a, _ := HTTPTrouble(status); !a.Retry {
			t.Errorf("%d is not to be retried", status)
		}
	}
}

package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"stet/store"
)

// TestRemovedByARule: an article of which a rule left nothing says so, on its page
// and to programs.
func TestRemovedByARule(t *testing.T) {
	w := newWorld(t, nil)
	const address = "https://agency.example/gate"
	w.add(&store.Retention{Time: w.at, Act: store.RetentionSeal, URLs: []string{address}, Source: "agency", Sources: []string{"agency"}, Keep: time.Hour, Ends: w.at.Add(time.Hour)})
	query := "?url=" + url.QueryEscape(address)
	for _, got := range []*httptest.ResponseRecorder{w.call("GET", "/api/v1/articles"+query, ""), w.inside("/article"+query, nil)} {
		if got.Code != http.StatusNotFound || !strings.Contains(got.Body.String(), "removed by the retention of the source agency") {
			t.Errorf("%d %.3000s", got.Code, got.Body)
		}
	}
}

package fakenet

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// timelineLength is how many posts the page of an account shows.
const timelineLength = 100

// timeline serves syndication.twitter.com: the page that embeds the newest
// posts of an account.
func (x *X) timeline(w http.ResponseWriter, r *http.Request) {
	handle, ok := strings.CutPrefix(r.URL.Path, "/srv/timeline-profile/screen-name/")
	if !ok {
		http.NotFound(w, r)
		return
	}
	var ids []string
	x.mu.Lock()
	for id, p := range x.posts {
		if strings.EqualFold(p.Author.Handle, handle) && !p.stale() {
			ids = append(ids, id)
		}
	}
	x.mu.Unlock()
	slices.SortFunc(ids, func(a, b string) int { return strings.Compare(fmt.Sprintf("%20s", b), fmt.Sprintf("%20s", a)) })
	extended := r.Clone(r.Context())
	extended.Form = map[string][]string{"tweet_mode": {"extended"}, "include_ext_alt_text": {"true"}}
	entries := []obj{}
	for _, id := range ids[:min(len(ids), timelineLength)] {
		if p, state := x.find(Timeline, id); state.seen() {
			t := x.v1Tweet(&p, state, extended, true)
			t["permalink"] = "/" + p.Author.Handle + "/status/" + id
			entries = append(entries, obj{"type": "tweet", "entry_id": "tweet-" + id, "content": obj{"tweet": t}})
		}
	}
	page := obj{"props": obj{"pageProps": obj{"timeline": obj{"entries": entries}}}, "page": "/timeline-profile/screen-name/[screenName]"}
	state, err := json.Marshal(page) // escapes < so that no text ends the script
	if err != nil {
		panic("fakenet: a timeline cannot be encoded: " + err.Error())
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!DOCTYPE html><html><head><meta charSet="utf-8"/></head><body><div id="__next"></div><script id="__NEXT_DATA__" type="application/json">%s</script></body></html>`, state)
}

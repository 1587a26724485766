package twitter

import (
	"bytes"
	"encoding/json"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"stet/extract"
	"stet/extract/post"
)

// TimelineParser names the parser of a status in an account's timeline, with
// its version.
const TimelineParser = "twitter.timeline/1"

// ReadTimeline says what the page that embeds an account's timeline means for
// the post id of the account with the handle. The page lists the newest posts
// only and leaves out what it likes, so a post that is not on it proves
// nothing; but a post that is on it lives, and other posts of the account show
// that the account does.
func ReadTimeline(id, handle string, r extract.Response) extract.Answer {
	if a, ok := extract.HTTPTrouble(r.StatusCode); ok {
		return a
	}
	if r.StatusCode != 200 {
		return extract.Trouble(extract.ReasonHTTP, false)
	}
	entries, ok := timelineEntries(r.Body)
	if !ok {
		return extract.Trouble(extract.ReasonShape, false)
	}
	alive := false
	for _, raw := range entries {
		var s status
		if json.Unmarshal(raw, &s) != nil {
			continue
		}
		if s.id() == id {
			p, err := ParseV11(raw)
			return shown(id, p, err)
		}
		alive = alive || handle != "" && strings.EqualFold(string(s.User.V.Handle), handle)
	}
	if alive {
		return unknown(extract.ReasonAccountLives)
	}
	return unknown(extract.ReasonEmpty)
}

// timelineEntries returns the statuses in the page's data. It returns false
// where the page does not have the shape that is known.
func timelineEntries(page []byte) ([]json.RawMessage, bool) {
	data, ok := nextData(page)
	if !ok {
		return nil, false
	}
	var v struct {
		Props struct {
			PageProps struct {
				Timeline *struct {
					Entries list[struct {
						Type    str `json:"type"`
						Content struct {
							Tweet json.RawMessage `json:"tweet"`
						} `json:"content"`
					}] `json:"entries"`
				} `json:"timeline"`
			} `json:"pageProps"`
		} `json:"props"`
	}
	if json.Unmarshal(data, &v) != nil || v.Props.PageProps.Timeline == nil {
		return nil, false
	}
	var out []json.RawMessage
	for _, e := range v.Props.PageProps.Timeline.Entries {
		// The other types are advertisements and messages.
		if e.Type == "tweet" && isObject(e.Content.Tweet) {
			out = append(out, e.Content.Tweet)
		}
	}
	return out, true
}

// nextData returns the state that the page's script starts with.
func nextData(page []byte) ([]byte, bool) {
	z := html.NewTokenizer(bytes.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return nil, false
		case html.StartTagToken:
			t := z.Token()
			if t.DataAtom != atom.Script {
				continue
			}
			for _, a := range t.Attr {
				if a.Key == "id" && a.Val == "__NEXT_DATA__" && z.Next() == html.TextToken {
					return z.Raw(), true
				}
			}
		}
	}
}

func timelineRules() []extract.Rule {
	const e = EndpointTimeline
	page := func(id string) extract.Response {
		return extract.Response{StatusCode: 200, ContentType: "text/html; charset=utf-8", Body: []byte(`<!doctype html><script id="__NEXT_DATA__" type="application/json">` +
			`{"props":{"pageProps":{"timeline":{"entries":[{"type":"tweet","entry_id":"tweet-` + id + `","content":{"tweet":{"id_str":"` + id +
			`","full_text":"hello","created_at":"Sun Nov 16 10:12:27 +0000 2025","user":{"id_str":"7","name":"Ada","screen_name":"` + sampleHandle + `"}}}}]}}}}</script>`)}
	}
	empty := `<!doctype html><script id="__NEXT_DATA__" type="application/json">{"props":{"pageProps":{"timeline":{"entries":[]}}}}</script>`
	return []extract.Rule{
		rule(e, "the post among the newest of its account", post.Live, "stated", page(sampleID)),
		rule(e, "other posts of the account: it lives", post.Unknown, "absent", page("1990000000000000002")),
		rule(e, "no posts", post.Unknown, "absent", extract.Response{StatusCode: 200, ContentType: "text/html", Body: []byte(empty)}),
		rule(e, "another page", post.Unknown, "trouble", htmlAnswer(200)),
		rule(e, "404", post.Unknown, "trouble", htmlAnswer(404)),
		rule(e, "429, 5xx", post.Unknown, "trouble", htmlAnswer(429)),
	}
}

// sampleHandle is the account of the sample answers.
const sampleHandle = "ada"

package instagram

import (
	"encoding/json"
	"strings"
	"time"

	"stet/extract"

	"golang.org/x/net/html"
)

// newsletter is what Substack keeps of a post beside its display.
type newsletter struct {
	ID      string          `json:"instagram_id"`
	Title   string          `json:"title"`
	Author  string          `json:"author_name"`
	Created json.RawMessage `json:"timestamp"`
}

// readNewsletter reads a newsletter's static post, whose data stand beside it.
func (s Site) readNewsletter(n *html.Node) (extract.Reading, bool) {
	raw := extract.Attr(n, "data-attrs")
	if !strings.Contains(raw, "instagram_id") {
		return extract.Reading{}, false
	}
	var v newsletter
	if err := json.Unmarshal([]byte(raw), &v); err != nil {
		return extract.Reading{}, false
	}
	t, ok := s.PostByID(v.ID)
	if !ok {
		return extract.Reading{}, false
	}
	t.Kind = extract.TargetEmbed
	q := extract.Quoted{Handle: strings.TrimPrefix(v.Author, "@")}
	var stamp string
	if json.Unmarshal(v.Created, &stamp) == nil {
		if at, err := time.Parse(time.RFC3339, stamp); err == nil {
			q.Date = at.UTC().Format(time.DateOnly)
		}
	}
	return extract.Reading{Target: t, Quoted: q}, true
}

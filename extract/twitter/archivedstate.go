package twitter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"stet/extract"
)

// The site's own interface, and the state that its pages embed, hold statuses of
// v1.1 with the account beside them. They are put together again and read as
// such.

// object is a JSON object of which only some members are looked at.
type object = map[string]any

// maxStateDepth is how deep answers of the site's own interface are looked
// through: timelines nest about twenty levels.
const maxStateDepth = 40

// decodeObject reads one JSON value from the beginning of b; numbers stay as
// they are written.
func decodeObject(b []byte) (object, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var m object
	if err := d.Decode(&m); err != nil {
		return nil, fmt.Errorf("%w: %w", extract.ErrShape, err)
	}
	return m, nil
}

// in returns the object that a path of members leads to, nil where there is
// none.
func in(m object, path ...string) object {
	for _, name := range path {
		m, _ = m[name].(object)
	}
	return m
}

func text(m object, name string) string {
	s, _ := m[name].(string)
	return s
}

// parseGraph reads the post id from an answer of the site's own interface.
func parseGraph(id string, body []byte) (extract.Parsed, error) {
	m, err := decodeObject(body)
	if err != nil {
		return extract.Parsed{}, err
	}
	found := findGraph(m, id, maxStateDepth)
	if found == nil {
		return extract.Parsed{}, fmt.Errorf("%w: an answer without the post %.20s", extract.ErrShape, id)
	}
	return parseStatus(graphStatus(found, maxNesting))
}

// findGraph returns the post id within an answer, nil where it is not there.
func findGraph(v any, id string, depth int) object {
	if depth == 0 {
		return nil
	}
	switch v := v.(type) {
	case object:
		legacy := in(v, "legacy")
		if _, ok := legacy["full_text"].(string); ok && (text(v, "rest_id") == id || text(legacy, "id_str") == id) {
			return v
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if found := findGraph(v[name], id, depth-1); found != nil {
				return found
			}
		}
	case []any:
		for _, inner := range v {
			if found := findGraph(inner, id, depth-1); found != nil {
				return found
			}
		}
	}
	return nil
}

// unwrapGraph returns the post of a result: what may be seen by some only
// stands one level deeper.
func unwrapGraph(result object) object {
	if inner := in(result, "tweet"); inner != nil {
		return inner
	}
	return result
}

// graphStatus makes a status of v1.1 of a post of the site's own interface, nil
// where it is none.
func graphStatus(m object, depth int) object {
	s := maps.Clone(in(m, "legacy"))
	if s == nil || depth == 0 {
		return nil
	}
	if text(s, "id_str") == "" {
		s["id_str"] = text(m, "rest_id")
	}
	delete(s, "card") // its members are written otherwise
	s["user"] = graphUser(in(m, "core", "user_results", "result"))
	if pivot := in(m, "birdwatch_pivot"); pivot != nil {
		s["birdwatch_pivot"] = pivot
	}
	if note := in(m, "note_tweet", "note_tweet_results", "result"); text(note, "text") != "" {
		s["full_text"] = text(note, "text")
		entities := maps.Clone(in(s, "entities"))
		if entities == nil {
			entities = object{}
		}
		entities["urls"] = in(note, "entity_set")["urls"]
		s["entities"] = entities
	}
	if q := graphStatus(unwrapGraph(in(m, "quoted_status_result", "result")), depth-1); q != nil {
		s["quoted_status"] = q
	}
	if o := graphStatus(unwrapGraph(in(s, "retweeted_status_result", "result")), depth-1); o != nil {
		s["retweeted_status"] = o
	}
	return s
}

// graphUser makes an account of v1.1; since 2025 the names stand beside the
// rest.
func graphUser(m object) object {
	u := maps.Clone(in(m, "legacy"))
	if u == nil {
		u = object{}
	}
	u["id_str"] = text(m, "rest_id")
	for _, name := range []string{"name", "screen_name"} {
		if v := text(in(m, "core"), name); v != "" {
			u[name] = v
		}
	}
	if v := text(in(m, "avatar"), "image_url"); v != "" {
		u["profile_image_url_https"] = v
	}
	u["is_blue_verified"] = m["is_blue_verified"]
	return u
}

// stateMark is what stands before the state that the site's pages embedded from
// 2019 to 2023.
var stateMark = []byte("window.__INITIAL_STATE__=")

// parseState reads the post id from the state that a page embeds.
func parseState(id string, page []byte) (extract.Parsed, error) {
	_, rest, ok := bytes.Cut(page, stateMark)
	if !ok {
		return extract.Parsed{}, fmt.Errorf("%w: a page without embedded state", extract.ErrShape)
	}
	m, err := decodeObject(rest)
	if err != nil {
		return extract.Parsed{}, err
	}
	all, users := in(m, "entities", "tweets", "entities"), in(m, "entities", "users", "entities")
	s := stateStatus(all, users, id, maxNesting)
	if s == nil {
		return extract.Parsed{}, fmt.Errorf("%w: embedded state without the post %.20s", extract.ErrShape, id)
	}
	return parseStatus(s)
}

// stateStatus returns the status id with its account and the one that it
// quotes.
func stateStatus(all, users object, id string, depth int) object {
	s := maps.Clone(in(all, id))
	if s == nil || depth == 0 {
		return nil
	}
	delete(s, "card")
	delete(s, "quoted_status")
	if author, ok := s["user"].(string); ok {
		s["user"] = in(users, author)
	}
	if q := stateStatus(all, users, text(s, "quoted_status_id_str"), depth-1); q != nil {
		s["quoted_status"] = q
	}
	return s
}

// parseStatus reads a status that was put together. One without an author's
// handle is none: the parts may belong to different posts.
func parseStatus(s object) (extract.Parsed, error) {
	if s == nil || text(in(s, "user"), "screen_name") == "" {
		return extract.Parsed{}, fmt.Errorf("%w: a status without its author", extract.ErrShape)
	}
	body, err := json.Marshal(s)
	if err != nil {
		return extract.Parsed{}, fmt.Errorf("%w: %w", extract.ErrShape, err)
	}
	return ParseV11(body)
}

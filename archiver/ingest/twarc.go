package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"stet/extract"
	"stet/extract/post"
	"stet/extract/twitter"
)

// maxPage is the most posts of one answer: the interface gives at most 500.
const maxPage = 1000

// readTwarc reads JSON Lines: a status of v1.1, an answer of v2, or a post of v2
// with what it refers to put into it, in each line.
func (k *keeper) readTwarc(ctx context.Context, r io.Reader) error {
	p := pool{parse: twarcLine, take: k.take}
	tooLong := fmt.Sprintf("the line has more than %d MB", maxItem>>20)
	err := lines(ctx, r, maxItem,
		func(at span, line []byte) error { return p.add(ctx, at, line) },
		func(at span) error { return errors.Join(p.end(ctx), k.skip(ctx, at, "", tooLong)) })
	return errors.Join(err, p.end(context.WithoutCancel(ctx)))
}

// twarcHead are the members that tell the forms of lines apart.
type twarcHead struct {
	Data  json.RawMessage `json:"data"`
	Text  *string         `json:"text"`
	IDStr json.RawMessage `json:"id_str"`
	// AuthorID stands in v2 alone.
	AuthorID json.RawMessage `json:"author_id"`
	Twarc    struct {
		Retrieved string `json:"retrieved_at"`
	} `json:"__twarc"`
	// Post stands in lines of our own alone, with Status.
	Post   json.RawMessage `json:"post"`
	Status json.RawMessage `json:"status"`
}

// plainly reports whether a line is a status of v1.1 and nothing else, which
// most are, so that it need not be read twice: inside of strings the quotation
// marks of names are escaped.
func plainly(line []byte) bool {
	return bytes.Contains(line, []byte(`"id_str":`)) && !bytes.Contains(line, []byte(`"author_id"`)) &&
		!bytes.Contains(line, []byte(`"__twarc"`)) && !bytes.Contains(line, []byte(`"data"`))
}

// twarcLine reads one line.
func twarcLine(line []byte) []piece {
	if plainly(line) {
		if parsed, err := twitter.ParseV11(line); err == nil {
			return shown(twitter.V11Parser, &parsed, nil)
		}
	}
	var head twarcHead
	if err := json.Unmarshal(line, &head); err != nil {
		return none("", "the line is not what twarc writes: "+err.Error())
	}
	var notes []string
	if when := head.Twarc.Retrieved; when != "" {
		notes = append(notes, "collected at "+clip(when)+", as the file says")
	}
	switch {
	case head.Post != nil && head.Data == nil && head.IDStr == nil:
		var status ownStatus
		_ = json.Unmarshal(head.Status, &status) // what is no status says nothing
		return ownLine(head.Post, status)
	case head.Data != nil:
		return twarcPage(line, head.Data, notes)
	case head.IDStr == nil && (head.AuthorID != nil || head.Text != nil):
		whole, data, err := unflatten(line)
		if err != nil {
			return none("", "the line is not a post: "+err.Error())
		}
		return twarcPage(whole, data, notes)
	}
	parsed, err := twitter.ParseV11(line)
	if err != nil {
		return none("", "the line is not a post: "+err.Error())
	}
	return shown(twitter.V11Parser, &parsed, notes)
}

// twarcPage reads the posts of an answer of v2.
func twarcPage(body, data []byte, notes []string) []piece {
	ids, err := pageIDs(data)
	if err != nil {
		return none("", "the line is not an answer with posts: "+err.Error())
	}
	answers := twitter.ReadV2(ids, extract.Response{StatusCode: 200, ContentType: "application/json", Body: body})
	var pieces []piece
	for _, id := range ids {
		if a := answers[id]; a.Parsed != nil {
			pieces = append(pieces, shown(twitter.V2Parser, a.Parsed, notes)...)
		} else {
			pieces = append(pieces, none(post.Ref{Platform: post.Twitter, ID: id}.String(), "the line does not show the post: "+a.Reason)...)
		}
	}
	return pieces
}

// pageIDs lists the ids of the posts of an answer, each once.
func pageIDs(data []byte) ([]string, error) {
	type one struct {
		ID string `json:"id"`
	}
	var list []one
	if strings.HasPrefix(strings.TrimSpace(string(data[:min(len(data), 64)])), "{") {
		list = make([]one, 1)
		if err := json.Unmarshal(data, &list[0]); err != nil {
			return nil, err
		}
	} else if err := json.Unmarshal(data, &list); err != nil {
		return nil, err
	}
	if len(list) > maxPage {
		return nil, fmt.Errorf("it has %d posts, at most %d are read", len(list), maxPage)
	}
	seen, ids := map[string]bool{}, []string(nil)
	for _, p := range list {
		if id, err := twitter.ParseID(p.ID); err == nil && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("%w: it has no posts", extract.ErrShape)
	}
	return ids, nil
}

// unflatten makes an answer of v2 again of a post into which `twarc2 flatten`
// put what it refers to.
func unflatten(line []byte) (whole, data []byte, err error) {
	var p struct {
		Author      json.RawMessage `json:"author"`
		Attachments struct {
			Media json.RawMessage `json:"media"`
			Polls json.RawMessage `json:"poll"`
		} `json:"attachments"`
		Referenced []json.RawMessage `json:"referenced_tweets"`
	}
	if err := json.Unmarshal(line, &p); err != nil {
		return nil, nil, err
	}
	includes := map[string]any{}
	var users, tweets []json.RawMessage
	if p.Author != nil {
		users = append(users, p.Author)
	}
	for _, r := range p.Referenced {
		var q struct {
			Author json.RawMessage `json:"author"`
			Text   *string         `json:"text"`
		}
		if json.Unmarshal(r, &q) != nil || q.Text == nil {
			continue
		}
		if tweets = append(tweets, r); q.Author != nil {
			users = append(users, q.Author)
		}
	}
	includes["users"], includes["tweets"] = users, tweets
	if p.Attachments.Media != nil {
		includes["media"] = p.Attachments.Media
	}
	if p.Attachments.Polls != nil {
		includes["polls"] = []json.RawMessage{p.Attachments.Polls}
	}
	whole, err = json.Marshal(map[string]any{"data": []json.RawMessage{line}, "includes": includes})
	return whole, line, err
}

// clip cuts what a file says of itself to a length for people.
func clip(s string) string { return clipTo(s, 80) }

func clipTo(s string, n int) string { return strings.ToValidUTF8(s[:min(len(s), n)], "") }

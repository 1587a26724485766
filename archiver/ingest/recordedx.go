package ingest

import (
	"encoding/json"
	"strings"

	"stet/extract"
	"stet/extract/post"
	"stet/extract/twitter"
)

// ofX reports whether an address is one of the interfaces of X.
func (a *answerIn) ofX() bool {
	switch a.host {
	case "cdn.syndication.twimg.com", "syndication.twitter.com", "publish.twitter.com", "publish.x.com", "api.twitter.com", "api.x.com":
		return true
	case "twitter.com", "x.com", "mobile.twitter.com":
		return strings.HasPrefix(a.at.Path, "/i/api/")
	}
	return false
}

// x reads an answer of one of the interfaces of X, whichever it is: the shape of
// each is its own.
func (a *answerIn) x() []piece {
	body := a.r.Body
	if extract.JSONKind(body) == '[' {
		return a.list(body, a.xStatus)
	}
	var head struct {
		Typename string          `json:"__typename"`
		Data     json.RawMessage `json:"data"`
		Statuses json.RawMessage `json:"statuses"`
		HTML     *string         `json:"html"`
		ID       json.RawMessage `json:"id_str"`
	}
	if err := json.Unmarshal(body, &head); err != nil {
		return none("", "the answer is not what the interfaces of X give")
	}
	switch {
	case head.Typename != "":
		return a.parsed(twitter.SyndicationParser, twitter.ParseSyndication, body)
	case head.HTML != nil:
		return a.parsed(twitter.OEmbedParser, twitter.ParseOEmbed, body)
	case head.Statuses != nil:
		return a.list(head.Statuses, a.xStatus)
	case head.Data != nil:
		return a.xData(head.Data)
	case head.ID != nil:
		return a.xStatus(body)
	}
	return none("", "the answer shows no post")
}

func (a *answerIn) parsed(parser string, parse func([]byte) (extract.Parsed, error), body []byte) []piece {
	parsed, err := parse(body)
	if err != nil {
		return none("", "the answer shows no post")
	}
	return shown(parser, &parsed, a.notes)
}

func (a *answerIn) xStatus(raw json.RawMessage) []piece {
	return a.parsed(twitter.V11Parser, twitter.ParseV11, raw)
}

// xData reads an answer of v2, or of the site's own interface, which tells in
// its address which post it was asked for.
func (a *answerIn) xData(data json.RawMessage) []piece {
	if ids, err := pageIDs(data); err == nil {
		answers := twitter.ReadV2(ids, extract.Response{StatusCode: 200, ContentType: "application/json", Body: a.r.Body})
		var pieces []piece
		for _, id := range ids {
			pieces = append(pieces, a.answer(post.Ref{Platform: post.Twitter, ID: id}, twitter.V2Parser, answers[id])...)
		}
		return pieces
	}
	var asked struct {
		Focal string `json:"focalTweetId"`
		ID    string `json:"tweetId"`
	}
	_ = json.Unmarshal([]byte(a.at.Query().Get("variables")), &asked) // what is no JSON asks for nothing
	for _, id := range []string{asked.Focal, asked.ID} {
		if id, err := twitter.ParseID(id); err == nil {
			return a.answer(post.Ref{Platform: post.Twitter, ID: id}, twitter.ArchivedParser, twitter.ReadArchived(id, a.r))
		}
	}
	return none("", "the answer shows no post that its address names")
}

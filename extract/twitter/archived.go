package twitter

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"stet/extract"
)

// ArchivedParser names the parser of JSON that web archives hold, with its
// version.
const ArchivedParser = "twitter.archived/1"

// ParseArchived reads the post id from JSON that a web archive holds in place of
// the post's page: a status of the v1.1 API or of its streams, or an answer of
// the v2 API. It errors with [extract.ErrShape] for everything else.
//
// The body is to be fetched as it was captured. Where the archive served it with
// its links rewritten to itself, as the picture of the account shows, they are
// undone first.
func ParseArchived(id string, body []byte) (extract.Parsed, error) {
	var head struct {
		Data json.RawMessage `json:"data"`
		User opt[user]       `json:"user"`
	}
	if err := decode(body, &head); err != nil {
		return extract.Parsed{}, err
	}
	if strings.Contains(string(head.User.V.Avatar), "//web.archive.org/web/") {
		body = archivePrefix.ReplaceAll(body, []byte("$1"))
	}
	var p extract.Parsed
	var err error
	if len(head.Data) > 0 {
		p, err = ParseV2(id, body)
	} else {
		p, err = ParseV11(body)
	}
	switch {
	case err != nil:
		return extract.Parsed{}, err
	case p.Post.ID != id && !inChain(&p.Post, id):
		return extract.Parsed{}, fmt.Errorf("%w: the post %.20s in place of %.20s", extract.ErrShape, p.Post.ID, id)
	}
	return p, nil
}

// archivePrefix is what the archive writes before an address, in JSON with or
// without escaped slashes.
var archivePrefix = regexp.MustCompile(`https?:\\?/\\?/web\.archive\.org\\?/web\\?/[0-9]{4,14}(?:[a-z]{2}_)?\\?/(https?:)`)

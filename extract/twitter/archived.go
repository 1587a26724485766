package twitter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"stet/extract"
	"stet/extract/post"
)

// ArchivedParser names the parser of what web archives hold in place of posts,
// with its version.
const ArchivedParser = "twitter.archived/3"

// ArchivedForms lists the addresses under which web archives keep the post id,
// as the beginnings of addresses, the most promising first. handles are the
// names under which its author is known, and may be empty. An archive's index
// drops scheme, www. and case by itself.
func ArchivedForms(id string, handles []string) []string {
	handles = slices.DeleteFunc(slices.Clone(handles), func(h string) bool { return !validHandle(h) })
	var forms []string
	add := func(host, path string) {
		for _, h := range handles {
			forms = append(forms, host+"/"+h+path+id)
		}
	}
	add("twitter.com", "/status/")
	forms = append(forms, "twitter.com/i/web/status/"+id)
	add("x.com", "/status/")
	add("mobile.twitter.com", "/status/")
	forms = append(forms, "x.com/i/web/status/"+id, "x.com/i/status/"+id, "cdn.syndication.twimg.com/tweet-result?id="+id)
	if t, ok := Time(id); !ok || t.Before(newPaths()) {
		add("twitter.com", "/statuses/")
	}
	return forms
}

// newPaths is since when posts have no addresses with /statuses/ any more.
func newPaths() time.Time { return time.Date(2013, 1, 1, 0, 0, 0, 0, time.UTC) }

// ArchivedRange lists the beginnings of the addresses under which web archives
// keep the posts of an account with ids from first to last. They also match
// some before and after.
func ArchivedRange(handle, first, last string) []string {
	if !validHandle(handle) || !validID(first) || !validID(last) {
		return nil
	}
	var forms []string
	for _, host := range []string{"twitter.com", "mobile.twitter.com", "x.com"} {
		for _, digits := range idPrefixes(first, last) {
			forms = append(forms, host+"/"+handle+"/status/"+digits)
		}
	}
	return forms
}

// idPrefixes returns the beginnings that cover the ids from first to last. The
// last 15 digits of an id are worth about three days.
func idPrefixes(first, last string) []string {
	const tail, most = 15, 4
	if len(first) != len(last) || len(first) <= tail {
		return []string{""}
	}
	a, errA := strconv.Atoi(first[:len(first)-tail])
	b, errB := strconv.Atoi(last[:len(last)-tail])
	if errA != nil || errB != nil || b < a || b-a >= most {
		return []string{""}
	}
	var all []string
	for ; a <= b; a++ {
		all = append(all, strconv.Itoa(a))
	}
	return all
}

// ReadArchived says what a memento means for the post id: an answer of the
// platform, a page or JSON, that a web archive recorded. It is evidence of what
// the post said, never of whether it stands today, so that Status is always
// [post.Unknown]. Log-ins, redirects, empty shells and the platform's errors
// are recognised by what they lack: only a structure that names the very id
// yields a post.
func ReadArchived(id string, r extract.Response) extract.Answer {
	switch {
	case r.StatusCode == 404 || r.StatusCode == 410:
		return unknown(extract.ReasonArchivedGone)
	case r.StatusCode != 200 || len(r.Body) > maxArchived || !validID(id):
		return unknown(extract.ReasonArchivedOther)
	}
	var p extract.Parsed
	var err error
	// Archives are not to be believed about types: JSON is declared as text and
	// the other way round.
	if k := extract.JSONKind(r.Body); k == '{' || k == '[' {
		p, err = ParseArchived(id, r.Body)
	} else {
		p, err = ParseArchivedPage(id, r.Body)
	}
	if err != nil {
		return unknown(extract.ReasonArchivedOther)
	}
	return extract.Answer{Status: post.Unknown, Reason: extract.ReasonArchived, Parsed: &p}
}

// maxArchived is the largest memento that is read. Pages with their embedded
// state reach one or two megabytes.
const maxArchived = 16 << 20

// ParseArchived reads the post id from JSON that a web archive holds in place of
// the post's page: a status of the v1.1 API or of its streams, an answer of the
// v2 API, of the keyless endpoint, or of the site's own interface. It errors
// with [extract.ErrShape] for everything else.
//
// The body is to be fetched as it was captured. Where the archive served it with
// its links rewritten to itself, as the picture of the account shows, they are
// undone first.
func ParseArchived(id string, body []byte) (extract.Parsed, error) {
	body = bytes.TrimSpace(body)
	if extract.JSONKind(body) == '[' { // the answer to a look-up of several
		var all []json.RawMessage
		if err := extract.DecodeJSON(body, &all); err != nil {
			return extract.Parsed{}, err
		}
		for _, raw := range all[:min(len(all), 100)] {
			if p, err := parseArchived(id, raw); err == nil {
				return p, nil
			}
		}
		return extract.Parsed{}, fmt.Errorf("%w: a list without the post %.20s", extract.ErrShape, id)
	}
	return parseArchived(id, body)
}

func parseArchived(id string, body []byte) (extract.Parsed, error) {
	var head struct {
		Typename str             `json:"__typename"`
		Data     json.RawMessage `json:"data"`
		User     opt[user]       `json:"user"`
		HTML     opt[string]     `json:"html"`
	}
	if err := extract.DecodeJSON(body, &head); err != nil {
		return extract.Parsed{}, err
	}
	if strings.Contains(string(head.User.V.Avatar), "//web.archive.org/web/") {
		body = archivePrefix.ReplaceAll(body, []byte("$1"))
	}
	var p extract.Parsed
	var err error
	switch {
	case head.Typename == "Tweet":
		p, err = ParseSyndication(body)
	case head.HTML.Set:
		p, err = ParseOEmbed(body)
	case len(head.Data) > 0:
		if p, err = ParseV2(id, body); err != nil {
			p, err = parseGraph(id, body)
		}
	default:
		p, err = ParseV11(body)
	}
	switch {
	case err != nil:
		return extract.Parsed{}, err
	case p.Post.ID != id && !inChain(&p.Post, id):
		return extract.Parsed{}, fmt.Errorf("%w: the post %.20s in place of %.20s", extract.ErrShape, p.Post.ID, id)
	case p.Post.Author.Handle == "" && p.Post.Author.ID == "":
		return extract.Parsed{}, fmt.Errorf("%w: a post without an author", extract.ErrShape)
	}
	return p, nil
}

// archivePrefix is what the archive writes before an address, in JSON with or
// without escaped slashes.
var archivePrefix = regexp.MustCompile(`https?:\\?/\\?/web\.archive\.org\\?/web\\?/[0-9]{4,14}(?:[a-z]{2}_)?\\?/(https?:)`)

// withoutArchive undoes an archive's rewriting of one address.
func withoutArchive(address string) string {
	if rest, ok := strings.CutPrefix(address, "/web/"); ok {
		if _, original, ok := strings.Cut(rest, "/"); ok && strings.HasPrefix(original, "http") {
			return original
		}
	}
	return archivePrefix.ReplaceAllString(address, "$1")
}

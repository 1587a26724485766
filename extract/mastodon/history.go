package mastodon

import (
	"fmt"
	"slices"
	"strings"

	"stet/extract"
	"stet/extract/post"
)

// edit is one version in the payload of /api/v1/statuses/:id/history.
type edit struct {
	Content   opt[string]      `json:"content"`
	Spoiler   str              `json:"spoiler_text"`
	Sensitive opt[bool]        `json:"sensitive"`
	Created   str              `json:"created_at"`
	Media     list[attachment] `json:"media_attachments"`
	Poll      opt[poll]        `json:"poll"`
}

// ReadHistory adds the earlier versions of an edited post to p, from a response
// with its history, which lists all versions, the oldest first and that which
// is shown last. What cannot be read is a note.
func ReadHistory(p *extract.Parsed, r extract.Response) {
	earlier, err := parseHistory(r)
	if err != nil {
		p.Notes = append(p.Notes, "the earlier versions could not be had: "+err.Error())
		return
	}
	p.Post.Earlier = earlier
}

func parseHistory(r extract.Response) ([]post.Version, error) {
	if r.StatusCode != 200 || !r.JSON() {
		return nil, fmt.Errorf("the instance answered %d %s", r.StatusCode, errorWords(r.Body))
	}
	if extract.JSONKind(r.Body) != '[' {
		return nil, fmt.Errorf("%w: no list of versions", extract.ErrShape)
	}
	var all list[edit]
	if err := extract.DecodeJSON(r.Body, &all); err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(e edit) bool { return !e.Content.Set || moment(e.Created).IsZero() })
	if len(all) == 0 {
		return nil, fmt.Errorf("%w: no versions", extract.ErrShape)
	}
	slices.SortStableFunc(all, func(a, b edit) int { return moment(a.Created).Compare(moment(b.Created)) })
	var earlier []post.Version
	for _, e := range all[:len(all)-1] {
		v := post.Version{Time: moment(e.Created), Text: read(e.Content.V).text, Warning: strings.TrimSpace(string(e.Spoiler)),
			Sensitive: e.Sensitive.V, Poll: e.Poll.V.post()}
		for i := range e.Media {
			if m, ok := e.Media[i].post(); ok {
				v.Media = append(v.Media, m)
			}
		}
		earlier = append(earlier, v)
	}
	return earlier, nil
}

package ingest

import (
	"encoding/json"
	"io"
	"io/fs"
	"strings"
	"time"

	"stet/extract/post"
)

// notePrefix begins the names of the files of an account's archive with the whole
// words of long posts. In the files of posts these are cut.
const notePrefix = "note-tweet"

const (
	// maxLong is the largest file of long posts, maxLongPosts the most of one.
	maxLong      = 64 << 20
	maxLongPosts = 100_000
	// minBegun is how many letters of a post that is cut must be those of a long
	// one: a post of the same second can begin alike.
	minBegun = 40
)

// addLong adds the long posts of a file. Each has an id of its own, and the time
// of the post that it belongs to. Where the file cannot be read, the posts stay as
// they are cut.
func (a *account) addLong(fsys fs.FS, name string) {
	f, err := fsys.Open(name)
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }()
	r, _, _, err := list(io.LimitReader(f, maxLong))
	if err != nil {
		return
	}
	d := json.NewDecoder(r)
	if _, err := d.Token(); err != nil {
		return
	}
	if a.long == nil {
		a.long = map[int64][]string{}
	}
	for n := 0; d.More() && n < maxLongPosts; n++ {
		var v struct {
			Note struct {
				Created string `json:"createdAt"`
				Core    struct {
					Text string `json:"text"`
				} `json:"core"`
			} `json:"noteTweet"`
		}
		if err := d.Decode(&v); err != nil {
			break
		}
		if at, err := time.Parse(time.RFC3339, v.Note.Created); err == nil && v.Note.Core.Text != "" {
			a.long[at.Unix()] = append(a.long[at.Unix()], v.Note.Core.Text)
		}
	}
}

// whole returns the whole words of a post that is cut, empty where it is not, or
// nothing of the account begins so at that time.
func (a *account) whole(p *post.Post) string {
	if len(a.long) == 0 {
		return ""
	}
	begun := strings.TrimRight(p.Text, " \n")
	if i := strings.LastIndex(begun, "https://t.co/"); i > 0 && !strings.ContainsAny(begun[i:], " \n") {
		begun = strings.TrimRight(begun[:i], " \n")
	}
	begun = strings.TrimRight(begun, "…")
	if len([]rune(begun)) < minBegun {
		return ""
	}
	for second := p.Posted.Unix() - 1; second <= p.Posted.Unix()+1; second++ { // some are rounded
		for _, text := range a.long[second] {
			if strings.HasPrefix(text, begun) && len(text) > len(p.Text) {
				return text
			}
		}
	}
	return ""
}

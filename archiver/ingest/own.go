package ingest

import (
	"encoding/json"

	"stet/extract/post"
)

// ownParser names what reads posts out of the JSON Lines that `stet export`
// writes.
const ownParser = "ingest.own/1"

// ownStatus is what a line of our own says of whether the post was there.
type ownStatus struct {
	Value     string `json:"value"`
	Confirmed bool   `json:"confirmed"`
	FirstGone string `json:"first_gone"`
}

// ownLine reads a post that an archive of this kind wrote as a line. What it
// rests on stayed there: of files there are digests alone, and what became of the
// post is a note.
func ownLine(raw json.RawMessage, status ownStatus) []piece {
	var p post.Post
	if err := json.Unmarshal(raw, &p); err != nil {
		return none("", "the line is no post of an archive: "+err.Error())
	}
	ref := p.Ref()
	switch {
	case !ref.Valid():
		return none("", "the line names no post")
	case p.Text == "" && len(p.Media) == 0:
		return none(ref.String(), "it has no words")
	}
	notes := []string{"as an archive wrote it into a list; what it rests on is there"}
	if status.FirstGone != "" && status.Value != "" {
		notes = append(notes, clip(status.Value)+", first seen at "+clip(status.FirstGone)+", as the file says")
	}
	for i := range p.Media {
		m := &p.Media[i]
		if m.Digest != "" {
			notes = append(notes, "a file of it had the digest "+clipTo(m.Digest, 160)+", as the file says")
		}
		m.Digest, m.Bytes, m.PosterDigest, m.Error = "", 0, "", ""
	}
	return []piece{piece{post: &p, parser: ownParser, notes: notes}.written()}
}

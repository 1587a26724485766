package post

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
)

// Post is what a post said, as one parser understood one source. The zero
// value of a field means that the source did not say; it never means that the
// post has none.
type Post struct {
	Platform Platform `json:"platform"`
	// ID is the platform's own id, as in [Ref].
	ID string `json:"id"`
	// URL is the canonical address for people.
	URL    string `json:"url,omitempty"`
	Author Author `json:"author,omitzero"`
	// Text is what a reader sees: entities decoded, links written out where
	// the platform tells them, trailing media links removed.
	Text string `json:"text"`
	// Incomplete is true where the source is known to have cut Text.
	Incomplete bool `json:"incomplete,omitempty"`
	// Language is the BCP 47 tag that the platform gives.
	Language string `json:"language,omitempty"`
	// Posted is the time of publication as the platform states it.
	Posted time.Time `json:"posted,omitzero"`
	// PostedFrom says how Posted is known: "stated" by the source, or
	// "derived" from the id.
	PostedFrom string  `json:"posted_from,omitempty"`
	Media      []Media `json:"media"`
	// Links are the addresses in the text, in order of appearance.
	Links []Link `json:"links,omitempty"`
	// Quoted is the post that this one quotes; Parent the one it answers;
	// Reposted the one it repeats.
	Quoted   Ref `json:"quoted,omitzero"`
	Parent   Ref `json:"parent,omitzero"`
	Reposted Ref `json:"reposted,omitzero"`
	// Versions are the references of all versions of an edited post, oldest
	// first, where the platform gives each edit an id of its own.
	Versions []Ref `json:"versions,omitempty"`
	// Aliases are other references under which the post is known.
	Aliases []Ref `json:"aliases,omitempty"`
	Edited  bool  `json:"edited,omitempty"`
	// Earlier are the versions before the one that is shown, oldest first,
	// where the platform tells what they said under the same id.
	Earlier []Version `json:"earlier,omitempty"`
	// Visibility says to whom the author shows the post, in the platform's own
	// word: public, unlisted, …
	Visibility string `json:"visibility,omitempty"`
	// Version is the platform's own name of what the post says now, where an
	// edit changes it and leaves the id: a hash of the content, say.
	Version string `json:"version,omitempty"`
	// Warning is the author's content warning.
	Warning string `json:"warning,omitempty"`
	// Sensitive is true where the platform marks the post as such.
	Sensitive bool `json:"sensitive,omitempty"`
	// Note is what other people added to the post and the platform shows below
	// it: a community note of X.
	Note string `json:"note,omitempty"`
	Card *Card  `json:"card,omitempty"`
	Poll *Poll  `json:"poll,omitempty"`
	// Counts are the numbers shown beside the post (likes, replies, …).
	Counts map[string]int64 `json:"counts,omitempty"`
	// Labels are moderation labels, as the platform writes them.
	Labels []string `json:"labels,omitempty"`

	// Extra holds members of the JSON object that this version does not know.
	Extra map[string]json.RawMessage `json:"-"`
}

// Ref returns the identity of the post.
func (p *Post) Ref() Ref { return Ref{Platform: p.Platform, ID: p.ID} }

// Author is who published a post, at the time of the capture.
type Author struct {
	// ID is the platform's stable id of the account (a number, a DID), where
	// the source gives one. Handles change, ids do not.
	ID     string `json:"id,omitempty"`
	Name   string `json:"name"`
	Handle string `json:"handle"`
	URL    string `json:"url,omitempty"`
	Avatar string `json:"avatar,omitempty"`
	// Verified is the platform's own word for the mark beside the name.
	Verified string `json:"verified,omitempty"`
}

// Media is one picture, video or sound of a post.
type Media struct {
	// Kind is photo, video, gif, audio or file.
	Kind string `json:"kind"`
	// URL is the address of the best quality that the platform offers.
	URL string `json:"url"`
	// Fallbacks are addresses of lesser qualities, best first.
	Fallbacks []string `json:"fallbacks,omitempty"`
	// Poster is the address of a video's still picture.
	Poster string `json:"poster,omitempty"`
	// Digest, Bytes and Type describe the file that is kept: sha256:hex, its
	// size and its media type. They are empty where none is kept.
	Digest string `json:"digest,omitempty"`
	Bytes  int64  `json:"bytes,omitempty"`
	Type   string `json:"type,omitempty"`
	// PosterDigest is the digest of the kept still picture.
	PosterDigest string `json:"poster_digest,omitempty"`
	// Alt is the author's description.
	Alt        string `json:"alt,omitempty"`
	Width      int    `json:"width,omitempty"`
	Height     int    `json:"height,omitempty"`
	DurationMS int64  `json:"duration_ms,omitempty"`
	// SourceRef is the post that the file was first published in, where the
	// platform says that it is another.
	SourceRef Ref `json:"source,omitzero"`
	// Error says why no file is kept.
	Error string `json:"error,omitempty"`
}

// Version is what an edited post said before.
type Version struct {
	// Time is when the version was published.
	Time time.Time `json:"time,omitzero"`
	Text string    `json:"text"`
	// Warning, Sensitive, Media and Poll are as in [Post]. No files are kept
	// for the media of a version.
	Warning   string  `json:"warning,omitempty"`
	Sensitive bool    `json:"sensitive,omitempty"`
	Media     []Media `json:"media,omitempty"`
	Poll      *Poll   `json:"poll,omitempty"`
}

// Link is an address in the text of a post.
type Link struct {
	// URL is the address as it stands in the raw text (often a short link).
	URL string `json:"url"`
	// Expanded is where it leads according to the platform.
	Expanded string `json:"expanded,omitempty"`
	// Display is what readers are shown.
	Display string `json:"display,omitempty"`
}

// Card is the preview of a linked page that the platform shows with the post.
type Card struct {
	URL         string `json:"url,omitempty"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	Image       string `json:"image,omitempty"`
	Kind        string `json:"kind,omitempty"`
}

// Poll is a poll in a post.
type Poll struct {
	Options []PollOption `json:"options"`
	Ends    time.Time    `json:"ends,omitzero"`
	Final   bool         `json:"final,omitempty"`
}

// PollOption is one answer of a [Poll].
type PollOption struct {
	Label string `json:"label"`
	Votes int64  `json:"votes"`
}

// postJSON has the fields of Post without its methods.
type postJSON Post

// knownMembers returns the JSON names of Post's own fields.
var knownMembers = sync.OnceValue(func() map[string]bool {
	names := map[string]bool{}
	t := reflect.TypeFor[postJSON]()
	for i := range t.NumField() {
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); name != "-" {
			names[name] = true
		}
	}
	return names
})

// MarshalJSON writes the post with its Extra members after the known ones, in
// the order of their names. A nil Media is written as an empty list.
func (p Post) MarshalJSON() ([]byte, error) {
	if p.Media == nil {
		p.Media = []Media{}
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(postJSON(p)); err != nil {
		return nil, err
	}
	out := bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
	known := knownMembers()
	for _, name := range slices.Sorted(maps.Keys(p.Extra)) {
		if known[name] {
			continue
		}
		key, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		if !json.Valid(p.Extra[name]) {
			return nil, fmt.Errorf("encoding a post: the member %q is not JSON", name)
		}
		out = append(out[:len(out)-1], ',')
		out = append(append(append(out, key...), ':'), p.Extra[name]...)
		out = append(out, '}')
	}
	return out, nil
}

// UnmarshalJSON reads a post and keeps members that it does not know in Extra.
func (p *Post) UnmarshalJSON(b []byte) error {
	var v postJSON
	if err := json.Unmarshal(b, &v); err != nil {
		return fmt.Errorf("decoding a post: %w", err)
	}
	known := knownMembers()
	if !hasUnknown(b, known) { // as nearly always; the other way costs as much again
		*p = Post(v)
		return nil
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		return fmt.Errorf("decoding a post: %w", err)
	}
	maps.DeleteFunc(all, func(name string, _ json.RawMessage) bool { return known[name] })
	if len(all) > 0 {
		v.Extra = all
	}
	*p = Post(v)
	return nil
}

// hasUnknown reports whether b, which is valid JSON, is an object with a member
// that is not known, or whose name is written with escapes.
func hasUnknown(b []byte, known map[string]bool) bool {
	depth, name := 0, false
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '{', '[':
			depth++
			name = depth == 1
		case '}', ']':
			depth--
		case ',':
			name = depth == 1
		case ':':
			name = false
		case '"':
			start := i + 1
			for i++; b[i] != '"'; i++ {
				if b[i] != '\\' {
					continue
				}
				if i++; name {
					return true
				}
			}
			if name && !known[string(b[start:i])] {
				return true
			}
		}
	}
	return false
}

package oembed

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"stet/extract"
	"stet/extract/post"
)

// Parser names the parser of oEmbed payloads, with its version.
const Parser = "oembed/1"

// Payload is what an endpoint answers. Numbers that providers write as strings,
// as per cent or not at all are 0.
type Payload struct {
	// Type is photo, video, link or rich.
	Type         string
	Title        string
	Description  string
	AuthorName   string
	AuthorURL    string
	AuthorID     string
	ProviderName string
	ProviderURL  string
	// HTML is the markup that shows the embed; it is the provider's and can
	// hold scripts.
	HTML string
	// URL is the address of the picture of a photo.
	URL           string
	Width, Height int
	Thumbnail     string
	// CacheAge is how many seconds the answer holds.
	CacheAge int
}

// text is a string; a number is taken as it is written, everything else as
// nothing.
type text string

// UnmarshalJSON never errors for valid JSON.
func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	var n json.Number
	switch {
	case json.Unmarshal(b, &s) == nil:
		*t = text(s)
	case json.Unmarshal(b, &n) == nil:
		*t = text(n.String())
	default:
		*t = ""
	}
	return nil
}

// size returns the number that a text is, 0 where it is none.
func (t text) size() int {
	f, err := strconv.ParseFloat(strings.TrimSuffix(string(t), "px"), 64)
	if err != nil || math.IsNaN(f) || f < 0 || f > 1<<30 {
		return 0
	}
	return int(f)
}

// Decode reads a payload. It errors with [extract.ErrShape] for everything that
// is not one: the specification demands a type and a version.
func Decode(body []byte) (Payload, error) {
	var v struct {
		Type         text `json:"type"`
		Version      text `json:"version"`
		Title        text `json:"title"`
		Description  text `json:"description"`
		AuthorName   text `json:"author_name"`
		AuthorURL    text `json:"author_url"`
		AuthorID     text `json:"author_unique_id"`
		ProviderName text `json:"provider_name"`
		ProviderURL  text `json:"provider_url"`
		HTML         text `json:"html"`
		URL          text `json:"url"`
		Width        text `json:"width"`
		Height       text `json:"height"`
		Thumbnail    text `json:"thumbnail_url"`
		CacheAge     text `json:"cache_age"`
	}
	if err := json.Unmarshal(body, &v); err != nil {
		return Payload{}, fmt.Errorf("%w: %w", extract.ErrShape, err)
	}
	switch v.Type {
	case "photo", "video", "link", "rich":
	default:
		return Payload{}, fmt.Errorf("%w: no oEmbed payload: type %.20q", extract.ErrShape, v.Type)
	}
	if !strings.HasPrefix(string(v.Version), "1") {
		return Payload{}, fmt.Errorf("%w: oEmbed version %.20q", extract.ErrShape, v.Version)
	}
	return Payload{Type: string(v.Type), Title: string(v.Title), Description: string(v.Description), AuthorName: string(v.AuthorName),
		AuthorURL: string(v.AuthorURL), AuthorID: string(v.AuthorID), ProviderName: string(v.ProviderName), ProviderURL: string(v.ProviderURL),
		HTML: string(v.HTML), URL: string(v.URL), Width: v.Width.size(), Height: v.Height.size(), Thumbnail: string(v.Thumbnail),
		CacheAge: v.CacheAge.size()}, nil
}

// Parse makes a post of a payload: ref is the post that was asked about and
// address its canonical address. A payload tells the title and the author, and
// of a photo where it is; of everything else it has a thumbnail and markup. It
// does not tell when the post was published. It errors with [extract.ErrShape].
func Parse(ref post.Ref, address string, body []byte) (extract.Parsed, error) {
	o, err := Decode(body)
	if err != nil {
		return extract.Parsed{}, err
	}
	p := post.Post{Platform: ref.Platform, ID: ref.ID, URL: address, Text: joined(o.Title, o.Description)}
	p.Author = post.Author{Name: o.AuthorName, Handle: handle(&o), URL: o.AuthorURL}
	switch {
	case o.Type == "photo" && webAddress(o.URL):
		p.Media = []post.Media{{Kind: "photo", URL: o.URL, Width: o.Width, Height: o.Height}}
		if webAddress(o.Thumbnail) && o.Thumbnail != o.URL {
			p.Media[0].Fallbacks = []string{o.Thumbnail}
		}
	default:
		p.Card = &post.Card{URL: address, Title: o.Title, Description: o.Description, Kind: o.Type}
		if webAddress(o.Thumbnail) {
			p.Card.Image = o.Thumbnail
		}
	}
	return extract.Parsed{Post: p}, nil
}

// joined returns the title and what a provider says beyond it.
func joined(title, description string) string {
	title, description = strings.TrimSpace(title), strings.TrimSpace(description)
	if description == "" || description == title {
		return title
	}
	return strings.TrimSpace(title + "\n\n" + description)
}

func webAddress(s string) bool {
	return strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://")
}

// handle returns the account's handle where a payload tells it: in a member that
// one provider has, or as the @name that the account's address ends with.
func handle(o *Payload) string {
	if o.AuthorID != "" {
		return o.AuthorID
	}
	path, _, _ := strings.Cut(o.AuthorURL, "?")
	path = strings.TrimRight(path, "/")
	name, ok := strings.CutPrefix(path[strings.LastIndexByte(path, '/')+1:], "@")
	if !ok {
		return ""
	}
	return name
}

// Read says what a response of an endpoint means for the post ref. Providers do
// not say why they do not show something; what the specification lets them say
// (404 not found, 401 private) is at most an absence, and 401 and 403 mean that
// the post exists as often as that the network was refused.
func Read(ref post.Ref, address string, r extract.Response) extract.Answer {
	switch r.StatusCode {
	case 400:
		return extract.Answer{Status: post.Unknown, Reason: extract.ReasonBadID}
	case 501:
		// The endpoint has no JSON.
		return extract.Trouble(extract.ReasonHTTP, false)
	}
	if a, ok := extract.StatusAnswer(r); ok {
		return a
	}
	return readPayload(ref, address, r)
}

// readPayload reads the body of a 200. Some providers declare their JSON as
// something else, so that the body decides; a page is no payload.
func readPayload(ref post.Ref, address string, r extract.Response) extract.Answer {
	p, err := Parse(ref, address, r.Body)
	switch {
	case err == nil:
		return extract.Shows(p)
	case !r.JSON():
		return extract.Trouble(extract.ReasonNotJSON, false)
	}
	return extract.Trouble(extract.ReasonShape, false)
}

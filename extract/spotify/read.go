package spotify

import (
	"fmt"
	"strings"

	"stet/extract"
	"stet/extract/post"
)

// EndpointEmbed is the name of the player's page, as it stands in looks.
const EndpointEmbed = "embed-page"

// EmbedParser names its parser, with its version.
const EmbedParser = "spotify.embed/1"

// EmbedURL returns the address of the player of an id, type:id.
func EmbedURL(id string) string {
	return "https://open.spotify.com/embed/" + strings.Replace(id, ":", "/", 1)
}

// ReadEmbed says what the player's page means for an id. For what it does not
// find, the page comes with HTTP status 200 and says 404 in its data.
func ReadEmbed(id string, r extract.Response) extract.Answer {
	if r.StatusCode != 404 {
		if a, ok := extract.StatusAnswer(r); ok {
			return a
		}
	}
	doc, ok := r.Page()
	if !ok {
		return extract.Trouble(extract.ReasonShape, false)
	}
	v, err := extract.ScriptValue(doc, "__NEXT_DATA__")
	props := v.Get("props", "pageProps")
	if err != nil || !props.IsObject() {
		return extract.Trouble(extract.ReasonShape, false)
	}
	entity := props.Get("state", "data", "entity")
	switch {
	case !props.Get("state").Exists() && props.Get("status").Int() == 404:
		return extract.Answer{Status: post.NotFound, Reason: extract.ReasonAbsent, Words: props.Get("title").Text()}
	case r.StatusCode != 200:
		return extract.Trouble(extract.ReasonShape, false)
	case entity.Get("uri").Text() != "" && entity.Get("uri").Text() != "spotify:"+id:
		return extract.Trouble(extract.ReasonOtherPost, false)
	}
	p, err := parseEntity(id, entity)
	if err != nil {
		return extract.Trouble(extract.ReasonShape, false)
	}
	return extract.Shows(p)
}

// parseEntity reads what is played; its cover is its file. It errors with
// [extract.ErrShape].
func parseEntity(id string, entity extract.Value) (extract.Parsed, error) {
	t, ok := Site{}.PostByID(id)
	name := entity.Get("name").Text()
	if name == "" {
		name = entity.Get("title").Text()
	}
	if !ok || entity.Get("uri").Text() != "spotify:"+id || name == "" {
		return extract.Parsed{}, fmt.Errorf("%w: a player without %.50s", extract.ErrShape, id)
	}
	p := post.Post{Platform: post.Spotify, ID: id, URL: t.URL, Text: name, Card: &post.Card{URL: t.URL, Title: name, Kind: entity.Get("type").Text()}}
	var artists []string
	for _, a := range entity.Get("artists").List() {
		if a.Get("name").Text() != "" {
			artists = append(artists, a.Get("name").Text())
		}
	}
	p.Author.Name = strings.Join(artists, ", ")
	if artists == nil {
		p.Author.Name = entity.Get("subtitle").Text()
	}
	if at := entity.Get("releaseDate", "isoString").Time(); !at.IsZero() {
		p.Posted, p.PostedFrom = at, "stated"
	}
	if cover := cover(entity); cover != "" {
		p.Card.Image, p.Media = cover, []post.Media{{Kind: "photo", URL: cover}}
	}
	return extract.Parsed{Post: p, Notes: []string{"the sound itself is not kept"}}, nil
}

// cover returns the address of the largest picture.
func cover(entity extract.Value) string {
	best, width := "", int64(-1)
	for _, image := range append(entity.Get("visualIdentity", "image").List(), entity.Get("coverArt", "sources").List()...) {
		w := max(image.Get("maxWidth").Int(), image.Get("width").Int())
		if address := image.Get("url").Text(); strings.HasPrefix(address, "https://") && w > width {
			best, width = address, w
		}
	}
	return best
}

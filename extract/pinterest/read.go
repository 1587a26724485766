package pinterest

import (
	"fmt"
	"html"
	"strings"

	"stet/extract"
	"stet/extract/post"
)

// EndpointWidget is the name of what the platform's own widgets ask, as it
// stands in looks.
const EndpointWidget = "widget"

// WidgetParser names its parser, with its version.
const WidgetParser = "pinterest.widget/1"

// ReadWidget says what the answer to the platform's own widgets means for the
// pin id: a list with the pin, or with an error in its place.
func ReadWidget(id string, r extract.Response) extract.Answer {
	if a, ok := extract.DataStatusAnswer(r); ok {
		return a
	}
	v, ok := r.Value()
	if !ok {
		return extract.Trouble(extract.ReasonNotJSON, false)
	}
	pin := v.Get("data").First()
	switch shown := pin.Get("id").Text(); {
	case !pin.IsObject(), len(v.Get("data").List()) != 1:
		return extract.Trouble(extract.ReasonShape, false)
	case shown != "" && shown != id:
		return extract.Trouble(extract.ReasonOtherPost, false)
	case pin.Get("error").Exists():
		return extract.Answer{Status: post.NotFound, Reason: extract.ReasonAbsent, Words: pin.Get("error").Text()}
	}
	p, err := parsePin(id, pin)
	if err != nil {
		return extract.Trouble(extract.ReasonShape, false)
	}
	return extract.Shows(p)
}

// parsePin reads a pin. It errors with [extract.ErrShape].
func parsePin(id string, pin extract.Value) (extract.Parsed, error) {
	pinner := pin.Get("pinner")
	picture, fallback := largest(pin.Get("images"))
	if pin.Get("id").Text() != id || !pinner.IsObject() || picture == "" {
		return extract.Parsed{}, fmt.Errorf("%w: an answer without the pin %.30s", extract.ErrShape, id)
	}
	p := post.Post{Platform: post.Pinterest, ID: id, URL: target(extract.TargetPost, id).URL, Text: strings.TrimSpace(html.UnescapeString(pin.Get("description").Text())),
		Author: post.Author{ID: pinner.Get("id").Text(), Name: pinner.Get("full_name").Text(), URL: pinner.Get("profile_url").Text()},
		Media:  []post.Media{{Kind: "photo", URL: picture, Fallbacks: []string{fallback}}}}
	if u, ok := extract.ParseLink(p.Author.URL); ok {
		t, _ := Site{}.ParseURL(u)
		p.Author.Handle = t.Handle
	}
	if link := pin.Get("link").Text(); strings.HasPrefix(link, "http") {
		p.Card = &post.Card{URL: link, Title: pin.Get("attribution", "title").Text()}
		p.Links = []post.Link{{URL: link}}
	}
	return extract.Parsed{Post: p}, nil
}

// largest returns the address of the largest picture that is offered, before it
// that of the same picture in the size that the platform makes of every one.
func largest(images extract.Value) (picture, offered string) {
	most := int64(-1)
	for _, size := range []string{"736x", "564x", "474x", "345x", "237x", "236x", "136x136"} {
		image := images.Get(size)
		if address := image.Get("url").Text(); strings.HasPrefix(address, "https://") && image.Get("width").Int() > most {
			most, offered = image.Get("width").Int(), address
		}
	}
	for _, size := range []string{"/564x/", "/474x/", "/345x/", "/237x/", "/236x/", "/136x136/"} {
		if strings.HasPrefix(offered, "https://i.pinimg.com"+size) {
			return strings.Replace(offered, size, "/736x/", 1), offered
		}
	}
	return offered, offered
}

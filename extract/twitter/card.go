package twitter

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"stet/extract/post"
)

// card is what the platform shows below the text: the preview of a linked
// page, or a poll.
type card struct {
	Name   str                     `json:"name"`
	URL    str                     `json:"url"`
	Values opt[map[string]binding] `json:"binding_values"`
}

// binding is one value of a card.
type binding struct {
	String  opt[string] `json:"string_value"`
	Boolean opt[bool]   `json:"boolean_value"`
	Image   opt[struct {
		URL str `json:"url"`
	}] `json:"image_value"`
}

func (c *card) text(name string) string { return c.Values.V[name].String.V }

// isPoll reports whether the card is a poll: poll2choice_text_only and so on.
func (c *card) isPoll() bool { return strings.HasPrefix(string(c.Name), "poll") }

// poll returns the poll that the card is, nil where it has no answers.
func (c *card) poll() *post.Poll {
	var p post.Poll
	for i := 1; i <= 10; i++ {
		prefix := "choice" + strconv.Itoa(i)
		label, ok := c.Values.V[prefix+"_label"]
		if !ok {
			break
		}
		votes, err := strconv.ParseInt(c.text(prefix+"_count"), 10, 64)
		if err != nil {
			votes = 0
		}
		p.Options = append(p.Options, post.PollOption{Label: label.String.V, Votes: votes})
	}
	if len(p.Options) == 0 {
		return nil
	}
	if t, err := time.Parse(time.RFC3339, c.text("end_datetime_utc")); err == nil {
		p.Ends = t.UTC()
	}
	p.Final = c.Values.V["counts_are_final"].Boolean.V
	return &p
}

// preview returns the preview that the card is. links are those of the text:
// the card's own address is a short one.
func (c *card) preview(links map[string]post.Link) *post.Card {
	out := post.Card{Kind: string(c.Name), Title: c.text("title"), Description: c.text("description")}
	out.URL = cmp.Or(string(c.URL), c.text("card_url"))
	if l, ok := links[out.URL]; ok {
		out.URL = cmp.Or(l.Expanded, out.URL)
	}
	for _, name := range []string{"photo_image_full_size_original", "summary_photo_image_original", "player_image_original", "thumbnail_image_original",
		"event_thumbnail_original", "photo_image_full_size_large", "summary_photo_image_large", "player_image_large", "thumbnail_image_large", "thumbnail_image"} {
		if out.Image = string(c.Values.V[name].Image.V.URL); out.Image != "" {
			break
		}
	}
	if out.URL == "" && out.Title == "" && out.Kind == "" {
		return nil
	}
	return &out
}

// set puts the card into p as what it is.
func (c *card) set(p *post.Post, links map[string]post.Link) {
	if c.isPoll() {
		p.Poll = c.poll()
		return
	}
	p.Card = c.preview(links)
}

// Package telegram asks Telegram for posts of public channels and groups: the
// page that its own embeds show, and the list of a channel's posts as a second
// witness. Neither needs an account. What the answers mean is in
// extract/telegram.
package telegram

import (
	"fmt"
	"net/http"

	"stet/archiver"
	"stet/archiver/fetch"
	"stet/extract"
	"stet/extract/post"
	extelegram "stet/extract/telegram"
	"stet/store"
)

// DefaultControls returns a post that is known to live: an announcement in the
// platform's own channel.
func DefaultControls() []post.Ref { return []post.Ref{{Platform: post.Telegram, ID: "telegram/441"}} }

// New returns the platform, asked through c. Where live is nil, the control
// posts are [DefaultControls].
func New(c archiver.Client, live, gone []post.Ref) archiver.Platform {
	if live == nil {
		live = DefaultControls()
	}
	return &archiver.Fixed{Of: post.Telegram, Known: archiver.Controls{Live: live, Gone: gone}, Table: extelegram.Rules(), List: []archiver.Endpoint{
		&archiver.Single{Client: c, Word: extelegram.EndpointEmbed, From: post.SourceEmbed, Parser: extelegram.EmbedParser,
			Request: request("https://t.me/%s?embed=1&mode=tme"), Read: read(extelegram.ReadEmbed)},
		&archiver.Single{Client: c, Word: extelegram.EndpointPreview, From: post.SourceEmbed, Parser: extelegram.PreviewParser,
			Request: request("https://t.me/s/%s"), Read: read(extelegram.ReadPreview)},
	}}
}

// request returns what makes the request for a post's page.
func request(format string) func(post.Ref) (fetch.Request, error) {
	return func(ref post.Ref) (fetch.Request, error) {
		t, ok := extelegram.Site{}.PostByID(ref.ID)
		if !ok || t.Ref != ref {
			return fetch.Request{}, fmt.Errorf("%w: %s is no post of a public channel", store.ErrInvalid, ref)
		}
		return fetch.Request{URL: fmt.Sprintf(format, ref.ID), Header: http.Header{"Accept": {"text/html"}, "Accept-Language": {"en"}}}, nil
	}
}

func read(reader func(string, extract.Response) extract.Answer) func(post.Ref, extract.Response) extract.Answer {
	return func(ref post.Ref, r extract.Response) extract.Answer { return reader(ref.ID, r) }
}

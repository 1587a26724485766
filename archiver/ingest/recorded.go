package ingest

import (
	"encoding/json"
	"net/url"
	"strings"

	"stet/extract"
	"stet/extract/bluesky"
	"stet/extract/facebook"
	"stet/extract/flickr"
	"stet/extract/instagram"
	"stet/extract/linkedin"
	"stet/extract/mastodon"
	"stet/extract/oembed"
	"stet/extract/post"
	"stet/extract/reddit"
	"stet/extract/soundcloud"
	"stet/extract/spotify"
	"stet/extract/telegram"
	"stet/extract/threads"
	"stet/extract/tiktok"
	"stet/extract/twitter"
	"stet/extract/vimeo"
	"stet/extract/youtube"
)

// answerIn is an answer that somebody recorded, with where it came from.
type answerIn struct {
	finder *extract.Finder
	// address is where it was asked for, at its parts.
	address string
	at      *url.URL
	host    string
	r       extract.Response
	notes   []string
}

// read returns the posts that an answer shows. It returns false where the
// address is none of a platform's.
func (a *answerIn) read() ([]piece, bool) {
	if a.r.StatusCode != 200 {
		return none("", "the answer is no success, and proves nothing here"), true
	}
	query := a.at.Query()
	switch {
	case a.ofX():
		return a.x(), true
	case strings.HasPrefix(a.at.Path, "/xrpc/"):
		return a.bluesky(query), true
	case strings.HasPrefix(a.at.Path, "/api/v1/statuses/") || strings.HasPrefix(a.at.Path, "/api/v1/timelines/") ||
		strings.HasPrefix(a.at.Path, "/api/v1/accounts/") && strings.HasSuffix(a.at.Path, "/statuses"):
		return a.mastodon(), true
	case strings.Contains(strings.ToLower(a.at.Path), "oembed") && query.Get("url") != "":
		return a.oembed(query.Get("url")), true
	}
	t, _, ok := a.finder.Parse(a.address)
	if !ok || !t.Ref.Valid() {
		return nil, false
	}
	return a.page(t.Ref)
}

// answer returns the pieces of what a parser made of an answer.
func (a *answerIn) answer(ref post.Ref, parser string, got extract.Answer) []piece {
	if got.Parsed == nil {
		return none(ref.String(), "the answer does not show the post: "+got.Reason)
	}
	return shown(parser, got.Parsed, a.notes)
}

// reader reads the answer that a platform gives in place of a post.
type reader struct {
	parser string
	read   func(id string, r extract.Response) extract.Answer
}

// readers lists those that need no more than an id.
func readers() map[post.Platform]reader {
	return map[post.Platform]reader{
		post.Twitter: {twitter.ArchivedParser, twitter.ReadArchived}, post.Telegram: {telegram.EmbedParser, telegram.ReadEmbed},
		post.YouTube: {youtube.WatchParser, youtube.ReadWatch}, post.Reddit: {reddit.Parser, reddit.ReadJSON},
		post.TikTok: {tiktok.PageParser, tiktok.ReadPage}, post.Instagram: {instagram.EmbedParser, instagram.ReadEmbed},
		post.Facebook: {facebook.EmbedParser, facebook.ReadEmbed}, post.Threads: {threads.EmbedParser, threads.ReadEmbed},
		post.LinkedIn: {linkedin.EmbedParser, linkedin.ReadEmbed}, post.Vimeo: {vimeo.PlayerParser, vimeo.ReadPlayer},
		post.Spotify: {spotify.EmbedParser, spotify.ReadEmbed}, post.SoundCloud: {soundcloud.PageParser, soundcloud.ReadPage},
		post.Flickr: {flickr.PageParser, flickr.ReadPage},
	}
}

// page reads the page of one post.
func (a *answerIn) page(ref post.Ref) ([]piece, bool) {
	if ref.Platform == post.Mastodon {
		return a.answer(ref, mastodon.ActivityParser, mastodon.ReadActivity(ref, a.address, a.r)), true
	}
	r, ok := readers()[ref.Platform]
	if !ok {
		return none(ref.String(), "pages of the platform are not read"), true
	}
	return a.answer(ref, r.parser, r.read(ref.ID, a.r)), true
}

// oembed reads the answer of an oEmbed endpoint about an address.
func (a *answerIn) oembed(about string) []piece {
	t, _, ok := a.finder.Parse(about)
	if !ok || !t.Ref.Valid() {
		return none("", "the answer is about no post that is known")
	}
	switch t.Ref.Platform {
	case post.Twitter:
		return a.answer(t.Ref, twitter.OEmbedParser, twitter.ReadOEmbed(t.Ref.ID, a.r))
	case post.Mastodon:
		return a.answer(t.Ref, mastodon.OEmbedParser, mastodon.ReadOEmbed(t.Ref, a.r))
	case post.Instagram, post.Facebook, post.Threads:
		return none(t.Ref.String(), "what Meta's oEmbed says of a post may not be kept")
	}
	return a.answer(t.Ref, oembed.Parser, oembed.Read(t.Ref, t.URL, a.r))
}

// mastodon reads the answer of an instance: one status, or a list of them.
func (a *answerIn) mastodon() []piece {
	if extract.JSONKind(a.r.Body) == '[' {
		return a.list(a.r.Body, func(raw json.RawMessage) []piece { return a.status(raw) })
	}
	return a.status(a.r.Body)
}

// status reads a status of an instance's interface. Whose number it is, the host
// that answered says.
func (a *answerIn) status(raw json.RawMessage) []piece {
	var s struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(raw, &s) != nil || s.ID == "" {
		return none("", "the answer is no status")
	}
	ref := post.Ref{Platform: post.Mastodon, ID: a.host + "/" + s.ID}
	if a.host == "truthsocial.com" {
		ref = post.Ref{Platform: post.TruthSocial, ID: s.ID}
	}
	r := a.r
	r.Body = raw
	return a.answer(ref, mastodon.StatusParser, mastodon.ReadStatus(ref, r))
}

// list reads the items of a list of an answer, of which max are read.
func (a *answerIn) list(raw json.RawMessage, read func(json.RawMessage) []piece) []piece {
	var all []json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return none("", "the answer is no list of posts")
	}
	var pieces []piece
	for _, item := range all[:min(len(all), maxPage)] {
		pieces = append(pieces, read(item)...)
	}
	if len(all) > maxPage {
		pieces = append(pieces, none("", "the answer has more posts than are read")...)
	}
	if pieces == nil {
		return none("", "the answer has no posts")
	}
	return pieces
}

// bluesky reads an answer of the index.
func (a *answerIn) bluesky(query url.Values) []piece {
	if !within(a.host, "bsky.app", "bsky.social", "bsky.network") {
		return none("", "the answer is not of Bluesky's own servers, and others could tell anything of an account")
	}
	if strings.TrimPrefix(a.at.Path, "/xrpc/") == "com.atproto.repo.getRecord" {
		ref := bluesky.Ref("at://" + query.Get("repo") + "/" + query.Get("collection") + "/" + query.Get("rkey"))
		return a.answer(ref, bluesky.RecordParser, bluesky.ReadRecord(ref.ID, bluesky.Document{DID: query.Get("repo")}, a.r))
	}
	var v struct {
		Posts []json.RawMessage `json:"posts"`
		Feed  []struct {
			Post json.RawMessage `json:"post"`
		} `json:"feed"`
		Thread struct {
			Post struct {
				URI string `json:"uri"`
			} `json:"post"`
		} `json:"thread"`
	}
	if err := json.Unmarshal(a.r.Body, &v); err != nil {
		return none("", "the answer is not what the interface gives")
	}
	if ref := bluesky.Ref(v.Thread.Post.URI); !ref.IsZero() {
		return a.answer(ref, bluesky.ViewParser, bluesky.ReadThread(ref.ID, a.r, nil))
	}
	for _, f := range v.Feed {
		v.Posts = append(v.Posts, f.Post)
	}
	return a.views(v.Posts)
}

// views reads posts as the index shows them.
func (a *answerIn) views(posts []json.RawMessage) []piece {
	var pieces []piece
	for _, raw := range posts[:min(len(posts), maxPage)] {
		var one struct {
			URI string `json:"uri"`
		}
		ref := post.Ref{}
		if json.Unmarshal(raw, &one) == nil {
			ref = bluesky.Ref(one.URI)
		}
		body, err := json.Marshal(map[string]any{"posts": []json.RawMessage{raw}})
		if ref.IsZero() || err != nil {
			pieces = append(pieces, none("", "an item of the answer is no post")...)
			continue
		}
		parsed, err := bluesky.ParseView(ref.ID, body, nil)
		if err != nil {
			pieces = append(pieces, none(ref.String(), "the answer does not show the post")...)
			continue
		}
		pieces = append(pieces, shown(bluesky.ViewParser, &parsed, a.notes)...)
	}
	if pieces == nil {
		return none("", "the answer has no posts")
	}
	return pieces
}

// within reports whether a host is one of the domains or below it.
func within(host string, domains ...string) bool {
	for _, d := range domains {
		if host == d || strings.HasSuffix(host, "."+d) {
			return true
		}
	}
	return false
}

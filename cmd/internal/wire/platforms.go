package wire

import (
	"stet/archiver"
	"stet/archiver/bluesky"
	"stet/archiver/embedpage"
	"stet/archiver/imgur"
	"stet/archiver/mastodon"
	"stet/archiver/oembed"
	"stet/archiver/reddit"
	"stet/archiver/telegram"
	"stet/archiver/tiktok"
	"stet/archiver/twitch"
	"stet/archiver/youtube"
	"stet/cmd/internal/config"
	"stet/extract/post"
)

// ownPlatforms returns the platforms that need no account, each with a reader of
// its own.
func ownPlatforms(c *config.Config, client archiver.Client) []archiver.Platform {
	live, gone := controls(c.Watch.ControlsLive), controls(c.Watch.ControlsGone)
	witness := func(p post.Platform) archiver.Endpoint {
		switch p {
		case post.Facebook, post.Instagram:
			return oembed.Witness(client, p, c.Meta.AccessToken)
		case post.Threads:
			return oembed.Witness(client, p, c.Meta.ThreadsToken)
		}
		return nil
	}
	all := []archiver.Platform{
		bluesky.New(client, bluesky.Options{Live: live(post.Bluesky), Gone: gone(post.Bluesky)}),
		mastodon.New(client, archiver.Controls{Live: live(post.Mastodon), Gone: gone(post.Mastodon)}),
		mastodon.NewTruthSocial(client, archiver.Controls{Live: live(post.TruthSocial), Gone: gone(post.TruthSocial)}),
		reddit.New(client, reddit.Options{ClientID: c.Reddit.ClientID, ClientSecret: c.Reddit.ClientSecret, Live: live(post.Reddit), Gone: gone(post.Reddit)}),
		telegram.New(client, live(post.Telegram), gone(post.Telegram)),
		tiktok.New(client, oembed.Endpoint(client), live(post.TikTok), gone(post.TikTok)),
		youtube.New(client, oembed.Endpoint(client), live(post.YouTube), gone(post.YouTube)),
		imgur.New(client, live(post.Imgur), gone(post.Imgur)),
		twitch.New(client, live(post.Twitch), gone(post.Twitch)),
	}
	return append(all, embedpage.New(client, witness)...)
}
